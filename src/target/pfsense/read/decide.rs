//! Which rule of the filter decides: the last one that matches, or the first one that is `quick`.

use super::{
    ast::{Action, Filter, Own},
    eval::Eval,
    state::{Destination, Source, Stage, State},
};
use crate::packet::{Set, Space};

/// What decided over packets.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent properties of a rule")]
pub struct Decision {
    pub passes: bool,
    pub tag: String,
    /// The rule whose gateway sends them out.
    pub route: Option<usize>,
    pub own: Option<Own>,
    /// Do answers not get back, for nothing remembers the packet, or they are sent elsewhere?
    pub stateless: bool,
    /// Do answers leave by the default route?
    pub by_default: bool,
    pub unsure: bool,
    pub always: bool,
    /// The rule, where it is asked for.
    pub by: Option<usize>,
}

impl Eval<'_, '_> {
    /// What becomes of packets at a stage, by the rule that decides. A packet can be in several parts, if that cannot be told.
    pub fn decisions(&mut self, stage: Stage, state: &State, packets: Set) -> Vec<(Decision, Set)> {
        let start = Decision {
            passes: true,
            tag: state.tag.clone(),
            route: None,
            own: None,
            stateless: false,
            by_default: false,
            unsure: false,
            always: false,
            by: None,
        };
        let mut open = vec![(start, packets)];
        let mut done: Vec<(Decision, Set)> = Vec::new();
        let mut pending = packets;
        for (index, rule) in self.rules.filters.iter().enumerate() {
            if pending == Set::EMPTY {
                break;
            }
            let found = self.matcher.filter(rule, state, stage, self.class, self.space);
            if self.space.disjoint(found.possibly, pending) {
                continue;
            }
            // Where a translation is not understood, that is noted already.
            if state.destination != Destination::Unknown && state.source != Source::Unknown {
                self.doubt(found, pending, &rule.origin);
            }
            let mut next: Vec<(Decision, Set)> = Vec::new();
            for (before, packets) in open {
                let fits = rule.tagged.as_ref().is_none_or(|(tag, not)| (*tag == before.tag) != *not);
                let hit = if fits { self.space.intersect(packets, found.possibly) } else { Set::EMPTY };
                if hit == Set::EMPTY {
                    add(self.space, &mut next, before, packets);
                    continue;
                }
                let missed = self.space.minus(packets, found.surely);
                let after = self.decided(rule, index, &before);
                let quick = rule.quick && rule.action != Action::Match;
                add(self.space, if quick { &mut done } else { &mut next }, after, hit);
                add(self.space, &mut next, before, missed);
            }
            open = next;
            pending = self.space.union_all(open.iter().map(|(_, packets)| *packets).collect());
        }
        for (decision, packets) in open {
            add(self.space, &mut done, decision, packets);
        }
        done
    }

    fn decided(&self, rule: &Filter, index: usize, before: &Decision) -> Decision {
        let tag = if rule.tag.is_empty() { before.tag.clone() } else { rule.tag.clone() };
        if rule.action == Action::Match {
            return Decision { tag, ..before.clone() };
        }
        Decision {
            passes: rule.action == Action::Pass,
            tag,
            route: rule.route.is_some().then_some(index),
            own: rule.own,
            stateless: rule.stateless || rule.bounces,
            by_default: rule.by_default,
            unsure: rule.unsure,
            always: rule.always,
            by: self.steps.is_some().then_some(index),
        }
    }
}

fn add(space: &mut Space, list: &mut Vec<(Decision, Set)>, decision: Decision, packets: Set) {
    if packets == Set::EMPTY {
        return;
    }
    match list.iter_mut().find(|(have, _)| *have == decision) {
        Some((_, have)) => *have = space.union(*have, packets),
        None => list.push((decision, packets)),
    }
}
