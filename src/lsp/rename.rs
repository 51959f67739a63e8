//! Another name for something, wherever it is written; refused when the policy would not be the same under it.

use std::{
    collections::{BTreeMap, HashMap},
    rc::Rc,
    sync::Arc,
};

use lsp_types::{Position, PrepareRenameResponse, TextEdit, Uri, WorkspaceEdit};

use super::{
    navigate::{last_part, symbol_at},
    place,
    policy::{Policy, path_of},
    serve::Refusal,
    text::{Lines, narrow},
    workspace::{Document, Workspace},
};
use crate::{
    diagnostic::{Severity, SourceId, Span},
    model::{Sort, Symbol},
    syntax::{parse, reserved, token::Kind},
};

/// The name that would be changed.
pub fn prepare(policy: &Policy, source: SourceId, at: u32) -> Result<Option<PrepareRenameResponse>, Refusal> {
    let Some((span, symbol)) = symbol_at(policy, source, at) else { return Ok(None) };
    of_ones_own(policy, symbol)?;
    let range = Lines::new(policy.text(source)).range(last_part(policy, span));
    Ok(Some(PrepareRenameResponse::RangeWithPlaceholder { range, placeholder: symbol.name.clone() }))
}

fn of_ones_own(policy: &Policy, symbol: &Symbol) -> Result<(), Refusal> {
    if policy.index.is_standard(symbol) {
        let word = symbol.meaning.word();
        return Err(Refusal(format!(
            "`{}` belongs to the standard library; declare a {word} of your own to give it another name",
            symbol.name
        )));
    }
    Ok(())
}

/// The changes in all policies that the place is a part of.
#[expect(clippy::mutable_key_type, reason = "the protocol's own type has addresses as keys")]
pub fn rename(
    policies: &[(Rc<Policy>, SourceId)],
    position: Position,
    new: &str,
    workspace: &Workspace,
) -> Result<Option<WorkspaceEdit>, Refusal> {
    let mut changes: BTreeMap<String, Vec<(Span, TextEdit)>> = BTreeMap::new();
    for (policy, source) in policies {
        let at = narrow(Lines::new(policy.text(*source)).offset(position));
        let Some((_, symbol)) = symbol_at(policy, *source, at) else { continue };
        of_ones_own(policy, symbol)?;
        if symbol.name == new {
            continue;
        }
        fits(policy, symbol, new)?;
        let spans: Vec<Span> = std::iter::once(symbol.span)
            .chain(policy.index.uses_of(symbol.span).map(|span| last_part(policy, span)))
            .collect();
        for span in &spans {
            let source = policy.sources.get(span.source);
            let path = source.and_then(|source| path_of(&source.name, policy.world()));
            let Some(path) = path else { continue };
            let edit = TextEdit { range: Lines::new(policy.text(span.source)).range(*span), new_text: new.to_owned() };
            let list = changes.entry(path).or_default();
            if !list.iter().any(|(_, other)| *other == edit) {
                list.push((*span, edit));
            }
        }
    }
    if changes.is_empty() {
        return Ok(None);
    }
    for (policy, _) in policies {
        holds(policy, &changes, workspace)?;
    }
    let list = changes
        .into_iter()
        .filter_map(|(path, edits)| Some((place::uri(&path)?, edits.into_iter().map(|(_, edit)| edit).collect())));
    let changes: HashMap<Uri, Vec<TextEdit>> = list.collect();
    Ok(Some(WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }))
}

/// Can the name be declared, and is it free?
fn fits(policy: &Policy, symbol: &Symbol, new: &str) -> Result<(), Refusal> {
    let refuse = |why: String| Err(Refusal(why));
    let parsed = parse(SourceId::default(), new);
    let word = parsed.tokens.first().map(|token| &token.kind);
    let whole =
        parsed.tokens.first().is_some_and(|token| token.span.start == 0 && token.span.end as usize == new.len());
    let named = whole && matches!(word, Some(Kind::Word(_)));
    if !named || new.contains('.') || new.starts_with('_') {
        return refuse(format!(
            "`{new}` is no name: a name starts with a letter, and letters, digits, `_` and single `-` follow"
        ));
    }
    let protocol = ["tcp", "udp", "sctp", "icmp", "icmpv6", "proto"].contains(&new);
    if reserved(new) || (symbol.meaning.sort() == Sort::Service && protocol) {
        return refuse(format!("`{new}` is a word of the language"));
    }
    if let Some(other) = policy.index.taken(symbol, new) {
        let place = policy.sources.place(other.span);
        return refuse(format!("there is a {} `{new}` already, at {place}", other.meaning.word()));
    }
    Ok(())
}

/// Holds the policy against itself under the new name: a statement that could not be read was not changed with it.
fn holds(
    policy: &Policy,
    changes: &BTreeMap<String, Vec<(Span, TextEdit)>>,
    workspace: &Workspace,
) -> Result<(), Refusal> {
    let mut world = policy.world().clone();
    let mut open = (*workspace.open).clone();
    for (path, edits) in changes {
        let source = policy.source(path);
        let Some(mut text) = source.map(|source| policy.text(source).to_owned()) else { continue };
        let mut edits: Vec<&(Span, TextEdit)> = edits.iter().collect();
        edits.sort_by_key(|(span, _)| std::cmp::Reverse(span.start));
        for (span, edit) in edits {
            let range = span.start as usize..span.end as usize;
            if text.get(range.clone()).is_some() {
                text.replace_range(range, &edit.new_text);
            }
        }
        open.insert(path.clone(), Document { text: text.into(), version: 0 });
    }
    world.open = Arc::new(open);
    let Some(renamed) = Policy::new(policy.root(), world) else { return Ok(()) };
    let errors = |policy: &Policy| policy.diagnostics.iter().filter(|found| found.severity == Severity::Error).count();
    if errors(&renamed) > errors(policy) {
        let known: Vec<&str> = policy.diagnostics.iter().map(|found| found.message.as_str()).collect();
        let new = renamed.diagnostics.iter().find(|found| !known.contains(&found.message.as_str()));
        let why = new.map_or("", |found| found.message.as_str());
        return Err(Refusal(format!(
            "the policy would be broken under this name: {why}; mend the statements that cannot be read first"
        )));
    }
    Ok(())
}
