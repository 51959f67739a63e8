//! The internet reaches what administers a device.

use super::super::{
    Finding, Outcome, Subject,
    subject::{error, host, router},
};
use crate::model::service::{TCP, Traffic, Trait};

/// Ports of the pages and shells of routers.
const PORTS: [u16; 6] = [22, 23, 80, 443, 8080, 8443];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let outside = subject.outside();
    if outside.is_empty() {
        return Outcome::NotApplicable("no internet");
    }
    let network = subject.network;
    let pages: Vec<Traffic> = PORTS.iter().map(|port| Traffic::ports(TCP, *port, *port)).collect();
    let mut sets = vec![subject.passing(&outside, &[router()], &pages)];
    for vpn in network.vpns.iter().filter(|vpn| vpn.server.is_none()) {
        let own = subject.passing(&outside, &[router()], &vpn.listen);
        sets = sets.into_iter().map(|set| subject.without(set, own)).collect();
    }
    let zones = subject.regions(&[crate::model::Role::Management]);
    sets.push(subject.anything(&outside, &zones));
    for found in &network.hosts {
        let runs: Vec<Traffic> = found
            .runs
            .iter()
            .filter(|(name, _)| network.is(name, Trait::Management))
            .map(|(_, traffic)| traffic.clone())
            .collect();
        if !runs.is_empty() {
            sets.push(subject.passing(&outside, &host(found), &runs));
        }
    }
    let packets = subject.space().union_all(sets);
    let thrown = subject.thrown_open();
    let packets = subject.without(packets, thrown);
    let diagnostic = error(network.router.span, "the internet reaches what administers a device")
        .label("lets it in")
        .help("administer from inside, or through a VPN: close this");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
