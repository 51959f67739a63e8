//! The options of everything that lets packets through: rules and exposures.

use super::super::{Subject, subject::answering};
use crate::{
    diagnostic::Span,
    model::{Action, Options, Region},
};

/// A rule that allows something, or an exposure.
pub struct Opened<'a> {
    pub span: Span,
    pub options: &'a Options,
    pub expired: bool,
    pub from: Vec<Region>,
    pub to: Vec<Region>,
    /// `rule`, `exposure`
    pub word: &'static str,
}

/// All of them, in the order of the policy.
pub fn opened<'a>(subject: &Subject<'a>) -> Vec<Opened<'a>> {
    let network = subject.network;
    let rules = network.rules.iter().filter(|rule| rule.action == Action::Allow).map(|rule| Opened {
        span: rule.span,
        options: &rule.options,
        expired: rule.expired,
        from: rule.from.clone(),
        to: rule.to.clone(),
        word: "rule",
    });
    let exposures = network.exposures.iter().map(|exposure| Opened {
        span: exposure.span,
        options: &exposure.options,
        expired: exposure.expired,
        from: exposure.from.clone(),
        to: answering(network, exposure),
        word: "exposure",
    });
    let mut all: Vec<Opened<'_>> = rules.chain(exposures).collect();
    all.sort_by_key(|opened| opened.span);
    all
}
