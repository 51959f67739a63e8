//! The graph as data.

use petgraph::visit::{EdgeRef, IntoNodeReferences};
use serde::Serialize;

use crate::reach::{Edge, Graph, Node};

#[derive(Serialize)]
struct File<'g> {
    nodes: Vec<Numbered<'g>>,
    edges: Vec<Between<'g>>,
    notes: &'g [String],
}

#[derive(Serialize)]
struct Numbered<'g> {
    id: usize,
    #[serde(flatten)]
    node: &'g Node,
}

#[derive(Serialize)]
struct Between<'g> {
    from: usize,
    to: usize,
    #[serde(flatten)]
    edge: &'g Edge,
}

/// The graph as JSON: numbered nodes, and edges between the numbers.
#[must_use]
pub fn json(graph: &Graph, notes: &[String]) -> String {
    let nodes = graph.node_references().map(|(id, node)| Numbered { id: id.index(), node }).collect();
    let edges = graph
        .edge_references()
        .map(|edge| Between { from: edge.source().index(), to: edge.target().index(), edge: edge.weight() })
        .collect();
    // Strings, numbers and lists always become text.
    serde_json::to_string_pretty(&File { nodes, edges, notes }).unwrap_or_default() + "\n"
}
