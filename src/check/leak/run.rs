//! Decides the checks that a policy asks for, takes off what it waives, and shows a packet of what is left.

use std::collections::BTreeMap;

use super::{About, Decided, Finding, Leak, Outcome, Subject, catalogue, waivers::Waivers};
use crate::{
    check::assertion::{Bounds, as_question},
    diagnostic::{Diagnostic, Severity},
    model::{AddressSet, Network, Place, Region, service::Traffic},
    packet::{Field, Set},
    policy::{Cause, Meant, between, describe, flow_set, let_through},
};

/// At most so many statements are shown for one finding.
const STATEMENTS: usize = 12;

/// What the checks came to, for the closing line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Reckoning {
    /// How many checks were decided, those that no policy has to ask for among them.
    pub decided: usize,
    /// Does the policy ask for leak checks at all?
    pub asked: bool,
    /// The checks that have nothing to be about, by the reason.
    pub not_applicable: BTreeMap<&'static str, Vec<&'static str>>,
    /// Findings that waivers took off, wholly or in part.
    pub waived: usize,
}

/// Everything that the checks find which the policy asks for.
pub(in crate::check) fn run(
    network: &Network,
    meant: &mut Meant,
    bounds: &Bounds,
    waivers: &mut Waivers<'_>,
    reckoning: &mut Reckoning,
) -> Vec<Diagnostic> {
    let mut asked: BTreeMap<&str, Option<Severity>> = BTreeMap::new();
    for check in network.checks.iter().filter(|check| check.assertions.is_empty()) {
        let severity = asked.entry(check.id.as_str()).or_default();
        *severity = check.severity.or(*severity);
    }
    let mut found = Vec::new();
    let mut subject = Subject::new(network, meant, bounds);
    for leak in catalogue() {
        let Decided::Asked(decide) = leak.decided else {
            reckoning.decided += 1;
            continue;
        };
        let Some(severity) = asked.get(leak.id) else { continue };
        reckoning.asked = true;
        reckoning.decided += 1;
        match decide(&mut subject) {
            Outcome::NotApplicable(why) => reckoning.not_applicable.entry(why).or_default().push(leak.id),
            Outcome::Decided(findings) => {
                for finding in findings {
                    let (left, waived) = waivers.left(leak.id, &finding.about, subject.space());
                    reckoning.waived += usize::from(waived);
                    let Some(about) = left else { continue };
                    found.extend(told(&mut subject, &leak, *severity, &finding, &about));
                }
            }
        }
    }
    found
}

/// The diagnostics of a finding: one, or one for each statement to blame.
fn told(
    subject: &mut Subject<'_>,
    leak: &Leak,
    severity: Option<Severity>,
    finding: &Finding,
    about: &About,
) -> Vec<Diagnostic> {
    let mut base = finding.diagnostic.clone();
    base.code = leak.id;
    base.severity = severity.unwrap_or(base.severity);
    let About::Packets(mut packets) = *about else { return vec![base] };
    let mut found: Vec<Diagnostic> = Vec::new();
    while found.len() < STATEMENTS {
        let Some(packet) = subject.space().witness(packets) else { break };
        let causes = let_through(&subject.meant.meaning, &packet);
        let mut one = base.clone();
        let blamed = causes.iter().find(|cause| cause.span().is_some());
        if finding.blame
            && let Some(span) = blamed.and_then(|cause| cause.span())
        {
            one.primary.span = span;
        }
        let primary = one.primary.span;
        for span in causes.iter().filter_map(|cause| cause.span()).filter(|span| *span != primary) {
            one = one.also(span, "lets it through");
        }
        one = one
            .note(format!("packet: {}", describe(&packet, subject.network)))
            .note(format!("ask why: hedgerow explain POLICY {}", as_question(subject.network, &packet)));
        found.push(one);
        let (true, Some(cause)) = (finding.blame, blamed) else { break };
        let through = let_in(subject, *cause);
        let left = subject.space().minus(packets, through);
        if left == packets {
            break;
        }
        packets = left;
    }
    found
}

/// The packets that a statement lets through.
fn let_in(subject: &mut Subject<'_>, cause: Cause) -> Set {
    let network = subject.network;
    let Meant { standing, meaning, limits, space, .. } = &mut *subject.meant;
    let same = |other: Cause| other.span() == cause.span();
    let flows: Vec<_> = meaning.flows.allowed.iter().filter(|flow| same(flow.cause)).cloned().collect();
    let mut sets = vec![flow_set(network, standing, limits, space, &flows)];
    for forward in meaning.forwards.iter().filter(|forward| same(forward.cause)) {
        let place = forward.zone.map_or(Place::Router, Place::Zone);
        let addresses = forward.target.map_or_else(AddressSet::all, AddressSet::of);
        let to = [Region { place, addresses, whole: false }];
        let ports = forward.port.map_or_else(|| forward.traffic.to.clone(), |port| vec![(port, port)]);
        let inner = Traffic { to: ports, ..forward.traffic.clone() };
        sets.push(between(&forward.granted, &to, &[inner], space));
    }
    // A condition of time or rate does not make it another statement.
    let all = space.union_all(sets);
    let all = space.project(all, Field::Minute);
    space.project(all, Field::Exceeded)
}
