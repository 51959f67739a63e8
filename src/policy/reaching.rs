//! Who reaches whom in the end: accepted packets with the destination that they have after translation.

use super::{cubes::cubes_of, meaning::Meaning};
use crate::{
    model::{AddressSet, Network, Options, Place, Region, service::Traffic},
    packet::{Cube, Field, Ranges, Set, Side, Space},
    router::{Dnat, Outcome},
};

impl Meaning {
    /// Every accepted packet with its final destination and port, whatever it carried before.
    pub fn reaching(&self, space: &mut Space) -> Set {
        let mut found = Vec::new();
        for (outcome, packets) in &self.behaviour.accepted {
            found.push(self.in_the_end(outcome, *packets, space));
        }
        space.union_all(found)
    }

    /// Packets under a translation with the destination and port that they have behind it.
    pub fn in_the_end(&self, outcome: &Outcome, packets: Set, space: &mut Space) -> Set {
        match outcome.dnat {
            None => packets,
            Some(Dnat::To { address, port }) => {
                let mut set = free(packets, space);
                let mut to = crate::packet::prefix(address.into(), Side::Dst);
                if let Some(port) = port {
                    set = space.project(set, Field::DstPort);
                    to = to.with(Field::DstPort, Ranges::single(port.into()));
                }
                let to = space.cube(&to);
                space.intersect(set, to)
            }
            Some(Dnat::ToRouter { port }) => {
                let mut set = free(packets, space);
                if let Some(port) = port {
                    set = space.project(set, Field::DstPort);
                    let to = space.cube(&Cube::any().with(Field::DstPort, Ranges::single(port.into())));
                    set = space.intersect(set, to);
                }
                let own = self.redirected.iter().map(|(zone, address)| {
                    let own = AddressSet::of(*address);
                    let to = Region { place: Place::Router, addresses: own, whole: false };
                    let arriving = Region { place: *zone, addresses: AddressSet::all(), whole: true };
                    (arriving, to)
                });
                let own: Vec<Set> = own.map(|(from, to)| between(&[from], &[to], &[Traffic::ANY], space)).collect();
                let own = space.union_all(own);
                space.intersect(set, own)
            }
        }
    }
}

fn free(packets: Set, space: &mut Space) -> Set {
    let set = space.project(packets, Field::DstHigh);
    space.project(set, Field::DstLow)
}

/// The packets from some regions to others, of some traffic.
pub fn between(from: &[Region], to: &[Region], traffic: &[Traffic], space: &mut Space) -> Set {
    let ends = |regions: &[Region], field: Field, side: Side, space: &mut Space| {
        let cubes = regions.iter().flat_map(|region| cubes_of(region, field, side)).collect();
        space.cubes_union(cubes)
    };
    let from = ends(from, Field::In, Side::Src, space);
    let to = ends(to, Field::Out, Side::Dst, space);
    let traffic = space.cubes_union(traffic.iter().map(|traffic| traffic.narrow(Cube::any())).collect());
    let ends = space.intersect(from, to);
    space.intersect(ends, traffic)
}

/// The network as it is once every date has passed that makes it more open (`loosest`) or more closed (not `loosest`).
#[must_use]
pub fn undated(network: &Network, loosest: bool) -> Network {
    use crate::model::Action;
    let dated = |options: &Options| options.until.is_some();
    let mut network = network.clone();
    for rule in &mut network.rules {
        let opens = rule.action == Action::Deny;
        if dated(&rule.options) && opens == loosest {
            rule.expired = true;
        }
    }
    if !loosest {
        for exposure in &mut network.exposures {
            exposure.expired |= dated(&exposure.options);
        }
    }
    network
}

/// Does any statement have a date?
#[must_use]
pub fn has_dates(network: &Network) -> bool {
    network.rules.iter().any(|rule| rule.options.until.is_some())
        || network.exposures.iter().any(|exposure| exposure.options.until.is_some())
}
