//! An address is written out whose prefix the provider may change.

use std::net::IpAddr;

use super::super::{Finding, Outcome, Subject, subject::warning};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let delegated: Vec<_> = network.zones.iter().filter_map(|zone| zone.delegated).map(|(net, _)| net).collect();
    if delegated.is_empty() {
        return Outcome::NotApplicable("no delegated prefix is known");
    }
    let mut found = Vec::new();
    for (from, to, span) in &network.literals {
        let (IpAddr::V6(from), IpAddr::V6(to)) = (from, to) else { continue };
        // The prefix itself has to be said once.
        let below = |net: &ipnet::Ipv6Net| {
            net.contains(from) && net.contains(to) && (*from, *to) != (net.network(), net.broadcast())
        };
        if delegated.iter().any(below) {
            let diagnostic = warning(*span, "an address is written out whose prefix the provider may change")
                .label("another day this is somebody else's")
                .help("write `suffix ::10` at the host, or `network delegated 10` at the zone, and name these");
            found.push(Finding::fact(diagnostic));
        }
    }
    Outcome::Decided(found)
}
