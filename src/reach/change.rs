//! What would have to change in a policy for the other answer.

use super::{
    explain::{Case, Verdict, in_words},
    held_back::{ELSEWHEN, ELSEWHERE},
    name::region_name,
    question::Question,
};
use crate::{
    model::{AddressSet, Exposure, Network, Place, Region, service::Traffic},
    policy::Forward,
};

/// The uplinks on which an exposure of what was asked for is not.
fn other_uplinks(network: &Network, question: &Question) -> Option<String> {
    let asked = |exposure: &&Exposure| {
        let host = network.host(exposure.host).address_set(None);
        !exposure.expired
            && question.to.iter().all(|to| to.addresses.minus(&host).is_empty())
            && exposure.service.iter().any(|own| question.traffic.iter().any(|traffic| own.meets(traffic)))
    };
    let exposure = network.exposures.iter().find(asked)?;
    let missing = network.zone_ids().filter(|(id, zone)| zone.is_internet() && !exposure.on.contains(id));
    let names: Vec<String> = missing.map(|(_, zone)| format!("`{}`", zone.name)).collect();
    (!names.is_empty()).then(|| names.join(", "))
}

/// What would have to change for the other answer. `leads` is the translation that takes the packet away from where the
/// rules allow it.
pub(super) fn change(
    network: &Network,
    question: &Question,
    case: &Case,
    leads: Option<&Forward>,
    verdict: Verdict,
) -> Option<String> {
    let outside = |region: &Region| matches!(region.place, Place::Zone(zone) if network.zone(zone).is_internet());
    // What a public name leads to is exposed already: another port of it is another exposure.
    if verdict == Verdict::Allowed || question.by_name.is_some() && question.from.iter().any(outside) {
        return None;
    }
    if case.because.iter().all(|reason| reason.effect == ELSEWHEN) {
        return Some("take the `during` or `limit` from the rule".to_owned());
    }
    if let Some(forward) = leads {
        let addresses = forward.target.map_or_else(AddressSet::all, AddressSet::of);
        let to = Region { place: forward.zone.map_or(Place::Router, Place::Zone), addresses, whole: false };
        let behind = |traffic: &Traffic| match forward.port {
            Some(port) => Traffic { to: vec![(port, port)], ..traffic.clone() },
            None => traffic.clone(),
        };
        let traffic = question.traffic.iter().map(behind).collect();
        let behind = Question { to: vec![to], traffic, by_name: None, ..question.clone() };
        let named = case.because.iter().any(|reason| reason.effect == ELSEWHERE);
        let why = if named { ": a rule is about the receiver behind the translation" } else { "" };
        return Some(format!("it would take `allow {}`{why}", in_words(network, &behind)));
    }
    if case.because.iter().any(|reason| reason.place.is_some()) {
        return Some("take back what holds it back: a deny always wins".to_owned());
    }
    let words = in_words(network, &Question { by_name: None, ..question.clone() });
    let outside = question
        .from
        .iter()
        .any(|region| matches!(region.place, Place::Zone(zone) if network.zone(zone).is_internet()));
    let inside =
        question.to.iter().any(|region| matches!(region.place, Place::Zone(zone) if !network.zone(zone).is_internet()));
    if outside && inside {
        if let Some(uplinks) = other_uplinks(network, question) {
            return Some(format!("it would take {uplinks} in the `on` of its exposure"));
        }
        let host = question.to.first().map_or_else(String::new, |region| region_name(network, region));
        let traffic: Vec<String> = question.traffic.iter().map(ToString::to_string).collect();
        return Some(format!("it would take `expose {host} : {}`", traffic.join(", ")));
    }
    Some(format!("it would take `allow {}`", words.trim_end_matches(" : any protocol")))
}
