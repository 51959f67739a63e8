//! A zone with several networks passes everything between them.

use super::super::{Finding, Outcome, Subject, subject::error};
use crate::model::{Place, Vpn, VpnKind, ZoneNetwork};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    for (id, zone) in subject.network.zone_ids().filter(|(_, zone)| !zone.isolated) {
        // The only peer of a tunnel has nobody beside it to whom its network could be open.
        let alone = |vpn: &Vpn| vpn.zone == id && vpn.kind == VpnKind::Wireguard && vpn.peers.len() == 1;
        let alone = subject.network.vpns.iter().any(alone);
        let counts = |network: &&ZoneNetwork| network.net.addr().is_ipv4() && !(alone && network.far);
        let v4: Vec<_> = zone.networks.iter().filter(counts).collect();
        if let [first, second, ..] = v4.as_slice() {
            let help = if second.far {
                "write `isolated` if the peers of this VPN do not need each other's networks, or waive this if they do"
            } else {
                "make a zone of each network, or write `isolated` if neither needs the other"
            };
            let diagnostic =
                error(second.span, format!("everything passes between the networks of zone `{}`", zone.name))
                    .label("a second network, routed without a rule")
                    .also(first.span, "the first one")
                    .help(help);
            found.push(Finding::place(diagnostic, Place::Zone(id)));
        }
    }
    Outcome::Decided(found)
}
