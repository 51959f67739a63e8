//! What rules rest on: addresses of the router, gateways, networks of tunnels, leases and pools that were changed by hand
//! are told, and what means the same is not.

use hedgerow::{
    compile::{self, Checked},
    router::File,
    target::Target,
    world::Memory,
};

const POLICY: &str = r"
use std.services
router edge { target openwrt, pfsense }
zone wan  { role internet;  interface eth0;  interface pfsense wan;  address 203.0.113.2/30;  gateway 203.0.113.1;  delegated 2001:db8:7::/56 }
zone lan  { role trusted;  interface br-lan;  interface pfsense lan;  network 192.168.21.0/24, delegated 5;  dhcp 192.168.21.100-192.168.21.199 }
zone iot  { role iot;  interface br-lan.30;  interface pfsense opt1;  network 192.168.30.0/24 }
zone road { role vpn;  interface tun0;  interface pfsense opt2;  network 10.8.0.0/24 }
vpn road { kind openvpn;  listen udp 1194 }
host pc   { zone lan;  address 192.168.21.50;  mac 02:00:00:00:00:50;  admin }
host nas  { zone lan;  address 192.168.21.60;  mac 02:00:00:00:00:60 }
host lamp { zone iot;  address 192.168.30.9 }
allow lan -> internet
allow lan, iot -> router : dns, dhcp, ntp
allow pc -> router : ssh, https
allow road -> nas : smb
";

fn house(target: Target) -> (Checked, Vec<File>) {
    let world = Memory { date: jiff::civil::date(2026, 11, 23), ..Memory::default() };
    let mut checked = compile::check("main.hedge", POLICY, &world);
    let errors: Vec<_> = checked.diagnostics.iter().map(|found| found.message.clone()).collect();
    assert!(errors.is_empty(), "{errors:?}");
    let output = compile::render(&mut checked, "main.hedge", target, &[]);
    let output =
        output.unwrap_or_else(|errors| panic!("{:?}", errors.iter().map(|one| &one.message).collect::<Vec<_>>()));
    (checked, output.files)
}

/// What is told after one edit of a file.
fn told(target: Target, name: &str, from: &str, to: &str) -> Vec<String> {
    let (mut checked, mut files) = house(target);
    let file = files.iter_mut().find(|file| file.name == name).unwrap();
    assert!(file.text.contains(from), "{from} is not in\n{}", file.text);
    file.text = file.text.replacen(from, to, 1);
    let verdict = compile::verify(&mut checked, target, &files).unwrap().unwrap();
    assert_eq!(verdict.is_equal(), verdict.differences.is_empty() && verdict.deviations.is_empty());
    verdict.deviations.iter().map(hedgerow::verify::Deviation::sentence).collect()
}

