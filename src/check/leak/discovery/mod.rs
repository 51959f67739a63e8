//! What devices need to find and call each other.

mod needs;
mod one_way;

use super::{Decided::Asked, Leak, leak};

pub const CHECKS: &[Leak] = &[
    leak!("discovery-needs-reflector", Note, Asked(needs::found_across)),
    leak!("matter-cross-vlan", Error, Asked(needs::same_zone)),
    leak!("one-way-protocol", Warning, Asked(one_way::run)),
    leak!("reflector-joins-untrusted", Warning, Asked(needs::reflectors)),
    leak!("required-flow-missing", Error, Asked(needs::flows)),
];
