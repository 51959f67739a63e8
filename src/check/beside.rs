//! Promises about hosts of one zone, which no router can keep.

use crate::{
    diagnostic::{Diagnostic, Severity},
    model::{AssertionKind, Network, Place, Zone},
};

/// Every `only` that lets some of a zone get at a host beside them: whoever else is there gets at it too.
pub fn run(network: &Network) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for assertion in network.assertions.iter().filter(|one| one.kind == AssertionKind::Only) {
        let beside = assertion.to.iter().find_map(|to| {
            let zone: &Zone = match to.place {
                Place::Zone(zone) => network.zone(zone),
                Place::Router => return None,
            };
            let some = assertion.from.iter().any(|from| from.place == to.place && !from.whole);
            (some && !zone.isolated && !to.whole).then_some(zone)
        });
        if let Some(zone) = beside {
            let text = format!("this says nothing of those who are in `{}` already", zone.name);
            found.push(
                Diagnostic {
                    severity: Severity::Note,
                    ..Diagnostic::warning("unfiltered-same-zone", assertion.span, text)
                }
                .label("holds for senders of other zones")
                .help("hosts of one zone reach each other past the router: give the receiver a zone of its own, or keep them apart at the switch (`isolated`)"),
            );
        }
    }
    found
}
