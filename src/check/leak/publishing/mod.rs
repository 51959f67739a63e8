//! What is published to the internet: forwards, certificates, Cloudflare, tunnels.

mod acme_http01_unreachable;
mod acme_port_left_open;
mod cloudflare_aop_shared;
mod cloudflare_origin_open;
mod cloudflare_ranges_stale;
mod cloudflare_unsupported_port;
mod forward_to_dynamic_address;
mod forward_to_missing_service;
mod sip_open_to_world;
mod tunnel_and_forward;
mod tunnel_egress_blocked;
mod tunnel_publishes_lan;
mod tunnels;

use super::{
    Decided::{Always, Asked},
    Leak, Subject, leak,
};
use crate::model::{Exposure, Proxied};

pub const CHECKS: &[Leak] = &[
    leak!("acme-http01-unreachable", Error, Asked(acme_http01_unreachable::run)),
    leak!("acme-port-left-open", Warning, Asked(acme_port_left_open::run)),
    leak!("cloudflare-aop-shared", Note, Asked(cloudflare_aop_shared::run)),
    leak!("cloudflare-origin-open", Error, Asked(cloudflare_origin_open::run)),
    leak!("cloudflare-ranges-stale", Warning, Asked(cloudflare_ranges_stale::run)),
    leak!("cloudflare-unsupported-port", Error, Asked(cloudflare_unsupported_port::run)),
    leak!("forward-collision", Error, Always),
    leak!("forward-to-dynamic-address", Error, Asked(forward_to_dynamic_address::run)),
    leak!("forward-to-missing-service", Warning, Asked(forward_to_missing_service::run)),
    leak!("sip-open-to-world", Error, Asked(sip_open_to_world::run)),
    leak!("tunnel-and-forward", Warning, Asked(tunnel_and_forward::run)),
    leak!("tunnel-egress-blocked", Error, Asked(tunnel_egress_blocked::run)),
    leak!("tunnel-publishes-lan", Error, Asked(tunnel_publishes_lan::run)),
];

/// The exposures whose names Cloudflare's servers answer to.
fn proxied<'a>(subject: &Subject<'a>) -> Vec<(&'a Exposure, Proxied)> {
    let live = subject.network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none());
    live.filter_map(|exposure| exposure.proxied.map(|proxied| (exposure, proxied))).collect()
}
