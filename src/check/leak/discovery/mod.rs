//! What devices need to find and call each other.

use super::Leak;

pub const CHECKS: &[Leak] = &[];
