//! Home Assistant's `http` settings: YAML up to 2026.7, a page and JSON from 2026.8, where the YAML is ignored
//! (home-assistant.io, integration `http`).

use std::collections::BTreeSet;

use minijinja::{Error, context};
use serde_json::{Map, Value, json};

use super::{
    Companions, Printer,
    words::{port, prefixes, written},
};
use crate::model::{AddressSet, Exposure, HomeAssistant, HostId, Network, Place, Rule, Tls, TunnelKind, service::TCP};

/// The port that Home Assistant listens on unless it is told another.
const PORT: u16 = 8123;
/// From this version on the settings live in the user interface.
const STORED: (u32, u32) = (2026, 8);
/// Home Assistant's own default never bans anybody.
const ATTEMPTS: i64 = 5;

pub fn write(network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    let declared = network.home_assistants.iter().map(|home| home.host);
    let exposed = network.exposures.iter().filter(|exposure| asks_for_it(exposure)).map(|exposure| exposure.host);
    let hosts: BTreeSet<HostId> = declared.chain(exposed).collect();
    for host in hosts {
        let declared = network.home_assistants.iter().find(|home| home.host == host);
        let (settings, unwritable) = settings(network, host, declared);
        let name = &network.host(host).name;
        if unwritable {
            found.by_hand.push(format!(
                "the trusted proxy of {name} whose IPv6 prefix may change: give the proxy an address of its own (fd00::/8), or let it ask by IPv4"
            ));
        }
        if settings.is_empty() {
            continue;
        }
        let version = declared.and_then(|home| home.version);
        let lines: Vec<(String, String)> =
            settings.iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
        if version.is_none_or(|version| version < STORED) {
            let text = printer.print("home-assistant.yaml", context! { name, lines, open => version.is_none() })?;
            found.file(format!("home-assistant/{name}.yaml"), text);
        }
        if version.is_none_or(|version| version >= STORED) {
            let rows: Vec<(String, String)> =
                settings.iter().map(|(key, value)| (title(key).to_owned(), shown(value))).collect();
            found.file(
                format!("home-assistant/{name}.md"),
                printer.print("home-assistant.md", context! { name, rows, open => version.is_none() })?,
            );
            found.file(format!("home-assistant/{name}.json"), format!("{:#}\n", Value::Object(settings)));
        }
    }
    Ok(())
}

/// Is an exposure, directly or by a proxy, of Home Assistant's own port?
pub fn asks_for_it(exposure: &Exposure) -> bool {
    !exposure.expired
        && exposure.service.iter().any(|traffic| traffic.protocol == Some(TCP) && traffic.single_port() == Some(PORT))
}

/// The host whose proxy asks a Home Assistant: that of `through`, or its own when another port of it is exposed.
fn proxies(network: &Network, host: HostId) -> impl Iterator<Item = (HostId, &Exposure)> {
    network.exposures.iter().filter(move |exposure| !exposure.expired && exposure.host == host).filter_map(
        move |exposure| {
            let through = exposure.through.as_ref().map(|through| through.host);
            // Tor says nothing of the client, and what comes by Nabu Casa is not asked for it.
            let silent = [Some(TunnelKind::Tor), Some(TunnelKind::NabuCasa)];
            if exposure.tunnel.as_ref().is_some_and(|tunnel| silent.contains(&tunnel.kind)) {
                return None;
            }
            let through = through.or(exposure.tunnel.as_ref().map(|tunnel| tunnel.host));
            let beside = || (!asks_for_it(exposure)).then_some(host);
            through.or_else(beside).map(|proxy| (proxy, exposure))
        },
    )
}

