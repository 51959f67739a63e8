//! What has to be known of the user's own configuration before anything is written.

use std::net::IpAddr;

use quick_xml::{Reader, events::Event};

pub use super::base_pools::Pool;
use super::{base_tunnels, overrides, words::MARK};
pub use base_tunnels::{Peer, Tunnel};

/// An assigned interface of the base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assigned {
    pub key: String,
    pub device: String,
    pub descr: String,
    pub address: String,
    pub address6: String,
}

/// A gateway of the base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Gateway {
    pub interface: String,
    pub name: String,
    /// An address, or `dynamic`.
    pub address: String,
    pub v6: bool,
}

/// Gateways that stand in for each other.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GatewayGroup {
    pub name: String,
    /// Their names with their tiers.
    pub members: Vec<(String, u8)>,
    /// Did a run before write it?
    pub ours: bool,
}

/// A static route of the base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Route {
    pub network: String,
    pub gateway: String,
    pub disabled: bool,
    /// Did a run before write it?
    pub ours: bool,
}

/// The parts of an element with this number, which come one by one.
pub(super) fn parts(list: &mut Vec<(usize, String, String)>, element: usize) -> &mut (usize, String, String) {
    let at = list.iter().position(|(known, _, _)| *known == element).unwrap_or_else(|| {
        list.push((element, String::new(), String::new()));
        list.len() - 1
    });
    &mut list[at]
}

/// A name that the resolver of the base answers by itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Override {
    /// Its own name and the further ones: where each stands, its label and its domain.
    names: Vec<(usize, String, String)>,
    pub addresses: Vec<IpAddr>,
    /// Did a run before write it?
    pub ours: bool,
}

impl Override {
    /// Is this one of its names?
    pub fn is(&self, name: &str) -> bool {
        let is = |(_, label, domain): &(usize, String, String)| {
            [label.as_str(), domain].join(".").trim_matches('.').eq_ignore_ascii_case(name)
        };
        self.names.iter().any(is)
    }

    /// Takes a field of it, from the element with this number: names come as a label and a domain, in any order.
    fn read(&mut self, element: usize, rest: &[&str], text: &str) {
        match rest {
            ["host"] | ["aliases", "item", "host"] => text.clone_into(&mut parts(&mut self.names, element).1),
            ["domain"] | ["aliases", "item", "domain"] => text.clone_into(&mut parts(&mut self.names, element).2),
            ["ip"] => self.addresses.extend(text.split(',').filter_map(|part| part.trim().parse::<IpAddr>().ok())),
            ["descr"] => self.ours = text.starts_with(MARK.trim_end()),
            _ => {}
        }
    }
}

/// The firewall's own page.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    https: bool,
    port: Option<u16>,
    /// Does nothing on port 80 lead to it?
    alone: bool,
}

impl Page {
    /// The ports on which it listens (`system_webgui_start` in `system.inc`).
    pub fn ports(&self) -> Vec<u16> {
        let port = self.port.unwrap_or(if self.https { 443 } else { 80 });
        let redirect = (self.https && !self.alone && port != 80).then_some(80);
        [port].into_iter().chain(redirect).collect()
    }
}

/// What the base holds.
#[derive(Clone, Debug, Default)]
pub struct Base {
    pub interfaces: Vec<Assigned>,
    pub gateways: Vec<Gateway>,
    pub groups: Vec<GatewayGroup>,
    /// Groups of interfaces, by their names.
    pub interface_groups: Vec<String>,
    /// By what IPv4 leaves: a gateway, a group, empty where pfSense chooses. None where nothing is said.
    pub default_gateway: Option<String>,
    pub default_gateway6: Option<String>,
    pub routes: Vec<Route>,
    /// The tunnels that end on the firewall.
    pub tunnels: Vec<Tunnel>,
    pub peers: Vec<Peer>,
    /// What OpenVPN gives single clients.
    pub overrides_of_clients: Vec<overrides::Known>,
    /// The devices of what OpenVPN connects to: it shares its numbers with the servers.
    pub clients: Vec<String>,
    /// What the DHCP server hands out.
    pub pools: Vec<Pool>,
    /// The names of aliases and interfaces, which none of ours may have.
    pub names: Vec<String>,
    pub mode: String,
    pub page: Page,
    /// Is the forwarder in use, and not the resolver?
    pub dnsmasq: bool,
    pub overrides: Vec<Override>,
}

