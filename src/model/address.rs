//! Sets of addresses of both families, as sorted ranges of integers.

use std::{
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    sync::Arc,
};

use ipnet::{IpNet, Ipv4Subnets, Ipv6Subnets};

use crate::packet::Family;

/// Sorted, disjoint, non-adjacent, inclusive ranges. Copies share them: a long list may stand in every rule.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Intervals(Arc<Vec<(u128, u128)>>);

impl Intervals {
    /// The union of ranges in any order; ranges that run backwards are left out.
    #[must_use]
    pub fn new(mut ranges: Vec<(u128, u128)>) -> Self {
        ranges.retain(|(from, to)| from <= to);
        ranges.sort_unstable();
        let mut merged: Vec<(u128, u128)> = Vec::with_capacity(ranges.len());
        for (from, to) in ranges {
            match merged.last_mut() {
                Some(last) if from <= last.1.saturating_add(1) => last.1 = last.1.max(to),
                _ => merged.push((from, to)),
            }
        }
        Self(Arc::new(merged))
    }

    /// Is there nothing in it?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The ranges in rising order.
    #[must_use]
    pub fn ranges(&self) -> &[(u128, u128)] {
        &self.0
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        if other.is_empty() {
            return self.clone();
        }
        Self::new(self.0.iter().chain(other.0.iter()).copied().collect())
    }

    /// What is in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let mut found = Vec::new();
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(&&(a, b)), Some(&&(c, d))) = (left.peek(), right.peek()) {
            if a.max(c) <= b.min(d) {
                found.push((a.max(c), b.min(d)));
            }
            if b < d {
                left.next();
            } else {
                right.next();
            }
        }
        Self(Arc::new(found))
    }

    /// What is in the first and not in the second.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        let mut found = Vec::new();
        let mut cuts = other.0.iter().peekable();
        for &(from, to) in self.0.iter() {
            while cuts.next_if(|(_, cut_to)| *cut_to < from).is_some() {}
            let mut start = Some(from);
            while let (Some(at), Some(&&(cut_from, cut_to))) = (start, cuts.peek()) {
                if cut_from > to {
                    break;
                }
                if cut_from > at {
                    found.push((at, cut_from - 1));
                }
                start = cut_to.checked_add(1).filter(|next| *next <= to);
                // A cut that goes on behind this range may cut the next one too.
                if cut_to <= to {
                    cuts.next();
                }
            }
            if let Some(at) = start {
                found.push((at, to));
            }
        }
        Self(Arc::new(found))
    }

    /// Is the value in it?
    #[must_use]
    pub fn contains(&self, value: u128) -> bool {
        let before = self.0.partition_point(|(from, _)| *from <= value);
        before.checked_sub(1).and_then(|index| self.0.get(index)).is_some_and(|(_, to)| value <= *to)
    }
}

/// Addresses of both families.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AddressSet {
    pub v4: Intervals,
    pub v6: Intervals,
}

impl AddressSet {
    /// Every address of both families.
    #[must_use]
    pub fn all() -> Self {
        Self { v4: Intervals::new(vec![(0, u128::from(u32::MAX))]), v6: Intervals::new(vec![(0, u128::MAX)]) }
    }

    /// The fewest prefixes that hold exactly these addresses.
    pub fn prefixes(&self) -> impl Iterator<Item = IpNet> {
        let ranges = [Family::V4, Family::V6].into_iter().flat_map(|family| {
            self.family(family).ranges().iter().map(move |(from, to)| (address(family, *from), address(family, *to)))
        });
        ranges.flat_map(|ends| -> Box<dyn Iterator<Item = IpNet>> {
            match ends {
                (IpAddr::V4(from), IpAddr::V4(to)) => Box::new(Ipv4Subnets::new(from, to, 0).map(IpNet::V4)),
                (IpAddr::V6(from), IpAddr::V6(to)) => Box::new(Ipv6Subnets::new(from, to, 0).map(IpNet::V6)),
                _ => Box::new(std::iter::empty()),
            }
        })
    }

