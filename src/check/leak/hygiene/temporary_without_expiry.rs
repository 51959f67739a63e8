//! A rule is there for a while, and nothing says until when.

use super::super::{Finding, Outcome, Subject, subject::warning};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    for rule in subject.network.rules.iter().filter(|rule| rule.options.temporary && rule.options.until.is_none()) {
        let diagnostic = warning(rule.span, "this rule is temporary, and has no end")
            .label("marked `temporary`")
            .help("give it a date: `until 2027-01-31`");
        found.push(Finding::ends(diagnostic, rule.from.clone(), rule.to.clone()));
    }
    Outcome::Decided(found)
}
