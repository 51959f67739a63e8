//! Home Assistant has a proxy, and is reachable past it.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, region, warning},
};
use crate::{
    diagnostic::Severity,
    model::{
        Host, HostId, Role,
        service::{TCP, Traffic},
    },
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let homes = subject.home_assistants();
    let mut found = Vec::new();
    let mut any = false;
    for (id, home) in homes {
        let page = page(home);
        let proxies = proxies(subject, id, &page);
        if proxies.is_empty() {
            continue;
        }
        any = true;
        let thrown = subject.thrown_open();
        let callbacks = subject.rules(|rule| rule.options.because.is_some() || rule.integration.is_some());
        for (zone, sender) in network.zone_ids().filter(|(_, sender)| !matches!(sender.role, Role::Vpn | Role::Guest)) {
            let mut packets = subject.passing(&[region(zone)], &host(home), &page);
            packets = subject.without(packets, thrown);
            for proxy in &proxies {
                let own = subject.passing(&host(network.host(*proxy)), &host(home), &page);
                packets = subject.without(packets, own);
            }
            if !sender.is_internet() {
                packets = subject.without(packets, callbacks);
            }
            let severity = subject.by_sender(zone, Severity::Error, Severity::Warning);
            let diagnostic = warning(home.span, format!("`{}` reaches Home Assistant past its proxy", sender.name))
                .label("leads past the proxy")
                .help("send people to the proxy; a device that has to call back is named, with `because`");
            found.push(Finding::packets(diagnostic, packets).with_severity(severity));
        }
    }
    if any { Outcome::Decided(found) } else { Outcome::NotApplicable("no proxy before Home Assistant") }
}

/// Where Home Assistant itself listens.
fn page(home: &Host) -> Vec<Traffic> {
    let own = home.runs.iter().filter(|(name, _)| name.rsplit('.').next() == Some("home-assistant"));
    let own: Vec<Traffic> = own.map(|(_, traffic)| traffic.clone()).collect();
    if own.is_empty() { vec![Traffic::ports(TCP, 8123, 8123)] } else { own }
}

/// The hosts that stand before it: `through`, or itself when another service of it is what is exposed.
fn proxies(subject: &Subject<'_>, home: HostId, page: &[Traffic]) -> Vec<HostId> {
    let of = subject.network.exposures.iter().filter(|exposure| exposure.host == home && exposure.tunnel.is_none());
    of.filter_map(|exposure| match &exposure.through {
        Some(through) => Some(through.host),
        None if exposure.service.iter().all(|traffic| !page.contains(traffic)) => {
            let host = subject.network.host(home);
            // A port on which nothing of the host's own words listens is no proxy.
            let runs =
                host.runs.is_empty() || exposure.service.iter().any(|one| host.runs.iter().any(|(_, own)| own == one));
            runs.then_some(home)
        }
        None => None,
    })
    .collect()
}
