//! Sets of which only bounds are known.

use super::{Set, Space};

/// Both bounds of a set, `surely ⊆ what happens ⊆ possibly`; equal if everything was understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    pub surely: Set,
    pub possibly: Set,
}

impl Bounds {
    /// Every packet.
    pub const ALL: Self = Self::exact(Set::ALL);
    /// No packet.
    pub const NONE: Self = Self::exact(Set::EMPTY);
    /// Nobody knows.
    pub const UNKNOWN: Self = Self { surely: Set::EMPTY, possibly: Set::ALL };

    /// Both bounds the same.
    #[must_use]
    pub const fn exact(set: Set) -> Self {
        Self { surely: set, possibly: set }
    }

    /// What meets both.
    #[must_use]
    pub fn and(self, other: Self, space: &mut Space) -> Self {
        if self == other || other == Self::ALL {
            return self;
        }
        Self {
            surely: space.intersect(self.surely, other.surely),
            possibly: space.intersect(self.possibly, other.possibly),
        }
    }

    /// What meets either.
    #[must_use]
    pub fn or(self, other: Self, space: &mut Space) -> Self {
        Self { surely: space.union(self.surely, other.surely), possibly: space.union(self.possibly, other.possibly) }
    }

    /// What meets this and not the other.
    #[must_use]
    pub fn minus(self, other: Self, space: &mut Space) -> Self {
        Self { surely: space.minus(self.surely, other.possibly), possibly: space.minus(self.possibly, other.surely) }
    }

    /// What meets one of all.
    #[must_use]
    pub fn any(all: &[Self], space: &mut Space) -> Self {
        let surely = all.iter().map(|one| one.surely).collect();
        let possibly = all.iter().map(|one| one.possibly).collect();
        Self { surely: space.union_all(surely), possibly: space.union_all(possibly) }
    }

    /// The same packets, none of them surely.
    #[must_use]
    pub const fn perhaps(self) -> Self {
        Self { surely: Set::EMPTY, possibly: self.possibly }
    }
}
