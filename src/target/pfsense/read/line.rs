//! Rules that pfSense writes by itself, put together word by word.

use super::ast::{Action, Addresses, Atom, Direction, End, Filter, Flags, On, Own};
use crate::packet::Family;

/// A rule being written.
pub struct Line(pub Filter);

impl Line {
    pub fn new(action: Action, text: &str) -> Self {
        Self(Filter::new(action, text))
    }

    pub fn going(mut self, direction: Direction) -> Self {
        self.0.direction = Some(direction);
        self
    }

    pub fn quick(mut self) -> Self {
        self.0.quick = true;
        self
    }

    pub fn on(mut self, device: &str) -> Self {
        self.0.matches.on = Some(On::one(device));
        self
    }

    pub fn family(mut self, family: Family) -> Self {
        self.0.matches.family = Some(family);
        self
    }

    pub fn proto(mut self, protocols: &[u8]) -> Self {
        self.0.matches.protocols = protocols.to_vec();
        self
    }

    pub fn from(mut self, end: End) -> Self {
        self.0.matches.src = end;
        self
    }

    pub fn to(mut self, end: End) -> Self {
        self.0.matches.dst = end;
        self
    }

    pub fn icmp(mut self, types: &[u8]) -> Self {
        self.0.icmp = types.iter().map(|kind| (*kind, None)).collect();
        self
    }

    pub fn own(mut self, own: Own) -> Self {
        self.0.own = Some(own);
        self
    }

    pub fn always(mut self) -> Self {
        self.0.always = true;
        self
    }

    pub fn stateless(mut self) -> Self {
        self.0.stateless = true;
        self.0.flags = Flags::ANY;
        self
    }
}

pub fn atoms(atoms: Vec<Atom>) -> End {
    End { addresses: Addresses::Of(atoms), ..End::ANY }
}

pub fn block(text: &str) -> Line {
    Line::new(Action::Block, text)
}

pub fn pass(text: &str) -> Line {
    Line::new(Action::Pass, text)
}
