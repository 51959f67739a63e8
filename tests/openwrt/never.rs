//! The points at which firewall4 fails open, or breaks, without a word that stops anybody. Each was seen on the real one.

use std::{collections::BTreeSet, net::IpAddr};

use super::support::{HOUSE, SMALL, Section, file, policies, render, sections};

/// The options that firewall4 knows (`parse_options` in its fw4.uc). An unknown one is a warning: the rule is loaded
/// without it, and accepts more.
const KNOWN: [(&str, &[&str]); 6] = [
    ("defaults", &["input", "output", "forward", "drop_invalid", "auto_helper"]),
    ("zone", &["name", "network", "device", "input", "output", "forward", "masq", "mtu_fix"]),
    ("ipset", &["name", "family", "match", "entry"]),
    (
        "rule",
        &[
            "name",
            "src",
            "dest",
            "family",
            "proto",
            "src_ip",
            "dest_ip",
            "src_port",
            "dest_port",
            "icmp_type",
            "ipset",
            "limit",
            "limit_burst",
            "utc_time",
            "start_time",
            "stop_time",
            "weekdays",
            "log",
            "target",
        ],
    ),
    (
        "redirect",
        &[
            "name",
            "src",
            "dest",
            "family",
            "proto",
            "src_ip",
            "src_port",
            "src_dip",
            "src_dport",
            "dest_ip",
            "dest_port",
            "ipset",
            "limit",
            "limit_burst",
            "log",
            "reflection",
            "reflection_zone",
            "target",
        ],
    ),
    ("include", &["type", "path", "position", "chain"]),
];

/// What firewall4 takes as a list; anything else that is one makes it skip the section.
const LISTS: [&str; 13] = [
    "network",
    "device",
    "match",
    "entry",
    "proto",
    "src_ip",
    "dest_ip",
    "src_port",
    "dest_port",
    "icmp_type",
    "reflection_zone",
    "masq_src",
    "masq_dest",
];

/// What is a single value in a redirect, though a list in a rule.
const SINGLE: [&str; 5] = ["src_ip", "src_dip", "dest_ip", "src_port", "dest_port"];

fn each(mut check: impl FnMut(&str, &Section, &[Section])) {
    let mut seen = 0;
    for (name, policy) in policies() {
        let files = render(&policy, &[]).unwrap_or_else(|errors| panic!("{name}: {errors:#?}"));
        let all = sections(file(&files, "firewall"));
        for section in &all {
            check(&format!("{name}: {section:?}"), section, &all);
            seen += 1;
        }
    }
    assert!(seen > 300, "only {seen} sections were looked at");
}

#[test]
fn no_option_that_firewall4_does_not_know() {
    each(|place, section, _| {
        let (_, known) = KNOWN.iter().find(|(kind, _)| *kind == section.kind).unwrap_or_else(|| panic!("{place}"));
        for (word, key, _) in &section.options {
            assert!(known.contains(&key.as_str()), "{key} in {place}");
            assert!(word == "option" || LISTS.contains(&key.as_str()), "{key} is no list: {place}");
        }
        for key in section.options.iter().map(|(_, key, _)| key) {
            let many = section.all(key).len() > 1;
            assert!(!many || LISTS.contains(&key.as_str()), "{key} twice in {place}");
            assert!(section.kind != "redirect" || !many || !SINGLE.contains(&key.as_str()), "{key} twice in {place}");
        }
    });
}

#[test]
fn no_name_that_breaks_the_ruleset() {
    each(|place, section, _| {
        let name = section.get("name").unwrap_or_default();
        assert!(name.len() <= 122, "{} bytes: {place}", name.len());
        assert!(!name.contains('"') && !name.contains('\\'), "{place}");
        if section.kind == "zone" || section.kind == "ipset" {
            let mut letters = name.chars();
            let starts =
                letters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_' || first == '.');
            let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '/' | '_' | '.' | '-');
            assert!(starts && letters.all(plain) && name.len() < 64, "{place}");
        }
        let plain = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        assert!(!section.name.is_empty() && section.name.chars().all(plain), "{place}");
    });
    let long = "a-very-long-name".repeat(12);
    let files = render(&SMALL.replace("srv", &long), &[]).unwrap();
    for section in sections(file(&files, "firewall")) {
        assert!(section.get("name").unwrap_or_default().len() <= 122, "{section:?}");
    }
}

#[test]
fn every_section_has_a_name_of_its_own() {
    for (policy, text) in policies() {
        let files = render(&text, &[]).unwrap();
        for package in ["firewall", "network", "dhcp"] {
            let mut names = BTreeSet::new();
            for section in sections(file(&files, package)) {
                assert!(names.insert(section.name.clone()), "{policy}: {package}.{} twice", section.name);
            }
        }
    }
}

