//! The syntax tree: what was written, with its places, before any name has a meaning.

use std::net::IpAddr;

use super::token::Token;
use crate::diagnostic::Span;

/// A policy file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct File {
    pub statements: Vec<Statement>,
}

/// A statement and the whole of its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub span: Span,
    pub kind: StatementKind,
}

/// Any statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StatementKind {
    Use(Use),
    Router(Declaration),
    Zone(Declaration),
    Host(Declaration),
    Group(Group),
    Service(Service),
    Integration(Declaration),
    Schedule(Schedule),
    Ranges(Ranges),
    Rule(Rule),
    Expose(Expose),
    Vpn(Declaration),
    Redirect(Redirect),
    Reflect(Reflect),
    HomeAssistant(Declaration),
    Assertion(Assertion),
    Exposed(Exposed),
    Check(Check),
    Waive(Waive),
}

/// A name and its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    pub text: String,
    pub span: Span,
}

/// `use PATH [as NAME]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Use {
    pub target: UseTarget,
    pub alias: Option<Name>,
}

/// What is used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UseTarget {
    /// A module of the standard library: `std.services`.
    Module(Name),
    /// A file: `"./iot.hedge"`.
    File(Name),
}

/// `zone NAME { ... }` and the other statements of that form. A body that was left out is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Declaration {
    pub name: Name,
    pub body: Body,
}

/// Attributes between braces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Body {
    pub attributes: Vec<Attribute>,
}

/// `KEY ARGUMENTS [{ ... }]`. The arguments are kept as tokens; what they have to be depends on the key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Attribute {
    pub key: Name,
    pub arguments: Vec<Token>,
    pub body: Option<Body>,
    pub span: Span,
}

/// `group NAME = A, B` or `group NAME { zone Z;  members A, B }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Group {
    pub name: Name,
    pub members: Option<Side>,
    pub body: Body,
}

/// `service NAME = ITEMS { ... }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub name: Name,
    pub items: Vec<Item>,
    pub body: Body,
}

/// `schedule NAME = mon-fri 21:00-07:00, sat,sun 22:30-08:00`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Schedule {
    pub name: Name,
    pub spans: Vec<ScheduleSpan>,
}

/// Some days and a time of day; no days means every day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScheduleSpan {
    pub days: Vec<Name>,
    /// Minutes since midnight. An end before the start crosses midnight.
    pub from: u16,
    pub to: u16,
    pub span: Span,
}

/// `ranges NAME = PREFIXES { ... }` or `ranges NAME from "file.txt" { ... }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ranges {
    pub name: Name,
    pub source: RangesSource,
    pub body: Body,
}

/// Where the prefixes come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RangesSource {
    Terms(Vec<Term>),
    File(Name),
}

/// One side of a rule: `pc, road except laptop`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    pub terms: Vec<Term>,
    pub except: Vec<Term>,
    pub span: Span,
}

/// A name or an address literal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    pub kind: TermKind,
    pub span: Span,
}

/// What a term is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TermKind {
    Name(String),
    Address(IpAddr),
    Prefix(IpAddr, u8),
    Range(IpAddr, IpAddr),
}

/// One item of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub kind: ItemKind,
    pub span: Span,
}

/// What an item is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemKind {
    /// Another service, or an integration behind `<->`.
    Name(String),
    /// `tcp 80, 443 from 1024-65535`; no ports means all ports.
    Ports { transport: Transport, to: Vec<Ports>, from: Vec<Ports> },
    /// `icmp 8/0`
    Icmp { version: IcmpVersion, kind: Option<u64>, code: Option<u64> },
    /// `proto 50`
    Protocol(u64),
}

/// A protocol with ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    Tcp,
    Udp,
    Sctp,
}

/// ICMP of which family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IcmpVersion {
    V4,
    V6,
}

/// A port (`from == to`) or a range of ports, as written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ports {
    pub from: u64,
    pub to: u64,
    pub span: Span,
}

/// `allow A -> B : S { ... }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub action: Action,
    pub from: Side,
    /// `<->`: both directions that the integrations need.
    pub both: bool,
    pub to: Side,
    pub services: Vec<Item>,
    pub options: Body,
}

/// What a rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Action {
    Allow,
    Deny,
}

/// `expose HOST : SERVICE { ... }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expose {
    pub host: Name,
    pub services: Vec<Item>,
    pub body: Body,
}

/// `redirect WHO : SERVICE -> HOST`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    pub from: Side,
    pub services: Vec<Item>,
    pub to: Name,
    pub options: Body,
}

/// `reflect mdns between A, B { ... }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reflect {
    pub protocol: Name,
    pub zones: Vec<Name>,
    pub body: Body,
}

/// `never|always|only A -> B : S`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assertion {
    pub kind: AssertionKind,
    pub from: Side,
    /// `~>`: through any chain of hosts.
    pub chain: bool,
    pub to: Side,
    pub services: Vec<Item>,
}

/// What an assertion claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AssertionKind {
    Never,
    Always,
    Only,
}

/// `exposed { tcp 443 -> proxy : https from cloudflare }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exposed {
    pub entries: Vec<ExposedEntry>,
}

/// One thing that the internet can open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExposedEntry {
    /// The public ports.
    pub public: Vec<Item>,
    pub to: Name,
    /// The service behind them; none means the same ports.
    pub services: Vec<Item>,
    /// Who may; none means the whole internet.
    pub from: Vec<Term>,
    pub span: Span,
}

/// `check ID { severity error;  never ...;  because "..." }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    pub id: Name,
    pub assertions: Vec<(Span, Assertion)>,
    pub body: Body,
}

/// `waive ID [for A [-> B]] { until DATE;  because "..." }`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waive {
    pub id: Name,
    pub from: Option<Side>,
    pub to: Option<Side>,
    pub body: Body,
}
