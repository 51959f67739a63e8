//! Translations (`filter_nat_rules_generate`): 1:1, outbound, port forwards, and reflection.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    aliases::Meaning,
    ast::{Addresses, Atom, Binat, End, From, Match, Nat, On, Origin, Rdr, Rules, To},
    config::{Config, origin, shown},
    ends::{Made, Skipped, has_ports},
    helpers,
    interfaces::Interface,
    names, reflect, routes,
    xml::Node,
};
use crate::{packet::Family, router::Unreadable};

fn family(node: &Node) -> Family {
    if node.text("ipprotocol") == "inet6" { Family::V6 } else { Family::V4 }
}

fn left_out(node: &Node, kind: &str, why: &str) -> Origin {
    let mut note = origin(node, kind);
    note.text += &format!(": pfSense leaves it out, because {why}");
    note
}

/// All translations.
///
/// # Errors
/// If pf would refuse one, and with it all rules.
pub fn translations(config: &Config, rules: &mut Rules) -> Result<(), Unreadable> {
    never_carp(rules);
    for node in config.root.all(&["nat"], "onetoone").filter(|node| !node.has("disabled")) {
        match one_to_one(config, node)? {
            Ok(found) => rules.binats.push(found),
            Err(why) => rules.notes.push(left_out(node, "1:1", &why)),
        }
    }
    for node in config.root.all(&["nat"], "npt").filter(|node| !node.has("disabled")) {
        npt(config, node, rules);
    }
    outbound(config, rules)?;
    helpers::redirections(config, rules);
    for node in config.root.all(&["nat"], "rule").filter(|node| !node.has("disabled")) {
        if let Err(why) = forward(config, node, rules)? {
            rules.notes.push(left_out(node, "forward", &why));
        }
    }
    reflect::one_to_one(config, rules);
    Ok(())
}

/// CARP, and with it VRRP, is never translated.
fn never_carp(rules: &mut Rules) {
    let origin = Origin { line: 0, text: "CARP is not translated".to_owned() };
    let matches = Match { protocols: vec![112], ..Match::ANY };
    rules.nats.push(Nat {
        no: true,
        matches: matches.clone(),
        from: From::Unknown,
        static_port: false,
        origin: origin.clone(),
    });
    rules.rdrs.push(Rdr {
        no: true,
        pass: false,
        matches,
        to: To::Unknown,
        port: None,
        tag: String::new(),
        perhaps: false,
        origin,
    });
}

fn named<'c>(config: &'c Config, node: &Node) -> Result<&'c Interface, Skipped> {
    let key = if node.text("interface").is_empty() { "wan" } else { node.text("interface") };
    config.interfaces.get(key).ok_or_else(|| format!("there is no interface `{}`, or it is not enabled", shown(key)))
}

/// The one network of an end, if it is one.
fn single(end: &End) -> Option<IpNet> {
    match &end.addresses {
        Addresses::Of(atoms) => match atoms.as_slice() {
            [Atom::Net(net)] if !end.not => Some(*net),
            _ => None,
        },
        Addresses::Any => None,
    }
}

