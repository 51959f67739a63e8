//! Questions whose ends lie in one zone.

use super::{
    explain::{Answer, Verdict},
    question::Question,
};
use crate::{
    model::{Network, Place},
    packet::{Cube, Field, Ranges, Set, Space},
    policy::zone_number,
};

/// The answer where both ends lie in one zone, and no two networks of it are asked about.
pub(super) fn within(network: &Network, question: &Question, words: String) -> Answer {
    let zones = || {
        question.from.iter().filter_map(|region| match region.place {
            Place::Zone(zone) => Some(zone),
            Place::Router => None,
        })
    };
    let isolated = zones().any(|zone| network.zone(zone).isolated);
    let joined = zones().any(|zone| network.joined_by_router(zone));
    let change = match (isolated, joined) {
        (true, true) => "the zone is `isolated`: the router passes on nothing from one client of its VPN to another",
        (false, true) => {
            "the router passes on what the clients of a VPN send each other: write `isolated` in its zone to end that"
        }
        (true, false) => "the zone is `isolated`: the switch or access point keeps its hosts apart, if it is set to",
        (false, false) => "put the two into different zones, or set the switch to keep them apart and write `isolated`",
    };
    Answer {
        verdict: match (isolated, joined) {
            (true, _) => Verdict::Denied,
            (false, true) => Verdict::Allowed,
            (false, false) => Verdict::Unfiltered,
        },
        question: words,
        by_name: None,
        goes_on: None,
        passes: None,
        held_back: None,
        tunnels: Vec::new(),
        proxies: Vec::new(),
        change: Some(change.to_owned()),
    }
}

/// Every packet from a zone to itself.
pub(super) fn within_zones(network: &Network, space: &mut Space) -> Set {
    let cubes = network.zone_ids().map(|(id, _)| {
        let number = Ranges::single(zone_number(id).into());
        Cube::any().with(Field::In, number.clone()).with(Field::Out, number)
    });
    space.cubes_union(cubes.collect())
}
