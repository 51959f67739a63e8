//! Sets of packets in words: who, to whom, and by which services.

use std::collections::BTreeMap;

use super::name::region_name;
use crate::{
    model::{AddressSet, Network, Place, Region, address::Intervals, service::Traffic},
    packet::{Cube, Family, Field, Ranges, Set, Space},
};

const EVERYTHING: &str = "everything";

/// The name of one side of a set of packets.
pub fn side_name(set: Set, source: bool, network: &Network, place: Place, space: &mut Space) -> String {
    let Some(addresses) = side_addresses(set, source, space) else {
        return region_name(network, &Region { place, addresses: AddressSet::all(), whole: false });
    };
    let addresses = nearly_whole(network, place, addresses);
    region_name(network, &Region { place, addresses, whole: false })
}

/// The addresses of one side of a set of packets; nothing when they are too scattered to be listed.
pub fn side_addresses(set: Set, source: bool, space: &mut Space) -> Option<AddressSet> {
    let (high, low) = if source { (Field::SrcHigh, Field::SrcLow) } else { (Field::DstHigh, Field::DstLow) };
    let mut only = set;
    for field in Field::ALL.into_iter().filter(|field| ![Field::Family, high, low].contains(field)) {
        only = space.project(only, field);
    }
    let cubes = space.cubes(only, 4096)?;
    let (mut v4, mut v6) = (Vec::new(), Vec::new());
    for cube in cubes {
        let families = cube.get(Field::Family).cloned().unwrap_or_else(|| Ranges::full(Field::Family));
        let full = Ranges::full(high);
        let (upper, lower) = (cube.get(high).unwrap_or(&full), cube.get(low).unwrap_or(&full));
        if families.contains(Family::V4 as u64) {
            v4.extend(upper.iter().map(|(from, to)| (u128::from(from >> 32), u128::from(to >> 32))));
        }
        if families.contains(Family::V6 as u64) {
            for (from, to) in upper.iter() {
                if lower.is_full(low) {
                    v6.push((u128::from(from) << 64, u128::from(to) << 64 | u128::from(u64::MAX)));
                } else {
                    v6.extend((from..=to).take(64).flat_map(|upper| {
                        lower
                            .iter()
                            .map(move |(from, to)| {
                                (u128::from(upper) << 64 | u128::from(from), u128::from(upper) << 64 | u128::from(to))
                            })
                            .collect::<Vec<_>>()
                    }));
                }
            }
        }
    }
    Some(AddressSet { v4: Intervals::new(v4), v6: Intervals::new(v6) })
}

/// A zone without the addresses that are the router's, or that belong to no host, is the zone to a reader; so is one
/// with link-local addresses beside its own.
pub(super) fn nearly_whole(network: &Network, place: Place, addresses: AddressSet) -> AddressSet {
    let Place::Zone(id) = place else { return addresses };
    let zone = network.zone(id);
    let whole = if zone.is_internet() { network.internet() } else { zone.network_set() };
    let own = addresses.intersect(&whole);
    if own.is_empty() {
        return addresses;
    }
    let missing = whole.minus(&own);
    let ends = AddressSet::nets(
        zone.networks
            .iter()
            .flat_map(|network| [network.net.network(), network.net.broadcast()])
            .map(ipnet::IpNet::from),
    );
    let left = missing.minus(&network.router_addresses()).minus(&ends);
    let loses_family = (own.v4.is_empty() && !whole.v4.is_empty()) || (own.v6.is_empty() && !whole.v6.is_empty());
    let all_of_family = |family: Family| left.family(family).is_empty() || own.family(family).is_empty();
    if all_of_family(Family::V4)
        && all_of_family(Family::V6)
        && (!loses_family || zone.is_internet() || !own.is_empty())
    {
        whole
    } else {
        own
    }
}

/// The services of a set in words: a list, or everything but a list; of those that packets within another set can have.
pub fn services_within(set: Set, within: Set, space: &mut Space) -> String {
    let families = space.values(set, Field::Family);
    let one = match families.iter().collect::<Vec<_>>().as_slice() {
        [(0, 0)] => " (IPv4)",
        [(1, 1)] => " (IPv6)",
        _ => "",
    };
    let families = space.cube(&Cube::any().with(Field::Family, families));
    let within = space.intersect(within, families);
    let (only, within) = (of_services(set, space), of_services(within, space));
    let words = listed(only, within, space).join(", ");
    // Lists of ports are the same in both families; that all passes in one of them should be said.
    if words == EVERYTHING && within != Set::ALL { words + one } else { words }
}

/// The services of a set, each by itself.
pub fn service_list(set: Set, space: &mut Space) -> Vec<String> {
    let only = of_services(set, space);
    listed(only, Set::ALL, space)
}

/// Protocols and ports alone.
fn of_services(set: Set, space: &mut Space) -> Set {
    let others = Field::ALL.into_iter().filter(|field| ![Field::Proto, Field::DstPort].contains(field));
    others.fold(set, |only, field| space.project(only, field))
}

fn listed(only: Set, within: Set, space: &mut Space) -> Vec<String> {
    let missing = space.minus(within, only);
    if missing == Set::EMPTY {
        return vec![EVERYTHING.to_owned()];
    }
    let (some, none) = (words(only, space), words(missing, space));
    if none.len() < some.len() { vec![format!("all but {}", none.join(", "))] } else { some }
}

fn words(set: Set, space: &Space) -> Vec<String> {
    let mut found: BTreeMap<u64, Vec<(u16, u16)>> = BTreeMap::new();
    let mut whole = Vec::new();
    for cube in space.cubes(set, 4096).unwrap_or_default() {
        let protocols = cube.get(Field::Proto).cloned().unwrap_or_else(|| Ranges::full(Field::Proto));
        let narrow = |value: u64| u16::try_from(value).unwrap_or(u16::MAX);
        match cube.get(Field::DstPort) {
            None => whole.extend(protocols.iter()),
            Some(ports) => {
                for (low, high) in protocols.iter() {
                    for protocol in low..=high {
                        found
                            .entry(protocol)
                            .or_default()
                            .extend(ports.iter().map(|(from, to)| (narrow(from), narrow(to))));
                    }
                }
            }
        }
    }
    let mut list: Vec<String> = Vec::new();
    for (low, high) in whole {
        if low == high {
            list.push(Traffic::protocol(u8::try_from(low).unwrap_or(u8::MAX)).to_string());
        } else {
            list.push(format!("protocols {low}-{high}"));
        }
    }
    for (protocol, mut ports) in found {
        ports.sort_unstable();
        let protocol = u8::try_from(protocol).unwrap_or(u8::MAX);
        list.push(Traffic { to: ports, ..Traffic::protocol(protocol) }.to_string());
    }
    list
}
