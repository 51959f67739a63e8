//! Addresses and ways as companions write them.

use std::net::IpAddr;

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

use crate::{
    model::{Action, AddressSet, Host, HostId, Network, Place, RunsAs, ZoneId, address::address, service::Traffic},
    packet::Family,
};

/// Addresses as the fewest prefixes that hold exactly them.
pub fn prefixes(set: &AddressSet) -> Vec<IpNet> {
    let mut found = Vec::new();
    for family in [Family::V4, Family::V6] {
        for (from, to) in set.family(family).ranges() {
            match (address(family, *from), address(family, *to)) {
                (IpAddr::V4(from), IpAddr::V4(to)) => found.extend(Ipv4Subnets::new(from, to, 0).map(IpNet::V4)),
                (IpAddr::V6(from), IpAddr::V6(to)) => found.extend(Ipv6Subnets::new(from, to, 0).map(IpNet::V6)),
                _ => {}
            }
        }
    }
    found
}

/// The addresses of a host that can be written: those below a prefix that may change are left out.
pub fn written(host: &Host) -> impl Iterator<Item = IpAddr> {
    host.addresses.iter().filter(|address| address.suffix.is_none()).map(|address| address.address)
}

/// `10.0.20.10:8123`, `[fd42::10]:8123`
pub fn socket(address: IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(address, port).to_string()
}

/// `10.0.20.5`, `172.30.33.0/24`
pub fn net(net: IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

/// Where a program asks a host: the loopback on the same machine, its address on another one, and from a container, whose
/// loopback is its own.
pub fn upstream(network: &Network, from: HostId, runs_as: Option<RunsAs>, to: HostId) -> Option<IpAddr> {
    let contained = matches!(runs_as, Some(RunsAs::Addon | RunsAs::Container(_)));
    if from == to && !contained { Some(IpAddr::from([127, 0, 0, 1])) } else { written(network.host(to)).next() }
}

/// The one port of a service, when it is one.
pub fn port(service: &[Traffic]) -> Option<u16> {
    match service {
        [one] => one.single_port(),
        _ => None,
    }
}

/// The networks of the zones, other than the internet, in which somebody of a zone may reach something.
pub fn reached(network: &Network, zone: ZoneId) -> Vec<IpNet> {
    let mut zones = vec![zone];
    for rule in network.rules.iter().filter(|rule| rule.action == Action::Allow && !rule.expired) {
        if !rule.from.iter().any(|region| region.place == Place::Zone(zone)) {
            continue;
        }
        for region in &rule.to {
            if let Place::Zone(to) = region.place
                && !network.zone(to).is_internet()
            {
                zones.push(to);
            }
        }
    }
    zones.sort_unstable();
    zones.dedup();
    let networks = zones.iter().flat_map(|zone| &network.zone(*zone).networks);
    networks.filter(|network| network.delegated.is_none()).map(|network| network.net).collect()
}

/// The router's own address in a zone, with the length of its network.
pub fn own(network: &Network, zone: ZoneId) -> Vec<IpNet> {
    let zone = network.zone(zone);
    let known = zone.addresses.iter().filter(|own| own.source.is_known());
    known
        .filter_map(|own| {
            let net = zone.networks.iter().find(|network| network.net.contains(&own.address))?;
            IpNet::new(own.address, net.net.prefix_len()).ok()
        })
        .collect()
}
