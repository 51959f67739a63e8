//! Parses the inside of a chain: what hangs it into a hook, its policy and its rules.

use super::{
    ast::{Base, Chain, Hook, TableFamily},
    cursor::{Input, until},
    error::ReadError,
    lexer::{Kind, Token, describe},
    parse_rule::rule,
};

/// Adds what the tokens between a chain's braces say.
pub fn body(source: &str, family: TableFamily, mut rest: Input<'_>, chain: &mut Chain) -> Result<(), ReadError> {
    while let Some(first) = rest.first() {
        if first.ends() {
            rest = rest.get(1..).unwrap_or_default();
            continue;
        }
        let (statement, after) = until(rest, Token::ends);
        if statement.is_empty() {
            return Err(syntax("a rule", rest.first()));
        }
        rest = after;
        match first.word() {
            Some("type") if statement.iter().any(|token| token.is_word("hook")) => {
                chain.base = Some(base(family, statement)?);
                chain.policy_line = first.line;
            }
            Some("policy") => policy(statement, chain)?,
            Some("comment" | "devices" | "device" | "flags") => {}
            _ => chain.rules.push(rule(source, statement)),
        }
    }
    Ok(())
}

fn policy(statement: Input<'_>, chain: &mut Chain) -> Result<(), ReadError> {
    chain.policy_line = statement.first().map_or(0, |token| token.line);
    match statement.get(1).and_then(Token::word) {
        Some("accept") => chain.drops = false,
        Some("drop") => chain.drops = true,
        _ => return Err(syntax("`accept` or `drop`", statement.get(1))),
    }
    Ok(())
}

/// `type filter hook input priority filter + 5`
fn base(family: TableFamily, statement: Input<'_>) -> Result<Base, ReadError> {
    let nat = match statement.get(1).and_then(Token::word) {
        Some("filter" | "route") => false,
        Some("nat") => true,
        _ => return Err(syntax("`filter`, `nat` or `route`", statement.get(1))),
    };
    let hook = match statement.get(3).and_then(Token::word) {
        Some("ingress" | "egress") => Hook::Ingress,
        Some("prerouting") => Hook::Prerouting,
        Some("input") => Hook::Input,
        Some("forward") => Hook::Forward,
        Some("output") => Hook::Output,
        Some("postrouting") => Hook::Postrouting,
        _ => return Err(syntax("the name of a hook", statement.get(3))),
    };
    let at = statement.iter().position(|token| token.is_word("priority"));
    let Some(at) = at else { return Err(syntax("`priority`", statement.last())) };
    let priority = priority(family, hook, statement.get(at + 1..).unwrap_or_default())?;
    Ok(Base { nat, hook, priority })
}

/// Numbers and names of nft(8), CHAINS: `0`, `-150`, `filter`, `dstnat + 5`.
fn priority(family: TableFamily, hook: Hook, tokens: Input<'_>) -> Result<i64, ReadError> {
    let number = |token: Option<&Token>| match token.map(|token| &token.kind) {
        Some(Kind::Number(number)) => i64::try_from(*number).ok(),
        _ => None,
    };
    let bad = || syntax("a priority", tokens.first());
    let (base, rest) = match tokens {
        [sign, value, rest @ ..] if sign.is("-") => (-number(Some(value)).ok_or_else(bad)?, rest),
        [value, rest @ ..] => {
            let named = value.word().and_then(|word| standard(family, hook, word));
            (named.or_else(|| number(Some(value))).ok_or_else(bad)?, rest)
        }
        [] => return Err(bad()),
    };
    match rest {
        [] => Ok(base),
        [sign, value] if sign.is("+") => Ok(base + number(Some(value)).ok_or_else(bad)?),
        [sign, value] if sign.is("-") => Ok(base - number(Some(value)).ok_or_else(bad)?),
        _ => Err(bad()),
    }
}

fn standard(family: TableFamily, hook: Hook, name: &str) -> Option<i64> {
    if family == TableFamily::Bridge {
        return Some(match name {
            "dstnat" => -300,
            "filter" => -200,
            "out" => 100,
            "srcnat" => 300,
            _ => return None,
        });
    }
    Some(match (name, hook) {
        ("raw", _) => -300,
        ("mangle", _) => -150,
        ("dstnat", Hook::Prerouting | Hook::Output) => -100,
        ("filter", _) => 0,
        ("security", _) => 50,
        ("srcnat", Hook::Postrouting | Hook::Input) => 100,
        _ => return None,
    })
}

pub fn syntax(expected: &'static str, found: Option<&Token>) -> ReadError {
    let (line, column) = found.map_or((0, 0), |token| (token.line, token.column));
    ReadError::Syntax { line, column, expected, found: describe(found) }
}
