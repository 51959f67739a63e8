//! What comes in by one uplink would be answered by another.

use super::{
    super::{
        Finding, Outcome, Subject,
        subject::{error, region},
    },
    inbound::inbound,
};
use crate::model::{Network, ZoneId};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let uplinks: Vec<ZoneId> = network.zone_ids().filter(|(_, zone)| zone.is_internet()).map(|(id, _)| id).collect();
    if uplinks.len() < 2 {
        return Outcome::NotApplicable("one uplink");
    }
    let mut found = Vec::new();
    for opened in inbound(subject).into_iter().filter(|opened| opened.v4) {
        let answer = answers_by(network, opened.zone, &uplinks);
        for uplink in &opened.on {
            let zone = network.zone(*uplink);
            // One that stands in is the only one when it is asked.
            if zone.failover || answer == Some(*uplink) || remembers(network, *uplink) {
                continue;
            }
            let by = answer.map_or_else(
                || "whichever uplink routing chooses".to_owned(),
                |answer| format!("`{}`", network.zone(answer).name),
            );
            let diagnostic = error(
                opened.span,
                format!("what comes in by `{}` is answered by {by}, and is lost", zone.name),
            )
            .label(format!("opened on `{}`", zone.name))
            .also(zone.span, "this uplink")
            .note("a rule decides what passes, a routing table where the answer leaves; nftables and OpenWrt choose by the destination alone")
            .help(format!(
                "set up routing by connection marks (mwan3 on OpenWrt, `ip rule` with a mark elsewhere), and say so with `replies by-uplink` in `{}`; or open it on one uplink with `on`",
                zone.name
            ));
            found.push(Finding::ends(diagnostic, vec![region(*uplink)], opened.to.clone()));
        }
    }
    Outcome::Decided(found)
}

/// The uplink by which a zone, or the router, leaves; none where several share it.
fn answers_by(network: &Network, zone: Option<ZoneId>, uplinks: &[ZoneId]) -> Option<ZoneId> {
    let egress = zone.and_then(|zone| network.zone(zone).egress.as_ref()).map(|egress| egress.zone);
    let mut used = uplinks.iter().filter(|uplink| !network.zone(**uplink).failover);
    egress.or_else(|| used.next().filter(|_| used.next().is_none()).copied())
}

/// Does the router send an answer back by the uplink on which the question came? pfSense does, by `reply-to`, unless it
/// is told otherwise; the others only when they are told.
fn remembers(network: &Network, uplink: ZoneId) -> bool {
    let targets = &network.router.targets;
    let pfsense = !targets.is_empty() && targets.iter().all(|(target, _)| target == "pfsense");
    network.zone(uplink).replies_by_uplink.map_or(pfsense, |(on, _)| on)
}
