//! Guests, devices or a DMZ reach the router's own services, or a zone of management.

use super::super::{
    Finding, Outcome, Subject,
    subject::{error, is_untrusted, region, router},
};
use crate::{
    model::{
        Role, Zone,
        service::{ICMP, ICMPV6, TCP, Traffic, UDP},
    },
    packet::Set,
};

/// What every zone may need of its router: DNS, DHCP, NTP, discovery by a reflector, a ping, neighbour discovery.
pub fn basics() -> Vec<Traffic> {
    let udp = [53, 67, 123, 547, 853, 1900, 5353].map(|port| Traffic::ports(UDP, port, port));
    let tcp = [53, 853].map(|port| Traffic::ports(TCP, port, port));
    udp.into_iter().chain(tcp).chain([Traffic::protocol(ICMP), Traffic::protocol(ICMPV6)]).collect()
}

/// The packets of some senders to the router beyond its basics, and to zones of management.
pub fn management(subject: &mut Subject<'_>, from: &[crate::model::Region]) -> Set {
    let to_router = subject.anything(from, &[router()]);
    let needed = subject.passing(from, &[router()], &basics());
    let to_router = subject.without(to_router, needed);
    let zones = subject.regions(&[Role::Management]);
    let to_zones = subject.anything(from, &zones);
    subject.space().union(to_router, to_zones)
}

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut untrusted = subject.untrusted();
    // Whoever speaks to the internet is taken over first.
    untrusted.extend(subject.regions(&[Role::Dmz]));
    if untrusted.is_empty() {
        return Outcome::NotApplicable("no untrusted zone");
    }
    let packets = management(subject, &untrusted);
    let place = subject.network.router.span;
    let diagnostic = error(place, "an untrusted zone reaches the router or the management")
        .label("lets it in")
        .help("name what the zone needs: `: dns, dhcp, ntp`; administration belongs to hosts that you trust");
    let mut found = vec![Finding::packets(diagnostic, packets)];
    found.extend(anti_lockout(subject));
    Outcome::Decided(found)
}

/// pfSense lets everything on its interface `lan` into its own page, before any rule.
fn anti_lockout(subject: &Subject<'_>) -> Vec<Finding> {
    if !subject.network.router.targets.iter().any(|(target, _)| target == "pfsense") {
        return Vec::new();
    }
    let lan = |zone: &Zone| {
        zone.interfaces.get("pfsense").filter(|interface| interface.name == "lan").map(|found| found.span)
    };
    let zones = subject.network.zone_ids().filter(|(_, zone)| is_untrusted(zone.role));
    zones
        .filter_map(|(id, zone)| lan(zone).map(|span| (id, zone, span)))
        .map(|(id, zone, span)| {
            let found = error(span, format!("pfSense's anti-lockout rule opens its page to `{}`", zone.name))
                .label("the interface `lan` is let in before any rule is asked")
                .note("a fresh configuration of hedgerow has that rule off; one that it is merged into may have it on")
                .help("assign `lan` to a zone that you trust");
            Finding::ends(found, vec![region(id)], vec![router()])
        })
        .collect()
}
