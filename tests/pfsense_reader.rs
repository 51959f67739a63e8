//! What pfSense makes of a config.xml, in small files: each names one sort of its meaning, and packets with what becomes of
//! them. All of it was seen in the rules that pfSense's own `filter.inc` writes for these files.
//!
//! A line of packets is `IN>OUT PROTOCOL SOURCE > DESTINATION : FATE`. Interfaces are those of the files, `self`, and
//! `other` for one that the policy does not name. Behind `@` stands the minute of the week; it is Monday, 10:00, otherwise.
//! Fates are `held`, `passes`, `perhaps` (it cannot be told), behind `passes` where to (`to 10.0.1.5:8443`), under which
//! address (`as em0`, `as 203.0.113.9`), and whether the answers do not get back (`answers held`).

use std::{fs, net::IpAddr};

use hedgerow::{
    packet::{Packet, Space},
    router::{Dnat, File, Interface, Limits, OTHER, Outcome, Snat, Topology, number},
    target::pfsense::read::read,
};

const SYSTEM: &str = "<version>24.5</version><system><ipv6allow/><webgui><protocol>https</protocol>\
    <noantilockout/></webgui><disablenatreflection>yes</disablenatreflection></system>";

const INTERFACES: &str = "<interfaces>\
    <wan><enable/><if>em0</if><descr>WAN</descr><ipaddr>203.0.113.2</ipaddr><subnet>24</subnet>\
    <gateway>GW</gateway></wan>\
    <lan><enable/><if>em1</if><descr>LAN</descr><ipaddr>10.0.1.1</ipaddr><subnet>24</subnet>\
    <ipaddrv6>fd00:0:0:1::1</ipaddrv6><subnetv6>64</subnetv6></lan>\
    <opt1><enable/><if>em2</if><descr>IOT</descr><ipaddr>10.0.2.1</ipaddr><subnet>24</subnet></opt1>\
    <opt2><enable/><if>em3</if><descr>LTE</descr><ipaddr>198.51.100.2</ipaddr><subnet>24</subnet>\
    <gateway>GW2</gateway></opt2></interfaces>\
    <gateways><gateway_item><interface>wan</interface><gateway>203.0.113.1</gateway><name>GW</name>\
    <ipprotocol>inet</ipprotocol></gateway_item>\
    <gateway_item><interface>opt2</interface><gateway>198.51.100.1</gateway><name>GW2</name>\
    <ipprotocol>inet</ipprotocol></gateway_item></gateways>";

fn interface(name: &str, networks: &[&str], addresses: &[&str], internet: bool) -> Interface {
    let parse = |list: &[&str]| list.iter().map(|item| item.parse().unwrap()).collect();
    Interface {
        name: name.to_owned(),
        networks: networks.iter().map(|net| net.parse().unwrap()).collect(),
        addresses: parse(addresses),
        internet,
        upstream: Vec::new(),
        ..Interface::default()
    }
}

fn topology() -> Topology {
    let interfaces = vec![
        interface("wan", &["203.0.113.0/24"], &["203.0.113.2", "203.0.113.9"], true),
        interface("lan", &["10.0.1.0/24", "fd00:0:0:1::/64", "fd00:0:0:9::/64"], &["10.0.1.1", "fd00:0:0:1::1"], false),
        interface("opt1", &["10.0.2.0/24"], &["10.0.2.1"], false),
        interface("opt2", &["198.51.100.0/24"], &["198.51.100.2"], true),
    ];
    Topology { interfaces, offset: 0 }
}

/// The whole file behind a fixture.
fn config(text: &str) -> String {
    text.replace("<!-- system -->", SYSTEM).replace("<!-- interfaces -->", INTERFACES)
}

fn id(name: &str) -> u16 {
    if name == "other" {
        return OTHER;
    }
    let names = ["self", "wan", "lan", "opt1", "opt2"];
    u16::try_from(names.iter().position(|known| *known == name).unwrap_or_else(|| panic!("{name}"))).unwrap()
}

/// `10.0.1.5:80`, `[fd00::1]:80`, or an address alone.
fn end(word: &str) -> (IpAddr, u16) {
    if let Ok(address) = word.parse() {
        return (address, 0);
    }
    let (address, port) = word.rsplit_once(':').unwrap_or_else(|| panic!("{word}"));
    (address.trim_matches(['[', ']']).parse().unwrap(), port.parse().unwrap())
}

