//! Every piece of text that is put into a configuration goes through here: quoted, shortened and checked for its place.

use std::net::IpAddr;

use crate::{
    model::address::{Intervals, address},
    packet::Family,
};

/// Bytes that firewall4 can take in a rule's name: what nft takes in a comment (128) less firewall4's `!fw4: ` before
/// it. One more, and the whole ruleset fails to load.
const NAME_MAX: usize = 122;
/// Bytes of a comment in a file for nft.
const COMMENT_MAX: usize = 127;

/// A value in quotes, as libuci and the shell read it.
pub fn quoted(value: &str) -> String {
    format!("'{}'", clean(value).replace('\'', "'\\''"))
}

/// A text on one line, without what could end a comment, a string or a line.
pub fn clean(text: &str) -> String {
    let safe = |found: char| found.is_ascii_graphic() && !matches!(found, '"' | '\\' | '`' | '$') || found == ' ';
    text.chars().map(|found| if safe(found) { found } else { '_' }).collect()
}

/// A text as the name of a rule: it loses its start if it is too long, since a place in a source ends with what matters.
pub fn name(text: &str) -> String {
    tail(&clean(text), NAME_MAX)
}

/// A text as the comment of a rule of nft.
pub fn comment(text: &str) -> String {
    tail(&clean(text), COMMENT_MAX)
}

fn tail(text: &str, most: usize) -> String {
    text.get(text.len().saturating_sub(most)..).unwrap_or_default().to_owned()
}

/// Addresses as prefixes where they are some, as ranges otherwise.
pub fn addresses(set: &Intervals, family: Family) -> Vec<String> {
    set.ranges().iter().map(|(from, to)| range(*from, *to, family)).collect()
}

/// A range of addresses: an address, a prefix or two ends.
fn range(from: u128, to: u128, family: Family) -> String {
    let (first, last): (IpAddr, IpAddr) = (address(family, from), address(family, to));
    if from == to {
        return first.to_string();
    }
    let size = to - from;
    if size & size.wrapping_add(1) == 0 && from & size == 0 {
        return format!("{first}/{}", width(family) - size.count_ones());
    }
    format!("{first}-{last}")
}

/// Addresses as prefixes alone: a set of firewall4 takes no ranges.
pub fn prefixes(set: &Intervals, family: Family) -> Vec<String> {
    let mut found = Vec::new();
    for (from, to) in set.ranges() {
        let mut from = *from;
        loop {
            // The largest prefix that starts here and does not pass the end.
            let mut bits = from.trailing_zeros().min(width(family));
            while bits > 0 && from.checked_add(mask(bits)).is_none_or(|last| last > *to) {
                bits -= 1;
            }
            let last = from + mask(bits);
            found.push(range(from, last, family));
            if last >= *to {
                break;
            }
            from = last + 1;
        }
    }
    found
}

/// So many ones.
const fn mask(bits: u32) -> u128 {
    if bits >= 128 { u128::MAX } else { (1 << bits) - 1 }
}

const fn width(family: Family) -> u32 {
    match family {
        Family::V4 => 32,
        Family::V6 => 128,
    }
}

/// Ports: a number or two ends.
pub fn port((from, to): (u16, u16)) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}

/// One thing as it is, several in braces, as nft has it.
pub fn one_of(things: &[String]) -> String {
    match things {
        [one] => one.clone(),
        several => format!("{{ {} }}", several.join(", ")),
    }
}

/// The name of a place as part of a UCI name: letters, digits and `_`.
pub fn identifier(name: &str) -> String {
    name.chars().map(|found| if found.is_ascii_alphanumeric() { found } else { '_' }).take(40).collect()
}
