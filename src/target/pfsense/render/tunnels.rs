//! The tunnels of VPNs that end on the firewall. One that the base has is the user's own, with its keys, and has to be
//! what the policy says; one that it does not have is written beside the others, without keys.

use std::collections::BTreeSet;

use ipnet::IpNet;

use super::{
    Renderer,
    base::Tunnel,
    document::{OpenVpn, WireGuard, WireGuardPeer},
    overrides::options,
    words,
};
use crate::{
    diagnostic::Diagnostic,
    model::{
        Peer, Vpn, VpnKind, Zone,
        service::{TCP, Traffic},
    },
};

/// The device of a VPN's tunnel, for every VPN in their order.
pub type Held = Vec<Option<Device>>;

/// The device of a tunnel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Device {
    pub name: String,
    /// Does the base have its tunnel?
    theirs: bool,
}

/// What pfSense calls the devices of a kind, and the first of their numbers.
fn devices(kind: VpnKind) -> Option<(&'static str, usize, &'static str)> {
    match kind {
        VpnKind::Openvpn => Some(("ovpns", 1, "VPN > OpenVPN")),
        VpnKind::Wireguard => Some(("tun_wg", 0, "VPN > WireGuard")),
        VpnKind::Tailscale | VpnKind::Zerotier => None,
    }
}

/// Does a tunnel of the base listen to this?
fn listens(tunnel: &Tunnel, traffic: &Traffic) -> bool {
    tunnel.is_tcp() == (traffic.protocol == Some(TCP))
        && traffic.single_port().is_some_and(|port| tunnel.port == port.to_string())
}

/// A port as the policy writes it.
fn told(traffic: &Traffic) -> String {
    let protocol = if traffic.protocol == Some(TCP) { "tcp" } else { "udp" };
    traffic.single_port().map(|port| format!("{protocol} {port}")).unwrap_or_default()
}

