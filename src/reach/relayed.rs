//! What a proxy on the router is asked, and asks in turn: two connections of which the router ends the first. Nobody is
//! taken to have the router itself, so that chains go on with what the proxy asks and with nothing else.

use crate::{
    model::{AddressSet, HostId, Network, Place, Region, service::Traffic},
    packet::{Set, Space},
    policy::between,
};

/// A proxy on the router.
#[derive(Clone, Copy)]
pub(super) struct Relayed {
    /// The packets to it that pass, whoever sends them.
    pub(super) heard: Set,
    /// The packets that it may send for them.
    pub(super) asks: Set,
    /// Of these, what ends a chain.
    pub(super) last: Set,
}

/// Whom proxies on the router ask, on which services, in the order of their exposures.
pub(super) fn asked_by_router(network: &Network) -> Vec<(Vec<Region>, Vec<Traffic>)> {
    let mut found = Vec::new();
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired && exposure.is_on_router()) {
        found.push((legs(network, exposure.host), exposure.service.clone()));
        if let Some(sign_in) = &exposure.sign_in {
            found.push((legs(network, sign_in.host), sign_in.service.clone()));
        }
    }
    found
}

/// All proxies on the router, as far as packets reach them and they reach others.
pub(super) fn relayed(
    network: &Network,
    reaching: Set,
    (to, traffic): (&[Region], &[Traffic]),
    space: &mut Space,
) -> Vec<Relayed> {
    let router = [Region { place: Place::Router, addresses: AddressSet::all(), whole: true }];
    let last = between(&router, to, traffic, space);
    let zones = network.zone_ids().map(|(id, _)| Place::Zone(id));
    let anybody: Vec<Region> = zones.map(|place| Region { place, addresses: AddressSet::all(), whole: true }).collect();
    let mut found = Vec::new();
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired && exposure.is_on_router()) {
        let heard = between(&anybody, &router, exposure.target().1, space);
        let heard = space.intersect(heard, reaching);
        let asked = Some((exposure.host, &exposure.service)).into_iter();
        for (host, service) in asked.chain(exposure.sign_in.as_ref().map(|one| (one.host, &one.service))) {
            let asks = between(&router, &legs(network, host), service, space);
            let asks = space.intersect(asks, reaching);
            let last = space.intersect(asks, last);
            found.push(Relayed { heard, asks, last });
        }
    }
    found
}

fn legs(network: &Network, host: HostId) -> Vec<Region> {
    let host = network.host(host);
    let leg = |zone: &crate::model::ZoneId| Region {
        place: Place::Zone(*zone),
        addresses: host.address_set(Some(*zone)),
        whole: false,
    };
    host.zones.iter().map(leg).filter(|region| !region.addresses.is_empty()).collect()
}
