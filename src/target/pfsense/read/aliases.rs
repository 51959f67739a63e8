//! Aliases: what `filter_generate_nested_alias` and `alias_expand` make of them.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use ipnet::IpNet;

use super::{
    ast::{Atom, Ports},
    interfaces::Interfaces,
    names,
    routes::Vpns,
    xml::Node,
};
use crate::router::Unreadable;

/// Stands in a list for what cannot be told.
const UNKNOWN: &str = "?";

/// An alias as it is written.
#[derive(Clone, Debug, Default)]
struct Alias {
    kind: String,
    address: String,
    /// Has it an address to be loaded from?
    loads: bool,
    /// Does it stand in the file, and is none of pfSense's own?
    written: bool,
}

/// All aliases, pfSense's own among them, which take precedence.
#[derive(Clone, Debug, Default)]
pub struct Aliases(BTreeMap<String, Alias>);

/// What a name or literal stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Meaning {
    /// A table, or the addresses of a literal.
    Addresses(Vec<Atom>),
    /// A list that pf does not take where an address should stand: one of ports, or of a type that pfSense does not
    /// know, whose words it hands on as they are.
    Refused(&'static str),
    /// pfSense knows nothing of this name, and leaves out the rule that uses it.
    Nothing,
}

/// Words of pf's own grammar that the name of a list could be, and names that pfSense gives to its own.
const RESERVED: &[&str] = &[
    "all",
    "any",
    "anchor",
    "binat",
    "block",
    "code",
    "debug",
    "drop",
    "ether",
    "file",
    "flags",
    "floating",
    "flush",
    "for",
    "fragment",
    "from",
    "global",
    "group",
    "in",
    "include",
    "inet",
    "inet6",
    "interval",
    "keep",
    "label",
    "limit",
    "load",
    "log",
    "loopback",
    "match",
    "max",
    "modulate",
    "nat",
    "no",
    "on",
    "os",
    "out",
    "overload",
    "pass",
    "port",
    "prio",
    "probability",
    "proto",
    "queue",
    "quick",
    "random",
    "rdr",
    "return",
    "route",
    "rtable",
    "rule",
    "scrub",
    "set",
    "skip",
    "sloppy",
    "state",
    "synproxy",
    "table",
    "tag",
    "tagged",
    "timeout",
    "to",
    "tonatsubnets",
    "tos",
    "ttl",
    "user",
];

