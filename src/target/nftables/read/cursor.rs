//! nom parsers over tokens: the small ones that all others are made of, and their error.

use nom::{
    IResult, Parser,
    error::{ErrorKind, ParseError},
};

use super::{
    error::ReadError,
    lexer::{Kind, Token, describe},
};

pub type Input<'a> = &'a [Token];
pub type Parsed<'a, T> = IResult<Input<'a>, T, Fail>;

/// A parser could not go on: how many tokens were left, and what it looked for. Of alternatives the one that came
/// furthest speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fail {
    pub left: usize,
    pub expected: &'static str,
}

impl<'a> ParseError<Input<'a>> for Fail {
    fn from_error_kind(input: Input<'a>, _: ErrorKind) -> Self {
        Self { left: input.len(), expected: "something else" }
    }

    fn append(_: Input<'a>, _: ErrorKind, other: Self) -> Self {
        other
    }

    fn or(self, other: Self) -> Self {
        if other.left < self.left { other } else { self }
    }
}

pub fn fail<'a, T>(input: Input<'a>, expected: &'static str) -> Parsed<'a, T> {
    Err(nom::Err::Error(Fail { left: input.len(), expected }))
}

/// The next token if `pick` makes something of it.
pub fn token<'a, T>(
    expected: &'static str,
    pick: impl Fn(&'a Token) -> Option<T>,
) -> impl Parser<Input<'a>, Output = T, Error = Fail> {
    move |input: Input<'a>| match input.split_first().and_then(|(first, rest)| Some((rest, pick(first)?))) {
        Some(found) => Ok(found),
        None => fail(input, expected),
    }
}

pub fn symbol<'a>(sign: &'static str) -> impl Parser<Input<'a>, Output = (), Error = Fail> {
    token(sign, move |token| token.is(sign).then_some(()))
}

pub fn keyword<'a>(word: &'static str) -> impl Parser<Input<'a>, Output = (), Error = Fail> {
    token(word, move |token| token.is_word(word).then_some(()))
}

pub fn number(input: Input<'_>) -> Parsed<'_, u128> {
    token("a number", |token| match token.kind {
        Kind::Number(number) => Some(number),
        _ => None,
    })
    .parse(input)
}

/// A bare word, as keyword or name.
pub fn word(input: Input<'_>) -> Parsed<'_, &str> {
    token("a word", Token::word).parse(input)
}

/// A name: bare or in quotes.
pub fn name(input: Input<'_>) -> Parsed<'_, String> {
    token("a name", |token| match &token.kind {
        Kind::Word(name) | Kind::Quoted(name) => Some(name.clone()),
        _ => None,
    })
    .parse(input)
}

pub fn quoted(input: Input<'_>) -> Parsed<'_, &str> {
    token("a string in quotes", |token| match &token.kind {
        Kind::Quoted(text) => Some(text.as_str()),
        _ => None,
    })
    .parse(input)
}

/// As many as there are. (nom's own asks more of its input than a slice of tokens gives.)
pub fn many0<'a, T>(
    mut one: impl Parser<Input<'a>, Output = T, Error = Fail>,
) -> impl Parser<Input<'a>, Output = Vec<T>, Error = Fail> {
    move |input: Input<'a>| {
        let (mut rest, mut found) = (input, Vec::new());
        while let Ok((after, next)) = one.parse(rest) {
            if after.len() == rest.len() {
                break;
            }
            found.push(next);
            rest = after;
        }
        Ok((rest, found))
    }
}

/// At least one, with something between them.
pub fn separated_list1<'a, T, S>(
    mut between: impl Parser<Input<'a>, Output = S, Error = Fail>,
    mut one: impl Parser<Input<'a>, Output = T, Error = Fail>,
) -> impl Parser<Input<'a>, Output = Vec<T>, Error = Fail> {
    move |input: Input<'a>| {
        let (mut rest, first) = one.parse(input)?;
        let mut found = vec![first];
        while let Ok((after, _)) = between.parse(rest) {
            let (after, next) = one.parse(after)?;
            found.push(next);
            rest = after;
        }
        Ok((rest, found))
    }
}

/// Is the next token this sign?
pub fn at(input: Input<'_>, sign: &str) -> bool {
    input.first().is_some_and(|token| token.is(sign))
}

/// Is the next token this word?
pub fn at_word(input: Input<'_>, words: &[&str]) -> bool {
    input.first().and_then(Token::word).is_some_and(|word| words.contains(&word))
}

/// The tokens up to the first one outside braces, brackets and parentheses for which `ends` says yes, and the rest.
pub fn until(input: Input<'_>, ends: impl Fn(&Token) -> bool) -> (Input<'_>, Input<'_>) {
    let mut depth = 0_usize;
    for (at, token) in input.iter().enumerate() {
        let opens = ["{", "(", "["].iter().any(|sign| token.is(sign));
        let closes = ["}", ")", "]"].iter().any(|sign| token.is(sign));
        if depth == 0 && (ends(token) || closes) {
            return input.split_at(at);
        }
        depth = if opens { depth + 1 } else { depth.saturating_sub(usize::from(closes)) };
    }
    (input, &[])
}

/// What a failed parse of these tokens says to the user.
pub fn refusal(tokens: Input<'_>, error: &nom::Err<Fail>) -> ReadError {
    let (left, expected) = match error {
        nom::Err::Error(fail) | nom::Err::Failure(fail) => (fail.left, fail.expected),
        nom::Err::Incomplete(_) => (0, "more"),
    };
    let found = tokens.len().checked_sub(left).and_then(|at| tokens.get(at));
    let place = found.or(tokens.last());
    let (line, column) = place.map_or((0, 0), |token| (token.line, token.column));
    ReadError::Syntax { line, column, expected, found: describe(found) }
}
