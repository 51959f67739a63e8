//! What the rules of a configuration rest on, and no rule says: which addresses the router has where, and to whom it
//! gives which.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::Line;

/// As far as a configuration says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ground {
    pub sections: Vec<Addressed>,
    /// None if the files that would say it were not given.
    pub dhcp: Option<Dhcp>,
}

/// The addresses that one section gives to an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addressed {
    /// The interface's number in the topology.
    pub interface: u16,
    /// The router's own addresses, each with the length of its network; none where somebody else assigns them.
    pub own: Option<Vec<IpNet>>,
    /// The networks of a tunnel, where the configuration names them and not the router's address.
    pub tunnels: Option<Vec<IpNet>>,
    /// The subnet of a delegated prefix and the length of its prefix; none where the configuration cannot say it here.
    pub delegated: Option<Option<(u64, u8)>>,
    /// The provider's routers; none where somebody else names them.
    pub gateways: Option<Vec<IpAddr>>,
    pub line: Line,
}

/// What the DHCP server does.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Dhcp {
    pub leases: Vec<Lease>,
    pub pools: Vec<Pool>,
    /// Does it give every reserved address and every pool, so that one that is not there is missing?
    pub whole: bool,
}

/// An address that is kept for a device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    pub macs: Vec<[u8; 6]>,
    pub address: Ipv4Addr,
    pub line: Line,
}

/// Addresses that whoever asks is given one of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    pub interface: u16,
    /// The first and the last; none if it is switched off.
    pub range: Option<(Ipv4Addr, Ipv4Addr)>,
    pub line: Line,
}

/// A hardware address as configurations write it.
#[must_use]
pub fn hardware(text: &str) -> Option<[u8; 6]> {
    let mut parts = text.split([':', '-']).map(|part| u8::from_str_radix(part, 16).ok());
    let mut found = [0; 6];
    for byte in &mut found {
        *byte = parts.next()??;
    }
    parts.next().is_none().then_some(found)
}
