//! Hosts.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::ZoneId;
use crate::{
    diagnostic::Span,
    model::{
        address::AddressSet,
        service::{Integration, Traffic},
    },
    packet::Family,
};

/// A host.
#[derive(Clone, Debug)]
pub struct Host {
    pub name: String,
    pub span: Span,
    /// One zone, or several when the host has a leg in each.
    pub zones: Vec<ZoneId>,
    pub addresses: Vec<HostAddress>,
    pub mac: Option<[u8; 6]>,
    /// `dhcp static` or `dynamic`, if said.
    pub lease: Option<Lease>,
    pub dns_name: Option<String>,
    pub runs: Vec<(String, Traffic)>,
    /// By which integrations Home Assistant knows it.
    pub integrations: Vec<HostIntegration>,
    /// Does somebody administer the network from it?
    pub admin: bool,
    /// Does it talk to its own subnet only, whatever the rules let through?
    pub same_subnet: bool,
    /// The zones that its default routes lead by, if it says so.
    pub default_routes: Option<(Vec<ZoneId>, Span)>,
    /// Networks of its containers: what they hold is never sent to the router.
    pub bridges: Vec<(IpNet, Span)>,
}

impl Host {
    /// A host of which nothing is known but its name.
    pub(in crate::model) fn new(name: String, span: Span) -> Self {
        Self {
            name,
            span,
            zones: Vec::new(),
            addresses: Vec::new(),
            mac: None,
            lease: None,
            dns_name: None,
            runs: Vec::new(),
            integrations: Vec::new(),
            admin: false,
            same_subnet: false,
            default_routes: None,
            bridges: Vec::new(),
        }
    }

    /// The hardware address by which a router reserves its address; none if the address may be whatever comes.
    #[must_use]
    pub fn reserved_by(&self) -> Option<[u8; 6]> {
        self.mac.filter(|_| self.lease != Some(Lease::Dynamic))
    }

    /// The addresses that can be written: those below a prefix that may change are left out.
    pub fn written(&self) -> impl Iterator<Item = IpAddr> {
        self.addresses.iter().filter(|address| address.suffix.is_none()).map(|address| address.address)
    }

    /// Its addresses in one zone, or in all.
    #[must_use]
    pub fn address_set(&self, zone: Option<ZoneId>) -> AddressSet {
        self.addresses
            .iter()
            .filter(|address| zone.is_none_or(|zone| address.zone == zone))
            .fold(AddressSet::default(), |set, address| set.union(&AddressSet::of(address.address)))
    }

    /// Its first address of a family.
    #[must_use]
    pub fn address(&self, family: Family) -> Option<&HostAddress> {
        self.addresses.iter().find(|address| address.address.is_ipv4() == (family == Family::V4))
    }
}

/// An integration that a host declares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostIntegration {
    pub name: String,
    pub span: Span,
    pub value: Integration,
}

/// An address of a host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostAddress {
    pub zone: ZoneId,
    pub address: IpAddr,
    /// The host part, when the prefix is delegated and may change.
    pub suffix: Option<Ipv6Addr>,
    pub span: Span,
}

/// How a host gets its address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Lease {
    Static,
    Dynamic,
}
