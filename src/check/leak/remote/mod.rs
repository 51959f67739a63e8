//! Remote access: VPNs and overlays.

mod overlay_advertises_all;
mod overlay_public_share;
mod radius_reachable;
mod vpn_dns_leak;
mod vpn_ipv6_leak;
mod vpn_too_wide;

use super::{Decided::Asked, Leak, leak};

pub const CHECKS: &[Leak] = &[
    leak!("overlay-advertises-all", Warning, Asked(overlay_advertises_all::run)),
    leak!("overlay-public-share", Warning, Asked(overlay_public_share::run)),
    leak!("radius-reachable", Error, Asked(radius_reachable::run)),
    leak!("vpn-dns-leak", Note, Asked(vpn_dns_leak::run)),
    leak!("vpn-ipv6-leak", Warning, Asked(vpn_ipv6_leak::run)),
    leak!("vpn-too-wide", Warning, Asked(vpn_too_wide::run)),
];
