//! Addresses, prefixes, ranges and masks as firewall4 takes and writes them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{
    network::Networks,
    value::{Maybe, Number, inverted, number},
};

/// What an address option names: an address, a prefix, a range, or an address under a mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Subnet {
    pub v6: bool,
    pub address: u128,
    /// Length of the prefix; -1 for a mask that is none.
    pub bits: i64,
    /// Nothing if the length is out of range: nft will refuse it.
    pub mask: Option<u128>,
    /// The end of a range.
    pub last: Option<u128>,
    pub invert: bool,
}

pub fn numbered(text: &str) -> Option<(bool, u128)> {
    match text.parse().ok()? {
        IpAddr::V4(address) => Some((false, u32::from(address).into())),
        IpAddr::V6(address) => Some((true, u128::from(address))),
    }
}

const fn width(v6: bool) -> u32 {
    if v6 { 128 } else { 32 }
}

/// The highest bits set.
fn high(v6: bool, bits: u32) -> u128 {
    let all = if v6 { u128::MAX } else { u32::MAX.into() };
    let rest = width(v6) - bits.min(width(v6));
    all & all.checked_shl(rest).unwrap_or(0)
}

impl Subnet {
    pub fn host(v6: bool, address: u128) -> Self {
        Self::prefix(v6, address, width(v6).into())
    }

    /// An address with the length of its network.
    pub fn prefix(v6: bool, address: u128, bits: i64) -> Self {
        Self { v6, address, bits, mask: to_mask(v6, bits), last: None, invert: false }
    }

    fn text(&self, address: u128) -> String {
        if self.v6 {
            Ipv6Addr::from(address).to_string()
        } else {
            Ipv4Addr::from(u32::try_from(address).unwrap_or(0)).to_string()
        }
    }

    /// Would nft take it?
    pub fn is_sound(&self) -> bool {
        self.last.map_or(self.mask.is_some(), |last| self.address <= last)
    }

    /// The lowest address of the network.
    pub fn base(&self) -> u128 {
        if self.bits < 0 || self.last.is_some() { self.address } else { self.address & self.mask.unwrap_or(u128::MAX) }
    }

    /// As in a set: `10.0.0.0/8`, `10.0.0.1-10.0.0.9`.
    pub fn cidr(&self) -> String {
        match self.last {
            Some(last) => format!("{}-{}", self.text(self.address), self.text(last)),
            None if self.bits == i64::from(width(self.v6)) => self.text(self.address),
            None => format!("{}/{}", self.text(self.base()), self.bits),
        }
    }

    /// As the target of a translation: the host bits of a prefix are lost.
    pub fn target(&self, brackets: bool) -> String {
        match self.last {
            Some(last) => format!("{}-{}", self.text(self.address), self.text(last)),
            None if self.v6 && brackets => format!("[{}]", self.text(self.base())),
            None => self.text(self.base()),
        }
    }

    /// `& mask == address`
    pub fn masked(&self) -> String {
        let sign = if self.invert { "!=" } else { "==" };
        format!("& {} {sign} {}", self.text(self.mask.unwrap_or(0)), self.text(self.address))
    }

    /// The plain address, as an entry of a set.
    pub fn plain(&self) -> String {
        self.text(self.address)
    }

    /// Do both lie in one network of the other's size?
    pub fn shares(&self, other: &Self) -> bool {
        let mask = other.mask.unwrap_or(u128::MAX);
        self.v6 == other.v6 && self.address & mask == other.address & mask
    }
}

/// A length below zero counts from the end: -64 is `::ffff:ffff:ffff:ffff`.
fn to_mask(v6: bool, bits: i64) -> Option<u128> {
    let count = u32::try_from(bits.unsigned_abs()).ok().filter(|count| *count <= width(v6))?;
    let all = high(v6, width(v6));
    Some(if bits < 0 { all & !high(v6, count) } else { high(v6, count) })
}

/// An address, prefix or range; or the name of a network, which stands for its addresses.
pub fn subnet(text: &str, networks: &Networks) -> Option<Vec<Subnet>> {
    if let Some((address, mask)) = text.split_once('/') {
        let (v6, address) = numbered(address)?;
        if mask.contains('/') {
            return None;
        }
        let Some((mask_v6, mask)) = numbered(mask) else {
            let Number::Whole(bits) = number(mask)? else { return None };
            return Some(vec![Subnet { bits: bits.max(-1), ..Subnet::prefix(v6, address, bits) }]);
        };
        if mask_v6 != v6 {
            return None;
        }
        let ones = if v6 { mask.leading_ones() } else { (mask << 96).leading_ones() };
        if high(v6, ones) == mask {
            return Some(vec![Subnet::prefix(v6, address, ones.into())]);
        }
        let address = address & mask;
        return Some(vec![Subnet { v6, address, bits: -1, mask: Some(mask), last: None, invert: false }]);
    }
    if let Some((first, last)) = text.split_once('-') {
        let ((v6, first), (last_v6, last)) = (numbered(first)?, numbered(last)?);
        return (v6 == last_v6).then(|| vec![Subnet { last: Some(last), mask: None, ..Subnet::host(v6, first) }]);
    }
    if let Some((v6, address)) = numbered(text) {
        return Some(vec![Subnet::host(v6, address)]);
    }
    networks.get(text).map(|network| network.addresses.clone())
}

/// An option that may be negated. A network without addresses gives none, and so no condition.
pub fn addresses(text: &str, networks: &Networks) -> Option<Vec<Subnet>> {
    let Maybe { invert, value } = inverted(text)?;
    let found = subnet(value, networks)?;
    Some(found.into_iter().map(|subnet| Subnet { invert, ..subnet }).collect())
}

/// The addresses of one family.
pub fn of(family: bool, subnets: &[Subnet]) -> Vec<Subnet> {
    subnets.iter().filter(|subnet| subnet.v6 == family).copied().collect()
}

/// The family that addresses restrict to: 4 or 6; nothing if there are none or both.
pub fn family(subnets: &[Subnet]) -> Option<u8> {
    match (subnets.iter().any(|one| !one.v6), subnets.iter().any(|one| one.v6)) {
        (true, false) => Some(4),
        (false, true) => Some(6),
        _ => None,
    }
}

/// Conditions on one address that fit in one rule.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Group {
    pub positive: Vec<Subnet>,
    pub negative: Vec<Subnet>,
    pub masked: Vec<Subnet>,
}

impl Group {
    pub const fn is_empty(&self) -> bool {
        self.positive.is_empty() && self.negative.is_empty() && self.masked.is_empty()
    }

    pub fn all(&self) -> impl Iterator<Item = &Subnet> {
        self.positive.iter().chain(&self.negative).chain(&self.masked)
    }
}

/// Parts addresses of one family into rules: each mask needs a rule of its own, all prefixes share one.
pub fn groups(subnets: &[Subnet]) -> Vec<Group> {
    let pick = |invert: bool, masked: bool| -> Vec<Subnet> {
        subnets.iter().filter(|one| one.invert == invert && (one.bits == -1) == masked).copied().collect()
    };
    let (plain, negative, not_masked) = (pick(false, false), pick(true, false), pick(true, true));
    let mut groups: Vec<Group> = pick(false, true)
        .into_iter()
        .map(|one| {
            let masked = std::iter::once(one).chain(not_masked.iter().copied()).collect();
            Group { positive: Vec::new(), negative: negative.clone(), masked }
        })
        .collect();
    if !plain.is_empty() || groups.is_empty() {
        groups.push(Group { positive: plain, negative, masked: not_masked });
    }
    groups
}
