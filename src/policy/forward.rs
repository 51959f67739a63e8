//! Destination translations: port forwards, tunnels that end on a host, redirects.

use std::net::IpAddr;

use super::{cause::Cause, flow::internet, reaching::between, standing::zone_number};
use crate::{
    model::{
        AddressSet, Exposure, HostId, Network, Place, Region, Tls, ZoneId,
        address::bits,
        service::{TCP, Traffic},
    },
    packet::{Family, Packet, Set, Space},
    router::{Dnat, LOCAL},
};

/// The destination that packets carry before the translation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Original {
    /// The router's own addresses in these internet zones.
    Uplinks(Vec<ZoneId>),
    /// Anybody, but the target itself: a redirect.
    Anyone,
}

/// One destination translation of one family.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Forward {
    pub cause: Cause,
    pub family: Family,
    /// Who comes in from outside and is let in by the forward itself.
    pub granted: Vec<Region>,
    /// Who is translated too, but gets in only if a rule says so.
    pub translated: Vec<Region>,
    pub original: Original,
    /// One protocol, as it arrives.
    pub traffic: Traffic,
    /// Where it goes; none is the router itself.
    pub target: Option<IpAddr>,
    /// The zone that the target is in; none for the router.
    pub zone: Option<ZoneId>,
    /// The new destination port, if it is another one.
    pub port: Option<u16>,
    pub options: crate::model::Options,
}

impl Forward {
    /// The packets that it lets in by itself, with the destination that they have in the end.
    #[must_use]
    pub fn lets_in(&self, space: &mut Space) -> Set {
        let place = self.zone.map_or(Place::Router, Place::Zone);
        let addresses = self.target.map_or_else(AddressSet::all, AddressSet::of);
        let to = [Region { place, addresses, whole: false }];
        let ports = self.port.map_or_else(|| self.traffic.to.clone(), |port| vec![(port, port)]);
        let inner = Traffic { to: ports, ..self.traffic.clone() };
        between(&self.granted, &to, &[inner], space)
    }
}

impl Forward {
    /// What it makes of a destination.
    #[must_use]
    pub fn dnat(&self) -> Dnat {
        match self.target {
            Some(address) => Dnat::To { address, port: self.port },
            None => Dnat::ToRouter { port: self.port },
        }
    }

    /// A packet of it behind the translation. `redirected` are the addresses of [`super::Meaning::redirected`].
    #[must_use]
    pub fn translate(&self, packet: &Packet, redirected: &[(Place, IpAddr)]) -> Packet {
        let came = |place: Place| matches!(place, Place::Zone(zone) if zone_number(zone) == packet.ingress);
        let own = || {
            let alike = redirected.iter().filter(|(_, own)| own.is_ipv4() == (packet.family == Family::V4));
            alike.filter(|(place, _)| came(*place)).map(|(_, own)| *own).next()
        };
        Packet {
            egress: self.zone.map_or(LOCAL, zone_number),
            dst: self.target.or_else(own).map_or(packet.dst, bits),
            dst_port: self.port.unwrap_or(packet.dst_port),
            ..*packet
        }
    }
}

/// All translations, in the order in which they are tried. A packet takes the first that fits.
#[must_use]
pub fn forwards(network: &Network) -> Vec<Forward> {
    let mut found = Vec::new();
    for (index, exposure) in
        network.exposures.iter().enumerate().filter(|(_, exposure)| !exposure.expired && exposure.tunnel.is_none())
    {
        of_exposure(&mut found, network, index, exposure);
    }
    for (index, vpn) in network.vpns.iter().enumerate() {
        let Some(host) = vpn.server else { continue };
        for traffic in &vpn.listen {
            to_host(
                &mut found,
                network,
                Cause::Vpn(index, vpn.span),
                host,
                &vpn.on,
                (internet(network, &vpn.on), Vec::new()),
                traffic,
                None,
                &crate::model::Options::default(),
            );
        }
    }
    for (index, redirect) in network.redirects.iter().enumerate() {
        let cause = Cause::Redirect(index, redirect.span);
        for traffic in &redirect.traffic {
            for family in [Family::V4, Family::V6].into_iter().filter(|family| traffic.has_family(*family)) {
                let target = redirect.to.map(|host| (host, network.host(host).address(family)));
                let (target, zone) = match target {
                    None => (None, None),
                    Some((_, Some(address))) => (Some(address.address), Some(address.zone)),
                    Some((_, None)) => continue,
                };
                let except = redirect.to.map(|host| network.host(host).address_set(None)).unwrap_or_default();
                let translated: Vec<Region> = redirect
                    .from
                    .iter()
                    .map(|region| Region { addresses: region.addresses.minus(&except), whole: false, ..region.clone() })
                    .filter(|region| !region.addresses.family(family).is_empty())
                    .collect();
                // Nobody of them speaks it.
                if translated.is_empty() {
                    continue;
                }
                found.push(Forward {
                    cause,
                    family,
                    granted: Vec::new(),
                    translated,
                    original: Original::Anyone,
                    traffic: traffic.clone(),
                    target,
                    zone,
                    port: None,
                    options: redirect.options.clone(),
                });
            }
        }
    }
    found
}

