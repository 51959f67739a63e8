//! Guests start a connection into a zone of the household.

use super::super::{Finding, Outcome, Subject, subject::error};
use crate::model::Role;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let guests = subject.regions(&[Role::Guest]);
    let Some(zone) = subject.zones(&[Role::Guest]).first().map(|(_, zone)| zone.span) else {
        return Outcome::NotApplicable("no guest zone");
    };
    let mut private = subject.private();
    private.retain(|region| !guests.contains(region));
    let packets = subject.anything(&guests, &private);
    let diagnostic = error(zone, "guests reach a private zone")
        .label("lets guests in")
        .help("take the guests out of the rule: their zone needs the internet, and DNS and DHCP of the router");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
