//! Home Assistant has a proxy, and is reachable past it.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, page, region, warning},
};
use crate::{
    diagnostic::Severity,
    model::{Exposure, HostId, Role},
    policy::seen::fronts,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let homes = subject.home_assistants();
    let mut found = Vec::new();
    let mut any = false;
    for (id, home) in homes {
        let page = page(home);
        let proxies = proxies(subject, id);
        if proxies.is_empty() {
            continue;
        }
        any = true;
        // A VPN is a guarded way in of its own.
        for (zone, sender) in network.zone_ids().filter(|(_, sender)| sender.role != Role::Vpn) {
            let mut packets = subject.passing(&[region(zone)], &host(home), &page);
            // What the router itself sends comes from no zone.
            for proxy in proxies.iter().flatten() {
                let own = subject.passing(&host(network.host(*proxy)), &host(home), &page);
                packets = subject.without(packets, own);
            }
            let callbacks = subject.callbacks(zone);
            packets = subject.without(packets, callbacks);
            let severity = subject.by_sender(zone, Severity::Error, Severity::Warning);
            let diagnostic = warning(home.span, format!("`{}` reaches Home Assistant past its proxy", sender.name))
                .label("leads past the proxy")
                .help("send people to the proxy; a device that has to call back declares its `integration`");
            found.push(Finding::packets(diagnostic, packets).with_severity(severity));
        }
    }
    if any { Outcome::Decided(found) } else { Outcome::NotApplicable("no proxy before Home Assistant") }
}

/// Who stands before it: a host or the router by `through`, or itself when a page of its machine is what is exposed.
fn proxies(subject: &Subject<'_>, home: HostId) -> Vec<Option<HostId>> {
    let fronts = fronts(subject.network, home).into_iter().filter(|front| front.exposure.tunnel.is_none());
    // A port on which nothing of the host's own words listens is no proxy.
    let own = subject.network.host(home);
    let listens = |exposure: &Exposure| {
        own.runs.is_empty() || exposure.service.iter().any(|one| own.runs.iter().any(|(_, own)| own == one))
    };
    fronts.filter(|front| front.exposure.through.is_some() || listens(front.exposure)).map(|front| front.host).collect()
}
