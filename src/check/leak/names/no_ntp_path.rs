//! A zone has no way to the time.

use super::super::{
    Finding, Outcome, Subject,
    subject::{region, router, warning},
};
use crate::model::{
    Place, Role,
    service::{Traffic, UDP},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    for (id, zone) in subject.network.zone_ids() {
        if matches!(zone.role, Role::Internet | Role::Vpn | Role::Transit | Role::Guest) {
            continue;
        }
        let everywhere: Vec<_> = subject.network.zone_ids().map(|(id, _)| region(id)).chain([router()]).collect();
        if subject.passing(&[region(id)], &everywhere, &[Traffic::ports(UDP, 123, 123)]).is_empty() {
            let diagnostic = warning(zone.span, format!("`{}` cannot ask for the time", zone.name))
                .label("reaches no NTP server, inside or outside")
                .help(format!(
                    "write `allow {} -> router : ntp`: certificates and schedules depend on the time",
                    zone.name
                ));
            found.push(Finding::place(diagnostic, Place::Zone(id)));
        }
    }
    Outcome::Decided(found)
}