/// A 1:1, or why pfSense leaves it out.
///
/// # Errors
/// If pf would refuse it, and with it all rules.
pub fn one_to_one(config: &Config, node: &Node) -> Made<Binat> {
    let interface = match named(config, node) {
        Ok(interface) => interface,
        Err(why) => return Ok(Err(why)),
    };
    let external = node.text("external");
    let family = if external.contains(':') { Family::V6 } else { family(node) };
    let first = |side: &str| -> Made<End> {
        let end = config.end(node, side, family)?;
        // A word for a network is its first one here.
        let own = config.interfaces.get(node.text_at(&[side, "network"])).and_then(|own| own.address(family));
        Ok(end.map(|end| own.map_or(end.clone(), |own| End { not: end.not, ..End::net(own.trunc()) })))
    };
    let (inside, peer) = (first("source")?, first("destination")?);
    let (inside, peer) = match (inside, peer) {
        (Ok(inside), Ok(peer)) => (inside, peer),
        (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
    };
    let outside = external.parse::<IpAddr>().ok().or_else(|| {
        config.network(external, family).and_then(|atoms| match atoms.as_slice() {
            [Atom::Net(net)] => Some(net.addr()),
            _ => None,
        })
    });
    let Some(outside) = outside else { return Ok(Err(format!("`{}` is no address", shown(external)))) };
    let inside = single(&inside);
    let outside = inside.and_then(|inside| IpNet::new(outside, inside.prefix_len()).ok());
    Ok(Ok(Binat {
        no: node.has("nobinat"),
        on: On::one(&interface.device),
        inside,
        peer,
        outside: outside.map(|net| net.trunc()),
        origin: origin(node, "1:1"),
    }))
}

/// Prefixes of IPv6 are translated in both directions; a prefix that is delegated cannot be told.
fn npt(config: &Config, node: &Node, rules: &mut Rules) {
    let Ok(interface) = named(config, node) else { return };
    let net = |side: &str| node.text_at(&[side, "address"]).parse::<IpNet>().ok().map(|net| net.trunc());
    let (inside, outside) = (net("source"), net("destination"));
    rules.binats.push(Binat {
        no: false,
        on: On::one(&interface.device),
        inside,
        peer: End::ANY,
        outside: inside.and(outside),
        origin: origin(node, "NPt"),
    });
}

fn outbound(config: &Config, rules: &mut Rules) -> Result<(), Unreadable> {
    let mode = config.root.text_at(&["nat", "outbound", "mode"]);
    if ["advanced", "hybrid"].contains(&mode) {
        for node in config.root.all(&["nat", "outbound"], "rule").filter(|node| !node.has("disabled")) {
            match outbound_rule(config, node)? {
                Ok(found) => rules.nats.extend(found),
                Err(why) => rules.notes.push(left_out(node, "outbound", &why)),
            }
        }
    }
    if ["", "automatic", "hybrid"].contains(&mode) {
        automatic(config, rules);
    }
    Ok(())
}

fn outbound_rule(config: &Config, node: &Node) -> Made<Vec<Nat>> {
    let key = node.text("interface");
    let Some(interface) = config.interfaces.get(key) else {
        return Ok(Err(format!("there is no interface `{}`, or it is not enabled", shown(key))));
    };
    let target = match node.text("target") {
        "other-subnet" => node.text("targetip"),
        other => other,
    };
    let written: Vec<Family> = match node.text("ipprotocol") {
        "inet" => vec![Family::V4],
        "inet6" => vec![Family::V6],
        _ => {
            let words = [node.text_at(&["source", "network"]), node.text_at(&["destination", "network"]), target];
            let nets = words.iter().filter_map(|word| super::aliases::literal(word));
            let families: Vec<bool> = nets.map(|net| net.addr().is_ipv4()).collect();
            match (families.contains(&true), families.contains(&false)) {
                (true, true) => return Ok(Err("it names addresses of both families".to_owned())),
                (true, false) => vec![Family::V4],
                (false, true) => vec![Family::V6],
                (false, false) => vec![Family::V4, Family::V6],
            }
        }
    };
    let mut found = Vec::new();
    for family in written {
        let (src, dst) = (
            onat_end(config, node, "source", "sourceport", family)?,
            onat_end(config, node, "destination", "dstport", family)?,
        );
        let (src, dst) = match (src, dst) {
            (Ok(src), Ok(dst)) => (src, dst),
            (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
        };
        let protocols = match node.text("protocol") {
            // Ports without a protocol are those of all protocols that have them.
            "" | "any" if src.ports.is_some() || dst.ports.is_some() => vec![6, 17, 132],
            "" | "any" => Vec::new(),
            "tcp/udp" => vec![6, 17],
            other => match names::protocol(other) {
                Some(number) => vec![number],
                None => {
                    return Err(Unreadable::new(format!(
                        "line {}: `{}` is no protocol, so pf refuses all rules",
                        node.line,
                        shown(other)
                    )));
                }
            },
        };
        let own = config.network(target, family).unwrap_or_default();
        let from = match (target.parse::<IpAddr>(), config.aliases.address(target)) {
            (Ok(address), _) if address.is_ipv4() == (family == Family::V4) => From::Address(address),
            (_, Meaning::Nothing) if own.is_empty() || target == format!("{key}ip") => From::Interface,
            _ => From::Unknown,
        };
        found.push(Nat {
            no: node.has("nonat"),
            matches: Match {
                on: Some(On::one(&config.interfaces.macro_device(interface))),
                family: Some(family),
                protocols,
                src,
                dst,
            },
            from,
            static_port: node.has("staticnatport"),
            origin: origin(node, "outbound NAT"),
        });
    }
    Ok(Ok(found))
}

/// An end of an outbound rule: its addresses are all in `network`.
fn onat_end(config: &Config, node: &Node, side: &str, port: &str, family: Family) -> Made<End> {
    let empty = Node::default();
    let part = node.get(side).unwrap_or(&empty);
    let word = part.text("network");
    let addresses = if part.has("any") || word == "any" {
        Addresses::Any
    } else if let Meaning::Addresses(atoms) = config.aliases.address(word) {
        Addresses::Of(atoms)
    } else {
        let Some(atoms) = config.network(word, family) else {
            return Ok(Err(format!("its {side} `{}` is no address", shown(word))));
        };
        Addresses::Of(atoms)
    };
    let ports = config.ports("tcp/udp", node.text(port))?;
    Ok(ports.map(|ports| End { addresses, not: part.has("not"), ports }))
}

/// The networks inside, shown under the address of every interface with a gateway.
fn automatic(config: &Config, rules: &mut Rules) {
    let mut nets: Vec<IpNet> = ["127.0.0.0/8", "::1/128"].iter().filter_map(|net| net.parse().ok()).collect();
    let inward = routes::routes(config).into_iter().filter(|route| !route.interface.gateway4 && is_private(&route.net));
    nets.extend(inward.map(|route| route.net));
    for interface in config.interfaces.all.iter().filter(|interface| !interface.gateway4 && !interface.is_virtual) {
        let Some(own) = interface.v4 else { continue };
        nets.push(own.trunc());
        nets.extend(interface.vips.iter().map(|vip| vip.net.trunc()).filter(|net| net.addr().is_ipv4()));
    }
    for list in ["openvpn-server", "openvpn-client", "openvpn-csc"] {
        for node in config.root.all(&["openvpn"], list).filter(|node| !node.has("disable")) {
            nets.extend(node.text("tunnel_network").parse::<IpNet>().ok().map(|net| net.trunc()));
        }
    }
    nets.extend(config.vpns.pools.iter().filter(|net| net.addr().is_ipv4()));
    let atoms: Vec<Atom> = nets.into_iter().map(Atom::Net).collect();
    let outward = |interface: &&Interface| {
        interface.gateway4 && !interface.device.starts_with("ovpn") && !interface.device.starts_with("ipsec")
    };
    for interface in config.interfaces.all.iter().filter(outward) {
        let device = config.interfaces.macro_device(interface);
        for family in [Family::V4, Family::V6] {
            for static_port in [true, false] {
                let src = End { addresses: Addresses::Of(atoms.clone()), ..End::ANY };
                let dst = if static_port { End::ANY.with_port(500) } else { End::ANY };
                let protocols = if static_port { vec![6, 17, 132] } else { Vec::new() };
                rules.nats.push(Nat {
                    no: !static_port && interface.no_nat,
                    matches: Match { on: Some(On::one(&device)), family: Some(family), protocols, src, dst },
                    from: From::Interface,
                    static_port,
                    origin: Origin { line: 0, text: "automatic outbound NAT".to_owned() },
                });
            }
        }
    }
}

fn is_private(net: &IpNet) -> bool {
    ["10.0.0.0/8", "100.64.0.0/10", "172.16.0.0/12", "192.168.0.0/16"]
        .iter()
        .filter_map(|private| private.parse::<IpNet>().ok())
        .any(|private| private.contains(&net.addr()))
}

/// A port forward, with what reflection adds.
fn forward(config: &Config, node: &Node, rules: &mut Rules) -> Made<()> {
    let interface = match named(config, node) {
        Ok(interface) => interface,
        Err(why) => return Ok(Err(why)),
    };
    let family = family(node);
    let ends = (config.whole_end(node, "source", family)?, config.whole_end(node, "destination", family)?);
    let (src, dst) = match ends {
        (Ok(src), Ok(dst)) => (src, dst),
        (Err(why), _) | (_, Err(why)) => return Ok(Err(why)),
    };
    let word = node.text("protocol").to_lowercase();
    let protocols = match word.as_str() {
        "any" => Vec::new(),
        "tcp/udp" => vec![6, 17],
        other => match names::protocol(other) {
            Some(number) => vec![number],
            None => {
                return Err(Unreadable::new(format!(
                    "line {}: `{}` is no protocol, so pf refuses all rules",
                    node.line,
                    shown(other)
                )));
            }
        },
    };
    let no = node.has("nordr");
    let to = match target(config, node, family) {
        Some(to) => to,
        None if no => To::Unknown,
        None => return Ok(Err(format!("there is no address in `{}`", shown(node.text("target"))))),
    };
    let port = if has_ports(&word) { local_port(config, node)? } else { None };
    let rdr = Rdr {
        no,
        pass: !no && node.text("associated-rule-id") == "pass",
        matches: Match { on: Some(On::one(&interface.device)), family: Some(family), protocols, src, dst },
        to,
        port,
        tag: String::new(),
        perhaps: false,
        origin: origin(node, "forward"),
    };
    let reflection = reflect::reflection(config, node, interface, &rdr);
    rules.rdrs.push(rdr);
    rules.rdrs.extend(reflection);
    reflect::helper(config, node, interface, family, rules);
    Ok(Ok(()))
}

fn target(config: &Config, node: &Node, family: Family) -> Option<To> {
    let word = node.text("target");
    if let Ok(address) = word.parse::<IpAddr>() {
        return Some(To::Address(address));
    }
    let atoms = match config.aliases.address(word) {
        Meaning::Addresses(atoms) => atoms,
        Meaning::Refused(_) => return Some(To::Unknown),
        Meaning::Nothing => config.network(word, family)?,
    };
    let fits = |net: &IpNet| net.addr().is_ipv4() == (family == Family::V4);
    Some(match atoms.as_slice() {
        [Atom::Net(net)] if net.hostmask() == net_zero(net) && fits(net) => To::Address(net.addr()),
        _ => To::Unknown,
    })
}

/// The mask of no host bits: a single address has this one.
fn net_zero(net: &IpNet) -> IpAddr {
    IpNet::from(net.addr()).hostmask()
}

/// The ports that a forward leads to, if they are others.
fn local_port(config: &Config, node: &Node) -> Result<Option<(u16, u16)>, Unreadable> {
    let (local, outer) = (node.text("local-port"), node.text_at(&["destination", "port"]));
    let first = outer.split('-').next().unwrap_or_default();
    if local.is_empty() || local == outer || local == first {
        return Ok(None);
    }
    if config.aliases.is_alias(local) {
        // pf takes one port: the first of the list.
        let ports = config.aliases.ports(local).ok().flatten();
        return Ok(ports.and_then(|ports| ports.ranges.first().copied()));
    }
    let Some(start) = names::ports(&local.replace('-', ":")) else { return Ok(None) };
    match names::ports(&outer.replace('-', ":")) {
        Some((from, to)) if from < to => match start.0.checked_add(to - from) {
            Some(last) => Ok(Some((start.0, last))),
            None => Err(Unreadable::new(format!(
                "line {}: the forward leads to ports beyond 65535, so pf refuses all rules",
                node.line
            ))),
        },
        _ => Ok(Some(start)),
    }
}
