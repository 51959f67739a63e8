//! The rules that pfSense puts before the user's (`filter_rules_generate`).

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{
    aliases::NAT64_RESERVED,
    ast::{Atom, Direction, End, Filter, Match, On, Own, Ports},
    config::Config,
    interfaces::Interface,
    line::{Line, atoms, block, pass},
    names,
};
use crate::packet::Family;

const UDP: u8 = 17;
const TCP: u8 = 6;
const ICMP6: u8 = 58;

const LINK_LOCAL4: IpNet = IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(169, 254, 0, 0), 16));
const LINK_LOCAL6: IpNet = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10));
const MULTICAST6: IpNet = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 0, 0), 16));
const UNSPECIFIED6: IpNet = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128));
const PRIVATE: [&str; 5] = ["10.0.0.0/8", "127.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7"];

/// What comes before the rules of the user.
pub fn before(config: &Config) -> Vec<Filter> {
    let mut found = Vec::new();
    if !config.ipv6() {
        for direction in [Direction::In, Direction::Out] {
            found.push(pass("pass IPv6 loopback").going(direction).quick().on("lo0").family(Family::V6));
        }
        for direction in [Direction::In, Direction::Out] {
            found.push(block("Block all IPv6").going(direction).quick().family(Family::V6));
        }
    }
    if !config.system("allow_nat64_prefix_override") {
        let nets: Vec<Atom> =
            NAT64_RESERVED.split_whitespace().filter_map(|net| net.parse().ok()).map(Atom::Net).collect();
        for direction in [Direction::In, Direction::Out] {
            let line = block("Block NAT64 for non-global IPv4").going(direction).quick().always();
            found.push(line.family(Family::V6).to(atoms(nets.clone())));
        }
    }
    if !config.system("no_apipa_block") {
        let line = || block("Block IPv4 link-local").going(Direction::In).quick().always();
        found.push(line().from(End::net(LINK_LOCAL4)));
        found.push(line().to(End::net(LINK_LOCAL4)));
    }
    for family in [Family::V4, Family::V6] {
        for direction in [Direction::In, Direction::Out] {
            found.push(block("Default deny rule").going(direction).family(family));
        }
    }
    if config.ipv6() {
        icmp6(&mut found);
    }
    for family in [Family::V4, Family::V6] {
        if family == Family::V4 || config.ipv6() {
            let line = || block("Block traffic from or to port 0").quick().always().family(family).proto(&[TCP, UDP]);
            found.push(line().from(End::ANY.with_port(0)));
            found.push(line().to(End::ANY.with_port(0)));
        }
    }
    if config.root.all(&["virtualip"], "vip").any(|vip| vip.text("mode") == "carp") {
        found.push(block("CARP operation").going(Direction::In).quick().proto(&[112]).from(atoms(vec![Atom::Own])));
        found.push(pass("CARP operation").quick().proto(&[112]).stateless());
    }
    let mut tagged = block("Prevent routing dhcp responses").going(Direction::Out).quick().always().proto(&[UDP]);
    tagged = tagged.from(End::ANY.with_port(67)).to(End::ANY.with_port(68));
    tagged.0.tagged = Some(("dhcpin".to_owned(), false));
    found.push(tagged);
    for interface in config.interfaces.all.iter().filter(|interface| interface.key != "pppoe") {
        let mut own = Vec::new();
        of_interface(config, interface, &mut own);
        // They come from what is said of the interface.
        for line in &mut own {
            line.0.origin.line = interface.line;
            line.0.origin.text += &format!(" (interface {})", interface.key);
        }
        found.extend(own);
    }
    loopback_and_self(config, &mut found);
    antilockout(config, &mut found);
    let mut reflected = pass("NAT reflection to localhost").going(Direction::In).family(Family::V4);
    reflected.0.tagged = Some(("PFREFLECT".to_owned(), false));
    found.push(reflected);
    found.into_iter().map(|line| line.0).collect()
}

fn icmp6(found: &mut Vec<Line>) {
    let line = || pass("ICMPv6 operation").quick().family(Family::V6).proto(&[ICMP6]).own(Own::Icmp6);
    found.push(line().icmp(&[1, 2, 135, 136]));
    for to in [LINK_LOCAL6, MULTICAST6] {
        let out = line().going(Direction::Out).from(End::net(LINK_LOCAL6)).to(End::net(to));
        found.push(out.icmp(&[129, 133, 134, 135, 136]));
    }
    for (from, to) in
        [(LINK_LOCAL6, LINK_LOCAL6), (MULTICAST6, LINK_LOCAL6), (LINK_LOCAL6, MULTICAST6), (UNSPECIFIED6, MULTICAST6)]
    {
        let into = line().going(Direction::In).from(End::net(from)).to(End::net(to));
        found.push(into.icmp(&[128, 133, 134, 135, 136]));
    }
}

