//! A may not reach C, but A reaches B, and B reaches C.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, region, warning},
};
use crate::{
    diagnostic::Severity,
    model::{Host, Region, Role, ZoneId},
    policy::{describe, let_through},
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
    }
    Outcome::Decided(found)
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
