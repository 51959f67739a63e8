//! Devices reach the internet on every port.

use super::super::{Finding, Outcome, Subject, subject::warning};
use crate::{
    model::{
        Role,
        service::{TCP, Traffic, UDP},
    },
    packet::Field,
    policy::between,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let Some(zone) = subject.zones(&[Role::Iot]).first().map(|(_, zone)| zone.span) else {
        return Outcome::NotApplicable("no zone of devices");
    };
    let (devices, internet) = (subject.regions(&[Role::Iot]), subject.internet());
    let mut all = Vec::new();
    for protocol in [TCP, UDP] {
        let packets = subject.passing(&devices, &internet, &[Traffic::protocol(protocol)]);
        // A question that a redirect takes has found its way out, too: other ports are no fewer for it.
        let redirects = subject.network.redirects.iter().flat_map(|redirect| redirect.traffic.iter().cloned());
        let taken: Vec<Traffic> = redirects.filter(|traffic| traffic.protocol == Some(protocol)).collect();
        let taken = between(&devices, &internet, &taken, subject.space());
        let out = subject.space().union(packets, taken);
        let unbounded = subject.space().project_all(out, Field::DstPort);
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
