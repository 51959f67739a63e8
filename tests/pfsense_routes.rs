//! Networks behind a host, on pfSense: a gateway at the host's address, a static route, and the ways out that are said,
//! for pfSense takes any gateway for one.

#[path = "support/pfsense.rs"]
mod support;

use hedgerow::{
    compile,
    router::File,
    target::Target,
    verify::{Difference, Kind},
    world::Memory,
};
use roxmltree::Document;
use support::{items, refused, render, text, texts};

const HOUSE: &str = "use std.services\nrouter edge { }\n\
    zone wan { role internet; interface igb0; interface pfsense wan; address dhcp }\n\
    zone pc { role trusted; interface igb1; interface pfsense lan; network 10.0.10.0/24, fd10::/64 }\n\
    zone srv { role server; interface igb2; interface pfsense opt1; network 10.0.20.0/24, fd20::/64 }\n\
    zone road { role vpn; network 10.0.99.0/24, fd99::/64 }\n\
    host nas { zone srv; address 10.0.20.8, fd20::8 }\n\
    host printer { zone pc; address 10.0.10.9 }\n\
    vpn road { kind openvpn; listen udp 1194; server nas; masquerade off; peer phone { address 10.0.99.2 } }\n\
    allow pc -> internet\nallow phone -> printer : ipp\nallow road -> internet : https\n";

const CABIN: &str = "use std.services\nrouter edge { }\n\
    zone wan { role internet; interface igb0; interface pfsense wan; address dhcp }\n\
    zone pc { role trusted; interface igb1; interface pfsense lan; network 10.0.10.0/24 }\n\
    zone cabin { role vpn; interface wg0; interface pfsense opt5; network 10.9.8.0/24 }\n\
    host sensor { zone cabin; address 192.168.50.20 }\n\
    vpn cabin { kind wireguard; listen udp 51820; peer hut { address 10.9.8.2; network 192.168.50.0/24 } }\n\
    allow pc -> sensor : https\n";

/// Gateways, ways out and routes, in short.
fn told(file: &File) -> String {
    let document = Document::parse(&file.text).unwrap();
    let root = document.root_element();
    let gateways = items(root, &["gateways", "gateway_item"]).into_iter().map(|item| {
        let silent = !items(item, &["monitor_disable"]).is_empty();
        format!(
            "{} is {} on {}{}",
            text(item, &["name"]),
            text(item, &["gateway"]),
            text(item, &["interface"]),
            if silent { ", not asked whether it is up" } else { "" }
        )
    });
    let out = ["defaultgw4", "defaultgw6"].into_iter().filter_map(|name| {
        let found = texts(root, &["gateways", name]);
        (!found.is_empty()).then(|| format!("{name}: {}", found.join(", ")))
    });
    let routes = items(root, &["staticroutes", "route"]);
    let routes =
        routes.into_iter().map(|route| format!("{} by {}", text(route, &["network"]), text(route, &["gateway"])));
    gateways.chain(out).chain(routes).collect::<Vec<_>>().join("\n")
}

fn differences(policy: &str, config: &str) -> Vec<Difference> {
    let mut checked = compile::check("home.hedge", policy, &Memory::default());
    let files = [File { name: "config.xml".to_owned(), text: config.to_owned() }];
    compile::verify(&mut checked, Target::PfSense, &files).unwrap().unwrap().differences
}

