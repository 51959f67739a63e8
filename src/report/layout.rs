//! Where everything on the picture stands.
//!
//! The internet and the router are bars over the whole width, in that order from above, since everything that leaves
//! passes the router. The zones stand side by side below, the least trusted on the left. What goes up runs straight up;
//! what goes from zone to zone runs in lanes below them, one label a lane and place. Hosts are reached by tracks in the
//! gaps between zones. So no line ever runs over another, they only cross.

use std::collections::BTreeMap;

use petgraph::{
    graph::NodeIndex,
    visit::{EdgeRef, IntoNodeReferences},
};

use super::text::{self, Weight};
use crate::reach::{Edge, Graph, Kind, Node, NodeKind};

/// The margin around everything.
pub const MARGIN: i32 = 28;
const LABEL: i32 = 11;
const PILL: i32 = 18;
const LANE: i32 = 25;
const LEVEL: i32 = 23;
const TRACK: i32 = 11;
const STUB: i32 = 12;
/// A label is never wider.
const WIDEST: i32 = 300;

/// A rectangle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rect {
    pub x: i32,
    pub y: i32,
    pub w: i32,
    pub h: i32,
}

/// A node with its place and the lines of text in it.
#[derive(Clone, Debug)]
pub struct Shape {
    pub node: NodeIndex,
    pub rect: Rect,
    pub lines: Vec<String>,
    pub unfiltered: bool,
}

/// A drawn line: all edges from one node to another.
#[derive(Clone, Debug)]
pub struct Line {
    pub from: NodeIndex,
    pub to: NodeIndex,
    pub weight: Weight,
    pub conditional: bool,
    pub class: usize,
    pub label: String,
    pub details: Vec<String>,
    pub points: Vec<(i32, i32)>,
    pub pill: Rect,
}

/// The whole picture, but for title and legend.
#[derive(Clone, Debug, Default)]
pub struct Picture {
    pub bars: Vec<Shape>,
    pub zones: Vec<Shape>,
    pub hosts: Vec<Shape>,
    pub lines: Vec<Line>,
    pub width: i32,
    pub bottom: i32,
}

/// Where a node is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Spot {
    Bar(usize),
    /// The column.
    Zone(usize),
    /// The column, and the number from above.
    Host(usize, usize),
}

struct Column {
    node: NodeIndex,
    hosts: Vec<NodeIndex>,
    lines: Vec<String>,
    /// Lines that end at the zone itself, above and below.
    above: Vec<usize>,
    below: Vec<usize>,
    width: i32,
    x: i32,
}

/// One end of a line in a gap between zones: the line, whether it is its source, and whether it goes up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Track {
    line: usize,
    source: bool,
    host: (usize, usize),
    up: bool,
}

/// The lines of a graph without their ways: everything but what stays inside a zone.
fn lines(graph: &Graph) -> Vec<Line> {
    let mut found: BTreeMap<(NodeIndex, NodeIndex), Vec<petgraph::graph::EdgeReference<'_, Edge>>> = BTreeMap::new();
    for edge in graph.edge_references().filter(|edge| edge.weight().kind != Kind::SameZone) {
        found.entry((edge.source(), edge.target())).or_default().push(edge);
    }
    let class = |node: &Node| match node.kind {
        NodeKind::Router => 0,
        NodeKind::Host => graph
            .node_weights()
            .find(|zone| node.zones.first() == Some(&zone.name) && zone.kind != NodeKind::Host)
            .map_or(0, |zone| text::trust(zone.role).0),
        _ => text::trust(node.role).0,
    };
    let line = |((from, to), edges): (_, Vec<petgraph::graph::EdgeReference<'_, Edge>>)| {
        let kind = graph.node_weight(from).map_or(NodeKind::Zone, |node| node.kind);
        let label = text::cut(&text::together(graph, &edges, 3), LABEL, WIDEST - 14);
        let mut details: Vec<String> = Vec::new();
        for edge in &edges {
            if !details.is_empty() {
                details.push(String::new());
            }
            details.extend(text::details(graph, edge));
        }
        let weight = edges.iter().map(|edge| text::weight(edge.weight(), kind)).max().unwrap_or(Weight::Plain);
        // What is bold is wider.
        let size = if weight >= Weight::Tunnel { LABEL + 2 } else { LABEL };
        Line {
            from,
            to,
            weight,
            conditional: edges.iter().all(|edge| !edge.weight().conditions.is_empty()),
            class: graph.node_weight(from).map_or(0, class),
            pill: Rect { w: text::width(&label, size) + 14, h: PILL, ..Rect::default() },
            label,
            details,
            points: Vec::new(),
        }
    };
    found.into_iter().map(line).collect()
}

