//! Parses what is written into a mark: numbers and selectors, reckoned with. `&` binds before `^`, and that before `|`
//! (nft's parser, `inclusive_or_rhs_expr`).

use nom::{
    Parser,
    branch::alt,
    combinator::{map, opt},
    sequence::{delimited, pair, preceded},
};

use super::{
    ast::{MarkValue, Reckoned, Sign},
    cursor::{Input, Parsed, at_word, keyword, many0, number, symbol},
    parse_key::{key, selector},
    parse_value::{constant, named, set},
};

/// How many operations a value may have; nft folds longer ones away.
const LONGEST: usize = 32;

/// What stands behind `meta mark set` or `ct mark set`.
pub fn written(input: Input<'_>) -> Parsed<'_, MarkValue> {
    let mapped = (key, preceded(keyword("map"), alt((set, named))));
    if let Ok((rest, (key, map))) = { mapped }.parse(input) {
        return Ok((rest, MarkValue::Map { key, map }));
    }
    map(level(0, 0), MarkValue::Reckoned).parse(input)
}

fn sign(level: usize, input: Input<'_>) -> Parsed<'_, Sign> {
    let one =
        |sign: Sign, mark: &'static str, word: &'static str| map(alt((symbol(mark), keyword(word))), move |()| sign);
    match level {
        0 => one(Sign::Or, "|", "or").parse(input),
        1 => one(Sign::Xor, "^", "xor").parse(input),
        2 => one(Sign::And, "&", "and").parse(input),
        _ => alt((one(Sign::Left, "<<", "lshift"), one(Sign::Right, ">>", "rshift"))).parse(input),
    }
}

/// Operations that bind as this level or tighter.
fn level<'a>(which: usize, depth: usize) -> impl Fn(Input<'a>) -> Parsed<'a, Reckoned> {
    move |input| {
        if which > 3 {
            return atom(depth, input);
        }
        let (mut rest, mut left) = level(which + 1, depth)(input)?;
        for _ in 0..LONGEST {
            let next = |input| {
                let (rest, sign) = sign(which, input)?;
                map(level(which + 1, depth), move |right| (sign, right)).parse(rest)
            };
            let Ok((after, (sign, right))) = next(rest) else { break };
            left = Reckoned::Of(Box::new(left), sign, Box::new(right));
            rest = after;
        }
        Ok((rest, left))
    }
}

fn atom(depth: usize, input: Input<'_>) -> Parsed<'_, Reckoned> {
    if super::cursor::at(input, "(") && depth < LONGEST {
        return delimited(symbol("("), level(0, depth + 1), symbol(")")).parse(input);
    }
    if at_word(input, &["numgen", "symhash"]) {
        return map(random, |()| Reckoned::Unknown).parse(input);
    }
    alt((map(selector, Reckoned::Read), map(constant, Reckoned::Constant))).parse(input)
}

/// `numgen inc mod 2 offset 100`, `symhash mod 2`
fn random(input: Input<'_>) -> Parsed<'_, ()> {
    let bounds = many0(preceded(alt((keyword("mod"), keyword("offset"))), number));
    let (rest, ()) =
        alt((map(pair(keyword("numgen"), alt((keyword("inc"), keyword("random")))), drop), keyword("symhash")))
            .parse(input)?;
    let (rest, _) = opt(bounds).parse(rest)?;
    Ok((rest, ()))
}
