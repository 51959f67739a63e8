//! Networks whose clients need no password take in somebody who should need one.

use super::{
    super::{
        Finding, Outcome, Subject,
        subject::{error, is_untrusted},
    },
    home::{believes, homes, listed, receiver, router_beside, set, written},
};
use crate::{
    diagnostic::Severity,
    model::{AddressSet, Network, Place, Region, Role, TunnelKind},
    policy::seen::{ADDONS, Front, blind},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let mut found = Vec::new();
    let mut any = false;
    for home in homes(subject) {
        let Some(settings) = home.settings() else { continue };
        let believes = home.http().is_some_and(|http| believes(&http) == Some(true));
        let http = home.http();
        let proxies = set(http
            .as_ref()
            .and_then(|http| http.trusted_proxies.as_ref())
            .map(|(_, list)| list)
            .into_iter()
            .flatten());
        let hidden =
            !home.hiding(network).is_empty() || home.host.zones.iter().any(|zone| network.zone(*zone).masquerade);
        for said in &settings.trusted_networks {
            any = true;
            let Some(net) = said.value.map(|listed| listed.net) else { continue };
            let trusted = AddressSet::net(net);
            let finding = |who: String, label: &str, from: Vec<Region>| {
                let diagnostic = error(said.span, format!("{who} logs in to Home Assistant without a password"))
                    .label(label.to_owned())
                    .also(settings.place, "read for this")
                    .help("name the addresses of single devices that show a dashboard, and none of a zone that is not trusted");
                Finding::ends(diagnostic, from, receiver(&home))
            };
            for (id, zone) in network.zone_ids() {
                let own = if zone.is_internet() {
                    network.internet()
                } else {
                    AddressSet::nets(zone.networks.iter().map(|network| network.net))
                };
                let met = own.intersect(&trusted);
                if !met.is_empty() && (is_untrusted(zone.role) || matches!(zone.role, Role::Vpn | Role::Internet)) {
                    let from = vec![Region { place: Place::Zone(id), addresses: met, whole: false }];
                    found.push(finding(
                        format!("zone `{}`", zone.name),
                        &format!("`{}` takes it in", written(net)),
                        from,
                    ));
                }
            }
            for front in home.fronts(network) {
                let seen = AddressSet::nets(front.seen(network).addresses());
                if seen.intersect(&trusted).is_empty() {
                    continue;
                }
                let proxy = front.name(network);
                let place = |place: Place| Region { place, addresses: seen.clone(), whole: false };
                let from: Vec<Region> = match front.host {
                    Some(host) => network.host(host).zones.iter().map(|zone| place(Place::Zone(*zone))).collect(),
                    None => vec![place(Place::Router)],
                };
                let found_here =
                    finding(format!("the proxy on `{proxy}`"), "whoever comes by it and is not told apart", from);
                // Home Assistant itself refuses a trusted proxy here, as long as it knows that it is one.
                found.push(found_here.with_severity(if believes && front.forwards_client() {
                    Severity::Warning
                } else {
                    Severity::Error
                }));
            }
            for front in blind(network, home.id) {
                let seen = AddressSet::nets(front.seen(network).addresses()).intersect(&trusted);
                if seen.is_empty() {
                    continue;
                }
                let cloud = front.exposure.tunnel.as_ref().and_then(|tunnel| tunnel.kind) == Some(TunnelKind::NabuCasa);
                let found_here = finding(
                    format!("whoever comes by the tunnel of `{}`", front.name(network)),
                    &format!("is {} to Home Assistant, and `{}` takes that in", by(&front, network), written(net)),
                    subject.outside(),
                );
                let found_here = Finding {
                    diagnostic: found_here.diagnostic.also(front.exposure.span, "comes in by this"),
                    ..found_here
                };
                // Its own refusals are a second lock, and no reason to leave this one open.
                let refused = if cloud {
                    Some("Home Assistant turns away here who comes by its own cloud")
                } else if proxies.covers(&seen) {
                    Some("Home Assistant turns away here an address that it knows as a proxy's")
                } else {
                    None
                };
                found.push(match refused {
                    Some(why) => {
                        let diagnostic = found_here.diagnostic.note(why);
                        Finding { diagnostic, ..found_here }.with_severity(Severity::Warning)
                    }
                    None => found_here,
                });
            }
            let addons = network.vpns.iter().filter(|vpn| vpn.addon && vpn.server == Some(home.id));
            for vpn in addons.filter(|_| !AddressSet::net(ADDONS).intersect(&trusted).is_empty()) {
                let from = vec![Region { place: Place::Zone(vpn.zone), addresses: AddressSet::all(), whole: true }];
                let label =
                    format!("the add-on lets all of them in under its own address, which `{}` takes in", written(net));
                found.push(finding(format!("zone `{}`", network.zone(vpn.zone).name), &label, from));
            }
            let router = router_beside(network, home.host).intersect(&trusted);
            if !router.is_empty() && (hidden || net.prefix_len() == net.max_prefix_len()) {
                let from = vec![Region { place: Place::Router, addresses: router, whole: false }];
                found.push(finding("whoever the router hides".to_owned(), "this is the router's own address", from));
            }
        }
    }
    if any { Outcome::Decided(found) } else { Outcome::NotApplicable("no trusted networks") }
}

/// `127.0.0.1`, or each way in which it may be seen.
fn by(front: &Front<'_>, network: &Network) -> String {
    let ways = front.seen(network).ways;
    ways.into_iter().map(|way| listed(way.addresses)).collect::<Vec<_>>().join(" or ")
}
