//! Marks of packets and connections: what rules write into them, and what is known of them where they are read.
//!
//! Packets arrive with mark 0, and connections begin with mark 0 (`init_conntrack` in `nf_conntrack_core.c`). A program
//! on the router may mark what it sends (`SO_MARK`; `WireGuard` does), and a known connection has the mark that some
//! earlier packet of it was given: of these only those bits are known that no rule ever sets.

use super::{
    ast::{Action, Data, Key, MarkValue, Reckoned, Ruleset, Selector, Sign, Value},
    context::{Class, State},
    eval::{At, Eval, Flow, join},
    eval_conntrack::{Bits, connected},
    eval_match::contents,
    eval_values::single,
};
use crate::packet::{Bounds, Set};

/// Marks have 32 bits.
const MARK: u128 = 0xffff_ffff;

impl Bits {
    /// Any mark.
    pub const ANY_MARK: Self = Self { known: !MARK, value: 0 };

    const fn ones(self) -> u128 {
        self.value & self.known
    }

    /// The bits that may be set.
    const fn possibly(self) -> u128 {
        (self.value | !self.known) & MARK
    }

    fn with(self, sign: Sign, other: Self) -> Self {
        let both = self.known & other.known;
        let (known, value) = match sign {
            // A zero on either side settles it, whatever the other is.
            Sign::And => {
                let zeros = (self.known & !self.value) | (other.known & !other.value);
                (both | zeros, self.ones() & other.ones())
            }
            Sign::Or => (both | self.ones() | other.ones(), self.ones() | other.ones()),
            Sign::Xor => (both, (self.value ^ other.value) & both),
            Sign::Left | Sign::Right => {
                if other.known != u128::MAX || other.value >= 32 {
                    return Self::ANY_MARK;
                }
                let shift = |bits: u128| match sign {
                    Sign::Left => (bits << other.value) & MARK,
                    _ => (bits & MARK) >> other.value,
                };
                // What moves in is zero.
                (!shift(!self.known & MARK), shift(self.ones()))
            }
        };
        Self { known: known | !MARK, value: value & MARK }
    }
}

/// Which marks are of interest in a ruleset, and which of their bits rules set.
#[derive(Clone, Copy, Debug, Default)]
pub struct Marks {
    /// Does anything that decides depend on the packet's mark?
    pub packet: bool,
    /// And on the connection's?
    pub connection: bool,
    connection_bits: u128,
}

impl Marks {
    pub fn of(ruleset: &Ruleset) -> Self {
        let statements = || {
            let rules = ruleset.tables.iter().flat_map(|table| &table.chains).flat_map(|chain| &chain.rules);
            rules.flat_map(|rule| &rule.statements)
        };
        let mut marks = Self::default();
        // What is saved in the other mark is read when that one is.
        loop {
            let before = (marks.packet, marks.connection);
            for statement in statements() {
                let read = match &statement.action {
                    Action::Mark { connection, value } if marks.matter(*connection) => value.selectors(),
                    Action::Mark { .. } => Vec::new(),
                    action => read_by(action),
                };
                marks.packet |= read.contains(&&Selector::Mark);
                marks.connection |= read.contains(&&Selector::CtMark);
            }
            if before == (marks.packet, marks.connection) {
                break;
            }
        }
        // Bits only ever join, so this ends.
        let mut bits = [0, 0];
        loop {
            let before = bits;
            for statement in statements() {
                if let Action::Mark { connection, value } = &statement.action {
                    let written = value.possibly(&|selector| match selector {
                        Selector::CtMark => Bits { known: !bits[1], value: 0 },
                        // The router's own packets may bear any mark.
                        _ => Bits::ANY_MARK,
                    });
                    bits[usize::from(*connection)] |= written;
                }
            }
            if before == bits {
                break;
            }
        }
        marks.connection_bits = bits[1];
        marks
    }

    pub const fn matter(&self, connection: bool) -> bool {
        if connection { self.connection } else { self.packet }
    }

    /// Packets of a class before any rule has seen them.
    pub const fn first(&self, class: Class, own: bool) -> State {
        let mark = if own && self.packet { Bits::ANY_MARK } else { Bits::exact(0) };
        let known = matches!(class, Class::New) || !self.connection;
        let connection_mark = if known { Bits::exact(0) } else { Bits { known: !self.connection_bits, value: 0 } };
        State { mark, connection_mark, ..State::FRESH }
    }
}

