//! VPN users who are no administrators reach the router's own services, or a zone of management.

use super::super::{Finding, Outcome, Subject, subject::error};
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
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
