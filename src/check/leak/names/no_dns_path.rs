//! A zone gets no address, or resolves no name.

use super::super::{
    Finding, Outcome, Subject,
    subject::{error, region, router},
};
use crate::{
    model::{
        Place, Redirect, Region, Role,
        service::{TCP, Traffic, UDP},
    },
    policy::unicast,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    for (id, zone) in subject.network.zone_ids() {
        if matches!(zone.role, Role::Internet | Role::Vpn | Role::Transit) {
            continue;
        }
        let dns = [Traffic::ports(UDP, 53, 53), Traffic::ports(TCP, 853, 853)];
        // What is sent to all hosts of a link asks no resolver.
        let one = |to: Region| Region { addresses: unicast(), whole: false, ..to };
        let everywhere: Vec<_> =
            subject.network.zone_ids().map(|(id, _)| region(id)).chain([router()]).map(one).collect();
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
        let diagnostic = error(zone.span, format!("`{}` {what}", zone.name));
        let asks = |redirect: &&Redirect| {
            redirect.from.iter().any(|from| from.place == Place::Zone(id))
                && redirect.traffic.iter().any(|traffic| dns.iter().any(|dns| traffic.meets(dns)))
        };
        let diagnostic = match subject.network.redirects.iter().find(asks).filter(|_| !resolves) {
            Some(redirect) => {
                let to = redirect.to.map_or("router", |host| subject.network.host(host).name.as_str());
                diagnostic
                    .label("nothing lets its questions through")
                    .also(redirect.span, format!("leads them to `{to}`, and lets nothing through by itself"))
                    .help(format!("write `allow {} -> {to} : dns`", zone.name))
            }
            None => diagnostic
                .label("reaches neither the router's services nor others")
                .help(format!("write `allow {} -> router : dns, dhcp`", zone.name)),
        };
        found.push(Finding::place(diagnostic, Place::Zone(id)));
    }
    Outcome::Decided(found)
}
