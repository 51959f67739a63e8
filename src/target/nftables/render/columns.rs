//! The fields of a set of elements, and their order.
//!
//! The kernel looks a packet up field by field and carries along what still matches (`nft_set_pipapo.c`): a first field
//! in which all elements agree makes it carry all of them. So a large set begins with the field that tells most
//! elements apart. In a small one the order is the one that people expect.

use std::collections::BTreeSet;

use super::elements::{Item, Kind, Sides};
use crate::packet::Family;

/// Up to this many elements a set is written for people.
const SMALL: usize = 64;

/// A field of a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Column {
    From,
    To,
    Protocol,
    Port,
    IcmpType,
}

/// The fields of a set, in their order.
pub fn columns(kind: Kind, sides: Sides, items: &[Item]) -> Vec<Column> {
    let mut columns = Vec::new();
    if sides.from {
        columns.push(Column::From);
    }
    if sides.to {
        columns.push(Column::To);
    }
    match kind {
        Kind::Hosts => {}
        Kind::Ports => columns.extend([Column::Protocol, Column::Port]),
        Kind::Icmp => columns.push(Column::IcmpType),
    }
    if items.len() > SMALL {
        columns.sort_by_cached_key(|column| std::cmp::Reverse(column.different(items)));
    }
    columns
}

impl Column {
    /// How many different values it has.
    fn different(self, items: &[Item]) -> usize {
        match self {
            Self::From => items.iter().map(|item| item.from).collect::<BTreeSet<_>>().len(),
            Self::To => items.iter().map(|item| item.to).collect::<BTreeSet<_>>().len(),
            Self::Port => items.iter().map(|item| item.port).collect::<BTreeSet<_>>().len(),
            Self::Protocol | Self::IcmpType => items.iter().map(|item| item.protocol).collect::<BTreeSet<_>>().len(),
        }
    }

    const fn type_text(self, family: Family) -> &'static str {
        match (self, family) {
            (Self::From | Self::To, Family::V4) => "ipv4_addr",
            (Self::From | Self::To, Family::V6) => "ipv6_addr",
            (Self::Protocol, _) => "inet_proto",
            (Self::Port, _) => "inet_service",
            (Self::IcmpType, Family::V4) => "icmp_type",
            (Self::IcmpType, Family::V6) => "icmpv6_type",
        }
    }

    const fn key_text(self, family: Family) -> &'static str {
        match (self, family) {
            (Self::From, Family::V4) => "ip saddr",
            (Self::From, Family::V6) => "ip6 saddr",
            (Self::To, Family::V4) => "ip daddr",
            (Self::To, Family::V6) => "ip6 daddr",
            (Self::Protocol, _) => "meta l4proto",
            (Self::Port, _) => "th dport",
            (Self::IcmpType, Family::V4) => "icmp type",
            (Self::IcmpType, Family::V6) => "icmpv6 type",
        }
    }
}

/// The type of a set with these fields.
pub fn type_text(columns: &[Column], family: Family) -> String {
    columns.iter().map(|column| column.type_text(family)).collect::<Vec<_>>().join(" . ")
}

/// The lookup key of a set with these fields.
pub fn key(columns: &[Column], family: Family) -> String {
    columns.iter().map(|column| column.key_text(family)).collect::<Vec<_>>().join(" . ")
}
