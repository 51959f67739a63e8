//! Devices may open ports of the router unasked.

use super::super::{
    Finding, Outcome, Subject,
    subject::{is_untrusted, warning},
};
use crate::{diagnostic::Severity, model::Place};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    for (id, zone) in subject.network.zone_ids() {
        let Some(span) = zone.upnp else { continue };
        let diagnostic = warning(span, format!("hosts of `{}` open ports of the router unasked", zone.name))
            .label("UPnP is on")
            .help("switch it off on the router, take this out, and write an `expose` for what is needed");
        let severity = if is_untrusted(zone.role) { Severity::Error } else { Severity::Warning };
        found.push(Finding::place(diagnostic, Place::Zone(id)).with_severity(severity));
    }
    Outcome::Decided(found)
}
