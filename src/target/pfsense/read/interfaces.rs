//! The interfaces of a configuration: which are filtered on, under which device and addresses (`filter.inc`,
//! `filter_generate_optcfg_array`), and which of them the topology speaks of.

use std::net::IpAddr;

use ipnet::IpNet;

use super::xml::Node;
use crate::{
    packet::Family,
    router::{Topology, Unreadable},
};

/// A further address of an interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vip {
    pub net: IpNet,
    /// Those of `proxyarp` and `other` are not the firewall's own.
    pub own: bool,
}

/// An interface that rules can name, in the order of the file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "pfSense's interfaces have as many switches")]
pub struct Interface {
    /// `wan`, `lan`, `opt1`, or what stands for a whole sort: `openvpn`, `enc0`, `l2tp`, `pppoe`.
    pub key: String,
    /// `em0`, or the name of a group of devices.
    pub device: String,
    /// In capitals, as pf's macro has it.
    pub descr: String,
    pub line: u32,
    /// The address with the length of its network.
    pub v4: Option<IpNet>,
    pub v6: Option<IpNet>,
    pub vips: Vec<Vip>,
    /// Addresses that only the running firewall knows.
    pub running: Vec<IpAddr>,
    /// How the address comes about, if it is not written: `dhcp`, `pppoe`, …
    pub kind4: String,
    pub kind6: String,
    pub gateway4: bool,
    pub gateway6: bool,
    /// The length of the IPv6 prefix that counts as its own, as far as sending is concerned.
    pub delegated: u8,
    /// No assigned interface: a group, or the tunnels of a VPN.
    pub is_virtual: bool,
    pub bridged: bool,
    pub blocks_private: bool,
    pub blocks_bogons: bool,
    pub no_nat: bool,
}

impl Interface {
    /// The address of a family.
    pub fn address(&self, family: Family) -> Option<IpNet> {
        if family == Family::V4 { self.v4 } else { self.v6 }
    }

    /// Every network of `NAME__NETWORK`.
    pub fn networks(&self) -> Vec<IpNet> {
        let vips = self.vips.iter().map(|vip| vip.net);
        self.v4.into_iter().chain(self.v6).chain(vips).map(|net| net.trunc()).collect()
    }
}

/// All interfaces, and how the topology's numbers belong to devices.
#[derive(Clone, Debug, Default)]
pub struct Interfaces {
    pub all: Vec<Interface>,
    /// The device of each interface of the topology, in its order.
    pub devices: Vec<String>,
    /// Devices that may carry packets, and that the topology does not name.
    pub others: Vec<String>,
    /// May a version load the file whose words for networks leave out what is beside the first of IPv6, and negate each
    /// of several alone (2.7)?
    pub old: bool,
    /// Groups: the name, and the devices.
    pub groups: Vec<(String, Vec<String>)>,
}

impl Interfaces {
    /// The interface of a key, if it is one that rules can name.
    pub fn get(&self, key: &str) -> Option<&Interface> {
        self.all.iter().find(|interface| interface.key == key)
    }

    /// The devices behind the macro of an interface: two of the same description share the last one's.
    pub fn macro_device(&self, interface: &Interface) -> String {
        let last = self.all.iter().rev().find(|other| other.descr == interface.descr);
        last.map_or_else(|| interface.device.clone(), |last| last.device.clone())
    }

    /// The devices of a name in a rule: one, or those of a group.
    pub fn members(&self, name: &str) -> Vec<String> {
        let group = self.groups.iter().find(|(group, _)| group == name);
        group.map_or_else(|| vec![name.to_owned()], |(_, devices)| devices.clone())
    }

    pub fn is_group(&self, key: &str) -> bool {
        self.all.iter().any(|interface| interface.key == key && interface.is_virtual) && !SORTS.contains(&key)
    }
}

/// Interfaces that stand for all tunnels of a sort.
pub const SORTS: [&str; 4] = ["l2tp", "pppoe", "enc0", "openvpn"];

/// The group that the package of Tailscale puts its device into when it starts.
const TAILSCALE: &str = "Tailscale";
const TAILSCALE_DEVICE: &str = "tailscale0";
/// The group that the package of WireGuard puts its tunnels into.
const WIREGUARD: &str = "WireGuard";

