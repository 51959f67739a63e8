//! The files beside the router, as they are written: what their programs say to them is in `tests/e2e`.

use hedgerow::{
    compile::{self, Companions},
    diagnostic::Severity,
    target::Target,
    world::Memory,
};

fn companions(text: &str) -> Companions {
    let world = Memory { date: jiff::civil::date(2026, 11, 23), ..Memory::default() };
    let checked = compile::check("main.hedge", text, &world);
    let wrong: Vec<_> = checked.diagnostics.iter().filter(|found| found.severity == Severity::Error).collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
    compile::companions(&checked, &[]).unwrap()
}

fn file<'c>(companions: &'c Companions, name: &str) -> &'c str {
    let found = companions.files.iter().find(|file| file.name == name);
    &found.unwrap_or_else(|| panic!("no {name} among {:?}", companions.files)).text
}

#[test]
fn everything_at_once() {
    let found = companions(include_str!("e2e/everything.hedge"));
    let mut text: String = found.files.iter().map(|file| format!("=== {}\n{}\n", file.name, file.text)).collect();
    text += &found.by_hand.iter().map(|what| format!("by hand: {what}\n")).collect::<String>();
    insta::assert_snapshot!(text);
}

/// A Home Assistant with a proxy; `more` is the rest of the policy.
fn behind_a_proxy(more: &str) -> Companions {
    companions(&format!(
        "use std.services\nrouter edge {{ target nftables, openwrt, pfsense }}\n\
         zone wan {{ role internet;  interface eth0;  address 203.0.113.20;  delegated 2001:db8:1::/56 }}\n{more}\n\
         expose ha : home-assistant {{ through proxy;  name home.example.org;  tls own }}\nhome-assistant ha {{ version 2026.7 }}\n"
    ))
}

