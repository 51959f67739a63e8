//! One packet of a set, chosen so that a person recognises it.

use rustc_hash::FxHashSet;

use super::{
    Family, Field, Packet, Set, Space, icmp,
    store::{ALL, EMPTY},
};

const TCP: u64 = 6;
const UDP: u64 = 17;
const ICMP: u64 = 1;
const ICMPV6: u64 = 58;

/// Ports that a reader knows by heart, the best known first.
const TCP_PORTS: [u64; 8] = [443, 80, 22, 53, 25, 8080, 445, 3389];
const UDP_PORTS: [u64; 6] = [53, 443, 123, 67, 5353, 51820];

/// Addresses to take where any will do: those set aside for documentation (RFC 5737, RFC 3849).
const DOCUMENTATION_SRC: u64 = 0xcb00_7101; // 203.0.113.1
const DOCUMENTATION_DST: u64 = 0xc633_6401; // 198.51.100.1
const DOCUMENTATION_HIGH_SRC: u64 = 0x2001_0db8_0000_0001; // 2001:db8:0:1::
const DOCUMENTATION_HIGH_DST: u64 = 0x2001_0db8_0000_0002; // 2001:db8:0:2::
/// Added to the rank of a value that is taken only if there is no other.
const LAST_CHOICE: usize = 100;
/// First upper half of the global unicast addresses, `2000::/3`.
const GLOBAL: u64 = 0x2000_0000_0000_0000;

/// A packet under construction: the values of the fields chosen so far.
struct Draft {
    family: Family,
    /// `None` while any protocol may still be chosen.
    proto: Option<u64>,
    values: [u64; Field::ALL.len()],
    /// References below which there is no packet of this family and protocol.
    dead: FxHashSet<u32>,
}

impl Space {
    /// One packet of the set, the same in every run; `None` if the set is empty.
    ///
    /// Of the packets in the set it is the most familiar: IPv4 before IPv6, TCP before UDP before ICMP before others, a
    /// well-known destination port, a source port from 1024 up, no network address, no rate limit exceeded, Monday
    /// 00:00; otherwise the lowest values.
    #[must_use]
    pub fn witness(&self, set: Set) -> Option<Packet> {
        for family in [Family::V4, Family::V6] {
            let ping = if family == Family::V4 { ICMP } else { ICMPV6 };
            for proto in [Some(TCP), Some(UDP), Some(ping), None] {
                let mut draft = Draft { family, proto, values: [0; Field::ALL.len()], dead: FxHashSet::default() };
                if self.draw(set.0, 0, &mut draft) {
                    return Some(draft.packet());
                }
            }
        }
        None
    }

    /// Chooses the fields from `level` on, for a packet below `at`; says whether there is one.
    ///
    /// Only family and protocol make a choice above them fail, so that each node is given up once at most.
    fn draw(&self, at: u32, level: usize, draft: &mut Draft) -> bool {
        let Some(field) = Field::ALL.get(level).copied() else { return at == ALL };
        if at == EMPTY || draft.dead.contains(&at) {
            return false;
        }
        if at == ALL || self.field(at) > field {
            let Some((_, value)) = draft.pick(field, 0, field.max()) else { return false };
            draft.put(field, value);
            return self.draw(at, level + 1, draft);
        }
        let mut choices = Vec::new();
        let mut lo = 0;
        for (upper, child) in self.store.branches(at) {
            if child != EMPTY {
                choices.extend(draft.pick(field, lo, upper).map(|(rank, value)| (rank, value, child)));
            }
            lo = upper.saturating_add(1);
        }
        choices.sort_unstable();
        for (_, value, child) in choices {
            draft.put(field, value);
            if self.draw(child, level + 1, draft) {
                return true;
            }
        }
        draft.dead.insert(at);
        false
    }
}

impl Draft {
    fn put(&mut self, field: Field, value: u64) {
        if let Some(slot) = self.values.get_mut(field as usize) {
            *slot = value;
        }
    }

    fn get(&self, field: Field) -> u64 {
        self.values.get(field as usize).copied().unwrap_or(0)
    }

