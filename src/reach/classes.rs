//! Classes of addresses that the rules treat alike.

use std::{
    collections::{BTreeMap, HashMap},
    net::IpAddr,
};

use crate::{
    model::{
        AddressSet, HostId, Network, Place, Region, ZoneId,
        address::{Intervals, address, bits},
    },
    packet::Family,
    policy::Meaning,
};

/// One address by which a class is in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Leg {
    pub zone: ZoneId,
    pub family: Family,
    /// The address as an integer of its family's width. It stands for all of the class.
    pub address: u128,
}

/// Hosts, or other addresses of a zone, that no rule tells apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Class {
    pub legs: Vec<Leg>,
    /// The declared hosts in it; none for the other addresses of a zone.
    pub hosts: Vec<HostId>,
}

/// All classes of a network.
#[derive(Clone, Debug, Default)]
pub struct Classes {
    pub list: Vec<Class>,
}

/// A family of a zone.
type Side = (ZoneId, Family);

impl Classes {
    /// Sorts the addresses of a network into classes. `more` are regions that shall not be cut across either.
    #[must_use]
    pub fn new(network: &Network, meaning: &Meaning, more: &[Region]) -> Self {
        let marks = marks(network, meaning, more);
        let mut list = Vec::new();
        // Hosts with the same marks on all of their legs are alike.
        let mut alike: BTreeMap<Vec<(Side, u64)>, Vec<HostId>> = BTreeMap::new();
        let mut taken: HashMap<Side, Vec<(u128, u128)>> = HashMap::new();
        for (index, host) in network.hosts.iter().enumerate() {
            let mut signature = Vec::new();
            for own in &host.addresses {
                let family = if own.address.is_ipv4() { Family::V4 } else { Family::V6 };
                let side = (own.zone, family);
                let value = bits(own.address);
                taken.entry(side).or_default().push((value, value));
                signature.push((side, marks.get(&side).map_or(0, |marks| marks.at(value))));
            }
            if !signature.is_empty() {
                signature.sort_unstable();
                alike.entry(signature).or_default().push(HostId(index));
            }
        }
        for hosts in alike.into_values() {
            let Some(first) = hosts.first() else { continue };
            let legs = network.host(*first).addresses.iter().map(|own| Leg {
                zone: own.zone,
                family: if own.address.is_ipv4() { Family::V4 } else { Family::V6 },
                address: bits(own.address),
            });
            list.push(Class { legs: legs.collect(), hosts: hosts.clone() });
        }
        for (side, marks) in &marks {
            let taken = Intervals::new(taken.remove(side).unwrap_or_default());
            for rest in marks.classes(&rest(network, *side).minus(&taken)) {
                if let Some(address) = representative(&rest, side.1) {
                    list.push(Class { legs: vec![Leg { zone: side.0, family: side.1, address }], hosts: Vec::new() });
                }
            }
        }
        Self { list }
    }
}

/// The addresses of a zone that some device may have: not the router's, not the broadcast.
fn rest(network: &Network, (zone, family): Side) -> Intervals {
    let data = network.zone(zone);
    let all = if data.is_internet() {
        network.internet().union(&AddressSet::nets(data.upstream.iter().copied()))
    } else {
        let ends =
            data.networks.iter().map(|network| network.net).filter(|net| net.addr().is_ipv4() && net.prefix_len() < 31);
        let ends = ends.flat_map(|net| [net.network(), net.broadcast()]).map(ipnet::IpNet::from);
        data.network_set().minus(&AddressSet::nets(ends))
    };
    all.minus(&network.router_addresses()).family(family).clone()
}

/// An address that a person would take for an example: not the first of a large range.
fn representative(set: &Intervals, family: Family) -> Option<u128> {
    let (from, to) = *set.ranges().first()?;
    let typical = match (family, address(family, from)) {
        (Family::V4, IpAddr::V4(first)) if first.octets()[3] == 0 && from < to => from + 1,
        (Family::V6, _) if from & 0xffff == 0 && from < to => from + 1,
        _ => from,
    };
    Some(typical)
}

/// Where the sets that the rules speak of begin and end on one side, with a mark for each stretch between: two
/// addresses with one mark lie in the same sets.
struct Marks(Vec<(u128, u64)>);

impl Marks {
    fn at(&self, value: u128) -> u64 {
        let index = self.0.partition_point(|(start, _)| *start <= value);
        index.checked_sub(1).and_then(|index| self.0.get(index)).map_or(0, |(_, mark)| *mark)
    }

    /// The addresses of a set by mark.
    fn classes(&self, set: &Intervals) -> Vec<Intervals> {
        let mut by_mark: BTreeMap<u64, Vec<(u128, u128)>> = BTreeMap::new();
        for &(from, to) in set.ranges() {
            let mut start = from;
            loop {
                let index = self.0.partition_point(|(at, _)| *at <= start);
                let end = self.0.get(index).map_or(to, |(next, _)| to.min(next - 1));
                by_mark.entry(self.at(start)).or_default().push((start, end));
                if end == to {
                    break;
                }
                start = end + 1;
            }
        }
        by_mark.into_values().map(Intervals::new).collect()
    }
}

fn marks(network: &Network, meaning: &Meaning, more: &[Region]) -> BTreeMap<Side, Marks> {
    let mut sets: BTreeMap<Side, Vec<Intervals>> = BTreeMap::new();
    let mut add = |place: Place, addresses: &AddressSet| {
        if let Place::Zone(zone) = place {
            for family in [Family::V4, Family::V6] {
                sets.entry((zone, family)).or_default().push(addresses.family(family).clone());
            }
        }
    };
    for flow in meaning.flows.allowed.iter().chain(&meaning.flows.denied) {
        add(flow.from.place, &flow.from.addresses);
        add(flow.to.place, &flow.to.addresses);
    }
    for forward in &meaning.forwards {
        for region in forward.granted.iter().chain(&forward.translated) {
            add(region.place, &region.addresses);
        }
        if let (Some(zone), Some(target)) = (forward.zone, forward.target) {
            add(Place::Zone(zone), &AddressSet::of(target));
        }
    }
    for region in more {
        add(region.place, &region.addresses);
    }
    for (id, zone) in network.zone_ids() {
        add(Place::Zone(id), &zone.network_set());
    }
    sets.into_iter().map(|(side, sets)| (side, mark(sets))).collect()
}

fn mark(mut sets: Vec<Intervals>) -> Marks {
    sets.sort_unstable_by(|a, b| a.ranges().cmp(b.ranges()));
    sets.dedup();
    let mut events: Vec<(u128, u64)> = Vec::new();
    for (index, set) in sets.iter().enumerate() {
        let word = scramble(u64::try_from(index).unwrap_or(u64::MAX) + 1);
        for (from, to) in set.ranges() {
            events.push((*from, word));
            events.extend(to.checked_add(1).map(|end| (end, word)));
        }
    }
    events.sort_unstable();
    let mut marks: Vec<(u128, u64)> = vec![(0, 0)];
    let mut current = 0;
    for (at, word) in events {
        // A set that begins toggles its word in, one that ends toggles it out.
        current ^= word;
        match marks.last_mut() {
            Some(last) if last.0 == at => last.1 = current,
            _ => marks.push((at, current)),
        }
    }
    Marks(marks)
}

/// A word for a set such that the words of different collections of sets differ (the finaliser of splitmix64).
const fn scramble(value: u64) -> u64 {
    let value = value.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    value ^ (value >> 31)
}
