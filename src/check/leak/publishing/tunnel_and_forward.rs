//! A way in without an open port exists, and the port to the same service is open still.

use super::{
    super::{
        Finding, Outcome, Subject, closed_by_provider,
        subject::{host, region, warning},
    },
    tunnels::tunnels,
};
use crate::model::Exposure;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let tunnels = tunnels(subject);
    let meshes: Vec<_> = network.vpns.iter().filter(|vpn| vpn.kind.is_overlay()).collect();
    if tunnels.is_empty() && meshes.is_empty() {
        return Outcome::NotApplicable("no tunnel");
    }
    let mut found = Vec::new();
    for forward in network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none()) {
        // What the provider lets nobody reach is found by `cgnat-forward-useless`.
        if closed_by_provider(subject, forward) {
            continue;
        }
        let same = |other: &Exposure| {
            other.host == forward.host
                && other.service.iter().any(|one| forward.service.iter().any(|two| one.meets(two)))
        };
        let mut way = tunnels.iter().find(|(other, _)| same(other)).map(|(_, tunnel)| tunnel.span);
        // Beside a mesh of one's own people a site may be public on purpose: that has a name, or a proxy before it.
        if way.is_none() && forward.name.is_none() && forward.through.is_none() {
            for mesh in &meshes {
                let to = host(network.host(forward.host));
                if !subject.passing(&[region(mesh.zone)], &to, &forward.service).is_empty() {
                    way = Some(mesh.span);
                }
            }
        }
        let Some(way) = way else { continue };
        let target = network.host(forward.host);
        let diagnostic = warning(forward.span, format!("`{}` has a tunnel, and its port is open still", target.name))
            .label("leads to the same service")
            .also(way, "the tunnel")
            .help("remove it, once the tunnel works");
        found.push(Finding::ends(diagnostic, subject.outside(), host(target)));
    }
    Outcome::Decided(found)
}
