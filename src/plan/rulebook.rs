//! Flows grouped by the pair of places that they cross, with the addresses as a router can be told them.

use std::collections::BTreeMap;

use super::addresses::{Addresses, Unsayable};
use crate::{
    diagnostic::Diagnostic,
    model::{Action, Network, Options, Place, ZoneId, service::Traffic},
    packet::Family,
    policy::{Cause, Flow, Forward, Meaning},
};

/// One line: packets of one family and protocol from some addresses to others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    pub cause: Cause,
    pub family: Family,
    pub from: Addresses,
    pub to: Addresses,
    pub traffic: Traffic,
    pub options: Options,
}

/// What is held back and let through between two places. A deny wins over every allow.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pair {
    pub denied: Vec<Line>,
    pub allowed: Vec<Line>,
    /// The forwards whose packets come this way, by their number in [`Rulebook::forwards`].
    pub forwarded: Vec<usize>,
}

/// All that a router has to be told.
#[derive(Clone, Debug, Default)]
pub struct Rulebook {
    pub pairs: BTreeMap<(Place, Place), Pair>,
    pub forwards: Vec<Forward>,
}

/// The rulebook of a policy.
///
/// # Errors
/// A diagnostic for every statement that no router could be told, at its place.
pub fn rulebook(network: &Network, meaning: &Meaning) -> Result<Rulebook, Vec<Diagnostic>> {
    let mut book = Rulebook { forwards: each_once(&meaning.forwards), ..Rulebook::default() };
    let mut errors = Vec::new();
    for flow in meaning.flows.denied.iter().chain(&meaning.flows.allowed) {
        match lines(network, flow) {
            Ok(lines) => {
                let pair = book.pairs.entry((flow.from.place, flow.to.place)).or_default();
                let list = if flow.action == Action::Deny { &mut pair.denied } else { &mut pair.allowed };
                list.extend(lines);
            }
            Err(why) => errors.extend(unsayable(flow, why)),
        }
    }
    for (from, to) in network.joined() {
        let pair = book.pairs.entry((Place::Zone(from), Place::Zone(to))).or_default();
        let side = |id: ZoneId, family: Family| {
            let own = network.zone(id).network_set();
            let own = Some(own.family(family).clone()).filter(|own| !own.is_empty())?;
            Addresses::of(network, Place::Zone(id), &own, family).ok()
        };
        for family in [Family::V4, Family::V6] {
            let (Some(from), Some(to)) = (side(from, family), side(to, family)) else { continue };
            pair.allowed.push(Line {
                cause: Cause::SameZone,
                family,
                from,
                to,
                traffic: Traffic::ANY,
                options: Options::default(),
            });
        }
    }
    for (index, forward) in book.forwards.iter().enumerate() {
        let Some(zone) = forward.zone else { continue };
        for region in &forward.granted {
            book.pairs.entry((region.place, Place::Zone(zone))).or_default().forwarded.push(index);
        }
    }
    errors.dedup();
    if errors.is_empty() { Ok(book) } else { Err(errors) }
}

/// Two exposures behind one proxy open the same port to the same host: that is one forward.
fn each_once(forwards: &[Forward]) -> Vec<Forward> {
    let mut found: Vec<Forward> = Vec::new();
    for forward in forwards {
        if !found.iter().any(|other| Forward { cause: forward.cause, ..other.clone() } == *forward) {
            found.push(forward.clone());
        }
    }
    found
}

fn lines(network: &Network, flow: &Flow) -> Result<Vec<Line>, Unsayable> {
    let mut found = Vec::new();
    for family in [Family::V4, Family::V6].into_iter().filter(|family| flow.has_family(*family)) {
        let from = Addresses::of(network, flow.from.place, flow.from.addresses.family(family), family)?;
        let to = Addresses::of(network, flow.to.place, flow.to.addresses.family(family), family)?;
        for traffic in flow.traffic.iter().filter(|traffic| traffic.has_family(family)) {
            found.push(Line {
                cause: flow.cause,
                family,
                from: from.clone(),
                to: to.clone(),
                traffic: traffic.clone(),
                options: flow.options.clone(),
            });
        }
    }
    Ok(found)
}

fn unsayable(flow: &Flow, why: Unsayable) -> Option<Diagnostic> {
    let span = flow.cause.span()?;
    let error = Diagnostic::error(
        "backend-cannot-express",
        span,
        "this names a part of a delegated IPv6 network that no router can be told",
    );
    Some(match why {
        Unsayable::Ranges => error
            .label("holds a range below a prefix that may change")
            .help("name single hosts by their `suffix`, the whole zone, or the zone `except` single hosts"),
        Unsayable::TwoNetworks => error
            .label("the zone has two delegated networks with different hosts in each")
            .help("give the zone one delegated network"),
    })
}
