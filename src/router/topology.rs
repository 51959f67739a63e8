//! Where a router stands: its interfaces, the networks behind them and its own addresses.

use std::net::IpAddr;

use ipnet::IpNet;

/// `Field::In` or `Field::Out` of packets that the router itself sends or takes.
pub const LOCAL: u16 = 0;
/// `Field::In` or `Field::Out` of every interface that the topology does not name.
pub const OTHER: u16 = u16::MAX;

/// One interface of the router. Its number in [`crate::packet::Field::In`] is its index plus one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The name in the kernel of the router, such as `eth1.30`.
    pub name: String,
    /// Networks on the link or routed behind it. A delegated IPv6 prefix that nobody knows has a stand-in here.
    pub networks: Vec<IpNet>,
    /// The router's own addresses in it. An address that nobody knows (DHCP) has a stand-in here.
    pub addresses: Vec<IpAddr>,
    /// Is this one of the ways to the internet (a default route)?
    pub internet: bool,
    /// Private networks beyond an internet interface (the modem's, the landlord's).
    pub upstream: Vec<IpNet>,
}

/// The interfaces of one router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    pub interfaces: Vec<Interface>,
}
