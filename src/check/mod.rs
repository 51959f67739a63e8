//! Assertions and checks over the meaning of a policy.

mod assertion;
mod contest;

use crate::{compile::Meant, diagnostic::Diagnostic, model::Network};

/// Everything that is found.
pub fn run(network: &Network, meant: &mut Meant) -> Vec<Diagnostic> {
    let mut found = contest::run(network, meant);
    found.extend(assertion::run(network, meant));
    found
}
