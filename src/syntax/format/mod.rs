//! The canonical layout of a policy text. Takes a text without syntax errors and gives the same policy laid out anew:
//! the same tree, the same comments in the same order, nothing added and nothing left out. Laying out twice changes nothing.
//!
//! A file is read into [`entries::Entry`]s, each is rendered into one row or several lines ([`render`]), and rows of
//! the same kind that follow each other share their columns ([`align`]).

mod align;
mod entries;
mod render;

use crate::diagnostic::SourceId;

/// The widest line that the layout makes by its own will, in characters.
const WIDTH: usize = 100;

/// One level of indentation, in characters.
const INDENT: usize = 4;

/// A policy text in the canonical layout, or nothing when it has syntax errors.
#[must_use]
pub fn format(text: &str) -> Option<String> {
    let parse = super::parse(SourceId::default(), text);
    if !parse.errors.is_empty() {
        return None;
    }
    let file = entries::read(text, &parse.tokens, &parse.comments);
    let mut out = String::with_capacity(text.len());
    for line in render::block(&file, 0, render::Context::File) {
        out.push_str(line.trim_end());
        out.push('\n');
    }
    Some(out)
}
