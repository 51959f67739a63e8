//! WireGuard: the files of `wg-quick` for a server and its peers, or the configuration of Home Assistant's add-on.

use ipnet::IpNet;
use minijinja::{Error, Value, context};

use super::{Companions, Printer, vpn::endpoint, words::own};
use crate::model::{HostId, Network, Peer, Resolver, Vpn, service::Traffic};

fn list<T: ToString>(all: &[T]) -> String {
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// `"10.0.99.2/32", "fd42::2/128"`
fn quoted<T: ToString>(all: &[T]) -> String {
    all.iter().map(|one| format!("\"{}\"", one.to_string())).collect::<Vec<_>>().join(", ")
}

fn single(peer: &Peer) -> Vec<IpNet> {
    peer.addresses.iter().map(|address| IpNet::from(*address)).collect()
}

pub fn write(
    network: &Network,
    vpn: &Vpn,
    router_holds: bool,
    printer: &Printer,
    found: &mut Companions,
) -> Result<(), Error> {
    let zone = &network.zone(vpn.zone).name;
    let port = vpn.listen.iter().find_map(Traffic::single_port);
    for peer in vpn.peers.iter().filter(|peer| peer.addresses.is_empty()) {
        found.by_hand.push(format!("peer `{}` of `{zone}`, which has no `address`", peer.name));
    }
    if vpn.peers.is_empty() {
        found.by_hand.push(format!("peers of `{zone}`: the policy names none"));
    }
    let peers: Vec<&Peer> = vpn.peers.iter().filter(|peer| !peer.addresses.is_empty()).collect();
    for peer in peers.iter().filter(|peer| router_holds && peer.key.is_none()) {
        found.by_hand.push(format!(
            "peer `{}` of `{zone}` on the router, unless it is there already: the policy has no key of it",
            peer.name
        ));
    }
    match vpn.server.filter(|_| vpn.addon) {
        Some(host) => addon(network, vpn, host, port, &peers, printer, found)?,
        // The router's own configuration has it already.
        None if router_holds => {}
        None => server(network, vpn, port, &peers, printer, found)?,
    }
    for peer in peers {
        // The add-on writes the file of a peer whose key it has made itself.
        if !vpn.addon || peer.key.is_some() {
            client(network, vpn, port, peer, printer, found)?;
        }
    }
    Ok(())
}

fn server(
    network: &Network,
    vpn: &Vpn,
    port: Option<u16>,
    peers: &[&Peer],
    printer: &Printer,
    found: &mut Companions,
) -> Result<(), Error> {
    let zone = &network.zone(vpn.zone).name;
    let key = |peer: &Peer| peer.key.clone().unwrap_or_else(|| "PUBLIC-KEY-OF-THE-PEER".to_owned());
    let peers: Vec<(String, String, String, String)> = peers
        .iter()
        .map(|peer| {
            let called = peer.endpoint.as_ref().map(crate::model::Endpoint::written).unwrap_or_default();
            (peer.name.clone(), key(peer), list(&peer.allowed().collect::<Vec<_>>()), called)
        })
        .collect();
    let none: Vec<String> = Vec::new();
    let hidden = if vpn.hides_clients { near(network, vpn) } else { Vec::new() };
    let hidden = hidden.iter().filter(|net| matches!(net, IpNet::V4(_))).map(ToString::to_string);
    let values = context! {
        zone, peers, port, server => true, device => device(network, vpn), who => "the server", private => "PRIVATE-KEY-OF-THE-SERVER", dns => none, behind => "",
        addresses => list(&own(network, vpn.zone)), forwards => vpn.server.is_some(), hidden => hidden.collect::<Vec<_>>(),
    };
    found.file(format!("wireguard-{zone}/server.conf"), printer.print("wireguard.conf", values)?);
    Ok(())
}

/// The add-on has options of its own, and takes no file of `wg-quick`.
fn addon(
    network: &Network,
    vpn: &Vpn,
    host: HostId,
    port: Option<u16>,
    peers: &[&Peer],
    printer: &Printer,
    found: &mut Companions,
) -> Result<(), Error> {
    let zone = &network.zone(vpn.zone).name;
    let allowed = quoted(&allowed(network, vpn));
    let of = |peer: &&Peer| -> Value {
        // The add-on takes letters, digits and hyphens.
        context! {
            name => peer.name.replace('_', "-"), key => peer.key.clone().unwrap_or_default(),
            addresses => quoted(&peer.addresses), endpoint => peer.endpoint.as_ref().map(crate::model::Endpoint::written).unwrap_or_default(),
        }
    };
    let values = context! {
        host => network.host(host).name.clone(), port => port.unwrap_or(51820), allowed, endpoint => endpoint(network, vpn),
        addresses => quoted(&own(network, vpn.zone)), dns => quoted(&names(network, vpn)),
        peers => peers.iter().map(of).collect::<Vec<_>>(),
    };
    found.file(format!("wireguard-{zone}/addon.yaml"), printer.print("wireguard-addon.yaml", values)?);
    Ok(())
}

fn client(
    network: &Network,
    vpn: &Vpn,
    port: Option<u16>,
    peer: &Peer,
    printer: &Printer,
    found: &mut Companions,
) -> Result<(), Error> {
    let zone = &network.zone(vpn.zone).name;
    let host = endpoint(network, vpn);
    let host = if host.contains(':') { format!("[{host}]") } else { host };
    let mut allowed = allowed(network, vpn);
    allowed.retain(|net| !peer.networks.contains(net));
    allowed.extend(beside(network, vpn, peer, &allowed, found));
    // A server that is called keeps its own resolver, unless the policy names another.
    let dns = if peer.endpoint.is_some() && vpn.resolver.is_none() { Vec::new() } else { names(network, vpn) };
    // Who listens where it is called needs to be told its port, and who is not called back no place of ours.
    let values = context! {
        port => peer.endpoint.as_ref().map(|endpoint| endpoint.port),
        zone, device => "", allowed => list(&allowed), behind => list(&peer.networks), server => false, who => peer.name.clone(),
        private => "PRIVATE-KEY-OF-THIS-DEVICE", dns, addresses => list(&single(peer)),
        endpoint => port.map(|port| format!("{host}:{port}")).unwrap_or_default(),
    };
    found.file(format!("wireguard-{zone}/peer-{}.conf", peer.name), printer.print("wireguard.conf", values)?);
    Ok(())
}

/// What peers send through the tunnel. Whom an add-on lets in as its own host, that host is there for as well.
fn allowed(network: &Network, vpn: &Vpn) -> Vec<IpNet> {
    let mut nets: Vec<IpNet> = if vpn.full_tunnel {
        vec![IpNet::V4(ipnet::Ipv4Net::default()), IpNet::V6(ipnet::Ipv6Net::default())]
    } else {
        let host = vpn.server.filter(|_| vpn.addon).map(|host| network.host(host));
        let host = host.into_iter().flat_map(crate::model::Host::written).map(IpNet::from);
        // Whom an add-on lets in is there for Home Assistant.
        let zones = if vpn.addon { near(network, vpn) } else { network.reached(vpn.zone) };
        let beyond = host.filter(|own| !zones.iter().any(|net| net.contains(own))).collect::<Vec<_>>();
        zones.into_iter().chain(beyond).collect()
    };
    nets.retain(|net| vpn.carries_ipv6() || matches!(net, IpNet::V4(_)));
    nets
}

/// What the rules of a Linux router call the interface of a tunnel that ends there.
fn device<'n>(network: &'n Network, vpn: &Vpn) -> &'n str {
    let interface = vpn.server.is_none().then(|| network.zone(vpn.zone).interface_on("nftables")).flatten();
    interface.map_or("", |interface| interface.name.as_str())
}

