//! The tunnels of VPNs that the base has, and who connects to them.

use std::net::Ipv4Addr;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{
    base::{Base, Leaf, parts},
    overrides,
};
use crate::model::VpnKind;

/// How deep a peer of WireGuard stands.
const PEER: usize = 4;

/// A server of OpenVPN or a tunnel of WireGuard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tunnel {
    pub kind: VpnKind,
    pub device: String,
    pub port: String,
    /// `UDP4`, `TCP6`, `UDP`; empty for that of WireGuard.
    pub protocol: String,
    /// What OpenVPN hands out.
    pub networks: Vec<IpNet>,
    /// `server_tls_user`, `p2p_tls`; empty for that of WireGuard.
    pub mode: String,
    subnet: bool,
    /// Further lines of OpenVPN's own.
    options: String,
}

impl Tunnel {
    fn new(kind: VpnKind) -> Self {
        Self {
            kind,
            device: String::new(),
            port: String::new(),
            protocol: String::new(),
            networks: Vec::new(),
            mode: String::new(),
            subnet: false,
            options: String::new(),
        }
    }

    /// Has each client an address of the one network, and not a network of its own?
    pub const fn is_subnet(&self) -> bool {
        self.subnet
    }

    /// Is it one of OpenVPN over TCP?
    pub fn is_tcp(&self) -> bool {
        self.protocol.to_ascii_lowercase().starts_with("tcp")
    }

    /// What it hands out, by family.
    pub fn pools(&self) -> (Option<Ipv4Net>, Option<Ipv6Net>) {
        let v4 = self.networks.iter().find_map(|net| if let IpNet::V4(net) = net { Some(*net) } else { None });
        let v6 = self.networks.iter().find_map(|net| if let IpNet::V6(net) = net { Some(*net) } else { None });
        (v4, v6)
    }

    /// Does it give this address to nobody who has no right to it? Its further options can say so.
    pub fn keeps(&self, address: Ipv4Addr) -> bool {
        let lines = || self.options.split([';', '\n']).map(|line| line.split_whitespace().collect::<Vec<_>>());
        let alone = lines().any(|words| words == ["ccd-exclusive"]);
        let nopool = lines().any(|words| words.first() == Some(&"server") && words.last() == Some(&"nopool"));
        let beyond = |words: Vec<&str>| match words.as_slice() {
            ["ifconfig-pool", from, to, ..] => {
                let range = from.parse::<Ipv4Addr>().ok().zip(to.parse::<Ipv4Addr>().ok());
                range.is_some_and(|(from, to)| !(from..=to).contains(&address))
            }
            _ => true,
        };
        alone || (nopool && lines().all(beyond))
    }

    fn read(&mut self, field: &str, text: &str) {
        match field {
            "mode" => text.clone_into(&mut self.mode),
            "topology" => self.subnet |= text == "subnet",
            "dev_mode" => self.subnet |= text == "tap",
            "custom_options" => text.clone_into(&mut self.options),
            "vpnid" => self.device = format!("ovpns{text}"),
            "name" => text.clone_into(&mut self.device),
            "local_port" | "listenport" => text.clone_into(&mut self.port),
            "protocol" => text.clone_into(&mut self.protocol),
            "tunnel_network" | "tunnel_networkv6" => {
                self.networks.extend(text.split(',').filter_map(|net| net.trim().parse::<IpNet>().ok()));
            }
            _ => {}
        }
    }
}

/// Somebody who connects by WireGuard.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    pub device: String,
    pub key: String,
    /// What it may send from: where each row stands, its address and its mask, in any order.
    rows: Vec<(usize, String, String)>,
}

impl Peer {
    /// What it may send from; nothing for a row that holds no prefix.
    pub fn allowed(&self) -> impl Iterator<Item = Option<IpNet>> {
        self.rows.iter().map(|(_, address, mask)| IpNet::new(address.parse().ok()?, mask.parse().ok()?).ok())
    }

    /// The same as pfSense shows it.
    pub fn told(&self) -> String {
        let rows: Vec<String> = self.rows.iter().map(|(_, address, mask)| format!("{address}/{mask}")).collect();
        if rows.is_empty() { "nothing".to_owned() } else { rows.join(", ") }
    }
}

impl Base {
    /// Takes a field of a tunnel, or of somebody who connects; `last` is the item that the field before was of.
    pub(super) fn read_tunnel(&mut self, path: &[&str], leaf: &Leaf, last: usize) -> usize {
        match path {
            ["pfsense", "openvpn", "openvpn-client", "vpnid"] => self.clients.push(format!("ovpns{}", leaf.text)),
            ["pfsense", "openvpn", "openvpn-csc", field] => {
                if leaf.item() != last {
                    self.overrides_of_clients.push(overrides::Known::default());
                }
                if let Some(known) = self.overrides_of_clients.last_mut() {
                    known.read(field, &leaf.text);
                }
                return leaf.item();
            }
            ["pfsense", "openvpn", "openvpn-server", field]
            | ["pfsense", "installedpackages", "wireguard", "tunnels", "item", field] => {
                if leaf.item() != last {
                    let openvpn = path.get(1) == Some(&"openvpn");
                    self.tunnels.push(Tunnel::new(if openvpn { VpnKind::Openvpn } else { VpnKind::Wireguard }));
                }
                if let Some(tunnel) = self.tunnels.last_mut() {
                    tunnel.read(field, &leaf.text);
                }
                return leaf.item();
            }
            ["pfsense", "installedpackages", "wireguard", "peers", "item", rest @ ..] => {
                let item = leaf.above.get(PEER).copied().unwrap_or(0);
                if item != last {
                    self.peers.push(Peer::default());
                }
                if let Some(peer) = self.peers.last_mut() {
                    match rest {
                        ["tun"] => peer.device.clone_from(&leaf.text),
                        ["publickey"] => peer.key.clone_from(&leaf.text),
                        ["allowedips", "row", "address"] => {
                            parts(&mut peer.rows, leaf.item()).1.clone_from(&leaf.text);
                        }
                        ["allowedips", "row", "mask"] => {
                            parts(&mut peer.rows, leaf.item()).2.clone_from(&leaf.text);
                        }
                        _ => {}
                    }
                }
                return item;
            }
            _ => {}
        }
        last
    }
}
