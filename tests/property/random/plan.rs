//! A policy as the generator thinks of it, and its text. Things name each other by numbers that never change, so that
//! any of them can be taken out.

use std::{fmt::Write as _, net::IpAddr};

/// A prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    pub first: IpAddr,
    pub length: u8,
}

pub fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(u32::from(address)),
        IpAddr::V6(address) => u128::from(address),
    }
}

/// The address of a family that a number stands for.
pub fn from_bits(v4: bool, bits: u128) -> IpAddr {
    if v4 { IpAddr::V4((bits as u32).into()) } else { IpAddr::V6(bits.into()) }
}

impl Block {
    pub fn new(text: &str) -> Self {
        let (first, length) = text.split_once('/').unwrap();
        Self { first: first.parse().unwrap(), length: length.parse().unwrap() }
    }

    pub fn v4(self) -> bool {
        self.first.is_ipv4()
    }

    fn width(self) -> u8 {
        if self.v4() { 32 } else { 128 }
    }

    /// How far the last address is from the first.
    pub fn span(self) -> u128 {
        let host = u32::from(self.width() - self.length);
        if host == 128 { u128::MAX } else { (1 << host) - 1 }
    }

    pub fn last(self) -> IpAddr {
        self.at(self.span())
    }

    pub fn at(self, offset: u128) -> IpAddr {
        from_bits(self.v4(), bits(self.first) + offset)
    }

    pub fn contains(self, address: IpAddr) -> bool {
        address.is_ipv4() == self.v4()
            && bits(address) >= bits(self.first)
            && bits(address) - bits(self.first) <= self.span()
    }

    pub fn text(self) -> String {
        format!("{}/{}", self.first, self.length)
    }
}

#[derive(Clone, Debug)]
pub struct Router {
    pub reject: Option<bool>,
    pub output_open: Option<bool>,
    pub timezone: Option<&'static str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Net {
    Literal(Block),
    Delegated(u64),
}

#[derive(Clone, Debug)]
pub struct Zone {
    pub id: usize,
    pub role: &'static str,
    pub interface: String,
    pub nets: Vec<Net>,
    pub addresses: Vec<IpAddr>,
    /// `dhcp`, `pppoe`, `pd`
    pub assigned: Option<&'static str>,
    pub isolated: bool,
    pub masquerade: Option<bool>,
    pub uplink: Option<&'static str>,
    pub upstream: Vec<Block>,
    pub delegated: Option<Block>,
    pub failover: bool,
    pub egress: Option<(usize, Option<IpAddr>)>,
}

impl Zone {
    pub fn is_internet(&self) -> bool {
        self.role == "internet"
    }
}

#[derive(Clone, Debug)]
pub struct Host {
    pub id: usize,
    pub zones: Vec<usize>,
    pub addresses: Vec<IpAddr>,
    pub suffix: Option<u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    Any,
    Router,
    Internet,
    Private,
    Role(&'static str),
    Zone(usize),
    Host(usize),
    Group(usize),
    Ranges(usize),
    Address(IpAddr),
    Prefix(Block),
    Range(IpAddr, IpAddr),
}

#[derive(Clone, Debug, Default)]
pub struct Side {
    pub terms: Vec<Term>,
    pub except: Vec<Term>,
}

#[derive(Clone, Debug)]
pub struct Group {
    pub id: usize,
    /// With braces and this zone; none is the form with `=`.
    pub zone: Option<usize>,
    pub side: Side,
}

#[derive(Clone, Debug)]
pub struct Ranges {
    pub id: usize,
    pub terms: Vec<Term>,
}

pub type Span = (u16, u16);

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    Ports { proto: u8, to: Vec<Span>, from: Vec<Span> },
    Icmp { v6: bool, kind: Option<u8>, code: Option<u8> },
    Proto(u8),
    Service(usize),
}

#[derive(Clone, Debug)]
pub struct Service {
    pub id: usize,
    pub items: Vec<Item>,
}

/// Days from Monday, then minutes of the day; an end before the start is on the next day.
#[derive(Clone, Debug)]
pub struct Schedule {
    pub id: usize,
    pub parts: Vec<(Vec<usize>, u16, u16)>,
}

