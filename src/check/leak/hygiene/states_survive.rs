//! A rule has run out, and what was opened by it goes on.

use super::{
    super::{Finding, Outcome, Subject, subject::warning},
    options::{Opened, opened},
};
use crate::diagnostic::Severity;

/// For how many days it is told. Silent TCP connections are forgotten after five on Linux and after one on pfSense; the
/// rest is for those that are never silent.
const DAYS: i32 = 30;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    let today = subject.network.today;
    let recent = |opened: &Opened<'_>| {
        let end = opened.options.until.map(|(end, _)| end);
        opened.expired && end.is_some_and(|end| (today - end).get_days() <= DAYS)
    };
    for opened in opened(subject).into_iter().filter(recent) {
        let word = opened.word;
        let mut diagnostic = warning(opened.span, format!("connections that this {word} let through stay open"))
            .label("is not compiled any more");
        for help in by_hand(subject) {
            diagnostic = diagnostic.help(help);
        }
        found.push(Finding::ends(diagnostic, opened.from, opened.to).with_severity(Severity::Note));
    }
    Outcome::Decided(found)
}

/// How connections are dropped on the routers of the policy.
fn by_hand(subject: &Subject<'_>) -> Vec<&'static str> {
    let targets = &subject.network.router.targets;
    let pfsense = targets.iter().any(|(target, _)| target == "pfsense");
    let linux = targets.is_empty() || targets.iter().any(|(target, _)| target == "nftables" || target == "openwrt");
    let mut found = Vec::new();
    if linux {
        found.push("after the new configuration is loaded, drop them: `conntrack -D -s ADDRESS`");
    }
    if pfsense {
        found.push("after the new configuration is restored on pfSense, drop them: Diagnostics > States, filter by the address, Kill States");
    }
    found
}
