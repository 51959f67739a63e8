//! Client-specific overrides of OpenVPN (`openvpn_resync_csc` in openvpn.inc): what binds an address to the common name
//! of a certificate, or to an account of RADIUS. Without one a client has any address of the tunnel, and a rule about a
//! client would be about whoever comes.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use super::{Renderer, base::Tunnel, document::ClientOverride, tunnels::Device, words};
use crate::{
    diagnostic::Diagnostic,
    model::{Client, Vpn, handed_out, left_over},
};

/// An override of the base.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Known {
    /// The servers that it is for; none for all.
    servers: Vec<String>,
    pub name: String,
    disabled: bool,
    blocked: bool,
    v4: String,
    v6: String,
    /// The networks behind the client, from which it may send as well.
    behind: Vec<IpNet>,
    /// Further options, of which some hand out addresses.
    options: String,
}

impl Known {
    /// Takes a field of it.
    pub fn read(&mut self, field: &str, text: &str) {
        let list = || text.split(',').map(str::trim).filter(|part| !part.is_empty());
        match field {
            "server_list" => self.servers = list().map(str::to_owned).collect(),
            "common_name" => text.clone_into(&mut self.name),
            "disable" => self.disabled = true,
            "block" => self.blocked = !text.is_empty(),
            "tunnel_network" => text.clone_into(&mut self.v4),
            "tunnel_networkv6" => text.clone_into(&mut self.v6),
            "remote_network" | "remote_networkv6" => {
                self.behind.extend(list().filter_map(|net| net.parse::<IpNet>().ok()));
            }
            "custom_options" => text.clone_into(&mut self.options),
            _ => {}
        }
    }

    fn is_for(&self, device: &Device) -> bool {
        let number = device.name.trim_start_matches("ovpns");
        self.servers.is_empty() || self.servers.iter().any(|server| server == number)
    }

    /// The address of IPv4 that it gives its client.
    fn v4(&self, subnet: bool) -> Option<IpAddr> {
        let net: Ipv4Net = self.v4.parse().ok()?;
        if subnet {
            return Some(net.addr().into());
        }
        u32::from(net.network()).checked_add(2).map(|client| Ipv4Addr::from(client).into())
    }

    /// May its client send from this address?
    fn takes(&self, address: IpAddr, subnet: bool) -> bool {
        let v6 = self.v6.parse::<Ipv6Net>().ok().map(|net| IpAddr::V6(net.addr()));
        let written = [self.v4(subnet), v6].contains(&Some(address));
        written || self.behind.iter().any(|net| net.contains(&address)) || self.optionally(address)
    }

    /// Do its further options give it the address? They are lines of OpenVPN's own: `ifconfig-push`, `iroute`.
    fn optionally(&self, address: IpAddr) -> bool {
        let mut lines = self.options.split([';', '\n']).map(|line| line.split_whitespace().collect::<Vec<_>>());
        lines.any(|words| match words.as_slice() {
            ["ifconfig-push" | "ifconfig-ipv6-push", own, ..] => {
                own.split('/').next().and_then(|own| own.parse::<IpAddr>().ok()) == Some(address)
            }
            ["iroute", net, mask, ..] => {
                let net = net.parse::<Ipv4Addr>().ok().zip(mask.parse::<Ipv4Addr>().ok());
                let net = net.and_then(|(net, mask)| Ipv4Net::with_netmask(net, mask).ok());
                net.is_none_or(|net| IpNet::V4(net).contains(&address))
            }
            ["iroute" | "iroute-ipv6", net, ..] => {
                let net = net.parse::<IpNet>().or_else(|_| net.parse::<IpAddr>().map(IpNet::from));
                net.is_ok_and(|net| net.contains(&address))
            }
            _ => false,
        })
    }

