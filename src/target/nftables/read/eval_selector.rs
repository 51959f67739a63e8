//! What one selector sees in packets: where it can be read at all, and where it has given values.

use super::{
    ast::{End, Selector},
    context::{Class, Destination},
    eval::{At, Eval},
    eval_address as address,
    eval_conntrack::{self as conntrack, Bits},
    eval_fib as fib, eval_interface as interface, eval_time as time,
    eval_values::Meaning,
};
use crate::{
    packet::{Bounds, Cube, Family, Field, Ranges, Set, Side},
    router::LOCAL,
};

/// Protocols without ports whose header is always as long as two ports: ICMP of both families and IGMP.
const LONG: [u64; 3] = [1, 2, 58];

/// The flag that the first packet of a TCP connection has.
const SYN: u128 = 0x02;

impl Eval<'_> {
    /// The packets in which the selector can be read; for all others the rule is broken off, negated or not.
    pub fn readable(&mut self, selector: &Selector, at: At) -> Bounds {
        let cube = match selector {
            Selector::Address(v6, _) | Selector::NextHeader(v6) => address::of_family(*v6),
            Selector::HopLimit => address::of_family(true),
            Selector::Port(Some(transport), _) => address::with_ports(Some(*transport)),
            Selector::Port(None, _) => {
                return self.transport();
            }
            Selector::IcmpType(v6) | Selector::IcmpCode(v6) => address::icmp_part(*v6, false, &[(0, 255)]),
            Selector::TcpFlags => address::with_ports(Some(6)),
            Selector::CtStatus
            | Selector::CtDirection
            | Selector::CtProtocol
            | Selector::CtMark
            | Selector::CtZone
            | Selector::CtAddress(None, _) => {
                return conntrack::connected(self.class, at.state, at.place, self.space);
            }
            Selector::CtPort(_) => {
                let ports = self.transport();
                return conntrack::connected(self.class, at.state, at.place, self.space).and(ports, self.space);
            }
            Selector::CtAddress(Some(v6), _) => {
                let family = Bounds::exact(self.space.cube(&address::of_family(*v6)));
                return conntrack::connected(self.class, at.state, at.place, self.space).and(family, self.space);
            }
            Selector::Opaque(text) => return Bounds::exact(self.space.cube(&narrowed(text))).perhaps(),
            _ => return Bounds::ALL,
        };
        Bounds::exact(self.space.cube(&cube))
    }

    /// Any transport header is read, if it is long enough; without ports its bytes are something else.
    fn transport(&mut self) -> Bounds {
        let long = Cube::any().with(Field::Proto, Ranges::from_pairs(LONG.map(|proto| (proto, proto))));
        let ports = address::with_ports(None);
        Bounds { surely: self.space.cubes_union(vec![long, ports]), possibly: Set::ALL }
    }

    /// The packets in which the selector has one of these values.
    pub fn having(&mut self, selector: &Selector, meaning: &Meaning, at: At) -> Bounds {
        let readable = self.readable(selector, at);
        let having = match meaning {
            Meaning::Unknown => Bounds::UNKNOWN,
            Meaning::Names(names) if matches!(selector, Selector::FibOut(..)) => {
                fib::reached_by(self.topology, self.space, names)
            }
            Meaning::Names(names) => {
                let side = if *selector == Selector::InName { Side::Src } else { Side::Dst };
                interface::named(self.topology, self.space, side, at.place, at.state, names)
            }
            Meaning::Numbers(ranges) => self.numbered(selector, ranges, at),
        };
        having.and(readable, self.space)
    }

    fn numbered(&mut self, selector: &Selector, ranges: &[(u128, u128)], at: At) -> Bounds {
        let within = |value: u128| ranges.iter().any(|&(low, high)| low <= value && value <= high);
        if let Some(parts) = self.bits(selector, at) {
            let test = |bits: Bits| match ranges {
                [(low, high)] if low == high => bits.equals(u128::MAX, *low),
                _ if bits.known == u128::MAX => Some(within(bits.value)),
                _ => None,
            };
            return self.judged(&parts, test);
        }
        if let Some(cubes) = Self::cubes(selector, ranges, at) {
            return Bounds::exact(self.space.cubes_union(cubes));
        }
        match selector {
            Selector::Address(v6, _) => {
                let original = self.space.cubes_union(address::original(*v6, End::Dst, ranges));
                let family = address::family(*v6);
                address::destination(self.topology, self.space, (at.state, at.place), original, |have, address| {
                    have == family && within(address)
                })
            }
            Selector::Port(transport, end) => {
                let met = match address::rewritten_port(at.state) {
                    Some(port) if *end == End::Dst => {
                        if within(port.into()) {
                            address::with_ports(*transport)
                        } else {
                            Cube::any().with(Field::Proto, Ranges::empty())
                        }
                    }
                    _ => address::ports(*transport, *end, ranges),
                };
                let unknown = *end == End::Dst && at.state.destination == Destination::Unknown;
                self.ports(&met, *transport, unknown)
            }
            Selector::CtPort(end) => self.ports(&address::ports(None, *end, ranges), None, false),
            Selector::CtAddress(v6, end) => {
                let families = v6.map_or(vec![false, true], |v6| vec![v6]);
                let fits = |v6: bool| v6 || ranges.iter().all(|(_, high)| *high <= u128::from(u32::MAX));
                let families = families.into_iter().filter(|&v6| fits(v6));
                let cubes = families.flat_map(|v6| address::original(v6, *end, ranges)).collect();
                Bounds::exact(self.space.cubes_union(cubes))
            }
            Selector::FibType(end, arriving) => {
                let kinds = fib::kinds(self.topology, self.space, *end, *arriving, at.state, at.place);
                let met: Vec<Bounds> =
                    kinds.into_iter().filter(|(kind, _)| within(*kind)).map(|(_, packets)| packets).collect();
                Bounds::any(&met, self.space)
            }
            Selector::FibOut(End::Src, true) => {
                let reached = fib::reverse_path(self.topology, self.space, at.place);
                match (within(1), within(0)) {
                    (true, true) => Bounds::ALL,
                    (true, false) => reached,
                    (false, true) => Bounds::ALL.minus(reached, self.space),
                    (false, false) => Bounds::NONE,
                }
            }
            Selector::HopLimit => {
                // The router sends neighbour discovery with 255 and takes no other (RFC 4861, 6.1 and 7.1).
                let near = conntrack::messages(self.space, Family::V6, 58, &[133, 134, 135, 136, 137]);
                let ours = [Field::In, Field::Out]
                    .into_iter()
                    .map(|field| Cube::any().with(field, Ranges::single(LOCAL.into())));
                let ours = self.space.cubes_union(ours.collect());
                let near = self.space.intersect(near, ours);
                let others = self.space.complement(near);
                if within(255) { Bounds { surely: near, possibly: Set::ALL } } else { Bounds::exact(others).perhaps() }
            }
            Selector::Hour => time::hours(self.space, ranges),
            Selector::Day => Bounds::exact(time::days(self.space, ranges)),
            _ => Bounds::UNKNOWN,
        }
    }

    /// Ports as cubes; if the protocol is left open, those without ports may match too.
    fn ports(&mut self, met: &Cube, transport: Option<u8>, unknown: bool) -> Bounds {
        let met = self.space.cube(met);
        let without = self.space.cube(&address::with_ports(None));
        let without = self.space.complement(without);
        let possibly = if transport.is_none() { self.space.union(met, without) } else { met };
        if unknown { Bounds::UNKNOWN } else { Bounds { surely: met, possibly } }
    }

    /// The packets with these values as cubes, where that is exact and simple.
    pub fn cubes(selector: &Selector, ranges: &[(u128, u128)], at: At) -> Option<Vec<Cube>> {
        let untouched = at.state.destination == Destination::Original;
        let within = |value: u128| ranges.iter().any(|&(low, high)| low <= value && value <= high);
        let families = |v4: bool, v6: bool| {
            let both = [(v4, Family::V4), (v6, Family::V6)].into_iter().filter(|(wanted, _)| *wanted);
            let values = Ranges::from_pairs(both.map(|(_, family)| (family as u64, family as u64)));
            vec![Cube::any().with(Field::Family, values)]
        };
        Some(match selector {
            Selector::Address(v6, end) if untouched || *end == End::Src => address::original(*v6, *end, ranges),
            Selector::NextHeader(v6) => vec![address::protocols(ranges).intersect(&address::of_family(*v6))],
            Selector::L4proto => vec![address::protocols(ranges)],
            Selector::Nfproto => families(within(2), within(10)),
            Selector::EtherType => families(within(0x0800), within(0x86dd)),
            Selector::Port(Some(transport), end) if untouched || *end == End::Src => {
                vec![address::ports(Some(*transport), *end, ranges)]
            }
            Selector::IcmpType(v6) => vec![address::icmp_part(*v6, false, ranges)],
            Selector::IcmpCode(v6) => vec![address::icmp_part(*v6, true, ranges)],
            _ => return None,
        })
    }

    /// The packets parted by the flags that the selector reads; `None` if it does not read flags.
    pub fn bits(&mut self, selector: &Selector, at: At) -> Option<Vec<(Bits, Bounds)>> {
        Some(match selector {
            Selector::CtState => conntrack::states(self.class, at.state, at.place, self.space),
            Selector::CtStatus => vec![(conntrack::status(self.class, at.state, at.place), Bounds::ALL)],
            Selector::Mark => vec![(at.state.mark, Bounds::ALL)],
            Selector::CtMark => vec![(at.state.connection_mark, Bounds::ALL)],
            Selector::CtZone if !self.zones => vec![(Bits::exact(0), Bounds::ALL)],
            Selector::CtDirection if self.class == Class::New => vec![(Bits::exact(0), Bounds::ALL)],
            Selector::TcpFlags if self.class == Class::New => vec![(Bits::exact(SYN), Bounds::ALL)],
            Selector::CtDirection | Selector::TcpFlags | Selector::CtZone => vec![(Bits::UNKNOWN, Bounds::ALL)],
            _ => return None,
        })
    }

    /// The packets whose flags pass a test.
    pub fn judged(&mut self, parts: &[(Bits, Bounds)], test: impl Fn(Bits) -> Option<bool>) -> Bounds {
        let mut met = Vec::new();
        for (bits, packets) in parts {
            match test(*bits) {
                Some(true) => met.push(*packets),
                Some(false) => {}
                None => met.push(packets.perhaps()),
            }
        }
        Bounds::any(&met, self.space)
    }
}

/// The packets that have the header of a selector which is not modelled.
fn narrowed(text: &str) -> Cube {
    let proto = |proto: u64| Cube::any().with(Field::Proto, Ranges::single(proto));
    match text.split(' ').next() {
        Some("ip") => address::of_family(false),
        Some("ip6") => address::of_family(true),
        Some("icmp") => proto(1).intersect(&address::of_family(false)),
        Some("icmpv6") => proto(58).intersect(&address::of_family(true)),
        Some("igmp") => proto(2),
        Some("tcp") => proto(6),
        Some("udp") => proto(17),
        Some("dccp") => proto(33),
        Some("sctp") => proto(132),
        Some("udplite") => proto(136),
        _ => Cube::any(),
    }
}
