//! Matches on addresses, protocols, ports and ICMP types, before and after translation.

use super::{
    ast::End,
    context::{Destination, Place, State, View},
};
use crate::{
    packet::{Bounds, Cube, Family, Field, Ranges, Set, Side, Space, addresses},
    router::{OTHER, Topology, number},
};

/// Protocols whose header starts with the two ports.
pub const WITH_PORTS: [u8; 5] = [6, 17, 33, 132, 136];

pub const fn side(end: End) -> Side {
    match end {
        End::Src => Side::Src,
        End::Dst => Side::Dst,
    }
}

pub const fn family(v6: bool) -> Family {
    if v6 { Family::V6 } else { Family::V4 }
}

pub fn of_family(v6: bool) -> Cube {
    Cube::any().with(Field::Family, Ranges::single(family(v6) as u64))
}

/// The packets with an address of the original tuple in these ranges.
pub fn original(v6: bool, end: End, ranges: &[(u128, u128)]) -> Vec<Cube> {
    ranges.iter().flat_map(|&(low, high)| addresses(family(v6), side(end), low, high)).collect()
}

/// The packets whose destination, as a rule sees it now, passes a test of addresses.
///
/// `to_original` are the packets whose original destination passes it.
pub fn destination(
    topology: &Topology,
    space: &mut Space,
    (state, place): (State, Place),
    to_original: Set,
    passes: impl Fn(Family, u128) -> bool,
) -> Bounds {
    let constant = |family: Family, address: u128, space: &mut Space| {
        let all = space.cube(&of_family(family == Family::V6));
        if passes(family, address) { all } else { Set::EMPTY }
    };
    match state.destination {
        Destination::Original => Bounds::exact(to_original),
        Destination::Unknown => Bounds::UNKNOWN,
        Destination::To { address, .. } => {
            let (family, address) = number(address);
            Bounds::exact(constant(family, address, space))
        }
        Destination::ToRouter { .. } if place.own => {
            let v4 = constant(Family::V4, 0x7f00_0001, space);
            let v6 = constant(Family::V6, 1, space);
            Bounds::exact(space.union(v4, v6))
        }
        Destination::ToRouter { .. } => {
            let mut found = Vec::new();
            for v6 in [false, true] {
                found.extend(redirected(topology, space, v6, |address| passes(family(v6), address)));
            }
            Bounds::any(&found, space)
        }
    }
}

/// The packets that `redirect` sends to an address that passes: it takes the first address of the arriving interface,
/// and the topology does not say which is first.
fn redirected(topology: &Topology, space: &mut Space, v6: bool, passes: impl Fn(u128) -> bool) -> Vec<Bounds> {
    let mut found = Vec::new();
    for (id, interface) in topology.interfaces() {
        let own = interface.addresses.iter().map(|&address| number(address)).filter(|(have, _)| *have == family(v6));
        let (yes, no): (Vec<bool>, Vec<bool>) = own.map(|(_, address)| passes(address)).partition(|yes| *yes);
        let packets = space.cube(&of_family(v6).with(Field::In, Ranges::single(id.into())));
        found.push(match (yes.is_empty(), no.is_empty()) {
            (false, true) => Bounds::exact(packets),
            (true, false) => Bounds::NONE,
            _ => Bounds::exact(packets).perhaps(),
        });
    }
    let other = space.cube(&of_family(v6).with(Field::In, Ranges::single(OTHER.into())));
    found.push(Bounds::exact(other).perhaps());
    found
}

/// The packets with a port of the original tuple in these ranges, of one protocol or of all that have ports.
pub fn ports(transport: Option<u8>, end: End, ranges: &[(u128, u128)]) -> Cube {
    let field = match end {
        End::Src => Field::SrcPort,
        End::Dst => Field::DstPort,
    };
    with_ports(transport).with(field, narrow(ranges))
}

/// The packets of a protocol, or of all that have ports.
pub fn with_ports(transport: Option<u8>) -> Cube {
    let all = WITH_PORTS.iter().copied().filter(|proto| transport.is_none_or(|wanted| wanted == *proto));
    Cube::any().with(Field::Proto, Ranges::from_pairs(all.map(|proto| (proto.into(), proto.into()))))
}

/// The port that a rule sees instead of the original one, if the destination has been given another.
pub const fn rewritten_port(state: State) -> Option<u16> {
    match state.destination {
        Destination::To { port, .. } | Destination::ToRouter { port } => port,
        Destination::Original | Destination::Unknown => None,
    }
}

pub fn protocols(ranges: &[(u128, u128)]) -> Cube {
    Cube::any().with(Field::Proto, narrow(ranges))
}

/// `icmp type` and `icmp code`: the upper and the lower byte of the coordinate of the destination port.
pub fn icmp_part(v6: bool, code: bool, ranges: &[(u128, u128)]) -> Cube {
    let proto = if v6 { 58 } else { 1 };
    let ranges = narrow(ranges).intersect(&Ranges::range(0, 255));
    let values = if code {
        Ranges::from_pairs(
            (0..=255).flat_map(|kind: u64| ranges.iter().map(move |(low, high)| (kind << 8 | low, kind << 8 | high))),
        )
    } else {
        Ranges::from_pairs(ranges.iter().map(|(low, high)| (low << 8, high << 8 | 0xff)))
    };
    of_family(v6).with(Field::Proto, Ranges::single(proto)).with(Field::DstPort, values)
}

/// Ranges of numbers as ranges of a coordinate; what lies above it is cut off.
pub fn narrow(ranges: &[(u128, u128)]) -> Ranges {
    let cut = |value: u128| u64::try_from(value).unwrap_or(u64::MAX);
    Ranges::from_pairs(
        ranges.iter().filter(|(low, _)| *low <= u64::MAX.into()).map(|&(low, high)| (cut(low), cut(high))),
    )
}

/// Is it seen through the loopback interface or not at all?
pub fn looped(place: Place) -> bool {
    place.arriving == View::Loopback
}
