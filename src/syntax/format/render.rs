//! Entries to lines. An entry that fits into one line becomes a row, whose columns are set together with those of its
//! neighbours; any other becomes lines of its own.

use super::{
    INDENT, WIDTH,
    align::{Cell, Row, align},
    entries::{Block, Entry, Lead, Piece},
};
use crate::syntax::token::Kind;

/// What the entries of a block are.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Context {
    File,
    /// The lines of `exposed`.
    Exposed,
    /// Attributes, or the lines of a check.
    Attributes,
}

/// Which rows share columns.
#[derive(Clone, PartialEq, Eq)]
enum Class {
    /// `allow` and `deny`; `never`, `always` and `only`
    Flow(bool),
    /// A statement by its key word, and whether it has `=`.
    Statement(String, bool),
    ExposedEntry,
    Attribute,
}

/// The lines of a block, each with its indentation.
pub fn block(block: &Block, indent: usize, context: Context) -> Vec<String> {
    let mut lines = Vec::new();
    let mut rows: Vec<Row> = Vec::new();
    let mut shared: Option<Class> = None;
    for entry in &block.entries {
        let class = class(entry, context);
        let row = one_line(entry).filter(|line| indent + width(line) <= WIDTH).map(|_| row(entry, &class));
        if !entry.lead.is_empty() || row.is_none() || shared.as_ref() != Some(&class) {
            lines.extend(align(&std::mem::take(&mut rows), indent));
        }
        leads(&entry.lead, indent, &mut lines);
        if let Some(row) = row {
            rows.push(row);
            shared = Some(class);
        } else {
            lines.extend(many_lines(entry, indent, context));
            shared = None;
        }
    }
    lines.extend(align(&rows, indent));
    leads(&block.tail, indent, &mut lines);
    lines
}

fn leads(leads: &[Lead], indent: usize, lines: &mut Vec<String>) {
    for lead in leads {
        lines.push(match lead {
            Lead::Blank => String::new(),
            Lead::Comment(text) => indented(indent, text),
        });
    }
}

fn class(entry: &Entry, context: Context) -> Class {
    let word = first_word(entry);
    match (context, word) {
        (Context::Exposed, _) => Class::ExposedEntry,
        (Context::File, "allow" | "deny") => Class::Flow(true),
        (_, "never" | "always" | "only") => Class::Flow(false),
        (Context::File, _) => {
            Class::Statement(word.to_owned(), entry.head.iter().any(|piece| is(piece, &Kind::Equals)))
        }
        (Context::Attributes, _) => Class::Attribute,
    }
}

fn first_word(entry: &Entry) -> &str {
    match entry.head.first() {
        Some(Piece::Token { text, .. }) => text,
        _ => "",
    }
}

fn is(piece: &Piece, wanted: &Kind) -> bool {
    matches!(piece, Piece::Token { kind, .. } if kind == wanted)
}

/// The whole entry in one line, if it was written that way and has no comments inside.
fn one_line(entry: &Entry) -> Option<String> {
    if entry.head.iter().any(|piece| matches!(piece, Piece::Comment { .. })) {
        return None;
    }
    let head = joined(&entry.head, first_word(entry) == "schedule");
    match &entry.block {
        None => Some(head),
        Some(block) => Some(format!("{head} {}", braces(block)?)),
    }
}

/// `{ a;  b }`
fn braces(block: &Block) -> Option<String> {
    if block.is_empty() {
        return Some("{ }".to_owned());
    }
    if !block.one_line {
        return None;
    }
    let entries: Option<Vec<String>> = block.entries.iter().map(one_line).collect();
    Some(format!("{{ {} }}", entries?.join(";  ")))
}

/// Tokens with single spaces between them and none before a comma. Days of a schedule stand close: `sat,sun 22:30-08:00`.
fn joined(pieces: &[Piece], days: bool) -> String {
    let mut out = String::new();
    let mut before: [Option<&Kind>; 2] = [None, None];
    for piece in pieces {
        let Piece::Token { kind, text } = piece else { continue };
        let close = days && matches!((&before, kind), ([Some(Kind::Word(_)), Some(Kind::Comma)], Kind::Word(_)));
        if !(out.is_empty() || *kind == Kind::Comma || close) {
            out.push(' ');
        }
        out.push_str(text);
        before = [before[1], Some(kind)];
    }
    out
}

