//! The graph as a picture: one SVG without scripts, styles of others, or anything outside itself.

use std::fmt::Write as _;

use petgraph::graph::NodeIndex;

use super::{
    layout::{Line, MARGIN, Picture, Rect, Shape, layout},
    text::{self, CLASSES, Weight},
};
use crate::reach::Graph;

const WARNING: &str = "#c2410c";
const TOP: i32 = 92;

/// The graph as SVG, with a title, a legend and notes. Tooltips tell the statements behind everything.
#[must_use]
pub fn svg(graph: &Graph, title: &str, notes: &[String]) -> String {
    let picture = layout(graph, TOP);
    let notes_top = picture.bottom + 16;
    let height = notes_top + 62 + 18 * i32::try_from(notes.len()).unwrap_or(0) + MARGIN;
    let mut out = String::new();
    let (width, label) = (picture.width, escaped(title));
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{label}\" font-family=\"Inter, 'Segoe UI', 'Helvetica Neue', 'DejaVu Sans', Arial, sans-serif\">\n<title>{label}</title>"
    );
    markers(&mut out);
    let _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>");
    write(&mut out, MARGIN, 44, 20, "#1d1d1d", "font-weight=\"600\"", &text::cut(title, 22, width - 2 * MARGIN));
    write(
        &mut out,
        MARGIN,
        68,
        12,
        "#5c5c5c",
        "",
        "Arrows show who may open connections. Read upwards: to the router and the internet. Below the zones: from zone to zone.",
    );
    for shape in &picture.zones {
        zone(&mut out, graph, shape);
    }
    let mut lines: Vec<&Line> = picture.lines.iter().collect();
    lines.sort_by_key(|line| line.weight);
    for line in &lines {
        draw(&mut out, line);
    }
    for shape in &picture.bars {
        bar(&mut out, graph, shape);
    }
    for shape in &picture.hosts {
        host(&mut out, graph, shape);
    }
    for line in &lines {
        pill(&mut out, line);
    }
    legend(&mut out, graph, &picture, notes_top, notes);
    out.push_str("</svg>\n");
    out
}

/// An arrow head for each colour.
fn markers(out: &mut String) {
    out.push_str("<defs>\n");
    let colours = CLASSES.iter().map(|class| (class.name, class.line)).chain([("warning", WARNING)]);
    for (name, colour) in colours {
        let _ = writeln!(
            out,
            "<marker id=\"head-{name}\" viewBox=\"0 0 10 10\" refX=\"9.5\" refY=\"5\" markerWidth=\"9\" markerHeight=\"9\" markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path d=\"M0 0.8L10 5L0 9.2z\" fill=\"{colour}\"/></marker>"
        );
    }
    out.push_str("</defs>\n");
}

fn colours(line: &Line) -> (&'static str, &'static str) {
    match line.weight {
        Weight::Exposed | Weight::Tunnel => ("warning", WARNING),
        _ => CLASSES.get(line.class).map_or(("outside", "#5c5c5c"), |class| (class.name, class.line)),
    }
}

fn draw(out: &mut String, line: &Line) {
    let (name, colour) = colours(line);
    let width = if matches!(line.weight, Weight::Exposed | Weight::Tunnel) { "3" } else { "1.5" };
    let dash = match line.weight {
        Weight::Beside => " stroke-dasharray=\"2 4\"",
        Weight::Tunnel => " stroke-dasharray=\"9 5\"",
        _ if line.conditional => " stroke-dasharray=\"6 4\"",
        _ => "",
    };
    let tip = escaped(&line.details.join("\n"));
    let path = path(&line.points);
    // A halo, so that crossing lines stay apart.
    let _ = writeln!(
        out,
        "<g class=\"edge\"><title>{tip}</title><path d=\"{path}\" fill=\"none\" stroke=\"#ffffff\" stroke-opacity=\"0.85\" stroke-width=\"5\"/><path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\" stroke-linejoin=\"round\"{dash} marker-end=\"url(#head-{name})\"/></g>"
    );
}

