//! Reflection: forwards for those inside who ask for the address outside, and the way back of what is sent inside again.

use ipnet::IpNet;

use super::{
    ast::{Addresses, Atom, End, From, Match, Nat, On, Origin, Ports, Rdr, Rules, To},
    config::{Config, origin},
    interfaces::Interface,
    xml::Node,
};
use crate::packet::Family;

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
    // The interface of the target, if the forward or its reflection is on it.
    let reflected = matches.on.map(|on| on.names).unwrap_or_default();
    for other in config.interfaces.all.iter().filter(|other| !other.is_virtual) {
        let Some(own) = other.address(family).filter(|own| own.contains(&target)) else { continue };
        if reflected.contains(&other.device) || other.device == interface.device {
            let itself = End { addresses: Addresses::Of(vec![Atom::Of(other.device.clone())]), ..End::ANY };
            rules.nats.push(back(&other.device, matches.protocols.clone(), itself, dst(), true));
            rules.nats.push(back(&other.device, matches.protocols.clone(), End::net(own.trunc()), dst(), false));
        }
    }
}
