//! A deny takes the fallback resolver away that Home Assistant OS asks again and again.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, warning},
};
use crate::{
    diagnostic::Severity,
    model::{
        Action, AddressSet,
        service::{TCP, Traffic},
    },
    policy::between,
};

/// Whom Home Assistant OS asks, by DNS over TLS, when nobody else answers.
const FALLBACK: [Ipv4Addr; 2] = [Ipv4Addr::new(1, 1, 1, 1), Ipv4Addr::new(1, 0, 0, 1)];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let homes = subject.home_assistants();
    if homes.is_empty() {
        return Outcome::NotApplicable("no Home Assistant");
    }
    let (network, mut internet) = (subject.network, subject.internet());
    let resolvers = AddressSet::nets(FALLBACK.map(|address| IpNet::from(IpAddr::V4(address))));
    for region in &mut internet {
        region.addresses = resolvers.clone();
    }
    let mut found = Vec::new();
    for (_, home) in homes {
        let space = subject.space();
        let asked = between(&host(home), &internet, &[Traffic::ports(TCP, 853, 853)], space);
        for rule in network.rules.iter().filter(|rule| rule.action == Action::Deny && !rule.expired) {
            let space = subject.space();
            let denied = between(&rule.from, &rule.to, &rule.traffic, space);
            if space.disjoint(denied, asked) {
                continue;
            }
            let diagnostic = warning(
                rule.span,
                format!("`{}` keeps asking its fallback resolver, which this holds back", home.name),
            )
            .label("takes 1.1.1.1 and 1.0.0.1 on 853 away")
            .help("switch the fallback off (`ha dns options --fallback=false`), or allow `dot` with a `limit`");
            found.push(Finding::ends(diagnostic, host(home), internet.clone()).with_severity(Severity::Note));
        }
    }
    Outcome::Decided(found)
}
