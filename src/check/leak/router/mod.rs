//! What the router itself does, whatever the rules say.

mod backend_not_enforcing;
mod docker_publish_bypass;
mod ha_bridge_routable;
mod icmpv6_overblocked;
mod lockout_risk;
mod upnp_enabled;

use super::{
    Decided::{Always, Asked, Compiled, Refused},
    Leak, leak,
};

pub const CHECKS: &[Leak] = &[
    leak!("backend-cannot-express", Error, Refused),
    leak!("backend-not-enforcing", Error, Asked(backend_not_enforcing::run)),
    leak!("default-wan-forwards", Note, Compiled),
    leak!("dmz-host-catchall", Error, Always),
    leak!("docker-publish-bypass", Warning, Asked(docker_publish_bypass::run)),
    leak!("ha-bridge-routable", Error, Asked(ha_bridge_routable::run)),
    leak!("icmpv6-overblocked", Error, Asked(icmpv6_overblocked::run)),
    leak!("lockout-risk", Error, Asked(lockout_risk::run)),
    leak!("missing-established-related", Error, Compiled),
    leak!("rfc1918-egress", Warning, Compiled),
    leak!("spoofed-source-ingress", Warning, Compiled),
    leak!("upnp-enabled", Warning, Asked(upnp_enabled::run)),
];
