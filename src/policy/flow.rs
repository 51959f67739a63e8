//! Who may open what to whom, and who may not: rules, exposures without translation, VPN ports, reflectors.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::cause::Cause;
use crate::{
    model::{
        Action, AddressSet, AddressSource, Exposure, HostId, Network, Options, Place, Reflector, Region, Zone, ZoneId,
        address::{Intervals, public},
        service::{Discovery, ICMPV6, TCP, Traffic, UDP},
    },
    packet::{Family, Packet, icmp},
    router::LOCAL,
};

/// IPv4 in IPv6 (RFC 2473).
const IPIP: u8 = 4;

/// Where packets come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    pub place: Place,
    pub addresses: AddressSet,
    /// Is this all of a zone, as its name says?
    pub whole: bool,
}

/// Where packets go, after translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Destination {
    pub place: Place,
    pub addresses: AddressSet,
    pub whole: bool,
}

/// One flow between two places. The traffic is never empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flow {
    pub cause: Cause,
    pub action: Action,
    pub from: Source,
    pub to: Destination,
    pub traffic: Vec<Traffic>,
    pub options: Options,
}

impl Flow {
    /// Is a packet part of it, with the destination of after translation? Conditions of time and rate are not asked.
    #[must_use]
    pub fn holds(&self, packet: &Packet) -> bool {
        let number = |place: Place| match place {
            Place::Router => LOCAL,
            Place::Zone(zone) => super::zone_number(zone),
        };
        number(self.from.place) == packet.ingress
            && number(self.to.place) == packet.egress
            && self.from.addresses.family(packet.family).contains(packet.src)
            && self.to.addresses.family(packet.family).contains(packet.dst)
            && self.traffic.iter().any(|traffic| traffic.holds(packet))
    }

    /// Can a packet of the family be part of it?
    #[must_use]
    pub fn has_family(&self, family: Family) -> bool {
        !self.from.addresses.family(family).is_empty()
            && !self.to.addresses.family(family).is_empty()
            && self.traffic.iter().any(|traffic| traffic.has_family(family))
    }
}

/// All flows of a policy.
#[derive(Clone, Debug, Default)]
pub struct Flows {
    pub allowed: Vec<Flow>,
    pub denied: Vec<Flow>,
}

/// The group addresses of a discovery protocol, and its port.
fn discovery_groups(protocol: Discovery) -> (AddressSet, u16) {
    let (v4, v6, port) = match protocol {
        Discovery::Mdns => (Ipv4Addr::new(224, 0, 0, 251), Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xfb), 5353),
        Discovery::Ssdp | Discovery::Broadcast => {
            (Ipv4Addr::new(239, 255, 255, 250), Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0xc), 1900)
        }
    };
    (AddressSet::of(IpAddr::V4(v4)).union(&AddressSet::of(IpAddr::V6(v6))), port)
}

/// `fe80::/10`
fn link_local() -> AddressSet {
    AddressSet::range(
        IpAddr::V6(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0)),
        IpAddr::V6(Ipv6Addr::new(0xfebf, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff, 0xffff)),
    )
}

/// The flows that the policy allows and denies. What has run out is left out.
#[must_use]
pub fn flows(network: &Network) -> Flows {
    let mut flows = Flows::default();
    for (index, rule) in network.rules.iter().enumerate().filter(|(_, rule)| !rule.expired) {
        let cause = Cause::Rule(index, rule.span);
        let list = if rule.action == Action::Allow { &mut flows.allowed } else { &mut flows.denied };
        between(list, network, cause, rule.action, (&rule.from, &rule.to), &rule.traffic, &rule.options);
    }
    for (index, exposure) in network.exposures.iter().enumerate().filter(|(_, exposure)| !exposure.expired) {
        exposed(&mut flows.allowed, network, index, exposure);
    }
    for (index, vpn) in
        network.vpns.iter().enumerate().filter(|(_, vpn)| vpn.server.is_none() && !vpn.listen.is_empty())
    {
        let from: Vec<Region> = internet(network, &vpn.on);
        let to = [Region { place: Place::Router, addresses: AddressSet::all(), whole: true }];
        between(
            &mut flows.allowed,
            network,
            Cause::Vpn(index, vpn.span),
            Action::Allow,
            (&from, &to),
            &vpn.listen,
            &Options::default(),
        );
    }
    for (index, reflector) in network.reflectors.iter().enumerate() {
        reflected(&mut flows.allowed, network, Cause::Reflector(index, reflector.span), reflector);
    }
    flows
}

