//! Reflection: forwards for those inside who ask for the address outside, and the way back of what is sent inside again.

use ipnet::IpNet;

use super::{
    ast::{Addresses, Atom, Binat, End, From, Match, Nat, On, Origin, Ports, Rdr, Rules, To},
    binat,
    config::{Config, origin},
    interfaces::Interface,
    routes,
    xml::Node,
};
use crate::packet::Family;

/// Addresses of one 1:1 that are followed one by one.
const FOLLOWED: u32 = 2048;

/// The forward for those inside who ask for the address outside.
pub fn reflection(config: &Config, node: &Node, interface: &Interface, rdr: &Rdr) -> Vec<Rdr> {
    let kind = match node.text("natreflection") {
        "disable" => return Vec::new(),
        "enable" => "proxy",
        "purenat" => "purenat",
        _ if config.system("disablenatreflection") => return Vec::new(),
        _ if config.system("enablenatreflectionpurenat") => "purenat",
        _ => "proxy",
    };
    let inside = config.interfaces.all.iter().filter(|other| !other.gateway4 && other.device != interface.device);
    let names: Vec<String> = inside.map(|other| other.device.clone()).collect();
    if names.is_empty() || (kind == "proxy" && rdr.matches.family == Some(Family::V6) && !rdr.no) {
        return Vec::new();
    }
    let mut found = rdr.clone();
    found.matches.on = Some(On { names, not: false });
    found.origin.text += ", reflected";
    if rdr.matches.dst.addresses == Addresses::Any
        && let Some(own) = interface.v4
    {
        found.matches.dst.addresses = Addresses::Of(vec![Atom::Net(own.trunc())]);
    }
    if kind == "proxy" && !rdr.no {
        // A program of the firewall opens a connection of its own to the host.
        found.to = To::Unknown;
        found.pass = false;
        found.tag = "PFREFLECT".to_owned();
        if rdr.matches.dst.ports.is_none() {
            return Vec::new();
        }
    }
    vec![found]
}

/// Sources of what reflection, or a forward of any destination, sends back to where it came from.
pub fn helper(config: &Config, node: &Node, interface: &Interface, family: Family, rules: &mut Rules) {
    let Some(Rdr { to: To::Address(target), no: false, port, matches, .. }) = rules.rdrs.last().cloned() else {
        return;
    };
    let back = |device: &str, protocols: Vec<u8>, src: End, dst: End, no: bool| Nat {
        no,
        matches: Match { on: Some(On::one(device)), family: Some(family), protocols, src, dst },
        from: From::Interface,
        static_port: false,
        origin: Origin { text: origin(node, "forward").text + ", sent back", ..origin(node, "forward") },
    };
    // Of ranges, pfSense forgets the ports here.
    let single = |ports: &&Ports| !ports.unknown && matches!(ports.ranges.as_slice(), [(from, to)] if from == to);
    let asked = || matches.dst.ports.as_ref().filter(single).cloned();
    let ports = port.map(|(from, to)| Ports { ranges: vec![(from, to)], unknown: false }).or_else(asked);
    let dst = || End { ports: ports.clone(), ..End::net(IpNet::from(target)) };
    if !config.system("enablenatreflectionhelper") {
        if matches.dst.addresses == Addresses::Any
            && !interface.gateway4
            && let Some(own) = interface.address(family)
        {
            let itself = End { addresses: Addresses::Of(vec![Atom::Of(interface.device.clone())]), ..End::ANY };
            rules.nats.push(back(&interface.device, vec![6], itself, End::net(own.trunc()), true));
            rules.nats.push(back(&interface.device, vec![6], End::net(own.trunc()), dst(), false));
        }
        return;
    }
    let mut devices = matches.on.map(|on| on.names).unwrap_or_default();
    devices.push(interface.device.clone());
    let origin = Origin { text: origin(node, "forward").text + ", sent back", ..origin(node, "forward") };
    rules.nats.extend(sent_back(config, &devices, IpNet::from(target), &matches.protocols, &dst(), &origin));
}

