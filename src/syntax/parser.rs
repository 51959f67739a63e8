//! Parsers of the statements and of the file.

use nom::{Err, Parser};

use super::{
    keywords::STATEMENTS,
    pieces::{
        Arrow, arrow, body, entries, items, list, misspelt, must, name, named, report, side, term, text, token, word,
    },
    recovery::{closes_nothing, ends, next_statement, starts_no_statement},
    stream::{Parsed, Tokens},
    token::{Kind, Literal},
    tree::{
        Action, Assertion, AssertionKind, Check, Declaration, Expose, Exposed, ExposedEntry, File, Group, Item, Ranges,
        RangesSource, Redirect, Reflect, Rule, Schedule, ScheduleSpan, Service, Side, Statement, StatementKind, Use,
        UseTarget, Waive,
    },
};

/// All statements of a file. Every statement that fails is reported by its first fault and left out.
pub fn file(mut input: Tokens<'_>) -> File {
    let mut statements = Vec::new();
    // Behind an error, attributes outside braces and a brace that closes nothing are mere consequences.
    let mut adrift = false;
    loop {
        match input.peek() {
            Kind::Eof => return File { statements },
            Kind::End => input = input.skip(),
            Kind::Close => {
                if !std::mem::take(&mut adrift) {
                    closes_nothing(input);
                }
                let after = input.skip();
                let statement = matches!(after.peek(), Kind::Word(word) if STATEMENTS.contains(&word.as_str()));
                input = if statement || *after.peek() == Kind::Close { after } else { next_statement(after) };
            }
            _ => {
                let before = input.list.len();
                match statement(input) {
                    Ok((rest, found)) => {
                        statements.push(found);
                        let (after, reported) = ends(input, rest);
                        adrift = reported || (adrift && !input.at_line_start());
                        input = after;
                    }
                    Err(Err::Error(mut failure) | Err::Failure(mut failure)) => {
                        let stray = starts_no_statement(input);
                        if stray && matches!(input.peek(), Kind::Word(_)) {
                            failure.help = Some("attributes stand between the braces of their statement, and the things of a list have commas between them".to_owned());
                        }
                        if !(stray && adrift) {
                            report(input, failure);
                        }
                        adrift = true;
                        input = next_statement(input);
                    }
                    Err(Err::Incomplete(_)) => return File { statements },
                }
                debug_assert!(input.list.len() < before, "every round takes a token");
            }
        }
    }
}

fn statement(input: Tokens<'_>) -> Parsed<'_, Statement> {
    let Kind::Word(keyword) = input.peek() else {
        let mut failure = input.expected("a statement");
        if *input.peek() == Kind::Open {
            failure.help = Some("the `{` of a statement stands in the same line as its name".to_owned());
        }
        return Err(Err::Error(failure));
    };
    let start = input.span();
    let after = input.skip();
    let (rest, kind) = match keyword.as_str() {
        "use" => uses(after).map(kind(StatementKind::Use)),
        "router" => declaration(after, "a name for the router").map(kind(StatementKind::Router)),
        "zone" => declaration(after, "a name for the zone").map(kind(StatementKind::Zone)),
        "host" => declaration(after, "a name for the host").map(kind(StatementKind::Host)),
        "integration" => declaration(after, "a name for the integration").map(kind(StatementKind::Integration)),
        "vpn" => declaration(after, "the zone of the VPN").map(kind(StatementKind::Vpn)),
        "home-assistant" => {
            declaration(after, "the host that Home Assistant runs on").map(kind(StatementKind::HomeAssistant))
        }
        "group" => group(after).map(kind(StatementKind::Group)),
        "service" => service(after).map(kind(StatementKind::Service)),
        "schedule" => schedule(after).map(kind(StatementKind::Schedule)),
        "ranges" => ranges(after).map(kind(StatementKind::Ranges)),
        "allow" => rule(after, Action::Allow).map(kind(StatementKind::Rule)),
        "deny" => rule(after, Action::Deny).map(kind(StatementKind::Rule)),
        "expose" => expose(after).map(kind(StatementKind::Expose)),
        "redirect" => redirect(after).map(kind(StatementKind::Redirect)),
        "reflect" => reflect(after).map(kind(StatementKind::Reflect)),
        "never" | "always" | "only" => assertion(input).map(kind(StatementKind::Assertion)),
        "exposed" => exposed(after).map(kind(StatementKind::Exposed)),
        "check" => check(after).map(kind(StatementKind::Check)),
        "waive" => waive(after).map(kind(StatementKind::Waive)),
        unknown => {
            let mut failure = input.expected("a statement");
            let arrow = matches!(input.skip().peek(), Kind::Arrow);
            failure.help = misspelt(unknown).or_else(|| {
                Some(if arrow {
                    "a rule begins with what it does: `allow A -> B` or `deny A -> B`".to_owned()
                } else {
                    format!("a statement starts with one of {}", STATEMENTS.join(", "))
                })
            });
            return Err(Err::Error(failure));
        }
    }?;
    let span = rest.span_since(start, &input);
    Ok((rest, Statement { span, kind }))
}

fn kind<'a, T>(wrap: impl Fn(T) -> StatementKind) -> impl FnOnce((Tokens<'a>, T)) -> (Tokens<'a>, StatementKind) {
    move |(rest, value)| (rest, wrap(value))
}

