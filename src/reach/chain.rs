//! Chains of hosts: `never A ~> B`, decided exactly by walking the classes.

use std::collections::{BTreeMap, VecDeque};

use super::{
    classes::{Class, Classes, Leg},
    path::{Path, Step},
    relayed::{Relayed, asked_by_router, relayed},
    tunnelled::{self, Tunnelled, at_once, tunnelled},
};
use crate::{
    diagnostic::Diagnostic,
    model::{AddressSet, Assertion, HostAddress, Network, Place, Region, address::address, service::Traffic},
    packet::{Field, Packet, Ranges, Set, Side, Space, prefix},
    policy::{Meaning, Meant, between, zone_number},
};

pub(super) struct Walk<'a> {
    pub(super) network: &'a Network,
    classes: Classes,
    /// Every accepted packet with its final destination.
    reaching: Set,
    /// The same without protocols, ports and times: who reaches whom at all.
    ends: Set,
    pub(super) index: BTreeMap<Leg, usize>,
    tunnelled: Vec<Tunnelled>,
    relayed: Vec<Relayed>,
    pub(super) space: &'a mut Space,
}

/// Decides `never A ~> B`: nothing when it holds, or its failure with the shortest path.
pub fn never(network: &Network, meant: &mut Meant, assertion: &Assertion, reaching: Set) -> Option<Diagnostic> {
    let paths = chains(network, meant, (&assertion.from, &assertion.to, &assertion.traffic), reaching)?;
    let (shortest, others) = paths.split_first()?;
    let mut finding = report(network, &meant.meaning, assertion, shortest);
    finding.notes.extend(others.iter().map(|path| format!("path: {}", path.sentence(network))));
    Some(finding)
}

/// The chains of hosts from some regions to others that end with a packet of some traffic: the shortest, and others if
/// they are asked for.
pub fn chains(
    network: &Network,
    meant: &mut Meant,
    (from, to, traffic): (&[Region], &[Region], &[Traffic]),
    reaching: Set,
) -> Option<Vec<Path>> {
    let other = other_legs(network, to);
    let to = &[to, &other].concat();
    let tunnelled = tunnelled(network);
    let led = tunnelled.iter().flat_map(|one| &one.to);
    let asked = asked_by_router(network);
    let asked = asked.iter().flat_map(|(to, _)| to);
    let regions: Vec<Region> = from.iter().chain(to).chain(led).chain(asked).cloned().collect();
    let classes = Classes::new(network, &meant.meaning, &regions);
    let limit = meant.paths;
    let space = &mut meant.space;
    // What IP itself needs on a link gives nobody a hold on anything.
    let reaching = space.minus(reaching, meant.meaning.always);
    let mut ends = reaching;
    for field in [Field::Proto, Field::DstPort, Field::SrcPort, Field::Minute, Field::Exceeded] {
        ends = space.project(ends, field);
    }
    let index = classes
        .list
        .iter()
        .enumerate()
        .flat_map(|(index, class)| class.legs.iter().map(move |leg| (*leg, index)))
        .collect();
    let relayed = relayed(network, reaching, (to, traffic), space);
    let mut walk = Walk { network, classes, reaching, ends, index, tunnelled, relayed, space };
    let shortest = walk.shortest(from, (to, &other), traffic)?;
    let mut found = vec![shortest];
    if limit > 1 {
        let onto = walk.onto(to, traffic);
        let told = found.iter().map(|path| path.sentence(network)).collect::<Vec<_>>();
        found
            .extend(walk.all(from, to, onto, limit).into_iter().filter(|path| !told.contains(&path.sentence(network))));
        found.truncate(limit);
    }
    Some(found)
}

/// The other legs of hosts that are part of the target: who reaches one of them has reached the host.
fn other_legs(network: &Network, to: &[Region]) -> Vec<Region> {
    let inside = |own: &HostAddress| {
        to.iter().any(|region| region.place == Place::Zone(own.zone) && region.addresses.contains(own.address))
    };
    let hosts = network.hosts.iter().filter(|host| host.addresses.iter().any(inside));
    hosts
        .flat_map(|host| host.addresses.iter().filter(|own| !inside(own)))
        .map(|own| Region { place: Place::Zone(own.zone), addresses: AddressSet::of(own.address), whole: false })
        .collect()
}

