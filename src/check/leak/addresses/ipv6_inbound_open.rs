//! The internet may open connections to a whole zone, or to all that a host has.

use super::super::{Finding, Outcome, Subject, subject::error};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let packets = subject.thrown_open();
    let both = subject.rules(|rule| rule.to.iter().any(|to| !to.addresses.v6.is_empty()));
    let by_v4 = subject.without(packets, both);
    let by_both = subject.without(packets, by_v4);
    let finding = |packets, note| {
        let diagnostic = error(subject.network.router.span, "the internet reaches a whole zone, or all of a host")
            .label("opens it")
            .note(note)
            .help("name one host and one service, as `expose` does");
        Finding::packets(diagnostic, packets)
    };
    Outcome::Decided(vec![
        finding(by_both, "by IPv6 every host has a public address, and no translation stands before it"),
        finding(by_v4, "whoever is next to the uplink can send to the private address itself"),
    ])
}
