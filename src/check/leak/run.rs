//! Decides the checks that a policy asks for, takes off what it waives, and shows a packet of what is left.

use std::collections::BTreeMap;

use super::{About, Decided, Finding, Leak, Outcome, Selection, Subject, catalogue, waivers::Waivers};
use crate::{
    check::assertion::{Bounds, as_question},
    diagnostic::{Diagnostic, Severity},
    model::Network,
    packet::{Field, Set, Space},
    policy::{Cause, Meant, describe, flow_set, let_through},
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
    selection: &Selection,
    reckoning: &mut Reckoning,
) -> Vec<Diagnostic> {
    let mut asked: BTreeMap<&str, Option<Severity>> = BTreeMap::new();
    for check in network.checks.iter().filter(|check| check.assertions.is_empty()) {
        let severity = asked.entry(check.id.as_str()).or_default();
        *severity = check.severity.or(*severity);
    }
    reckoning.asked = asked.keys().any(|id| super::find(id).is_some());
    let mut waiting: Vec<Answer> = Vec::new();
    let mut subject = Subject::new(network, meant, bounds);
    for leak in catalogue().into_iter().filter(|leak| selection.wants(leak.id)) {
        let Decided::Asked(decide) = leak.decided else {
            reckoning.decided += 1;
            continue;
        };
        let Some(severity) = asked.get(leak.id) else { continue };
        reckoning.decided += 1;
        match decide(&mut subject) {
            Outcome::NotApplicable(why) => reckoning.not_applicable.entry(why).or_default().push(leak.id),
            Outcome::Decided(findings) => {
                let mut answer = Answer { leak, findings: Vec::new() };
                for mut finding in findings {
                    let (left, waived) = waivers.left(leak.id, &finding.about, subject.space());
                    reckoning.waived += usize::from(waived);
                    let Some(about) = left else { continue };
                    finding.about = about;
                    finding.diagnostic.code = leak.id;
                    finding.diagnostic.severity = severity.unwrap_or(finding.diagnostic.severity);
                    answer.findings.push(finding);
                }
                waiting.push(answer);
            }
        }
    }
    let mut found: Vec<Diagnostic> = Vec::new();
    for Answer { findings, .. } in settled(waiting, subject.space()) {
        for finding in together(findings) {
            found.extend(told(&mut subject, &finding));
        }
    }
    // As the catalogue has them, whoever spoke first.
    found.sort_by_key(|found| found.code);
    found
}

/// What a check found, without what is waived.
struct Answer {
    leak: Leak,
    findings: Vec<Finding>,
}

/// Lets checks yield to each other: whoever yields to nobody that is still waiting says what is left for it to say. A
/// milder word silences no stronger one.
fn settled(mut waiting: Vec<Answer>, space: &mut Space) -> Vec<Answer> {
    let mut done: Vec<Answer> = Vec::new();
    while !waiting.is_empty() {
        let open = |other: &Answer| waiting.iter().any(|answer| other.leak.yields.contains(&answer.leak.id));
        let ready = waiting.iter().position(|answer| !open(answer)).unwrap_or(0);
        let mut answer = waiting.remove(ready);
        for finding in &mut answer.findings {
            let reported: Vec<Set> = done
                .iter()
                .filter(|other| answer.leak.yields.contains(&other.leak.id))
                .flat_map(|other| &other.findings)
                .filter(|other| other.diagnostic.severity >= finding.diagnostic.severity)
                .filter_map(|other| if let About::Packets(packets) = other.about { Some(packets) } else { None })
                .collect();
            let reported = space.union_all(reported);
            if let About::Packets(packets) = &mut finding.about {
                *packets = space.minus(*packets, reported);
            } else if let Some(packets) = finding.rests_on
                && !packets.is_empty()
                && space.is_subset(packets, reported)
            {
                finding.about = About::Packets(Set::EMPTY);
            }
        }
        done.push(answer);
    }
    done
}

/// Puts findings of one place into one message that lists what each is about, as bad as the worst of them.
fn together(findings: Vec<Finding>) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    for mut finding in findings {
        // Others have said it.
        if matches!(finding.about, About::Packets(packets) if packets.is_empty()) {
            continue;
        }
        let Some(what) = finding.lists.take() else {
            all.push(finding);
            continue;
        };
        let alike = |other: &&mut Finding| {
            let (own, other_own) = (&finding.diagnostic, &other.diagnostic);
            other.lists.is_some() && other_own.primary == own.primary && other_own.message == own.message
        };
        match all.iter_mut().find(alike) {
            Some(other) => {
                other.lists = other.lists.take().map(|list| format!("{list}, {what}"));
                other.diagnostic.severity = other.diagnostic.severity.max(finding.diagnostic.severity);
            }
            None => all.push(Finding { lists: Some(what), ..finding }),
        }
    }
    for finding in &mut all {
        if let Some(list) = finding.lists.take() {
            finding.diagnostic.message = format!("{} {list}", finding.diagnostic.message);
        }
    }
    all
}

/// The diagnostics of a finding: one, or one for each statement to blame.
fn told(subject: &mut Subject<'_>, finding: &Finding) -> Vec<Diagnostic> {
    let base = finding.diagnostic.clone();
    let About::Packets(mut packets) = finding.about else { return vec![base] };
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
        sets.push(forward.lets_in(space));
    }
    // A condition of time or rate does not make it another statement.
    let all = space.union_all(sets);
    let all = space.project(all, Field::Minute);
    space.project(all, Field::Exceeded)
}
