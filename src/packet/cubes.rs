//! Sets taken apart again: the values of one field, and disjoint cubes.

use rustc_hash::FxHashSet;

use super::{
    Cube, Field, Ranges, Set, Space,
    store::{ALL, EMPTY},
};

impl Space {
    /// The values that a field takes in the packets of a set.
    #[must_use]
    pub fn values(&self, set: Set, field: Field) -> Ranges {
        let mut found = Vec::new();
        let mut seen = FxHashSet::default();
        let mut open = vec![set.0];
        while let Some(at) = open.pop() {
            if at == EMPTY || !seen.insert(at) {
                continue;
            }
            // A node that is not empty holds a packet; one below the field holds it whatever the field's value.
            if at == ALL || self.field(at) > field {
                return Ranges::full(field);
            }
            if self.field(at) < field {
                open.extend(self.store.branches(at).map(|branch| branch.1));
                continue;
            }
            let mut lo = 0;
            for (upper, child) in self.store.branches(at) {
                if child != EMPTY {
                    found.push((lo, upper));
                }
                lo = upper.saturating_add(1);
            }
        }
        Ranges::from_pairs(found)
    }

    /// Disjoint cubes that together are the set, in the order of their values, or `None` if they are more than `limit`.
    ///
    /// The ranges of a field after which the same follows are one cube. Their number is not the least possible.
    #[must_use]
    pub fn cubes(&self, set: Set, limit: usize) -> Option<Vec<Cube>> {
        let mut cubes = Vec::new();
        self.collect(set.0, &Cube::any(), limit, &mut cubes)?;
        Some(cubes)
    }

    fn collect(&self, at: u32, above: &Cube, limit: usize, cubes: &mut Vec<Cube>) -> Option<()> {
        if at == EMPTY {
            return Some(());
        }
        if at == ALL {
            cubes.push(above.clone());
            return (cubes.len() <= limit).then_some(());
        }
        let field = self.field(at);
        for (child, values) in self.by_child(at) {
            let mut cube = above.clone();
            cube.set(field, Some(values));
            self.collect(child, &cube, limit, cubes)?;
        }
        Some(())
    }

    /// The children of a node that are not empty, each with all values that lead to it, in the order of the lowest.
    pub(super) fn by_child(&self, at: u32) -> Vec<(u32, Ranges)> {
        let mut branches = Vec::new();
        let mut lo = 0;
        for (upper, child) in self.store.branches(at) {
            if child != EMPTY {
                branches.push((child, lo, upper));
            }
            lo = upper.saturating_add(1);
        }
        branches.sort_unstable();
        let mut children: Vec<_> = branches
            .chunk_by(|a, b| a.0 == b.0)
            .filter_map(|same| {
                let child = same.first()?.0;
                Some((child, Ranges::from_pairs(same.iter().map(|&(_, lo, hi)| (lo, hi)))))
            })
            .collect();
        children.sort_unstable_by_key(|(_, values)| values.first());
        children
    }
}
