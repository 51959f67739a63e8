//! The zones side by side, the gaps between them, and the hosts in them.

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use super::{Column, MARGIN, Plan, Rect, STUB, Spot, TRACK, Track};
use crate::{reach::Graph, report::text};

impl Plan {
    /// The width of every zone and where it starts.
    pub(super) fn widths(&mut self, graph: &Graph) {
        let mut x = MARGIN;
        let gaps: Vec<i32> = (0..=self.columns.len()).map(|gap| self.gap_width(gap)).collect();
        for (index, column) in self.columns.iter_mut().enumerate() {
            x += gaps.get(index).copied().unwrap_or(0);
            let name = |node: &NodeIndex| graph.node_weight(*node).map_or(0, |node| text::width(&node.name, 12));
            let hosts = column.hosts.iter().map(|host| name(host) + 48).max().unwrap_or(0);
            let head = column.lines.iter().map(|line| text::width(line, 11) + 28).max().unwrap_or(0);
            let title = graph.node_weight(column.node).map_or(0, |node| text::width(&node.name, 15) + 28);
            let slots = i32::try_from(column.above.len().max(column.below.len())).unwrap_or(0) * 16 + 16;
            column.width = hosts.max(head).max(title).max(slots).clamp(130, 420);
            column.x = x;
            x += column.width;
        }
    }

    pub(super) fn gap_width(&self, gap: usize) -> i32 {
        let tracks = self.gaps.get(gap).map_or(0, Vec::len);
        let outer = gap == 0 || gap == self.columns.len();
        if tracks == 0 { if outer { 0 } else { 22 } } else { 20 + TRACK * i32::try_from(tracks).unwrap_or(0) }
    }

    /// The horizontal place of every track.
    pub(super) fn tracks(&self) -> BTreeMap<(usize, bool), i32> {
        let mut found = BTreeMap::new();
        for (number, gap) in self.gaps.iter().enumerate() {
            let end = match self.columns.get(number) {
                Some(column) => column.x,
                None => self.columns.last().map_or(MARGIN, |last| last.x + last.width) + self.gap_width(number),
            };
            let start = end - self.gap_width(number) + 16;
            for (index, track) in gap.iter().enumerate() {
                found.insert((track.line, track.source), start + TRACK * i32::try_from(index).unwrap_or(0));
            }
        }
        found
    }

    /// The lines that go up, with their horizontal place.
    pub(super) fn ups(&self, xs: &BTreeMap<(usize, bool), i32>) -> Vec<(usize, i32)> {
        let mut found = Vec::new();
        for column in &self.columns {
            let slots = column.above.iter().enumerate();
            found.extend(slots.map(|(number, line)| (*line, slot(column, column.above.len(), number))));
        }
        for track in self.gaps.iter().flatten().filter(|track| track.up) {
            found.extend(xs.get(&(track.line, track.source)).map(|x| (track.line, *x)));
        }
        // Between two bars: beside the zones that are there, where there is room.
        let mut x = MARGIN + 14;
        for (index, line) in self.lines.iter().enumerate() {
            if matches!((self.spot(line.from), self.spot(line.to)), (Spot::Bar(_), Spot::Bar(_))) {
                while found.iter().any(|(_, taken): &(usize, i32)| (taken - x).abs() < 14) {
                    x += 4;
                }
                found.push((index, x));
                x += 14;
            }
        }
        found.sort_by_key(|(line, x)| (*x, *line));
        found
    }

    /// Does a line end at a bar above the router?
    pub(super) fn outside(&self, line: usize) -> bool {
        self.lines.get(line).is_some_and(|line| {
            [line.from, line.to].into_iter().any(|node| matches!(self.spot(node), Spot::Bar(bar) if bar != self.router))
        })
    }

    /// The boxes of all hosts, and how tall the zones have to be.
    pub(super) fn hosts(&self, top: i32) -> (i32, BTreeMap<(usize, usize), Rect>) {
        let mut found = BTreeMap::new();
        let mut tallest = 96;
        for (index, column) in self.columns.iter().enumerate() {
            let mut y = 34 + 15 * i32::try_from(column.lines.len()).unwrap_or(0) + 26;
            for number in 0..column.hosts.len() {
                let beside = |gap: usize| {
                    let here = self.gaps.get(gap).into_iter().flatten();
                    i32::try_from(here.filter(|track| track.host == (index, number)).count()).unwrap_or(0)
                };
                let h = (STUB * beside(index).max(beside(index + 1)) + 6).max(28);
                found.insert((index, number), Rect { x: column.x + 14, y: top + y, w: column.width - 28, h });
                y += h + 8;
            }
            tallest = tallest.max(y + 6);
        }
        (tallest, found)
    }

    /// How far below the top of its host's box a track ends.
    pub(super) fn stub(&self, track: &Track) -> i32 {
        let mut place = (0, 1);
        let mut height = 28;
        for gap in [track.host.0, track.host.0 + 1] {
            let mut here: Vec<&Track> =
                self.gaps.get(gap).into_iter().flatten().filter(|other| other.host == track.host).collect();
            let count = i32::try_from(here.len()).unwrap_or(0);
            height = height.max(STUB * count + 6);
            // The nearest track that goes up is the highest, the nearest that goes down the lowest.
            if gap == track.host.0 {
                here.reverse();
            }
            let ups: Vec<&Track> = here.iter().copied().filter(|other| other.up).collect();
            let downs = here.iter().copied().filter(|other| !other.up).rev();
            let order: Vec<&Track> = ups.into_iter().chain(downs).collect();
            if let Some(at) = order.iter().position(|other| *other == track) {
                place = (i32::try_from(at).unwrap_or(0), count);
            }
        }
        (height - STUB * place.1) / 2 + STUB * place.0 + STUB / 2
    }
}

/// The place of one of the lines at a zone's edge.
pub(super) fn slot(column: &Column, count: usize, number: usize) -> i32 {
    let (count, number) = (i32::try_from(count).unwrap_or(1), i32::try_from(number).unwrap_or(0));
    let step = ((column.width - 24) / (count + 1).max(1)).min(46);
    column.x + column.width / 2 + step * (2 * number + 1 - count) / 2
}