/// What a reflector hears in each of its zones, and repeats in the others.
fn reflected(list: &mut Vec<Flow>, network: &Network, cause: Cause, reflector: &Reflector) {
    let (groups, port) = discovery_groups(reflector.protocol);
    let traffic = [Traffic::ports(UDP, port, port)];
    let mut allow = |from: Region, to: Place| {
        let to = Region { place: to, addresses: groups.clone(), whole: false };
        between(list, network, cause, Action::Allow, (&[from], &[to]), &traffic, &Options::default());
    };
    for zone in &reflector.zones {
        let hosts = network.zone(*zone).network_set();
        allow(Region { place: Place::Zone(*zone), addresses: hosts, whole: true }, Place::Router);
        // With `output open` the router may send everything, and nothing has to be told.
        if !network.router.output_open {
            let router = Region { place: Place::Router, addresses: AddressSet::all(), whole: true };
            allow(router, Place::Zone(*zone));
        }
    }
}

/// The whole internet beyond some uplinks.
pub(super) fn internet(network: &Network, on: &[ZoneId]) -> Vec<Region> {
    let addresses = network.internet();
    on.iter().map(|zone| Region { place: Place::Zone(*zone), addresses: addresses.clone(), whole: false }).collect()
}

/// One flow for each pair of regions between which packets cross the router.
fn between(
    list: &mut Vec<Flow>,
    network: &Network,
    cause: Cause,
    action: Action,
    (from, to): (&[Region], &[Region]),
    traffic: &[Traffic],
    options: &Options,
) {
    // Who comes under the address of a host comes as that host, and nobody goes to him.
    let seen = |region: &&Region| !matches!(region.place, Place::Zone(zone) if network.is_hidden(zone));
    for from in from.iter().filter(seen) {
        let others = to.iter().filter(seen).filter(|to| !network.on_one_link(from.place, to.place));
        for to in others.filter(|to| leaves(network, from.place, to.place)) {
            let flow = |source: AddressSet, whole: bool, traffic: Vec<Traffic>| Flow {
                cause,
                action,
                from: Source { place: from.place, addresses: source, whole },
                to: Destination { place: to.place, addresses: to.addresses.clone(), whole: to.whole },
                traffic,
                options: options.clone(),
            };
            list.push(flow(from.addresses.clone(), from.whole, traffic.to_vec()));
            let on_link = matches!(from.place, Place::Zone(zone) if network.zone(zone).behind.is_none());
            if to.place == Place::Router && on_link {
                list.extend(
                    near(from, traffic, action).into_iter().map(|(source, traffic)| flow(source, false, traffic)),
                );
            }
        }
    }
}

/// Does a zone leave by this uplink? One with an `egress` leaves by that, or by one that stands in when it is down.
#[must_use]
pub fn leaves(network: &Network, from: Place, to: Place) -> bool {
    let (Place::Zone(from), Place::Zone(to)) = (from, to) else { return true };
    let uplink = network.zone(to);
    !uplink.is_internet()
        || uplink.failover
        || network.zone(from).egress.as_ref().is_none_or(|egress| egress.zone == to)
}

/// What belongs to a zone on its own link: IPv6 link-local sources, and the unspecified source of a DHCP client
/// (RFC 2131). A deny of a part takes all of them, since they do not tell the hosts of a link apart.
fn near(from: &Region, traffic: &[Traffic], action: Action) -> Vec<(AddressSet, Vec<Traffic>)> {
    let mut found = Vec::new();
    let part = action == Action::Deny;
    if !from.addresses.v6.is_empty() && (from.whole || part) {
        found.push((link_local(), traffic.to_vec()));
    }
    if !from.addresses.v4.is_empty() && (from.whole || part) && traffic.iter().any(covers_dhcp) {
        let request = Traffic { from: vec![(68, 68)], ..Traffic::ports(UDP, 67, 67) };
        found.push((AddressSet::of(IpAddr::V4(Ipv4Addr::UNSPECIFIED)), vec![request]));
    }
    found
}