/// How deep a name of the resolver stands.
const OVERRIDE: usize = 2;

/// A leaf of the document: the names of its elements from the outside, with the numbers of those around it.
pub(super) struct Leaf {
    path: Vec<String>,
    pub above: Vec<usize>,
    pub text: String,
}

impl Leaf {
    /// The number of the item that it is a field of.
    pub fn item(&self) -> usize {
        self.above.last().copied().unwrap_or(0)
    }
}

/// A gateway of a group, with its tier.
fn member(text: &str) -> Option<(String, u8)> {
    let mut fields = text.split('|');
    Some((fields.next()?.to_owned(), fields.next()?.parse().ok()?))
}

impl Base {
    /// The section of the program that answers names.
    pub fn resolver(&self) -> &'static str {
        if self.dnsmasq { "dnsmasq" } else { "unbound" }
    }

    /// Reads a configuration of pfSense.
    ///
    /// # Errors
    /// A sentence when it is not one.
    pub fn read(text: &str) -> Result<Self, String> {
        let leaves = leaves(text)?;
        let mut base = Self::default();
        let enabled = |leaf: &Leaf| leaf.path.iter().map(String::as_str).eq(["pfsense", "dnsmasq", "enable"]);
        base.dnsmasq = leaves.iter().any(enabled);
        let mut last = 0;
        let (mut aliases, mut ours) = (Vec::new(), Vec::new());
        for leaf in &leaves {
            let path: Vec<&str> = leaf.path.iter().map(String::as_str).collect();
            match path.as_slice() {
                ["pfsense", "interfaces", key, field] => {
                    let at = base.interfaces.iter().position(|known| known.key == *key);
                    let at = at.unwrap_or_else(|| {
                        base.interfaces.push(Assigned {
                            key: (*key).to_owned(),
                            descr: key.to_uppercase(),
                            ..Assigned::default()
                        });
                        base.interfaces.len() - 1
                    });
                    if let Some(known) = base.interfaces.get_mut(at) {
                        match *field {
                            "if" => known.device.clone_from(&leaf.text),
                            "descr" if !leaf.text.is_empty() => known.descr.clone_from(&leaf.text),
                            "ipaddr" => known.address.clone_from(&leaf.text),
                            "ipaddrv6" => known.address6.clone_from(&leaf.text),
                            _ => {}
                        }
                    }
                }
                ["pfsense", "gateways", "gateway_item", field] => {
                    if leaf.item() != last {
                        base.gateways.push(Gateway::default());
                    }
                    if let Some(item) = base.gateways.last_mut() {
                        match *field {
                            "interface" => item.interface.clone_from(&leaf.text),
                            "name" => item.name.clone_from(&leaf.text),
                            "gateway" => item.address.clone_from(&leaf.text),
                            "ipprotocol" => item.v6 = leaf.text == "inet6",
                            _ => {}
                        }
                    }
                    last = leaf.item();
                }
                ["pfsense", "gateways", "gateway_group", field] => {
                    if leaf.item() != last {
                        base.groups.push(GatewayGroup::default());
                    }
                    if let Some(group) = base.groups.last_mut() {
                        match *field {
                            "name" => group.name.clone_from(&leaf.text),
                            "item" => group.members.extend(member(&leaf.text)),
                            "descr" => group.ours = leaf.text.starts_with(MARK.trim_end()),
                            _ => {}
                        }
                    }
                    last = leaf.item();
                }
                ["pfsense", "gateways", "defaultgw4"] => base.default_gateway = Some(leaf.text.clone()),
                ["pfsense", "gateways", "defaultgw6"] => base.default_gateway6 = Some(leaf.text.clone()),
                ["pfsense", "staticroutes", "route", field] => {
                    if leaf.item() != last {
                        base.routes.push(Route::default());
                    }
                    if let Some(route) = base.routes.last_mut() {
                        match *field {
                            "network" => route.network.clone_from(&leaf.text),
                            "gateway" => route.gateway.clone_from(&leaf.text),
                            "disabled" => route.disabled = true,
                            "descr" => route.ours = leaf.text.starts_with(MARK.trim_end()),
                            _ => {}
                        }
                    }
                    last = leaf.item();
                }
                ["pfsense", "dhcpd", key, rest @ ..] => base.read_pool(key, rest, leaf),
                ["pfsense", "aliases", "alias", "name"] => aliases.push((leaf.item(), leaf.text.clone())),
                ["pfsense", "aliases", "alias", "descr"] if leaf.text.starts_with(MARK.trim_end()) => {
                    ours.push(leaf.item());
                }
                ["pfsense", resolver, "hosts", rest @ ..] if *resolver == base.resolver() && !rest.is_empty() => {
                    let item = leaf.above.get(OVERRIDE).copied().unwrap_or(0);
                    if item != last {
                        base.overrides.push(Override::default());
                    }
                    if let Some(known) = base.overrides.last_mut() {
                        known.read(leaf.item(), rest, &leaf.text);
                    }
                    last = item;
                }
                ["pfsense", "system", "webgui", field] => match *field {
                    "protocol" => base.page.https = leaf.text == "https",
                    "port" => base.page.port = leaf.text.parse().ok(),
                    "disablehttpredirect" => base.page.alone = true,
                    _ => {}
                },
                ["pfsense", "ifgroups", "ifgroupentry", "ifname"] => base.interface_groups.push(leaf.text.clone()),
                ["pfsense", "nat", "outbound", "mode"] => base.mode.clone_from(&leaf.text),
                _ => last = base.read_tunnel(&path, leaf, last),
            }
        }
        if base.interfaces.is_empty() {
            return Err("it is no configuration of pfsense: it has no interfaces".to_owned());
        }
        aliases.retain(|(item, _)| !ours.contains(item));
        base.names.extend(aliases.into_iter().map(|(_, name)| name));
        base.names.extend(base.interfaces.iter().map(|known| known.descr.clone()));
        Ok(base)
    }
}

