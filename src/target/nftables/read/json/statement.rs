//! Statements of libnftables-json(5) as text.

use serde_json::{Map, Value};

use super::{
    expression::{map, name, number, pairs, reckoned, selector, string, value},
    single, text,
};

/// One statement of a rule. What cannot be written is an unknown condition if it is a match, and otherwise something
/// that may decide in any way.
pub fn write(statement: &Value) -> String {
    let Some((kind, inner)) = single(statement) else { return opaque(statement) };
    let written = match kind {
        "match" => inner.as_object().and_then(condition),
        "limit" => match inner {
            Value::String(named) => Some(format!("limit name {}", string(named))),
            _ => inner.as_object().and_then(limit),
        },
        "ct count" | "quota" => None,
        "xt" => return xt(inner),
        _ => return other(kind, inner).unwrap_or_else(|| opaque(statement)),
    };
    written.unwrap_or_else(|| format!("xt match {}", quoted(statement)))
}

/// nft has no words `xt match` and `xt target`: whoever reads them knows nothing by these names.
fn opaque(statement: &Value) -> String {
    format!("xt target {}", quoted(statement))
}

fn quoted(statement: &Value) -> String {
    format!("\"{}\"", statement.to_string().replace('"', "'"))
}

/// A match of iptables is a condition; its target decides in a way that cannot be told.
fn xt(inner: &Value) -> String {
    let of = |key: &str| inner.as_object().and_then(|fields| text(fields, key)).unwrap_or("");
    let condition = of("type") == "match";
    format!("xt {} {}", if condition { "match" } else { "target" }, string(of("name")))
}

fn condition(fields: &Map<String, Value>) -> Option<String> {
    let op = match text(fields, "op")? {
        "in" => "",
        op @ ("==" | "!=" | "<" | ">" | "<=" | ">=" | "!") => op,
        _ => return None,
    };
    let (left, right) = (selector(fields.get("left")?)?, fields.get("right")?);
    // Under a mask flags are a number, and otherwise a list of which one has to be there.
    let masked = fields.get("left").and_then(single).is_some_and(|(kind, _)| kind == "&");
    let right = if masked { number(right)? } else { value(right)? };
    Some(format!("{left} {op} {right}"))
}

/// Statements that are no conditions.
fn other(kind: &str, inner: &Value) -> Option<String> {
    let fields = inner.as_object();
    Some(match kind {
        "accept" | "drop" | "continue" | "return" | "notrack" => kind.to_owned(),
        // Their figures are of no interest, and the others decide nothing.
        "counter" | "last" | "ct timeout" | "secmark" => "counter".to_owned(),
        "ct helper" | "ct expectation" => {
            let name = inner.as_str().map_or_else(|| "\"\"".to_owned(), string);
            format!("{kind} set {name}")
        }
        "log" => "log".to_owned(),
        "reject" => "reject".to_owned(),
        "jump" | "goto" => format!("{kind} {}", name(text(fields?, "target")?)?),
        "queue" => "queue".to_owned(),
        "vmap" => {
            let fields = fields?;
            format!("{} vmap {}", selector(fields.get("key")?)?, pairs(fields.get("data")?)?)
        }
        "snat" | "dnat" | "masquerade" | "redirect" => return nat(kind, inner),
        "set" => {
            let fields = fields?;
            let set = string(text(fields, "set")?);
            let op = text(fields, "op").filter(|op| matches!(*op, "add" | "update" | "delete"))?;
            let element = fields.get("elem").and_then(|elem| selector(elem).or_else(|| value(elem)));
            format!("{op} {set} {{ {} }}", element.unwrap_or_else(|| "0".to_owned()))
        }
        "mangle" => {
            let fields = fields?;
            let key = selector(fields.get("key")?)?;
            let written = fields.get("value")?;
            if matches!(key.as_str(), "meta mark" | "ct mark") {
                // A number that has no words here is any.
                let number = reckoned(written, 0).unwrap_or_else(|| "numgen random mod 2".to_owned());
                return Some(format!("{key} set {number}"));
            }
            // What is looked up may be missing, and breaks the rule off. What is reckoned is some number.
            let looked_up = single(written).is_some_and(|(kind, _)| kind != "|");
            let written = value(written).filter(|_| looked_up).unwrap_or_else(|| "0".to_owned());
            format!("{key} set {written}")
        }
        "flow" => format!("flow add @{}", name(text(fields?, "flowtable")?.trim_start_matches('@'))?),
        "dup" => "dup to 0".to_owned(),
        _ => return None,
    })
}

fn nat(kind: &str, inner: &Value) -> Option<String> {
    let empty = Map::new();
    let fields = inner.as_object().unwrap_or(&empty);
    let mut written = kind.to_owned();
    if let Some(family @ ("ip" | "ip6")) = text(fields, "family") {
        written += &format!(" {family}");
    }
    let side = |key: &str| -> Option<Option<String>> {
        match fields.get(key) {
            None => Some(None),
            Some(Value::Object(object)) if object.contains_key("map") => {
                Some(Some(map(object.get("map")?.as_object()?)?))
            }
            Some(found) => Some(Some(value(found)?)),
        }
    };
    let (address, port) = (side("addr")?, side("port")?);
    match (address, port) {
        (None, None) => {}
        (Some(address), None) => written += &format!(" to {address}"),
        (None, Some(port)) => written += &format!(" to :{port}"),
        (Some(address), Some(port)) if address.contains(':') => written += &format!(" to [{address}]:{port}"),
        (Some(address), Some(port)) => written += &format!(" to {address}:{port}"),
    }
    // How a port or address is chosen (`random`, `persistent`) changes nothing that is compared. `netmap` does.
    let flags = match fields.get("flags").or_else(|| fields.get("type_flags")) {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(flag)) => vec![flag.as_str()],
        _ => Vec::new(),
    };
    (!flags.contains(&"netmap")).then_some(written)
}

/// `limit rate over 10/minute burst 5 packets`
pub fn limit(fields: &Map<String, Value>) -> Option<String> {
    let over = if fields.get("inv").and_then(Value::as_bool).unwrap_or(false) { "over " } else { "" };
    let rate = fields.get("rate")?.as_u64()?;
    let per = text(fields, "per")?;
    let size = |key: &str| text(fields, key).filter(|unit| *unit != "packets").map(|unit| format!(" {unit}"));
    let burst = match fields.get("burst").and_then(Value::as_u64) {
        Some(0) | None => String::new(),
        Some(burst) => format!(" burst {burst}{}", size("burst_unit").unwrap_or_else(|| " packets".to_owned())),
    };
    Some(format!("limit rate {over}{rate}{} / {per}{burst}", size("rate_unit").unwrap_or_default()))
}
