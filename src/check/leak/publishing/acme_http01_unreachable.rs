//! A certificate is proven by HTTP-01, and its authority does not get through to port 80.

use super::super::{
    Finding, Outcome, Subject,
    subject::{answering, error},
};
use crate::{
    diagnostic::Diagnostic,
    model::{
        AddressSet, Cloudflare, Exposure, Region, Tls, Uplink,
        address::public,
        service::{TCP, Traffic},
    },
    packet::{Family, Set},
    policy::between,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let live = network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tls == Some(Tls::Http01));
    let asked: Vec<&Exposure> = live.filter(|exposure| exposure.tunnel.is_none()).collect();
    if asked.is_empty() {
        return Outcome::NotApplicable("no certificate by HTTP-01");
    }
    let mut found = Vec::new();
    for exposure in asked {
        let name = exposure.name.as_deref().unwrap_or("the name");
        let text = |why: &str| format!("the certificate of `{name}` cannot be renewed: {why}");
        let finding = if let Some((_, span)) = exposure.options.during {
            error(span, text("port 80 is closed at times")).label("the authority comes whenever it likes")
        } else if nobody_gets_here(subject, exposure) {
            error(exposure.span, text("the uplink has no address of its own")).label("opens a port that nobody can ask")
        } else {
            let missing = missing(subject, exposure);
            if missing.is_empty() {
                continue;
            }
            held_back(subject, exposure, missing, &text("not everybody gets through to port 80"))
        };
        found.push(Finding::fact(finding.help(
            "Let's Encrypt asks from several places, and says of none where it is; or write `tls letsencrypt dns-01`",
        )));
    }
    Outcome::Decided(found)
}

/// Behind a carrier's translation, and without IPv6, no port can be reached.
fn nobody_gets_here(subject: &Subject<'_>, exposure: &Exposure) -> bool {
    let shared = |zone: &crate::model::ZoneId| {
        matches!(subject.network.zone(*zone).uplink, Some(Uplink::Cgnat | Uplink::DsLite))
    };
    exposure.on.iter().all(shared) && v6(subject, exposure).is_empty()
}

/// The addresses by which the host is reached over IPv6.
fn v6(subject: &Subject<'_>, exposure: &Exposure) -> AddressSet {
    if exposure.ipv6 == Some(false) {
        return AddressSet::default();
    }
    let Some(host) = exposure.target().0 else {
        return AddressSet { v6: subject.network.router_addresses().v6, ..AddressSet::default() };
    };
    let own = subject.network.host(host).address_set(None);
    AddressSet { v6: own.v6.intersect(&public().v6), ..AddressSet::default() }
}

/// The packets of those who should get through and do not.
fn missing(subject: &mut Subject<'_>, exposure: &Exposure) -> Set {
    let network = subject.network;
    let asking: Vec<Region> = if exposure.proxied.is_some() {
        // The authority asks the proxy, and the proxy asks here.
        let edges = Cloudflare::standard().edges(network);
        let theirs = |region: &Region| Region { addresses: region.addresses.intersect(&edges), ..region.clone() };
        exposure.from.iter().map(theirs).collect()
    } else {
        subject.internet()
    };
    let asking: Vec<Region> = asking
        .into_iter()
        .filter(|region| exposure.on.iter().any(|zone| region.place == crate::model::Place::Zone(*zone)))
        .collect();
    let mut reached = v6(subject, exposure);
    let carrier = exposure.ipv4 == Some(false)
        || exposure.on.iter().all(|zone| {
            let zone = network.zone(*zone);
            !zone.addresses.iter().any(|own| own.address.is_ipv4())
                || matches!(zone.uplink, Some(Uplink::Cgnat | Uplink::DsLite))
        });
    if !carrier {
        let own = exposure.target().0.map(|target| network.host(target).address(Family::V4));
        reached = reached.union(&match own {
            Some(own) => own.map(|own| AddressSet::of(own.address)).unwrap_or_default(),
            None => AddressSet { v4: network.router_addresses().v4, ..AddressSet::default() },
        });
    }
    let to: Vec<Region> = answering(network, exposure)
        .into_iter()
        .map(|region| Region { addresses: region.addresses.intersect(&reached), ..region })
        .filter(|region| !region.addresses.is_empty())
        .collect();
    let traffic = [Traffic::ports(TCP, 80, 80)];
    let passes = subject.passing(&asking, &to, &traffic);
    let honest = subject.meant.meaning.honest;
    let space = subject.space();
    let wanted = between(&asking, &to, &traffic, space);
    let wanted = space.intersect(wanted, honest);
    space.minus(wanted, passes)
}

/// Who holds it back, if a deny does.
fn held_back(subject: &mut Subject<'_>, exposure: &Exposure, missing: Set, text: &str) -> Diagnostic {
    let network = subject.network;
    let mut finding = error(exposure.span, text).label("asks for port 80");
    for rule in network.rules.iter().filter(|rule| rule.action == crate::model::Action::Deny && !rule.expired) {
        let space = subject.space();
        let denied = between(&rule.from, &rule.to, &rule.traffic, space);
        if !space.disjoint(denied, missing) {
            finding = finding.also(rule.span, "holds some of them back");
        }
    }
    if let Some(packet) = subject.space().witness(missing) {
        finding = finding.note(format!("packet: {}", crate::policy::describe(&packet, network)));
    }
    finding
}
