//! Remembered intersections.

/// A direct-mapped table from two references to their intersection. A newer result overwrites an older one in the same
/// place: forgetting costs time, never truth.
#[derive(Debug)]
pub(super) struct Cache {
    /// Left operand, right operand, result; a left operand of 0 is free, since the empty set is never looked up.
    entries: Vec<[u32; 3]>,
    shift: u32,
}

/// The result "not empty": the question was only whether the operands are disjoint.
pub(super) const SOME: u32 = u32::MAX;

const MIN_BITS: u32 = 10;
/// 48 MiB.
const MAX_BITS: u32 = 22;

#[expect(clippy::indexing_slicing, reason = "the shift leaves as many bits as the table is long")]
impl Cache {
    pub(super) fn new() -> Self {
        Self { entries: vec![[0; 3]; 1 << MIN_BITS], shift: 64 - MIN_BITS }
    }

    pub(super) const fn bytes(&self) -> usize {
        self.entries.len() * 12
    }

    #[inline]
    pub(super) fn get(&self, a: u32, b: u32) -> Option<u32> {
        let entry = &self.entries[self.slot(a, b)];
        (entry[0] == a && entry[1] == b).then_some(entry[2])
    }

    #[inline]
    pub(super) fn put(&mut self, a: u32, b: u32, result: u32) {
        let slot = self.slot(a, b);
        self.entries[slot] = [a, b, result];
    }

    /// Keeps the table about as large as the diagram.
    #[inline]
    pub(super) fn fit(&mut self, nodes: usize) {
        if nodes > self.entries.len() && 64 - self.shift < MAX_BITS {
            self.grow();
        }
    }

    fn grow(&mut self) {
        let size = self.entries.len() * 4;
        let old = std::mem::replace(&mut self.entries, vec![[0; 3]; size]);
        self.shift -= 2;
        for [a, b, result] in old.into_iter().filter(|entry| entry[0] != 0) {
            self.put(a, b, result);
        }
    }

    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the shift leaves a few bits")]
    const fn slot(&self, a: u32, b: u32) -> usize {
        let key = (a as u64) << 32 | b as u64;
        ((key ^ key >> 29).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }
}
