//! From the order to places: bars, zones and hosts, then the way of every line.

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use super::{LANE, LEVEL, MARGIN, Picture, Plan, Rect, Shape, Spot, Track, columns::slot, labels::place_labels};
use crate::reach::{Graph, Kind, NodeKind};

impl Plan {
    pub(super) fn draw(mut self, graph: &Graph, top: i32) -> Picture {
        self.widths(graph);
        let width = self.columns.last().map_or(MARGIN + 260, |last| last.x + last.width)
            + self.gap_width(self.columns.len())
            + MARGIN;
        let width = width.max(900);
        let mut picture = Picture { width, ..Picture::default() };
        let xs = self.tracks();

        // Upwards: the place of every vertical on its way, then the labels in levels, then the heights.
        let ups: Vec<(usize, i32)> = self.ups(&xs);
        let verticals: Vec<(usize, i32, bool)> = ups.iter().map(|(line, x)| (*line, *x, self.outside(*line))).collect();
        let outer = place_labels(&self.lines, &verticals, true, width);
        let inner = place_labels(&self.lines, &verticals, false, width);
        let height = |levels: &BTreeMap<usize, (i32, usize)>| {
            let most = levels.values().map(|(_, level)| level + 1).max().unwrap_or(0);
            24 + LEVEL * i32::try_from(most).unwrap_or(0)
        };
        let mut y = top;
        let mut bars = Vec::new();
        for (index, bar) in self.bars.iter().enumerate() {
            let router = index == self.router;
            if router {
                y += height(&outer) - 8;
            }
            let h = if router { 40 } else { 44 };
            let rect = Rect { x: MARGIN, y, w: width - 2 * MARGIN, h };
            bars.push(Shape { node: *bar, rect, lines: bar_lines(graph, *bar), unfiltered: false });
            y += h + 8;
        }
        let zones_y = y - 8 + height(&inner);
        let strips = |strip: usize| bars.get(strip).map_or((0, 0), |bar| (bar.rect.y, bar.rect.y + bar.rect.h));
        for (line, (x, level)) in outer.iter().chain(&inner) {
            let start =
                if outer.contains_key(line) { strips(self.router.saturating_sub(1)).1 } else { strips(self.router).1 };
            if let Some(line) = self.lines.get_mut(*line) {
                line.pill.x = *x;
                line.pill.y = start + 12 + LEVEL * i32::try_from(*level).unwrap_or(0);
            }
        }

        let (tallest, hosts) = self.hosts(zones_y);
        let zones_end = zones_y + tallest;
        for column in &self.columns {
            let unfiltered = graph.edges(column.node).any(|edge| edge.weight().kind == Kind::SameZone);
            let rect = Rect { x: column.x, y: zones_y, w: column.width, h: tallest };
            picture.zones.push(Shape { node: column.node, rect, lines: column.lines.clone(), unfiltered });
        }
        let stub = |track: &Track| {
            let rect: Rect = hosts.get(&track.host).copied().unwrap_or_default();
            (rect, self.stub(track))
        };

        // The ends of every line: in a gap, or above or below a zone.
        let mut ways: BTreeMap<(usize, bool), Vec<(i32, i32)>> = BTreeMap::new();
        for (number, gap) in self.gaps.iter().enumerate() {
            for track in gap {
                let (rect, offset) = stub(track);
                let edge = if track.host.0 < number { rect.x + rect.w } else { rect.x };
                let x = xs.get(&(track.line, track.source)).copied().unwrap_or(0);
                ways.insert((track.line, track.source), vec![(edge, rect.y + offset), (x, rect.y + offset)]);
            }
        }
        for column in &self.columns {
            for (list, at) in [(&column.above, zones_y), (&column.below, zones_end)] {
                for (number, line) in list.iter().enumerate() {
                    let source = self.lines.get(*line).is_some_and(|line| line.from == column.node);
                    ways.insert((*line, source), vec![(slot(column, list.len(), number), at)]);
                }
            }
        }
        let lanes = self.lanes(&ways);
        let first_lane = zones_end + 30;
        let mut deepest = zones_end;
        for index in 0..self.lines.len() {
            let Some(line) = self.lines.get(index) else { continue };
            let (from, to) = (self.spot(line.from), self.spot(line.to));
            let start = ways.get(&(index, true)).cloned();
            let end = ways.get(&(index, false)).cloned();
            let points = match (start, end) {
                (Some(start), Some(mut end)) => {
                    let y = first_lane + LANE * i32::try_from(lanes.get(&index).map_or(0, |lane| lane.0)).unwrap_or(0);
                    deepest = deepest.max(y);
                    let (a, b) = (start.last().map_or(0, |point| point.0), end.last().map_or(0, |point| point.0));
                    end.reverse();
                    [start, vec![(a, y), (b, y)], end].concat()
                }
                (Some(mut way), None) | (None, Some(mut way)) => {
                    let source = matches!(to, Spot::Bar(_));
                    let bar = match if source { to } else { from } {
                        Spot::Bar(bar) => bar,
                        _ => 0,
                    };
                    way.push((way.last().map_or(0, |point| point.0), strips(bar).1));
                    if !source {
                        way.reverse();
                    }
                    way
                }
                (None, None) => {
                    let x = ups.iter().find(|(line, _)| *line == index).map_or(MARGIN, |(_, x)| *x);
                    let bars = [from, to].map(|spot| match spot {
                        Spot::Bar(bar) => strips(bar),
                        _ => (0, 0),
                    });
                    let [from, to] = bars;
                    if from.0 < to.0 { vec![(x, from.1), (x, to.0)] } else { vec![(x, from.0), (x, to.1)] }
                }
            };
            if let Some(line) = self.lines.get_mut(index) {
                line.points = points;
            }
        }
        self.lane_labels(&lanes, first_lane);
        for ((column, number), rect) in hosts {
            let node = self.columns.get(column).and_then(|column| column.hosts.get(number)).copied();
            let Some((node, at)) = node.and_then(|node| Some((node, graph.node_weight(node)?))) else { continue };
            picture.hosts.push(Shape { node, rect, lines: vec![at.name.clone()], unfiltered: false });
        }
        picture.bars = bars;
        picture.bottom = deepest + 24;
        picture.width = width.max(self.lines.iter().map(|line| line.pill.x + line.pill.w + MARGIN).max().unwrap_or(0));
        picture.lines = self.lines;
        picture
    }
}

fn bar_lines(graph: &Graph, bar: NodeIndex) -> Vec<String> {
    let Some(node) = graph.node_weight(bar) else { return Vec::new() };
    let what = match node.kind {
        NodeKind::Internet => "internet".to_owned(),
        NodeKind::Host => format!("host in {}", node.zones.join(", ")),
        _ => "router".to_owned(),
    };
    vec![node.name.clone(), what]
}