#[test]
fn openwrt_tells_what_its_rules_rest_on() {
    for (file, from, to, expected) in [
        (
            "network",
            "192.168.21.1/24",
            "192.168.21.2/24",
            "the router's address in zone `lan` is 192.168.21.2/24, and 192.168.21.1 in the policy (network:",
        ),
        (
            "network",
            "192.168.21.1/24",
            "192.168.21.1/23",
            "192.168.21.1 in zone `lan` has a prefix of 23 bits, and one of 24 in the policy (network:",
        ),
        (
            "network",
            "192.168.30.1/24",
            "192.168.21.7/24",
            "the router's address in zone `iot` is 192.168.21.7/24, and 192.168.30.1 in the policy (network:",
        ),
        (
            "network",
            "list ipaddr '192.168.21.1/24'",
            "list ipaddr '192.168.21.1/24'\n\tlist ipaddr '10.66.6.1/24'",
            "the router has 10.66.6.1/24 in zone `lan` as well, and the policy knows nothing of it (network:",
        ),
        (
            "network",
            "ip6hint '5'",
            "ip6hint '6'",
            "zone `lan` has subnet 6 of the delegated prefix, with 64 bits, and subnet 5 of the delegated prefix, with 64 bits in the policy (network:",
        ),
        (
            "network",
            "gateway '203.0.113.1'",
            "gateway '203.0.113.3'",
            "the gateway of zone `wan` is 203.0.113.3, and 203.0.113.1 in the policy (network:",
        ),
        (
            "network",
            "203.0.113.2/30",
            "203.0.113.3/30",
            "the router's address in zone `wan` is 203.0.113.3/30, and 203.0.113.2 in the policy (network:",
        ),
        (
            "dhcp",
            "option ip '192.168.21.60'",
            "option ip '192.168.21.61'",
            "`nas` is given 192.168.21.61, and 192.168.21.60 in the policy (dhcp:",
        ),
        (
            "dhcp",
            "02:00:00:00:00:60",
            "02:00:00:00:00:66",
            "192.168.21.60 is kept for another device than `nas`, whose address it is in the policy (dhcp:",
        ),
        ("dhcp", "option ip '192.168.21.60'\n", "", "no address is kept for `nas`, and 192.168.21.60 in the policy"),
        (
            "dhcp",
            "option limit '100'",
            "option limit '10'",
            "the DHCP pool of zone `lan` is 192.168.21.100-192.168.21.109, and 192.168.21.100-192.168.21.199 in the policy (dhcp:",
        ),
        (
            "dhcp",
            "option limit '100'",
            "option limit '100'\n\toption ignore '1'",
            "the DHCP pool of zone `lan` is off, and 192.168.21.100-192.168.21.199 in the policy (dhcp:",
        ),
        (
            "dhcp",
            "option limit '100'",
            "option limit '100'\n\toption ignore 'on'",
            "the DHCP pool of zone `lan` is off, and 192.168.21.100-192.168.21.199 in the policy (dhcp:",
        ),
        (
            "dhcp",
            "config dhcp 'hedgerow_pool_iot'\n\toption interface 'iot'\n\toption start '",
            "config dhcp 'hedgerow_pool_iot'\n\toption interface 'iot'\n\toption start '2'\n\toption leasetime '",
            "the DHCP pool of zone `iot` holds 192.168.30.9, the address of `lamp` (dhcp:",
        ),
    ] {
        let found = told(Target::OpenWrt, file, from, to);
        // dnsmasq counts its pool from the network, which another mask moves.
        let pool = usize::from(to.ends_with("/23"));
        assert!(found.len() == 1 + pool && found[0].starts_with(expected), "{from} -> {to}: {found:#?}");
    }
}

#[test]
fn openwrt_says_nothing_of_other_words_for_the_same() {
    for (file, from, to) in [
        ("network", "list ipaddr '192.168.21.1/24'", "option ipaddr '192.168.21.1'\n\toption netmask '255.255.255.0'"),
        ("network", "list ipaddr '192.168.30.1/24'", "option ipaddr '192.168.30.1/24'"),
        ("dhcp", "02:00:00:00:00:60", "02-00-00-00-00-60"),
        (
            "dhcp",
            "config host 'hedgerow_host_pc'",
            "config host\n\toption mac '02:00:00:00:00:99'\n\toption ip '192.168.21.77'\n\nconfig host 'hedgerow_host_pc'",
        ),
    ] {
        assert_eq!(told(Target::OpenWrt, file, from, to), Vec::<String>::new(), "{from} -> {to}");
    }
}

#[test]
fn pfsense_tells_what_its_rules_rest_on() {
    for (from, to, expected) in [
        (
            "<ipaddr>192.168.21.60</ipaddr>",
            "<ipaddr>192.168.21.61</ipaddr>",
            "`nas` is given 192.168.21.61, and 192.168.21.60 in the policy (config.xml:",
        ),
        (
            "<mac>02:00:00:00:00:60</mac>",
            "<mac>02:00:00:00:00:66</mac>",
            "192.168.21.60 is kept for another device than `nas`, whose address it is in the policy (config.xml:",
        ),
        (
            "<to>192.168.21.199</to>",
            "<to>192.168.21.250</to>",
            "the DHCP pool of zone `lan` is 192.168.21.100-192.168.21.250, and 192.168.21.100-192.168.21.199 in the policy (config.xml:",
        ),
        (
            "<gateway>203.0.113.1</gateway>",
            "<gateway>203.0.113.3</gateway>",
            "the gateway of zone `wan` is 203.0.113.3, and 203.0.113.1 in the policy (config.xml:",
        ),
        (
            "<tunnel_network>10.8.0.0/24</tunnel_network>",
            "<tunnel_network>10.8.4.0/24</tunnel_network>",
            "the clients of zone `road` have addresses of 10.8.4.0/24, and of 10.8.0.0/24 in the policy (config.xml:",
        ),
    ] {
        let found = told(Target::PfSense, "config.xml", from, to);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{from} -> {to}: {found:#?}");
    }
}

#[test]
fn an_untouched_configuration_is_equal() {
    for target in [Target::OpenWrt, Target::PfSense] {
        let (mut checked, files) = house(target);
        assert!(compile::verify(&mut checked, target, &files).unwrap().unwrap().is_equal(), "{}", target.name());
    }
}
