//! Assertions and checks over the meaning of a policy.

mod assertion;
mod contest;
mod exposed;
mod idle;
mod named;
mod unsupported;
mod unused;

use crate::{diagnostic::Diagnostic, model::Network, policy::Meant};

/// Everything that is found.
pub fn run(network: &Network, meant: &mut Meant) -> Vec<Diagnostic> {
    let mut found = unsupported::run(network);
    found.extend(contest::run(network, meant));
    if !network.assertions.is_empty() || !network.checks.is_empty() {
        let bounds = assertion::bounds(network, meant);
        found.extend(assertion::run(network, meant, &bounds));
        found.extend(named::run(network, meant, &bounds));
    }
    found.extend(exposed::run(network, meant));
    found.extend(idle::run(network, meant));
    found.extend(unused::run(network));
    found
}
