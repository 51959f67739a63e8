//! Where everything on the picture stands.
