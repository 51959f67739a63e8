//! A firewall4 in small: which rules it makes of UCI, and where it puts them. Written from its templates and from what it
//! does; it gives text of nft, and says so when it meets what it does not know.

use std::{collections::BTreeMap, fmt::Write};

use hedgerow::router::{File, Topology};
use ipnet::IpNet;

use super::uci::{Section, parse};

type Known<T> = Result<T, Skip>;

/// Why a section comes to nothing.
enum Skip {
    /// firewall4 warns and goes on.
    Section,
    /// Nothing is loaded, or this judge does not know better.
    All(String),
}

struct Zone {
    name: String,
    /// 4 or 6, unless it is of both.
    family: Option<u8>,
    devices: Vec<String>,
    input: String,
    output: String,
    forward: String,
    masq: [bool; 2],
    /// Whose sources are translated, and to where.
    masq_src: Vec<Place>,
    masq_dest: Vec<Place>,
    allow_invalid: bool,
    /// The router's addresses and networks in it.
    related: Vec<IpNet>,
    /// Verdicts towards it, and `dnat` and `snat`.
    to: Vec<String>,
}

#[derive(Default)]
struct Firewall {
    zones: Vec<Zone>,
    sets: BTreeMap<String, (bool, Vec<String>)>,
    /// Chains with their rules, in the order in which these came.
    rules: Vec<(String, String)>,
    translations: Vec<(String, String)>,
    includes: Vec<(String, String, String)>,
}

/// What `src` or `dest` says.
#[derive(Clone, Copy, PartialEq)]
enum End {
    Any,
    Zone(usize),
}

fn unknown<T>(what: impl Into<String>) -> Known<T> {
    Err(Skip::All(what.into()))
}

fn file<'f>(files: &'f [File], name: &str) -> Option<&'f str> {
    files.iter().find(|file| file.name == name).map(|file| file.text.as_str())
}

/// # Errors
/// What would not be loaded, or is not known here.
pub fn ruleset(files: &[File], topology: &Topology) -> Result<String, String> {
    let sections = parse(file(files, "firewall").ok_or("no firewall")?)?;
    let network = parse(file(files, "network").unwrap_or(""))?;
    let mut made = Firewall::default();
    let of = |kind: &'static str| sections.iter().filter(move |section| section.kind == kind);
    let known = ["defaults", "zone", "forwarding", "rule", "redirect", "ipset", "include"];
    if let Some(other) = sections.iter().find(|section| !known.contains(&section.kind.as_str())) {
        return Err(format!("a section `{}`", other.kind));
    }
    let defaults = of("defaults").next().cloned().unwrap_or_default();
    let each = |found: Known<()>| match found {
        Ok(()) | Err(Skip::Section) => Ok(()),
        Err(Skip::All(why)) => Err(why),
    };
    for section in of("zone") {
        each(made.zone(section, &defaults, &network, topology))?;
    }
    for section in of("ipset") {
        each(made.set(section))?;
    }
    for section in of("forwarding") {
        each(made.forwarding(section))?;
    }
    // firewall4 reads rules before redirects and forwardings, and writes forwardings behind the rules.
    let forwardings = std::mem::take(&mut made.rules);
    for section in of("rule") {
        each(made.rule(section))?;
    }
    made.rules.extend(forwardings);
    for section in of("redirect") {
        each(made.redirect(section))?;
    }
    for section in of("include") {
        each(made.include(section, files))?;
    }
    made.write(&defaults).map_err(|skip| match skip {
        Skip::All(why) => why,
        Skip::Section => "defaults that are skipped".to_owned(),
    })
}

fn yes(section: &Section, name: &str, otherwise: bool) -> Known<bool> {
    Ok(match section.get(name) {
        None => otherwise,
        Some("1" | "yes" | "on" | "true") => true,
        Some("0" | "no" | "off" | "false") => false,
        Some(_) => return Err(Skip::Section),
    })
}

fn verdict(section: &Section, name: &str, otherwise: &str) -> Known<String> {
    let word = section.get(name).unwrap_or(otherwise).to_lowercase();
    if ["accept", "reject", "drop"].contains(&word.as_str()) { Ok(word) } else { Err(Skip::Section) }
}

/// An address as a condition asks about it.
#[derive(Clone)]
struct Place {
    not: bool,
    six: bool,
    /// In nft's words; behind `field`, where a mask comes first.
    text: String,
    /// What `::10/-64` asks about: the end of an address, whatever its prefix.
    masked: bool,
    /// An address or network, if it is one.
    net: Option<IpNet>,
}

impl Place {
    fn net(net: IpNet) -> Self {
        Self { not: false, six: v6(&net), text: net.trunc().to_string(), masked: false, net: Some(net) }
    }
}

