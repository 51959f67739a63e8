//! A chain asked about packets: follows its rules, jumps and verdicts as `nft_do_chain` (net/netfilter/
//! `nf_tables_core.c`) does.
//!
//! Packets are followed as sets of what *may* happen: a packet that meets a condition which cannot be judged is both
//! in the set that goes on and in the set that does not. What surely happens is what nothing else may happen to.

use super::{
    ast::{Action, Chain, Data, Hook, Key, Op, Rule, Statement, Value, Verdict},
    context::{Class, Destination, Source, State, Tracking},
    error::ReadError,
    eval::{At, Effect, Eval, Flow, Step, Unknown, join, join_all},
    eval_match::{contents, within_limit},
    eval_nat::Rewrite,
    eval_sort::{is_condition, matters, plain},
};
use crate::packet::{Bounds, Set};

/// What became of the packets that a chain was asked about.
#[derive(Debug, Default)]
pub struct Verdicts {
    pub accepted: Flow,
    /// They came to the end, or returned.
    pub fell: Flow,
}

/// A rule being followed: what it does to packets goes to `verdicts`, what is left goes to `next`.
struct Following<'r> {
    rule: &'r Rule,
    chain: &'r Chain,
    depth: usize,
    next: Flow,
    verdicts: Verdicts,
}

impl<'a> Eval<'a> {
    /// Follows a chain that packets of several histories reach. `at.state` is not used.
    pub fn chain(&mut self, chain: &'a Chain, flow: Flow, at: At<'a>, depth: usize) -> Result<Verdicts, ReadError> {
        if depth > 16 {
            return Err(ReadError::CallDepth { line: chain.line, name: chain.name.clone() });
        }
        let mut verdicts = Verdicts::default();
        let mut current = flow;
        let rules: Vec<&Rule> = chain.rules.iter().filter(|rule| matters(rule, &self.marks)).collect();
        let mut rest = rules.as_slice();
        while let [first, others @ ..] = rest {
            if current.is_empty() {
                break;
            }
            let plain =
                if self.steps.is_some() { 0 } else { rest.iter().take_while(|rule| plain(rule).is_some()).count() };
            if let (true, Some((run, after))) = (plain > 1, rest.split_at_checked(plain)) {
                let mut next = Flow::new();
                for (state, packets) in current {
                    let left = self.run(run, packets, At { state, ..at }, &mut verdicts.accepted)?;
                    join(self.space, &mut next, state, left);
                }
                (current, rest) = (next, after);
                continue;
            }
            let mut following = Following { rule: first, chain, depth, next: Flow::new(), verdicts };
            for (state, packets) in current {
                self.left = self.left.checked_sub(1).ok_or(ReadError::TooLarge)?;
                self.rule(&mut following, packets, At { state, ..at })?;
            }
            (current, verdicts, rest) = (following.next, following.verdicts, others);
        }
        join_all(self.space, &mut verdicts.fell, current);
        Ok(verdicts)
    }

