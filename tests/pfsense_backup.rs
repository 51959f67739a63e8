//! What is written into a backup: everything foreign keeps its bytes, what is missing is put beside it, and what is there
//! has to be what the policy says.

#[path = "support/pfsense.rs"]
mod support;

use std::{fs, path::Path, process::Command};

use hedgerow::router::File;
use roxmltree::Document;
use support::{items, refused, render, text, texts};

const BASES: [&str; 3] = ["many-packages", "odd-order", "bare"];

/// All that a policy may ask of a backup: tunnels, names, an uplink that stands in, VLANs, forwards, schedules, pools.
const POLICY: &str = "use std.services\nrouter edge { output closed }\n\
    zone wan { role internet; interface igb0; interface pfsense wan; address dhcp }\n\
    zone lte { role internet; interface igb2; interface pfsense opt7; address dhcp; failover }\n\
    zone pc { role trusted; interface igb1; interface pfsense lan; network 10.0.10.0/24; dhcp 10.0.10.100-10.0.10.200 }\n\
    zone srv { role server; interface igb1.20; interface pfsense opt1; vlan 20; network 10.0.20.0/24 }\n\
    zone road { role vpn; interface pfsense opt8; network 10.0.98.0/24 }\n\
    zone work { role vpn; interface pfsense opt9; network 10.0.99.0/24 }\n\
    host ha { zone srv; address 10.0.20.10; mac 52:54:00:aa:bb:10; name ha.example.org }\n\
    schedule evening = mon-fri 18:00-06:00\n\
    allow pc -> internet\nallow pc -> router : dns, dhcp4\nallow pc -> ha { during evening }\nallow road, work -> ha : https\n\
    allow router -> internet : dns, ping\n\
    vpn road { kind wireguard; listen udp 51821; on wan; peer phone { address 10.0.98.2; key \"mK3cTjq0dQ2bq0bM4R9wM2YpS0xkq0cV0m5aK1yQ2Wk=\" } }\n\
    vpn work { kind openvpn; listen udp 1194; on wan }\n\
    expose ha : https { on wan; ipv6 off; name home.example.org; hairpin off; tls own }\n";

const KEY: &str = "; key \"mK3cTjq0dQ2bq0bM4R9wM2YpS0xkq0cV0m5aK1yQ2Wk=\"";

/// Somebody of the tunnel that [`POLICY`] has in `many-packages`, with the address of its peer.
const OTHER_PEER: &str = "<item><enabled>yes</enabled><tun>tun_wg1</tun><descr>eve</descr>\
    <publickey>hUkIHRmlT7uMZm5pJ0HvCcUq9eNYFmnC4mOZc8VX5z0=</publickey>\
    <allowedips><row><address>10.0.98.2</address><mask>32</mask></row></allowedips></item>";

fn base(name: &str) -> File {
    let text = fs::read_to_string(format!("tests/pfsense_backup/{name}.xml")).unwrap();
    File { name: format!("{name}.xml"), text }
}

/// What an administrator of Windows makes of it.
fn windows(base: &File) -> File {
    File { text: base.text.replace('\n', "\r\n"), ..base.clone() }
}

/// Is every byte of the first in the second, in their order, and every element with its text in one piece?
fn kept(base: &str, merged: &str) {
    // What is told in IMPORT.md to change, and nothing else.
    let base = base
        .replace("<mode>automatic</mode>", "<mode>hybrid</mode>")
        .replace("<defaultgw4></defaultgw4>", "<defaultgw4>FAILOVER</defaultgw4>")
        .replace("<defaultgw4/>", "<defaultgw4>FAILOVER</defaultgw4>");
    // An empty element that something is put into becomes two tags.
    let base = ["aliases", "openvpn", "outbound", "peers", "separator"]
        .iter()
        .fold(base, |text, name| text.replace(&format!("<{name}/>"), &format!("<{name}></{name}>")));
    let mut bytes = merged.bytes();
    assert!(base.bytes().all(|byte| bytes.any(|other| other == byte)), "a byte is gone");
    let pieces = |text: &str| -> Vec<String> { text.split('<').map(|piece| piece.trim_end().to_owned()).collect() };
    let merged = pieces(merged);
    let mut merged = merged.iter();
    for piece in pieces(&base) {
        assert!(merged.any(|other| *other == piece), "`<{piece}` is gone");
    }
}

