//! Parses what a match looks at: selectors, concatenations of them, and masks.

use nom::{
    Parser,
    branch::alt,
    combinator::{map, opt},
    sequence::{delimited, preceded},
};

use super::{
    ast::{End, Key, Selector},
    cursor::{Input, Parsed, at, at_word, fail, keyword, separated_list1, symbol, word},
    parse_value::single,
};

/// `ip saddr`, `ip saddr . tcp dport`, `ip6 daddr & ::ffff`, `(ip daddr & 255.255.255.0)`
pub fn key(input: Input<'_>) -> Parsed<'_, Key> {
    if at(input, "(") {
        return delimited(symbol("("), key, symbol(")")).parse(input);
    }
    let (rest, parts) = separated_list1(symbol("."), selector).parse(input)?;
    let mask = preceded(alt((symbol("&"), keyword("and"))), single);
    let (rest, mask) = opt(mask).parse(rest)?;
    if ["&", "|", "^", "<<", ">>"].iter().any(|sign| at(rest, sign))
        || at_word(rest, &["and", "or", "xor", "lshift", "rshift"])
    {
        return fail(rest, "the end of the expression");
    }
    Ok((rest, Key { parts, mask }))
}

/// Selectors whose second word is not modelled, but whose length is known: a header and one of its fields.
const HEADERS: [&str; 16] = [
    "ip", "ip6", "tcp", "udp", "udplite", "sctp", "dccp", "icmp", "icmpv6", "igmp", "ether", "vlan", "arp", "ah",
    "esp", "comp",
];

/// `meta` keys that may stand alone.
const BARE: [&str; 15] = [
    "iiftype",
    "oiftype",
    "skuid",
    "skgid",
    "nftrace",
    "rtclassid",
    "ibrname",
    "obrname",
    "ibriport",
    "pkttype",
    "cpu",
    "iifgroup",
    "oifgroup",
    "cgroup",
    "time",
];

/// One selector.
pub fn selector(input: Input<'_>) -> Parsed<'_, Selector> {
    let (rest, first) = word(input)?;
    let meta = |word: &str| match word {
        "iifname" | "iif" => Some(Selector::InName),
        "oifname" | "oif" => Some(Selector::OutName),
        "l4proto" => Some(Selector::L4proto),
        "nfproto" => Some(Selector::Nfproto),
        "protocol" => Some(Selector::EtherType),
        "hour" => Some(Selector::Hour),
        "day" => Some(Selector::Day),
        "mark" => Some(Selector::Mark),
        _ => None,
    };
    match first {
        "iifname" | "iif" | "oifname" | "oif" | "hour" | "day" | "mark" => {
            return Ok((rest, meta(first).unwrap_or(Selector::Hour)));
        }
        "meta" => {
            let (rest, second) = word(rest)?;
            return Ok((rest, meta(second).unwrap_or_else(|| Selector::Opaque(format!("meta {second}")))));
        }
        "ct" => return conntrack(rest),
        "fib" => return fib(rest),
        "th" => {}
        _ if BARE.contains(&first) => return Ok((rest, Selector::Opaque(first.to_owned()))),
        _ if HEADERS.contains(&first) => {}
        _ => return fail(input, "a match"),
    }
    let (rest, second) = word(rest)?;
    if second == "option" {
        return fail(rest, "a field");
    }
    Ok((rest, header(first, second).unwrap_or_else(|| Selector::Opaque(format!("{first} {second}")))))
}

fn header(protocol: &str, field: &str) -> Option<Selector> {
    let transport = match protocol {
        "th" => Some(None),
        "tcp" => Some(Some(6)),
        "udp" => Some(Some(17)),
        "dccp" => Some(Some(33)),
        "sctp" => Some(Some(132)),
        "udplite" => Some(Some(136)),
        _ => None,
    };
    Some(match (protocol, field, transport) {
        (_, "sport", Some(transport)) => Selector::Port(transport, End::Src),
        (_, "dport", Some(transport)) => Selector::Port(transport, End::Dst),
        ("tcp", "flags", _) => Selector::TcpFlags,
        ("ip" | "ip6", "saddr", _) => Selector::Address(protocol == "ip6", End::Src),
        ("ip" | "ip6", "daddr", _) => Selector::Address(protocol == "ip6", End::Dst),
        ("ip", "protocol", _) => Selector::NextHeader(false),
        ("ip6", "hoplimit", _) => Selector::HopLimit,
        ("ip6", "nexthdr", _) => Selector::NextHeader(true),
        ("icmp" | "icmpv6", "type", _) => Selector::IcmpType(protocol == "icmpv6"),
        ("icmp" | "icmpv6", "code", _) => Selector::IcmpCode(protocol == "icmpv6"),
        _ => return None,
    })
}

fn conntrack(input: Input<'_>) -> Parsed<'_, Selector> {
    let (rest, first) = word(input)?;
    let direction = match first {
        "state" => return Ok((rest, Selector::CtState)),
        "status" => return Ok((rest, Selector::CtStatus)),
        "direction" => return Ok((rest, Selector::CtDirection)),
        "mark" => return Ok((rest, Selector::CtMark)),
        "zone" => return Ok((rest, Selector::CtZone)),
        "original" | "reply" => first,
        // A statement that counts connections.
        "count" => return fail(rest, "a key of the connection"),
        _ => return Ok((rest, Selector::Opaque(format!("ct {first}")))),
    };
    let (rest, v6) = opt(alt((map(keyword("ip"), |()| false), map(keyword("ip6"), |()| true)))).parse(rest)?;
    let (rest, field) = word(rest)?;
    let modelled = match field {
        "saddr" => Selector::CtAddress(v6, End::Src),
        "daddr" => Selector::CtAddress(v6, End::Dst),
        "proto-src" => Selector::CtPort(End::Src),
        "proto-dst" => Selector::CtPort(End::Dst),
        "protocol" => Selector::CtProtocol,
        _ => return Ok((rest, Selector::Opaque(format!("ct {direction} {field}")))),
    };
    match direction {
        "original" => Ok((rest, modelled)),
        _ => Ok((rest, Selector::Opaque(format!("ct reply {field}")))),
    }
}

/// `fib saddr . iif oif`, `fib daddr type`
fn fib(input: Input<'_>) -> Parsed<'_, Selector> {
    let (rest, keys) = separated_list1(symbol("."), word).parse(input)?;
    let (rest, result) = word(rest)?;
    let end = match keys.first() {
        Some(&"saddr") => Some(End::Src),
        Some(&"daddr") => Some(End::Dst),
        _ => None,
    };
    let arriving = match keys.get(1..) {
        Some([]) => Some(false),
        Some(["iif"]) => Some(true),
        _ => None,
    };
    Ok((
        rest,
        match (end, arriving, result) {
            (Some(end), Some(arriving), "type") => Selector::FibType(end, arriving),
            (Some(end), Some(arriving), "oif" | "oifname") => Selector::FibOut(end, arriving),
            _ => Selector::Opaque(format!("fib {} {result}", keys.join(" . "))),
        },
    ))
}