fn address(word: &str) -> Known<Place> {
    let (word, not) = word.strip_prefix('!').map_or((word, false), |word| (word.trim(), true));
    if let Some(net) = word.parse::<IpNet>().ok().or_else(|| word.parse::<std::net::IpAddr>().ok().map(IpNet::from)) {
        return Ok(Place { not, ..Place::net(net) });
    }
    if let Some((from, to)) = word.split_once('-')
        && let (Ok(from), Ok(to)) = (from.parse::<std::net::IpAddr>(), to.parse::<std::net::IpAddr>())
        && from.is_ipv4() == to.is_ipv4()
    {
        let text = format!("{from}-{to}");
        return Ok(Place { not, six: from.is_ipv6(), text, masked: false, net: None });
    }
    let (base, bits) = word.split_once("/-").ok_or(Skip::Section)?;
    match (base.parse::<std::net::Ipv6Addr>(), bits.parse::<u32>()) {
        (Ok(base), Ok(bits)) if (1..128).contains(&bits) => {
            let mask = std::net::Ipv6Addr::from(u128::MAX >> bits);
            let sign = if not { "!=" } else { "==" };
            let text = format!("& {mask} {sign} {}", std::net::Ipv6Addr::from(u128::from(base) & u128::from(mask)));
            Ok(Place { not, six: true, text, masked: true, net: None })
        }
        _ => Err(Skip::Section),
    }
}

fn v6(net: &IpNet) -> bool {
    matches!(net, IpNet::V6(_))
}

/// What stands in one rule: nft masks one value at a time, so that each needs a rule of its own.
fn groups(places: &[Place], six: bool) -> Vec<Vec<Place>> {
    let mine: Vec<Place> = places.iter().filter(|place| place.six == six).cloned().collect();
    let (masked, plain): (Vec<Place>, Vec<Place>) = mine.into_iter().partition(|place| place.masked && !place.not);
    let not: Vec<Place> = plain.iter().filter(|place| place.not).cloned().collect();
    let mut found: Vec<Vec<Place>> = masked.into_iter().map(|one| [vec![one], not.clone()].concat()).collect();
    if found.is_empty() || plain.iter().any(|place| !place.not) {
        found.push(plain);
    }
    found
}

/// `80` or `80-90`; nft refuses a range that runs backwards, and so does firewall4.
fn port(word: &str) -> Known<String> {
    let word = word.replace(':', "-");
    let (not, word) = word.strip_prefix('!').map_or(("", word.as_str()), |word| ("!", word));
    let (from, to) = word.split_once('-').unwrap_or((word, word));
    match (from.parse::<u16>(), to.parse::<u16>()) {
        (Ok(from), Ok(to)) if from < to => Ok(format!("{not}{from}-{to}")),
        (Ok(from), Ok(to)) if from == to => Ok(format!("{not}{from}")),
        _ => Err(Skip::Section),
    }
}

/// Nothing for any.
fn protocols(section: &Section) -> Known<Vec<Option<&'static str>>> {
    let mut found = Vec::new();
    for word in section.all("proto") {
        match word.to_lowercase().as_str() {
            "all" | "any" | "*" => found.push(None),
            "tcpudp" => found.extend([Some("tcp"), Some("udp")]),
            "tcp" | "6" => found.push(Some("tcp")),
            "udp" | "17" => found.push(Some("udp")),
            "icmp" => found.push(Some("icmp")),
            "icmpv6" | "ipv6-icmp" => found.push(Some("ipv6-icmp")),
            "sctp" => found.push(Some("sctp")),
            _ => return Err(Skip::Section),
        }
    }
    if found.is_empty() {
        found = vec![Some("tcp"), Some("udp")];
    }
    Ok(found)
}

fn family(section: &Section) -> Known<Option<u8>> {
    Ok(match section.get("family") {
        None => None,
        Some("any" | "all" | "*") => Some(0),
        Some("ipv4" | "inet" | "4") => Some(4),
        Some("ipv6" | "inet6" | "6") => Some(6),
        Some(_) => return Err(Skip::Section),
    })
}

/// The one family of some addresses, if they have but one.
fn family_of(places: &[Place]) -> Option<u8> {
    let first = places.first()?.six;
    places.iter().all(|place| place.six == first).then_some(if first { 6 } else { 4 })
}

fn braced(words: &[String]) -> String {
    if let [one] = words { one.clone() } else { format!("{{ {} }}", words.join(", ")) }
}

fn quoted(words: &[String]) -> String {
    braced(&words.iter().map(|word| format!("\"{word}\"")).collect::<Vec<_>>())
}

