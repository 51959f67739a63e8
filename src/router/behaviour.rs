//! What a router does with the first packet of every connection.

use std::{collections::BTreeMap, net::IpAddr};

use crate::packet::{Set, Space};

/// What becomes of the destination of an accepted packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Dnat {
    /// Rewritten to an address and, if given, a port.
    To { address: IpAddr, port: Option<u16> },
    /// Rewritten to the router's own address on the arriving interface (nft `redirect`), with a port if given.
    ToRouter { port: Option<u16> },
}

/// What becomes of the source of an accepted packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Snat {
    /// Rewritten to the router's address on the leaving interface.
    Masquerade,
    /// Rewritten to a given address.
    To { address: IpAddr },
}

/// How an accepted packet is changed on its way.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Outcome {
    pub dnat: Option<Dnat>,
    pub snat: Option<Snat>,
}

/// The verdict for every first packet: the accepted ones, parted by [`Outcome`]; every other packet is denied.
///
/// The sets are disjoint, hold packets as they arrive (before translation, except that `Field::Out` is where routing
/// sends the packet after its destination is translated), and lie within [`super::Topology::domain`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Behaviour {
    pub accepted: BTreeMap<Outcome, Set>,
}

impl Behaviour {
    /// Adds packets to an outcome; an empty set adds nothing.
    pub fn add(&mut self, space: &mut Space, outcome: Outcome, packets: Set) {
        if packets == Set::EMPTY {
            return;
        }
        let entry = self.accepted.entry(outcome).or_insert(Set::EMPTY);
        *entry = space.union(*entry, packets);
    }

    /// All accepted packets, whatever becomes of their addresses.
    #[must_use]
    pub fn all(&self, space: &mut Space) -> Set {
        space.union_all(self.accepted.values().copied().collect())
    }
}
