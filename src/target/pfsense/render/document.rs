//! The configuration as plain data: what the templates print, in the order in which they print it.

use serde::Serialize;

use crate::diagnostic::Span;

/// All that is written.
#[derive(Clone, Debug, Default, Serialize)]
pub struct Document {
    pub hostname: String,
    /// The port of the firewall's own page, if the policy says one.
    pub page: Option<u16>,
    /// Does nothing on port 80 lead to it?
    pub page_alone: bool,
    pub domain: String,
    pub timezone: String,
    pub interfaces: Vec<Interface>,
    pub vlans: Vec<Vlan>,
    pub addresses: Vec<VirtualAddress>,
    pub gateways: Vec<Gateway>,
    /// The gateway group that stands in when an uplink is down.
    pub failover: Option<Failover>,
    /// By what IPv4 leaves, where that is not as it should be, and whether the base has a place for it.
    pub default_gateway: Option<String>,
    pub default_there: bool,
    /// The same for IPv6.
    pub default_gateway6: Option<String>,
    pub default_there6: bool,
    pub routes: Vec<Route>,
    /// What the resolver answers by itself.
    pub names: Vec<Override>,
    /// Groups of interfaces that packages put theirs into.
    pub groups: Vec<String>,
    pub pppoe: Vec<Pppoe>,
    pub aliases: Vec<Alias>,
    pub schedules: Vec<Schedule>,
    pub rules: Vec<Rule>,
    pub separators: Vec<Separators>,
    pub translations: Vec<Translation>,
    pub outbound: Vec<Outbound>,
    pub pools: Vec<Pool>,
    /// What pools of the base are to reserve beside what they do.
    pub mappings: Vec<Mappings>,
    pub advertised: Vec<String>,
    pub openvpn: Vec<OpenVpn>,
    pub overrides: Vec<ClientOverride>,
    pub wireguard: Vec<WireGuard>,
    pub peers: Vec<WireGuardPeer>,
}

impl Document {
    /// The elements of the ways out, with what is to stand there.
    pub fn defaults(&self) -> [(&'static str, Option<&str>); 2] {
        [("defaultgw4", self.default_gateway.as_deref()), ("defaultgw6", self.default_gateway6.as_deref())]
    }
}

/// An assigned interface.
#[derive(Clone, Debug, Serialize)]
pub struct Interface {
    /// `wan`, `lan`, `opt1`
    pub key: String,
    pub device: String,
    pub descr: String,
    /// An address, `dhcp`, `pppoe`, or empty.
    pub v4: String,
    pub v4_length: String,
    /// An address, `dhcp6`, `track6`, or empty.
    pub v6: String,
    pub v6_length: String,
    pub track: String,
    pub track_id: String,
    /// Bits of subnets that are asked for with a delegated prefix.
    pub delegation: String,
    pub gateway: String,
    pub gateway6: String,
}

/// A VLAN on a parent device.
#[derive(Clone, Debug, Serialize)]
pub struct Vlan {
    pub parent: String,
    pub tag: u16,
    pub descr: String,
    pub device: String,
}

/// A further address of the router on an interface.
#[derive(Clone, Debug, Serialize)]
pub struct VirtualAddress {
    pub id: String,
    pub interface: String,
    pub address: String,
    pub length: u8,
    pub descr: String,
}

/// The way out of an uplink whose address is written.
#[derive(Clone, Debug, Serialize)]
pub struct Gateway {
    pub interface: String,
    pub name: String,
    /// `inet` or `inet6`
    pub family: &'static str,
    /// Nothing when the policy does not say it.
    pub address: Option<String>,
    /// The host behind which networks lie, and nothing for the router of a provider.
    pub host: Option<String>,
}

/// A static route.
#[derive(Clone, Debug, Serialize)]
pub struct Route {
    pub network: String,
    /// The name of its gateway.
    pub gateway: String,
    pub descr: String,
}

/// A gateway group.
#[derive(Clone, Debug, Serialize)]
pub struct Failover {
    pub name: String,
    /// Gateways with their tiers.
    pub members: Vec<(String, u8)>,
}

/// A PPPoE session.
#[derive(Clone, Debug, Serialize)]
pub struct Pppoe {
    pub id: usize,
    pub device: String,
    pub port: String,
}

/// A named list.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Alias {
    pub name: String,
    /// `network` or `port`
    pub kind: &'static str,
    pub items: Vec<String>,
    pub descr: String,
}

/// Reservations of one interface.
#[derive(Clone, Debug, Serialize)]
pub struct Mappings {
    pub key: String,
    pub hosts: Vec<Reservation>,
}

/// Times of the week.
#[derive(Clone, Debug, Serialize)]
pub struct Schedule {
    pub name: String,
    pub label: String,
    pub descr: String,
    pub ranges: Vec<TimeRange>,
}

/// Hours of some days, 1 being Monday.
#[derive(Clone, Debug, Serialize)]
pub struct TimeRange {
    pub days: String,
    pub hours: String,
}

