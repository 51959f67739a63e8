//! A may not reach C, but A reaches B, and B reaches C.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, region, warning},
};
use crate::{
    diagnostic::Severity,
    model::{Host, Region, Role, ZoneId, address::address, service::Traffic},
    policy::{describe, let_through},
    reach,
};

/// Who is taken over first.
const SOURCES: [Role; 5] = [Role::Guest, Role::Iot, Role::Camera, Role::Kids, Role::Dmz];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let sources = subject.zones(&SOURCES);
    if sources.is_empty() {
        return Outcome::NotApplicable("no untrusted zone");
    }
    let mut found = Vec::new();
    for (from, source) in sources {
        let mut told: Vec<ZoneId> = Vec::new();
        for (_, pivot) in subject.hosts() {
            let joined = pivot.zones.contains(&from) && pivot.zones.len() > 1 && !source.isolated;
            if pivot.zones.contains(&from) && !joined {
                continue;
            }
            let first = subject.anything(&[region(from)], &host(pivot));
            let packet = subject.space().witness(first);
            if packet.is_none() && !joined {
                continue;
            }
            let targets = beyond(subject, from, pivot);
            if targets.is_empty() {
                continue;
            }
            told.extend(&targets);
            let names: Vec<String> =
                targets.iter().map(|zone| format!("`{}`", subject.network.zone(*zone).name)).collect();
            let names = names.join(", ");
            let taken = format!("whoever takes over `{}` from `{}` goes on to {names}", pivot.name, source.name);
            let mut diagnostic = warning(pivot.span, taken);
            diagnostic = diagnostic
                .label("the stepping stone")
                .note(format!(
                    "path: ({}) -> {} -> ({})",
                    source.name,
                    pivot.name,
                    targets.first().map_or("", |zone| subject.network.zone(*zone).name.as_str())
                ))
                .help("give the stepping stone a zone of its own, narrow what it may reach, or accept it with `waive`");
            if let Some(packet) = packet {
                for span in let_through(&subject.meant.meaning, &packet).iter().filter_map(|cause| cause.span()) {
                    diagnostic = diagnostic.also(span, "lets it be reached");
                }
                diagnostic = diagnostic.note(format!("first step: {}", describe(&packet, subject.network)));
            }
            let worst = targets.iter().any(|zone| subject.network.zone(*zone).role == Role::Management);
            let to = targets.iter().map(|zone| region(*zone)).collect();
            let finding = Finding::ends(diagnostic, vec![region(from)], to);
            let finding = if joined { finding } else { finding.resting_on(first) };
            found.push(if worst { finding.with_severity(Severity::Error) } else { finding });
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
    told.push(from);
    loop {
        let rest: Vec<ZoneId> = network
            .zone_ids()
            .filter(|(id, zone)| !zone.is_internet() && !told.contains(id))
            .map(|(id, _)| id)
            .collect();
        let to: Vec<Region> = rest.iter().map(|zone| region(*zone)).collect();
        let passing = subject.passing;
        let ends = (&[region(from)][..], &to[..], &[Traffic::ANY][..]);
        let paths = if to.is_empty() { None } else { reach::chains(network, subject.meant, ends, passing) };
        let Some(path) = paths.and_then(|paths| paths.into_iter().next()) else { return found };
        let Some((_, end)) = path.steps.last() else { return found };
        told.push(end.zone);
        // By one host, or by itself: that has been told, or is what the policy says.
        if path.steps.len() < 3 {
            continue;
        }
        let target = network.zone(end.zone);
        let has = |host: &&Host, leg: &reach::Leg| {
            host.addresses.iter().any(|own| own.address == address(leg.family, leg.address))
        };
        let first = path.steps.first().and_then(|(_, leg)| network.hosts.iter().find(|host| has(host, leg)));
        let mut diagnostic = warning(
            first.map_or(source.span, |host| host.span),
            format!("`{}` reaches `{}` in {} steps", source.name, target.name, path.steps.len()),
        )
        .label(if first.is_some() { "the first stepping stone" } else { "where it begins" })
        .note(format!("path: {}", path.sentence(network)))
        .help("narrow one of the steps, or accept it with `waive`");
        for (span, words) in path.causes(network, &subject.meant.meaning) {
            diagnostic = diagnostic.also(span, words);
        }
        let finding = Finding::ends(diagnostic, vec![region(from)], vec![region(end.zone)]);
        let worst = target.role == Role::Management;
        found.push(if worst { finding.with_severity(Severity::Error) } else { finding });
    }
}

/// The zones that a host reaches, by the router or past it, and that the source does not reach.
fn beyond(subject: &mut Subject<'_>, from: ZoneId, pivot: &Host) -> Vec<ZoneId> {
    let own: Vec<Region> = host(pivot);
    let mut targets = Vec::new();
    for (id, zone) in subject.network.zone_ids().filter(|(id, zone)| *id != from && !zone.is_internet()) {
        let beside = pivot.zones.contains(&id) && !zone.isolated && crowded(subject, id, pivot);
        let routed = subject.anything(&own, &[region(id)]);
        if !beside && routed.is_empty() {
            continue;
        }
        let direct = subject.anything(&[region(from)], &[region(id)]);
        let onto_pivot = subject.anything(&[region(from)], &own);
        if subject.without(direct, onto_pivot).is_empty() {
            targets.push(id);
        }
    }
    targets
}

/// Is anybody else in the zone?
fn crowded(subject: &Subject<'_>, zone: ZoneId, but: &Host) -> bool {
    subject.hosts().any(|(_, host)| host.zones.contains(&zone) && host.name != but.name)
}
