//! Remote access: VPNs and overlays.

use super::Leak;

pub const CHECKS: &[Leak] = &[];
