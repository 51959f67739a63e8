//! A telephone exchange takes calls from everybody out there.

use super::super::{
    Finding, Outcome, Subject,
    subject::{answering, error, router},
};
use crate::{
    model::{
        Action, Place, Region,
        service::{TCP, Traffic, UDP},
    },
    packet::Set,
};

/// More addresses than any provider of telephony has: a /8 of IPv4, a /16 of IPv6.
const WIDE: (u128, u128) = (1 << 24, 1 << 112);

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    if subject.outside().is_empty() {
        return Outcome::NotApplicable("no internet");
    }
    let network = subject.network;
    let sip: Vec<Traffic> = [UDP, TCP].map(|protocol| Traffic::ports(protocol, 5060, 5061)).to_vec();
    let inside: Vec<Region> = subject.private().into_iter().chain([router()]).collect();
    let mut sets: Vec<Set> = Vec::new();
    for rule in network.rules.iter().filter(|rule| rule.action == Action::Allow && !rule.expired) {
        let wide = wide(subject, &rule.from);
        if !wide.is_empty() {
            let asked = subject.passing(&wide, &rule.to, &meant_for_calls(&rule.traffic));
            let calls = subject.passing(&wide, &inside, &sip);
            sets.push(subject.space().intersect(asked, calls));
        }
    }
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none()) {
        let wide = wide(subject, &exposure.from);
        let (_, service) = exposure.target();
        let to = answering(network, exposure);
        let public = exposure.port.is_some_and(|(port, _)| (5060..=5061).contains(&port));
        let asked = subject.passing(&wide, &to, &if public { service.to_vec() } else { meant_for_calls(service) });
        let calls = subject.passing(&wide, &to, &sip);
        sets.push(if public { asked } else { subject.space().intersect(asked, calls) });
    }
    let packets = subject.space().union_all(sets);
    let thrown = subject.thrown_open();
    let packets = subject.without(packets, thrown);
    let diagnostic = error(network.router.span, "everybody out there may call the telephone exchange")
        .label("lets all of them in")
        .help("name the addresses of your provider, as in `from 198.51.100.0/24`: nobody else has to call you by SIP");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}

/// Ports of which a wider stretch is about something else, and only happens to hold those of SIP.
const STRETCH: u16 = 64;

fn meant_for_calls(traffic: &[Traffic]) -> Vec<Traffic> {
    let narrow = |(from, to): &(u16, u16)| to - from < STRETCH;
    let of = |one: &Traffic| Traffic { to: one.to.iter().copied().filter(narrow).collect(), ..one.clone() };
    traffic.iter().map(of).filter(|one| !one.to.is_empty()).collect()
}

/// The regions of the internet that hold more addresses than a provider has.
fn wide(subject: &Subject<'_>, from: &[Region]) -> Vec<Region> {
    let count = |ranges: &[(u128, u128)]| {
        ranges.iter().fold(0_u128, |sum, (from, to)| sum.saturating_add((to - from).saturating_add(1)))
    };
    let outside = |region: &&Region| {
        matches!(region.place, Place::Zone(zone) if subject.network.zone(zone).is_internet())
            && (count(region.addresses.v4.ranges()) > WIDE.0 || count(region.addresses.v6.ranges()) > WIDE.1)
    };
    from.iter().filter(outside).cloned().collect()
}
