//! VPN users who are no administrators reach the router's own services, or a zone of management.

use super::super::{
    Finding, Outcome, Subject,
    subject::{error, host},
};
use crate::model::{AddressSet, Place, Region, Role};

/// Everybody in the zones of VPNs but the administrators: hosts and peers that say so.
pub fn users(subject: &Subject<'_>) -> Vec<Region> {
    let mut users = subject.regions(&[Role::Vpn]);
    for region in &mut users {
        let Place::Zone(zone) = region.place else { continue };
        region.addresses = subject.network.zone(zone).network_set();
        let hosts = subject.hosts().filter(|(_, host)| host.admin).map(|(_, host)| host.address_set(Some(zone)));
        let vpns = subject.network.vpns.iter().filter(|vpn| vpn.zone == zone);
        let peers = vpns.flat_map(|vpn| &vpn.peers).filter(|peer| peer.admin).flat_map(|peer| &peer.addresses);
        for admin in hosts.chain(peers.map(|address| AddressSet::of(*address))) {
            let before = region.addresses.clone();
            region.addresses = region.addresses.minus(&admin);
            region.whole &= before == region.addresses;
        }
    }
    users
}

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let Some(zone) = subject.zones(&[Role::Vpn]).first().map(|(_, zone)| zone.span) else {
        return Outcome::NotApplicable("no VPN");
    };
    let users = users(subject);
    let packets = super::mgmt_reachable_from_untrusted::management(subject, &users);
    let diagnostic = error(zone, "VPN users who are no administrators reach the management")
        .label("lets them in")
        .help("name the administrators' addresses in the rule, and mark these hosts or peers `admin`");
    let mut found = vec![Finding::packets(diagnostic, packets)];
    found.extend(as_host(subject));
    Outcome::Decided(found)
}

/// What the host of a VPN's server may administer, where its peers come in under its address.
fn as_host(subject: &mut Subject<'_>) -> Vec<Finding> {
    let network = subject.network;
    let mut found = Vec::new();
    for vpn in network.vpns.iter().filter(|vpn| vpn.lets_in_as_host()) {
        // Without a list of them nobody knows who they are.
        let admins_alone = !vpn.peers.is_empty() && vpn.peers.iter().all(|peer| peer.admin);
        let Some(server) = vpn.server.filter(|_| !admins_alone).map(|server| network.host(server)) else { continue };
        let mut packets = super::mgmt_reachable_from_untrusted::management(subject, &host(server));
        if let (true, Some((nets, _))) = (vpn.kind.is_overlay(), &vpn.overlay.advertises) {
            let announced = AddressSet::nets(nets.iter().copied());
            let places = network.zone_ids().map(|(id, _)| Place::Zone(id)).chain([Place::Router]);
            let to: Vec<Region> =
                places.map(|place| Region { place, addresses: announced.clone(), whole: false }).collect();
            let announced = subject.anything(&host(server), &to);
            packets = subject.space().intersect(packets, announced);
        }
        let name = &server.name;
        let text = format!("VPN users come in as `{name}`, which reaches the management: they are no administrators");
        let diagnostic = error(vpn.span, text)
            .label("lets them in with it")
            .also(vpn.span, format!("hides its peers behind the address of `{name}`"))
            .help("end the tunnel on the router, where each peer has an address of its own; or take this from the host, or mark the peers `admin` if all of them are");
        found.push(Finding::packets(diagnostic, packets));
    }
    found
}