fn packet(line: &str) -> Packet {
    let words: Vec<&str> = line.split_whitespace().collect();
    let [way, proto, from, ">", to] = words[..] else { panic!("{line}") };
    let (way, minute) = way.split_once('@').map_or((way, 600), |(way, minute)| (way, minute.parse().unwrap()));
    let (ingress, egress) = way.split_once('>').unwrap();
    let ((src, src_port), (dst, dst_port)) = (end(from), end(to));
    let (name, kind) = proto.split_once('/').unwrap_or((proto, ""));
    let proto = match name {
        "tcp" => 6,
        "udp" => 17,
        "icmp" if src.is_ipv4() => 1,
        "icmp" => 58,
        number => number.parse().unwrap(),
    };
    let ports = matches!(proto, 6 | 17);
    Packet {
        ingress: id(ingress),
        egress: id(egress),
        family: number(src).0,
        proto,
        src: number(src).1,
        dst: number(dst).1,
        src_port: if ports { src_port.max(u16::from(src_port == 0) * 40_000) } else { 0 },
        dst_port: if kind.is_empty() { dst_port } else { kind.parse::<u16>().unwrap() << 8 },
        minute,
        exceeded: 0,
    }
}

fn words(outcome: &Outcome) -> String {
    let to = match outcome.dnat {
        None => String::new(),
        Some(Dnat::To { address, port }) => {
            format!(" to {address}{}", port.map_or(String::new(), |port| format!(":{port}")))
        }
        Some(Dnat::ToRouter { port }) => format!(" to self{}", port.map_or(String::new(), |port| format!(":{port}"))),
    };
    let under = match outcome.snat {
        None => String::new(),
        Some(Snat::Masquerade) => " as the interface".to_owned(),
        Some(Snat::To { address }) => format!(" as {address}"),
    };
    format!("passes{to}{under}")
}

fn fates(text: &str) -> Vec<String> {
    let (_, rest) = text.split_once("<!-- packets").expect("packets");
    let (lines, _) = rest.split_once("-->").expect("an end");
    let mut space = Space::new();
    let (topology, mut limits) = (topology(), Limits::default());
    let files = [File { name: "config.xml".to_owned(), text: config(text) }];
    let read = match read(&files, &topology, &mut limits, &mut space) {
        Ok(read) => read,
        Err(error) => return vec![format!("refused: {error}")],
    };
    let facts = read.facts(&mut space);
    let mut found = Vec::new();
    for line in lines.lines().map(str::trim).filter(|line| !line.is_empty()) {
        if line.starts_with("note") {
            let notes: Vec<&str> = facts.unknown.iter().map(|note| note.text.as_str()).collect();
            let (_, wanted) = line.split_once(": ").unwrap();
            found.push(if notes.iter().any(|note| note.contains(wanted)) {
                line.to_owned()
            } else {
                format!("notes are {notes:?}")
            });
            continue;
        }
        let (question, _) = line.rsplit_once(" : ").unwrap_or_else(|| panic!("{line}"));
        let packet = packet(question);
        let surely = facts.surely.accepted.iter().find(|(_, set)| space.contains(**set, &packet));
        let possibly = facts.possibly.accepted.iter().any(|(_, set)| space.contains(*set, &packet));
        let fate = match surely {
            Some((outcome, _)) if space.contains(facts.established_dropped.possibly, &packet) => {
                format!("{}, answers held", words(outcome))
            }
            Some((outcome, _)) => words(outcome),
            None if possibly => "perhaps".to_owned(),
            None => "held".to_owned(),
        };
        found.push(format!("{question} : {fate}"));
    }
    found
}

#[test]
fn packets_meet_their_fate() {
    let mut wrong = Vec::new();
    let mut asked = 0;
    let mut names: Vec<_> = fs::read_dir("tests/pfsense_reader").unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    for path in names {
        let text = fs::read_to_string(&path).unwrap();
        let lines = text.split_once("<!-- packets").unwrap().1.split_once("-->").unwrap().0;
        let wanted: Vec<&str> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        let found = fates(&text);
        asked += wanted.len();
        for at in 0..wanted.len().max(found.len()) {
            let (wanted, found) = (wanted.get(at).copied().unwrap_or(""), found.get(at).map_or("", String::as_str));
            if wanted != found {
                wrong.push(format!("{}\n  wanted {wanted}\n  found  {found}", path.display()));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(asked >= 140, "{asked}");
}
