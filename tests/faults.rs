//! Changes that households make by mistake, planted one at a time into the examples: exactly the checks that must find
//! them do, beyond what is found in the example itself.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
};

use hedgerow::{
    check::leak::find,
    compile::{self, Checked},
    diagnostic::Human,
    world::Memory,
};
use libtest_mimic::{Arguments, Failed, Trial};

/// A name, the example, what is replaced by what (nothing: added at its end), and the ids that must be found.
type Fault = (&'static str, &'static str, &'static [(&'static str, &'static str)], &'static [&'static str]);

const FAULTS: &[Fault] = &[
    (
        "the guest zone is let into the router",
        "lan-only",
        &[("", "allow guest -> router")],
        &["mgmt-reachable-from-untrusted"],
    ),
    ("guests get no DNS and DHCP", "lan-only", &[("allow guest      -> router : dns, dhcp\n", "")], &["no-dns-path"]),
    ("UPnP is on", "lan-only", &[("vlan      1\n", "vlan      1\n    upnp\n")], &["upnp-enabled"]),
    (
        "one zone for two networks",
        "lan-only",
        &[("network   192.168.1.0/24\n", "network   192.168.1.0/24, 192.168.2.0/24\n")],
        &["zone-forward-accept-multi-network"],
    ),
    ("IPv6 is let in", "direct-tls", &[("", "allow internet -> lan")], &["ipv6-inbound-open", "ipv6-asymmetric"]),
    (
        "no certificate",
        "direct-tls",
        &[("    tls     letsencrypt dns-01", "    tls     none")],
        &["exposed-plain-http"],
    ),
    (
        "guests by the public name",
        "direct-tls",
        &[("", "allow guest -> ha : home-assistant")],
        &["guest-reaches-private"],
    ),
    (
        "443 outside, 8123 inside, and IPv6",
        "direct-tls",
        &[("    tls     letsencrypt dns-01", "    port    443\n    tls     letsencrypt dns-01")],
        &["split-dns-port-mismatch"],
    ),
    (
        "the address is not reserved",
        "direct-tls",
        &[("    suffix  ::10\n", "    suffix  ::10\n    dhcp    dynamic\n")],
        &["forward-to-dynamic-address"],
    ),
    (
        "port 80 is left from an old certificate",
        "direct-tls",
        &[("", "expose ha : http { ipv6 off }")],
        &["acme-port-left-open", "forward-to-missing-service"],
    ),
    (
        "the name leads nowhere at home",
        "direct-tls",
        &[("    hairpin on ", "    split-dns off\n    hairpin off ")],
        &["hairpin-missing"],
    ),
    (
        "an IPv6 address written out",
        "direct-tls",
        &[(
            "allow iot -> ha : mqtt, coiot, home-assistant {",
            "allow iot -> ha, 2001:db8:1042:10::10 : mqtt, coiot, home-assistant {",
        )],
        &["ipv6-dynamic-prefix-literal"],
    ),
    (
        "everybody gets past Cloudflare",
        "nginx-cloudflare",
        &[("    from    cloudflare-v4 ", "    from    internet ")],
        &["cloudflare-origin-open"],
    ),
    (
        "everybody gets past Cloudflare by IPv6",
        "nginx-cloudflare",
        &[("", "allow internet -> ha : https")],
        &["cloudflare-origin-open", "ipv6-asymmetric"],
    ),
    (
        "a port that Cloudflare does not have",
        "nginx-cloudflare",
        &[("    name    ha.example.net", "    port    8123\n    name    ha.example.net")],
        &["cloudflare-unsupported-port"],
    ),
    (
        "an old list of Cloudflare's",
        "nginx-cloudflare",
        &[
            ("    from    cloudflare-v4 ", "    from    edges "),
            ("", "ranges edges = cloudflare-v4, 104.16.0.0/12, 199.27.128.0/21 { checked 2026-10-01 }"),
        ],
        &["cloudflare-ranges-stale"],
    ),
    (
        "a certificate of everybody",
        "nginx-cloudflare",
        &[("origin-pulls zone", "origin-pulls global")],
        &["cloudflare-aop-shared"],
    ),
    (
        "HTTP-01 with a country left out",
        "nginx-cloudflare",
        &[("letsencrypt dns-01", "letsencrypt http-01"), ("", "deny 104.16.0.0/16 -> ha : http")],
        &["acme-http01-unreachable"],
    ),
    (
        "the port without a login",
        "nginx-cloudflare",
        &[("", "allow pc -> frigate : frigate-noauth")],
        &["unauthenticated-service-reachable"],
    ),
    (
        "an old forward to 8123",
        "nginx-cloudflare",
        &[("", "expose ha : home-assistant { ipv6 off;  hairpin off }")],
        &["ha-bypass-of-proxy", "exposed-plain-http"],
    ),
    (
        "the webhook's rule is gone",
        "nginx-cloudflare",
        &[(
            "allow cam       -> ha : home-assistant { because \"Reolink and ONVIF report events to a webhook\" }\n",
            "",
        )],
        &["required-flow-missing"],
    ),
    (
        "the bulb moves",
        "cgnat-tunnel",
        &[("host bulb        { zone home;", "host bulb        { zone iot;")],
        &["matter-cross-vlan"],
    ),
    (
        "a second leg of ha",
        "cgnat-tunnel",
        &[(
            "    zone    home\n    address 10.5.10.10\n",
            "    zone    home, iot\n    address 10.5.10.10, 10.5.30.10\n",
        )],
        &["multi-homed-host-bridges-zones", "transitive-pivot"],
    ),
    (
        "the tunnel publishes the router",
        "cgnat-tunnel",
        &[("kind cloudflared }", "kind cloudflared;  publishes router : http }")],
        &["tunnel-publishes-lan", "mgmt-exposed-to-wan"],
    ),
    (
        "the tunnel leads wherever it is asked",
        "cgnat-tunnel",
        &[("kind cloudflared }", "kind cloudflared;  catch-all on }")],
        &["tunnel-publishes-lan"],
    ),
    (
        "the tunnel cannot get out",
        "cgnat-tunnel",
        &[("allow home, guest -> internet", "allow guest -> internet\nallow home -> internet : https")],
        &["tunnel-egress-blocked"],
    ),
    (
        "a forward from before the tunnel",
        "cgnat-tunnel",
        &[
            ("    uplink    cgnat\n", "    uplink    public\n"),
            ("", "expose ha : home-assistant { port 443;  tls own;  hairpin off;  ipv6 off }"),
        ],
        &["tunnel-and-forward"],
    ),
    ("all ICMPv6 denied", "cgnat-tunnel", &[("", "deny private -> internet : icmpv6")], &["icmpv6-overblocked"]),
    (
        "a prefix too long",
        "cgnat-tunnel",
        &[("2001:db8:5500::/60", "2001:db8:5500::/64")],
        &["ipv6-zone-without-prefix"],
    ),
    (
        "an old IPv6 rule for guests",
        "cgnat-tunnel",
        &[("", "allow fd55:0:0:4::/64 -> home"), ("delegated 4\n", "delegated 4, fd55:0:0:4::/64\n")],
        &["ipv6-asymmetric", "guest-reaches-private"],
    ),
    ("the fallback resolver is denied", "cgnat-tunnel", &[("", "deny ha -> 1.1.1.1 : dot")], &["ha-dot-fallback"]),
    ("the proxy reaches all servers", "multi-uplink-office", &[("", "allow proxy -> srv")], &["dmz-too-wide"]),
    (
        "pfSense's LAN is the zone of devices",
        "multi-uplink-office",
        &[
            ("target nftables, openwrt, pfsense;", "target nftables, pfsense;"),
            ("    interface pfsense lan\n", "    interface pfsense opt99\n"),
            ("interface pfsense opt5;", "interface pfsense lan;"),
        ],
        &["mgmt-reachable-from-untrusted"],
    ),
    (
        "a rule that ran out",
        "multi-uplink-office",
        &[("", "allow vpn-user -> nas : smb { temporary;  until 2025-12-31;  because \"moving\" }")],
        &["expired-rule"],
    ),
    (
        "a temporary rule without an end",
        "multi-uplink-office",
        &[("", "allow vpn-user -> nas : smb { temporary;  because \"moving\" }")],
        &["temporary-without-expiry"],
    ),
    (
        "Proxmox's firewall is off",
        "multi-uplink-office",
        &[("    network   10.8.99.0/24\n", "    network   10.8.99.0/24\n    isolated\n    filter    off\n")],
        &["backend-not-enforcing"],
    ),
    (
        "a television of another subnet",
        "direct-tls",
        &[("", "host tv { zone iot;  address 192.168.30.60;  same-subnet }")],
        &["same-subnet-device"],
    ),
    (
        "a forward behind CGNAT",
        "cgnat-tunnel",
        &[("", "expose ha : home-assistant { port 443;  tls own;  hairpin off;  ipv6 off }")],
        &["cgnat-forward-useless"],
    ),
    (
        "Tailscale's add-on as it is delivered",
        "cgnat-tunnel",
        &[("kind tailscale;  server router", "kind tailscale;  server ha;  runs-as addon")],
        &["overlay-advertises-all"],
    ),
    (
        "an exit node",
        "cgnat-tunnel",
        &[("kind tailscale;  server router", "kind tailscale;  server router;  exit-node on")],
        &["overlay-advertises-all"],
    ),
    (
        "Funnel",
        "cgnat-tunnel",
        &[("kind tailscale;  server router", "kind tailscale;  server router;  share on")],
        &["overlay-public-share"],
    ),
    (
        "a network of a modem, and a rule that covers it",
        "cgnat-tunnel",
        &[
            ("    uplink    cgnat\n", "    uplink    cgnat\n    upstream  192.168.100.0/24\n"),
            ("", "allow guest -> wan"),
        ],
        &["upstream-device-reachable"],
    ),
    (
        "OpenVPN on the fail-over line, too",
        "multi-uplink-office",
        &[("    on     wan\n", "    on     wan, lte\n")],
        &["cgnat-forward-useless"],
    ),
    (
        "everything from the VPN",
        "multi-uplink-office",
        &[("", "allow ovpn -> any")],
        &["vpn-too-wide", "mgmt-reachable-from-vpn-users"],
    ),
    (
        "the pool of the VPN in the network of the computers",
        "multi-uplink-office",
        &[("10.8.250.0/24", "10.8.20.0/25"), ("10.8.250.4;", "10.8.20.4;"), ("10.8.250.20", "10.8.20.20")],
        &["overlapping-subnets"],
    ),
    (
        "containers in the network of the office",
        "multi-uplink-office",
        &[("runs smb, nfs }", "runs smb, nfs;  bridges 10.8.21.0/24 }")],
        &["overlapping-subnets"],
    ),
    (
        "two lines in use, and answers by whichever",
        "multi-uplink-office",
        &[
            ("    uplink    cgnat\n    failover\n", "    uplink    public\n"),
            ("    on     wan\n", "    on     wan, lte\n"),
        ],
        &["multiwan-reply-path"],
    ),
    (
        "a VPN user asks the account server",
        "multi-uplink-office",
        &[("", "allow vpn-user -> ipa : radius")],
        &["radius-reachable"],
    ),
    (
        "a full tunnel without IPv6, and a resolver outside",
        "multi-uplink-office",
        &[("    server router\n", "    server router\n    tunnel full\n    ipv6 off\n    resolver 9.9.9.9\n")],
        &["vpn-ipv6-leak", "vpn-dns-leak"],
    ),
    (
        "a second leg that answers by the first",
        "multi-uplink-office",
        &[
            (
                "host nas       { zone srv;  address 10.8.10.30;",
                "host nas       { zone srv, cam;  address 10.8.10.30, 10.8.40.30;  default-route srv;",
            ),
            ("allow pc                -> nas      : smb", "allow pc                -> 10.8.40.30 : smb"),
        ],
        &["multi-homed-host-bridges-zones", "transitive-pivot", "asymmetric-route-risk"],
    ),
    (
        "the line behind another router",
        "multi-uplink-office",
        &[(
            "    address   198.51.100.10, 198.51.100.11\n    uplink    public\n",
            "    address   198.51.100.10, 198.51.100.11\n    uplink    private\n    upstream  192.168.178.0/24\n",
        )],
        &["double-nat"],
    ),
    (
        "an exchange for everybody",
        "multi-uplink-office",
        &[("", "host pbx { zone srv;  address 10.8.10.40 }\nexpose pbx : sip { on wan;  ipv6 off;  hairpin off }")],
        &["sip-open-to-world"],
    ),
    (
        "the VPN on the port of the proxy",
        "multi-uplink-office",
        &[("listen udp 1194", "listen tcp 443")],
        &["forward-collision"],
    ),
    ("IPv6 to the servers", "multi-uplink-office", &[("", "allow internet -> srv")], &["ipv6-inbound-open"]),
    (
        "the real settings trust the add-ons",
        "nginx-cloudflare",
        &[(
            "home-assistant ha { install haos;  settings from \"configuration.yaml\" }",
            "home-assistant ha { install haos;  settings from \"addon.yaml\" }",
        )],
        &[],
    ),
    (
        "the real settings trust every zone",
        "nginx-cloudflare",
        &[(
            "home-assistant ha { install haos;  settings from \"configuration.yaml\" }",
            "home-assistant ha { install haos;  settings from \"addon-wide.yaml\" }",
        )],
        &["trusted-proxies-too-wide", "trusted-proxies-mismatch"],
    ),
    (
        "a trusted proxy with the length of its network",
        "nginx-cloudflare",
        &[(
            "home-assistant ha { install haos;  settings from \"configuration.yaml\" }",
            "home-assistant ha { install haos;  settings from \"addon-bits.yaml\" }",
        )],
        &["trusted-proxies-host-bits"],
    ),
    (
        "X-Forwarded-For is refused",
        "nginx-cloudflare",
        &[(
            "home-assistant ha { install haos;  settings from \"configuration.yaml\" }",
            "home-assistant ha { install haos;  settings from \"addon-off.yaml\" }",
        )],
        &["xff-setting-mismatch"],
    ),
    (
        "the real settings of a direct exposure",
        "direct-tls",
        &[(
            "home-assistant ha { login-attempts 5 }",
            "home-assistant ha { install haos;  settings from \"direct.yaml\" }",
        )],
        &[],
    ),
    (
        "nobody is ever banned",
        "direct-tls",
        &[(
            "home-assistant ha { login-attempts 5 }",
            "home-assistant ha { install haos;  settings from \"direct-never.yaml\" }",
        )],
        &["login-unlimited"],
    ),
    (
        "the certificate is gone from the real settings",
        "direct-tls",
        &[(
            "home-assistant ha { login-attempts 5 }",
            "home-assistant ha { install haos;  settings from \"direct-plain.yaml\" }",
        )],
        &["exposed-plain-http"],
    ),
    (
        "clients show certificates, and the real settings ask for none",
        "direct-tls",
        &[
            (
                "home-assistant ha { login-attempts 5 }",
                "home-assistant ha { install haos;  settings from \"direct-never.yaml\" }",
            ),
            ("    hairpin on ", "    client-certificates on\n    hairpin on "),
        ],
        &["login-unlimited"],
    ),
    (
        "clients show certificates, and the real settings ask for them",
        "direct-tls",
        &[
            (
                "home-assistant ha { login-attempts 5 }",
                "home-assistant ha { install haos;  settings from \"direct-clients.yaml\" }",
            ),
            ("    hairpin on ", "    client-certificates on\n    hairpin on "),
        ],
        &[],
    ),
    (
        "the real settings trust the proxy of the DMZ",
        "multi-uplink-office",
        &[(
            "home-assistant ha { login-attempts 5 }",
            "home-assistant ha { install haos;  settings from \"dmz.yaml\" }",
        )],
        &[],
    ),
    (
        "the real settings trust all of 10.8",
        "multi-uplink-office",
        &[(
            "home-assistant ha { login-attempts 5 }",
            "home-assistant ha { install haos;  settings from \"dmz-wide.yaml\" }",
        )],
        &["trusted-proxies-too-wide"],
    ),
    (
        "the connector of the tunnel is trusted",
        "cgnat-tunnel",
        &[(
            "home-assistant ha { login-attempts 5 }",
            "home-assistant ha { install haos;  settings from \"addon.yaml\" }",
        )],
        &[],
    ),
    (
        "no settings at all, and nothing published",
        "lan-only",
        &[("", "home-assistant ha { install haos;  settings from \"none.yaml\" }")],
        &[],
    ),
];

/// What the examples are known to have, and waive with a reason.
const KNOWN: &[(&str, &[&str])] = &[
    ("cgnat-tunnel", &[]),
    ("direct-tls", &["ha-reachable-from-untrusted", "transitive-pivot"]),
    ("lan-only", &[]),
    ("multi-uplink-office", &["transitive-pivot"]),
    ("nginx-cloudflare", &["transitive-pivot"]),
];

fn main() {
    let arguments = Arguments::from_args();
    let faults = FAULTS.iter().map(|fault| Trial::test(format!("{}: {}", fault.1, fault.0), || planted(fault)));
    let known = KNOWN.iter().map(|(name, ids)| Trial::test(format!("{name}: nothing else"), || unchanged(name, ids)));
    libtest_mimic::run(&arguments, faults.chain(known).collect()).exit();
}

/// The settings of a Home Assistant that a fault may name, by their file.
const SETTINGS: &[(&str, &str)] = &[
    (
        "configuration.yaml",
        "use_x_forwarded_for: true\n  trusted_proxies: [172.30.33.0/24]\n  login_attempts_threshold: 5",
    ),
    ("addon.yaml", "use_x_forwarded_for: true\n  trusted_proxies: [172.30.33.0/24]\n  login_attempts_threshold: 5"),
    ("addon-wide.yaml", "use_x_forwarded_for: true\n  trusted_proxies: [10.4.0.0/16]\n  login_attempts_threshold: 5"),
    ("addon-bits.yaml", "use_x_forwarded_for: true\n  trusted_proxies: [10.4.10.10/24]\n  login_attempts_threshold: 5"),
    (
        "addon-off.yaml",
        "use_x_forwarded_for: false\n  trusted_proxies: [172.30.33.0/24]\n  login_attempts_threshold: 5",
    ),
    ("direct.yaml", "ssl_certificate: /ssl/fullchain.pem\n  ssl_key: /ssl/privkey.pem\n  login_attempts_threshold: 5"),
    ("direct-plain.yaml", "login_attempts_threshold: 5"),
    (
        "direct-clients.yaml",
        "ssl_certificate: /ssl/fullchain.pem\n  ssl_key: /ssl/privkey.pem\n  ssl_peer_certificate: /ssl/clients.pem",
    ),
    ("direct-never.yaml", "ssl_certificate: /ssl/fullchain.pem\n  ssl_key: /ssl/privkey.pem"),
    ("dmz.yaml", "use_x_forwarded_for: true\n  trusted_proxies: [10.8.60.5]\n  login_attempts_threshold: 5"),
    ("dmz-wide.yaml", "use_x_forwarded_for: true\n  trusted_proxies: [10.8.0.0/16]\n  login_attempts_threshold: 5"),
    ("none.yaml", ""),
];

fn check(text: &str) -> Checked {
    let text = format!("{text}\nuse std.leaks.small-office\n");
    let file = |(name, text): &(&str, &str)| ((*name).to_owned(), format!("http:\n  {text}\n"));
    let files: BTreeMap<String, String> = SETTINGS.iter().map(file).collect();
    compile::check("main.hedge", &text, &Memory { files, date: jiff::civil::date(2026, 11, 23) })
}

fn example(name: &str) -> String {
    fs::read_to_string(format!("examples/{name}/main.hedge")).unwrap()
}

/// The findings, each with its id and the first line that it underlines. What a rule does to the promises of the
/// example, and that it makes another rule redundant, is not what is asked here.
fn findings(checked: &Checked) -> BTreeSet<(&'static str, String)> {
    let mut found = BTreeSet::new();
    for one in &checked.diagnostics {
        let Some(id) = find(one.code).map(|leak| leak.id) else { continue };
        if id != "redundant-rule" {
            let text = checked.sources.text(one.primary.span).lines().next().unwrap_or_default();
            found.insert((id, text.to_owned()));
        }
    }
    found
}

fn shown(checked: &Checked) -> String {
    let human = Human::new(&checked.sources, false);
    checked.diagnostics.iter().fold(String::new(), |text, found| text + &human.render(found) + "\n\n")
}

/// As it is an example is clean; without its waivers it has what it is known to have.
fn unchanged(name: &str, ids: &[&str]) -> Result<(), Failed> {
    let text = example(name);
    let checked = check(&text);
    if !findings(&checked).is_empty() {
        return Err(shown(&checked).into());
    }
    let checked = check(&without_waivers(&text));
    let found: BTreeSet<&str> = findings(&checked).into_iter().map(|(id, _)| id).collect();
    if found == ids.iter().copied().collect() { Ok(()) } else { Err(shown(&checked).into()) }
}

fn without_waivers(text: &str) -> String {
    let statements = text.split("\nwaive ").enumerate().map(|(index, part)| match part.split_once('}') {
        Some((_, rest)) if index > 0 => rest,
        _ => part,
    });
    statements.collect::<Vec<_>>().join("\n")
}

fn planted((_, name, edits, ids): &Fault) -> Result<(), Failed> {
    let before = findings(&check(&example(name)));
    let mut text = example(name);
    for (old, new) in *edits {
        if old.is_empty() {
            text = format!("{text}\n{new}\n");
        } else {
            assert!(text.contains(old), "the example has no `{old}`");
            text = text.replace(old, new);
        }
    }
    let checked = check(&text);
    let found: BTreeSet<&str> = findings(&checked).difference(&before).map(|(id, _)| *id).collect();
    if found == ids.iter().copied().collect() {
        return Ok(());
    }
    Err(format!("expected {ids:?}, found {found:?}\n{}", shown(&checked)).into())
}
