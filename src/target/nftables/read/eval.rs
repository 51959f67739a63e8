//! What all parts of the evaluation share: the rules, the world they are judged in, and what is learnt on the way.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::{
    ast::{Action, End, Ruleset, Selector, Statement, Table},
    context::{Class, Destination, Place, State},
    eval_mark::Marks,
};
use crate::{
    packet::{Bounds, Packet, Set, Space},
    router::{Limits, Topology},
};

/// A statement that cannot be judged, or only within bounds.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unknown {
    pub line: u32,
    pub text: String,
}

/// Something that a user should know, though it changes no verdict on first packets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    pub line: u32,
    pub text: String,
}

/// How the words of a policy begin.
pub const POLICY: &str = "policy ";

/// A rule or policy that decided over a packet on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    pub line: u32,
    /// The rule as written, or the policy of its chain.
    pub text: String,
    /// The chain, as `table chain`.
    pub chain: String,
    pub effect: Effect,
    /// The elements of named sets that hold the packet, each with its line.
    pub elements: Vec<(u32, String)>,
    /// Is it asked where packets are let through, and not where they are marked or translated?
    pub filters: bool,
}

/// What a step does with the packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// This base chain is left; others may still drop it.
    Accepted,
    /// It is gone.
    Dropped,
    /// Another chain is asked, or this one is left early.
    Moved,
    /// Its destination is rewritten.
    Translated,
    /// Its source is rewritten.
    Disguised,
    /// No connection is looked for, or made.
    Untracked,
}

/// Packets by what has happened to them.
pub type Flow = BTreeMap<State, Set>;

/// Rules evaluated at most, counted anew for every set of packets that reaches them.
const BUDGET: u64 = 20_000_000;

pub struct Eval<'a> {
    pub ruleset: &'a Ruleset,
    pub topology: &'a Topology,
    pub space: &'a mut Space,
    pub limits: &'a mut Limits,
    pub class: Class,
    pub marks: Marks,
    /// Does any rule move connections to another zone?
    pub zones: bool,
    pub unknown: BTreeSet<Unknown>,
    /// The steps of one packet, if it is one packet that is followed.
    pub steps: Option<Vec<Step>>,
    /// That packet.
    pub one: Option<Packet>,
    pub left: u64,
    /// Packets that may have been dropped.
    pub dropped: Set,
    /// First packets of connections that get a helper, by where they get it.
    pub helped: Vec<(Unknown, Set)>,
    /// Elements of named sets that hold the one packet that is followed, since the last step.
    pub elements: Vec<(u32, String)>,
    pub known: FxHashMap<(usize, State, Option<Place>, Class), Bounds>,
}

/// Where a rule stands and what it sees.
#[derive(Clone, Copy)]
pub struct At<'a> {
    pub table: &'a Table,
    pub state: State,
    pub place: Place,
}

impl<'a> Eval<'a> {
    pub fn new(ruleset: &'a Ruleset, topology: &'a Topology, limits: &'a mut Limits, space: &'a mut Space) -> Self {
        Self {
            ruleset,
            topology,
            space,
            limits,
            class: Class::New,
            marks: Marks::of(ruleset),
            zones: zones(ruleset),
            unknown: BTreeSet::new(),
            steps: None,
            one: None,
            left: BUDGET,
            dropped: Set::EMPTY,
            helped: Vec::new(),
            elements: Vec::new(),
            known: FxHashMap::default(),
        }
    }

    pub fn doubt(&mut self, line: u32, text: &str) {
        self.unknown.insert(Unknown { line, text: text.to_owned() });
    }

    /// The key under which the condition of a statement is remembered: it names only what the condition depends on.
    pub fn memory(
        &self,
        statement: &Statement,
        selectors: &[Selector],
        at: At,
    ) -> (usize, State, Option<Place>, Class) {
        let original = at.state.destination == Destination::Original;
        let plain = selectors.iter().all(|selector| match selector {
            Selector::Address(_, end) | Selector::Port(_, end) => original || *end == End::Src,
            Selector::NextHeader(_)
            | Selector::L4proto
            | Selector::Nfproto
            | Selector::EtherType
            | Selector::IcmpType(_)
            | Selector::IcmpCode(_)
            | Selector::Hour
            | Selector::Day => true,
            _ => false,
        });
        let place = std::ptr::from_ref(statement) as usize;
        if plain { (place, State::FRESH, None, Class::New) } else { (place, at.state, Some(at.place), self.class) }
    }
}

fn zones(ruleset: &Ruleset) -> bool {
    let chains = ruleset.tables.iter().flat_map(|table| &table.chains);
    let mut statements = chains.flat_map(|chain| &chain.rules).flat_map(|rule| &rule.statements);
    statements.any(|statement| statement.action == Action::Zone)
}

/// Adds packets to a flow.
pub fn join(space: &mut Space, flow: &mut Flow, state: State, packets: Set) {
    if packets == Set::EMPTY {
        return;
    }
    let entry = flow.entry(state).or_insert(Set::EMPTY);
    *entry = space.union(*entry, packets);
}

pub fn join_all(space: &mut Space, flow: &mut Flow, more: Flow) {
    for (state, packets) in more {
        join(space, flow, state, packets);
    }
}
