//! The internet may open connections to a whole zone, or to all that a host has.

use super::super::{Finding, Outcome, Subject, subject::error};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let packets = subject.thrown_open();
    let diagnostic = error(subject.network.router.span, "the internet reaches a whole zone, or all of a host")
        .label("opens it")
        .note("by IPv6 every host has a public address, and no translation stands before it")
        .help("name one host and one service, as `expose` does");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