pub(super) fn holds(regions: &[Region], leg: Leg) -> bool {
    regions.iter().any(|region| {
        region.place == Place::Zone(leg.zone) && region.addresses.family(leg.family).contains(leg.address)
    })
}

impl Walk<'_> {
    fn shortest(
        &mut self,
        from: &[Region],
        (to, other_legs): (&[Region], &[Region]),
        traffic: &[Traffic],
    ) -> Option<Path> {
        let last = between(from, to, traffic, self.space);
        let direct = self.space.intersect(last, self.reaching);
        let direct = self.crossing(direct);
        if let Some(packet) = self.space.witness(direct) {
            return Some(Path {
                start: leg_of(&packet, true),
                steps: vec![(Step::Routed(packet), leg_of(&packet, false))],
            });
        }
        let outside = self.index.keys().find(|leg| self.network.zone(leg.zone).is_internet() && holds(from, **leg));
        if let Some(start) = outside.copied()
            && let Some(path) = at_once(&self.tunnelled, start, to, traffic, self.index.keys().copied())
        {
            return Some(path);
        }
        let onto = self.onto(to, traffic);
        let mut parents: BTreeMap<Leg, Option<(Leg, Step)>> = BTreeMap::new();
        let mut queue = VecDeque::new();
        let starts: Vec<Leg> = self.index.keys().copied().filter(|leg| holds(from, *leg)).collect();
        for leg in starts {
            parents.insert(leg, None);
            queue.push_back(leg);
        }
        while let Some(leg) = queue.pop_front() {
            let started = parents.get(&leg).is_some_and(Option::is_none);
            // The internet is no stepping stone: it takes no step but the first.
            if self.network.zone(leg.zone).is_internet() && !started {
                continue;
            }
            // Whether the two sides share a zone is not asked. Whether a host of the one stands in the other, is.
            let neighbours = if started { other_legs } else { to };
            let onto = if started { Set::EMPTY } else { onto };
            if let Some((step, end)) = self.by_server(leg).into_iter().find(|(_, end)| holds(to, *end)) {
                return Some(trace(&parents, leg, step, end));
            }
            if let Some((step, end)) = self.arrives(leg, neighbours, onto) {
                return Some(trace(&parents, leg, step, end));
            }
            for (step, next) in self.steps(leg, &parents) {
                if self.network.zone(next.zone).is_internet() {
                    continue;
                }
                parents.insert(next, Some((leg, step)));
                queue.push_back(next);
            }
        }
        None
    }

    /// Reaching packets of the traffic that end in the regions, whoever sends them.
    pub(super) fn onto(&mut self, to: &[Region], traffic: &[Traffic]) -> Set {
        let anybody: Vec<Region> = self
            .network
            .zone_ids()
            .map(|(id, _)| Region { place: Place::Zone(id), addresses: AddressSet::all(), whole: false })
            .collect();
        let onto = between(&anybody, to, traffic, self.space);
        let onto = self.space.intersect(onto, self.reaching);
        self.crossing(onto)
    }

    fn crossing(&mut self, set: Set) -> Set {
        let within = crate::policy::within(self.network, self.space);
        self.space.minus(set, within)
    }

    /// The last step, if one leads from here to the target.
    pub(super) fn arrives(&mut self, leg: Leg, to: &[Region], onto: Set) -> Option<(Step, Leg)> {
        if let Some(last) = self.asks_the_target(leg) {
            return Some(last);
        }
        let from = self.from(leg);
        // What a host sends to itself by way of the router is no step.
        let class = self.index.get(&leg).and_then(|index| self.classes.list.get(*index));
        let own: Vec<Leg> = class.filter(|class| !class.hosts.is_empty()).map_or_else(Vec::new, |c| c.legs.clone());
        let itself = own.iter().map(|own| prefix(address(own.family, own.address).into(), Side::Dst)).collect();
        let itself = self.space.cubes_union(itself);
        let here = self.space.intersect(onto, from);
        let here = self.space.minus(here, itself);
        if let Some(packet) = self.space.witness(here) {
            return Some((Step::Routed(packet), leg_of(&packet, false)));
        }
        if self.network.zone(leg.zone).isolated || self.network.zone(leg.zone).is_internet() {
            return None;
        }
        self.index
            .keys()
            .copied()
            .find(|other| other.zone == leg.zone && *other != leg && !own.contains(other) && holds(to, *other))
            .map(|end| (Step::SameZone, end))
    }

    /// The proxies on the router that hear a leg, each with one packet to it.
    fn heard(&mut self, leg: Leg) -> Vec<(Packet, Relayed)> {
        let from = self.from(leg);
        let relayed = self.relayed.clone();
        let hears = relayed.into_iter().filter_map(|proxy| {
            let here = self.space.intersect(proxy.heard, from);
            Some((self.space.witness(here)?, proxy))
        });
        hears.collect()
    }

    /// The last step, if a proxy on the router makes it.
    pub(super) fn asks_the_target(&mut self, leg: Leg) -> Option<(Step, Leg)> {
        let heard = self.heard(leg);
        heard.into_iter().find_map(|(asked, proxy)| {
            let asks = self.space.witness(proxy.last)?;
            Some((Step::ByRouter(asked, asks), leg_of(&asks, false)))
        })
    }

    /// Where a leg gets by the host that ends a VPN, past the router: a client under the address of that host, if it
    /// hides him; else to the zone that the host is in, and back from there.
    fn by_server(&self, leg: Leg) -> Vec<(Step, Leg)> {
        let found = self.behind_server(leg).into_iter().map(|other| (Step::ByServer, other));
        let joined = |other: &&Leg| {
            let apart = other.zone == leg.zone || self.network.link(other.zone) != self.network.link(leg.zone);
            let hidden = self.network.is_hidden(leg.zone) || self.network.is_hidden(other.zone);
            let apart = apart || self.network.zone(self.network.link(leg.zone)).isolated;
            !apart && !hidden && other.family == leg.family
        };
        let beside = self.index.keys().filter(joined).map(|other| (Step::BesideServer, *other));
        found.chain(beside).collect()
    }

    /// The legs of the hosts under whose addresses a VPN sends on what this leg sends.
    fn behind_server(&self, leg: Leg) -> Vec<Leg> {
        let servers = self.network.vpns.iter().filter(|vpn| vpn.hides_clients && vpn.zone == leg.zone);
        let hosts: Vec<_> = servers.filter_map(|vpn| vpn.server).map(|server| self.network.host(server)).collect();
        let has = |other: &&Leg| {
            hosts.iter().any(|host| {
                host.zones.contains(&other.zone)
                    && host.address_set(Some(other.zone)).contains(address(other.family, other.address))
            })
        };
        if hosts.is_empty() { Vec::new() } else { self.index.keys().filter(has).copied().collect() }
    }

    fn from(&mut self, leg: Leg) -> Set {
        let net = address(leg.family, leg.address).into();
        let cube = prefix(net, Side::Src).with(Field::In, Ranges::single(zone_number(leg.zone).into()));
        self.space.cube(&cube)
    }

    /// Every leg that is one step away and not reached yet.
    pub(super) fn steps(&mut self, leg: Leg, reached: &BTreeMap<Leg, Option<(Leg, Step)>>) -> Vec<(Step, Leg)> {
        let mut found: BTreeMap<Leg, Step> = BTreeMap::new();
        let zone = self.network.zone(leg.zone);
        let class: Option<&Class> = self.index.get(&leg).and_then(|index| self.classes.list.get(*index));
        let own: Vec<Leg> = class.map(|class| class.legs.clone()).unwrap_or_default();
        let unnamed = class.is_some_and(|class| class.hosts.is_empty());
        for other in own {
            found.entry(other).or_insert(Step::SameHost);
        }
        for other in self.index.keys().filter(|other| other.zone == leg.zone) {
            if !zone.isolated && !zone.is_internet() {
                found.entry(*other).or_insert(Step::SameZone);
            } else if unnamed
                && !zone.is_internet()
                && self
                    .index
                    .get(other)
                    .and_then(|index| self.classes.list.get(*index))
                    .is_some_and(|class| class.hosts.is_empty())
            {
                // A device that is not declared may have the other address as well.
                found.entry(*other).or_insert(Step::SameHost);
            }
        }
        for (step, other) in self.by_server(leg) {
            found.entry(other).or_insert(step);
        }
        if zone.is_internet() {
            for (step, other) in tunnelled::steps(&self.tunnelled, self.index.keys().copied()) {
                found.entry(other).or_insert(step);
            }
        }
        for (asked, proxy) in self.heard(leg) {
            for other in self.index.keys().copied().filter(|other| other.zone != leg.zone).collect::<Vec<_>>() {
                let cube = prefix(address(other.family, other.address).into(), Side::Dst)
                    .with(Field::Out, Ranges::single(zone_number(other.zone).into()));
                let there = self.space.cube(&cube);
                let there = self.space.intersect(proxy.asks, there);
                if let Some(asks) = self.space.witness(there) {
                    found.entry(other).or_insert(Step::ByRouter(asked, asks));
                }
            }
        }
        let from = self.from(leg);
        let here = self.space.intersect(self.ends, from);
        let candidates: Vec<Leg> = self
            .index
            .keys()
            .copied()
            .filter(|other| other.zone != leg.zone && other.family == leg.family && !reached.contains_key(other))
            .collect();
        for other in candidates {
            let packet = Packet {
                ingress: zone_number(leg.zone),
                egress: zone_number(other.zone),
                family: leg.family,
                proto: 0,
                src: leg.address,
                dst: other.address,
                src_port: 0,
                dst_port: 0,
                minute: 0,
                exceeded: 0,
            };
            if !found.contains_key(&other) && self.space.contains(here, &packet) {
                let step = self.packet(leg, other).map_or(Step::SameHost, Step::Routed);
                found.insert(other, step);
            }
        }
        found.into_iter().filter(|(other, _)| !reached.contains_key(other)).map(|(other, step)| (step, other)).collect()
    }

    /// One packet from a leg to another.
    fn packet(&mut self, from: Leg, to: Leg) -> Option<Packet> {
        let source = self.from(from);
        let cube = prefix(address(to.family, to.address).into(), Side::Dst)
            .with(Field::Out, Ranges::single(zone_number(to.zone).into()));
        let target = self.space.cube(&cube);
        let here = self.space.intersect(source, target);
        let here = self.space.intersect(here, self.reaching);
        self.space.witness(here)
    }
}

