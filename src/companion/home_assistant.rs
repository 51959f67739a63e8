//! Home Assistant's `http` settings: YAML up to 2026.7, a page and JSON from 2026.8, where the YAML is ignored
//! (home-assistant.io, integration `http`).

use std::collections::BTreeSet;

use minijinja::{Error, context};
use serde_json::{Map, Value, json};

use super::{Companions, Printer, gates::clients, words::net};
use crate::{
    model::{Exposure, HomeAssistant, HostId, Install, Network, Tls},
    policy::seen::{asks_for_it, fronts},
};

/// Home Assistant's own default never bans anybody.
const ATTEMPTS: i64 = 5;

pub fn write(network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    let declared = network.home_assistants.iter().map(|home| home.host);
    let exposed =
        network.exposures.iter().filter(|exposure| asks_for_it(network, exposure)).map(|exposure| exposure.host);
    let hosts: BTreeSet<HostId> = declared.chain(exposed).collect();
    for host in hosts {
        let declared = network.home_assistants.iter().find(|home| home.host == host);
        let (settings, unwritable) = settings(network, host, declared);
        let name = &network.host(host).name;
        if let Some(Value::String(file)) = settings.get("ssl_peer_certificate") {
            found.by_hand.push(clients(name, file));
        }
        let contained = declared.is_some_and(|home| home.install == Some(Install::Container));
        if contained && fronts(network, host).iter().any(|front| front.seen(network).container) {
            found.by_hand.push(format!(
                "the trusted proxy of {name}, if it is a container beside it: say so with `runs-as container ADDRESS`"
            ));
        }
        if unwritable {
            found.by_hand.push(format!(
                "the trusted proxy of {name} whose IPv6 prefix may change: give the proxy an address of its own (fd00::/8), or let it ask by IPv4"
            ));
        }
        if settings.is_empty() {
            continue;
        }
        let stored = declared.and_then(HomeAssistant::keeps_settings);
        let lines: Vec<(String, String)> =
            settings.iter().map(|(key, value)| (key.clone(), value.to_string())).collect();
        if stored != Some(true) {
            let text = printer.print("home-assistant.yaml", context! { name, lines, open => stored.is_none() })?;
            found.file(format!("home-assistant/{name}.yaml"), text);
        }
        if stored != Some(false) {
            let believes = settings.contains_key("trusted_proxies");
            let loose: Vec<String> = fronts(network, host)
                .iter()
                .filter(|front| front.forwards_client() && front.seen(network).ways.len() > 1)
                .map(|front| format!("the proxy on `{}`", front.name(network)))
                .collect();
            let rows: Vec<(String, String)> =
                settings.iter().map(|(key, value)| (title(key).to_owned(), shown(value))).collect();
            found.file(
                format!("home-assistant/{name}.md"),
                printer
                    .print("home-assistant.md", context! { name, rows, open => stored.is_none(), loose, believes })?,
            );
            found.file(format!("home-assistant/{name}.json"), format!("{:#}\n", Value::Object(settings)));
        }
    }
    Ok(())
}

/// The settings, and whether a proxy has an address that cannot be written.
fn settings(network: &Network, host: HostId, declared: Option<&HomeAssistant>) -> (Map<String, Value>, bool) {
    let mut settings = Map::new();
    let mut trusted: BTreeSet<String> = BTreeSet::new();
    let mut unwritable = false;
    for front in fronts(network, host) {
        let seen = front.seen(network);
        unwritable |= seen.changing;
        // Without the header nothing is to be believed.
        if front.forwards_client() {
            trusted.extend(seen.addresses().map(net));
        }
    }
    if !trusted.is_empty() {
        settings.insert("use_x_forwarded_for".to_owned(), json!(true));
        settings.insert("trusted_proxies".to_owned(), json!(trusted));
    }
    let direct = |exposure: &&Exposure| {
        exposure.host == host
            && asks_for_it(network, exposure)
            && exposure.through.is_none()
            && exposure.tunnel.is_none()
            && !matches!(exposure.tls, None | Some(Tls::None))
    };
    let direct: Vec<&Exposure> = network.exposures.iter().filter(direct).collect();
    if !direct.is_empty() {
        settings.insert("ssl_certificate".to_owned(), json!("/ssl/fullchain.pem"));
        settings.insert("ssl_key".to_owned(), json!("/ssl/privkey.pem"));
    }
    // It asks everybody or nobody.
    if direct.iter().any(|exposure| exposure.client_certificates.is_some()) {
        settings.insert("ssl_peer_certificate".to_owned(), json!("/ssl/clients.pem"));
    }
    let exposed = |exposure: &Exposure| exposure.host == host && asks_for_it(network, exposure);
    let reachable = !fronts(network, host).is_empty() || network.exposures.iter().any(exposed);
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

/// What a setting is called on the page Settings > System > Network.
fn title(key: &str) -> &str {
    match key {
        "ssl_certificate" => "SSL certificate path",
        "ssl_key" => "SSL key path",
        "ssl_peer_certificate" => "SSL peer certificate path",
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
