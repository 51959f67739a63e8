//! Text to tokens. Never fails: what cannot be read becomes a [`Kind::Bad`] token and a diagnostic.

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{tag, take_while, take_while1},
    combinator::{recognize, value},
};

use super::{
    literal::{self, Fault},
    mistake::{WRONG_ARROWS, mistake, visible},
    token::{Kind, Literal, Token},
};
use crate::diagnostic::{Diagnostic, SourceId, Span};

/// What the lexer gives. The tokens always end with [`Kind::Eof`].
#[derive(Debug, Default)]
pub struct Lexed {
    pub tokens: Vec<Token>,
    /// Places of the comments, `#` included, for the formatter.
    pub comments: Vec<Span>,
    pub errors: Vec<Diagnostic>,
}

/// Splits a source text into tokens.
#[must_use]
pub fn lex(source: SourceId, text: &str) -> Lexed {
    let mut lexer = Lexer { source, text, out: Lexed::default() };
    lexer.run();
    lexer.out
}

struct Lexer<'a> {
    source: SourceId,
    text: &'a str,
    out: Lexed,
}

impl Lexer<'_> {
    fn run(&mut self) {
        let text = self.text;
        let mut rest = text.strip_prefix('\u{feff}').unwrap_or(text);
        loop {
            rest = blank(rest);
            let Some(first) = rest.chars().next() else { break };
            let at = text.len() - rest.len();
            rest = match first {
                '#' => {
                    let (after, comment) = comment(rest);
                    self.out.comments.push(self.span(at, at + comment.len()));
                    after
                }
                '\n' | ';' => {
                    self.end_statement(at);
                    &rest[1..]
                }
                '"' => self.string(rest, at),
                _ => self.token(rest, at, first),
            };
        }
        self.end_statement(text.len());
        let end = self.last_end().unwrap_or(text.len());
        self.push(Kind::Eof, end, end);
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { source: self.source, start: offset(start), end: offset(end) }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let span = self.span(start, end);
        self.out.tokens.push(Token { kind, span });
    }

    fn last_end(&self) -> Option<usize> {
        self.out.tokens.last().map(|token| token.span.end as usize)
    }

    /// A statement goes on in the next line after a comma, an arrow, a colon or an equals sign.
    fn end_statement(&mut self, at: usize) {
        let goes_on = matches!(
            self.out.tokens.last().map(|token| &token.kind),
            None | Some(
                Kind::Comma
                    | Kind::Arrow
                    | Kind::Reach
                    | Kind::Both
                    | Kind::Colon
                    | Kind::Equals
                    | Kind::Open
                    | Kind::End
            )
        );
        let separator = self.text.get(at..).is_some_and(|rest| rest.starts_with(';'));
        let after_operator =
            !matches!(self.out.tokens.last().map(|token| &token.kind), None | Some(Kind::Open | Kind::End));
        if !goes_on || (separator && after_operator) {
            // What is missing at the end of a line is missing behind its last word, not behind its comment.
            let start = if separator { at } else { self.last_end().unwrap_or(at) };
            self.push(Kind::End, start, start + usize::from(separator));
        }
    }

    fn token<'t>(&mut self, rest: &'t str, at: usize, first: char) -> &'t str {
        let wrong = !rest.starts_with("<->") && WRONG_ARROWS.iter().any(|wrong| rest.starts_with(wrong));
        if !wrong && let Ok((after, kind)) = punctuation(rest) {
            self.push(kind, at, at + rest.len() - after.len());
            return after;
        }
        if let Some((literal, length)) = literal::address_like(rest) {
            self.push(Kind::Literal(literal), at, at + length);
            return &rest[length..];
        }
        if first.is_ascii_digit() || first == ':' || literal::broken_ipv6(rest) {
            return self.literal(rest, at);
        }
        if let Ok((after, word)) = word(rest) {
            self.push(Kind::Word(word.to_owned()), at, at + word.len());
            return after;
        }
        self.unreadable(rest, at, first)
    }

    fn literal<'t>(&mut self, rest: &'t str, at: usize) -> &'t str {
        let run = literal::run(rest);
        let kind = match literal::read(run) {
            Ok(literal) => Kind::Literal(literal),
            Err(fault) => return self.bad_literal(fault, rest, at, run.len()),
        };
        self.push(kind, at, at + run.len());
        &rest[run.len()..]
    }

    /// An IPv6 address that is none may have given tokens already: `fd42` and `:` of `fd42:0::g`.
    fn bad_literal<'t>(&mut self, fault: Fault, rest: &'t str, at: usize, length: usize) -> &'t str {
        let end = at + length;
        let run = rest.get(..length).unwrap_or(rest);
        let hexadecimal = |word: &str| word.len() <= 4 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let colons = run.contains("::") || run.matches(':').count() > 1;
        let start = if colons {
            self.take_back(at, |kind| {
                matches!(kind, Kind::Colon) || matches!(kind, Kind::Word(word) if hexadecimal(word))
            })
        } else {
            at
        };
        let whole = self.text.get(start..end).unwrap_or(run);
        let fault = if start < at { literal::read(whole).err().unwrap_or(fault) } else { fault };
        let mut error = Diagnostic::error("bad-literal", self.span(start, end), fault.message).label(fault.label);
        if let Some(help) = fault.help {
            error = error.help(help);
        }
        self.out.errors.push(error);
        self.push(Kind::Bad, start, end);
        rest.get(length..).unwrap_or("")
    }

    /// Takes back the tokens of some kinds that touch each other and a place, and gives the start of the first.
    fn take_back(&mut self, mut at: usize, belongs: impl Fn(&Kind) -> bool) -> usize {
        while let Some(token) = self.out.tokens.pop_if(|token| token.span.end as usize == at && belongs(&token.kind)) {
            at = token.span.start as usize;
        }
        at
    }

    /// One mistake is one error: the run of characters that belong together is taken as a whole.
    fn unreadable<'t>(&mut self, rest: &'t str, at: usize, first: char) -> &'t str {
        let (mut length, mut help) = mistake(rest, first);
        let mut start = at;
        if first.is_alphabetic() {
            start = self.take_back(at, |kind| matches!(kind, Kind::Word(_)));
        } else if rest.starts_with("//") && self.text.get(..at).is_some_and(|before| before.ends_with(':')) {
            start = self.take_back(at, |kind| matches!(kind, Kind::Word(_) | Kind::Colon));
            length = rest.find([' ', '\n', ';', '}', ',']).unwrap_or(rest.len());
            help = Some("a policy names hosts and services; a text goes into quotes");
        }
        let end = at + length;
        let written = self.text.get(start..end).unwrap_or(rest);
        let message = if first.is_alphabetic() {
            format!("`{written}` is no name")
        } else {
            format!("`{}` has no meaning here", visible(written))
        };
        let mut error = Diagnostic::error("unreadable", self.span(start, end), message);
        if let Some(help) = help {
            error = error.help(help);
        }
        self.out.errors.push(error);
        self.push(Kind::Bad, start, end);
        rest.get(length..).unwrap_or("")
    }

    fn string<'t>(&mut self, rest: &'t str, at: usize) -> &'t str {
        let mut value = String::new();
        let mut chars = rest.char_indices().skip(1);
        while let Some((index, character)) = chars.next() {
            match character {
                '"' => {
                    self.push(Kind::Literal(Literal::Text(value)), at, at + index + 1);
                    return &rest[index + 1..];
                }
                '\n' => return self.open_string(rest, at, index),
                '\\' => {
                    let Some((_, escaped)) = chars.next() else { break };
                    match escaped {
                        'n' => value.push('\n'),
                        't' => value.push('\t'),
                        '"' | '\\' => value.push(escaped),
                        'u' => match unicode_escape(&rest[index + 2..]) {
                            Some((decoded, length)) => {
                                value.push(decoded);
                                for _ in 0..rest[index + 2..index + 2 + length].chars().count() {
                                    chars.next();
                                }
                            }
                            None => self.bad_escape(at + index, 2),
                        },
                        '\n' => return self.open_string(rest, at, index),
                        _ => self.bad_escape(at + index, 1 + escaped.len_utf8()),
                    }
                }
                _ => value.push(character),
            }
        }
        self.open_string(rest, at, rest.len())
    }

    fn open_string<'t>(&mut self, rest: &'t str, at: usize, length: usize) -> &'t str {
        let span = self.span(at, at + length);
        self.out.errors.push(
            Diagnostic::error("open-text", span, "this text has no closing quote")
                .label("opened here")
                .help("close it with `\"` in the same line; a line break is written `\\n`"),
        );
        self.push(Kind::Bad, at, at + length);
        &rest[length..]
    }

    fn bad_escape(&mut self, at: usize, length: usize) {
        let span = self.span(at, at + length);
        self.out.errors.push(
            Diagnostic::error("bad-escape", span, "this escape has no meaning")
                .help("a text knows `\\\"`, `\\\\`, `\\n`, `\\t` and `\\u{1F512}`"),
        );
    }
}