/// The rules of one interface, before those of the user.
fn of_interface(config: &Config, interface: &Interface, found: &mut Vec<Line>) {
    let device = config.interfaces.macro_device(interface);
    let quick = |text: &str| pass(text).quick().on(&device).proto(&[UDP]);
    let any_from = |port: u16| End::ANY.with_port(port);
    let link6 = |port: u16| End::net(LINK_LOCAL6).with_port(port);
    if interface.kind4 == "dhcp" {
        let mut replies = quick("allow dhcp replies in").going(Direction::In).stateless().own(Own::DhcpClient);
        replies.0.tag = "dhcpin".to_owned();
        found.push(replies.from(any_from(67)).to(any_from(68)));
        let requests = quick("allow dhcp client out").going(Direction::Out).stateless().own(Own::DhcpClient);
        found.push(requests.from(any_from(68)).to(any_from(67)));
    }
    if config.ipv6() && ["slaac", "dhcp6"].contains(&interface.kind6.as_str()) {
        let line = |direction| quick("allow dhcpv6 client").going(direction).own(Own::Dhcp6);
        found.push(line(Direction::In).from(link6(546)).to(link6(546)));
        found.push(line(Direction::In).from(any_from(547)).to(any_from(546)));
        found.push(line(Direction::Out).from(any_from(546)).to(any_from(547)));
    }
    let blocked = |text: &str| block(text).going(Direction::In).quick().on(&device);
    if interface.blocks_bogons {
        for family in [Family::V4, Family::V6] {
            if family == Family::V4 || config.ipv6() {
                found.push(blocked("block bogon networks").family(family).from(atoms(vec![Atom::Unknown])));
            }
        }
    }
    if interface.v4.is_some() && !interface.bridged && !interface.is_virtual {
        antispoof(interface, &device, found);
    }
    if interface.blocks_private && !interface.bridged {
        for net in PRIVATE.iter().filter_map(|net| net.parse().ok()) {
            found.push(blocked("Block private networks").from(End::net(net)));
        }
    }
    dhcp_server(config, interface, &device, found);
    if interface.kind4 == "pptp" {
        found.push(pass("allow PPTP client").going(Direction::In).on(&device).proto(&[47]));
    }
    match interface.kind6.as_str() {
        "6rd" | "6to4" => {
            for direction in [Direction::In, Direction::Out] {
                let mut line = pass("Allow 6in4 traffic").going(direction).on(&device).proto(&[41]);
                line.0.perhaps = true;
                found.push(line);
            }
        }
        _ => dhcp6_server(config, interface, &device, found),
    }
}

/// `antispoof for X`: sources of its networks elsewhere, and its own addresses. The rules are not quick: those of the
/// user decide otherwise.
fn antispoof(interface: &Interface, device: &str, found: &mut Vec<Line>) {
    let vips = interface.vips.iter().filter(|vip| vip.own).map(|vip| vip.net);
    for net in interface.v4.into_iter().chain(interface.v6).chain(vips) {
        let mut elsewhere = block("antispoof protection").going(Direction::In).from(End::net(net.trunc()));
        elsewhere.0.matches.on = Some(On { names: vec![device.to_owned()], not: true });
        found.push(elsewhere);
        found.push(block("antispoof protection").going(Direction::In).from(End::net(IpNet::from(net.addr()))));
    }
}

fn dhcp_server(config: &Config, interface: &Interface, device: &str, found: &mut Vec<Line>) {
    if ["pptp", "pppoe", "none"].contains(&interface.kind4.as_str()) {
        return;
    }
    let pool = config.root.at(&["dhcpd", &interface.key]);
    let serves = pool.is_some_and(|pool| pool.has("enable"));
    let line = |direction| pass("allow access to DHCP server").going(direction).quick().on(device).proto(&[UDP]);
    let broadcast = || End::net(IpNet::from(IpAddr::V4(Ipv4Addr::BROADCAST))).with_port(67);
    if serves {
        let own = Own::DhcpServer;
        found.push(line(Direction::In).from(End::ANY.with_port(68)).to(broadcast()).own(own));
        if let Some(address) = interface.v4 {
            let here = || End::net(IpNet::from(address.addr())).with_port(67);
            found.push(line(Direction::In).from(End::ANY.with_port(68)).to(here()).own(own));
            found.push(line(Direction::Out).from(here()).to(End::ANY.with_port(68)).own(own));
            let peer = pool.map_or("", |pool| pool.text("failover_peerip")).parse::<IpAddr>();
            for port in peer.iter().flat_map(|_| [519, 520]) {
                let Ok(peer) = peer else { continue };
                let line = line(Direction::In).proto(&[TCP, UDP]).from(End::net(peer.into()));
                found.push(line.to(End::net(IpNet::from(address.addr())).with_port(port)));
            }
        }
    }
    let relay = config.root.get("dhcrelay").filter(|relay| relay.has("enable"));
    if relay.is_some_and(|relay| relay.text("interface").split(',').any(|key| key == interface.key)) {
        found.push(line(Direction::In).from(End::ANY.with_port(68)).to(broadcast()).own(Own::DhcpServer));
    }
}