/// pfSense's own lists (`globals.inc`).
const OWN: &[(&str, &str)] = &[
    ("_loopback4_", "127.0.0.0/8"),
    ("_loopback6_", "::1/128"),
    ("_loopback46_", "127.0.0.0/8 ::1/128"),
    ("_linklocal4_", "169.254.0.0/16"),
    ("_linklocal6_", "fe80::/10"),
    ("_linklocal46_", "169.254.0.0/16 fe80::/10"),
    ("_private4_", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16"),
    ("_private6_", "fc00::/7"),
    ("_private46_", "10.0.0.0/8 172.16.0.0/12 192.168.0.0/16 fc00::/7"),
    ("_multicast4_", "224.0.0.0/4"),
    ("_multicast6_", "ff00::/8"),
    ("_multicast46_", "224.0.0.0/4 ff00::/8"),
    ("_reserved4_", RESERVED4),
    ("_reserved6_", RESERVED6),
    ("_nat64reserved_", NAT64_RESERVED),
    // Filled while the firewall runs, and empty when it starts.
    ("sshguard", ""),
    ("snort2c", ""),
    ("virusprot", ""),
];

const RESERVED4: &str = "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.0.0.0/24 \
                         192.0.2.0/24 192.88.99.0/24 192.168.0.0/16 198.18.0.0/15 198.51.100.0/24 203.0.113.0/24 \
                         224.0.0.0/4 240.0.0.0/4 255.255.255.255/32";
const RESERVED6: &str = "::1/128 ::/128 ::ffff:0:0/96 64:ff9b::/96 64:ff9b:1::/48 100::/64 2001::/23 2001:2::/48 \
                         2001:db8::/32 2002::/16 3fff::/20 5f00::/16 fc00::/7 fe80::/10 ff00::/8";
/// IPv4 addresses that are not global, below the well-known prefix of NAT64.
pub const NAT64_RESERVED: &str = "64:ff9b::/104 64:ff9b::a00:0/104 64:ff9b::6440:0/106 64:ff9b::7f00:0/104 \
                                  64:ff9b::a9fe:0/112 64:ff9b::ac10:0/108 64:ff9b::c000:0/120 64:ff9b::c000:200/120 \
                                  64:ff9b::c058:6300/120 64:ff9b::c0a8:0/112 64:ff9b::c612:0/111 \
                                  64:ff9b::c633:6400/120 64:ff9b::cb00:7100/120 64:ff9b::e000:0/100 \
                                  64:ff9b::f000:0/100 64:ff9b::ffff:ffff/128";

impl Aliases {
    /// The aliases of a configuration; `vpns` is what `vpn_networks` holds.
    ///
    /// # Errors
    /// If pf would refuse a name, and with it all rules.
    pub fn new(root: &Node, vpns: &Vpns) -> Result<Self, Unreadable> {
        let mut all = BTreeMap::new();
        for node in root.all(&["aliases"], "alias") {
            let name = node.text("name");
            let word = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
            if name.is_empty() || !name.chars().all(word) {
                return Err(Unreadable::new(format!(
                    "line {}: `{name}` is no name that pf takes for an alias (letters, digits, `_`), so it would \
                     refuse all rules and keep the old ones",
                    node.line
                )));
            }
            let alias = Alias {
                kind: node.text("type").to_owned(),
                address: node.text("address").to_owned(),
                loads: !node.text("url").is_empty() || node.has("aliasurl"),
                written: true,
            };
            all.entry(name.to_owned()).or_insert(alias);
        }
        let network = |address: String| Alias { kind: "network".to_owned(), address, loads: false, written: false };
        for (name, address) in OWN {
            all.insert((*name).to_owned(), network((*address).to_owned()));
        }
        all.insert("_reserved46_".to_owned(), network(format!("{RESERVED4} {RESERVED6}")));
        let mut words: Vec<String> = vpns.known.iter().map(ToString::to_string).collect();
        words.extend((!vpns.perhaps.is_empty()).then(|| UNKNOWN.to_owned()));
        all.insert("vpn_networks".to_owned(), network(words.join(" ")));
        all.insert("negate_networks".to_owned(), network(words.join(" ")));
        for name in ["bogons", "bogonsv6"] {
            all.insert(name.to_owned(), Alias { kind: "urltable".to_owned(), loads: true, ..Alias::default() });
        }
        Ok(Self(all))
    }

    /// The aliases whose names mean something else to pf: words of its own, and what pfSense names interfaces, their
    /// networks and gateways by. pf would read `on <SERVERS>`, and refuse all rules.
    pub fn clash(&self, root: &Node, interfaces: &Interfaces) -> Option<String> {
        let enabled = || interfaces.all.iter();
        let theirs = enabled().map(|interface| interface.descr.clone());
        let networks = enabled().map(|interface| format!("{}__NETWORK", interface.key.to_uppercase()));
        let gateways = root.all(&["gateways"], "gateway_item").map(|item| format!("GW{}", item.text("name")));
        let mut names = theirs.chain(networks).chain(gateways).chain(RESERVED.iter().map(ToString::to_string));
        let written = |name: &String| self.0.get(name).is_some_and(|alias| alias.written);
        names.find(written)
    }

    pub fn is_alias(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// What stands in an address of a rule.
    pub fn address(&self, word: &str) -> Meaning {
        if let Some(net) = literal(word) {
            return Meaning::Addresses(vec![Atom::Net(net)]);
        }
        let Some(alias) = self.0.get(word).filter(|_| !numeric(word)) else { return Meaning::Nothing };
        match alias.kind.as_str() {
            "url" | "urltable" | "url_ports" | "urltable_ports" if !alias.loads => Meaning::Nothing,
            "host" | "network" | "url" | "urltable" => Meaning::Addresses(self.atoms(word)),
            // What is no table is a macro, and pf reads what stands in it.
            _ if alias.address.split_whitespace().all(|word| literal(word).is_some()) => {
                Meaning::Addresses(self.atoms(word))
            }
            _ if is_of_ports(alias) => Meaning::Refused("a list of ports"),
            _ => Meaning::Refused("a list of no known type, with words that are no addresses"),
        }
    }

    /// What a table holds.
    pub fn atoms(&self, name: &str) -> Vec<Atom> {
        let mut found = BTreeSet::new();
        self.collect(name, &mut BTreeSet::new(), &mut |word| {
            found.insert(literal(word).map_or(Atom::Unknown, Atom::Net));
        });
        found.into_iter().collect()
    }

    /// Does a list become a macro and no table? `not` cannot stand before one.
    pub fn is_macro(&self, name: &str) -> bool {
        self.0.get(name).is_some_and(|alias| !TABLES.contains(&alias.kind.as_str()))
    }

    /// What stands in a port of a rule that is no number: nothing if pfSense finds no port in it, and leaves the rule out.
    ///
    /// # Errors
    /// Why pf refuses it.
    pub fn ports(&self, name: &str) -> Result<Option<Ports>, &'static str> {
        let Some(alias) = self.0.get(name).filter(|_| !numeric(name)) else { return Ok(None) };
        if alias.kind.starts_with("url") && !alias.loads {
            return Ok(None);
        }
        let mut found = Ports { unknown: alias.kind.starts_with("url"), ..Ports::default() };
        // A port in a list of another type looks like the name of a host, and then nothing is left of the list.
        let (mut whole, mut address, mut name_like) = (true, false, false);
        self.collect(name, &mut BTreeSet::new(), &mut |word| {
            let range = names::ports(word);
            found.ranges.extend(range);
            whole &= range.is_some();
            address |= literal(word).is_some();
            name_like |= literal(word).is_none() && !word.contains(':');
        });
        let refused = Err("a list of addresses where a port should stand");
        if is_of_ports(alias) {
            found.unknown |= !whole;
            let some = !found.ranges.is_empty() || found.unknown;
            return if address { refused } else { Ok(some.then_some(found)) };
        }
        if !alias.kind.starts_with("url") && name_like {
            return Ok(None);
        }
        // What is no table is handed on as it is written.
        let plain = alias.address.split_whitespace().all(|word| names::ports(word).is_some());
        if self.is_macro(name) && plain { Ok(Some(found)) } else { refused }
    }

    /// The words of an alias, and of those within it.
    fn collect<'a>(&'a self, name: &'a str, seen: &mut BTreeSet<&'a str>, found: &mut dyn FnMut(&str)) {
        let mut open = vec![name];
        while let Some(name) = open.pop() {
            let Some(alias) = self.0.get(name) else { continue };
            if !seen.insert(name) {
                continue;
            }
            // What is loaded from elsewhere, such as GeoIP or a list on the web.
            if alias.kind.starts_with("url") {
                found(UNKNOWN);
            }
            for word in alias.address.split_whitespace() {
                if self.is_alias(word) {
                    open.push(word);
                } else {
                    found(word);
                }
            }
        }
    }
}

/// An address or network.
pub fn literal(word: &str) -> Option<IpNet> {
    word.parse::<IpAddr>().map(IpNet::from).or_else(|_| word.parse::<IpNet>()).ok().map(|net| net.trunc())
}

/// The types of lists that become a table of pf.
const TABLES: [&str; 4] = ["host", "network", "url", "urltable"];

fn is_of_ports(alias: &Alias) -> bool {
    ["port", "url_ports", "urltable_ports"].contains(&alias.kind.as_str())
}

fn numeric(word: &str) -> bool {
    word.chars().all(|letter| letter.is_ascii_digit())
}
