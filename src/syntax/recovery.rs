//! From a statement that failed to the next one: one mistake must be told once, and must not hide another.

use super::{
    keywords::STATEMENTS,
    pieces::{any_block, misspelt, report, starts_statement},
    stream::Tokens,
    token::Kind,
};
use crate::diagnostic::Diagnostic;

/// The place behind a statement, and whether something stood there that had to be reported.
pub fn ends<'a>(before: Tokens<'a>, rest: Tokens<'a>) -> (Tokens<'a>, bool) {
    let behind_brace = rest.taken_since(&before).last().is_some_and(|token| token.kind == Kind::Close);
    match rest.peek() {
        Kind::End | Kind::Eof | Kind::Close => (rest, false),
        _ if starts_statement(rest) => (rest, false),
        Kind::Word(word) if behind_brace && STATEMENTS.contains(&word.as_str()) => {
            report(rest, rest.expected("`;` or a new line"));
            (rest, false)
        }
        _ => {
            let mut failure = rest.expected("the end of the statement");
            failure.help = missing_sign(before, rest);
            report(rest, failure);
            (next_statement(rest), true)
        }
    }
}

/// What may have been forgotten between a statement and the words behind it.
fn missing_sign(before: Tokens<'_>, rest: Tokens<'_>) -> Option<String> {
    let taken = rest.taken_since(&before);
    let rule = matches!(before.peek(), Kind::Word(word) if matches!(word.as_str(), "allow" | "deny" | "never" | "always" | "only"));
    match (taken.last().map(|token| &token.kind), rest.peek()) {
        (Some(Kind::Word(word)), Kind::Colon | Kind::Equals) if matches!(word.as_str(), "tcp" | "udp" | "sctp") => {
            Some(format!("ports follow their protocol with a space: `{word} 443`"))
        }
        (Some(Kind::Word(word)), Kind::Word(_)) if matches!(word.as_str(), "icmp" | "icmpv6") => Some(format!(
            "the types of `{word}` are numbers, as in `{word} {}`; an echo is the service `ping`",
            if word == "icmp" { 8 } else { 128 }
        )),
        (Some(Kind::Word(_) | Kind::Literal(_)), Kind::Word(_) | Kind::Literal(_)) => {
            Some(if rule && !taken.iter().any(|token| token.kind == Kind::Colon) {
                "services stand behind a `:`, and several names have commas between them".to_owned()
            } else {
                "several things have commas between them".to_owned()
            })
        }
        _ => None,
    }
}

/// Reports a brace at the start of a statement.
pub fn closes_nothing(input: Tokens<'_>) {
    input.report(Diagnostic::error("syntax", input.span(), "this `}` closes nothing").label("no `{` is open here"));
}

/// Something further right than the start of its line that is no key word, nor anything like one.
pub fn starts_no_statement(input: Tokens<'_>) -> bool {
    let like_key_word = |word: &str| STATEMENTS.contains(&word) || misspelt(word).is_some();
    !matches!(input.peek(), Kind::Word(word) if like_key_word(word)) && !input.at_line_start()
}

/// The end of the statement, or the next key word at the start of a line. What stands between braces on the way has
/// errors of its own.
pub fn next_statement(mut rest: Tokens<'_>) -> Tokens<'_> {
    loop {
        rest = match rest.peek() {
            Kind::Eof | Kind::End => return rest,
            Kind::Open => any_block(rest).map_or_else(|_| rest.skip(), |(after, _)| after),
            _ => rest.skip(),
        };
        if starts_statement(rest) {
            return rest;
        }
    }
}