#[test]
fn a_network_behind_a_host_has_a_gateway_and_a_route() {
    let files = render(HOUSE, &[]);
    insta::assert_snapshot!(told(&files[0]), @"
    HR_NAS is 10.0.20.8 on opt1, not asked whether it is up
    HR_NAS6 is fd20::8 on opt1, not asked whether it is up
    defaultgw4: WAN_DHCP
    defaultgw6: WAN_DHCP6
    10.0.99.0/24 by HR_NAS
    fd99::/64 by HR_NAS6
    ");
    // Where there is no way out, the host would be the only one.
    let inside = HOUSE.replace("zone wan { role internet; interface igb0; interface pfsense wan; address dhcp }\n", "");
    let inside = inside.replace("allow pc -> internet\n", "").replace("allow road -> internet : https\n", "");
    let inside = told(&render(&inside, &[])[0]);
    assert!(inside.contains("defaultgw4: -") && inside.contains("defaultgw6: -"), "{inside}");
    // No area restores gateways, and a route without its gateway leads nowhere.
    assert!(!files.iter().any(|file| file.name == "staticroutes.xml"));
}

#[test]
fn hosts_on_the_link_are_answered_by_another_way() {
    let files = render(HOUSE, &[]);
    let document = Document::parse(&files[0].text).unwrap();
    let rules = items(document.root_element(), &["filter", "rule"]);
    let sloppy: Vec<String> = rules
        .into_iter()
        .filter(|rule| text(*rule, &["statetype"]) == "sloppy state")
        .map(|rule| format!("{} {}", text(rule, &["interface"]), text(rule, &["descr"])))
        .collect();
    assert!(!sloppy.is_empty());
    // All of it stays on the link: nothing that passes the firewall in both directions is watched less.
    assert!(sloppy.iter().all(|rule| rule == "opt1 hedgerow within the zone"), "{sloppy:?}");
}

#[test]
fn a_network_behind_a_peer_is_led_to_it() {
    insta::assert_snapshot!(told(&render(CABIN, &[])[0]), @"
    HR_HUT is 10.9.8.2 on opt5, not asked whether it is up
    defaultgw4: WAN_DHCP
    192.168.50.0/24 by HR_HUT
    ");
    let bare = CABIN.replace("network 192.168.50.0/24", "network 192.168.50.0/24, fd50::/64");
    insta::assert_snapshot!("a_peer_without_an_address", refused(&bare, &[]));
}

#[test]
fn without_its_route_the_file_is_not_the_policy() {
    for (policy, net) in [(HOUSE, "10.0.99.0/24"), (CABIN, "192.168.50.0/24")] {
        let config = &render(policy, &[])[0].text;
        assert_eq!(differences(policy, config).len(), 0);
        let route = format!("<network>{net}</network>");
        let gateway = if policy == HOUSE { "10.0.20.8" } else { "10.9.8.2" };
        let key = if policy == HOUSE { "opt1" } else { "opt5" };
        for (what, edited) in [
            ("another network", config.replace(&route, "<network>10.77.0.0/24</network>")),
            ("switched off", config.replace(&route, &format!("{route}<disabled></disabled>"))),
            ("an unknown gateway", config.replacen("<gateway>HR_", "<gateway>GONE_", 1)),
            (
                "a gateway elsewhere",
                config.replace(
                    &format!("<interface>{key}</interface>\n\t\t\t<gateway>{gateway}"),
                    &format!("<interface>wan</interface>\n\t\t\t<gateway>{gateway}"),
                ),
            ),
            (
                "a narrower route elsewhere",
                config.replace(
                    "<staticroutes>",
                    &format!(
                        "<staticroutes>\n\t\t<route><network>{}</network><gateway>WAN_DHCP</gateway></route>",
                        net.replace("0/24", "16/28")
                    ),
                ),
            ),
        ] {
            assert_ne!(*config, edited, "{what}");
            let found = differences(policy, &edited);
            let told = found.iter().any(|difference| {
                difference.kind == Kind::Closed
                    && difference.line.as_ref().is_some_and(|line| line.text.contains("no static route leads to"))
            });
            assert!(told, "{what}: {found:#?}");
        }
        // A wider route that leads there will do.
        let wider = config.replace(&route, &format!("<network>{}</network>", net.replace("0/24", "0/23")));
        let wider = wider.replace("10.0.99.0/23", "10.0.98.0/23");
        assert_eq!(differences(policy, &wider).len(), 0);
    }
}

/// A backup with an uplink, and whatever stands in its section of gateways and routes.
fn backup(gateways: &str, routes: &str) -> File {
    let text = format!(
        "<?xml version=\"1.0\"?>\n<pfsense>\n\t<version>23.3</version>\n\t<system><ipv6allow></ipv6allow><disablenegate></disablenegate>\
         <webgui><protocol>https</protocol><noantilockout></noantilockout></webgui>\
         <disablenatreflection>yes</disablenatreflection></system>\n\t<interfaces>\n\
         \t\t<wan><enable></enable><if>igb0</if><descr>WAN</descr><ipaddr>dhcp</ipaddr></wan>\n\
         \t\t<lan><enable></enable><if>igb1</if><descr>LAN</descr><ipaddr>10.0.10.1</ipaddr><subnet>24</subnet>\
         <ipaddrv6>fd10::1</ipaddrv6><subnetv6>64</subnetv6></lan>\n\
         \t\t<opt1><enable></enable><if>igb2</if><descr>SRV</descr><ipaddr>10.0.20.1</ipaddr><subnet>24</subnet>\
         <ipaddrv6>fd20::1</ipaddrv6><subnetv6>64</subnetv6></opt1>\n\t</interfaces>\n\
         \t<gateways>{gateways}</gateways>\n{routes}\t<nat><outbound><mode>automatic</mode></outbound></nat>\n\
         \t<filter></filter>\n</pfsense>\n"
    );
    File { name: "config-edge.xml".to_owned(), text }
}

#[test]
fn what_a_backup_has_of_it_is_kept_or_asked_about() {
    let merged = render(HOUSE, &[backup("<defaultgw4></defaultgw4><defaultgw6></defaultgw6>", "")]);
    insta::assert_snapshot!("into_a_backup", told(&merged[0]));
    assert_eq!(render(HOUSE, &merged[..1])[0].text, merged[0].text, "the second run changes something");
    // Its own gateway and route there are used; a way out that was chosen stays.
    let own = "<gateway_item><interface>opt1</interface><gateway>10.0.20.8</gateway><name>THEIRS</name>\
        <ipprotocol>inet</ipprotocol></gateway_item><defaultgw4>WAN_DHCP</defaultgw4><defaultgw6>-</defaultgw6>";
    let route =
        "\t<staticroutes><route><network>10.0.99.0/24</network><gateway>THEIRS</gateway></route></staticroutes>\n";
    let merged = render(HOUSE, &[backup(own, route)]);
    insta::assert_snapshot!("beside_theirs", told(&merged[0]));
    // A policy without the VPN takes our routes with it, and leaves theirs.
    let less = HOUSE.replace("masquerade off", "masquerade on").replace("allow phone -> printer : ipp\n", "");
    let less = less.replace("allow road -> internet : https\n", "");
    let without = render(&less, &merged[..1]);
    assert!(told(&without[0]).contains("10.0.99.0/24 by THEIRS"));
    assert!(!told(&without[0]).contains("by HR_"));
    insta::assert_snapshot!("another_way", refused(HOUSE, &[backup(own, &route.replace("THEIRS", "WAN_DHCP"))]));
    insta::assert_snapshot!(
        "switched_off",
        refused(HOUSE, &[backup(own, &route.replace("</route>", "<disabled></disabled></route>"))])
    );
}
