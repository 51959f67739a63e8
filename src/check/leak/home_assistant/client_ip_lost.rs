//! Home Assistant does not learn who the client is: a ban hits everybody, and a trusted network may take in anybody.

use super::{
    super::{
        Finding, Outcome, Subject,
        subject::{region, warning},
    },
    home::{homes, receiver},
};
use crate::{
    model::{HomeAssistant, TunnelKind},
    policy::seen::{asks_for_it, speaks_http},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let homes = homes(subject);
    if homes.is_empty() {
        return Outcome::NotApplicable("no Home Assistant");
    }
    let mut found = Vec::new();
    for home in homes {
        for front in home.fronts(network) {
            let seen = front.seen(network);
            let proxy = front.name(network);
            if !front.forwards_client() {
                let span = front.forwarded_for_span().unwrap_or(front.exposure.span);
                let diagnostic = warning(span, format!("the proxy on `{proxy}` does not say who the client is"))
                    .label("everybody who comes by it is the proxy to Home Assistant")
                    .note("a ban after failed logins shuts out all of them")
                    .help("let it send X-Forwarded-For, and trust its address in Home Assistant");
                found.push(Finding::ends(diagnostic, subject.outside(), receiver(&home)));
            } else if seen.hidden {
                let diagnostic = warning(
                    front.exposure.span,
                    format!("the router hides the proxy on `{proxy}` from Home Assistant"),
                )
                .label("trusting it means trusting the router's address, and whoever else is hidden behind it")
                .help(
                    "take `as router` or `masquerade` off its way, so that Home Assistant sees the proxy's own address",
                );
                found.push(Finding::ends(diagnostic, subject.outside(), receiver(&home)));
            }
        }
        for exposure in
            network.exposures.iter().filter(|exposure| exposure.host == home.id && asks_for_it(network, exposure))
        {
            let Some(tunnel) = exposure.tunnel.as_ref().filter(|tunnel| !speaks_http(tunnel.kind)) else { continue };
            let cloud = tunnel.kind == Some(TunnelKind::NabuCasa);
            let declared = network.home_assistants.iter().find(|declared| declared.host == home.id);
            if cloud && declared.is_some_and(HomeAssistant::sees_cloud_clients) {
                continue;
            }
            let mut diagnostic =
                warning(tunnel.span, "by this tunnel everybody has the same address to Home Assistant")
                    .label("comes in as the machine itself")
                    .note("a ban after failed logins shuts out all who come by it; no proxy setting changes that");
            if cloud && declared.is_none_or(|declared| declared.version.is_none()) {
                diagnostic = diagnostic.help("from 2026.9 on it sees each client: write `version 2026.9` in `home-assistant` if it is that or newer");
            }
            let diagnostic = diagnostic.help("let logins need a second factor, and waive this with that reason");
            found.push(Finding::ends(diagnostic, subject.outside(), receiver(&home)));
        }
        // Then the router's own word is believed, and so is everybody's who bears its address.
        let believed = home.fronts(network).iter().any(|front| front.host.is_none() && front.forwards_client());
        let consequence = if believed {
            "the router is a trusted proxy: any of them may claim to be any client"
        } else {
            "a ban after failed logins shuts out all of them"
        };
        for rule in home.hiding(network) {
            let diagnostic = warning(rule.span, "whoever comes by this rule is the router to Home Assistant")
                .label("`as router` hides the client")
                .note(consequence)
                .help("take `as router` off for Home Assistant's own port");
            found.push(Finding::ends(diagnostic, rule.from.clone(), receiver(&home)));
        }
        for zone in home.host.zones.iter().filter(|zone| network.zone(**zone).masquerade) {
            let place = network.zone(*zone);
            let others: Vec<_> = network.zone_ids().filter(|(id, _)| id != zone).map(|(id, _)| region(id)).collect();
            let diagnostic =
                warning(place.span, format!("whoever comes into `{}` is the router to Home Assistant", place.name))
                    .label("`masquerade` hides the client")
                    .note(consequence)
                    .help("take `masquerade` off: inside the house nothing needs it");
            found.push(Finding::ends(diagnostic, others, receiver(&home)));
        }
    }
    Outcome::Decided(found)
}