    /// The most familiar value in `lo..=hi` and how familiar it is, 0 best; `None` if no packet of the wanted family
    /// and protocol has such a value.
    fn pick(&self, field: Field, lo: u64, hi: u64) -> Option<(usize, u64)> {
        let proto = self.proto.unwrap_or_else(|| self.get(Field::Proto));
        match field {
            Field::Family => exactly(self.family as u64, lo, hi),
            Field::Proto => match self.proto {
                Some(proto) => exactly(proto, lo, hi),
                None => Some((0, lo)),
            },
            Field::DstPort => match proto {
                TCP => Some(prefer(&TCP_PORTS, 1, lo, hi)),
                UDP => Some(prefer(&UDP_PORTS, 1, lo, hi)),
                ICMP => Some(prefer(&[u64::from(icmp(8, 0))], 0, lo, hi)),
                ICMPV6 => Some(prefer(&[u64::from(icmp(128, 0))], 0, lo, hi)),
                _ => Some((0, lo)),
            },
            Field::SrcPort => match proto {
                TCP | UDP => Some(prefer(&[], 1024, lo, hi)),
                _ => Some((0, lo)),
            },
            Field::SrcHigh | Field::DstHigh => self.upper_half(field, lo, hi),
            Field::SrcLow | Field::DstLow => match self.family {
                Family::V4 => exactly(0, lo, hi),
                Family::V6 => Some(prefer(&[], 1, lo, hi)),
            },
            Field::In | Field::Out | Field::Minute | Field::Exceeded => Some((0, lo)),
        }
    }

    fn upper_half(&self, field: Field, lo: u64, hi: u64) -> Option<(usize, u64)> {
        let source = field == Field::SrcHigh;
        if self.family == Family::V6 {
            let known = if source { DOCUMENTATION_HIGH_SRC } else { DOCUMENTATION_HIGH_DST };
            return Some(prefer(&[known], GLOBAL, lo, hi));
        }
        let (first, last) = (lo.div_ceil(1 << 32), hi >> 32);
        if first > last {
            return None;
        }
        let known = if source { DOCUMENTATION_SRC } else { DOCUMENTATION_DST };
        // Not 0.x.y.z, which names no host.
        let (mut rank, mut address) = prefer(&[known], 1 << 24, first, last);
        if address.trailing_zeros() >= 8 {
            if address < last {
                address += 1;
            } else {
                // Alone in its range, it is the last choice: a network address names no host.
                rank += LAST_CHOICE;
            }
        }
        Some((rank, address << 32))
    }

    fn packet(&self) -> Packet {
        let address = |high: Field, low: Field| match self.family {
            Family::V4 => u128::from(self.get(high) >> 32),
            Family::V6 => u128::from(self.get(high)) << 64 | u128::from(self.get(low)),
        };
        Packet {
            ingress: narrow(self.get(Field::In)),
            egress: narrow(self.get(Field::Out)),
            family: self.family,
            proto: u8::try_from(self.get(Field::Proto)).unwrap_or(u8::MAX),
            src: address(Field::SrcHigh, Field::SrcLow),
            dst: address(Field::DstHigh, Field::DstLow),
            src_port: narrow(self.get(Field::SrcPort)),
            dst_port: narrow(self.get(Field::DstPort)),
            minute: narrow(self.get(Field::Minute)),
            exceeded: narrow(self.get(Field::Exceeded)),
        }
    }
}

fn exactly(value: u64, lo: u64, hi: u64) -> Option<(usize, u64)> {
    (lo..=hi).contains(&value).then_some((0, value))
}

/// The first of the known values that is in `lo..=hi`, or else the lowest from `least` up, or else the lowest.
fn prefer(known: &[u64], least: u64, lo: u64, hi: u64) -> (usize, u64) {
    let familiar = known.iter().position(|value| (lo..=hi).contains(value));
    match familiar.and_then(|rank| Some((rank, *known.get(rank)?))) {
        Some(best) => best,
        None if least <= hi => (known.len(), lo.max(least)),
        None => (known.len() + 1, lo),
    }
}

fn narrow(value: u64) -> u16 {
    u16::try_from(value).unwrap_or(u16::MAX)
}
