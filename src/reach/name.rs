//! Names for addresses: the host that has one, or the address and its zone.

use std::net::IpAddr;

use crate::{
    model::{
        Network, Place, Region, ZoneId,
        address::{address, bits},
    },
    packet::Family,
};

/// `ha`, or `10.0.30.1 (iot)`.
#[must_use]
pub fn address_name(network: &Network, zone: ZoneId, address: IpAddr) -> String {
    let has = |addresses: &[crate::model::HostAddress]| {
        addresses.iter().any(|own| bits(own.address) == bits(address) && own.address.is_ipv4() == address.is_ipv4())
    };
    match network.hosts.iter().find(|host| has(&host.addresses)) {
        Some(host) => host.name.clone(),
        None if network.zone(zone).is_internet() => format!("{address} ({})", network.zone(zone).name),
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
    if region.addresses == zone.network_set() || zone.is_internet() && region.addresses == network.internet() {
        return if zone.is_internet() { "internet".to_owned() } else { zone.name.clone() };
    }
    let hosts: Vec<&str> = network
        .hosts
        .iter()
        .filter(|host| {
            let own = host.address_set(Some(id));
            !own.is_empty() && region.addresses.covers(&own)
        })
        .map(|host| host.name.as_str())
        .collect();
    let named = network
        .hosts
        .iter()
        .filter(|host| hosts.contains(&host.name.as_str()))
        .fold(crate::model::AddressSet::default(), |set, host| set.union(&host.address_set(Some(id))));
    if !hosts.is_empty() && named == region.addresses && hosts.len() <= 4 {
        return hosts.join(", ");
    }
    let ranges: Vec<(Family, (u128, u128))> = [Family::V4, Family::V6]
        .into_iter()
        .flat_map(|family| region.addresses.family(family).ranges().iter().map(move |range| (family, *range)))
        .collect();
    match ranges.as_slice() {
        [(family, (from, to))] if from == to => address(*family, *from).to_string(),
        [(family, (from, to))] => format!("{}-{} ({})", address(*family, *from), address(*family, *to), zone.name),
        _ => format!("part of {}", zone.name),
    }
}
