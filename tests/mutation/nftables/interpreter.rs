//! One packet through the text of a ruleset, rule by rule: slow, plain, and without a line of hedgerow's reader. It knows
//! the statements that hedgerow's rulesets are made of, and says so when it meets another.

use std::{
    collections::HashMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use hedgerow::{
    packet::{Family, Packet},
    router::{LOCAL, OTHER, Topology, number},
};

use crate::{
    fate::{Class, Fate, Source},
    ground,
};

/// What a look into a set gave.
enum Found<'r> {
    /// The packet does not have what is asked about.
    NoField,
    Missing,
    /// With its data, if it is a map.
    There(Option<&'r String>),
}

/// Why a text cannot be judged here.
pub type Refused = String;

/// One component of a key, and what stands for it in a set.
#[derive(Clone, Debug, PartialEq)]
enum Item {
    Name(String),
    Stem(String),
    Range(Option<Family>, u128, u128),
}

#[derive(Clone, Debug, Default)]
struct Set {
    elements: Vec<(Vec<Item>, Option<String>)>,
}

#[derive(Clone, Debug)]
enum Value {
    Set(Set),
    Named(String),
}

#[derive(Clone, Debug)]
enum Part {
    Match {
        keys: Vec<String>,
        mask: Option<u128>,
        negated: bool,
        value: Value,
    },
    Map {
        keys: Vec<String>,
        value: Value,
    },
    Accept,
    Drop,
    Return,
    Jump(String),
    Goto(String),
    Dnat(Family, u128, Option<u16>),
    Snat(Family, u128),
    Masquerade,
    /// To the router's own address where the packet arrived.
    Redirect(Option<u16>),
    NoTrack,
    /// As often as a limit allows.
    Rarely,
    Nothing,
}

#[derive(Clone, Debug, Default)]
struct Chain {
    /// The family of its table, unless that is of both.
    family: Option<Family>,
    hook: String,
    nat: bool,
    priority: i64,
    drops: bool,
    rules: Vec<Vec<Part>>,
}

pub struct Rules {
    sets: HashMap<String, Set>,
    chains: Vec<(String, Chain)>,
}

enum End {
    Accept,
    Drop,
    Return,
    Through,
}

struct State<'a> {
    packet: &'a Packet,
    topology: &'a Topology,
    class: Class,
    hook: &'a str,
    dst: u128,
    dst_port: u16,
    to: Option<(u128, Option<u16>)>,
    from: Option<Source>,
    /// Has connection tracking seen the packet, or been told to leave it alone?
    tracked: bool,
    untracked: bool,
}

