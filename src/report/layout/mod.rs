//! Where everything on the picture stands.
//!
//! The internet and the router are bars over the whole width, in that order from above, since everything that leaves
//! passes the router. The zones stand side by side below, the least trusted on the left. What goes up runs straight up;
//! what goes from zone to zone runs in lanes below them, one label a lane and place. Hosts are reached by tracks in the
//! gaps between zones. So no line ever runs over another, they only cross.

mod columns;
mod draw;
mod labels;
mod lanes;
mod order;

use std::collections::BTreeMap;

use petgraph::graph::NodeIndex;

use crate::reach::Graph;
use crate::report::text::Weight;

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

struct Plan {
    bars: Vec<NodeIndex>,
    columns: Vec<Column>,
    spots: BTreeMap<NodeIndex, Spot>,
    lines: Vec<Line>,
    /// The tracks of each gap, from left to right; one gap more than columns.
    gaps: Vec<Vec<Track>>,
    router: usize,
}

/// Lays out a graph from a height on.
pub fn layout(graph: &Graph, top: i32) -> Picture {
    Plan::new(graph).draw(graph, top)
}
