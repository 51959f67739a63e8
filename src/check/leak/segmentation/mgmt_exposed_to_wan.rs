//! The internet reaches what administers a device, a message broker, a database or a share.

use super::super::{
    Finding, Outcome, Subject,
    subject::{BACK_ENDS, error, host, is_back_end, router},
};
use crate::model::{
    Place, Region, Role, Tls,
    service::{TCP, Traffic, Trait},
};

/// Ports of the pages and shells of routers.
const PORTS: [u16; 6] = [22, 23, 80, 443, 8080, 8443];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let outside = subject.outside();
    if outside.is_empty() {
        return Outcome::NotApplicable("no internet");
    }
    let network = subject.network;
    let said = network.router.page.iter().flat_map(|(ports, _)| ports);
    let pages: Vec<Traffic> = PORTS.iter().chain(said).map(|port| Traffic::ports(TCP, *port, *port)).collect();
    let mut sets = vec![subject.passing(&outside, &[router()], &pages)];
    for vpn in network.vpns.iter().filter(|vpn| vpn.server.is_none()) {
        let own = subject.passing(&outside, &[router()], &vpn.listen);
        sets = sets.into_iter().map(|set| subject.without(set, own)).collect();
    }
    // Where its proxy listens its page does not: the policy would be refused.
    for exposure in network.exposures.iter().filter(|exposure| exposure.is_on_router() && !exposure.expired) {
        let from = if exposure.tls == Some(Tls::Http01) { &outside } else { &exposure.from };
        let own = subject.passing(from, &[router()], &exposure.opens());
        let listens = subject.passing(&exposure.from, &[router()], exposure.target().1);
        let own = if exposure.proxied.is_some() { listens } else { own };
        sets = sets.into_iter().map(|set| subject.without(set, own)).collect();
    }
    let zones = subject.regions(&[crate::model::Role::Management]);
    sets.push(subject.anything(&outside, &zones));
    for offer in subject.offers(Trait::Management) {
        sets.push(offer.packets(subject, &outside));
    }
    let back_ends: Vec<Traffic> = BACK_ENDS.iter().map(|port| Traffic::ports(TCP, *port, *port)).collect();
    let inside = subject.private();
    let back_ends = subject.passing(&outside, &inside, &back_ends);
    let gate = subject.thrown_open();
    let back_ends = subject.without(back_ends, gate);
    let packets = subject.space().union_all(sets);
    let diagnostic = error(network.router.span, "the internet reaches what administers a device")
        .label("lets it in")
        .help("administer from inside, or through a VPN: close this");
    let back_end = error(network.router.span, "the internet reaches a message broker, a database or a share")
        .label("lets it in")
        .help("let its programs in through a VPN, or name the senders with `from`; waive it for a broker whose clients are out there on purpose");
    let mut found = vec![Finding::packets(diagnostic, packets), Finding::packets(back_end, back_ends)];
    found.extend(by_tunnels(subject, &pages));
    found.extend(by_proxies(subject));
    Outcome::Decided(found)
}

/// What a proxy hands on to everybody: no packet from outside goes there itself.
fn by_proxies(subject: &Subject<'_>) -> Vec<Finding> {
    let network = subject.network;
    let behind = network.exposures.iter().filter(|exposure| !exposure.expired && exposure.through.is_some());
    let open = behind.filter(|exposure| {
        exposure.from_anywhere && exposure.sign_in.is_none() && exposure.client_certificates.is_none()
    });
    let managed = open.filter(|exposure| exposure.named.iter().any(|(name, _)| network.is(name, Trait::Management)));
    managed
        .map(|exposure| {
            let diagnostic = error(exposure.span, "a proxy leads everybody to what administers a device")
                .label(format!("publishes {}", exposure.service_text))
                .help("administer from inside, or through a VPN; or let the proxy ask first, by `client-certificates` or `sign-in`");
            Finding::ends(diagnostic, subject.outside(), host(network.host(exposure.host)))
        })
        .collect()
}

/// What tunnels lead everybody to: the router does not see these packets.
fn by_tunnels(subject: &Subject<'_>, pages: &[Traffic]) -> Vec<Finding> {
    let network = subject.network;
    let mut found = Vec::new();
    for led in network.led_by_tunnels() {
        let meets = |traffic: &Traffic| led.traffic.iter().any(|asked| asked.meets(traffic));
        let administers = |region: &Region| match region.place {
            Place::Router => pages.iter().any(meets),
            Place::Zone(zone) if network.zone(zone).role == Role::Management => true,
            Place::Zone(zone) => network.hosts.iter().any(|host| {
                let here = !host.address_set(Some(zone)).intersect(&region.addresses).is_empty();
                let managed = |name: &str| network.is(name, Trait::Management);
                here && host.runs.iter().any(|(name, traffic)| managed(name) && meets(traffic))
            }),
        };
        let what = if led.to.iter().any(administers) {
            "what administers a device"
        } else if led.traffic.iter().any(is_back_end) {
            "a message broker, a database or a share"
        } else {
            continue;
        };
        let diagnostic = error(led.span, format!("a tunnel leads everybody to {what}"))
            .label(format!("publishes {}", led.text))
            .also(led.tunnel.span, "goes out here")
            .help("administer from inside, or through a VPN: take it out, or write `access on` where the provider asks who it is");
        found.push(Finding::ends(diagnostic, subject.outside(), led.to));
    }
    found
}
