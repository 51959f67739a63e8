//! A packet that is held back, and the statements that decide over it.

use super::{
    explain::{Case, Reason, leads_to, reason},
    name::describe_sent,
    when::when,
};
use crate::{
    diagnostic::Sources,
    model::{Network, Place, address::address},
    packet::Packet,
    policy::{Forward, Meant, zone_number},
    router::Outcome,
};

/// Of a rule without either, which is about the address that was asked and not about where it leads.
pub(super) const ELSEWHERE: &str = "allows it, and a translation leads it elsewhere first";

/// Of a rule whose schedule or limit holds the packet back.
pub(super) const ELSEWHEN: &str = "allows it at other times or rates only";

/// Of a translation that nothing lets through.
pub(super) const LEADS: &str = "leads it elsewhere, and does not let it through by itself";

/// A packet that does not pass, with the translation that takes it. Rules are about the receiver behind that.
pub(super) fn case_held_back<'m>(
    network: &Network,
    sources: &Sources,
    meant: &'m Meant,
    packet: Packet,
) -> (Case, Option<&'m Forward>) {
    let meaning = &meant.meaning;
    let forward = meaning.forward_of(&packet, &meant.space);
    let after = forward.map_or(packet, |forward| forward.translate(&packet, &meaning.redirected));
    let denied = meaning.flows.denied.iter().filter(|flow| flow.holds(&after));
    let mut because: Vec<Reason> = denied.map(|flow| reason(sources, flow.cause, "holds it back")).collect();
    let allowed = meaning.flows.allowed.iter().filter(|flow| flow.holds(&after)).map(|flow| flow.cause);
    let allowed: Vec<_> =
        allowed.chain(forward.filter(|forward| grants(forward, &packet)).map(|one| one.cause)).collect();
    let denied = !because.is_empty();
    let when = if denied { None } else { when(network, meant, &packet, allowed.iter().copied(), false) };
    let effect = if denied { "would allow it" } else { ELSEWHEN };
    because.extend(allowed.iter().map(|cause| reason(sources, *cause, effect)));
    let leads = forward.filter(|_| because.is_empty());
    if let Some(forward) = leads {
        because.push(reason(sources, forward.cause, LEADS));
        let asked = meaning.flows.allowed.iter().filter(|flow| flow.holds(&packet));
        because.extend(asked.map(|flow| reason(sources, flow.cause, ELSEWHERE)));
    }
    if because.is_empty() {
        because.push(Reason {
            effect: "holds it back",
            place: None,
            text: "the default: nothing allows it".to_owned(),
        });
    }
    because.dedup();
    let case = Case {
        packet: describe_sent(&packet, Outcome::default(), network),
        when,
        translated_to: forward.map(|forward| leads_to(forward.dnat())),
        seen_as: None,
        leaves_by: None,
        because,
    };
    (case, leads)
}

/// Does the translation itself let the sender in, at some time or rate?
fn grants(forward: &Forward, packet: &Packet) -> bool {
    forward.granted.iter().any(|region| {
        let here = matches!(region.place, Place::Zone(zone) if zone_number(zone) == packet.ingress);
        here && region.addresses.contains(address(packet.family, packet.src))
    })
}
