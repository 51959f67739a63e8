//! What the server of a VPN has to be told, whoever it is: whom it gives which address, and what it announces.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Action, HostAddress, Network, Place, Region, Resolver, Vpn, ZoneId};
use crate::diagnostic::Span;

/// Who connects to a VPN, and has an address there by which rules know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Client {
    pub name: String,
    pub addresses: Vec<IpAddr>,
    pub span: Span,
}

impl Client {
    /// Its addresses of IPv4.
    pub fn v4(&self) -> impl Iterator<Item = Ipv4Addr> {
        self.addresses.iter().filter_map(|own| if let IpAddr::V4(own) = own { Some(*own) } else { None })
    }
}

/// The first addresses of IPv6 that OpenVPN leaves out, in networks that are large enough (`helper.c`).
const LEFT_OUT: u128 = 0x1000;

impl Network {
    /// The networks of the zones, other than the internet, in which somebody of a zone may reach something. Clients whom a
    /// host hides get where the host gets, and into its own zone.
    #[must_use]
    pub fn reached(&self, zone: ZoneId) -> Vec<IpNet> {
        let host = self.zone(zone).behind.as_ref().filter(|behind| behind.hidden).map(|behind| self.host(behind.host));
        let mut zones = vec![zone];
        zones.extend(host.iter().flat_map(|host| &host.zones));
        let sends = |region: &Region| match (region.place, host) {
            (Place::Zone(from), None) => from == zone,
            (Place::Zone(from), Some(host)) => !host.address_set(Some(from)).intersect(&region.addresses).is_empty(),
            (Place::Router, _) => false,
        };
        for rule in self.rules.iter().filter(|rule| rule.action == Action::Allow && !rule.expired) {
            if !rule.from.iter().any(sends) {
                continue;
            }
            for region in &rule.to {
                if let Place::Zone(to) = region.place
                    && !self.zone(to).is_internet()
                {
                    zones.push(to);
                }
            }
        }
        zones.sort_unstable();
        zones.dedup();
        let networks = zones.iter().flat_map(|zone| &self.zone(*zone).networks);
        networks.filter(|network| network.delegated.is_none()).map(|network| network.net).collect()
    }

    /// The networks that OpenVPN hands addresses out of: one a family, of IPv6 none but /64 to /112.
    #[must_use]
    pub fn pools(&self, vpn: &Vpn) -> (Option<Ipv4Net>, Option<Ipv6Net>) {
        let nets =
            || self.zone(vpn.zone).networks.iter().filter(|net| net.delegated.is_none() && !net.far).map(|net| net.net);
        let v4 = nets().find_map(|net| if let IpNet::V4(net) = net { Some(net.trunc()) } else { None });
        let v6 = nets().find_map(|net| if let IpNet::V6(net) = net { Some(net.trunc()) } else { None });
        (v4, v6.filter(|net| vpn.carries_ipv6() && (64..=112).contains(&net.prefix_len())))
    }

    /// The networks that a server of OpenVPN tells its clients of, in the families that it carries: those behind another
    /// client too, where nothing keeps them apart. OpenVPN itself leaves out what lies behind the one that it tells.
    #[must_use]
    pub fn announced(&self, vpn: &Vpn) -> Vec<IpNet> {
        let v6 = self.pools(vpn).1.is_some();
        let zone = self.zone(vpn.zone);
        let own =
            |net: &IpNet| zone.networks.iter().any(|network| network.net == *net && (!network.far || zone.isolated));
        self.reached(vpn.zone).into_iter().filter(|net| !own(net) && (v6 || net.network().is_ipv4())).collect()
    }

    /// Whom a client of a VPN asks for names: whom the policy names, or the router, if a rule says so.
    #[must_use]
    pub fn resolvers(&self, vpn: &Vpn) -> Vec<IpAddr> {
        let router = || -> Vec<IpAddr> {
            let zone = self.zone(self.link(vpn.zone));
            let known = zone.addresses.iter().filter(|own| own.source.is_known()).map(|own| own.address);
            known.filter(|own| zone.networks.iter().any(|network| network.net.contains(own))).collect()
        };
        match &vpn.resolver {
            Some((Resolver::Router, _)) => router(),
            Some((Resolver::Address(address), _)) => vec![*address],
            Some((Resolver::Host(host), _)) => self.host(*host).written().collect(),
            None if self.asks_router(vpn.zone, 53) => router(),
            None => Vec::new(),
        }
    }

    /// The peers of a VPN that have an address, and the other hosts of its zone: rules may trust each by its address.
    #[must_use]
    pub fn clients(&self, vpn: &Vpn) -> Vec<Client> {
        let peers = vpn.peers.iter().map(|peer| Client {
            name: peer.name.clone(),
            addresses: peer.addresses.clone(),
            span: peer.span,
        });
        let mut found: Vec<Client> = peers.collect();
        for host in self.hosts.iter().filter(|host| host.zones.contains(&vpn.zone)) {
            if !found.iter().any(|known| known.name == host.name) {
                let far = |own: &HostAddress| {
                    vpn.peers.iter().flat_map(|peer| &peer.networks).any(|net| net.contains(&own.address))
                };
                let here =
                    host.addresses.iter().filter(|own| own.zone == vpn.zone && own.suffix.is_none() && !far(own));
                let addresses = here.map(|own| own.address).collect();
                found.push(Client { name: host.name.clone(), addresses, span: host.span });
            }
        }
        found.retain(|client| !client.addresses.is_empty());
        found
    }
}

/// The longest run of addresses of a network that nobody has for good: what is left for all others. Its first address
/// is the server's own.
#[must_use]
pub fn left_over(net: Ipv4Net, taken: &[Client]) -> Option<(Ipv4Addr, Ipv4Addr)> {
    let (first, last) = (u32::from(net.network()).checked_add(2)?, u32::from(net.broadcast()).checked_sub(1)?);
    let mut fixed: Vec<u32> = taken
        .iter()
        .flat_map(|client| client.v4().map(u32::from))
        .filter(|address| (first..=last).contains(address))
        .collect();
    fixed.sort_unstable();
    let mut runs = Vec::new();
    let mut start = first;
    for address in fixed.into_iter().chain([last.checked_add(1)?]) {
        if address > start {
            runs.push((start, address - 1));
        }
        start = start.max(address.saturating_add(1));
    }
    let (from, to) = runs.into_iter().rev().max_by_key(|(from, to)| to - from)?;
    Some((Ipv4Addr::from(from), Ipv4Addr::from(to)))
}

/// Would OpenVPN hand this address of IPv6 out to anybody? It counts on from the first one, as far as its addresses of
/// IPv4 go.
#[must_use]
pub fn handed_out(net: Ipv6Net, v4: Ipv4Net, address: Ipv6Addr) -> bool {
    let base = u128::from(net.network()) + if net.prefix_len() < 112 { LEFT_OUT } else { 2 };
    (base..base + (1_u128 << (32 - v4.prefix_len()))).contains(&u128::from(address))
}
