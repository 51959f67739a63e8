//! Split DNS: inside, a public name is the address of the host that answers to it.

use std::net::IpAddr;

use minijinja::{Error, context};

use super::{Companions, Printer};
use crate::model::{AddressSource, Exposure, Network, Tunnel, TunnelKind, address::public};

pub fn write(network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    outside(network, found);
    let mut records: Vec<(String, String)> = Vec::new();
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired) {
        let Some(name) = &exposure.name else { continue };
        if !exposure.splits_dns() {
            if exposure.split_dns.is_none() && exposure.asks_insiders() {
                found.by_hand.push(format!("{name} from inside: by Cloudflare as from outside, for the proxy asks everybody for the certificate of Cloudflare"));
            }
            if exposure.split_dns.is_none()
                && !exposure.hairpin
                && exposure.tunnel.is_none()
                && let Some((public, inner)) = exposure.ports()
                && public != inner
            {
                found.by_hand.push(format!("{name} from inside: outside its port is {public}, inside {inner}, and no name can lead from one to the other"));
            }
            continue;
        }
        let addresses: Vec<String> = network.inside(exposure).1.iter().map(ToString::to_string).collect();
        if !addresses.is_empty() && !records.iter().any(|(other, _)| other == name) {
            records.push((name.clone(), addresses.join(",")));
        }
    }
    if !records.is_empty() {
        found.file("dns/dnsmasq.conf".to_owned(), printer.print("dnsmasq.conf", context! { records })?);
    }
    Ok(())
}

/// What the public DNS has to say, which is no file's matter: each name once.
fn outside(network: &Network, found: &mut Companions) {
    let mut told: Vec<&str> = Vec::new();
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired) {
        let Some(name) = exposure.name.as_deref().filter(|name| !told.contains(name)) else { continue };
        let records = match &exposure.tunnel {
            Some(tunnel) => match tunnel.kind {
                Some(TunnelKind::Cloudflared) => {
                    vec![format!("`cloudflared tunnel route dns TUNNEL-ID {name}` writes it")]
                }
                Some(TunnelKind::Relay) => vec![relay(network, tunnel)],
                _ => Vec::new(),
            },
            None => records(network, exposure),
        };
        if !records.is_empty() {
            told.push(name);
            let proxied = if exposure.proxied.is_some() { ", proxied by Cloudflare" } else { "" };
            found.by_hand.push(format!("{name} in the public DNS{proxied}: {}", records.join("; ")));
        }
    }
}

/// A for the router's address outside, and AAAA for whoever answers by IPv6, without translation.
fn records(network: &Network, exposure: &Exposure) -> Vec<String> {
    let mut found = Vec::new();
    let host = exposure.target().0.map(|host| network.host(host));
    let mut of_router = |v4: bool| {
        let (record, word) = if v4 { ("A", "IPv4") } else { ("AAAA", "IPv6") };
        for zone in exposure.on.iter().map(|zone| network.zone(*zone)) {
            let own: Vec<IpAddr> = zone
                .addresses
                .iter()
                .filter(|own| own.source == AddressSource::Written && own.address.is_ipv4() == v4)
                .map(|own| own.address)
                .collect();
            if own.is_empty() {
                found.push(format!(
                    "{record} with the router's {word} address on `{}`, which may change (dynamic DNS)",
                    zone.name
                ));
            } else {
                found.extend(own.iter().map(|own| format!("{record} {own}")));
            }
        }
    };
    if exposure.ipv4 != Some(false) && host.is_none_or(|host| host.addresses.iter().any(|own| own.address.is_ipv4())) {
        of_router(true);
    }
    if exposure.ipv6 == Some(false) {
        return found;
    }
    let Some(host) = host else {
        if exposure.on.iter().any(|zone| network.zone(*zone).delegated.is_some()) {
            of_router(false);
        }
        return found;
    };
    for own in host.addresses.iter().filter(|own| own.address.is_ipv6()) {
        if own.suffix.is_some() {
            found.push(format!(
                "AAAA with the address of `{}` itself, whose prefix may change (dynamic DNS on it)",
                host.name
            ));
        } else if public().contains(own.address) {
            found.push(format!("AAAA {}", own.address));
        }
    }
    found
}

/// Where the name of a relay leads.
fn relay(network: &Network, tunnel: &Tunnel) -> String {
    let peers = network.vpns.iter().flat_map(|vpn| &vpn.peers);
    let mut named = peers.filter(|peer| tunnel.by_router && peer.name == network.host(tunnel.host).name);
    match named.find_map(|peer| peer.endpoint.as_ref()?.address()) {
        Some(address) => format!("{} {address}, the relay", if address.is_ipv4() { "A" } else { "AAAA" }),
        None => "the address of the server that relays".to_owned(),
    }
}