#[test]
fn hostile_backups_keep_their_bytes() {
    for base in BASES.map(base) {
        for base in [windows(&base), base] {
            let merged = render(POLICY, std::slice::from_ref(&base));
            kept(&base.text, &merged[0].text);
            let windows = base.text.contains('\r');
            let (all, long) = (merged[0].text.matches('\n').count(), merged[0].text.matches("\r\n").count());
            assert_eq!(long, if windows { all } else { 0 }, "{}: all lines end as those of the base", base.name);
            let document = Document::parse(&merged[0].text).unwrap();
            let root = document.root_element();
            for section in ["interfaces", "filter", "nat", "aliases", "gateways", "openvpn", "installedpackages"] {
                assert_eq!(items(root, &[section]).len(), 1, "{}: one `{section}`", base.name);
            }
            for lists in ["config", "tunnels", "peers"] {
                assert_eq!(items(root, &["installedpackages", "wireguard", lists]).len(), 1, "{}: {lists}", base.name);
            }
            assert_eq!(texts(root, &["gateways", "defaultgw4"]), ["FAILOVER"]);
            assert!(texts(root, &["interfaces", "opt8", "if"])[0].starts_with("tun_wg"));
            let again = render(POLICY, &merged[..1]);
            for (line, before) in again[0].text.lines().zip(merged[0].text.lines()) {
                assert_eq!(line, before, "{}: the second run changes something", base.name);
            }
            assert_eq!(again[0].text.len(), merged[0].text.len(), "{}", base.name);
            // Without the names and the uplink that stands in, they are gone, and what was foreign is not.
            let less = POLICY
                .replace("; failover", "")
                .replace("; name ha.example.org", "")
                .replace("name home.example.org; ", "");
            let less = render(&less, &merged[..1]);
            let theirs = base.text.replace("<defaultgw4></defaultgw4>", "").replace("<defaultgw4/>", "");
            let now = less[0].text.replace("<defaultgw4></defaultgw4>", "");
            kept(&theirs, &now);
            assert!(!now.contains("FAILOVER") && !now.contains("home.example"), "{}", base.name);
        }
    }
}

#[test]
fn tunnels_that_the_backup_does_not_have_are_put_beside_its_own() {
    let merged = render(POLICY, &[base("many-packages")]);
    let document = Document::parse(&merged[0].text).unwrap();
    let root = document.root_element();
    let told = |path: &[&str], fields: &[&str]| -> Vec<String> {
        let line = |item| fields.iter().map(|field| text(item, &[field])).collect::<Vec<_>>().join(" | ");
        items(root, path).into_iter().map(line).collect()
    };
    let mut all =
        told(&["openvpn", "openvpn-server"], &["vpnid", "interface", "protocol", "local_port", "tunnel_network"]);
    let wireguard = ["installedpackages", "wireguard"];
    all.extend(told(&[wireguard[0], wireguard[1], "tunnels", "item"], &["name", "listenport", "privatekey"]));
    all.extend(told(&[wireguard[0], wireguard[1], "peers", "item"], &["tun", "descr", "publickey"]));
    for key in ["opt8", "opt9"] {
        all.extend(told(&["interfaces", key], &["if", "descr", "ipaddr", "subnet"]));
    }
    insta::assert_snapshot!(all.join("\n"));

    // Who is new to the policy is put beside those who are there, and nobody twice.
    let more = POLICY.replace(
        "peer phone",
        "peer laptop { address 10.0.98.3; key \"hUkIHRmlT7uMZm5pJ0HvCcUq9eNYFmnC4mOZc8VX5z0=\" }; peer phone",
    );
    let grown = render(&more, &merged[..1]);
    let document = Document::parse(&grown[0].text).unwrap();
    let peers = texts(document.root_element(), &[wireguard[0], wireguard[1], "peers", "item", "descr"]);
    assert_eq!(peers, ["hedgerow laptop", "hedgerow phone", "tablet"]);
}

/// The area that WireGuard is in is that of all packages: with a backup it has all of them, and without there is none.
#[test]
fn the_area_of_wireguard_holds_every_package_or_is_not_written() {
    let area = |files: &[File]| files.iter().find(|file| file.name == "installedpackages.xml").cloned();
    let guide = |files: &[File]| files.iter().find(|file| file.name == "IMPORT.md").unwrap().text.clone();
    let base = base("many-packages");
    let merged = render(POLICY, std::slice::from_ref(&base));
    let text = area(&merged).unwrap().text;
    let packages = Document::parse(&text).unwrap();
    let root = packages.root_element();
    assert!(root.has_tag_name("installedpackages"));
    let before = Document::parse(&base.text).unwrap();
    let names = |root| texts(root, &["package", "name"]).join(" ");
    assert_eq!(names(root), names(items(before.root_element(), &["installedpackages"])[0]));
    assert_eq!(texts(root, &["wireguard", "tunnels", "item", "name"]), ["tun_wg1", "tun_wg0"]);
    assert!(
        guide(&merged).contains("`installedpackages.xml` | the area *Package Manager* of it, what is yours included")
    );
    let fresh = render(POLICY, &[]);
    assert!(area(&fresh).is_none());
    assert!(guide(&fresh).contains("There is no file for WireGuard: it is in the area *Package Manager*"));
}