#[test]
fn protocols_are_always_said() {
    each(|place, section, _| {
        if !["rule", "redirect"].contains(&section.kind.as_str()) {
            return;
        }
        let protocols = section.all("proto");
        assert!(!protocols.is_empty(), "without one it would be tcp and udp: {place}");
        let ports = ["src_port", "dest_port", "src_dport"].iter().any(|key| section.get(key).is_some());
        if ports {
            // Ports of any other protocol are dropped in silence, and the match with them.
            assert!(protocols.iter().all(|name| ["tcp", "udp"].contains(name)), "{place}");
        }
        for range in ["src_port", "dest_port", "src_dport"].iter().flat_map(|key| section.all(key)) {
            let (from, to) = range.split_once('-').unwrap_or((range, range));
            assert!(from.parse::<u16>().unwrap() <= to.parse::<u16>().unwrap(), "a range backwards: {place}");
        }
        for kind in section.all("icmp_type") {
            assert_eq!(protocols, ["icmp"], "{place}");
            let (kind, code) = kind.split_once('/').unwrap_or((kind, "0"));
            assert!(kind.parse::<u8>().is_ok() && code.parse::<u8>().is_ok(), "{place}");
        }
        if protocols == ["icmp"] {
            assert!(section.get("family").is_some(), "ICMP has other types in each family: {place}");
        }
        assert!(section.get("target").is_some(), "a rule without a target does nothing: {place}");
    });
}

#[test]
fn families_do_not_mix() {
    each(|place, section, all| {
        let family = section.get("family");
        let set = section.get("ipset").map(|text| text.trim_start_matches('!').split(' ').next().unwrap());
        let set = set.map(|name| {
            let found = all.iter().find(|other| other.kind == "ipset" && other.get("name") == Some(name));
            found.unwrap_or_else(|| panic!("no set {name}: {place}"))
        });
        if let Some(set) = set {
            assert_eq!(set.get("family"), family, "{place}");
        }
        if section.kind == "redirect" {
            assert!(family.is_some(), "without one it would be IPv4: {place}");
        }
        let mut seen = BTreeSet::new();
        for text in ["src_ip", "dest_ip", "src_dip"].iter().flat_map(|key| section.all(key)) {
            let address = text.trim_start_matches('!').split(['/', '-']).next().unwrap();
            let address: IpAddr = address.parse().unwrap_or_else(|_| panic!("{text} is no address: {place}"));
            seen.insert(if address.is_ipv4() { "ipv4" } else { "ipv6" });
        }
        if let Some(family) = family {
            assert!(seen.iter().all(|seen| *seen == family), "{place}");
        }
        for text in section.all("entry") {
            assert!(!text.contains('-'), "a set takes no ranges: {place}");
            let address: IpAddr = text.split('/').next().unwrap().parse().unwrap();
            assert_eq!(family, Some(if address.is_ipv4() { "ipv4" } else { "ipv6" }), "{place}");
        }
        if section.kind == "redirect"
            && let Some(to) = section.get("dest_ip")
        {
            assert!(to.parse::<IpAddr>().is_ok(), "a redirect leads to one address: {place}");
        }
    });
}

#[test]
fn zones_that_are_named_exist() {
    each(|place, section, all| {
        let is_zone = |name: &str| all.iter().any(|zone| zone.kind == "zone" && zone.get("name") == Some(name));
        for name in ["src", "dest", "reflection_zone"].iter().flat_map(|key| section.all(key)) {
            assert!(name == "*" || is_zone(name), "{place}");
        }
        if section.kind == "redirect" {
            assert!(section.get("src").is_some_and(is_zone), "a redirect needs its zone: {place}");
        }
        // Rules of every zone would hold for interfaces that no zone names, too.
        assert_ne!(section.get("src"), Some("*"), "{place}");
    });
}

#[test]
fn a_zones_network_exists_and_has_its_device() {
    for (name, policy) in policies() {
        let files = render(&policy, &[]).unwrap();
        let networks = sections(file(&files, "network"));
        for zone in sections(file(&files, "firewall")).iter().filter(|section| section.kind == "zone") {
            assert_eq!(zone.all("device").len(), 1, "{name}: {zone:?}");
            for network in zone.all("network") {
                let found = networks.iter().find(|section| section.kind == "interface" && section.name == network);
                assert!(found.is_some(), "{name}: no network {network}, so the zone would have no device");
            }
        }
    }
}

