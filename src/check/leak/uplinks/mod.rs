//! The ways to the internet.

use super::Leak;

pub const CHECKS: &[Leak] = &[];
