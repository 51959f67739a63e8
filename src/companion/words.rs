//! Addresses and ways as companions write them.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::model::{AddressSet, HostId, Network, RunsAs, ZoneId, service::Traffic};

/// Addresses as prefixes.
pub fn prefixes(set: &AddressSet) -> Vec<IpNet> {
    set.prefixes().collect()
}

/// What of a set can be written: not what lies below a prefix that may change.
pub fn literal(network: &Network, set: &AddressSet) -> AddressSet {
    let changing = network.zones.iter().flat_map(|zone| &zone.networks).filter(|network| network.delegated.is_some());
    set.minus(&AddressSet::nets(changing.map(|network| network.net)))
}

/// `10.0.20.10:8123`, `[fd42::10]:8123`
pub fn socket(address: IpAddr, port: u16) -> String {
    std::net::SocketAddr::new(address, port).to_string()
}

/// `10.0.20.5`, `172.30.33.0/24`
pub fn net(net: IpNet) -> String {
    if net.prefix_len() == net.max_prefix_len() { net.addr().to_string() } else { net.to_string() }
}

/// What the machine of a proxy is called; none is the router.
pub fn machine(network: &Network, host: Option<HostId>) -> &str {
    host.map_or("the router", |host| &network.host(host).name)
}

/// Where a program asks a host: the loopback on the same machine, its address on another one, and from a container, whose
/// loopback is its own.
pub fn upstream(network: &Network, from: Option<HostId>, runs_as: Option<RunsAs>, to: HostId) -> Option<IpAddr> {
    let contained = matches!(runs_as, Some(RunsAs::Addon | RunsAs::Container(_)));
    if from == Some(to) && !contained { Some(IpAddr::from([127, 0, 0, 1])) } else { network.host(to).written().next() }
}

/// The one port of a service, when it is one.
pub fn port(service: &[Traffic]) -> Option<u16> {
    match service {
        [one] => one.single_port(),
        _ => None,
    }
}

/// The router's own address in a zone, or that of the host that ends its VPN, with the length of its network.
pub fn own(network: &Network, zone: ZoneId) -> Vec<IpNet> {
    let zone = network.zone(zone);
    let far = zone.behind.iter().flat_map(|behind| &behind.addresses);
    let known = zone.addresses.iter().chain(far).filter(|own| own.source.is_known());
    known
        .filter_map(|own| {
            let net = zone.networks.iter().find(|network| network.net.contains(&own.address))?;
            IpNet::new(own.address, net.net.prefix_len()).ok()
        })
        .collect()
}
