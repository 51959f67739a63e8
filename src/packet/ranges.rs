//! Sets of values of one field.

use super::Field;

/// A set of numbers as inclusive ranges, sorted, disjoint and never adjacent, so that equal sets are equal values.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ranges(Vec<(u64, u64)>);

impl Ranges {
    /// No value.
    #[must_use]
    pub const fn empty() -> Self {
        Self(Vec::new())
    }

    /// Every value that the field takes.
    #[must_use]
    pub fn full(field: Field) -> Self {
        Self(vec![(0, field.max())])
    }

    #[must_use]
    pub fn single(value: u64) -> Self {
        Self(vec![(value, value)])
    }

    /// `lo..=hi`, empty if `lo > hi`.
    #[must_use]
    pub fn range(lo: u64, hi: u64) -> Self {
        Self::from_pairs([(lo, hi)])
    }

    /// The union of inclusive ranges in any order; they may overlap, and one whose start is above its end is empty.
    #[must_use]
    pub fn from_pairs(pairs: impl IntoIterator<Item = (u64, u64)>) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().filter(|(lo, hi)| lo <= hi).collect();
        pairs.sort_unstable();
        pairs.dedup_by(|next, last| {
            let joins = last.1 == u64::MAX || next.0 <= last.1 + 1;
            if joins {
                last.1 = last.1.max(next.1);
            }
            joins
        });
        Self(pairs)
    }

    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The number of ranges, not of values.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    #[must_use]
    pub fn contains(&self, value: u64) -> bool {
        let after = self.0.partition_point(|&(lo, _)| lo <= value);
        after.checked_sub(1).and_then(|at| self.0.get(at)).is_some_and(|&(_, hi)| value <= hi)
    }

    /// The ranges from the lowest to the highest.
    pub fn iter(&self) -> impl Iterator<Item = (u64, u64)> {
        self.0.iter().copied()
    }

    #[must_use]
    pub fn union(&self, other: &Self) -> Self {
        Self::from_pairs(self.iter().chain(other.iter()))
    }

    #[must_use]
    pub fn intersect(&self, other: &Self) -> Self {
        let mut both = Vec::new();
        let (mut left, mut right) = (self.0.iter().peekable(), other.0.iter().peekable());
        while let (Some(&&(a, b)), Some(&&(c, d))) = (left.peek(), right.peek()) {
            let (lo, hi) = (a.max(c), b.min(d));
            if lo <= hi {
                both.push((lo, hi));
            }
            if b <= d {
                left.next();
            } else {
                right.next();
            }
        }
        // Two pieces touch only if both operands had adjacent ranges there, which neither has.
        Self(both)
    }

    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        self.intersect(&other.gaps(u64::MAX))
    }

    /// The values of the field that are not in here.
    #[must_use]
    pub fn complement(&self, field: Field) -> Self {
        self.gaps(field.max())
    }

    /// Does every value of the field lie in here?
    #[must_use]
    pub fn is_full(&self, field: Field) -> bool {
        self.0.first().is_some_and(|&(lo, hi)| lo == 0 && hi >= field.max())
    }

    #[must_use]
    pub fn is_subset(&self, other: &Self) -> bool {
        self.minus(other).is_empty()
    }

    /// The lowest value.
    #[must_use]
    pub fn first(&self) -> Option<u64> {
        self.0.first().map(|&(lo, _)| lo)
    }

    /// The highest value.
    #[must_use]
    pub fn last(&self) -> Option<u64> {
        self.0.last().map(|&(_, hi)| hi)
    }

    fn gaps(&self, max: u64) -> Self {
        let mut gaps = Vec::with_capacity(self.0.len() + 1);
        let mut next = 0;
        for &(lo, hi) in &self.0 {
            if lo > max {
                break;
            }
            if lo > next {
                gaps.push((next, lo - 1));
            }
            match hi.checked_add(1) {
                Some(after) => next = after,
                None => return Self(gaps),
            }
        }
        if next <= max {
            gaps.push((next, max));
        }
        Self(gaps)
    }
}
