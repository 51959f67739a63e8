//! Where the labels stand: on the lanes, and beside the lines that go up.

use std::collections::BTreeMap;

use super::{LANE, Line, MARGIN, PILL, Plan};

impl Plan {
    /// Puts the label of every lane where the fewest lines run below it.
    pub(super) fn lane_labels(&mut self, lanes: &BTreeMap<usize, (usize, i32, i32)>, first: i32) {
        let mut verticals: Vec<(usize, i32, i32, i32)> = Vec::new();
        for (index, line) in self.lines.iter().enumerate() {
            for pair in line.points.windows(2) {
                if let [(a, top), (b, bottom)] = pair
                    && a == b
                {
                    verticals.push((index, *a, *top.min(bottom), *top.max(bottom)));
                }
            }
        }
        for (index, (lane, left, right)) in lanes {
            let Some(line) = self.lines.get_mut(*index) else { continue };
            let y = first + LANE * i32::try_from(*lane).unwrap_or(0);
            let (low, high) = (left + 10, right - 10 - line.pill.w);
            let middle = i32::midpoint(low, high);
            let hidden = |x: i32| {
                let under = |(other, at, top, bottom): &&(usize, i32, i32, i32)| {
                    other != index && *top < y && y < *bottom && x - 4 <= *at && *at <= x + line.pill.w + 4
                };
                verticals.iter().filter(under).count()
            };
            let best = (0..=(high - low).max(0) / 6)
                .map(|step| (low + 6 * step).min(high.max(low)))
                .min_by_key(|x| (hidden(*x), (x - middle).abs(), *x))
                .unwrap_or(low);
            line.pill.x = best;
            line.pill.y = y - PILL / 2;
        }
    }
}

/// Labels beside the lines that go up: where the fewest other lines run below them, in levels so that none overlap.
pub(super) fn place_labels(
    lines: &[Line],
    verticals: &[(usize, i32, bool)],
    outer: bool,
    width: i32,
) -> BTreeMap<usize, (i32, usize)> {
    let mut found = BTreeMap::new();
    let mut taken: Vec<Vec<(i32, i32)>> = Vec::new();
    for (index, x, outside) in verticals {
        let Some(line) = lines.get(*index).filter(|_| *outside == outer) else { continue };
        let w = line.pill.w;
        let there = |at: &&(usize, i32, bool)| at.0 != *index && (at.2 || !outer);
        let hidden = |left: i32| {
            verticals.iter().filter(there).filter(|(_, at, _)| left - 3 <= *at && *at <= left + w + 3).count()
        };
        let left = (0..=(w - 16).max(0) / 4)
            .map(|step| (x - w + 8 + 4 * step).clamp(MARGIN, (width - MARGIN - w).max(MARGIN)))
            .min_by_key(|left| (hidden(*left), (left + w / 2 - x).abs()))
            .unwrap_or(x - w / 2);
        let free = |level: &Vec<(i32, i32)>| level.iter().all(|(a, b)| left + w + 8 < *a || *b + 8 < left);
        let level = taken.iter().position(free).unwrap_or(taken.len());
        if level == taken.len() {
            taken.push(Vec::new());
        }
        if let Some(level) = taken.get_mut(level) {
            level.push((left, left + w));
        }
        found.insert(*index, (left, level));
    }
    found
}
