//! Findings as JSON. The schema is `docs/schema/findings.json`.

use schemars::JsonSchema;
use serde::Serialize;

use super::{Found, place::Place};
use crate::diagnostic::{Diagnostic, Severity};

/// All findings of a run.
#[derive(Clone, Debug, Serialize, JsonSchema)]
#[schemars(title = "Findings of hedgerow")]
pub struct Document {
    /// The form of this document. Members may be added to it; whatever else changes makes it 2.
    version: u32,
    /// The version of hedgerow.
    hedgerow: &'static str,
    policies: Vec<Policy>,
    errors: usize,
    warnings: usize,
    notes: usize,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Policy {
    /// As it was named.
    policy: String,
    findings: Vec<Finding>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Finding {
    severity: Level,
    /// Stable; `hedgerow explain-check` tells more about those of the catalogue.
    code: &'static str,
    message: String,
    place: Place,
    /// Words about the place; may be empty.
    label: String,
    /// Other places that have a part in it.
    related: Vec<Related>,
    /// Facts that explain it, a packet among them.
    notes: Vec<String>,
    /// What to do next.
    help: Vec<String>,
    /// Changes of the text that mend it, each by itself; the best one first.
    fixes: Vec<Fix>,
}

#[derive(Clone, Copy, Debug, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum Level {
    Error,
    Warning,
    Note,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Related {
    place: Place,
    label: String,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Fix {
    /// What it does, as an order.
    title: String,
    /// Does the policy mean the same afterwards? `hedgerow check --fix` applies these only.
    safe: bool,
    /// The changes that belong together; their places do not overlap.
    edits: Vec<Edit>,
}

#[derive(Clone, Debug, Serialize, JsonSchema)]
struct Edit {
    place: Place,
    replacement: String,
}

impl Document {
    /// What was found in some policies.
    #[must_use]
    pub fn new(found: &[Found<'_>]) -> Self {
        let count = |severity: Severity| {
            let all = found.iter().flat_map(|found| found.diagnostics);
            all.filter(|diagnostic| diagnostic.severity == severity).count()
        };
        Self {
            version: 1,
            hedgerow: env!("CARGO_PKG_VERSION"),
            policies: found
                .iter()
                .map(|found| Policy {
                    policy: found.policy.clone(),
                    findings: found.diagnostics.iter().map(|diagnostic| finding(diagnostic, found)).collect(),
                })
                .collect(),
            errors: count(Severity::Error),
            warnings: count(Severity::Warning),
            notes: count(Severity::Note),
        }
    }
}

/// The document as text.
#[must_use]
pub fn json(found: &[Found<'_>]) -> String {
    serde_json::to_string_pretty(&Document::new(found)).unwrap_or_default() + "\n"
}

fn finding(diagnostic: &Diagnostic, found: &Found<'_>) -> Finding {
    Finding {
        severity: match diagnostic.severity {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
            Severity::Note => Level::Note,
        },
        code: diagnostic.code,
        message: diagnostic.message.clone(),
        place: Place::of(diagnostic.primary.span, found),
        label: diagnostic.primary.text.clone(),
        related: diagnostic
            .secondary
            .iter()
            .map(|label| Related { place: Place::of(label.span, found), label: label.text.clone() })
            .collect(),
        notes: diagnostic.notes.clone(),
        help: diagnostic.help.clone(),
        fixes: diagnostic
            .fixes
            .iter()
            .map(|fix| Fix {
                title: fix.title.clone(),
                safe: fix.safe,
                edits: fix
                    .edits
                    .iter()
                    .map(|edit| Edit { place: Place::of(edit.span, found), replacement: edit.replacement.clone() })
                    .collect(),
            })
            .collect(),
    }
}
