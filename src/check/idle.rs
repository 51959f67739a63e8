//! Statements that do nothing. In an order-free language no rule hides another by standing before it; in its stead: a
//! rule that is wholly denied, a rule that adds nothing, a deny that removes nothing.

use std::collections::BTreeMap;

use crate::{
    diagnostic::{Diagnostic, Fix, Span},
    model::{Network, Options, Place},
    packet::{Cube, Field, Ranges, Set, Space},
    policy::{Cause, Flow, Meant, flow_set},
    router::LOCAL,
};

/// All statements that do nothing.
pub fn run(network: &Network, meant: &mut Meant) -> Vec<Diagnostic> {
    let allowed = by_statement(network, meant, true);
    let denied = by_statement(network, meant, false);
    let space = &mut meant.space;
    let all_denied = space.union_all(denied.values().copied().collect());
    let once = once(allowed.values().copied().collect(), space);
    let mut found = Vec::new();
    let mut idle = Vec::new();
    for (span, packets) in &allowed {
        let left = space.minus(*packets, all_denied);
        if left.is_empty() {
            found.push(wholly_denied(*span, *packets, &denied, space));
            continue;
        }
        if space.disjoint(left, once) {
            idle.push((*span, left));
            found.push(adds_nothing(*span, left, &allowed, space));
        }
    }
    for (span, packets) in by_exposure(network, meant) {
        if !packets.is_empty() && meant.space.is_subset(packets, all_denied) {
            let mut warning = wholly_denied(span, packets, &denied, &mut meant.space);
            "this exposure lets nobody in".clone_into(&mut warning.message);
            warning.help = vec!["a deny wins wherever it stands: narrow the deny, or remove this exposure".to_owned()];
            found.push(warning);
        }
    }
    let space = &mut meant.space;
    for (span, fix) in removable(network, &idle, &allowed, space) {
        let mut here = found.iter_mut().filter(|found| found.primary.span == span);
        here.by_ref().for_each(|found| found.fixes.push(fix.clone()));
    }
    let all_allowed = everything(network, meant);
    let space = &mut meant.space;
    for (span, packets) in &denied {
        if space.disjoint(*packets, all_allowed) {
            found.push(
                Diagnostic {
                    severity: crate::diagnostic::Severity::Note,
                    ..Diagnostic::warning("redundant-rule", *span, "this deny removes nothing")
                }
                .label("nothing allows what it holds back")
                .help("keep it if it guards against rules to come; `never` says the same and fails loudly"),
            );
        }
    }
    found
}

/// All that would pass if nothing were denied: by rules, exposures and VPNs, and what the router sends unasked.
fn everything(network: &Network, meant: &mut Meant) -> Set {
    let Meant { standing, meaning, limits, space, .. } = meant;
    let mut sets = vec![flow_set(network, standing, limits, space, &meaning.flows.allowed)];
    for forward in &meaning.forwards {
        sets.push(forward.lets_in(space));
    }
    if network.router.output_open {
        sets.push(space.cube(&Cube::any().with(Field::In, Ranges::single(LOCAL.into()))));
    }
    space.union_all(sets)
}

/// What every exposure lets in from outside, by its place.
fn by_exposure(network: &Network, meant: &mut Meant) -> BTreeMap<Span, Set> {
    let Meant { standing, meaning, limits, space, .. } = meant;
    let outside = |place: Place| matches!(place, Place::Zone(zone) if network.zone(zone).is_internet());
    let mut found: BTreeMap<Span, Set> = BTreeMap::new();
    let mut add = |cause: Cause, set: Set, space: &mut Space| {
        if let Cause::Exposure(_, span) = cause {
            let all = found.entry(span).or_insert(Set::EMPTY);
            *all = space.union(*all, set);
        }
    };
    for flow in meaning.flows.allowed.iter().filter(|flow| outside(flow.from.place)) {
        let set = flow_set(network, standing, limits, space, std::slice::from_ref(flow));
        add(flow.cause, set, space);
    }
    for forward in &meaning.forwards {
        let set = forward.lets_in(space);
        add(forward.cause, set, space);
    }
    found
}

