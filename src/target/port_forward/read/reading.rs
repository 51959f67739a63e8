//! What a router does with a list of forwards.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use super::forward::{Forward, List, UDP};
use crate::{
    packet::{Bounds, Cube, Family, Field, Packet, Ranges, Set, Side, Space, prefix},
    router::{
        Addition, Behaviour, Configuration, Dnat, Facts, LOCAL, Limits, Line, Outcome, Scope, Topology, Trace, Tracked,
    },
};

/// Sources that are not of the internet (RFC 6890). Providers seldom drop them all, and such routers do not.
const PRIVATE: [(Ipv4Addr, u8); 10] = [
    (Ipv4Addr::UNSPECIFIED, 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(224, 0, 0, 0), 3),
];

const INSIDE: &str = "only forwards are compared: such a router keeps no zones apart, and lets everything inside reach \
                      the internet and its own pages";
const ITSELF: &str =
    "what the router itself answers on its uplink (ping, remote administration) is set on its own pages";
const IN_FRONT: &str = "only what arrives from the router in front is compared: it lets through nothing else, and the \
                        IPv6 that it lets through is its own affair";
const NEARBY: &str = "a forward is open to private senders on the uplink's side too";

/// A list that was read.
#[derive(Debug)]
pub struct Reading {
    facts: Facts,
    /// What each forward takes, with `Field::Out` free.
    taken: Vec<(Set, Line)>,
}

impl Reading {
    pub fn new(file: &str, list: List, topology: &Topology, space: &mut Space) -> Self {
        let mut builder = Builder {
            topology,
            space,
            seen: Set::EMPTY,
            everybody: Set::EMPTY,
            accepted: Behaviour::default(),
            taken: Vec::new(),
        };
        let line = |line: u32, text: &str| Line { file: file.to_owned(), line, text: text.to_owned() };
        let mut unknown: Vec<Line> = list.notes.iter().map(|(at, text)| line(*at, text)).collect();
        let front = in_front(&list.forwards, topology);
        for forward in &list.forwards {
            let place = line(forward.line, &forward.text);
            match front {
                None => builder.forward(forward, place),
                Some(id) if own(topology, id).contains(&forward.address) => builder.arriving(forward, id, place),
                Some(_) => unknown.push(line(
                    forward.line,
                    &format!("{}: goes to {}, where this policy's router is not", forward.text, forward.address),
                )),
            }
        }
        let scope = match front {
            None => builder.only(),
            Some(id) => builder.in_front(id),
        };
        let nearby = builder.nearby();
        let first = match &scope {
            Scope::Everything => Set::EMPTY,
            Scope::Only { packets, .. } | Scope::Arriving { packets, .. } => *packets,
        };
        let nothing = Bounds::NONE;
        let accepted = if front.is_some() { builder.within(first) } else { builder.accepted.clone() };
        let facts = Facts {
            notes: Vec::new(),
            first,
            dropped: Set::EMPTY,
            surely: accepted.clone(),
            possibly: accepted,
            established_dropped: nothing,
            related_dropped: nothing,
            invalid_accepted: nothing,
            unknown,
            additions: vec![Addition {
                what: NEARBY.to_owned(),
                packets: nearby,
                translation: false,
                asked_for: false,
            }],
            scope,
        };
        Self { facts, taken: builder.taken }
    }
}

/// The interface in front of which a router with these forwards stands, if it sends something to the address there.
fn in_front(forwards: &[Forward], topology: &Topology) -> Option<u16> {
    let uplinks = topology.interfaces().filter(|(_, interface)| interface.internet);
    uplinks.map(|(id, _)| id).find(|id| {
        let own = own(topology, *id);
        forwards.iter().any(|forward| own.contains(&forward.address))
    })
}

/// The router's IPv4 addresses on an interface.
fn own(topology: &Topology, id: u16) -> Vec<Ipv4Addr> {
    let addresses = topology.interface(id).map_or(&[][..], |interface| interface.addresses.as_slice());
    addresses
        .iter()
        .filter_map(|address| match address {
            IpAddr::V4(address) => Some(*address),
            IpAddr::V6(_) => None,
        })
        .collect()
}

struct Builder<'a> {
    topology: &'a Topology,
    space: &'a mut Space,
    /// What earlier forwards have taken.
    seen: Set,
    /// What forwards without a source take.
    everybody: Set,
    accepted: Behaviour,
    taken: Vec<(Set, Line)>,
}

