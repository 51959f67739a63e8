//! Name resolution and time.

use super::Leak;

pub const CHECKS: &[Leak] = &[];