fn uses(input: Tokens<'_>) -> Parsed<'_, Use> {
    let what = "a module such as std.services or a file in quotes";
    let (rest, target) = match input.peek() {
        Kind::Literal(Literal::Text(_)) => text(input, what).map(|(rest, file)| (rest, UseTarget::File(file)))?,
        _ => must(|input| named(input, what)).parse(input).map(|(rest, module)| (rest, UseTarget::Module(module)))?,
    };
    if word("as", "`as`")(rest).is_ok() {
        let (rest, alias) = must(|input| named(input, "a name to use it under")).parse(rest.skip())?;
        return Ok((rest, Use { target, alias: Some(alias) }));
    }
    Ok((rest, Use { target, alias: None }))
}

fn declaration<'a>(input: Tokens<'a>, what: &'static str) -> Parsed<'a, Declaration> {
    let (rest, name) = must(|input| named(input, what)).parse(input)?;
    let (rest, body) = body(rest)?;
    Ok((rest, Declaration { name, body }))
}

fn group(input: Tokens<'_>) -> Parsed<'_, Group> {
    let (rest, name) = must(|input| named(input, "a name for the group")).parse(input)?;
    let (rest, members) = if matches!(rest.peek(), Kind::Equals) {
        let (rest, members) = must(side).parse(rest.skip())?;
        (rest, Some(members))
    } else {
        (rest, None)
    };
    let (rest, body) = body(rest)?;
    Ok((rest, Group { name, members, body }))
}

fn service(input: Tokens<'_>) -> Parsed<'_, Service> {
    let (rest, name) = must(|input| named(input, "a name for the service")).parse(input)?;
    let (rest, ()) = must(token(Kind::Equals, "`=`")).parse(rest)?;
    let (rest, items) = must(items).parse(rest)?;
    let (rest, body) = body(rest)?;
    Ok((rest, Service { name, items, body }))
}

fn schedule(input: Tokens<'_>) -> Parsed<'_, Schedule> {
    let (rest, name) = must(|input| named(input, "a name for the schedule")).parse(input)?;
    let (rest, ()) = must(token(Kind::Equals, "`=`")).parse(rest)?;
    let (rest, spans) = must(schedule_spans).parse(rest)?;
    Ok((rest, Schedule { name, spans }))
}

/// Spans with commas between them; days too have commas, so a span ends at its times.
fn schedule_spans(input: Tokens<'_>) -> Parsed<'_, Vec<ScheduleSpan>> {
    let mut found = Vec::new();
    let mut rest = input;
    loop {
        let start = rest.span();
        let begun = rest;
        let mut days = Vec::new();
        while let Kind::Word(_) = rest.peek() {
            let (after, day) =
                must(|input| named(input, "a day or a range of times such as 21:00-07:00")).parse(rest)?;
            days.push(day);
            rest = if matches!(after.peek(), Kind::Comma) && matches!(after.peek_second(), Kind::Word(_) | Kind::Bad) {
                after.skip()
            } else {
                after
            };
        }
        let (from, to) = match rest.peek() {
            Kind::Literal(Literal::TimeRange(from, to)) => (*from, *to),
            // The lexer has told of the dash in `21:00 - 07:00`.
            Kind::Literal(Literal::Time(_)) if *rest.peek_second() == Kind::Bad => {
                return rest.skip().stop("a range of times");
            }
            _ => return rest.stop("a range of times such as 21:00-07:00"),
        };
        rest = rest.skip();
        found.push(ScheduleSpan { days, from, to, span: rest.span_since(start, &begun) });
        if !matches!(rest.peek(), Kind::Comma) {
            return Ok((rest, found));
        }
        rest = rest.skip();
    }
}

fn ranges(input: Tokens<'_>) -> Parsed<'_, Ranges> {
    let (rest, name) = must(|input| named(input, "a name for the ranges")).parse(input)?;
    if word("from", "`from`")(rest).is_ok() {
        let (rest, file) = must(|input| text(input, "a file name in quotes")).parse(rest.skip())?;
        let (rest, body) = body(rest)?;
        return Ok((rest, Ranges { name, source: RangesSource::File(file), body }));
    }
    let (rest, ()) = must(token(Kind::Equals, "`=` or `from`")).parse(rest)?;
    let (rest, terms) = must(list(term)).parse(rest)?;
    let (rest, body) = body(rest)?;
    Ok((rest, Ranges { name, source: RangesSource::Terms(terms), body }))
}

fn rule(input: Tokens<'_>, action: Action) -> Parsed<'_, Rule> {
    let (rest, from) = must(side).parse(input)?;
    let (after, found) = must(arrow("`->` or `<->`")).parse(rest).map_err(|error| {
        error.map(|mut failure| {
            if failure.found == Kind::Colon {
                failure.help = Some("the services stand at the end: `allow A -> B : SERVICES`".to_owned());
            } else if matches!(failure.found, Kind::Word(_) | Kind::Literal(_)) {
                let word = if action == Action::Allow { "allow" } else { "deny" };
                failure.help = Some(format!("a rule reads `{word} A -> B : SERVICES`"));
            }
            failure
        })
    })?;
    if found == Arrow::Reach {
        let mut failure = rest.expected("`->` or `<->`");
        failure.help = Some("`~>` belongs to assertions: `never A ~> B`".to_owned());
        return Err(Err::Failure(failure));
    }
    let (rest, to) = must(side).parse(after)?;
    let (rest, services) = services(rest)?;
    let (rest, options) = body(rest)?;
    Ok((rest, Rule { action, from, both: found == Arrow::Both, to, services, options }))
}

/// `: ITEMS` or nothing.
fn services(input: Tokens<'_>) -> Parsed<'_, Vec<Item>> {
    if matches!(input.peek(), Kind::Colon) { must(items).parse(input.skip()) } else { Ok((input, Vec::new())) }
}

fn expose(input: Tokens<'_>) -> Parsed<'_, Expose> {
    let (rest, host) = must(|input| named(input, "the host to expose")).parse(input)?;
    let (rest, ()) = must(token(Kind::Colon, "`:` and a service")).parse(rest)?;
    let (rest, services) = must(items).parse(rest)?;
    let (rest, body) = body(rest)?;
    Ok((rest, Expose { host, services, body }))
}

fn redirect(input: Tokens<'_>) -> Parsed<'_, Redirect> {
    let (rest, from) = must(side).parse(input)?;
    let (rest, ()) = must(token(Kind::Colon, "`:` and a service")).parse(rest)?;
    let (rest, services) = must(items).parse(rest)?;
    let (rest, ()) = must(token(Kind::Arrow, "`->`")).parse(rest)?;
    let (rest, to) = must(|input| named(input, "the host that takes the packets")).parse(rest)?;
    let (rest, options) = body(rest)?;
    Ok((rest, Redirect { from, services, to, options }))
}

fn reflect(input: Tokens<'_>) -> Parsed<'_, Reflect> {
    let (rest, protocol) = must(|input| named(input, "mdns or ssdp")).parse(input)?;
    let (rest, ()) = must(word("between", "`between`")).parse(rest)?;
    let (rest, zones) = must(list(name)).parse(rest)?;
    let (rest, body) = body(rest)?;
    Ok((rest, Reflect { protocol, zones, body }))
}

fn assertion(input: Tokens<'_>) -> Parsed<'_, Assertion> {
    let kind = match input.peek() {
        Kind::Word(word) if word == "never" => AssertionKind::Never,
        Kind::Word(word) if word == "always" => AssertionKind::Always,
        Kind::Word(word) if word == "only" => AssertionKind::Only,
        _ => return Err(Err::Error(input.expected("`never`, `always` or `only`"))),
    };
    let (rest, from) = must(side).parse(input.skip())?;
    let (after, found) = must(arrow(if kind == AssertionKind::Never { "`->` or `~>`" } else { "`->`" })).parse(rest)?;
    let allowed = match found {
        Arrow::To => true,
        Arrow::Reach => kind == AssertionKind::Never,
        Arrow::Both => false,
    };
    if !allowed {
        let mut failure = rest.expected("`->`");
        failure.help = Some(match found {
            Arrow::Reach => "only `never` follows chains of hosts with `~>`".to_owned(),
            _ => "`<->` belongs to rules; write one assertion for each direction".to_owned(),
        });
        return Err(Err::Failure(failure));
    }
    let (rest, to) = must(side).parse(after)?;
    let (rest, services) = services(rest)?;
    Ok((rest, Assertion { kind, from, chain: found == Arrow::Reach, to, services }))
}

fn exposed(input: Tokens<'_>) -> Parsed<'_, Exposed> {
    let (rest, entries) = must(|input| entries(input, exposed_entry)).parse(input)?;
    Ok((rest, Exposed { entries }))
}

fn exposed_entry(input: Tokens<'_>) -> Parsed<'_, ExposedEntry> {
    let start = input.span();
    let (rest, public) = items(input)?;
    let (rest, ()) = must(token(Kind::Arrow, "`->`")).parse(rest)?;
    let (rest, to) = must(|input| named(input, "a host, `router` or a zone")).parse(rest)?;
    let (rest, services) = services(rest)?;
    let (rest, from) = match word("from", "`from`")(rest) {
        Ok((after, ())) => must(list(term)).parse(after)?,
        Err(_) => (rest, Vec::new()),
    };
    let span = rest.span_since(start, &input);
    Ok((rest, ExposedEntry { public, to, services, from, span }))
}

fn check(input: Tokens<'_>) -> Parsed<'_, Check> {
    let (rest, id) = must(|input| named(input, "an id for the check")).parse(input)?;
    let (rest, lines) = must(|input| entries(input, check_line)).parse(rest)?;
    let mut found = Check { id, assertions: Vec::new(), body: super::tree::Body::default() };
    for line in lines {
        match line {
            CheckLine::Assertion(span, assertion) => found.assertions.push((span, assertion)),
            CheckLine::Attribute(attribute) => found.body.attributes.push(attribute),
        }
    }
    Ok((rest, found))
}

enum CheckLine {
    Assertion(crate::diagnostic::Span, Assertion),
    Attribute(super::tree::Attribute),
}

fn check_line(input: Tokens<'_>) -> Parsed<'_, CheckLine> {
    if matches!(input.peek(), Kind::Word(word) if matches!(word.as_str(), "never" | "always" | "only")) {
        let (rest, found) = assertion(input)?;
        let span = rest.span_since(input.span(), &input);
        return Ok((rest, CheckLine::Assertion(span, found)));
    }
    let (rest, found) = super::pieces::plain_attribute(input)?;
    Ok((rest, CheckLine::Attribute(found)))
}

fn waive(input: Tokens<'_>) -> Parsed<'_, Waive> {
    let (mut rest, id) = must(|input| named(input, "the id of a check")).parse(input)?;
    let mut from: Option<Side> = None;
    let mut to: Option<Side> = None;
    if word("for", "`for`")(rest).is_ok() {
        let (after, found) = must(side).parse(rest.skip())?;
        rest = after;
        from = Some(found);
        if matches!(rest.peek(), Kind::Arrow) {
            let (after, found) = must(side).parse(rest.skip())?;
            rest = after;
            to = Some(found);
        }
    }
    let (rest, body) = body(rest)?;
    Ok((rest, Waive { id, from, to, body }))
}
