//! A statement is there for a while, and nothing says until when.

use super::super::{Finding, Outcome, Subject, subject, subject::warning};
use crate::{
    diagnostic::Span,
    model::{Options, Region},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let rules = network.rules.iter().map(|rule| (&rule.options, rule.span, rule.from.clone(), rule.to.clone()));
    let exposures = network.exposures.iter().map(|exposure| {
        let answers = subject::host(network.host(exposure.target().0));
        (&exposure.options, exposure.span, exposure.from.clone(), answers)
    });
    Outcome::Decided(rules.chain(exposures).filter_map(endless).collect())
}

fn endless((options, span, from, to): (&Options, Span, Vec<Region>, Vec<Region>)) -> Option<Finding> {
    if !options.temporary || options.until.is_some() {
        return None;
    }
    let mut diagnostic = warning(span, "this is temporary, and has no end")
        .label("marked `temporary`")
        .help("give it a date: `until 2027-01-31`");
    diagnostic.notes.extend(options.who_asked());
    Some(Finding::ends(diagnostic, from, to))
}
