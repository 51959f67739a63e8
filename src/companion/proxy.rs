//! A reverse proxy before a service: a site for NGINX, Caddy and Traefik, and a table for those with pages only.

use minijinja::{Error, context};

use super::{
    Companions, Printer,
    words::{port, prefixes, upstream},
};
use crate::{
    model::{AddressSet, Cloudflare, Exposure, HostId, Network, OriginPulls, Tls},
    packet::Family,
    policy::seen::{asks_for_it, port as home_assistant},
};

pub fn write(network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none()) {
        let Some((proxy, listen, inner)) = parts(network, exposure) else { continue };
        let host = &network.host(exposure.host).name;
        let Some(name) = exposure.name.as_deref() else {
            found.by_hand.push(format!("the reverse proxy before {host}, which has no `name`"));
            continue;
        };
        let (Some(listen), Some(inner)) = (listen, inner) else {
            found.by_hand.push(format!("the reverse proxy before {host}: a site needs one port on either side"));
            continue;
        };
        let Some(to) = upstream(network, proxy, exposure.host, inner) else {
            found.by_hand.push(format!("the reverse proxy before {host}, whose address may change"));
            continue;
        };
        let secure = exposure.tls != Some(Tls::None);
        let (certificate, key) = match exposure.tls {
            Some(Tls::Own) => (format!("/etc/ssl/certs/{name}.pem"), format!("/etc/ssl/private/{name}.key")),
            _ => (
                format!("/etc/letsencrypt/live/{name}/fullchain.pem"),
                format!("/etc/letsencrypt/live/{name}/privkey.pem"),
            ),
        };
        let public = exposure.port.map_or(listen, |(port, _)| port);
        let edges = edges(network, exposure);
        let pulls = exposure.proxied.map_or(OriginPulls::Off, |proxied| proxied.pulls);
        let authority = match pulls {
            OriginPulls::Off => String::new(),
            OriginPulls::Global => "/etc/ssl/certs/cloudflare-origin-pull.pem".to_owned(),
            OriginPulls::Zone | OriginPulls::Hostname => format!("/etc/ssl/certs/origin-pull-{name}.pem"),
        };
        if !authority.is_empty() {
            found.by_hand.push(format!(
                "the authority of the certificate by which Cloudflare proves itself, on {} as {authority}",
                network.host(proxy).name
            ));
        }
        let values = context! {
            name, host, listen, public, to, secure, certificate, key, edges, authority,
            shared => pulls == OriginPulls::Global,
            proxy => network.host(proxy).name.clone(),
            v6 => exposure.ipv6 != Some(false) && network.host(proxy).address(Family::V6).is_some(),
            http01 => exposure.tls == Some(Tls::Http01),
            dns01 => exposure.tls == Some(Tls::Dns01),
            alpn01 => exposure.tls == Some(Tls::Alpn01),
        };
        for (template, file) in [
            ("nginx.conf", "nginx.conf"),
            ("Caddyfile", "Caddyfile"),
            ("traefik.yaml", "traefik.yaml"),
            ("pages.md", "pages.md"),
        ] {
            found.file(format!("proxy-{name}/{file}"), printer.print(template, values.clone())?);
        }
    }
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none()) {
        if matches!(exposure.tls, Some(Tls::Dns01 | Tls::Alpn01 | Tls::Http01 | Tls::Own)) {
            let host = exposure.through.as_ref().map_or(exposure.host, |through| through.host);
            let name = exposure.name.as_deref().unwrap_or("the public name");
            found.by_hand.push(format!("the certificate of {name} on {}", network.host(host).name));
        }
    }
    Ok(())
}

/// Whose word about the client's address counts: that of Cloudflare's servers among those who may connect.
fn edges(network: &Network, exposure: &Exposure) -> Vec<String> {
    if exposure.proxied.is_none() && !exposure.from_text.contains("cloudflare") {
        return Vec::new();
    }
    let from: Vec<AddressSet> = exposure.from.iter().map(|region| region.addresses.clone()).collect();
    let theirs = Cloudflare::standard().edges(network).intersect(&AddressSet::union_of(&from));
    prefixes(&theirs).iter().map(ToString::to_string).collect()
}

/// The proxy's host, the port that it listens on, and the port that it asks.
fn parts(network: &Network, exposure: &Exposure) -> Option<(HostId, Option<u16>, Option<u16>)> {
    if let Some(through) = &exposure.through {
        return Some((through.host, port(&through.service), port(&exposure.service)));
    }
    // Another port of a machine on which Home Assistant runs: its proxy is a program beside it.
    let beside =
        network.home_assistants.iter().any(|home| home.host == exposure.host) && !asks_for_it(network, exposure);
    beside.then(|| (exposure.host, port(&exposure.service), Some(home_assistant(network, exposure.host))))
}
