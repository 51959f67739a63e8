//! Devices start connections into the zones of people.

use super::super::{Finding, Outcome, Subject, subject::error};
use crate::model::Role;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let devices = subject.regions(&Role::DEVICES);
    let people = subject.people();
    let Some(zone) = subject.zones(&Role::DEVICES).first().map(|(_, zone)| zone.span) else {
        return Outcome::NotApplicable("no zone of devices");
    };
    let packets = subject.anything(&devices, &people);
    // A service of Home Assistant where it lives among people is not about their computers; all of its ports are.
    let homes: Vec<_> =
        subject.home_assistants().iter().flat_map(|(_, host)| super::super::subject::host(host)).collect();
    let home = subject.anything(&devices, &homes);
    let named = subject.named_services();
    let home = subject.space().intersect(home, named);
    let packets = subject.without(packets, home);
    let diagnostic = error(zone, "devices reach the computers of people")
        .label("lets devices in")
        .help("let people open the connection, by `->`: `<->` opens the way back too")
        .help("give what the devices need a zone of its own");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