    /// Follows rules that are only conditions and accept or drop, many at once where their conditions are exact; gives
    /// the packets that none of them decides over.
    fn run(&mut self, rules: &[&'a Rule], packets: Set, at: At<'a>, accepted: &mut Flow) -> Result<Set, ReadError> {
        let mut left = packets;
        let mut exact: Vec<(Set, bool)> = Vec::new();
        for rule in rules {
            self.left = self.left.checked_sub(1).ok_or(ReadError::TooLarge)?;
            let accept = plain(rule) == Some(true);
            let mut met = Bounds::ALL;
            let mut conditions = Vec::new();
            for statement in rule.statements.iter().filter(|statement| is_condition(&statement.action)) {
                let condition = self.condition(statement, at);
                met = met.and(condition, self.space);
                conditions.push((statement, condition));
            }
            if met.surely == met.possibly {
                exact.push((met.surely, accept));
                continue;
            }
            left = self.decide(&exact, left, at, accepted);
            exact.clear();
            let mut live = left;
            for (statement, condition) in conditions {
                self.judge(rule.line, statement, condition, live, at);
                live = self.space.intersect(live, condition.possibly);
            }
            if accept {
                join(self.space, accepted, at.state, live);
            } else {
                self.dropped = self.space.union(self.dropped, live);
            }
            left = self.space.minus(left, met.surely);
        }
        Ok(self.decide(&exact, left, at, accepted))
    }

    /// Lets the first of these rules that holds a packet decide over it; gives the packets that none holds.
    fn decide(&mut self, rules: &[(Set, bool)], packets: Set, at: At<'a>, accepted: &mut Flow) -> Set {
        if rules.is_empty() {
            return packets;
        }
        let allowed = self.space.first_match(rules);
        let held = self.space.union_all(rules.iter().map(|(set, _)| *set).collect());
        let denied = self.space.minus(held, allowed);
        let allowed = self.space.intersect(packets, allowed);
        let denied = self.space.intersect(packets, denied);
        join(self.space, accepted, at.state, allowed);
        self.dropped = self.space.union(self.dropped, denied);
        self.space.minus(packets, held)
    }

    fn rule(&mut self, following: &mut Following<'a>, packets: Set, at: At<'a>) -> Result<(), ReadError> {
        self.elements.clear();
        self.statements(following, &following.rule.statements, packets, at)
    }

    fn statements(
        &mut self,
        following: &mut Following<'a>,
        statements: &'a [Statement],
        packets: Set,
        mut at: At<'a>,
    ) -> Result<(), ReadError> {
        let mut live = packets;
        for (number, statement) in statements.iter().enumerate() {
            self.note_elements(statement, at);
            if live == Set::EMPTY {
                return Ok(());
            }
            let condition = match &statement.action {
                Action::Nothing(_) => continue,
                Action::Untrack => {
                    if at.state.tracking == Tracking::Before || self.class == Class::Invalid {
                        at.state.tracking = Tracking::Refused;
                        self.step(following, at, Effect::Untracked);
                    }
                    continue;
                }
                Action::Mark { connection, value } => {
                    let (met, flow) = self.marked(*connection, value, live, at);
                    self.judge(following.rule.line, statement, met, live, at);
                    let missed = self.space.minus(live, met.surely);
                    join(self.space, &mut following.next, at.state, missed);
                    let rest = statements.get(number + 1..).unwrap_or_default();
                    for (state, packets) in flow {
                        self.statements(following, rest, packets, At { state, ..at })?;
                    }
                    return Ok(());
                }
                Action::Zone => {
                    if self.class == Class::New {
                        continue;
                    }
                    self.opaque(following, statement, live, at);
                    return Ok(());
                }
                Action::Match { .. }
                | Action::Reads { .. }
                | Action::Limit { .. }
                | Action::NamedLimit(_)
                | Action::Unknown
                | Action::Update(_) => self.condition(statement, at),
                Action::Helper(read) => {
                    let met = match read {
                        None => Bounds::ALL,
                        Some((key, Some(map))) => self.matches(key, Op::Implicit, map, at),
                        Some((key, None)) => self.readable_key(key, at),
                    };
                    if self.class == Class::New && at.state.tracking != Tracking::Refused {
                        let helped = self.space.intersect(live, met.possibly);
                        let text =
                            format!("{}: related connections pass, on ports that the other side names", statement.text);
                        self.helped.push((Unknown { line: following.rule.line, text }, helped));
                    }
                    met
                }
                Action::Verdict(verdict) => {
                    if *verdict == Verdict::Queue {
                        self.doubt(following.rule.line, &statement.text);
                    }
                    return self.verdict(following, verdict, live, at);
                }
                Action::VerdictMap { key, map } => {
                    live = self.verdict_map(following, (statement, key, map), live, at)?;
                    continue;
                }
                Action::Nat(_) => {
                    live = self.translate(following, statement, live, at);
                    continue;
                }
                Action::Opaque => {
                    self.opaque(following, statement, live, at);
                    return Ok(());
                }
            };
            self.judge(following.rule.line, statement, condition, live, at);
            let missed = self.space.minus(live, condition.surely);
            join(self.space, &mut following.next, at.state, missed);
            live = self.space.intersect(live, condition.possibly);
        }
        join(self.space, &mut following.next, at.state, live);
        Ok(())
    }

    fn condition(&mut self, statement: &Statement, at: At) -> Bounds {
        match &statement.action {
            Action::Match { key, op, value } => {
                let memory = self.memory(statement, &key.parts, at);
                if let Some(known) = self.known.get(&memory) {
                    return *known;
                }
                let found = self.matches(key, *op, value, at);
                self.known.insert(memory, found);
                found
            }
            Action::Reads { key, map } => match map {
                Some(map) => self.matches(key, Op::Implicit, map, at),
                None => self.readable_key(key, at),
            },
            Action::Limit { limit, over } => self.limited(limit, *over),
            Action::NamedLimit(name) => match at.table.limits.iter().find(|(have, ..)| have == name) {
                Some((_, limit, over)) => self.limited(limit, *over),
                None => Bounds::UNKNOWN,
            },
            _ => Bounds::UNKNOWN,
        }
    }

    fn limited(&mut self, limit: &crate::router::Limit, over: bool) -> Bounds {
        let number = self.limits.number(limit);
        Bounds::exact(self.space.cube(&within_limit(number, over)))
    }

    /// Carries out a verdict; `continue` goes on with the next rule.
    fn verdict(
        &mut self,
        following: &mut Following<'a>,
        verdict: &Verdict,
        packets: Set,
        at: At<'a>,
    ) -> Result<(), ReadError> {
        if packets == Set::EMPTY {
            return Ok(());
        }
        let flow = Flow::from([(at.state, packets)]);
        let Following { next, verdicts, .. } = following;
        let effect = match verdict {
            Verdict::Accept => {
                join_all(self.space, &mut verdicts.accepted, flow);
                Effect::Accepted
            }
            Verdict::Drop => {
                self.dropped = self.space.union(self.dropped, packets);
                Effect::Dropped
            }
            Verdict::Queue => {
                join_all(self.space, &mut verdicts.accepted, flow);
                self.dropped = self.space.union(self.dropped, packets);
                Effect::Dropped
            }
            Verdict::Continue => {
                join_all(self.space, next, flow);
                return Ok(());
            }
            Verdict::Return => {
                join_all(self.space, &mut verdicts.fell, flow);
                Effect::Moved
            }
            Verdict::Jump(name) | Verdict::Goto(name) => {
                self.step(following, at, Effect::Moved);
                return self.call(following, name, matches!(verdict, Verdict::Goto(_)), flow, at);
            }
        };
        self.step(following, at, effect);
        Ok(())
    }

    fn call(
        &mut self,
        following: &mut Following<'a>,
        name: &str,
        goto: bool,
        flow: Flow,
        at: At<'a>,
    ) -> Result<(), ReadError> {
        let Some(target) = at.table.chain(name) else {
            let table = at.table.name.clone();
            return Err(ReadError::Missing { line: following.rule.line, kind: "chain", name: name.to_owned(), table });
        };
        let called = self.chain(target, flow, at, following.depth + 1)?;
        join_all(self.space, &mut following.verdicts.accepted, called.accepted);
        let back = if goto { &mut following.verdicts.fell } else { &mut following.next };
        join_all(self.space, back, called.fell);
        Ok(())
    }

    /// Looks packets up in a verdict map; gives those that it has no verdict for, and so go on in the rule.
    fn verdict_map(
        &mut self,
        following: &mut Following<'a>,
        (statement, key, map): (&'a Statement, &'a Key, &'a Value),
        live: Set,
        at: At<'a>,
    ) -> Result<Set, ReadError> {
        let contents = contents(map, at);
        let Some(contents) = contents.filter(|contents| !contents.changing) else {
            self.opaque(following, statement, live, at);
            return Ok(Set::EMPTY);
        };
        let entries = self.entries(key, &contents, at);
        let mut found = Vec::new();
        for (packets, data) in entries {
            self.judge(following.rule.line, statement, packets, live, at);
            found.push(packets.surely);
            let these = self.space.intersect(live, packets.possibly);
            match data {
                Some(Data::Verdict(verdict)) => self.verdict(following, verdict, these, at)?,
                _ if these == Set::EMPTY => {}
                _ => self.opaque(following, statement, these, at),
            }
        }
        let found = self.space.union_all(found);
        let missed = self.space.minus(live, found);
        // A rule is broken off when its map has no value.
        join(self.space, &mut following.next, at.state, missed);
        Ok(Set::EMPTY)
    }

    /// Translates packets, which then leave the base chain as accepted; gives none to go on in the rule.
    fn translate(&mut self, following: &mut Following<'a>, statement: &'a Statement, live: Set, at: At<'a>) -> Set {
        let Action::Nat(nat) = &statement.action else { return live };
        let mut found = Vec::new();
        for (packets, rewrite) in self.translations(nat, at) {
            self.judge(following.rule.line, statement, packets, live, at);
            found.push(packets.surely);
            let these = self.space.intersect(live, packets.possibly);
            if these == Set::EMPTY {
                continue;
            }
            if matches!(rewrite, Rewrite::Destination(Destination::Unknown) | Rewrite::Source(Source::Unknown)) {
                self.doubt(following.rule.line, &statement.text);
            }
            for (state, packets) in self.changed(rewrite, these, at) {
                join(self.space, &mut following.verdicts.accepted, state, packets);
            }
            let source = matches!(rewrite, Rewrite::Source(_));
            self.step(following, at, if source { Effect::Disguised } else { Effect::Translated });
        }
        let found = self.space.union_all(found);
        let missed = self.space.minus(live, found);
        join(self.space, &mut following.next, at.state, missed);
        Set::EMPTY
    }

    /// Something that may decide in any way.
    fn opaque(&mut self, following: &mut Following<'a>, statement: &Statement, live: Set, at: At<'a>) {
        self.doubt(following.rule.line, &statement.text);
        self.dropped = self.space.union(self.dropped, live);
        let mut states = vec![at.state];
        if following_nat(at) {
            states.push(State { destination: Destination::Unknown, ..at.state });
            states.push(State { source: Source::Unknown, ..at.state });
        }
        for state in states {
            join(self.space, &mut following.verdicts.accepted, state, live);
        }
        join(self.space, &mut following.next, at.state, live);
        join(self.space, &mut following.verdicts.fell, at.state, live);
    }

    fn step(&mut self, following: &Following, at: At, effect: Effect) {
        if let Some(steps) = &mut self.steps {
            steps.push(Step {
                line: following.rule.line,
                text: following.rule.text.clone(),
                chain: format!("{} {}", at.table.name, following.chain.name),
                effect,
                elements: std::mem::take(&mut self.elements),
                filters: at.place.hook.filters(),
            });
        }
    }
}

/// Can a translation happen here?
fn following_nat(at: At) -> bool {
    at.table.chains.iter().any(|chain| chain.base.as_ref().is_some_and(|base| base.nat && base.hook == at.place.hook))
        && at.place.hook != Hook::Forward
}
