//! The words on a picture.

use petgraph::{
    graph::{EdgeReference, NodeIndex},
    visit::EdgeRef,
};

use crate::reach::{Edge, Graph, Kind, NodeKind};

/// Have both ends of an edge IPv6? Where they have not, nothing needs to be said of families.
pub fn two_families(graph: &Graph, from: NodeIndex, to: NodeIndex) -> bool {
    [from, to].into_iter().all(|end| graph.node_weight(end).is_some_and(|node| node.ipv6))
}

/// `https, mqtt +3 (IPv4)`
pub fn label(edge: &Edge, families: bool, most: usize) -> String {
    let mut text = match (edge.ipv4.as_slice(), edge.ipv6.as_slice()) {
        (v4, v6) if v4 == v6 => short(v4, most),
        (v4, []) if families => format!("{} (IPv4)", short(v4, most)),
        (v4, []) => short(v4, most),
        ([], v6) => format!("{} (IPv6)", short(v6, most)),
        (v4, v6) => format!("IPv4: {}; IPv6: {}", short(v4, most), short(v6, most)),
    };
    if let Some(public) = &edge.public {
        text = format!("{public} to {text}");
    }
    if edge.kind == Kind::Tunnel && edge.scope.iter().any(|scope| scope.contains("tunnel")) {
        text = format!("{text} by tunnel");
    }
    for scope in edge.scope.iter().filter(|scope| edge.kind != Kind::Tunnel || !scope.contains("tunnel")) {
        text = format!("{text}, {scope}");
    }
    for condition in &edge.conditions {
        text = format!("{text}, {condition}");
    }
    text
}

/// The label of all edges from one node to another. Where they let the same pass, only their scopes differ by family.
pub fn together(graph: &Graph, edges: &[EdgeReference<'_, Edge>], most: usize) -> String {
    let each = edges.iter().map(|edge| label(edge.weight(), two_families(graph, edge.source(), edge.target()), most));
    let (one, six): (Vec<&Edge>, Vec<&Edge>) =
        edges.iter().map(EdgeReference::weight).partition(|edge| edge.ipv6.is_empty());
    if let ([one], [six]) = (one.as_slice(), six.as_slice())
        && six.ipv4.is_empty()
        && one.ipv4 == six.ipv6
        && (&one.public, &one.conditions) == (&six.public, &six.conditions)
    {
        let part =
            |family: &str, edge: &Edge| (!edge.scope.is_empty()).then(|| format!("{family} {}", edge.scope.join(" ")));
        let bare = Edge { ipv6: one.ipv4.clone(), scope: Vec::new(), ..(*one).clone() };
        let parts = std::iter::once(label(&bare, true, most)).chain(part("IPv4", one)).chain(part("IPv6", six));
        return parts.collect::<Vec<_>>().join(", ");
    }
    each.collect::<Vec<_>>().join("; ")
}

/// A list with at most so many words, and how many more there are.
pub fn short(words: &[String], most: usize) -> String {
    let first: Vec<&str> = words.iter().take(most).map(String::as_str).collect();
    let text = first.join(", ");
    if words.len() > most { format!("{text} +{}", words.len() - most) } else { text }
}

/// Everything that is known of an edge, in lines.
pub fn details(graph: &Graph, edge: &impl EdgeOf) -> Vec<String> {
    let (from, to, edge) = edge.parts(graph);
    let mut lines = vec![format!("{from} -> {to}: {}", kind(edge.kind))];
    if edge.ipv4 == edge.ipv6 {
        lines.push(edge.ipv4.join(", "));
    } else {
        let families = [("IPv4", &edge.ipv4), ("IPv6", &edge.ipv6)].into_iter().filter(|(_, words)| !words.is_empty());
        lines.extend(families.map(|(family, words)| format!("{family}: {}", words.join(", "))));
    }
    lines.extend(edge.public.iter().map(|public| format!("outside: {public}")));
    lines.extend(edge.scope.iter().cloned());
    lines.extend(edge.conditions.iter().cloned());
    if !edge.places.is_empty() {
        lines.push(edge.places.join(", "));
    }
    lines
}

/// An edge with its ends.
pub trait EdgeOf {
    fn parts<'g>(&self, graph: &'g Graph) -> (&'g str, &'g str, &'g Edge)
    where
        Self: 'g;
}

impl EdgeOf for EdgeReference<'_, Edge> {
    fn parts<'g>(&self, graph: &'g Graph) -> (&'g str, &'g str, &'g Edge)
    where
        Self: 'g,
    {
        let name = |node| graph.node_weight(node).map_or("", |node| node.name.as_str());
        (name(self.source()), name(self.target()), self.weight())
    }
}

