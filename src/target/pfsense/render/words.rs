//! Words as pfSense takes them: names, descriptions, numbers that stay the same from run to run.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use crate::{
    model::{
        address::{Intervals, address},
        service::{ICMP, ICMPV6, SCTP, TCP, Traffic, UDP},
    },
    packet::Family,
};

/// A label of pf holds 63 characters, with a prefix that pfSense puts before it.
const DESCRIPTION: usize = 52;
/// Our trackers: above those of pfSense's own rules and above the time stamps that its pages give to rules by hand.
const TRACKERS: u64 = 2_200_000_000;
/// How many of them there are.
const TRACKER_RANGE: u64 = 2_000_000_000;
/// The word that every rule and translation of ours begins with, in its description.
pub const MARK: &str = "hedgerow ";

/// A text for a description: printable ASCII without what XML or pf would read as its own, within the limit.
pub fn description(text: &str) -> String {
    let plain = |sign: char| match sign {
        '&' | '<' | '>' | '"' | '\'' | '\\' | '`' | '$' | '|' => '_',
        ' '..='~' => sign,
        _ => '_',
    };
    text.chars().map(plain).take(DESCRIPTION).collect::<String>().trim_end().to_owned()
}

/// A text as a part of a name: letters, digits and underscores.
pub fn name(text: &str) -> String {
    text.chars().map(|sign| if sign.is_ascii_alphanumeric() { sign } else { '_' }).collect()
}

/// The name of an alias of ours, from a word and what the list holds. pfSense takes 31 characters. It searches the
/// destination of rules with a gateway for the letters `any`, so these never stand in a name.
pub fn alias(word: &str, whole: bool, content: &impl Hash) -> String {
    let word: String = name(word).to_lowercase().chars().take(18).collect();
    let word = word.replace("any", "an_y");
    if whole { format!("hr_{word}") } else { format!("hr_{word}_{:06x}", number(content) & 0xff_ffff) }
}

/// A number for some content, the same on every machine.
pub fn number(content: &impl Hash) -> u64 {
    let mut hasher = Stable(FxHasher::default());
    content.hash(&mut hasher);
    // The low bits of the hash itself are weak.
    let mixed = hasher.0.finish() ^ (hasher.0.finish() >> 29);
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15)) >> 16
}

/// The tracker for some content.
pub fn tracker(content: &impl Hash) -> u32 {
    u32::try_from(TRACKERS + number(content) % TRACKER_RANGE).unwrap_or(u32::MAX)
}

/// Lengths count with 64 bits on every machine.
struct Stable(FxHasher);

impl Hasher for Stable {
    fn finish(&self) -> u64 {
        self.0.finish()
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0.write_u8(*byte);
        }
    }

    fn write_usize(&mut self, value: usize) {
        self.0.write_u64(u64::try_from(value).unwrap_or(u64::MAX));
    }
}

/// Ranges of addresses as prefixes, each as pfSense writes it.
pub fn prefixes(set: &Intervals, family: Family) -> Vec<String> {
    let width: u32 = if family == Family::V4 { 32 } else { 128 };
    let mut found = Vec::new();
    for (from, to) in set.ranges() {
        let mut at = *from;
        loop {
            let aligned = if at == 0 { width } else { at.trailing_zeros().min(width) };
            let room = to - at;
            let fits = if room == u128::MAX { 128 } else { (room + 1).ilog2() };
            let bits = aligned.min(fits);
            found.push(if bits == 0 {
                format!("{}", address(family, at))
            } else {
                format!("{}/{}", address(family, at), width - bits)
            });
            let step = if bits >= 128 { break } else { 1u128 << bits };
            match at.checked_add(step) {
                Some(next) if next <= *to => at = next,
                _ => break,
            }
        }
    }
    found
}

/// The word of a protocol, and empty for all of them.
pub fn protocol(traffic: &Traffic) -> String {
    match traffic.protocol {
        None => String::new(),
        Some(TCP) => "tcp".to_owned(),
        Some(UDP) => "udp".to_owned(),
        Some(SCTP) => "sctp".to_owned(),
        Some(ICMP | ICMPV6) => "icmp".to_owned(),
        Some(2) => "igmp".to_owned(),
        Some(41) => "ipv6".to_owned(),
        Some(47) => "gre".to_owned(),
        Some(50) => "esp".to_owned(),
        Some(51) => "ah".to_owned(),
        Some(89) => "ospf".to_owned(),
        Some(103) => "pim".to_owned(),
        Some(112) => "carp".to_owned(),
        Some(other) => other.to_string(),
    }
}

/// The word of a protocol in a translation: pfSense hands it on to pf, to which `icmp` is that of IPv4 alone.
pub fn translated_protocol(traffic: &Traffic) -> String {
    if traffic.protocol == Some(ICMPV6) { "ipv6-icmp".to_owned() } else { protocol(traffic) }
}

/// Types of ICMP by pfSense's words, with a code where single ones are meant: it hands the text on to pf as it is.
pub fn icmp_types(traffic: &Traffic) -> String {
    let mut found = Vec::new();
    for (from, to) in &traffic.to {
        for kind in (from >> 8)..=(to >> 8) {
            let word = icmp_type(kind, traffic.protocol == Some(ICMPV6));
            let (first, last) = ((*from).max(kind << 8) & 0xff, (*to).min(kind << 8 | 0xff) & 0xff);
            if (first, last) == (0, 0xff) {
                found.push(word);
            } else {
                found.extend((first..=last).map(|code| format!("{word} code {code}")));
            }
        }
    }
    match found.as_slice() {
        // To PHP the text `0` is as good as none, and pfSense would let every type pass.
        [one] if one == "0" => "0,0".to_owned(),
        all if all.len() == 256 && !all.iter().any(|word| word.contains(' ')) => String::new(),
        all => all.join(","),
    }
}

fn icmp_type(kind: u16, v6: bool) -> String {
    let v4 = [
        (0, "echorep"),
        (3, "unreach"),
        (4, "squench"),
        (5, "redir"),
        (8, "echoreq"),
        (9, "routeradv"),
        (10, "routersol"),
        (11, "timex"),
        (12, "paramprob"),
        (13, "timereq"),
        (14, "timerep"),
    ];
    let v6_words = [
        (1, "unreach"),
        (2, "toobig"),
        (3, "timex"),
        (4, "paramprob"),
        (128, "echoreq"),
        (129, "echorep"),
        (133, "routersol"),
        (134, "routeradv"),
        (135, "neighbrsol"),
        (136, "neighbradv"),
        (137, "redir"),
    ];
    let words: &[(u16, &str)] = if v6 { &v6_words } else { &v4 };
    words.iter().find(|(number, _)| *number == kind).map_or_else(|| kind.to_string(), |(_, word)| (*word).to_owned())
}

/// A port or a range.
pub fn port_range((from, to): (u16, u16)) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}
