//! The graph for Graphviz.

use std::fmt::Write as _;

use petgraph::visit::{EdgeRef, IntoNodeReferences};

use super::text::{self, CLASSES, Weight};
use crate::reach::{Graph, Kind, NodeKind};

/// The graph in the DOT language: zones as clusters, with a node for the zone as a whole and one for each host.
#[must_use]
pub fn dot(graph: &Graph, title: &str, notes: &[String]) -> String {
    let mut out = String::new();
    let caption = std::iter::once(title.to_owned()).chain(notes.iter().cloned()).collect::<Vec<_>>();
    let _ = writeln!(
        out,
        "digraph hedgerow {{\n    graph [label={}, labelloc=b, rankdir=TB, compound=true, ranksep=1.0, nodesep=0.4, fontname=\"sans-serif\", fontsize=11]\n    node [shape=box, style=\"rounded,filled\", fillcolor=white, fontname=\"sans-serif\", fontsize=11]\n    edge [fontname=\"sans-serif\", fontsize=9]",
        quoted(&caption)
    );
    for (id, node) in graph.node_references() {
        let (class, _) = text::trust(node.role);
        let Some(class) = CLASSES.get(class) else { continue };
        let number = id.index();
        match node.kind {
            NodeKind::Router => {
                let label = quoted(&[node.name.clone(), "router".to_owned()]);
                let _ = writeln!(out, "    n{number} [label={label}, shape=box, penwidth=2]");
            }
            NodeKind::Internet => {
                let label = quoted(&[node.name.clone(), "internet".to_owned()]);
                let _ = writeln!(out, "    n{number} [label={label}, shape=ellipse, fillcolor=\"{}\"]", class.fill);
            }
            NodeKind::Zone => {
                let mut lines = vec![node.name.clone(), text::role_line(node)];
                lines.extend(node.networks.iter().cloned());
                if node.isolated {
                    lines.push("isolated".to_owned());
                }
                let _ = writeln!(
                    out,
                    "    subgraph cluster_n{number} {{\n        label={}; style=\"rounded,filled\"; fillcolor=\"{}\"; color=\"{}\"",
                    quoted(&lines),
                    class.fill,
                    class.line
                );
                let all = quoted(&[format!("all of {}", node.name)]);
                let _ = writeln!(out, "        n{number} [label={all}, style=\"rounded,dashed\"]");
                for (host, at) in graph.node_references().filter(|(_, host)| host.zones.first() == Some(&node.name)) {
                    let _ =
                        writeln!(out, "        n{} [label={}]", host.index(), quoted(std::slice::from_ref(&at.name)));
                }
                out.push_str("    }\n");
            }
            NodeKind::Host => {
                let outside = graph
                    .node_weights()
                    .any(|zone| zone.kind == NodeKind::Internet && node.zones.first() == Some(&zone.name));
                if outside {
                    let _ = writeln!(out, "    n{number} [label={}]", quoted(std::slice::from_ref(&node.name)));
                }
            }
        }
    }
    for edge in graph.edge_references() {
        let from = graph.node_weight(edge.source()).map_or(NodeKind::Zone, |node| node.kind);
        let style = match text::weight(edge.weight(), from) {
            Weight::Exposed => ", color=\"#c2410c\", fontcolor=\"#c2410c\", penwidth=2.5",
            Weight::Tunnel => ", color=\"#c2410c\", fontcolor=\"#c2410c\", penwidth=2.5, style=dashed",
            Weight::Beside => ", style=dashed",
            Weight::Plain if !edge.weight().conditions.is_empty() => ", style=dotted",
            Weight::Plain => "",
        };
        let _ = writeln!(
            out,
            "    n{} -> n{} [label={}, tooltip={}{}{style}]",
            edge.source().index(),
            edge.target().index(),
            quoted(&[text::label(edge.weight(), text::two_families(graph, edge.source(), edge.target()), 3)]),
            quoted(&text::details(graph, &edge)),
            if edge.weight().kind == Kind::SameZone { ", constraint=false" } else { "" }
        );
    }
    out.push_str("}\n");
    out
}

/// Lines as one quoted string.
fn quoted(lines: &[String]) -> String {
    let escape = |line: &String| {
        line.chars().fold(String::new(), |mut text, letter| {
            match letter {
                '"' => text.push_str("\\\""),
                '\\' => text.push_str("\\\\"),
                // Graphviz reads entities of HTML in every string.
                '&' => text.push_str("&amp;"),
                letter if letter.is_control() => text.push(' '),
                letter => text.push(letter),
            }
            text
        })
    };
    format!("\"{}\"", lines.iter().map(escape).collect::<Vec<_>>().join("\\n"))
}
