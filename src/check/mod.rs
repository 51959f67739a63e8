//! Assertions and checks over the meaning of a policy.

mod assertion;
mod exposed;
mod idle;

pub use assertion::let_through;

use crate::{compile::Meant, diagnostic::Diagnostic, model::Network};

/// Everything that is found.
pub fn run(network: &Network, meant: &mut Meant) -> Vec<Diagnostic> {
    let mut found = assertion::run(network, meant);
    found.extend(exposed::run(network, meant));
    found.extend(idle::run(network, meant));
    found
}