#[test]
fn a_tunnel_of_the_backup_is_taken_as_it_is() {
    // Not assigned yet: the interface is new, the tunnel is not.
    let text = base("many-packages").text.replace("<if>tun_wg0</if>", "<if>igb9</if>");
    let policy = POLICY
        .replace("udp 51821", "udp 51820")
        .replace("udp 1194", "udp 1195")
        .replace("10.0.99.0/24", "10.99.0.0/24");
    let merged = render(&policy, &[File { text, ..base("many-packages") }]);
    let document = Document::parse(&merged[0].text).unwrap();
    let root = document.root_element();
    assert_eq!(texts(root, &["interfaces", "opt8", "if"]), ["tun_wg0"]);
    assert_eq!(texts(root, &["interfaces", "opt9", "if"]), ["ovpns1"]);
    assert_eq!(items(root, &["openvpn", "openvpn-server"]).len(), 1);
    assert_eq!(items(root, &["installedpackages", "wireguard", "tunnels", "item"]).len(), 1);
}

#[test]
fn what_cannot_be_decided_about_a_backup_is_asked() {
    let file = base("many-packages");
    let other = |from: &str, to: &str| vec![File { text: file.text.replace(from, to), ..file.clone() }];
    let merged = render(POLICY, std::slice::from_ref(&file));
    let mine = |from: &str, to: &str| {
        assert!(merged[0].text.contains(from), "{from}");
        vec![File { text: merged[0].text.replace(from, to), ..file.clone() }]
    };
    let said = [
        // The tunnel is another interface's.
        refused(&POLICY.replace("udp 51821", "udp 51820"), &other("", "")),
        // The port is that of a tunnel of another kind.
        refused(&POLICY.replace("udp 1194", "udp 51820"), &other("", "")),
        // The interface is no tunnel.
        refused(&POLICY.replace("pfsense opt9", "pfsense opt4"), &other("", "")),
        // It hands out addresses of no zone.
        refused(&POLICY.replace("udp 1194", "udp 1195"), &other("", "")),
        // It is the same network at another port.
        refused(&POLICY.replace("10.0.99.0/24", "10.99.0.0/24"), &other("", "")),
        // A peer has another address by now.
        refused(POLICY, &mine("<address>10.0.98.2</address>", "<address>10.0.98.0</address>")),
        // A peer may send from its whole network, and so as anybody in it.
        refused(
            POLICY,
            &mine(
                "<address>10.0.98.2</address>\n\t\t\t\t\t\t\t<mask>32</mask>",
                "<address>10.0.98.2</address>\n\t\t\t\t\t\t\t<mask>24</mask>",
            ),
        ),
        // Somebody else may send from a peer's address.
        refused(
            POLICY,
            &mine("mK3cTjq0dQ2bq0bM4R9wM2YpS0xkq0cV0m5aK1yQ2Wk=", "hUkIHRmlT7uMZm5pJ0HvCcUq9eNYFmnC4mOZc8VX5z0="),
        ),
        // The same of a peer whose key the policy does not have: its network, and two with its address.
        refused(&POLICY.replace(KEY, ""), &mine("\t<mask>32</mask>", "\t<mask>24</mask>")),
        refused(&POLICY.replace(KEY, ""), &mine("<peers>", &format!("<peers>\n{OTHER_PEER}"))),
        // Somebody answers the name otherwise.
        refused(&POLICY.replace("name home.example.org", "name files.house.example"), &other("", "")),
        // IPv4 leaves by one gateway, and by a group in another order.
        refused(POLICY, &other("<defaultgw4></defaultgw4>", "<defaultgw4>WAN_DHCP</defaultgw4>")),
        refused(
            POLICY,
            &other(
                "<defaultgw4></defaultgw4>",
                "<gateway_group><name>Both</name><item>WAN_DHCP|2|address</item><item>LTE_DHCP|1|address</item></gateway_group><defaultgw4>Both</defaultgw4>",
            ),
        ),
    ];
    insta::assert_snapshot!(said.concat());
}