/// The entry cut into the cells of its class.
fn row(entry: &Entry, class: &Class) -> Row {
    let keyed = matches!(class, Class::Flow(_) | Class::Attribute);
    // `redirect` has its services before the arrow.
    let (arrow_column, colon_column) = if first_word(entry) == "redirect" { (3, 2) } else { (2, 3) };
    let mut cells: Vec<Cell> = Vec::new();
    let mut from = 0;
    let mut column = 0;
    let cut = |from: usize, to: usize, column: usize| {
        let pieces = entry.head.get(from..to).unwrap_or(&[]);
        let anchor = match pieces.first() {
            Some(Piece::Token { kind: Kind::Arrow | Kind::Both | Kind::Reach, text }) => text.len(),
            _ => 0,
        };
        Cell { column, anchor, text: joined(pieces, first_word(entry) == "schedule") }
    };
    for (at, piece) in entry.head.iter().enumerate() {
        let next = match piece {
            _ if keyed && at == 1 => 1,
            _ if *class == Class::Attribute => continue,
            Piece::Token { kind: Kind::Arrow | Kind::Both | Kind::Reach, .. } => arrow_column,
            Piece::Token { kind: Kind::Colon, .. } => colon_column,
            _ => continue,
        };
        // Attributes may hold signs in any order; columns go from left to right.
        if next <= column {
            continue;
        }
        cells.push(cut(from, at, column));
        (from, column) = (at, next);
    }
    cells.push(cut(from, entry.head.len(), column));
    if let Some(text) = entry.block.as_ref().and_then(braces) {
        match (class, cells.last_mut()) {
            // The braces behind a definition belong to its own value: `service a = tcp 1 { plaintext }`.
            (Class::Statement(_, true), Some(last)) => last.text = format!("{} {text}", last.text),
            _ => cells.push(Cell { column: 4, anchor: 0, text }),
        }
    }
    Row { cells, comment: entry.comment.clone() }
}

/// An entry that needs more than one line.
fn many_lines(entry: &Entry, indent: usize, context: Context) -> Vec<String> {
    let behind = entry.block.as_ref().map_or(0, |block| if block.is_empty() { " { }".len() } else { " {".len() });
    let mut lines = broken(entry, indent, behind);
    if let Some(inner) = &entry.block {
        if inner.is_empty() {
            append(&mut lines, " { }");
        } else {
            append(&mut lines, " {");
            if let Some(comment) = &inner.comment {
                append(&mut lines, &format!("  {comment}"));
            }
            let within = match (context, first_word(entry)) {
                (Context::File, "exposed") => Context::Exposed,
                _ => Context::Attributes,
            };
            lines.extend(block(inner, indent + INDENT, within));
            lines.push(indented(indent, "}"));
        }
    }
    if let Some(comment) = &entry.comment {
        append(&mut lines, &format!("  {comment}"));
    }
    lines
}

/// The part before the braces, broken behind commas where it gets too wide, and behind every comment.
fn broken(entry: &Entry, indent: usize, behind: usize) -> Vec<String> {
    let days = first_word(entry) == "schedule";
    let mut lines = vec![String::new()];
    let mut fresh = true;
    let chunks: Vec<&[Piece]> =
        entry.head.split_inclusive(|piece| is(piece, &Kind::Comma) || matches!(piece, Piece::Comment { .. })).collect();
    for (index, chunk) in chunks.iter().enumerate() {
        let (chunk, comment) = match chunk.split_last() {
            Some((Piece::Comment { text, own_line }, before)) => (before, Some((text, *own_line))),
            _ => (*chunk, None),
        };
        let text = joined(chunk, days);
        let room = if index + 1 == chunks.len() { WIDTH - behind } else { WIDTH };
        let start = lines.len() == 1 && fresh;
        if !text.is_empty() {
            let last = lines.last().map_or(0, |line| width(line));
            if fresh || last + 1 + width(&text) > room {
                if !fresh {
                    lines.push(String::new());
                }
                append(&mut lines, &indented(if start { indent } else { indent + INDENT }, &text));
            } else {
                append(&mut lines, &format!(" {text}"));
            }
            fresh = false;
        }
        if let Some((comment, own_line)) = comment {
            if own_line {
                if !fresh {
                    lines.push(String::new());
                }
                append(&mut lines, &indented(indent + INDENT, comment));
            } else {
                append(&mut lines, &format!("  {comment}"));
            }
            lines.push(String::new());
            fresh = true;
        }
    }
    lines
}

fn append(lines: &mut [String], text: &str) {
    if let Some(last) = lines.last_mut() {
        last.push_str(text);
    }
}

fn indented(indent: usize, text: &str) -> String {
    format!("{:indent$}{text}", "")
}

/// How many columns a text takes.
pub fn width(text: &str) -> usize {
    text.chars().count()
}