/// What is sent back to where it came from gets the address of the interface, so that the answer comes by here
/// (`filter_generate_reflection_nat`): to a target in a network of one of these devices, or behind a router in it.
fn sent_back(
    config: &Config,
    devices: &[String],
    target: IpNet,
    protocols: &[u8],
    dst: &End,
    origin: &Origin,
) -> Vec<Nat> {
    let routes = routes::routes(config);
    let behind = routes.iter().filter(|route| devices.contains(&route.interface.device));
    let mut behind = behind.filter(|route| overlap(&route.net, &target));
    let near = behind.find_map(|route| route.gateway).map_or(target, IpNet::from);
    let family = if near.addr().is_ipv4() { Family::V4 } else { Family::V6 };
    let mut found = Vec::new();
    for interface in config.interfaces.all.iter().filter(|interface| !interface.is_virtual) {
        if !devices.contains(&interface.device) {
            continue;
        }
        let full = |net: &IpNet| net.prefix_len() == net.max_prefix_len();
        let further = interface.vips.iter().map(|vip| vip.net).filter(|net| !full(net));
        let own = interface.address(family).into_iter();
        for (first, own) in own.map(|own| (true, own)).chain(further.map(|own| (false, own))) {
            if !overlap(&own, &near) {
                continue;
            }
            let here = |route: &&routes::Route| {
                route.interface.device == interface.device
                    && route.gateway.is_some_and(|gateway| own.contains(&gateway))
            };
            let beyond = routes.iter().filter(here).map(|route| route.net);
            let sources = std::iter::once(own.trunc()).chain(beyond).map(Atom::Net).collect();
            let itself = End { addresses: Addresses::Of(vec![Atom::Of(interface.device.clone())]), ..End::ANY };
            let nat = |src: End, no: bool| Nat {
                no,
                matches: Match {
                    on: Some(On::one(&interface.device)),
                    family: Some(family),
                    protocols: protocols.to_vec(),
                    src,
                    dst: dst.clone(),
                },
                from: if first { From::Interface } else { From::Address(own.addr()) },
                static_port: false,
                origin: origin.clone(),
            };
            // pfSense asks the text of the target for an address, and that of a network is none.
            if full(&target) {
                found.push(nat(itself, true));
            }
            found.push(nat(End { addresses: Addresses::Of(sources), ..End::ANY }, false));
        }
    }
    found
}

fn overlap(one: &IpNet, other: &IpNet) -> bool {
    one.contains(other) || other.contains(&one.trunc())
}

/// What 1:1 adds for those inside: they ask for the address outside, too.
pub fn one_to_one(config: &Config, rules: &mut Rules) {
    for node in config.root.all(&["nat"], "onetoone").filter(|node| !node.has("disabled")) {
        let Ok(Ok(found)) = super::nat::one_to_one(config, node) else { continue };
        let Some(at) = config.interfaces.all.iter().find(|other| found.on.names.contains(&other.device)) else {
            continue;
        };
        let switched = config.system("enablebinatreflection") || node.text("natreflection") == "enable";
        let mut devices = vec![at.device.clone()];
        if !found.no && switched && node.text("natreflection") != "disable" {
            let inside = config.interfaces.all.iter().filter(|other| !other.gateway4 && other.device != at.device);
            devices.extend(inside.map(|other| other.device.clone()));
            rules.rdrs.extend(reflected(&found, &devices[1..]));
        }
        let Some(target) = found.inside.filter(|_| config.system("enablenatreflectionhelper")) else { continue };
        let origin = Origin { text: found.origin.text.clone() + ", sent back", ..found.origin.clone() };
        rules.nats.extend(sent_back(config, &devices, target, &[], &End::net(target), &origin));
    }
}

/// The redirections inside, address by address (`bitmask`).
fn reflected(binat: &Binat, devices: &[String]) -> Vec<Rdr> {
    if devices.is_empty() {
        return Vec::new();
    }
    let family = binat.outside.map(|net| if net.addr().is_ipv4() { Family::V4 } else { Family::V6 });
    let rdr = |dst: End, to: To, perhaps: bool| Rdr {
        no: false,
        pass: false,
        matches: Match {
            on: Some(On { names: devices.to_vec(), not: false }),
            family,
            protocols: Vec::new(),
            src: binat.peer.clone(),
            dst,
        },
        to,
        port: None,
        tag: String::new(),
        perhaps,
        origin: Origin { text: binat.origin.text.clone() + ", reflected", ..binat.origin.clone() },
    };
    let pairs = binat::pairs(binat, FOLLOWED);
    let known = pairs.known.iter();
    let mut found: Vec<Rdr> =
        known.map(|(inside, outside)| rdr(End::net(IpNet::from(*outside)), To::Address(*inside), false)).collect();
    if pairs.unknown {
        found.push(rdr(binat.outside.map_or(End::ANY, End::net), To::Unknown, true));
    }
    found
}
