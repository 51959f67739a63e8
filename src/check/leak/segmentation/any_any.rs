//! A rule lets everything through to everywhere inside.

use super::super::{
    Finding, Outcome, Subject,
    subject::{covers, error, is_everything},
};
use crate::model::{Action, Place, Role};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let inside: Vec<Place> = subject.private().into_iter().map(|region| region.place).collect();
    let mut found = Vec::new();
    for rule in network.rules.iter().filter(|rule| rule.action == Action::Allow && !rule.expired) {
        let wide = |zone: &Place| {
            let mut others = inside.iter().filter(|other| *other != zone).peekable();
            let several = inside.len() > 2;
            several
                && others.peek().is_some()
                && others.all(|other| matches!(other, Place::Zone(zone) if covers(&rule.to, network, *zone)))
        };
        let vpn = |place: &Place| matches!(place, Place::Zone(zone) if network.zone(*zone).role == Role::Vpn);
        let opens = rule.from.iter().any(|from| from.place != Place::Router && !vpn(&from.place) && wide(&from.place));
        if opens && rule.traffic.iter().any(is_everything) {
            let diagnostic = error(rule.span, "this rule opens every zone inside")
                .label("everything, to everywhere")
                .help("name the zones and the services that are needed");
            found.push(Finding::ends(diagnostic, rule.from.clone(), rule.to.clone()));
        }
    }
    Outcome::Decided(found)
}
