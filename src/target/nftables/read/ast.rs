//! What a file says, as data: tables, chains, sets, rules and their statements. No meaning is worked out here.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::router::Limit;

/// A value on the right of a match, in a set, or as the target of a translation, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    Word(String),
    Quoted(String),
    Number(u128),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    Mac(String),
    /// `*`, the element of a set that matches everything else.
    Any,
    Range(Box<Self>, Box<Self>),
    Prefix(Box<Self>, u128),
    /// `a . b`
    Concat(Vec<Self>),
    /// `a,b` or `a|b`: flags.
    Flags(Vec<Self>, Join),
    /// `{ … }`
    Set(Vec<Element>),
    /// `@name`
    Named(String),
}

/// How flags are joined: a list (`a,b`) and a number (`a|b`) mean different things in a match.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Join {
    Comma,
    Bar,
}

impl Value {
    /// As nft writes it.
    pub fn words(&self) -> String {
        let all = |values: &[Self], sign: &str| values.iter().map(Self::words).collect::<Vec<_>>().join(sign);
        match self {
            Self::Word(word) | Self::Mac(word) => word.clone(),
            Self::Quoted(word) => format!("\"{word}\""),
            Self::Number(number) => number.to_string(),
            Self::V4(address) => address.to_string(),
            Self::V6(address) => address.to_string(),
            Self::Any => "*".to_owned(),
            Self::Range(low, high) => format!("{}-{}", low.words(), high.words()),
            Self::Prefix(base, length) => format!("{}/{length}", base.words()),
            Self::Concat(parts) => all(parts, " . "),
            Self::Flags(parts, Join::Comma) => all(parts, ","),
            Self::Flags(parts, Join::Bar) => all(parts, "|"),
            Self::Set(elements) => {
                let keys: Vec<String> = elements.iter().map(|element| element.key.words()).collect();
                format!("{{ {} }}", keys.join(", "))
            }
            Self::Named(name) => format!("@{name}"),
        }
    }
}

/// An element of a set or map.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Element {
    pub key: Value,
    pub data: Option<Data>,
    /// It leaves the set after a while, so it may or may not be there.
    pub expires: bool,
    pub line: u32,
}

/// What a map gives for a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Data {
    Verdict(Verdict),
    Value(Value),
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Accept,
    /// `drop` and `reject`.
    Drop,
    Continue,
    Return,
    Jump(String),
    Goto(String),
    /// `queue`: a program decides.
    Queue,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    /// Nothing written.
    Implicit,
    Equal,
    NotEqual,
    /// `!`, for flags: none of them.
    None,
    Less,
    Greater,
    AtMost,
    AtLeast,
}

/// Which header's ports: one protocol's, or whatever transport header there is (`th`).
pub type Transport = Option<u8>;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum End {
    Src,
    Dst,
}

/// What a match looks at.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Selector {
    InName,
    OutName,
    /// `ip` or `ip6` `saddr` or `daddr`; true is IPv6.
    Address(bool, End),
    /// `ip protocol` (false) or `ip6 nexthdr` (true).
    NextHeader(bool),
    /// `ip6 hoplimit`
    HopLimit,
    L4proto,
    Nfproto,
    /// `meta protocol`: the Ethernet type.
    EtherType,
    Port(Transport, End),
    /// `icmp type` (false) or `icmpv6 type` (true).
    IcmpType(bool),
    IcmpCode(bool),
    TcpFlags,
    CtState,
    CtStatus,
    /// `meta mark`
    Mark,
    CtMark,
    CtZone,
    CtDirection,
    /// `ct original ip saddr`; the family is open in the old form `ct original saddr`.
    CtAddress(Option<bool>, End),
    /// `ct original proto-dst`
    CtPort(End),
    CtProtocol,
    /// `fib saddr type`, `fib daddr . iif type`; true is with the arriving interface.
    FibType(End, bool),
    /// `fib saddr . iif oif`, likewise.
    FibOut(End, bool),
    Hour,
    Day,
    /// One that the packet sets cannot express, as written.
    Opaque(String),
}

