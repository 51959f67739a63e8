//! One side of a line: literal addresses, and host parts below a delegated prefix that nobody knows.

use std::net::{IpAddr, Ipv6Addr};

use crate::{
    model::{Network, Place, address::Intervals},
    packet::Family,
};

/// The addresses of one family on one side of a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Addresses {
    /// Addresses that can be written.
    pub literal: Intervals,
    /// The part below the delegated prefix of the zone on this side, if any.
    pub delegated: Option<HostParts>,
}

/// Which hosts below a delegated prefix, by the last 64 bits of their addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum HostParts {
    All,
    Only(Vec<u64>),
    AllBut(Vec<u64>),
}

/// Why addresses below a delegated prefix cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unsayable {
    /// The host parts are ranges, not single hosts.
    Ranges,
    /// The zone has two delegated networks with different hosts in each.
    TwoNetworks,
}

impl Addresses {
    /// Nothing but literal addresses.
    #[must_use]
    pub const fn literal(literal: Intervals) -> Self {
        Self { literal, delegated: None }
    }

    /// Is there nothing on this side?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.literal.is_empty() && self.delegated.is_none()
    }

    /// Parts the addresses of a place into literal ones and host parts.
    ///
    /// # Errors
    /// When the part below a delegated prefix is neither everything nor single hosts nor everything but single hosts.
    pub fn of(network: &Network, place: Place, set: &Intervals, family: Family) -> Result<Self, Unsayable> {
        let Place::Zone(zone) = place else { return Ok(Self::literal(set.clone())) };
        if family == Family::V4 {
            return Ok(Self::literal(set.clone()));
        }
        let mut literal = set.clone();
        let mut parts: Option<HostParts> = None;
        for (base, span) in delegated(network, zone.0) {
            let here = set.intersect(&span);
            literal = literal.minus(&span);
            let found = host_parts(&here, &span, base)?;
            match (&parts, found) {
                (None, found) => parts = Some(found),
                (Some(known), found) if *known == found => {}
                _ => return Err(Unsayable::TwoNetworks),
            }
        }
        let delegated = parts.filter(|parts| *parts != HostParts::Only(Vec::new()));
        Ok(Self { literal, delegated })
    }
}

/// The delegated networks of a zone: the first address, and all of them.
fn delegated(network: &Network, zone: usize) -> Vec<(u128, Intervals)> {
    let networks = network.zones.get(zone).map_or(&[][..], |zone| zone.networks.as_slice());
    networks
        .iter()
        .filter(|network| network.delegated.is_some())
        .map(|network| {
            let bits = |address: IpAddr| match address {
                IpAddr::V6(address) => address.to_bits(),
                IpAddr::V4(_) => 0,
            };
            let (from, to) = (bits(network.net.network()), bits(network.net.broadcast()));
            (from, Intervals::new(vec![(from, to)]))
        })
        .collect()
}

fn host_parts(here: &Intervals, span: &Intervals, base: u128) -> Result<HostParts, Unsayable> {
    if here == span {
        return Ok(HostParts::All);
    }
    if let Some(only) = singles(here, base) {
        return Ok(HostParts::Only(only));
    }
    singles(&span.minus(here), base).map(HostParts::AllBut).ok_or(Unsayable::Ranges)
}

/// The host parts, when each range is one address.
fn singles(set: &Intervals, base: u128) -> Option<Vec<u64>> {
    set.ranges().iter().map(|(from, to)| (from == to).then(|| u64::try_from(from - base).ok()).flatten()).collect()
}

/// A host part as it is written: `::10`.
#[must_use]
pub fn suffix_text(part: u64) -> String {
    Ipv6Addr::from_bits(part.into()).to_string()
}
