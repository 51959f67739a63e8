//! Under which addresses a Home Assistant sees the proxies before it: after the bridge of its add-ons or containers,
//! and after what the router translates on the way. The one place that knows it: its own settings are written from it
//! (`companion`), and its real ones are held against it (`check`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net};

use crate::diagnostic::Span;
use crate::model::{
    Action, Exposure, HostAddress, HostId, Install, Network, Place, Proxy, Region, Rule, RunsAs, Tls, TunnelKind,
    ZoneId,
    service::{TCP, Traffic},
};

/// The port that Home Assistant listens on unless the policy says another.
pub const HOME_ASSISTANT: u16 = 8123;
/// The add-ons of Home Assistant OS (the NGINX add-on's manual says to trust these).
pub const ADDONS: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(172, 30, 33, 0), 24));
/// All of the supervisor's bridge, which the companion app's manual says to trust.
pub const BRIDGE: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(172, 30, 32, 0), 23));
/// What programs of one machine see each other as.
pub const LOOPBACK: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// A proxy before a Home Assistant.
#[derive(Clone, Copy, Debug)]
pub struct Front<'n> {
    pub exposure: &'n Exposure,
    /// The machine that it runs on; none is the router.
    pub host: Option<HostId>,
    /// What the policy says of it.
    said: Option<&'n Proxy>,
}

/// How a proxy is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The ways in which it may be seen: one, unless the policy leaves it open.
    pub ways: Vec<Way>,
    /// May it be a container of the same machine, whose address the policy does not say?
    pub container: bool,
    /// Has it only addresses below a prefix that may change, so that none can be written down?
    pub changing: bool,
    /// Where the router puts its own address in the place of the proxy's.
    pub hidden: bool,
}

/// Addresses of which each may be the one that is seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Way {
    pub addresses: Vec<IpNet>,
    /// Is one of them enough, since the proxy chooses by which it asks?
    pub any: bool,
}

impl Seen {
    /// Every address under which it may be seen.
    pub fn addresses(&self) -> impl Iterator<Item = IpNet> {
        self.ways.iter().flat_map(|way| way.addresses.iter().copied())
    }
}

impl Front<'_> {
    /// Does it tell Home Assistant who the client is?
    #[must_use]
    pub fn forwards_client(&self) -> bool {
        self.said.is_none_or(|said| said.forwarded_for)
            && self.exposure.tunnel.as_ref().is_none_or(|tunnel| speaks_http(tunnel.kind))
    }

    /// Where the policy says whether it does.
    #[must_use]
    pub fn forwarded_for_span(&self) -> Option<Span> {
        self.said.and_then(|said| said.forwarded_for_span)
    }

    /// Does the policy leave open how it runs, or under which address it is seen?
    #[must_use]
    pub fn is_unsaid(&self) -> bool {
        self.said.is_none_or(|said| said.runs_as.is_none() && said.seen_as.is_empty())
    }

    /// What the machine that it runs on is called.
    #[must_use]
    pub fn name<'n>(&self, network: &'n Network) -> &'n str {
        self.host.map_or("router", |host| &network.host(host).name)
    }

    /// How the policy would say that it is seen under an address.
    #[must_use]
    pub fn saying(&self, network: &Network, what: &str) -> String {
        let host = self.name(network);
        let key = if self.exposure.tunnel.is_some() { "tunnel" } else { "through" };
        format!("{key} {host} {{ {what} }}")
    }

    /// How the Home Assistant of the exposure sees it.
    #[must_use]
    pub fn seen(&self, network: &Network) -> Seen {
        let home = self.exposure.host;
        if let Some(said) = self.said.filter(|said| !said.seen_as.is_empty()) {
            let addresses = said.seen_as.iter().map(|(net, _)| *net).collect();
            return Seen { ways: vec![Way { addresses, any: false }], ..Seen::default() };
        }
        let kind = self.exposure.tunnel.as_ref().and_then(|tunnel| tunnel.kind);
        // `snitun` before 0.46 asks the server that it is a part of by 127.0.0.1; later ones show it the client.
        if kind == Some(TunnelKind::NabuCasa) {
            if network.home_assistants.iter().any(|known| known.host == home && known.sees_cloud_clients()) {
                return Seen::default();
            }
            let own = Way { addresses: vec![IpAddr::V4(Ipv4Addr::LOCALHOST).into()], any: false };
            return Seen { ways: vec![own], ..Seen::default() };
        }
        let runs_as = self.said.and_then(|said| said.runs_as);
        let Some(host) = self.host else { return router(network, home) };
        if host != home {
            return apart(network, host, home, runs_as);
        }
        let seen = beside(network, home, runs_as);
        // The other end of a relay may ask under an address of the tunnel.
        let container = seen.container || kind == Some(TunnelKind::Relay) && runs_as.is_none();
        Seen { container, ..seen }
    }
}

