//! Typed access to the attributes of a statement: each known, at most once, with the arguments that its key asks for.

use std::{cell::RefCell, net::IpAddr};

use ipnet::IpNet;

use crate::{
    diagnostic::{Diagnostic, Span, nearest},
    syntax::{
        token::{Kind, Literal, Token},
        tree::{Attribute, Body, Name},
    },
};

/// Where the model's errors go.
pub type Errors = RefCell<Vec<Diagnostic>>;

/// The attributes of one statement.
pub struct Attributes<'a> {
    body: &'a Body,
    errors: &'a Errors,
    /// Keys that misspelt ones are near to.
    meant: Vec<String>,
}

impl<'a> Attributes<'a> {
    /// Reports unknown attributes, and repeated ones unless they are in `repeatable`.
    pub fn new(statement: &str, body: &'a Body, known: &[&str], repeatable: &[&str], errors: &'a Errors) -> Self {
        let mut meant = Vec::new();
        for (index, attribute) in body.attributes.iter().enumerate() {
            let key = attribute.key.text.as_str();
            if !known.contains(&key) {
                let error = Diagnostic::error(
                    "unknown-attribute",
                    attribute.key.span,
                    format!("`{statement}` has no attribute `{key}`"),
                )
                .label("unknown attribute");
                let help = match nearest(key, known.iter().copied()) {
                    Some(near) => {
                        meant.push(near.to_owned());
                        format!("did you mean `{near}`?")
                    }
                    None if known.is_empty() => format!("`{statement}` takes no attributes"),
                    None => format!("it has {}", known.join(", ")),
                };
                errors.borrow_mut().push(error.help(help));
            } else if !repeatable.contains(&key)
                && let Some(first) = body.attributes.iter().take(index).find(|other| other.key.text == key)
            {
                errors.borrow_mut().push(
                    Diagnostic::error("repeated-attribute", attribute.key.span, format!("`{key}` is given twice"))
                        .label("given again here")
                        .also(first.key.span, "given first here")
                        .help("put all of its values into one, or remove one of the two"),
                );
            }
        }
        Self { body, errors, meant }
    }

    /// Is there no attribute of a key, not even a misspelt one, of which has been told?
    pub fn lacks(&self, key: &str) -> bool {
        self.get(key).is_none() && !self.meant.iter().any(|meant| meant == key)
    }

    /// Attributes whose keys have been checked already.
    pub fn checked(body: &'a Body, errors: &'a Errors) -> Self {
        Self { body, errors, meant: Vec::new() }
    }

    /// The attribute of a key.
    pub fn get(&self, key: &str) -> Option<Arguments<'a>> {
        self.all(key).next()
    }

    /// All attributes of a key.
    pub fn all(&self, key: &str) -> impl Iterator<Item = Arguments<'a>> + use<'a> {
        let key = key.to_owned();
        let errors = self.errors;
        self.body
            .attributes
            .iter()
            .filter(move |attribute| attribute.key.text == key)
            .map(move |attribute| Arguments::new(attribute, errors))
    }

    /// Is a key without arguments given?
    pub fn flag(&self, key: &str) -> bool {
        self.get(key).is_some_and(|arguments| {
            arguments.end();
            true
        })
    }

    /// A key whose value is `on` or `off`.
    pub fn switch(&self, key: &str) -> Option<bool> {
        self.choice(key, &[("on", true), ("off", false)])
    }

    /// A key whose value is one of some words.
    pub fn choice<T: Copy>(&self, key: &str, choices: &[(&'static str, T)]) -> Option<T> {
        let mut arguments = self.get(key)?;
        let found = arguments.choice(choices)?;
        arguments.end();
        Some(found)
    }

    /// A key whose value is a text in quotes or a word.
    pub fn text(&self, key: &str) -> Option<Name> {
        let mut arguments = self.get(key)?;
        let found = arguments.text()?;
        arguments.end();
        Some(found)
    }

    /// A key whose value is a text in quotes.
    pub fn quoted(&self, key: &str) -> Option<Name> {
        let mut arguments = self.get(key)?;
        let found = arguments.quoted()?;
        arguments.end();
        Some(found)
    }
}

/// The arguments of one attribute, taken from left to right.
#[derive(Clone, Copy)]
pub struct Arguments<'a> {
    pub attribute: &'a Attribute,
    rest: &'a [Token],
    errors: &'a Errors,
}

