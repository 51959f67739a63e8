//! The nodes of the diagram and the table that makes each of them exist once.
//!
//! A node tests one field: its branches part the field's values into ranges, each with an inclusive upper bound and the
//! reference that continues there. A reference is a node's index times two, plus one if it means the complement of what
//! the node says; so a set and its complement share every node.

/// The empty set: the only terminal node, as it stands.
pub(super) const EMPTY: u32 = 0;
/// Every packet: the terminal's complement.
pub(super) const ALL: u32 = 1;
/// The level of the terminal, below all fields.
pub(super) const LEAF: u8 = u8::MAX;
/// References keep one bit for the complement.
const MAX_NODES: usize = (u32::MAX >> 1) as usize;

/// One range of a node: its last value and what follows there.
pub(super) type Branch = (u64, u32);

#[derive(Debug)]
pub(super) struct Store {
    /// The field that each node tests, as its number.
    levels: Vec<u8>,
    /// Where each node's branches begin; one more entry than nodes, so that the next one's begin is the end.
    starts: Vec<u32>,
    uppers: Vec<u64>,
    children: Vec<u32>,
    /// Open addressing, a power of two: hash in the upper half, node in the lower; 0 is free (the terminal has no entry).
    table: Vec<u64>,
    /// The number of branches at which no more nodes are made.
    budget: usize,
    exhausted: bool,
}

#[expect(clippy::indexing_slicing, reason = "every reference and position was made by this store")]
impl Store {
    pub(super) fn new(budget: usize) -> Self {
        Self::with_terminals(1, budget)
    }

    /// A store of more than one terminal: the first nodes, whose references are 0, 2, 4 and so on.
    pub(super) fn with_terminals(terminals: usize, budget: usize) -> Self {
        Self {
            levels: vec![LEAF; terminals],
            starts: vec![0; terminals + 1],
            uppers: Vec::new(),
            children: Vec::new(),
            table: vec![0; 1 << 8],
            budget: budget.min(MAX_NODES),
            exhausted: false,
        }
    }

    pub(super) const fn exhausted(&self) -> bool {
        self.exhausted
    }

    pub(super) const fn exhaust(&mut self) {
        self.exhausted = true;
    }

    /// The number of branches that may still be made.
    pub(super) const fn budget_left(&self) -> usize {
        self.budget.saturating_sub(self.children.len())
    }

    /// The number of nodes.
    pub(super) const fn len(&self) -> usize {
        self.levels.len()
    }

    pub(super) const fn bytes(&self) -> usize {
        self.levels.capacity()
            + 4 * (self.starts.capacity() + self.children.capacity())
            + 8 * (self.uppers.capacity() + self.table.capacity())
    }

    #[inline]
    pub(super) fn level(&self, set: u32) -> u8 {
        self.levels[(set >> 1) as usize]
    }

    /// Where the branches of a set's node begin and end.
    #[inline]
    pub(super) fn span(&self, set: u32) -> (usize, usize) {
        let node = (set >> 1) as usize;
        (self.starts[node] as usize, self.starts[node + 1] as usize)
    }

    #[inline]
    pub(super) fn upper(&self, at: usize) -> u64 {
        self.uppers[at]
    }

    /// The child of a branch, as its node says it: a complemented parent's child has to be complemented too.
    #[inline]
    pub(super) fn child(&self, at: usize) -> u32 {
        self.children[at]
    }

    /// The first branch in `from..to` whose range ends at `value` or above.
    #[inline]
    pub(super) fn seek(&self, from: usize, to: usize, value: u64) -> usize {
        // Most steps are short: look near before halving the rest.
        let mut reach = 1;
        let mut low = from;
        while low + reach < to && self.uppers[low + reach] < value {
            low += reach;
            reach *= 2;
        }
        let high = (low + reach + 1).min(to);
        low + self.uppers[low..high].partition_point(|&upper| upper < value)
    }

    /// The branches of a set, children complemented as the set demands.
    pub(super) fn branches(&self, set: u32) -> impl Iterator<Item = Branch> + '_ {
        let (from, to) = self.span(set);
        (from..to).map(move |at| (self.uppers[at], self.children[at] ^ (set & 1)))
    }

    /// The set that tests `level` with these branches, whose last upper bound is the field's highest value and of which
    /// no two neighbours have the same child. Clears up what it is given.
    pub(super) fn intern(&mut self, level: u8, scratch: &mut Vec<Branch>, base: usize) -> u32 {
        let set = self.find_or_make(level, &scratch[base..]);
        scratch.truncate(base);
        set
    }

    fn find_or_make(&mut self, level: u8, branches: &[Branch]) -> u32 {
        let [(_, first), rest @ ..] = branches else { return EMPTY };
        if rest.is_empty() {
            return *first;
        }
        if self.exhausted {
            return EMPTY;
        }
        // Of a set and its complement the one whose lowest branch is not complemented is stored.
        let flip = first & 1;
        let hash = hash(level, branches, flip);
        let mask = self.table.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            let entry = self.table[slot];
            if entry == 0 {
                break;
            }
            #[expect(clippy::cast_possible_truncation, reason = "the node is in the lower half")]
            let node = entry as u32;
            if (entry >> 32) as u32 == hash && self.same(node, level, branches, flip) {
                return node << 1 | flip;
            }
            slot = (slot + 1) & mask;
        }
        if self.children.len() + branches.len() > self.budget {
            self.exhausted = true;
            return EMPTY;
        }
        #[expect(
            clippy::cast_possible_truncation,
            reason = "the budget is below u32::MAX / 2, and a node has two branches or more"
        )]
        let node = self.levels.len() as u32;
        self.levels.push(level);
        self.uppers.extend(branches.iter().map(|branch| branch.0));
        self.children.extend(branches.iter().map(|branch| branch.1 ^ flip));
        #[expect(clippy::cast_possible_truncation, reason = "the budget is below u32::MAX")]
        self.starts.push(self.children.len() as u32);
        self.table[slot] = u64::from(hash) << 32 | u64::from(node);
        if self.levels.len() * 2 > self.table.len() {
            self.grow();
        }
        node << 1 | flip
    }

    fn same(&self, node: u32, level: u8, branches: &[Branch], flip: u32) -> bool {
        let (from, to) = self.span(node << 1);
        self.levels[node as usize] == level
            && to - from == branches.len()
            && self.uppers[from..to]
                .iter()
                .zip(&self.children[from..to])
                .zip(branches)
                .all(|((&upper, &child), branch)| upper == branch.0 && child == branch.1 ^ flip)
    }

    fn grow(&mut self) {
        let size = self.table.len() * 4;
        let old = std::mem::replace(&mut self.table, vec![0; size]);
        for entry in old.into_iter().filter(|&entry| entry != 0) {
            let mut slot = (entry >> 32) as usize & (size - 1);
            while self.table[slot] != 0 {
                slot = (slot + 1) & (size - 1);
            }
            self.table[slot] = entry;
        }
    }
}

#[inline]
fn hash(level: u8, branches: &[Branch], flip: u32) -> u32 {
    const FACTOR: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut state = u64::from(level);
    for &(upper, child) in branches {
        let word = upper ^ u64::from(child ^ flip).rotate_left(40);
        state = (state.rotate_left(23) ^ word).wrapping_mul(FACTOR);
    }
    (state >> 32) as u32
}
