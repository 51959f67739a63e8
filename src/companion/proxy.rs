//! A reverse proxy before a service: a site for the products that have a file, and a table for those with pages only.

use std::net::IpAddr;

use minijinja::{Error, Value, context};

use super::{
    Companions, Printer,
    gates::{Authority, by_hand, only, sign_in, unasked},
    nginx_addon,
    shared::{Site, Sites, asks as asks_for},
    words::{machine, net, port, prefixes, socket, upstream},
};
use crate::{
    model::{AddressSet, Cloudflare, Exposure, HostId, Network, Product, Tls, ZoneId},
    packet::Family,
    policy::seen::{Front, asks_for_it, fronts, port as home_assistant},
};

pub fn write(network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    let mut sites = Sites::default();
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none()) {
        let Some((proxy, listen, inner)) = parts(network, exposure) else {
            // Home Assistant is told to ask for them by its own settings; nobody else has a file here.
            if exposure.client_certificates.is_some() && !asks_for_it(network, exposure) {
                found.by_hand.push(unasked(&network.host(exposure.host).name));
            }
            continue;
        };
        let host = &network.host(exposure.host).name;
        let Some(name) = exposure.name.as_deref() else {
            found.by_hand.push(format!("the reverse proxy before {host}, which has no `name`"));
            continue;
        };
        let (Some(listen), Some(inner)) = (listen, inner) else {
            let (service, side) = if listen.is_none() {
                (exposure.target().1, "listens on")
            } else {
                (exposure.service.as_slice(), "asks")
            };
            let ports: Vec<String> = service.iter().map(ToString::to_string).collect();
            found.by_hand.push(format!(
                "the reverse proxy for {name} before {host}: a site {side} one port, and the policy names others ({}); write it, as in `tcp {}`",
                ports.join(", "),
                service.iter().flat_map(|traffic| &traffic.to).map(|(first, _)| *first).next().unwrap_or(8096),
            ));
            continue;
        };
        let runs_as = exposure.through.as_ref().and_then(|through| through.proxy.runs_as);
        let Some(asked) = upstream(network, proxy, runs_as, exposure.host) else {
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
        let authority = Authority::of(network, exposure, proxy, name, found);
        let sign_in = match sign_in(network, exposure, proxy) {
            Ok(sign_in) => sign_in,
            Err(what) => {
                found.by_hand.push(what);
                continue;
            }
        };
        found.by_hand.extend(by_hand(network, exposure, name));
        let forwarded = exposure.through.as_ref().is_none_or(|through| through.proxy.forwarded_for);
        let product = exposure.through.as_ref().and_then(|through| through.proxy.product);
        let v6 = exposure.ipv6 != Some(false) && has_v6(network, exposure, proxy);
        let values = context! {
            name, host, listen, public, secure, certificate, key, edges, forwarded, sign_in, inner,
            asked => asked.to_string(),
            to => socket(asked, inner),
            pages => pages(network, exposure, (proxy, product), asked),
            // Parts of one file are told apart by the name that they answer to.
            part => name.replace('.', "-"),
            // A variable of NGINX: letters, digits and underscores.
            word => name.replace('-', "__").replace('.', "_"),
            only => only(network, exposure, proxy),
            authority => authority.file.clone(), npm_authority => authority.for_npm(), why => authority.why, insiders => authority.insiders.clone(),
            proxy => machine(network, proxy),
            v6,
            router => on_router(network, exposure),
            http01 => exposure.tls == Some(Tls::Http01),
            dns01 => exposure.tls == Some(Tls::Dns01),
            alpn01 => exposure.tls == Some(Tls::Alpn01),
            own => exposure.tls == Some(Tls::Own),
        };
        let of_router = exposure.is_on_router().then_some("router.md");
        for file in files(product).iter().copied().chain(of_router) {
            // What a program has no words for is not written without them.
            let silent = match file {
                "router.md" => false,
                // pfSense has its own pages, and takes no file.
                _ if exposure.is_on_router() && !takes_files(network) => true,
                // Synology's pages can ask for nothing, those of Nginx Proxy Manager for certificates.
                "pages.md" => exposure.sign_in.is_some() || exposure.is_on_router(),
                "haproxy.cfg" => exposure.sign_in.is_some(),
                _ => false,
            };
            if silent {
                continue;
            }
            if file == "nginx.conf" && nginx_addon::is_one(exposure) {
                let inside = !authority.insiders.is_empty();
                nginx_addon::write(network, exposure, name, (&values, inside), printer, found)?;
                continue;
            }
            if matches!(file, "Caddyfile" | "haproxy.cfg") {
                let site = Site {
                    name: name.to_owned(),
                    host: host.clone(),
                    listen,
                    v6,
                    secure,
                    http01: exposure.tls == Some(Tls::Http01),
                    asks: asks_for(&authority.file, !authority.insiders.is_empty()),
                    values: values.clone(),
                };
                sites.add(file, proxy, site);
                continue;
            }
            found.file(format!("proxy-{name}/{file}"), printer.print(file, values.clone())?);
        }
        if !forwarded && matches!(product, Some(Product::Traefik | Product::Npm | Product::Synology)) {
            found.by_hand.push(format!(
                "`forwarded-for off` of {name}: this proxy always says who the client is, so take another or let the service believe it"
            ));
        }
    }
    sites.write(network, printer, found)?;
    certificates(network, found);
    Ok(())
}

