//! A zone with several networks passes everything between them.

use super::super::{Finding, Outcome, Subject, subject::error};
use crate::model::Place;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    for (id, zone) in subject.network.zone_ids().filter(|(_, zone)| !zone.isolated) {
        let v4: Vec<_> = zone.networks.iter().filter(|network| network.net.addr().is_ipv4()).collect();
        if let [first, second, ..] = v4.as_slice() {
            let diagnostic =
                error(second.span, format!("everything passes between the networks of zone `{}`", zone.name))
                    .label("a second network, routed without a rule")
                    .also(first.span, "the first one")
                    .help("make a zone of each network, or write `isolated` if neither needs the other");
            found.push(Finding::place(diagnostic, Place::Zone(id)));
        }
    }
    Outcome::Decided(found)
}
