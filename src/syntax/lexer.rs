//! Text to tokens. Never fails: what cannot be read becomes a [`Kind::Bad`] token and a diagnostic.

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{tag, take_while, take_while1},
    combinator::{recognize, value},
};

use super::{
    literal,
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
        self.push(Kind::Eof, text.len(), text.len());
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        Span { source: self.source, start: offset(start), end: offset(end) }
    }

    fn push(&mut self, kind: Kind, start: usize, end: usize) {
        let span = self.span(start, end);
        self.out.tokens.push(Token { kind, span });
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
            self.push(Kind::End, at, (at + 1).min(self.text.len()));
        }
    }

    fn token<'t>(&mut self, rest: &'t str, at: usize, first: char) -> &'t str {
        if let Ok((after, kind)) = punctuation(rest) {
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
        let span = self.span(at, at + run.len());
        let kind = match literal::read(run) {
            Ok(literal) => Kind::Literal(literal),
            Err(fault) => {
                let mut error = Diagnostic::error("bad-literal", span, fault.message).label(fault.label);
                if let Some(help) = fault.help {
                    error = error.help(help);
                }
                self.out.errors.push(error);
                Kind::Bad
            }
        };
        self.push(kind, at, at + run.len());
        &rest[run.len()..]
    }

    fn unreadable<'t>(&mut self, rest: &'t str, at: usize, first: char) -> &'t str {
        let end = at + first.len_utf8();
        let mut error = Diagnostic::error(
            "unreadable",
            self.span(at, end),
            format!(
                "`{}` has no meaning here",
                if first.is_control() { first.escape_debug().to_string() } else { first.to_string() }
            ),
        );
        error = match first {
            '/' if rest.starts_with("//") => error.help("a comment starts with `#`"),
            '\'' | '\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}' => {
                error.help("write texts in straight double quotes: \"...\"")
            }
            '\u{2192}' => error.help("write the arrow as `->`"),
            '-' => error.help("an arrow is written `->`; a name may hold `-` only between letters or digits"),
            '!' => error.help("leave something out with `except`, as in `pc except laptop`"),
            '*' => error.help("everybody is called `any`"),
            _ if first.is_alphabetic() => error.help("names are written with the letters a to z, digits, `_` and `-`"),
            _ => error,
        };
        self.out.errors.push(error);
        self.push(Kind::Bad, at, end);
        // The rest of a comment in the manner of another language would only give further errors.
        if rest.starts_with("//") {
            rest.find('\n').map_or("", |newline| &rest[newline..])
        } else {
            &rest[first.len_utf8()..]
        }
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
    let decoded = char::from_u32(u32::from_str_radix(digits, 16).ok()?)?;
    Some((decoded, digits.len() + 2))
}
