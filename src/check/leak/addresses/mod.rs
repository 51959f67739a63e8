//! Addresses and names as they are declared: families, prefixes, leases.

use super::Leak;

pub const CHECKS: &[Leak] = &[];
