//! A configuration as far as it decides over packets.

use std::net::IpAddr;

use super::{
    aliases::Aliases,
    ast::Origin,
    interfaces::{Interface, Interfaces, interfaces},
    routes::Vpns,
    xml::Node,
};
use crate::{
    packet::Family,
    router::{Topology, Unreadable},
};

/// What rules are made of.
#[derive(Clone, Debug)]
pub struct Config {
    pub root: Node,
    pub interfaces: Interfaces,
    pub aliases: Aliases,
    /// Networks of VPNs, that gateways of rules do not apply to.
    pub vpns: Vpns,
    /// Minutes that the firewall's clock is ahead of UTC; several if that cannot be told.
    pub offsets: Vec<i64>,
}

impl Config {
    /// # Errors
    /// If pfSense or pf would refuse the configuration, or it does not fit to the topology.
    pub fn new(root: Node, topology: &Topology) -> Result<Self, Unreadable> {
        let interfaces = interfaces(&root, topology)?;
        // Networks of a tunnel may be written as an alias, and no alias is made of them.
        let known = Aliases::new(&root, &Vpns::default())?;
        let vpns = Vpns::of(&root, &known);
        let aliases = Aliases::new(&root, &vpns)?;
        if let Some(name) = aliases.clash(&root, &interfaces) {
            let mut nodes = root.all(&["aliases"], "alias");
            let line = nodes.find(|node| node.text("name") == name).map_or(0, |node| node.line);
            return Err(Unreadable::new(format!(
                "line {line}: `{name}` is the name of a list and of something else in the rules, so pf refuses them all \
                 and keeps the old ones"
            )));
        }
        let offsets = super::schedule::offsets(root.text_at(&["system", "timezone"]), topology.offset);
        Ok(Self { root, interfaces, aliases, vpns, offsets })
    }

    /// Is a switch of the system on? (It is when it stands there, whatever it says.)
    pub fn system(&self, name: &str) -> bool {
        self.root.at(&["system", name]).is_some()
    }

    pub fn ipv6(&self) -> bool {
        self.system("ipv6allow")
    }

    /// The interface behind the name of a gateway: its key; nothing if there is no such gateway.
    pub fn gateway(&self, name: &str) -> Option<Vec<String>> {
        let item = self.root.all(&["gateways"], "gateway_item").find(|node| node.text("name") == name);
        if let Some(item) = item {
            return (!item.has("disabled")).then(|| vec![item.text("interface").to_owned()]);
        }
        if let Some(group) = self.root.all(&["gateways"], "gateway_group").find(|node| node.text("name") == name) {
            let members = group.children.iter().filter(|child| child.name == "item");
            let names = members.filter_map(|member| member.text.split('|').next());
            return Some(
                names.filter(|member| *member != name).filter_map(|member| self.member(member)).flatten().collect(),
            );
        }
        self.member(name)
    }

    /// The interfaces of the gateways of a name that are in use while all of them are up: of a group, those of its first tier.
    pub fn first_of(&self, name: &str) -> Option<Vec<String>> {
        let group = self.root.all(&["gateways"], "gateway_group").find(|node| node.text("name") == name);
        let Some(group) = group else { return self.gateway(name) };
        let items = group.children.iter().filter(|child| child.name == "item");
        let members: Vec<(u8, &str)> = items
            .filter_map(|item| {
                let mut fields = item.text.split('|');
                let name = fields.next()?;
                Some((fields.next()?.parse().ok()?, name))
            })
            .collect();
        let first = members.iter().map(|(tier, _)| *tier).min()?;
        let used = members.iter().filter(|(tier, _)| *tier == first);
        Some(used.filter_map(|(_, name)| self.member(name)).flatten().collect())
    }

