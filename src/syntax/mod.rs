//! Policy text to syntax tree. Parsing never fails: it gives a tree and a list of errors.

mod format;
mod keywords;
mod lexer;
mod literal;
mod mistake;
mod parser;
mod pieces;
mod recovery;
mod removal;
mod stream;
pub mod token;
pub mod tree;

use std::cell::RefCell;

pub use format::format;
pub use keywords::{BUILT_IN, STATEMENTS, reserved};
pub use removal::removal;
use stream::Tokens;
use token::{Kind, Token};
use tree::{File, Item, Side};

use crate::diagnostic::{Diagnostic, SourceId, Span};

/// What a source text holds: a tree of all that could be read, the errors, and the places of the comments.
#[derive(Debug, Default)]
pub struct Parse {
    pub file: File,
    pub errors: Vec<Diagnostic>,
    pub comments: Vec<Span>,
    pub tokens: Vec<Token>,
}

/// Parses a policy file.
#[must_use]
pub fn parse(source: SourceId, text: &str) -> Parse {
    let lexed = lexer::lex(source, text);
    let errors = RefCell::new(lexed.errors);
    let file = parser::file(Tokens { list: &lexed.tokens, text, errors: &errors });
    let mut errors = errors.into_inner();
    errors.sort_by_key(|error| error.primary.span);
    Parse { file, errors, comments: lexed.comments, tokens: lexed.tokens }
}

/// Parses the arguments of an attribute as the items of a service.
///
/// # Errors
/// What was expected instead, at its place.
pub fn items(arguments: &[Token], text: &str) -> Result<Vec<Item>, Box<Diagnostic>> {
    whole(arguments, text, pieces::items)
}

/// Parses the arguments of an attribute as one side of a rule.
///
/// # Errors
/// What was expected instead, at its place.
pub fn side(arguments: &[Token], text: &str) -> Result<Side, Box<Diagnostic>> {
    whole(arguments, text, pieces::side)
}

fn whole<'a, T>(
    arguments: &'a [Token],
    text: &'a str,
    parser: impl for<'t> Fn(Tokens<'t>) -> stream::Parsed<'t, T>,
) -> Result<T, Box<Diagnostic>> {
    let errors = RefCell::new(Vec::new());
    let end = arguments.last().map_or_else(Span::default, |token| token.span.after());
    let mut list = arguments.to_vec();
    list.push(Token { kind: Kind::End, span: end });
    let failure = match parser(Tokens { list: &list, text, errors: &errors }) {
        Ok((rest, value)) if matches!(rest.peek(), Kind::End) => match errors.take().into_iter().next() {
            None => return Ok(value),
            Some(error) => return Err(Box::new(error)),
        },
        Ok((rest, _)) => rest.expected("`,` or the end of the line"),
        Err(nom::Err::Error(failure) | nom::Err::Failure(failure)) => failure,
        Err(nom::Err::Incomplete(_)) => {
            return Err(Box::new(Diagnostic::error("syntax", end, "the line ends too early")));
        }
    };
    let found = text.get(failure.span.start as usize..failure.span.end as usize).unwrap_or("").to_owned();
    Err(Box::new(failure.diagnostic(&found)))
}
