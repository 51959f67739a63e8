//! A whole untrusted zone may open Home Assistant's page.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, region, warning},
};
use crate::model::{
    Place, Role,
    service::{TCP, Traffic},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let homes: Vec<_> = subject.home_assistants().iter().flat_map(|(_, found)| host(found)).collect();
    let Some(place) = subject.home_assistants().first().map(|(_, found)| found.span) else {
        return Outcome::NotApplicable("no Home Assistant");
    };
    let page = [Traffic::ports(TCP, 8123, 8123)];
    let mut sets = Vec::new();
    for (zone, found) in subject.zones(&[Role::Iot, Role::Camera, Role::Kids]) {
        // Devices may call back for a reason that is written down; people have no callbacks.
        let devices = matches!(found.role, Role::Iot | Role::Camera);
        let wide = subject.rules(|rule| {
            let reasoned = rule.options.because.is_some() || rule.integration.is_some();
            let whole = rule.from.iter().any(|from| from.place == Place::Zone(zone) && from.whole);
            whole && !(devices && reasoned)
        });
        let packets = subject.passing(&[region(zone)], &homes, &page);
        sets.push(subject.space().intersect(packets, wide));
    }
    let packets = subject.space().union_all(sets);
    let diagnostic = warning(place, "an untrusted zone may open Home Assistant's page")
        .label("lets all of the zone in")
        .help("name the devices that call back, or say `because`; children get in by a zone that you trust");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
