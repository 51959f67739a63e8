//! What becomes reachable, and what stops, between two policies.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{triples::triples, tunnelled::published};
use crate::{
    diagnostic::Sources,
    model::{AddressSet, Network, Place, Region, Role, ZoneId, service::Traffic},
    packet::{Cube, Field, Ranges, Set, Space},
    policy::{Cause, Flow, Meaning, Meant, flow_set, meaning, zone_number},
    router::{Dnat, LOCAL, Limits, Outcome},
};

/// A policy of a comparison.
pub struct Version<'a> {
    pub network: &'a Network,
    pub sources: &'a Sources,
    pub meant: &'a Meant,
}

/// One line of a difference.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Change {
    /// Smaller is worse: from the internet first, then towards zones that are trusted more.
    #[serde(skip)]
    pub risk: i32,
    pub kind: ChangeKind,
    pub from: String,
    pub to: String,
    pub service: String,
    /// The statement that opens it, or that opened it before.
    pub place: Option<String>,
    /// From the internet, or towards a zone that is trusted more.
    pub risky: bool,
}

/// In which way something changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ChangeKind {
    Opens,
    /// It passes in both, under another translation.
    Translates,
    Closes,
}

/// One side of a comparison with all that names its packets. Sets have the numbering of zones that both sides share.
struct Side<'a> {
    version: &'a Version<'a>,
    meaning: Meaning,
    /// From its own number of a zone to the shared one.
    numbers: BTreeMap<u16, u16>,
    reaching: Set,
    accepted: BTreeMap<Outcome, Set>,
}

impl<'a> Side<'a> {
    fn new(version: &'a Version<'a>, names: &[String], limits: &mut Limits, space: &mut Space) -> Self {
        let meaning = meaning(version.network, &version.meant.standing, limits, space);
        let numbers = numbers(version.network, names);
        let reaching = meaning.reaching(space);
        let reaching = matters(version.network, &meaning, reaching, space);
        let reaching = relabel(reaching, &numbers, space);
        let accepted = meaning.behaviour.accepted.iter();
        let accepted = accepted.map(|(outcome, set)| (*outcome, relabel(*set, &numbers, space))).collect();
        Self { version, meaning, numbers, reaching, accepted }
    }

    /// The same packets in its own numbering.
    fn own(&self, set: Set, space: &mut Space) -> Set {
        let back = self.numbers.iter().map(|(own, common)| (*common, *own)).collect();
        relabel(set, &back, space)
    }
}

/// Everything that differs in meaning, the riskiest first; empty when only the wording changed.
#[must_use]
pub fn changes(old: &Version<'_>, new: &Version<'_>) -> Vec<Change> {
    let mut space = Space::new();
    let mut limits = Limits::default();
    // One numbering of zones for both, by their names.
    let mut names: Vec<String> = new.network.zones.iter().map(|zone| zone.name.clone()).collect();
    for zone in &old.network.zones {
        if !names.contains(&zone.name) {
            names.push(zone.name.clone());
        }
    }
    let before = Side::new(old, &names, &mut limits, &mut space);
    let after = Side::new(new, &names, &mut limits, &mut space);
    let mut found = Vec::new();
    for (kind, side, other) in [(ChangeKind::Opens, &after, &before), (ChangeKind::Closes, &before, &after)] {
        let changed = space.minus(side.reaching, other.reaching);
        let changed = known_to(changed, other.version, &mut space);
        let changed = shared(changed, old, new, &names, &mut space);
        let mut here = Vec::new();
        for (part, when) in by_condition(changed, other.reaching, &mut space) {
            for mut line in list(kind, side, part, &mut limits, &mut space) {
                line.service += when;
                here.push(line);
            }
        }
        by_address(&mut here, side.version.network, other.version.network);
        found.extend(here);
        found.extend(translated(kind, side, other, changed, &mut space));
        found.extend(by_tunnels(kind, side.version, other.version));
    }
    found.sort();
    found.dedup();
    found
}