fn dhcp6_server(config: &Config, interface: &Interface, device: &str, found: &mut Vec<Line>) {
    let serves = config.root.at(&["dhcpdv6", &interface.key]).is_some_and(|pool| pool.has("enable"));
    let relay = config.root.get("dhcrelay6").filter(|relay| relay.has("enable"));
    let relays = relay.is_some_and(|relay| relay.text("interface").split(',').any(|key| key == interface.key));
    if !serves && !relays {
        return;
    }
    let line = || {
        let line = pass("allow access to DHCPv6 server").quick().on(device).family(Family::V6).proto(&[UDP]);
        line.own(Own::Dhcp6)
    };
    for (from, to, port) in [
        (LINK_LOCAL6, LINK_LOCAL6, 546),
        (LINK_LOCAL6, MULTICAST6, 546),
        (LINK_LOCAL6, MULTICAST6, 547),
        (MULTICAST6, LINK_LOCAL6, 547),
    ] {
        found.push(line().from(End::net(from)).to(End::net(to).with_port(port)));
    }
    if let Some(own) = interface.v6 {
        let own = || End::net(IpNet::from(own.addr()));
        found.push(line().going(Direction::In).from(End::net(LINK_LOCAL6)).to(own().with_port(546)));
        found.push(line().going(Direction::Out).from(own().with_port(547)).to(End::net(LINK_LOCAL6)));
    }
}

fn loopback_and_self(config: &Config, found: &mut Vec<Line>) {
    for family in [Family::V4, Family::V6] {
        if family == Family::V4 || config.ipv6() {
            for direction in [Direction::In, Direction::Out] {
                found.push(pass("pass loopback").going(direction).on("lo0").family(family));
            }
        }
    }
    for family in [Family::V4, Family::V6] {
        if family == Family::V4 || config.ipv6() {
            found.push(pass("let out anything from firewall host itself").going(Direction::Out).family(family));
        }
    }
    for interface in config.interfaces.all.iter().filter(|interface| !interface.is_virtual) {
        sent_by_uplink(config, interface, found);
    }
}

/// What leaves under the address of an uplink is sent to its gateway, wherever routing would send it; its own network
/// alone is spared. Of IPv6 pfSense takes the whole prefix that the provider delegates for that network.
fn sent_by_uplink(config: &Config, interface: &Interface, found: &mut Vec<Line>) {
    if interface.device.starts_with("ipsec") {
        return;
    }
    for family in [Family::V4, Family::V6] {
        let Some(own) = interface.address(family).filter(|_| config.has_gateway(interface, family)) else { continue };
        let vips = interface.vips.iter().filter(|vip| vip.own && vip.net.addr().is_ipv4() == (family == Family::V4));
        for address in std::iter::once(own).chain(vips.map(|vip| vip.net)) {
            let near = match family {
                Family::V4 => Ok(if own.contains(&address.addr()) { own } else { address }),
                Family::V6 => IpNet::new(address.addr(), interface.delegated),
            };
            let Ok(near) = near else { continue };
            let text = "let out anything from firewall host itself";
            let mut line = pass(text).going(Direction::Out).family(family).always();
            line.0.route = Some(vec![interface.device.clone()]);
            let to = End { not: true, ..End::net(near.trunc()) };
            found.push(line.from(End::net(IpNet::from(address.addr()))).to(to));
        }
    }
}

/// The page and the shell of the firewall stay reachable from `lan`.
fn antilockout(config: &Config, found: &mut Vec<Line>) {
    let Some(webgui) = config.root.at(&["system", "webgui"]).or(Some(&config.root)) else { return };
    if config.root.at(&["system", "webgui", "noantilockout"]).is_some() {
        return;
    }
    let webgui = if webgui.name == "webgui" { webgui.clone() } else { super::xml::Node::default() };
    let assigned = config.root.get("interfaces").map_or(0, |node| node.children.len());
    let key = if assigned > 1 { "lan" } else { "wan" };
    let Some(interface) = config.interfaces.get(key) else { return };
    let https = webgui.text("protocol") == "https";
    let page = if webgui.text("port").is_empty() { if https { "443" } else { "80" } } else { webgui.text("port") };
    let mut words = vec![page.to_owned()];
    if https && !webgui.has("disablehttpredirect") && page != "80" {
        words.push("80".to_owned());
    }
    if let Some(ssh) = config.root.at(&["system", "ssh"]).filter(|ssh| ssh.has("enable")) {
        words.push(if ssh.text("port").is_empty() { "22".to_owned() } else { ssh.text("port").to_owned() });
    }
    let ranges: Vec<(u16, u16)> = words.iter().filter_map(|word| names::ports(word)).collect();
    let to = End { ports: Some(Ports { ranges, unknown: false }), ..atoms(vec![Atom::Of(interface.device.clone())]) };
    found.push(pass("anti-lockout rule").going(Direction::In).quick().on(&interface.device).proto(&[TCP]).to(to));
}

/// A match of everything on an interface, for what cannot be known.
pub fn everything(device: &str, protocols: &[u8]) -> Match {
    Match { on: Some(On::one(device)), protocols: protocols.to_vec(), ..Match::ANY }
}
