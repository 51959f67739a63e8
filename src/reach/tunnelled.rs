//! What comes in by a tunnel: a first step from the internet that no router sees.

use super::{
    chain::holds,
    classes::Leg,
    name::region_name,
    path::{Path, Step},
};
use crate::{
    diagnostic::Span,
    model::{AddressSet, Network, Place, Region, ZoneId, service::Traffic},
};

/// A step by a tunnel, and the regions that it leads to.
pub(super) struct Tunnelled {
    pub(super) to: Vec<Region>,
    traffic: Vec<Traffic>,
    step: Step,
}

/// All that tunnels lead everybody to.
pub(super) fn tunnelled(network: &Network) -> Vec<Tunnelled> {
    let all = network.led_by_tunnels().into_iter();
    let led = all.map(|led| {
        let words = led.traffic.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
        Tunnelled { to: led.to, traffic: led.traffic, step: Step::Tunnelled { words, span: led.span } }
    });
    // A relay that the router calls stands in the internet itself: whoever takes it over goes on from there.
    let relays = network.exposures.iter().filter(|exposure| !exposure.expired);
    let relays = relays.filter_map(|exposure| exposure.tunnel.as_ref()).filter(|tunnel| tunnel.by_router);
    led.chain(relays.map(|tunnel| {
        let host = network.host(tunnel.host);
        let leg = |zone: &ZoneId| Region {
            place: Place::Zone(*zone),
            addresses: host.address_set(Some(*zone)),
            whole: false,
        };
        let words = Traffic::ANY.to_string();
        let to = host.zones.iter().map(leg).collect();
        Tunnelled { to, traffic: vec![Traffic::ANY], step: Step::Tunnelled { words, span: tunnel.span } }
    }))
    .collect()
}

/// Where tunnels lead from the internet, among some legs.
pub(super) fn steps<'t>(
    tunnelled: &'t [Tunnelled],
    legs: impl Iterator<Item = Leg> + Clone + 't,
) -> impl Iterator<Item = (Step, Leg)> + 't {
    tunnelled
        .iter()
        .flat_map(move |one| legs.clone().filter(|leg| holds(&one.to, *leg)).map(|leg| (one.step.clone(), leg)))
}

/// The chain of one step, if a tunnel leads to the target on some traffic.
pub(super) fn at_once(
    tunnelled: &[Tunnelled],
    start: Leg,
    to: &[Region],
    traffic: &[Traffic],
    legs: impl Iterator<Item = Leg>,
) -> Option<Path> {
    let fits = |one: &&Tunnelled| one.traffic.iter().any(|asked| traffic.iter().any(|named| named.meets(asked)));
    let fitting: Vec<&Tunnelled> = tunnelled.iter().filter(fits).collect();
    for leg in legs.filter(|leg| holds(to, *leg)) {
        if let Some(one) = fitting.iter().find(|one| holds(&one.to, leg)) {
            return Some(Path { start, steps: vec![(one.step.clone(), leg)] });
        }
    }
    None
}

/// The tunnels that lead from the internet to some regions on some traffic.
pub(super) fn leading_there(network: &Network, from: &[Region], to: &[Region], traffic: &[Traffic]) -> Vec<Span> {
    let outside = |region: &Region| matches!(region.place, Place::Zone(zone) if network.zone(zone).is_internet());
    if !from.iter().any(outside) {
        return Vec::new();
    }
    let all = network.led_by_tunnels().into_iter();
    let mut spans: Vec<Span> = all
        .filter(|led| {
            let there = |one: &Region| {
                let same = |other: &&Region| other.place == one.place;
                to.iter().filter(same).any(|other| other.addresses.intersect(&one.addresses) != AddressSet::default())
            };
            led.to.iter().any(there) && led.traffic.iter().any(|asked| traffic.iter().any(|named| named.meets(asked)))
        })
        .map(|led| led.span)
        .collect();
    spans.dedup();
    spans
}

/// Something that a tunnel leads everybody to, or a proxy on the router those who get to it, in words that two policies
/// can be compared by.
pub(super) struct Published {
    pub(super) by: &'static str,
    pub(super) place: Place,
    pub(super) to: String,
    pub(super) service: String,
    pub(super) span: Span,
}

impl Published {
    pub(super) fn is_alike(&self, other: &Self) -> bool {
        (self.by, &self.to, &self.service) == (other.by, &other.to, &other.service)
    }
}

/// All that tunnels lead everybody to, each host and each port of its own; and what the router's own proxy asks, where
/// the router may send anything and no rule tells.
pub(super) fn published(network: &Network) -> Vec<Published> {
    let mut found = Vec::new();
    let mut tell = |by: &'static str, to: &[Region], traffic: &[Traffic], span: Span| {
        for region in to {
            for traffic in traffic {
                let to = region_name(network, region);
                found.push(Published { by, place: region.place, to, service: traffic.to_string(), span });
            }
        }
    };
    for led in network.led_by_tunnels() {
        tell("internet by tunnel", &led.to, &led.traffic, led.span);
    }
    let live = network.exposures.iter().filter(|exposure| !exposure.expired && exposure.is_on_router());
    for exposure in live.filter(|_| network.router.output_open) {
        let host = network.host(exposure.host);
        let leg = |zone: &ZoneId| Region {
            place: Place::Zone(*zone),
            addresses: host.address_set(Some(*zone)),
            whole: false,
        };
        let to: Vec<Region> = host.zones.iter().map(leg).collect();
        tell("router by its proxy", &to, &exposure.service, exposure.span);
    }
    found
}
