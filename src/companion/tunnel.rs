//! Tunnels that go out from inside: cloudflared's ingress, Tor's onion services.

use std::{collections::BTreeMap, net::IpAddr};

use minijinja::{Error, Value, context};

use super::{
    Companions, Printer,
    words::{own, port, socket, upstream},
};
use crate::model::{CatchAll, Exposure, HostId, Network, Place, Region, Tunnel, TunnelKind, service::Traffic};

/// One thing that a tunnel leads to.
struct Rule {
    what: String,
    name: Option<String>,
    to: Option<(IpAddr, u16)>,
}

/// All that goes out by one host and one program.
#[derive(Default)]
struct Outlet {
    rules: Vec<Rule>,
    rest: Option<Rule>,
    /// Where everything else goes is known to the provider only.
    open_end: bool,
}

pub fn write(network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    let mut outlets: BTreeMap<(HostId, TunnelKind), Outlet> = BTreeMap::new();
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired) {
        let Some(tunnel) = &exposure.tunnel else { continue };
        if tunnel.by_router {
            continue;
        }
        let kind = tunnel.kind.unwrap_or(TunnelKind::Cloudflared);
        add(outlets.entry((tunnel.host, kind)).or_default(), network, exposure, tunnel);
    }
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired) {
        let Some(tunnel) = exposure.tunnel.as_ref().filter(|tunnel| tunnel.access) else { continue };
        let name = exposure.name.as_deref().unwrap_or(&network.host(exposure.host).name);
        found.by_hand.push(match tunnel.kind {
            Some(TunnelKind::Tailscale) => format!("who may reach {name}, in the policy file of the tailnet"),
            Some(TunnelKind::Relay) => {
                format!("who may reach {name}, on the server at the other end of the relay: at its proxy, or in its firewall")
            }
            _ => format!("who may reach {name}, with the provider of the tunnel (Cloudflare: an Access application with the name)"),
        });
    }
    for ((host, kind), outlet) in outlets {
        let host = &network.host(host).name;
        match kind {
            TunnelKind::Cloudflared => cloudflared(printer, found, host, &outlet)?,
            TunnelKind::Tor => tor(printer, found, host, &outlet)?,
            TunnelKind::NabuCasa => found.by_hand.push(format!(
                "Nabu Casa on {host}: Settings > Home Assistant Cloud > Remote control; up to 2026.8 Home Assistant takes all who come by it for 127.0.0.1"
            )),
            TunnelKind::Tailscale | TunnelKind::Relay => {
                let program = if kind == TunnelKind::Tailscale { "Tailscale" } else { "the relay" };
                let places: Vec<String> = outlet.rules.iter().map(place).collect();
                found.by_hand.push(format!("{program} on {host}: it leads to {} and nowhere else", places.join(", ")));
            }
        }
    }
    Ok(())
}

fn place(rule: &Rule) -> String {
    rule.to.map_or_else(|| rule.what.clone(), |(address, port)| format!("{} ({})", socket(address, port), rule.what))
}

fn add(outlet: &mut Outlet, network: &Network, exposure: &Exposure, tunnel: &Tunnel) {
    let asked = network.host(exposure.host);
    // What comes through a tunnel of packets, such as WireGuard, is for an address of the host, not for its loopback.
    let packets = tunnel.kind == Some(TunnelKind::Relay)
        && tunnel.agent.runs_as.is_none()
        && (!tunnel.agent.seen_as.is_empty() || tunnel.agent.shows_client.is_some());
    let address = if packets && tunnel.host == exposure.host {
        asked.written().next()
    } else {
        upstream(network, Some(tunnel.host), tunnel.agent.runs_as, exposure.host)
    };
    outlet.rules.push(Rule {
        what: asked.name.clone(),
        name: exposure.name.clone(),
        to: address.zip(port(&exposure.service)),
    });
    for one in &tunnel.publishes {
        outlet.rules.push(Rule {
            what: one.text.clone(),
            name: one.name.clone(),
            to: target(network, tunnel, &one.to, &one.traffic),
        });
    }
    match &tunnel.catch_all {
        CatchAll::Off => {}
        CatchAll::On(_) => outlet.open_end = true,
        CatchAll::To(one) => {
            let to = target(network, tunnel, &one.to, &one.traffic);
            outlet.rest = Some(Rule { what: one.text.clone(), name: None, to });
        }
    }
}

/// Where the tunnel's host asks for something: one address and one port, if it is.
fn target(network: &Network, tunnel: &Tunnel, to: &[Region], traffic: &[Traffic]) -> Option<(IpAddr, u16)> {
    let [region] = to else { return None };
    let opener = network.host(tunnel.host);
    let address = match region.place {
        Place::Router => opener.zones.iter().flat_map(|zone| own(network, *zone)).next()?.addr(),
        Place::Zone(zone) => {
            let here = |host: &&crate::model::Host| host.address_set(Some(zone)) == region.addresses;
            let host = network.hosts.iter().position(|host| here(&host))?;
            upstream(network, Some(tunnel.host), tunnel.agent.runs_as, HostId(host))?
        }
    };
    Some((address, port(traffic)?))
}

/// What cloudflared asks by HTTP or, on the ports of HTTPS, by that.
fn url((address, port): (IpAddr, u16)) -> String {
    let scheme = if matches!(port, 443 | 8443) { "https" } else { "http" };
    format!("{scheme}://{}", socket(address, port))
}

fn cloudflared(printer: &Printer, found: &mut Companions, host: &str, outlet: &Outlet) -> Result<(), Error> {
    let mut rules: Vec<Value> = Vec::new();
    for rule in &outlet.rules {
        let what = &rule.what;
        match (&rule.name, rule.to) {
            (Some(name), Some(to)) => {
                let to = url(to);
                rules.push(context! { name, what, secure => to.starts_with("https"), to });
            }
            _ => found
                .by_hand
                .push(format!("the tunnel of {host} to {what}: its ingress needs a `name`, one port and an address")),
        }
    }
    if outlet.open_end {
        found
            .by_hand
            .push(format!("the catch-all of the tunnel of {host}, of which the policy does not say where it leads"));
    }
    if rules.is_empty() {
        return Ok(());
    }
    let rest = outlet.rest.as_ref().and_then(|rule| rule.to).map(url);
    let rest_what = outlet.rest.as_ref().map(|rule| rule.what.clone()).unwrap_or_default();
    if outlet.rest.is_some() && rest.is_none() {
        found.by_hand.push(format!("the catch-all of the tunnel of {host}: it needs one port and an address"));
    }
    let text =
        printer.print("cloudflared.yml", context! { host, rules, rest => rest.unwrap_or_default(), rest_what })?;
    found.file(format!("tunnel-{host}/cloudflared.yml"), text);
    Ok(())
}

fn tor(printer: &Printer, found: &mut Companions, host: &str, outlet: &Outlet) -> Result<(), Error> {
    let mut rules: Vec<Value> = Vec::new();
    for rule in &outlet.rules {
        let what = &rule.what;
        let Some((address, port)) = rule.to else {
            found.by_hand.push(format!("the onion service of {host} to {what}: it needs one port and an address"));
            continue;
        };
        // A folder each: two services of one port share no name.
        let key = format!("hedgerow-{}", rules.len() + 1);
        rules.push(context! { what, key, port, to => socket(address, port) });
    }
    if !rules.is_empty() {
        let text = printer.print("torrc", context! { host, rules })?;
        found.file(format!("tunnel-{host}/torrc"), text);
    }
    Ok(())
}
