//! Where a name is declared, and where it is used.

use lsp_types::{Location, Range};

use super::policy::Policy;
use crate::{
    diagnostic::{SourceId, Span},
    model::Symbol,
    syntax::{
        token::Kind,
        tree::{Name, StatementKind, UseTarget},
    },
};

/// The name at a place and what it means. In a statement that cannot be read yet the word is looked up by itself.
pub fn symbol_at(policy: &Policy, source: SourceId, at: u32) -> Option<(Span, &Symbol)> {
    if let Some(found) = policy.index.at(source, at) {
        return Some(found);
    }
    let parsed = policy.parse(source);
    let read = parsed.file.statements.iter().any(|statement| statement.span.start <= at && at <= statement.span.end);
    if read {
        return None;
    }
    let token = parsed.tokens.iter().find(|token| token.span.start <= at && at <= token.span.end)?;
    let Kind::Word(word) = &token.kind else { return None };
    let found = policy.index.visible(source).into_iter().find(|visible| visible.written == *word)?;
    Some((token.span, found.symbol))
}

/// The id of a check at a place, in `check` and `waive`.
pub fn check_at(policy: &Policy, source: SourceId, at: u32) -> Option<Name> {
    policy.parse(source).file.statements.into_iter().find_map(|statement| {
        let id = match statement.kind {
            StatementKind::Check(check) => check.id,
            StatementKind::Waive(waive) => waive.id,
            _ => return None,
        };
        (id.span.start <= at && at <= id.span.end).then_some(id)
    })
}

/// What `use` names at a place.
pub fn used_at(policy: &Policy, source: SourceId, at: u32) -> Option<UseTarget> {
    policy.parse(source).file.statements.into_iter().find_map(|statement| match statement.kind {
        StatementKind::Use(found) => {
            let (UseTarget::File(name) | UseTarget::Module(name)) = &found.target;
            (name.span.start <= at && at <= name.span.end).then_some(found.target)
        }
        _ => None,
    })
}

pub fn definition(policy: &Policy, source: SourceId, at: u32) -> Option<Location> {
    if let Some((_, symbol)) = symbol_at(policy, source, at) {
        return policy.location(symbol.span);
    }
    if let Some(used) = used_at(policy, source, at) {
        return match used {
            UseTarget::File(file) => {
                Some(Location { uri: policy.beside(source, &file.text)?, range: Range::default() })
            }
            UseTarget::Module(module) => {
                let name = format!("<{}>", module.text);
                let (id, _) = policy.sources.numbered().find(|(_, source)| source.name == name)?;
                policy.location(Span { source: id, start: 0, end: 0 })
            }
        };
    }
    // A check that the policy declares with assertions of its own; or the line of the library that asks for it.
    let id = check_at(policy, source, at)?;
    let plain = id.text.rsplit('.').next().unwrap_or(&id.text);
    policy.sources.numbered().find_map(|(other, _)| {
        policy.parse(other).file.statements.iter().find_map(|statement| match &statement.kind {
            StatementKind::Check(check) if check.id.text == plain && check.id.span != id.span => {
                policy.location(check.id.span)
            }
            _ => None,
        })
    })
}

pub fn references(policy: &Policy, source: SourceId, at: u32, declaration: bool) -> Vec<Location> {
    let Some((_, symbol)) = symbol_at(policy, source, at) else { return Vec::new() };
    let declared = declaration.then_some(symbol.span);
    let all = declared.into_iter().chain(policy.index.uses_of(symbol.span).map(|span| last_part(policy, span)));
    all.filter_map(|span| policy.location(span)).collect()
}

/// The part of a name behind the module that it is written with.
pub fn last_part(policy: &Policy, span: Span) -> Span {
    let text = policy.sources.text(span);
    let before = text.rfind('.').map_or(0, |dot| dot + 1);
    Span { start: span.start + super::text::narrow(before), ..span }
}
