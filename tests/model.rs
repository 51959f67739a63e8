//! What a policy becomes: defaults, expansions and stand-ins in the network that it is resolved to.

use std::{collections::BTreeMap, net::IpAddr};

use hedgerow::{
    diagnostic::{Human, Sources},
    model::{
        self, AddressSet, AddressSource, Network, Place, Region, Role, Rule, ZoneId,
        service::{TCP, Traffic, UDP},
    },
    packet::Family,
    world::Memory,
};

const HOME: &str = include_str!("spec/preludes/home.hedge");
const TWO_UPLINKS: &str = include_str!("spec/preludes/two-uplinks.hedge");

/// The network of a policy without a fault, of a prelude and some statements.
fn network(prelude: &str, text: &str) -> Network {
    with_files(prelude, text, &[])
}

fn with_files(prelude: &str, text: &str, files: &[(&str, &str)]) -> Network {
    let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect::<BTreeMap<_, _>>();
    let world = Memory { files, date: jiff::civil::date(2026, 11, 23) };
    let mut sources = Sources::default();
    let (network, found) = model::resolve("main.hedge", &format!("{prelude}\n{text}"), &mut sources, &world);
    let human = Human::new(&sources, false);
    assert!(found.is_empty(), "{}", found.iter().map(|one| human.render(one) + "\n").collect::<String>());
    network
}