impl Rules {
    pub fn parse(text: &str) -> Result<Self, Refused> {
        let mut rules = Self { sets: HashMap::new(), chains: Vec::new() };
        let mut family = None;
        let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
        while let Some(line) = lines.next() {
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                ["table", of, ..] => {
                    family = match *of {
                        "ip" => Some(Family::V4),
                        "ip6" => Some(Family::V6),
                        _ => None,
                    }
                }
                ["delete", "table", ..] | ["}"] => {}
                // It carries packets of connections that are known, and no first ones.
                ["flowtable", ..] => while lines.next().is_some_and(|line| line != "}") {},
                ["set" | "map", name, "{"] => {
                    let mut set = Set::default();
                    while let Some(line) = lines.next().filter(|line| *line != "}") {
                        if line == "elements = {" {
                            while let Some(line) = lines.next().filter(|line| *line != "}") {
                                set.elements.push(element(line.trim_end_matches(','))?);
                            }
                        }
                    }
                    rules.sets.insert((*name).to_owned(), set);
                }
                ["chain", name, "{"] => {
                    let mut chain = Chain { family, ..Chain::default() };
                    while let Some(line) = lines.next().filter(|line| *line != "}") {
                        if line.starts_with("type ") {
                            base(line, &mut chain)?;
                        } else {
                            chain.rules.push(rule(line)?);
                        }
                    }
                    rules.chains.push(((*name).to_owned(), chain));
                }
                _ => return Err(format!("not known here: {line}")),
            }
        }
        Ok(rules)
    }

    fn chain(&self, name: &str) -> Option<&Chain> {
        self.chains.iter().find(|(known, _)| known == name).map(|(_, chain)| chain)
    }

    /// The fate of a packet that leaves by `packet.egress`; nothing if routing would send it elsewhere.
    pub fn fate(&self, packet: &Packet, class: Class, topology: &Topology) -> Option<Fate> {
        let mut state = State {
            packet,
            topology,
            class,
            hook: "prerouting",
            dst: packet.dst,
            dst_port: packet.dst_port,
            to: None,
            from: None,
            tracked: false,
            untracked: false,
        };
        let routed = |state: &State<'_>| {
            // What the router sends to a link leaves by any of its interfaces.
            let near = matches!(kind(state.dst, packet.family, None, topology).as_str(), "broadcast" | "multicast")
                || packet.family == Family::V6 && state.dst >> 118 == 0xfe80 >> 6;
            if packet.ingress == LOCAL && near {
                return packet.egress != LOCAL;
            }
            ground::routes(topology, address(packet.family, state.dst)).contains(&packet.egress)
        };
        if packet.ingress != LOCAL && self.hook(&mut state) {
            return routed(&state).then_some(Fate::Dropped);
        }
        if !routed(&state) {
            return None;
        }
        let way: &[&str] = match (packet.ingress, packet.egress) {
            // By the loopback interface: out, and in again.
            (LOCAL, LOCAL) => &["output", "postrouting", "prerouting", "input"],
            (LOCAL, _) => &["output", "postrouting"],
            (_, LOCAL) => &["input"],
            _ => &["forward", "postrouting"],
        };
        for hook in way {
            state.hook = hook;
            if self.hook(&mut state) {
                return Some(Fate::Dropped);
            }
        }
        Some(Fate::Passed { to: state.to, from: state.from })
    }

    /// Is the packet dropped by the chains of its hook?
    fn hook(&self, state: &mut State<'_>) -> bool {
        let mut chains: Vec<&Chain> =
            self.chains.iter().map(|(_, chain)| chain).filter(|chain| chain.hook == state.hook).collect();
        chains.retain(|chain| chain.family.is_none_or(|family| family == state.packet.family));
        chains.sort_by_key(|chain| chain.priority);
        for chain in chains {
            state.tracked |= chain.priority > -200 || !matches!(state.hook, "prerouting" | "output");
            // Of the chains for translations those behind the one that translates are not asked.
            let translated = match state.hook {
                "postrouting" | "input" => state.from.is_some(),
                _ => state.to.is_some(),
            };
            if chain.nat && (state.class != Class::New || translated || state.untracked) {
                continue;
            }
            match self.run(chain, state, 0) {
                End::Drop => return true,
                End::Through | End::Return if chain.drops => return true,
                _ => {}
            }
        }
        state.tracked = true;
        false
    }

    fn run(&self, chain: &Chain, state: &mut State<'_>, depth: usize) -> End {
        if depth > 16 {
            return End::Drop;
        }
        'rules: for rule in &chain.rules {
            for part in rule {
                let (target, goes) = match part {
                    Part::Match { keys, mask, negated, value } => match self.fits(keys, *mask, value, state) {
                        Found::There(_) if !negated => continue,
                        Found::Missing if *negated => continue,
                        _ => continue 'rules,
                    },
                    Part::Map { keys, value } => match self.fits(keys, None, value, state) {
                        Found::There(Some(verdict)) => match verdict.split_once(' ') {
                            Some(("jump", name)) => (name.to_owned(), false),
                            Some(("goto", name)) => (name.to_owned(), true),
                            _ if verdict == "accept" => return End::Accept,
                            _ if verdict == "drop" => return End::Drop,
                            _ => continue,
                        },
                        _ => continue 'rules,
                    },
                    Part::Accept => return End::Accept,
                    Part::Drop => return End::Drop,
                    Part::Return => return End::Return,
                    Part::Jump(name) => (name.clone(), false),
                    Part::Goto(name) => (name.clone(), true),
                    // `dnat ip to` is for IPv4 alone.
                    Part::Dnat(family, ..) | Part::Snat(family, _) if *family != state.packet.family => continue 'rules,
                    Part::Dnat(_, address, port) => {
                        state.to = Some((*address, *port));
                        state.dst = *address;
                        state.dst_port = port.unwrap_or(state.dst_port);
                        return End::Accept;
                    }
                    Part::Snat(_, address) => {
                        state.from = Some(Source::Address(*address));
                        return End::Accept;
                    }
                    Part::Masquerade => {
                        state.from = Some(Source::Router);
                        return End::Accept;
                    }
                    Part::Redirect(port) => {
                        let v4 = state.packet.family == Family::V4;
                        let own = state.topology.interface(state.packet.ingress);
                        let own = own.and_then(|own| own.addresses.iter().find(|own| own.is_ipv4() == v4));
                        let Some(own) = own else { return End::Drop };
                        state.to = Some((number(*own).1, *port));
                        state.dst = number(*own).1;
                        state.dst_port = port.unwrap_or(state.dst_port);
                        return End::Accept;
                    }
                    // Who has a connection keeps it.
                    Part::NoTrack => {
                        state.untracked |= !state.tracked || state.class == Class::Invalid;
                        continue;
                    }
                    Part::Rarely if state.packet.exceeded == 0 => continue,
                    Part::Rarely => continue 'rules,
                    Part::Nothing => continue,
                };
                let Some(next) = self.chain(&target) else { return End::Drop };
                match self.run(next, state, depth + 1) {
                    End::Accept => return End::Accept,
                    End::Drop => return End::Drop,
                    _ if goes => return End::Return,
                    _ => {}
                }
            }
        }
        End::Through
    }

    fn fits<'r>(&'r self, keys: &[String], mask: Option<u128>, value: &'r Value, state: &State<'_>) -> Found<'r> {
        let mut found = Vec::new();
        for key in keys {
            let Some(item) = asked(key, state) else { return Found::NoField };
            found.push(item);
        }
        if let (Some(mask), [Item::Range(family, low, _)]) = (mask, found.as_slice()) {
            found = vec![Item::Range(*family, low & mask, low & mask)];
        }
        let set = match value {
            Value::Set(set) => set,
            Value::Named(name) => match self.sets.get(name) {
                Some(set) => set,
                None => return Found::NoField,
            },
        };
        let fits = |items: &[Item]| {
            items.len() == found.len() && items.iter().zip(&found).all(|(item, have)| holds(item, have))
        };
        match set.elements.iter().find(|(items, _)| fits(items)) {
            Some((_, data)) => Found::There(data.as_ref()),
            None => Found::Missing,
        }
    }
}

