//! The nodes that a set of packets is about: a zone, the hosts in it, or what is left of it.

use super::{Builder, End};
use crate::{
    model::{AddressSet, HostId, Place, Region},
    packet::{self, Family, Field, Set},
    reach::{
        name::region_name,
        words::{nearly_whole, side_addresses},
    },
};

/// One side of a set: a node, the addresses that it stands for, and which part of it that is.
pub(super) struct Side {
    pub(super) end: End,
    pub(super) region: Region,
    pub(super) part: Option<String>,
}

impl Builder<'_> {
    /// The nodes that one side of a set is about.
    pub(super) fn ends(&mut self, set: Set, source: bool, place: Place, family: Family) -> Vec<Side> {
        let all = |end, part| Side { end, region: Region { place, addresses: AddressSet::all(), whole: false }, part };
        let Place::Zone(id) = place else { return vec![all(End::Router, None)] };
        let Some(found) = side_addresses(set, source, &mut self.meant.space) else {
            return vec![all(End::Zone(id), Some(format!("part of {}", self.network.zone(id).name)))];
        };
        let zone = self.network.zone(id);
        let hosts: Vec<(HostId, AddressSet)> = (self.network.hosts.iter().enumerate())
            .map(|(index, host)| (HostId(index), only(&host.address_set(Some(id)), family)))
            .filter(|(_, own)| !own.is_empty())
            .collect();
        let named = hosts.iter().fold(AddressSet::default(), |all, (_, own)| all.union(own));
        let whole = if zone.is_internet() { self.network.internet() } else { zone.network_set() };
        let whole = only(&whole, family);
        // A zone is there when everything in it is that is no declared host.
        let filled = nearly_whole(self.network, place, found.union(&named));
        let rest = whole.minus(&named);
        if !rest.is_empty() && only(&filled, family) == whole {
            let missing: Vec<&str> = hosts
                .iter()
                .filter(|(_, own)| !found.covers(own))
                .map(|(host, _)| self.network.host(*host).name.as_str())
                .collect();
            let part = (!missing.is_empty()).then(|| format!("all but {}", missing.join(", ")));
            return vec![all(End::Zone(id), part)];
        }
        let mut sides = Vec::new();
        let mut left = found;
        for (host, own) in hosts {
            if left.covers(&own) {
                left = left.minus(&own);
                let region = Region { place, addresses: own, whole: false };
                sides.push(Side { end: End::Host(host), region, part: None });
            }
        }
        if !left.is_empty() {
            let region = Region { place, addresses: left, whole: false };
            let part = Some(region_name(self.network, &region));
            sides.push(Side { end: End::Zone(id), region, part });
        }
        sides
    }

    /// Takes the hosts out of a whole zone that may do something else than the rest of it.
    pub(super) fn apart(&mut self, set: Set, source: bool, sides: Vec<Side>, family: Family) -> Vec<Side> {
        let [Side { end: End::Zone(id), region, .. }] = sides.as_slice() else { return sides };
        let (id, place) = (*id, region.place);
        let fields = if source { [Field::SrcHigh, Field::SrcLow] } else { [Field::DstHigh, Field::DstLow] };
        if self.is_even(set, fields) {
            return sides;
        }
        let part = |addresses| Region { place, addresses, whole: false };
        let hosts: Vec<(HostId, AddressSet)> = (self.network.hosts.iter().enumerate())
            .map(|(index, host)| (HostId(index), only(&host.address_set(Some(id)), family)))
            .filter(|(_, own)| !own.is_empty())
            .collect();
        let named = hosts.iter().fold(AddressSet::default(), |all, (_, own)| all.union(own));
        let usual = self.what(set, source, &part(region.addresses.minus(&named)), fields);
        let (mut found, mut rest, mut names) = (Vec::new(), region.addresses.clone(), Vec::new());
        for (host, own) in hosts {
            let own = part(own);
            if self.what(set, source, &own, fields) != usual {
                rest = rest.minus(&own.addresses);
                names.push(self.network.host(host).name.as_str());
                found.push(Side { end: End::Host(host), region: own, part: None });
            }
        }
        if names.is_empty() {
            return sides;
        }
        let part = Some(format!("all but {}", names.join(", ")));
        found.push(Side { end: End::Zone(id), region: Region { place, addresses: rest, whole: false }, part });
        found
    }

    /// What some addresses of one side may do, whichever they are.
    fn what(&mut self, set: Set, source: bool, region: &Region, fields: [Field; 2]) -> Set {
        let side = if source { packet::Side::Src } else { packet::Side::Dst };
        let space = &mut self.meant.space;
        let cubes = region
            .addresses
            .v4
            .ranges()
            .iter()
            .flat_map(|(from, to)| packet::addresses(Family::V4, side, *from, *to))
            .chain(
                (region.addresses.v6.ranges().iter())
                    .flat_map(|(from, to)| packet::addresses(Family::V6, side, *from, *to)),
            )
            .collect();
        let here = space.cubes_union(cubes);
        let here = space.intersect(set, here);
        fields.into_iter().fold(here, |set, field| space.project(set, field))
    }

    /// May all addresses of one side do the same?
    fn is_even(&mut self, set: Set, fields: [Field; 2]) -> bool {
        let space = &mut self.meant.space;
        let what = fields.into_iter().fold(set, |set, field| space.project(set, field));
        let who = Field::ALL
            .into_iter()
            .filter(|field| !fields.contains(field))
            .fold(set, |set, field| space.project(set, field));
        space.intersect(what, who) == set
    }
}

fn only(set: &AddressSet, family: Family) -> AddressSet {
    match family {
        Family::V4 => AddressSet { v4: set.v4.clone(), ..AddressSet::default() },
        Family::V6 => AddressSet { v6: set.v6.clone(), ..AddressSet::default() },
    }
}
