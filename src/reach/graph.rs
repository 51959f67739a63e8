//! The reachability of a policy as a graph made for people: places as nodes, and one edge for each way in which one
//! place may open connections to another.
//!
//! Takes a policy with its meaning. What a deny, a translation or the router's position takes away is taken away
//! exactly: an edge stands for packets that pass. What nobody may do has no edge.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::{DiGraph, NodeIndex};
use serde::Serialize;

use super::{
    name::region_name,
    words::{nearly_whole, service_list, side_addresses},
};
use crate::{
    compile::Meant,
    diagnostic::{Sources, Span},
    model::{AddressSet, HostId, Network, Options, Place, Region, ZoneId, service::Traffic},
    packet::{self, Cube, Family, Field, Ranges, Set, Space},
    policy::{Cause, Flow, between, flow_set},
};

/// The nodes and edges, both in an order that depends on nothing but the policy.
pub type Graph = DiGraph<Node, Edge>;

/// A place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    pub kind: NodeKind,
    pub name: String,
    /// The zones of a host, by name; the first is where it is drawn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub isolated: bool,
    /// Has it addresses of these families?
    pub ipv4: bool,
    pub ipv6: bool,
    /// Declared hosts of a zone that no edge names.
    #[serde(skip_serializing_if = "is_zero")]
    pub other_hosts: usize,
    /// Where it is declared.
    pub place: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    Internet,
    Router,
    Zone,
    Host,
}

/// One way to open connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    pub kind: Kind,
    /// Services by IPv4; none when nothing passes by it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ipv4: Vec<String>,
    /// Services by IPv6.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ipv6: Vec<String>,
    /// What it is outside, when a forward changes the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<String>,
    /// Which part of the two ends, when it is not all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// Times, rates and dates that it depends on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// The statements behind it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
}

/// Why an edge is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// From the internet by `expose`.
    Exposure,
    /// The port of a VPN, or an exposure that comes in by somebody's tunnel.
    Tunnel,
    Rule,
    Integration,
    Reflector,
    /// Hosts of one zone, which no router parts.
    SameZone,
    /// A host with a leg in a second zone: it is there, past the router.
    SecondLeg,
}

/// One end of an edge, before it is a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Router,
    Zone(ZoneId),
    Host(HostId),
}

/// What tells edges apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    from: End,
    to: End,
    kind: Kind,
    public: Option<String>,
    scope: Vec<String>,
    conditions: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Drawn {
    v4: Option<Set>,
    v6: Option<Set>,
    spans: BTreeSet<Span>,
    /// Said outright, where no packets are known.
    words: Vec<String>,
}

struct Builder<'a> {
    network: &'a Network,
    sources: &'a Sources,
    meant: &'a mut Meant,
    reaching: Set,
    edges: BTreeMap<Key, Drawn>,
}

/// The graph of a policy.
pub fn graph(network: &Network, sources: &Sources, meant: &mut Meant) -> Graph {
    let reaching = meant.meaning.reaching(&mut meant.space);
    let mut builder = Builder { network, sources, meant, reaching, edges: BTreeMap::new() };
    builder.allowed();
    builder.forwarded();
    builder.tunnelled();
    builder.beside();
    builder.finish()
}

/// What no edge says, for the legend.
#[must_use]
pub fn notes(network: &Network) -> Vec<String> {
    let mut notes = vec![
        "What has no arrow is denied. Answers to what is allowed always pass, and so do ICMP errors and what IPv6 needs \
         on a link."
            .to_owned(),
    ];
    if network.router.output_open {
        notes.push("The router itself may open connections to everything (output open); this is not drawn.".to_owned());
    }
    notes
}

