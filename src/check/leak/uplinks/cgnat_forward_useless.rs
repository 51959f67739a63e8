//! A port is opened on an uplink that has no address of its own on the internet.

use super::{
    super::{
        Finding, Outcome, Subject,
        subject::{error, region},
    },
    inbound::{inbound, kind},
};
use crate::{
    diagnostic::Severity,
    model::{Exposure, Uplink, Zone},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    if !network.zones.iter().any(|zone| zone.is_internet() && why(zone).is_some()) {
        return Outcome::NotApplicable("every uplink can be reached");
    }
    let mut found = Vec::new();
    for opened in inbound(subject).into_iter().filter(|opened| opened.v4) {
        let reached = opened.on.iter().any(|zone| why(network.zone(*zone)).is_none());
        // Who names no uplink means those that work.
        if reached && !opened.said {
            continue;
        }
        for uplink in &opened.on {
            let zone = network.zone(*uplink);
            let Some((what, help)) = why(zone) else { continue };
            let mut diagnostic = error(
                opened.span,
                if opened.v6 {
                    format!("by IPv4 nobody on the internet gets here: `{}` {what}", zone.name)
                } else {
                    format!("nobody on the internet gets here: `{}` {what}", zone.name)
                },
            )
            .label(format!("opened on `{}`", zone.name))
            .also(zone.span, "this uplink");
            if opened.v6 && network.exposures.iter().any(|exposure| exposure.span == opened.span) {
                diagnostic = diagnostic.help("if IPv6 is meant alone, write `ipv4 off`");
            }
            if reached {
                diagnostic = diagnostic.help("name only the uplinks that can be reached in `on`");
            }
            let diagnostic = diagnostic.help(help);
            let finding = Finding::ends(diagnostic, vec![region(*uplink)], opened.to.clone());
            found.push(if opened.v6 { finding.with_severity(Severity::Warning) } else { finding });
        }
    }
    Outcome::Decided(found)
}

/// Does no uplink of an exposure let anybody in, and IPv6 neither?
pub fn closed_by_provider(subject: &mut Subject<'_>, exposure: &Exposure) -> bool {
    let network = subject.network;
    let closed = exposure.on.iter().all(|zone| why(network.zone(*zone)).is_some());
    closed && !inbound(subject).iter().any(|opened| opened.span == exposure.span && opened.v6)
}

/// Why an uplink cannot be reached, and what to do instead.
fn why(zone: &Zone) -> Option<(&'static str, &'static str)> {
    let other = "let a tunnel go out instead (`expose ... { tunnel HOST }`), use an overlay (`kind tailscale`), or ask the provider for an address of your own";
    match kind(zone)? {
        Uplink::Cgnat => Some(("shares its address with other customers of the provider", other)),
        Uplink::DsLite => Some(("has no IPv4 address of its own (DS-Lite)", other)),
        Uplink::Private if zone.upstream.is_empty() => Some((
            "has a private address, and nothing says what stands before it",
            "if it is a router of yours, name its network with `upstream`, and forward the port there too",
        )),
        Uplink::Private | Uplink::Public => None,
    }
}
