//! VPN servers and their peers.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use minijinja::{Error, context};

use super::{Beside, Companions, Printer, words::own};
use crate::model::{Client, Network, Vpn, VpnKind, handed_out, left_over, service::TCP};

/// Stands where nobody knows by which name a server is found.
const UNKNOWN: &str = "PUBLIC-NAME";

pub fn write(network: &Network, beside: &Beside<'_>, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    for vpn in &network.vpns {
        let router_holds = vpn.server.is_none() && beside.held.contains(&vpn.kind);
        if !vpn.kind.is_overlay() && !vpn.listen.is_empty() && endpoint(network, vpn) == UNKNOWN {
            found.by_hand.push(format!(
                "{UNKNOWN} in the files of `{}`: the name by which the router is found outside (dynamic DNS, where its address may change)",
                network.zone(vpn.zone).name
            ));
        }
        match vpn.kind {
            VpnKind::Wireguard => super::wireguard::write(network, vpn, router_holds, printer, found)?,
            VpnKind::Openvpn => openvpn(network, vpn, router_holds, printer, found)?,
            VpnKind::Tailscale | VpnKind::Zerotier => super::overlay::write(network, vpn, printer, found)?,
        }
    }
    for (id, net, via) in network.routes() {
        // nftables tells it in its guide, OpenWrt and pfSense have it in their configuration.
        if beside.targets.contains(&"port-forward") {
            found.by_hand.push(format!(
                "a static route to {net} by {via} on the router, for the clients of `{}`",
                network.zone(id).name
            ));
        }
        let Some(behind) = &network.zone(id).behind else { continue };
        found.by_hand.push(format!(
            "a route to {net} by {via} on the hosts of `{}`, by DHCP (option 121) or in each: else what they answer the clients of `{}` goes to the router, which has not seen the question, and drops it",
            network.zone(behind.link).name,
            network.zone(id).name
        ));
    }
    Ok(())
}

/// The name or address under which a server is found from outside, if the policy knows one.
pub fn endpoint(network: &Network, vpn: &Vpn) -> String {
    // What Cloudflare stands before is Cloudflare's address.
    let direct = network
        .exposures
        .iter()
        .filter(|exposure| exposure.tunnel.is_none() && !exposure.from_text.contains("cloudflare"));
    let name = direct.filter(|exposure| !exposure.expired).find_map(|exposure| exposure.name.clone());
    let known = vpn.on.iter().flat_map(|zone| &network.zone(*zone).addresses).find(|own| own.source.is_known());
    name.or_else(|| known.map(|own| own.address.to_string())).unwrap_or_else(|| UNKNOWN.to_owned())
}

fn openvpn(
    network: &Network,
    vpn: &Vpn,
    router_holds: bool,
    printer: &Printer,
    found: &mut Companions,
) -> Result<(), Error> {
    let zone = network.zone(vpn.zone);
    let name = &zone.name;
    let (Some(net), net6) = network.pools(vpn) else {
        found.by_hand.push(format!("the OpenVPN server of `{name}`: its clients need an IPv4 network"));
        return Ok(());
    };
    let (pool, mask, pool6) = (net.network(), net.netmask(), net6.map(|net| net.to_string()).unwrap_or_default());
    let (mut routes, mut routes6) = (Vec::new(), Vec::new());
    for net in network.announced(vpn) {
        match net {
            IpNet::V4(net) => routes.push(format!("{} {}", net.network(), net.netmask())),
            IpNet::V6(net) => routes6.push(net.to_string()),
        }
    }
    let radius = vpn.radius.and_then(|host| network.host(host).written().next()).map(|address| address.to_string());
    let radius = radius.unwrap_or_default();
    let clients = network.clients(vpn);
    let fixed = fixed(net, net6, &clients);
    let behind = behind(vpn, net6.is_some());
    let rest = left_over(net, &clients).filter(|_| !fixed.is_empty());
    let rest = rest.map(|(from, to)| format!("{from} {to}")).unwrap_or_default();
    let dns: Vec<String> = network.resolvers(vpn).iter().map(ToString::to_string).collect();
    for (index, traffic) in vpn.listen.iter().enumerate() {
        let Some(port) = traffic.single_port() else { continue };
        let tcp = traffic.protocol == Some(TCP);
        if index > 0 {
            found.by_hand.push(format!(
                "port {port} of the OpenVPN server of `{name}`: a second process needs a pool of its own"
            ));
            continue;
        }
        let values = |server: bool| {
            context! {
                name, server, port, tcp, interface => device(network, vpn),
                pool => pool.to_string(), mask => mask.to_string(), pool6 => pool6.clone(), radius => radius.clone(),
                routes => routes.clone(), routes6 => routes6.clone(), rest => rest.clone(),
                full => vpn.full_tunnel, ipv6 => vpn.carries_ipv6(), fixed => !fixed.is_empty(), behind => behind.clone(), dns => dns.clone(),
                endpoint => endpoint(network, vpn), forwards => vpn.server.is_some(),
                hidden => if vpn.hides_clients { net.to_string() } else { String::new() },
            }
        };
        if !router_holds {
            found.file(format!("openvpn-{name}/server.conf"), printer.print("openvpn.conf", values(true))?);
        }
        found.file(format!("openvpn-{name}/client.ovpn"), printer.print("openvpn.conf", values(false))?);
    }
    if router_holds {
        on_the_router(network, vpn, &fixed, found);
        return Ok(());
    }
    for (peer, text) in fixed {
        // The server finds the client of a network by this, as the kernel finds the server by the route.
        let networks = vpn.peers.iter().filter(|one| one.name == peer).flat_map(|peer| &peer.networks);
        let inner = networks.filter_map(|net| route(*net, net6.is_some())).map(|route| format!("i{route}\n"));
        let text = inner.fold(text, |text, line| text + &line);
        found.file(format!("openvpn-{name}/ccd/{peer}"), text);
    }
    for client in &clients {
        let open = |address: &&IpAddr| match (address, net6) {
            (IpAddr::V6(address), Some(net6)) => handed_out(net6, net, *address),
            _ => false,
        };
        if let Some(address) = client.addresses.iter().find(open) {
            found.by_hand.push(format!(
                "another address than {address} for `{}` of `{name}`: OpenVPN may hand it out to anybody",
                client.name
            ));
        }
    }
    if let Some(server) = vpn.radius.filter(|_| !radius.is_empty()) {
        let zone = network.host(server).zones.first();
        let nas = zone.and_then(|zone| own(network, *zone).into_iter().find(|net| net.addr().is_ipv4()));
        let nas = nas.map_or_else(|| "ADDRESS-OF-THIS-SERVER".to_owned(), |net| net.addr().to_string());
        // A host that ends the tunnel asks under its own address.
        let nas = match vpn.server {
            Some(host) => network.host(host).written().next().map_or(nas, |address| address.to_string()),
            None => nas,
        };
        let values = context! { name, radius => radius.clone(), nas, mask => mask.to_string() };
        found.file(format!("openvpn-{name}/radiusplugin.cnf"), printer.print("radiusplugin.cnf", values)?);
        found.by_hand.push(format!(
            "the shared secret with the RADIUS server {radius}, in the copy of radiusplugin.cnf on the machine (mode 600)"
        ));
    }
    Ok(())
}

