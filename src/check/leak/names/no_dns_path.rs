//! A zone gets no address, or resolves no name.

use super::super::{
    Finding, Outcome, Subject,
    subject::{error, region, router},
};
use crate::model::{
    Place, Role,
    service::{TCP, Traffic, UDP},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    for (id, zone) in subject.network.zone_ids() {
        if matches!(zone.role, Role::Internet | Role::Vpn | Role::Transit) {
            continue;
        }
        let dns = [Traffic::ports(UDP, 53, 53), Traffic::ports(TCP, 853, 853)];
        let everywhere: Vec<_> = subject.network.zone_ids().map(|(id, _)| region(id)).chain([router()]).collect();
        let resolves = !subject.passing(&[region(id)], &everywhere, &dns).is_empty();
        // Who has only hosts of fixed addresses asks nobody for one.
        let leased = matches!(
            zone.role,
            Role::Trusted | Role::Guest | Role::Iot | Role::Media | Role::Voip | Role::Kids | Role::Work
        );
        // By IPv6 a host makes its address itself.
        let asks = leased && (zone.networks.is_empty() || zone.networks.iter().any(|own| own.net.addr().is_ipv4()));
        let served = !asks || !subject.passing(&[region(id)], &[router()], &[Traffic::ports(UDP, 67, 67)]).is_empty();
        let what = match (resolves, served) {
            (true, true) => continue,
            (false, true) => "resolves no name",
            (true, false) => "gets no address",
            (false, false) => "gets no address and resolves no name",
        };
        let diagnostic = error(zone.span, format!("`{}` {what}", zone.name))
            .label("reaches neither the router's services nor others")
            .help(format!("write `allow {} -> router : dns, dhcp`", zone.name));
        found.push(Finding::place(diagnostic, Place::Zone(id)));
    }
    Outcome::Decided(found)
}
