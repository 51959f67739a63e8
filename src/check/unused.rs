//! Declarations that nothing uses.

use crate::{
    diagnostic::{Diagnostic, Severity},
    model::Network,
};

/// A note for every declaration that could be taken out.
pub fn run(network: &Network) -> Vec<Diagnostic> {
    let note = |(sort, name, span): &(&'static str, String, crate::diagnostic::Span)| {
        let found = Diagnostic::warning("unused-object", *span, format!("nothing uses {sort} `{name}`"));
        Diagnostic { severity: Severity::Note, ..found }
            .label("declared here")
            .help("remove it, or use it")
            .fix(network.removal(*span, if *sort == "ranges" { "list of ranges" } else { sort }))
    };
    network.unused.iter().map(note).collect()
}
