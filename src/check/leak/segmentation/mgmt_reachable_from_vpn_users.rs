//! VPN users who are no administrators reach the router's own services, or a zone of management.

use super::super::{Finding, Outcome, Subject, subject::error};
use crate::model::{Place, Role};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut users = subject.regions(&[Role::Vpn]);
    let Some(zone) = subject.zones(&[Role::Vpn]).first().map(|(_, zone)| zone.span) else {
        return Outcome::NotApplicable("no VPN");
    };
    for region in &mut users {
        let Place::Zone(zone) = region.place else { continue };
        region.addresses = subject.network.zone(zone).network_set();
        for (_, host) in subject.hosts().filter(|(_, host)| host.admin) {
            region.addresses = region.addresses.minus(&host.address_set(Some(zone)));
            region.whole = false;
        }
    }
    let packets = super::mgmt_reachable_from_untrusted::management(subject, &users);
    let diagnostic = error(zone, "VPN users who are no administrators reach the management")
        .label("lets them in")
        .help("name the administrators' addresses in the rule, and mark these hosts `admin`");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