/// The certificates, which each has to get and to renew.
fn certificates(network: &Network, found: &mut Companions) {
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none()) {
        if matches!(exposure.tls, Some(Tls::Dns01 | Tls::Alpn01 | Tls::Http01 | Tls::Own)) {
            let name = exposure.name.as_deref().unwrap_or("the public name");
            let proven = match exposure.tls {
                Some(Tls::Dns01) => ", proven by a record in its DNS, and its renewal",
                Some(Tls::Http01) => ", proven on port 80, and its renewal",
                Some(Tls::Alpn01) => ", proven on port 443, and its renewal",
                _ => "",
            };
            found
                .by_hand
                .push(format!("the certificate of {name} on {}{proven}", machine(network, exposure.target().0)));
        }
    }
}

/// The files for a product; without one, for all that there are.
const fn files(product: Option<Product>) -> &'static [&'static str] {
    match product {
        None => &["nginx.conf", "Caddyfile", "traefik.yaml", "haproxy.cfg", "pages.md"],
        Some(Product::Nginx) => &["nginx.conf"],
        Some(Product::Caddy) => &["Caddyfile"],
        Some(Product::Traefik) => &["traefik.yaml"],
        Some(Product::Haproxy) => &["haproxy.cfg"],
        Some(Product::Npm | Product::Synology) => &["pages.md"],
    }
}

/// What the pages of the products without a file have to be told beside what stands in files.
fn pages(
    network: &Network,
    exposure: &Exposure,
    (proxy, product): (Option<HostId>, Option<Product>),
    asked: IpAddr,
) -> Value {
    let runs_as = exposure.through.as_ref().and_then(|through| through.proxy.runs_as);
    // Nginx Proxy Manager is a container, whose loopback is its own.
    let by_address = proxy == Some(exposure.host) && runs_as.is_none();
    let npm_asked = if by_address { network.host(exposure.host).written().next().unwrap_or(asked) } else { asked };
    let front = fronts(network, exposure.host).into_iter().find(|front| front.exposure.span == exposure.span);
    let seen = front.filter(Front::forwards_client).map(|front| front.seen(network)).unwrap_or_default();
    let open = seen.ways.len() > 1;
    let seen: Vec<String> = seen.addresses().map(net).collect();
    context! {
        synology => product != Some(Product::Npm) && exposure.client_certificates.is_none(),
        npm => product != Some(Product::Synology),
        by_address, open,
        npm_asked => npm_asked.to_string(),
        seen => seen.join(", "),
    }
}

/// Is the machine of a proxy reached by IPv6?
fn has_v6(network: &Network, exposure: &Exposure, proxy: Option<HostId>) -> bool {
    let uplink = |zone: &ZoneId| {
        let zone = network.zone(*zone);
        zone.delegated.is_some() || zone.addresses.iter().any(|own| own.address.is_ipv6())
    };
    match proxy {
        Some(host) => network.host(host).address(Family::V6).is_some(),
        None => exposure.on.iter().any(uplink),
    }
}

/// Is any of the routers one on which a proxy is set up by a file?
fn takes_files(network: &Network) -> bool {
    let targets = &network.router.targets;
    targets.is_empty() || targets.iter().any(|(target, _)| target != "pfsense")
}

/// What has to be done on a router of each make, where the proxy runs on it.
fn on_router(network: &Network, exposure: &Exposure) -> Value {
    let router = &network.router;
    let target = |name: &str| router.targets.iter().any(|(target, _)| target == name);
    let product = exposure.through.as_ref().and_then(|through| through.proxy.product);
    context! {
        pfsense => target("pfsense"),
        openwrt => target("openwrt"),
        linux => target("nftables") || router.targets.is_empty(),
        // The one package that both have, and the only one of pfSense.
        haproxy => matches!(product, None | Some(Product::Haproxy)) && exposure.sign_in.is_none(),
        page => router.page_port().unwrap_or(8443),
        off => router.page.as_ref().is_some_and(|(ports, _)| ports.is_empty()),
        inside => network.inside(exposure).1.first().map(ToString::to_string).unwrap_or_default(),
        split => exposure.splits_dns(),
    }
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
fn parts(network: &Network, exposure: &Exposure) -> Option<(Option<HostId>, Option<u16>, Option<u16>)> {
    if let Some(through) = &exposure.through {
        return Some((through.host, port(&through.service), port(&exposure.service)));
    }
    // Another port of a machine on which Home Assistant runs: its proxy is a program beside it.
    let beside =
        network.home_assistants.iter().any(|home| home.host == exposure.host) && !asks_for_it(network, exposure);
    beside.then(|| (Some(exposure.host), port(&exposure.service), Some(home_assistant(network, exposure.host))))
}