impl<'a> Arguments<'a> {
    fn new(attribute: &'a Attribute, errors: &'a Errors) -> Self {
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

    /// Reports braces behind the attribute, which only `peer` has.
    pub fn no_body(&self) {
        if let Some(body) = &self.attribute.body
            && self.attribute.key.text != "peer"
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

/// Why a text cannot stand in a configuration file, if it cannot.
fn unfit(key: &str, text: &str, span: Span) -> Option<Diagnostic> {
    if text.trim().is_empty() {
        return Some(
            Diagnostic::error("attribute-value", span, format!("`{key}` is empty"))
                .label("nothing stands between the quotes"),
        );
    }
    let wrong = text.chars().find(|character| {
        character.is_control() || matches!(character, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
    })?;
    let what = match wrong {
        '\n' | '\r' | '\u{2028}' | '\u{2029}' => "a line break".to_owned(),
        '\t' => "a tab".to_owned(),
        other => format!("the invisible character {}", other.escape_unicode()),
    };
    Some(
        Diagnostic::error("control-character", span, format!("`{key}` holds {what}"))
            .label("expected one line of readable text")
            .help("the text goes into files where this could end a comment or hide what follows; remove it"),
    )
}

/// A DNS name: letters, digits and `-` in labels of at most 63, at most 253 in all (RFC 1035, RFC 1123). Reported when
/// it is none; `labels` bounds their number.
pub fn dns_name(name: &Name, labels: std::ops::RangeInclusive<usize>, errors: &Errors) -> bool {
    let text = name.text.as_str();
    let label_fits = |label: &str| {
        (1..=63).contains(&label.len())
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    let fault = if text.len() > 253 {
        "a DNS name has at most 253 characters".to_owned()
    } else if let Some(label) = text.split('.').find(|label| !label_fits(label)) {
        if label.is_empty() {
            "a dot at its start or end, or two in a row".to_owned()
        } else if label.len() > 63 {
            "the parts between dots have at most 63 characters".to_owned()
        } else if let Some(wrong) = label.chars().find(|c| !(c.is_ascii_alphanumeric() || *c == '-')) {
            format!("`{}` is not possible in it", wrong.escape_debug())
        } else {
            "a part of it starts or ends with `-`".to_owned()
        }
    } else if !labels.contains(&text.split('.').count()) {
        if *labels.end() == 1 {
            "expected one name without dots".to_owned()
        } else {
            "expected a whole name with its domain".to_owned()
        }
    } else {
        return true;
    };
    let shown = text.chars().take(40).collect::<String>();
    let shown = if shown.len() < text.len() { format!("{shown}...") } else { shown };
    errors.borrow_mut().push(
        Diagnostic::error("bad-dns-name", name.span, format!("`{}` is no DNS name", shown.escape_debug()))
            .label(fault)
            .help("DNS names have letters a to z, digits and `-`, with dots between their parts"),
    );
    false
}

/// A prefix, reported when bits behind its length are set.
pub fn network(address: IpAddr, length: u8, span: Span, errors: &Errors) -> Option<IpNet> {
    let net = IpNet::new(address, length).ok()?;
    if net.network() == address {
        return Some(net);
    }
    errors.borrow_mut().push(
        Diagnostic::error("host-bits", span, format!("`{address}/{length}` has bits set behind its length"))
            .label("this names a host and a network at once")
            .help(format!("write the network as `{}/{length}`, or the host as `{address}`", net.network()))
            .fix(format!("{}/{length}", net.network())),
    );
    None
}
