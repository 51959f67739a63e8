//! The model: one network as plain data, every name resolved, without syntax.

mod gate;
mod home_assistant;
mod host;
mod opening;
mod promise;
mod provider;
mod proxy;
mod ranges;
mod rule;
mod senders;
mod settings;
mod tunnel;
mod zone;

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;
use jiff::civil::Date;

use super::{
    address::AddressSet,
    service::{Service, Traffic, Trait},
};
use crate::diagnostic::{Fix, Span};

pub use crate::syntax::tree::{Action, AssertionKind};
pub use gate::{SignIn, SignInKind};
pub use home_assistant::{HomeAssistant, Install};
pub use host::{Host, HostAddress, HostIntegration, Lease};
pub use opening::{Endpoint, Exposure, Overlay, Peer, Redirect, Reflector, Resolver, Through, Tls, Vpn, VpnKind};
pub use promise::{Assertion, Check, ExposedEntry, ExposedList, Waiver};
pub use provider::{CatchAll, Connection, Led, Need, OriginPulls, Proxied, Published, Tunnel, TunnelKind};
pub use proxy::{Product, Proxy, RunsAs};
pub use ranges::{NamedRanges, RangesId};
pub use rule::{Limit, Options, Place, Region, Rule, Schedule, TimeUnit};
pub use settings::{Http, Listed, Said, Settings};
pub use tunnel::{Client, handed_out, left_over};
pub use zone::{AddressSource, Behind, Egress, InterfaceName, OwnAddress, Role, Uplink, Zone, ZoneNetwork};

/// The number of a zone in [`Network::zones`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ZoneId(pub usize);

/// The number of a host in [`Network::hosts`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostId(pub usize);

/// The number of a schedule in [`Network::schedules`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ScheduleId(pub usize);

/// One network: what a policy says, with every name resolved and every default filled in.
#[derive(Clone, Debug, Default)]
pub struct Network {
    pub router: Router,
    pub zones: Vec<Zone>,
    pub hosts: Vec<Host>,
    pub schedules: Vec<Schedule>,
    pub ranges: Vec<NamedRanges>,
    /// The day on which the policy is read: for what grows old.
    pub today: Date,
    /// In the order of the source; the order has no meaning.
    pub rules: Vec<Rule>,
    pub exposures: Vec<Exposure>,
    pub vpns: Vec<Vpn>,
    pub redirects: Vec<Redirect>,
    pub reflectors: Vec<Reflector>,
    pub home_assistants: Vec<HomeAssistant>,
    pub assertions: Vec<Assertion>,
    pub exposed: Vec<ExposedList>,
    pub checks: Vec<Check>,
    pub waivers: Vec<Waiver>,
    /// What the policy declares and nothing in it names: the sort of thing, its name and its place. Hosts are left out:
    /// they may stand there as an inventory. So are zones: `private` and roles name them too.
    pub unused: Vec<(&'static str, String, Span)>,
    /// Every service by its name, for words only: what rules ask for stands in the rules.
    pub services: Vec<(String, Vec<Traffic>)>,
    /// Every address, prefix and range that the policy's own files write out, by its first and last address.
    pub literals: Vec<(IpAddr, IpAddr, Span)>,
    /// The text to take out for each statement of the policy's own files, by the statement's place; and whether it stands
    /// in the main file, which no other policy takes in.
    pub removals: BTreeMap<Span, (Span, bool)>,
    /// What is worth knowing of the services that say something of themselves, by name.
    pub traits: BTreeMap<String, BTreeSet<Trait>>,
    /// The services whose called end opens connections of its own, by their names.
    pub two_way: BTreeMap<String, Service>,
}

impl Network {
    /// A zone by its number.
    ///
    /// # Panics
    /// Never for numbers that the model itself gave.
    #[must_use]
    pub fn zone(&self, id: ZoneId) -> &Zone {
        &self.zones[id.0]
    }

    /// A host by its number.
    ///
    /// # Panics
    /// Never for numbers that the model itself gave.
    #[must_use]
    pub fn host(&self, id: HostId) -> &Host {
        &self.hosts[id.0]
    }

    /// All zones with their numbers.
    pub fn zone_ids(&self) -> impl Iterator<Item = (ZoneId, &Zone)> {
        self.zones.iter().enumerate().map(|(index, zone)| (ZoneId(index), zone))
    }

    /// The places of everything that the policy promises: its assertions, those of its checks, and the list of what is
    /// exposed.
    #[must_use]
    pub fn promises(&self) -> Vec<Span> {
        let named = self.checks.iter().flat_map(|check| &check.assertions);
        let mut all: Vec<Span> = self.assertions.iter().chain(named).map(|promise| promise.span).collect();
        all.extend(self.exposed.iter().map(|list| list.span));
        all.sort();
        all
    }

