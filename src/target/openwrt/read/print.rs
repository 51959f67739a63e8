//! The conditions of rules and zones in the words of nft.

use super::{
    address::Group,
    state::{Matches, Set, ZoneMatch},
    value::{Maybe, Ports},
};

fn braced(values: &[String]) -> String {
    match values {
        [one] => one.clone(),
        _ => format!("{{ {} }}", values.join(", ")),
    }
}

/// A text in quotes; firewall4 makes single quotes of the double ones in it.
pub fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "'").replace(['\n', '\r'], " "))
}

fn quoted_all(texts: &[String]) -> Vec<String> {
    texts.iter().map(|text| quoted(text)).collect()
}

fn address(out: &mut Vec<String>, family: u8, field: &str, group: &Group) {
    let key = format!("{} {field}", if family == 6 { "ip6" } else { "ip" });
    let cidr =
        |all: &[super::address::Subnet]| braced(&all.iter().map(super::address::Subnet::cidr).collect::<Vec<_>>());
    if !group.positive.is_empty() {
        out.push(format!("{key} {}", cidr(&group.positive)));
    }
    if !group.negative.is_empty() {
        out.push(format!("{key} != {}", cidr(&group.negative)));
    }
    out.extend(group.masked.iter().map(|one| format!("{key} {}", one.masked())));
}

fn ports(out: &mut Vec<String>, protocol: &str, field: &str, ports: &[Maybe<Ports>]) {
    for (invert, sign) in [(false, ""), (true, "!= ")] {
        let chosen: Vec<String> = ports
            .iter()
            .filter(|port| port.invert == invert)
            .map(|port| super::redirect::port_text(port.value))
            .collect();
        if !chosen.is_empty() {
            out.push(format!("{protocol} {field} {sign}{}", braced(&chosen)));
        }
    }
}

const fn nfproto(family: u8) -> &'static str {
    if family == 6 { "ipv6" } else { "ipv4" }
}

/// What a packet of a zone's part has to be, on its way in or out.
pub fn zone_match(zone: &ZoneMatch, egress: bool) -> Vec<String> {
    let (name, field) = if egress { ("oifname", "daddr") } else { ("iifname", "saddr") };
    let mut out = Vec::new();
    if !zone.devices.is_empty() {
        out.push(format!("{name} {}", braced(&quoted_all(&zone.devices))));
    }
    if !zone.not_devices.is_empty() {
        out.push(format!("{name} != {}", braced(&quoted_all(&zone.not_devices))));
    }
    out.extend(zone.not_wildcards.iter().map(|one| format!("{name} != {}", quoted(one))));
    address(&mut out, zone.family, field, &zone.subnets);
    out
}

/// `meta nfproto ipv4`, and what a packet of the zone has to be.
pub fn zone_jump(zone: &ZoneMatch, egress: bool) -> Vec<String> {
    let mut out = zone_match(zone, egress);
    if zone.family != 0 {
        out.insert(0, format!("meta nfproto {}", nfproto(zone.family)));
    }
    out
}

/// Restrictions of masquerading, in one family.
pub fn masquerade(v6: bool, src: &Group, dest: &Group) -> Vec<String> {
    let family = if v6 { 6 } else { 4 };
    let mut out = vec![format!("meta nfproto {}", nfproto(family))];
    address(&mut out, family, "saddr", src);
    address(&mut out, family, "daddr", dest);
    out
}

