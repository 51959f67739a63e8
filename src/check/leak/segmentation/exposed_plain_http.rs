//! A page with a login is reachable from the internet without TLS.

use super::super::{
    Finding, Outcome, Subject,
    home_assistant::{Home, homes},
    subject::{answering, error, host, is_back_end, page},
};
use crate::{
    model::{
        Place, Region, Tls,
        service::{TCP, Traffic, Trait},
    },
    packet::Set,
    policy::seen::asks_for_it,
};

/// No pages. Of brokers and databases, `mgmt-exposed-to-wan` speaks.
/// Trunks are seldom encrypted, and who may use them is the question: `sip-open-to-world`.
const TELEPHONY: [&str; 2] = ["sip", "rtp"];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let outside = subject.outside();
    let network = subject.network;
    let mut sets = Vec::new();
    for (_, home) in subject.home_assistants() {
        sets.push(subject.passing(&outside, &host(home), &page(home)));
    }
    for mut offer in subject.offers(Trait::Plaintext) {
        offer.traffic.retain(|traffic| !is_back_end(traffic));
        // Who says what he runs, and not this, has no page there: `forward-to-missing-service`.
        let silent = |to: &Region| {
            let here = network.hosts.iter().filter(|host| match to.place {
                Place::Zone(zone) => !host.address_set(Some(zone)).intersect(&to.addresses).is_empty(),
                Place::Router => false,
            });
            !to.whole && here.clone().next().is_some() && here.into_iter().all(|host| !host.runs.is_empty())
        };
        let unsaid = offer.host.is_none() && offer.to.iter().all(silent);
        if !TELEPHONY.contains(&offer.name) && !offer.traffic.is_empty() && !unsaid {
            sets.push(offer.packets(subject, &outside));
        }
    }
    for exposure in network.exposures.iter().filter(|exposure| exposure.tls == Some(Tls::None) && !exposure.expired) {
        let (_, service) = exposure.target();
        let pages: Vec<Traffic> = service.iter().filter(|one| one.protocol == Some(TCP)).cloned().collect();
        sets.push(subject.passing(&outside, &answering(network, exposure), &pages));
    }
    let mut packets = subject.space().union_all(sets);
    let mut findings = Vec::new();
    // Where Home Assistant is asked itself, its real settings say whether it has a certificate.
    let homes = homes(subject);
    let live = network.exposures.iter().filter(|exposure| !exposure.expired);
    for exposure in live.filter(|exposure| exposure.tls.is_some_and(|tls| tls != Tls::None)) {
        let (_, service) = exposure.target();
        let to: Vec<Region> = answering(network, exposure);
        let encrypted = subject.passing(&outside, &to, service);
        packets = subject.without(packets, encrypted);
        // The challenge of HTTP-01 is no page: whoever answers it sends all else on to TLS.
        if exposure.tls == Some(Tls::Http01) {
            let challenge = subject.passing(&outside, &to, &[Traffic::ports(TCP, 80, 80)]);
            packets = subject.without(packets, challenge);
        }
        let straight = exposure.through.is_none() && asks_for_it(network, exposure);
        let settings = homes.iter().filter(|home| straight && home.id == exposure.host).find_map(Home::http);
        if let Some(http) = settings.filter(|http| http.ssl_certificate.is_none())
            && encrypted != Set::EMPTY
        {
            let diagnostic = error(http.span, "the internet reaches Home Assistant in plain text")
                .label("`ssl_certificate` is not set")
                .also(exposure.span, "published here, with `tls`")
                .help("set `ssl_certificate` and `ssl_key`, or put a proxy before it with `through`");
            findings.push(Finding::ends(diagnostic, outside.clone(), to));
        }
    }
    let diagnostic = error(network.router.span, "the internet reaches a page in plain text")
        .label("opens it without TLS")
        .help("say where its certificate comes from with `tls`, or put a proxy before it with `through`");
    findings.push(Finding::packets(diagnostic, packets));
    Outcome::Decided(findings)
}