/// The selectors that a statement reads.
fn read_by(action: &Action) -> Vec<&Selector> {
    let key = match action {
        Action::Match { key, .. } | Action::VerdictMap { key, .. } | Action::Reads { key, .. } => key,
        Action::Nat(nat) => match &nat.target {
            super::ast::NatTarget::Map { key, .. } => key,
            _ => return Vec::new(),
        },
        _ => return Vec::new(),
    };
    key.parts.iter().collect()
}

impl MarkValue {
    /// What has to be readable for it to be written.
    fn selectors(&self) -> Vec<&Selector> {
        match self {
            Self::Map { key, .. } => key.parts.iter().collect(),
            Self::Reckoned(reckoned) => reckoned.selectors(),
        }
    }

    /// The bits that it may set.
    fn possibly(&self, of: &dyn Fn(&Selector) -> Bits) -> u128 {
        match self {
            Self::Map { .. } => MARK,
            Self::Reckoned(reckoned) => reckoned.bits(of).possibly(),
        }
    }
}

impl Reckoned {
    fn selectors(&self) -> Vec<&Selector> {
        match self {
            Self::Constant(_) | Self::Unknown => Vec::new(),
            Self::Read(selector) => vec![selector],
            Self::Of(left, _, right) => left.selectors().into_iter().chain(right.selectors()).collect(),
        }
    }

    fn bits(&self, of: &dyn Fn(&Selector) -> Bits) -> Bits {
        match self {
            Self::Constant(value) => constant(value),
            Self::Unknown => Bits::ANY_MARK,
            Self::Read(selector) => of(selector),
            Self::Of(left, sign, right) => left.bits(of).with(*sign, right.bits(of)),
        }
    }
}

/// A number; names of marks stand in a file of the router.
fn constant(value: &Value) -> Bits {
    match single(&Selector::Mark, value) {
        Some(number) if number <= MARK => Bits::exact(number),
        _ => Bits::ANY_MARK,
    }
}

impl Eval<'_> {
    /// Writes a mark: the packets that go on in the rule, by what they are then. `condition` is what has to be met for
    /// anything to be written; a write to a connection that is not there is none (`nft_ct_set_eval`).
    pub fn marked(&mut self, connection: bool, value: &MarkValue, live: Set, at: At) -> (Bounds, Flow) {
        let readable = value.selectors().into_iter().fold(Bounds::ALL, |all, selector| {
            let readable = self.readable(selector, at);
            all.and(readable, self.space)
        });
        let values = match value {
            MarkValue::Reckoned(reckoned) => {
                let of = |selector: &Selector| match selector {
                    Selector::Mark => at.state.mark,
                    Selector::CtMark => at.state.connection_mark,
                    _ => Bits::ANY_MARK,
                };
                vec![(readable, reckoned.bits(&of))]
            }
            MarkValue::Map { key, map } => self.mapped(key, map, readable, at),
        };
        let met: Vec<Bounds> = values.iter().map(|(packets, _)| *packets).collect();
        let met = Bounds::any(&met, self.space);
        let mut flow = Flow::new();
        if !self.marks.matter(connection) {
            let live = self.space.intersect(live, met.possibly);
            join(self.space, &mut flow, at.state, live);
            return (met, flow);
        }
        let there = if connection { connected(self.class, at.state, at.place, self.space) } else { Bounds::ALL };
        for (packets, bits) in values {
            let these = self.space.intersect(live, packets.possibly);
            let written = self.space.intersect(these, there.possibly);
            let kept = self.space.minus(these, there.surely);
            let state =
                if connection { State { connection_mark: bits, ..at.state } } else { State { mark: bits, ..at.state } };
            join(self.space, &mut flow, state, written);
            join(self.space, &mut flow, at.state, kept);
        }
        (met, flow)
    }

    /// What a map gives to which packets; the others it breaks off.
    fn mapped(&mut self, key: &Key, map: &Value, readable: Bounds, at: At) -> Vec<(Bounds, Bits)> {
        let Some(contents) = contents(map, at).filter(|contents| !contents.changing) else {
            return vec![(readable.perhaps(), Bits::ANY_MARK)];
        };
        let entries = self.entries(key, &contents, at);
        let bits = |data: Option<&Data>| match data {
            Some(Data::Value(value)) => constant(value),
            _ => Bits::ANY_MARK,
        };
        entries.into_iter().map(|(packets, data)| (packets, bits(data))).collect()
    }
}
