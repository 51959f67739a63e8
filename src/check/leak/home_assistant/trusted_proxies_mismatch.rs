//! Home Assistant sees its proxy under an address that it does not trust, and answers 400.

use super::{
    super::{Finding, Outcome, Subject, subject::error},
    home::{NO_SETTINGS, believes, homes, listed, may_be_container, set, trusted},
};
use crate::{
    diagnostic::Severity,
    model::AddressSet,
    policy::seen::{Front, Seen, Way},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let mut found: Vec<Finding> = Vec::new();
    let (mut settings_known, mut any) = (false, false);
    for home in homes(subject) {
        let (Some(http), Some(settings)) = (home.http(), home.settings()) else { continue };
        settings_known = true;
        for front in home.fronts(network).into_iter().filter(Front::forwards_client) {
            any = true;
            // What is not believed needs no trust, and a list with a secret in it may hold anything.
            if believes(&http) != Some(true) {
                continue;
            }
            let Some(list) = trusted(&http) else { continue };
            let known = set(list.iter().copied());
            let seen = front.seen(network);
            let container = seen.container
                && list.iter().filter_map(|said| said.value).any(|listed| may_be_container(network, listed.net));
            let Some(missing) = missing(&seen, &known).filter(|_| !container) else { continue };
            let place = http.trusted_proxies.as_ref().map_or(http.span, |(key, _)| *key);
            let proxy = front.name(network);
            let names = listed(missing.addresses.iter().copied());
            // If it is trusted in one family and not in the other, nobody knows by which one it asks.
            let partly = seen.addresses().any(|net| known.covers(&AddressSet::net(net)));
            let (severity, sees) = if partly { (Severity::Warning, "may see") } else { (Severity::Error, "sees") };
            let message = format!("Home Assistant {sees} the proxy on `{proxy}` as {names}, which it does not trust");
            if found.iter().any(|other| other.diagnostic.message == message) {
                continue;
            }
            let mut diagnostic = error(place, message)
                .label(format!("{names} is missing: every request from there is answered with 400"))
                .also(front.exposure.span, "asks by this proxy")
                .also(settings.place, "read for this");
            if seen.ways.len() > 1 {
                let ways: Vec<String> = seen.ways.iter().map(|way| listed(way.addresses.iter().copied())).collect();
                diagnostic = diagnostic
                    .note(format!("the policy does not say how it runs: it is seen as {}", ways.join(" or as ")))
                    .help(format!(
                        "say it: `{}`, or `host`, or `container ADDRESS`; or `seen-as ADDRESS`",
                        front.saying(network, "runs-as addon")
                    ));
            }
            if seen.hidden {
                diagnostic = diagnostic.note("the router puts its own address in the place of the proxy's");
            }
            let help = format!("add {names} to `trusted_proxies`, and nothing wider");
            found.push(Finding::fact(diagnostic.help(help)).with_severity(severity));
        }
    }
    match (settings_known, any) {
        (false, _) => Outcome::NotApplicable(NO_SETTINGS),
        (_, false) => Outcome::NotApplicable("no proxy before Home Assistant"),
        _ => Outcome::Decided(found),
    }
}

/// The addresses that are seen and not trusted: of the first way in which the proxy may be seen, unless another one is
/// trusted.
fn missing(seen: &Seen, known: &AddressSet) -> Option<Way> {
    let missing = |way: &Way| {
        let left: Vec<_> = way.addresses.iter().copied().filter(|net| !known.covers(&AddressSet::net(*net))).collect();
        let enough = left.is_empty() || way.any && left.len() < way.addresses.len();
        (!enough).then_some(Way { addresses: left, any: way.any })
    };
    let all: Option<Vec<Way>> = seen.ways.iter().map(missing).collect();
    all?.into_iter().next()
}
