//! A line of the rulebook as the matches of a single rule.

use super::words;
use crate::{
    model::{
        address::{AddressSet, Intervals},
        service::{ICMP, ICMPV6, Traffic},
    },
    packet::{Family, Ranges},
    plan::{Addresses, HostParts, suffix_text},
};

const DAY: u64 = 24 * 60;

/// Every address of a family.
pub fn everything(family: Family) -> Intervals {
    AddressSet::all().family(family).clone()
}

/// What a delegated prefix lies in, whatever it is: global unicast (RFC 4291, IANA).
pub fn global() -> Intervals {
    AddressSet::nets("2000::/3".parse().ok()).v6
}

/// The matches of one side, each a text to be put in front of the verdict; several mean several rules. `literal` are
/// the literal IPv6 networks of the zone on that side, which a host part below the delegated prefix must not match.
pub fn side(addresses: &Addresses, family: Family, word: &str, literal: &Intervals) -> Vec<String> {
    let ip = if family == Family::V4 { "ip" } else { "ip6" };
    let mut found = Vec::new();
    let delegated = global().minus(literal);
    let mut written = addresses.literal.clone();
    if addresses.delegated == Some(HostParts::All) {
        written = written.union(&delegated);
    }
    if written == everything(family) {
        return vec![String::new()];
    }
    if !written.is_empty() {
        found.push(format!("{ip} {word} {} ", words::one_of(&words::addresses(&written, family))));
    }
    let parts = |parts: &[u64]| words::one_of(&parts.iter().map(|part| suffix_text(*part)).collect::<Vec<_>>());
    let below = format!("ip6 {word} {} ", words::one_of(&words::addresses(&delegated, Family::V6)));
    match &addresses.delegated {
        Some(HostParts::Only(only)) => {
            found.push(format!("{below}ip6 {word} & ::ffff:ffff:ffff:ffff {} ", equals("==", &parts(only))));
        }
        Some(HostParts::AllBut(but)) => {
            found.push(format!("{below}ip6 {word} & ::ffff:ffff:ffff:ffff != {} ", parts(but)));
        }
        Some(HostParts::All) | None => {}
    }
    found
}

/// `== ::10`, or the bare set.
fn equals(sign: &str, what: &str) -> String {
    if what.starts_with('{') { what.to_owned() } else { format!("{sign} {what}") }
}

/// The matches of the traffic.
pub fn traffic(traffic: &Traffic) -> String {
    match traffic.protocol {
        None => String::new(),
        Some(protocol) if traffic.has_ports() => {
            let name = words::protocol(protocol);
            let mut text = String::new();
            if !traffic.from.is_empty() {
                text += &format!("{name} sport {} ", words::numbers(&traffic.from));
            }
            if !traffic.to.is_empty() {
                text += &format!("{name} dport {} ", words::numbers(&traffic.to));
            }
            if text.is_empty() { format!("meta l4proto {name} ") } else { text }
        }
        Some(protocol @ (ICMP | ICMPV6)) => icmp(if protocol == ICMP { "icmp" } else { "icmpv6" }, protocol, traffic),
        Some(protocol) => format!("meta l4proto {protocol} "),
    }
}

/// Types, and a code where one is asked for.
fn icmp(word: &str, protocol: u8, traffic: &Traffic) -> String {
    let whole: Option<Vec<(u16, u16)>> = traffic
        .to
        .iter()
        .map(|(from, to)| (from & 0xff == 0 && to & 0xff == 0xff).then_some((from >> 8, to >> 8)))
        .collect();
    match (traffic.to.as_slice(), whole) {
        ([], _) => format!("meta l4proto {protocol} "),
        (_, Some(types)) => format!("{word} type {} ", words::numbers(&types)),
        ([(from, to)], None) if from >> 8 == to >> 8 => {
            format!("{word} type {} {word} code {} ", from >> 8, words::number_range((from & 0xff, to & 0xff)))
        }
        (several, None) => {
            let pairs: Vec<String> = several
                .iter()
                .map(|(from, to)| {
                    format!(
                        "{} . {}",
                        words::number_range((from >> 8, to >> 8)),
                        words::number_range((from & 0xff, to & 0xff))
                    )
                })
                .collect();
            format!("{word} type . {word} code {} ", words::one_of(&pairs))
        }
    }
}

/// Minutes of the week in UTC as matches on day and hour; several mean several rules.
///
/// Hours are written as seconds since midnight: nft would shift `"22:00"` by the time zone of the machine that loads
/// the file (`hour_type_parse` in its src/meta.c), a number it leaves alone. Nothing crosses midnight, which nft
/// cannot load.
pub fn times(minutes: &Ranges) -> Vec<String> {
    let mut slices: Vec<((u64, u64), Vec<u64>)> = Vec::new();
    for day in 0..7 {
        let whole = Ranges::range(day * DAY, day * DAY + DAY - 1);
        for (from, to) in minutes.intersect(&whole).iter() {
            let slice = (from - day * DAY, to - day * DAY);
            // Sunday is 0 for nft, Monday for us.
            let number = (day + 1) % 7;
            match slices.iter_mut().find(|(known, _)| *known == slice) {
                Some((_, days)) => days.push(number),
                None => slices.push((slice, vec![number])),
            }
        }
    }
    let mut found = Vec::new();
    for ((from, to), days) in slices {
        let mut text = String::new();
        if days.len() < 7 {
            text += &format!("meta day {} ", words::one_of(&days.iter().map(ToString::to_string).collect::<Vec<_>>()));
        }
        if (from, to) != (0, DAY - 1) {
            text += &format!("meta hour {}-{} ", from * 60, to * 60 + 59);
        }
        found.push(text);
    }
    found
}
