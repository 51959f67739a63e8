//! The server that knows the accounts answers more than the firewall.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, region, runs, warning},
};
use crate::{
    diagnostic::Severity,
    model::{
        Place, Role,
        service::{TCP, Traffic, UDP},
    },
};

/// Who has accounts to look up: the others are strangers to the directory.
const MEMBERS: [Role; 4] = [Role::Trusted, Role::Server, Role::Work, Role::Management];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let asked = |id| network.vpns.iter().any(|vpn| vpn.radius == Some(id));
    let servers: Vec<_> = subject
        .hosts()
        .filter(|(id, server)| asked(*id) || ["radius", "ldap", "ldaps"].iter().any(|service| runs(server, service)))
        .collect();
    if servers.is_empty() {
        return Outcome::NotApplicable("no RADIUS or LDAP server");
    }
    let radius = [Traffic::ports(UDP, 1812, 1813), Traffic::ports(UDP, 1645, 1646)];
    let ldap = [Traffic::ports(TCP, 389, 389), Traffic::ports(TCP, 636, 636)];
    // What opens a whole zone to strangers is found by the checks of these.
    let wide = subject.rules(|rule| {
        rule.traffic.contains(&Traffic::ANY) && rule.to.iter().any(|to| to.whole && to.place != Place::Router)
    });
    let mut found = Vec::new();
    for (_, server) in servers {
        let (mut errors, mut warnings) = (Vec::new(), Vec::new());
        for (id, zone) in network.zone_ids().filter(|(id, _)| !server.zones.contains(id)) {
            let radius = subject.passing(&[region(id)], &host(server), &radius);
            let ldap = subject.passing(&[region(id)], &host(server), &ldap);
            if !MEMBERS.contains(&zone.role) {
                let all = subject.space().union(radius, ldap);
                errors.push(subject.without(all, wide));
                continue;
            }
            warnings.push(ldap);
            // Access points and switches ask who may join.
            if zone.role != Role::Management {
                errors.push(radius);
            }
        }
        for (sets, severity) in [(errors, Severity::Error), (warnings, Severity::Warning)] {
            let packets = subject.space().union_all(sets);
            let text = format!("more than the router may ask `{}` for accounts", server.name);
            let diagnostic = warning(server.span, text)
                .label("lets them ask")
                .note("whoever may ask may guess passwords, and RADIUS hides them by a shared secret and MD5 only")
                .help(format!("let only the router ask: `allow router -> {} : radius, ldaps`", server.name));
            found.push(Finding::packets(diagnostic, packets).with_severity(severity));
        }
    }
    Outcome::Decided(found)
}
