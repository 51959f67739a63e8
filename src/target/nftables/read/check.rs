//! What nft would refuse to load: chains and sets that are not there, and chains that call each other in a circle.
//! Also marks the sets that rules change.

use super::{
    ast::{Action, Chain, Data, MarkValue, NatTarget, Rule, Ruleset, Table, Value, Verdict},
    error::ReadError,
    eval_hooks::CONNTRACK,
};

/// nft's bound on how deep chains may call each other (`NFT_JUMP_STACK_SIZE`).
const DEPTH: usize = 16;

/// Refuses what cannot be loaded.
pub fn check(ruleset: &mut Ruleset) -> Result<(), ReadError> {
    for table in &mut ruleset.tables {
        let changed: Vec<String> = table
            .chains
            .iter()
            .flat_map(|chain| &chain.rules)
            .flat_map(|rule| &rule.statements)
            .filter_map(|statement| match &statement.action {
                Action::Update(set) => Some(set.clone()),
                _ => None,
            })
            .collect();
        for set in &mut table.sets {
            set.dynamic |= changed.contains(&set.name);
        }
    }
    for table in &ruleset.tables {
        for rule in table.chains.iter().flat_map(|chain| &chain.rules) {
            references(table, rule)?;
        }
        for set in &table.sets {
            for element in &set.elements {
                if let Some(Data::Verdict(verdict)) = &element.data {
                    target(table, verdict, element.line)?;
                }
            }
        }
        for chain in &table.chains {
            // `nf_tables_addchain` asks for more than `NF_IP_PRI_CONNTRACK`.
            if chain.base.as_ref().is_some_and(|base| base.nat && base.priority <= CONNTRACK) {
                return Err(ReadError::TooEarly { line: chain.line, name: chain.name.clone() });
            }
            depth(table, chain, DEPTH)?;
        }
    }
    Ok(())
}

fn references(table: &Table, rule: &Rule) -> Result<(), ReadError> {
    for statement in &rule.statements {
        match &statement.action {
            Action::Match { value, .. } | Action::Reads { map: Some(value), .. } => set(table, value, rule.line)?,
            Action::Mark { value: MarkValue::Map { map, .. }, .. } => set(table, map, rule.line)?,
            Action::VerdictMap { map, .. } => {
                set(table, map, rule.line)?;
                for verdict in verdicts(table, map) {
                    target(table, verdict, rule.line)?;
                }
            }
            Action::Nat(nat) => {
                if let NatTarget::Map { map, .. } = &nat.target {
                    set(table, map, rule.line)?;
                }
            }
            Action::Verdict(verdict) => target(table, verdict, rule.line)?,
            Action::NamedLimit(name) if !table.limits.iter().any(|(have, ..)| have == name) => {
                return Err(missing(table, "limit", name, rule.line));
            }
            Action::Update(name) if table.set(name).is_none() => return Err(missing(table, "set", name, rule.line)),
            _ => {}
        }
    }
    Ok(())
}

fn set(table: &Table, value: &Value, line: u32) -> Result<(), ReadError> {
    match value {
        Value::Named(name) if table.set(name).is_none() => Err(missing(table, "set or map", name, line)),
        _ => Ok(()),
    }
}

fn target(table: &Table, verdict: &Verdict, line: u32) -> Result<(), ReadError> {
    match verdict {
        Verdict::Jump(name) | Verdict::Goto(name) if table.chain(name).is_none() => {
            Err(missing(table, "chain", name, line))
        }
        _ => Ok(()),
    }
}

fn missing(table: &Table, kind: &'static str, name: &str, line: u32) -> ReadError {
    ReadError::Missing { line, kind, name: name.to_owned(), table: table.name.clone() }
}

/// The verdicts of a map, written out or named.
fn verdicts<'t>(table: &'t Table, map: &'t Value) -> Vec<&'t Verdict> {
    let elements = match map {
        Value::Set(elements) => elements.as_slice(),
        Value::Named(name) => table.set(name).map_or(&[][..], |set| &set.elements),
        _ => &[],
    };
    let data = elements.iter().filter_map(|element| element.data.as_ref());
    data.filter_map(|data| match data {
        Data::Verdict(verdict) => Some(verdict),
        Data::Value(_) => None,
    })
    .collect()
}

/// Refuses a chain from which calls go deeper than allowed, which a circle does.
fn depth(table: &Table, chain: &Chain, left: usize) -> Result<(), ReadError> {
    let mut level = vec![chain];
    // Level by level, each chain once a level: a circle never runs out of levels.
    for _ in 0..=left {
        let mut next: Vec<&Chain> = Vec::new();
        for called in level.iter().flat_map(|chain| calls(table, chain)) {
            if !next.iter().any(|have| have.name == called.name) {
                next.push(called);
            }
        }
        if next.is_empty() {
            return Ok(());
        }
        level = next;
    }
    Err(ReadError::CallDepth { line: chain.line, name: chain.name.clone() })
}

fn calls<'t>(table: &'t Table, chain: &'t Chain) -> Vec<&'t Chain> {
    let statements = chain.rules.iter().flat_map(|rule| &rule.statements);
    let verdicts = statements.flat_map(|statement| match &statement.action {
        Action::Verdict(verdict) => vec![verdict],
        Action::VerdictMap { map, .. } => verdicts(table, map),
        _ => Vec::new(),
    });
    verdicts
        .filter_map(|verdict| match verdict {
            Verdict::Jump(name) | Verdict::Goto(name) => table.chain(name),
            _ => None,
        })
        .collect()
}
