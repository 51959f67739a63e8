//! A host with a leg in several zones joins them past the router.

use super::super::{
    Finding, Outcome, Subject,
    subject::{is_untrusted, region, warning},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    let homes: Vec<_> = subject.home_assistants().into_iter().map(|(id, _)| id).collect();
    for (id, host) in subject.hosts().filter(|(_, host)| host.zones.len() > 1) {
        let names: Vec<String> =
            host.zones.iter().map(|zone| format!("`{}`", subject.network.zone(*zone).name)).collect();
        let diagnostic = warning(host.span, format!("`{}` joins {} past the router", host.name, names.join(" and ")))
            .label("has a leg in each")
            .help("give it one leg, and a rule for what it needs of the other zone");
        // What `ha-bridge-routable` says of a Home Assistant that stands there with its only leg.
        let beside = host.zones.iter().any(|zone| is_untrusted(subject.network.zone(*zone).role));
        let diagnostic = if homes.contains(&id) && beside {
            diagnostic.note("from there the add-ons of Home Assistant can be reached past every rule (CVE-2026-34205)")
        } else {
            diagnostic
        };
        let legs: Vec<_> = host.zones.iter().map(|zone| region(*zone)).collect();
        found.push(Finding::ends(diagnostic, legs, Vec::new()));
    }
    Outcome::Decided(found)
}