/// The router's first address of each family in each zone, which a redirect to the router leads to.
pub(super) fn redirected(network: &Network) -> Vec<(Place, IpAddr)> {
    let mut found = Vec::new();
    for (id, zone) in network.zone_ids() {
        for v4 in [true, false] {
            let own = zone.addresses.iter().find(|own| own.address.is_ipv4() == v4);
            found.extend(own.map(|own| (Place::Zone(id), own.address)));
        }
    }
    found
}

fn of_exposure(found: &mut Vec<Forward>, network: &Network, index: usize, exposure: &Exposure) {
    if exposure.ipv4 == Some(false) {
        return;
    }
    let cause = Cause::Exposure(index, exposure.span);
    // What the router answers itself needs no translation.
    let (Some(host), service) = exposure.target() else { return };
    let inside = |on: bool| if on { insiders(network) } else { Vec::new() };
    let from: Vec<Region> = exposure
        .from
        .iter()
        .filter(|region| matches!(region.place, Place::Zone(zone) if exposure.on.contains(&zone)))
        .cloned()
        .collect();
    for traffic in service {
        let public = exposure
            .port
            .map_or_else(|| traffic.clone(), |(port, _)| Traffic { to: vec![(port, port)], ..traffic.clone() });
        let inner = exposure.port.and_then(|(port, _)| traffic.single_port().filter(|inner| *inner != port));
        to_host(
            found,
            network,
            cause,
            host,
            &exposure.on,
            (from.clone(), inside(exposure.hairpin)),
            &public,
            inner,
            &exposure.options,
        );
    }
    if exposure.tls == Some(Tls::Http01) {
        // The certificate's authority comes by the proxy of the name, if there is one, as everybody else.
        let from = if exposure.proxied.is_some() { from } else { internet(network, &exposure.on) };
        to_host(
            found,
            network,
            cause,
            host,
            &exposure.on,
            (from, inside(exposure.hairpin)),
            &Traffic::ports(TCP, 80, 80),
            None,
            &exposure.options,
        );
    }
}

/// Every zone inside, whole.
fn insiders(network: &Network) -> Vec<Region> {
    network
        .zone_ids()
        .filter(|(id, zone)| !zone.is_internet() && !network.is_hidden(*id))
        .map(|(id, zone)| Region { place: Place::Zone(id), addresses: zone.network_set(), whole: true })
        .collect()
}

#[expect(clippy::too_many_arguments, reason = "the parts of a forward, each once")]
fn to_host(
    found: &mut Vec<Forward>,
    network: &Network,
    cause: Cause,
    host: HostId,
    on: &[ZoneId],
    (granted, translated): (Vec<Region>, Vec<Region>),
    traffic: &Traffic,
    port: Option<u16>,
    options: &crate::model::Options,
) {
    // IPv6 has no port forwards: an exposed host is reached by its own address.
    let Some(target) = network.host(host).address(Family::V4) else { return };
    let has_address = |zone: &ZoneId| network.zone(*zone).addresses.iter().any(|own| own.address.is_ipv4());
    let on: Vec<ZoneId> = on.iter().copied().filter(has_address).collect();
    if !traffic.has_family(Family::V4) || on.is_empty() {
        return;
    }
    let granted: Vec<Region> =
        granted.into_iter().filter(|region| on.iter().any(|zone| region.place == Place::Zone(*zone))).collect();
    let only_v4 = |regions: Vec<Region>| -> Vec<Region> {
        regions
            .into_iter()
            .map(|region| Region {
                addresses: AddressSet { v4: region.addresses.v4, ..AddressSet::default() },
                ..region
            })
            .filter(|region| !region.addresses.is_empty())
            .collect()
    };
    found.push(Forward {
        cause,
        family: Family::V4,
        granted: only_v4(granted),
        translated: only_v4(translated),
        original: Original::Uplinks(on),
        traffic: traffic.clone(),
        target: Some(target.address),
        zone: Some(target.zone),
        port,
        options: options.clone(),
    });
}
