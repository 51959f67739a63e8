//! The token stream as an input of nom, and the error that the parsers give.

use std::{cell::RefCell, iter::Enumerate, slice::Iter};

use nom::{
    Err, IResult, Input, Needed,
    error::{ErrorKind, ParseError},
};

use super::token::{Kind, Token};
use crate::diagnostic::{Diagnostic, Span};

/// The rest of the tokens, and where errors go that do not stop the parser.
#[derive(Clone, Copy, Debug)]
pub struct Tokens<'a> {
    pub list: &'a [Token],
    pub text: &'a str,
    pub errors: &'a RefCell<Vec<Diagnostic>>,
}

/// The result of a parser of tokens.
pub type Parsed<'a, T> = IResult<Tokens<'a>, T, Expected>;

/// What was expected, and where. Of two failures the one further on is kept; at the same place they add up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    pub span: Span,
    pub found: Kind,
    pub what: Vec<&'static str>,
    pub help: Option<String>,
}

static EOF: Kind = Kind::Eof;

impl<'a> Tokens<'a> {
    /// The next token, which is [`Kind::Eof`] when none is left.
    pub fn peek(&self) -> &'a Kind {
        self.list.first().map_or(&EOF, |token| &token.kind)
    }

    /// The token behind the next one.
    pub fn peek_second(&self) -> &'a Kind {
        self.list.get(1).map_or(&EOF, |token| &token.kind)
    }

    /// The place of the next token.
    pub fn span(&self) -> Span {
        self.list.first().map_or_else(Span::default, |token| token.span)
    }

    /// All tokens but the next; the end of the file stays.
    #[must_use]
    pub fn skip(self) -> Self {
        if matches!(self.peek(), Kind::Eof) { self } else { Self { list: self.list.get(1..).unwrap_or(&[]), ..self } }
    }

    /// Does the next token stand at the start of a line?
    pub fn at_line_start(&self) -> bool {
        let start = self.span().start as usize;
        start == 0 || self.text.as_bytes().get(start - 1).is_some_and(|byte| *byte == b'\n')
    }

    /// The tokens of an earlier stream that come before the next one.
    pub fn taken_since(&self, earlier: &Self) -> &'a [Token] {
        let taken = earlier.list.len().saturating_sub(self.list.len());
        earlier.list.get(..taken).unwrap_or(&[])
    }

    /// The place from the next token of an earlier stream to the last token before this one.
    pub fn span_since(&self, start: Span, earlier: &Self) -> Span {
        let last = self.taken_since(earlier).iter().rev().find(|token| token.kind != Kind::End);
        last.map_or(start, |token| start.to(token.span))
    }

    /// The text of a place.
    pub fn written(&self, span: Span) -> &'a str {
        self.text.get(span.start as usize..span.end as usize).unwrap_or("")
    }

    /// Reports an error that does not stop the parser.
    pub fn report(&self, error: Diagnostic) {
        self.errors.borrow_mut().push(error);
    }

    /// A failure at the next token.
    pub fn expected(&self, what: &'static str) -> Expected {
        Expected { span: self.span(), found: self.peek().clone(), what: vec![what], help: None }
    }

    /// A failure at the next token from which no other branch may be tried.
    pub fn stop<T>(self, what: &'static str) -> Parsed<'a, T> {
        Err(Err::Failure(self.expected(what)))
    }
}

impl<'a> Input for Tokens<'a> {
    type Item = &'a Token;
    type Iter = Iter<'a, Token>;
    type IterIndices = Enumerate<Iter<'a, Token>>;

    fn input_len(&self) -> usize {
        self.list.len()
    }

    fn take(&self, index: usize) -> Self {
        Self { list: self.list.get(..index).unwrap_or(self.list), ..*self }
    }

    fn take_from(&self, index: usize) -> Self {
        Self { list: self.list.get(index..).unwrap_or(&[]), ..*self }
    }

    fn take_split(&self, index: usize) -> (Self, Self) {
        (self.take_from(index), self.take(index))
    }

    fn position<P: Fn(Self::Item) -> bool>(&self, predicate: P) -> Option<usize> {
        self.list.iter().position(predicate)
    }

    fn iter_elements(&self) -> Self::Iter {
        self.list.iter()
    }

    fn iter_indices(&self) -> Self::IterIndices {
        self.list.iter().enumerate()
    }

    fn slice_index(&self, count: usize) -> Result<usize, Needed> {
        if self.list.len() >= count { Ok(count) } else { Err(Needed::new(count - self.list.len())) }
    }
}

impl<'a> ParseError<Tokens<'a>> for Expected {
    fn from_error_kind(input: Tokens<'a>, _: ErrorKind) -> Self {
        Self { span: input.span(), found: input.peek().clone(), what: Vec::new(), help: None }
    }

    fn append(_: Tokens<'a>, _: ErrorKind, other: Self) -> Self {
        other
    }

    fn or(mut self, other: Self) -> Self {
        if self.span.start != other.span.start {
            return if self.span.start > other.span.start { self } else { other };
        }
        for what in other.what {
            if !self.what.contains(&what) {
                self.what.push(what);
            }
        }
        self.help = self.help.or(other.help);
        self
    }
}

impl Expected {
    /// The failure as a diagnostic; `text` is what was found, as it was written.
    pub fn diagnostic(self, text: &str) -> Diagnostic {
        let what = match self.what.as_slice() {
            [] => "something else".to_owned(),
            [one] => (*one).to_owned(),
            [first @ .., last] => format!("{} or {last}", first.join(", ")),
        };
        let found = match &self.found {
            Kind::End if text == ";" => "`;`".to_owned(),
            Kind::Eof | Kind::End => self.found.describe().to_owned(),
            _ => format!("`{}`", text.lines().next().unwrap_or(text)),
        };
        let span = if matches!(self.found, Kind::End | Kind::Eof) { self.span.before() } else { self.span };
        let error = Diagnostic::error("syntax", span, format!("expected {what}, found {found}"))
            .label(format!("expected {what}"));
        match self.help {
            Some(help) => error.help(help),
            None => error,
        }
    }
}
