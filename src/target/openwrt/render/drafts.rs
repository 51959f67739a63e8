//! Lines of the rulebook gathered into rules: what one rule of firewall4 can say is not written as several.

use super::addresses::{INLINE, Side, inline, sides};
use crate::{
    model::{
        Options,
        address::Intervals,
        service::{ICMP, ICMPV6, SCTP, TCP, Traffic, UDP},
    },
    packet::Family,
    plan::{Addresses, Line},
    policy::Cause,
};

/// The traffic of a rule.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Every,
    /// Whole protocols, by their numbers.
    Protocols(Vec<u8>),
    /// TCP, UDP or both.
    Ports {
        protocols: Vec<u8>,
        from: Vec<(u16, u16)>,
        to: Vec<(u16, u16)>,
    },
    /// ICMP of the rule's family: `8` or `3/4`.
    Icmp(Vec<String>),
}

/// firewall4 matches ports of TCP and UDP; it silently drops those of any other protocol, and the match with them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PortsOfSctp;

/// A rule before it is written.
#[derive(Clone, Debug)]
pub struct Draft {
    pub cause: Cause,
    pub kind: Kind,
    pub options: Options,
    /// One family, or both where a single rule can say it.
    pub families: Vec<(Family, Side, Side)>,
}

/// What a line's traffic is to firewall4.
pub fn kind(traffic: &Traffic) -> Result<Kind, PortsOfSctp> {
    let Some(protocol) = traffic.protocol else { return Ok(Kind::Every) };
    let ports = !traffic.to.is_empty() || !traffic.from.is_empty();
    Ok(match protocol {
        SCTP if ports => return Err(PortsOfSctp),
        TCP | UDP if ports => {
            Kind::Ports { protocols: vec![protocol], from: traffic.from.clone(), to: traffic.to.clone() }
        }
        ICMP | ICMPV6 if ports => Kind::Icmp(icmp(&traffic.to)),
        _ => Kind::Protocols(vec![protocol]),
    })
}

/// Types and codes, each by itself: firewall4 takes no ranges of them.
fn icmp(ranges: &[(u16, u16)]) -> Vec<String> {
    let mut found = Vec::new();
    for (from, to) in ranges {
        for kind in (from >> 8)..=(to >> 8) {
            let first = if kind == from >> 8 { from & 0xff } else { 0 };
            let last = if kind == to >> 8 { to & 0xff } else { 0xff };
            if (first, last) == (0, 0xff) {
                found.push(kind.to_string());
            } else {
                found.extend((first..=last).map(|code| format!("{kind}/{code}")));
            }
        }
    }
    found
}

/// The drafts of some lines. `literal` are the literal IPv6 networks of the zones on both sides.
///
/// # Errors
/// The first line that firewall4 has no words for.
pub fn drafts(lines: &[Line], literal: (&Intervals, &Intervals)) -> Result<Vec<Draft>, Cause> {
    let mut gathered: Vec<(Line, Kind)> = Vec::new();
    for line in lines {
        let kind = kind(&line.traffic).map_err(|_| line.cause)?;
        gathered.push((line.clone(), kind));
    }
    let gathered = fold(gathered, join_sources);
    let gathered = fold(gathered, join_ports);
    let gathered = fold(gathered, join_protocols);
    let mut drafts: Vec<Draft> = Vec::new();
    for (line, kind) in gathered {
        for from in sides(&line.from, line.family, literal.0) {
            for to in sides(&line.to, line.family, literal.1) {
                drafts.push(Draft {
                    cause: line.cause,
                    kind: kind.clone(),
                    options: line.options.clone(),
                    families: vec![(line.family, from.clone(), to)],
                });
            }
        }
    }
    Ok(fold(drafts, join_families))
}

/// Joins each item into an earlier one where that is possible.
fn fold<T>(items: Vec<T>, join: impl Fn(&mut T, &T) -> bool) -> Vec<T> {
    let mut found: Vec<T> = Vec::new();
    for item in items {
        if !found.iter_mut().any(|earlier| join(earlier, &item)) {
            found.push(item);
        }
    }
    found
}

fn same_but_sources(a: &Line, b: &Line) -> bool {
    (a.cause, a.family, &a.to, &a.options) == (b.cause, b.family, &b.to, &b.options)
}

/// The same traffic from other addresses: a zone's networks, and what is on its link.
fn join_sources((line, kind): &mut (Line, Kind), (other, others): &(Line, Kind)) -> bool {
    let free = line.from.delegated.is_none() || other.from.delegated.is_none();
    if kind != others || !same_but_sources(line, other) || !free {
        return false;
    }
    line.from = Addresses {
        literal: line.from.literal.union(&other.from.literal),
        delegated: line.from.delegated.clone().or_else(|| other.from.delegated.clone()),
    };
    true
}

/// Other ports of the same protocol.
fn join_ports((line, kind): &mut (Line, Kind), (other, others): &(Line, Kind)) -> bool {
    if line.from != other.from || !same_but_sources(line, other) {
        return false;
    }
    match (kind, others) {
        (
            Kind::Ports { protocols, from, to },
            Kind::Ports { protocols: other_protocols, from: other_from, to: other_to },
        ) if protocols == other_protocols && from == other_from && !to.is_empty() && !other_to.is_empty() => {
            to.extend(other_to);
            to.sort_unstable();
            to.dedup();
            true
        }
        (Kind::Icmp(types), Kind::Icmp(other)) => {
            types.extend(other.iter().filter(|kind| !types.contains(kind)).cloned().collect::<Vec<_>>());
            true
        }
        _ => false,
    }
}

/// Another protocol with the same ports.
fn join_protocols((line, kind): &mut (Line, Kind), (other, others): &(Line, Kind)) -> bool {
    if line.from != other.from || !same_but_sources(line, other) {
        return false;
    }
    match (kind, others) {
        (Kind::Ports { protocols, from, to }, Kind::Ports { protocols: other, from: other_from, to: other_to })
            if from == other_from && to == other_to =>
        {
            protocols.extend(other);
            protocols.sort_unstable();
            protocols.dedup();
            true
        }
        (Kind::Protocols(protocols), Kind::Protocols(other)) => {
            protocols.extend(other.iter().filter(|other| !protocols.contains(other)).copied().collect::<Vec<_>>());
            true
        }
        _ => false,
    }
}

/// The same in the other family.
fn join_families(draft: &mut Draft, other: &Draft) -> bool {
    let ([(family, from, to)], [(other_family, other_from, other_to)]) =
        (draft.families.as_slice(), other.families.as_slice())
    else {
        return false;
    };
    let alike = |a: &Side, b: &Side| {
        (*a == Side::Any) == (*b == Side::Any) && inline(a, *family).len() + inline(b, *other_family).len() <= INLINE
    };
    // ICMP has other types in each family, and so have protocols whose number belongs to one.
    let plain = match &draft.kind {
        Kind::Every | Kind::Ports { .. } => true,
        Kind::Protocols(list) => !list.contains(&ICMP) && !list.contains(&ICMPV6),
        Kind::Icmp(_) => false,
    };
    let same = (draft.cause, &draft.kind, &draft.options) == (other.cause, &other.kind, &other.options);
    if !same || !plain || family == other_family || !alike(from, other_from) || !alike(to, other_to) {
        return false;
    }
    draft.families.extend(other.families.clone());
    true
}
