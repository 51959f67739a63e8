//! First-match rule lists: the first rule that holds a packet decides.
//!
//! A list is a diagram of three terminals: allowed, denied and undecided. Two lists in sequence are one operation,
//! "the first if it decides, otherwise the second", so a long list is combined pairwise in a balanced tree, like a
//! union. Everything in between lives in a diagram of its own that is dropped with the list.

use rustc_hash::FxHashMap;

use super::{
    Set, Space,
    apply::push,
    cache::Cache,
    store::{ALL, Branch, EMPTY, Store},
};

/// References to the terminals; all references are even, so that the store never complements one.
const UNDECIDED: u32 = 0;
const ALLOW: u32 = 2;
const DENY: u32 = 4;

struct Decisions {
    store: Store,
    cache: Cache,
    scratch: Vec<Branch>,
    work: u64,
}

impl Space {
    /// The packets that the first rule holding them allows: `(set, true)` allows, `(set, false)` denies, and a packet
    /// that no rule holds is not in the result.
    pub fn first_match(&mut self, rules: &[(Set, bool)]) -> Set {
        let mut decisions = Decisions {
            store: Store::with_terminals(3, self.store.budget_left()),
            cache: Cache::new(),
            scratch: Vec::new(),
            work: self.work,
        };
        let mut done = [FxHashMap::default(), FxHashMap::default()];
        let [denied, allowed] = &mut done;
        let mut lists: Vec<u32> = rules
            .iter()
            .map(|&(set, allow)| {
                let (verdict, done) = if allow { (ALLOW, &mut *allowed) } else { (DENY, &mut *denied) };
                decisions.rule(self, set.0, verdict, done)
            })
            .collect();
        while lists.len() > 1 {
            lists = lists
                .chunks(2)
                .map(|pair| match *pair {
                    [first, second] => decisions.sequence(first, second),
                    _ => pair.first().copied().unwrap_or(UNDECIDED),
                })
                .collect();
        }
        self.work = decisions.work;
        if decisions.store.exhausted() {
            self.store.exhaust();
            return Set::EMPTY;
        }
        let list = lists.first().copied().unwrap_or(UNDECIDED);
        Set(self.allowed(&decisions, list, &mut FxHashMap::default()))
    }

    /// The packets that a list allows.
    fn allowed(&mut self, from: &Decisions, list: u32, done: &mut FxHashMap<u32, u32>) -> u32 {
        if list <= DENY {
            return if list == ALLOW { ALL } else { EMPTY };
        }
        if let Some(&known) = done.get(&list) {
            return known;
        }
        let base = self.scratch.len();
        for (upper, child) in from.store.branches(list) {
            let child = self.allowed(from, child, done);
            push(&mut self.scratch, base, upper, child);
        }
        let set = self.store.intern(from.store.level(list), &mut self.scratch, base);
        done.insert(list, set);
        set
    }
}

impl Decisions {
    /// The list of one rule.
    fn rule(&mut self, space: &Space, set: u32, verdict: u32, done: &mut FxHashMap<u32, u32>) -> u32 {
        if set <= ALL {
            return if set == ALL { verdict } else { UNDECIDED };
        }
        if let Some(&known) = done.get(&set) {
            return known;
        }
        let base = self.scratch.len();
        for (upper, child) in space.store.branches(set) {
            let child = self.rule(space, child, verdict, done);
            push(&mut self.scratch, base, upper, child);
        }
        let list = self.store.intern(space.store.level(set), &mut self.scratch, base);
        done.insert(set, list);
        list
    }

    /// What the first list says, or where it says nothing, the second.
    fn sequence(&mut self, first: u32, second: u32) -> u32 {
        if first == UNDECIDED {
            return second;
        }
        if first <= DENY || second == UNDECIDED || first == second {
            return first;
        }
        if let Some(known) = self.cache.get(first, second) {
            return known;
        }
        if self.store.exhausted() {
            return UNDECIDED;
        }
        let base = self.scratch.len();
        let (level, other) = (self.store.level(first), self.store.level(second));
        match level.cmp(&other) {
            std::cmp::Ordering::Less => {
                let (from, to) = self.store.span(first);
                for at in from..to {
                    let child = self.sequence(self.store.child(at), second);
                    push(&mut self.scratch, base, self.store.upper(at), child);
                }
            }
            std::cmp::Ordering::Greater => {
                let (from, to) = self.store.span(second);
                for at in from..to {
                    let child = self.sequence(first, self.store.child(at));
                    push(&mut self.scratch, base, self.store.upper(at), child);
                }
            }
            std::cmp::Ordering::Equal => self.merge(first, second),
        }
        self.work = self.work.saturating_sub((self.scratch.len() - base) as u64);
        if self.work == 0 {
            self.store.exhaust();
        }
        let result = self.store.intern(level.min(other), &mut self.scratch, base);
        if !self.store.exhausted() {
            self.cache.put(first, second, result);
            self.cache.fit(self.store.len());
        }
        result
    }

    /// The branches of two nodes of one field, side by side.
    fn merge(&mut self, first: u32, second: u32) {
        let base = self.scratch.len();
        let ((mut i, i_end), (mut j, j_end)) = (self.store.span(first), self.store.span(second));
        while i < i_end && j < j_end {
            let (left, right) = (self.store.child(i), self.store.child(j));
            let (mut upper, other) = (self.store.upper(i), self.store.upper(j));
            let mut child = left;
            if left == ALLOW || left == DENY {
                // Whatever the second list says there no longer matters.
                j = self.store.seek(j, j_end, upper);
            } else {
                upper = upper.min(other);
                child = self.sequence(left, right);
            }
            push(&mut self.scratch, base, upper, child);
            i += usize::from(self.store.upper(i) == upper);
            j += usize::from(j < j_end && self.store.upper(j) == upper);
        }
    }
}
