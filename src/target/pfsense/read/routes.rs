//! Where packets are sent beside the links: static routes (`get_staticroutes` in `util.inc`), the networks of VPNs that
//! gateways of rules do not apply to (`filter_get_vpns_list`), and what a policy knows behind a host.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    aliases::{self, Aliases},
    ast::{Action, Aside, Atom, Direction, End, Filter, Origin},
    config::{Config, shown},
    interfaces::Interface,
    xml::Node,
};
use crate::{packet::Family, router::Topology};

/// A static route that is in force.
pub struct Route<'c> {
    pub net: IpNet,
    pub interface: &'c Interface,
    /// The address of its gateway, if it is written.
    pub gateway: Option<IpAddr>,
}

/// The static routes; one to an alias is one to each of its networks.
pub fn routes(config: &Config) -> Vec<Route<'_>> {
    let mut found = Vec::new();
    for node in config.root.all(&["staticroutes"], "route").filter(|node| !node.has("disabled")) {
        let word = node.text("network");
        let atoms = if config.aliases.is_alias(word) {
            config.aliases.atoms(word)
        } else {
            aliases::literal(word).map(Atom::Net).into_iter().collect()
        };
        let name = node.text("gateway");
        let keys = config.gateway(name).unwrap_or_default();
        let Some(interface) = keys.first().and_then(|key| config.interfaces.get(key)) else { continue };
        let items = config.root.all(&["gateways"], "gateway_item");
        let gateway = items.filter(|item| item.text("name") == name).find_map(|item| item.text("gateway").parse().ok());
        found.extend(atoms.into_iter().filter_map(|atom| match atom {
            Atom::Net(net) => Some(Route { net, interface, gateway }),
            _ => None,
        }));
    }
    found
}

/// The uplinks that are not the way out of a family, if there are several. (`fixup_default_gateway` in `gwlb.inc`)
pub fn asides(config: &Config) -> Vec<Aside> {
    let mut found = Vec::new();
    for (family, tag) in [(Family::V4, "defaultgw4"), (Family::V6, "defaultgw6")] {
        let tunnel = |interface: &Interface| TUNNELS.iter().any(|start| interface.device.starts_with(start));
        let gateway = |interface: &Interface| match family {
            Family::V4 => interface.gateway4,
            Family::V6 => interface.gateway6,
        };
        let uplinks = config.interfaces.all.iter();
        let mut uplinks: Vec<&Interface> =
            uplinks.filter(|interface| !interface.is_virtual && !tunnel(interface) && gateway(interface)).collect();
        uplinks.sort_by_key(|interface| place(&interface.key));
        let name = config.root.text_at(&["gateways", tag]);
        let first = config.first_of(name).unwrap_or_default();
        let chosen = |interface: &&Interface| {
            if first.is_empty() {
                uplinks.first().is_some_and(|default| default.key == interface.key)
            } else {
                first.contains(&interface.key)
            }
        };
        for interface in uplinks.iter().filter(|interface| !chosen(interface)) {
            let near = interface.address(family).map(|own| own.trunc());
            found.push(Aside { device: interface.device.clone(), family, near });
        }
    }
    found
}

/// How the devices of tunnels begin, whose other end is the network itself.
const TUNNELS: [&str; 7] = ["ovpn", "ipsec", "gif", "gre", "tun_wg", "wg", "tailscale"];

/// The place of an interface in pfSense's own order.
fn place(key: &str) -> u64 {
    match key {
        "wan" => 0,
        "lan" => 1,
        other => other.trim_start_matches("opt").parse::<u64>().unwrap_or(u64::MAX - 2).saturating_add(2),
    }
}

