//! What a policy opens to the internet by an uplink, whichever statement says it.

use super::super::{
    Subject,
    subject::{answering, host, router},
};
use crate::{
    diagnostic::Span,
    model::{AddressSet, Region, Uplink, Zone, ZoneId, service::Traffic},
    packet::Family,
};

/// An exposure or the port of a VPN.
pub struct Inbound {
    pub span: Span,
    /// The uplinks by which it is opened.
    pub on: Vec<ZoneId>,
    /// Does the statement name them?
    pub said: bool,
    /// The public ports.
    pub ports: Vec<Traffic>,
    /// Who answers.
    pub to: Vec<Region>,
    /// Does it need IPv4 to be forwarded or taken in?
    pub v4: bool,
    /// May the internet open it by IPv6 too?
    pub v6: bool,
    /// The zone that answers; none is the router.
    pub zone: Option<ZoneId>,
}

pub fn inbound(subject: &mut Subject<'_>) -> Vec<Inbound> {
    let network = subject.network;
    let mut found = Vec::new();
    let has_v6 = |zone: &ZoneId| {
        let uplink = network.zone(*zone);
        uplink.delegated.is_some() || uplink.addresses.iter().any(|own| own.address.is_ipv6())
    };
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none()) {
        let (target, service) = exposure.target();
        let own = target.map(|target| network.host(target).address(Family::V4));
        let to = answering(network, exposure);
        let internet = subject.internet();
        let passes = subject.passing(&internet, &to, service);
        let by_v6 = subject.family(passes, Family::V6);
        let outside = |traffic: &Traffic| match exposure.port {
            Some((port, _)) => Traffic { to: vec![(port, port)], ..traffic.clone() },
            None => traffic.clone(),
        };
        found.push(Inbound {
            span: exposure.span,
            on: exposure.on.clone(),
            said: exposure.on_span.is_some(),
            ports: service.iter().map(outside).chain(exposure.challenge()).collect(),
            to,
            v4: exposure.ipv4 != Some(false) && own.is_none_or(|own| own.is_some()),
            v6: !by_v6.is_empty() && (target.is_some() || exposure.on.iter().any(has_v6)),
            zone: own.flatten().map(|own| own.zone),
        });
    }
    for vpn in network.vpns.iter().filter(|vpn| !vpn.listen.is_empty()) {
        let server = vpn.server.map(|server| network.host(server));
        found.push(Inbound {
            span: vpn.span,
            on: vpn.on.clone(),
            said: vpn.on_span.is_some(),
            ports: vpn.listen.clone(),
            to: server.map_or_else(|| vec![router()], host),
            v4: true,
            // To a host it is forwarded by IPv4 alone.
            v6: server.is_none() && vpn.on.iter().any(has_v6),
            zone: server.and_then(|server| server.address(Family::V4)).map(|own| own.zone),
        });
    }
    found
}

/// What sort of address an uplink has: as the policy says, or as the address shows.
pub fn kind(zone: &Zone) -> Option<Uplink> {
    let parse = |list: &[&str]| AddressSet::nets(list.iter().filter_map(|net| net.parse().ok()));
    let shared = parse(&["100.64.0.0/10"]);
    let private = parse(&["10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"]);
    zone.uplink.or_else(|| {
        let own = zone.addresses.iter().filter(|own| own.source.is_known() && own.address.is_ipv4());
        let own: Vec<_> = own.map(|own| own.address).collect();
        let all = |set: &AddressSet| !own.is_empty() && own.iter().all(|address| set.contains(*address));
        if all(&shared) {
            Some(Uplink::Cgnat)
        } else if all(&private) {
            Some(Uplink::Private)
        } else {
            None
        }
    })
}

/// `udp 51820, tcp 443`
pub fn ports(inbound: &Inbound) -> String {
    inbound.ports.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}