/// Addresses of one family as a condition: those that are meant, and those that are not.
fn ends(out: &mut String, field: &str, places: &[Place], six: bool) {
    let ip = if six { "ip6" } else { "ip" };
    for (not, sign) in [(false, ""), (true, "!= ")] {
        let mine = places.iter().filter(|place| place.not == not && place.six == six && !place.masked);
        let words: Vec<String> = mine.map(|place| place.text.clone()).collect();
        if !words.is_empty() {
            let _ = write!(out, "{ip} {field} {sign}{} ", braced(&words));
        }
    }
    for place in places.iter().filter(|place| place.six == six && place.masked) {
        let _ = write!(out, "{ip} {field} {} ", place.text);
    }
}

fn numbers(out: &mut String, field: &str, all: &[String]) {
    for (not, sign) in [(false, ""), (true, "!= ")] {
        let words = all.iter().filter(|word| word.starts_with('!') == not);
        let words: Vec<String> = words.map(|word| word.trim_start_matches('!').to_owned()).collect();
        if !words.is_empty() {
            let _ = write!(out, "{field} {sign}{} ", braced(&words));
        }
    }
}

impl Firewall {
    fn end(&self, section: &Section, name: &str) -> Known<Option<End>> {
        match section.get(name) {
            None => Ok(None),
            Some("*") => Ok(Some(End::Any)),
            Some(name) => {
                let at = self.zones.iter().position(|zone| zone.name == name);
                at.map(|at| Some(End::Zone(at))).ok_or(Skip::Section)
            }
        }
    }

    fn zone(&mut self, section: &Section, defaults: &Section, network: &[Section], topology: &Topology) -> Known<()> {
        let known = [
            "name",
            "network",
            "device",
            "input",
            "output",
            "forward",
            "masq",
            "masq6",
            "masq_allow_invalid",
            "masq_src",
            "masq_dest",
            "family",
            "mtu_fix",
            "enabled",
        ];
        if let Some((name, _)) = section.options.iter().find(|(name, _)| !known.contains(&name.as_str())) {
            return unknown(format!("`{name}` of a zone"));
        }
        if !yes(section, "enabled", true)? {
            return Ok(());
        }
        let name = section.get("name").ok_or(Skip::Section)?.to_owned();
        let standard = |name: &str| defaults.get(name).unwrap_or("drop").to_lowercase();
        let (input, output, forward) = (
            verdict(section, "input", &standard("input"))?,
            verdict(section, "output", &standard("output"))?,
            verdict(section, "forward", &standard("forward"))?,
        );
        let masq = [yes(section, "masq", false)?, yes(section, "masq6", false)?];
        let places = |name: &str| section.all(name).into_iter().map(address).collect::<Known<Vec<_>>>();
        let (masq_src, masq_dest) = (places("masq_src")?, places("masq_dest")?);
        let allow_invalid = yes(section, "masq_allow_invalid", false)?;
        let family = family(section)?.filter(|family| *family != 0);
        if self.zones.iter().any(|zone| zone.name == name) {
            return unknown("two zones of one name");
        }
        let mut devices = Vec::new();
        let mut related = Vec::new();
        for member in section.all("network") {
            let found = network.iter().find(|one| one.kind == "interface" && one.name == member);
            let Some(found) = found else { continue };
            let mut device = found.get("device").unwrap_or("").to_owned();
            if let Some(parent) = device.strip_prefix('@') {
                let parent = network.iter().find(|one| one.kind == "interface" && one.name == parent);
                device = parent.and_then(|one| one.get("device")).unwrap_or("").to_owned();
            }
            let device = match found.get("proto") {
                Some("pppoe") => format!("pppoe-{member}"),
                Some("wireguard") => member.to_owned(),
                _ => device,
            };
            // The router knows which address it was given.
            let running = topology.interfaces.iter().find(|interface| interface.name == device);
            if let Some(running) = running.filter(|_| ["dhcp", "pppoe"].contains(&found.get("proto").unwrap_or(""))) {
                for own in running.addresses.iter().filter(|own| own.is_ipv4()) {
                    let bits =
                        crate::ground::links(running).filter(|net| net.contains(own)).map(IpNet::prefix_len).max();
                    related.extend(IpNet::new(*own, bits.unwrap_or(32)).ok());
                }
            }
            if !device.is_empty() {
                devices.push(device);
            }
            for word in found.all("ipaddr").into_iter().chain(found.all("ip6addr")) {
                related.extend(word.parse::<IpNet>().ok());
            }
        }
        devices.extend(section.all("device").into_iter().map(str::to_owned));
        if devices.iter().any(|device| device.starts_with('!') || device.contains(['+', '*'])) {
            return unknown("a pattern of devices");
        }
        let mut seen = Vec::new();
        devices.retain(|device| {
            let fresh = !seen.contains(device);
            seen.push(device.clone());
            fresh
        });
        let mut to = vec![output.clone(), forward.clone()];
        if masq.contains(&true) {
            to.push("snat".to_owned());
        }
        let zone = Zone {
            name,
            family,
            devices,
            input,
            output,
            forward,
            masq,
            masq_src,
            masq_dest,
            allow_invalid,
            related,
            to,
        };
        self.zones.push(zone);
        Ok(())
    }