/// Is what a packet has among what an element stands for? Types of an address may be several.
fn holds(item: &Item, have: &Item) -> bool {
    match (item, have) {
        (Item::Name(wanted), Item::Name(name)) => name.split('|').any(|name| name == wanted),
        (Item::Stem(stem), Item::Name(name)) => name.starts_with(stem.as_str()),
        (Item::Range(family, low, high), Item::Range(other, value, _)) => {
            (family.is_none() || other.is_none() || family == other) && low <= value && value <= high
        }
        _ => false,
    }
}

fn address(family: Family, value: u128) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from(u32::try_from(value).unwrap())),
        Family::V6 => IpAddr::V6(Ipv6Addr::from(value)),
    }
}

fn named(topology: &Topology, id: u16) -> String {
    match id {
        LOCAL => String::new(),
        OTHER => "other0".to_owned(),
        id => topology.interface(id).unwrap().name.clone(),
    }
}

/// What the packet has for a key; nothing if it has no such field.
fn asked(key: &str, state: &State<'_>) -> Option<Item> {
    let packet = state.packet;
    let v6 = packet.family == Family::V6;
    let one = |value: u128| Some(Item::Range(None, value, value));
    let of = |value: u128| Some(Item::Range(Some(packet.family), value, value));
    let ports = |proto: u8, port: u16| if packet.proto == proto { one(port.into()) } else { None };
    let transport = matches!(packet.proto, 6 | 17 | 33 | 132 | 136);
    let name = |text: &str| Some(Item::Name(text.to_owned()));
    match key {
        "iifname" => name(&match packet.ingress {
            LOCAL if matches!(state.hook, "prerouting" | "input") => "lo".to_owned(),
            LOCAL => String::new(),
            id => named(state.topology, id),
        }),
        "oifname" => name(&match packet.egress {
            _ if matches!(state.hook, "prerouting" | "input") => String::new(),
            LOCAL => "lo".to_owned(),
            id => named(state.topology, id),
        }),
        "ip saddr" if !v6 => of(packet.src),
        "ip6 saddr" if v6 => of(packet.src),
        "ip daddr" if !v6 => of(state.dst),
        "ip6 daddr" if v6 => of(state.dst),
        "meta l4proto" => one(packet.proto.into()),
        "meta nfproto" => name(if v6 { "ipv6" } else { "ipv4" }),
        "th dport" if transport => one(state.dst_port.into()),
        // The first four bytes of any other header.
        "th dport" => one(u128::MAX),
        "th sport" if transport => one(packet.src_port.into()),
        "tcp dport" => ports(6, state.dst_port),
        "tcp sport" => ports(6, packet.src_port),
        "udp dport" => ports(17, state.dst_port),
        "udp sport" => ports(17, packet.src_port),
        "icmp type" if packet.proto == 1 && !v6 => one((packet.dst_port >> 8).into()),
        "icmp code" if packet.proto == 1 && !v6 => one((packet.dst_port & 0xff).into()),
        "icmpv6 code" if packet.proto == 58 && v6 => one((packet.dst_port & 0xff).into()),
        "icmpv6 type" if packet.proto == 58 && v6 => one((packet.dst_port >> 8).into()),
        "ct state" => {
            let neighbours = packet.proto == 58 && matches!(packet.dst_port >> 8, 130..=137 | 143);
            name(match state.class {
                // Connections are looked up at priority -200 of the first hook; before that, there is none.
                _ if state.untracked => "untracked",
                _ if !state.tracked => "invalid",
                _ if neighbours => "untracked",
                Class::New => "new",
                Class::Established => "established",
                Class::Related => "related",
                Class::Invalid => "invalid",
            })
        }
        key if key.starts_with("ct ") && (state.untracked || !state.tracked || state.class == Class::Invalid) => None,
        "ct status" => name(if state.to.is_some() { "dnat" } else { "none" }),
        "ct original proto-dst" => one(packet.dst_port.into()),
        "ct original ip daddr" if !v6 => of(packet.dst),
        "ct original ip6 daddr" if v6 => of(packet.dst),
        "fib saddr type" => name(&kind(packet.src, packet.family, None, state.topology)),
        "fib daddr type" => name(&kind(state.dst, packet.family, None, state.topology)),
        "fib daddr . iif type" => name(&kind(state.dst, packet.family, Some(packet.ingress), state.topology)),
        "fib saddr oifname" => {
            // Link-local routes are there for every interface, and which of them is found cannot be told.
            let anywhere = packet.family == Family::V6 && (packet.src >> 118 == 0xfe80 >> 6 || packet.src == 0);
            let ids = if anywhere {
                state.topology.interfaces().map(|(id, _)| id).collect()
            } else {
                ground::routes(state.topology, address(packet.family, packet.src))
            };
            let names: Vec<String> = ids.into_iter().map(|id| named(state.topology, id)).collect();
            name(&names.join("|"))
        }
        "fib saddr . iif oif" | "fib saddr oif" => {
            let own = kind(packet.src, packet.family, None, state.topology);
            let routes = ground::routes(state.topology, address(packet.family, packet.src));
            let near = routes.contains(&packet.ingress) || key == "fib saddr oif" && !routes.is_empty();
            name(if own == "unicast" && near { "exists" } else { "missing" })
        }
        _ => None,
    }
}