/// The left side of a match or the key of a map: one selector or a concatenation, perhaps masked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    pub parts: Vec<Selector>,
    pub mask: Option<Value>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NatKind {
    Dnat,
    Snat,
    Masquerade,
    Redirect,
}

/// What a translation writes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum NatTarget {
    /// Only what the kind says (`masquerade`).
    Own,
    Fixed {
        address: Option<Value>,
        port: Option<Value>,
    },
    Map {
        key: Key,
        map: Value,
        interval: bool,
    },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Nat {
    pub kind: NatKind,
    /// `dnat ip to` is false, `dnat ip6 to` is true.
    pub v6: Option<bool>,
    pub target: NatTarget,
}

/// An operation on marks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    And,
    Or,
    Xor,
    Left,
    Right,
}

/// A number that is reckoned from others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reckoned {
    Constant(Value),
    Read(Selector),
    Of(Box<Self>, Sign, Box<Self>),
    /// Any number.
    Unknown,
}

/// What is written into a mark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MarkValue {
    Reckoned(Reckoned),
    Map { key: Key, map: Value },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    Match {
        key: Key,
        op: Op,
        value: Value,
    },
    Verdict(Verdict),
    VerdictMap {
        key: Key,
        map: Value,
    },
    Limit {
        limit: Limit,
        over: bool,
    },
    NamedLimit(String),
    Nat(Nat),
    /// Writes something that is read here, and does not matter otherwise.
    Reads {
        key: Key,
        map: Option<Value>,
    },
    /// `meta mark set`, or `ct mark set` for the connection's.
    Mark {
        connection: bool,
        value: MarkValue,
    },
    /// `ct zone set`: later packets are looked for among other connections.
    Zone,
    /// `notrack`
    Untrack,
    /// `ct helper set`, `ct expectation set`: connections that this one names pass as related. With what is read for it.
    Helper(Option<(Key, Option<Value>)>),
    /// Changes a set; goes on unless the set is full.
    Update(String),
    /// Changes neither verdict nor addresses; the text says what a reader of the results should know, if anything.
    Nothing(Option<&'static str>),
    /// A condition that cannot be told.
    Unknown,
    /// Something that may also be a verdict or translation.
    Opaque,
}

/// One statement of a rule, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Statement {
    pub action: Action,
    pub text: String,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    pub line: u32,
    pub text: String,
    pub statements: Vec<Statement>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Hook {
    Ingress,
    Prerouting,
    Input,
    Forward,
    Output,
    Postrouting,
}

impl Hook {
    /// Is it one of those at which firewalls decide who gets through?
    pub const fn filters(self) -> bool {
        matches!(self, Self::Input | Self::Forward | Self::Output)
    }
}

/// What makes a chain a base chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Base {
    pub nat: bool,
    pub hook: Hook,
    pub priority: i64,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Chain {
    pub name: String,
    pub line: u32,
    pub base: Option<Base>,
    pub drops: bool,
    pub policy_line: u32,
    pub rules: Vec<Rule>,
}

/// A named set or map.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedSet {
    pub name: String,
    pub line: u32,
    pub map: bool,
    /// Packets change it (`flags dynamic`).
    pub dynamic: bool,
    /// Its elements leave it after a while.
    pub expires: bool,
    pub elements: Vec<Element>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TableFamily {
    Ip,
    Ip6,
    Inet,
    Arp,
    Bridge,
    Netdev,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    pub family: TableFamily,
    pub name: String,
    pub line: u32,
    /// `flags dormant`: none of its chains is asked.
    pub dormant: bool,
    pub chains: Vec<Chain>,
    pub sets: Vec<NamedSet>,
    pub limits: Vec<(String, Limit, bool)>,
}

impl Table {
    pub fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains.iter().find(|chain| chain.name == name)
    }

    pub fn set(&self, name: &str) -> Option<&NamedSet> {
        self.sets.iter().find(|set| set.name == name)
    }
}

/// Everything that is loaded after the file's commands have been carried out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ruleset {
    pub tables: Vec<Table>,
}
