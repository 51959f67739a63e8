//! Translations: what dnat, snat, masquerade and redirect write, and for which packets.

use std::net::IpAddr;

use super::{
    ast::{Data, Nat, NatKind, NatTarget, Selector, Value},
    context::{Destination, Source, State},
    eval::{At, Eval},
    eval_address as address,
    eval_match::contents,
    eval_values::single,
};
use crate::packet::{Bounds, Cube, Field, Ranges, Set};

/// What a translation does with some packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rewrite {
    Destination(Destination),
    Source(Source),
}

impl Eval<'_> {
    /// The packets that are translated, by what is written; the rule is broken off for all others, such as those that
    /// a map has no value for.
    pub fn translations(&mut self, nat: &Nat, at: At) -> Vec<(Bounds, Rewrite)> {
        let family = match nat.v6 {
            Some(v6) => Bounds::exact(self.space.cube(&address::of_family(v6))),
            None => Bounds::ALL,
        };
        let all = match &nat.target {
            NatTarget::Own => vec![(Bounds::ALL, own(nat.kind))],
            NatTarget::Fixed { address, port } => vec![self.fixed(nat.kind, address.as_ref(), port.as_ref())],
            NatTarget::Map { key, map, interval } => match contents(map, at) {
                Some(contents) if !contents.changing && !interval => {
                    let entries = self.entries(key, &contents, at);
                    entries
                        .into_iter()
                        .map(|(packets, data)| {
                            let (fits, rewrite) = self.given(nat.kind, data);
                            (packets.and(fits, self.space), rewrite)
                        })
                        .collect()
                }
                _ => vec![(self.readable_key(key, at).perhaps(), unknown(nat.kind))],
            },
        };
        all.into_iter().map(|(packets, rewrite)| (packets.and(family, self.space), rewrite)).collect()
    }

    /// What a map gives: an address, or an address and a port.
    fn given(&mut self, kind: NatKind, data: Option<&Data>) -> (Bounds, Rewrite) {
        match data {
            Some(Data::Value(Value::Concat(parts))) => match parts.as_slice() {
                [address, port] => self.fixed(kind, Some(address), Some(port)),
                _ => (Bounds::ALL, unknown(kind)),
            },
            Some(Data::Value(value @ Value::Number(_))) => self.fixed(kind, None, Some(value)),
            Some(Data::Value(value)) => self.fixed(kind, Some(value), None),
            _ => (Bounds::ALL, unknown(kind)),
        }
    }

    /// An address applies to packets of its own family only.
    fn fixed(&mut self, kind: NatKind, address: Option<&Value>, port: Option<&Value>) -> (Bounds, Rewrite) {
        let service = Selector::Port(None, super::ast::End::Dst);
        let number = port.map(|port| single(&service, port).and_then(|port| u16::try_from(port).ok()));
        let constant = match address {
            Some(Value::V4(address)) => Some(IpAddr::V4(*address)),
            Some(Value::V6(address)) => Some(IpAddr::V6(*address)),
            _ => None,
        };
        let fits = match constant {
            Some(address) => Bounds::exact(self.space.cube(&address::of_family(address.is_ipv6()))),
            None => Bounds::ALL,
        };
        let rewrite = match (kind, constant, number) {
            (NatKind::Dnat, Some(address), None) => Rewrite::Destination(Destination::To { address, port: None }),
            (NatKind::Dnat, Some(address), Some(Some(port))) => {
                Rewrite::Destination(Destination::To { address, port: Some(port) })
            }
            (NatKind::Redirect, None, Some(Some(port))) if address.is_none() => {
                Rewrite::Destination(Destination::ToRouter { port: Some(port) })
            }
            // Which source port is taken makes no difference to any verdict.
            (NatKind::Snat, Some(address), _) => Rewrite::Source(Source::To { address }),
            (NatKind::Masquerade, None, _) if address.is_none() => Rewrite::Source(Source::Masquerade),
            _ => unknown(kind),
        };
        (fits, rewrite)
    }

    /// The packets parted by whether writing this changes their destination: if it does not, the connection does not
    /// count as translated (`nf_nat_setup_info`). A packet can be in both parts if that cannot be told.
    pub fn changed(&mut self, rewrite: Rewrite, packets: Set, at: At) -> Vec<(State, Set)> {
        let destination = match rewrite {
            Rewrite::Source(source) => return vec![(State { source, ..at.state }, packets)],
            Rewrite::Destination(destination) => destination,
        };
        let state = State { destination, ..at.state };
        let (port, probe) = match destination {
            Destination::To { port, .. } | Destination::ToRouter { port } => (port, state),
            Destination::Original | Destination::Unknown => return vec![(state, packets)],
        };
        let mut same = self.same_address(probe, at);
        if let Some(port) = port {
            // Only protocols with ports get a port.
            let wanted = Cube::any().with(Field::DstPort, Ranges::single(port.into()));
            let with = self.space.cube(&address::with_ports(None));
            let without = self.space.complement(with);
            let wanted = self.space.cube(&wanted);
            let wanted = self.space.union(wanted, without);
            same = same.and(Bounds::exact(wanted), self.space);
        }
        let kept = self.space.intersect(packets, same.possibly);
        let changed = self.space.minus(packets, same.surely);
        vec![(State { changed: false, ..state }, kept), (State { changed: true, ..state }, changed)]
    }

    /// The packets whose original destination is the address that is written.
    fn same_address(&mut self, state: State, at: At) -> Bounds {
        let mut candidates: Vec<(IpAddr, Option<u16>)> = Vec::new();
        match state.destination {
            Destination::To { address, .. } => candidates.push((address, None)),
            Destination::ToRouter { .. } if !at.place.own => {
                for (id, interface) in self.topology.interfaces() {
                    candidates.extend(interface.addresses.iter().map(|&address| (address, Some(id))));
                }
            }
            _ => {}
        }
        let mut all = Vec::new();
        for (address, arriving) in &candidates {
            let mut cube = crate::packet::prefix((*address).into(), crate::packet::Side::Dst);
            if let Some(id) = arriving {
                cube = cube.with(Field::In, Ranges::single((*id).into()));
            }
            let packets = Bounds::exact(self.space.cube(&cube));
            let rivals = candidates
                .iter()
                .filter(|(other, from)| from == arriving && other.is_ipv6() == address.is_ipv6())
                .count();
            all.push(if rivals > 1 { packets.perhaps() } else { packets });
        }
        Bounds::any(&all, self.space)
    }
}

const fn own(kind: NatKind) -> Rewrite {
    match kind {
        NatKind::Redirect => Rewrite::Destination(Destination::ToRouter { port: None }),
        NatKind::Masquerade => Rewrite::Source(Source::Masquerade),
        NatKind::Dnat | NatKind::Snat => unknown(kind),
    }
}

pub const fn unknown(kind: NatKind) -> Rewrite {
    match kind {
        NatKind::Dnat | NatKind::Redirect => Rewrite::Destination(Destination::Unknown),
        NatKind::Snat | NatKind::Masquerade => Rewrite::Source(Source::Unknown),
    }
}
