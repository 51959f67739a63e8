//! A rule opens one direction of a protocol whose other end opens connections of its own.

use super::super::{
    Finding, Outcome, Subject,
    subject::{is_everything, warning},
};
use crate::model::{Action, Place, service::Traffic};

const TCP: u8 = 6;
const UDP: u8 = 17;

/// Protocols whose called end opens connections to the caller.
struct TwoWay {
    name: &'static str,
    /// The ports that tell a rule about it.
    there: &'static [(u8, u16)],
    /// What comes back: UDP ports.
    back: (u16, u16),
    because: &'static str,
    cure: &'static str,
}

const PROTOCOLS: [TwoWay; 2] = [
    TwoWay {
        name: "AirPlay",
        there: &[(TCP, 7000)],
        back: (32768, 65535),
        because: "the receiver opens UDP connections to the sender, for time and control",
        cure: "allow both directions: `allow A <-> B : airplay`",
    },
    TwoWay {
        name: "SIP",
        there: &[(TCP, 5060), (UDP, 5060), (TCP, 5061)],
        back: (10000, 20000),
        because: "the voice comes by RTP, which the other end may send first: calls are silent",
        cure: "allow the voice in both directions, as in `allow B -> A : rtp`, with the range of your telephone system",
    },
];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let inside = |place: &Place| matches!(place, Place::Zone(zone) if !network.zone(*zone).is_internet());
    let (mut found, mut any) = (Vec::new(), false);
    for rule in network.rules.iter().filter(|rule| rule.action == Action::Allow && !rule.expired) {
        let (from, to) = (&rule.from, &rule.to);
        if !from.iter().chain(to).all(|region| inside(&region.place)) || rule.traffic.iter().any(is_everything) {
            continue;
        }
        for protocol in &PROTOCOLS {
            let about = |traffic: &Traffic| {
                let named = |&(number, port): &(u8, u16)| {
                    traffic.protocol == Some(number) && traffic.single_port() == Some(port)
                };
                protocol.there.iter().any(named)
            };
            if !rule.traffic.iter().any(about) {
                continue;
            }
            any = true;
            let back = [Traffic::ports(UDP, protocol.back.0, protocol.back.1)];
            if !subject.passing(to, from, &back).is_empty() {
                continue;
            }
            let diagnostic = warning(rule.span, format!("{} needs connections in both directions", protocol.name))
                .label("opens one direction")
                .note(protocol.because)
                .help(protocol.cure);
            found.push(Finding::ends(diagnostic, from.clone(), to.clone()));
        }
    }
    if any { Outcome::Decided(found) } else { Outcome::NotApplicable("no rule about AirPlay or SIP") }
}
