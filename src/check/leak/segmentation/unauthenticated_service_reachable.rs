//! A service without a login is reachable from another zone.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, region, warning},
};
use crate::{
    diagnostic::Severity,
    model::{Zone, ZoneId, service::Trait},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let open = |name: &str| network.is(name, Trait::LoginNone);
    if !network.hosts.iter().any(|found| found.runs.iter().any(|(name, _)| open(name))) {
        return Outcome::NotApplicable("no service without a login");
    }
    // Home Assistant is whom these services are made for.
    let homes: Vec<_> = subject.home_assistants().iter().flat_map(|(_, found)| host(found)).collect();
    let mut found = Vec::new();
    for running in &network.hosts {
        for (name, traffic) in running.runs.iter().filter(|(name, _)| open(name)) {
            // Who shares a zone with it is not held back by the router.
            let others = |(zone, _): &(ZoneId, &Zone)| !running.zones.contains(zone);
            for (zone, sender) in network.zone_ids().filter(others) {
                let packets = subject.passing(&[region(zone)], &host(running), std::slice::from_ref(traffic));
                let wanted = subject.passing(&homes, &host(running), std::slice::from_ref(traffic));
                let packets = subject.without(packets, wanted);
                let severity = subject.by_sender(zone, Severity::Error, Severity::Warning);
                let diagnostic = warning(
                    running.span,
                    format!("`{name}` of `{}` asks nobody for a login, and `{}` reaches it", running.name, sender.name),
                )
                .label("lets it in")
                .help("use the port with a login, or let only the host in that needs it");
                found.push(Finding::packets(diagnostic, packets).with_severity(severity));
            }
        }
    }
    Outcome::Decided(found)
}
