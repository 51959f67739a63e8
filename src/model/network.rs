//! The model: one network as plain data, every name resolved, without syntax.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv6Net};
use jiff::civil::Date;

use super::{
    address::AddressSet,
    service::{Discovery, Traffic},
};
use crate::{diagnostic::Span, packet::Family};

pub use crate::syntax::tree::{Action, AssertionKind};

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
    /// Every service by its name, for words only: what rules ask for stands in the rules.
    pub services: Vec<(String, Vec<Traffic>)>,
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
        super::address::public().minus(&own)
    }

    /// Every address that the router has, in any zone, with the anycast address that it answers to in each IPv6
    /// network (RFC 4291, section 2.6.1).
    #[must_use]
    pub fn router_addresses(&self) -> AddressSet {
        let own = self.zones.iter().flat_map(|zone| &zone.addresses).map(|own| own.address);
        let anycast = self.zones.iter().flat_map(|zone| &zone.networks).map(|network| network.net);
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
}

/// What a zone is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    Internet,
    Trusted,
    Server,
    Iot,
    Camera,
    Guest,
    Vpn,
    Dmz,
    Management,
    Work,
    Kids,
    Transit,
}

impl Role {
    /// All roles, by their names in the language.
    pub const ALL: [(&'static str, Self); 12] = [
        ("internet", Self::Internet),
        ("trusted", Self::Trusted),
        ("server", Self::Server),
        ("iot", Self::Iot),
        ("camera", Self::Camera),
        ("guest", Self::Guest),
        ("vpn", Self::Vpn),
        ("dmz", Self::Dmz),
        ("management", Self::Management),
        ("work", Self::Work),
        ("kids", Self::Kids),
        ("transit", Self::Transit),
    ];

    /// The name in the language.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.iter().find(|(_, role)| *role == self).map_or("", |(name, _)| name)
    }
}

/// How an internet zone is connected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Uplink {
    Public,
    Private,
    Cgnat,
    DsLite,
}

/// A zone: a VLAN, a VPN, an uplink.
#[derive(Clone, Debug)]
pub struct Zone {
    pub name: String,
    pub span: Span,
    pub role: Role,
    /// The interface of a router that has no name of its own for it.
    pub interface: Option<InterfaceName>,
    /// The interface by target.
    pub interfaces: BTreeMap<String, InterfaceName>,
    pub vlan: Option<(u16, Span)>,
    pub networks: Vec<ZoneNetwork>,
    /// The router's own addresses in the zone.
    pub addresses: Vec<OwnAddress>,
    pub dhcp: Vec<(IpAddr, IpAddr)>,
    pub isolated: bool,
    /// Is the source of what leaves by this zone rewritten to the router's address (IPv4 only)?
    pub masquerade: bool,
    pub uplink: Option<Uplink>,
    /// Private networks beyond an uplink.
    pub upstream: Vec<IpNet>,
    pub delegated: Option<(Ipv6Net, Span)>,
    pub failover: bool,
    pub egress: Option<Egress>,
}

impl Zone {
    /// Is this a way to the internet?
    #[must_use]
    pub fn is_internet(&self) -> bool {
        self.role == Role::Internet
    }

    /// The addresses of its networks.
    #[must_use]
    pub fn network_set(&self) -> AddressSet {
        AddressSet::nets(self.networks.iter().map(|network| network.net))
    }

    /// The name of its interface on a target.
    #[must_use]
    pub fn interface_on(&self, target: &str) -> Option<&InterfaceName> {
        self.interfaces.get(target).or(self.interface.as_ref())
    }
}

/// The name of an interface and where it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InterfaceName {
    pub name: String,
    pub span: Span,
}

/// A network of a zone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ZoneNetwork {
    /// For a delegated network of an unknown prefix this is a stand-in that overlaps nothing else.
    pub net: IpNet,
    pub span: Span,
    /// The number of the subnet below the delegated prefix, if the network is such a one. Its literal prefix must
    /// never be written into a configuration.
    pub delegated: Option<u64>,
}

/// An address of the router itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnAddress {
    /// For an address that the network assigns this is a stand-in that nothing else has.
    pub address: IpAddr,
    /// Who assigns it, if it is not written in the policy. A stand-in must never be written into a configuration.
    pub source: AddressSource,
    pub span: Span,
}

/// Who assigns an address of the router.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AddressSource {
    /// The policy says it.
    Written,
    /// The first address of the network, by default.
    Default,
    Dhcp,
    Pppoe,
    /// Below the delegated prefix.
    Delegated,
}

impl AddressSource {
    /// Is the address known when the policy is compiled?
    #[must_use]
    pub const fn is_known(self) -> bool {
        matches!(self, Self::Written | Self::Default)
    }
}

/// By which uplink a zone leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Egress {
    pub zone: ZoneId,
    pub from: Option<IpAddr>,
    pub span: Span,
}

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
}

impl Host {
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

/// A schedule, in minutes of the week from Monday 00:00 of the router's time zone; an end is exclusive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub name: String,
    pub span: Span,
    /// Sorted, disjoint, within `0..=10080`.
    pub minutes: Vec<(u16, u16)>,
}

/// Where a region lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// The router itself.
    Router,
    Zone(ZoneId),
}

