//! Assertions and checks over the meaning of a policy.

mod assertion;

use crate::{compile::Meant, diagnostic::Diagnostic, model::Network};

/// Everything that is found.
pub fn run(network: &Network, meant: &mut Meant) -> Vec<Diagnostic> {
    assertion::run(network, meant)
}
