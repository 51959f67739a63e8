//! A may not reach C, but A reaches B, and B reaches C.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, region, warning},
};
use crate::{
    diagnostic::{Severity, Span},
    model::{Host, Place, Region, Role, Zone, ZoneId, address::address, service::Traffic},
    packet::{Cube, Field, Ranges, Set},
    policy::{between, describe, let_through, zone_number},
    reach,
};

/// Whoever is taken over first there is a danger to every other zone.
const SOURCES: [Role; 7] = [Role::Guest, Role::Iot, Role::Camera, Role::Media, Role::Voip, Role::Kids, Role::Dmz];

/// Does it count that somebody in one zone gets into another over a host? What is published exists to be reached, and
/// reaches devices itself: from the internet it is people and management that matter, from people and servers
/// management alone.
fn counts(from: &Zone, to: &Zone) -> bool {
    match from.role {
        role if SOURCES.contains(&role) => true,
        Role::Management => false,
        Role::Internet => matches!(to.role, Role::Management | Role::Trusted | Role::Work),
        _ => to.role == Role::Management,
    }
}

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let pairs =
        |from: &Zone| network.zones.iter().any(|to| to.name != from.name && !to.is_internet() && counts(from, to));
    let sources: Vec<(ZoneId, &Zone)> = network.zone_ids().filter(|(_, zone)| pairs(zone)).collect();
    if sources.is_empty() {
        return Outcome::NotApplicable("no zone that another has to be kept from");
    }
    // A gate that was left open is a finding of its own.
    let come = subject.coming_in(&[Traffic::ANY]);
    let gate = subject.thrown_open();
    let come = subject.without(come, gate);
    let mut found = Vec::new();
    for (from, source) in sources {
        let mut told: Vec<ZoneId> = Vec::new();
        for (_, pivot) in subject.hosts() {
            let joined = pivot.zones.contains(&from) && pivot.zones.len() > 1 && !source.isolated;
            if pivot.zones.contains(&from) && !joined {
                continue;
            }
            let mut first = subject.anything(&[region(from)], &host(pivot));
            if source.is_internet() {
                first = subject.space().intersect(first, come);
            }
            let packet = subject.space().witness(first);
            let tunnel = if source.is_internet() { by_tunnel(subject, pivot) } else { None };
            if packet.is_none() && tunnel.is_none() && !joined {
                continue;
            }
            let anybody = joined || tunnel.is_some();
            let targets = beyond(subject, (from, if anybody { None } else { Some(first) }), pivot);
            if targets.is_empty() {
                continue;
            }
            told.extend(&targets);
            for to in targets {
                let target = network.zone(to);
                let mut diagnostic = warning(
                    pivot.span,
                    format!("whoever takes over `{}` from `{}` goes on to", pivot.name, source.name),
                )
                .label("the stepping stone")
                .note(format!("path: ({}) -> {} -> ({})", source.name, pivot.name, target.name))
                .help("give the stepping stone a zone of its own, narrow what it may reach, or accept it with `waive`");
                if let (None, Some(tunnel)) = (packet, tunnel) {
                    diagnostic = diagnostic.also(tunnel, "leads to it");
                }
                if let Some(packet) = packet {
                    for span in let_through(&subject.meant.meaning, &packet).iter().filter_map(|cause| cause.span()) {
                        diagnostic = diagnostic.also(span, "lets it be reached");
                    }
                    diagnostic = diagnostic.note(format!("first step: {}", describe(&packet, network)));
                }
                let finding = Finding::ends(diagnostic, vec![region(from)], vec![region(to)])
                    .listing(format!("`{}`", target.name));
                let finding = if anybody { finding } else { finding.resting_on(first) };
                let worst = target.role == Role::Management;
                found.push(if worst { finding.with_severity(Severity::Error) } else { finding });
            }
        }
        found.extend(further(subject, from, told));
    }
    Outcome::Decided(found)
}

/// The zones that a source reaches by more than one host, and neither by itself nor by one.
fn further(subject: &mut Subject<'_>, from: ZoneId, mut told: Vec<ZoneId>) -> Vec<Finding> {
    let network = subject.network;
    let source = network.zone(from);
    let mut found = Vec::new();
    let has = |host: &&Host, leg: &reach::Leg| {
        host.addresses.iter().any(|own| own.address == address(leg.family, leg.address))
    };
    told.push(from);
    loop {
        let rest: Vec<ZoneId> = network
            .zone_ids()
            .filter(|(id, zone)| !zone.is_internet() && !told.contains(id) && counts(source, zone))
            .map(|(id, _)| id)
            .collect();
        let to: Vec<Region> = rest.iter().map(|zone| region(*zone)).collect();
        let passing = subject.passing;
        let ends = (&[region(from)][..], &to[..], &[Traffic::ANY][..]);
        let paths = if to.is_empty() { None } else { reach::chains(network, subject.meant, ends, passing) };
        let Some(path) = paths.and_then(|paths| paths.into_iter().next()) else { return found };
        let Some((_, end)) = path.steps.last() else { return found };
        // A host may have been reached by a leg in a zone that was told of: it stands in one of the others too.
        let onto = network.hosts.iter().filter(|host| has(host, end)).flat_map(|host| &host.zones);
        let Some(reached) = [end.zone].iter().chain(onto).copied().find(|zone| rest.contains(zone)) else {
            return found;
        };
        told.push(reached);
        // By one host, or by itself: that has been told, or is what the policy says.
        if path.length() < 3 {
            continue;
        }
        let target = network.zone(reached);
        let first = path.steps.first().and_then(|(_, leg)| network.hosts.iter().find(|host| has(host, leg)));
        let mut diagnostic = warning(
            first.map_or(source.span, |host| host.span),
            format!("`{}` reaches `{}` in {} steps", source.name, target.name, path.length()),
        )
        .label(if first.is_some() { "the first stepping stone" } else { "where it begins" })
        .note(format!("path: {}", path.sentence(network)))
        .help("narrow one of the steps, or accept it with `waive`");
        for (span, words) in path.causes(network, &subject.meant.meaning) {
            diagnostic = diagnostic.also(span, words);
        }
        let finding = Finding::ends(diagnostic, vec![region(from)], vec![region(reached)]);
        let worst = target.role == Role::Management;
        found.push(if worst { finding.with_severity(Severity::Error) } else { finding });
    }
}

