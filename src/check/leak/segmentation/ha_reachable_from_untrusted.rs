//! A whole untrusted zone may open Home Assistant's page.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, page, warning},
};
use crate::model::Place;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let Some(place) = subject.home_assistants().first().map(|(_, found)| found.span) else {
        return Outcome::NotApplicable("no Home Assistant");
    };
    let mut sets = Vec::new();
    for from in subject.untrusted() {
        let Place::Zone(zone) = from.place else { continue };
        // A single device that is let in is named; what devices send by themselves, they declare.
        let wide = subject.rules(|rule| rule.from.iter().any(|side| side.place == from.place && side.whole));
        let callbacks = subject.callbacks(zone);
        for (_, home) in subject.home_assistants() {
            let packets = subject.passing(std::slice::from_ref(&from), &host(home), &page(home));
            let packets = subject.without(packets, callbacks);
            sets.push(subject.space().intersect(packets, wide));
        }
    }
    let packets = subject.space().union_all(sets);
    let diagnostic =
        warning(place, "an untrusted zone may open Home Assistant's page").label("lets all of the zone in").help(
            "name the devices that call back, or declare their `integration`; people get in by a zone that you trust",
        );
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
