//! A forward leads to a port on which its host runs nothing.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, warning},
};
use crate::{
    model::{
        Network, Place, Region, Tls, VpnKind,
        service::{TCP, Traffic},
    },
    policy::{Cause, Forward, between, forwards},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let forwards: Vec<Forward> = forwards(network).into_iter().filter(|forward| forward.target.is_some()).collect();
    if forwards.is_empty() {
        return Outcome::NotApplicable("no forward");
    }
    let mut found = Vec::new();
    for forward in forwards {
        let Some(target) = forward.target else { continue };
        let at = |host: &&crate::model::Host| host.addresses.iter().any(|own| own.address == target);
        let Some(target) = network.hosts.iter().find(at).filter(|host| !host.runs.is_empty()) else { continue };
        let (false, Some(span)) = (answers_at_times(network, &forward), forward.cause.span()) else { continue };
        let ports = forward.port.map_or_else(|| forward.traffic.to.clone(), |port| vec![(port, port)]);
        let inner = Traffic { to: ports, from: Vec::new(), ..forward.traffic.clone() };
        let runs: Vec<Traffic> =
            target.runs.iter().map(|(_, traffic)| Traffic { from: Vec::new(), ..traffic.clone() }).collect();
        let space = subject.space();
        let here = [Region { place: Place::Router, addresses: crate::model::AddressSet::all(), whole: true }];
        let asked = between(&here, &here, std::slice::from_ref(&inner), space);
        let running = between(&here, &here, &runs, space);
        if space.minus(asked, running).is_empty() {
            continue;
        }
        let names: Vec<&str> = target.runs.iter().map(|(name, _)| name.as_str()).collect();
        let diagnostic = warning(span, format!("this leads to {inner}, and `{}` does not run that", target.name))
            .label("nobody answers there")
            .also(target.span, format!("runs {}", names.join(", ")))
            .help("remove it, or add what listens there to the host's `runs`");
        found.push(Finding::ends(diagnostic, subject.outside(), host(target)));
    }
    Outcome::Decided(found)
}

/// What answers a challenge runs only while it is asked, and a VPN is declared by its own statement.
fn answers_at_times(network: &Network, forward: &Forward) -> bool {
    match forward.cause {
        Cause::Exposure(index, _) => network.exposures.get(index).is_some_and(|exposure| {
            exposure.tls == Some(Tls::Http01)
                && forward.traffic == Traffic::ports(TCP, 80, 80)
                && forward.port.is_none()
        }),
        Cause::Vpn(index, _) => {
            network.vpns.get(index).is_some_and(|vpn| vpn.kind != VpnKind::Openvpn || vpn.server.is_some())
        }
        _ => false,
    }
}
