//! `check ID { ... }`: the assertions of a named check, under its own severity.

use super::{
    assertion::{Bounds, decide},
    leak::{About, Waivers, find},
};
use crate::{
    diagnostic::{Diagnostic, Severity, nearest},
    model::Network,
    packet::Space,
    policy::Meant,
};

/// Everything that the named checks find.
pub fn run(network: &Network, meant: &mut Meant, bounds: &Bounds, waivers: &mut Waivers<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for check in &network.checks {
        for assertion in &check.assertions {
            let mut left = |about: About, space: &mut Space| waivers.left(&check.id, &about, space).0;
            let Some(finding) = decide(network, meant, assertion, bounds, &mut left) else { continue };
            // A check speaks of roles that a policy may not have: that it is about nobody is no finding of the policy.
            let severity = check.severity.unwrap_or(Severity::Error);
            let severity = if finding.code == "vacuous" { Severity::Note } else { severity };
            let mut finding = Diagnostic { severity, message: format!("{}: {}", check.id, finding.message), ..finding };
            finding.notes.extend(check.because.iter().map(|because| format!("why: {because}")));
            found.push(finding);
        }
    }
    found
}

/// A check without assertions is one of the catalogue.
pub fn unknown(network: &Network) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for check in network.checks.iter().filter(|check| check.assertions.is_empty() && find(&check.id).is_none()) {
        let error = Diagnostic::error("unknown-check", check.span, format!("check `{}` claims nothing", check.id))
            .label("no check of the catalogue, and without `never`, `always` or `only`");
        let known: Vec<&str> = super::leak::catalogue().iter().map(|leak| leak.id).collect();
        found.push(match nearest(&check.id, known) {
            Some(near) => error.help(format!("did you mean `{near}`?")),
            None => error.help("write what has to be true between the braces, as in `never guest -> private`"),
        });
    }
    found
}
