//! What a file was found to do.

use std::collections::BTreeMap;

use super::{
    ast::{Action, Ruleset, TableFamily},
    context::{Class, Destination, Source},
    error::ReadError,
    eval::{Effect, Eval, Flow, Note, POLICY, Step, Unknown},
    eval_conntrack::{openers, untracked},
};
use crate::{
    packet::{Bounds, Cube, Family, Field, Packet, Ranges, Set, Space},
    router::{Behaviour, Configuration, Dnat, Facts, Limits, Line, Outcome, Snat, Topology, Trace, Tracked},
};

/// What a ruleset does with packets.
#[derive(Clone, Debug)]
pub struct Reading {
    /// The packets that [`Self::surely`] and [`Self::possibly`] speak of: those of [`Topology::domain`] (with
    /// `Field::Out` after translation) that connection tracking takes for the first of a connection, or lets pass
    /// without one. ICMP errors and replies are not among them.
    pub first: Set,
    /// First packets that are surely accepted. Of a packet in it the outcome is known too.
    pub surely: Behaviour,
    /// First packets that may be accepted. Those whose translation is unknown are filed under the parts of it that are
    /// known.
    pub possibly: Behaviour,
    /// Later packets of known connections that are dropped, whichever direction they travel in: the addresses are
    /// those that the hooks see. None, in a good ruleset, except where sources are checked.
    pub established_dropped: Bounds,
    /// ICMP errors about known connections, and first packets of expected connections, that are dropped.
    pub related_dropped: Bounds,
    /// Packets that connection tracking takes for invalid, and that are accepted.
    pub invalid_accepted: Bounds,
    /// What could not be judged of first packets, by line. It need not have kept the bounds apart.
    pub unknown: Vec<Unknown>,
    /// What could not be judged of packets of the other classes.
    pub unknown_later: Vec<Unknown>,
    /// What should be known besides.
    pub notes: Vec<Note>,
    ruleset: Ruleset,
}

impl Reading {
    /// Was everything understood that decides over first packets?
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.surely == self.possibly
    }

    /// The rules and policies that decide over a packet, in the order in which they are asked. The last one that
    /// drops, if there is one, decided; otherwise every base chain on the way accepted.
    ///
    /// `limits` must be those of the reading, so that the packet's exceeded limit has the same number.
    ///
    /// # Errors
    /// If the evaluation is too large; the reading would have failed too.
    pub fn steps(
        &self,
        packet: &Packet,
        tracked: Tracked,
        topology: &Topology,
        limits: &mut Limits,
        space: &mut Space,
    ) -> Result<Vec<Step>, ReadError> {
        let cube = singleton(packet);
        let packets = space.cube(&cube);
        let mut eval = Eval::new(&self.ruleset, topology, limits, space);
        eval.class = tracked.into();
        (eval.steps, eval.one) = (Some(Vec::new()), Some(*packet));
        eval.journey(packets)?;
        Ok(eval.steps.unwrap_or_default())
    }
}

impl Configuration for Reading {
    fn facts(&self, space: &mut Space) -> Facts {
        let line = |unknown: &Unknown| Line { file: String::new(), line: unknown.line, text: unknown.text.clone() };
        // Neighbour discovery belongs to no connection, and has to pass.
        let known = untracked(space);
        let invalid = |packets, space: &mut Space| space.minus(packets, known);
        Facts {
            first: self.first,
            dropped: Set::EMPTY,
            surely: self.surely.clone(),
            possibly: self.possibly.clone(),
            established_dropped: self.established_dropped,
            related_dropped: self.related_dropped,
            invalid_accepted: Bounds {
                surely: invalid(self.invalid_accepted.surely, space),
                possibly: invalid(self.invalid_accepted.possibly, space),
            },
            unknown: self.unknown.iter().map(line).collect(),
            additions: Vec::new(),
            notes: self
                .notes
                .iter()
                .map(|note| Line { file: String::new(), line: note.line, text: note.text.clone() })
                .collect(),
            scope: crate::router::Scope::Everything,
        }
    }

