//! CONTRACT ONLY: signatures that others rely on.
