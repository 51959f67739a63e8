//! Networks whose clients need no password take in somebody who should need one.

use super::{
    super::{
        Finding, Outcome, Subject,
        subject::{error, is_untrusted},
    },
    home::{believes, homes, receiver, router_beside, written},
};
use crate::{
    diagnostic::Severity,
    model::{AddressSet, Place, Region, Role},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let mut found = Vec::new();
    let mut any = false;
    for home in homes(subject) {
        let Some(settings) = home.settings() else { continue };
        let believes = home.http().is_some_and(|http| believes(&http) == Some(true));
        let hidden =
            !home.hiding(network).is_empty() || home.host.zones.iter().any(|zone| network.zone(*zone).masquerade);
        for said in &settings.trusted_networks {
            any = true;
            let Some(net) = said.value.map(|listed| listed.net) else { continue };
            let set = AddressSet::net(net);
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
                let met = own.intersect(&set);
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
                if seen.intersect(&set).is_empty() {
                    continue;
                }
                let proxy = &network.host(front.host).name;
                let from = network.host(front.host).zones.iter();
                let from = from.map(|zone| Region { place: Place::Zone(*zone), addresses: seen.clone(), whole: false });
                let found_here = finding(
                    format!("the proxy on `{proxy}`"),
                    "whoever comes by it and is not told apart",
                    from.collect(),
                );
                // Home Assistant itself refuses a trusted proxy here, as long as it knows that it is one.
                found.push(found_here.with_severity(if believes && front.forwards_client() {
                    Severity::Warning
                } else {
                    Severity::Error
                }));
            }
            let router = router_beside(network, home.host).intersect(&set);
            if !router.is_empty() && (hidden || net.prefix_len() == net.max_prefix_len()) {
                let from = vec![Region { place: Place::Router, addresses: router, whole: false }];
                found.push(finding("whoever the router hides".to_owned(), "this is the router's own address", from));
            }
        }
    }
    if any { Outcome::Decided(found) } else { Outcome::NotApplicable("no trusted networks") }
}