    /// The addresses as pfSense shows them.
    fn told(&self) -> String {
        let own = [&self.v4, &self.v6].into_iter().filter(|part| !part.is_empty()).cloned();
        let mut parts: Vec<String> = own.chain(self.behind.iter().map(|net| format!("{net} behind it"))).collect();
        if self.options.contains("ifconfig") || self.options.contains("iroute") {
            parts.push(format!("`{}`", self.options));
        }
        if parts.is_empty() { "no address".to_owned() } else { parts.join(" and ") }
    }
}

/// The further options of a new server: who has an address for good is the only one to get it, and where IPv6 stays
/// outside of a tunnel for everything it is held back.
pub fn options(vpn: &Vpn, net: Option<Ipv4Net>, v6: bool, clients: &[Client]) -> String {
    let mut options = Vec::new();
    if let Some(net) = net.filter(|_| !clients.is_empty()) {
        let (network, mask) = (net.network(), net.netmask());
        options.push(format!("server {network} {mask} nopool"));
        options.extend(left_over(net, clients).map(|(from, to)| format!("ifconfig-pool {from} {to} {mask}")));
    }
    if vpn.full_tunnel && vpn.carries_ipv6() && !v6 {
        options.push("push \"block-ipv6\"".to_owned());
    }
    options.join(";")
}

/// Why a server cannot give a client its address for good.
fn lacks(
    vpn: &Vpn,
    client: &Client,
    (net4, net6): (Option<Ipv4Net>, Option<Ipv6Net>),
    theirs: bool,
) -> Option<Diagnostic> {
    let name = &client.name;
    let outside = |address: &&IpAddr| match address {
        IpAddr::V4(address) => net4.is_none_or(|net| !net.contains(address)),
        IpAddr::V6(address) => net6.is_none_or(|net| !net.contains(address)),
    };
    if let Some(address) = client.addresses.iter().find(outside) {
        return Some(if theirs {
            let what = format!("the server of the base has no network to give `{name}` the address {address} from");
            Diagnostic::error("base-differs", vpn.span, what)
                .label(format!("`{name}` connects here"))
                .help("give its tunnel that network in pfSense (VPN > OpenVPN) and save a new backup, or correct the address here")
        } else {
            let what = format!("OpenVPN has no network to give `{name}` the address {address} from");
            Diagnostic::error("backend-cannot-express", client.span, what)
                .label("connects by OpenVPN")
                .help("pfsense gives the clients of a server one network of IPv4, and one of IPv6 from /64 to /112: take an address of these, or take this one out")
        });
    }
    let open = |address: &&IpAddr| match (address, net4, net6) {
        (IpAddr::V6(address), Some(net4), Some(net6)) => handed_out(net6, net4, *address),
        _ => false,
    };
    let address = client.addresses.iter().find(open)?;
    let what = format!("OpenVPN may give the address {address} of `{name}` to anybody who connects");
    Some(
        Diagnostic::error("backend-cannot-express", client.span, what)
            .label("lies among those that are handed out by turns")
            .help("below a prefix of /64 to /111 the first 4096 addresses are never handed out: take one that ends with `::2` to `::fff`"),
    )
}

