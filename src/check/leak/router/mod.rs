//! What the router itself does, whatever the rules say.

use super::Leak;

pub const CHECKS: &[Leak] = &[];
