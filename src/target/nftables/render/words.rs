//! Every piece of text that is put into a ruleset goes through here: quoted, shortened and checked for its place.

use std::net::IpAddr;

use crate::{
    model::address::{Intervals, address},
    packet::Family,
};

/// Bytes that the kernel takes in a comment (`NFTNL_UDATA_COMMENT_MAXLEN` less its terminator).
const COMMENT_MAX: usize = 127;
/// Bytes that the kernel takes in a log prefix (`NF_LOG_PREFIXLEN` less its terminator).
const PREFIX_MAX: usize = 126;

/// A text as a comment: nft knows no escapes in strings, so what cannot stand in one becomes `_`, as does `$`, which
/// begins a variable in the prefix of a log; and a text that is too long loses its start, since a place in a source ends with what matters.
pub fn comment(text: &str) -> String {
    let safe = |found: char| found.is_ascii_graphic() && !matches!(found, '"' | '\\' | '$') || found == ' ';
    let clean: String = text.chars().map(|found| if safe(found) { found } else { '_' }).collect();
    let excess = clean.len().saturating_sub(COMMENT_MAX);
    clean.get(excess..).unwrap_or_default().to_owned()
}

/// A log prefix, in quotes, that names the rule.
pub fn log_prefix(verdict: &str, place: &str) -> String {
    let clean = comment(place);
    let head = format!("hedgerow {verdict} ");
    let room = PREFIX_MAX.saturating_sub(head.len() + 2);
    let excess = clean.len().saturating_sub(room);
    format!("\"{head}{}: \"", clean.get(excess..).unwrap_or_default())
}

/// An interface in quotes. The model lets only names through that hold no quotes.
pub fn interface(name: &str) -> String {
    format!("\"{name}\"")
}

/// One thing as it is, several in braces.
pub fn one_of(things: &[String]) -> String {
    match things {
        [one] => one.clone(),
        several => format!("{{ {} }}", several.join(", ")),
    }
}

/// Addresses as prefixes where they are some, as ranges otherwise.
pub fn addresses(set: &Intervals, family: Family) -> Vec<String> {
    set.ranges().iter().map(|(from, to)| range(*from, *to, family)).collect()
}

/// A range of addresses: an address, a prefix or two ends.
pub fn range(from: u128, to: u128, family: Family) -> String {
    let (first, last): (IpAddr, IpAddr) = (address(family, from), address(family, to));
    if from == to {
        return first.to_string();
    }
    let width = if family == Family::V4 { 32 } else { 128 };
    let size = to - from;
    if size & size.wrapping_add(1) == 0 && from & size == 0 {
        return format!("{first}/{}", width - size.count_ones());
    }
    format!("{first}-{last}")
}

/// Ports or protocols: a number or two ends.
pub fn number_range((from, to): (u16, u16)) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}

/// Numbers with braces if there are several.
pub fn numbers(ranges: &[(u16, u16)]) -> String {
    one_of(&ranges.iter().map(|range| number_range(*range)).collect::<Vec<_>>())
}

/// A protocol as nft names it.
pub fn protocol(number: u8) -> String {
    match number {
        crate::model::service::TCP => "tcp".to_owned(),
        crate::model::service::UDP => "udp".to_owned(),
        crate::model::service::SCTP => "sctp".to_owned(),
        other => other.to_string(),
    }
}
