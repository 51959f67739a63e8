//! Pages that may use Home Assistant from a browser, and are not known.

use super::{
    super::{Finding, Outcome, Subject, subject::warning},
    home::homes,
};
use crate::{diagnostic::Span, model::Network};

/// Home Assistant's own default.
const CAST: &str = "https://cast.home-assistant.io";

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let mut found = Vec::new();
    let mut any = false;
    for home in homes(subject) {
        let said = home.said.map(|said| said.cors_origins.as_slice()).unwrap_or_default();
        let http = home.http();
        let real = http.iter().filter_map(|http| http.cors_allowed_origins.as_ref()).flat_map(|(_, list)| list);
        let real: Vec<(&str, Span)> =
            real.filter_map(|origin| origin.value.as_deref().map(|value| (value, origin.span))).collect();
        any |= !said.is_empty() || http.is_some();
        for (origin, span) in said.iter().map(|(origin, span)| (origin.as_str(), *span)).chain(real) {
            let declared = said.iter().any(|(other, _)| other == origin);
            if let Some(why) = fault(origin, declared, network) {
                let diagnostic = warning(span, format!("`{origin}` may use Home Assistant from a browser"))
                    .label(why)
                    .help("name the pages that need it, each with https and its whole name; say the ones that are yours with `cors-origins`");
                found.push(Finding::fact(diagnostic));
            }
        }
    }
    if any { Outcome::Decided(found) } else { Outcome::NotApplicable("no origins are known") }
}

fn fault(origin: &str, declared: bool, network: &Network) -> Option<&'static str> {
    if origin.contains('*') {
        return Some("any page at all");
    }
    let Some(rest) = origin.strip_prefix("https://") else {
        return Some("without TLS anybody on the way can be this page");
    };
    let name = rest.split([':', '/']).next().unwrap_or(rest);
    let own = network.exposures.iter().filter_map(|exposure| exposure.name.as_deref());
    let hosts = network.hosts.iter().filter_map(|host| host.dns_name.as_deref());
    let known = declared || origin == CAST || own.chain(hosts).any(|own| own == name);
    (!known).then_some("the policy knows no such page")
}
