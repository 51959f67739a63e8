//! Where a finding stands, as programs want it.

use schemars::JsonSchema;
use serde::Serialize;

use super::Found;
use crate::diagnostic::Span;

/// A range in a file. Lines and columns count from 1, columns in characters; the end is behind the last character.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Place {
    /// Relative to the root of the repository, or to the current folder where there is none.
    pub file: String,
    pub line: usize,
    pub column: usize,
    pub end_line: usize,
    pub end_column: usize,
}

impl Place {
    pub fn of(span: Span, found: &Found<'_>) -> Self {
        let (line, column) = found.sources.line_column(span);
        let (end_line, end_column) = found.sources.line_column(Span { start: span.end.max(span.start), ..span });
        let name = found.sources.get(span.source).map_or("", |source| source.name.as_str());
        Self { file: tidy(&format!("{}{name}", found.prefix)), line, column, end_line, end_column }
    }
}

/// Without `.` and `x/..`.
fn tidy(path: &str) -> String {
    let mut parts: Vec<&str> = Vec::new();
    for part in path.split('/') {
        match part {
            "." => {}
            ".." if parts.last().is_some_and(|last| *last != "..") => drop(parts.pop()),
            part => parts.push(part),
        }
    }
    parts.join("/")
}
