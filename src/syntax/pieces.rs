//! Parsers of the pieces that statements are made of: names, sides of rules, services, attributes.

use nom::{Err, Parser, branch::alt, combinator::opt};

use super::{
    keywords::{BUILT_IN, STATEMENTS},
    stream::{Expected, Parsed, Tokens},
    token::{Kind, Literal, Token},
    tree::{Attribute, Body, IcmpVersion, Item, ItemKind, Name, Ports, Side, Term, TermKind, Transport},
};
use crate::diagnostic::{Diagnostic, nearest};

/// How deep braces may nest; deeper ones are an error, so that no text can exhaust the stack.
const DEPTH: usize = 8;

/// A given token.
pub fn token<'a>(kind: Kind, what: &'static str) -> impl FnMut(Tokens<'a>) -> Parsed<'a, ()> {
    move |input| if *input.peek() == kind { Ok((input.skip(), ())) } else { Err(Err::Error(input.expected(what))) }
}

/// A given word.
pub fn word<'a>(text: &'static str, what: &'static str) -> impl FnMut(Tokens<'a>) -> Parsed<'a, ()> {
    move |input| match input.peek() {
        Kind::Word(found) if found == text => Ok((input.skip(), ())),
        _ => Err(Err::Error(input.expected(what))),
    }
}

/// A parser that must succeed: its failure ends the statement instead of trying another branch.
pub fn must<'a, T>(
    mut parser: impl Parser<Tokens<'a>, Output = T, Error = Expected>,
) -> impl FnMut(Tokens<'a>) -> Parsed<'a, T> {
    move |input| match parser.parse(input) {
        Err(Err::Error(failure)) => Err(Err::Failure(failure)),
        other => other,
    }
}

/// Any word, as a name of something that is declared elsewhere.
pub fn name(input: Tokens<'_>) -> Parsed<'_, Name> {
    named(input, "a name")
}

/// Any word that is not the start of the next statement.
pub fn named<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, Name> {
    match input.peek() {
        Kind::Word(text) if !starts_statement(input) => {
            Ok((input.skip(), Name { text: text.clone(), span: input.span() }))
        }
        _ => Err(Err::Error(input.expected(what))),
    }
}

/// The next word starts a statement: a key word at the start of a line.
pub fn starts_statement(input: Tokens<'_>) -> bool {
    matches!(input.peek(), Kind::Word(text) if STATEMENTS.contains(&text.as_str())) && input.at_line_start()
}

/// A text in quotes.
pub fn text<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, Name> {
    match input.peek() {
        Kind::Literal(Literal::Text(text)) => Ok((input.skip(), Name { text: text.clone(), span: input.span() })),
        _ => Err(Err::Error(input.expected(what))),
    }
}

/// One or more things with commas between them; a comma promises a further one.
pub fn list<'a, T>(mut one: impl FnMut(Tokens<'a>) -> Parsed<'a, T>) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Vec<T>> {
    move |input| {
        let (mut rest, first) = one(input)?;
        let mut found = vec![first];
        while matches!(rest.peek(), Kind::Comma) {
            let (after, next) = must(&mut one).parse(rest.skip())?;
            rest = after;
            found.push(next);
        }
        Ok((rest, found))
    }
}

