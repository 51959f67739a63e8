//! Rules allow everything between all zones, so that what is not denied passes.

use super::super::{Finding, Outcome, Subject, subject::error};
use crate::{
    model::{Region, service::Traffic},
    policy::between,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let zones: Vec<Region> = network
        .zone_ids()
        .filter(|(_, zone)| !zone.is_internet())
        .map(|(id, zone)| Region { addresses: zone.network_set(), whole: false, ..super::super::subject::region(id) })
        .collect();
    if zones.len() < 3 {
        return Outcome::NotApplicable("fewer than three zones");
    }
    let allowed = subject.rules(|_| true);
    let domain = subject.meant.meaning.domain;
    for from in &zones {
        for to in zones.iter().filter(|to| to.place != from.place) {
            let space = subject.space();
            let pair = between(std::slice::from_ref(from), std::slice::from_ref(to), &[Traffic::ANY], space);
            let pair = space.intersect(pair, domain);
            if !space.is_subset(pair, allowed) {
                return Outcome::Decided(Vec::new());
            }
        }
    }
    let diagnostic = error(network.router.span, "what no rule denies passes between all zones")
        .label("its rules allow everything, and denies take something off")
        .help("allow what is needed instead: what you forget is then closed, not open");
    Outcome::Decided(vec![Finding::fact(diagnostic)])
}