    fn set(&mut self, section: &Section) -> Known<()> {
        let name = section.get("name").ok_or(Skip::Section)?.to_owned();
        if !yes(section, "enabled", true)? {
            return Ok(());
        }
        let single = match section.all("match").join(" ").as_str() {
            "net" | "dest_net" | "src_net" => false,
            "ip" => true,
            _ => return unknown("a set of something else"),
        };
        let six = match family(section)? {
            Some(6) => true,
            None | Some(4) => false,
            Some(_) => return Err(Skip::Section),
        };
        let mut entries = Vec::new();
        for entry in section.all("entry") {
            match address(entry) {
                Ok(place) if !place.not && !place.masked && place.six == six => {
                    // A set of single addresses forgets the length.
                    let base = entry.split(['/', '-']).next().unwrap_or_default().to_owned();
                    entries.push(if single { base } else { place.text });
                }
                // firewall4 leaves out what is not of its family.
                Ok(place) if !place.not && !place.masked => {}
                _ => return unknown("an entry that is no address of its family"),
            }
        }
        self.sets.insert(name, (six, entries));
        Ok(())
    }

    fn forwarding(&mut self, section: &Section) -> Known<()> {
        if !yes(section, "enabled", true)? {
            return Ok(());
        }
        let (Some(src), Some(dest)) = (self.end(section, "src")?, self.end(section, "dest")?) else {
            return Err(Skip::Section);
        };
        let Ok(only) = inferred(family(section)?, &[self.family(Some(src)), self.family(Some(dest))]) else {
            return Err(Skip::Section);
        };
        let six = nfproto(only);
        let chain = match src {
            End::Any => "forward".to_owned(),
            End::Zone(at) => format!("forward_{}", self.zones[at].name),
        };
        let action = match dest {
            End::Any => "accept".to_owned(),
            End::Zone(at) => {
                self.zones[at].to.push("accept".to_owned());
                format!("jump accept_to_{}", self.zones[at].name)
            }
        };
        self.rules.push((chain, format!("{six}{action}")));
        Ok(())
    }

    /// The family that a zone is kept to.
    fn family(&self, end: Option<End>) -> Option<u8> {
        match end {
            Some(End::Zone(at)) => self.zones[at].family,
            _ => None,
        }
    }

    /// The condition about a set, with its family.
    fn used(&self, section: &Section) -> Known<Option<(u8, String)>> {
        let Some(text) = section.get("ipset") else { return Ok(None) };
        let (not, text) = text.strip_prefix('!').map_or(("", text), |text| ("!= ", text.trim()));
        let mut words = text.split_whitespace();
        let name = words.next().ok_or(Skip::Section)?;
        let Some((six, _)) = self.sets.get(name) else { return Err(Skip::Section) };
        let field = match words.next() {
            Some("src") => "saddr",
            Some("dest" | "dst") => "daddr",
            _ => return unknown("a set without a direction"),
        };
        let ip = if *six { "ip6" } else { "ip" };
        Ok(Some((if *six { 6 } else { 4 }, format!("{ip} {field} {not}@{name} "))))
    }

