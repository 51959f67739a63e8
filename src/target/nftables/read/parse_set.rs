//! Parses declarations of sets, maps and rate limits.

use super::{
    ast::NamedSet,
    cursor::{Input, refusal, until},
    error::ReadError,
    lexer::Token,
    parse_chain::syntax,
    parse_statement::rate,
    parse_value::elements,
};
use crate::router::Limit;

/// What the tokens between the braces of a set or map say.
pub fn set(name: String, line: u32, map: bool, mut rest: Input<'_>) -> Result<NamedSet, ReadError> {
    let mut set = NamedSet { name, line, map, ..NamedSet::default() };
    while let Some(first) = rest.first() {
        if first.ends() {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let (statement, after) = until(rest, Token::ends);
        if statement.is_empty() {
            return Err(syntax("a property of the set", rest.first()));
        }
        rest = after;
        match first.word() {
            Some("flags") => {
                set.dynamic |= statement.iter().any(|token| token.is_word("dynamic"));
            }
            Some("timeout") => set.expires = true,
            Some("elements") => set.elements.extend(listed(statement)?),
            Some(
                "type" | "typeof" | "comment" | "size" | "policy" | "gc-interval" | "auto-merge" | "counter" | "quota"
                | "limit",
            ) => {}
            _ => return Err(syntax("a property of the set", Some(first))),
        }
    }
    Ok(set)
}

/// `elements = { … }`
fn listed(statement: Input<'_>) -> Result<Vec<super::ast::Element>, ReadError> {
    match statement {
        [_, sign, rest @ ..] if sign.is("=") => braced(rest),
        _ => Err(syntax("`=`", statement.get(1))),
    }
}

/// `{ a, b }` and nothing after it.
pub fn braced(tokens: Input<'_>) -> Result<Vec<super::ast::Element>, ReadError> {
    let [open, inner @ ..] = tokens else { return Err(syntax("`{`", tokens.first())) };
    if !open.is("{") {
        return Err(syntax("`{`", Some(open)));
    }
    let (rest, elements) = elements(inner).map_err(|error| refusal(inner, &error))?;
    match rest {
        [close] if close.is("}") => Ok(elements),
        _ => Err(syntax("`,` or `}`", rest.first().or(tokens.last()))),
    }
}

/// What the tokens between the braces of a named limit say.
pub fn limit(tokens: Input<'_>) -> Result<(Limit, bool), ReadError> {
    let start = tokens.iter().position(|token| token.is_word("rate")).unwrap_or(0);
    let rest = tokens.get(start..).unwrap_or_default();
    rate(rest).map(|(_, limit)| limit).map_err(|error| refusal(rest, &error))
}
