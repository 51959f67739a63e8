//! Cameras reach the internet.

use super::super::{Finding, Outcome, Subject, subject::error};
use crate::model::Role;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let Some(zone) = subject.zones(&[Role::Camera]).first().map(|(_, zone)| zone.span) else {
        return Outcome::NotApplicable("no camera zone");
    };
    let (cameras, internet) = (subject.regions(&[Role::Camera]), subject.outside());
    let packets = subject.anything(&cameras, &internet);
    let diagnostic = error(zone, "cameras reach the internet")
        .label("lets cameras out")
        .help("let the recorder fetch the pictures; cameras need DNS, NTP and the recorder, and nothing outside");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
