//! A rule about the internet covers the modem's page too.

use super::super::{
    Finding, Outcome, Subject,
    subject::{is_untrusted, warning},
};
use crate::model::{AddressSet, Network, Place, Region, Rule};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let upstream: Vec<Region> = network
        .zone_ids()
        .filter(|(_, zone)| !zone.upstream.is_empty())
        .map(|(id, zone)| Region {
            place: Place::Zone(id),
            addresses: AddressSet::nets(zone.upstream.iter().copied()),
            whole: false,
        })
        .collect();
    if upstream.is_empty() {
        return Outcome::NotApplicable("no network of a modem is named");
    }
    let private = subject.private();
    let packets = subject.anything(&private, &upstream);
    // Somebody of trust who names the modem means it.
    let meant = subject.rules(|rule| !wide(network, rule) && !from_untrusted(network, rule));
    let wide = subject.rules(|rule| wide(network, rule) || from_untrusted(network, rule));
    let space = subject.space();
    let packets = space.intersect(packets, wide);
    let packets = space.minus(packets, meant);
    let diagnostic = warning(network.router.span, "the way to the internet leads to the modem's own page, too")
        .label("covers the network of the modem or the landlord")
        .help("write `internet`, which leaves that network out; and name the modem for whoever administers it");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}

/// Does a rule lead to all of an uplink, and to what stands there with it?
fn wide(network: &Network, rule: &Rule) -> bool {
    let internet = network.internet();
    rule.to.iter().any(|to| {
        matches!(to.place, Place::Zone(zone) if network.zone(zone).is_internet()) && to.addresses.covers(&internet)
    })
}

fn from_untrusted(network: &Network, rule: &Rule) -> bool {
    rule.from.iter().any(|from| matches!(from.place, Place::Zone(zone) if is_untrusted(network.zone(zone).role)))
}
