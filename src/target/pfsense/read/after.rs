//! The rules that pfSense puts behind the user's (`filter_rules_generate`): they pass what no rule has decided.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::{
    ast::{Atom, Direction, End, Filter, Flags},
    config::Config,
    interfaces::Interface,
    line::{Line, atoms, pass},
    routes,
    xml::Node,
};
use crate::packet::Family;

const UDP: u8 = 17;
const TCP: u8 = 6;

/// What comes behind the rules of the user.
pub fn rules(config: &Config) -> Vec<Filter> {
    let mut found = Vec::new();
    static_routes(config, &mut found);
    if !config.system("disablevpnrules") {
        ipsec(config, &mut found);
    }
    upnp(config, &mut found);
    found.into_iter().map(|line| line.0).collect()
}

fn static_routes(config: &Config, found: &mut Vec<Line>) {
    if config.root.at(&["filter", "bypassstaticroutes"]).is_none() {
        return;
    }
    for route in routes::routes(config) {
        let (interface, net) = (route.interface, route.net);
        let family = if net.addr().is_ipv4() { Family::V4 } else { Family::V6 };
        let Some(own) = interface.address(family) else { continue };
        let device = config.interfaces.macro_device(interface);
        for (from, to) in [(own.trunc(), net), (net, own.trunc())] {
            let line = || {
                let line = pass("pass traffic between statically routed subnets").quick().on(&device);
                line.from(End::net(from)).to(End::net(to))
            };
            let mut tcp = line().proto(&[TCP]);
            tcp.0.flags = Flags::ANY;
            found.extend([tcp, line()]);
        }
    }
}

/// Whoever ends a tunnel of `IPsec` with the firewall reaches it (`filter_generate_ipsec_rules`).
fn ipsec(config: &Config, found: &mut Vec<Line>) {
    let at = |path: &[&str], usual: u16| config.root.text_at(path).parse().unwrap_or(usual);
    let ports = [at(&["ipsec", "port"], 500), at(&["ipsec", "port_nat_t"], 4500)];
    let out = |node: &Node, name: &str, usual: u16| node.text(name).parse().unwrap_or(usual);
    let left_out = |node: &&Node| node.has("disabled") || node.has("gw_duplicates");
    for node in config.root.all(&["ipsec"], "phase1").filter(|node| !left_out(node)) {
        let peer = node.text("remote-gateway").parse::<IpAddr>();
        // Nobody is sent to where everybody may come from.
        let (from, family, sends) = match peer {
            _ if node.has("mobile") => (End::ANY, None, false),
            Ok(peer) => {
                let family = if peer.is_ipv4() { Family::V4 } else { Family::V6 };
                let from = if peer.is_unspecified() { End::ANY } else { End::net(IpNet::from(peer)) };
                (from, Some(family), !peer.is_unspecified())
            }
            Err(_) if node.text("remote-gateway").is_empty() => continue,
            Err(_) => (atoms(vec![Atom::Unknown]), None, true),
        };
        let mine = |kind: &str| {
            let mut all = config.root.all(&["ipsec"], "phase2");
            all.any(|other| other.text("ikeid") == node.text("ikeid") && other.text("protocol") == kind)
        };
        let kinds: Vec<u8> =
            [("esp", 50), ("ah", 51)].into_iter().filter(|(kind, _)| mine(kind)).map(|(_, number)| number).collect();
        let own = || atoms(vec![Atom::Own]);
        let of_family = |line: Line| match family {
            Some(family) => line.family(family),
            None => line,
        };
        let (ends, sure) = config.ends_of_tunnel(node.text("interface"));
        for interface in &ends {
            let device = config.interfaces.macro_device(interface);
            let line = || {
                let mut line = of_family(pass("IPsec").going(Direction::In).on(&device).from(from.clone()));
                line.0.perhaps = !sure;
                line
            };
            found.extend(ports.map(|port| line().proto(&[UDP]).to(own().with_port(port))));
            found.extend(kinds.iter().map(|number| line().proto(&[*number]).to(own())));
        }
        if sends {
            // By the gateway of its interface, if it is not on that link.
            let near = |interface: &&Interface| {
                let own = family.and_then(|family| interface.address(family));
                own.zip(peer.as_ref().ok()).is_some_and(|(own, peer)| own.contains(peer))
            };
            let by = |interface: &&Interface| family.is_some_and(|family| config.has_gateway(interface, family));
            let route = ends.iter().find(|interface| sure && !near(interface) && by(interface));
            let line = || {
                let mut line = of_family(pass("IPsec").going(Direction::Out).from(own())).always();
                line.0.route = route.map(|interface| vec![interface.device.clone()]);
                line
            };
            let ports = [out(node, "ikeport", 500), out(node, "nattport", 4500)];
            found.extend(ports.map(|port| {
                let to = End { ports: End::ANY.with_port(port).ports, ..from.clone() };
                line().proto(&[UDP]).to(to)
            }));
            found.extend(kinds.iter().map(|number| line().proto(&[*number]).to(from.clone())));
        }
    }
}

/// Who looks for `UPnP` reaches its group, after the rules of the user.
fn upnp(config: &Config, found: &mut Vec<Line>) {
    let settings = config.root.all(&["installedpackages", "miniupnpd"], "config").next();
    let Some(settings) = settings.filter(|settings| settings.text("enable") == "on") else { return };
    for key in settings.text("iface_array").split(',') {
        let Some(interface) = config.interfaces.get(key) else { continue };
        let Some(own) = interface.v4 else { continue };
        let device = config.interfaces.macro_device(interface);
        let group = IpNet::from(IpAddr::V4(Ipv4Addr::new(239, 255, 255, 250)));
        let line = pass("pass multicast traffic to miniupnpd").going(Direction::In).on(&device).proto(&[UDP]);
        found.push(line.from(End::net(own.trunc())).to(End::net(group).with_port(1900)));
    }
}