/// The settings, and whether a proxy has an address that cannot be written.
fn settings(network: &Network, host: HostId, declared: Option<&HomeAssistant>) -> (Map<String, Value>, bool) {
    let mut settings = Map::new();
    let mut trusted: BTreeSet<String> = BTreeSet::new();
    let mut unwritable = false;
    for (proxy, _) in proxies(network, host) {
        let (seen, whole) = seen(network, proxy, host);
        unwritable |= !whole;
        trusted.extend(seen);
    }
    if !trusted.is_empty() {
        settings.insert("use_x_forwarded_for".to_owned(), json!(true));
        settings.insert("trusted_proxies".to_owned(), json!(trusted));
    }
    let direct = network.exposures.iter().find(|exposure| {
        exposure.host == host && asks_for_it(exposure) && exposure.through.is_none() && exposure.tunnel.is_none()
    });
    if direct.is_some_and(|exposure| !matches!(exposure.tls, None | Some(Tls::None))) {
        settings.insert("ssl_certificate".to_owned(), json!("/ssl/fullchain.pem"));
        settings.insert("ssl_key".to_owned(), json!("/ssl/privkey.pem"));
    }
    let reachable = !trusted.is_empty() || direct.is_some();
    if let Some(attempts) =
        declared.and_then(|home| home.login_attempts).map(|(count, _)| count).or(reachable.then_some(ATTEMPTS))
    {
        settings.insert("ip_ban_enabled".to_owned(), json!(true));
        settings.insert("login_attempts_threshold".to_owned(), json!(attempts));
    }
    let origins = declared.map(|home| home.cors_origins.as_slice()).unwrap_or_default();
    if !origins.is_empty() {
        let origins: Vec<&str> = origins.iter().map(|(origin, _)| origin.as_str()).collect();
        settings.insert("cors_allowed_origins".to_owned(), json!(origins));
    }
    (settings, unwritable)
}

/// The addresses under which a Home Assistant sees a proxy, and whether they are all.
fn seen(network: &Network, proxy: HostId, host: HostId) -> (Vec<String>, bool) {
    if proxy == host {
        // A program of the machine, and the network of Home Assistant OS's add-ons.
        return (["127.0.0.1", "::1", "172.30.33.0/24"].map(str::to_owned).to_vec(), true);
    }
    let (asks, asked) = (network.host(proxy), network.host(host));
    let shared = asks.zones.iter().any(|zone| asked.zones.contains(zone));
    let masked: Vec<Place> = asked.zones.iter().filter(|_| !shared).map(|zone| Place::Zone(*zone)).collect();
    let rewritten = |place: &Place| match place {
        Place::Zone(zone) => {
            network.zone(*zone).masquerade || network.rules.iter().any(|rule| shows_router(network, rule, proxy, host))
        }
        Place::Router => false,
    };
    if masked.iter().any(rewritten) {
        // The router stands between them under its own address: the proxy's is lost on the way.
        let own = asked.zones.iter().flat_map(|zone| super::words::own(network, *zone)).map(|net| net.addr());
        let v6 = written(asks).filter(std::net::IpAddr::is_ipv6);
        return (own.filter(std::net::IpAddr::is_ipv4).chain(v6).map(|address| address.to_string()).collect(), true);
    }
    let families = |v4: bool| written(asked).any(|address| address.is_ipv4() == v4);
    let addresses = written(asks).filter(|address| families(address.is_ipv4()));
    let hidden = asks.addresses.iter().any(|address| address.suffix.is_some());
    let single = addresses.fold(AddressSet::default(), |set, address| set.union(&AddressSet::of(address)));
    let texts: Vec<String> = prefixes(&single).iter().map(|net| net.addr().to_string()).collect();
    let whole = !hidden || !texts.is_empty();
    (texts, whole)
}

/// Does a rule show the proxy to the host under the router's address?
fn shows_router(network: &Network, rule: &Rule, proxy: HostId, host: HostId) -> bool {
    let holds = |regions: &[crate::model::Region], id: HostId| {
        let own = network.host(id).address_set(None);
        regions.iter().any(|region| !region.addresses.intersect(&own).is_empty())
    };
    rule.options.as_router
        && !rule.expired
        && holds(&rule.from, proxy)
        && holds(&rule.to, host)
        && rule.traffic.iter().any(|traffic| port(std::slice::from_ref(traffic)).is_none_or(|port| port == PORT))
}

/// What a setting is called on the page Settings > System > Network.
fn title(key: &str) -> &str {
    match key {
        "ssl_certificate" => "SSL certificate path",
        "ssl_key" => "SSL key path",
        "use_x_forwarded_for" => "Trust X-Forwarded-For",
        "trusted_proxies" => "Trusted proxies",
        "cors_allowed_origins" => "CORS allowed origins",
        "ip_ban_enabled" => "Enable IP banning",
        "login_attempts_threshold" => "Login attempts before ban",
        other => other,
    }
}

fn shown(value: &Value) -> String {
    match value {
        Value::Bool(on) => if *on { "on" } else { "off" }.to_owned(),
        Value::Array(values) => values.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}
