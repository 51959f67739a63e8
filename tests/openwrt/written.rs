//! The files of the house that asks for everything, as its owner reads them.

use super::support::{HOUSE, SMALL, file, render, sections};

fn snapshot(name: &str, text: &str) {
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots/openwrt");
    settings.bind(|| insta::assert_snapshot!(name, text));
}

#[test]
fn the_house() {
    for file in render(HOUSE, &[]).unwrap() {
        snapshot(&format!("house_{}", file.name.replace('/', "_")), &file.text);
    }
}

#[test]
fn the_same_twice() {
    assert_eq!(render(HOUSE, &[]).unwrap(), render(HOUSE, &[]).unwrap());
}

/// The batch says what the files say.
#[test]
fn commands_and_files_agree() {
    let files = render(HOUSE, &[]).unwrap();
    let mut expected = String::new();
    for package in ["firewall", "network", "dhcp"] {
        for section in sections(file(&files, package)) {
            expected += &format!("set {package}.{}='{}'\n", section.name, section.kind);
            for (word, key, value) in &section.options {
                let command = if word == "list" { "add_list" } else { "set" };
                let value = value.replace('\'', "'\\''");
                expected += &format!("{command} {package}.{}.{key}='{value}'\n", section.name);
            }
        }
    }
    assert_eq!(file(&files, "hedgerow.uci"), expected);
}

#[test]
fn a_pool_keeps_off_addresses_that_rules_set_apart() {
    let policy = format!(
        "{SMALL}group cameras {{ zone srv; members 10.0.20.128/25 }}\nallow srv -> router : dhcp\ndeny cameras -> internet\n"
    );
    let files = render(&policy, &[]).unwrap();
    let pools = sections(file(&files, "dhcp"));
    let pool = pools.iter().find(|pool| pool.get("interface") == Some("srv")).unwrap();
    assert_eq!((pool.get("start"), pool.get("limit")), (Some("11"), Some("117")), "{pool:?}");
}

#[test]
fn names_point_inside_only_where_the_port_is_the_same() {
    let exposed = |port: &str| {
        let policy = format!("{SMALL}expose ha : https {{ {port}; name ha.example.org; tls own }}\n");
        let files = render(&policy, &[]).unwrap();
        sections(file(&files, "dhcp")).iter().any(|section| section.get("name") == Some("ha.example.org"))
    };
    assert!(exposed("port 443"));
    assert!(!exposed("port 8443"), "who is inside would ask the host on a port that is not open");
}

#[test]
fn an_uplink_whose_address_is_written_has_its_provider_s_router() {
    let wan = SMALL.lines().find(|line| line.trim_start().starts_with("zone wan")).unwrap();
    let fixed = "zone wan { role internet; interface eth0; address 203.0.113.2/30, 2001:db8:9::2/64; gateway 203.0.113.1, fe80::1 }";
    let files = render(&SMALL.replace(wan, fixed), &[]).unwrap();
    let network = file(&files, "network");
    let section = sections(network).into_iter().find(|section| section.get("device") == Some("eth0")).unwrap();
    assert_eq!(section.get("proto"), Some("static"));
    assert_eq!(section.all("ipaddr"), ["203.0.113.2/30"]);
    assert_eq!(section.all("ip6addr"), ["2001:db8:9::2/64"]);
    assert_eq!((section.get("gateway"), section.get("ip6gw")), (Some("203.0.113.1"), Some("fe80::1")));
    assert!(!network.contains("yours to fill in"), "{network}");
}

fn network(uplink: &str) -> Vec<super::support::Section> {
    let wan = SMALL.lines().find(|line| line.trim_start().starts_with("zone wan")).unwrap();
    sections(file(&render(&SMALL.replace(wan, uplink), &[]).unwrap(), "network"))
}

#[test]
fn the_tunnel_of_a_ds_lite_line_is_brought_up_by_whoever_asks_for_its_far_end() {
    let found = network("zone wan { role internet; interface eth0; address dhcp; uplink ds-lite }");
    let named = |name: &str| found.iter().find(|section| section.name == name);
    assert_eq!(named("wan").unwrap().get("proto"), Some("none"), "no IPv4 of the line itself");
    assert_eq!(named("wan6").unwrap().get("iface_dslite"), Some("wan4"));
    assert!(named("wan4").is_none(), "it is made when the provider has named its far end");
    let found = network("zone wan { role internet; interface pppoe-wan; address pppoe; uplink ds-lite }");
    assert!(found.iter().any(|section| section.get("iface_dslite") == Some("wan4")), "{found:?}");
    let found = network("zone wan { role internet; interface eth0; address 2001:db8:9::2/64; uplink ds-lite }");
    let tunnel = found.iter().find(|section| section.get("proto") == Some("dslite")).unwrap();
    assert_eq!((tunnel.name.as_str(), tunnel.get("tunlink")), ("wan4", Some("wan")));
}

#[test]
fn behind_a_box_that_ends_the_tunnel_the_line_is_as_any_other() {
    for address in ["address dhcp; upstream 192.168.178.0/24", "address 192.168.178.2/24"] {
        let found =
            network(&format!("zone wan {{ role internet; interface eth0; uplink ds-lite; {address}; masquerade on }}"));
        assert!(found.iter().all(|section| section.get("iface_dslite").is_none()), "{found:?}");
    }
}

#[test]
fn a_pppoe_line_has_one_client_for_ipv6() {
    let found = network("zone wan { role internet; interface pppoe-wan; address pppoe }");
    assert_eq!(found.iter().find(|section| section.name == "wan").unwrap().get("ipv6"), Some("1"));
    assert_eq!(found.iter().filter(|section| section.get("proto") == Some("dhcpv6")).count(), 1);
}
