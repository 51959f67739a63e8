//! What the router itself does, whatever the rules say.

mod icmpv6_overblocked;
mod lockout_risk;
mod upnp_enabled;

use super::{Decided::Asked, Leak, leak};

pub const CHECKS: &[Leak] = &[
    leak!("icmpv6-overblocked", Error, Asked(icmpv6_overblocked::run)),
    leak!("lockout-risk", Error, Asked(lockout_risk::run)),
    leak!("upnp-enabled", Warning, Asked(upnp_enabled::run)),
];
