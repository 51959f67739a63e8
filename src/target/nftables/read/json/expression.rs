//! Expressions of libnftables-json(5) as text. `None` stands for those that have none here.

use serde_json::{Map, Value};

use super::{single, text};

/// A right side, a value of a set, or the target of a translation.
pub fn value(expression: &Value) -> Option<String> {
    match expression {
        Value::String(word) => Some(string(word)),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(true) => Some("exists".to_owned()),
        Value::Bool(false) => Some("missing".to_owned()),
        Value::Array(list) => joined(list, ","),
        Value::Object(_) => {
            let (kind, inner) = single(expression)?;
            match kind {
                "concat" => joined(inner.as_array()?, " . "),
                "set" => set(inner, value),
                "range" => {
                    let [low, high] = inner.as_array()?.as_slice() else { return None };
                    // The blanks part words that have a `-` of their own.
                    Some(format!("{} - {}", value(low)?, value(high)?))
                }
                "prefix" => {
                    let prefix = inner.as_object()?;
                    Some(format!("{}/{}", value(prefix.get("addr")?)?, value(prefix.get("len")?)?))
                }
                "elem" => element(inner.as_object()?, value),
                "|" => joined(inner.as_array()?, " | "),
                "map" => map(inner.as_object()?),
                _ => verdict(kind, inner).or_else(|| selector(expression)),
            }
        }
        Value::Null => None,
    }
}

/// A value under a mask: flags are joined to a number.
pub fn number(expression: &Value) -> Option<String> {
    match expression {
        Value::Array(list) => joined(list, " | "),
        other => value(other),
    }
}

/// What is written into a mark: numbers and selectors, reckoned with.
pub fn reckoned(expression: &Value, depth: usize) -> Option<String> {
    let Some((sign @ ("&" | "|" | "^" | "<<" | ">>"), inner)) = single(expression) else { return value(expression) };
    let parts = inner.as_array().filter(|parts| parts.len() > 1 && depth < 16)?;
    let parts: Option<Vec<String>> = parts.iter().map(|part| reckoned(part, depth + 1)).collect();
    Some(format!("({})", parts?.join(&format!(" {sign} "))))
}

fn joined(list: &[Value], between: &str) -> Option<String> {
    let parts: Option<Vec<String>> = list.iter().map(value).collect();
    Some(parts?.join(between))
}

/// `{ a, b }`
fn set(elements: &Value, each: impl Fn(&Value) -> Option<String>) -> Option<String> {
    let parts: Option<Vec<String>> = match elements {
        Value::Array(list) => list.iter().map(each).collect(),
        one => Some(vec![each(one)?]),
    };
    Some(format!("{{ {} }}", parts?.join(", ")))
}

/// An element with what it carries; only that it expires is of interest.
pub fn element(element: &Map<String, Value>, each: impl Fn(&Value) -> Option<String>) -> Option<String> {
    let mut text = each(element.get("val")?)?;
    if element.contains_key("timeout") || element.contains_key("expires") {
        text += " timeout 1h";
    }
    Some(text)
}

/// The data of a map: pairs of key and value.
pub fn pairs(data: &Value) -> Option<String> {
    match data {
        Value::String(name) => Some(string(name)),
        Value::Object(_) => {
            let (kind, inner) = single(data)?;
            (kind == "set").then(|| set(inner, pair))?
        }
        _ => None,
    }
}

/// `key : value`
pub fn pair(entry: &Value) -> Option<String> {
    let [key, data] = entry.as_array()?.as_slice() else { return None };
    Some(format!("{} : {}", value(key)?, value(data)?))
}

/// `ip daddr map { … }`
pub fn map(map: &Map<String, Value>) -> Option<String> {
    Some(format!("{} map {}", selector(map.get("key")?)?, pairs(map.get("data")?)?))
}

/// A verdict that may stand in a map.
fn verdict(kind: &str, inner: &Value) -> Option<String> {
    match kind {
        "accept" | "drop" | "continue" | "return" => Some(kind.to_owned()),
        "jump" | "goto" => Some(format!("{kind} {}", name(text(inner.as_object()?, "target")?)?)),
        _ => None,
    }
}

/// The left side of a match, or the key of a map.
pub fn selector(expression: &Value) -> Option<String> {
    let (kind, inner) = single(expression)?;
    if kind == "concat" {
        let parts: Option<Vec<String>> = inner.as_array()?.iter().map(selector).collect();
        return Some(parts?.join(" . "));
    }
    if kind == "&" {
        let [left, right] = inner.as_array()?.as_slice() else { return None };
        return Some(format!("{} & ({})", selector(left)?, number(right)?));
    }
    let fields = inner.as_object()?;
    match kind {
        "payload" => Some(format!("{} {}", name(text(fields, "protocol")?)?, name(text(fields, "field")?)?)),
        "meta" => Some(format!("meta {}", name(text(fields, "key")?)?)),
        "ct" => {
            let key = text(fields, "key")?;
            // `ct original ip saddr` comes as direction, family and key, or with both in the key.
            let words = [text(fields, "dir"), text(fields, "family"), Some(key)];
            Some(format!("ct {}", words.into_iter().flatten().collect::<Vec<_>>().join(" ")))
        }
        "tcp option" => Some(format!("tcp option {} {}", name(text(fields, "name")?)?, name(text(fields, "field")?)?)),
        "fib" => {
            let flags: Vec<&str> = match fields.get("flags")? {
                Value::Array(list) => list.iter().filter_map(Value::as_str).collect(),
                one => vec![one.as_str()?],
            };
            // As text the address comes first, and the interfaces behind it.
            let address = flags.iter().filter(|flag| matches!(**flag, "saddr" | "daddr"));
            let others = flags.iter().filter(|flag| !matches!(**flag, "saddr" | "daddr"));
            let flags: Vec<&str> = address.chain(others).copied().collect();
            Some(format!("fib {} {}", flags.join(" . "), name(text(fields, "result")?)?))
        }
        _ => None,
    }
}

/// A word, address or number as it is; everything else in quotes. What cannot stand in quotes has no text.
pub fn string(word: &str) -> String {
    let bare = word == "*"
        || word.parse::<std::net::IpAddr>().is_ok()
        || is_number(word)
        || is_hardware(word)
        || name(word.trim_start_matches('@')).is_some();
    if bare { word.to_owned() } else { format!("\"{}\"", word.replace('"', "'")) }
}

/// `22`, `0x16`, or a time such as `1h30m`.
fn is_number(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit()) && word.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_hardware(word: &str) -> bool {
    word.split(':').count() == 6 && word.split(':').all(|part| part.len() == 2 && u8::from_str_radix(part, 16).is_ok())
}

/// A name that nft's scanner takes for a word.
pub fn name(word: &str) -> Option<&str> {
    let mut letters = word.chars();
    let first = letters.next()?;
    let stem = letters.as_str().strip_suffix('*').unwrap_or(letters.as_str());
    let fits = (first.is_ascii_alphabetic() || first == '_')
        && stem.chars().all(|letter| letter.is_ascii_alphanumeric() || "_/-.".contains(letter));
    fits.then_some(word)
}