/// A way of straight parts with round corners.
fn path(points: &[(i32, i32)]) -> String {
    let mut text = String::new();
    for (index, (x, y)) in points.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|before| points.get(before));
        match (before, points.get(index + 1)) {
            (None, _) => {
                let _ = write!(text, "M{x} {y}");
            }
            (_, None) => {
                let _ = write!(text, "L{x} {y}");
            }
            (Some(before), Some(after)) => {
                let reach = |other: &(i32, i32)| (other.0 - x).abs() + (other.1 - y).abs();
                let round = 7.min(reach(before) / 2).min(reach(after) / 2);
                let towards =
                    |other: &(i32, i32)| (x + (other.0 - x).signum() * round, y + (other.1 - y).signum() * round);
                let ((ax, ay), (bx, by)) = (towards(before), towards(after));
                let _ = write!(text, "L{ax} {ay}Q{x} {y} {bx} {by}");
            }
        }
    }
    text
}

fn pill(out: &mut String, line: &Line) {
    let (_, colour) = colours(line);
    let Rect { x, y, w, h } = line.pill;
    let bold = if matches!(line.weight, Weight::Exposed | Weight::Tunnel) { "font-weight=\"600\"" } else { "" };
    let tip = escaped(&line.details.join("\n"));
    let _ = write!(
        out,
        "<g class=\"label\"><title>{tip}</title><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"9\" fill=\"#ffffff\" stroke=\"{colour}\" stroke-width=\"0.8\"/>"
    );
    write(out, x + w / 2, y + 13, 11, colour, &format!("text-anchor=\"middle\" {bold}"), &line.label);
    out.push_str("</g>\n");
}

fn zone(out: &mut String, graph: &Graph, shape: &Shape) {
    let Some(node) = graph.node_weight(shape.node) else { return };
    let class = class_of(graph, shape.node);
    let Rect { x, y, w, h } = shape.rect;
    let _ = writeln!(
        out,
        "<g class=\"zone\"><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"12\" fill=\"{}\" stroke=\"{}\" stroke-width=\"1.5\"/>",
        escaped(&format!("zone {}, {}", node.name, node.place)),
        class.fill,
        class.line
    );
    let name = text::cut(&node.name, 15, w - 28);
    write(out, x + 14, y + 28, 15, "#1d1d1d", "font-weight=\"600\"", &name);
    let mut at = y + 45;
    for line in &shape.lines {
        write(out, x + 14, at, 11, "#4a4a4a", "", &text::cut(line, 11, w - 20));
        at += 15;
    }
    let badge = match (node.isolated, shape.unfiltered) {
        (true, _) => Some(("isolated", "", "hosts are kept apart from each other")),
        (_, true) => Some((
            "unfiltered inside",
            " stroke-dasharray=\"3 2\"",
            "hosts of this zone reach each other past the router",
        )),
        _ => None,
    };
    if let Some((words, dash, tip)) = badge {
        let (top, wide) = (at - 8, text::width(words, 10) + 16);
        let _ = write!(
            out,
            "<g class=\"badge\"><title>{tip}</title><rect x=\"{}\" y=\"{top}\" width=\"{wide}\" height=\"16\" rx=\"8\" fill=\"#ffffff\" stroke=\"{}\"{dash}/>",
            x + 14,
            class.line
        );
        write(out, x + 14 + wide / 2, top + 12, 10, class.line, "text-anchor=\"middle\"", words);
        out.push_str("</g>\n");
    }
    out.push_str("</g>\n");
}

fn host(out: &mut String, graph: &Graph, shape: &Shape) {
    let Some(node) = graph.node_weight(shape.node) else { return };
    let Rect { x, y, w, h } = shape.rect;
    let _ = write!(
        out,
        "<g class=\"host\"><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"6\" fill=\"#ffffff\" stroke=\"#8a8a8a\"/>",
        escaped(&format!("host {} ({}), {}", node.name, node.zones.join(", "), node.place))
    );
    write(out, x + w / 2, y + h / 2 + 4, 12, "#1d1d1d", "text-anchor=\"middle\"", &text::cut(&node.name, 12, w - 8));
    out.push_str("</g>\n");
}