/// A name or an address literal.
pub fn term(input: Tokens<'_>) -> Parsed<'_, Term> {
    let kind = match input.peek() {
        Kind::Word(text) if text == "except" => return Err(Err::Error(input.expected("a name or an address"))),
        Kind::Word(text) if reserved_here(text) || starts_router(input) => {
            return Err(Err::Error(key_word(input, text, "a name or an address")));
        }
        Kind::Word(text) => TermKind::Name(text.clone()),
        Kind::Literal(Literal::Address(address)) => TermKind::Address(*address),
        Kind::Literal(Literal::Prefix(address, length)) => TermKind::Prefix(*address, *length),
        Kind::Literal(Literal::AddressRange(from, to)) => TermKind::Range(*from, *to),
        other => {
            let mut failure = input.expected("a name or an address");
            failure.help = match other {
                Kind::Literal(Literal::Text(_)) => Some("names and addresses are written without quotes".to_owned()),
                Kind::Literal(Literal::Mac(_)) => {
                    Some("declare a host with this `mac`, and write its name here".to_owned())
                }
                _ => None,
            };
            return Err(Err::Error(failure));
        }
    };
    Ok((input.skip(), Term { kind, span: input.span() }))
}

/// A key word where something else belongs.
fn key_word(input: Tokens<'_>, word: &str, what: &'static str) -> Expected {
    let help = if starts_statement(input) {
        format!(
            "`{word}` begins a new statement, but the one before it ends with `,`, `:` or an arrow and goes on here"
        )
    } else {
        format!("`{word}` is a key word of the language and no name")
    };
    Expected { help: Some(help), ..input.expected(what) }
}

fn reserved_here(text: &str) -> bool {
    STATEMENTS.contains(&text) && !BUILT_IN.contains(&text) && text != "home-assistant"
}

/// `router edge` at the start of a line: the statement, where one of the operators before it was left open.
fn starts_router(input: Tokens<'_>) -> bool {
    starts_statement(input)
        && matches!((input.peek(), input.peek_second()), (Kind::Word(first), Kind::Word(second)) if first == "router" && second != "except" && second != "from")
}

/// `A, B except C`
pub fn side(input: Tokens<'_>) -> Parsed<'_, Side> {
    let start = input.span();
    let (rest, terms) = list(term)(input)?;
    let (rest, except) = match word("except", "`except`")(rest) {
        Ok((after, ())) => must(list(term)).parse(after)?,
        Err(_) => (rest, Vec::new()),
    };
    let span = rest.span_since(start, &input);
    Ok((rest, Side { terms, except, span }))
}

/// The items of a service, with commas between them.
pub fn items(input: Tokens<'_>) -> Parsed<'_, Vec<Item>> {
    list(item)(input)
}

fn item(input: Tokens<'_>) -> Parsed<'_, Item> {
    let Kind::Word(text) = input.peek() else {
        let mut failure = input.expected("a service or a protocol");
        if matches!(input.peek(), Kind::Literal(Literal::Number(_) | Literal::NumberRange(..))) {
            failure.help = Some("write the protocol before a port: `tcp 8123`".to_owned());
        }
        if let Kind::Literal(Literal::Rate(port, protocol)) = input.peek() {
            failure.help = Some(format!("write the protocol before a port: `{protocol} {port}`"));
        }
        return Err(Err::Error(failure));
    };
    let start = input.span();
    let (rest, kind) = match text.as_str() {
        "tcp" => transport(input.skip(), Transport::Tcp)?,
        "udp" => transport(input.skip(), Transport::Udp)?,
        "sctp" => transport(input.skip(), Transport::Sctp)?,
        "icmp" => icmp(input.skip(), IcmpVersion::V4),
        "icmpv6" => icmp(input.skip(), IcmpVersion::V6),
        "proto" => match input.skip().peek() {
            Kind::Literal(Literal::Number(number)) => (input.skip().skip(), ItemKind::Protocol(*number)),
            _ => return input.skip().stop("a protocol number"),
        },
        name if reserved_here(name) || starts_router(input) => {
            return Err(Err::Error(key_word(input, name, "a service or a protocol")));
        }
        name => (input.skip(), ItemKind::Name(name.to_owned())),
    };
    let span = rest.span_since(start, &input);
    Ok((rest, Item { kind, span }))
}

fn transport(input: Tokens<'_>, transport: Transport) -> Parsed<'_, ItemKind> {
    let (rest, to) = ports(input)?;
    let source = matches!(rest.peek(), Kind::Word(word) if word == "from") && is_port(rest.peek_second());
    let (rest, from) = if source { ports(rest.skip())? } else { (rest, Vec::new()) };
    Ok((rest, ItemKind::Ports { transport, to, from }))
}

/// `80, 443, 8000-8010`. A comma before something else than a port belongs to the list of items.
fn ports(input: Tokens<'_>) -> Parsed<'_, Vec<Ports>> {
    let mut found = Vec::new();
    let mut rest = input;
    loop {
        let (from, to) = match rest.peek() {
            Kind::Literal(Literal::Number(port)) => (*port, *port),
            Kind::Literal(Literal::NumberRange(from, to)) => (*from, *to),
            _ => return Ok((rest, found)),
        };
        found.push(Ports { from, to, span: rest.span() });
        rest = rest.skip();
        if !(matches!(rest.peek(), Kind::Comma) && is_port(rest.peek_second())) {
            return Ok((rest, found));
        }
        rest = rest.skip();
    }
}

const fn is_port(kind: &Kind) -> bool {
    matches!(kind, Kind::Literal(Literal::Number(_) | Literal::NumberRange(..)))
}

fn icmp(input: Tokens<'_>, version: IcmpVersion) -> (Tokens<'_>, ItemKind) {
    match input.peek() {
        Kind::Literal(Literal::Number(kind)) => {
            (input.skip(), ItemKind::Icmp { version, kind: Some(*kind), code: None })
        }
        Kind::Literal(Literal::Fraction(kind, code)) => {
            (input.skip(), ItemKind::Icmp { version, kind: Some(*kind), code: Some(*code) })
        }
        _ => (input, ItemKind::Icmp { version, kind: None, code: None }),
    }
}

/// `{ ... }` or nothing.
pub fn body(input: Tokens<'_>) -> Parsed<'_, Body> {
    let (rest, found) = opt(block(0)).parse(input)?;
    Ok((rest, found.unwrap_or_default()))
}

fn block<'a>(depth: usize) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Body> {
    move |input| {
        let (rest, attributes) = entries(input, |input| attribute(input, depth))?;
        Ok((rest, Body { attributes }))
    }
}

/// The entries between braces. A failing entry is reported and left out; the others are still read.
pub fn entries<'a, T>(input: Tokens<'a>, mut one: impl FnMut(Tokens<'a>) -> Parsed<'a, T>) -> Parsed<'a, Vec<T>> {
    let (mut rest, ()) = token(Kind::Open, "`{`")(input)?;
    let mut found = Vec::new();
    loop {
        match rest.peek() {
            Kind::End => rest = rest.skip(),
            Kind::Close => return Ok((rest.skip(), found)),
            Kind::Eof => return Ok((unclosed(rest, input), found)),
            _ if starts_statement(rest) && !bare_zone(rest) => return Ok((unclosed(rest, input), found)),
            _ => match one(rest) {
                Ok((after, entry))
                    if matches!(after.peek(), Kind::End | Kind::Close | Kind::Eof) || starts_statement(after) =>
                {
                    found.push(entry);
                    rest = after;
                }
                Ok((after, entry)) => {
                    found.push(entry);
                    let what = if matches!(after.peek(), Kind::Word(_)) {
                        "`;` or a new line"
                    } else {
                        "`,`, `;` or a new line"
                    };
                    report(after, after.expected(what));
                    rest = recover(after, false);
                }
                Err(Err::Error(failure) | Err::Failure(failure)) => {
                    report(rest, failure);
                    rest = recover(rest, true);
                }
                Err(Err::Incomplete(_)) => return rest.stop("`}`"),
            },
        }
    }
}

/// Reports the brace at the start of `block`, unless a text without a closing quote or a doubled `{` took the one that
/// closes it: those have been reported.
fn unclosed<'a>(rest: Tokens<'a>, block: Tokens<'a>) -> Tokens<'a> {
    let swallowed = |token: &Token| token.kind == Kind::Bad && block.written(token.span).contains('}');
    let doubled = *block.peek_second() == Kind::Open;
    if doubled || rest.taken_since(&block).iter().any(swallowed) {
        return rest;
    }
    let error = Diagnostic::error("unclosed", block.span(), "this `{` is never closed").label("opened here");
    rest.report(match rest.peek() {
        Kind::Eof => error.help("close it with `}`"),
        _ => error
            .also(rest.span(), "a key word at the start of a line begins the next statement")
            .help("close it with `}` before that line, or indent the line if it belongs between the braces"),
    });
    rest
}

/// `zone server` without braces: in a host or group that was not indented, and no statement that anybody would write.
fn bare_zone(input: Tokens<'_>) -> bool {
    let mut rest = input.skip();
    if !matches!(input.peek(), Kind::Word(word) if word == "zone") {
        return false;
    }
    while matches!(rest.peek(), Kind::Word(_) | Kind::Comma) && !rest.at_line_start() {
        rest = rest.skip();
    }
    matches!(rest.peek(), Kind::End | Kind::Close)
}

/// Reports a failure with the words that were found.
pub fn report(input: Tokens<'_>, failure: Expected) {
    // The lexer has told of what it could not read.
    if failure.found == Kind::Bad {
        return;
    }
    let found = input.written(failure.span);
    input.report(failure.diagnostic(found));
}

/// The place behind a failing entry: the end of its line, or the brace that closes its block.
fn recover(mut rest: Tokens<'_>, mut first: bool) -> Tokens<'_> {
    let mut depth = 0_usize;
    loop {
        match rest.peek() {
            Kind::Eof => return rest,
            Kind::End | Kind::Close if depth == 0 && !(first && matches!(rest.peek(), Kind::End)) => return rest,
            Kind::Open => depth += 1,
            Kind::Close => depth = depth.saturating_sub(1),
            _ if !first && starts_statement(rest) => return rest,
            _ => {}
        }
        first = false;
        rest = rest.skip();
    }
}

/// A block of attributes, whatever statement it belongs to.
pub fn any_block(input: Tokens<'_>) -> Parsed<'_, Body> {
    block(0)(input)
}

/// An attribute outside the other blocks.
pub fn plain_attribute(input: Tokens<'_>) -> Parsed<'_, Attribute> {
    attribute(input, 0)
}

fn attribute(input: Tokens<'_>, depth: usize) -> Parsed<'_, Attribute> {
    let start = input.span();
    let Kind::Word(text) = input.peek() else {
        return Err(Err::Error(input.expected("an attribute")));
    };
    let (mut rest, key) = (input.skip(), Name { text: text.clone(), span: start });
    let mut arguments: Vec<Token> = Vec::new();
    loop {
        match rest.peek() {
            Kind::End | Kind::Close | Kind::Open | Kind::Eof => break,
            Kind::Word(_) if starts_statement(rest) => break,
            _ => {
                if let Some(found) = rest.list.first() {
                    arguments.push(found.clone());
                }
                rest = rest.skip();
            }
        }
    }
    let operator = |token: &mut Token| {
        matches!(token.kind, Kind::Comma | Kind::Arrow | Kind::Both | Kind::Reach | Kind::Colon | Kind::Equals)
    };
    if let Some(token) = arguments.pop_if(operator) {
        while arguments.pop_if(operator).is_some() {}
        let sign = rest.written(token.span);
        let error = Diagnostic::error("syntax", token.span, format!("nothing follows this `{sign}`"))
            .label("expected a further value");
        rest.report(error.help(format!("leave out the `{sign}`: an attribute ends at `;`, at a new line or at `}}`")));
    }
    let (rest, body) = if matches!(rest.peek(), Kind::Open) {
        if depth >= DEPTH {
            let mut failure = rest.expected("fewer nested braces");
            failure.help = Some(format!("braces stand at most {} deep in each other", DEPTH + 1));
            return Err(Err::Failure(failure));
        }
        let (after, body) = block(depth + 1)(rest)?;
        (after, Some(body))
    } else {
        (rest, None)
    };
    let span = rest.span_since(start, &input);
    Ok((rest, Attribute { key, arguments, body, span }))
}

/// `->`, `<->` or `~>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Arrow {
    To,
    Both,
    Reach,
}

/// Any of the arrows, `what` being those that may stand here.
pub fn arrow<'a>(what: &'static str) -> impl FnMut(Tokens<'a>) -> Parsed<'a, Arrow> {
    let one = move |kind: Kind, arrow: Arrow| token(kind, what).map(move |()| arrow);
    move |input| {
        alt((one(Kind::Arrow, Arrow::To), one(Kind::Both, Arrow::Both), one(Kind::Reach, Arrow::Reach))).parse(input)
    }
}

/// The help for a word that starts no statement.
pub fn misspelt(word: &str) -> Option<String> {
    nearest(word, STATEMENTS).map(|near| format!("did you mean `{near}`?"))
}
