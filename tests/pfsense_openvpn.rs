//! OpenVPN on pfSense: who has an address for good gets it, and nobody else does; in a backup it has to be so already.

#[path = "support/pfsense.rs"]
mod support;

use hedgerow::router::File;
use roxmltree::Document;
use support::{items, refused, render, text};

const POLICY: &str = "use std.services\nrouter edge { target pfsense }\n\
    zone wan { role internet; interface igb0; interface pfsense wan; address dhcp }\n\
    zone srv { role server; interface igb1; interface pfsense lan; network 10.0.20.0/24, fd20::/64 }\n\
    zone old { role server; interface igb2; interface pfsense opt1; network 10.0.30.0/24 }\n\
    zone work { role vpn; interface pfsense opt2; network 10.0.99.0/24, fd99::/64 }\n\
    host ha { zone srv; address 10.0.20.10, fd20::10 }\n\
    host boss { zone work; address 10.0.99.6 }\n\
    allow phone -> ha : https\nallow boss -> srv\nallow work -> router : dns\n\
    vpn work { kind openvpn; listen udp 1194; on wan; peer phone { address 10.0.99.2, fd99::2 } }\n";

fn told(files: &[File]) -> Vec<String> {
    let document = Document::parse(&files[0].text).unwrap();
    let line = |item, fields: &[&str]| fields.iter().map(|field| text(item, &[field])).collect::<Vec<_>>().join(" | ");
    let servers = [
        "vpnid",
        "mode",
        "tunnel_network",
        "tunnel_networkv6",
        "topology",
        "local_network",
        "local_networkv6",
        "gwredir",
        "gwredir6",
        "dns_server1",
        "dns_server2",
        "custom_options",
    ];
    let clients = ["server_list", "common_name", "tunnel_network", "tunnel_networkv6", "description"];
    let root = document.root_element();
    let mut all: Vec<String> =
        items(root, &["openvpn", "openvpn-server"]).into_iter().map(|item| line(item, &servers)).collect();
    all.extend(items(root, &["openvpn", "openvpn-csc"]).into_iter().map(|item| line(item, &clients)));
    all
}

#[test]
fn a_client_with_an_address_has_an_override() {
    let full = POLICY.replace("on wan;", "on wan; tunnel full;");
    let narrow = full.replace(", fd99::/64", "").replace(", fd99::2", "");
    let accounts = POLICY.replace("on wan;", "on wan; auth radius ha;");
    let nobody = POLICY.replace("host boss { zone work; address 10.0.99.6 }\n", "").replace("allow boss -> srv\n", "");
    let nobody = nobody.replace(" peer phone { address 10.0.99.2, fd99::2 }", "").replace("allow phone", "allow work");
    let all = [POLICY, &full, &narrow, &accounts, &nobody].map(|policy| told(&render(policy, &[])).join("\n"));
    insta::assert_snapshot!(all.join("\n\n"));
}

/// The configuration of a fresh machine, as the backup of one that has it by now.
fn backup(from: &str, to: &str) -> Vec<File> {
    let fresh = render(POLICY, &[]).swap_remove(0);
    assert!(fresh.text.contains(from), "{from}");
    vec![File { text: fresh.text.replace(from, to), ..fresh }]
}

const BOSS: &str = "<tunnel_network>10.0.99.6/24</tunnel_network>";

#[test]
fn a_backup_takes_on_the_overrides_that_it_lacks() {
    let mine = backup("", "");
    assert_eq!(told(&render(POLICY, &mine)), told(&mine), "those that are there are written once");
    let more = POLICY.replace("peer phone", "peer tablet { address 10.0.99.3 }; peer phone");
    // The pool of the server has to leave out the new address.
    let wider = backup("ifconfig-pool 10.0.99.7 10.0.99.254", "ifconfig-pool 10.0.99.100 10.0.99.200");
    let merged = render(&more, &wider);
    insta::assert_snapshot!(told(&merged).join("\n"));
    assert_eq!(told(&render(&more, &merged[..1])), told(&merged));
    // A server that lets nobody in without an override keeps every address for its own.
    render(
        &more,
        &backup(
            "server 10.0.99.0 255.255.255.0 nopool;ifconfig-pool 10.0.99.7 10.0.99.254 255.255.255.0",
            "ccd-exclusive",
        ),
    );
    // Who is of another server has nothing to do with it.
    let stranger = "<openvpn><openvpn-csc><server_list>7</server_list><common_name>phone</common_name>\
        <tunnel_network>10.0.99.6/24</tunnel_network></openvpn-csc>";
    render(POLICY, &backup("<openvpn>", stranger));
    // Each has a network of four addresses, of which the third is the client's.
    let net30 = backup("<topology>subnet</topology>", "<topology>net30</topology>");
    let net30 = net30[0].text.replace(BOSS, "<tunnel_network>10.0.99.4/30</tunnel_network>");
    let net30 = net30.replace(">10.0.99.2/24<", ">10.0.99.0/30<");
    render(POLICY, &[File { text: net30, ..mine[0].clone() }]);
}

#[test]
fn an_override_of_the_backup_has_to_be_what_the_policy_says() {
    let csc = |fields: &str| format!("<openvpn><openvpn-csc>{fields}</openvpn-csc>");
    let said = [
        // The same name has another address, none, is switched off, or kept out.
        refused(POLICY, &backup(BOSS, "<tunnel_network>10.0.99.9/24</tunnel_network>")),
        refused(POLICY, &backup(BOSS, "")),
        refused(POLICY, &backup(BOSS, &format!("<disable></disable>{BOSS}"))),
        refused(POLICY, &backup(BOSS, &format!("{BOSS}<block>yes</block>"))),
        // Another name has the address: by the fields, as a network behind it, by a line of OpenVPN's own.
        refused(
            POLICY,
            &backup("<openvpn>", &csc("<common_name>eve</common_name><tunnel_network>10.0.99.6/24</tunnel_network>")),
        ),
        refused(
            POLICY,
            &backup("<openvpn>", &csc("<common_name>eve</common_name><remote_network>10.0.0.0/8</remote_network>")),
        ),
        refused(
            POLICY,
            &backup(
                "<openvpn>",
                &csc(
                    "<server_list>1,3</server_list><common_name>eve</common_name><custom_options>route 10.1.0.0;ifconfig-push 10.0.99.2 255.255.255.0</custom_options>",
                ),
            ),
        ),
        // The server gives it to anybody, has no clients, or gives each a network.
        refused(POLICY, &backup("nopool;ifconfig-pool 10.0.99.7 10.0.99.254 255.255.255.0", "")),
        refused(POLICY, &backup("<mode>server_tls</mode>", "<mode>p2p_shared_key</mode>")),
        refused(
            &POLICY.replace("10.0.99.6", "10.0.99.7"),
            &backup("<topology>subnet</topology>", "<topology>net30</topology>"),
        ),
        // It has no network for the address, or one that it hands out by turns.
        refused(POLICY, &backup("<tunnel_networkv6>fd99::/64</tunnel_networkv6>", "")),
        refused(&POLICY.replace("fd99::2 ", "fd99::1002 "), &[]),
    ];
    insta::assert_snapshot!(said.concat());
}