/// The proxies before a Home Assistant: those of `through`, tunnels that speak HTTP, and what is published of its own
/// machine beside it.
#[must_use]
pub fn fronts(network: &Network, home: HostId) -> Vec<Front<'_>> {
    let of = network.exposures.iter().filter(|exposure| !exposure.expired && exposure.host == home);
    of.filter_map(|exposure| {
        if !asks_for_it(network, exposure) && !is_web(network, exposure) {
            return None;
        }
        if let Some(through) = &exposure.through {
            return Some(Front { exposure, host: through.host, said: Some(&through.proxy) });
        }
        if let Some(tunnel) = &exposure.tunnel {
            let asks = speaks_http(tunnel.kind) && tunnel.agent.shows_client.is_none();
            return asks.then_some(Front { exposure, host: Some(tunnel.host), said: Some(&tunnel.agent) });
        }
        (!asks_for_it(network, exposure)).then_some(Front { exposure, host: Some(home), said: None })
    })
    .collect()
}

/// The tunnels that hand on connections to a Home Assistant under an address of their own, and can say of nobody who it
/// is.
#[must_use]
pub fn blind(network: &Network, home: HostId) -> Vec<Front<'_>> {
    let of = network.exposures.iter().filter(|exposure| exposure.host == home && asks_for_it(network, exposure));
    of.filter_map(|exposure| {
        let tunnel = exposure.tunnel.as_ref().filter(|tunnel| !speaks_http(tunnel.kind))?;
        Some(Front { exposure, host: Some(tunnel.host), said: Some(&tunnel.agent) })
    })
    .collect()
}

/// Does a tunnel ask by HTTP, and say who the client is? Nabu Casa and Tor hand on the connection as it is.
#[must_use]
pub fn speaks_http(kind: Option<TunnelKind>) -> bool {
    !matches!(kind, Some(TunnelKind::NabuCasa | TunnelKind::Tor))
}

/// Is it a page: HTTPS, anything with a certificate, or HTTP where that is served and is not the port of a challenge
/// that was left open? Beside Home Assistant's own port that is a proxy's.
fn is_web(network: &Network, exposure: &Exposure) -> bool {
    let on = |traffic: &Traffic, port: u16| traffic.protocol == Some(TCP) && traffic.single_port() == Some(port);
    let served = exposure.tls == Some(Tls::None)
        || network
            .host(exposure.host)
            .runs
            .iter()
            .any(|(_, traffic)| traffic.protocol == Some(TCP) && asks(traffic, 80));
    exposure.tls.is_some_and(|tls| tls != Tls::None)
        || exposure.service.iter().any(|traffic| on(traffic, 443) || (on(traffic, 80) && served))
}

/// Is an exposure, directly or by a proxy, of Home Assistant's own port?
#[must_use]
pub fn asks_for_it(network: &Network, exposure: &Exposure) -> bool {
    let own = port(network, exposure.host);
    let is_own = |traffic: &Traffic| traffic.protocol == Some(TCP) && traffic.single_port() == Some(own);
    !exposure.expired && exposure.service.iter().any(is_own)
}

/// The port that a Home Assistant listens on.
#[must_use]
pub fn port(network: &Network, home: HostId) -> u16 {
    let runs = &network.host(home).runs;
    let own = runs.iter().find(|(name, _)| name.rsplit('.').next() == Some("home-assistant"));
    own.and_then(|(_, traffic)| traffic.single_port()).unwrap_or(HOME_ASSISTANT)
}

/// A proxy on Home Assistant's own machine.
fn beside(network: &Network, home: HostId, runs_as: Option<RunsAs>) -> Seen {
    let addons = Way { addresses: vec![ADDONS], any: false };
    let machine = Way { addresses: LOOPBACK.map(IpNet::from).to_vec(), any: true };
    let install = network.home_assistants.iter().find(|found| found.host == home).and_then(|found| found.install);
    let ways = match (runs_as, install) {
        (Some(RunsAs::Addon), _) => vec![addons],
        (Some(RunsAs::Host), _) | (None, Some(Install::Container | Install::Core)) => vec![machine],
        (Some(RunsAs::Container(address)), _) => vec![Way { addresses: vec![address.into()], any: false }],
        (None, _) => vec![addons, machine],
    };
    Seen { ways, container: runs_as.is_none() && install != Some(Install::Haos), ..Seen::default() }
}