/// What packages put into a group when they start; the configuration shows it empty. WireGuard's tunnels are in theirs
/// whether they are assigned or not, unless its settings say otherwise (`wg_interface_update_groups` in `wg_api.inc`).
fn of_package(root: &Node, group: &str) -> Vec<String> {
    if group == TAILSCALE {
        return vec![TAILSCALE_DEVICE.to_owned()];
    }
    let mode = root.text_at(&["installedpackages", "wireguard", "config", "interface_group"]);
    if group != WIREGUARD || mode == "none" {
        return Vec::new();
    }
    let assigned = root.get("interfaces").map_or(&[][..], |node| node.children.as_slice());
    let path = ["installedpackages", "wireguard", "tunnels"];
    let tunnels = root.all(&path, "item").filter(|item| item.text("enabled") == "yes");
    let names = tunnels.map(|item| item.text("name").to_owned());
    let in_group = |name: &String| mode != "unassigned" || !assigned.iter().any(|node| node.text("if") == name);
    names.filter(in_group).collect()
}

/// How the devices of tunnels begin.
const TUNNELS: [&str; 10] = ["ovpn", "ipsec", "gif", "gre", "tun", "tap", "wg", "tailscale", "zt", "ppp"];

/// Understands the interfaces of a configuration.
///
/// # Errors
/// If the topology names an interface that is not there or that could be several, or pf would refuse a description.
pub fn interfaces(root: &Node, topology: &Topology) -> Result<Interfaces, Unreadable> {
    let assigned = root.get("interfaces").map_or(&[][..], |node| node.children.as_slice());
    let mut found = Interfaces { old: is_old(root), ..Interfaces::default() };
    let tunnels = tunnels(root);
    for number in &topology.interfaces {
        found.devices.push(device(&number.name, assigned, &tunnels, root)?);
    }
    let bridges: Vec<&str> = root.all(&["bridges"], "bridged").map(|node| node.text("members")).collect();
    for node in assigned.iter().filter(|node| node.has("enable")) {
        // Of those that share a device, one is on the link, and the others lie behind its hosts.
        let mut known = topology.interfaces.iter().zip(&found.devices);
        let running = known.find(|(interface, device)| *device == node.text("if") && interface.behind.is_none());
        let running = running.map(|(interface, _)| interface);
        for (name, most) in [("subnet", 32), ("subnetv6", 128)] {
            if node.text(name).parse::<u32>().is_ok_and(|bits| bits > most) {
                return Err(Unreadable::new(format!(
                    "line {}: interface `{}`: there is no network of {} bits, so it would have no address",
                    node.line,
                    node.name,
                    node.text(name)
                )));
            }
        }
        let mut interface = assigned_interface(node, running, vips(root, &node.name));
        interface.bridged = bridges.iter().any(|members| members.to_lowercase().contains(&node.name));
        let word = |letter: char| letter == '_' || letter.is_ascii_alphanumeric();
        if interface.descr.is_empty() || !interface.descr.chars().all(word) {
            return Err(Unreadable::new(format!(
                "line {}: `{}` is no description that pf takes as the name of an interface: letters, digits and `_`",
                node.line,
                node.text("descr")
            )));
        }
        found.all.push(interface);
    }
    sorts(root, &mut found, &tunnels);
    groups(root, &mut found);
    let known = found.all.iter().filter(|interface| !interface.is_virtual).map(|interface| interface.device.clone());
    let packages = root.all(&["ifgroups"], "ifgroupentry").flat_map(|node| of_package(root, node.text("ifname")));
    let mut others: Vec<String> =
        known.chain(tunnels).chain(packages).filter(|device| !found.devices.contains(device)).collect();
    if found.get("enc0").is_some() && !found.devices.iter().any(|device| device == "enc0") {
        others.push("enc0".to_owned());
    }
    others.extend(["l2tp", "pppoe"].iter().filter(|sort| found.get(sort).is_some()).map(ToString::to_string));
    others.sort();
    others.dedup();
    found.others = others;
    Ok(found)
}

/// Devices of OpenVPN instances, assigned or not.
fn tunnels(root: &Node) -> Vec<String> {
    let mut found = Vec::new();
    for (list, letter) in [("openvpn-server", 's'), ("openvpn-client", 'c')] {
        let enabled = root.all(&["openvpn"], list).filter(|node| !node.has("disable"));
        found.extend(enabled.map(|node| format!("ovpn{letter}{}", node.text("vpnid"))));
    }
    found
}

