//! A rule leads to a zone of higher trust, and nothing says why.

use super::super::{Finding, Outcome, Subject, subject::warning};
use crate::{
    diagnostic::Severity,
    model::{Action, Network, Place, Role},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let mut found = Vec::new();
    for rule in network.rules.iter().filter(|rule| rule.action == Action::Allow && !rule.expired) {
        if rule.options.because.is_some() || rule.integration.is_some() {
            continue;
        }
        let up = rule.from.iter().any(|from| {
            rule.to.iter().any(|to| trust(network, from.place) < trust(network, to.place) && to.place != Place::Router)
        });
        if up {
            let diagnostic = warning(rule.span, "this rule leads to a zone of higher trust, and does not say why")
                .label("no `because`")
                .help("say why it is needed: `because \"...\"`");
            found.push(Finding::ends(diagnostic, rule.from.clone(), rule.to.clone()).with_severity(Severity::Note));
        }
    }
    Outcome::Decided(found)
}

fn trust(network: &Network, place: Place) -> u8 {
    let Place::Zone(zone) = place else { return 4 };
    match network.zone(zone).role {
        Role::Internet => 0,
        Role::Guest | Role::Iot | Role::Camera | Role::Media | Role::Voip | Role::Transit => 1,
        Role::Kids | Role::Dmz | Role::Vpn => 2,
        Role::Trusted | Role::Work | Role::Server | Role::Management => 3,
    }
}