    /// One address.
    #[must_use]
    pub fn of(address: IpAddr) -> Self {
        Self::range(address, address)
    }

    /// The addresses from one to another of the same family; of two families, nothing.
    #[must_use]
    pub fn range(from: IpAddr, to: IpAddr) -> Self {
        match (from, to) {
            (IpAddr::V4(_), IpAddr::V4(_)) => {
                Self { v4: Intervals::new(vec![(bits(from), bits(to))]), ..Self::default() }
            }
            (IpAddr::V6(_), IpAddr::V6(_)) => {
                Self { v6: Intervals::new(vec![(bits(from), bits(to))]), ..Self::default() }
            }
            _ => Self::default(),
        }
    }

    /// The addresses of a prefix.
    #[must_use]
    pub fn net(net: IpNet) -> Self {
        Self::range(net.network(), net.broadcast())
    }

    /// The addresses of several prefixes.
    #[must_use]
    pub fn nets(nets: impl IntoIterator<Item = IpNet>) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for net in nets {
            let list = if net.network().is_ipv4() { &mut v4 } else { &mut v6 };
            list.push((bits(net.network()), bits(net.broadcast())));
        }
        Self { v4: Intervals::new(v4), v6: Intervals::new(v6) }
    }

    /// The union of many sets at once.
    #[must_use]
    pub fn union_of(sets: &[Self]) -> Self {
        let all = |family| sets.iter().flat_map(|set| set.family(family).ranges()).copied().collect();
        Self { v4: Intervals::new(all(Family::V4)), v6: Intervals::new(all(Family::V6)) }
    }

    /// Is there nothing in it?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.v4.is_empty() && self.v6.is_empty()
    }

    /// The addresses of one family.
    #[must_use]
    pub const fn family(&self, family: Family) -> &Intervals {
        match family {
            Family::V4 => &self.v4,
            Family::V6 => &self.v6,
        }
    }

    /// What is in either.
    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self { v4: self.v4.union(&other.v4), v6: self.v6.union(&other.v6) }
    }

    /// What is in both.
    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        Self { v4: self.v4.intersect(&other.v4), v6: self.v6.intersect(&other.v6) }
    }

    /// What is in the first and not in the second.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self { v4: self.v4.minus(&other.v4), v6: self.v6.minus(&other.v6) }
    }

    /// Is the address in it?
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        match address {
            IpAddr::V4(_) => self.v4.contains(bits(address)),
            IpAddr::V6(_) => self.v6.contains(bits(address)),
        }
    }

    /// Is all of the other in this?
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        other.minus(self).is_empty()
    }
}

/// An address as an integer of its family's width.
#[must_use]
pub fn bits(address: IpAddr) -> u128 {
    match address {
        IpAddr::V4(address) => u128::from(address.to_bits()),
        IpAddr::V6(address) => address.to_bits(),
    }
}

/// The address behind an integer.
#[must_use]
pub fn address(family: Family, bits: u128) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(u32::MAX))),
        Family::V6 => IpAddr::V6(Ipv6Addr::from_bits(bits)),
    }
}

/// What `internet` may hold at most: every address that is neither private nor reserved.
///
/// IPv4: the IANA special-purpose registry (RFC 6890) taken out, except the documentation ranges (RFC 5737), which
/// stand for the internet in examples. IPv6: global unicast `2000::/3` and the translation prefix `64:ff9b::/96` (RFC 6052).
#[must_use]
pub fn public() -> AddressSet {
    let all = AddressSet { v4: AddressSet::all().v4, v6: Intervals::default() };
    let global = nets(&["2000::/3", "64:ff9b::/96"]);
    all.minus(&reserved_v4()).union(&global)
}

/// Private and reserved IPv4 addresses, which never leave by an internet zone.
#[must_use]
pub fn reserved_v4() -> AddressSet {
    nets(&[
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.0.0.0/24",
        "192.168.0.0/16",
        "198.18.0.0/15",
        "224.0.0.0/3",
    ])
}

fn nets(list: &[&str]) -> AddressSet {
    AddressSet::nets(list.iter().filter_map(|net| net.parse().ok()))
}