    fn trace(
        &self,
        packet: &Packet,
        tracked: Tracked,
        topology: &Topology,
        limits: &mut Limits,
        space: &mut Space,
    ) -> Trace {
        let steps = self.steps(packet, tracked, topology, limits, space).unwrap_or_default();
        let Some(decision) = decision(&steps) else { return Trace::default() };
        let line = |line: u32, text: &str| Line { file: String::new(), line, text: text.to_owned() };
        let led = |step: &&Step| matches!(step.effect, Effect::Translated | Effect::Untracked) && *step != decision;
        let elements = decision.elements.iter().map(|(number, text)| line(*number, text));
        // Where a chain refuses whatever it is given, it counts who gave it.
        let place = steps.iter().position(|step| step == decision).unwrap_or(0);
        let given = steps.get(..place).and_then(<[Step]>::last).filter(|given| {
            let refuses = decision.effect == Effect::Dropped && !decision.text.starts_with(POLICY);
            refuses && given.effect == Effect::Moved && given.chain != decision.chain
        });
        let before = steps.iter().filter(led).chain(given).map(|step| line(step.line, &step.text));
        Trace { decided_by: Some(line(decision.line, &decision.text)), led_by: before.chain(elements).collect() }
    }
}

/// The step that decided over a packet.
fn decision(steps: &[Step]) -> Option<&Step> {
    // A drop is final. Of those who accepted, the last rule of a filter says more than the policies of the chains
    // behind it, and these more than what was let pass before it was asked.
    let dropped = steps.iter().rfind(|step| step.effect == Effect::Dropped);
    let accepted = |fits: fn(&Step) -> bool| steps.iter().rfind(|step| step.effect == Effect::Accepted && fits(step));
    let by_rule = || accepted(|step| step.filters && !step.text.starts_with(POLICY));
    let by_policy = || accepted(|step| step.filters);
    let before = || accepted(|step| !step.text.starts_with(POLICY));
    dropped.or_else(by_rule).or_else(by_policy).or_else(before).or(steps.last())
}

/// The set of one packet.
fn singleton(packet: &Packet) -> Cube {
    let fields = Field::ALL
        .into_iter()
        .filter(|field| packet.family == Family::V6 || !matches!(field, Field::SrcLow | Field::DstLow));
    fields.fold(Cube::any(), |cube, field| cube.with(field, Ranges::single(packet.value(field))))
}

/// Evaluates a ruleset.
pub fn evaluate(
    ruleset: Ruleset,
    topology: &Topology,
    limits: &mut Limits,
    space: &mut Space,
) -> Result<Reading, ReadError> {
    let domain = topology.domain(space);
    let reachable = space.project(domain, Field::Out);
    let openers = openers(space);
    let opening = space.intersect(reachable, openers);
    let mut eval = Eval::new(&ruleset, topology, limits, space);
    let through = eval.journey(opening)?;
    let dropped = eval.dropped;
    let (surely, mut possibly) = behaviours(eval.space, through, dropped);
    let mut unknown = std::mem::take(&mut eval.unknown);
    let helped = std::mem::take(&mut eval.helped);
    let established = of_class(&mut eval, Class::Established, domain)?;
    let related = of_class(&mut eval, Class::Related, domain)?;
    let invalid = of_class(&mut eval, Class::Invalid, domain)?;
    let unknown_later = eval.unknown.into_iter().collect();
    for (helper, packets) in helped {
        if expected(packets, related.possibly, domain, &mut possibly, space) {
            unknown.insert(helper);
        }
    }
    let unknown = unknown.into_iter().collect();
    let dropped = |accepted: Bounds, space: &mut Space| Bounds {
        surely: space.minus(domain, accepted.possibly),
        possibly: space.minus(domain, accepted.surely),
    };
    let established_dropped = dropped(established, space);
    let related_dropped = dropped(related, space);
    let first = space.intersect(domain, openers);
    if space.exhausted() {
        return Err(ReadError::TooLarge);
    }
    let notes = notes(&ruleset);
    Ok(Reading {
        first,
        surely,
        possibly,
        established_dropped,
        related_dropped,
        invalid_accepted: invalid,
        unknown,
        unknown_later,
        notes,
        ruleset,
    })
}

