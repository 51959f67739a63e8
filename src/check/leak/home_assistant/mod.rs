//! Home Assistant's settings, held against the policy.

use super::Leak;

pub const CHECKS: &[Leak] = &[];
