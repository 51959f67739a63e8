//! The ways to the internet.

mod asymmetric_route_risk;
mod cgnat_forward_useless;
mod double_nat;
mod inbound;
mod multiwan_reply_path;
mod upstream_device_reachable;

pub use cgnat_forward_useless::closed_by_provider;

use super::{Decided::Asked, Leak, leak};

pub const CHECKS: &[Leak] = &[
    leak!("asymmetric-route-risk", Warning, Asked(asymmetric_route_risk::run)),
    leak!("cgnat-forward-useless", Error, Asked(cgnat_forward_useless::run)),
    leak!("double-nat", Warning, Asked(double_nat::run)),
    leak!("multiwan-reply-path", Error, Asked(multiwan_reply_path::run)),
    leak!("upstream-device-reachable", Warning, Asked(upstream_device_reachable::run)),
];