/// The same with all that belongs to a whole zone on its own link, for statements about who asks.
#[must_use]
pub fn on_their_links(network: &Network, regions: &[Region]) -> Vec<Region> {
    let with_link = |region: &Region| {
        let mut region = region.clone();
        if region.whole && matches!(region.place, Place::Zone(zone) if network.zone(zone).behind.is_none()) {
            if !region.addresses.v6.is_empty() {
                region.addresses = region.addresses.union(&link_local());
            }
            if !region.addresses.v4.is_empty() {
                region.addresses = region.addresses.union(&AddressSet::of(IpAddr::V4(Ipv4Addr::UNSPECIFIED)));
            }
        }
        region
    };
    regions.iter().map(with_link).collect()
}

fn covers_dhcp(traffic: &Traffic) -> bool {
    let holds = |ranges: &[(u16, u16)], port: u16| {
        ranges.is_empty() || ranges.iter().any(|(from, to)| (*from..=*to).contains(&port))
    };
    match traffic.protocol {
        None => true,
        Some(UDP) => holds(&traffic.to, 67) && holds(&traffic.from, 68),
        _ => false,
    }
}

/// The parts of an exposure that need no translation: IPv6 straight to the host, and the proxy's way to the service.
fn exposed(list: &mut Vec<Flow>, network: &Network, index: usize, exposure: &Exposure) {
    if exposure.tunnel.is_some() {
        return;
    }
    let cause = Cause::Exposure(index, exposure.span);
    let (host, traffic) = exposure.target();
    let to = untranslated(network, exposure, host);
    if !to.is_empty() {
        let from: Vec<Region> = exposure
            .from
            .iter()
            .filter(|region| matches!(region.place, Place::Zone(zone) if exposure.on.contains(&zone)))
            .cloned()
            .collect();
        between(list, network, cause, Action::Allow, (&from, &to), traffic, &exposure.options);
        if exposure.tls == Some(crate::model::Tls::Http01) {
            let asking = if exposure.proxied.is_some() { from } else { internet(network, &exposure.on) };
            between(
                list,
                network,
                cause,
                Action::Allow,
                (&asking, &to),
                &[Traffic::ports(TCP, 80, 80)],
                &exposure.options,
            );
        }
    }
    let asking = match host {
        Some(host) => everywhere(network, host),
        None => vec![Region { place: Place::Router, addresses: AddressSet::all(), whole: true }],
    };
    let mut asks = |to: HostId, service: &[Traffic]| {
        let options =
            Options { because: exposure.options.because.clone(), until: exposure.options.until, ..Options::default() };
        let sides = (&asking[..], &everywhere(network, to)[..]);
        between(list, network, cause, Action::Allow, sides, service, &options);
    };
    if exposure.through.is_some() {
        asks(exposure.host, &exposure.service);
    }
    if let Some(sign_in) = exposure.sign_in.as_ref().filter(|sign_in| Some(sign_in.host) != host) {
        asks(sign_in.host, &sign_in.service);
    }
}

/// Where an exposure is reached as it is asked for: the router, if its own proxy answers, or a host by IPv6.
fn untranslated(network: &Network, exposure: &Exposure, host: Option<HostId>) -> Vec<Region> {
    let (v4, v6) = (exposure.ipv4 != Some(false), exposure.ipv6 != Some(false));
    let Some(host) = host else {
        let all = AddressSet::all();
        let addresses = AddressSet {
            v4: if v4 { all.v4 } else { Intervals::default() },
            v6: if v6 { all.v6 } else { Intervals::default() },
        };
        return vec![Region { place: Place::Router, addresses, whole: v4 && v6 }];
    };
    if !v6 {
        return Vec::new();
    }
    let global = public().v6;
    let leg = |zone: &ZoneId| {
        let own = network.host(host).address_set(Some(*zone));
        let addresses = AddressSet { v4: Intervals::default(), v6: own.v6.intersect(&global) };
        Region { place: Place::Zone(*zone), addresses, whole: false }
    };
    network.host(host).zones.iter().map(leg).filter(|region| !region.addresses.is_empty()).collect()
}

