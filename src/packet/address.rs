//! Addresses as constraints on the two 64-bit halves.

use ipnet::IpNet;

use super::{Cube, Family, Ranges, Side};

/// The disjoint cubes, at most three, that hold the addresses `lo..=hi` of a family on one side, and no other family.
///
/// An IPv6 range within one upper half is one cube; one that crosses upper halves is its ragged first half, the whole
/// halves between, and its ragged last half. No cubes if `lo > hi`; bits above the family's width are cut off at its
/// highest address.
#[must_use]
pub fn addresses(family: Family, side: Side, lo: u128, hi: u128) -> Vec<Cube> {
    let any = of(family);
    let top = match family {
        Family::V4 => u128::from(u32::MAX),
        Family::V6 => u128::MAX,
    };
    if lo > hi || lo > top {
        return Vec::new();
    }
    let hi = hi.min(top);
    if family == Family::V4 {
        let (first, last) = (low(lo) << 32, low(hi) << 32 | u64::from(u32::MAX));
        return vec![any.with(side.high(), Ranges::range(first, last))];
    }
    let (first, last) = (high(lo), high(hi));
    let half = |upper: Ranges, from: u64, to: u64| {
        any.clone().with(side.high(), upper).with(side.low(), Ranges::range(from, to))
    };
    if first == last {
        return vec![half(Ranges::single(first), low(lo), low(hi))];
    }
    let mut cubes = Vec::with_capacity(3);
    let (mut from, mut to) = (first, last);
    if low(lo) != 0 {
        cubes.push(half(Ranges::single(first), low(lo), u64::MAX));
        from += 1;
    }
    let ragged = low(hi) != u64::MAX;
    if ragged {
        to -= 1;
    }
    if from <= to {
        cubes.push(half(Ranges::range(from, to), 0, u64::MAX));
    }
    if ragged {
        cubes.push(half(Ranges::single(last), 0, low(hi)));
    }
    cubes
}

/// The addresses of a network on one side. A prefix of length 0 leaves only the family constrained.
#[must_use]
pub fn prefix(net: IpNet, side: Side) -> Cube {
    match net {
        IpNet::V4(net) => {
            let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
            let values = Ranges::range(u64::from(first) << 32, u64::from(last) << 32 | u64::from(u32::MAX));
            of(Family::V4).with(side.high(), values)
        }
        IpNet::V6(net) => {
            let (first, last) = (net.network().to_bits(), net.broadcast().to_bits());
            // A prefix either leaves the lower half free or has one upper half, so it is a product either way.
            of(Family::V6).with(side.high(), Ranges::range(high(first), high(last))).with(
                side.low(),
                if high(first) == high(last) {
                    Ranges::range(low(first), low(last))
                } else {
                    Ranges::range(0, u64::MAX)
                },
            )
        }
    }
}

/// The IPv6 addresses whose lower 64 bits are `host`, below any prefix (mask `::ffff:ffff:ffff:ffff`).
#[must_use]
pub fn suffix(host: u64, side: Side) -> Cube {
    of(Family::V6).with(side.low(), Ranges::single(host))
}

fn of(family: Family) -> Cube {
    Cube::any().with(super::Field::Family, Ranges::single(family as u64))
}

const fn high(address: u128) -> u64 {
    (address >> 64) as u64
}

#[expect(clippy::cast_possible_truncation, reason = "takes the lower half")]
const fn low(address: u128) -> u64 {
    address as u64
}