/// Addresses in one place. One side of a rule is a list of regions.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Region {
    pub place: Place,
    /// For [`Place::Router`]: every address that is the router's when the policy says `router`, or those named.
    pub addresses: AddressSet,
    /// Is this all of a zone, so that link-local addresses on its interface belong to it too?
    pub whole: bool,
}

/// What a statement may add to a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// The receiver sees the router's address in its own zone.
    pub as_router: bool,
    pub log: bool,
    pub during: Option<(ScheduleId, Span)>,
    pub until: Option<(Date, Span)>,
    pub limit: Option<(Limit, Span)>,
    pub because: Option<String>,
    pub owner: Option<String>,
}

/// So many packets that open connections in a unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limit {
    pub count: u32,
    pub unit: TimeUnit,
}

/// A unit of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TimeUnit {
    Second,
    Minute,
    Hour,
    Day,
}

impl TimeUnit {
    /// The word in the language and in nftables.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
        }
    }
}

/// A rule, or one direction of an integration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub span: Span,
    pub action: Action,
    pub from: Vec<Region>,
    pub to: Vec<Region>,
    /// Never empty; every protocol and port is [`Traffic::ANY`].
    pub traffic: Vec<Traffic>,
    pub options: Options,
    /// The integration that the rule comes from.
    pub integration: Option<String>,
    /// Its date has passed: it lets nothing through and holds nothing back.
    pub expired: bool,
}

/// `expose`
#[derive(Clone, Debug)]
pub struct Exposure {
    pub span: Span,
    pub host: HostId,
    pub service: Vec<Traffic>,
    /// The words of the service, for messages.
    pub service_text: String,
    /// Who may connect, as regions of internet zones.
    pub from: Vec<Region>,
    /// Is `from` the whole internet?
    pub from_anywhere: bool,
    /// The uplinks that take the forward.
    pub on: Vec<ZoneId>,
    pub port: Option<(u16, Span)>,
    pub through: Option<Through>,
    pub tunnel: Option<HostId>,
    pub name: Option<String>,
    pub tls: Option<Tls>,
    pub hairpin: bool,
    pub ipv6: Option<bool>,
    pub options: Options,
    pub expired: bool,
}

/// The reverse proxy of an exposure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    pub host: HostId,
    /// Where the proxy listens; https if the policy does not say.
    pub service: Vec<Traffic>,
    pub span: Span,
}

/// Where the certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tls {
    Http01,
    Dns01,
    Alpn01,
    Own,
    None,
}

/// `vpn`
#[derive(Clone, Debug)]
pub struct Vpn {
    pub zone: ZoneId,
    pub span: Span,
    pub kind: VpnKind,
    /// Where it listens, if it does.
    pub listen: Vec<Traffic>,
    pub on: Vec<ZoneId>,
    /// The host that ends the tunnel; none is the router.
    pub server: Option<HostId>,
    pub full_tunnel: bool,
    pub radius: Option<HostId>,
    pub peers: Vec<Peer>,
}

/// The make of a VPN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VpnKind {
    Wireguard,
    Openvpn,
    Tailscale,
}

/// Somebody who connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub name: String,
    pub addresses: Vec<IpAddr>,
    pub key: Option<String>,
    pub span: Span,
}

/// `redirect`
#[derive(Clone, Debug)]
pub struct Redirect {
    pub span: Span,
    pub from: Vec<Region>,
    pub traffic: Vec<Traffic>,
    /// The host that takes the packets; none is the router.
    pub to: Option<HostId>,
    pub options: Options,
}

/// `reflect`
#[derive(Clone, Debug)]
pub struct Reflector {
    pub span: Span,
    pub protocol: Discovery,
    pub zones: Vec<ZoneId>,
    pub services: Vec<String>,
}

/// `home-assistant`
#[derive(Clone, Debug)]
pub struct HomeAssistant {
    pub span: Span,
    pub host: HostId,
    pub version: Option<(u32, u32)>,
    pub login_attempts: Option<i64>,
    pub settings: Option<(String, Span)>,
}

/// `never`, `always`, `only`
#[derive(Clone, Debug)]
pub struct Assertion {
    pub span: Span,
    pub kind: AssertionKind,
    pub chain: bool,
    /// May be empty: then the assertion is vacuous.
    pub from: Vec<Region>,
    pub to: Vec<Region>,
    pub traffic: Vec<Traffic>,
}

/// `exposed { ... }`
#[derive(Clone, Debug)]
pub struct ExposedList {
    pub span: Span,
    pub entries: Vec<ExposedEntry>,
}

/// One line of `exposed`.
#[derive(Clone, Debug)]
pub struct ExposedEntry {
    pub span: Span,
    pub public: Vec<Traffic>,
    pub to: Vec<Region>,
    /// None means the public ports.
    pub service: Vec<Traffic>,
    pub from: Vec<Region>,
}

/// A named check.
#[derive(Clone, Debug)]
pub struct Check {
    pub id: String,
    pub span: Span,
    pub severity: crate::diagnostic::Severity,
    pub because: Option<String>,
    pub assertions: Vec<Assertion>,
}

/// A finding that the owner accepts.
#[derive(Clone, Debug)]
pub struct Waiver {
    pub id: String,
    pub span: Span,
    pub from: Option<Vec<Region>>,
    pub to: Option<Vec<Region>>,
    pub until: Option<(Date, Span)>,
    pub because: String,
}
