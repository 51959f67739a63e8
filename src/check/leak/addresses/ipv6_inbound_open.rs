//! The internet may open connections to a whole zone, to all that a host has, or wherever `any` is let in.

use super::super::{Finding, Outcome, Subject, subject::error};
use crate::{
    diagnostic::Severity,
    model::{
        Network, Place, Region, Rule,
        address::public,
        service::{ICMP, ICMPV6, Traffic},
    },
    packet::{Family, Set},
};

const BY_IPV6: &str = "by IPv6 every host has a public address, and no translation stands before it";
const BY_IPV4: &str = "whoever is next to the uplink can send to the private address itself";

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let packets = subject.thrown_open();
    let both = subject.rules(|rule| rule.to.iter().any(|to| !to.addresses.v6.is_empty()));
    let by_v4 = subject.without(packets, both);
    let by_both = subject.without(packets, by_v4);
    let finding = |packets, note| {
        let diagnostic = error(subject.network.router.span, "the internet reaches a whole zone, or all of a host")
            .label("opens it")
            .note(note)
            .help("name one host and one service, as `expose` does");
        Finding::packets(diagnostic, packets)
    };
    let mut found = vec![finding(by_both, BY_IPV6), finding(by_v4, BY_IPV4)];
    found.extend(by_any(subject, packets));
    Outcome::Decided(found)
}

/// What comes from outside because a rule is for `any`. A ping is harmless, and IPv6 wants it (RFC 4890).
fn by_any(subject: &mut Subject<'_>, told: Set) -> Vec<Finding> {
    let network = subject.network;
    let rules = subject.rules(|rule| is_for_any(network, rule));
    if rules.is_empty() {
        return Vec::new();
    }
    let (outside, private) = (subject.outside(), subject.private());
    let packets = subject.anything(&outside, &private);
    let packets = subject.space().intersect(packets, rules);
    let pings = subject.passing(&outside, &private, &[ICMP, ICMPV6].map(Traffic::protocol));
    let packets = subject.without(packets, pings);
    let packets = subject.without(packets, told);
    let reachable: Vec<Region> =
        private.into_iter().map(|inside| Region { addresses: public(), whole: false, ..inside }).collect();
    let open = subject.anything(&outside, &reachable);
    let open = subject.space().intersect(packets, open);
    let by_v6 = subject.family(open, Family::V6);
    let by_v4 = subject.without(open, by_v6);
    // Private addresses are worth a word where nothing worse is said of the rule.
    let worse = subject.rules(|rule| rule.to.iter().any(|to| !to.addresses.intersect(&public()).is_empty()));
    let near = subject.without(packets, worse);
    let finding = |packets, note, severity| {
        let diagnostic = error(network.router.span, "`any` holds the internet, and this rule lets it in")
            .label("lets them in from outside")
            .note(note)
            .help(
                "write `private` for all zones inside; what is meant to be public is said by `expose`, or by `internet`",
            );
        Finding::packets(diagnostic, packets).with_severity(severity)
    };
    vec![
        finding(by_v6, BY_IPV6, Severity::Error),
        finding(by_v4, "its address is public, and no translation stands before it", Severity::Error),
        finding(near, BY_IPV4, Severity::Warning),
    ]
}

/// Nobody writes the internet and the router side by side, but by `any`.
fn is_for_any(network: &Network, rule: &Rule) -> bool {
    let outside = |place| matches!(place, Place::Zone(zone) if network.zone(zone).is_internet());
    rule.from.iter().any(|from| outside(from.place)) && rule.from.iter().any(|from| from.place == Place::Router)
}
