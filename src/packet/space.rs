//! The arena of all sets and the algebra on them.

use super::{
    Cube, Packet,
    cache::Cache,
    store::{ALL, Branch, EMPTY, Store},
};

/// A set of packets in the [`Space`] that made it. Two sets of one space are equal exactly when the handles are.
///
/// Handles of different spaces must not be mixed: they have nothing to do with each other. The order of handles is
/// that of their making, the same in every run that makes the same sets in the same order; it has no other meaning.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set(pub(super) u32);

impl Set {
    /// No packet.
    pub const EMPTY: Self = Self(EMPTY);
    /// Every packet.
    pub const ALL: Self = Self(ALL);

    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == EMPTY
    }
}

/// Where sets live: a diagram that grows with every new set and is freed as a whole.
///
/// A space may have a budget ([`Space::with_budget`]). Once it is used up, every operation that makes sets returns at
/// once, with a set that means nothing, and every test says no; [`Space::exhausted`] tells. A caller who gave a budget
/// asks it before believing any answer, once at the end is enough, and fails if it says yes.
#[derive(Debug)]
pub struct Space {
    pub(super) store: Store,
    pub(super) cache: Cache,
    /// Branches of the nodes under construction, innermost last.
    pub(super) scratch: Vec<Branch>,
    /// The number of branches, new or already known, that operations may still work out.
    pub(super) work: u64,
}

/// How often a budget lets operations work out a branch that exists already.
const WORK_A_BRANCH: u64 = 64;

impl Default for Space {
    fn default() -> Self {
        Self::new()
    }
}

impl Space {
    /// A space bounded only by the width of its handles (about two thousand million branches, 25 GiB).
    #[must_use]
    pub fn new() -> Self {
        Self { store: Store::new(usize::MAX), cache: Cache::new(), scratch: Vec::new(), work: u64::MAX }
    }

    /// A space of at most `branches` branches: a node with k ranges counts k. A million take 15 to 70 MB, beside a table
    /// of remembered results of at most 48 MiB; [`Space::first_match`] takes as much again while it runs. The time is
    /// bounded too: operations work out at most 64 branches for each one that the budget allows.
    #[must_use]
    pub fn with_budget(branches: usize) -> Self {
        let work = (branches as u64).saturating_mul(WORK_A_BRANCH);
        Self { store: Store::new(branches), work, ..Self::new() }
    }

    /// Has the budget run out? Then no answer of this space may be believed, whenever it was given.
    #[must_use]
    pub const fn exhausted(&self) -> bool {
        self.store.exhausted()
    }

    /// The packets of a cube.
    pub fn cube(&mut self, cube: &Cube) -> Set {
        if cube.is_empty() {
            return Set::EMPTY;
        }
        let mut below = ALL;
        for (field, values) in cube.iter().rev() {
            below = self.test(field, values.iter().map(|(lo, hi)| (lo, hi, below)));
        }
        Set(below)
    }

    pub fn union(&mut self, a: Set, b: Set) -> Set {
        Set(self.or(a.0, b.0))
    }

    pub fn intersect(&mut self, a: Set, b: Set) -> Set {
        Set(self.and(a.0, b.0))
    }

    /// The packets of `a` that are not in `b`.
    pub fn minus(&mut self, a: Set, b: Set) -> Set {
        Set(self.and(a.0, b.0 ^ 1))
    }

    /// All other packets. Takes no time: a set and its complement share their nodes.
    #[must_use]
    pub const fn complement(&self, a: Set) -> Set {
        Set(a.0 ^ 1)
    }

    /// The union of many sets, combined pairwise in a balanced tree so that the operands stay small.
    pub fn union_all(&mut self, sets: Vec<Set>) -> Set {
        let mut sets: Vec<u32> = sets.into_iter().map(|set| set.0).collect();
        Set(self.or_all(&mut sets))
    }

    /// Is every packet of `a` in `b`? Makes no nodes.
    pub fn is_subset(&mut self, a: Set, b: Set) -> bool {
        self.apart(a.0, b.0 ^ 1)
    }

    /// Have the sets no packet in common? Makes no nodes.
    pub fn disjoint(&mut self, a: Set, b: Set) -> bool {
        self.apart(a.0, b.0)
    }

    #[must_use]
    pub fn contains(&self, set: Set, packet: &Packet) -> bool {
        let mut at = set.0;
        while at > ALL {
            let (from, to) = self.store.span(at);
            let value = packet.value(self.field(at));
            at = self.store.child(self.store.seek(from, to, value)) ^ (at & 1);
        }
        at == ALL
    }
}