/// Networks that lie behind a host of a link, and that no route leads to: what is sent there goes by the default route,
/// or by another one, and never arrives.
pub fn missing(config: &Config, topology: &Topology) -> Vec<Filter> {
    let routes = routes(config);
    let mut found = Vec::new();
    for (interface, device) in topology.interfaces.iter().zip(&config.interfaces.devices) {
        let behind = interface.behind.is_some();
        let on_link = |net: &IpNet| interface.links().any(|link| link == net);
        // The package of WireGuard lets a peer send from its networks, and sets no route to them.
        let far = interface.networks.iter().filter(|net| behind || device.starts_with("tun_wg") && !on_link(net));
        for net in far {
            let here = |route: &&Route| route.interface.device == *device;
            let around =
                routes.iter().filter(|route| route.net.contains(net)).max_by_key(|route| route.net.prefix_len());
            let lost = around.is_none_or(|route| !here(&route)).then_some(*net);
            // A narrower route that leads elsewhere takes a part of it.
            let narrower = routes.iter().filter(|route| net.contains(&route.net) && route.net != *net && !here(route));
            for net in lost.into_iter().chain(narrower.map(|route| route.net)) {
                let text = format!("no static route leads to {net} by `{}`", shown(&interface.name));
                for direction in [Direction::In, Direction::Out] {
                    let mut rule = Filter::new(Action::Block, "");
                    rule.origin = Origin { line: 0, text: text.clone() };
                    rule.direction = Some(direction);
                    rule.quick = true;
                    rule.matches.dst = End::net(net);
                    found.push(rule);
                }
            }
        }
    }
    found
}

/// The networks of VPNs that a rule with a gateway leaves to the routes.
#[derive(Clone, Debug, Default)]
pub struct Vpns {
    pub known: Vec<IpNet>,
    /// Those of OpenVPN. All versions so far look for them at a place where they do not stand; one that finds them may
    /// come at any time.
    pub perhaps: Vec<IpNet>,
    /// The addresses that `IPsec` and `PPPoE` give to clients, which automatic outbound NAT translates, too.
    pub pools: Vec<IpNet>,
}

impl Vpns {
    pub fn of(root: &Node, aliases: &Aliases) -> Self {
        let (mut known, mut pools) = (Vec::new(), Vec::new());
        if root.all(&["ipsec"], "phase1").any(|node| !node.has("disabled")) {
            if let Some(client) = root.at(&["ipsec", "client"]).filter(|client| client.has("enable")) {
                for (address, bits) in [("pool_address", "pool_netbits"), ("pool_address_v6", "pool_netbits_v6")] {
                    pools.extend(net(client.text(address), client.text(bits)));
                }
            }
            let tunnels = root.all(&["ipsec"], "phase2");
            for node in
                tunnels.filter(|node| !node.has("mobile") && node.text("mode") != "transport" && !node.has("disabled"))
            {
                let Some(remote) = node.get("remoteid") else { continue };
                known.extend(match remote.text("type") {
                    "address" => net(remote.text("address"), "32"),
                    "network" => net(remote.text("address"), remote.text("netbits")),
                    _ => None,
                });
            }
        }
        for node in root.all(&["pppoes"], "pppoe").filter(|node| node.text("mode") == "server") {
            pools.extend(net(node.text("remoteip"), node.text("pppoe_subnet")));
        }
        known.extend(&pools);
        known.retain(|net| net.prefix_len() > 0);
        Self { known, perhaps: of_openvpn(root, aliases), pools }
    }

    pub fn is_empty(&self) -> bool {
        self.known.is_empty() && self.perhaps.is_empty()
    }

    /// As the sides of a rule: what it is surely about, and what perhaps.
    pub fn atoms(&self) -> Vec<Atom> {
        let known = self.known.iter().map(|net| Atom::Net(*net));
        known.chain(self.perhaps.iter().map(|net| Atom::Perhaps(*net))).collect()
    }
}

fn net(address: &str, bits: &str) -> Option<IpNet> {
    IpNet::new(address.parse().ok()?, bits.parse().ok()?).ok().map(|net| net.trunc())
}

fn of_openvpn(root: &Node, aliases: &Aliases) -> Vec<IpNet> {
    let mut found = Vec::new();
    for list in ["openvpn-client", "openvpn-server"] {
        for node in root.all(&["openvpn"], list).filter(|node| !node.has("disable")) {
            let networks = node.text("remote_network").split(',').chain([node.text("tunnel_network")]);
            for word in networks.map(str::trim) {
                let atoms = if aliases.is_alias(word) { aliases.atoms(word) } else { Vec::new() };
                let nested = atoms.into_iter().filter_map(|atom| match atom {
                    Atom::Net(net) => Some(net),
                    _ => None,
                });
                found.extend(aliases::literal(word).into_iter().chain(nested).filter(|net| net.prefix_len() > 0));
            }
        }
    }
    found.retain(|net| net.addr().is_ipv4());
    found
}