fn leaves(text: &str) -> Result<Vec<Leaf>, String> {
    let mut reader = Reader::from_str(text);
    let mut path: Vec<(String, usize)> = Vec::new();
    let (mut found, mut words, mut count) = (Vec::new(), String::new(), 0_usize);
    let mut leaf = false;
    let wrong = |why: &dyn std::fmt::Display| format!("it is no XML that can be read: {why}");
    loop {
        match reader.read_event().map_err(|why| wrong(&why))? {
            Event::Start(tag) => {
                count += 1;
                path.push((tag.name().as_ref().to_owned(), count));
                words.clear();
                leaf = true;
            }
            Event::Empty(tag) => {
                let mut names: Vec<String> = path.iter().map(|(name, _)| name.clone()).collect();
                names.push(tag.name().as_ref().to_owned());
                let above = path.iter().map(|(_, item)| *item).collect();
                found.push(Leaf { path: names, above, text: String::new() });
                leaf = false;
            }
            Event::Text(piece) => words += &piece,
            Event::GeneralRef(piece) => {
                words += quick_xml::escape::resolve_xml_entity(&piece).unwrap_or("?");
            }
            Event::CData(piece) => words += &piece,
            Event::End(_) => {
                let names: Vec<String> = path.iter().map(|(name, _)| name.clone()).collect();
                path.pop();
                if leaf {
                    let above = path.iter().map(|(_, item)| *item).collect();
                    found.push(Leaf { path: names, above, text: words.trim().to_owned() });
                }
                leaf = false;
            }
            Event::Eof if path.is_empty() => return Ok(found),
            Event::Eof => return Err("it ends in the middle of an element".to_owned()),
            _ => {}
        }
    }
}
