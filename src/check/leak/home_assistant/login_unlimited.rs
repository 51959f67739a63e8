//! Passwords can be tried without end.

use super::{
    super::{
        Finding, Outcome, Subject,
        subject::{answering, error, host, warning},
    },
    home::{Home, homes, receiver},
};
use crate::{
    diagnostic::{Severity, Span},
    model::{Exposure, Role},
    packet::Set,
    policy::seen,
};

/// What is known of it.
enum Limit {
    Known,
    /// Nobody is banned, and where that is written.
    None(Span, &'static str),
    Unsaid,
}

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let homes = homes(subject);
    if homes.is_empty() {
        return Outcome::NotApplicable("no Home Assistant");
    }
    let mut found = Vec::new();
    for home in homes {
        // Who has to show a certificate or sign in first has no password to try.
        // Where Home Assistant is to ask for it itself, what it is really told decides.
        let told = home.http().is_some();
        let asks = |exposure: &Exposure| exposure.through.is_none() && seen::asks_for_it(network, exposure);
        let gated = |exposure: &Exposure| {
            exposure.sign_in.is_some() || exposure.client_certificates.is_some() && !(told && asks(exposure))
        };
        let (gated, published): (Vec<_>, Vec<_>) =
            home.published(network).into_iter().partition(|exposure| gated(exposure));
        let ungated = published.iter().find_map(|exposure| exposure.client_certificates);
        let exposed = published.first().map(|exposure| exposure.span);
        let mut outside = home.outside(subject);
        for exposure in gated {
            let (_, service) = exposure.target();
            let everybody = subject.outside();
            let asked = subject.passing(&everybody, &answering(network, exposure), service);
            outside = subject.without(outside, asked);
        }
        let exposed = exposed.or((outside != Set::EMPTY).then_some(home.host.span));
        let help =
            "set `login_attempts_threshold: 5` with `ip_ban_enabled: true`, and say `login-attempts 5` in the policy";
        match (limit(&home), exposed) {
            (Limit::None(span, why), Some(way)) => {
                let diagnostic = error(span, "the internet may try passwords without end").label(why);
                let diagnostic = if way == span { diagnostic } else { diagnostic.also(way, "published here") };
                let diagnostic = match ungated {
                    Some(gate) => diagnostic.also(gate, "nor is `ssl_peer_certificate` set, which this asks for"),
                    None => diagnostic,
                };
                found.push(Finding::ends(diagnostic.help(help), subject.outside(), receiver(&home)));
            }
            (Limit::Unsaid, Some(way)) => {
                let diagnostic = warning(
                    way,
                    "nothing says that failed logins end in a ban, and by default they never do",
                )
                .label("published here")
                .help(help)
                .help(
                    "or let hedgerow read what is set: `home-assistant HOST { settings from \"configuration.yaml\" }`",
                );
                found.push(
                    Finding::ends(diagnostic, subject.outside(), receiver(&home)).with_severity(Severity::Warning),
                );
            }
            (Limit::None(span, why), None) if home.settings().is_some() => {
                let mut others = subject.untrusted();
                others.extend(subject.regions(&[Role::Vpn]));
                let page = home.page(network);
                if subject.passing(&others, &host(home.host), &page) != Set::EMPTY {
                    let diagnostic =
                        warning(span, "devices and guests may try passwords without end").label(why).help(help);
                    found.push(Finding::ends(diagnostic, others, receiver(&home)).with_severity(Severity::Warning));
                }
            }
            _ => {}
        }
    }
    Outcome::Decided(found)
}

fn limit(home: &Home<'_>) -> Limit {
    if let Some(http) = home.http() {
        // Who has no certificate has no page to try passwords on.
        if http.ssl_peer_certificate.is_some() {
            return Limit::Known;
        }
        if let Some(said) = &http.ip_ban_enabled
            && said.value == Some(false)
        {
            return Limit::None(said.span, "bans are switched off");
        }
        return match &http.login_attempts_threshold {
            None => Limit::None(http.span, "`login_attempts_threshold` is not set: its default never bans"),
            Some(said) if said.value.is_some_and(|count| count < 1) => {
                Limit::None(said.span, "below 1 nobody is ever banned")
            }
            Some(_) => Limit::Known,
        };
    }
    match home.said.and_then(|said| said.login_attempts) {
        None => Limit::Unsaid,
        Some((count, span)) if count < 1 => Limit::None(span, "nobody is ever banned"),
        Some(_) => Limit::Known,
    }
}