/// The policy says where the firewall's own page is, and the backup knows.
#[test]
fn the_page_of_the_backup_leaves_its_ports_to_the_proxy() {
    let policy = POLICY
        .replace("output closed", "output closed; page 8443")
        .replace("hairpin off; tls own", "through router; tls letsencrypt http-01");
    let file = base("many-packages");
    let page = |page: &str| {
        let text = file.text.replace("<webgui><protocol>https</protocol>", &format!("<webgui>{page}"));
        vec![File { text, ..file.clone() }]
    };
    let said = [
        refused(&policy, std::slice::from_ref(&file)),
        refused(&policy, &page("<protocol>http</protocol>")),
        refused(&policy, &page("<protocol>https</protocol><port>8443</port>")),
    ];
    insta::assert_snapshot!(said.concat());
    render(&policy, &page("<protocol>https</protocol><port>8443</port><disablehttpredirect></disablehttpredirect>"));
}

#[test]
fn a_peer_without_a_key_is_known_by_its_address() {
    let merged = render(POLICY, &[base("many-packages")]);
    let again = render(&POLICY.replace(KEY, ""), &merged[..1]);
    assert_eq!(again[0].text, merged[0].text);
}

#[test]
fn a_mark_at_the_head_stays_there() {
    let file = base("many-packages");
    let plain = render(POLICY, std::slice::from_ref(&file));
    let marked = render(POLICY, &[File { text: format!("\u{feff}{}", file.text), ..file }]);
    assert_eq!(marked[0].text, format!("\u{feff}{}", plain[0].text));
}

#[test]
fn outbound_nat_without_a_mode_is_automatic() {
    let file = base("two-uplinks");
    for mode in ["", "<mode></mode>", "<mode/>"] {
        let text = file.text.replace("<mode>automatic</mode>", mode);
        assert_ne!(text, file.text);
        let merged = render(POLICY, &[File { text, ..file.clone() }]);
        let document = Document::parse(&merged[0].text).unwrap();
        assert_eq!(texts(document.root_element(), &["nat", "outbound", "mode"]), ["hybrid"], "{mode}");
        assert_eq!(render(POLICY, &merged[..1])[0].text, merged[0].text, "{mode}");
    }
}

#[test]
fn a_group_of_the_backup_in_the_same_order_is_the_way_out() {
    let file = base("many-packages");
    let group = "<gateway_group><name>Both</name><item>WAN_DHCP|1|address</item><item>LTE_DHCP|3|address</item></gateway_group>";
    for default in ["", "Both"] {
        let text =
            file.text.replace("<defaultgw4></defaultgw4>", &format!("{group}<defaultgw4>{default}</defaultgw4>"));
        let merged = render(POLICY, &[File { text, ..file.clone() }]);
        let document = Document::parse(&merged[0].text).unwrap();
        let root = document.root_element();
        assert_eq!(texts(root, &["gateways", "gateway_group", "name"]), ["Both"]);
        assert_eq!(texts(root, &["gateways", "defaultgw4"]), ["Both"]);
    }
}

#[test]
fn names_go_to_the_resolver_that_answers() {
    for (name, resolver, foreign) in [("many-packages", "unbound", "nas"), ("odd-order", "dnsmasq", "www")] {
        let merged = render(POLICY, &[base(name)]);
        let document = Document::parse(&merged[0].text).unwrap();
        let root = document.root_element();
        let found: Vec<String> = items(root, &[resolver, "hosts"])
            .into_iter()
            .map(|item| ["host", "domain", "ip"].map(|field| text(item, &[field])).join(" "))
            .collect();
        assert_eq!(found[..2], ["ha example.org 10.0.20.10", "home example.org 10.0.20.10"]);
        assert!(found[2].starts_with(foreign));
    }
    // The same answer of the user's own stays the only one.
    let file = base("many-packages");
    let text = file.text.replace("172.20.0.20,fd00:20::20", "10.0.20.10");
    let policy = POLICY.replace("name home.example.org", "name Files.house.example");
    let merged = render(&policy, &[File { text, ..file }]);
    let document = Document::parse(&merged[0].text).unwrap();
    assert_eq!(texts(document.root_element(), &["unbound", "hosts", "host"]), ["ha", "nas"]);
}

#[test]
fn what_is_written_into_a_backup_is_proven() {
    // Beside rules of the user's pfSense translates by itself, `::1` too.
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("pfsense-backup");
    fs::create_dir_all(&folder).unwrap();
    let policy = folder.join("home.hedge");
    fs::write(&policy, POLICY).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_hedgerow"))
        .args(["compile", "--target", "pfsense", "--base", "tests/pfsense_backup/two-uplinks.xml", "-o"])
        .args([&folder, &policy])
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("proven equal to the policy (IPv4, IPv6)"), "{said}");
}
