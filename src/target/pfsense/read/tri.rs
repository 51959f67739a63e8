//! Sets of which one may know only bounds.

use crate::packet::{Set, Space};

/// A condition on packets: those that surely meet it, and those that possibly do. Equal bounds are an exact condition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tri {
    pub surely: Set,
    pub possibly: Set,
}

impl Tri {
    pub const ALL: Self = Self::exact(Set::ALL);
    pub const NONE: Self = Self::exact(Set::EMPTY);
    pub const UNKNOWN: Self = Self { surely: Set::EMPTY, possibly: Set::ALL };

    pub const fn exact(set: Set) -> Self {
        Self { surely: set, possibly: set }
    }

    pub fn and(self, other: Self, space: &mut Space) -> Self {
        if self == other || other == Self::ALL {
            return self;
        }
        Self {
            surely: space.intersect(self.surely, other.surely),
            possibly: space.intersect(self.possibly, other.possibly),
        }
    }

    pub fn or(self, other: Self, space: &mut Space) -> Self {
        Self { surely: space.union(self.surely, other.surely), possibly: space.union(self.possibly, other.possibly) }
    }

    pub fn any(all: &[Self], space: &mut Space) -> Self {
        let surely = all.iter().map(|one| one.surely).collect();
        let possibly = all.iter().map(|one| one.possibly).collect();
        Self { surely: space.union_all(surely), possibly: space.union_all(possibly) }
    }

    /// The same packets, none of them surely.
    pub const fn perhaps(self) -> Self {
        Self { surely: Set::EMPTY, possibly: self.possibly }
    }
}
