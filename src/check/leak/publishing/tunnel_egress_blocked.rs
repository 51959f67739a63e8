//! A tunnel's host does not get out to where the tunnel goes.

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
    model::{Need, Region, Tunnel, service::Traffic},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let tunnels = tunnels(subject);
    if tunnels.is_empty() {
        return Outcome::NotApplicable("no tunnel");
    }
    let mut told = BTreeSet::new();
    let mut found = Vec::new();
    for (_, tunnel) in tunnels {
        let opener = subject.network.host(tunnel.host);
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