/// A change in parts: what the other side never lets through, at no time and no rate, and what it does at others.
fn by_condition(changed: Set, other: Set, space: &mut Space) -> [(Set, &'static str); 3] {
    let any_time = space.project(other, Field::Minute);
    let any_rate = space.project(other, Field::Exceeded);
    let ever = space.project(any_time, Field::Exceeded);
    let times = space.intersect(changed, any_time);
    let rates = space.intersect(changed, any_rate);
    let rates = space.minus(rates, times);
    let both = space.intersect(changed, ever);
    let times = space.minus(both, rates);
    [(space.minus(changed, ever), ""), (times, ", at some times"), (rates, ", beyond a limit")]
}

/// Adds the address to the name of a host that has others on the other side: it has moved, and means somebody else.
fn by_address(changes: &mut [Change], network: &Network, other: &Network) {
    let moved = |name: &str| {
        let host =
            |network: &Network| network.hosts.iter().find(|host| host.name == name).map(|host| host.address_set(None));
        let (here, there) = (host(network)?, host(other)?);
        let host = network.hosts.iter().find(|host| host.name == name).filter(|_| here != there)?;
        let addresses: Vec<String> = host.addresses.iter().map(|own| own.address.to_string()).collect();
        (!addresses.is_empty()).then(|| format!("{name} ({})", addresses.join(", ")))
    };
    for change in changes {
        for end in [&mut change.from, &mut change.to] {
            if let Some(named) = moved(end) {
                *end = named;
            }
        }
    }
}

/// Ways in to what is reachable on both sides, which only one of them has.
fn translated(kind: ChangeKind, side: &Side<'_>, other: &Side<'_>, changed: Set, space: &mut Space) -> Vec<Change> {
    let mut found = Vec::new();
    let passes = space.union_all(other.accepted.values().copied().collect());
    for (outcome, packets) in &side.accepted {
        let same = other.accepted.get(outcome).copied().unwrap_or(Set::EMPTY);
        let only = space.minus(*packets, same);
        // A forward that leads to what was reachable already opens nothing, and yet is another way in. Of the ways that are
        // gone those are told that lead nowhere now.
        let only = match (kind, outcome.dnat) {
            (ChangeKind::Closes, None) => continue,
            (ChangeKind::Closes, Some(_)) => space.minus(only, passes),
            (_, Some(_)) => only,
            (_, None) => space.intersect(only, passes),
        };
        let own = side.own(only, space);
        let in_the_end = side.meaning.in_the_end(outcome, own, space);
        let in_the_end = relabel(in_the_end, &side.numbers, space);
        if only.is_empty() || !space.disjoint(in_the_end, changed) {
            continue;
        }
        let inside = crossing(own, space);
        let kind = if kind == ChangeKind::Closes { kind } else { ChangeKind::Translates };
        for mut change in described(kind, side.version.network, inside, None, space) {
            if outcome.dnat.is_some() {
                change.to = "router".to_owned();
            }
            if let Some(Dnat::To { port: Some(port), .. }) = outcome.dnat {
                change.service = format!("{} to port {port}", change.service);
            }
            found.push(change);
        }
    }
    found
}

/// What tunnels lead everybody to in one policy and not in the other, and proxies on the router: no packet of the router
/// shows it.
fn by_tunnels(kind: ChangeKind, side: &Version<'_>, other: &Version<'_>) -> Vec<Change> {
    let there = published(other.network);
    let (mut found, mut told) = (Vec::new(), BTreeSet::new());
    for one in published(side.network) {
        if there.iter().any(|known| known.is_alike(&one)) || !told.insert((one.by, one.to.clone(), one.service.clone()))
        {
            continue;
        }
        let risk = 10 + rank(side.network, one.place);
        found.push(Change {
            risk: if kind == ChangeKind::Closes { 100 } else { -risk },
            kind,
            from: one.by.to_owned(),
            to: one.to,
            service: one.service,
            place: Some(side.sources.place(one.span)),
            risky: kind != ChangeKind::Closes,
        });
    }
    found
}

/// Without packets to addresses of the router that the other policy's router does not have: a new zone brings one, and
/// nothing opens by it.
fn known_to(set: Set, other: &Version<'_>, space: &mut Space) -> Set {
    let own = other.meant.standing.topology.local(space);
    let taken = space.cube(&Cube::any().with(Field::Out, Ranges::single(LOCAL.into())));
    let foreign = space.minus(taken, own);
    space.minus(set, foreign)
}

/// Without what stays inside a zone that only one of the two has: that a zone is new is no matter of reach.
fn shared(set: Set, old: &Version<'_>, new: &Version<'_>, names: &[String], space: &mut Space) -> Set {
    let has = |version: &Version<'_>, name: &String| version.network.zones.iter().any(|zone| zone.name == *name);
    let alone = names.iter().enumerate().filter(|(_, name)| !has(old, name) || !has(new, name));
    let within = alone.map(|(index, _)| {
        let number = Ranges::single(zone_number(ZoneId(index)).into());
        Cube::any().with(Field::In, number.clone()).with(Field::Out, number)
    });
    let within = space.cubes_union(within.collect());
    space.minus(set, within)
}

/// Packets from outside that come by a translation.
fn crossing(set: Set, space: &mut Space) -> Set {
    let own = space.cube(&Cube::any().with(Field::In, Ranges::single(LOCAL.into())));
    space.minus(set, own)
}

/// The common number of each zone of a network.
fn numbers(network: &Network, names: &[String]) -> BTreeMap<u16, u16> {
    let common = |name: &str| names.iter().position(|known| known == name).map(ZoneId);
    network.zone_ids().filter_map(|(id, zone)| Some((zone_number(id), zone_number(common(&zone.name)?)))).collect()
}

/// The same packets with other numbers for their interfaces.
fn relabel(set: Set, numbers: &BTreeMap<u16, u16>, space: &mut Space) -> Set {
    if numbers.iter().all(|(own, common)| own == common) {
        return set;
    }
    let mut set = set;
    for field in [Field::In, Field::Out] {
        let mut parts = Vec::new();
        for value in space.values(set, field).iter().flat_map(|(low, high)| low..=high).collect::<Vec<_>>() {
            let here = space.cube(&Cube::any().with(field, Ranges::single(value)));
            let part = space.intersect(set, here);
            let part = space.project(part, field);
            let target =
                u16::try_from(value).ok().and_then(|value| numbers.get(&value).copied()).map_or(value, u64::from);
            let there = space.cube(&Cube::any().with(field, Ranges::single(target)));
            parts.push(space.intersect(part, there));
        }
        set = space.union_all(parts);
    }
    set
}

/// Without what always passes, and what the router sends while its output is open: neither is a decision of a rule.
fn matters(network: &Network, meaning: &Meaning, reaching: Set, space: &mut Space) -> Set {
    let set = space.minus(reaching, meaning.always);
    if !network.router.output_open {
        return set;
    }
    let own = space.cube(&Cube::any().with(Field::In, Ranges::single(LOCAL.into())));
    space.minus(set, own)
}

/// The lines of packets that one side lets through, each with the statement that does.
fn list(kind: ChangeKind, side: &Side<'_>, changed: Set, limits: &mut Limits, space: &mut Space) -> Vec<Change> {
    let (version, meaning) = (side.version, &side.meaning);
    let mut found = Vec::new();
    let mut rest = side.own(changed, space);
    let mut groups: BTreeMap<(Cause, Place, Place), Vec<Flow>> = BTreeMap::new();
    for flow in &meaning.flows.allowed {
        groups.entry((flow.cause, flow.from.place, flow.to.place)).or_default().push(flow.clone());
    }
    for ((cause, ..), flows) in groups {
        let all = flow_set(version.network, &version.meant.standing, limits, space, &flows);
        let part = space.intersect(all, rest);
        if part.is_empty() {
            continue;
        }
        rest = space.minus(rest, part);
        let place = cause.span().map(|span| version.sources.place(span));
        found.extend(described(kind, version.network, part, place, space));
    }
    for forward in &meaning.forwards {
        let (Some(target), Some(zone)) = (forward.target, forward.zone) else { continue };
        let inner = Traffic {
            to: forward.port.map_or_else(|| forward.traffic.to.clone(), |port| vec![(port, port)]),
            ..forward.traffic.clone()
        };
        let to = [Region { place: Place::Zone(zone), addresses: AddressSet::of(target), whole: false }];
        let all = crate::policy::between(&forward.granted, &to, &[inner], space);
        let part = space.intersect(all, rest);
        if !part.is_empty() {
            rest = space.minus(rest, part);
            let place = forward.cause.span().map(|span| version.sources.place(span));
            found.extend(described(kind, version.network, part, place, space));
        }
    }
    // What no single statement stands for.
    found.extend(described(kind, version.network, rest, None, space));
    found
}

/// The lines of a set: one for each pair of places.
fn described(kind: ChangeKind, network: &Network, set: Set, place: Option<String>, space: &mut Space) -> Vec<Change> {
    let mut found = Vec::new();
    for triple in triples(network, set, Set::ALL, space) {
        let (Some(from), Some(to)) = triple.places else { continue };
        let risk = risk(network, from, to);
        found.push(Change {
            risk: if kind == ChangeKind::Closes { 100 } else { -risk },
            kind,
            from: triple.from,
            to: triple.to,
            service: triple.service,
            place: place.clone(),
            risky: kind != ChangeKind::Closes && risk > 0,
        });
    }
    found
}

/// How much a zone is trusted.
const fn trust(role: Role) -> i32 {
    match role {
        Role::Internet => 0,
        Role::Guest => 1,
        Role::Iot | Role::Camera | Role::Media | Role::Voip => 2,
        Role::Dmz | Role::Transit => 3,
        Role::Kids | Role::Work | Role::Vpn => 4,
        Role::Server => 5,
        Role::Trusted => 6,
        Role::Management => 7,
    }
}

/// How much worse it gets when this pair opens: 10 and more from the internet, above 0 towards more trust.
fn risk(network: &Network, from: Place, to: Place) -> i32 {
    let outside = matches!(from, Place::Zone(zone) if network.zone(zone).is_internet());
    if outside { 10 + rank(network, to) } else { rank(network, to) - rank(network, from) }
}

fn rank(network: &Network, place: Place) -> i32 {
    match place {
        Place::Router => 8,
        Place::Zone(zone) => trust(network.zone(zone).role),
    }
}
