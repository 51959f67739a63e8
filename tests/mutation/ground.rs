//! Where packets go from a router that stands somewhere, told anew for the judges: of hedgerow's topology they take the
//! plain data, and none of what the readers ask it.

use std::net::IpAddr;

use hedgerow::router::{Interface, LOCAL, OTHER, Topology};
use ipnet::IpNet;

/// The networks on the link of an interface: those in which it has an address.
pub fn links(interface: &Interface) -> impl Iterator<Item = &IpNet> {
    let all = interface.networks.iter().chain(&interface.upstream);
    all.filter(|net| interface.addresses.iter().any(|own| net.contains(own)))
}

fn every_link(topology: &Topology) -> impl Iterator<Item = &IpNet> {
    topology.interfaces.iter().flat_map(links)
}

/// Is it one of the router's own addresses?
pub fn is_own(topology: &Topology, at: IpAddr) -> bool {
    topology.interfaces.iter().any(|interface| interface.addresses.contains(&at))
}

/// The interfaces that routing chooses from for a destination, or the router itself; none where nothing leads.
pub fn routes(topology: &Topology, at: IpAddr) -> Vec<u16> {
    if at.is_loopback() || at.is_unspecified() {
        return Vec::new();
    }
    let near = match at {
        IpAddr::V4(v4) => v4.is_multicast() || v4.is_broadcast(),
        IpAddr::V6(v6) => v6.is_multicast() || v6.is_unicast_link_local(),
    };
    let anycast = |net: &IpNet| at.is_ipv6() && net.addr().is_ipv6() && net.prefix_len() < 127 && net.network() == at;
    let broadcast =
        |net: &IpNet| at.is_ipv4() && net.addr().is_ipv4() && net.prefix_len() < 31 && net.broadcast() == at;
    if near || is_own(topology, at) || every_link(topology).any(|net| anycast(net) || broadcast(net)) {
        return vec![LOCAL];
    }
    let (mut best, mut found) = (0, Vec::new());
    for (number, interface) in (1..).zip(&topology.interfaces) {
        let nets = interface.networks.iter().chain(&interface.upstream).filter(|net| net.contains(&at));
        let Some(length) = nets.map(IpNet::prefix_len).max().filter(|length| *length > 0 && *length >= best) else {
            continue;
        };
        if length > best {
            found.clear();
        }
        best = length;
        found.push(number);
    }
    if found.is_empty() {
        let uplinks = (1..).zip(&topology.interfaces).filter(|(_, interface)| interface.internet);
        found = uplinks.map(|(number, _)| number).chain([OTHER]).collect();
    }
    found
}