/// The type of an address for the router, or for one of its interfaces.
fn kind(value: u128, family: Family, of: Option<u16>, topology: &Topology) -> String {
    let asked = address(family, value);
    let here = |id: u16| of.is_none_or(|of| of == id);
    if topology.interfaces().any(|(id, interface)| here(id) && interface.addresses.contains(&asked)) {
        return "local".to_owned();
    }
    let anycast = |net: &&ipnet::IpNet| family == Family::V6 && net.prefix_len() < 127 && net.network() == asked;
    if topology.interfaces().any(|(id, interface)| here(id) && ground::links(interface).any(|net| anycast(&net))) {
        return "anycast".to_owned();
    }
    let broadcast = |net: &&ipnet::IpNet| family == Family::V4 && net.prefix_len() < 31 && net.broadcast() == asked;
    match asked {
        IpAddr::V4(v4) if v4.is_loopback() => "local".to_owned(),
        IpAddr::V4(v4) if v4.octets()[0] == 0 || v4.is_broadcast() => "broadcast".to_owned(),
        _ if asked.is_multicast() => "multicast".to_owned(),
        _ if topology.interfaces().any(|(_, interface)| ground::links(interface).any(|net| broadcast(&net))) => {
            "broadcast".to_owned()
        }
        _ => "unicast".to_owned(),
    }
}

