//! A zone that is bound to the resolver of the house reaches others.

use super::super::{Finding, Outcome, Subject, subject::warning};
use crate::{
    diagnostic::Severity,
    model::{
        Place, Region, Role,
        service::{TCP, Traffic, UDP},
    },
};

/// Devices, children, and whoever is redirected to a resolver.
fn bound(subject: &Subject<'_>) -> Vec<Region> {
    let mut found = subject.regions(&[Role::Iot, Role::Camera, Role::Media, Role::Voip, Role::Kids]);
    let dns = |traffic: &Traffic| traffic.to.iter().any(|(from, to)| (*from..=*to).contains(&53));
    for redirect in subject.network.redirects.iter().filter(|redirect| redirect.traffic.iter().any(dns)) {
        found.extend(redirect.from.iter().filter(|from| from.place != Place::Router).cloned());
    }
    found
}

fn bypass(subject: &mut Subject<'_>, traffic: &[Traffic], what: &str) -> Outcome {
    let from = bound(subject);
    if from.is_empty() {
        return Outcome::NotApplicable("no zone is bound to a resolver");
    }
    let internet = subject.internet();
    let packets = subject.passing(&from, &internet, traffic);
    let diagnostic = warning(
        subject.network.router.span,
        format!("a zone that is bound to the resolver of the house reaches others {what}"),
    )
    .label("lets it ask outside")
    .help("name the services that it needs, or take its questions with `redirect ZONE : dns -> RESOLVER`");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}

pub fn plain(subject: &mut Subject<'_>) -> Outcome {
    bypass(subject, &[Traffic::ports(UDP, 53, 53), Traffic::ports(TCP, 53, 53)], "in plain text")
}

pub fn encrypted(subject: &mut Subject<'_>) -> Outcome {
    match bypass(subject, &[Traffic::ports(UDP, 853, 853), Traffic::ports(TCP, 853, 853)], "by DNS over TLS or QUIC") {
        Outcome::Decided(found) => {
            Outcome::Decided(found.into_iter().map(|finding| finding.with_severity(Severity::Note)).collect())
        }
        none @ Outcome::NotApplicable(_) => none,
    }
}