    fn rule(&mut self, section: &Section) -> Known<()> {
        if section
            .options
            .iter()
            .any(|(name, _)| ["limit", "device", "mark", "start_time", "helper", "src_mac"].contains(&name.as_str()))
        {
            return unknown("an option that is not known here");
        }
        if !yes(section, "enabled", true)? {
            return Ok(());
        }
        let only = family(section)?;
        let (src, dest) = (self.end(section, "src")?, self.end(section, "dest")?);
        let protocols = protocols(section)?;
        let all = |name: &str| section.all(name).into_iter().map(address).collect::<Known<Vec<_>>>();
        let (from, to) = (all("src_ip")?, all("dest_ip")?);
        let ports = |name: &str| section.all(name).into_iter().map(port).collect::<Known<Vec<_>>>();
        let (sports, dports) = (ports("src_port")?, ports("dest_port")?);
        let mut types = Vec::new();
        for word in section.all("icmp_type") {
            let (kind, code) = word.split_once('/').map_or((word, None), |(kind, code)| (kind, Some(code)));
            if kind.parse::<u8>().is_err() || code.is_some_and(|code| code.parse::<u8>().is_err()) {
                return unknown("a name of a type of ICMP");
            }
            types.push((kind.to_owned(), code.map(str::to_owned)));
        }
        let target = match section.get("target") {
            None => None,
            Some(_) => Some(verdict(section, "target", "")?),
        };
        let set = self.used(section)?;
        if section.get("name").is_some_and(|name| name.len() > 122) {
            return unknown("a name that is too long");
        }
        let chain = match (src, dest) {
            (Some(End::Zone(at)), Some(_)) => format!("forward_{}", self.zones[at].name),
            (Some(End::Zone(at)), None) => format!("input_{}", self.zones[at].name),
            (Some(End::Any), Some(_)) => "forward".to_owned(),
            (Some(End::Any), None) => "input".to_owned(),
            (None, Some(End::Zone(at))) => format!("output_{}", self.zones[at].name),
            (None, _) => "output".to_owned(),
        };
        for proto in protocols {
            let mut given: Vec<u8> = only.into_iter().collect();
            if proto == Some("ipv6-icmp") {
                given = vec![6];
            }
            let zones = [self.family(src), self.family(dest)];
            let parts = [zones[0], zones[1], set.as_ref().map(|set| set.0), family_of(&from), family_of(&to)];
            let Ok(one) = inferred(given.first().copied(), &parts) else { continue };
            let typed = |six: bool| (proto == Some("icmp") || six && proto == Some("ipv6-icmp")) && !types.is_empty();
            let own = |six: bool| from.iter().chain(&to).any(|place| place.six == six) || typed(six);
            let families: Vec<Option<bool>> = match (one, own(false), own(true)) {
                (Some(4), ..) | (None, true, false) => vec![Some(false)],
                (Some(6), ..) | (None, false, true) => vec![Some(true)],
                (_, false, false) => vec![None],
                _ => vec![Some(false), Some(true)],
            };
            for six in families {
                for codes in [false, true] {
                    let mine: Vec<String> = types
                        .iter()
                        .filter(|(_, code)| six.is_some_and(typed) && code.is_some() == codes)
                        .map(|(kind, code)| {
                            code.as_ref().map_or_else(|| kind.clone(), |code| format!("{kind} . {code}"))
                        })
                        .collect();
                    let coded = six.is_some_and(typed) && types.iter().any(|(_, code)| code.is_some());
                    let whole = six.is_some_and(typed) && types.iter().any(|(_, code)| code.is_none());
                    if if codes { !coded } else { coded && !whole } {
                        continue;
                    }
                    let mut kinds = String::new();
                    if !mine.is_empty() {
                        let kind = if six == Some(true) { "icmpv6" } else { "icmp" };
                        let key = if codes { format!("{kind} type . {kind} code") } else { format!("{kind} type") };
                        let _ = write!(
                            kinds,
                            "{key} {} ",
                            if codes { format!("{{ {} }}", mine.join(", ")) } else { braced(&mine) }
                        );
                    }
                    if let Some((_, set)) = &set {
                        kinds += set;
                    }
                    let action = match (&target, dest) {
                        (None, _) => String::new(),
                        (Some(target), Some(End::Zone(at))) => {
                            self.zones[at].to.push(target.clone());
                            format!("jump {target}_to_{}", self.zones[at].name)
                        }
                        (Some(target), _) if target == "reject" => "jump handle_reject".to_owned(),
                        (Some(target), _) => target.clone(),
                    };
                    for from in groups(&from, six == Some(true)) {
                        for to in groups(&to, six == Some(true)) {
                            let text = conditions(six, proto, &from, &to, &sports, &dports);
                            self.rules.push((chain.clone(), format!("{text}{kinds}{action}")));
                        }
                    }
                }
            }
        }
        Ok(())
    }

