//! Devices reach the internet on every port.

use super::super::{Finding, Outcome, Subject, subject::warning};
use crate::{
    model::{
        Role,
        service::{TCP, Traffic, UDP},
    },
    packet::Field,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let Some(zone) = subject.zones(&[Role::Iot]).first().map(|(_, zone)| zone.span) else {
        return Outcome::NotApplicable("no zone of devices");
    };
    let (devices, internet) = (subject.regions(&[Role::Iot]), subject.internet());
    let mut all = Vec::new();
    for protocol in [TCP, UDP] {
        let packets = subject.passing(&devices, &internet, &[Traffic::protocol(protocol)]);
        let unbounded = subject.space().project_all(packets, Field::DstPort);
        let about = subject.space().intersect(packets, unbounded);
        // Who may send to every port of an address is not bounded by what else is denied.
        all.push(about);
    }
    let packets = subject.space().union_all(all);
    let diagnostic = warning(zone, "devices reach the internet on every port")
        .label("lets devices out without a limit")
        .help("name the services that they need, as in `: https, ntp`, or take the internet away");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