    /// The zone on whose interface the packets of a zone arrive: its own, or that of the host that ends its VPN.
    #[must_use]
    pub fn link(&self, id: ZoneId) -> ZoneId {
        self.zone(id).behind.as_ref().map_or(id, |behind| behind.link)
    }

    /// Do packets between two places go past the router? Within a zone, and between the clients of a VPN and the zone of
    /// the host that ends it.
    #[must_use]
    pub fn on_one_link(&self, one: Place, other: Place) -> bool {
        match (one, other) {
            // Whom a host hides is nowhere.
            (Place::Zone(one), Place::Zone(other)) if !self.is_hidden(one) && !self.is_hidden(other) => {
                self.link(one) == self.link(other)
            }
            _ => one == other,
        }
    }

    /// The pairs of zones between whose networks the router lets everything through: of one zone that keeps nobody
    /// apart, and of such a zone and the clients behind one of its hosts.
    #[must_use]
    pub fn joined(&self) -> Vec<(ZoneId, ZoneId)> {
        let seen = || self.zone_ids().filter(|(_, zone)| zone.is_ours()).map(|(id, _)| id);
        let free = |id: ZoneId| !self.zone(self.link(id)).isolated;
        let with = |from: ZoneId| seen().filter(move |to| self.link(*to) == self.link(from)).map(move |to| (from, to));
        // What clients send each other, their host hands on.
        let far = |(from, to): &(ZoneId, ZoneId)| from == to && self.zone(*from).behind.is_some();
        seen().filter(|id| free(*id)).flat_map(with).filter(|pair| !far(pair)).collect()
    }

    /// The interface of a zone on a target; of the clients of a VPN that a host ends, that of the host's zone.
    #[must_use]
    pub fn interface_on(&self, id: ZoneId, target: &str) -> Option<&InterfaceName> {
        self.zone(self.link(id)).interface_on(target)
    }

    /// Are these the clients of a VPN that come under the address of a host, so that the router never sees theirs?
    #[must_use]
    pub fn is_hidden(&self, id: ZoneId) -> bool {
        self.zone(id).behind.as_ref().is_some_and(|behind| behind.hidden)
    }

    /// The static routes that the router needs: a network, the host behind which it lies, and the zone of that host.
    #[must_use]
    pub fn routes(&self) -> Vec<(ZoneId, IpNet, IpAddr)> {
        let mut found = Vec::new();
        for (id, zone) in self.zone_ids() {
            let Some(behind) = zone.behind.as_ref().filter(|behind| !behind.hidden) else { continue };
            for network in &zone.networks {
                let v4 = matches!(network.net, IpNet::V4(_));
                let near = |own: &&HostAddress| own.zone == behind.link && own.address.is_ipv4() == v4;
                let via = self.host(behind.host).addresses.iter().filter(near).find(|own| own.suffix.is_none());
                found.extend(via.map(|via| (id, network.net, via.address)));
            }
        }
        found
    }

    /// Do the hosts of a zone reach each other by the router, as the clients of a VPN that ends there?
    #[must_use]
    pub fn joined_by_router(&self, zone: ZoneId) -> bool {
        self.vpns.iter().any(|vpn| vpn.zone == zone && vpn.server.is_none() && !vpn.kind.is_overlay())
    }

    /// The zone in whose networks an address lies, if it lies in a zone other than the internet.
    #[must_use]
    pub fn zone_of(&self, address: IpAddr) -> Option<ZoneId> {
        self.zone_ids()
            .find(|(_, zone)| zone.networks.iter().any(|network| network.net.contains(&address)))
            .map(|(id, _)| id)
    }

    /// What `internet` means: every address that is neither private nor reserved nor one of the policy's own networks.
    #[must_use]
    pub fn internet(&self) -> AddressSet {
        let own = self
            .zones
            .iter()
            .flat_map(|zone| zone.networks.iter().map(|network| network.net).chain(zone.upstream.iter().copied()));
        let own = AddressSet::nets(own);
        crate::model::address::public().minus(&own)
    }

    /// Takes out the statement of the policy's own files in which a place lies, for a caller who knows that the policy
    /// means the same without it. A file that others may take in as well is only offered to be changed.
    #[must_use]
    pub fn removal(&self, place: Span, sort: &str) -> Option<Fix> {
        let from = Span { end: u32::MAX, ..place };
        let (statement, (removal, own)) = self.removals.range(..=from).next_back()?;
        let inside = statement.source == place.source && place.end <= statement.end;
        inside.then(|| Fix { safe: *own, ..Fix::removal(format!("remove this {sort}"), *removal) })
    }

    /// May the hosts of a zone ask the router for something: for names on port 53, for addresses on 67 and 547?
    #[must_use]
    pub fn asks_router(&self, zone: ZoneId, port: u16) -> bool {
        let names = |traffic: &Traffic| {
            traffic.to.is_empty() || traffic.to.iter().any(|(from, to)| (*from..=*to).contains(&port))
        };
        self.rules.iter().any(|rule| {
            rule.action == Action::Allow
                && !rule.expired
                && rule.from.iter().any(|region| region.place == Place::Zone(zone))
                && rule.to.iter().any(|region| region.place == Place::Router)
                && rule.traffic.iter().any(names)
        })
    }

