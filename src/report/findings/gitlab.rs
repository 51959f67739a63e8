//! Findings as a code quality report of GitLab, which shows them in merge requests.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest, Sha256};

use super::{Found, place::Place};
use crate::diagnostic::Severity;

#[derive(Serialize)]
struct Issue {
    description: String,
    check_name: &'static str,
    /// The same in every run, so that GitLab can tell what is new.
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Serialize)]
struct Lines {
    begin: usize,
}

/// The list of findings as JSON.
#[must_use]
pub fn gitlab(found: &[Found<'_>]) -> String {
    let (mut issues, mut twins) = (Vec::new(), BTreeMap::<String, usize>::new());
    for found in found {
        for diagnostic in found.diagnostics {
            let place = Place::of(diagnostic.primary.span, found);
            // Lines move when something is written above them: the text stays.
            let text = found.sources.text(diagnostic.primary.span);
            let stem = [place.file.as_str(), diagnostic.code, &diagnostic.message, text].join("\0");
            let twin = twins.entry(stem.clone()).or_default();
            let print = fingerprint(&format!("{stem}\0{twin}"));
            *twin += 1;
            issues.push(Issue {
                description: diagnostic.message.clone(),
                check_name: diagnostic.code,
                fingerprint: print,
                severity: match diagnostic.severity {
                    Severity::Error => "critical",
                    Severity::Warning => "minor",
                    Severity::Note => "info",
                },
                location: Location { path: place.file, lines: Lines { begin: place.line } },
            });
        }
    }
    // Strings, numbers and lists always become text.
    serde_json::to_string_pretty(&issues).unwrap_or_default() + "\n"
}

fn fingerprint(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}
