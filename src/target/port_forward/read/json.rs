//! `forwards.json`.

use serde::Deserialize;

use super::forward::{Cells, List, Mistake};

/// The whole file. Words for people may stand in it; what decides has its own names, and no others are known.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    forwards: Vec<Entry>,
    #[serde(default, rename = "router")]
    _router: Option<String>,
    #[serde(default, rename = "policy")]
    _policy: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    protocol: String,
    port: String,
    address: String,
    #[serde(default)]
    inner_port: String,
    #[serde(default)]
    from: Vec<String>,
    #[serde(default)]
    uplink: String,
    #[serde(default)]
    name: String,
    #[serde(default, rename = "host")]
    _host: Option<String>,
    #[serde(default, rename = "note")]
    _note: Option<String>,
}

pub fn read(text: &str) -> Result<List, Mistake> {
    let document: Document = serde_json::from_str(text).map_err(|error| {
        Mistake::new(u32::try_from(error.line()).unwrap_or(0), format!("this is not the JSON of forwards: {error}"))
    })?;
    let mut list = List::default();
    let mut after = 0;
    for entry in &document.forwards {
        let line = place(text, &entry.name, &mut after);
        let from = entry.from.join(",");
        let cells = Cells {
            protocol: &entry.protocol,
            ports: &entry.port,
            address: &entry.address,
            inner: &entry.inner_port,
            from: &from,
            uplink: &entry.uplink,
        };
        list.forwards.extend(cells.forwards(line, &entry.name)?);
    }
    Ok(list)
}

/// The line on which an entry's name stands, behind that of the entry before.
fn place(text: &str, name: &str, after: &mut usize) -> u32 {
    let wanted = format!("\"{name}\"");
    let found =
        text.lines().enumerate().skip(*after).find(|(_, line)| line.contains("\"name\"") && line.contains(&wanted));
    found.map_or(0, |(index, _)| {
        *after = index + 1;
        u32::try_from(index + 1).unwrap_or(0)
    })
}
