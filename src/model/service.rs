//! Services: which packets a name such as `mqtt` stands for.

use std::collections::BTreeSet;

use crate::packet::{Cube, Family, Field, Packet, Ranges, icmp};

/// Protocol numbers of the IANA registry.
pub const ICMP: u8 = 1;
/// TCP.
pub const TCP: u8 = 6;
/// UDP.
pub const UDP: u8 = 17;
/// ICMP for IPv6.
pub const ICMPV6: u8 = 58;
/// SCTP.
pub const SCTP: u8 = 132;

/// Packets of one protocol.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Traffic {
    /// None is every protocol.
    pub protocol: Option<u8>,
    /// The only family, for protocols of one family.
    pub family: Option<Family>,
    /// Destination ports, or ICMP `type << 8 | code`; empty is all. Sorted, inclusive.
    pub to: Vec<(u16, u16)>,
    /// Source ports; empty is all.
    pub from: Vec<(u16, u16)>,
}

impl Traffic {
    /// Every packet.
    pub const ANY: Self = Self { protocol: None, family: None, to: Vec::new(), from: Vec::new() };

    /// All packets of a protocol.
    #[must_use]
    pub const fn protocol(protocol: u8) -> Self {
        Self { protocol: Some(protocol), family: family_of(protocol), to: Vec::new(), from: Vec::new() }
    }

    /// Packets to a port or a range of ports.
    #[must_use]
    pub fn ports(protocol: u8, from: u16, to: u16) -> Self {
        Self { to: vec![(from, to)], ..Self::protocol(protocol) }
    }

    /// ICMP of a type, with a code or all codes.
    #[must_use]
    pub fn icmp(protocol: u8, kind: u8, code: Option<u8>) -> Self {
        let range = code.map_or((icmp(kind, 0), icmp(kind, 255)), |code| (icmp(kind, code), icmp(kind, code)));
        Self { to: vec![range], ..Self::protocol(protocol) }
    }

    /// Can a packet of the family be part of it?
    #[must_use]
    pub fn has_family(&self, family: Family) -> bool {
        self.family.is_none_or(|only| only == family)
    }

    /// Has the protocol ports?
    #[must_use]
    pub const fn has_ports(&self) -> bool {
        matches!(self.protocol, Some(TCP | UDP | SCTP))
    }

    /// The single destination port, if it is one.
    #[must_use]
    pub fn single_port(&self) -> Option<u16> {
        match self.to.as_slice() {
            [(from, to)] if from == to && self.has_ports() => Some(*from),
            _ => None,
        }
    }

    /// Is there a destination port that both speak of, whatever the source ports are?
    #[must_use]
    pub fn meets(&self, other: &Self) -> bool {
        let alike = self.protocol.is_none() || other.protocol.is_none() || self.protocol == other.protocol;
        let shared = |(from, to): &(u16, u16)| other.to.iter().any(|(start, end)| start <= to && from <= end);
        alike && (self.to.is_empty() || other.to.is_empty() || self.to.iter().any(shared))
    }

    /// Is a packet part of it?
    #[must_use]
    pub fn holds(&self, packet: &Packet) -> bool {
        let within = |list: &[(u16, u16)], port: u16| {
            list.is_empty() || list.iter().any(|(from, to)| (*from..=*to).contains(&port))
        };
        self.protocol.is_none_or(|protocol| protocol == packet.proto)
            && self.has_family(packet.family)
            && within(&self.to, packet.dst_port)
            && within(&self.from, packet.src_port)
    }

    /// Narrows a cube to this traffic.
    #[must_use]
    pub fn narrow(&self, mut cube: Cube) -> Cube {
        if let Some(protocol) = self.protocol {
            cube = cube.with(Field::Proto, Ranges::single(u64::from(protocol)));
        }
        if let Some(family) = self.family {
            cube = cube.with(Field::Family, Ranges::single(family as u64));
        }
        let ranges =
            |list: &[(u16, u16)]| Ranges::from_pairs(list.iter().map(|(from, to)| (u64::from(*from), u64::from(*to))));
        if !self.to.is_empty() {
            cube = cube.with(Field::DstPort, ranges(&self.to));
        }
        if !self.from.is_empty() {
            cube = cube.with(Field::SrcPort, ranges(&self.from));
        }
        cube
    }
}

impl std::fmt::Display for Traffic {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let name = match self.protocol {
            None => return out.write_str("any protocol"),
            Some(TCP) => "tcp",
            Some(UDP) => "udp",
            Some(SCTP) => "sctp",
            Some(ICMP) => "icmp",
            Some(ICMPV6) => "icmpv6",
            Some(other) => return write!(out, "proto {other}"),
        };
        out.write_str(name)?;
        for (index, (from, to)) in self.to.iter().enumerate() {
            out.write_str(if index == 0 { " " } else { ", " })?;
            match (self.has_ports(), from == to) {
                (true, true) => write!(out, "{from}")?,
                (true, false) => write!(out, "{from}-{to}")?,
                (false, true) => write!(out, "{}/{}", from >> 8, from & 0xff)?,
                (false, false) if from & 0xff == 0 && to & 0xff == 0xff && from >> 8 == to >> 8 => {
                    write!(out, "{}", from >> 8)?;
                }
                (false, false) => write!(out, "{}/{}-{}/{}", from >> 8, from & 0xff, to >> 8, to & 0xff)?,
            }
        }
        if let Some((first, rest)) = self.from.split_first() {
            write!(out, " from {}", port_text(*first))?;
            for range in rest {
                write!(out, ", {}", port_text(*range))?;
            }
        }
        Ok(())
    }
}

fn port_text((from, to): (u16, u16)) -> String {
    if from == to { from.to_string() } else { format!("{from}-{to}") }
}

const fn family_of(protocol: u8) -> Option<Family> {
    match protocol {
        ICMP => Some(Family::V4),
        ICMPV6 => Some(Family::V6),
        _ => None,
    }
}

/// What is worth knowing of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Trait {
    LoginNone,
    Plaintext,
    Management,
    Discovery,
}

/// A service under its name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Service {
    pub traffic: Vec<Traffic>,
    pub traits: BTreeSet<Trait>,
    /// What the called end opens to the caller, which no reply covers.
    pub back: Vec<Traffic>,
    pub because: Option<String>,
}

/// How devices are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Discovery {
    Mdns,
    Ssdp,
    Broadcast,
}

/// Must both ends of an integration be in one zone?
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SameZone {
    Required,
    Advised,
}

/// The flows of an integration in both directions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Integration {
    pub there: Vec<Traffic>,
    pub back: Vec<Traffic>,
    pub discovery: Option<Discovery>,
    pub same_zone: Option<SameZone>,
    pub because: Option<String>,
}
