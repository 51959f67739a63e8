//! The arguments of one attribute, each of the sort that its key asks for.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    Errors,
    literal::{network, unfit},
};
use crate::{
    diagnostic::{Diagnostic, Span, nearest},
    syntax::{
        token::{Kind, Literal, Token},
        tree::{Attribute, Body, Name},
    },
};

/// The arguments of one attribute, taken from left to right.
#[derive(Clone, Copy)]
pub struct Arguments<'a> {
    pub attribute: &'a Attribute,
    rest: &'a [Token],
    errors: &'a Errors,
}

impl<'a> Arguments<'a> {
    pub(super) fn new(attribute: &'a Attribute, errors: &'a Errors) -> Self {
        Self { attribute, rest: &attribute.arguments, errors }
    }

    /// The place of the whole attribute.
    pub fn span(&self) -> Span {
        self.attribute.span
    }

    /// What has not been taken yet.
    pub fn rest(&self) -> &'a [Token] {
        self.rest
    }

    /// The next token without taking it.
    pub fn peek(&self) -> Option<&'a Token> {
        self.rest.first()
    }

    /// Takes the next token.
    pub fn next(&mut self) -> Option<&'a Token> {
        let (first, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(first)
    }

    /// Takes a comma if one is next.
    pub fn comma(&mut self) -> bool {
        let found = matches!(self.peek(), Some(Token { kind: Kind::Comma, .. }));
        if found {
            self.next();
        }
        found
    }

    /// Takes a given word if it is next.
    pub fn word_is(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token { kind: Kind::Word(found), .. }) if found == word);
        if found {
            self.next();
        }
        found
    }

    /// Reports what should stand at the next token.
    pub fn expected(&self, what: &str) {
        let key = &self.attribute.key.text;
        let error = match self.peek() {
            None => Diagnostic::error("attribute-value", self.attribute.key.span, format!("`{key}` needs {what}"))
                .label(format!("expected {what} after this")),
            // The lexer has told of what it could not read.
            Some(Token { kind: Kind::Bad, .. }) => return,
            Some(token) => {
                let found = token.kind.describe();
                let error =
                    Diagnostic::error("attribute-value", token.span, format!("`{key}` needs {what}, found {found}"))
                        .label(format!("expected {what}"));
                match &token.kind {
                    Kind::Literal(Literal::Text(_)) => error.help("write it without quotes"),
                    Kind::Word(word) if what.contains("quotes") => error.help(format!("write it as \"{word}\"")),
                    _ => error,
                }
            }
        };
        self.errors.borrow_mut().push(error);
    }

    /// Reports anything that is left, and braces behind it.
    pub fn end(&self) {
        self.no_body();
        self.no_more();
    }

    /// Reports anything that is left before the braces, and gives what stands between them.
    pub fn body(&self) -> Option<&'a Body> {
        self.no_more();
        self.attribute.body.as_ref()
    }

    fn no_more(&self) {
        if let Some(token) = self.peek()
            && token.kind != Kind::Bad
        {
            self.errors.borrow_mut().push(
                Diagnostic::error(
                    "attribute-value",
                    token.span,
                    if self.rest.len() == self.attribute.arguments.len() {
                        format!("`{}` takes no value", self.attribute.key.text)
                    } else {
                        format!("`{}` takes no more than this", self.attribute.key.text)
                    },
                )
                .label("nothing is expected here")
                .help("attributes are separated by `;` or a new line"),
            );
        }
    }

    /// Reports braces behind the attribute, which only `peer`, `sign-in` and `through` have.
    pub fn no_body(&self) {
        if let Some(body) = &self.attribute.body
            && !["peer", "sign-in", "through"].contains(&self.attribute.key.text.as_str())
        {
            let key = &self.attribute.key;
            let place = body.attributes.first().map_or(key.span, |first| first.span);
            self.errors.borrow_mut().push(
                Diagnostic::error("attribute-value", place, format!("`{}` takes no attributes of its own", key.text))
                    .label(if body.attributes.is_empty() { "has braces behind it" } else { "nothing is expected here" })
                    .help("remove the braces"),
            );
        }
    }

    /// A name.
    pub fn name(&mut self, what: &str) -> Option<Name> {
        match self.peek() {
            Some(Token { kind: Kind::Word(text), span }) => {
                self.next();
                Some(Name { text: text.clone(), span: *span })
            }
            _ => {
                self.expected(what);
                None
            }
        }
    }

    /// Names with commas between them.
    pub fn names(&mut self, what: &str) -> Vec<Name> {
        let mut found = Vec::new();
        loop {
            match self.name(what) {
                Some(name) => found.push(name),
                None => return found,
            }
            if !self.comma() {
                self.end();
                return found;
            }
        }
    }

    /// A word or a text in quotes.
    pub fn text(&mut self) -> Option<Name> {
        match self.peek() {
            Some(Token { kind: Kind::Literal(Literal::Text(_)), .. }) => self.quoted(),
            Some(Token { kind: Kind::Word(text), span }) => {
                self.next();
                Some(Name { text: text.clone(), span: *span })
            }
            _ => {
                self.expected("a name or a text in quotes");
                None
            }
        }
    }

    /// A text in quotes: not empty, one line, and nothing in it that shows as something else than it is.
    pub fn quoted(&mut self) -> Option<Name> {
        match self.peek() {
            Some(Token { kind: Kind::Literal(Literal::Text(text)), span }) => {
                self.next();
                if let Some(error) = unfit(&self.attribute.key.text, text, *span) {
                    self.errors.borrow_mut().push(error);
                    return None;
                }
                Some(Name { text: text.clone(), span: *span })
            }
            _ => {
                self.expected("a text in quotes");
                None
            }
        }
    }

    /// One of some words.
    pub fn choice<T: Copy>(&mut self, choices: &[(&'static str, T)]) -> Option<T> {
        let words: Vec<&str> = choices.iter().map(|(word, _)| *word).collect();
        let what = match words.as_slice() {
            [rest @ .., last] if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            other => other.concat(),
        };
        let Some(Token { kind: Kind::Word(word), span }) = self.peek() else {
            let before = self.errors.borrow().len();
            self.expected(if words.len() > 5 { "one of its words" } else { &what });
            if words.len() > 5 {
                for error in self.errors.borrow_mut().iter_mut().skip(before) {
                    error.help.push(format!("its words are {what}"));
                }
            }
            return None;
        };
        if let Some((_, value)) = choices.iter().find(|(name, _)| name == word) {
            self.next();
            return Some(*value);
        }
        let mut error =
            Diagnostic::error("attribute-value", *span, format!("`{}` cannot be `{word}`", self.attribute.key.text));
        // A long list is easier to read beneath the source than beside it.
        if words.len() > 5 {
            error = error.help(format!("expected {what}"));
        } else {
            error = error.label(format!("expected {what}"));
        }
        if let Some(near) = nearest(word, words) {
            error = error.help(format!("did you mean `{near}`?"));
        }
        self.errors.borrow_mut().push(error);
        None
    }

    /// A number within bounds.
    pub fn number(&mut self, what: &str, bounds: std::ops::RangeInclusive<u64>) -> Option<(u64, Span)> {
        match self.peek() {
            Some(Token { kind: Kind::Literal(Literal::Number(number)), span }) => {
                self.next();
                if bounds.contains(number) {
                    return Some((*number, *span));
                }
                let error = Diagnostic::error(
                    "out-of-range",
                    *span,
                    format!("`{}` cannot be {number}", self.attribute.key.text),
                )
                .label(format!("expected {what}"));
                self.errors.borrow_mut().push(error);
                None
            }
            _ => {
                self.expected(what);
                None
            }
        }
    }

    /// An address.
    pub fn address(&mut self, what: &str) -> Option<(IpAddr, Span)> {
        match self.peek() {
            Some(Token { kind: Kind::Literal(Literal::Address(address)), span }) => {
                self.next();
                Some((*address, *span))
            }
            Some(Token { kind: Kind::Literal(Literal::Prefix(address, length)), span }) => {
                self.errors.borrow_mut().push(
                    Diagnostic::error(
                        "attribute-value",
                        *span,
                        format!("`{address}/{length}` is a prefix, not an address"),
                    )
                    .label(format!("expected {what}"))
                    .help(
                        if IpNet::new(*address, *length).is_ok_and(|net| net.network() == *address) {
                            "write one address of it; the network itself stands in the zone".to_owned()
                        } else {
                            format!("write `{address}`; the network stands in the zone")
                        },
                    ),
                );
                None
            }
            _ => {
                self.expected(what);
                None
            }
        }
    }

    /// A prefix without host bits.
    pub fn prefix(&mut self) -> Option<(IpNet, Span)> {
        match self.peek() {
            Some(Token { kind: Kind::Literal(Literal::Prefix(address, length)), span }) => {
                self.next();
                network(*address, *length, *span, self.errors).map(|net| (net, *span))
            }
            _ => {
                self.expected("a prefix such as 10.0.30.0/24");
                None
            }
        }
    }
}
