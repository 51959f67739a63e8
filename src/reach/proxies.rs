//! What proxies make of a question: who comes to it by one, and what one asks in turn.

use super::{explain::Reason, question::Question};
use crate::{
    diagnostic::{Sources, Span},
    model::{AddressSet, HostId, Network, Place, Region},
    policy::{Meant, between},
};

/// What the proxy of a public name asks for those who get to it, if anything of that passes.
pub(super) fn goes_on(network: &Network, sources: &Sources, meant: &mut Meant, question: &Question) -> Option<Reason> {
    let span = question.by_name.as_ref()?.exposure?;
    let exposure = network.exposures.iter().find(|exposure| exposure.span == span)?;
    let through = exposure.through.as_ref()?;
    let everywhere = |host: HostId| -> Vec<Region> {
        let zones = network.host(host).zones.iter();
        let legs = zones.map(|zone| (Place::Zone(*zone), network.host(host).address_set(Some(*zone))));
        legs.map(|(place, addresses)| Region { place, addresses, whole: false }).collect()
    };
    let router = || vec![Region { place: Place::Router, addresses: AddressSet::all(), whole: true }];
    let (from, to) = (through.host.map_or_else(router, everywhere), everywhere(exposure.host));
    let name = through.host.map_or("router", |host| &network.host(host).name);
    let beside = from.iter().any(|one| to.iter().any(|two| one.place == two.place));
    let reaching = meant.meaning.reaching(&mut meant.space);
    let asks = between(&from, &to, &exposure.service, &mut meant.space);
    let passes = beside || !meant.space.disjoint(asks, reaching);
    let services: Vec<String> = exposure.service.iter().map(ToString::to_string).collect();
    let text = format!("{name} -> {} : {}", network.host(exposure.host).name, services.join(", "));
    let effect = if passes { "goes on" } else { "gets no further" };
    Some(Reason { effect, place: Some(sources.place(span)), text })
}

/// The exposures whose proxy asks what is asked about.
pub(super) fn by_proxy(network: &Network, question: &Question) -> Vec<Span> {
    let outside = |region: &Region| matches!(region.place, Place::Zone(zone) if network.zone(zone).is_internet());
    if !question.from.iter().any(outside) {
        return Vec::new();
    }
    let live = network.exposures.iter().filter(|exposure| !exposure.expired && exposure.through.is_some());
    let asked = live.filter(|exposure| {
        let own = network.host(exposure.host).address_set(None);
        question.to.iter().any(|to| to.place != Place::Router && !to.addresses.intersect(&own).is_empty())
            && exposure.service.iter().any(|one| question.traffic.iter().any(|two| one.meets(two)))
    });
    asked.map(|exposure| exposure.span).collect()
}
