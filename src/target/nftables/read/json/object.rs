//! Tables, chains, sets and rules of libnftables-json(5) as text, one line an object.

use serde_json::{Map, Value};

use super::super::{ReadError, translated::Translation};
use super::{
    expression::{name, pair, string, value},
    origin, statement, text, wrong,
};

/// Writes one object of the list.
pub fn write(kind: &str, body: &Value, to: &mut Translation) -> Result<(), ReadError> {
    let fields = body.as_object().ok_or_else(|| wrong(format!("`{kind}` is no object")))?;
    let family = text(fields, "family").unwrap_or("ip");
    let named = |key: &str| {
        text(fields, key)
            .map(|found| name(found).map_or_else(|| string(found), str::to_owned))
            .ok_or_else(|| wrong(format!("`{kind}` has no `{key}`")))
    };
    match kind {
        "table" => {
            let flags = members(fields, "flags");
            let inner = if flags.contains(&"dormant") { " { flags dormant; }" } else { "" };
            let table = named("name")?;
            to.push(&format!("table {family} {table}{inner}"), origin(format!("table {family} {table}")));
        }
        "chain" => {
            let (table, chain) = (named("table")?, named("name")?);
            let place = origin(format!("chain {chain} in table {family} {table}"));
            to.push(&format!("add chain {family} {table} {chain}{}", base(fields)?), place);
        }
        "set" | "map" => {
            let (table, set) = (named("table")?, named("name")?);
            let place = origin(format!("{kind} {set} in table {family} {table}"));
            let inner = properties(kind, fields).ok_or_else(|| wrong(format!("{kind} {set} cannot be read")))?;
            to.push(&format!("add {kind} {family} {table} {set} {{ {inner} }}"), place);
        }
        "element" => {
            let (table, set) = (named("table")?, named("name")?);
            let elements = elements(fields, fields.contains_key("map"))
                .ok_or_else(|| wrong(format!("elements of {set} cannot be read")))?;
            if !elements.is_empty() {
                let place = origin(format!("elements of {set} in table {family} {table}"));
                to.push(&format!("add element {family} {table} {set} {{ {elements} }}"), place);
            }
        }
        "rule" => {
            let (table, chain) = (named("table")?, named("chain")?);
            let handle = fields.get("handle").and_then(Value::as_u64).unwrap_or(0);
            let statements =
                fields.get("expr").and_then(Value::as_array).ok_or_else(|| wrong("a rule without `expr`"))?;
            let rule = statements.iter().map(statement::write).collect::<Vec<_>>().join(" ");
            let place = origin(format!("handle {handle} of chain {chain} in table {family} {table}: {rule}"));
            to.push(&format!("add rule {family} {table} {chain} {rule}"), place);
        }
        "limit" => {
            let (table, limit) = (named("table")?, named("name")?);
            let rate = statement::limit(fields).ok_or_else(|| wrong(format!("limit {limit} cannot be read")))?;
            let rate = rate.trim_start_matches("limit ");
            to.push(
                &format!("add limit {family} {table} {limit} {{ {rate} }}"),
                origin(format!("limit {limit} in table {family} {table}")),
            );
        }
        // They decide nothing, or are met again where a rule uses them.
        "counter" | "quota" | "flowtable" | "ct helper" | "ct timeout" | "ct expectation" | "secmark" | "synproxy" => {}
        _ => return Err(wrong(format!("`{kind}` is no object of a ruleset"))),
    }
    Ok(())
}

/// ` { type filter hook input priority 0; policy drop; }`; nothing for a chain that others call.
fn base(fields: &Map<String, Value>) -> Result<String, ReadError> {
    let (Some(kind), Some(hook)) = (text(fields, "type"), text(fields, "hook")) else { return Ok(String::new()) };
    let priority = match fields.get("prio") {
        Some(Value::Number(number)) => number.as_i64().ok_or_else(|| wrong("a priority that is no number"))?,
        None => 0,
        Some(_) => return Err(wrong("a priority that is no number")),
    };
    let policy = text(fields, "policy").unwrap_or("accept");
    let device = match fields.get("dev") {
        None => String::new(),
        Some(_) => " device \"any\"".to_owned(),
    };
    Ok(format!(" {{ type {kind} hook {hook}{device} priority {priority}; policy {policy}; }}"))
}

fn members<'v>(fields: &'v Map<String, Value>, key: &str) -> Vec<&'v str> {
    match fields.get(key) {
        Some(Value::Array(list)) => list.iter().filter_map(Value::as_str).collect(),
        Some(Value::String(one)) => vec![one.as_str()],
        _ => Vec::new(),
    }
}

fn properties(kind: &str, fields: &Map<String, Value>) -> Option<String> {
    let mut inner = Vec::new();
    let kinds = members(fields, "type");
    if !kinds.is_empty() {
        let data = members(fields, "map");
        let data = if data.is_empty() { String::new() } else { format!(" : {}", data.join(" . ")) };
        inner.push(format!("type {}{data}", kinds.join(" . ")));
    }
    let flags = members(fields, "flags");
    if !flags.is_empty() {
        inner.push(format!("flags {}", flags.join(",")));
    }
    if fields.contains_key("timeout") {
        inner.push("timeout 1h".to_owned());
    }
    let elements = elements(fields, kind == "map")?;
    if !elements.is_empty() {
        inner.push(format!("elements = {{ {elements} }}"));
    }
    Some(inner.join("; "))
}

fn elements(fields: &Map<String, Value>, map: bool) -> Option<String> {
    let Some(list) = fields.get("elem") else { return Some(String::new()) };
    let list = list.as_array()?;
    let parts: Option<Vec<String>> = list.iter().map(if map { pair } else { value }).collect();
    Some(parts?.join(", "))
}