/// The device that the topology means: by key, by device, or by description.
fn device(name: &str, assigned: &[Node], tunnels: &[String], root: &Node) -> Result<String, Unreadable> {
    let by_key = assigned.iter().find(|node| node.name.eq_ignore_ascii_case(name));
    if let Some(node) = by_key {
        return Ok(node.text("if").to_owned());
    }
    let same = |node: &&Node| node.text("if") == name || node.text("descr").eq_ignore_ascii_case(name);
    let named: Vec<&Node> = assigned.iter().filter(same).collect();
    match named.as_slice() {
        [one] => return Ok(one.text("if").to_owned()),
        [] => {}
        several => {
            let keys: Vec<&str> = several.iter().map(|node| node.name.as_str()).collect();
            return Err(Unreadable::new(format!(
                "interface `{name}` of the policy could be any of {}: write `interface pfsense {}`",
                keys.join(", "),
                keys.first().unwrap_or(&"opt1")
            )));
        }
    }
    if tunnels.iter().any(|device| device == name) || name == "enc0" {
        return Ok(name.to_owned());
    }
    if name.eq_ignore_ascii_case(TAILSCALE)
        && root.all(&["ifgroups"], "ifgroupentry").any(|group| group.text("ifname") == TAILSCALE)
    {
        return Ok(TAILSCALE_DEVICE.to_owned());
    }
    if name == "openvpn"
        && let [one] = tunnels
    {
        return Ok(one.clone());
    }
    let shown = |node: &Node| {
        let words: Vec<&str> =
            [node.text("if"), node.text("descr")].into_iter().filter(|word| !word.is_empty()).collect();
        format!("{} ({})", node.name, words.join(", "))
    };
    let keys: Vec<String> = assigned.iter().map(shown).collect();
    Err(Unreadable::new(format!(
        "interface {} of the policy is not in the configuration, which has {}",
        if name.starts_with('"') { name.to_owned() } else { format!("`{name}`") },
        if keys.is_empty() { "none".to_owned() } else { keys.join(", ") }
    )))
}

fn assigned_interface(node: &Node, running: Option<&crate::router::Interface>, vips: Vec<Vip>) -> Interface {
    let device = node.text("if").to_owned();
    // A program gives these their address, if the configuration does not.
    let tunnel = TUNNELS.iter().any(|start| device.starts_with(start));
    let (ipaddr, ipaddrv6) = (node.text("ipaddr"), node.text("ipaddrv6"));
    let own = |address: &str, bits: &str, v4: bool| {
        let full: u8 = if v4 { 32 } else { 128 };
        match address.parse::<IpAddr>() {
            Ok(address) if address.is_ipv4() == v4 => {
                IpNet::new(address, bits.parse().unwrap_or(full)).ok().or_else(|| Some(IpNet::from(address)))
            }
            // What only the running firewall knows, the topology has a stand-in for.
            _ if !address.is_empty() || tunnel => running.and_then(|running| stand_in(running, v4, &vips)),
            _ => None,
        }
    };
    let unwritten = |address: &str| address.parse::<IpAddr>().is_err() && (!address.is_empty() || tunnel);
    let (open4, open6) = (unwritten(ipaddr), unwritten(ipaddrv6));
    let all = running.map_or(&[][..], |running| running.addresses.as_slice()).iter();
    let running_addresses = all.filter(|address| if address.is_ipv4() { open4 } else { open6 }).copied().collect();
    let v4 = own(ipaddr, node.text("subnet"), true);
    let v6 = own(ipaddrv6, node.text("subnetv6"), false);
    let kind = |address: &str| if address.parse::<IpAddr>().is_ok() { String::new() } else { address.to_owned() };
    let routed = device.starts_with("ovpn") || device.starts_with("ipsec");
    let through = device.starts_with("gif") || device.starts_with("gre");
    let gateway4 = match ipaddr {
        "dhcp" | "pppoe" | "pptp" | "l2tp" | "ppp" => true,
        _ => routed || (through && v4.is_some()) || !node.text("gateway").is_empty(),
    };
    let gateway6 = match ipaddrv6 {
        "slaac" | "dhcp6" | "6to4" | "6rd" => true,
        _ => routed || (through && v6.is_some()) || !node.text("gatewayv6").is_empty(),
    };
    let descr = if node.has("descr") { node.text("descr") } else { &node.name };
    Interface {
        key: node.name.clone(),
        descr: descr.to_uppercase(),
        line: node.line,
        v4,
        v6,
        vips,
        running: running_addresses,
        kind4: kind(ipaddr),
        kind6: kind(ipaddrv6),
        gateway4,
        gateway6,
        delegated: delegated(node),
        is_virtual: false,
        bridged: false,
        blocks_private: node.has("blockpriv"),
        blocks_bogons: node.has("blockbogons"),
        no_nat: node.has("nonat"),
        device,
    }
}

