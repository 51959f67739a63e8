//! Companions before the programs that they are for, and those programs behind a router that was compiled.
//!
//! They need root and the programs that `.ci/run` installs. Without them the tests are ignored; in CI they fail.

mod dhcp;
mod home;
mod lab;
mod mesh;
mod programs;
mod relay;
mod services;
mod side_by_side;
mod vpn;

use libtest_mimic::{Arguments, Trial};

/// A test: its name, what it needs, and what it does.
type Test = (&'static str, &'static [&'static str], fn() -> Result<(), String>);

const TRIALS: &[Test] = &[
    ("nginx_takes_the_sites", &["nginx", "openssl"], programs::nginx_takes_the_sites),
    ("haproxy_takes_its_files", &["haproxy", "openssl"], programs::haproxy_takes_its_files),
    ("caddy_takes_the_caddyfiles", &["caddy", "openssl"], programs::caddy_takes_the_caddyfiles),
    (
        "the_proxies_ask_for_certificates",
        &["nginx", "caddy", "haproxy", "traefik", "openssl", "curl", "python3", "ip", "ss"],
        programs::the_proxies_ask_for_certificates,
    ),
    (
        "names_of_one_proxy_do_not_disturb_each_other",
        &["nginx", "caddy", "haproxy", "openssl", "curl", "python3", "ip", "ss"],
        side_by_side::names_of_one_proxy_do_not_disturb_each_other,
    ),
    (
        "the_proxies_ask_for_a_sign_in",
        &["nginx", "caddy", "traefik", "openssl", "curl", "python3", "ip", "ss"],
        programs::the_proxies_ask_for_a_sign_in,
    ),
    (
        "wireguard_takes_its_files_once_keys_are_in",
        &["wg", "wg-quick"],
        programs::wireguard_takes_its_files_once_keys_are_in,
    ),
    ("dnsmasq_takes_the_names", &["dnsmasq"], programs::dnsmasq_takes_the_names),
    ("avahi_starts_with_the_reflector", &["avahi-daemon", "ip"], programs::avahi_starts_with_the_reflector),
    ("tor_takes_the_onion_services", &["tor"], services::tor_takes_the_onion_services),
    ("systemd_takes_the_relays", &["systemd-analyze"], services::systemd_takes_the_relays),
    ("traefik_takes_its_files", &["traefik", "openssl", "curl", "ip"], services::traefik_takes_its_files),
    ("home_assistant_checks_its_settings", &["home-assistant"], services::home_assistant_checks_its_settings),
    ("files_have_what_their_makers_ask_for", &["home-assistant"], services::files_have_what_their_makers_ask_for),
    ("yaml_and_json_are_well_formed", &["home-assistant"], programs::yaml_and_json_are_well_formed),
    ("no_companion_holds_a_secret", &[], programs::no_companion_holds_a_secret),
    (
        "home_assistant_behind_nginx_behind_the_router",
        &["home-assistant", "nginx", "openssl", "curl", "nft", "ip", "ss"],
        home::home_assistant_behind_nginx_behind_the_router,
    ),
    (
        "home_assistant_behind_haproxy_on_the_router",
        &["home-assistant", "haproxy", "openssl", "curl", "nft", "ip", "ss"],
        home::home_assistant_behind_haproxy_on_the_router,
    ),
    (
        "openvpn_through_the_router",
        &["openvpn", "openssl", "curl", "nft", "ip", "python3"],
        vpn::openvpn_through_the_router,
    ),
    (
        "openvpn_leads_to_a_network_behind_a_client",
        &["openvpn", "openssl", "curl", "nft", "ip", "python3"],
        vpn::openvpn_leads_to_a_network_behind_a_client,
    ),
    (
        "openvpn_asks_radius_who_it_is",
        &["openvpn", "freeradius", "openssl", "curl", "nft", "ip", "python3"],
        vpn::openvpn_asks_radius_who_it_is,
    ),
    (
        "wireguard_through_the_router",
        &["wireguard-go", "wg", "wg-quick", "curl", "nft", "ip", "python3"],
        vpn::wireguard_through_the_router,
    ),
    (
        "a_wireguard_add_on_hides_its_peers",
        &["wireguard-go", "wg", "wg-quick", "curl", "nft", "ip", "python3"],
        vpn::a_wireguard_add_on_hides_its_peers,
    ),
    (
        "a_wireguard_on_a_host_hides_its_peers",
        &["wireguard-go", "wg", "wg-quick", "curl", "nft", "ip", "python3"],
        vpn::a_wireguard_on_a_host_hides_its_peers,
    ),
    (
        "a_wireguard_on_a_host_is_routed",
        &["wireguard-go", "wg", "wg-quick", "curl", "nft", "ip", "python3"],
        vpn::a_wireguard_on_a_host_is_routed,
    ),
    (
        "a_relay_that_the_router_calls",
        &["home-assistant", "wireguard-go", "wg", "wg-quick", "nginx", "openssl", "curl", "nft", "ip", "ss", "python3"],
        relay::a_relay_that_the_router_calls,
    ),
    ("dnsmasq_gives_what_is_reserved", &["dnsmasq", "busybox", "nft", "ip"], dhcp::dnsmasq_gives_what_is_reserved),
    (
        "the_flows_of_a_mesh_get_through_and_nothing_else",
        &["nft", "ip", "python3"],
        mesh::the_flows_of_a_mesh_get_through_and_nothing_else,
    ),
];

/// The Python that has Home Assistant: `HEDGEROW_PYTHON`, the one that `.ci/run` sets up, or that beside `hass` in the
/// path.
fn python() -> String {
    let own = format!("{}/target/home-assistant/bin/python", env!("CARGO_MANIFEST_DIR"));
    if let Ok(named) = std::env::var("HEDGEROW_PYTHON") {
        return named;
    }
    if std::path::Path::new(&own).exists() {
        return own;
    }
    let hass = lab::run("which", &["hass"]).ok().and_then(|path| std::fs::canonicalize(path.trim()).ok());
    let beside = hass.and_then(|hass| hass.with_file_name("python").to_str().map(str::to_owned));
    beside.unwrap_or_else(|| "python3".to_owned())
}

/// The Traefik that `.ci/run` sets up, or that in the path.
fn traefik() -> String {
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/target/traefik/bin/traefik");
    if std::path::Path::new(own).exists() { own } else { "traefik" }.to_owned()
}

/// What is missing of the programs that a test needs.
fn missing(programs: &[&str]) -> Option<String> {
    let there = |program: &&str| match *program {
        "home-assistant" => lab::run(&python(), &["-c", "import homeassistant.components.http"]).is_ok(),
        "traefik" => lab::run(&traefik(), &["version"]).is_ok(),
        "ip" => lab::run("unshare", &["-n", "ip", "link"]).is_ok(),
        other => lab::run("which", &[other]).is_ok(),
    };
    let absent: Vec<&str> = programs.iter().filter(|program| !there(program)).copied().collect();
    (!absent.is_empty()).then(|| format!("missing (or no root): {}", absent.join(", ")))
}

fn main() {
    let arguments = Arguments::from_args();
    let must_run = std::env::var("CI").is_ok_and(|value| value == "true");
    let trial = |(name, needs, test): Test| {
        let missing = missing(needs);
        if let Some(why) = &missing {
            eprintln!("{name}: {why}");
        }
        let ignore = missing.is_some() && !must_run;
        Trial::test(name, move || missing.map_or_else(test, Err).map_err(Into::into)).with_ignored_flag(ignore)
    };
    libtest_mimic::run(&arguments, TRIALS.iter().copied().map(trial).collect()).exit();
}
