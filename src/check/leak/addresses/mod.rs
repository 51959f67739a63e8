//! Addresses and names as they are declared: families, prefixes, leases.

mod ipv6_asymmetric;
mod ipv6_dynamic_prefix_literal;
mod ipv6_inbound_open;
mod overlapping_subnets;
mod same_subnet_device;

use super::{
    Decided::{Always, Asked},
    Leak, leak,
};

pub const CHECKS: &[Leak] = &[
    leak!("ipv6-asymmetric", Error, Asked(ipv6_asymmetric::run)),
    leak!("ipv6-dynamic-prefix-literal", Warning, Asked(ipv6_dynamic_prefix_literal::run)),
    leak!("ipv6-inbound-open", Error, Asked(ipv6_inbound_open::run)),
    leak!("ipv6-zone-without-prefix", Error, Always),
    leak!("overlapping-subnets", Error, Asked(overlapping_subnets::run)),
    leak!("rule-on-dynamic-address", Warning, Always),
    leak!("same-subnet-device", Warning, Asked(same_subnet_device::run)),
];