/// `calculate_ipv6_delegation_length`, taken off 64.
fn delegated(node: &Node) -> u8 {
    let bits = match node.text("ipaddrv6") {
        "dhcp6" => node.text("dhcp6-ia-pd-len").parse().unwrap_or(0),
        "6to4" => 16,
        "6rd" => {
            let prefix: u8 = node.text("prefix-6rd").split('/').nth(1).and_then(|bits| bits.parse().ok()).unwrap_or(0);
            let of_v4: u8 = node.text("prefix-6rd-v4plen").parse().unwrap_or(0);
            64_u8.saturating_sub(prefix.saturating_add(32_u8.saturating_sub(of_v4)))
        }
        _ => 0,
    };
    64_u8.saturating_sub(bits)
}

/// The running firewall's first address of a family that is not written, in the network that it is in.
fn stand_in(running: &crate::router::Interface, v4: bool, vips: &[Vip]) -> Option<IpNet> {
    let written = |address: &IpAddr| vips.iter().any(|vip| vip.net.addr() == *address);
    let mut fitting = running.addresses.iter().filter(|address| address.is_ipv4() == v4);
    let address = fitting.clone().find(|address| !written(address)).or_else(|| fitting.next())?;
    let net = running.links().filter(|net| net.contains(address)).max_by_key(|net| net.prefix_len());
    IpNet::new(*address, net.map_or_else(|| IpNet::from(*address).prefix_len(), IpNet::prefix_len)).ok()
}

/// Is the format older than the first one of which it is known that a network's word is one table?
fn is_old(root: &Node) -> bool {
    let mut parts = root.text("version").split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < (24, 5)
}

fn vips(root: &Node, key: &str) -> Vec<Vip> {
    let of = |vip: &Node| -> Option<Vip> {
        let address: IpAddr = vip.text("subnet").parse().ok()?;
        let full = IpNet::from(address);
        let bits = vip.text("subnet_bits").parse().unwrap_or(full.prefix_len());
        let own = matches!(vip.text("mode"), "ipalias" | "carp");
        Some(Vip { net: IpNet::new(address, bits).unwrap_or(full), own })
    };
    // An alias may hang on an address of CARP, and so on its interface.
    let upon = |vip: &Node| match vip.text("interface").strip_prefix("_vip") {
        Some(id) => root
            .all(&["virtualip"], "vip")
            .find(|other| other.text("uniqid") == id)
            .map(|other| other.text("interface")),
        None => None,
    };
    let all = root.all(&["virtualip"], "vip");
    let mine = all.filter(|vip| upon(vip).unwrap_or_else(|| vip.text("interface")) == key);
    mine.filter_map(of).collect()
}

fn virtual_interface(key: &str, device: &str, descr: &str) -> Interface {
    Interface {
        key: key.to_owned(),
        device: device.to_owned(),
        descr: descr.to_owned(),
        line: 0,
        v4: None,
        v6: None,
        vips: Vec::new(),
        running: Vec::new(),
        kind4: "none".to_owned(),
        kind6: String::new(),
        gateway4: false,
        gateway6: false,
        delegated: 64,
        is_virtual: true,
        bridged: false,
        blocks_private: false,
        blocks_bogons: false,
        no_nat: false,
    }
}

fn sorts(root: &Node, found: &mut Interfaces, tunnels: &[String]) {
    if root.text_at(&["l2tp", "mode"]) == "server" {
        found.all.push(virtual_interface("l2tp", "l2tp", "L2TP"));
    }
    if root.all(&["pppoes"], "pppoe").any(|node| node.text("mode") == "server") {
        found.all.push(virtual_interface("pppoe", "pppoe", "pppoe"));
    }
    if root.all(&["ipsec"], "phase1").any(|node| !node.has("disabled")) {
        found.all.push(virtual_interface("enc0", "enc0", "IPsec"));
    }
    let lists = ["openvpn-server", "openvpn-client"];
    if lists.iter().any(|list| root.all(&["openvpn"], list).next().is_some()) {
        found.all.push(virtual_interface("openvpn", "openvpn", "OpenVPN"));
        found.groups.push(("openvpn".to_owned(), tunnels.to_vec()));
    }
}

fn groups(root: &Node, found: &mut Interfaces) {
    for node in root.all(&["ifgroups"], "ifgroupentry") {
        let name = node.text("ifname");
        let mut group = virtual_interface(name, name, name);
        group.line = node.line;
        let mut devices = of_package(root, name);
        for member in node.text("members").split(' ') {
            let Some(interface) = found.get(member) else { continue };
            devices.push(interface.device.clone());
            group.vips.extend(interface.vips.clone());
            let own = interface.v4.into_iter().chain(interface.v6);
            group.vips.extend(own.map(|net| Vip { net, own: true }));
        }
        found.groups.push((name.to_owned(), devices));
        found.all.push(group);
    }
}
