//! Boolean operations: one memoised intersection, from which complemented references give all the others.

use super::{
    Field, Space,
    cache::SOME,
    store::{ALL, Branch, EMPTY},
};

impl Space {
    /// The field that a set's node tests. Not for terminals.
    #[expect(clippy::indexing_slicing, reason = "only a terminal has a level that is no field")]
    pub(super) fn field(&self, set: u32) -> Field {
        Field::ALL[self.store.level(set) as usize]
    }

    /// Both. Recursion is as deep as there are fields.
    pub(super) fn and(&mut self, a: u32, b: u32) -> u32 {
        if let Some(known) = trivial(a, b) {
            return known;
        }
        let (a, b) = (a.min(b), a.max(b));
        if let Some(known) = self.cache.get(a, b).filter(|&known| known != SOME) {
            return known;
        }
        if self.exhausted() {
            return EMPTY;
        }
        let base = self.scratch.len();
        let (level, other) = (self.store.level(a), self.store.level(b));
        match level.cmp(&other) {
            std::cmp::Ordering::Less => self.and_below(a, b),
            std::cmp::Ordering::Greater => self.and_below(b, a),
            std::cmp::Ordering::Equal => self.and_merge(a, b),
        }
        self.charge(self.scratch.len() - base);
        let result = self.store.intern(level.min(other), &mut self.scratch, base);
        if !self.exhausted() {
            self.cache.put(a, b, result);
            self.cache.fit(self.store.len());
        }
        result
    }

    /// The branches of `a`, each intersected with `b`, which does not test the field of `a`.
    fn and_below(&mut self, a: u32, b: u32) {
        let base = self.scratch.len();
        let (from, to) = self.store.span(a);
        for at in from..to {
            let child = self.and(self.store.child(at) ^ (a & 1), b);
            push(&mut self.scratch, base, self.store.upper(at), child);
        }
    }

    /// The branches of two nodes of one field, side by side.
    fn and_merge(&mut self, a: u32, b: u32) {
        let base = self.scratch.len();
        let ((mut i, i_end), (mut j, j_end)) = (self.store.span(a), self.store.span(b));
        // Both end at the field's highest value, hence in the same step.
        while i < i_end && j < j_end {
            let (left, right) = (self.store.child(i) ^ (a & 1), self.store.child(j) ^ (b & 1));
            let (mut upper, other) = (self.store.upper(i), self.store.upper(j));
            let mut child = EMPTY;
            if left == EMPTY {
                j = self.store.seek(j, j_end, upper);
            } else if right == EMPTY {
                upper = other;
                i = self.store.seek(i, i_end, upper);
            } else {
                upper = upper.min(other);
                child = self.and(left, right);
            }
            push(&mut self.scratch, base, upper, child);
            i += usize::from(i < i_end && self.store.upper(i) == upper);
            j += usize::from(j < j_end && self.store.upper(j) == upper);
        }
    }

    pub(super) fn or(&mut self, a: u32, b: u32) -> u32 {
        self.and(a ^ 1, b ^ 1) ^ 1
    }

    /// The union of many; neighbours in the order of making share most of their nodes, so they are combined first.
    pub(super) fn or_all(&mut self, sets: &mut Vec<u32>) -> u32 {
        sets.sort_unstable();
        sets.dedup();
        while sets.len() > 1 {
            let mut kept = 0;
            for at in (0..sets.len()).step_by(2) {
                let one = match sets.get(at..at + 2) {
                    Some(&[left, right]) => self.or(left, right),
                    _ => sets.get(at).copied().unwrap_or(EMPTY),
                };
                if let Some(place) = sets.get_mut(kept) {
                    *place = one;
                }
                kept += 1;
            }
            sets.truncate(kept);
        }
        sets.first().copied().unwrap_or(EMPTY)
    }

    /// Is the intersection empty? Stops at the first packet in both and makes no nodes.
    pub(super) fn apart(&mut self, a: u32, b: u32) -> bool {
        if let Some(known) = trivial(a, b) {
            return known == EMPTY && !self.exhausted();
        }
        let (a, b) = (a.min(b), a.max(b));
        if let Some(known) = self.cache.get(a, b) {
            return known == EMPTY;
        }
        if self.exhausted() {
            return false;
        }
        self.charge(1);
        let apart = match self.store.level(a).cmp(&self.store.level(b)) {
            std::cmp::Ordering::Less => self.apart_below(a, b),
            std::cmp::Ordering::Greater => self.apart_below(b, a),
            std::cmp::Ordering::Equal => self.apart_merge(a, b),
        };
        if !self.exhausted() {
            self.cache.put(a, b, if apart { EMPTY } else { SOME });
        }
        apart
    }

    fn apart_below(&mut self, a: u32, b: u32) -> bool {
        let (from, to) = self.store.span(a);
        (from..to).all(|at| self.apart(self.store.child(at) ^ (a & 1), b))
    }

    fn apart_merge(&mut self, a: u32, b: u32) -> bool {
        let ((mut i, i_end), (mut j, j_end)) = (self.store.span(a), self.store.span(b));
        while i < i_end && j < j_end {
            let (left, right) = (self.store.child(i) ^ (a & 1), self.store.child(j) ^ (b & 1));
            if !self.apart(left, right) {
                return false;
            }
            let (upper, other) = (self.store.upper(i), self.store.upper(j));
            i += usize::from(upper <= other);
            j += usize::from(other <= upper);
        }
        true
    }

    /// Takes the work for so many branches from the budget.
    #[inline]
    fn charge(&mut self, branches: usize) {
        self.work = self.work.saturating_sub(branches as u64);
        if self.work == 0 {
            self.store.exhaust();
        }
    }

    /// The node that tests `field` with these ranges, sorted and disjoint, and is empty between them.
    pub(super) fn test(&mut self, field: Field, ranges: impl Iterator<Item = (u64, u64, u32)>) -> u32 {
        let base = self.scratch.len();
        let mut next = Some(0);
        for (lo, hi, child) in ranges {
            if let Some(before) = lo.checked_sub(1).filter(|_| next != Some(lo)) {
                push(&mut self.scratch, base, before, EMPTY);
            }
            push(&mut self.scratch, base, hi, child);
            next = hi.checked_add(1);
        }
        if next.is_some_and(|next| next <= field.max()) {
            push(&mut self.scratch, base, field.max(), EMPTY);
        }
        self.store.intern(field as u8, &mut self.scratch, base)
    }
}

/// Appends a branch to the node that began at `base`, or widens its last one if it goes the same way.
#[inline]
pub(super) fn push(scratch: &mut Vec<Branch>, base: usize, upper: u64, child: u32) {
    if scratch.len() > base
        && let Some(last) = scratch.last_mut()
        && last.1 == child
    {
        last.0 = upper;
        return;
    }
    scratch.push((upper, child));
}

#[inline]
const fn trivial(a: u32, b: u32) -> Option<u32> {
    if a == b || b == ALL {
        Some(a)
    } else if a ^ 1 == b || a == EMPTY || b == EMPTY {
        Some(EMPTY)
    } else if a == ALL {
        Some(b)
    } else {
        None
    }
}
