//! Questions whose ends lie in one zone.

use super::{
    explain::{Answer, Verdict},
    question::Question,
};
use crate::model::{Network, Place};

/// The answer where both ends lie in one zone, and no two networks of it are asked about.
pub(super) fn within(network: &Network, question: &Question, words: String) -> Answer {
    let zones = || {
        question.from.iter().filter_map(|region| match region.place {
            Place::Zone(zone) => Some(zone),
            Place::Router => None,
        })
    };
    let isolated = zones().any(|zone| network.zone(network.link(zone)).isolated);
    let by_host = zones().any(|zone| network.zone(zone).behind.is_some());
    let joined = zones().any(|zone| network.joined_by_router(zone));
    let change = match (isolated, joined) {
        (true, true) => "the zone is `isolated`: the router passes on nothing from one client of its VPN to another",
        (false, true) => {
            "the router passes on what the clients of a VPN send each other: write `isolated` in its zone to end that"
        }
        (_, false) if by_host => "the host that ends the VPN hands it on, past the router: hold it back there",
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
        others: Vec::new(),
    }
}