    /// A gateway that is no group.
    fn member(&self, name: &str) -> Option<Vec<String>> {
        let item = self.root.all(&["gateways"], "gateway_item").find(|node| node.text("name") == name);
        if let Some(item) = item {
            return Some(vec![item.text("interface").to_owned()]);
        }
        let interface = self.interfaces.all.iter().filter(|interface| !interface.is_virtual).find(|interface| {
            let kinds = [&interface.kind4, &interface.kind6].map(|kind| kind.to_uppercase());
            let tunnel = interface.device.starts_with("ovpn") || interface.device.starts_with("ipsec");
            let suffix = name.strip_prefix(&interface.descr).and_then(|rest| rest.strip_prefix('_'));
            suffix.is_some_and(|suffix| {
                kinds.iter().any(|kind| !kind.is_empty() && kind == suffix)
                    || (tunnel && ["VPNV4", "VPNV6", "VTIV4", "VTIV6"].contains(&suffix))
                    || (interface.gateway4 || interface.gateway6) && ["TUNNELV4", "TUNNELV6"].contains(&suffix)
            })
        });
        interface.map(|interface| vec![interface.key.clone()])
    }

    /// Is the address of an interface's own gateway known while the firewall runs?
    pub fn has_gateway(&self, interface: &Interface, family: Family) -> bool {
        let (kind, field) = match family {
            Family::V4 => (&interface.kind4, "gateway"),
            Family::V6 => (&interface.kind6, "gatewayv6"),
        };
        let name = self.root.text_at(&["interfaces", &interface.key, field]);
        let mut items = self.root.all(&["gateways"], "gateway_item");
        let item = items.find(|item| !name.is_empty() && item.text("name") == name);
        let written = item.and_then(|item| item.text("gateway").parse::<IpAddr>().ok());
        written.is_some_and(|gateway| gateway.is_ipv4() == (family == Family::V4))
            || ["dhcp", "pppoe", "ppp", "pptp", "l2tp", "dhcp6", "slaac", "6rd", "6to4"].contains(&kind.as_str())
    }

    /// The interfaces at which a tunnel of `IPsec` ends: one, that of a virtual address, or one of those of a group of
    /// gateways, which is up at the moment. Says whether all of them are meant.
    pub fn ends_of_tunnel(&self, word: &str) -> (Vec<&Interface>, bool) {
        let mut key = word;
        // An alias may hang on an address of CARP, and so on its interface.
        for _ in 0..2 {
            let Some(id) = key.strip_prefix("_vip") else { break };
            let mut vips = self.root.all(&["virtualip"], "vip");
            key = vips.find(|vip| vip.text("uniqid") == id).map_or("", |vip| vip.text("interface"));
        }
        let keys = if self.root.all(&["gateways"], "gateway_group").any(|group| group.text("name") == key) {
            self.gateway(key).unwrap_or_default()
        } else {
            vec![key.to_owned()]
        };
        let found: Vec<&Interface> = keys.iter().filter_map(|key| self.interfaces.get(key)).collect();
        let sure = found.len() < 2;
        (found, sure)
    }

    /// The devices of a gateway.
    pub fn gateway_devices(&self, name: &str) -> Option<Vec<String>> {
        let keys = self.gateway(name)?;
        Some(keys.iter().filter_map(|key| self.interfaces.get(key)).map(|interface| interface.device.clone()).collect())
    }
}

/// Where a rule stands, by its description and tracker.
pub fn origin(node: &Node, kind: &str) -> Origin {
    let (descr, tracker) = (node.text("descr"), node.text("tracker"));
    let mut text = if descr.is_empty() { kind.to_owned() } else { format!("{kind} `{}`", shown(descr)) };
    if !tracker.is_empty() {
        text += &format!(" (tracker {})", shown(tracker));
    }
    Origin { line: node.line, text }
}

/// A text of the file for a message: one line, of bounded length.
pub fn shown(text: &str) -> String {
    let flat: String = text.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if flat.chars().count() > 80 { flat.chars().take(79).chain(['…']).collect() } else { flat }
}
