//! A DMZ reaches more than its back ends.

use super::super::{
    Finding, Outcome, Subject,
    subject::{covers, error, is_everything, router},
};
use crate::model::{
    Role,
    service::{TCP, Traffic, Trait},
};

/// Shells and screens.
const ADMINISTRATION: [u16; 5] = [22, 23, 3389, 5900, 22222];

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
    let mut sets = vec![subject.space().intersect(packets, wide)];
    // No back end of a proxy is administered by it.
    let shells: Vec<Traffic> = ADMINISTRATION.iter().map(|port| Traffic::ports(TCP, *port, *port)).collect();
    sets.push(subject.passing(&dmz, &private, &shells));
    for offer in subject.offers(Trait::Management).iter().filter(|offer| offer.host.is_none()) {
        let packets = offer.packets(subject, &dmz);
        let to_router = subject.passing(&dmz, &[router()], &offer.traffic);
        sets.push(subject.without(packets, to_router));
    }
    let implied = subject.by_proxies();
    let packets = subject.space().union_all(sets);
    let packets = subject.without(packets, implied);
    let diagnostic = error(zone, "the DMZ reaches more than its back ends")
        .label("lets the DMZ in")
        .help("name the host and the service that the proxy speaks to");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
