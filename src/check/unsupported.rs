//! What the language has and the compiler does not do yet. It is told at its place, never passed over.

use crate::{diagnostic::Diagnostic, model::Network};

/// An error for every statement that is not compiled yet.
pub fn run(network: &Network) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for settings in network.home_assistants.iter().filter_map(|home| home.settings.as_ref()) {
        found.push(
            Diagnostic::error("not-supported", settings.1, "reading Home Assistant's settings is not supported yet")
                .label("this file is not read")
                .help("take `settings` out until it can be held against the policy"),
        );
    }
    found
}
