//! Takes the text of a file and gives its tokens, each with its place; comments are dropped, line ends kept.
//!
//! The lexical rules are those of nft's scanner: a word starts with a letter or `_` and goes on with letters, digits
//! and `_ / - .`; a word or string may end in `*`; numbers, addresses and times start with what they are made of.

use std::net::{Ipv4Addr, Ipv6Addr};

use nom::{
    IResult, Parser,
    branch::alt,
    bytes::complete::{is_not, tag, take_while, take_while_m_n, take_while1},
    character::complete::{char, digit1, satisfy},
    combinator::{map, map_opt, not, opt, recognize, value, verify},
    multi::many_m_n,
    sequence::{delimited, pair, preceded},
};

use super::error::ReadError;

/// What a token is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A bare word: keyword, name, or a number with a unit (`1h30m`).
    Word(String),
    /// A string in double quotes, without them.
    Quoted(String),
    Number(u128),
    V4(Ipv4Addr),
    V6(Ipv6Addr),
    /// A hardware address, as written.
    Mac(String),
    Symbol(&'static str),
    Newline,
}

/// A token and its place: byte offsets into the text, and line and column from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Token {
    pub kind: Kind,
    pub start: usize,
    pub end: usize,
    pub line: u32,
    pub column: u32,
}

impl Token {
    pub fn is(&self, symbol: &str) -> bool {
        matches!(self.kind, Kind::Symbol(have) if have == symbol)
    }

    pub fn is_word(&self, word: &str) -> bool {
        self.word() == Some(word)
    }

    pub fn word(&self) -> Option<&str> {
        match &self.kind {
            Kind::Word(word) => Some(word),
            _ => None,
        }
    }

    /// Does it end a statement?
    pub fn ends(&self) -> bool {
        self.kind == Kind::Newline || self.is(";")
    }
}

/// How a token is called in an error message.
pub fn describe(token: Option<&Token>) -> String {
    match token.map(|token| &token.kind) {
        None => "the end of the file".to_owned(),
        Some(Kind::Newline) => "the end of the line".to_owned(),
        Some(Kind::Word(word)) => format!("`{word}`"),
        Some(Kind::Quoted(text)) => format!("`\"{text}\"`"),
        Some(Kind::Number(number)) => format!("`{number}`"),
        Some(Kind::V4(address)) => format!("`{address}`"),
        Some(Kind::V6(address)) => format!("`{address}`"),
        Some(Kind::Mac(address)) => format!("`{address}`"),
        Some(Kind::Symbol(symbol)) => format!("`{symbol}`"),
    }
}

/// Parts the text into tokens.
pub fn tokens(text: &str) -> Result<Vec<Token>, ReadError> {
    let mut tokens = Vec::new();
    let (mut rest, mut line) = (text, 1);
    // Counted from the token before: a line may be as long as its file.
    let (mut column, mut counted) = (1, 0);
    while !rest.is_empty() {
        let start = text.len() - rest.len();
        column += u32::try_from(text.get(counted..start).map_or(0, |part| part.chars().count())).unwrap_or(0);
        counted = start;
        let Ok((after, found)) = alt((map(skipped, |()| None), map(kind, Some))).parse(rest) else {
            let found = rest.chars().next().map_or_else(String::new, |found| format!("`{found}`"));
            return Err(ReadError::Syntax { line, column, expected: "a word, number, address or sign", found });
        };
        let end = text.len() - after.len();
        if let Some(kind) = found {
            tokens.push(Token { kind, start, end, line, column });
        }
        let taken = text.get(start..end).unwrap_or_default();
        line += u32::try_from(taken.matches('\n').count()).unwrap_or(0);
        if let Some(last) = taken.rfind('\n') {
            (column, counted) = (1, start + last + 1);
        }
        rest = after;
    }
    Ok(tokens)
}

fn skipped(input: &str) -> IResult<&str, ()> {
    alt((
        value((), take_while1(|c: char| c == ' ' || c == '\t' || c == '\r')),
        value((), pair(char('#'), opt(is_not("\n")))),
        value((), (char('\\'), opt(char('\r')), char('\n'))),
    ))
    .parse(input)
}

fn kind(input: &str) -> IResult<&str, Kind> {
    alt((value(Kind::Newline, char('\n')), quoted, mac, v6, v4, number, word, symbol)).parse(input)
}

fn quoted(input: &str) -> IResult<&str, Kind> {
    let text = delimited(char('"'), take_while(|c| c != '"' && c != '\n'), char('"'));
    map(text, |text: &str| Kind::Quoted(text.to_owned())).parse(input)
}

fn mac(input: &str) -> IResult<&str, Kind> {
    let byte = || take_while_m_n(1, 2, |c: char| c.is_ascii_hexdigit());
    let mut address = recognize(pair(byte(), many_m_n(5, 5, preceded(char(':'), byte()))));
    let (rest, found) = address.parse(input)?;
    // More groups are an IPv6 address.
    let (rest, ()) = not(satisfy(|c: char| c == ':' || c.is_ascii_hexdigit())).parse(rest)?;
    Ok((rest, Kind::Mac(found.to_owned())))
}

fn v6(input: &str) -> IResult<&str, Kind> {
    let text = verify(take_while1(|c: char| c.is_ascii_hexdigit() || c == ':' || c == '.'), |text: &str| {
        text.matches(':').count() >= 2
    });
    map_opt(text, |text: &str| text.parse().ok().map(Kind::V6)).parse(input)
}

fn v4(input: &str) -> IResult<&str, Kind> {
    let text = take_while1(|c: char| c.is_ascii_digit() || c == '.');
    map_opt(text, |text: &str| text.parse().ok().map(Kind::V4)).parse(input)
}

/// A number, or a word that starts with digits such as `1h30m` or `802.1q`.
fn number(input: &str) -> IResult<&str, Kind> {
    let hex = map_opt(preceded(alt((tag("0x"), tag("0X"))), take_while1(|c: char| c.is_ascii_hexdigit())), |text| {
        u128::from_str_radix(text, 16).ok().map(Kind::Number)
    });
    let unit = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let united = map(recognize((digit1, satisfy(|c| c.is_ascii_alphabetic()), take_while(unit))), |text: &str| {
        Kind::Word(text.to_owned())
    });
    alt((hex, united, map_opt(digit1, |text: &str| text.parse().ok().map(Kind::Number)))).parse(input)
}

fn word(input: &str) -> IResult<&str, Kind> {
    let first = satisfy(|c| c.is_alphabetic() || c == '_');
    let next = take_while(|c: char| c.is_alphanumeric() || matches!(c, '_' | '/' | '-' | '.'));
    map(recognize((first, next, opt(char('*')))), |text: &str| Kind::Word(text.to_owned())).parse(input)
}

fn symbol(input: &str) -> IResult<&str, Kind> {
    let one = |sign: &'static str| map(tag(sign), move |_| Kind::Symbol(sign));
    let two = alt((one("=="), one("!="), one("<="), one(">="), one("<<"), one(">>")));
    let braces = alt((one("{"), one("}"), one("("), one(")"), one("["), one("]")));
    let signs = alt((one(","), one(";"), one(":"), one("="), one("<"), one(">"), one("!"), one("."), one("/")));
    let more = alt((one("-"), one("+"), one("*"), one("&"), one("|"), one("^"), one("@"), one("$")));
    alt((two, braces, signs, more)).parse(input)
}