fn base(line: &str, chain: &mut Chain) -> Result<(), Refused> {
    let words: Vec<&str> = line.split([' ', ';']).filter(|word| !word.is_empty()).collect();
    let ["type", kind, "hook", hook, "priority", priority @ .., "policy", policy] = words.as_slice() else {
        return Err(format!("not known here: {line}"));
    };
    chain.nat = *kind == "nat";
    chain.hook = (*hook).to_owned();
    chain.drops = *policy == "drop";
    let standard = |word: &str| match word {
        "raw" => Some(-300),
        "mangle" => Some(-150),
        "dstnat" => Some(-100),
        "filter" => Some(0),
        "security" => Some(50),
        "srcnat" => Some(100),
        number => number.parse().ok(),
    };
    chain.priority = match priority {
        [one] => standard(one),
        [one, "+", more] => standard(one).zip(more.parse::<i64>().ok()).map(|(base, more)| base + more),
        [one, "-", less] => standard(one).zip(less.parse::<i64>().ok()).map(|(base, less)| base - less),
        _ => None,
    }
    .ok_or_else(|| format!("not known here: {line}"))?;
    let of_hook = |word: &str, hook: &str| priority.first() == Some(&word) && chain.hook != hook;
    if of_hook("dstnat", "prerouting") || of_hook("srcnat", "postrouting") {
        return Err("a priority that has no name at this hook".to_owned());
    }
    if chain.nat && chain.priority <= -200 {
        return Err("a translation before connections are known, which the kernel does not take".to_owned());
    }
    Ok(())
}