/// The conditions of a rule, in firewall4's order. `both` is for the filter's rules, which take `icmp` without a family
/// for both protocols.
pub fn conditions(matches: &Matches, sets: &[Set], both: bool) -> Vec<String> {
    let mut out = Vec::new();
    let family = matches.family;
    if family != 0 && matches.src.is_empty() && matches.dest.is_empty() {
        out.push(format!("meta nfproto {}", nfproto(family)));
    }
    if let (Some(proto), false) = (&matches.proto, matches.implied) {
        out.push(match (proto.as_str(), family) {
            ("icmp", 6) => "meta l4proto ipv6-icmp".to_owned(),
            ("icmp", 0) if both => "meta l4proto { icmp, ipv6-icmp }".to_owned(),
            _ => format!("meta l4proto {proto}"),
        });
    }
    if let Some(name) = &matches.iifname {
        out.push(format!("iifname {}", quoted(name)));
    }
    if let Some(name) = &matches.oifname {
        out.push(format!("oifname {}", quoted(name)));
    }
    address(&mut out, family, "saddr", &matches.src);
    address(&mut out, family, "daddr", &matches.dest);
    let proto = matches.proto.as_deref().unwrap_or_default();
    ports(&mut out, proto, "sport", &matches.src_ports);
    ports(&mut out, proto, "dport", &matches.dest_ports);
    for (invert, sign) in [(false, ""), (true, "!= ")] {
        let chosen: Vec<String> =
            matches.macs.iter().filter(|mac| mac.invert == invert).map(|mac| mac.value.clone()).collect();
        if !chosen.is_empty() {
            out.push(format!("ether saddr {sign}{}", braced(&chosen)));
        }
    }
    let icmp = if family == 4 { "icmp" } else { "icmpv6" };
    if !matches.icmp_types.is_empty() {
        let types: Vec<String> = matches.icmp_types.iter().map(u32::to_string).collect();
        out.push(format!("{icmp} type {}", braced(&types)));
    }
    if !matches.icmp_codes.is_empty() {
        let codes: Vec<String> = matches.icmp_codes.iter().map(|(kind, code)| format!("{kind} . {code}")).collect();
        out.push(format!("{icmp} type . {icmp} code {{ {} }}", codes.join(", ")));
    }
    rest(&mut out, matches, sets);
    out
}

fn rest(out: &mut Vec<String>, matches: &Matches, sets: &[Set]) {
    let rest = &matches.rest;
    let sign = |invert: bool| if invert { "!= " } else { "" };
    if let Some(Maybe { invert, value }) = &rest.helper {
        out.push(format!("ct helper {}{}", sign(*invert), quoted(value)));
    }
    if let Some((limit, burst)) = &rest.limit {
        let burst = burst.map_or_else(String::new, |burst| format!(" burst {burst} packets"));
        out.push(format!("limit rate {}/{}{burst}", limit.rate, limit.unit));
    }
    span(out, "time", rest.start_date.as_deref(), rest.stop_date.as_deref());
    span(out, "hour", rest.start_time.as_deref(), rest.stop_time.as_deref());
    if let Some(Maybe { invert, value }) = &rest.weekdays {
        let days: Vec<String> = value.iter().map(|day| quoted(day)).collect();
        out.push(format!("meta day {}{}", sign(*invert), braced(&days)));
    }
    if let Some(Maybe { invert, value: (mark, mask) }) = &rest.mark {
        out.push(match (*mask, invert) {
            (0xffff_ffff, _) => format!("meta mark {}0x{mark:x}", sign(*invert)),
            (mask, true) => format!("meta mark and 0x{mask:x} != 0x{mark:x}"),
            (mask, false) => format!("meta mark and 0x{mask:x} == 0x{mark:x}"),
        });
    }
    if let Some(Maybe { invert, value }) = &rest.dscp {
        let ip = if matches.family == 6 { "ip6" } else { "ip" };
        out.push(format!("{ip} dscp {}0x{value:x}", sign(*invert)));
    }
    if let Some(Maybe { invert, value: (set, fields) }) = &rest.set
        && sets.get(*set).is_some()
    {
        out.push(format!("{} {}@set{set}", fields.join(" . "), sign(*invert)));
    }
}

fn span(out: &mut Vec<String>, key: &str, from: Option<&str>, to: Option<&str>) {
    match (from, to) {
        (Some(from), Some(to)) => out.push(format!("meta {key} \"{from}\"-\"{to}\"")),
        (Some(from), None) => out.push(format!("meta {key} >= \"{from}\"")),
        (None, Some(to)) => out.push(format!("meta {key} <= \"{to}\"")),
        (None, None) => {}
    }
}