/// Lays out a graph from a height on.
pub fn layout(graph: &Graph, top: i32) -> Picture {
    Plan::new(graph).draw(graph, top)
}

struct Plan {
    bars: Vec<NodeIndex>,
    columns: Vec<Column>,
    spots: BTreeMap<NodeIndex, Spot>,
    lines: Vec<Line>,
    /// The tracks of each gap, from left to right; one gap more than columns.
    gaps: Vec<Vec<Track>>,
    router: usize,
}

impl Plan {
    fn new(graph: &Graph) -> Self {
        let of = |kind: NodeKind| graph.node_references().filter(move |(_, node)| node.kind == kind);
        let mut bars = Vec::new();
        for (internet, node) in of(NodeKind::Internet) {
            bars.push(internet);
            bars.extend(
                of(NodeKind::Host).filter(|(_, host)| host.zones.first() == Some(&node.name)).map(|(id, _)| id),
            );
        }
        let router = bars.len();
        bars.extend(of(NodeKind::Router).map(|(id, _)| id));
        let mut zones: Vec<(NodeIndex, &Node)> = of(NodeKind::Zone).collect();
        zones.sort_by_key(|(id, node)| (text::trust(node.role).1, *id));
        let columns: Vec<Column> = zones
            .into_iter()
            .map(|(node, zone)| Column {
                node,
                hosts: of(NodeKind::Host)
                    .filter(|(_, host)| host.zones.first() == Some(&zone.name))
                    .map(|(id, _)| id)
                    .collect(),
                lines: zone_lines(zone),
                above: Vec::new(),
                below: Vec::new(),
                width: 0,
                x: 0,
            })
            .collect();
        let mut spots: BTreeMap<NodeIndex, Spot> = BTreeMap::new();
        spots.extend(bars.iter().enumerate().map(|(index, bar)| (*bar, Spot::Bar(index))));
        for (index, column) in columns.iter().enumerate() {
            spots.insert(column.node, Spot::Zone(index));
            spots.extend(column.hosts.iter().enumerate().map(|(number, host)| (*host, Spot::Host(index, number))));
        }
        let gaps = vec![Vec::new(); columns.len() + 1];
        let mut plan = Self { bars, columns, spots, lines: lines(graph), gaps, router };
        plan.lines.retain(|line| plan.spots.contains_key(&line.from) && plan.spots.contains_key(&line.to));
        plan.ends();
        plan
    }

    fn spot(&self, node: NodeIndex) -> Spot {
        self.spots.get(&node).copied().unwrap_or(Spot::Bar(0))
    }

