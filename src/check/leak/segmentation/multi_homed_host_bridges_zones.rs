//! A host with a leg in several zones joins them past the router.

use super::super::{
    Finding, Outcome, Subject,
    subject::{region, warning},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    for (_, host) in subject.hosts().filter(|(_, host)| host.zones.len() > 1) {
        let names: Vec<String> =
            host.zones.iter().map(|zone| format!("`{}`", subject.network.zone(*zone).name)).collect();
        let diagnostic = warning(host.span, format!("`{}` joins {} past the router", host.name, names.join(" and ")))
            .label("has a leg in each")
            .help("give it one leg, and a rule for what it needs of the other zone");
        let legs: Vec<_> = host.zones.iter().map(|zone| region(*zone)).collect();
        found.push(Finding::ends(diagnostic, legs, Vec::new()));
    }
    Outcome::Decided(found)
}