impl Renderer<'_> {
    /// Finds the tunnel of every VPN that ends here, or a device that is free for it.
    pub(super) fn hold_tunnels(&mut self) {
        let network = self.network;
        for vpn in &network.vpns {
            let ends_here = vpn.server.is_none();
            let device = match devices(vpn.kind).filter(|_| ends_here) {
                Some((prefix, first, page)) => match self.known_tunnel(vpn, page) {
                    Ok(Some(name)) => Some(Device { name, theirs: true }),
                    Ok(None) => Some(Device { name: self.free_device(prefix, first), theirs: false }),
                    Err(error) => {
                        self.errors.push(*error);
                        None
                    }
                },
                None => None,
            };
            self.held.push(device);
        }
    }

    /// The first device that nothing of the base and none of ours is called.
    fn free_device(&self, prefix: &str, first: usize) -> String {
        let base = &self.base;
        let taken = |name: &String| {
            base.tunnels.iter().any(|tunnel| tunnel.device == *name)
                || base.interfaces.iter().any(|known| known.device == *name)
                || base.clients.contains(name)
                || self.held.iter().flatten().any(|held| held.name == *name)
        };
        let mut names = (first..).map(|number| format!("{prefix}{number}"));
        names.find(|name| !taken(name)).unwrap_or_default()
    }

    /// The device of the base's own tunnel for a VPN, if it has one.
    fn known_tunnel(&self, vpn: &Vpn, page: &str) -> Result<Option<String>, Box<Diagnostic>> {
        let (zone, key) = (self.network.zone(vpn.zone), self.key(vpn.zone));
        let name = &zone.name;
        let differs = |message: String| Diagnostic::error("base-differs", vpn.span, message);
        let port = |tunnel: &&Tunnel| vpn.listen.iter().any(|traffic| listens(tunnel, traffic));
        let kind = |tunnel: &&Tunnel| tunnel.kind == vpn.kind;
        let assigned = self.base.interfaces.iter().find(|known| known.key == key);
        let tunnels = || self.base.tunnels.iter();
        if let Some(known) = assigned {
            let Some(tunnel) = tunnels().filter(kind).find(|tunnel| tunnel.device == known.device) else {
                return Err(Box::new(
                    differs(format!("`{key}` of zone `{name}` is `{}` in the base, and no tunnel of this kind", known.device))
                        .label("ends on the firewall")
                        .help(format!("write the interface that the tunnel has, or one that the base does not have yet; a tunnel of your own is set up in pfSense ({page})")),
                ));
            };
            return if vpn.listen.is_empty() || port(&tunnel) {
                Self::networks_agree(vpn, zone, tunnel).map(|()| Some(tunnel.device.clone()))
            } else {
                Err(Box::new(self.other_port(vpn, tunnel, page)))
            };
        }
        // One that listens for nobody is known by whom it calls.
        let calls = |tunnel: &&Tunnel| {
            let theirs = self.base.peers.iter().filter(|known| known.device == tunnel.device);
            vpn.listen.is_empty()
                && theirs.into_iter().any(|known| vpn.peers.iter().any(|peer| peer.key.as_ref() == Some(&known.key)))
        };
        let Some(tunnel) = tunnels().find(|tunnel| port(tunnel) || calls(tunnel)) else {
            // One that hands out the zone's addresses at another port is the same one, and two of them would be at odds.
            let same = |tunnel: &&Tunnel| {
                let inside =
                    |net: &IpNet| zone.networks.iter().any(|own| own.net.contains(net) || net.contains(&own.net));
                kind(tunnel) && tunnel.networks.iter().any(inside)
            };
            return match tunnels().find(same) {
                Some(tunnel) => Err(Box::new(self.other_port(vpn, tunnel, page))),
                None => Ok(None),
            };
        };
        if !kind(&tunnel) {
            return Err(Box::new(
                differs(format!("zone `{name}` listens at a port that `{}` of the base has taken", tunnel.device))
                    .label("listens here")
                    .help("let it listen at another port, or take that tunnel out of pfSense and save a new backup"),
            ));
        }
        // Without an assignment it is the group of all servers, whatever each is assigned to.
        let other = self.base.interfaces.iter().find(|known| known.device == tunnel.device);
        if let Some(other) = other.filter(|_| super::interfaces::is_key(&key)) {
            return Err(Box::new(
                differs(format!(
                    "the tunnel of zone `{name}` is assigned to `{}` in the base, and not to `{key}`",
                    other.key
                ))
                .label("listens at the same port")
                .help(format!("write `interface pfsense {}` at the zone", other.key)),
            ));
        }
        Self::networks_agree(vpn, zone, tunnel).map(|()| Some(tunnel.device.clone()))
    }

    fn other_port(&self, vpn: &Vpn, tunnel: &Tunnel, page: &str) -> Diagnostic {
        let name = &self.network.zone(vpn.zone).name;
        let protocol = if tunnel.is_tcp() { "tcp" } else { "udp" };
        let ours: Vec<String> = vpn.listen.iter().map(told).collect();
        Diagnostic::error(
            "base-differs",
            vpn.span,
            format!(
                "the tunnel of zone `{name}` listens on {protocol} {} in the base, and not on {}",
                tunnel.port,
                ours.join(", ")
            ),
        )
        .label("opened here")
        .help(format!("correct one of the two: `listen` here, or the port in pfSense ({page})"))
    }

    /// Whoever connects has an address of the zone, or the rules would not be about them.
    fn networks_agree(vpn: &Vpn, zone: &Zone, tunnel: &Tunnel) -> Result<(), Box<Diagnostic>> {
        let outside = |net: &&IpNet| !zone.networks.iter().any(|own| own.net.contains(*net));
        let Some(net) = tunnel.networks.iter().find(outside) else { return Ok(()) };
        let message =
            format!("the tunnel of zone `{}` hands out {net} in the base, which is none of its networks", zone.name);
        Err(Box::new(
            Diagnostic::error("base-differs", vpn.span, message)
                .label("listens at the same port")
                .help(format!("write `network {net}` at the zone, or correct the tunnel in pfSense (VPN > OpenVPN)")),
        ))
    }

    /// Writes the tunnels that the base does not have, and the peers that it does not know.
    pub(super) fn tunnels(&mut self) {
        let network = self.network;
        let held = std::mem::take(&mut self.held);
        for (vpn, device) in network.vpns.iter().zip(&held) {
            let Some(device) = device else { continue };
            if vpn.listen.len() > 1 {
                self.errors.push(
                    Diagnostic::error("backend-cannot-express", vpn.span, "a tunnel of pfsense listens on one port")
                        .label("listens on several")
                        .help("keep one `listen`, or give the clients of each a zone and a `vpn` of their own"),
                );
            }
            match vpn.kind {
                VpnKind::Openvpn => {
                    self.no_networks_behind(vpn);
                    if !device.theirs {
                        self.openvpn(vpn, &device.name);
                    }
                    self.overrides(vpn, device);
                }
                VpnKind::Wireguard => self.wireguard(vpn, device),
                _ => {}
            }
        }
        self.held = held;
    }

    /// Networks behind a client of OpenVPN are not written here.
    fn no_networks_behind(&mut self, vpn: &Vpn) {
        for peer in vpn.peers.iter().filter(|peer| !peer.networks.is_empty()) {
            self.errors.push(
                Diagnostic::error(
                    "backend-cannot-express",
                    peer.span,
                    "no network behind a client of OpenVPN is written for pfsense",
                )
                .label("has a `network` behind it")
                .help("take `kind wireguard` for it, or let a host end this VPN with `server HOST`"),
            );
        }
    }

    fn openvpn(&mut self, vpn: &Vpn, device: &str) {
        let Some((traffic, port)) = vpn.listen.iter().find_map(|traffic| Some((traffic, traffic.single_port()?)))
        else {
            return;
        };
        let zone = self.network.zone(vpn.zone);
        let (net, net6) = self.network.pools(vpn);
        let announced = self.network.announced(vpn);
        let local = |v4: bool| -> Vec<String> {
            announced.iter().filter(|net| net.network().is_ipv4() == v4).map(ToString::to_string).collect()
        };
        let interface = match vpn.on.as_slice() {
            [one] => self.key(*one),
            _ => "any".to_owned(),
        };
        self.document.openvpn.push(OpenVpn {
            id: device.trim_start_matches("ovpns").to_owned(),
            interface,
            protocol: if traffic.protocol == Some(TCP) { "TCP4" } else { "UDP4" }.to_owned(),
            port,
            tunnel: net.map(|net| net.to_string()).unwrap_or_default(),
            tunnel6: net6.map(|net| net.to_string()).unwrap_or_default(),
            full: vpn.full_tunnel,
            local: local(true).join(","),
            local6: local(false).join(","),
            dns: self.network.resolvers(vpn).iter().map(ToString::to_string).collect(),
            options: options(vpn, net, net6.is_some(), &self.network.clients(vpn)),
            radius: vpn.radius.map(|host| self.network.host(host).name.clone()).unwrap_or_default(),
            descr: words::description(&format!("{}{}", words::MARK, zone.name)),
        });
    }

    /// An address says who somebody is: nobody else of the base may send from that of a peer.
    fn is_alone(&mut self, vpn: &Vpn, peer: &Peer, key: Option<&String>, device: &Device) {
        let takes = |theirs: &&super::base::Peer| {
            let takes = |net: Option<IpNet>| {
                net.is_none_or(|net| peer.allowed().any(|own| net.contains(&own) || own.contains(&net)))
            };
            theirs.device == device.name && Some(&theirs.key) != key && theirs.allowed().any(takes)
        };
        let Some(other) = self.base.peers.iter().find(takes) else { return };
        let message = format!(
            "somebody else may send from the address of peer `{}` in the base: {} has {}",
            peer.name,
            other.key,
            other.told()
        );
        self.errors.push(
            Diagnostic::error("base-differs", vpn.span, message)
                .label("lets peers in by their addresses")
                .help("take that peer out in pfSense, or narrow its allowed addresses (VPN > WireGuard > Peers), and save a new backup"),
        );
    }

    /// The first port from WireGuard's own on that no tunnel listens on.
    fn free_port(&self) -> u16 {
        let ours = |port: u16| {
            self.network.vpns.iter().flat_map(|vpn| &vpn.listen).any(|one| one.single_port() == Some(port))
                || self.document.wireguard.iter().any(|tunnel| tunnel.port == port)
        };
        let theirs = |port: u16| self.base.tunnels.iter().any(|tunnel| tunnel.port == port.to_string());
        (51820..u16::MAX).find(|port| !ours(*port) && !theirs(*port)).unwrap_or(51820)
    }

    fn wireguard(&mut self, vpn: &Vpn, device: &Device) {
        // One that calls its peers listens on some port, which nothing opens.
        let port = vpn.listen.iter().find_map(Traffic::single_port).unwrap_or_else(|| self.free_port());
        let zone = self.network.zone(vpn.zone);
        for peer in &vpn.peers {
            let ours: BTreeSet<Option<IpNet>> = peer.allowed().map(Some).collect();
            // Whose key the policy does not have is known by the addresses alone.
            let is_known = |theirs: &&super::base::Peer| {
                theirs.device == device.name
                    && peer
                        .key
                        .as_ref()
                        .map_or_else(|| theirs.allowed().collect::<BTreeSet<_>>() == ours, |key| theirs.key == *key)
            };
            let known = self.base.peers.iter().find(is_known).cloned();
            let key = peer.key.clone().or_else(|| known.as_ref().map(|known| known.key.clone()));
            self.is_alone(vpn, peer, key.as_ref(), device);
            let Some(key) = peer.key.clone() else { continue };
            if let Some(known) = known {
                if known.allowed().collect::<BTreeSet<_>>() != ours {
                    let message = format!("peer `{}` may send from {} in the base", peer.name, known.told());
                    self.errors.push(
                        Diagnostic::error("base-differs", vpn.span, message)
                            .label("says other addresses of the peer with this key")
                            .help("correct one of the two: `address` of the peer here, or its allowed addresses in pfSense (VPN > WireGuard > Peers)"),
                    );
                }
                continue;
            }
            self.document.peers.push(WireGuardPeer {
                device: device.name.clone(),
                descr: words::description(&format!("{}{}", words::MARK, peer.name)),
                key,
                endpoint: peer.endpoint.as_ref().map(|endpoint| endpoint.host.clone()).unwrap_or_default(),
                endpoint_port: peer.endpoint.as_ref().map(|endpoint| endpoint.port.to_string()).unwrap_or_default(),
                keepalive: if peer.endpoint.is_some() { "25" } else { "" },
                addresses: peer.allowed().map(|net| (net.network().to_string(), net.prefix_len())).collect(),
            });
        }
        if !device.theirs {
            self.document.wireguard.push(WireGuard {
                name: device.name.clone(),
                descr: words::description(&format!("{}{}", words::MARK, zone.name)),
                port,
            });
        }
    }
}
