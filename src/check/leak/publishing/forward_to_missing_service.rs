//! A forward leads to a port on which its host runs nothing.

use super::super::{
    Finding, Outcome, Subject,
    subject::{host, warning},
};
use crate::{
    diagnostic::Span,
    model::{AddressSet, HostId, Place, Region, service::Traffic},
    policy::between,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let exposed = network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none());
    let mut forwards: Vec<(HostId, &[Traffic], Span)> = exposed
        .filter_map(|exposure| {
            let (target, service) = exposure.target();
            Some((target?, service, exposure.span))
        })
        .collect();
    let redirects = network.redirects.iter();
    forwards.extend(redirects.filter_map(|one| one.to.map(|target| (target, one.traffic.as_slice(), one.span))));
    if forwards.is_empty() {
        return Outcome::NotApplicable("no forward");
    }
    // Where packets go is not asked here, only to which ports.
    let here = [Region { place: Place::Router, addresses: AddressSet::all(), whole: true }];
    let mut found = Vec::new();
    for (target, service, span) in forwards {
        let target = network.host(target);
        if target.runs.is_empty() {
            continue;
        }
        let any_sender = |traffic: &Traffic| Traffic { from: Vec::new(), ..traffic.clone() };
        let runs: Vec<Traffic> = target.runs.iter().map(|(_, traffic)| any_sender(traffic)).collect();
        let space = subject.space();
        let running = between(&here, &here, &runs, space);
        let missing: Vec<String> = service
            .iter()
            .filter(|traffic| {
                let asked = between(&here, &here, &[any_sender(traffic)], space);
                !space.minus(asked, running).is_empty()
            })
            .map(ToString::to_string)
            .collect();
        if missing.is_empty() {
            continue;
        }
        let names: Vec<&str> = target.runs.iter().map(|(name, _)| name.as_str()).collect();
        let text = format!("this leads to {}, and `{}` does not run that", missing.join(", "), target.name);
        let diagnostic = warning(span, text)
            .label("nobody answers there")
            .also(target.span, format!("runs {}", names.join(", ")))
            .help("remove it, or add what listens there to the host's `runs`");
        found.push(Finding::ends(diagnostic, subject.outside(), host(target)));
    }
    Outcome::Decided(found)
}