    fn redirect(&mut self, section: &Section) -> Known<()> {
        if !yes(section, "enabled", true)? {
            return Ok(());
        }
        if section.get("target").is_some_and(|target| target != "DNAT") {
            return unknown("a redirect of something else");
        }
        let (only, proto) = (family(section)?, protocols(section)?);
        let single = |name: &str| section.get(name).map(address).transpose();
        let (from, outer, inner) = (single("src_ip")?, single("src_dip")?, single("dest_ip")?);
        let one = |name: &str| section.get(name).map(port).transpose();
        let (sport, dport, mut rport) = (one("src_port")?, one("src_dport")?, one("dest_port")?);
        let (src, mut dest) = (self.end(section, "src")?, self.end(section, "dest")?);
        let reflects = yes(section, "reflection", true)?;
        let set = self.used(section)?;
        let mut zones = Vec::new();
        for name in section.all("reflection_zone") {
            zones.push(self.zones.iter().position(|zone| zone.name == name).ok_or(Skip::Section)?);
        }
        let Some(End::Zone(src)) = src else { return Err(Skip::Section) };
        let inner = match inner {
            None => None,
            Some(Place { net: Some(net), not: false, .. }) => Some(net),
            Some(_) => return Err(Skip::Section),
        };
        if dest.is_none() {
            let holds = |zone: &Zone| inner.iter().any(|net| zone.related.iter().any(|own| own.contains(&net.addr())));
            dest = self.zones.iter().position(holds).map(End::Zone);
        }
        if rport.is_none() {
            rport.clone_from(&dport);
        }
        let masq = self.zones[src].masq;
        if let (true, true, Some(End::Zone(dest))) = (reflects, masq[0], dest) {
            self.zones[dest].to.extend(["accept", "dnat", "snat"].map(str::to_owned));
        }
        self.zones[src].to.push("dnat".to_owned());
        for proto in proto {
            let ported = matches!(proto, Some("tcp" | "udp"));
            let mine = |port: &Option<String>| port.clone().filter(|_| ported).into_iter().collect::<Vec<_>>();
            let (sports, dports) = (mine(&sport), mine(&dport));
            let moved = rport.clone().filter(|rport| ported && dport.as_ref() != Some(rport));
            if rport.is_some() && ported && sports.is_empty() && dports.is_empty() {
                return unknown("a port without one before");
            }
            let places: Vec<Place> =
                from.clone().into_iter().chain(outer.clone()).chain(inner.map(Place::net)).collect();
            let of = places.iter().map(|place| Some(if place.six { 6 } else { 4 }));
            let (near, far) = (self.zones[src].family, self.family(dest));
            let parts = [near, far, set.as_ref().map(|set| set.0)];
            let parts: Vec<Option<u8>> = parts.into_iter().chain(of).collect();
            let Ok(family) = inferred(only, &parts) else { continue };
            if let (true, Some(End::Zone(dest)), Some(inner)) = (reflects, dest, inner) {
                self.reflect((src, dest, &zones), proto, (outer.clone(), inner), &dports, (&rport, &moved));
            }
            let six = match family {
                Some(6) => true,
                Some(4) => false,
                _ => places.first().is_some_and(|place| place.six),
            };
            if family == Some(0) && places.is_empty() {
                return unknown("a redirect of both families");
            }
            let (from, outer): (Vec<_>, Vec<_>) =
                (from.clone().into_iter().collect(), outer.clone().into_iter().collect());
            let mut text = conditions(Some(six), proto, &from, &outer, &sports, &dports);
            if let Some((_, set)) = &set {
                text += set;
            }
            let port = moved.map_or_else(String::new, |port| format!(":{port}"));
            text += &match inner {
                Some(net) if net.prefix_len() < net.max_prefix_len() => return unknown("a network to redirect to"),
                Some(net) => format!("dnat {} to {}{port}", if six { "ip6" } else { "ip" }, net.addr()),
                None => format!("redirect{}", if port.is_empty() { String::new() } else { format!(" to {port}") }),
            };
            self.translations.push((format!("dstnat_{}", self.zones[src].name), text));
        }
        Ok(())
    }

    fn reflect(
        &mut self,
        (src, dest, zones): (usize, usize, &[usize]),
        proto: Option<&str>,
        (outer, inner): (Option<Place>, IpNet),
        dports: &[String],
        (rport, moved): (&Option<String>, &Option<String>),
    ) {
        if v6(&inner) || !self.zones[src].masq[0] {
            return;
        }
        let hosts = self.zones[src].related.iter().map(|net| Place::net(net.addr().into())).collect();
        let outer: Vec<Place> = outer.map_or(hosts, |outer| vec![outer]);
        let outer: Vec<Place> = outer.into_iter().filter(|place| !place.six).collect();
        let zones = if zones.is_empty() { vec![dest] } else { zones.to_vec() };
        for zone in zones {
            if self.zones[zone].family == Some(6) {
                continue;
            }
            let nets: Vec<IpNet> = self.zones[zone].related.iter().filter(|net| !v6(net)).copied().collect();
            let near = nets.iter().find(|net| net.contains(&inner.addr())).or(nets.first());
            let inside: Vec<Place> = nets.iter().map(|net| Place::net(*net)).collect();
            let (Some(own), false) = (near.copied(), outer.is_empty()) else { continue };
            let name = self.zones[zone].name.clone();
            self.zones[zone].to.extend(["dnat", "snat"].map(str::to_owned));
            let port = moved.as_ref().map_or_else(String::new, |port| format!(":{port}"));
            let text = conditions(Some(false), proto, &inside, &outer, &[], dports);
            self.translations.push((format!("dstnat_{name}"), format!("{text}dnat ip to {}{port}", inner.addr())));
            let ports: Vec<String> = rport.iter().filter(|_| matches!(proto, Some("tcp" | "udp"))).cloned().collect();
            let text = conditions(Some(false), proto, &inside, &[Place::net(inner)], &[], &ports);
            self.translations.push((format!("srcnat_{name}"), format!("{text}snat ip to {}", own.addr())));
        }
    }