impl Renderer<'_> {
    /// Writes the overrides that the base does not have, and holds the others against the policy.
    pub(super) fn overrides(&mut self, vpn: &Vpn, device: &Device) {
        let network = self.network;
        let clients = network.clients(vpn);
        let theirs = self.base.tunnels.iter().find(|tunnel| tunnel.device == device.name).cloned();
        let nets = theirs.as_ref().map_or_else(|| network.pools(vpn), Tunnel::pools);
        if let Some(theirs) = &theirs
            && let Err(error) = self.server_agrees(vpn, &clients, theirs)
        {
            self.errors.push(*error);
            return;
        }
        for client in &clients {
            match lacks(vpn, client, nets, theirs.is_some()) {
                Some(error) => self.errors.push(error),
                None => self.client_override(client, device, theirs.as_ref(), nets),
            }
        }
    }

    /// Can a server of the base give each client its address, and nobody else?
    fn server_agrees(&self, vpn: &Vpn, clients: &[Client], theirs: &Tunnel) -> Result<(), Box<Diagnostic>> {
        let zone = &self.network.zone(vpn.zone).name;
        let differs = |what: String, help: &str| {
            let error = Diagnostic::error("base-differs", vpn.span, what).label("lets clients in by their addresses");
            Err(Box::new(error.help(format!("{help} in pfSense (VPN > OpenVPN), and save a new backup"))))
        };
        let v4 = || clients.iter().flat_map(|client| client.v4().map(|own| (&client.name, own)));
        if !clients.is_empty() && !theirs.mode.starts_with("server") {
            let what =
                format!("the server of zone `{zone}` in the base is for one other site: its mode is `{}`", theirs.mode);
            return differs(what, "set its server mode to one of Remote Access");
        }
        if !theirs.is_subnet()
            && let Some((name, own)) = v4().find(|(_, own)| u32::from(*own) % 4 != 2)
        {
            let what = format!(
                "the server of zone `{zone}` in the base gives each client a network of four addresses (net30), and {own} of `{name}` is not the third of one"
            );
            return differs(what, "set its topology to `subnet`");
        }
        if let Some((name, own)) = v4().find(|(_, own)| !theirs.keeps(*own)) {
            let options = theirs.pools().0.map(|net| options(vpn, Some(net), true, clients)).unwrap_or_default();
            let what = format!(
                "anybody who connects may get the address {own} of `{name}` in the base while `{name}` is away"
            );
            return differs(
                what,
                &format!(
                    "put `{options}` into the custom options of the server, or `ccd-exclusive` if nobody without an override is to connect,"
                ),
            );
        }
        Ok(())
    }

    fn client_override(
        &mut self,
        client: &Client,
        device: &Device,
        theirs: Option<&Tunnel>,
        (net4, net6): (Option<Ipv4Net>, Option<Ipv6Net>),
    ) {
        let subnet = theirs.is_none_or(Tunnel::is_subnet);
        let name = &client.name;
        let differs = |what: String, help: &str| {
            Diagnostic::error("base-differs", client.span, what)
                .label("is known by its address")
                .help(format!("{help} in pfSense (VPN > OpenVPN > Client Specific Overrides), and save a new backup"))
        };
        let mut known = self.base.overrides_of_clients.iter().filter(|known| known.is_for(device));
        let other = known.clone().find(|known| {
            known.name != *name && !known.disabled && client.addresses.iter().any(|own| known.takes(*own, subnet))
        });
        if let Some(other) = other {
            let what = format!("`{}` has the address of `{name}` in the base: {}", other.name, other.told());
            self.errors.push(differs(what, "take that override out, or give it another address"));
            return;
        }
        // pfSense writes a file for each name: the last override of a name is the one that holds.
        if let Some(known) = known.rfind(|known| known.name == *name) {
            let (what, help) = if known.disabled {
                (format!("the override of `{name}` is switched off in the base"), "switch it on, or take it out")
            } else if known.blocked {
                (format!("`{name}` is kept from connecting in the base"), "take `Block this client connection` out")
            } else if client.addresses.iter().all(|own| known.takes(*own, subnet)) {
                return;
            } else {
                (format!("`{name}` has {} in the base", known.told()), "give it the address of the policy")
            };
            self.errors.push(differs(what, help));
            return;
        }
        let v4 = client.v4().next();
        let v6 = client.addresses.iter().find_map(|own| if let IpAddr::V6(own) = own { Some(*own) } else { None });
        let v4 = v4.zip(net4).map(|(own, net)| {
            if subnet {
                format!("{own}/{}", net.prefix_len())
            } else {
                format!("{}/30", Ipv4Addr::from(u32::from(own) & !3))
            }
        });
        let v6 = v6.zip(net6).map(|(own, net)| format!("{own}/{}", net.prefix_len()));
        self.document.overrides.push(ClientOverride {
            server: device.name.trim_start_matches("ovpns").to_owned(),
            name: name.clone(),
            descr: words::description(&format!("{}{name}", words::MARK)),
            v4: v4.unwrap_or_default(),
            v6: v6.unwrap_or_default(),
        });
    }
}