/// Whom a peer has to take packets from though it sends them none of its own accord: WireGuard drops all others, and what
/// answers them goes by the tunnel only where these are in the list. Of everybody no list can be made.
fn beside(network: &Network, vpn: &Vpn, peer: &Peer, allowed: &[IpNet], found: &mut Companions) -> Vec<IpNet> {
    if vpn.full_tunnel || vpn.addon {
        return Vec::new();
    }
    let senders = network.senders(vpn, peer);
    let (zone, name) = (&network.zone(vpn.zone).name, &peer.name);
    if senders.everybody.is_some() {
        found.by_hand.push(format!(
            "the internet's way to what peer `{name}` of `{zone}` has: WireGuard there takes packets of those in AllowedIPs alone, and answers to all others leave by its own line. Let a proxy on this side ask it (`through`); or write AllowedIPs = 0.0.0.0/0 and `Table = off` there, and send by the tunnel what answers from these hosts (`ip rule`)"
        ));
    }
    if senders.internet.is_some() {
        found.by_hand.push(format!(
            "the way to the internet by this router for what lies behind peer `{name}` of `{zone}`: its AllowedIPs name only what is inside, so that it goes out by its own line; `tunnel full` sends everything by the tunnel"
        ));
    }
    let mut nets = senders.nets;
    nets.retain(|net| {
        let known =
            allowed.iter().any(|other| other.contains(net)) || peer.networks.iter().any(|own| own.contains(net));
        !known && (vpn.carries_ipv6() || matches!(net, IpNet::V4(_)))
    });
    nets
}

/// The networks of the tunnel itself.
fn near(network: &Network, vpn: &Vpn) -> Vec<IpNet> {
    let known = network.zone(vpn.zone).networks.iter().filter(|network| network.delegated.is_none());
    known.map(|network| network.net).collect()
}

/// Whom peers ask for names. The router is no resolver inside the tunnel of an add-on, which has one of its own.
fn names(network: &Network, vpn: &Vpn) -> Vec<String> {
    let router = matches!(vpn.resolver, None | Some((Resolver::Router, _)));
    if vpn.addon && router {
        return Vec::new();
    }
    network.resolvers(vpn).iter().map(ToString::to_string).collect()
}
