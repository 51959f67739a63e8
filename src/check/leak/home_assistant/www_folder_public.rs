//! Files in `www` need no login, and are published with Home Assistant.

use super::{
    super::{Finding, Outcome, Subject, subject::warning},
    home::{homes, receiver},
};
use crate::diagnostic::Severity;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let mut found = Vec::new();
    for home in homes(subject) {
        if let Some(exposure) = home.published(network).first() {
            let diagnostic = warning(exposure.span, "what lies in Home Assistant's folder `www` is published with it")
                .label("/local/ needs no login")
                .help("keep nothing private in `www`, then waive this with that reason");
            found.push(Finding::ends(diagnostic, subject.outside(), receiver(&home)).with_severity(Severity::Note));
        }
    }
    if found.is_empty() {
        Outcome::NotApplicable("no Home Assistant that is published")
    } else {
        Outcome::Decided(found)
    }
}
