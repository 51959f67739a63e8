//! `exposed { ... }`: the whole list of what the internet can open. One thing more, or one less, fails.

use crate::{
    diagnostic::Diagnostic,
    model::{AddressSet, ExposedEntry, ExposedList, Network, Place, Region, service::Traffic},
    packet::{Cube, Family, Field, Ranges, Set, Space},
    policy::{Meant, between, let_through, zone_number},
    reach::describe_sent,
    router::{Dnat, Outcome},
};

/// All lists that differ from what is open.
pub fn run(network: &Network, meant: &mut Meant) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for list in &network.exposed {
        found.extend(decide(network, meant, list));
    }
    found
}

fn decide(network: &Network, meant: &mut Meant, list: &ExposedList) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let space = &mut meant.space;
    let uplinks = network.zone_ids().filter(|(_, zone)| zone.is_internet()).map(|(id, _)| u64::from(zone_number(id)));
    let outside = Cube::any().with(Field::In, Ranges::from_pairs(uplinks.map(|number| (number, number))));
    let outside = space.cube(&outside);
    let mut named = vec![Set::EMPTY; list.entries.len()];
    let mut more: Vec<(Outcome, Set)> = Vec::new();
    for (outcome, packets) in &meant.meaning.behaviour.accepted {
        let open = space.intersect(*packets, outside);
        let mut open = space.minus(open, meant.meaning.always);
        for (entry, seen) in list.entries.iter().zip(&mut named) {
            let covered = covers(entry, outcome, space);
            let here = space.intersect(open, covered);
            *seen = space.union(*seen, here);
            open = space.minus(open, covered);
        }
        more.push((*outcome, open));
    }
    for (outcome, open) in more {
        if let Some(packet) = space.witness(open) {
            let mut error =
                Diagnostic::error("exposed-more", list.span, "the internet can open more than this list says")
                    .label("the whole list")
                    .note(format!("packet: {}{}", describe_sent(&packet, outcome, network), translated(outcome)));
            let mut inner = packet;
            if let Some(Dnat::To { address, port }) = outcome.dnat {
                inner.dst = crate::model::address::bits(address);
                inner.dst_port = port.unwrap_or(packet.dst_port);
            }
            for span in let_through(&meant.meaning, &inner).iter().filter_map(|cause| cause.span()) {
                error = error.also(span, "opens it");
            }
            found.push(error.help("add it to the list if it is meant to be open, or take back what opens it"));
        }
    }
    for (entry, seen) in list.entries.iter().zip(named) {
        if !whole(entry, seen, meant.meaning.honest, space) {
            let message = if seen.is_empty() { "nothing opens this" } else { "this is open in part only" };
            found.push(
                Diagnostic::error("exposed-less", entry.span, message)
                    .label("not open to everybody that this line names")
                    .help("expose it, or take the line out of the list"),
            );
        }
    }
    found
}

fn translated(outcome: Outcome) -> String {
    match outcome.dnat {
        Some(Dnat::To { address, port: Some(port) }) => format!(", translated to {address} port {port}"),
        Some(Dnat::To { address, port: None }) => format!(", translated to {address}"),
        _ => String::new(),
    }
}

/// The packets, as they arrive, that an entry speaks of when they get this outcome.
fn covers(entry: &ExposedEntry, outcome: &Outcome, space: &mut Space) -> Set {
    let inner = if entry.service.is_empty() { &entry.public } else { &entry.service };
    let everywhere = |regions: &[Region]| -> Vec<Region> {
        regions.iter().map(|region| Region { addresses: AddressSet::all(), ..region.clone() }).collect()
    };
    match outcome.dnat {
        Some(Dnat::To { address, port }) => {
            if !entry.to.iter().any(|region| region.addresses.contains(address)) {
                return Set::EMPTY;
            }
            let arriving = between(&entry.from, &everywhere(&entry.to), &entry.public, space);
            let fits = |port: u16, traffic: &Traffic| {
                traffic.to.is_empty() || traffic.to.iter().any(|(from, to)| (*from..=*to).contains(&port))
            };
            match port {
                Some(port) if inner.iter().any(|traffic| fits(port, traffic)) => arriving,
                Some(_) => Set::EMPTY,
                None => {
                    let kept = space.cubes_union(inner.iter().map(|traffic| traffic.narrow(Cube::any())).collect());
                    space.intersect(arriving, kept)
                }
            }
        }
        Some(Dnat::ToRouter { .. }) => Set::EMPTY,
        None => between(&entry.from, &entry.to, inner, space),
    }
}

/// Is an entry open for everybody that it names, in every family in which it is open at all?
fn whole(entry: &ExposedEntry, seen: Set, honest: Set, space: &mut Space) -> bool {
    if seen.is_empty() {
        return false;
    }
    // Who may is asked for, not by which of the uplinks, to which of the addresses, or at which time.
    let mut who = seen;
    for field in [
        Field::In,
        Field::Out,
        Field::DstHigh,
        Field::DstLow,
        Field::DstPort,
        Field::Proto,
        Field::Minute,
        Field::Exceeded,
    ] {
        who = space.project(who, field);
    }
    [Family::V4, Family::V6].into_iter().all(|family| {
        let here = space.cube(&Cube::any().with(Field::Family, Ranges::single(family as u64)));
        if space.disjoint(who, here) {
            return true;
        }
        let anywhere: Vec<Region> =
            entry.from.iter().map(|region| Region { place: Place::Router, ..region.clone() }).collect();
        let router = Region { place: Place::Router, addresses: AddressSet::all(), whole: true };
        let mut named = between(&anywhere, &[router], &[Traffic::ANY], space);
        for field in [Field::In, Field::Out] {
            named = space.project(named, field);
        }
        let named = space.intersect(named, here);
        // Nobody comes from outside under an address of the router.
        let honest = space.project_all(honest, Field::In);
        let named = space.intersect(named, honest);
        space.is_subset(named, who)
    })
}