/// Skips spaces, tabs and carriage returns.
fn blank(text: &str) -> &str {
    text.trim_start_matches([' ', '\t', '\r', '\u{a0}'])
}

fn comment(text: &str) -> (&str, &str) {
    let parsed: IResult<&str, &str> = take_while(|character| character != '\n').parse(text);
    let (after, comment) = parsed.unwrap_or(("", text));
    (after, comment.trim_end_matches('\r'))
}

fn punctuation(text: &str) -> IResult<&str, Kind> {
    // `::10` is an address, not two colons.
    if text.starts_with("::") {
        return Err(nom::Err::Error(nom::error::Error::new(text, nom::error::ErrorKind::Tag)));
    }
    alt((
        value(Kind::Both, tag("<->")),
        value(Kind::Arrow, tag("->")),
        value(Kind::Reach, tag("~>")),
        value(Kind::Open, tag("{")),
        value(Kind::Close, tag("}")),
        value(Kind::Comma, tag(",")),
        value(Kind::Colon, tag(":")),
        value(Kind::Equals, tag("=")),
    ))
    .parse(text)
}

/// A letter or `_`, then letters, digits and `_`, with `-` and `.` between two of these.
fn word(text: &str) -> IResult<&str, &str> {
    let (_, start) =
        recognize(take_while1(|character: char| character.is_ascii_alphabetic() || character == '_')).parse(text)?;
    let mut end = start.len();
    let bytes = text.as_bytes();
    let part = |at: usize| bytes.get(at).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
    loop {
        if part(end) {
            end += 1;
        } else if matches!(bytes.get(end), Some(b'-' | b'.')) && part(end + 1) {
            end += 2;
        } else {
            return Ok((&text[end..], &text[..end]));
        }
    }
}

/// `{1F512}`: the character and the length of the escape.
fn unicode_escape(text: &str) -> Option<(char, usize)> {
    let digits = text.strip_prefix('{')?.split_once('}')?.0;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let decoded = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    Some((decoded, digits.len() + 2))
}
