//! What connection tracking says of packets (`nf_conntrack_core.c` and `nft_ct.c` in net/netfilter).

use super::context::{Class, Destination, Place, Source, State, Tracking};
use crate::packet::{Bounds, Cube, Family, Field, Ranges, Set, Space, icmp};

/// Bits of which one may know only some.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Bits {
    /// The bits that are known.
    pub known: u128,
    pub value: u128,
}

impl Bits {
    pub const UNKNOWN: Self = Self { known: 0, value: 0 };

    pub const fn exact(value: u128) -> Self {
        Self { known: u128::MAX, value }
    }

    /// Is `self & mask` equal to `value`? `None` if it cannot be told.
    pub const fn equals(self, mask: u128, value: u128) -> Option<bool> {
        if (self.value ^ value) & mask & self.known != 0 || value & !mask != 0 {
            return Some(false);
        }
        if mask & !self.known == 0 { Some(true) } else { None }
    }
}

/// The packets that can be the first of a connection, or that pass without one: all but ICMP messages that answer or
/// report (`valid_new` in `nf_conntrack_proto_icmp.c`), and ICMP of the other family. Those of [`untracked`] count.
///
/// A first packet of TCP is taken to be a SYN.
pub fn openers(space: &mut Space) -> Set {
    let requests = messages(space, Family::V4, 1, &[8, 13, 15, 17]);
    let requests6 = messages(space, Family::V6, 58, &[128, 139]);
    let neighbours = untracked(space);
    let icmp = space.cube(&Cube::any().with(Field::Proto, Ranges::from_pairs([(1, 1), (58, 58)])));
    let others = space.complement(icmp);
    space.union_all(vec![requests, requests6, neighbours, others])
}

/// The `icmpv6` messages that connection tracking leaves alone: neighbour discovery and multicast listeners (`noct_valid_new` in
/// `nf_conntrack_proto_icmpv6.c`).
pub fn untracked(space: &mut Space) -> Set {
    messages(space, Family::V6, 58, &[130, 131, 132, 133, 134, 135, 136, 143])
}

/// ICMP messages of these types, whatever their code.
pub fn messages(space: &mut Space, family: Family, proto: u64, types: &[u8]) -> Set {
    let codes = types.iter().map(|&kind| (icmp(kind, 0).into(), icmp(kind, 255).into()));
    let cube = Cube::any()
        .with(Field::Family, Ranges::single(family as u64))
        .with(Field::Proto, Ranges::single(proto))
        .with(Field::DstPort, Ranges::from_pairs(codes));
    space.cube(&cube)
}

/// `ct state`: one bit always; without a connection it is `invalid`, or `untracked` (`nft_ct_get_eval`).
pub fn states(class: Class, state: State, place: Place, space: &mut Space) -> Vec<(Bits, Bounds)> {
    let all = |bit| vec![(Bits::exact(bit), Bounds::ALL)];
    if place.beside_conntrack && state.tracking != Tracking::Refused {
        return vec![(Bits::UNKNOWN, Bounds::ALL)];
    }
    match (state.tracking, class) {
        (Tracking::Before, _) | (Tracking::Done, Class::Invalid) => all(1),
        (Tracking::Refused, _) => all(64),
        (Tracking::Done, Class::Established) => all(2),
        (Tracking::Done, Class::Related) => all(4),
        (Tracking::Done, Class::New) => {
            let openers = openers(space);
            let untracked = untracked(space);
            let fresh = space.minus(openers, untracked);
            let rest = space.complement(openers);
            vec![
                (Bits::exact(8), Bounds::exact(fresh)),
                (Bits::exact(64), Bounds::exact(untracked)),
                (Bits::exact(1), Bounds::exact(rest)),
            ]
        }
    }
}

/// The packets that have a connection: for all others every `ct` expression but `ct state` breaks the rule off.
pub fn connected(class: Class, state: State, place: Place, space: &mut Space) -> Bounds {
    match (state.tracking, class) {
        _ if place.beside_conntrack => Bounds::UNKNOWN,
        (Tracking::Before | Tracking::Refused, _) | (_, Class::Invalid) => Bounds::NONE,
        (Tracking::Done, Class::Established | Class::Related) => Bounds::ALL,
        (Tracking::Done, Class::New) => {
            let openers = openers(space);
            let untracked = untracked(space);
            Bounds::exact(space.minus(openers, untracked))
        }
    }
}

/// `ct status` of packets that have a connection. Translation sets its bit when it changes something
/// (`nf_nat_setup_info`); what cannot be known of other classes than new is left open.
pub fn status(class: Class, state: State, place: Place) -> Bits {
    const DNAT: u128 = 0x20;
    const SNAT: u128 = 0x10;
    match class {
        Class::New => {}
        // Both sides have been heard (`resolve_normal_ct`), so it is confirmed and has seen a reply.
        Class::Established => return Bits { known: 0xa, value: 0xa },
        Class::Related | Class::Invalid => return Bits::UNKNOWN,
    }
    // expected, seen-reply, assured, dying; confirmed unless the packet comes back through the loopback interface.
    let mut known = 0x207 | if place.arriving == super::context::View::Loopback { 0 } else { 0x8 };
    if state.destination != Destination::Unknown {
        known |= DNAT;
    }
    let value = if state.changed { DNAT } else { 0 };
    if state.source == Source::Original {
        known |= SNAT;
    }
    Bits { known, value }
}
