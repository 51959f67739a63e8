//! A host with several legs answers by another one than it was asked on.

use super::super::{
    Finding, Outcome, Subject,
    subject::{region, warning},
};
use crate::{
    model::{Host, Place, Region, ZoneId},
    packet::Set,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let mut found = Vec::new();
    let mut asked = false;
    for (_, host) in subject.hosts() {
        let Some((routes, span)) = host.default_routes.as_ref().filter(|_| host.zones.len() > 1) else { continue };
        asked = true;
        if routes.len() > 1 {
            let names: Vec<String> = routes.iter().map(|zone| format!("`{}`", network.zone(*zone).name)).collect();
            let diagnostic =
                warning(*span, format!("`{}` has a default route by {}", host.name, names.join(" and by ")))
                    .label("which one it takes is chance")
                    .also(host.span, "this host")
                    .help("keep one default route, and give the other leg routes to single networks at most");
            found.push(Finding::ends(diagnostic, routes.iter().map(|zone| region(*zone)).collect(), Vec::new()));
            continue;
        }
        for leg in &host.zones {
            let packets = answered_elsewhere(subject, host, routes, *leg);
            let name = &network.zone(*leg).name;
            let diagnostic = warning(
                host.span,
                format!("`{}` answers by another leg what asks for its address in `{name}`", host.name),
            )
            .label(format!("leads to its leg in `{name}`"))
            .also(*span, "its default route")
            .note("the router sees one half of the connection only, and drops the rest")
            .help("name the address by which it answers, or write the rule with `as router`; best give it one leg");
            found.push(Finding::packets(diagnostic, packets));
        }
    }
    if asked { Outcome::Decided(found) } else { Outcome::NotApplicable("no host with several legs says its routes") }
}

/// The packets to one leg of a host whose answers leave by another.
fn answered_elsewhere(subject: &mut Subject<'_>, host: &Host, routes: &[ZoneId], leg: ZoneId) -> Set {
    let network = subject.network;
    // Whoever is hidden behind the router's address in the zone is answered there.
    if network.zone(leg).masquerade {
        return subject.space().union_all(Vec::new());
    }
    let to = [Region { place: Place::Zone(leg), addresses: host.address_set(Some(leg)), whole: false }];
    let mut sets = Vec::new();
    for (from, _) in network.zone_ids().filter(|(from, _)| *from != leg) {
        let answer = if host.zones.contains(&from) { Some(from) } else { routes.first().copied() };
        if answer != Some(leg) {
            sets.push(subject.anything(&[region(from)], &to));
        }
    }
    let hidden = subject.rules(|rule| rule.options.as_router);
    let implied = subject.by_proxies();
    let space = subject.space();
    let all = space.union_all(sets);
    let all = space.minus(all, hidden);
    space.minus(all, implied)
}
