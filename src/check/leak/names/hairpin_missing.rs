//! Inside, the public name leads nowhere.

use super::super::{
    Finding, Outcome, Subject,
    subject::{answering, region, router, runs, warning},
};
use crate::{
    model::{
        Cloudflare, Exposure, Region, Role, Uplink, ZoneId,
        service::{TCP, Traffic, UDP},
    },
    packet::Family,
};

/// Those in whose hands a public name is used.
const PEOPLE: [Role; 3] = [Role::Trusted, Role::Work, Role::Kids];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let live = network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none());
    let named: Vec<&Exposure> = live.filter(|exposure| exposure.name.is_some()).collect();
    if named.is_empty() {
        return Outcome::NotApplicable("no public name");
    }
    let mut found = Vec::new();
    for exposure in named {
        let (target, service) = exposure.target();
        let to = answering(network, exposure);
        let mut without = Vec::new();
        for (zone, _) in subject.zones(&PEOPLE) {
            let uses = target.is_some_and(|target| network.host(target).zones.contains(&zone))
                || !subject.passing(&[region(zone)], &to, service).is_empty();
            if uses
                && !hairpins(subject, exposure)
                && !answered(subject, exposure, zone)
                && !goes_round(subject, exposure, zone)
                && !by_v6_alone(subject, exposure, zone)
            {
                without.push(zone);
            }
        }
        if without.is_empty() {
            continue;
        }
        let name = exposure.name.as_deref().unwrap_or_default();
        let zones: Vec<String> = without.iter().map(|zone| format!("`{}`", network.zone(*zone).name)).collect();
        let diagnostic = warning(exposure.span, format!("`{name}` leads nowhere from {}", zones.join(", ")))
            .label("neither a DNS server inside nor the router brings it here")
            .help("write `split-dns on` where outside and inside have the same port and the zone asks the router for names, or `hairpin on`");
        let from = without.iter().map(|zone| region(*zone)).collect();
        found.push(Finding::ends(diagnostic, from, to));
    }
    Outcome::Decided(found)
}

/// Does the router lead its own public address back in? It has to have one that the name can be of.
fn hairpins(subject: &Subject<'_>, exposure: &Exposure) -> bool {
    let network = subject.network;
    let public = |zone: &ZoneId| matches!(network.zone(*zone).uplink, None | Some(Uplink::Public));
    exposure.hairpin
        && exposure.proxied.is_none()
        && exposure.on.iter().any(public)
        && exposure.ipv4 != Some(false)
        && exposure.target().0.is_none_or(|target| network.host(target).address(Family::V4).is_some())
}

/// Does a DNS server inside answer with an address that can be written down, and does the zone ask one?
fn answered(subject: &mut Subject<'_>, exposure: &Exposure, zone: ZoneId) -> bool {
    let network = subject.network;
    let known = !network.inside(exposure).1.is_empty();
    if !exposure.splits_dns() || !known {
        return false;
    }
    let resolver = |host: &crate::model::Host| host.zones.contains(&zone) && runs(host, "dns");
    let mut inside = subject.private();
    inside.push(router());
    let dns = [Traffic::ports(UDP, 53, 53), Traffic::ports(TCP, 853, 853)];
    network.hosts.iter().any(resolver) || !subject.passing(&[region(zone)], &inside, &dns).is_empty()
}

/// Has the name an IPv6 address only, and is that reached from here as from anywhere?
fn by_v6_alone(subject: &mut Subject<'_>, exposure: &Exposure, zone: ZoneId) -> bool {
    let to = answering(subject.network, exposure);
    let passes = subject.passing(&[region(zone)], &to, exposure.target().1);
    exposure.ipv4 == Some(false) && !subject.family(passes, Family::V6).is_empty()
}

/// Out to the servers of the name's proxy, and back in by these.
fn goes_round(subject: &mut Subject<'_>, exposure: &Exposure, zone: ZoneId) -> bool {
    let Some((port, _)) = exposure.ports().filter(|_| exposure.proxied.is_some()) else { return false };
    let edges = Cloudflare::standard().edges(subject.network);
    let theirs = |region: Region| Region { addresses: region.addresses.intersect(&edges), ..region };
    let to: Vec<Region> = subject.internet().into_iter().map(theirs).collect();
    !subject.passing(&[region(zone)], &to, &[Traffic::ports(TCP, port, port)]).is_empty()
}
