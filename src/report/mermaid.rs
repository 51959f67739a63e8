//! The graph for Mermaid, as GitHub and GitLab draw it.

use std::fmt::Write as _;

use petgraph::visit::{EdgeRef, IntoNodeReferences};

use super::text::{self, CLASSES, Weight};
use crate::reach::{Graph, NodeKind};

/// The graph as a Mermaid flowchart: zones as subgraphs, with a node for the zone as a whole and one for each host.
#[must_use]
pub fn mermaid(graph: &Graph, title: &str, notes: &[String]) -> String {
    let mut out = String::from("flowchart TB\n");
    for line in std::iter::once(title).chain(notes.iter().map(String::as_str)) {
        // A brace could begin a directive, and a page may show the text as it is.
        let line: String = line.chars().filter(|letter| !letter.is_control() && !"{}%<>".contains(*letter)).collect();
        let _ = writeln!(out, "    %% {line}");
    }
    for (id, node) in graph.node_references() {
        let number = id.index();
        let (class, _) = text::trust(node.role);
        let class = CLASSES.get(class).map_or("", |class| class.name);
        match node.kind {
            NodeKind::Internet => {
                let _ = writeln!(out, "    n{number}([\"{}<br/>internet\"]):::{class}", escaped(&node.name));
            }
            NodeKind::Router => {
                let _ = writeln!(out, "    n{number}{{{{\"{}<br/>router\"}}}}", escaped(&node.name));
            }
            NodeKind::Zone => {
                let mut lines = vec![node.name.clone(), text::role_line(node)];
                lines.extend(node.networks.iter().take(2).cloned());
                if node.isolated {
                    lines.push("isolated".to_owned());
                }
                let lines: Vec<String> = lines.iter().map(|line| escaped(line)).collect();
                let _ = writeln!(out, "    subgraph z{number} [\"{}\"]", lines.join("<br/>"));
                let _ = writeln!(out, "        n{number}[\"all of {}\"]:::{class}", escaped(&node.name));
                for (host, at) in graph.node_references().filter(|(_, host)| host.zones.first() == Some(&node.name)) {
                    let _ = writeln!(out, "        n{}[\"{}\"]", host.index(), escaped(&at.name));
                }
                out.push_str("    end\n");
            }
            NodeKind::Host => {
                let outside = graph
                    .node_weights()
                    .any(|zone| zone.kind == NodeKind::Internet && node.zones.first() == Some(&zone.name));
                if outside {
                    let _ = writeln!(out, "    n{number}[\"{}\"]", escaped(&node.name));
                }
            }
        }
    }
    let mut exposed = Vec::new();
    for (number, edge) in graph.edge_references().enumerate() {
        let from = graph.node_weight(edge.source()).map_or(NodeKind::Zone, |node| node.kind);
        let weight = text::weight(edge.weight(), from);
        let arrow = match weight {
            Weight::Exposed => "==>",
            Weight::Tunnel | Weight::Beside => "-.->",
            Weight::Plain if !edge.weight().conditions.is_empty() => "-.->",
            Weight::Plain => "-->",
        };
        if matches!(weight, Weight::Exposed | Weight::Tunnel) {
            exposed.push(number.to_string());
        }
        let label = escaped(&text::label(edge.weight(), text::two_families(graph, edge.source(), edge.target()), 3));
        let _ = writeln!(out, "    n{} {arrow}|\"{label}\"| n{}", edge.source().index(), edge.target().index());
    }
    for class in CLASSES {
        let _ = writeln!(out, "    classDef {} fill:{},stroke:{},color:#222", class.name, class.fill, class.line);
    }
    if !exposed.is_empty() {
        let _ = writeln!(out, "    linkStyle {} stroke:#c2410c,color:#c2410c", exposed.join(","));
    }
    out
}

/// A text for between quotes, in Mermaid's own entities.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, letter| {
        match letter {
            '"' => out.push_str("#quot;"),
            '&' => out.push_str("#amp;"),
            '<' => out.push_str("#lt;"),
            '>' => out.push_str("#gt;"),
            '#' | '`' | '\\' | '|' | '[' | ']' | '{' | '}' | '*' | '_' | ';' | '%' => {
                let _ = write!(out, "#{};", u32::from(letter));
            }
            letter if letter.is_control() => out.push(' '),
            letter => out.push(letter),
        }
        out
    })
}