impl Builder<'_> {
    /// Rules, reflectors, VPN ports and exposures that need no translation.
    fn allowed(&mut self) {
        let denied = self.meant.meaning.flows.denied.clone();
        let denied = self.set_of(&denied);
        let mut groups: BTreeMap<(Cause, Place, Place, Vec<String>), Vec<Flow>> = BTreeMap::new();
        for flow in self.meant.meaning.flows.allowed.clone() {
            if flow.from.place == Place::Router && self.network.router.output_open {
                continue;
            }
            let conditions = self.conditions(&flow.options);
            groups.entry((flow.cause, flow.from.place, flow.to.place, conditions)).or_default().push(flow);
        }
        for ((cause, from, to, conditions), flows) in groups {
            let all = self.set_of(&flows);
            let all = self.meant.space.intersect(all, self.reaching);
            let all = self.meant.space.minus(all, denied);
            let all = self.ordinary(all, from);
            self.add(all, (from, to), self.kind(cause, from), None, &conditions, cause.span());
        }
    }

    /// Exposures and VPNs by translation, and where the packets go in the end.
    fn forwarded(&mut self) {
        for forward in self.meant.meaning.forwards.clone() {
            let (Some(target), Some(zone)) = (forward.target, forward.zone) else { continue };
            let to = Place::Zone(zone);
            let inner = Traffic {
                to: forward.port.map_or_else(|| forward.traffic.to.clone(), |port| vec![(port, port)]),
                ..forward.traffic.clone()
            };
            let region = [Region { place: to, addresses: AddressSet::of(target), whole: false }];
            let conditions = self.conditions(&forward.options);
            let public = forward.port.map(|_| forward.traffic.to_string());
            for from in &forward.granted {
                let space = &mut self.meant.space;
                let all = between(std::slice::from_ref(from), &region, std::slice::from_ref(&inner), space);
                let all = space.intersect(all, self.reaching);
                let kind = self.kind(forward.cause, from.place);
                self.add(all, (from.place, to), kind, public.clone(), &conditions, forward.cause.span());
            }
        }
    }

    /// Exposures that come in by a tunnel which a host of the policy opens itself: no router sees their packets.
    fn tunnelled(&mut self) {
        for exposure in self.network.exposures.iter().filter(|exposure| !exposure.expired) {
            let Some(through) = exposure.tunnel else { continue };
            let Some((internet, _)) = self.network.zone_ids().find(|(_, zone)| zone.is_internet()) else { continue };
            let mut scope = vec!["inside a tunnel that the router does not see into".to_owned()];
            if through != exposure.host {
                scope.push(format!("through {}", self.network.host(through).name));
            }
            let conditions = self.conditions(&exposure.options);
            let (from, to, kind) = (End::Zone(internet), End::Host(exposure.host), Kind::Tunnel);
            let drawn = self.edges.entry(Key { from, to, kind, public: None, scope, conditions }).or_default();
            drawn.words.push(exposure.service_text.split_whitespace().collect::<Vec<_>>().join(" "));
            drawn.spans.insert(exposure.span);
        }
    }

    /// What no router parts: hosts of one zone, and the second legs of hosts.
    fn beside(&mut self) {
        let network = self.network;
        let edge = |from, to, kind| Key { from, to, kind, public: None, scope: Vec::new(), conditions: Vec::new() };
        for (id, zone) in network.zone_ids().filter(|(_, zone)| !zone.isolated && !zone.is_internet()) {
            let drawn = self.edges.entry(edge(End::Zone(id), End::Zone(id), Kind::SameZone)).or_default();
            drawn.words.push("unfiltered".to_owned());
            drawn.spans.insert(zone.span);
        }
        for (index, host) in network.hosts.iter().enumerate() {
            for zone in host.zones.iter().skip(1) {
                let key = edge(End::Host(HostId(index)), End::Zone(*zone), Kind::SecondLeg);
                let drawn = self.edges.entry(key).or_default();
                drawn.words.push("a second leg, past the router".to_owned());
                drawn.spans.insert(host.span);
            }
        }
    }

    fn set_of(&mut self, flows: &[Flow]) -> Set {
        let meant = &mut *self.meant;
        flow_set(self.network, &meant.standing, &mut meant.limits, &mut meant.space, flows)
    }

    fn kind(&self, cause: Cause, from: Place) -> Kind {
        let outside = matches!(from, Place::Zone(zone) if self.network.zone(zone).is_internet());
        match cause {
            Cause::Exposure(..) if outside => Kind::Exposure,
            Cause::Vpn(..) => Kind::Tunnel,
            Cause::Reflector(..) => Kind::Reflector,
            Cause::Rule(index, _) if self.network.rules.get(index).is_some_and(|rule| rule.integration.is_some()) => {
                Kind::Integration
            }
            _ => Kind::Rule,
        }
    }

    fn conditions(&self, options: &Options) -> Vec<String> {
        let mut found = Vec::new();
        if let Some((schedule, _)) = options.during
            && let Some(schedule) = self.network.schedules.get(schedule.0)
        {
            found.push(format!("during {}", schedule.name));
        }
        if let Some((limit, _)) = options.limit {
            found.push(format!("at most {} a {}", limit.count, limit.unit.word()));
        }
        if let Some((date, _)) = options.until {
            found.push(format!("until {date}"));
        }
        found
    }

    /// Without sources that only say how a host finds the router: link-local ones, and none yet.
    fn ordinary(&mut self, set: Set, from: Place) -> Set {
        let Place::Zone(zone) = from else { return set };
        let own = self.network.zone(zone);
        if own.is_internet() {
            return set;
        }
        let from = [Region { place: from, addresses: own.network_set(), whole: true }];
        let everywhere: Vec<Region> = std::iter::once(Place::Router)
            .chain(self.network.zone_ids().map(|(id, _)| Place::Zone(id)))
            .map(|place| Region { place, addresses: AddressSet::all(), whole: true })
            .collect();
        let space = &mut self.meant.space;
        let known = between(&from, &everywhere, &[Traffic::ANY], space);
        let found = space.intersect(set, known);
        if found.is_empty() { set } else { found }
    }

    /// Adds the packets of one statement between two places, as edges between the nodes that they are about.
    fn add(
        &mut self,
        set: Set,
        (from, to): (Place, Place),
        kind: Kind,
        public: Option<String>,
        conditions: &[String],
        span: Option<Span>,
    ) {
        for family in [Family::V4, Family::V6] {
            let space = &mut self.meant.space;
            let here = space.cube(&Cube::any().with(Field::Family, Ranges::single(family as u64)));
            let here = space.intersect(set, here);
            if here.is_empty() {
                continue;
            }
            let sources = self.ends(here, true, from, family);
            let sources = self.apart(here, true, sources, family);
            let targets = self.ends(here, false, to, family);
            let targets = self.apart(here, false, targets, family);
            for source in &sources {
                for target in &targets {
                    let space = &mut self.meant.space;
                    let pair = between(
                        std::slice::from_ref(&source.region),
                        std::slice::from_ref(&target.region),
                        &[Traffic::ANY],
                        space,
                    );
                    let packets = space.intersect(here, pair);
                    if packets.is_empty() {
                        continue;
                    }
                    let mut scope: Vec<String> = Vec::new();
                    scope.extend(source.part.iter().map(|part| format!("from {part}")));
                    scope.extend(target.part.iter().map(|part| format!("to {part}")));
                    // Which of its addresses the router answers at is a matter of translations, and no other place.
                    let whole = target.end == End::Router;
                    let places = if whole { space.project(packets, Field::DstHigh) } else { packets };
                    let places = if whole { space.project(places, Field::DstLow) } else { places };
                    if !is_product(places, space) {
                        scope.push("not the same for all of them".to_owned());
                    }
                    let key = Key {
                        from: source.end.clone(),
                        to: target.end.clone(),
                        kind,
                        public: public.clone(),
                        scope,
                        conditions: conditions.to_vec(),
                    };
                    let drawn = self.edges.entry(key).or_default();
                    let slot = if family == Family::V4 { &mut drawn.v4 } else { &mut drawn.v6 };
                    *slot = Some(slot.map_or(packets, |have| space.union(have, packets)));
                    drawn.spans.extend(span);
                }
            }
        }
    }

    /// Takes the hosts out of a whole zone that may do something else than the rest of it.
    fn apart(&mut self, set: Set, source: bool, sides: Vec<Side>, family: Family) -> Vec<Side> {
        let [Side { end: End::Zone(id), region, .. }] = sides.as_slice() else { return sides };
        let (id, place) = (*id, region.place);
        let fields = if source { [Field::SrcHigh, Field::SrcLow] } else { [Field::DstHigh, Field::DstLow] };
        if self.is_even(set, fields) {
            return sides;
        }
        let part = |addresses| Region { place, addresses, whole: false };
        let hosts: Vec<(HostId, AddressSet)> = (self.network.hosts.iter().enumerate())
            .map(|(index, host)| (HostId(index), only(&host.address_set(Some(id)), family)))
            .filter(|(_, own)| !own.is_empty())
            .collect();
        let named = hosts.iter().fold(AddressSet::default(), |all, (_, own)| all.union(own));
        let usual = self.what(set, source, &part(region.addresses.minus(&named)), fields);
        let (mut found, mut rest, mut names) = (Vec::new(), region.addresses.clone(), Vec::new());
        for (host, own) in hosts {
            let own = part(own);
            if self.what(set, source, &own, fields) != usual {
                rest = rest.minus(&own.addresses);
                names.push(self.network.host(host).name.as_str());
                found.push(Side { end: End::Host(host), region: own, part: None });
            }
        }
        if names.is_empty() {
            return sides;
        }
        let part = Some(format!("all but {}", names.join(", ")));
        found.push(Side { end: End::Zone(id), region: Region { place, addresses: rest, whole: false }, part });
        found
    }

    /// What some addresses of one side may do, whichever they are.
    fn what(&mut self, set: Set, source: bool, region: &Region, fields: [Field; 2]) -> Set {
        let side = if source { packet::Side::Src } else { packet::Side::Dst };
        let space = &mut self.meant.space;
        let cubes = region
            .addresses
            .v4
            .ranges()
            .iter()
            .flat_map(|(from, to)| packet::addresses(Family::V4, side, *from, *to))
            .chain(
                (region.addresses.v6.ranges().iter())
                    .flat_map(|(from, to)| packet::addresses(Family::V6, side, *from, *to)),
            )
            .collect();
        let here = space.cubes_union(cubes);
        let here = space.intersect(set, here);
        fields.into_iter().fold(here, |set, field| space.project(set, field))
    }

    /// May all addresses of one side do the same?
    fn is_even(&mut self, set: Set, fields: [Field; 2]) -> bool {
        let space = &mut self.meant.space;
        let what = fields.into_iter().fold(set, |set, field| space.project(set, field));
        let who = Field::ALL
            .into_iter()
            .filter(|field| !fields.contains(field))
            .fold(set, |set, field| space.project(set, field));
        space.intersect(what, who) == set
    }

    /// The nodes that one side of a set is about.
    fn ends(&mut self, set: Set, source: bool, place: Place, family: Family) -> Vec<Side> {
        let all = |end, part| Side { end, region: Region { place, addresses: AddressSet::all(), whole: false }, part };
        let Place::Zone(id) = place else { return vec![all(End::Router, None)] };
        let Some(found) = side_addresses(set, source, &mut self.meant.space) else {
            return vec![all(End::Zone(id), Some(format!("part of {}", self.network.zone(id).name)))];
        };
        let zone = self.network.zone(id);
        let hosts: Vec<(HostId, AddressSet)> = (self.network.hosts.iter().enumerate())
            .map(|(index, host)| (HostId(index), only(&host.address_set(Some(id)), family)))
            .filter(|(_, own)| !own.is_empty())
            .collect();
        let named = hosts.iter().fold(AddressSet::default(), |all, (_, own)| all.union(own));
        let whole = if zone.is_internet() { self.network.internet() } else { zone.network_set() };
        let whole = only(&whole, family);
        // A zone is there when everything in it is that is no declared host.
        let filled = nearly_whole(self.network, place, found.union(&named));
        let rest = whole.minus(&named);
        if !rest.is_empty() && only(&filled, family) == whole {
            let missing: Vec<&str> = hosts
                .iter()
                .filter(|(_, own)| !found.covers(own))
                .map(|(host, _)| self.network.host(*host).name.as_str())
                .collect();
            let part = (!missing.is_empty()).then(|| format!("all but {}", missing.join(", ")));
            return vec![all(End::Zone(id), part)];
        }
        let mut sides = Vec::new();
        let mut left = found;
        for (host, own) in hosts {
            if left.covers(&own) {
                left = left.minus(&own);
                let region = Region { place, addresses: own, whole: false };
                sides.push(Side { end: End::Host(host), region, part: None });
            }
        }
        if !left.is_empty() {
            let region = Region { place, addresses: left, whole: false };
            let part = Some(region_name(self.network, &region));
            sides.push(Side { end: End::Zone(id), region, part });
        }
        sides
    }

    fn finish(mut self) -> Graph {
        let mut graph = Graph::new();
        let mut nodes: BTreeMap<End, NodeIndex> = BTreeMap::new();
        let edges = std::mem::take(&mut self.edges);
        let used: BTreeSet<&End> = edges.keys().flat_map(|key| [&key.from, &key.to]).collect();
        let internet = |(_, zone): &(ZoneId, &crate::model::Zone)| zone.is_internet();
        for (id, _) in self.network.zone_ids().filter(internet) {
            nodes.insert(End::Zone(id), graph.add_node(self.zone(id, &used)));
        }
        nodes.insert(End::Router, graph.add_node(self.router()));
        for (id, _) in self.network.zone_ids().filter(|zone| !internet(zone)) {
            nodes.insert(End::Zone(id), graph.add_node(self.zone(id, &used)));
        }
        for index in 0..self.network.hosts.len() {
            let end = End::Host(HostId(index));
            if used.contains(&end) {
                nodes.insert(end, graph.add_node(self.host(HostId(index))));
            }
        }
        for (key, drawn) in edges {
            if let (Some(from), Some(to)) = (nodes.get(&key.from), nodes.get(&key.to)) {
                let edge = self.edge(key, drawn);
                graph.add_edge(*from, *to, edge);
            }
        }
        graph
    }

    fn edge(&mut self, key: Key, drawn: Drawn) -> Edge {
        let text: String = drawn.spans.iter().map(|span| self.sources.text(*span)).collect::<Vec<_>>().join(" ");
        let mut words = |set: Option<Set>| match set {
            Some(set) => self.services(set, &text),
            None => drawn.words.clone(),
        };
        let (ipv4, ipv6) = match (drawn.v4, drawn.v6) {
            (Some(v4), None) => (words(Some(v4)), Vec::new()),
            (None, Some(v6)) => (Vec::new(), words(Some(v6))),
            (v4, v6) => (words(v4), words(v6)),
        };
        let mut places: Vec<String> = drawn.spans.iter().map(|span| self.sources.place(*span)).collect();
        places.dedup();
        Edge { kind: key.kind, ipv4, ipv6, public: key.public, scope: key.scope, conditions: key.conditions, places }
    }

    /// The services of packets: in the words of the statements where these say exactly that, or by their numbers.
    fn services(&mut self, set: Set, text: &str) -> Vec<String> {
        let space = &mut self.meant.space;
        let families = space.values(set, Field::Family);
        let here = space.cube(&Cube::any().with(Field::Family, families));
        let mut only = set;
        for field in Field::ALL.into_iter().filter(|field| ![Field::Proto, Field::DstPort].contains(field)) {
            only = space.project(only, field);
        }
        let said: BTreeSet<&str> =
            text.split(|letter: char| letter.is_whitespace() || ",:;{}".contains(letter)).collect();
        let (mut names, mut known) = (Vec::new(), Set::EMPTY);
        for (name, traffic) in &self.network.services {
            if !said.contains(name.as_str()) {
                continue;
            }
            let whole = space.cubes_union(traffic.iter().map(|traffic| traffic.narrow(Cube::any())).collect());
            let mut whole = space.intersect(whole, here);
            for field in [Field::Family, Field::SrcPort] {
                whole = space.project(whole, field);
            }
            if !whole.is_empty() && space.is_subset(whole, only) && !space.is_subset(whole, known) {
                known = space.union(known, whole);
                names.push(name.clone());
            }
        }
        let left = space.minus(only, known);
        if left.is_empty() {
            return names;
        }
        let rest = if names.is_empty() { only } else { left };
        names.extend(service_list(rest, space));
        names
    }

    /// Has a zone IPv6? An uplink has it when any zone has.
    fn has_v6(&self, zone: &crate::model::Zone) -> bool {
        let inside = |zone: &crate::model::Zone| !zone.network_set().v6.is_empty();
        if zone.is_internet() { self.network.zones.iter().any(inside) } else { inside(zone) }
    }

    fn router(&self) -> Node {
        let router = &self.network.router;
        let name = if router.name.is_empty() { "router".to_owned() } else { router.name.clone() };
        Node {
            kind: NodeKind::Router,
            name,
            zones: Vec::new(),
            role: None,
            vlan: None,
            networks: Vec::new(),
            isolated: false,
            ipv4: true,
            ipv6: self.network.zones.iter().any(|zone| self.has_v6(zone)),
            other_hosts: 0,
            place: self.sources.place(router.span),
        }
    }

    fn zone(&self, id: ZoneId, used: &BTreeSet<&End>) -> Node {
        let zone = self.network.zone(id);
        let here = self.network.hosts.iter().enumerate().filter(|(_, host)| host.zones.first() == Some(&id));
        Node {
            kind: if zone.is_internet() { NodeKind::Internet } else { NodeKind::Zone },
            name: zone.name.clone(),
            zones: Vec::new(),
            role: Some(zone.role.name()),
            vlan: zone.vlan.map(|(vlan, _)| vlan),
            networks: zone
                .networks
                .iter()
                .map(|network| match network.delegated {
                    Some(number) => format!("delegated {number:x}"),
                    None => network.net.to_string(),
                })
                .collect(),
            isolated: zone.isolated,
            ipv4: zone.is_internet() || !zone.network_set().v4.is_empty(),
            ipv6: self.has_v6(zone),
            other_hosts: here.filter(|(index, _)| !used.contains(&End::Host(HostId(*index)))).count(),
            place: self.sources.place(zone.span),
        }
    }

    fn host(&self, id: HostId) -> Node {
        let host = self.network.host(id);
        Node {
            kind: NodeKind::Host,
            name: host.name.clone(),
            zones: host.zones.iter().map(|zone| self.network.zone(*zone).name.clone()).collect(),
            role: None,
            vlan: None,
            networks: Vec::new(),
            isolated: false,
            ipv4: host.address(Family::V4).is_some(),
            ipv6: host.address(Family::V6).is_some(),
            other_hosts: 0,
            place: self.sources.place(host.span),
        }
    }
}

/// One side of a set: a node, the addresses that it stands for, and which part of it that is.
struct Side {
    end: End,
    region: Region,
    part: Option<String>,
}

fn only(set: &AddressSet, family: Family) -> AddressSet {
    match family {
        Family::V4 => AddressSet { v4: set.v4.clone(), ..AddressSet::default() },
        Family::V6 => AddressSet { v6: set.v6.clone(), ..AddressSet::default() },
    }
}

/// May each source open all of it to each destination? What a service is does not ask for the sender's port.
fn is_product(set: Set, space: &mut Space) -> bool {
    let set =
        [Field::SrcPort, Field::Minute, Field::Exceeded].into_iter().fold(set, |set, field| space.project(set, field));
    let without =
        |fields: &[Field], space: &mut Space| fields.iter().fold(set, |set, field| space.project(set, *field));
    let (source, target) = ([Field::SrcHigh, Field::SrcLow], [Field::DstHigh, Field::DstLow]);
    let what = [Field::Proto, Field::DstPort];
    let from = without(&[target, what].concat(), space);
    let to = without(&[source, what].concat(), space);
    let services = without(&[source, target].concat(), space);
    let ends = space.intersect(from, to);
    space.intersect(ends, services) == set
}