#[derive(Clone, Debug, Default)]
pub struct Options {
    pub as_router: bool,
    pub log: bool,
    pub during: Option<usize>,
    pub until: bool,
    pub limit: Option<(u64, &'static str)>,
}

#[derive(Clone, Debug)]
pub struct Rule {
    pub allow: bool,
    pub from: Side,
    pub to: Side,
    pub items: Vec<Item>,
    /// The services of the other direction: an integration of this number.
    pub back: Option<(usize, Vec<Item>)>,
    pub options: Options,
}

#[derive(Clone, Debug)]
pub struct Exposure {
    pub host: usize,
    pub items: Vec<Item>,
    pub from: Vec<Term>,
    pub on: Option<usize>,
    pub port: Option<u16>,
    /// The host of the proxy, or the router, and where it listens if that is said.
    pub through: Option<(Option<usize>, Vec<Item>)>,
    pub http01: bool,
    pub hairpin: Option<bool>,
    pub ipv6: Option<bool>,
    pub options: Options,
}

#[derive(Clone, Debug)]
pub struct Vpn {
    pub zone: usize,
    pub listen: (u8, u16),
    pub on: Option<usize>,
    pub server: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Redirect {
    pub from: Side,
    pub items: Vec<Item>,
    /// None is the router.
    pub to: Option<usize>,
}

#[derive(Clone, Debug)]
pub struct Reflector {
    pub mdns: bool,
    pub zones: Vec<usize>,
}

#[derive(Clone, Debug)]
pub struct Assertion {
    pub kind: &'static str,
    pub from: Side,
    pub to: Side,
    pub items: Vec<Item>,
}

/// Everything but the router and the zones, one line each.
#[derive(Clone, Debug)]
pub enum Statement {
    Host(Host),
    Group(Group),
    Ranges(Ranges),
    Service(Service),
    Schedule(Schedule),
    Rule(Rule),
    Expose(Exposure),
    Vpn(Vpn),
    Redirect(Redirect),
    Reflect(Reflector),
    Assert(Assertion),
}

#[derive(Clone, Debug)]
pub struct Policy {
    pub router: Router,
    pub zones: Vec<Zone>,
    pub statements: Vec<Statement>,
}

/// Every date in the future is this one.
pub const UNTIL: &str = "2027-03-31";

impl Policy {
    /// One line for the router, one for each zone and each statement, in this order.
    pub fn lines(&self) -> Vec<String> {
        let mut lines = vec![self.router.text()];
        lines.extend(self.zones.iter().map(|zone| self.zone_text(zone)));
        lines.extend(self.statements.iter().map(|statement| self.statement_text(statement)));
        lines
    }

    pub fn text(&self) -> String {
        self.lines().join("\n") + "\n"
    }

    pub fn zone_at(&self, id: usize) -> Option<usize> {
        self.zones.iter().position(|zone| zone.id == id)
    }

    pub fn hosts(&self) -> impl Iterator<Item = &Host> {
        self.statements.iter().filter_map(|statement| match statement {
            Statement::Host(host) => Some(host),
            _ => None,
        })
    }

    pub fn host(&self, id: usize) -> Option<&Host> {
        self.hosts().find(|host| host.id == id)
    }

    pub fn group(&self, id: usize) -> Option<&Group> {
        self.statements.iter().find_map(|statement| match statement {
            Statement::Group(group) if group.id == id => Some(group),
            _ => None,
        })
    }

    pub fn ranges(&self, id: usize) -> Option<&Ranges> {
        self.statements.iter().find_map(|statement| match statement {
            Statement::Ranges(ranges) if ranges.id == id => Some(ranges),
            _ => None,
        })
    }

    pub fn service(&self, id: usize) -> Option<&Service> {
        self.statements.iter().find_map(|statement| match statement {
            Statement::Service(service) if service.id == id => Some(service),
            _ => None,
        })
    }

    pub fn schedule(&self, id: usize) -> Option<&Schedule> {
        self.statements.iter().find_map(|statement| match statement {
            Statement::Schedule(schedule) if schedule.id == id => Some(schedule),
            _ => None,
        })
    }

    fn zone_name(&self, id: usize) -> String {
        match self.zones.iter().find(|zone| zone.id == id) {
            Some(zone) if zone.is_internet() => format!("wan{id}"),
            _ => format!("zone{id}"),
        }
    }