/// What leads everybody out there to a host past the router.
fn by_tunnel(subject: &Subject<'_>, pivot: &Host) -> Option<Span> {
    let to = |region: &Region| matches!(region.place, Place::Zone(zone) if !pivot.address_set(Some(zone)).intersect(&region.addresses).is_empty());
    subject.network.led_by_tunnels().into_iter().find(|led| led.to.iter().any(to)).map(|led| led.span)
}

/// The zones in which a host reaches something, by the router or past it, that the source itself does not reach.
/// `first` is how the source reaches the host, where that says who of the source can.
fn beyond(subject: &mut Subject<'_>, (from, first): (ZoneId, Option<Set>), pivot: &Host) -> Vec<ZoneId> {
    let own: Vec<Region> = host(pivot);
    let source = subject.network.zone(from);
    let mut targets = Vec::new();
    let others = subject.network.zone_ids().filter(|(id, zone)| *id != from && !zone.is_internet());
    for (id, zone) in others.filter(|(_, zone)| counts(source, zone)) {
        // Who publishes or administers one machine of a zone knows what stands beside it.
        let danger = SOURCES.contains(&source.role);
        let beside = danger && pivot.zones.contains(&id) && !zone.isolated && crowded(subject, id, pivot);
        let onto_pivot = subject.anything(&[region(from)], &own);
        let direct = subject.anything(&[region(from)], &[region(id)]);
        let direct = subject.without(direct, onto_pivot);
        let routed = subject.anything(&own, &[region(id)]);
        let itself = subject.anything(&own, &own);
        let routed = subject.without(routed, itself);
        let further = !routed.is_empty() && (direct.is_empty() || adds(subject, (from, first), routed, direct));
        // Beside it in its zone everything is open to it.
        if further || (beside && !everything(subject, (from, id), &own, direct)) {
            targets.push(id);
        }
    }
    targets
}

/// Does a zone reach all of another by itself, but for one host of it?
fn everything(subject: &mut Subject<'_>, (from, to): (ZoneId, ZoneId), pivot: &[Region], direct: Set) -> bool {
    let target = Region { addresses: subject.network.zone(to).network_set(), whole: false, ..region(to) };
    let (from, to) = (region(from), target);
    let honest = subject.meant.meaning.honest;
    let space = subject.space();
    let wanted = between(std::slice::from_ref(&from), std::slice::from_ref(&to), &[Traffic::ANY], space);
    let onto_pivot = between(std::slice::from_ref(&from), pivot, &[Traffic::ANY], space);
    let wanted = space.minus(wanted, onto_pivot);
    let wanted = space.intersect(wanted, honest);
    space.is_subset(wanted, direct)
}

/// Is there somebody of the source who gets further by what a host sends than by what he sends himself?
fn adds(subject: &mut Subject<'_>, (from, first): (ZoneId, Option<Set>), routed: Set, direct: Set) -> bool {
    let space = subject.space();
    let here = space.cube(&Cube::any().with(Field::In, Ranges::single(zone_number(from).into())));
    let mut senders = first.unwrap_or(here);
    let mut onto = routed;
    for field in Field::ALL {
        if !matches!(field, Field::In | Field::Family | Field::SrcHigh | Field::SrcLow) {
            senders = space.project(senders, field);
        }
        if matches!(
            field,
            Field::In | Field::SrcHigh | Field::SrcLow | Field::SrcPort | Field::Minute | Field::Exceeded
        ) {
            onto = space.project(onto, field);
        }
    }
    let both = space.intersect(senders, onto);
    let mut direct = direct;
    for field in [Field::SrcPort, Field::Minute, Field::Exceeded] {
        direct = space.project(direct, field);
    }
    !space.is_subset(both, direct)
}
/// Is anybody else in the zone?
fn crowded(subject: &Subject<'_>, zone: ZoneId, but: &Host) -> bool {
    subject.hosts().any(|(_, host)| host.zones.contains(&zone) && host.name != but.name)
}
