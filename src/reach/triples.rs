//! A set of packets as triples: who, to whom, by which services.

use super::words::{services_within, side_name};
use crate::{
    model::{Network, Place, ZoneId},
    packet::{Cube, Field, Ranges, Set, Space},
};

/// The packets of a set that cross one pair of places, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Triple {
    pub from: String,
    pub to: String,
    pub service: String,
    /// The two places; nothing for an interface that no zone names.
    pub places: (Option<Place>, Option<Place>),
    pub packets: Set,
}

/// One triple for each pair of interfaces that packets of the set cross. `within` holds the packets that can be: of
/// services, all of these are everything.
#[must_use]
pub fn triples(network: &Network, set: Set, within: Set, space: &mut Space) -> Vec<Triple> {
    let mut found = Vec::new();
    for from in numbers(set, Field::In, space) {
        let here = space.cube(&Cube::any().with(Field::In, Ranges::single(from)));
        let here = space.intersect(set, here);
        for to in numbers(here, Field::Out, space) {
            let there = space.cube(&Cube::any().with(Field::Out, Ranges::single(to)));
            let packets = space.intersect(here, there);
            let places = (place(network, from), place(network, to));
            let side = |source: bool, place: Option<Place>, space: &mut Space| match place {
                Some(place) => side_name(packets, source, network, place, space),
                None => "another interface".to_owned(),
            };
            found.push(Triple {
                from: side(true, places.0, space),
                to: side(false, places.1, space),
                service: services_within(packets, within, space),
                places,
                packets,
            });
        }
    }
    found
}

fn numbers(set: Set, field: Field, space: &mut Space) -> Vec<u64> {
    space.values(set, field).iter().flat_map(|(low, high)| low..=high).collect()
}

fn place(network: &Network, number: u64) -> Option<Place> {
    match usize::try_from(number).ok()?.checked_sub(1) {
        None => Some(Place::Router),
        Some(index) => (index < network.zones.len()).then_some(Place::Zone(ZoneId(index))),
    }
}
