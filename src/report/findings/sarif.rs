//! Findings as SARIF 2.1.0 (OASIS), which code scanning shows beside the lines and with the page of each check.

use serde_json::{Value, json};

use super::{Found, Rule, place::Place};
use crate::diagnostic::{Diagnostic, Edit, Fix, Severity, Span};

/// One run with all findings. `rules` tells about the codes of the catalogue; other codes are listed by themselves.
#[must_use]
pub fn sarif(found: &[Found<'_>], rules: &[Rule]) -> String {
    let mut codes: Vec<&str> =
        found.iter().flat_map(|found| found.diagnostics).map(|diagnostic| diagnostic.code).collect();
    codes.sort_unstable();
    codes.dedup();
    let described: Vec<Value> = codes.iter().map(|code| rule(code, rules)).collect();
    let results: Vec<Value> = found
        .iter()
        .flat_map(|found| found.diagnostics.iter().map(|diagnostic| result(diagnostic, found, &codes)))
        .collect();
    let document = json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "hedgerow",
                "semanticVersion": env!("CARGO_PKG_VERSION"),
                "rules": described,
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    });
    serde_json::to_string_pretty(&document).unwrap_or_default() + "\n"
}

fn rule(code: &str, rules: &[Rule]) -> Value {
    match rules.iter().find(|rule| rule.id == code) {
        Some(rule) => json!({
            "id": code,
            "shortDescription": { "text": rule.sentence },
            "help": { "text": rule.page, "markdown": rule.page },
            "defaultConfiguration": { "level": rule.level },
        }),
        None => json!({ "id": code }),
    }
}

fn result(diagnostic: &Diagnostic, found: &Found<'_>, codes: &[&str]) -> Value {
    let mut text = diagnostic.message.clone();
    for line in diagnostic.notes.iter().chain(&diagnostic.help) {
        text += &format!("\n{line}");
    }
    let related: Vec<Value> = diagnostic
        .secondary
        .iter()
        .map(|label| {
            let mut place = location(label.span, found);
            if let (false, Some(place)) = (label.text.is_empty(), place.as_object_mut()) {
                place.insert("message".to_owned(), json!({ "text": label.text }));
            }
            place
        })
        .collect();
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    let mut result = json!({
        "ruleId": diagnostic.code,
        "ruleIndex": codes.iter().position(|code| *code == diagnostic.code),
        "level": level,
        "message": { "text": text },
        "locations": [location(diagnostic.primary.span, found)],
    });
    let Some(fields) = result.as_object_mut() else { return result };
    if !related.is_empty() {
        fields.insert("relatedLocations".to_owned(), Value::Array(related));
    }
    if !diagnostic.fixes.is_empty() {
        fields.insert("fixes".to_owned(), diagnostic.fixes.iter().map(|change| fix(change, found)).collect());
    }
    result
}

fn fix(fix: &Fix, found: &Found<'_>) -> Value {
    let change = |edit: &Edit| {
        let place = Place::of(edit.span, found);
        json!({
            "artifactLocation": { "uri": uri(&place.file) },
            "replacements": [{ "deletedRegion": region(&place), "insertedContent": { "text": edit.replacement } }],
        })
    };
    let changes: Vec<Value> = fix.edits.iter().map(change).collect();
    json!({ "description": { "text": fix.title }, "artifactChanges": changes })
}

fn location(span: Span, found: &Found<'_>) -> Value {
    let place = Place::of(span, found);
    json!({ "physicalLocation": { "artifactLocation": { "uri": uri(&place.file) }, "region": region(&place) } })
}

fn region(place: &Place) -> Value {
    json!({
        "startLine": place.line,
        "startColumn": place.column,
        "endLine": place.end_line,
        "endColumn": place.end_column,
    })
}

/// A path as a relative reference (RFC 3986): everything but what may stand in a path is escaped.
fn uri(path: &str) -> String {
    path.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'-' | b'_' | b'.' | b'~' | b'+' | b'@' => {
                char::from(byte).to_string()
            }
            byte => format!("%{byte:02X}"),
        })
        .collect()
}
