//! A report for people who do not read policies: one HTML page with the picture, the matrix of zones, what the internet
//! can open, the promises and the findings. It needs nothing outside itself, and runs no script.

mod matrix;

use minijinja::{
    AutoEscape, Environment, UndefinedBehavior, context,
    syntax::SyntaxConfig,
    value::{Serde, Value},
};
use petgraph::visit::{EdgeRef, IntoNodeReferences};
use serde::Serialize;

use super::{
    svg::svg,
    text::{self, Weight},
};
use crate::{
    diagnostic::{Diagnostic, Human, Severity, Sources, Span},
    reach::{Graph, NodeKind},
};

/// What a report tells.
pub struct Page<'a> {
    /// The policy, as it was named.
    pub policy: &'a str,
    /// `2026-11-27`
    pub date: &'a str,
    pub graph: &'a Graph,
    /// May the router itself open connections to everything?
    pub output_open: bool,
    pub notes: &'a [String],
    pub sources: &'a Sources,
    pub diagnostics: &'a [Diagnostic],
    /// The statements that promise something.
    pub promises: &'a [Span],
    /// The figures at the top, each with what it counts: `7`, `zones`.
    pub figures: &'a [(usize, String)],
    /// What the leak checks came to, in one line.
    pub checks: &'a str,
}

/// A promise, and whether it holds.
#[derive(Serialize)]
struct Promise<'a> {
    text: &'a str,
    place: String,
    /// `holds`, `broken`, or `empty` when it is about nothing.
    state: &'static str,
}

/// A finding in full.
#[derive(Serialize)]
struct Finding {
    severity: &'static str,
    code: &'static str,
    message: String,
    place: String,
    text: String,
}

/// One thing that the internet can open.
#[derive(Serialize)]
struct Opening {
    to: String,
    what: String,
    places: String,
    /// It comes by a tunnel that a host opens itself.
    tunnel: bool,
}

/// A text of the policy, line by line.
#[derive(Serialize)]
struct Text<'a> {
    name: &'a str,
    lines: Vec<&'a str>,
}

/// The report as HTML.
///
/// # Errors
/// When the template cannot be printed; the text says where.
pub fn page(page: &Page<'_>) -> Result<String, String> {
    let picture = svg(page.graph, &format!("{}: who may open connections to whom", page.policy), page.notes);
    print(page, picture).map_err(|error| format!("{error:#}"))
}

fn print(page: &Page<'_>, picture: String) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    environment.add_template("page", include_str!("page.html"))?;
    environment.get_template("page")?.render(context! {
        policy => page.policy,
        date => page.date,
        figures => Value::from(Serde(page.figures)),
        picture => Value::from_safe_string(picture),
        matrix => Value::from(Serde(matrix::matrix(page.graph, page.output_open))),
        openings => Value::from(Serde(openings(page.graph))),
        promises => Value::from(Serde(promises(page))),
        findings => Value::from(Serde(findings(page))),
        checks => page.checks,
        texts => Value::from(Serde(texts(page))),
    })
}

fn findings(page: &Page<'_>) -> Vec<Finding> {
    let human = Human::new(page.sources, false);
    let mut list: Vec<&Diagnostic> = page.diagnostics.iter().collect();
    list.sort_by_key(|found| std::cmp::Reverse(found.severity));
    list.into_iter()
        .map(|found| Finding {
            severity: match found.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "note",
            },
            code: found.code,
            message: found.message.clone(),
            place: page.sources.place(found.primary.span),
            text: human.render(found),
        })
        .collect()
}

fn promises<'a>(page: &Page<'a>) -> Vec<Promise<'a>> {
    let within = |found: &Diagnostic, span: Span| {
        let at = found.primary.span;
        at.source == span.source && span.start <= at.start && at.end <= span.end
    };
    page.promises
        .iter()
        .map(|&span| {
            let about: Vec<&Diagnostic> = page.diagnostics.iter().filter(|found| within(found, span)).collect();
            let state = if about.iter().any(|found| found.code == "vacuous") {
                "empty"
            } else if about.is_empty() {
                "holds"
            } else {
                "broken"
            };
            Promise { text: page.sources.text(span), place: page.sources.place(span), state }
        })
        .collect()
}

fn openings(graph: &Graph) -> Vec<Opening> {
    let mut list = Vec::new();
    for (id, node) in graph.node_references() {
        for edge in graph.edges(id) {
            let weight = text::weight(edge.weight(), node.kind);
            if node.kind != NodeKind::Internet || !matches!(weight, Weight::Exposed | Weight::Tunnel) {
                continue;
            }
            let Some(to) = graph.node_weight(edge.target()) else { continue };
            let families = text::two_families(graph, id, edge.target());
            list.push(Opening {
                to: to.name.clone(),
                what: text::label(edge.weight(), families, usize::MAX),
                places: edge.weight().places.join(", "),
                tunnel: weight == Weight::Tunnel,
            });
        }
    }
    list
}

/// The policy's own files; those of the standard library are the same for everybody.
fn texts<'a>(page: &Page<'a>) -> Vec<Text<'a>> {
    let own = page.sources.all().filter(|source| !source.name.starts_with('<'));
    own.map(|source| Text { name: &source.name, lines: source.text.lines().collect() }).collect()
}
