//! `forwards.csv`, or a table that somebody kept in a spreadsheet: columns are found by their headings.

use super::forward::{Cells, List, Mistake};

/// Is a line the heading of such a table?
pub fn is_header(line: &str) -> bool {
    let line = line.to_ascii_lowercase();
    line.contains("protocol") && line.contains("address") && line.contains(',')
}

pub fn read(text: &str) -> Result<List, Mistake> {
    let mut reader = ::csv::ReaderBuilder::new().flexible(false).trim(::csv::Trim::All).from_reader(text.as_bytes());
    let line_of = |error: &::csv::Error| error.position().map_or(0, |at| u32::try_from(at.line()).unwrap_or(0));
    let broken = |error: ::csv::Error| Mistake::new(line_of(&error), format!("this is no table: {error}"));
    let heads = reader.headers().map_err(broken)?.clone();
    let column = |name: &str| heads.iter().position(|head| head.eq_ignore_ascii_case(name));
    let needed = |name: &str| column(name).ok_or_else(|| Mistake::new(1, format!("there is no column `{name}`")));
    let (protocol, ports, address) = (needed("protocol")?, needed("public port")?, needed("address")?);
    // A column that is missing must not make an entry wider than it is.
    let (inner, from) = (needed("port")?, needed("from")?);
    let (name, uplink) = (column("name"), column("uplink"));
    let mut list = List::default();
    for record in reader.records() {
        let record = record.map_err(broken)?;
        let line = record.position().map_or(0, |at| u32::try_from(at.line()).unwrap_or(0));
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let from = cell(from);
        let cells = Cells {
            protocol: cell(protocol),
            ports: cell(ports),
            address: cell(address),
            inner: cell(inner),
            from: if from.eq_ignore_ascii_case("anyone") { "" } else { from },
            uplink: uplink.map_or("", cell),
        };
        list.forwards.extend(cells.forwards(line, name.map_or("", cell))?);
    }
    Ok(list)
}