    /// Gives every end of a line that is no bar its side: of a zone, or of a gap.
    fn ends(&mut self) {
        let column = |spot: Spot| match spot {
            Spot::Bar(_) => None,
            Spot::Zone(column) | Spot::Host(column, _) => Some(column),
        };
        for index in 0..self.lines.len() {
            let Some(line) = self.lines.get(index) else { continue };
            let (from, to) = (self.spot(line.from), self.spot(line.to));
            for (own, other, source) in [(from, to, true), (to, from, false)] {
                let up = column(other).is_none();
                match own {
                    Spot::Bar(_) => {}
                    Spot::Zone(at) => {
                        let Some(zone) = self.columns.get_mut(at) else { continue };
                        if up { zone.above.push(index) } else { zone.below.push(index) }
                    }
                    Spot::Host(at, number) => {
                        let count = |gap: usize| self.gaps.get(gap).map_or(0, Vec::len);
                        let right = match column(other) {
                            Some(other) => other > at,
                            None => count(at + 1) < count(at),
                        };
                        let track = Track { line: index, source, host: (at, number), up };
                        if let Some(gap) = self.gaps.get_mut(if right { at + 1 } else { at }) {
                            gap.push(track);
                        }
                    }
                }
            }
        }
        // Lines that lead to the left start on the left; what goes to the internet stands before what goes to the router.
        let far: Vec<(usize, usize)> = self
            .lines
            .iter()
            .map(|line| (column(self.spot(line.from)).unwrap_or(0), column(self.spot(line.to)).unwrap_or(0)))
            .collect();
        let bar: Vec<usize> = self
            .lines
            .iter()
            .map(|line| {
                [line.from, line.to]
                    .into_iter()
                    .find_map(|node| match self.spot(node) {
                        Spot::Bar(bar) => Some(bar),
                        _ => None,
                    })
                    .unwrap_or(0)
            })
            .collect();
        for (at, zone) in self.columns.iter_mut().enumerate() {
            zone.above.sort_by_key(|line| bar.get(*line).copied());
            zone.below.sort_by_key(|line| far.get(*line).map(|(from, to)| if *from == at { *to } else { *from }));
        }
        for (number, gap) in self.gaps.iter_mut().enumerate() {
            // Beside the zone on the left the lowest host comes first, so that no stub crosses the track of another.
            gap.sort_by_key(|track| {
                let left = track.host.0 < number;
                let depth = i64::try_from(track.host.1).unwrap_or(0);
                (!left, if left == track.up { depth } else { -depth }, track.line)
            });
        }
    }

    fn draw(mut self, graph: &Graph, top: i32) -> Picture {
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

    /// The width of every zone and where it starts.
    fn widths(&mut self, graph: &Graph) {
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

    fn gap_width(&self, gap: usize) -> i32 {
        let tracks = self.gaps.get(gap).map_or(0, Vec::len);
        let outer = gap == 0 || gap == self.columns.len();
        if tracks == 0 { if outer { 0 } else { 22 } } else { 20 + TRACK * i32::try_from(tracks).unwrap_or(0) }
    }

    /// The horizontal place of every track.
    fn tracks(&self) -> BTreeMap<(usize, bool), i32> {
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
    fn ups(&self, xs: &BTreeMap<(usize, bool), i32>) -> Vec<(usize, i32)> {
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
    fn outside(&self, line: usize) -> bool {
        self.lines.get(line).is_some_and(|line| {
            [line.from, line.to].into_iter().any(|node| matches!(self.spot(node), Spot::Bar(bar) if bar != self.router))
        })
    }

    /// The boxes of all hosts, and how tall the zones have to be.
    fn hosts(&self, top: i32) -> (i32, BTreeMap<(usize, usize), Rect>) {
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
    fn stub(&self, track: &Track) -> i32 {
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

    /// The lane of every line between zones: short lines near the zones.
    fn lanes(&self, ways: &BTreeMap<(usize, bool), Vec<(i32, i32)>>) -> BTreeMap<usize, (usize, i32, i32)> {
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

    /// Puts the label of every lane where the fewest lines run below it.
    fn lane_labels(&mut self, lanes: &BTreeMap<usize, (usize, i32, i32)>, first: i32) {
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

/// The place of one of the lines at a zone's edge.
fn slot(column: &Column, count: usize, number: usize) -> i32 {
    let (count, number) = (i32::try_from(count).unwrap_or(1), i32::try_from(number).unwrap_or(0));
    let step = ((column.width - 24) / (count + 1).max(1)).min(46);
    column.x + column.width / 2 + step * (2 * number + 1 - count) / 2
}

/// Labels beside the lines that go up: where the fewest other lines run below them, in levels so that none overlap.
fn place_labels(
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

fn zone_lines(zone: &Node) -> Vec<String> {
    let mut lines = vec![text::role_line(zone)];
    lines.extend(zone.networks.iter().take(3).cloned());
    if zone.networks.len() > 3 {
        lines.push(format!("and {} networks more", zone.networks.len() - 3));
    }
    match zone.other_hosts {
        0 => {}
        1 => lines.push("1 host not named by a rule".to_owned()),
        more => lines.push(format!("{more} hosts not named by a rule")),
    }
    lines
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
