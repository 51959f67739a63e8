//! VPN servers and their peers.

use std::net::IpAddr;

use ipnet::IpNet;
use minijinja::{Error, context};

use super::{
    Companions, Printer,
    words::{own, reached, written},
};
use crate::model::{Network, Resolver, Vpn, VpnKind, service::TCP};

pub fn write(network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    for vpn in &network.vpns {
        match vpn.kind {
            VpnKind::Wireguard => super::wireguard::write(network, vpn, printer, found)?,
            VpnKind::Openvpn => openvpn(network, vpn, printer, found)?,
            VpnKind::Tailscale | VpnKind::Zerotier => super::overlay::write(network, vpn, printer, found)?,
        }
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
    name.or_else(|| known.map(|own| own.address.to_string())).unwrap_or_else(|| "PUBLIC-NAME".to_owned())
}

/// Whom a client of a zone asks for names: whom the policy names, or the router, if a rule says so.
pub fn resolvers(network: &Network, vpn: &Vpn) -> Vec<String> {
    let router = || own(network, vpn.zone).iter().map(|net| net.addr().to_string()).collect();
    match &vpn.resolver {
        Some((Resolver::Router, _)) => router(),
        Some((Resolver::Address(address), _)) => vec![address.to_string()],
        Some((Resolver::Host(host), _)) => written(network.host(*host)).map(|address| address.to_string()).collect(),
        None if network.asks_router(vpn.zone) => router(),
        None => Vec::new(),
    }
}

fn openvpn(network: &Network, vpn: &Vpn, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    let zone = network.zone(vpn.zone);
    let name = &zone.name;
    let nets: Vec<IpNet> =
        zone.networks.iter().filter(|network| network.delegated.is_none()).map(|network| network.net).collect();
    let pool = nets.iter().find_map(|net| match net {
        IpNet::V4(net) => Some((net.network().to_string(), net.netmask().to_string())),
        IpNet::V6(_) => None,
    });
    let Some((pool, mask)) = pool else {
        found.by_hand.push(format!("the OpenVPN server of `{name}`: its clients need an IPv4 network"));
        return Ok(());
    };
    // OpenVPN hands out addresses of networks from /112 to /64 only.
    let pool6 = nets.iter().find(|net| matches!(net, IpNet::V6(net) if (64..=112).contains(&net.prefix_len())));
    let pool6 = pool6.filter(|_| vpn.carries_ipv6()).map(ToString::to_string).unwrap_or_default();
    let (mut routes, mut routes6) = (Vec::new(), Vec::new());
    for net in reached(network, vpn.zone).into_iter().filter(|net| !nets.contains(net)) {
        match net {
            IpNet::V4(net) => routes.push(format!("{} {}", net.network(), net.netmask())),
            IpNet::V6(net) if !pool6.is_empty() => routes6.push(net.to_string()),
            IpNet::V6(_) => {}
        }
    }
    let radius = vpn.radius.and_then(|host| written(network.host(host)).next()).map(|address| address.to_string());
    let radius = radius.unwrap_or_default();
    let interface = zone.interface_on("nftables").map_or("tun0", |interface| interface.name.as_str());
    let fixed: Vec<(String, IpAddr)> = vpn
        .peers
        .iter()
        .filter_map(|peer| {
            peer.addresses.iter().find(|address| address.is_ipv4()).map(|address| (peer.name.clone(), *address))
        })
        .collect();
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
                name, server, port, tcp, interface,
                pool => pool.clone(), mask => mask.clone(), pool6 => pool6.clone(), radius => radius.clone(),
                routes => routes.clone(), routes6 => routes6.clone(),
                full => vpn.full_tunnel, ipv6 => vpn.carries_ipv6(), fixed => !fixed.is_empty(), dns => resolvers(network, vpn),
                endpoint => endpoint(network, vpn),
            }
        };
        found.file(format!("openvpn-{name}/server.conf"), printer.print("openvpn.conf", values(true))?);
        found.file(format!("openvpn-{name}/client.ovpn"), printer.print("openvpn.conf", values(false))?);
    }
    for (peer, address) in fixed {
        found.file(format!("openvpn-{name}/ccd/{peer}"), format!("ifconfig-push {address} {mask}\n"));
    }
    if let Some(server) = vpn.radius.filter(|_| !radius.is_empty()) {
        let zone = network.host(server).zones.first();
        let nas = zone.and_then(|zone| own(network, *zone).into_iter().find(|net| net.addr().is_ipv4()));
        let nas = nas.map_or_else(|| "ADDRESS-OF-THIS-SERVER".to_owned(), |net| net.addr().to_string());
        // A host that ends the tunnel asks under its own address.
        let nas = match vpn.server {
            Some(host) => written(network.host(host)).next().map_or(nas, |address| address.to_string()),
            None => nas,
        };
        let values = context! { name, radius => radius.clone(), nas, mask };
        found.file(format!("openvpn-{name}/radiusplugin.cnf"), printer.print("radiusplugin.cnf", values)?);
        found.by_hand.push(format!(
            "the shared secret with the RADIUS server {radius}, in the copy of radiusplugin.cnf on the machine (mode 600)"
        ));
    }
    Ok(())
}