fn bar(out: &mut String, graph: &Graph, shape: &Shape) {
    let Some(node) = graph.node_weight(shape.node) else { return };
    let Rect { x, y, w, h } = shape.rect;
    let router = node.role.is_none() && node.zones.is_empty();
    let (fill, line, ink) = if router { ("#2b3440", "#2b3440", "#ffffff") } else { ("#f1f1ef", "#5c5c5c", "#1d1d1d") };
    let _ = write!(
        out,
        "<g class=\"bar\"><title>{}</title><rect x=\"{x}\" y=\"{y}\" width=\"{w}\" height=\"{h}\" rx=\"10\" fill=\"{fill}\" stroke=\"{line}\" stroke-width=\"1.5\"/>",
        escaped(&format!("{}, {}", shape.lines.join(", "), node.place))
    );
    let name = shape.lines.first().map_or("", String::as_str);
    let what = shape.lines.get(1).map_or("", String::as_str);
    write(out, x + 16, y + h / 2 + 5, 15, ink, "font-weight=\"600\"", name);
    write(out, x + 28 + text::width(name, 15) * 11 / 10, y + h / 2 + 5, 12, ink, "opacity=\"0.75\"", what);
    out.push_str("</g>\n");
}

fn class_of(graph: &Graph, node: NodeIndex) -> text::Class {
    let role = graph.node_weight(node).and_then(|node| node.role);
    let [first, ..] = CLASSES;
    CLASSES.get(text::trust(role).0).copied().unwrap_or(first)
}

fn legend(out: &mut String, graph: &Graph, picture: &Picture, top: i32, notes: &[String]) {
    let mut x = MARGIN;
    let mut y = top + 12;
    let mut next = |out: &mut String, sign: &dyn Fn(&mut String, i32, i32), words: &str| {
        let wide = text::width(words, 12) * 21 / 20 + 62;
        if x + wide > picture.width && x > MARGIN {
            x = MARGIN;
            y += 22;
        }
        sign(out, x, y);
        write(out, x + 36, y + 4, 12, "#3a3a3a", "", words);
        x += wide;
    };
    out.push_str("<g class=\"legend\">\n");
    let there = |class: &text::Class| picture.zones.iter().any(|zone| class_of(graph, zone.node) == *class);
    for class in CLASSES.iter().filter(|class| there(class)) {
        let sign = |out: &mut String, x: i32, y: i32| {
            let (y, fill, line) = (y - 7, class.fill, class.line);
            let _ = writeln!(
                out,
                "<rect x=\"{x}\" y=\"{y}\" width=\"28\" height=\"14\" rx=\"4\" fill=\"{fill}\" stroke=\"{line}\"/>"
            );
        };
        next(out, &sign, class.words);
    }
    let any = |test: &dyn Fn(&Line) -> bool| picture.lines.iter().any(test);
    let weight = |weight: Weight| any(&|line| line.weight == weight);
    let signs = [
        (weight(Weight::Plain), "in the colour of who opens it", "#1f6f9f", "1.5", ""),
        (any(&|line| line.conditional), "depends on time, rate or date", "#1f6f9f", "1.5", "6 4"),
        (weight(Weight::Beside), "past the router: a second leg", "#1f6f9f", "1.5", "2 4"),
        (weight(Weight::Exposed), "the internet may open it", WARNING, "3", ""),
        (weight(Weight::Tunnel), "by a tunnel that a host opens", WARNING, "3", "9 5"),
    ];
    for (_, words, colour, width, dash) in signs.into_iter().filter(|sign| sign.0) {
        let sign = |out: &mut String, x: i32, y: i32| {
            let dash = if dash.is_empty() { String::new() } else { format!(" stroke-dasharray=\"{dash}\"") };
            let _ = writeln!(
                out,
                "<path d=\"M{x} {y}h28\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dash}/>"
            );
        };
        next(out, &sign, words);
    }
    for (number, note) in notes.iter().enumerate() {
        let at = y + 26 + 18 * i32::try_from(number).unwrap_or(0);
        write(out, MARGIN, at, 12, "#5c5c5c", "", &text::cut(note, 12, picture.width - 2 * MARGIN));
    }
    out.push_str("</g>\n");
}

fn write(out: &mut String, x: i32, y: i32, size: i32, colour: &str, more: &str, words: &str) {
    let _ = writeln!(
        out,
        "<text x=\"{x}\" y=\"{y}\" font-size=\"{size}\" fill=\"{colour}\" {more}>{}</text>",
        escaped(words)
    );
}

/// A text for XML. What XML cannot hold becomes a space.
fn escaped(text: &str) -> String {
    text.chars().fold(String::new(), |mut out, letter| {
        match letter {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' => out.push_str("&#10;"),
            letter if letter.is_control() || matches!(letter, '\u{fffe}' | '\u{ffff}') => out.push(' '),
            letter => out.push(letter),
        }
        out
    })
}
