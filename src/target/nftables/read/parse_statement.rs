//! Parses the statements of a rule, except translations.

use nom::{
    Parser,
    branch::alt,
    combinator::{map, opt},
    sequence::{pair, preceded},
};

use super::{
    ast::{Action, Key, Op, Selector, Verdict},
    cursor::{
        Input, Parsed, at, at_word, fail, keyword, many0, name, number, quoted, separated_list1, symbol, token, word,
    },
    lexer::Kind,
    parse_key::{key, selector},
    parse_mark::written as mark,
    parse_nat::nat,
    parse_value::{named, right_side, set, single, value, verdict},
};
use crate::router::Limit;

/// One statement.
pub fn statement(input: Input<'_>) -> Parsed<'_, Action> {
    alt((verdicts, quiet, changes, limit, nat, matching)).parse(input)
}

const NOTHING: Action = Action::Nothing(None);

fn verdicts(input: Input<'_>) -> Parsed<'_, Action> {
    let reject =
        preceded(keyword("reject"), opt(preceded(keyword("with"), many0(alt((map(word, drop), map(number, drop)))))));
    let queue = preceded(keyword("queue"), many0(token("an option", |token| (!token.ends()).then_some(()))));
    alt((
        map(reject, |_| Action::Verdict(Verdict::Drop)),
        map(queue, |_| Action::Verdict(Verdict::Queue)),
        map(verdict, Action::Verdict),
    ))
    .parse(input)
}

/// Statements that change neither verdict nor packet.
fn quiet(input: Input<'_>) -> Parsed<'_, Action> {
    let Ok((rest, first)) = word(input) else { return fail(input, "a statement") };
    match first {
        "counter" => {
            let named = preceded(keyword("name"), name);
            let counts = many0(preceded(alt((keyword("packets"), keyword("bytes"))), number));
            let (rest, ()) = alt((map(named, drop), map(counts, drop))).parse(rest)?;
            Ok((rest, NOTHING))
        }
        "comment" => Ok((quoted(rest)?.0, NOTHING)),
        "log" => Ok((many0(log_option).parse(rest)?.0, NOTHING)),
        "notrack" => Ok((rest, Action::Untrack)),
        "flow" => {
            let (rest, _) = (alt((keyword("add"), keyword("offload"))), opt(symbol("@")), name).parse(rest)?;
            Ok((
                rest,
                Action::Nothing(Some("established connections may be offloaded and then skip the forward chains")),
            ))
        }
        "dup" => {
            let (rest, _) = (keyword("to"), value, opt(preceded(keyword("device"), value))).parse(rest)?;
            Ok((rest, Action::Nothing(Some("packets are also copied elsewhere"))))
        }
        _ => fail(input, "a statement"),
    }
}

fn log_option(input: Input<'_>) -> Parsed<'_, ()> {
    let flags = separated_list1(symbol(","), word);
    let flags = preceded(keyword("flags"), many0(map(flags, drop)));
    alt((
        map(preceded(keyword("prefix"), alt((quoted, word))), drop),
        map(preceded(alt((keyword("group"), keyword("snaplen"), keyword("queue-threshold"))), number), drop),
        map(preceded(keyword("level"), word), drop),
        map(preceded(keyword("flags"), keyword("all")), drop),
        map(log_flags, drop),
        map(flags, drop),
    ))
    .parse(input)
}

/// `flags tcp sequence,options`, `flags ip options`, `flags skuid`, `flags ether`
fn log_flags(input: Input<'_>) -> Parsed<'_, ()> {
    let kinds = separated_list1(symbol(","), alt((keyword("sequence"), keyword("options"))));
    let one = alt((
        map(pair(alt((keyword("tcp"), keyword("ip"))), kinds), drop),
        keyword("skuid"),
        keyword("ether"),
        keyword("all"),
    ));
    map(pair(keyword("flags"), one), drop).parse(input)
}

/// Statements that write to the packet, its connection or a set.
fn changes(input: Input<'_>) -> Parsed<'_, Action> {
    let Ok((rest, first)) = word(input) else { return fail(input, "a statement") };
    match first {
        "add" | "update" | "delete" => {
            let (rest, set) = preceded(symbol("@"), name).parse(rest)?;
            let (rest, ()) = braces(rest)?;
            Ok((rest, Action::Update(set)))
        }
        "set" => {
            let (rest, ()) = alt((keyword("add"), keyword("update"))).parse(rest)?;
            let (rest, _) = many0(token("a value", |token| (!token.is("@")).then_some(()))).parse(rest)?;
            map(preceded(symbol("@"), name), Action::Update).parse(rest)
        }
        "meta" | "ct" | "mark" => {
            let (rest, field) = if first == "mark" { (rest, "mark") } else { word(rest)? };
            let (rest, ()) = keyword("set").parse(rest)?;
            if field == "mark" {
                let connection = first == "ct";
                return map(mark, |value| Action::Mark { connection, value }).parse(rest);
            }
            let (rest, read) = written(rest)?;
            Ok((
                rest,
                match (field, read) {
                    ("zone", _) => Action::Zone,
                    ("l3proto", _) => Action::Opaque,
                    ("helper" | "expectation", Some(Action::Reads { key, map })) => Action::Helper(Some((key, map))),
                    ("helper" | "expectation", _) => Action::Helper(None),
                    (_, Some(read)) => read,
                    ("nftrace" | "priority" | "timeout", None) => NOTHING,
                    _ => Action::Nothing(Some("a field of the packet is written")),
                },
            ))
        }
        // Fields of the header that no rule is decided by; its addresses are others.
        "ip" | "ip6" => {
            let (rest, field) = word(rest)?;
            if !matches!(field, "dscp" | "ecn" | "ttl" | "hoplimit" | "flowlabel") {
                return fail(input, "a statement");
            }
            let (rest, _) = preceded(keyword("set"), single).parse(rest)?;
            // Only packets of its family have the header.
            let header = Selector::NextHeader(first == "ip6");
            Ok((rest, Action::Reads { key: Key { parts: vec![header], mask: None }, map: None }))
        }
        "tcp" => {
            let mut option =
                (keyword("option"), keyword("maxseg"), alt((keyword("size"), keyword("mss"))), keyword("set"));
            let (rest, _) = option.parse(rest)?;
            let (rest, _) = written(rest)?;
            // Only TCP has the option, and it may be missing, which breaks the rule off.
            let option = Selector::Opaque("tcp option maxseg".to_owned());
            Ok((rest, Action::Reads { key: Key { parts: vec![option], mask: None }, map: None }))
        }
        _ => fail(input, "a statement"),
    }
}

/// What is written by `set`: a constant, `rt mtu`, a selector, or what a map gives for one. A selector that cannot be
/// read, and a map without a value, break the rule off.
fn written(input: Input<'_>) -> Parsed<'_, Option<Action>> {
    let sign = || {
        let signs = alt((symbol("&"), symbol("|"), symbol("^"), symbol(":"), symbol("<<"), symbol(">>")));
        alt((signs, keyword("and"), keyword("or"), keyword("xor"), keyword("lshift"), keyword("rshift")))
    };
    let plain = map(pair(keyword("rt"), word), |_| None);
    let inner = many0(token("a value", |token| (!token.is("(") && !token.is(")")).then_some(())));
    let bracketed = map((symbol("("), inner, symbol(")")), |_| None);
    let reads = |key| Some(Action::Reads { key, map: None });
    let selected = map(key, reads);
    // Reckoned from a field, as in `ct mark or 0x1`.
    let reckoned = map(selector, |selector| reads(Key { parts: vec![selector], mask: None }));
    let (rest, read) = alt((plain, bracketed, selected, reckoned, map(single, |_| None))).parse(input)?;
    let (rest, _) = many0(pair(sign(), single)).parse(rest)?;
    match read {
        Some(Action::Reads { key, .. }) if at_word(rest, &["map"]) => {
            let (rest, found) = preceded(keyword("map"), alt((set, named))).parse(rest)?;
            Ok((rest, Some(Action::Reads { key, map: Some(found) })))
        }
        read => Ok((rest, read)),
    }
}

/// Anything in braces.
fn braces(input: Input<'_>) -> Parsed<'_, ()> {
    let (rest, ()) = symbol("{").parse(input)?;
    let (_, rest) = super::cursor::until(rest, |_| false);
    symbol("}").parse(rest)
}

fn limit(input: Input<'_>) -> Parsed<'_, Action> {
    let (rest, ()) = keyword("limit").parse(input)?;
    let mapped = preceded(keyword("name"), (key, keyword("map"), alt((set, named))));
    if let Ok((rest, ())) = map(mapped, drop).parse(rest) {
        return Ok((rest, Action::Unknown));
    }
    if at_word(rest, &["name"]) {
        return map(preceded(keyword("name"), name), Action::NamedLimit).parse(rest);
    }
    let (rest, (limit, over)) = rate(rest)?;
    Ok((rest, Action::Limit { limit, over }))
}

/// `rate [over] 10/minute [burst 5 packets]`; the burst is 5 packets unless given (nft(8), LIMIT STATEMENT).
pub fn rate(input: Input<'_>) -> Parsed<'_, (Limit, bool)> {
    let (rest, ()) = keyword("rate").parse(input)?;
    let (rest, over) = opt(keyword("over")).parse(rest)?;
    let (rest, _) = opt(keyword("until")).parse(rest)?;
    let (rest, (rate, size, unit)) = per(rest)?;
    let per = match unit {
        "second" => 1,
        "minute" => 60,
        "hour" => 3_600,
        "day" => 86_400,
        "week" => 604_800,
        _ => return fail(rest, "a unit of time"),
    };
    let (rest, burst) = opt(preceded(keyword("burst"), amount)).parse(rest)?;
    let (rest, _) = opt(keyword("packets")).parse(rest)?;
    let burst =
        burst.map_or(if size.is_some() { 0 } else { 5 }, |(count, size)| count.saturating_mul(size.unwrap_or(1)));
    let limit = Limit { rate: rate.saturating_mul(size.unwrap_or(1)), bytes: size.is_some(), per, burst };
    Ok((rest, (limit, over.is_some())))
}

/// `10/minute`, `10 kbytes/second`: nft's scanner takes `kbytes/second` for one word.
fn per(input: Input<'_>) -> Parsed<'_, (u64, Option<u64>, &str)> {
    let joined = token("a size and a unit of time", |token| {
        let (size, unit) = token.word()?.split_once('/')?;
        Some((size_of(size)?, unit))
    });
    if let Ok((rest, (count, (size, unit)))) = pair(number, joined).parse(input) {
        return Ok((rest, (u64::try_from(count).unwrap_or(u64::MAX), Some(size), unit)));
    }
    let (rest, (rate, size)) = amount(input)?;
    let (rest, unit) = preceded(symbol("/"), word).parse(rest)?;
    Ok((rest, (rate, size, unit)))
}

fn size_of(word: &str) -> Option<u64> {
    match word {
        "bytes" => Some(1),
        "kbytes" => Some(1_024),
        "mbytes" => Some(1_048_576),
        _ => None,
    }
}

fn amount(input: Input<'_>) -> Parsed<'_, (u64, Option<u64>)> {
    let (rest, count) = number(input)?;
    let (rest, size) = opt(token("a size", |token| size_of(token.word()?))).parse(rest)?;
    Ok((rest, (u64::try_from(count).unwrap_or(u64::MAX), size)))
}

/// Options that elements of sets may have: does it make them leave?
pub fn statement_of_element(input: Input<'_>) -> Parsed<'_, bool> {
    if at_word(input, &["counter", "comment"]) {
        return map(quiet, |_| false).parse(input);
    }
    if at_word(input, &["limit", "quota", "last", "used"]) {
        let part = token("an option", |token| (!token.is(",") && !token.is("}") && !token.is(":")).then_some(()));
        return map(many0(part), |_| true).parse(input);
    }
    fail(input, "`:`, `,` or `}`")
}

fn operator(input: Input<'_>) -> Parsed<'_, Op> {
    let op = token("an operator", |token| {
        let sign = match &token.kind {
            Kind::Symbol(sign) => *sign,
            Kind::Word(word) => word.as_str(),
            _ => return None,
        };
        Some(match sign {
            "==" | "eq" => Op::Equal,
            "!=" | "ne" => Op::NotEqual,
            "!" => Op::None,
            "<" | "lt" => Op::Less,
            ">" | "gt" => Op::Greater,
            "<=" | "le" => Op::AtMost,
            ">=" | "ge" => Op::AtLeast,
            _ => return None,
        })
    });
    map(opt(op), |op| op.unwrap_or(Op::Implicit)).parse(input)
}

/// A match or the lookup of a verdict in a map.
fn matching(input: Input<'_>) -> Parsed<'_, Action> {
    let (rest, mut key) = key(input)?;
    if at_word(rest, &["vmap"]) {
        let (rest, map) = preceded(keyword("vmap"), alt((set, named))).parse(rest)?;
        return Ok((rest, Action::VerdictMap { key, map }));
    }
    if at_word(rest, &["set", "map"]) {
        return fail(rest, "a value");
    }
    let (rest, mut op) = operator(rest)?;
    let (mut rest, value) = right_side(rest)?;
    // `tcp flags syn / syn,ack` is `tcp flags & (syn|ack) == syn`.
    if at(rest, "/") && key.mask.is_none() {
        let (after, mask) = preceded(symbol("/"), right_side).parse(rest)?;
        rest = after;
        key.mask = Some(mask);
        if op == Op::Implicit {
            op = Op::Equal;
        }
    }
    // Signs that nft would go on with make the match one that is not understood.
    if ["/", "|", "&", "^", "<<", ">>", ".", "-", ","].iter().any(|sign| at(rest, sign)) {
        return fail(rest, "the next statement");
    }
    Ok((rest, Action::Match { key, op, value }))
}
