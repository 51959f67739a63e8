//! Quantifiers: sets with one field made free.

use rustc_hash::FxHashMap;

use super::{
    Field, Set, Space,
    apply::push,
    store::{ALL, EMPTY},
};

impl Space {
    /// The packets that are in the set for some value of the field (existential: the field becomes free).
    pub fn project(&mut self, set: Set, field: Field) -> Set {
        Set(self.free(set.0, field, &mut FxHashMap::default()))
    }

    /// The packets that are in the set for every value of the field (universal).
    pub fn project_all(&mut self, set: Set, field: Field) -> Set {
        Set(self.free(set.0 ^ 1, field, &mut FxHashMap::default()) ^ 1)
    }

    fn free(&mut self, set: u32, field: Field, done: &mut FxHashMap<u32, u32>) -> u32 {
        if set <= ALL || self.field(set) > field || self.exhausted() {
            return if self.exhausted() { EMPTY } else { set };
        }
        if let Some(&known) = done.get(&set) {
            return known;
        }
        let branches: Vec<_> = self.store.branches(set).collect();
        let result = if self.field(set) == field {
            self.or_all(&mut branches.into_iter().map(|branch| branch.1).collect())
        } else {
            let level = self.store.level(set);
            let base = self.scratch.len();
            for (upper, child) in branches {
                let child = self.free(child, field, done);
                push(&mut self.scratch, base, upper, child);
            }
            self.store.intern(level, &mut self.scratch, base)
        };
        done.insert(set, result);
        result
    }
}