/// Words of a line: strings keep their quotes.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut within = false;
    for letter in line.chars() {
        match letter {
            '"' => {
                within = !within;
                words.last_mut().unwrap().push(letter);
            }
            ' ' | '\t' if !within => words.push(String::new()),
            ',' | '{' | '}' if !within => words.extend([letter.to_string(), String::new()]),
            _ => words.last_mut().unwrap().push(letter),
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

fn element(line: &str) -> Result<(Vec<Item>, Option<String>), Refused> {
    let words = words(line);
    let end = words.iter().position(|word| word == "comment" || word == "counter").unwrap_or(words.len());
    let words = &words[..end];
    let colon = words.iter().position(|word| word == ":");
    let key = &words[..colon.unwrap_or(words.len())];
    let items: Result<Vec<Item>, Refused> = key.split(|word| word == ".").map(item).collect();
    Ok((items?, colon.map(|at| words[at + 1..].join(" "))))
}

fn item(words: &[String]) -> Result<Item, Refused> {
    let [word] = words else { return Err(format!("no value: {words:?}")) };
    if let Some(text) = word.strip_prefix('"') {
        let text = text.trim_end_matches('"');
        return Ok(text
            .strip_suffix('*')
            .map_or_else(|| Item::Name(text.to_owned()), |stem| Item::Stem(stem.to_owned())));
    }
    let single = |text: &str| -> Option<(Option<Family>, u128)> {
        if let Ok(value) = text.parse::<IpAddr>() {
            let (family, value) = number(value);
            return Some((Some(family), value));
        }
        let known = match text {
            "tcp" => 6,
            "udp" => 17,
            "icmp" => 1,
            "ipv6-icmp" | "icmpv6" => 58,
            "sctp" => 132,
            other => other.parse().ok()?,
        };
        Some((None, known))
    };
    if let Some((base, length)) = word.split_once('/') {
        let (family, value) = single(base).ok_or_else(|| format!("no value: {word}"))?;
        let length: u32 = length.parse().map_err(|_| format!("no value: {word}"))?;
        let width: u32 = if family == Some(Family::V4) { 32 } else { 128 };
        let rest = if length == 0 && width == 128 {
            u128::MAX
        } else {
            (1_u128 << width.checked_sub(length).ok_or("too long")?) - 1
        };
        return Ok(Item::Range(family, value & !rest, value | rest));
    }
    if let Some((low, high)) = word.split_once('-')
        && let (Some((family, low)), Some((_, high))) = (single(low), single(high))
    {
        return if low <= high { Ok(Item::Range(family, low, high)) } else { Err("an empty range".to_owned()) };
    }
    match single(word) {
        Some((family, value)) => Ok(Item::Range(family, value, value)),
        None => Ok(Item::Name(word.clone())),
    }
}

/// The keys that a rule may ask about, the longest first.
const KEYS: [&str; 27] = [
    "fib saddr . iif oif",
    "fib daddr . iif type",
    "fib saddr oifname",
    "fib saddr oif",
    "fib saddr type",
    "fib daddr type",
    "ct original proto-dst",
    "ct original ip6 daddr",
    "ct original ip daddr",
    "ct state",
    "ct status",
    "meta l4proto",
    "meta nfproto",
    "icmpv6 type",
    "icmpv6 code",
    "icmp type",
    "icmp code",
    "ip6 saddr",
    "ip6 daddr",
    "ip saddr",
    "ip daddr",
    "tcp dport",
    "tcp sport",
    "udp dport",
    "udp sport",
    "th dport",
    "th sport",
];

fn rule(line: &str) -> Result<Vec<Part>, Refused> {
    let words = words(line);
    let mut rest = words.as_slice();
    let mut parts = Vec::new();
    // It changes a packet and no verdict.
    if line.contains("tcp option maxseg") {
        return Ok(vec![Part::Nothing]);
    }
    while let Some(first) = rest.first() {
        let word = first.as_str();
        let argument = || rest.get(1).cloned().ok_or_else(|| format!("not known here: {line}"));
        let (part, taken) = match word {
            "accept" => (Part::Accept, 1),
            "drop" => (Part::Drop, 1),
            "return" => (Part::Return, 1),
            "counter" => (Part::Nothing, 1),
            "reject" => (Part::Drop, rest.len()),
            "jump" => (Part::Jump(argument()?), 2),
            "goto" => (Part::Goto(argument()?), 2),
            "notrack" => (Part::NoTrack, 1),
            "flow" => (Part::Nothing, 3),
            // What is written there nobody asks for.
            "meta" | "ct" if rest.get(1..3).is_some_and(|rest| rest == ["mark", "set"]) => (Part::Nothing, 4),
            "limit" if line.contains(" burst ") => (Part::Rarely, 6),
            "masquerade" => (Part::Masquerade, 1),
            "redirect" => match rest {
                [_, to, port, ..] if to == "to" => {
                    let port = port.trim_start_matches(':').parse().map_err(|_| format!("not known here: {line}"))?;
                    (Part::Redirect(Some(port)), 3)
                }
                _ => (Part::Redirect(None), 1),
            },
            "comment" => (Part::Nothing, 2),
            "log" => (Part::Nothing, if rest.get(1).is_some_and(|word| word == "prefix") { 3 } else { 1 }),
            "dnat" | "snat" => {
                let [_, _, to, target, ..] = rest else { return Err(format!("not known here: {line}")) };
                if to != "to" {
                    return Err(format!("not known here: {line}"));
                }
                let (host, port) = match target.rsplit_once(':') {
                    Some((host, port)) if host.ends_with(']') || !host.contains(':') => (host, port.parse().ok()),
                    _ => (target.as_str(), None),
                };
                let host: IpAddr =
                    host.trim_matches(['[', ']']).parse().map_err(|_| format!("not known here: {line}"))?;
                let (family, host) = number(host);
                (if word == "dnat" { Part::Dnat(family, host, port) } else { Part::Snat(family, host) }, 4)
            }
            _ => {
                let (part, taken) = condition(rest).ok_or_else(|| format!("not known here: {line}"))?;
                (part?, taken)
            }
        };
        parts.push(part);
        rest = rest.get(taken..).unwrap_or_default();
    }
    Ok(parts)
}

fn condition(words: &[String]) -> Option<(Result<Part, Refused>, usize)> {
    let (mut keys, mut at) = (Vec::new(), 0);
    loop {
        let (key, taken) = key(&words[at..])?;
        keys.push(key);
        at += taken;
        if words.get(at).is_none_or(|word| word != ".") {
            break;
        }
        at += 1;
    }
    let mut mask = None;
    let mut negated = false;
    let mut map = false;
    match words.get(at).map(String::as_str) {
        Some("vmap") => (map, at) = (true, at + 1),
        Some("!=") => (negated, at) = (true, at + 1),
        Some("==") => at += 1,
        Some("&") => {
            mask = Some(number(words.get(at + 1)?.parse().ok()?).1);
            negated = words.get(at + 2)? == "!=";
            at += 3;
        }
        _ => {}
    }
    let (value, taken) = if let Some(name) = words.get(at)?.strip_prefix('@') {
        (Ok(Value::Named(name.to_owned())), 1)
    } else if words.get(at)? == "{" {
        let end = words[at..].iter().position(|word| word == "}")?;
        let inner = &words[at + 1..at + end];
        let parts: Result<Vec<_>, Refused> =
            inner.split(|word| word == ",").map(|part| element(&part.join(" "))).collect();
        (parts.map(|elements| Value::Set(Set { elements })), end + 1)
    } else {
        let mut end = at + 1;
        while words.get(end).is_some_and(|word| word == ".") {
            end += 2;
        }
        let one = element(&words.get(at..end)?.join(" "));
        (one.map(|one| Value::Set(Set { elements: vec![one] })), end - at)
    };
    let part =
        value.map(|value| if map { Part::Map { keys, value } } else { Part::Match { keys, mask, negated, value } });
    Some((part, at + taken))
}

fn key(words: &[String]) -> Option<(String, usize)> {
    if matches!(words.first()?.as_str(), "iifname" | "oifname") {
        return Some((words[0].clone(), 1));
    }
    KEYS.iter().find_map(|key| {
        let parts: Vec<&str> = key.split(' ').collect();
        let fits = words.len() >= parts.len() && words.iter().zip(&parts).all(|(word, part)| word == part);
        fits.then(|| ((*key).to_owned(), parts.len()))
    })
}