/// One side of a rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct End {
    /// `any`, `network` (a word of pfSense) or `address` (literal, or an alias).
    pub kind: &'static str,
    pub value: String,
    pub not: bool,
    pub port: String,
}

impl End {
    /// Everybody.
    pub fn any() -> Self {
        Self { kind: "any", ..Self::default() }
    }

    /// A word of pfSense: `lan`, `wanip`, `(self)`.
    pub fn network(word: impl Into<String>) -> Self {
        Self { kind: "network", value: word.into(), ..Self::default() }
    }

    /// An address, a prefix or an alias.
    pub fn address(value: impl Into<String>) -> Self {
        Self { kind: "address", value: value.into(), ..Self::default() }
    }

    /// Only this port, range or alias of ports.
    pub fn port(&self, port: &str) -> Self {
        Self { port: port.to_owned(), ..self.clone() }
    }
}

/// A filter rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub struct Rule {
    pub tracker: u32,
    /// `pass`, `block` or `reject`
    pub kind: &'static str,
    /// One interface; for a floating rule several, with commas.
    pub interface: String,
    pub floating: bool,
    /// `inet`, `inet6` or `inet46`
    pub family: &'static str,
    pub protocol: String,
    pub icmp: String,
    pub source: End,
    pub destination: End,
    pub descr: String,
    pub log: bool,
    pub schedule: String,
    pub gateway: String,
    pub tag: String,
    pub tagged: String,
    pub not_tagged: bool,
    pub state: State,
    /// The translation that it belongs to.
    pub associated: String,
}

/// What pfSense remembers of what a rule lets in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    #[default]
    Keep,
    /// Less strictly: of a connection it sees one direction only.
    Sloppy,
}

/// Rules that remember as usual keep the trackers that they had before there was a choice.
impl std::hash::Hash for State {
    fn hash<H: std::hash::Hasher>(&self, hasher: &mut H) {
        if *self != Self::default() {
            hasher.write_u8(1);
        }
    }
}

/// The headings among the rules of one interface.
#[derive(Clone, Debug, Serialize)]
pub struct Separators {
    pub interface: String,
    pub rows: Vec<(usize, String)>,
}

/// A destination translation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Translation {
    pub interface: String,
    pub family: &'static str,
    pub protocol: String,
    pub source: End,
    pub destination: End,
    pub target: String,
    pub port: String,
    pub associated: String,
    pub descr: String,
    /// Leaves what it matches as it is.
    pub exempt: bool,
}

/// A source translation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Outbound {
    pub interface: String,
    pub family: &'static str,
    pub protocol: String,
    pub source: String,
    pub source_port: String,
    /// Empty for everybody.
    pub destination: String,
    pub port: String,
    /// Empty for the address of the interface.
    pub target: String,
    /// Does the source port stay what it is?
    pub static_port: bool,
    /// Leaves what it matches as it is.
    pub exempt: bool,
    pub descr: String,
}

/// A DHCP server of an interface.
#[derive(Clone, Debug, Serialize)]
pub struct Pool {
    pub key: String,
    pub enabled: bool,
    pub from: String,
    pub to: String,
    pub more: Vec<(String, String)>,
    pub hosts: Vec<Reservation>,
}

/// A host with an address of its own.
#[derive(Clone, Debug, Serialize)]
pub struct Reservation {
    /// The host that it is for.
    #[serde(skip)]
    pub span: Span,
    pub mac: String,
    pub address: String,
    pub name: String,
    pub descr: String,
}

/// A name that the resolver answers by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Override {
    /// The first label, and empty where the name is a domain itself.
    pub host: String,
    pub domain: String,
    /// Addresses, with commas.
    pub addresses: String,
    pub descr: String,
}

/// An OpenVPN server, as far as a policy knows it.
#[derive(Clone, Debug, Serialize)]
pub struct OpenVpn {
    pub id: String,
    pub interface: String,
    pub protocol: String,
    pub port: u16,
    pub tunnel: String,
    pub tunnel6: String,
    pub full: bool,
    /// Networks that clients are told of, by family.
    pub local: String,
    pub local6: String,
    /// Whom they ask for names.
    pub dns: Vec<String>,
    pub radius: String,
    /// Lines of OpenVPN's own, with semicolons between.
    pub options: String,
    pub descr: String,
}

/// What binds an address to a client of OpenVPN.
#[derive(Clone, Debug, Serialize)]
pub struct ClientOverride {
    /// The number of the server.
    pub server: String,
    pub name: String,
    pub descr: String,
    /// Addresses with the length of their networks, or empty.
    pub v4: String,
    pub v6: String,
}

/// A WireGuard tunnel, without its private key.
#[derive(Clone, Debug, Serialize)]
pub struct WireGuard {
    pub name: String,
    pub descr: String,
    pub port: u16,
}

/// Somebody who connects by WireGuard.
#[derive(Clone, Debug, Serialize)]
pub struct WireGuardPeer {
    pub device: String,
    pub descr: String,
    pub key: String,
    /// Where it is called; empty where it calls.
    pub endpoint: String,
    pub endpoint_port: String,
    pub keepalive: &'static str,
    pub addresses: Vec<(String, u8)>,
}
