//! Untrusted zones reach the shell, the shares or the observer of Home Assistant.

use super::super::{
    Finding, Outcome, Subject,
    subject::{error, host},
};
use crate::model::{
    Role,
    service::{TCP, Traffic},
};

/// SSH and its console on HAOS, Samba, the observer.
const PORTS: [u16; 5] = [22, 139, 445, 4357, 22222];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let homes: Vec<_> = subject.home_assistants().iter().flat_map(|(_, found)| host(found)).collect();
    let Some(place) = subject.home_assistants().first().map(|(_, found)| found.span) else {
        return Outcome::NotApplicable("no Home Assistant");
    };
    let mut untrusted = subject.untrusted();
    untrusted.extend(subject.regions(&[Role::Dmz]));
    let ports: Vec<Traffic> = PORTS.iter().map(|port| Traffic::ports(TCP, *port, *port)).collect();
    let packets = subject.passing(&untrusted, &homes, &ports);
    let diagnostic = error(place, "an untrusted zone reaches the administration of Home Assistant")
        .label("lets it in")
        .help("name the services that the devices need, such as `mqtt`");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