/// The device of the server. What pfSense calls an interface is no name of a device.
fn device<'n>(network: &'n Network, vpn: &Vpn) -> &'n str {
    let written = network.zone(vpn.zone).interface_on("nftables").map_or("tun0", |interface| interface.name.as_str());
    let number = written.strip_prefix("opt").unwrap_or("-");
    let of_pfsense = matches!(written, "wan" | "lan" | "openvpn") || number.bytes().all(|byte| byte.is_ascii_digit());
    if of_pfsense { "tun0" } else { written }
}

/// Who has an address for good, and what the server is told about it.
fn fixed(net: Ipv4Net, net6: Option<Ipv6Net>, clients: &[Client]) -> Vec<(String, String)> {
    let told = |client: &Client| {
        let lines: Vec<String> = client
            .addresses
            .iter()
            .filter_map(|address| match (address, net6) {
                (IpAddr::V4(address), _) => Some(format!("ifconfig-push {address} {}\n", net.netmask())),
                (IpAddr::V6(address), Some(net6)) if net6.contains(address) => {
                    let server = Ipv6Addr::from(u128::from(net6.network()) + 1);
                    Some(format!("ifconfig-ipv6-push {address}/{} {server}\n", net6.prefix_len()))
                }
                _ => None,
            })
            .collect();
        (!lines.is_empty()).then(|| (client.name.clone(), lines.concat()))
    };
    clients.iter().filter_map(told).collect()
}

/// The networks behind clients, as the words of a route, in the families that the tunnel carries.
fn behind(vpn: &Vpn, v6: bool) -> Vec<String> {
    vpn.peers.iter().flat_map(|peer| &peer.networks).filter_map(|net| route(*net, v6)).collect()
}

/// `route 192.168.50.0 255.255.255.0`
fn route(net: IpNet, v6: bool) -> Option<String> {
    match net {
        IpNet::V4(net) => Some(format!("route {} {}", net.network(), net.netmask())),
        IpNet::V6(net) => v6.then(|| format!("route-ipv6 {net}")),
    }
}

/// What is left to do where the router's own configuration has the server.
fn on_the_router(network: &Network, vpn: &Vpn, fixed: &[(String, String)], found: &mut Companions) {
    let name = &network.zone(vpn.zone).name;
    let Some(server) = vpn.radius else { return };
    let server = &network.host(server).name;
    found.by_hand.push(format!(
        "the authentication server `{server}` of the OpenVPN server of `{name}`, with the shared secret (System > User Manager > Authentication Servers)"
    ));
    if !fixed.is_empty() {
        let who: Vec<&str> = fixed.iter().map(|(who, _)| who.as_str()).collect();
        found.by_hand.push(format!(
            "no Framed-IP-Address from the RADIUS server `{server}`: it would go before the addresses that the policy gives to {} of `{name}`",
            who.join(", ")
        ));
    }
}