#[test]
fn no_time_crosses_midnight() {
    let mut timed = 0;
    each(|place, section, _| {
        let (start, stop) = (section.get("start_time"), section.get("stop_time"));
        assert_eq!(start.is_some(), stop.is_some(), "{place}");
        assert!(section.kind == "rule" || start.is_none(), "{place}");
        if let (Some(start), Some(stop)) = (start, stop) {
            // Fixed width, so that the order of the texts is that of the times.
            assert!(start.len() == 8 && stop.len() == 8 && start < stop, "{place}");
            timed += 1;
        }
        for day in section.all("weekdays").iter().flat_map(|days| days.split(' ')) {
            assert!(["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].contains(&day), "{place}");
        }
    });
    assert!(timed >= 3, "only {timed} rules have hours");
}

#[test]
fn nothing_of_the_stock_configuration_is_left() {
    each(|place, section, _| {
        assert_ne!(
            section.kind, "forwarding",
            "a forwarding takes forged sources and private addresses along: {place}"
        );
        let name = section.get("name").unwrap_or_default();
        assert!(!name.starts_with("Allow-"), "{place}");
        let protocols = section.all("proto");
        assert!(!protocols.contains(&"esp") && !protocols.contains(&"50"), "{place}");
        if section.kind == "zone" {
            assert_ne!(section.get("input"), Some("ACCEPT"), "{place}");
            assert_ne!(section.get("forward"), Some("ACCEPT"), "{place}");
        }
        if section.kind == "defaults" {
            assert_eq!(section.get("drop_invalid"), Some("1"));
            assert_eq!(section.get("auto_helper"), Some("0"), "what a helper expects, no rule allows");
        }
    });
}

#[test]
fn every_zone_that_refuses_lets_neighbours_in() {
    each(|place, section, all| {
        if section.kind != "zone" {
            return;
        }
        let name = section.get("name");
        let neighbours = all.iter().any(|rule| {
            rule.kind == "rule"
                && rule.get("src") == name
                && rule.get("dest").is_none()
                && rule.get("family") == Some("ipv6")
                && ["135", "136", "143"].iter().all(|kind| rule.all("icmp_type").contains(kind))
        });
        assert!(neighbours, "all IPv6 of the zone would be dead: {place}");
    });
}

/// firewall4 accepts whatever it translated, behind the rules of each zone that a redirect or a reflection touches.
#[test]
fn behind_every_translation_from_inside_stands_a_refusal() {
    let mut seen = 0;
    each(|place, section, all| {
        if section.kind != "redirect" {
            return;
        }
        let uplink = all.iter().any(|zone| zone.get("masq") == Some("1") && zone.get("name") == section.get("src"));
        let mut from: Vec<&str> = section.all("reflection_zone");
        if !uplink {
            from.extend(section.get("src"));
        } else if section.get("reflection") == Some("1") {
            assert!(!from.is_empty(), "firewall4 would choose the zone itself: {place}");
        }
        let port = section.get("dest_port").or(section.get("src_dport"));
        for zone in from {
            let closed = all.iter().rev().any(|rule| {
                rule.kind == "rule"
                    && rule.get("src") == Some(zone)
                    && rule.get("dest") == section.get("dest")
                    && rule.get("dest_ip") == section.get("dest_ip")
                    && rule.all("src_ip").is_empty()
                    && rule.get("start_time").is_none()
                    && rule.get("target") != Some("ACCEPT")
                    && (port.is_none() || rule.all("dest_port").iter().any(|own| Some(*own) == port))
            });
            assert!(closed, "{zone}: {place}");
            seen += 1;
        }
    });
    assert!(seen >= 5, "only {seen} translations from inside");
}

#[test]
fn a_changing_address_is_not_everybodys() {
    let files = render(HOUSE, &[]).unwrap();
    let all = sections(file(&files, "firewall"));
    let loose = |section: &&Section| section.kind == "redirect" && section.get("src") == Some("wan");
    assert!(all.iter().filter(loose).all(|redirect| redirect.get("src_dip").is_none()), "nobody knows it");
    let guard = all.iter().find(|section| section.get("chain") == Some("dstnat_wan")).expect("an include");
    assert_eq!(guard.get("position"), Some("chain-prepend"));
    assert!(file(&files, "hedgerow/dstnat.nft").contains("fib daddr . iif type != local counter return"));
}

#[test]
fn included_files_are_written() {
    each(|place, section, _| {
        if section.kind == "include" {
            assert_eq!(section.get("type"), Some("nftables"), "{place}");
            assert!(section.get("path").unwrap().starts_with("/etc/hedgerow/"), "{place}");
        }
    });
    for (name, policy) in policies() {
        let files = render(&policy, &[]).unwrap();
        let paths: BTreeSet<String> = sections(file(&files, "firewall"))
            .iter()
            .filter_map(|section| section.get("path").map(|path| path.trim_start_matches("/etc/").to_owned()))
            .collect();
        let written: BTreeSet<String> =
            files.iter().map(|file| file.name.clone()).filter(|name| name.starts_with("hedgerow/")).collect();
        assert_eq!(paths, written, "{name}");
    }
}
