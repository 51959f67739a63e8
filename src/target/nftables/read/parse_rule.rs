//! Parses a rule, given its tokens. What is not understood becomes an unknown condition or an opaque statement of the
//! rule: never nothing.

use super::{
    ast::{Action, Rule, Statement},
    cursor::Input,
    lexer::{Kind, Token},
    parse_statement::statement,
};

/// The words that can start a statement which decides over a packet.
const DECIDING: [&str; 14] = [
    "accept",
    "drop",
    "reject",
    "continue",
    "return",
    "jump",
    "goto",
    "queue",
    "vmap",
    "dnat",
    "snat",
    "masquerade",
    "redirect",
    "map",
];

/// Statements, not understood here, that take the packet away.
const TAKING: [&str; 3] = ["synproxy", "tproxy", "fwd"];

/// Parses the rule that these tokens make; line ends inside braces are among them.
pub fn rule(source: &str, tokens: Input<'_>) -> Rule {
    let tokens: Vec<Token> = tokens.iter().filter(|token| token.kind != Kind::Newline).cloned().collect();
    let mut rest = tokens.as_slice();
    let mut statements = Vec::new();
    while !rest.is_empty() {
        match statement(rest) {
            Ok((after, action)) if after.len() < rest.len() => {
                let taken = rest.get(..rest.len() - after.len()).unwrap_or_default();
                statements.push(Statement { action, text: text(source, taken) });
                rest = after;
            }
            _ => {
                statements.extend(unknown(source, rest));
                break;
            }
        }
    }
    statements = with_unprinted(source, &tokens, statements);
    Rule { line: tokens.first().map_or(0, |token| token.line), text: text(source, &tokens), statements }
}

/// Adds what nft leaves out of a listing. Of a rule that iptables made and that has no words in nft, it prints the parts
/// it knows, with their counters, and an empty word for the others: a target at the end, a match before.
fn with_unprinted(source: &str, tokens: Input<'_>, mut statements: Vec<Statement>) -> Vec<Statement> {
    let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return statements };
    let printed = source.get(first.start..last.end).unwrap_or_default();
    let behind = source.get(last.end..).unwrap_or_default();
    let ending = behind.split('\n').next().unwrap_or_default();
    if !printed.contains("counter packets ") {
        return statements;
    }
    let gaps = printed.split('"').step_by(2).any(|part| part.trim_start().contains("  "));
    let unprinted = |action| Statement { action, text: "a part of the rule that nft does not print".to_owned() };
    if gaps {
        statements.insert(0, unprinted(Action::Unknown));
    }
    if ending == " " {
        statements.push(unprinted(Action::Opaque));
    }
    statements
}

/// The part of a rule that is not understood: a condition, if it ends in the one statement of it that decides, which
/// is; otherwise something that may decide in any way.
fn unknown(source: &str, rest: Input<'_>) -> Vec<Statement> {
    let mut depth = 0_usize;
    let mut deciding = Vec::new();
    for (at, token) in rest.iter().enumerate() {
        let opens = token.is("{") || token.is("(");
        let closes = token.is("}") || token.is(")");
        depth = if opens { depth + 1 } else { depth.saturating_sub(usize::from(closes)) };
        if depth == 0 && token.word().is_some_and(|word| DECIDING.contains(&word)) {
            deciding.push(at);
        }
    }
    let takes = rest.first().and_then(Token::word).is_some_and(|word| TAKING.contains(&word));
    if let ([at], false) = (deciding.as_slice(), takes) {
        let (before, after) = rest.split_at(*at);
        let last = all(source, after);
        if let (false, Some(last)) = (before.is_empty(), last) {
            let mut statements = vec![Statement { action: Action::Unknown, text: text(source, before) }];
            statements.extend(last);
            return statements;
        }
    }
    vec![Statement { action: Action::Opaque, text: text(source, rest) }]
}

/// The statements, if all of them are understood.
fn all(source: &str, mut rest: Input<'_>) -> Option<Vec<Statement>> {
    let mut statements = Vec::new();
    while !rest.is_empty() {
        let (after, action) = statement(rest).ok()?;
        statements.push(Statement { action, text: text(source, rest.get(..rest.len() - after.len())?) });
        rest = after;
    }
    Some(statements)
}

/// The source between the first and the last of these tokens, on one line.
pub fn text(source: &str, tokens: Input<'_>) -> String {
    let (Some(start), Some(end)) =
        (tokens.iter().map(|token| token.start).min(), tokens.iter().map(|token| token.end).max())
    else {
        return String::new();
    };
    source.get(start..end).unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ")
}