fn zone(network: &Network, name: &str) -> ZoneId {
    network.zone_ids().find(|(_, zone)| zone.name == name).unwrap().0
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

fn set(nets: &[&str]) -> AddressSet {
    AddressSet::nets(nets.iter().map(|net| net.parse().unwrap()))
}

fn only(rules: &[Rule]) -> &Rule {
    let [rule] = rules else { panic!("one rule: {rules:?}") };
    rule
}

fn region(regions: &[Region], place: Place) -> &Region {
    regions.iter().find(|region| region.place == place).unwrap()
}

#[test]
fn the_router_has_the_first_address_of_each_network() {
    let network = network(HOME, "");
    let pc = network.zone(zone(&network, "pc"));
    let own: Vec<_> = pc.addresses.iter().map(|own| (own.address, own.source)).collect();
    assert_eq!(own, [(ip("10.0.10.1"), AddressSource::Default), (ip("fd42:0:0:10::1"), AddressSource::Default)]);
}

#[test]
fn a_written_address_stands_for_its_network_only() {
    let network = network(
        HOME,
        "zone kids { role kids; interface eth9; network 10.0.60.0/24, 10.0.61.0/24, fd42:0:0:60::/64; address 10.0.60.254 }",
    );
    let kids = network.zone(zone(&network, "kids"));
    let own: Vec<_> = kids.addresses.iter().map(|own| own.address).collect();
    assert_eq!(own, [ip("10.0.60.254"), ip("10.0.61.1"), ip("fd42:0:0:60::1")]);
}

#[test]
fn small_networks_have_a_first_address_too() {
    let network = network(
        HOME,
        "zone a { role transit; interface a; network 10.1.0.4/31, 10.1.0.9/32, fd42:1::8/127, fd42:1::11/128 }",
    );
    let own: Vec<_> = network.zone(zone(&network, "a")).addresses.iter().map(|own| own.address).collect();
    assert_eq!(own, [ip("10.1.0.4"), ip("10.1.0.9"), ip("fd42:1::9"), ip("fd42:1::11")]);
}

#[test]
fn an_uplink_is_given_addresses_that_nothing_else_has() {
    let network = network(
        HOME,
        "ranges partner = 192.0.2.0/25, 192.0.2.130\nallow partner -> router : ssh\nzone lte { role internet; interface wwan0 }",
    );
    let stand_ins: Vec<_> = ["wan", "lte"]
        .iter()
        .flat_map(|name| &network.zone(zone(&network, name)).addresses)
        .inspect(|own| assert_eq!(own.source, AddressSource::Dhcp))
        .map(|own| own.address)
        .collect();
    assert_eq!(stand_ins.len(), 4, "{stand_ins:?}");
    let partner = set(&["192.0.2.0/25", "192.0.2.130/32"]);
    for (index, address) in stand_ins.iter().enumerate() {
        assert!(!partner.contains(*address), "{address}");
        assert!(network.zone_of(*address).is_none(), "{address}");
        assert!(!stand_ins[..index].contains(address), "{address}");
    }
    let wan = Place::Zone(zone(&network, "wan"));
    assert_eq!(region(&only(&network.rules).from, wan).addresses, partner);
}

#[test]
fn internet_is_what_is_neither_private_nor_ours() {
    let network = network(
        HOME,
        "zone dmz { role dmz; interface eth9; network 198.51.100.8/29, 2001:db8:7::/64 }\nallow pc -> internet",
    );
    let internet = network.internet();
    for outside in ["1.1.1.1", "198.51.100.7", "198.51.100.16", "2001:db8:8::1", "64:ff9b::1"] {
        assert!(internet.contains(ip(outside)), "{outside}");
    }
    for inside in [
        "10.0.10.7",
        "10.9.9.9",
        "192.168.1.1",
        "172.16.0.1",
        "100.64.0.1",
        "127.0.0.1",
        "169.254.1.1",
        "224.0.0.1",
        "255.255.255.255",
        "0.0.0.0",
        "198.51.100.9",
        "2001:db8:7::1",
        "fd42::1",
        "fe80::1",
        "ff02::1",
        "::1",
    ] {
        assert!(!internet.contains(ip(inside)), "{inside}");
    }
    assert_eq!(region(&only(&network.rules).to, Place::Zone(zone(&network, "wan"))).addresses, internet);
}

#[test]
fn an_uplink_by_its_name_holds_its_upstream_networks() {
    let network = network(
        "router edge { target nftables }\nzone wan { role internet; interface eth0; upstream 192.168.178.0/24 }\nzone pc { role trusted; interface eth1; network 10.0.10.0/24 }",
        "allow pc -> wan : tcp 1\nallow pc -> internet : tcp 2\nallow pc -> 192.168.178.1 : tcp 3",
    );
    let wan = Place::Zone(zone(&network, "wan"));
    let modem = ip("192.168.178.1");
    let reached: Vec<bool> = network.rules.iter().map(|rule| region(&rule.to, wan).addresses.contains(modem)).collect();
    assert_eq!(reached, [true, false, true]);
    assert!(network.rules.iter().all(|rule| !region(&rule.to, wan).whole), "an uplink is never whole");
}

#[test]
fn masquerading_is_the_default_of_uplinks_alone() {
    let network = network(HOME, "");
    for zone in &network.zones {
        assert_eq!(zone.masquerade, zone.role == Role::Internet, "{}", zone.name);
    }
}

#[test]
fn the_router_rejects_inside_and_may_send_anything() {
    let network = network(HOME, "");
    assert!(network.router.reject && network.router.output_open);
}

#[test]
fn the_number_of_a_delegated_subnet_is_hexadecimal() {
    let network = network(TWO_UPLINKS, "zone lab { role work; interface lab; network delegated 1f }");
    let nets: Vec<_> = ["pc", "lab"]
        .iter()
        .flat_map(|name| &network.zone(zone(&network, name)).networks)
        .filter(|net| net.delegated.is_some())
        .map(|net| (net.net.to_string(), net.delegated))
        .collect();
    assert_eq!(
        nets,
        [("2001:db8:1042:10::/64".to_owned(), Some(0x10)), ("2001:db8:1042:1f::/64".to_owned(), Some(0x1f))]
    );
    let own = network.zone(zone(&network, "lab")).addresses.first().unwrap();
    assert_eq!((own.address, own.source), (ip("2001:db8:1042:1f::1"), AddressSource::Delegated));
}

#[test]
fn delegated_networks_of_an_unknown_prefix_overlap_nothing() {
    let network = network(
        "router edge { target nftables }\nzone a { role internet; interface a }\nzone b { role internet; interface b }",
        "zone c { role iot; interface c; network delegated 1, 2001:db8::/64 }\n\
         zone d { role iot; interface d; network delegated 2 }\n\
         zone e { role iot; interface e; network delegated 1; egress b }",
    );
    let nets: Vec<_> = network.zones.iter().flat_map(|zone| &zone.networks).map(|net| net.net).collect();
    for (index, net) in nets.iter().enumerate() {
        for other in &nets[..index] {
            assert!(!net.contains(other) && !other.contains(net), "{net} {other}");
        }
        assert!(network.internet().intersect(&AddressSet::net(*net)).is_empty(), "{net}");
    }
    assert!(nets.iter().flat_map(|net| [net.network(), net.broadcast()]).all(|address| {
        address.is_ipv4()
            || network
                .zones
                .iter()
                .filter(|zone| zone.is_internet())
                .all(|zone| zone.addresses.iter().all(|own| own.address != address))
    }));
}

#[test]
fn a_suffix_is_an_address_below_every_delegated_network() {
    let network = network(
        TWO_UPLINKS,
        "zone lab { role work; interface lab; network delegated 20, delegated 21, fd42::/64 }\n\
         host nas { zone lab; suffix ::30 }\nhost tv { zone pc; address 10.0.10.9; suffix ::9 }",
    );
    let nas = network.hosts.iter().find(|host| host.name == "nas").unwrap();
    let addresses: Vec<_> = nas.addresses.iter().map(|one| (one.address, one.suffix.is_some())).collect();
    assert_eq!(addresses, [(ip("2001:db8:1042:20::30"), true), (ip("2001:db8:1042:21::30"), true)]);
    let tv = network.hosts.iter().find(|host| host.name == "tv").unwrap();
    assert_eq!(tv.address(Family::V4).unwrap().suffix, None);
    assert_eq!(tv.address(Family::V6).unwrap().address, ip("2001:db8:1042:10::9"));
}

#[test]
fn without_a_delegated_network_a_suffix_is_below_the_written_one() {
    let network = network(HOME, "host nas { zone server; suffix ::30 }");
    let nas = network.hosts.iter().find(|host| host.name == "nas").unwrap();
    let addresses: Vec<_> = nas.addresses.iter().map(|one| (one.address, one.suffix)).collect();
    assert_eq!(addresses, [(ip("fd42:0:0:20::30"), None)]);
}

#[test]
fn a_host_with_two_legs_is_in_both_zones() {
    let network = network(HOME, "host nas { zone iot, guest; address 10.0.30.9, 10.0.40.9 }\nallow pc -> nas : ssh");
    let to = &only(&network.rules).to;
    assert_eq!(to.len(), 2);
    assert_eq!(region(to, Place::Zone(zone(&network, "iot"))).addresses, set(&["10.0.30.9/32"]));
    assert_eq!(region(to, Place::Zone(zone(&network, "guest"))).addresses, set(&["10.0.40.9/32"]));
}

#[test]
fn a_side_is_whole_when_it_is_all_of_a_zone() {
    let whole = |text: &str| {
        let network = network(HOME, &format!("allow {text} -> guest"));
        let pc = Place::Zone(zone(&network, "pc"));
        region(&only(&network.rules).from, pc).whole
    };
    assert!(whole("pc"));
    assert!(whole("private except guest"));
    assert!(whole("role.trusted"));
    assert!(whole("10.0.10.0/24, fd42:0:0:10::/64"));
    assert!(!whole("pc except laptop"));
    assert!(!whole("10.0.10.0/24"));
    assert!(!whole("laptop"));
}

#[test]
fn except_takes_addresses_out() {
    let network = network(HOME, "allow pc except laptop, fd42:0:0:10::/64 -> guest");
    assert_eq!(
        only(&network.rules).from.first().unwrap().addresses,
        set(&["10.0.10.0/24"]).minus(&set(&["10.0.10.7/32"]))
    );
}

#[test]
fn any_is_every_zone_and_the_router() {
    let network = network(HOME, "deny any -> guest");
    let from = &only(&network.rules).from;
    assert_eq!(from.len(), network.zones.len() + 1);
    let router = region(from, Place::Router);
    assert!(router.whole && router.addresses == AddressSet::all());
}

#[test]
fn private_is_every_zone_but_uplinks_and_never_the_router() {
    let network = network(HOME, "deny private -> internet");
    let from = &only(&network.rules).from;
    assert_eq!(from.len(), network.zones.len() - 1);
    assert!(from.iter().all(|region| region.whole && region.place != Place::Router));
}

#[test]
fn one_address_of_the_router_is_the_router() {
    let network = network(HOME, "allow pc -> 10.0.20.1 : dns\nallow pc -> 10.0.20.0/24 : ssh");
    let [own, wide] = network.rules.as_slice() else { panic!() };
    assert_eq!(
        (own.to[0].place, &own.to[0].addresses, own.to[0].whole),
        (Place::Router, &set(&["10.0.20.1/32"]), false)
    );
    assert_eq!(wide.to[0].place, Place::Zone(zone(&network, "server")));
}

#[test]
fn an_integration_becomes_a_rule_in_each_direction() {
    let network = network(
        HOME,
        "integration mine { there tcp 80; back udp 5000-5010, tcp 90 }\nallow ha <-> cam : mine { log; until 2027-01-01 }",
    );
    let [there, back] = network.rules.as_slice() else { panic!("{:?}", network.rules) };
    assert_eq!((&there.from, &there.to), (&back.to, &back.from));
    assert_eq!(there.traffic, [Traffic::ports(TCP, 80, 80)]);
    assert_eq!(back.traffic, [Traffic::ports(UDP, 5000, 5010), Traffic::ports(TCP, 90, 90)]);
    for rule in [there, back] {
        assert_eq!(rule.integration.as_deref(), Some("mine"));
        assert!(rule.options.log && rule.options.until.is_some());
    }
    assert_eq!(there.from.first().unwrap().place, Place::Zone(zone(&network, "server")));
}

#[test]
fn an_integration_of_one_direction_becomes_one_rule() {
    let network = network(HOME, "integration mine { back mqtt }\nallow ha <-> iot : mine");
    let rule = only(&network.rules);
    assert_eq!(rule.from.first().unwrap().place, Place::Zone(zone(&network, "iot")));
    assert_eq!(rule.traffic, [Traffic::ports(TCP, 1883, 1883)]);
}

#[test]
fn services_are_flat_sorted_and_merged() {
    let network = network(
        HOME,
        "service a = tcp 443, 80, 81\nservice b = a, tcp 443, 80, 81, udp 53 from 1024-65535\nallow pc -> iot : b\nallow pc -> guest",
    );
    let [rule, all] = network.rules.as_slice() else { panic!() };
    assert_eq!(rule.traffic.len(), 2, "{:?}", rule.traffic);
    assert_eq!(rule.traffic[0].to, [(80, 81), (443, 443)]);
    assert_eq!(rule.traffic[1].from, [(1024, 65535)]);
    assert_eq!(all.traffic, [Traffic::ANY]);
}

#[test]
fn ranges_from_a_file_hold_what_the_file_holds() {
    let network = with_files(
        HOME,
        "ranges partner from \"lists/partner.txt\"\nallow partner -> router : ssh",
        &[(
            "lists/partner.txt",
            "\u{feff}# office\r\n198.51.100.0/24\r\n\r\n2001:db8:9::/48 # lab\r\n192.0.2.7\r\n203.0.113.9-203.0.113.11\r\n",
        )],
    );
    let partner = set(&["198.51.100.0/24", "2001:db8:9::/48", "192.0.2.7/32", "203.0.113.9/32", "203.0.113.10/31"]);
    assert_eq!(region(&only(&network.rules).from, Place::Zone(zone(&network, "wan"))).addresses, partner);
}

#[test]
fn a_night_crosses_midnight_and_the_week() {
    let network = network(HOME, "schedule night = sun 22:00-06:00, mon,wed 12:00-24:00, wed 11:00-12:00");
    let day = 24 * 60;
    let expected = [(0, 6 * 60), (12 * 60, day), (2 * day + 11 * 60, 3 * day), (6 * day + 22 * 60, 7 * day)];
    assert_eq!(network.schedules[0].minutes, expected);
}

#[test]
fn an_exposure_is_for_the_whole_internet_by_every_uplink() {
    let network =
        network(TWO_UPLINKS, "expose web : https\nexpose mail : tcp 25 { from 198.51.100.7; on fibre; port 2525 }");
    let [web, mail] = network.exposures.as_slice() else { panic!() };
    assert_eq!(web.on, [zone(&network, "fibre"), zone(&network, "lte")]);
    assert!(web.from_anywhere && web.hairpin && web.ipv6.is_none() && web.port.is_none());
    assert!(web.from.iter().all(|region| region.addresses == network.internet()));
    assert_eq!(mail.on, [zone(&network, "fibre")]);
    assert_eq!(mail.port.unwrap().0, 2525);
    assert!(!mail.from_anywhere);
}

#[test]
fn a_reverse_proxy_listens_on_https_by_default() {
    let network = network(TWO_UPLINKS, "expose web : http { through mail }");
    assert_eq!(network.exposures[0].through.as_ref().unwrap().service, [Traffic::ports(TCP, 443, 443)]);
}

#[test]
fn a_file_under_a_name_is_part_of_the_network_once() {
    let network = with_files(
        "router edge { target nftables }\nuse \"./a.hedge\" as a\nuse \"./b.hedge\"",
        "allow a.pc -> iot",
        &[
            ("a.hedge", "zone pc { role trusted; interface eth1; network 10.0.10.0/24 }"),
            (
                "b.hedge",
                "use \"./a.hedge\" as other\nzone iot { role iot; interface eth2; network 10.0.30.0/24 }\ndeny iot -> other.pc",
            ),
        ],
    );
    assert_eq!(network.zones.len(), 2);
    assert_eq!(network.rules.len(), 2);
}

#[test]
fn many_names_for_one_file_are_read_once() {
    // Each file uses the next one twice: read at every use, the last one would be read 2^40 times.
    let mut files: Vec<(String, String)> = (0..40)
        .map(|n| (format!("f{n}.hedge"), format!("use \"./f{}.hedge\" as a\nuse \"./f{}.hedge\" as b", n + 1, n + 1)))
        .collect();
    files.push(("f40.hedge".to_owned(), "zone pc { role trusted; interface eth1; network 10.0.10.0/24 }".to_owned()));
    let files: Vec<(&str, &str)> = files.iter().map(|(name, text)| (name.as_str(), text.as_str())).collect();
    let network = with_files("router edge { target nftables }", "use \"./f0.hedge\"", &files);
    assert_eq!(network.zones.len(), 1);
}

#[test]
fn files_are_found_beside_a_policy_in_any_folder() {
    for (path, file) in [
        ("../home/main.hedge", "../home/sub/a.hedge"),
        ("./main.hedge", "sub/a.hedge"),
        ("/etc/hedgerow/main.hedge", "/etc/hedgerow/sub/a.hedge"),
        ("house//main.hedge", "house/sub/a.hedge"),
    ] {
        let files = BTreeMap::from([(file.to_owned(), "router edge { target nftables }".to_owned())]);
        let world = Memory { files, date: jiff::civil::date(2026, 11, 23) };
        let (network, found) = model::resolve(path, "use \"./sub/a.hedge\"", &mut Sources::default(), &world);
        assert!(found.is_empty(), "{path}: {found:?}");
        assert_eq!(network.router.name, "edge", "{path}");
    }
}

#[test]
fn nothing_outside_the_policys_folder_is_read() {
    for text in [
        "use \"../secret\"",
        "ranges a from \"../secret\"",
        "ranges a from \"sub/../../secret\"",
        "router r { }\nzone z { role iot; interface i; network 10.0.0.0/24 }\nhost h { zone z; address 10.0.0.9 }\nhome-assistant h { settings from \"../secret\" }",
    ] {
        let files = BTreeMap::from([("secret".to_owned(), "192.0.2.0/24".to_owned())]);
        let world = Memory { files, date: jiff::civil::date(2026, 11, 23) };
        let (_, found) = model::resolve("house/main.hedge", text, &mut Sources::default(), &world);
        assert_eq!(found.iter().map(|one| one.code).collect::<Vec<_>>(), ["outside-root"], "{text}");
    }
}

/// The checks ask for the standard library's lists whether a policy uses them or not.
#[test]
fn the_list_of_cloudflare_is_the_one_of_the_standard_library() {
    let (list, checked) = hedgerow::model::standard_ranges("cloudflare").unwrap();
    assert_eq!(checked, Some(jiff::civil::date(2026, 9, 13)));
    assert!(list.contains("104.16.0.1".parse().unwrap()) && list.contains("2606:4700::1".parse().unwrap()));
    assert!(!list.contains("104.28.0.1".parse().unwrap()));
    let mut sources = hedgerow::diagnostic::Sources::default();
    let text = "use std.ranges\nrouter edge { target nftables }\nzone wan { role internet;  interface eth0;  address dhcp }\n\
                zone lan { role trusted;  interface eth1;  network 10.0.0.0/24 }\nallow lan -> cloudflare\n";
    let (network, _) = hedgerow::model::resolve("main.hedge", text, &mut sources, &hedgerow::world::Memory::default());
    let named = network.ranges.iter().find(|list| list.name == "cloudflare").unwrap();
    assert_eq!(named.addresses, list);
}
