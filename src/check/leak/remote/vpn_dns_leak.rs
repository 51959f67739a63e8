//! VPN clients ask a resolver outside, or none that answers them.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, region, router, warning},
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    model::{
        AddressSet, Place, Region, Resolver, Vpn,
        service::{TCP, Traffic, UDP},
    },
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    if network.vpns.is_empty() {
        return Outcome::NotApplicable("no VPN");
    }
    let mut found = Vec::new();
    for vpn in &network.vpns {
        if let Some(diagnostic) = told(subject, vpn) {
            found.push(Finding::place(diagnostic, Place::Zone(vpn.zone)).with_severity(Severity::Note));
        }
    }
    Outcome::Decided(found)
}

fn told(subject: &mut Subject<'_>, vpn: &Vpn) -> Option<Diagnostic> {
    let network = subject.network;
    // Whom the router calls is a server or another house, and asks its own resolver.
    if !vpn.peers.is_empty() && vpn.peers.iter().all(|peer| peer.endpoint.is_some()) {
        return None;
    }
    let name = &network.zone(vpn.zone).name;
    let Some((resolver, span)) = &vpn.resolver else {
        // An overlay has its own, and an add-on gives its peers Home Assistant's.
        if vpn.kind.is_overlay() || vpn.addon || network.asks_router(vpn.zone, 53) {
            return None;
        }
        let text = format!("clients of `{name}` keep the resolver of the network that they are in");
        return Some(
            warning(vpn.span, text)
                .label("nobody tells them whom to ask")
                .note("names inside do not resolve for them, and that network learns which ones they ask for")
                .help(format!("write `resolver router`, and `allow {name} -> router : dns`")),
        );
    };
    let to: Vec<Region> = match resolver {
        Resolver::Router => vec![router()],
        Resolver::Host(asked) => host(network.host(*asked)),
        Resolver::Address(address) => {
            let place = if network.router_addresses().contains(*address) {
                Place::Router
            } else if let Some(zone) = network.zone_of(*address) {
                Place::Zone(zone)
            } else {
                let text = format!("clients of `{name}` ask {address}, a resolver outside");
                return Some(
                    warning(*span, text)
                        .label("learns every name that they look up")
                        .help("name a resolver inside: `resolver router`"),
                );
            };
            vec![Region { place, addresses: AddressSet::of(*address), whole: false }]
        }
    };
    let within = to.iter().any(|to| to.place == Place::Zone(vpn.zone));
    let dns = [Traffic::ports(UDP, 53, 53), Traffic::ports(TCP, 853, 853)];
    if within || vpn.addon || !subject.passing(&[region(vpn.zone)], &to, &dns).is_empty() {
        return None;
    }
    Some(
        warning(*span, format!("clients of `{name}` may not ask the resolver that they are told"))
            .label("no rule lets them")
            .note("most devices then ask the one of the network that they are in")
            .help(format!("allow them to: `allow {name} -> ... : dns`")),
    )
}