fn leg_of(packet: &Packet, source: bool) -> Leg {
    let (number, address) = if source { (packet.ingress, packet.src) } else { (packet.egress, packet.dst) };
    Leg { zone: crate::model::ZoneId(usize::from(number).saturating_sub(1)), family: packet.family, address }
}

fn trace(parents: &BTreeMap<Leg, Option<(Leg, Step)>>, last: Leg, step: Step, end: Leg) -> Path {
    let mut steps = vec![(step, end)];
    let mut at = last;
    while let Some(Some((parent, step))) = parents.get(&at) {
        steps.push((step.clone(), at));
        at = *parent;
    }
    steps.reverse();
    // Passing under another address of the same host is no step of its own.
    steps.retain(|(step, _)| *step != Step::SameHost);
    Path { start: at, steps }
}

fn report(network: &Network, meaning: &Meaning, assertion: &Assertion, path: &Path) -> Diagnostic {
    let count = path.length();
    let message = if count == 1 {
        "what must never be reached is reached at once".to_owned()
    } else {
        format!("what must never be reached is reached in {count} steps")
    };
    let mut error = Diagnostic::error("never-failed", assertion.span, message)
        .label("promised here")
        .note(format!("path: {}", path.sentence(network)));
    for (span, words) in path.causes(network, meaning) {
        error = error.also(span, words);
    }
    let Some(zone) = path.steps.iter().find(|(step, _)| *step == Step::SameZone).map(|(_, leg)| leg.zone) else {
        return error.help("take back one of these rules, or change what is promised");
    };
    if network.joined_by_router(zone) {
        let name = &network.zone(zone).name;
        return error
            .note("the router passes on what the clients of a VPN send each other, unless the zone is `isolated`")
            .help(format!("write `isolated` in zone `{name}`, and its clients reach each other no more"));
    }
    error
        .note("hosts of one zone reach each other past the router, unless the zone is `isolated`")
        .help("move the host in the middle into a zone of its own, or take back the rule that leads to it")
}