/// The packets of every rule, by the place of its statement.
fn by_statement(network: &Network, meant: &mut Meant, allowed: bool) -> BTreeMap<Span, Set> {
    let flows: Vec<Flow> =
        if allowed { meant.meaning.flows.allowed.clone() } else { meant.meaning.flows.denied.clone() };
    let mut statements: BTreeMap<Span, Vec<Flow>> = BTreeMap::new();
    for flow in flows {
        if let Cause::Rule(_, span) = flow.cause {
            statements.entry(span).or_default().push(flow);
        }
    }
    statements
        .into_iter()
        .map(|(span, flows)| (span, flow_set(network, &meant.standing, &mut meant.limits, &mut meant.space, &flows)))
        .collect()
}

/// The packets that exactly one of the sets holds.
fn once(sets: Vec<Set>, space: &mut Space) -> Set {
    let mut level: Vec<(Set, Set)> = sets.into_iter().map(|set| (set, Set::EMPTY)).collect();
    while level.len() > 1 {
        level = level
            .chunks(2)
            .map(|pair| match pair {
                [(any, several), (other, more)] => {
                    let both = space.intersect(*any, *other);
                    (space.union(*any, *other), space.union_all(vec![*several, *more, both]))
                }
                [one] => *one,
                _ => (Set::EMPTY, Set::EMPTY),
            })
            .collect();
    }
    level.first().map_or(Set::EMPTY, |(any, several)| space.minus(*any, *several))
}

fn wholly_denied(span: Span, packets: Set, denied: &BTreeMap<Span, Set>, space: &mut Space) -> Diagnostic {
    let mut warning = Diagnostic::warning("shadowed-rule", span, "this rule lets nothing through")
        .label("every packet of it is denied")
        .help("a deny wins wherever it stands: narrow the deny, or remove this rule");
    for (place, set) in denied {
        if !space.disjoint(*set, packets) {
            warning = warning.also(*place, "holds it back");
        }
    }
    warning
}

/// The rules without effect that may all go together: others let through what they do, and will do so for as long. A
/// rule that says why it is there, or that does more than let through, is left to people.
fn removable(
    network: &Network,
    idle: &[(Span, Set)],
    allowed: &BTreeMap<Span, Set>,
    space: &mut Space,
) -> Vec<(Span, Fix)> {
    let all = |span: Span, fits: &dyn Fn(&Options) -> bool| {
        network.rules.iter().filter(|rule| rule.span == span).all(|rule| fits(&rule.options))
    };
    let silent = |options: &Options| {
        *options == Options { temporary: options.temporary, until: options.until, ..Options::default() }
    };
    let lasting = |options: &Options| options.until.is_none();
    let mut staying: BTreeMap<Span, Set> =
        allowed.iter().filter(|(span, _)| all(**span, &lasting)).map(|(span, set)| (*span, *set)).collect();
    let mut found = Vec::new();
    // Of two that say the same, the second one goes.
    for (span, packets) in idle.iter().rev().filter(|(span, _)| all(*span, &silent)) {
        let mut left = *packets;
        for (_, set) in staying.iter().filter(|(other, _)| *other != span) {
            if left.is_empty() {
                break;
            }
            left = space.minus(left, *set);
        }
        if let (true, Some(fix)) = (left.is_empty(), network.removal(*span, "rule")) {
            staying.remove(span);
            found.push((*span, fix));
        }
    }
    found
}

fn adds_nothing(span: Span, packets: Set, allowed: &BTreeMap<Span, Set>, space: &mut Space) -> Diagnostic {
    let mut note = Diagnostic {
        severity: crate::diagnostic::Severity::Note,
        ..Diagnostic::warning("redundant-rule", span, "this rule adds nothing")
    }
    .label("other rules let all of it through")
    .help("remove it, or keep it if the others are meant to go");
    let mut left = packets;
    for (place, set) in allowed.iter().filter(|(place, _)| **place != span) {
        if left.is_empty() {
            break;
        }
        if !space.disjoint(*set, left) {
            left = space.minus(left, *set);
            note = note.also(*place, "lets it through as well");
        }
    }
    note
}
