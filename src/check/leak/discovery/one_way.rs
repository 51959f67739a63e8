//! A rule opens one direction of a protocol whose called end opens connections of its own.

use super::super::{
    Finding, Outcome, Subject,
    subject::{is_everything, warning},
};
use crate::model::{Action, Place, Region, Role, service::Traffic};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let inside = |place: &Place| matches!(place, Place::Zone(zone) if !network.zone(*zone).is_internet());
    let (mut found, mut any) = (Vec::new(), false);
    for rule in network.rules.iter().filter(|rule| rule.action == Action::Allow && !rule.expired) {
        let (from, to) = (&rule.from, &rule.to);
        if !from.iter().chain(to).all(|region| inside(&region.place)) || rule.traffic.iter().any(is_everything) {
            continue;
        }
        for (name, service) in &network.two_way {
            if !rule.traffic.iter().any(|traffic| service.traffic.iter().any(|asked| within(traffic, asked))) {
                continue;
            }
            any = true;
            if !subject.passing(to, from, &service.back).is_empty() {
                continue;
            }
            let back: Vec<String> = service.back.iter().map(ToString::to_string).collect();
            let back = back.join(", ");
            let mut diagnostic = warning(rule.span, format!("`{name}` needs connections in both directions"))
                .label("opens one direction")
                .help(format!("allow the way back too, between the same ends: `allow B -> A : {back}`"));
            let reaches = |from: &[Region], fits: &dyn Fn(Role) -> bool| {
                from.iter().any(|side| matches!(side.place, Place::Zone(zone) if fits(network.zone(zone).role)))
            };
            if reaches(to, &Role::is_devices)
                && reaches(from, &|role| matches!(role, Role::Trusted | Role::Work | Role::Kids))
            {
                diagnostic = diagnostic.help(
                    "or waive this: the way back lets devices reach people (`iot-reaches-pc`); a receiver in a zone of people needs neither",
                );
            }
            if let Some(because) = &service.because {
                diagnostic = diagnostic.note(because.clone());
            }
            found.push(Finding::ends(diagnostic, from.clone(), to.clone()));
            break;
        }
    }
    if any { Outcome::Decided(found) } else { Outcome::NotApplicable("no rule about a protocol that calls back") }
}

/// Does a rule name ports of a service, and not a wide range that happens to hold them?
fn within(rule: &Traffic, service: &Traffic) -> bool {
    let holds = |(from, to): &(u16, u16)| service.to.iter().any(|(low, high)| low <= from && to <= high);
    rule.protocol == service.protocol && !rule.to.is_empty() && rule.to.iter().any(holds)
}