impl Builder<'_> {
    fn uplinks(&self) -> Vec<(u16, String)> {
        let interfaces = self.topology.interfaces().filter(|(_, interface)| interface.internet);
        interfaces.map(|(id, interface)| (id, interface.name.clone())).collect()
    }

    /// The packets that a forward takes on one interface.
    fn asked(&mut self, forward: &Forward, id: u16) -> Set {
        let mut base = Cube::any()
            .with(Field::In, Ranges::single(id.into()))
            .with(Field::Family, Ranges::single(Family::V4 as u64))
            .with(Field::DstPort, Ranges::range(forward.ports.0.into(), forward.ports.1.into()));
        if let Some(protocol) = forward.protocol {
            base = base.with(Field::Proto, Ranges::single(protocol.into()));
        }
        let mut cubes = Vec::new();
        for to in own(self.topology, id) {
            let base = base.intersect(&prefix(IpNet::from(IpAddr::V4(to)), Side::Dst));
            if forward.from.is_empty() {
                cubes.push(base);
                continue;
            }
            cubes.extend(forward.from.iter().map(|net| base.intersect(&prefix(IpNet::V4(*net), Side::Src))));
        }
        self.space.cubes_union(cubes)
    }

    /// As far as no earlier forward has taken it.
    fn fresh(&mut self, forward: &Forward, id: u16, line: Line) -> Set {
        let asked = self.asked(forward, id);
        let fresh = self.space.minus(asked, self.seen);
        self.seen = self.space.union(self.seen, asked);
        if forward.from.is_empty() {
            self.everybody = self.space.union(self.everybody, fresh);
        }
        self.taken.push((fresh, line));
        fresh
    }

    /// A forward of the router itself.
    fn forward(&mut self, forward: &Forward, line: Line) {
        for (id, name) in self.uplinks() {
            if forward.uplink.as_ref().is_some_and(|only| *only != name) {
                continue;
            }
            let fresh = self.fresh(forward, id, line.clone());
            let ways = self.topology.routes(IpAddr::V4(forward.address));
            let ways = Ranges::from_pairs(ways.into_iter().map(|way| (way.into(), way.into())));
            let out = self.space.cube(&Cube::any().with(Field::Out, ways));
            let packets = self.space.intersect(fresh, out);
            let dnat = Dnat::To { address: IpAddr::V4(forward.address), port: changed(forward) };
            self.accepted.add(self.space, Outcome { dnat: Some(dnat), snat: None }, packets);
        }
    }

    /// A forward of the router in front, to this one's address.
    fn arriving(&mut self, forward: &Forward, id: u16, line: Line) {
        let fresh = self.fresh(forward, id, line);
        // Which port was asked for outside cannot be told any more once it is another.
        let dnat = changed(forward).map(|port| Dnat::To { address: IpAddr::V4(forward.address), port: Some(port) });
        self.accepted.add(self.space, Outcome { dnat, snat: None }, fresh);
    }

    /// What a router's own list speaks of: all that comes by an uplink and goes on.
    fn only(&mut self) -> Scope {
        let inside = Ranges::single(LOCAL.into()).complement(Field::Out);
        let base = Cube::any().with(Field::Out, inside);
        let cubes = self.uplinks().into_iter().map(|(id, _)| base.clone().with(Field::In, Ranges::single(id.into())));
        let packets = self.space.cubes_union(cubes.collect());
        let taken = self.accepted.all(self.space);
        let packets = self.space.union(packets, taken);
        Scope::Only { packets, beside: vec![INSIDE.to_owned(), ITSELF.to_owned()] }
    }

    /// What the list of a router in front speaks of: what comes from the internet to our address. What the link itself
    /// needs (RFC 2131) does not come from there.
    fn in_front(&mut self, id: u16) -> Scope {
        let base = Cube::any()
            .with(Field::In, Ranges::single(id.into()))
            .with(Field::Out, Ranges::single(LOCAL.into()))
            .with(Field::Family, Ranges::single(Family::V4 as u64));
        let to = own(self.topology, id).into_iter().map(|to| base.intersect(&prefix(IpAddr::V4(to).into(), Side::Dst)));
        let packets = self.space.cubes_union(to.collect());
        let private = self.private();
        let packets = self.space.minus(packets, private);
        let lease = Cube::any()
            .with(Field::Proto, Ranges::single(UDP.into()))
            .with(Field::SrcPort, Ranges::single(67))
            .with(Field::DstPort, Ranges::single(68));
        let lease = self.space.cube(&lease);
        let packets = self.space.minus(packets, lease);
        Scope::Arriving { packets, beside: vec![IN_FRONT.to_owned()] }
    }

    /// Sources that are not of the internet: private ones, and the topology's own networks and addresses.
    fn private(&mut self) -> Set {
        let fixed = PRIVATE.iter().filter_map(|(address, length)| Ipv4Net::new(*address, *length).ok()).map(IpNet::V4);
        let own =
            self.topology.interfaces.iter().flat_map(|interface| interface.networks.iter().chain(&interface.upstream));
        let nets: Vec<Cube> = fixed.chain(own.copied()).map(|net| prefix(net, Side::Src)).collect();
        let nets = self.space.cubes_union(nets);
        let forged = self.topology.own_sources(self.space);
        self.space.union(nets, forged)
    }

    fn nearby(&mut self) -> Set {
        let private = self.private();
        self.space.intersect(self.everybody, private)
    }

    fn within(&mut self, packets: Set) -> Behaviour {
        let mut found = Behaviour::default();
        for (outcome, accepted) in self.accepted.accepted.clone() {
            let here = self.space.intersect(accepted, packets);
            found.add(self.space, outcome, here);
        }
        found
    }
}

/// The new port, if it is another one.
fn changed(forward: &Forward) -> Option<u16> {
    forward.inner.filter(|inner| (*inner, *inner) != forward.ports)
}

impl Configuration for Reading {
    fn facts(&self, _space: &mut Space) -> Facts {
        self.facts.clone()
    }

    fn trace(&self, packet: &Packet, _: Tracked, _: &Topology, _: &mut Limits, space: &mut Space) -> Trace {
        let decided_by =
            self.taken.iter().find(|(taken, _)| space.contains(*taken, packet)).map(|(_, line)| line.clone());
        Trace { decided_by, led_by: Vec::new() }
    }
}
