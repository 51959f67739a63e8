//! What firewall4 has understood of the files: zones, rules, translations and sets, in the order in which it writes
//! them.

use super::{
    address::{Group, Subnet},
    network::Networks,
    uci::Section,
    value::{Maybe, Ports, Protocol, Rate},
};
use crate::router::{Line, Unreadable};

/// The words by which a section is told to the user: `rule 'tmp'`.
pub fn called(section: &Section) -> String {
    match section.text("name").or(section.name.as_deref()) {
        Some(name) => format!("{} '{name}'", section.kind),
        None if section.kind == "forwarding" => {
            let end = |option| section.text(option).unwrap_or("?").to_owned();
            format!("forwarding {} -> {}", end("src"), end("dest"))
        }
        None => section.kind.clone(),
    }
}

/// The place of a section.
pub fn line(section: &Section) -> Line {
    Line { file: section.file.clone(), line: section.line, text: called(section) }
}

/// A configuration that nft would refuse as a whole.
pub fn refused(section: &Section, why: &str) -> Unreadable {
    Unreadable::new(format!("{}:{}: {}: {why}", section.file, section.line, called(section)))
}

/// What firewall4 warns of, or what cannot be followed.
#[derive(Clone, Debug, Default)]
pub struct Warnings(pub Vec<Line>);

impl Warnings {
    pub fn add(&mut self, section: &Section, why: &str) {
        let place = line(section);
        self.0.push(Line { text: format!("{}: {why}", place.text), ..place });
    }
}

/// A zone of a rule: one of [`State::zones`], or any.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    Any,
    Zone(usize),
}

impl End {
    pub const fn zone(self) -> Option<usize> {
        match self {
            Self::Any => None,
            Self::Zone(zone) => Some(zone),
        }
    }
}

/// What makes a packet one of a zone: all of it must hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ZoneMatch {
    /// 4, 6 or 0.
    pub family: u8,
    pub devices: Vec<String>,
    pub not_devices: Vec<String>,
    pub not_wildcards: Vec<String>,
    pub subnets: Group,
}

/// What else a zone's chains have to hold, found while rules are read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `accept_from_…`, `reject_from_…`, `drop_from_…`
    pub from: Vec<&'static str>,
    /// `accept_to_…`, …; also `dnat`, `snat`, `notrack`.
    pub to: Vec<&'static str>,
}

#[derive(Clone, Debug)]
pub struct Zone {
    pub line: Line,
    pub name: String,
    pub family: Option<u8>,
    pub input: &'static str,
    pub output: &'static str,
    pub forward: &'static str,
    pub masq: bool,
    pub masq6: bool,
    pub allow_invalid: bool,
    pub masq_src: Vec<Subnet>,
    pub masq_dest: Vec<Subnet>,
    pub log: i64,
    pub matches: Vec<ZoneMatch>,
    /// Addresses of its networks, and its subnets.
    pub related: Vec<Subnet>,
    /// The helpers that its connections get, by their names.
    pub helpers: Vec<String>,
    pub flags: Flags,
}

/// A field of a set's key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    Address,
    Mac,
    Port,
}

#[derive(Clone, Debug)]
pub struct Set {
    pub line: Line,
    pub name: String,
    pub v6: bool,
    /// 4 or 6; 0 for sets without addresses.
    pub family: u8,
    pub fields: Vec<Field>,
    /// True is the destination.
    pub directions: Vec<bool>,
    pub interval: bool,
    /// Others fill it, or its entries leave.
    pub changing: bool,
    pub entries: Vec<String>,
}

/// Conditions that rules and translations share.
#[derive(Clone, Debug, Default)]
pub struct Matches {
    /// 4, 6 or 0.
    pub family: u8,
    pub proto: Protocol,
    /// A protocol's own match says it already.
    pub implied: bool,
    pub iifname: Option<String>,
    pub oifname: Option<String>,
    pub src: Group,
    pub dest: Group,
    pub src_ports: Vec<Maybe<Ports>>,
    pub dest_ports: Vec<Maybe<Ports>>,
    pub macs: Vec<Maybe<String>>,
    pub icmp_types: Vec<u32>,
    pub icmp_codes: Vec<(u32, u32)>,
    /// Conditions that stand for themselves: helper, limit, times, mark, DSCP, set.
    pub rest: Common,
}

/// Conditions that do not depend on protocol or family.
#[derive(Clone, Debug, Default)]
pub struct Common {
    pub helper: Option<Maybe<String>>,
    pub limit: Option<(Rate, Option<i64>)>,
    pub start_date: Option<String>,
    pub stop_date: Option<String>,
    pub start_time: Option<String>,
    pub stop_time: Option<String>,
    pub weekdays: Option<Maybe<Vec<&'static str>>>,
    pub mark: Option<Maybe<(i64, i64)>>,
    pub dscp: Option<Maybe<i64>>,
    /// The set's number in [`State::sets`], and the fields that are looked up in it.
    pub set: Option<Maybe<(usize, Vec<String>)>>,
}

/// A rule of one of the chains.
#[derive(Clone, Debug)]
pub struct Rule {
    pub line: Line,
    pub chain: String,
    pub matches: Matches,
    /// What is printed behind the conditions.
    pub action: String,
}

/// What firewall4 knows.
#[derive(Debug, Default)]
pub struct State {
    pub warnings: Warnings,
    pub networks: Networks,
    pub defaults: super::defaults::Defaults,
    /// Zones whose connections get every helper for which the router has a module.
    pub helping: Vec<String>,
    pub sets: Vec<Set>,
    pub zones: Vec<Zone>,
    pub rules: Vec<Rule>,
    pub redirects: Vec<Rule>,
    pub includes: Vec<super::include::Include>,
}

impl State {
    /// The zone of a name, or any for `*`.
    pub fn end(zones: &[Zone], text: &str) -> Option<End> {
        if text == "*" {
            return Some(End::Any);
        }
        zones.iter().position(|zone| zone.name == text).map(End::Zone)
    }

    /// Notes that a zone needs a chain `FLAG_to_ZONE`.
    pub fn to(&mut self, zone: usize, flag: &'static str) {
        if let Some(zone) = self.zones.get_mut(zone) {
            zone.flags.to.push(flag);
        }
    }

    /// The restriction of a zone to one family.
    pub fn family_of(&self, end: Option<End>) -> Option<u8> {
        self.zones.get(end?.zone()?)?.family
    }

    pub fn name_of(&self, zone: usize) -> &str {
        self.zones.get(zone).map_or("", |zone| zone.name.as_str())
    }
}

/// The family that several parts of a section leave; `Err` says that they exclude each other. 0 and nothing are both.
pub fn infer(family: Option<u8>, parts: &[Option<u8>]) -> Result<Option<u8>, ()> {
    let mut found = family;
    for part in parts.iter().flatten().filter(|part| **part != 0) {
        match found {
            None | Some(0) => found = Some(*part),
            Some(have) if have == *part => {}
            Some(_) => return Err(()),
        }
    }
    Ok(found)
}

/// Longest comment and log prefix that nft takes, in bytes.
pub fn check_lengths(section: &Section, comment: &str, log: Option<&str>) -> Result<(), Unreadable> {
    if comment.len() + "!fw4: ".len() > 128 {
        return Err(refused(section, "its name is longer than 122 letters: nft refuses the whole firewall"));
    }
    if log.is_some_and(|log| log.len() > 127) {
        return Err(refused(section, "its log prefix is longer than 127 letters: nft refuses the whole firewall"));
    }
    Ok(())
}
