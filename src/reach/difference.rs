//! What becomes reachable, and what stops, between two policies.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{triples::triples, tunnelled::published};
use crate::{
    diagnostic::Sources,
    model::{AddressSet, Network, Place, Region, Role, ZoneId, service::Traffic},
    packet::{Cube, Field, Ranges, Set, Space},
    policy::{Cause, Flow, Meaning, Meant, flow_set, meaning, zone_number},
    router::{Dnat, LOCAL, Limits},
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
    let mut of = |side: &Version<'_>, space: &mut Space| {
        let meaning = meaning(side.network, &side.meant.standing, &mut limits, space);
        let numbers = numbers(side.network, &names);
        let reaching = meaning.reaching(space);
        let reaching = matters(side.network, &meaning, reaching, space);
        let accepted = meaning
            .behaviour
            .accepted
            .iter()
            .map(|(outcome, set)| (*outcome, relabel(*set, &numbers, space)))
            .collect::<BTreeMap<_, _>>();
        (meaning, relabel(reaching, &numbers, space), numbers, accepted)
    };
    let (old_meaning, before, old_numbers, old_accepted) = of(old, &mut space);
    let (new_meaning, after, new_numbers, new_accepted) = of(new, &mut space);
    let opened = space.minus(after, before);
    let opened = known_to(opened, old, &mut space);
    let closed = space.minus(before, after);
    let closed = known_to(closed, new, &mut space);
    let (opened, closed) = (shared(opened, old, new, &names, &mut space), shared(closed, old, new, &names, &mut space));
    let mut found = Vec::new();
    list(&mut found, ChangeKind::Opens, new, &new_meaning, &new_numbers, opened, &mut limits, &mut space);
    list(&mut found, ChangeKind::Closes, old, &old_meaning, &old_numbers, closed, &mut limits, &mut space);
    let was = space.union_all(old_accepted.values().copied().collect());
    let back = new_numbers.iter().map(|(own, common)| (*common, *own)).collect();
    for (outcome, packets) in &new_accepted {
        let same = old_accepted.get(outcome).copied().unwrap_or(Set::EMPTY);
        let other = space.minus(*packets, same);
        // A forward that leads to what was reachable already opens nothing, and yet is another way in.
        let other = if outcome.dnat.is_some() { other } else { space.intersect(other, was) };
        let other = relabel(other, &back, &mut space);
        let in_the_end = new_meaning.in_the_end(outcome, other, &mut space);
        let in_the_end = relabel(in_the_end, &new_numbers, &mut space);
        if !other.is_empty() && space.disjoint(in_the_end, opened) {
            let inside = crossing(other, &mut space);
            for mut change in described(ChangeKind::Translates, new.network, inside, None, &mut space) {
                if outcome.dnat.is_some() {
                    change.to = "router".to_owned();
                }
                if let Some(Dnat::To { port: Some(port), .. }) = outcome.dnat {
                    change.service = format!("{} to port {port}", change.service);
                }
                found.push(change);
            }
        }
    }
    found.extend(by_tunnels(ChangeKind::Opens, new, old));
    found.extend(by_tunnels(ChangeKind::Closes, old, new));
    found.sort();
    found.dedup();
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

#[expect(clippy::too_many_arguments, reason = "one side of a comparison with everything that names its packets")]
fn list(
    found: &mut Vec<Change>,
    kind: ChangeKind,
    side: &Version<'_>,
    meaning: &Meaning,
    numbers: &BTreeMap<u16, u16>,
    changed: Set,
    limits: &mut Limits,
    space: &mut Space,
) {
    let back: BTreeMap<u16, u16> = numbers.iter().map(|(own, common)| (*common, *own)).collect();
    let mut rest = relabel(changed, &back, space);
    let mut groups: BTreeMap<(Cause, Place, Place), Vec<Flow>> = BTreeMap::new();
    for flow in &meaning.flows.allowed {
        groups.entry((flow.cause, flow.from.place, flow.to.place)).or_default().push(flow.clone());
    }
    for ((cause, ..), flows) in groups {
        let all = flow_set(side.network, &side.meant.standing, limits, space, &flows);
        let part = space.intersect(all, rest);
        if part.is_empty() {
            continue;
        }
        rest = space.minus(rest, part);
        let place = cause.span().map(|span| side.sources.place(span));
        found.extend(described(kind, side.network, part, place, space));
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
            let place = forward.cause.span().map(|span| side.sources.place(span));
            found.extend(described(kind, side.network, part, place, space));
        }
    }
    // What no single statement stands for.
    found.extend(described(kind, side.network, rest, None, space));
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
