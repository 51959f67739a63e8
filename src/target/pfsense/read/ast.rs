//! pf's rules, as pfSense would write them: what a `config.xml` comes down to.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::packet::{Family, Ranges};

/// What a rule does with packets that it decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Action {
    Pass,
    /// With or without an answer to the sender.
    Block,
    /// Decides nothing, but tags.
    Match,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    In,
    Out,
}

/// Where in the configuration a rule comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// 0 for rules that pfSense adds by itself.
    pub line: u32,
    pub text: String,
}

/// Interfaces by the names of their devices, or of a group of devices.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct On {
    pub names: Vec<String>,
    /// All but these.
    pub not: bool,
}

impl On {
    pub fn one(name: &str) -> Self {
        Self { names: vec![name.to_owned()], not: false }
    }
}

/// A part of a list of addresses.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Atom {
    Net(IpNet),
    /// In some versions of pfSense, and not in others.
    Perhaps(IpNet),
    /// `(self)`: every address of the firewall.
    Own,
    /// `(em0)`: the addresses of one device.
    Of(String),
    /// What only the running firewall knows, such as the address of a name.
    Unknown,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Addresses {
    Any,
    Of(Vec<Atom>),
}

/// Ports as inclusive ranges. `unknown` says that there are more, known to the running firewall alone.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ports {
    pub ranges: Vec<(u16, u16)>,
    pub unknown: bool,
}

/// One end of a connection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct End {
    pub addresses: Addresses,
    pub not: bool,
    pub ports: Option<Ports>,
}

impl End {
    pub const ANY: Self = Self { addresses: Addresses::Any, not: false, ports: None };

    pub fn net(net: IpNet) -> Self {
        Self { addresses: Addresses::Of(vec![Atom::Net(net)]), ..Self::ANY }
    }

    pub fn with_port(self, port: u16) -> Self {
        Self { ports: Some(Ports { ranges: vec![(port, port)], unknown: false }), ..self }
    }
}

pub const SYN: u8 = 0x02;
const ACK: u8 = 0x10;

/// The flags of TCP that a rule wants: those of `mask` must be as in `set`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags {
    pub set: u8,
    pub mask: u8,
}

impl Flags {
    pub const ANY: Self = Self { set: 0, mask: 0 };
    /// `flags S/SA`, what pf takes for a rule that keeps state and says nothing else.
    pub const SYN: Self = Self { set: SYN, mask: SYN | ACK };

    /// Can none but the first packet of a connection have them?
    pub const fn open(self) -> bool {
        self.mask & (SYN | ACK) == SYN | ACK && self.set & (SYN | ACK) == SYN
    }
}

/// The minutes of the week in which a rule is loaded: surely, and possibly.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Minutes {
    pub surely: Ranges,
    pub possibly: Ranges,
}

/// What pfSense lets through by itself, by the name in `target.toml`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Own {
    Icmp6,
    DhcpServer,
    DhcpClient,
    Dhcp6,
}

/// What translations and rules have in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    pub on: Option<On>,
    pub family: Option<Family>,
    /// Empty for any.
    pub protocols: Vec<u8>,
    pub src: End,
    pub dst: End,
}

impl Match {
    pub const ANY: Self = Self { on: None, family: None, protocols: Vec::new(), src: End::ANY, dst: End::ANY };
}

/// A rule of the filter.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "pf's rules have as many switches")]
pub struct Filter {
    pub action: Action,
    pub direction: Option<Direction>,
    pub quick: bool,
    pub matches: Match,
    /// Types of ICMP, with or without a code; empty for any.
    pub icmp: Vec<(u8, Option<u8>)>,
    pub flags: Flags,
    /// `no state`: nothing remembers that it passed.
    pub stateless: bool,
    /// `reply-to` on the way out: answers are sent back to the gateway, and reach nobody.
    pub bounces: bool,
    /// Do answers to what it lets in from an uplink leave by the default route, and not by that uplink?
    pub by_default: bool,
    pub tag: String,
    /// A tag that the packet bears, or must not bear.
    pub tagged: Option<(String, bool)>,
    /// The devices that a gateway sends packets out on.
    pub route: Option<Vec<String>>,
    pub minutes: Option<Minutes>,
    /// A condition that cannot be judged from addresses: it may match or not.
    pub perhaps: bool,
    /// What it passes may be held back all the same, such as by a limit.
    pub unsure: bool,
    /// Is this one of the rules that cannot be switched off, and lets pass?
    pub own: Option<Own>,
    /// Is this one of the rules that cannot be switched off, and holds back?
    pub always: bool,
    pub origin: Origin,
}

impl Filter {
    pub fn new(action: Action, origin: &str) -> Self {
        Self {
            action,
            direction: None,
            quick: false,
            matches: Match::ANY,
            icmp: Vec::new(),
            flags: if action == Action::Pass { Flags::SYN } else { Flags::ANY },
            stateless: false,
            bounces: false,
            by_default: false,
            tag: String::new(),
            tagged: None,
            route: None,
            minutes: None,
            perhaps: false,
            unsure: false,
            own: None,
            always: false,
            origin: Origin { line: 0, text: origin.to_owned() },
        }
    }
}

/// Where a redirection leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum To {
    Address(IpAddr),
    /// One of several addresses, or one that cannot be told.
    Unknown,
}

/// A redirection of destinations (`rdr`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rdr {
    /// `no rdr`: what fits is not redirected.
    pub no: bool,
    /// What fits passes without asking the filter.
    pub pass: bool,
    pub matches: Match,
    pub to: To,
    /// New ports: the first one, and the last one if there are several.
    pub port: Option<(u16, u16)>,
    pub tag: String,
    pub perhaps: bool,
    pub origin: Origin,
}

/// The source that packets get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum From {
    /// The address of the interface.
    Interface,
    Address(IpAddr),
    Unknown,
}

/// A translation of sources (`nat`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nat {
    pub no: bool,
    pub matches: Match,
    pub from: From,
    pub static_port: bool,
    pub origin: Origin,
}

/// A translation in both directions (`binat`): `inside` seen from outside as `outside`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binat {
    pub no: bool,
    pub on: On,
    pub inside: Option<IpNet>,
    /// To whom; the other end of the connection.
    pub peer: End,
    pub outside: Option<IpNet>,
    pub origin: Origin,
}

/// An uplink that is not the default route: answers that are not sent back to its gateway leave elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aside {
    pub device: String,
    pub family: Family,
    /// Its own network, where no gateway is needed.
    pub near: Option<IpNet>,
}

/// All rules.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    pub binats: Vec<Binat>,
    pub nats: Vec<Nat>,
    pub rdrs: Vec<Rdr>,
    pub filters: Vec<Filter>,
    pub asides: Vec<Aside>,
    /// What pfSense leaves out, and what cannot be judged.
    pub notes: Vec<Origin>,
}