    /// What the public name of an exposure stands for inside: who answers, and the addresses that can be written down.
    /// The router has one in each zone, and answers on any of them from all; those of people come first.
    #[must_use]
    pub fn inside(&self, exposure: &Exposure) -> (&str, Vec<IpAddr>) {
        let Some(host) = exposure.target().0.map(|host| self.host(host)) else {
            let mut zones: Vec<&Zone> = self.zones.iter().filter(|zone| !zone.is_internet()).collect();
            zones.sort_by_key(|zone| zone.role != Role::Trusted);
            let own = zones.iter().find_map(|zone| {
                let known = zone.addresses.iter().filter(|own| own.source.is_known());
                known.map(|own| own.address).find(IpAddr::is_ipv4)
            });
            return ("router", own.into_iter().collect());
        };
        let written = host.addresses.iter().filter(|own| own.suffix.is_none());
        (&host.name, written.map(|own| own.address).collect())
    }

    /// The exposure that lets somebody come to the port of an exposure's proxy whom its own `from` keeps out: the router
    /// knows ports and no names. Where Cloudflare stands before it, its certificate is another matter.
    #[must_use]
    pub fn opened_wider(&self, exposure: &Exposure) -> Option<&Exposure> {
        let (proxy, listens) = exposure.target();
        if exposure.through.is_none() || exposure.proxied.is_some() || exposure.from_anywhere {
            return None;
        }
        let own = |place: Place| {
            let here = exposure.from.iter().filter(move |from| from.place == place);
            here.fold(AddressSet::default(), |set, from| set.union(&from.addresses))
        };
        let wider = |other: &&Exposure| {
            let (host, service) = other.target();
            let meets = |traffic: &Traffic| listens.iter().any(|own| own.meets(traffic));
            let lets_in = |from: &Region| {
                let on =
                    matches!(from.place, Place::Zone(zone) if other.on.contains(&zone) && exposure.on.contains(&zone));
                on && !from.addresses.minus(&own(from.place)).is_empty()
            };
            let there = host == proxy && other.span != exposure.span && !other.expired && other.tunnel.is_none();
            there && service.iter().any(meets) && other.from.iter().any(lets_in)
        };
        self.exposures.iter().find(wider)
    }

    /// Every address that the router has, in any zone, with the anycast address that it answers to in each IPv6
    /// network (RFC 4291, section 2.6.1).
    #[must_use]
    pub fn router_addresses(&self) -> AddressSet {
        let own = self.zones.iter().flat_map(|zone| &zone.addresses).map(|own| own.address);
        let near = self.zones.iter().flat_map(|zone| &zone.networks).filter(|network| !network.far);
        let anycast = near.map(|network| network.net);
        let anycast =
            anycast.filter(|net| matches!(net, IpNet::V6(net) if net.prefix_len() < 127)).map(|net| net.network());
        AddressSet::nets(own.chain(anycast).map(IpNet::from))
    }
}

/// The router itself.
#[derive(Clone, Debug, Default)]
pub struct Router {
    pub name: String,
    pub span: Span,
    pub targets: Vec<(String, Span)>,
    pub hostname: Option<String>,
    pub domain: Option<String>,
    /// Inside zones are told that they are refused; towards the internet the router is always silent.
    pub reject: bool,
    /// IANA name of the time zone that schedules are written in; UTC if none is given.
    pub timezone: Option<(String, Span)>,
    /// May the router itself send anything (`output open`)?
    pub output_open: bool,
    /// The ports of its own page, if the policy says them.
    pub page: Option<(Vec<u16>, Span)>,
}

impl Router {
    /// The ports on which its own page listens: as the policy says, or as routers of the targets are delivered.
    #[must_use]
    pub fn pages(&self) -> Vec<u16> {
        match &self.page {
            Some((ports, _)) => ports.clone(),
            None if self.targets.iter().any(|(target, _)| matches!(target.as_str(), "openwrt" | "pfsense")) => {
                vec![80, 443]
            }
            None => Vec::new(),
        }
    }

    /// The port of them that people use: the first one that is no redirect to another.
    #[must_use]
    pub fn page_port(&self) -> Option<u16> {
        let said = self.page.as_ref().map(|(ports, _)| ports.as_slice()).unwrap_or_default();
        said.iter().copied().find(|port| *port != 80).or(said.first().copied())
    }
}

impl Network {
    /// Does a service that a host runs have a trait?
    #[must_use]
    pub fn is(&self, service: &str, wanted: Trait) -> bool {
        let name = service.rsplit('.').next().unwrap_or(service);
        self.traits.get(name).is_some_and(|traits| traits.contains(&wanted))
    }
}
