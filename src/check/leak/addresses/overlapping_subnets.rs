//! The networks of a host's containers overlap a network of the policy.

use ipnet::IpNet;

use super::super::{Finding, Outcome, Subject, subject::error};
use crate::{
    diagnostic::Span,
    model::{HostId, Place},
};

/// The Supervisor's own network, on which the add-ons of Home Assistant live.
const SUPERVISOR: &str = "172.30.32.0/23";

/// A network of containers: whose, where it is said, and how to call it.
struct Bridge {
    host: HostId,
    net: IpNet,
    span: Span,
    known: bool,
}

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let said = subject.hosts().flat_map(|(host, found)| {
        found.bridges.iter().map(move |(net, span)| Bridge { host, net: *net, span: *span, known: false })
    });
    let mut bridges: Vec<Bridge> = said.collect();
    if let Ok(net) = SUPERVISOR.parse::<IpNet>() {
        let addons = network.vpns.iter().filter(|vpn| vpn.addon).filter_map(|vpn| Some((vpn.server?, vpn.span)));
        bridges.extend(addons.map(|(host, span)| Bridge { host, net, span, known: true }));
    }
    if bridges.is_empty() {
        return Outcome::NotApplicable("no host with networks of containers");
    }
    let mut found = Vec::new();
    for bridge in &bridges {
        let host = network.host(bridge.host);
        let overlaps = |net: &IpNet| net.contains(&bridge.net) || bridge.net.contains(net);
        for (id, zone) in network.zone_ids() {
            let own = zone.networks.iter().filter(|own| own.delegated.is_none());
            let own = own.map(|network| (network.net, network.span));
            let upstream = zone.upstream.iter().map(|net| (*net, zone.span));
            let Some((net, span)) = own.chain(upstream).find(|(net, _)| overlaps(net)) else { continue };
            let whose = if bridge.known { "of the add-ons" } else { "of the containers" };
            let diagnostic = error(
                bridge.span,
                format!("{} {whose} on `{}` overlaps {net} of zone `{}`", bridge.net, host.name, zone.name),
            )
            .label(format!("`{}` never answers `{}`", host.name, zone.name))
            .also(span, format!("network of `{}`", zone.name))
            .note("the host sends what is for these addresses to its own containers, and not to the router")
            .help("give the zone another network, or the containers (`default-address-pools` of Docker)");
            found.push(Finding::place(diagnostic, Place::Zone(id)));
        }
    }
    Outcome::Decided(found)
}
