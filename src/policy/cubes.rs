//! Places and addresses as cubes of packets.

use super::standing::zone_number;
use crate::{
    model::{AddressSet, Network, Place, Region},
    packet::{Cube, Family, Field, Ranges, Set, Side, Space, addresses},
    router::LOCAL,
};

/// Narrows a cube to one place.
pub fn place(cube: Cube, field: Field, place: Place) -> Cube {
    let number = match place {
        Place::Router => LOCAL,
        Place::Zone(zone) => zone_number(zone),
    };
    cube.with(field, Ranges::single(number.into()))
}

/// A region as cubes on one side.
pub fn cubes_of(region: &Region, field: Field, which: Side) -> Vec<Cube> {
    let here = place(Cube::any(), field, region.place);
    let mut found = Vec::new();
    for family in [Family::V4, Family::V6] {
        found.extend(side(&region.addresses, family, which).iter().map(|cube| here.intersect(cube)));
    }
    found
}

/// Every packet from a zone to itself, between a zone and the clients of a VPN that one of its hosts ends, and from the
/// router to itself: no matter of the router's rules.
#[must_use]
pub fn within(network: &Network, space: &mut Space) -> Set {
    let zones = || network.zone_ids().map(|(id, _)| Place::Zone(id));
    let pairs = zones().flat_map(|from| zones().map(move |to| (from, to)));
    let pairs = pairs.filter(|(from, to)| network.on_one_link(*from, *to)).chain([(Place::Router, Place::Router)]);
    space.cubes_union(pairs.map(|(from, to)| place(place(Cube::any(), Field::In, from), Field::Out, to)).collect())
}

/// The addresses of one family as cubes on one side.
pub fn side(set: &AddressSet, family: Family, side: Side) -> Vec<Cube> {
    set.family(family).ranges().iter().flat_map(|(from, to)| addresses(family, side, *from, *to)).collect()
}

/// Every destination that one host can have: neither multicast nor broadcast nor link-local. Nor the site-local and the
/// IPv4-compatible ones of old (RFC 3879, RFC 4291), which Linux drops instead of redirecting them to itself
/// (`nf_nat_redirect_ipv6_usable`: it looks for an address of the same scope).
#[must_use]
pub fn unicast() -> AddressSet {
    let none = ["224.0.0.0/3", "ff00::/8", "fe80::/10", "fec0::/10", "::/96"];
    AddressSet::all().minus(&AddressSet::nets(none.into_iter().filter_map(|net| net.parse().ok())))
}

/// How many seconds a unit has.
pub const fn seconds(unit: crate::model::TimeUnit) -> u64 {
    match unit {
        crate::model::TimeUnit::Second => 1,
        crate::model::TimeUnit::Minute => 60,
        crate::model::TimeUnit::Hour => 3_600,
        crate::model::TimeUnit::Day => 86_400,
    }
}