    fn include(&mut self, section: &Section, files: &[File]) -> Known<()> {
        if !yes(section, "enabled", true)? {
            return Ok(());
        }
        let path = section.get("path").ok_or(Skip::Section)?;
        let name = path.strip_prefix("/etc/").unwrap_or(path);
        let Some(text) = file(files, name) else { return unknown("a file that is not there") };
        let position = section.get("position").unwrap_or("table-append");
        if ![
            "table-append",
            "table-post",
            "table-prepend",
            "table-pre",
            "chain-append",
            "chain-post",
            "chain-prepend",
            "chain-pre",
        ]
        .contains(&position)
        {
            return unknown("a place that is not known here");
        }
        let position = position.replace("append", "post").replace("prepend", "pre");
        self.includes.push((position, section.get("chain").unwrap_or("").to_owned(), text.to_owned()));
        Ok(())
    }

    fn included(&self, out: &mut String, place: &str, chain: &str) {
        for (_, _, text) in self
            .includes
            .iter()
            .filter(|(position, of, _)| position == place && (place.starts_with("table") || of == chain))
        {
            out.push_str(text);
            out.push('\n');
        }
    }

    fn write(&self, defaults: &Section) -> Known<String> {
        let floods = yes(defaults, "synflood_protect", yes(defaults, "syn_flood", false)?)?;
        let drops = yes(defaults, "drop_invalid", false)?;
        let mut out = "table inet fw4 {\n".to_owned();
        for (name, (_, entries)) in &self.sets {
            let _ = writeln!(out, "set {name} {{\nelements = {{\n{}\n}}\n}}", entries.join(",\n"));
        }
        self.included(&mut out, "table-pre", "");
        for chain in ["input", "forward", "output"] {
            let standard = verdict(defaults, chain, "drop")?;
            let policy = if standard == "accept" { "accept" } else { "drop" };
            let _ = writeln!(out, "chain {chain} {{\ntype filter hook {chain} priority filter; policy {policy};");
            out += match chain {
                "input" => "iifname \"lo\" accept\n",
                "output" => "oifname \"lo\" accept\n",
                _ => "",
            };
            self.included(&mut out, "chain-pre", chain);
            let invalid = if drops { ", invalid : drop" } else { "" };
            let _ = writeln!(out, "ct state vmap {{ established : accept, related : accept{invalid} }}");
            if floods && chain == "input" {
                // First packets of TCP are SYNs.
                out += "meta l4proto tcp ct state new jump syn_flood\n";
            }
            of_chain(&mut out, &self.rules, chain);
            for zone in self.zones.iter().filter(|zone| !zone.devices.is_empty()) {
                let side = if chain == "output" { "oifname" } else { "iifname" };
                let _ = writeln!(
                    out,
                    "{}{side} {} jump {chain}_{}",
                    nfproto(zone.family),
                    quoted(&zone.devices),
                    zone.name
                );
            }
            let reject = if standard == "reject" { "jump handle_reject\n" } else { "" };
            if chain == "input" {
                out += reject;
                self.included(&mut out, "chain-post", chain);
            } else {
                self.included(&mut out, "chain-post", chain);
                out += reject;
            }
            out += "}\n";
        }
        out += "chain handle_reject {\nreject\n}\n";
        out += "chain syn_flood {\nlimit rate 25/second burst 50 packets return\ndrop\n}\n";
        for zone in &self.zones {
            self.zone_chains(&mut out, zone, drops);
        }
        for (chain, hook, flag) in [("dstnat", "prerouting", "dnat"), ("srcnat", "postrouting", "snat")] {
            let _ = writeln!(out, "chain {chain} {{\ntype nat hook {hook} priority {chain}; policy accept;");
            self.included(&mut out, "chain-pre", chain);
            let zones = || self.zones.iter().filter(|zone| zone.to.iter().any(|to| to == flag));
            for zone in zones().filter(|zone| !zone.devices.is_empty()) {
                let side = if flag == "snat" { "oifname" } else { "iifname" };
                let _ = writeln!(
                    out,
                    "{}{side} {} jump {chain}_{}",
                    nfproto(zone.family),
                    quoted(&zone.devices),
                    zone.name
                );
            }
            self.included(&mut out, "chain-post", chain);
            out += "}\n";
            for zone in zones() {
                let own = format!("{chain}_{}", zone.name);
                let _ = writeln!(out, "chain {own} {{");
                self.included(&mut out, "chain-pre", &own);
                of_chain(&mut out, &self.translations, &own);
                let families = [false, true].into_iter().filter(|six| flag == "snat" && zone.masq[usize::from(*six)]);
                for six in families {
                    for src in groups(&zone.masq_src, six) {
                        for dest in groups(&zone.masq_dest, six) {
                            let text = conditions(Some(six), None, &src, &dest, &[], &[]);
                            let _ = writeln!(out, "{text}masquerade");
                        }
                    }
                }
                self.included(&mut out, "chain-post", &own);
                out += "}\n";
            }
        }
        self.included(&mut out, "table-post", "");
        out += "}\n";
        Ok(out)
    }

