//! What is said of a condition that cannot be judged.

use super::{
    ast::{Action, Selector, Statement, Value},
    context::{Destination, Source},
    eval::{At, Eval},
};
use crate::{
    packet::{Bounds, Set},
    router::{OTHER, Topology},
};

impl Eval<'_> {
    /// Notes a condition that some of these packets neither surely meet nor surely miss.
    pub fn judge(&mut self, line: u32, statement: &Statement, condition: Bounds, packets: Set, at: At) {
        // Where a translation is not understood, it is noted, and not what is asked about addresses behind it.
        if at.state.destination == Destination::Unknown || at.state.source == Source::Unknown {
            return;
        }
        let open = self.space.minus(condition.possibly, condition.surely);
        if self.space.disjoint(open, packets) {
            return;
        }
        let names = nobodys(statement, self.topology);
        let why =
            if names.is_empty() { String::new() } else { format!(": no zone of the policy has {}", names.join(", ")) };
        self.doubt(line, &format!("{}{why}", statement.text));
    }
}

/// The interfaces that a match names and no zone has.
fn nobodys(statement: &Statement, topology: &Topology) -> Vec<String> {
    let (Action::Match { key, value, .. } | Action::VerdictMap { key, map: value }) = &statement.action else {
        return Vec::new();
    };
    if !matches!(key.parts.as_slice(), [Selector::InName | Selector::OutName]) {
        return Vec::new();
    }
    let all: Vec<&Value> = match value {
        Value::Set(elements) => elements.iter().map(|element| &element.key).collect(),
        one => vec![one],
    };
    let names = all.into_iter().filter_map(|value| match value {
        Value::Word(name) | Value::Quoted(name) if topology.id_of(name) == OTHER => Some(name.clone()),
        _ => None,
    });
    names.filter(|name| name != "lo").collect()
}
