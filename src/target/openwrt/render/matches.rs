//! Matches in the words of nft, for the files that firewall4 includes.

use super::{
    addresses::{everything, global},
    words,
};
use crate::{
    model::{
        address::Intervals,
        service::{SCTP, TCP, Traffic, UDP},
    },
    packet::Family,
    plan::{Addresses, HostParts, suffix_text},
};

pub const fn ip(family: Family) -> &'static str {
    match family {
        Family::V4 => "ip",
        Family::V6 => "ip6",
    }
}

pub const fn nfproto(family: Family) -> &'static str {
    match family {
        Family::V4 => "meta nfproto ipv4 ",
        Family::V6 => "meta nfproto ipv6 ",
    }
}

/// Addresses in braces, or one as it is.
pub fn list(set: &Intervals, family: Family) -> String {
    words::one_of(&words::addresses(set, family))
}

/// The matches of one side; several mean several rules. `literal` are the literal IPv6 networks of the zone on that
/// side, which a host part below the delegated prefix must not match.
pub fn side(addresses: &Addresses, family: Family, word: &str, literal: &Intervals) -> Vec<String> {
    let ip = ip(family);
    let delegated = global().minus(literal);
    let mut written = addresses.literal.clone();
    if addresses.delegated == Some(HostParts::All) {
        written = written.union(&delegated);
    }
    if written == everything(family) {
        return vec![String::new()];
    }
    let mut found = Vec::new();
    if !written.is_empty() {
        found.push(format!("{ip} {word} {} ", list(&written, family)));
    }
    let below = format!("ip6 {word} {} ", list(&delegated, Family::V6));
    let parts = |parts: &[u64]| words::one_of(&parts.iter().map(|part| suffix_text(*part)).collect::<Vec<_>>());
    let equals = |parts: String| if parts.starts_with('{') { parts } else { format!("== {parts}") };
    match &addresses.delegated {
        Some(HostParts::Only(only)) => {
            found.push(format!("{below}ip6 {word} & ::ffff:ffff:ffff:ffff {} ", equals(parts(only))));
        }
        Some(HostParts::AllBut(but)) => {
            found.push(format!("{below}ip6 {word} & ::ffff:ffff:ffff:ffff != {} ", parts(but)));
        }
        Some(HostParts::All) | None => {}
    }
    found
}

/// The matches of the traffic.
pub fn traffic(traffic: &Traffic) -> String {
    let Some(protocol) = traffic.protocol else { return String::new() };
    let name = match protocol {
        TCP => "tcp",
        UDP => "udp",
        SCTP => "sctp",
        other => return format!("meta l4proto {other} "),
    };
    let ports = |word: &str, ranges: &[(u16, u16)]| {
        let ranges: Vec<String> = ranges.iter().map(|range| words::port(*range)).collect();
        if ranges.is_empty() { String::new() } else { format!("{name} {word} {} ", words::one_of(&ranges)) }
    };
    let text = ports("sport", &traffic.from) + &ports("dport", &traffic.to);
    if text.is_empty() { format!("meta l4proto {name} ") } else { text }
}
