//! Rules as `nft -j list ruleset` prints them (libnftables-json(5)): written as nft's text, which is then read.
//!
//! A condition or statement that has no text here becomes one that the reader does not understand: an unknown
//! condition, or something that may decide in any way. It never becomes nothing.

mod expression;
mod object;
mod statement;

use serde_json::{Map, Value};

use super::{ReadError, translated::Translation};
use crate::router::Line;

/// Does a text look like nft's JSON?
#[must_use]
pub fn is_json(text: &str) -> bool {
    text.trim_start().starts_with('{') && text.contains("\"nftables\"")
}

/// The rules as text.
///
/// # Errors
/// If it is not the JSON of a list of rules, or holds commands that cannot be followed.
pub fn translate(text: &str) -> Result<Translation, ReadError> {
    let whole: Value = serde_json::from_str(text).map_err(|error| ReadError::Json {
        line: u32::try_from(error.line()).unwrap_or(0),
        why: "this is no JSON".to_owned(),
    })?;
    let list = whole.get("nftables").and_then(Value::as_array).ok_or_else(|| wrong("there is no list `nftables`"))?;
    let mut translation = Translation::default();
    let mut objects = Vec::new();
    for entry in list {
        let (kind, body) = single(entry).ok_or_else(|| wrong("an entry of `nftables` names no single object"))?;
        match kind {
            "metainfo" => {}
            "add" | "create" => {
                let inner = single(body).ok_or_else(|| wrong("`add` names no single object"))?;
                objects.push(inner);
            }
            "flush" | "delete" | "insert" | "replace" | "rename" | "reset" | "destroy" | "list" => {
                return Err(ReadError::Command { line: 0, command: kind.to_owned() });
            }
            _ => objects.push((kind, body)),
        }
    }
    // The list names each table first, then its sets and chains, then the rules; other orders are sorted into this one.
    let rank = |kind: &str| match kind {
        "table" => 0,
        "set" | "map" | "limit" | "counter" | "quota" | "flowtable" => 1,
        "chain" => 2,
        "element" => 3,
        _ => 4,
    };
    objects.sort_by_key(|(kind, _)| rank(kind));
    for (kind, body) in objects {
        object::write(kind, body, &mut translation)?;
    }
    Ok(translation)
}

/// The one member of an object that has one member.
fn single(value: &Value) -> Option<(&str, &Value)> {
    match value.as_object().map(|object| (object.len(), object.iter().next())) {
        Some((1, Some((key, inner)))) => Some((key.as_str(), inner)),
        _ => None,
    }
}

fn wrong(why: impl Into<String>) -> ReadError {
    ReadError::Json { line: 0, why: why.into() }
}

/// A text member of an object.
fn text<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}

/// Where an object stands: JSON has no lines that a person would look for, but names and handles.
fn origin(text: String) -> Line {
    Line { file: String::new(), line: 0, text }
}
