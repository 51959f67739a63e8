//! A DMZ reaches more than its back ends.

use super::super::{
    Finding, Outcome, Subject,
    subject::{covers, error, is_everything},
};
use crate::model::Role;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let Some(zone) = subject.zones(&[Role::Dmz]).first().map(|(_, zone)| zone.span) else {
        return Outcome::NotApplicable("no DMZ");
    };
    let dmz = subject.regions(&[Role::Dmz]);
    let network = subject.network;
    let mut private = subject.private();
    private.retain(|region| !dmz.contains(region));
    let wide = subject.rules(|rule| {
        let whole = network.zone_ids().any(|(zone, _)| covers(&rule.to, network, zone));
        whole || rule.traffic.iter().any(is_everything)
    });
    let packets = subject.anything(&dmz, &private);
    let packets = subject.space().intersect(packets, wide);
    let diagnostic = error(zone, "the DMZ reaches more than its back ends")
        .label("lets the DMZ in")
        .help("name the host and the service that the proxy speaks to");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