    fn zone_text(&self, zone: &Zone) -> String {
        let mut text = format!("zone {} {{ role {};  interface {}", self.zone_name(zone.id), zone.role, zone.interface);
        let named = match (zone.assigned, zone.role) {
            (Some("pppoe"), _) => format!("pppoe-{}", self.zone_name(zone.id)),
            (_, "vpn") => format!("wg{}", zone.id),
            _ => String::new(),
        };
        if !named.is_empty() {
            write!(text, ";  interface openwrt {named}").unwrap();
        }
        if !zone.nets.is_empty() {
            let nets = zone.nets.iter().map(|net| match net {
                Net::Literal(block) => block.text(),
                Net::Delegated(number) => format!("delegated {number:x}"),
            });
            write!(text, ";  network {}", nets.collect::<Vec<_>>().join(", ")).unwrap();
        }
        let own: Vec<String> = zone
            .assigned
            .iter()
            .map(|word| (*word).to_owned())
            .chain(zone.addresses.iter().map(ToString::to_string))
            .collect();
        if !own.is_empty() {
            write!(text, ";  address {}", own.join(", ")).unwrap();
        }
        if zone.isolated {
            text += ";  isolated";
        }
        if let Some(on) = zone.masquerade {
            write!(text, ";  masquerade {}", switch(on)).unwrap();
        }
        if let Some(uplink) = zone.uplink {
            write!(text, ";  uplink {uplink}").unwrap();
        }
        if !zone.upstream.is_empty() {
            write!(text, ";  upstream {}", list(zone.upstream.iter().map(|block| block.text()))).unwrap();
        }
        if let Some(block) = zone.delegated {
            write!(text, ";  delegated {}", block.text()).unwrap();
        }
        if zone.failover {
            text += ";  failover";
        }
        if let Some((uplink, from)) = zone.egress {
            write!(text, ";  egress {}", self.zone_name(uplink)).unwrap();
            if let Some(from) = from {
                write!(text, " from {from}").unwrap();
            }
        }
        text + " }"
    }

    fn statement_text(&self, statement: &Statement) -> String {
        match statement {
            Statement::Host(host) => {
                let mut text =
                    format!("host h{} {{ zone {}", host.id, list(host.zones.iter().map(|id| self.zone_name(*id))));
                if !host.addresses.is_empty() {
                    write!(text, ";  address {}", list(host.addresses.iter().map(ToString::to_string))).unwrap();
                }
                if let Some(suffix) = host.suffix {
                    write!(text, ";  suffix {}", from_bits(false, suffix.into())).unwrap();
                }
                text + " }"
            }
            Statement::Group(group) => match group.zone {
                Some(zone) => {
                    format!(
                        "group g{} {{ zone {};  members {} }}",
                        group.id,
                        self.zone_name(zone),
                        self.side(&group.side)
                    )
                }
                None => format!("group g{} = {}", group.id, self.side(&group.side)),
            },
            Statement::Ranges(ranges) => format!("ranges r{} = {}", ranges.id, self.terms(&ranges.terms)),
            Statement::Service(service) => format!("service s{} = {}", service.id, items(&service.items)),
            Statement::Schedule(schedule) => {
                let parts = schedule.parts.iter().map(|(days, from, to)| {
                    let days = list(days.iter().map(|day| DAYS[*day].to_owned()));
                    format!("{days}{}{}-{}", if days.is_empty() { "" } else { " " }, clock(*from), clock(*to))
                });
                format!("schedule t{} = {}", schedule.id, list(parts))
            }
            Statement::Rule(rule) => self.rule_text(rule),
            Statement::Expose(exposure) => self.exposure_text(exposure),
            Statement::Vpn(vpn) => {
                let mut text = format!(
                    "vpn {} {{ kind openvpn;  listen {} {}",
                    self.zone_name(vpn.zone),
                    protocol(vpn.listen.0),
                    vpn.listen.1
                );
                if let Some(zone) = vpn.on {
                    write!(text, ";  on {}", self.zone_name(zone)).unwrap();
                }
                if let Some(host) = vpn.server {
                    write!(text, ";  server h{host}").unwrap();
                }
                text + " }"
            }
            Statement::Redirect(redirect) => {
                let to = redirect.to.map_or_else(|| "router".to_owned(), |host| format!("h{host}"));
                format!("redirect {} : {} -> {to}", self.side(&redirect.from), items(&redirect.items))
            }
            Statement::Reflect(reflector) => {
                let protocol = if reflector.mdns { "mdns" } else { "ssdp" };
                format!("reflect {protocol} between {}", list(reflector.zones.iter().map(|id| self.zone_name(*id))))
            }
            Statement::Assert(assertion) => {
                format!(
                    "{} {} -> {}{}",
                    assertion.kind,
                    self.side(&assertion.from),
                    self.side(&assertion.to),
                    behind(&assertion.items)
                )
            }
        }
    }

    fn rule_text(&self, rule: &Rule) -> String {
        let word = if rule.allow { "allow" } else { "deny" };
        let (from, to) = (self.side(&rule.from), self.side(&rule.to));
        let options = body(&options(&rule.options));
        match &rule.back {
            // The integration stands in the line before its rule, so that they come and go together.
            Some((id, back)) => format!(
                "integration i{id} {{ there {};  back {} }};  {word} {from} <-> {to} : i{id}{options}",
                items(&rule.items),
                items(back)
            ),
            None => format!("{word} {from} -> {to}{}{options}", behind(&rule.items)),
        }
    }