#[test]
fn a_proxy_is_trusted_under_the_address_that_home_assistant_sees() {
    let two = "zone srv { role server;  interface eth1;  network 10.0.20.0/24 }\n\
               zone dmz { role dmz;  interface eth2;  network 10.0.30.0/24 }\n\
               host ha { zone srv;  address 10.0.20.10 }\nhost proxy { zone dmz;  address 10.0.30.5 }\n";
    let trusted = |more: &str| {
        let found = behind_a_proxy(more);
        let text = file(&found, "home-assistant/ha.yaml");
        text.lines().find_map(|line| line.trim().strip_prefix("trusted_proxies: ")).unwrap().to_owned()
    };
    assert_eq!(trusted(two), r#"["10.0.30.5"]"#);
    // The router puts its own address in the place of the proxy's.
    assert_eq!(trusted(&format!("{two}allow proxy -> ha : home-assistant {{ as router }}\n")), r#"["10.0.20.1"]"#);
    assert_eq!(
        trusted(&two.replace("network 10.0.20.0/24", "network 10.0.20.0/24;  masquerade on")),
        r#"["10.0.20.1"]"#
    );
    // Neighbours see each other, whatever the router would do; and only in a family that both have.
    let one = "zone srv { role server;  interface eth1;  network 10.0.20.0/24, fd42::/64;  masquerade on }\n\
               host ha { zone srv;  address 10.0.20.10 }\nhost proxy { zone srv;  address 10.0.20.5, fd42::5 }\n";
    assert_eq!(trusted(one), r#"["10.0.20.5"]"#);
}

/// What Home Assistant is told to trust in a house with a proxy; `home` is said of Home Assistant, `exposure` of its
/// exposure, `rest` is added.
fn trusted(home: &str, exposure: &str, rest: &str) -> String {
    let found = companions(&format!(
        "use std.services\nrouter edge {{ target nftables }}\n\
         zone wan {{ role internet;  interface eth0;  address 203.0.113.20;  delegated 2001:db8:1::/56 }}\n\
         zone srv {{ role server;  interface eth1;  network 10.0.20.0/24, fd42:0:0:20::/64, delegated 20 }}\n\
         zone dmz {{ role dmz;  interface eth2;  network 10.0.30.0/24, fd42:0:0:30::/64, delegated 30 }}\n\
         host ha {{ zone srv;  address 10.0.20.10, fd42:0:0:20::10;  suffix ::10 }}\n\
         host legs {{ zone srv, dmz;  address 10.0.20.6, 10.0.30.6 }}\n\
         host far {{ zone dmz;  address 10.0.30.5, fd42:0:0:30::5;  suffix ::5 }}\n\
         home-assistant ha {{ version 2026.7;  {home} }}\nexpose ha : {exposure}\n{rest}\n"
    ));
    let text = found.files.iter().find(|file| file.name == "home-assistant/ha.yaml").map_or("", |file| &file.text);
    let line = text.lines().find_map(|line| line.trim().strip_prefix("trusted_proxies: "));
    line.unwrap_or("nobody").replace('"', "")
}

#[test]
fn a_proxy_is_trusted_as_what_it_runs_as() {
    let beside =
        |home: &str, proxy: &str| trusted(home, &format!("home-assistant {{ through ha : https {{ {proxy} }} }}"), "");
    assert_eq!(beside("install haos", "runs-as addon"), "[172.30.33.0/24]");
    assert_eq!(beside("install haos", "runs-as host"), "[127.0.0.1,::1]");
    assert_eq!(beside("install haos", ""), "[127.0.0.1,172.30.33.0/24,::1]", "either, since nobody says which");
    assert_eq!(beside("install core", ""), "[127.0.0.1,::1]", "without a supervisor there are no add-ons");
    assert_eq!(beside("", "product synology"), "[127.0.0.1,::1]", "the proxy of DSM is a program of the NAS");
    assert_eq!(beside("", "runs-as container 172.20.0.5"), "[172.20.0.5]");
    assert_eq!(beside("", "seen-as 10.9.0.0/24"), "[10.9.0.0/24]");
    assert_eq!(beside("", "forwarded-for off"), "nobody", "without the header there is nothing to believe");
    // What is published of the same machine is its proxy, if it is a page.
    assert_eq!(trusted("install haos", "https", ""), "[127.0.0.1,172.30.33.0/24,::1]");
    assert_eq!(trusted("install haos", "udp 51820", ""), "nobody", "a VPN is no proxy");
    // Tunnels: the provider's connector is one too, unless it hands on the connection as it is.
    assert_eq!(trusted("install core", "home-assistant { tunnel ha { kind cloudflared } }", ""), "[127.0.0.1,::1]");
    assert_eq!(trusted("", "home-assistant { tunnel ha { kind nabu-casa } }", ""), "nobody");
    // A relay: the end of it on this machine, its address in the tunnel, or the client itself.
    let relay =
        |said: &str| format!("home-assistant {{ tunnel ha {{ kind relay;  connects 203.0.113.9 : ssh;  {said} }} }}");
    assert_eq!(trusted("install haos", &relay("runs-as host"), ""), "[127.0.0.1,::1]");
    assert_eq!(trusted("install haos", &relay("runs-as addon"), ""), "[172.30.33.0/24]");
    assert_eq!(trusted("install haos", &relay("seen-as 10.9.0.1"), ""), "[10.9.0.1]");
    assert_eq!(trusted("install haos", &relay("seen-as client"), ""), "nobody");
    assert_eq!(trusted("install haos", &relay("seen-as 10.9.0.1;  forwarded-for off"), ""), "nobody");
    assert_eq!(trusted("", &relay("").replace("tunnel ha", "tunnel far"), ""), "[10.0.30.5,fd42:0:0:30::5]");
    // Neither VPN nor game: another service behind another proxy says nothing of Home Assistant.
    assert_eq!(trusted("", "tcp 25565 { through far : tcp 25565 }", ""), "nobody");
}

#[test]
fn a_proxy_elsewhere_is_trusted_as_what_gets_through() {
    let through = |proxy: &str, rest: &str| trusted("", &format!("home-assistant {{ through {proxy} }}"), rest);
    // The address below the delegated prefix may change: nobody can write it down.
    assert_eq!(through("far", ""), "[10.0.30.5,fd42:0:0:30::5]");
    assert_eq!(through("legs", ""), "[10.0.20.6]", "it asks by its leg in the same zone");
    assert_eq!(through("router", ""), "[10.0.20.1,fd42:0:0:20::1]", "the router, in the network of Home Assistant");
    assert_eq!(through("router { forwarded-for off }", ""), "nobody");
    // A container goes out as its machine, unless it has an address of the network.
    assert_eq!(through("far { runs-as container 172.20.0.5 }", ""), "[10.0.30.5,fd42:0:0:30::5]");
    assert_eq!(through("far { runs-as container 10.0.30.77 }", ""), "[10.0.30.77]");
    assert_eq!(through("far { seen-as 10.0.30.1, fd42::1 }", ""), "[10.0.30.1,fd42::1]");
    // The router hides it for one family, for a service, at a time.
    let hidden = "allow 10.0.30.5 -> ha : tcp 8000-9000 { as router }";
    assert_eq!(through("far", hidden), "[10.0.20.1,fd42:0:0:30::5]");
    assert_eq!(through("far", "allow far -> ha : ssh { as router }"), "[10.0.30.5,fd42:0:0:30::5]");
    let at_night = "schedule night = 21:00-07:00\nallow 10.0.30.5 -> ha : home-assistant { as router;  during night }";
    assert_eq!(through("far", at_night), "[10.0.20.1,10.0.30.5,fd42:0:0:30::5]", "one by day, one by night");
}

#[test]
fn what_no_file_can_say_is_said() {
    let found = behind_a_proxy(
        "zone srv { role server;  interface eth1;  network 10.0.20.0/24, delegated 2 }\n\
         host ha { zone srv;  suffix ::10 }\nhost proxy { zone srv;  address 10.0.20.5 }\n\
         zone a { role trusted;  interface eth2;  network 10.0.31.0/24 }\n\
         zone b { role iot;  interface eth3;  network 10.0.32.0/24 }\n\
         zone c { role guest;  interface eth4;  network 10.0.33.0/24 }\n\
         reflect mdns between a, b\nreflect mdns between b, c\nreflect ssdp between a, b\n",
    );
    insta::assert_snapshot!(found.by_hand.join("\n"));
    let daemon = found.files.iter().any(|file| file.name == "discovery/avahi-daemon.conf");
    assert!(!daemon, "one daemon would join a and c");
}

/// What a router that can be told of forwards alone has to be told besides, by whoever owns it.
#[test]
fn a_router_of_forwards_needs_its_route_by_hand() {
    let told = |target: &str| {
        let policy = format!(
            "router edge {{ target {target} }}\nzone wan {{ role internet;  interface eth0;  address 203.0.113.20 }}\n\
             zone lan {{ role trusted;  interface eth1;  network 10.0.10.0/24 }}\nzone road {{ role vpn;  network 10.0.99.0/24 }}\n\
             host box {{ zone lan;  address 10.0.10.7 }}\nvpn road {{ kind openvpn;  listen udp 1194;  server box }}\n"
        );
        let world = Memory { date: jiff::civil::date(2026, 11, 23), ..Memory::default() };
        let checked = compile::check("main.hedge", &policy, &world);
        let found = compile::companions(&checked, &[Target::named(target).unwrap()]).unwrap();
        found.by_hand.iter().any(|what| what.contains("a static route to 10.0.99.0/24 by 10.0.10.7 on the router"))
    };
    assert!(told("port-forward"));
    assert!(!told("openwrt"), "its own configuration has it");
}

/// A Home Assistant and an exposure of it.
fn exposed(exposure: &str) -> Companions {
    companions(&format!(
        "use std.services\nuse std.ranges\nrouter edge {{ target nftables }}\n\
         zone wan {{ role internet;  interface eth0;  address 203.0.113.20 }}\n\
         zone srv {{ role server;  interface eth1;  network 10.0.20.0/24 }}\n\
         host ha {{ zone srv;  address 10.0.20.10 }}\nhost proxy {{ zone srv;  address 10.0.20.5 }}\n\
         allow srv -> internet\n{exposure}\nhome-assistant ha {{ version 2026.7 }}\n"
    ))
}

#[test]
fn a_name_is_answered_inside_unless_that_leads_elsewhere_or_is_switched_off() {
    let answered = |more: &str| {
        let found = exposed(&format!("expose ha : home-assistant {{ name home.example.org;  tls own;  {more} }}"));
        found.files.iter().any(|file| file.name == "dns/dnsmasq.conf" && file.text.contains("home.example.org,10.0.20"))
    };
    assert!(answered(""));
    assert!(!answered("split-dns off"));
    assert!(!answered("port 443"));
    assert!(answered("port 443;  split-dns on"));
    assert!(answered("through proxy"));
    assert!(
        !exposed("expose ha : https { name home.example.org;  tunnel ha }")
            .files
            .iter()
            .any(|file| file.name.starts_with("dns/"))
    );
    let tunnel = exposed("expose ha : https { name home.example.org;  tunnel ha { kind cloudflared };  split-dns on }");
    assert!(file(&tunnel, "dns/dnsmasq.conf").contains("home.example.org,10.0.20.10"));
}

#[test]
fn only_cloudflare_is_believed_about_the_client() {
    let found = exposed(
        "ranges monitor = cloudflare-v4, 198.51.100.7\n\
         expose ha : home-assistant { through proxy;  name home.example.org;  tls own;  ipv6 off;  from monitor;  proxied cloudflare }",
    );
    let site = file(&found, "proxy-home.example.org/nginx.conf");
    assert!(site.contains("set_real_ip_from 104.16.0.0/13;"));
    assert!(!site.contains("198.51.100.7"));
    assert!(!site.contains("ssl_verify_client"), "nobody asked for a certificate");
}

#[test]
fn a_tunnel_that_says_nothing_of_the_client_is_no_trusted_proxy() {
    let trusts = |kind: &str| {
        let found =
            exposed(&format!("expose ha : home-assistant {{ name home.example.org;  tunnel ha {{ kind {kind} }} }}"));
        found.files.iter().any(|file| file.text.contains("trusted_proxies"))
    };
    assert!(trusts("cloudflared"));
    assert!(!trusts("nabu-casa"));
    assert!(!trusts("tor"));
}

/// A policy file without its comments.
fn tailscale(found: &Companions) -> serde_json::Value {
    let text = file(found, "tailscale-tailnet/policy.hujson");
    let text: String = text.lines().filter(|line| !line.starts_with("//")).collect();
    serde_json::from_str(&text).unwrap()
}

const OVERLAY: &str = "use std.services\nrouter edge { target nftables }\n\
     zone wan { role internet;  interface eth0;  address dhcp;  uplink cgnat }\n\
     zone srv { role server;  interface eth1;  network 10.0.20.0/24, delegated 2 }\n\
     zone iot { role iot;  interface eth2;  network 10.0.30.0/24 }\n\
     zone tailnet { role vpn;  interface tailscale0;  network 100.64.0.0/10 }\n\
     host ha { zone srv;  address 10.0.20.10;  suffix ::10 }\nhost phone { zone tailnet;  address 100.101.5.7 }\n\
     allow phone -> ha : home-assistant, ssh\nallow tailnet -> router : dns\nallow tailnet -> iot : tcp 8000-8010, icmp 8\n\
     deny tailnet -> 10.0.30.128/25\n";

#[test]
fn a_tailnet_is_told_what_the_rules_allow_and_no_more() {
    let found = companions(&format!("{OVERLAY}vpn tailnet {{ kind tailscale }}\n"));
    let grants = serde_json::json!([
        { "src": ["100.101.5.7"], "dst": ["10.0.20.10"], "ip": ["tcp:22", "tcp:8123"] },
        { "src": ["autogroup:member"], "dst": ["tag:hedgerow-tailnet"], "ip": ["tcp:53", "udp:53"] },
        { "src": ["autogroup:member"], "dst": ["10.0.30.0/25"], "ip": ["tcp:8000-8010"] },
    ]);
    let file = tailscale(&found);
    assert_eq!(file["grants"], grants);
    let routes =
        serde_json::json!({ "10.0.20.0/24": ["tag:hedgerow-tailnet"], "10.0.30.0/24": ["tag:hedgerow-tailnet"] });
    assert_eq!(file["autoApprovers"], serde_json::json!({ "routes": routes }));
    assert_eq!(file["tagOwners"], serde_json::json!({ "tag:hedgerow-tailnet": ["autogroup:admin"] }));

    // On a host that announces nothing only the host itself is reached.
    let found = companions(&format!(
        "{OVERLAY}vpn tailnet {{ kind tailscale;  server ha;  runs-as addon;  advertises nothing;  exit-node off }}\n"
    ));
    let file = tailscale(&found);
    let grants =
        serde_json::json!([{ "src": ["100.101.5.7"], "dst": ["tag:hedgerow-tailnet"], "ip": ["tcp:22", "tcp:8123"] }]);
    assert_eq!(file["grants"], grants);
    assert_eq!(file["autoApprovers"], serde_json::json!({}));
}

#[test]
fn zerotier_is_done_by_hand() {
    let found = companions(&format!("{OVERLAY}vpn tailnet {{ kind zerotier;  advertises srv }}\n"));
    insta::assert_snapshot!(found.by_hand.join("\n"));
}

#[test]
fn an_openvpn_server_asks_radius_without_a_secret_in_the_policy() {
    let found = companions(include_str!("e2e/everything.hedge"));
    insta::assert_snapshot!(file(&found, "openvpn-ovpn/radiusplugin.cnf"));
}

#[test]
fn ssdp_has_a_relay_for_each_reflector() {
    let found = behind_a_proxy(
        "zone srv { role server;  interface eth1;  network 10.0.20.0/24 }\n\
         host ha { zone srv;  address 10.0.20.10 }\nhost proxy { zone srv;  address 10.0.20.5 }\n\
         zone a { role trusted;  interface eth2;  interface pfsense lan;  network 10.0.31.0/24 }\n\
         zone b { role iot;  interface eth3;  interface pfsense opt1;  network 10.0.32.0/24 }\n\
         reflect ssdp between a, b\nreflect ssdp between b, srv\n",
    );
    let files = ["hedgerow-ssdp-1.service", "hedgerow-ssdp-2.service", "udp_broadcast_relay_redux"];
    let mut text: String =
        files.map(|name| format!("=== {name}\n{}", file(&found, &format!("discovery/{name}")))).concat();
    text += &found.by_hand.iter().map(|what| format!("by hand: {what}\n")).collect::<String>();
    insta::assert_snapshot!(text);
}

/// What stands beside a WireGuard that ends at the add-on of `ha`.
fn in_an_addon(more: &str) -> Companions {
    exposed(&format!(
        "zone road {{ role vpn;  interface wg0;  network 10.0.99.0/24 }}\n\
         vpn road {{ kind wireguard;  listen udp 51820;  server ha;  runs-as addon;  peer my_phone {{ address 10.0.99.2 }};  {more} }}\n\
         allow srv -> router : dns\n"
    ))
}

#[test]
fn the_addon_of_wireguard_has_options_and_no_file_of_wg_quick() {
    let found = in_an_addon("peer tablet { address 10.0.99.3;  key \"mK3cTjq0dQ2bq0bM4R9wM2YpS0xkq0cV0m5aK1yQ2Wk=\" }");
    // The add-on writes the file of the peer whose key it makes.
    let names: Vec<&str> =
        found.files.iter().map(|file| file.name.as_str()).filter(|name| name.contains("road")).collect();
    assert_eq!(names, ["wireguard-road/addon.yaml", "wireguard-road/peer-tablet.conf"]);
    let text: String = names.iter().map(|name| format!("=== {name}\n{}", file(&found, name))).collect();
    insta::assert_snapshot!(text);
    let elsewhere = file(&in_an_addon("resolver 10.0.20.5"), "wireguard-road/addon.yaml").to_owned();
    assert!(elsewhere.contains("dns: [\"10.0.20.5\"]"));
    let all = file(&in_an_addon("tunnel full"), "wireguard-road/addon.yaml").to_owned();
    assert!(all.contains("client_allowed_ips: [\"0.0.0.0/0\", \"::/0\"]"), "{all}");
}

#[test]
fn a_linux_router_has_a_dhcp_server_where_the_policy_has_a_pool() {
    let house = |targets: &str| {
        companions(&format!(
            "use std.services\nrouter edge {{ target {targets} }}\n\
             zone wan {{ role internet;  interface eth0;  address 203.0.113.20 }}\n\
             zone pc {{ role trusted;  interface eth1;  network 10.0.10.0/23;  dhcp 10.0.11.0-10.0.11.99 }}\n\
             zone srv {{ role server;  interface eth2;  network 10.0.20.0/24 }}\n\
             host desk_1 {{ zone pc;  address 10.0.10.20;  mac 52:54:00:aa:bb:20 }}\n\
             host nas {{ zone srv;  address 10.0.20.20;  mac 52:54:00:aa:bb:21 }}\n\
             allow pc -> router : dhcp, dns\n"
        ))
    };
    let found = house("nftables");
    let text = file(&found, "dhcp/dnsmasq.conf");
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(
        lines,
        [
            "dhcp-authoritative",
            "interface=eth1",
            "dhcp-range=set:pc,10.0.11.0,10.0.11.99,255.255.254.0,12h",
            "dhcp-host=52:54:00:aa:bb:20,10.0.10.20,desk-1",
        ]
    );
    // A zone without a pool has its reservations all the same, where a rule lets it ask.
    let asked = companions(
        "use std.services\nrouter edge { target nftables }\n\
         zone wan { role internet;  interface eth0;  address 203.0.113.20 }\n\
         zone srv { role server;  interface eth2;  network 10.0.20.0/24, fd42:0:0:20::/64 }\n\
         zone cam { role camera;  interface eth3;  network 10.0.30.0/24 }\n\
         host nas { zone srv;  address 10.0.20.20, fd42:0:0:20::20;  mac 52:54:00:aa:bb:21 }\n\
         host eye { zone cam;  address 10.0.30.20;  mac 52:54:00:aa:bb:22 }\n\
         allow srv -> router : dhcp\n",
    );
    let text = file(&asked, "dhcp/dnsmasq.conf");
    let lines: Vec<&str> = text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert_eq!(
        lines,
        [
            "dhcp-authoritative",
            "interface=eth2",
            "dhcp-range=set:srv,10.0.20.0,static,255.255.255.0,12h",
            "dhcp-host=52:54:00:aa:bb:21,10.0.20.20,[fd42:0:0:20::20],nas",
        ]
    );
    // OpenWrt has it in a file of its own.
    assert!(house("openwrt").files.iter().all(|file| file.name != "dhcp/dnsmasq.conf"));
}

/// Home Assistant asks everybody or nobody, whichever exposure wants it; a service of which there is no file is told of.
#[test]
fn certificates_of_clients_are_asked_for_or_told_of() {
    let found = behind_a_proxy(
        "zone srv { role server;  interface eth1;  network 10.0.20.0/24 }\n\
         host ha { zone srv;  address 10.0.20.10 }\nhost proxy { zone srv;  address 10.0.20.5 }\n\
         host nas { zone srv;  address 10.0.20.6 }\n\
         expose ha : home-assistant { tls own;  ipv6 off }\n\
         expose ha : home-assistant { tls own;  port 8443;  ipv6 off;  client-certificates on }\n\
         expose nas : https { tls own;  port 9443;  ipv6 off;  client-certificates on }\n",
    );
    assert!(file(&found, "home-assistant/ha.yaml").contains("ssl_peer_certificate: \"/ssl/clients.pem\""));
    insta::assert_snapshot!(found.by_hand.join("\n"));
}

/// What has to be done on a router whose own proxy answers.
#[test]
fn a_router_is_told_how_its_proxy_is_set_up() {
    let house = |target: &str, exposure: &str| {
        format!(
            "use std.services\nuse std.ranges\nrouter edge {{ target {target};  page 8443 }}\n\
             zone wan {{ role internet;  interface eth0;  address 203.0.113.20 }}\n\
             zone srv {{ role server;  interface eth1;  network 10.0.20.0/24 }}\n\
             zone lan {{ role trusted;  interface eth2;  network 10.0.10.0/24 }}\n\
             host ha {{ zone srv;  address 10.0.20.10 }}\nhost auth {{ zone srv;  address 10.0.20.6 }}\n\
             home-assistant ha {{ version 2026.7 }}\n\
             expose ha : home-assistant {{ name home.example.org;  through router;  {exposure} }}\n"
        )
    };
    let mut text = String::new();
    for (target, exposure) in [
        ("pfsense", "tls letsencrypt http-01"),
        ("pfsense", "tls own;  client-certificates on;  from cloudflare-v4"),
        ("pfsense, openwrt", "tls own;  sign-in auth { kind authelia }"),
        ("openwrt", "tls letsencrypt dns-01;  split-dns off"),
        ("nftables", "tls own"),
    ] {
        let found = companions(&house(target, exposure));
        text += &format!("=== {target}: {exposure}\n");
        let names: Vec<&str> = found.files.iter().map(|file| file.name.as_str()).collect();
        text += &format!("=== {}\n", names.join(", "));
        text += file(&found, "proxy-home.example.org/router.md");
        text += &found.by_hand.iter().map(|what| format!("by hand: {what}\n")).collect::<String>();
        text += "\n";
    }
    insta::assert_snapshot!(text);
}

/// What is typed into the pages of each product fits what the policy says, and what Home Assistant is told.
#[test]
fn pages_say_what_to_type_in() {
    let house = "use std.services\nrouter edge { target nftables }\n\
         zone wan { role internet;  interface eth0;  address 203.0.113.20 }\n\
         zone srv { role server;  interface eth1;  network 10.0.20.0/24 }\n\
         host ha { zone srv;  address 10.0.20.10 }\nhost nas { zone srv;  address 10.0.20.6 }\n\
         home-assistant ha { version 2026.7 }\n";
    let ways = [
        "through nas { product synology };  tls letsencrypt http-01",
        "through ha : https { product synology };  tls own",
        "through nas : tcp 8443 { product npm };  port 443;  tls letsencrypt http-01",
        "through ha : https { product npm };  tls letsencrypt dns-01",
        "through ha : https { product npm;  runs-as addon };  tls letsencrypt dns-01",
        "through ha : https { product npm;  runs-as host };  tls own",
        "through nas : http { product npm };  tls none",
        "through nas;  tls letsencrypt dns-01",
    ];
    let mut text = String::new();
    for way in ways {
        let exposure = format!("expose ha : home-assistant {{ name home.example.org;  {way} }}");
        let found = companions(&format!("{house}{exposure}\n"));
        let yaml = file(&found, "home-assistant/ha.yaml");
        let trusted = yaml.lines().find(|line| line.contains("trusted_proxies")).unwrap_or_default();
        text += &format!("=== {exposure}\n=== {}\n", trusted.trim());
        text += file(&found, "proxy-home.example.org/pages.md");
        text += "\n";
    }
    insta::assert_snapshot!(text);
}

#[test]
fn the_reflector_has_the_interfaces_of_the_router_that_it_runs_on() {
    let house = |targets: &str| {
        companions(&format!(
            "router edge {{ target {targets} }}
zone wan {{ role internet;  interface eth0;  interface openwrt wan;  interface pfsense wan;  address dhcp }}
zone pc  {{ role trusted;  interface eth1.10;  interface openwrt br-lan.10;  interface pfsense lan;  network 10.0.10.0/24;  dhcp 10.0.10.100-10.0.10.199 }}
zone iot {{ role iot;  interface eth1.30;  interface openwrt br-lan.30;  interface pfsense opt1;  network 10.0.30.0/24 }}
reflect mdns between pc, iot {{ services _googlecast._tcp }}
reflect ssdp between pc, iot
"
        ))
    };
    let shown = |targets: &str| {
        let found = house(targets);
        let names: Vec<&str> = found.files.iter().map(|file| file.name.as_str()).collect();
        let avahi = found.files.iter().filter(|file| file.name.contains("avahi"));
        let lines: Vec<String> = avahi
            .map(|file| format!("{}: {}", file.name, file.text.lines().find(|line| line.contains("allow-")).unwrap()))
            .collect();
        format!("{targets}\n  {}\n  {}\n  {}\n", names.join(", "), lines.join("\n  "), found.by_hand.join("\n  "))
    };
    let all = ["nftables", "openwrt", "pfsense", "nftables, openwrt"].map(shown);
    insta::assert_snapshot!(all.join("\n"));
}

/// Two houses: this one, and one behind a peer.
const HOUSES: &str = "use std.services\nrouter edge { target nftables, openwrt, pfsense }\n\
     zone wan { role internet;  interface wan;  address 203.0.113.20/24;  gateway 203.0.113.1 }\n\
     zone lan { role trusted;  interface lan;  interface openwrt br-lan;  network 10.0.10.0/24 }\n\
     zone cabin { role vpn;  interface wg0;  interface pfsense opt1;  network 10.9.8.0/24, fd42:9::/64 }\n\
     host sensor { zone cabin;  address 192.168.50.20, fd42:50::20 }\n\
     vpn cabin { kind wireguard;  listen udp 51820\n\
     peer hut { address 10.9.8.2, fd42:9::2;  network 192.168.50.0/24, fd42:50::/64;  key \"mK3cTjq0dQ2bq0bM4R9wM2YpS0xkq0cV0m5aK1yQ2Wk=\" }\n\
     peer phone { address 10.9.8.3 } }\nallow sensor -> lan : mqtts\n";

/// What a router's own files say of the policy, or why they cannot.
fn rendered(text: &str, target: hedgerow::target::Target) -> Result<String, String> {
    let world = Memory { date: jiff::civil::date(2026, 11, 23), ..Memory::default() };
    let mut checked = compile::check("main.hedge", text, &world);
    let output = compile::render(&mut checked, "main.hedge", target, &[]);
    let output = output.map_err(|errors| errors.into_iter().map(|error| error.message).collect::<String>())?;
    Ok(output.files.iter().map(|file| file.text.as_str()).collect())
}

#[test]
fn a_network_behind_a_peer_is_told_to_every_server() {
    let found = companions(HOUSES);
    let server = file(&found, "wireguard-cabin/server.conf");
    assert!(server.contains("AllowedIPs = 10.9.8.2/32, fd42:9::2/128, 192.168.50.0/24, fd42:50::/64\n"), "{server}");
    assert!(server.contains("Address = 10.9.8.1/24, fd42:9::1/64\n"), "the router has no address over there: {server}");
    // Who is there does not send its own network away; others reach it by the tunnel.
    let hut = file(&found, "wireguard-cabin/peer-hut.conf");
    assert!(hut.contains("AllowedIPs = 10.0.10.0/24, 10.9.8.0/24, fd42:9::/64\n"), "{hut}");
    let phone = file(&found, "wireguard-cabin/peer-phone.conf");
    assert!(phone.contains("192.168.50.0/24, fd42:50::/64\n"), "{phone}");
    let openwrt = rendered(HOUSES, hedgerow::target::Target::OpenWrt).unwrap();
    assert!(openwrt.contains("list allowed_ips '192.168.50.0/24'\n"), "{openwrt}");
    assert!(openwrt.contains("option route_allowed_ips '1'\n"), "{openwrt}");
    assert!(!openwrt.contains("192.168.50.1"), "the router has no address over there: {openwrt}");
    let pfsense = rendered(HOUSES, hedgerow::target::Target::PfSense).unwrap();
    assert!(pfsense.contains("<address>192.168.50.0</address>"), "{pfsense}");
    assert!(!pfsense.contains("192.168.50.1"), "the router has no address over there: {pfsense}");
    let ours =
        HOUSES.replace("kind wireguard", "kind openvpn").replace(", fd42:9::/64", "").replace(", fd42:9::2;", ";");
    let ours = ours
        .replace(", fd42:50::/64", "")
        .replace(", fd42:50::20", "")
        .replace("  key \"mK3cTjq0dQ2bq0bM4R9wM2YpS0xkq0cV0m5aK1yQ2Wk=\"", "");
    let found = companions(&ours);
    assert!(file(&found, "openvpn-cabin/server.conf").contains("\nroute 192.168.50.0 255.255.255.0\n"));
    assert!(file(&found, "openvpn-cabin/ccd/hut").contains("\niroute 192.168.50.0 255.255.255.0\n"));
    assert!(!found.files.iter().any(|file| file.name == "openvpn-cabin/ccd/sensor"), "it does not connect by itself");
    let refused = rendered(&ours, hedgerow::target::Target::PfSense).unwrap_err();
    assert!(refused.contains("no network behind a client of OpenVPN is written for pfsense"), "{refused}");
}

/// WireGuard drops what comes from elsewhere than `AllowedIPs`, whatever the router lets through.
#[test]
fn a_peer_takes_packets_of_those_who_are_let_in() {
    let peer = |more: &str| {
        let found = companions(&format!("{HOUSES}{more}"));
        let file = file(&found, "wireguard-cabin/peer-hut.conf");
        let allowed = file.lines().find_map(|line| line.strip_prefix("AllowedIPs = ")).unwrap().to_owned();
        let by_hand = found.by_hand.iter().filter(|text| text.contains("`hut`")).cloned().collect::<Vec<_>>();
        (allowed, by_hand.join("\n"))
    };
    let (before, nothing) = peer("");
    assert_eq!(nothing, "");
    let iot = "zone iot { role iot;  interface eth7;  network 10.0.70.0/24 }\n";
    let (allowed, _) = peer(&format!("{iot}allow iot -> sensor : https\n"));
    assert_eq!(allowed, format!("{before}, 10.0.70.0/24"));
    let (allowed, _) = peer(&format!("{iot}allow iot -> sensor : https {{ as router }}\n"));
    assert_eq!(allowed, before, "the router's own address is known there");
    let (allowed, by_hand) = peer("expose sensor : https { from 198.51.100.64/28;  ipv6 off }\n");
    assert_eq!((allowed, by_hand.as_str()), (format!("{before}, 198.51.100.64/28"), ""));
    let (allowed, by_hand) = peer("expose sensor : https { ipv6 off }\n");
    assert_eq!(allowed, before, "everybody is no list");
    assert!(by_hand.starts_with("the internet's way to what peer `hut` of `cabin` has"), "{by_hand}");
    let (allowed, by_hand) = peer("allow sensor -> internet : ntp\n");
    assert_eq!(allowed, before);
    assert!(by_hand.starts_with("the way to the internet by this router"), "{by_hand}");
}

#[test]
fn the_addon_of_nginx_has_options_and_no_file_of_a_folder_that_it_has_not() {
    let found = exposed(
        "expose ha : home-assistant { through ha { product nginx;  runs-as addon };  name home.example.org;  tls own;  port 443;\n\
         ipv6 off;  from cloudflare-v4;  proxied cloudflare { origin-pulls zone } }",
    );
    let options = file(&found, "proxy-home.example.org/nginx-options.yaml");
    assert!(
        options.contains("\ndomain: \"home.example.org\"\n") && options.contains("\ncloudflare: true\n"),
        "{options}"
    );
    assert!(options.contains("\n  active: true\n"), "{options}");
    let more = file(&found, "proxy-home.example.org/share/nginx_proxy_default.conf");
    assert!(more.contains("ssl_client_certificate /ssl/origin-pull-home.example.org.pem;\n"), "{more}");
    assert!(more.contains("if ($stranger_home_example_org) { return 400; }\n"), "{more}");
    let inside = file(&found, "proxy-home.example.org/share/nginx_proxy/home.example.org.conf");
    assert!(inside.contains("10.0.20.0/24 1;\n"), "{inside}");
    let elsewhere = found.files.iter().find(|file| file.text.contains("/etc/nginx") || file.text.contains("/etc/ssl"));
    assert!(elsewhere.is_none(), "{elsewhere:?}");
    // Another service has no place in the options.
    let found = exposed(
        "expose ha : tcp 8096 { through ha : https { product nginx;  runs-as addon };  name tv.example.org;  tls own }",
    );
    assert!(
        found.by_hand.iter().any(|what| what.starts_with("tv.example.org at the add-on of NGINX")),
        "{:?}",
        found.by_hand
    );
}

#[test]
fn each_kind_of_tunnel_is_told_in_its_own_words() {
    let of = |kind: &str| {
        let found = exposed(&format!(
            "expose ha : home-assistant {{ name home.example.org;  tunnel ha {{ kind relay;  connects 203.0.113.9 : udp 51820;  access on;  {kind} }} }}"
        ));
        found.by_hand.join("\n")
    };
    let packets = of("seen-as 10.9.0.1");
    assert!(packets.contains("it leads to 10.0.20.10:8123"), "{packets}");
    assert!(
        packets.contains("on the server at the other end of the relay") && !packets.contains("Cloudflare"),
        "{packets}"
    );
    assert!(of("runs-as host").contains("it leads to 127.0.0.1:8123"));
}
