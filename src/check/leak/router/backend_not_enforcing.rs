//! The policy counts on a firewall beside the router that is off.

use super::super::{Finding, Outcome, Subject, subject::error};
use crate::model::Place;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let mut found = Vec::new();
    let zones = subject.network.zone_ids().filter(|(_, zone)| zone.isolated);
    for (id, zone) in zones {
        let Some((false, span)) = zone.filter else { continue };
        let diagnostic =
            error(span, format!("nothing keeps the hosts of `{}` apart: the firewall that should is off", zone.name))
                .label("off")
                .help("switch it on, on Proxmox at the datacenter, the node and each guest; or take `isolated` out");
        found.push(Finding::place(diagnostic, Place::Zone(id)));
    }
    Outcome::Decided(found)
}
