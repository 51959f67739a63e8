//! Parses values: constants, ranges, prefixes, concatenations, flags, sets and the elements of sets and maps.

use nom::{
    Parser,
    branch::alt,
    combinator::{map, opt},
    sequence::{delimited, preceded},
};

use super::{
    ast::{Data, Element, Join, Value, Verdict},
    cursor::{Input, Parsed, at, at_word, keyword, many0, name, number, separated_list1, symbol, token, word},
    lexer::{Kind, Token},
    parse_statement::statement_of_element,
};

/// The right side of a match: a value, flags joined by commas, a set, or `@name`.
pub fn right_side(input: Input<'_>) -> Parsed<'_, Value> {
    let (rest, first) = value(input)?;
    if !at(rest, ",") {
        return Ok((rest, first));
    }
    let (rest, mut more) = many0(preceded(symbol(","), single)).parse(rest)?;
    more.insert(0, first);
    Ok((rest, Value::Flags(more, Join::Comma)))
}

/// A value without commas; may be a set or a concatenation.
pub fn value(input: Input<'_>) -> Parsed<'_, Value> {
    alt((set, named, concatenation)).parse(input)
}

/// `@name`
pub fn named(input: Input<'_>) -> Parsed<'_, Value> {
    map(preceded(symbol("@"), name), Value::Named).parse(input)
}

/// `{ a, b : c }`; nft takes no empty one.
pub fn set(input: Input<'_>) -> Parsed<'_, Value> {
    let (inner, ()) = symbol("{").parse(input)?;
    if at(blank(inner), "}") {
        token("a value", plain).parse(blank(inner))?;
    }
    map(delimited(symbol("{"), elements, symbol("}")), Value::Set).parse(input)
}

/// Elements separated by commas; line ends between them mean nothing, and a set inside a set is its elements.
pub fn elements(input: Input<'_>) -> Parsed<'_, Vec<Element>> {
    let mut done = Vec::new();
    let mut rest = blank(input);
    while !rest.is_empty() && !at(rest, "}") {
        let (after, element) = element(rest)?;
        match element.key {
            Value::Set(inner) => done.extend(inner),
            _ => done.push(element),
        }
        rest = blank(after);
        if !at(rest, ",") {
            break;
        }
        rest = blank(rest.get(1..).unwrap_or_default());
    }
    Ok((rest, done))
}

fn blank(input: Input<'_>) -> Input<'_> {
    let lines = input.iter().take_while(|token| token.kind == Kind::Newline).count();
    input.get(lines..).unwrap_or_default()
}

fn element(input: Input<'_>) -> Parsed<'_, Element> {
    let line = input.first().map_or(0, |token| token.line);
    let any = map(symbol("*"), |()| Value::Any);
    let (rest, key) = alt((any, value)).parse(input)?;
    let (rest, before) = many0(element_option).parse(rest)?;
    let (rest, data) = opt(preceded(symbol(":"), data)).parse(blank(rest))?;
    let (rest, after) = many0(element_option).parse(rest)?;
    let expires = before.into_iter().chain(after).any(|expires| expires);
    Ok((rest, Element { key, data, expires, line }))
}

/// Comment, counter, timeout, … of an element: does it make the element leave?
fn element_option(input: Input<'_>) -> Parsed<'_, bool> {
    if at_word(input, &["timeout", "expires"]) {
        return map(preceded(word, alt((map(word, drop), map(number, drop)))), |()| true).parse(input);
    }
    statement_of_element(input)
}

fn data(input: Input<'_>) -> Parsed<'_, Data> {
    let input = blank(input);
    alt((map(verdict, Data::Verdict), map(value, Data::Value))).parse(input)
}

/// A verdict that a map can give.
pub fn verdict(input: Input<'_>) -> Parsed<'_, Verdict> {
    let to = |word: &'static str| preceded(keyword(word), name);
    alt((
        map(keyword("accept"), |()| Verdict::Accept),
        map(keyword("drop"), |()| Verdict::Drop),
        map(keyword("continue"), |()| Verdict::Continue),
        map(keyword("return"), |()| Verdict::Return),
        map(to("jump"), Verdict::Jump),
        map(to("goto"), Verdict::Goto),
        map(keyword("queue"), |()| Verdict::Queue),
    ))
    .parse(input)
}

/// `a . b . c`, or a value alone.
fn concatenation(input: Input<'_>) -> Parsed<'_, Value> {
    map(separated_list1(symbol("."), single), |mut parts| match parts.len() {
        1 => parts.remove(0),
        _ => Value::Concat(parts),
    })
    .parse(input)
}

/// One value: a constant, range, prefix or flags joined by `|`.
pub fn single(input: Input<'_>) -> Parsed<'_, Value> {
    let (rest, first) = constant(input)?;
    if at(rest, "/")
        && let Ok((rest, length)) = number(rest.get(1..).unwrap_or_default())
    {
        return Ok((rest, Value::Prefix(Box::new(first), length)));
    }
    if at(rest, "-") {
        let (rest, last) = preceded(symbol("-"), constant).parse(rest)?;
        return Ok((rest, Value::Range(Box::new(first), Box::new(last))));
    }
    if at(rest, "|") {
        let (rest, mut more) = many0(preceded(symbol("|"), constant)).parse(rest)?;
        more.insert(0, first);
        return Ok((rest, Value::Flags(more, Join::Bar)));
    }
    Ok((rest, first))
}

pub fn constant(input: Input<'_>) -> Parsed<'_, Value> {
    if at(input, "(") {
        return delimited(symbol("("), single, symbol(")")).parse(input);
    }
    token("a value", plain).parse(input)
}

fn plain(token: &Token) -> Option<Value> {
    Some(match &token.kind {
        Kind::Word(word) => Value::Word(word.clone()),
        Kind::Quoted(text) => Value::Quoted(text.clone()),
        Kind::Number(number) => Value::Number(*number),
        Kind::V4(address) => Value::V4(*address),
        Kind::V6(address) => Value::V6(*address),
        Kind::Mac(address) => Value::Mac(address.clone()),
        Kind::Symbol(_) | Kind::Newline => return None,
    })
}
