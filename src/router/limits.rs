//! The rate limits that rules mention, numbered for [`crate::packet::Field::Exceeded`].

/// A rate limit: `rate` packets (or bytes) in `per` seconds, after a burst.
///
/// Two rules with the same figures have the same number, although the kernel counts them apart: what is compared is
/// whether there is such a limit.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Limit {
    pub rate: u64,
    /// Does it count bytes, not packets?
    pub bytes: bool,
    /// Seconds of the unit: 1, 60, 3600, 86400 or 604800.
    pub per: u64,
    pub burst: u64,
}

/// Numbers for rate limits, from 1. Whoever compares two sets of packets numbers the limits of both with one `Limits`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Limits(Vec<Limit>);

impl Limits {
    /// The number of a limit, the same for equal limits.
    pub fn number(&mut self, limit: &Limit) -> u16 {
        let at = self.0.iter().position(|have| have == limit).unwrap_or_else(|| {
            self.0.push(limit.clone());
            self.0.len() - 1
        });
        u16::try_from(at + 1).unwrap_or(u16::MAX)
    }

    /// The limits in the order of their numbers.
    #[must_use]
    pub fn all(&self) -> &[Limit] {
        &self.0
    }
}
