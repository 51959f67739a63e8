//! How large sets are: as diagrams and in packets.

use rustc_hash::{FxHashMap, FxHashSet};

use super::{
    Family, Field, Set, Space,
    store::{ALL, EMPTY},
};

impl Space {
    /// The number of nodes that the set's diagram has, without the terminal.
    #[must_use]
    pub fn size(&self, set: Set) -> usize {
        let mut seen = FxHashSet::default();
        let mut open = vec![set.0 >> 1];
        while let Some(node) = open.pop() {
            if node != EMPTY && seen.insert(node) {
                open.extend(self.store.branches(node << 1).map(|branch| branch.1 >> 1));
            }
        }
        seen.len()
    }

    /// The number of nodes in the whole space.
    #[must_use]
    pub const fn nodes(&self) -> usize {
        self.store.len()
    }

    /// The memory of the whole space in bytes, as far as it grows.
    #[must_use]
    pub const fn bytes(&self) -> usize {
        self.store.bytes() + self.cache.bytes()
    }

    /// The number of packets in the set, rounded to what an `f64` holds. An IPv4 packet counts once, though its
    /// addresses are coordinates of 128 bits.
    #[must_use]
    pub fn count(&self, set: Set) -> f64 {
        // Of the four halves of two addresses, 64 bits each, IPv4 uses 64 bits together.
        let spare = 2f64.powi(4 * 64 - 64);
        self.points(set, Family::V4) / spare + self.points(set, Family::V6)
    }

    fn points(&self, set: Set, family: Family) -> f64 {
        let mut done = FxHashMap::default();
        self.points_from(set.0, 0, family, &mut done)
    }

    /// The number of points below a reference, all fields from `level` on counted.
    fn points_from(&self, at: u32, level: usize, family: Family, done: &mut FxHashMap<u32, f64>) -> f64 {
        if at == EMPTY {
            return 0.0;
        }
        let (below, tests) = match at {
            ALL => (1.0, Field::ALL.len()),
            _ => (self.points_of(at, family, done), self.field(at) as usize),
        };
        let skipped = Field::ALL.iter().take(tests).skip(level);
        skipped
            .filter(|field| **field != Field::Family)
            .fold(below, |points, &field| points * width(0, Field::max(field)))
    }

    fn points_of(&self, at: u32, family: Family, done: &mut FxHashMap<u32, f64>) -> f64 {
        if let Some(&known) = done.get(&at) {
            return known;
        }
        let field = self.field(at);
        let (mut points, mut lo) = (0.0, 0);
        for (upper, child) in self.store.branches(at) {
            let here = match field {
                Field::Family => f64::from(u8::from((lo..=upper).contains(&(family as u64)))),
                _ => width(lo, upper),
            };
            if here > 0.0 {
                points += here * self.points_from(child, field as usize + 1, family, done);
            }
            lo = upper.saturating_add(1);
        }
        done.insert(at, points);
        points
    }
}

/// The number of values in `lo..=hi`.
#[expect(clippy::cast_precision_loss, reason = "counts are rounded")]
fn width(lo: u64, hi: u64) -> f64 {
    (hi - lo) as f64 + 1.0
}