    fn zone_chains(&self, out: &mut String, zone: &Zone, drops: bool) {
        let name = &zone.name;
        for (chain, verdict, end) in
            [("input", &zone.input, "from"), ("output", &zone.output, "to"), ("forward", &zone.forward, "to")]
        {
            let own = format!("{chain}_{name}");
            let _ = writeln!(out, "chain {own} {{");
            self.included(out, "chain-pre", &own);
            of_chain(out, &self.rules, &own);
            if chain != "output" && zone.to.iter().any(|to| to == "dnat") {
                *out += "ct status dnat accept\n";
            }
            self.included(out, "chain-post", &own);
            let _ = writeln!(out, "jump {verdict}_{end}_{name}\n}}");
        }
        for verdict in ["accept", "reject", "drop"] {
            let action = if verdict == "reject" { "jump handle_reject" } else { verdict };
            for (end, side) in [("from", "iifname"), ("to", "oifname")] {
                let _ = writeln!(out, "chain {verdict}_{end}_{name} {{");
                if !zone.devices.is_empty() {
                    if verdict == "accept" && end == "to" && zone.masq.contains(&true) && !drops && !zone.allow_invalid
                    {
                        let family = match zone.masq {
                            [true, false] => "meta nfproto ipv4 ",
                            [false, true] => "meta nfproto ipv6 ",
                            _ => "",
                        };
                        let _ = writeln!(out, "{family}{side} {} ct state invalid drop", quoted(&zone.devices));
                    }
                    let _ = writeln!(out, "{}{side} {} {action}", nfproto(zone.family), quoted(&zone.devices));
                }
                *out += "}\n";
            }
        }
    }
}

fn nfproto(family: Option<u8>) -> &'static str {
    match family {
        Some(4) => "meta nfproto ipv4 ",
        Some(6) => "meta nfproto ipv6 ",
        _ => "",
    }
}

fn of_chain(out: &mut String, rules: &[(String, String)], chain: &str) {
    for (_, text) in rules.iter().filter(|(of, _)| of == chain) {
        out.push_str(text);
        out.push('\n');
    }
}

/// The family of a rule: what is said, or what all its parts are of.
///
/// # Errors
/// If they are at odds, which makes firewall4 leave the rule out.
fn inferred(said: Option<u8>, parts: &[Option<u8>]) -> Result<Option<u8>, ()> {
    let mut found = said.filter(|said| *said != 0);
    for part in parts.iter().flatten() {
        match found {
            None => found = Some(*part),
            Some(have) if have != *part => return Err(()),
            Some(_) => {}
        }
    }
    Ok(found.or(said))
}

fn conditions(
    six: Option<bool>,
    proto: Option<&str>,
    from: &[Place],
    to: &[Place],
    sports: &[String],
    dports: &[String],
) -> String {
    let mut out = String::new();
    match six {
        Some(true) => out += "meta nfproto ipv6 ",
        Some(false) => out += "meta nfproto ipv4 ",
        None => {}
    }
    match (proto, six) {
        (None, _) => {}
        (Some("icmp"), Some(true)) => out += "meta l4proto ipv6-icmp ",
        (Some("icmp"), None) => out += "meta l4proto { icmp, ipv6-icmp } ",
        (Some(proto), _) => {
            let _ = write!(out, "meta l4proto {proto} ");
        }
    }
    if let Some(six) = six {
        ends(&mut out, "saddr", from, six);
        ends(&mut out, "daddr", to, six);
    }
    if let Some(proto @ ("tcp" | "udp")) = proto {
        numbers(&mut out, &format!("{proto} sport"), sports);
        numbers(&mut out, &format!("{proto} dport"), dports);
    }
    out
}
