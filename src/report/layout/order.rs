//! What is drawn and in which order: the lines, the columns, and the side on which every line ends.

use std::collections::BTreeMap;

use petgraph::{
    graph::NodeIndex,
    visit::{EdgeRef, IntoNodeReferences},
};

use super::{Column, LABEL, Line, PILL, Plan, Rect, Spot, Track, WIDEST};
use crate::{
    reach::{Edge, Graph, Kind, Node, NodeKind},
    report::text::{self, Weight},
};

impl Plan {
    pub(super) fn new(graph: &Graph) -> Self {
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

    pub(super) fn spot(&self, node: NodeIndex) -> Spot {
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
