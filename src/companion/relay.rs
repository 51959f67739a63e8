//! The other end of a tunnel that the router opens: a server out there, with a proxy or with a forward into the tunnel.

use std::collections::BTreeMap;

use minijinja::{Error, context};

use super::{
    Companions, Printer,
    words::{port, socket},
};
use crate::model::{Exposure, HostId, Network, Tls, Tunnel, service::TCP};

/// What the tunnel is called out there: `wg-quick` takes the name of the file, of at most 15 characters.
const DEVICE: &str = "hedgerow";

pub fn write(network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    let mut forwards: BTreeMap<HostId, Vec<(String, &str, u16, String)>> = BTreeMap::new();
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired) {
        let Some(tunnel) = exposure.tunnel.as_ref().filter(|tunnel| tunnel.by_router) else { continue };
        let relay = &network.host(tunnel.host).name;
        let asked = network.host(exposure.host);
        let what = exposure.name.as_deref().unwrap_or(&asked.name);
        let (Some(inner), Some(to)) = (port(&exposure.service), asked.written().find(std::net::IpAddr::is_ipv4)) else {
            found.by_hand.push(format!("{what} on the relay {relay}: it needs one port and an address of IPv4"));
            continue;
        };
        if tunnel.agent.forwarded_for {
            let Some(name) = exposure.name.as_deref() else {
                found
                    .by_hand
                    .push(format!("the proxy on the relay {relay} before {}, which has no `name`", asked.name));
                continue;
            };
            site(exposure, tunnel, (network, relay, name), &socket(to, inner), printer, found)?;
        } else {
            // A name is asked for on the port of browsers.
            let tcp = exposure.service.iter().any(|one| one.protocol == Some(TCP));
            let public = if exposure.name.is_some() && tcp { 443 } else { inner };
            let line = (what.to_owned(), if tcp { "tcp" } else { "udp" }, public, socket(to, inner));
            forwards.entry(tunnel.host).or_default().push(line);
        }
    }
    for (relay, forwards) in forwards {
        let relay = &network.host(relay).name;
        let text = printer.print("relay.nft", context! { relay, device => DEVICE, forwards })?;
        found.file(format!("relay-{relay}/relay.nft"), text);
    }
    Ok(())
}

/// A reverse proxy out there.
fn site(
    exposure: &Exposure,
    tunnel: &Tunnel,
    (network, relay, name): (&Network, &str, &str),
    to: &str,
    printer: &Printer,
    found: &mut Companions,
) -> Result<(), Error> {
    let secure = exposure.tls != Some(Tls::None);
    let (certificate, key) = match exposure.tls {
        Some(Tls::Own) => (format!("/etc/ssl/certs/{name}.pem"), format!("/etc/ssl/private/{name}.key")),
        _ => {
            (format!("/etc/letsencrypt/live/{name}/fullchain.pem"), format!("/etc/letsencrypt/live/{name}/privkey.pem"))
        }
    };
    let nobody: [&str; 0] = [];
    let listen = if secure { 443 } else { 80 };
    let host = &network.host(exposure.host).name;
    let values = context! {
        name, host, proxy => relay, listen, public => listen, secure, certificate, key, to, v6 => true, http01 => false,
        edges => nobody, insiders => nobody, only => nobody, authority => "", why => "", sign_in => (), forwarded => tunnel.agent.forwarded_for,
    };
    found.file(format!("relay-{relay}/{name}/nginx.conf"), printer.print("nginx.conf", values)?);
    if secure {
        found.by_hand.push(format!("the certificate of {name} on the relay {relay}, where the proxy ends TLS"));
    }
    Ok(())
}