/// A host in all of its zones.
fn everywhere(network: &Network, host: HostId) -> Vec<Region> {
    let host = network.host(host);
    let region =
        |zone: &ZoneId| Region { place: Place::Zone(*zone), addresses: host.address_set(Some(*zone)), whole: false };
    host.zones.iter().map(region).collect()
}

/// What always passes to the router, whatever the rules say: RFC 4890 section 4.4 for a link, and the answers that the
/// router's own DHCP clients wait for, which connection tracking cannot tie to a broadcast.
#[must_use]
pub fn baseline(network: &Network) -> Vec<Flow> {
    let mut found = Vec::new();
    let everywhere = AddressSet::all();
    let only = |family: Family| match family {
        Family::V4 => AddressSet { v4: everywhere.v4.clone(), ..AddressSet::default() },
        Family::V6 => AddressSet { v6: everywhere.v6.clone(), ..AddressSet::default() },
    };
    for (id, zone) in network.zone_ids().filter(|(id, _)| !network.is_hidden(*id)) {
        let mut add = |name: &'static str, source: AddressSet, traffic: Vec<Traffic>, destination: AddressSet| {
            found.push(Flow {
                cause: Cause::Baseline(name),
                action: Action::Allow,
                from: Source { place: Place::Zone(id), addresses: source, whole: false },
                to: Destination { place: Place::Router, addresses: destination, whole: true },
                traffic,
                options: Options::default(),
            });
        };
        let near = if zone.is_internet() { only(Family::V6) } else { neighbours(zone) };
        add("IPv6 neighbours and listeners (RFC 4890)", near, vec![link_messages()], only(Family::V6));
        if zone.is_internet() {
            let dynamic = zone.addresses.iter().any(|own| own.address.is_ipv4() && own.source == AddressSource::Dhcp);
            if dynamic {
                let answer = Traffic { from: vec![(67, 67)], ..Traffic::ports(UDP, 68, 68) };
                add("answers to the router's DHCP client", only(Family::V4), vec![answer], only(Family::V4));
            }
            let answer = Traffic { from: vec![(547, 547)], ..Traffic::ports(UDP, 546, 546) };
            add("answers to the router's DHCPv6 client", link_local(), vec![answer], only(Family::V6));
        }
    }
    found
}

/// The IPv6 sources that a zone's own link can have: its networks, link-local, and none yet (RFC 4862).
#[must_use]
pub fn neighbours(zone: &Zone) -> AddressSet {
    let unspecified = AddressSet::of(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
    let own = AddressSet { v6: zone.network_set().v6, ..AddressSet::default() };
    // Who comes by a host is on no link of the router; what he sends counts as the host's neighbours do.
    if zone.behind.is_some() { own } else { own.union(&link_local()).union(&unspecified) }
}

/// What the router must be able to send, whatever the rules say: RFC 4890 for a link, its DHCP servers' and clients'
/// packets, which connection tracking cannot tie to a broadcast, and the outside of a DS-Lite tunnel. What comes back
/// through that one is a reply.
#[must_use]
pub fn output_baseline(network: &Network) -> Vec<Traffic> {
    let mut found = vec![link_messages()];
    for (from, to) in [(68, 67), (67, 68), (546, 547), (547, 546)] {
        found.push(Traffic { from: vec![(from, from)], ..Traffic::ports(UDP, to, to) });
    }
    if network.zones.iter().any(Zone::ends_ds_lite) {
        found.push(Traffic { family: Some(Family::V6), ..Traffic::protocol(IPIP) });
    }
    found
}

/// Neighbour discovery (133-136, RFC 4861) and multicast listener discovery (130-132, 143, RFC 3810).
pub(super) fn link_messages() -> Traffic {
    Traffic { to: vec![(icmp(130, 0), icmp(136, 255)), (icmp(143, 0), icmp(143, 255))], ..Traffic::protocol(ICMPV6) }
}