/// Adds what a helper may let in: connections that others name, of protocols that helpers speak, between interfaces that
/// the helped connections cross, as far as related packets pass there (`nf_ct_expect_related` in
/// `nf_conntrack_expect.c`; which ends and ports are expected is each helper's own). Is there any?
fn expected(helped: Set, related: Set, domain: Set, possibly: &mut Behaviour, space: &mut Space) -> bool {
    let accepted = possibly.all(space);
    let helped = space.intersect(helped, accepted);
    let mut ways = Vec::new();
    let way =
        |from: u64, to: u64| Cube::any().with(Field::In, Ranges::single(from)).with(Field::Out, Ranges::single(to));
    for from in numbers(helped, Field::In, space) {
        let here = space.cube(&Cube::any().with(Field::In, Ranges::single(from)));
        let here = space.intersect(helped, here);
        for to in numbers(here, Field::Out, space) {
            ways.extend([way(from, to), way(to, from)]);
        }
    }
    let ways = space.cubes_union(ways);
    let spoken = space.cube(&Cube::any().with(Field::Proto, Ranges::from_pairs([(6, 6), (17, 17), (47, 47)])));
    let packets = [domain, related, spoken].into_iter().fold(ways, |all, some| space.intersect(all, some));
    let packets = space.minus(packets, accepted);
    possibly.add(space, Outcome::default(), packets);
    packets != Set::EMPTY
}

fn numbers(set: Set, field: Field, space: &mut Space) -> Vec<u64> {
    space.values(set, field).iter().flat_map(|(low, high)| low..=high).collect()
}

/// The packets of a class that are accepted.
fn of_class(eval: &mut Eval, class: Class, domain: Set) -> Result<Bounds, ReadError> {
    eval.class = class;
    eval.dropped = Set::EMPTY;
    let through = eval.journey(domain)?;
    let possibly = eval.space.union_all(through.into_values().collect());
    let surely = eval.space.minus(possibly, eval.dropped);
    Ok(Bounds { surely, possibly })
}

/// The packets that may get through by outcome, and of them those for which nothing else may happen.
fn behaviours(space: &mut Space, through: Flow, dropped: Set) -> (Behaviour, Behaviour) {
    let mut possibly = Behaviour::default();
    let mut unclear = dropped;
    // By outcome, with the packets that have it for certain kept apart from those that have it as far as is known.
    let mut certain: BTreeMap<Outcome, Set> = BTreeMap::new();
    for (state, packets) in through {
        let dnat = match state.destination {
            Destination::To { address, port } => Some(Dnat::To { address, port }),
            Destination::ToRouter { port } => Some(Dnat::ToRouter { port }),
            Destination::Original | Destination::Unknown => None,
        };
        let snat = match state.source {
            Source::Masquerade => Some(Snat::Masquerade),
            Source::To { address } => Some(Snat::To { address }),
            Source::Original | Source::Unknown => None,
        };
        let outcome = Outcome { dnat, snat };
        possibly.add(space, outcome, packets);
        if state.destination == Destination::Unknown || state.source == Source::Unknown {
            unclear = space.union(unclear, packets);
        } else {
            let entry = certain.entry(outcome).or_insert(Set::EMPTY);
            *entry = space.union(*entry, packets);
        }
    }
    let mut surely = Behaviour::default();
    for (outcome, packets) in &certain {
        let others = certain.iter().filter(|(other, _)| *other != outcome).map(|(_, packets)| *packets);
        let others = space.union_all(others.collect());
        let packets = space.minus(*packets, others);
        let packets = space.minus(packets, unclear);
        surely.add(space, *outcome, packets);
    }
    (surely, possibly)
}

/// What the rules do beside deciding over first packets, and what the reading leaves out.
fn notes(ruleset: &Ruleset) -> Vec<Note> {
    let mut notes = Vec::new();
    for table in &ruleset.tables {
        if matches!(table.family, TableFamily::Arp | TableFamily::Bridge)
            && table.chains.iter().any(|chain| chain.base.is_some())
        {
            let text = format!("table `{}` filters below the network layer and is not followed", table.name);
            notes.push(Note { line: table.line, text });
        }
        if table.dormant {
            notes.push(Note {
                line: table.line,
                text: format!("table `{}` is dormant: none of its rules is asked", table.name),
            });
        }
        for rule in table.chains.iter().flat_map(|chain| &chain.rules) {
            for statement in &rule.statements {
                let text = match &statement.action {
                    Action::Nothing(Some(text)) => *text,
                    Action::Match { key, .. } if key.parts.contains(&super::ast::Selector::NextHeader(true)) => {
                        "`ip6 nexthdr` does not match behind extension headers; `meta l4proto` does"
                    }
                    _ => continue,
                };
                notes.push(Note { line: rule.line, text: text.to_owned() });
            }
        }
    }
    notes.sort();
    notes.dedup();
    notes
}