    fn exposure_text(&self, exposure: &Exposure) -> String {
        let mut parts = Vec::new();
        if !exposure.from.is_empty() {
            parts.push(format!("from {}", self.terms(&exposure.from)));
        }
        if let Some(zone) = exposure.on {
            parts.push(format!("on {}", self.zone_name(zone)));
        }
        if let Some(port) = exposure.port {
            parts.push(format!("port {port}"));
        }
        if let Some((host, service)) = &exposure.through {
            let host = host.map_or_else(|| "router".to_owned(), |host| format!("h{host}"));
            parts.push(format!("through {host}{}", behind(service)));
        }
        if exposure.http01 {
            parts.push("tls letsencrypt http-01".to_owned());
        }
        parts.extend(exposure.hairpin.map(|on| format!("hairpin {}", switch(on))));
        parts.extend(exposure.ipv6.map(|on| format!("ipv6 {}", switch(on))));
        parts.extend(options(&exposure.options));
        format!("expose h{} : {}{}", exposure.host, items(&exposure.items), body(&parts))
    }

    fn side(&self, side: &Side) -> String {
        let mut text = self.terms(&side.terms);
        if !side.except.is_empty() {
            write!(text, " except {}", self.terms(&side.except)).unwrap();
        }
        text
    }

    fn terms(&self, terms: &[Term]) -> String {
        list(terms.iter().map(|term| match term {
            Term::Any => "any".to_owned(),
            Term::Router => "router".to_owned(),
            Term::Internet => "internet".to_owned(),
            Term::Private => "private".to_owned(),
            Term::Role(role) => format!("role.{role}"),
            Term::Zone(id) => self.zone_name(*id),
            Term::Host(id) => format!("h{id}"),
            Term::Group(id) => format!("g{id}"),
            Term::Ranges(id) => format!("r{id}"),
            Term::Address(address) => address.to_string(),
            Term::Prefix(block) => block.text(),
            Term::Range(from, to) => format!("{from}-{to}"),
        }))
    }
}

impl Router {
    fn text(&self) -> String {
        let mut text = "router edge { target nftables".to_owned();
        if let Some(reject) = self.reject {
            write!(text, ";  default-deny {}", if reject { "reject" } else { "drop" }).unwrap();
        }
        if let Some(open) = self.output_open {
            write!(text, ";  output {}", if open { "open" } else { "closed" }).unwrap();
        }
        if let Some(zone) = self.timezone {
            write!(text, ";  timezone \"{zone}\"").unwrap();
        }
        text + " }"
    }
}

const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

fn clock(minute: u16) -> String {
    format!("{:02}:{:02}", minute / 60, minute % 60)
}

fn list(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

fn switch(on: bool) -> &'static str {
    if on { "on" } else { "off" }
}

fn body(parts: &[String]) -> String {
    if parts.is_empty() { String::new() } else { format!(" {{ {} }}", parts.join(";  ")) }
}

fn options(options: &Options) -> Vec<String> {
    let mut parts = Vec::new();
    if options.as_router {
        parts.push("as router".to_owned());
    }
    if options.log {
        parts.push("log".to_owned());
    }
    if let Some(schedule) = options.during {
        parts.push(format!("during t{schedule}"));
    }
    if options.until {
        parts.push(format!("until {UNTIL}"));
    }
    if let Some((count, unit)) = options.limit {
        parts.push(format!("limit {count}/{unit}"));
    }
    parts
}

fn protocol(number: u8) -> &'static str {
    match number {
        6 => "tcp",
        17 => "udp",
        _ => "sctp",
    }
}

fn spans(spans: &[Span]) -> String {
    list(spans.iter().map(|(from, to)| if from == to { from.to_string() } else { format!("{from}-{to}") }))
}

fn behind(list: &[Item]) -> String {
    if list.is_empty() { String::new() } else { format!(" : {}", items(list)) }
}

fn items(items: &[Item]) -> String {
    list(items.iter().map(|item| match item {
        Item::Ports { proto, to, from } => {
            let mut text = protocol(*proto).to_owned();
            if !to.is_empty() {
                write!(text, " {}", spans(to)).unwrap();
            }
            if !from.is_empty() {
                write!(text, " from {}", spans(from)).unwrap();
            }
            text
        }
        Item::Icmp { v6, kind, code } => {
            let mut text = if *v6 { "icmpv6" } else { "icmp" }.to_owned();
            match (kind, code) {
                (Some(kind), Some(code)) => write!(text, " {kind}/{code}").unwrap(),
                (Some(kind), None) => write!(text, " {kind}").unwrap(),
                _ => {}
            }
            text
        }
        Item::Proto(number) => format!("proto {number}"),
        Item::Service(id) => format!("s{id}"),
    }))
}
