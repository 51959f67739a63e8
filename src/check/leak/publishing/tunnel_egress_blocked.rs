//! A tunnel's host does not get out to where the tunnel goes, or what comes by it not to what it is for.

use std::collections::BTreeSet;

use super::{
    super::{
        Finding, Outcome, Subject,
        subject::{error, host},
    },
    tunnels::tunnels,
};
use crate::{
    diagnostic::Severity,
    model::{Exposure, Need, Place, Region, Tunnel, ZoneId, service::Traffic},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let tunnels = tunnels(subject);
    if tunnels.is_empty() {
        return Outcome::NotApplicable("no tunnel");
    }
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for (exposure, tunnel) in tunnels {
        let opener = subject.network.host(tunnel.host);
        if let Some(finding) = held_back(subject, exposure, tunnel) {
            found.push((tunnel.host, finding));
        }
        // What the router itself calls, it is told to call by an error.
        if tunnel.by_router {
            continue;
        }
        for (need, to) in needs(subject, tunnel) {
            let open =
                need.ways.iter().any(|way| !subject.passing(&host(opener), &to, std::slice::from_ref(way)).is_empty());
            let words = need.ways.iter().map(words).collect::<Vec<_>>().join(" or ");
            if open || !told.insert((tunnel.host, words.clone())) {
                continue;
            }
            let blocked = found.iter().any(|(host, _)| *host == tunnel.host);
            let (text, severity) = if need.optional {
                // Without the first of its ways all of them are closed, and that is told.
                if blocked {
                    continue;
                }
                (format!("the tunnel of `{}` works without {words}, though worse", opener.name), Severity::Warning)
            } else {
                (format!("`{}` opens a tunnel, and nothing lets it out on {words}", opener.name), Severity::Error)
            };
            let diagnostic = error(tunnel.span, text).label("goes out here").help(format!(
                "write `allow {} -> internet : {}`",
                opener.name,
                need.ways.iter().map(words_of_rule).collect::<Vec<_>>().join(", ")
            ));
            found.push((tunnel.host, Finding::ends(diagnostic, host(opener), to).with_severity(severity)));
        }
    }
    Outcome::Decided(found.into_iter().map(|(_, finding)| finding).collect())
}

/// What comes by the tunnel comes from another zone, and no rule lets it go on to what it is for.
fn held_back(subject: &mut Subject<'_>, exposure: &Exposure, tunnel: &Tunnel) -> Option<Finding> {
    let network = subject.network;
    let (opener, asked) = (network.host(tunnel.host), network.host(exposure.host));
    let near = |from: &ZoneId| asked.zones.iter().any(|to| network.on_one_link(Place::Zone(*from), Place::Zone(*to)));
    if opener.zones.iter().any(near) || !subject.passing(&host(opener), &host(asked), &exposure.service).is_empty() {
        return None;
    }
    let (from, to) = (&opener.name, &asked.name);
    let diagnostic = error(tunnel.span, format!("the tunnel leads to `{to}`, and nothing lets `{from}` ask it"))
        .label(if tunnel.by_router { "comes in from here" } else { "asks from here" })
        .also(exposure.span, "leads there")
        .help(format!("write `allow {from} -> {to} : {}`", exposure.service_text));
    Some(Finding::ends(diagnostic, host(opener), host(asked)))
}

fn needs(subject: &Subject<'_>, tunnel: &Tunnel) -> Vec<(Need, Vec<Region>)> {
    if !tunnel.connects.is_empty() {
        let said = tunnel.connects.iter().flat_map(|one| one.traffic.iter().map(|way| (way.clone(), one.to.clone())));
        return said.map(|(way, to)| (Need { ways: vec![way], optional: false }, to)).collect();
    }
    let internet = subject.internet();
    // Whatever it is, it has to get out somehow.
    let anything = || vec![Need { ways: vec![Traffic::ANY], optional: false }];
    let needs = tunnel.kind.map_or_else(anything, crate::model::TunnelKind::needs);
    needs.into_iter().map(|need| (need, internet.clone())).collect()
}

fn words(traffic: &Traffic) -> String {
    if *traffic == Traffic::ANY { "anything".to_owned() } else { traffic.to_string() }
}

fn words_of_rule(traffic: &Traffic) -> String {
    if *traffic == Traffic::ANY { "SERVICES".to_owned() } else { traffic.to_string() }
}
