//! Hosts are kept apart by a firewall of their own, and one of them publishes ports of containers past it.

use super::super::{Finding, Outcome, Subject, subject::warning};
use crate::model::Place;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let (mut found, mut any) = (Vec::new(), false);
    for (_, host) in subject.hosts().filter(|(_, host)| !host.bridges.is_empty()) {
        any = true;
        for &id in &host.zones {
            let zone = network.zone(id);
            let Some((true, filter)) = zone.filter.filter(|_| zone.isolated) else { continue };
            let message = format!(
                "ports of containers of `{}` may pass the firewall that keeps `{}` apart",
                host.name, zone.name
            );
            let diagnostic = warning(host.span, message)
                .label("has networks of containers")
                .also(filter, "relied on to keep the hosts apart")
                .note("Docker translates published ports before the rules of the host's own firewall see them")
                .help(
                    "publish on one address only (`127.0.0.1:8080:80`), or filter in Docker's own chain, DOCKER-USER",
                );
            found.push(Finding::place(diagnostic, Place::Zone(id)));
        }
    }
    if any { Outcome::Decided(found) } else { Outcome::NotApplicable("no host with networks of containers") }
}
