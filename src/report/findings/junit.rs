//! Findings as the XML of `JUnit`: a suite for each policy, a case for each finding that counts as a failure.

use super::{Found, place::Place};
use crate::diagnostic::Severity;

/// A policy without errors has one case that passes, so that it is seen to have been checked.
#[must_use]
pub fn junit(found: &[Found<'_>]) -> String {
    let mut text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"hedgerow\">\n".to_owned();
    for found in found {
        let failures = found.diagnostics.iter().filter(|diagnostic| diagnostic.severity == Severity::Error);
        let count = failures.clone().count();
        let name = escaped(&found.policy);
        text += &format!("  <testsuite name=\"{name}\" tests=\"{}\" failures=\"{count}\">\n", count.max(1));
        if count == 0 {
            text += &format!("    <testcase name=\"no errors\" classname=\"{name}\"/>\n");
        }
        for diagnostic in failures {
            let Place { file, line, column, .. } = Place::of(diagnostic.primary.span, found);
            let mut body = format!("{file}:{line}:{column}: {}", diagnostic.message);
            for line in diagnostic.notes.iter().chain(&diagnostic.help) {
                body += &format!("\n{line}");
            }
            text += &format!(
                "    <testcase name=\"{}\" classname=\"{name}\" file=\"{}\" line=\"{line}\">\n",
                escaped(&format!("{} at {file}:{line}", diagnostic.code)),
                escaped(&file)
            );
            text += &format!(
                "      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
                diagnostic.code,
                escaped(&diagnostic.message),
                escaped(&body)
            );
        }
        text += "  </testsuite>\n";
    }
    text + "</testsuites>\n"
}

/// Text for XML; what XML 1.0 has no way to write is left out as a question mark.
fn escaped(text: &str) -> String {
    text.chars()
        .map(|letter| match letter {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\n' => "&#10;".to_owned(),
            letter if letter.is_control() || letter == '\u{fffe}' || letter == '\u{ffff}' => "?".to_owned(),
            letter => letter.to_string(),
        })
        .collect()
}
