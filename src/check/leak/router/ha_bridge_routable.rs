//! Home Assistant shares its link with devices that nobody trusts.

use super::super::{
    Finding, Outcome, Subject,
    subject::{error, is_untrusted},
};
use crate::model::Place;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let homes = subject.home_assistants();
    if homes.is_empty() {
        return Outcome::NotApplicable("no Home Assistant");
    }
    let mut found = Vec::new();
    // A second leg is found by `multi-homed-host-bridges-zones`.
    for (_, home) in homes {
        let [zone] = home.zones.as_slice() else { continue };
        let shared = subject.network.zone(*zone);
        if is_untrusted(shared.role) && !shared.isolated {
            let diagnostic = error(
                home.span,
                format!("`{}` shares zone `{}` with devices that nobody trusts", home.name, shared.name),
            )
            .label("its add-ons can be reached past every rule")
            .help("give it a zone of role `server`");
            found.push(Finding::place(diagnostic, Place::Zone(*zone)));
        }
    }
    Outcome::Decided(found)
}
