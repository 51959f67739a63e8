//! Names for addresses: the host that has one, or the address and its zone.

use std::net::IpAddr;

use crate::{
    model::{
        AddressSet, Network, Place, Region, Zone, ZoneId,
        address::{address, bits},
    },
    packet::{Family, Packet},
    policy::describe,
    router::{LOCAL, Outcome},
};

/// `ha`, or `10.0.30.1 (iot)`.
#[must_use]
pub fn address_name(network: &Network, zone: ZoneId, address: IpAddr) -> String {
    let has = |addresses: &[crate::model::HostAddress]| {
        addresses.iter().any(|own| bits(own.address) == bits(address) && own.address.is_ipv4() == address.is_ipv4())
    };
    match network.hosts.iter().find(|host| has(&host.addresses)) {
        Some(host) => host.name.clone(),
        None => format!("{address} ({})", network.zone(zone).name),
    }
}

/// A region by the name that a person would use for it.
#[must_use]
pub fn region_name(network: &Network, region: &Region) -> String {
    let Place::Zone(id) = region.place else {
        return "router".to_owned();
    };
    let zone = network.zone(id);
    // A name stands for what it has in the families that the region is about.
    let alike = |whole: &AddressSet| {
        let equal = |family: Family| {
            region.addresses.family(family).is_empty() || region.addresses.family(family) == whole.family(family)
        };
        !region.addresses.is_empty() && equal(Family::V4) && equal(Family::V6)
    };
    if zone.is_internet() && alike(&network.internet()) {
        return "internet".to_owned();
    }
    if !zone.is_internet() && alike(&zone.network_set()) {
        return zone.name.clone();
    }
    let inside: Vec<(&str, AddressSet)> = network
        .hosts
        .iter()
        .map(|host| (host.name.as_str(), host.address_set(Some(id)).intersect(&region.addresses)))
        .filter(|(_, own)| !own.is_empty())
        .collect();
    let named = inside.iter().fold(AddressSet::default(), |set, (_, own)| set.union(own));
    if !inside.is_empty() && inside.len() <= 4 && alike(&named) {
        return inside.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(", ");
    }
    let ranges: Vec<(Family, (u128, u128))> = [Family::V4, Family::V6]
        .into_iter()
        .flat_map(|family| region.addresses.family(family).ranges().iter().map(move |range| (family, *range)))
        .collect();
    let list = network.ranges.iter().find(|list| {
        let foreign =
            if zone.is_internet() { list.addresses.intersect(&network.internet()) } else { list.addresses.clone() };
        ranges.len() > 1 && alike(&foreign)
    });
    if let Some(list) = list {
        return list.name.clone();
    }
    match ranges.as_slice() {
        [(family, (from, to))] if from == to => address(*family, *from).to_string(),
        [(family, (from, to))] => format!("{}-{} ({})", address(*family, *from), address(*family, *to), zone.name),
        _ => format!("part of {}", zone.name),
    }
}

/// A packet for a person as its sender means it: what is sent to the router goes to the router, wherever a translation
/// leads it.
#[must_use]
pub fn describe_sent(packet: &Packet, outcome: Outcome, network: &Network) -> String {
    let to = address(packet.family, packet.dst);
    let own = outcome.dnat.is_some() && network.router_addresses().contains(to);
    let text = describe(&Packet { egress: if own { LOCAL } else { packet.egress }, ..*packet }, network);
    let given = |zone: &&Zone| zone.addresses.iter().any(|own| own.address == to && !own.source.is_known());
    match network.zones.iter().find(given) {
        Some(zone) => format!("{text} ({to} stands for the address that `{}` is given)", zone.name),
        None => text,
    }
}