/// The kind of an edge in words.
pub const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Exposure => "exposed to the internet",
        Kind::Tunnel => "tunnel",
        Kind::Rule => "rule",
        Kind::Integration => "integration",
        Kind::Reflector => "reflector",
        Kind::SameZone => "same zone, unfiltered",
        Kind::SecondLeg => "second leg, unfiltered",
    }
}

/// How much attention an edge deserves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Not filtered by the router.
    Beside,
    Plain,
    /// A tunnel that a host opens itself.
    Tunnel,
    /// The internet may open it.
    Exposed,
}

/// The weight of an edge.
pub fn weight(edge: &Edge, from: NodeKind) -> Weight {
    match edge.kind {
        Kind::SameZone | Kind::SecondLeg => Weight::Beside,
        Kind::Tunnel if !edge.scope.is_empty() => Weight::Tunnel,
        _ if from == NodeKind::Internet => Weight::Exposed,
        _ => Weight::Plain,
    }
}

/// `iot · VLAN 30`
pub fn role_line(node: &crate::reach::Node) -> String {
    let mut parts: Vec<String> = node.role.iter().map(|role| (*role).to_owned()).collect();
    parts.extend(node.vlan.map(|vlan| format!("VLAN {vlan}")));
    parts.join(" \u{b7} ")
}

/// The five classes of trust, from the least.
pub const CLASSES: [Class; 5] = [
    Class { name: "outside", words: "internet", fill: "#f1f1ef", line: "#5c5c5c" },
    Class { name: "low", words: "little trust: guest, iot, camera", fill: "#fdf3de", line: "#9a6700" },
    Class { name: "middle", words: "between: dmz, transit, server", fill: "#e6f2fa", line: "#1f6f9f" },
    Class { name: "high", words: "trusted: trusted, work, kids, vpn", fill: "#e4f4ee", line: "#00714f" },
    Class { name: "most", words: "management", fill: "#f6eaf2", line: "#8e4570" },
];

/// A class of trust with its colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Class {
    pub name: &'static str,
    pub words: &'static str,
    pub fill: &'static str,
    pub line: &'static str,
}

/// The number in [`CLASSES`] of a role, and its order from left to right.
pub fn trust(role: Option<&str>) -> (usize, usize) {
    match role {
        Some("internet") => (0, 0),
        Some("guest") => (1, 1),
        Some("iot") => (1, 2),
        Some("camera") => (1, 3),
        Some("media") => (1, 4),
        Some("voip") => (1, 5),
        Some("dmz") => (2, 6),
        Some("transit") => (2, 7),
        Some("server") => (2, 8),
        Some("vpn") => (3, 9),
        Some("kids") => (3, 10),
        Some("work") => (3, 11),
        Some("trusted") => (3, 12),
        _ => (4, 13),
    }
}

/// About how wide a text is, in pixels.
pub fn width(text: &str, size: i32) -> i32 {
    let thousandths: i32 = text
        .chars()
        .map(|letter| match letter {
            'i' | 'l' | 'j' | '.' | ',' | ':' | ';' | '|' | '!' | '\'' => 300,
            't' | 'f' | 'r' | ' ' | '-' | '(' | ')' | '/' => 400,
            'm' | 'w' | 'M' | 'W' => 880,
            'A'..='Z' => 700,
            '\0'..='\u{10ff}' => 600,
            _ => 1050,
        })
        .sum();
    thousandths * size / 1000
}

/// A text cut to a width.
pub fn cut(text: &str, size: i32, most: i32) -> String {
    if width(text, size) <= most {
        return text.to_owned();
    }
    let mut kept = String::new();
    for letter in text.chars() {
        if width(&kept, size) + 2 * size > most {
            break;
        }
        kept.push(letter);
    }
    kept.trim_end_matches([' ', ',']).to_owned() + "\u{2026}"
}
