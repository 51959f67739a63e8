//! The lanes below the zones.

use std::collections::BTreeMap;

use super::{MARGIN, Plan};

impl Plan {
    /// The lane of every line between zones: short lines near the zones.
    pub(super) fn lanes(&self, ways: &BTreeMap<(usize, bool), Vec<(i32, i32)>>) -> BTreeMap<usize, (usize, i32, i32)> {
        let mut spans: Vec<(i32, i32, usize)> = Vec::new();
        for index in 0..self.lines.len() {
            let end = |source: bool| ways.get(&(index, source)).and_then(|way| way.last()).map(|point| point.0);
            let (Some(a), Some(b)) = (end(true), end(false)) else { continue };
            spans.push((a.min(b), a.max(b), index));
        }
        spans.sort_by_key(|(from, to, index)| (to - from, *from, *index));
        let mut taken: Vec<Vec<(i32, i32)>> = Vec::new();
        let mut found = BTreeMap::new();
        for (from, to, index) in spans {
            let room = self.lines.get(index).map_or(0, |line| line.pill.w + 28);
            let more = (room - (to - from)).max(0) / 2;
            let (left, right) = ((from - more).max(MARGIN), to + more);
            let free = |lane: &Vec<(i32, i32)>| lane.iter().all(|(a, b)| right + 10 < *a || *b + 10 < left);
            let lane = taken.iter().position(free).unwrap_or(taken.len());
            if lane == taken.len() {
                taken.push(Vec::new());
            }
            if let Some(lane) = taken.get_mut(lane) {
                lane.push((left, right));
            }
            found.insert(index, (lane, left, right));
        }
        found
    }
}
