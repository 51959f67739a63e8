//! Who reaches whom and has no business there.

mod any_any;
mod camera_reaches_internet;
mod default_not_deny;
mod dmz_too_wide;
mod exposed_plain_http;
mod guest_reaches_private;
mod ha_admin_ports_from_untrusted;
mod ha_bypass_of_proxy;
mod ha_reachable_from_untrusted;
mod iot_internet_unrestricted;
mod iot_reaches_pc;
mod mgmt_exposed_to_wan;
mod mgmt_reachable_from_untrusted;
mod mgmt_reachable_from_vpn_users;
mod multi_homed_host_bridges_zones;
mod transitive_pivot;
mod unauthenticated_service_reachable;
mod zone_forward_accept_multi_network;

pub use mgmt_reachable_from_vpn_users::users as vpn_users;

use super::{
    Decided::{Always, Asked},
    Leak, leak,
};

pub const CHECKS: &[Leak] = &[
    leak!("any-any", Error, Asked(any_any::run)),
    leak!("camera-reaches-internet", Error, Asked(camera_reaches_internet::run)),
    leak!("default-not-deny", Error, Asked(default_not_deny::run)),
    leak!("dmz-too-wide", Error, Asked(dmz_too_wide::run)),
    leak!("exposed-plain-http", Error, Asked(exposed_plain_http::run), yields "ipv6-inbound-open"),
    leak!("guest-reaches-private", Error, Asked(guest_reaches_private::run)),
    leak!("ha-admin-ports-from-untrusted", Error, Asked(ha_admin_ports_from_untrusted::run), yields "guest-reaches-private" "dmz-too-wide"),
    leak!("ha-bypass-of-proxy", Error, Asked(ha_bypass_of_proxy::run), yields "guest-reaches-private" "ipv6-inbound-open"),
    leak!("ha-reachable-from-untrusted", Warning, Asked(ha_reachable_from_untrusted::run), yields "guest-reaches-private"),
    leak!("iot-internet-unrestricted", Warning, Asked(iot_internet_unrestricted::run)),
    leak!("iot-reaches-pc", Error, Asked(iot_reaches_pc::run)),
    leak!("mgmt-exposed-to-wan", Error, Asked(mgmt_exposed_to_wan::run), yields "ipv6-inbound-open"),
    leak!("mgmt-reachable-from-untrusted", Error, Asked(mgmt_reachable_from_untrusted::run)),
    leak!("mgmt-reachable-from-vpn-users", Error, Asked(mgmt_reachable_from_vpn_users::run)),
    leak!("multi-homed-host-bridges-zones", Warning, Asked(multi_homed_host_bridges_zones::run)),
    leak!("transitive-pivot", Warning, Asked(transitive_pivot::run), yields "guest-reaches-private"),
    leak!("unauthenticated-service-reachable", Warning, Asked(unauthenticated_service_reachable::run), yields "guest-reaches-private" "ipv6-inbound-open"),
    leak!("unfiltered-same-zone", Error, Always),
    leak!("zone-forward-accept-multi-network", Error, Asked(zone_forward_accept_multi_network::run)),
];
