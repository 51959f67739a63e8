//! Statements that do nothing, have run out, or say too little.

mod options;
mod schedule_keeps_states;
mod states_survive;
mod temporary_without_expiry;
mod undocumented_exception;

use super::{
    Decided::{Always, Asked},
    Leak, leak,
};

pub const CHECKS: &[Leak] = &[
    leak!("conflicting-rules", Error, Always),
    leak!("duplicate-vlan", Error, Always),
    leak!("expired-rule", Error, Always),
    leak!("host-outside-zone", Error, Always),
    leak!("invalid-date", Error, Always),
    leak!("redundant-rule", Note, Always),
    leak!("schedule-keeps-states", Warning, Asked(schedule_keeps_states::run)),
    leak!("shadowed-rule", Warning, Always),
    leak!("states-survive", Note, Asked(states_survive::run)),
    leak!("temporary-without-expiry", Warning, Asked(temporary_without_expiry::run)),
    leak!("undocumented-exception", Note, Asked(undocumented_exception::run)),
    leak!("unused-object", Note, Always),
];
