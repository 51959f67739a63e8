//! A device that answers its own subnet only is asked from another one.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, region, runs, warning},
};
use crate::model::Host;

/// Services and integrations whose devices refuse other subnets.
const KNOWN: &str = "samsung-tv";

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let integrated = |host: &Host| host.integrations.iter().any(|one| one.name.rsplit('.').next() == Some(KNOWN));
    let devices: Vec<&Host> =
        network.hosts.iter().filter(|device| device.same_subnet || runs(device, KNOWN) || integrated(device)).collect();
    if devices.is_empty() {
        return Outcome::NotApplicable("no device that answers its own subnet only");
    }
    let hidden = subject.rules(|rule| rule.options.as_router);
    let mut found = Vec::new();
    for device in devices {
        let mut sets = Vec::new();
        for leg in host(device) {
            let crate::model::Place::Zone(zone) = leg.place else { continue };
            if network.zone(zone).masquerade {
                continue;
            }
            let others = network.zone_ids().filter(|(other, _)| !device.zones.contains(other));
            let others: Vec<_> = others.map(|(other, _)| region(other)).collect();
            sets.push(subject.anything(&others, &[leg]));
        }
        let all = subject.space().union_all(sets);
        let packets = subject.without(all, hidden);
        let diagnostic = warning(device.span, format!("`{}` answers nobody of another subnet", device.name))
            .label("lets packets through that are not answered")
            .help("write the rule with `as router`, so that the device sees the router's address in its own subnet; or give both one zone");
        found.push(Finding::packets(diagnostic, packets));
    }
    Outcome::Decided(found)
}
