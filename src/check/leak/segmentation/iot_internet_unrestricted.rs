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
        // What is let out says how wide the door is: a service that is denied besides, or led to a resolver of the house,
        // makes it no narrower. Nobody uses port 0.
        let rules = subject.rules(|_| true);
        let denied = subject.denied(|rule| rule.traffic.iter().any(is_wide));
        let rules = subject.space().minus(rules, denied);
        let nobody = between(&devices, &internet, &[Traffic::ports(protocol, 0, 0)], subject.space());
        let asked = between(&devices, &internet, &[Traffic::protocol(protocol)], subject.space());
        let out = subject.space().intersect(rules, asked);
        let out = subject.space().union(out, nobody);
        let unbounded = subject.space().project_all(out, Field::DstPort);
        let about = subject.space().intersect(packets, unbounded);
        all.push(about);
    }
    let packets = subject.space().union_all(all);
    let diagnostic = warning(zone, "devices reach the internet on every port")
        .label("lets devices out without a limit")
        .help("name the services that they need, as in `: https, ntp`, or take the internet away");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}

/// Does it hold more ports than services have?
fn is_wide(traffic: &Traffic) -> bool {
    let ports = traffic.to.iter().map(|(from, to)| u32::from(*to) + 1 - u32::from(*from)).sum::<u32>();
    traffic.to.is_empty() || ports > 1024
}
