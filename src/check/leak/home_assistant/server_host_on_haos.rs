//! `server_host` on an installation with a supervisor: it can lock it out, and keeps out nobody that the router lets in.

use super::{
    super::{Finding, Outcome, Subject, subject::warning},
    home::homes,
};
use crate::{diagnostic::Severity, model::Install};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    let mut any = false;
    for home in homes(subject) {
        let (Some(http), Some(settings)) = (home.http(), home.settings()) else { continue };
        let Some(Install::Haos | Install::Supervised) = home.said.and_then(|said| said.install) else { continue };
        any = true;
        if let Some((key, _)) = http.server_host {
            let diagnostic = warning(key, "`server_host` can cut Home Assistant off from its supervisor")
                .label("deprecated where there is a supervisor")
                .also(settings.place, "read for this")
                .help("take it out: who may connect is what the rules of the policy say");
            found.push(Finding::fact(diagnostic).with_severity(Severity::Note));
        }
    }
    if any {
        Outcome::Decided(found)
    } else {
        Outcome::NotApplicable("no settings of a Home Assistant with a supervisor")
    }
}
