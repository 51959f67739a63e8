//! What has to be known of the user's own configuration before anything is written.

use quick_xml::{Reader, events::Event};

use super::words::MARK;

/// An assigned interface of the base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assigned {
    pub key: String,
    pub device: String,
    pub descr: String,
    pub address: String,
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

/// A server of OpenVPN or a tunnel of WireGuard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tunnel {
    pub device: String,
    pub port: String,
}

/// What the base holds.
#[derive(Clone, Debug, Default)]
pub struct Base {
    pub interfaces: Vec<Assigned>,
    pub gateways: Vec<Gateway>,
    /// The tunnels that end on the firewall.
    pub tunnels: Vec<Tunnel>,
    /// Interfaces with a DHCP server.
    pub pools: Vec<String>,
    /// The names of aliases and interfaces, which none of ours may have.
    pub names: Vec<String>,
    pub mode: String,
}

/// A leaf of the document: the names of its elements from the outside, with the number of the item in its list.
struct Leaf {
    path: Vec<String>,
    item: usize,
    text: String,
}

impl Base {
    /// Reads a configuration of pfSense.
    ///
    /// # Errors
    /// A sentence when it is not one.
    pub fn read(text: &str) -> Result<Self, String> {
        let leaves = leaves(text)?;
        let mut base = Self::default();
        let (mut gateway, mut tunnel): (Option<usize>, Option<usize>) = (None, None);
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
                            _ => {}
                        }
                    }
                }
                ["pfsense", "gateways", "gateway_item", field] => {
                    if gateway != Some(leaf.item) {
                        gateway = Some(leaf.item);
                        base.gateways.push(Gateway::default());
                    }
                    if let Some(last) = base.gateways.last_mut() {
                        match *field {
                            "interface" => last.interface.clone_from(&leaf.text),
                            "name" => last.name.clone_from(&leaf.text),
                            "gateway" => last.address.clone_from(&leaf.text),
                            "ipprotocol" => last.v6 = leaf.text == "inet6",
                            _ => {}
                        }
                    }
                }
                ["pfsense", "openvpn", "openvpn-server", field]
                | ["pfsense", "installedpackages", "wireguard", "tunnels", "item", field] => {
                    if tunnel != Some(leaf.item) {
                        tunnel = Some(leaf.item);
                        base.tunnels.push(Tunnel::default());
                    }
                    if let Some(last) = base.tunnels.last_mut() {
                        match *field {
                            "vpnid" => last.device = format!("ovpns{}", leaf.text),
                            "name" => last.device.clone_from(&leaf.text),
                            "local_port" | "listenport" => last.port.clone_from(&leaf.text),
                            _ => {}
                        }
                    }
                }
                ["pfsense", "dhcpd", key, ..] => base.pools.push((*key).to_owned()),
                ["pfsense", "aliases", "alias", "name"] => aliases.push((leaf.item, leaf.text.clone())),
                ["pfsense", "aliases", "alias", "descr"] if leaf.text.starts_with(MARK.trim_end()) => {
                    ours.push(leaf.item);
                }
                ["pfsense", "nat", "outbound", "mode"] => base.mode.clone_from(&leaf.text),
                _ => {}
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
                found.push(Leaf { path: names, item: path.last().map_or(0, |(_, item)| *item), text: String::new() });
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
                    found.push(Leaf {
                        path: names,
                        item: path.last().map_or(0, |(_, item)| *item),
                        text: words.trim().to_owned(),
                    });
                }
                leaf = false;
            }
            Event::Eof if path.is_empty() => return Ok(found),
            Event::Eof => return Err("it ends in the middle of an element".to_owned()),
            _ => {}
        }
    }
}
