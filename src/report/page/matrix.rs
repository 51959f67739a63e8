//! Zones against zones: in each field what the zone of the row may open in the zone of the column.

use petgraph::{
    graph::NodeIndex,
    visit::{EdgeRef, IntoNodeReferences},
};
use serde::Serialize;

use super::super::text::{self, CLASSES, Weight};
use crate::reach::{Graph, Kind, Node, NodeKind};

/// The matrix, rows and columns in the same order: from the internet to what is trusted most, and the router last.
#[derive(Serialize)]
pub struct Matrix {
    columns: Vec<Head>,
    rows: Vec<Row>,
}

/// A zone at the edge of the matrix.
#[derive(Clone, Serialize)]
struct Head {
    name: String,
    /// `iot · VLAN 30`
    role: String,
    /// The class of trust, as a colour.
    class: &'static str,
}

#[derive(Serialize)]
struct Row {
    head: Head,
    fields: Vec<Field>,
}

#[derive(Serialize)]
struct Field {
    /// A zone in itself.
    own: bool,
    /// `denied`, `plain`, `wide` when everything passes, `exposed` when the internet may open it, or `beside` when no
    /// router stands between.
    state: &'static str,
    entries: Vec<Entry>,
}

#[derive(PartialEq, Eq, PartialOrd, Ord, Serialize)]
struct Entry {
    /// Which hosts of the two zones, if not all.
    who: String,
    what: String,
    details: String,
}

/// The matrix of a graph, and of a router that may open what it likes or not.
pub fn matrix(graph: &Graph, output_open: bool) -> Matrix {
    let mut places: Vec<(NodeIndex, &Node)> =
        graph.node_references().filter(|(_, node)| node.kind != NodeKind::Host).collect();
    places.sort_by_key(|(_, node)| match node.kind {
        NodeKind::Router => (1, 0),
        _ => (0, text::trust(node.role).1),
    });
    let head = |node: &Node| Head {
        name: node.name.clone(),
        role: text::role_line(node),
        class: if node.kind == NodeKind::Router {
            "router"
        } else {
            CLASSES.get(text::trust(node.role).0).map_or("outside", |class| class.name)
        },
    };
    let rows = places.iter().map(|(_, from)| Row {
        head: head(from),
        fields: places
            .iter()
            .map(|(_, to)| {
                if output_open && from.kind == NodeKind::Router && to.kind != NodeKind::Router {
                    of_the_router()
                } else {
                    field(graph, from, to)
                }
            })
            .collect(),
    });
    Matrix { rows: rows.collect(), columns: places.iter().map(|(_, node)| head(node)).collect() }
}

/// Is a node that place, or a host whose first leg is in it?
fn lies_in(node: &Node, place: &Node) -> bool {
    match node.kind {
        NodeKind::Host => place.kind != NodeKind::Router && node.zones.first() == Some(&place.name),
        _ => node.kind == place.kind && node.name == place.name,
    }
}

/// What a router opens that may open everything.
fn of_the_router() -> Field {
    let details =
        "the router itself may open connections to everything, as `output closed` does not stand in its block";
    let entry = Entry { who: String::new(), what: "everything".to_owned(), details: details.to_owned() };
    Field { own: false, state: "beside", entries: vec![entry] }
}

fn field(graph: &Graph, from: &Node, to: &Node) -> Field {
    let (mut entries, mut state) = (Vec::new(), "denied");
    for edge in graph.edge_references() {
        let (Some(source), Some(target)) = (graph.node_weight(edge.source()), graph.node_weight(edge.target())) else {
            continue;
        };
        if !lies_in(source, from) || !lies_in(target, to) {
            continue;
        }
        let data = edge.weight();
        let host = |node: &Node| (node.kind == NodeKind::Host).then(|| node.name.clone());
        let who = match (host(source), host(target)) {
            (None, None) => String::new(),
            (Some(source), None) => format!("{source} \u{2192}"),
            (None, Some(target)) => format!("\u{2192} {target}"),
            (Some(source), Some(target)) => format!("{source} \u{2192} {target}"),
        };
        let what = if matches!(data.kind, Kind::SameZone | Kind::SecondLeg) {
            text::kind(data.kind).to_owned()
        } else {
            text::label(data, text::two_families(graph, edge.source(), edge.target()), usize::MAX)
        };
        let kind = match text::weight(data, source.kind) {
            Weight::Exposed | Weight::Tunnel => "exposed",
            Weight::Beside => "beside",
            Weight::Plain if who.is_empty() && data.conditions.is_empty() && what.starts_with("everything") => "wide",
            Weight::Plain => "plain",
        };
        let order = |state: &str| ["denied", "beside", "plain", "wide", "exposed"].iter().position(|one| *one == state);
        if order(kind) > order(state) {
            state = kind;
        }
        entries.push(Entry { who, what, details: text::details(graph, &edge).join("\n") });
    }
    entries.sort();
    entries.dedup();
    Field { own: from.kind == to.kind && from.name == to.name, state, entries }
}
