//! A rule has run out, and what was opened by it goes on.

use super::super::{Finding, Outcome, Subject, subject::warning};
use crate::diagnostic::Severity;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    for rule in subject.network.rules.iter().filter(|rule| rule.expired) {
        let diagnostic = warning(rule.span, "connections that this rule let through stay open")
            .label("is not compiled any more")
            .help("after the new configuration is loaded, drop them: `conntrack -D -s ADDRESS`");
        found.push(Finding::ends(diagnostic, rule.from.clone(), rule.to.clone()).with_severity(Severity::Note));
    }
    Outcome::Decided(found)
}
