//! A schedule ends, and what was opened before goes on.

use super::super::{Finding, Outcome, Subject, subject::warning};
use crate::model::Action;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    if subject.network.schedules.is_empty() {
        return Outcome::NotApplicable("no schedule");
    }
    let mut found = Vec::new();
    let timed = |rule: &&crate::model::Rule| rule.options.during.is_some() && rule.action == Action::Allow;
    for rule in subject.network.rules.iter().filter(timed) {
        let diagnostic = warning(rule.span, "what was opened in time goes on after it")
            .label("decides over the first packet of a connection")
            .note("replies pass by connection tracking for as long as the connection lives")
            .help("drop the connections when it ends, by a timer on the router: `conntrack -D -s ADDRESS`");
        found.push(Finding::ends(diagnostic, rule.from.clone(), rule.to.clone()));
    }
    Outcome::Decided(found)
}
