//! Parses translations: dnat, snat, masquerade, redirect.

use nom::{
    Parser,
    branch::alt,
    combinator::{map, opt},
    sequence::{delimited, preceded},
};

use super::{
    ast::{Action, Nat, NatKind, NatTarget, Value},
    cursor::{Input, Parsed, at, at_word, fail, keyword, many0, symbol, word},
    parse_key::key,
    parse_value::{named, set, single},
};

/// A translation statement.
pub fn nat(input: Input<'_>) -> Parsed<'_, Action> {
    let (rest, first) = word(input)?;
    let kind = match first {
        "dnat" => NatKind::Dnat,
        "snat" => NatKind::Snat,
        "masquerade" => NatKind::Masquerade,
        "redirect" => NatKind::Redirect,
        _ => return fail(input, "a translation"),
    };
    let own = matches!(kind, NatKind::Masquerade | NatKind::Redirect);
    let (rest, v6) = opt(alt((map(keyword("ip"), |()| false), map(keyword("ip6"), |()| true)))).parse(rest)?;
    let (rest, _) = opt(keyword("addr")).parse(rest)?;
    let (rest, interval) = opt(alt((keyword("interval"), keyword("prefix")))).parse(rest)?;
    // In `dnat ip addr . port to …` the words only repeat what the map gives.
    let (rest, _) = opt((symbol("."), keyword("port"))).parse(rest)?;
    let (rest, to) = opt(keyword("to")).parse(rest)?;
    let (rest, target) = match (to, own) {
        (None, true) => (rest, NatTarget::Own),
        // `to` may be left out: `snat ip saddr map { … }`.
        (Some(()), _) | (None, false) => target(rest, interval.is_some())?,
    };
    // What is written of its own has no address: `redirect to 80` is `redirect to :80`.
    let target = match target {
        NatTarget::Fixed { address: Some(port), port: None } if own => {
            NatTarget::Fixed { address: None, port: Some(port) }
        }
        other => other,
    };
    let (rest, _) =
        many0(alt((keyword("random"), keyword("fully-random"), keyword("persistent"), symbol(",")))).parse(rest)?;
    Ok((rest, Action::Nat(Nat { kind, v6, target })))
}

fn target(input: Input<'_>, interval: bool) -> Parsed<'_, NatTarget> {
    if at(input, ":") {
        let (rest, port) = port(input)?;
        return Ok((rest, NatTarget::Fixed { address: None, port: Some(port) }));
    }
    if let Ok((rest, key)) = key(input)
        && at_word(rest, &["map"])
    {
        let (rest, map_of) = preceded(keyword("map"), alt((set, named))).parse(rest)?;
        return Ok((rest, NatTarget::Map { key, map: map_of, interval }));
    }
    let bracketed = delimited(symbol("["), single, symbol("]"));
    let (rest, address) = alt((bracketed, single)).parse(input)?;
    let (rest, port) = opt(port).parse(rest)?;
    Ok((rest, NatTarget::Fixed { address: Some(address), port }))
}

fn port(input: Input<'_>) -> Parsed<'_, Value> {
    preceded(symbol(":"), single).parse(input)
}
