//! `check ID { ... }`: the assertions of a named check, under its own severity.

use super::assertion::{Bounds, decide};
use crate::{
    diagnostic::{Diagnostic, Severity},
    model::Network,
    policy::Meant,
};

/// Everything that the named checks find.
pub fn run(network: &Network, meant: &mut Meant, bounds: &Bounds) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for check in &network.checks {
        for assertion in &check.assertions {
            let Some(finding) = decide(network, meant, assertion, bounds) else { continue };
            // A check speaks of roles that a policy may not have: that it is about nobody is no finding of the policy.
            let severity = if finding.code == "vacuous" { Severity::Note } else { check.severity };
            let mut finding = Diagnostic { severity, message: format!("{}: {}", check.id, finding.message), ..finding };
            finding.notes.extend(check.because.iter().map(|because| format!("why: {because}")));
            found.push(finding);
        }
    }
    found
}
