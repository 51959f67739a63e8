//! A deny takes ICMPv6 messages without which IPv6 does not work.

use super::super::{Finding, Outcome, Subject, subject::error};
use crate::model::{
    Action,
    service::{ICMPV6, Traffic},
};

/// Unreachable, packet too big, time exceeded, parameter problem; discovery of listeners and neighbours (RFC 4890).
const NEEDED: [(u8, u8); 3] = [(1, 4), (130, 136), (143, 143)];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    let takes = |traffic: &Traffic| {
        let all = traffic.to.is_empty();
        let kind = |(from, to): &(u16, u16)| {
            NEEDED.iter().any(|(low, high)| u16::from(*low) << 8 <= *to && *from <= (u16::from(*high) << 8 | 0xff))
        };
        traffic.protocol == Some(ICMPV6) && (all || traffic.to.iter().any(kind))
    };
    for rule in subject
        .network
        .rules
        .iter()
        .filter(|rule| rule.action == Action::Deny && !rule.expired && rule.traffic.iter().any(takes))
    {
        let diagnostic = error(rule.span, "this deny takes ICMPv6 messages that have to pass")
            .label("packet too big and its like are ICMPv6")
            .note("errors that belong to a connection pass all the same: hedgerow never lets a rule hold them back")
            .help("name what you mean, such as `icmpv6 128` for a ping");
        found.push(Finding::ends(diagnostic, rule.from.clone(), rule.to.clone()));
    }
    Outcome::Decided(found)
}