/// A proxy on the router: it asks under the router's address in the network of Home Assistant.
fn router(network: &Network, home: HostId) -> Seen {
    let asked = &network.host(home).addresses;
    let mut addresses: Vec<IpAddr> =
        asked.iter().filter_map(|own| own_address(network, own.zone, own.address)).collect();
    addresses.sort_unstable();
    addresses.dedup();
    let changing = addresses.is_empty();
    let way = |addresses: Vec<IpAddr>| Way { addresses: addresses.into_iter().map(IpNet::from).collect(), any: false };
    Seen { ways: if changing { Vec::new() } else { vec![way(addresses)] }, changing, ..Seen::default() }
}

/// A proxy on another machine.
fn apart(network: &Network, proxy: HostId, home: HostId, runs_as: Option<RunsAs>) -> Seen {
    let (asks, asked) = (network.host(proxy), network.host(home));
    let mut from: Vec<HostAddress> = asks.addresses.clone();
    // A container with an address in a network of the policy is a neighbour of its own; others go out as their machine.
    if let Some(RunsAs::Container(address)) = runs_as
        && let Some(zone) = network.zone_of(address)
    {
        from = vec![HostAddress { zone, address, suffix: None, span: asks.span }];
    }
    let pairs: Vec<(&HostAddress, &HostAddress)> = from
        .iter()
        .flat_map(|from| asked.addresses.iter().map(move |to| (from, to)))
        .filter(|(from, to)| from.address.is_ipv4() == to.address.is_ipv4())
        .collect();
    let shared = pairs.iter().any(|(from, to)| from.zone == to.zone);
    let (mut addresses, mut changing, mut hidden) = (Vec::new(), false, false);
    for (from, to) in pairs.into_iter().filter(|(from, to)| !shared || from.zone == to.zone) {
        let masked = masked(network, (from.zone, from.address), (to.zone, to.address), port(network, home));
        if masked != Masked::Never {
            hidden = true;
            addresses.extend(own_address(network, to.zone, to.address));
        }
        if masked != Masked::Always {
            if from.suffix.is_some() {
                changing = true;
            } else {
                addresses.push(from.address);
            }
        }
    }
    addresses.sort_unstable();
    addresses.dedup();
    changing &= addresses.is_empty();
    let ways = if addresses.is_empty() {
        Vec::new()
    } else {
        vec![Way { addresses: addresses.into_iter().map(IpNet::from).collect(), any: false }]
    };
    Seen { ways, changing, hidden, container: false }
}

/// Whose address a packet bears behind the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Masked {
    Never,
    /// At some times only: a rule with a schedule.
    Sometimes,
    Always,
}

/// Does the router put its own address in the place of a sender's?
fn masked(network: &Network, from: (ZoneId, IpAddr), to: (ZoneId, IpAddr), port: u16) -> Masked {
    let together = |net: &IpNet| net.contains(&from.1) && net.contains(&to.1);
    if from.0 == to.0 && network.zone(to.0).networks.iter().any(|network| together(&network.net)) {
        return Masked::Never;
    }
    if network.zone(to.0).masquerade && to.1.is_ipv4() {
        return Masked::Always;
    }
    let rules = network.rules.iter().filter(|rule| hides(rule, from, to, port));
    rules.fold(Masked::Never, |found, rule| match (found, rule.options.during.is_some()) {
        (Masked::Never | Masked::Sometimes, true) => Masked::Sometimes,
        _ => Masked::Always,
    })
}

/// Does a rule show one address to another under the router's?
fn hides(rule: &Rule, from: (ZoneId, IpAddr), to: (ZoneId, IpAddr), port: u16) -> bool {
    let holds = |regions: &[Region], (zone, address): (ZoneId, IpAddr)| {
        regions.iter().any(|region| region.place == Place::Zone(zone) && region.addresses.contains(address))
    };
    rule.options.as_router
        && rule.action == Action::Allow
        && !rule.expired
        && holds(&rule.from, from)
        && holds(&rule.to, to)
        && rule.traffic.iter().any(|traffic| asks(traffic, port))
}

/// Does traffic hold a TCP port?
#[must_use]
pub fn asks(traffic: &Traffic, port: u16) -> bool {
    let within = traffic.to.is_empty() || traffic.to.iter().any(|(from, to)| (*from..=*to).contains(&port));
    traffic.protocol.is_none_or(|protocol| protocol == TCP) && within
}

/// The router's address that somebody in a zone sees, where it is known.
fn own_address(network: &Network, zone: ZoneId, seer: IpAddr) -> Option<IpAddr> {
    let zone = network.zone(zone);
    let net = zone.networks.iter().map(|network| network.net).find(|net| net.contains(&seer));
    let known = zone.addresses.iter().filter(|own| own.source.is_known());
    let mut of_family = known.map(|own| own.address).filter(|own| own.is_ipv4() == seer.is_ipv4());
    match net {
        Some(net) => of_family.find(|own| net.contains(own)),
        None => of_family.next(),
    }
}
