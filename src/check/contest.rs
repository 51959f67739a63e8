//! Forwards that take the same packets: the order of statements must not decide where these go.

use crate::{
    diagnostic::Diagnostic,
    model::Network,
    policy::{Cause, Meant, describe},
};

/// Every two statements that would send one packet different ways.
pub fn run(network: &Network, meant: &Meant) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let mut told = Vec::new();
    for (first, second, packets) in &meant.meaning.contested {
        let (Some(earlier), Some(span)) = (first.span(), second.span()) else { continue };
        let Some(packet) = meant.space.witness(*packets) else { continue };
        if told.contains(&(earlier, span)) {
            continue;
        }
        told.push((earlier, span));
        let exposed = [first, second].iter().all(|cause| matches!(cause, Cause::Exposure(..)));
        let id = if exposed { "forward-collision" } else { "conflicting-rules" };
        found.push(
            Diagnostic::error(id, span, "two statements take the same packets")
                .label("takes them here")
                .also(earlier, "takes them too")
                .note(format!("packet: {}", describe(&packet, network)))
                .help("the order of statements means nothing: give one of them another port, uplink or sender, or `hairpin off` if they meet inside"),
        );
    }
    found
}
