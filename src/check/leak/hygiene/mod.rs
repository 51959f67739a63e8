//! Statements that do nothing, have run out, or say too little.

use super::{Decided::Always, Leak, leak};

pub const CHECKS: &[Leak] = &[
    leak!("conflicting-rules", Error, Always(&["contested-forward", "forward-collision", "redirect-collision"])),
    leak!("duplicate-vlan", Error, Always(&["overlapping-networks"])),
    leak!("expired-rule", Error, Always(&[])),
    leak!("host-outside-zone", Error, Always(&["not-its-address", "router-address"])),
    leak!("invalid-date", Error, Always(&[])),
    leak!("redundant-rule", Note, Always(&["idle-deny"])),
    leak!("shadowed-rule", Warning, Always(&[])),
    leak!("unused-object", Note, Always(&[])),
];
