//! Changes that mend a finding.

use lsp_types::{CodeAction, CodeActionKind, CodeActionOrCommand, Range, TextEdit, Uri, WorkspaceEdit};

use super::{Server, check::Found, place, text::Lines};
use crate::{
    diagnostic::{Diagnostic, SourceId, Span},
    syntax::{
        parse,
        tree::{Statement, StatementKind},
    },
    world::World,
};

/// A change of one file, and what it does.
struct Change {
    title: String,
    edits: Vec<(Span, String)>,
    /// Is it the one that anybody would make?
    preferred: bool,
}

pub fn actions(server: &Server, uri: &Uri, range: Range) -> Vec<CodeActionOrCommand> {
    let Some(path) = place::path(uri) else { return Vec::new() };
    let mut actions: Vec<CodeActionOrCommand> = Vec::new();
    for (root, found) in &server.found {
        let here = found.diagnostics.iter().filter_map(|diagnostic| {
            let location = found.location(diagnostic.primary.span)?;
            (location.uri == *uri && overlap(location.range, range)).then_some(diagnostic)
        });
        for diagnostic in here {
            let source = diagnostic.primary.span.source;
            let Some(text) = found.sources.get(source).map(|source| source.text.as_str()) else { continue };
            // What was found in an older text has its place no longer.
            if server.workspace.overlay(root).read(&path, place::folder(&root.path)).as_deref() != Ok(text) {
                continue;
            }
            for change in changes(diagnostic, found, text) {
                let action = CodeActionOrCommand::CodeAction(action(change, uri, text));
                if !actions.contains(&action) {
                    actions.push(action);
                }
            }
        }
    }
    actions
}

fn overlap(one: Range, other: Range) -> bool {
    one.start <= other.end && other.start <= one.end
}

fn action(change: Change, uri: &Uri, text: &str) -> CodeAction {
    let lines = Lines::new(text);
    let edits = change.edits.into_iter().map(|(span, new_text)| TextEdit { range: lines.range(span), new_text });
    let edit = WorkspaceEdit { changes: Some([(uri.clone(), edits.collect())].into()), ..WorkspaceEdit::default() };
    CodeAction {
        title: change.title,
        kind: Some(CodeActionKind::QUICKFIX),
        edit: Some(edit),
        is_preferred: Some(change.preferred),
        ..CodeAction::default()
    }
}

/// The changes that mend one finding.
fn changes(diagnostic: &Diagnostic, found: &Found, text: &str) -> Vec<Change> {
    let mut list = Vec::new();
    let source = diagnostic.primary.span.source;
    for fix in diagnostic.fixes.iter().filter(|fix| fix.edits.iter().all(|edit| edit.span.source == source)) {
        let edits = fix.edits.iter().map(|edit| (edit.span, edit.replacement.clone())).collect();
        list.push(Change { title: fix.title.clone(), edits, preferred: fix.safe });
    }
    for help in &diagnostic.help {
        let place = misspelt(diagnostic, found);
        let words = if place.is_some() { meant(help) } else { Vec::new() };
        let module = quoted(help, "add `use ");
        // One change for each name that may be meant; only a name that nothing competes with is the one to take.
        let ways = words.iter().map(|word| Some(*word)).chain((words.is_empty() && module.is_some()).then_some(None));
        for word in ways {
            let mut edits = Vec::new();
            let mut titles = Vec::new();
            if let Some((span, word)) = place.zip(word) {
                titles.push(format!("write `{word}`"));
                edits.push((span, word.to_owned()));
            }
            if let Some(module) = module {
                titles.push(format!("add `use {module}`"));
                edits.push(using(source, text, module));
            }
            list.push(Change { title: titles.join(" and "), edits, preferred: words.len() < 2 });
        }
    }
    if list.is_empty()
        && diagnostic.code.starts_with("unused-")
        && let Some(statement) = statement_at(diagnostic.primary.span, text)
    {
        let span = whole_lines(statement.span, text);
        list.push(Change { title: "remove it".to_owned(), edits: vec![(span, String::new())], preferred: false });
    }
    list
}

/// The names that a help offers: "did you mean `a` or `b`?"
fn meant(help: &str) -> Vec<&str> {
    let Some((_, rest)) = help.split_once("did you mean ") else { return Vec::new() };
    let question = rest.split('?').next().unwrap_or_default();
    question.split('`').skip(1).step_by(2).filter(|word| !word.is_empty()).collect()
}

/// The word in backticks behind some words of a help.
fn quoted<'h>(help: &'h str, before: &str) -> Option<&'h str> {
    let (_, rest) = help.split_once(before)?;
    rest.split('`').next().filter(|word| !word.is_empty())
}

/// The place of the word that a message is about: what is underlined, or its last word in backticks within that.
fn misspelt(diagnostic: &Diagnostic, found: &Found) -> Option<Span> {
    let span = diagnostic.primary.span;
    let text = found.sources.text(span);
    let part = |character: char| character.is_alphanumeric() || matches!(character, '-' | '_' | '.');
    if !text.is_empty() && text.chars().all(part) {
        return Some(span);
    }
    let word = diagnostic.message.rsplit('`').nth(1).filter(|word| !word.is_empty())?;
    let at = text.match_indices(word).map(|(at, _)| at).find(|at| {
        let before = text.get(..*at).and_then(|before| before.chars().next_back());
        let behind = text.get(at + word.len()..).and_then(|behind| behind.chars().next());
        !before.is_some_and(part) && !behind.is_some_and(part)
    })?;
    let start = span.start + super::text::narrow(at);
    Some(Span { start, end: start + super::text::narrow(word.len()), ..span })
}

/// `use MODULE` behind the other ones, or before the first statement.
pub fn using(source: SourceId, text: &str, module: &str) -> (Span, String) {
    let statements = parse(source, text).file.statements;
    let last = statements.iter().rfind(|statement| matches!(statement.kind, StatementKind::Use(_)));
    match (last, statements.first()) {
        (Some(last), _) => (last.span.after(), format!("\nuse {module}")),
        (None, Some(first)) => (first.span.before(), format!("use {module}\n\n")),
        (None, None) => (Span { source, start: 0, end: 0 }, format!("use {module}\n\n")),
    }
}

fn statement_at(span: Span, text: &str) -> Option<Statement> {
    let statements = parse(span.source, text).file.statements;
    statements.into_iter().find(|statement| statement.span.start <= span.start && span.end <= statement.span.end)
}

/// A place with the rest of its lines, if nothing else stands on them but a comment behind it.
fn whole_lines(span: Span, text: &str) -> Span {
    let (start, end) = (span.start as usize, span.end as usize);
    let before = text.get(..start).and_then(|before| before.rsplit('\n').next()).unwrap_or("");
    let rest = text.get(end..).unwrap_or("");
    let behind = rest.split('\n').next().unwrap_or("");
    let alone = before.trim().is_empty() && (behind.trim().is_empty() || behind.trim().starts_with('#'));
    if !alone {
        return span;
    }
    let newline = usize::from(rest.len() > behind.len());
    Span {
        start: super::text::narrow(start - before.len()),
        end: super::text::narrow(end + behind.len() + newline),
        ..span
    }
}
