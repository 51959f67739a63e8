//! What a script of hedgerow asks for by `UPnP` or NAT-PMP, and what `upnpc -l` lists.

use super::forward::{Cells, List, Mistake};

/// Does a text hold calls of such a script, or such a list?
pub fn is_one(text: &str) -> bool {
    text.contains("upnpc") || text.contains("natpmpc") || text.lines().any(|line| listed(line).is_some())
}

pub fn read(text: &str) -> Result<List, Mistake> {
    let mut list = List::default();
    for (number, line) in (1..).zip(text.lines()) {
        let words: Vec<&str> = line.split_whitespace().collect();
        if let ["map", protocol, ports, address, inner, ..] = words.as_slice() {
            let cells = Cells { protocol, ports, address, inner, ..Cells::default() };
            list.forwards.extend(cells.forwards(number, line.trim())?);
        } else if let Some(cells) = listed(line) {
            list.forwards.extend(cells.forwards(number, line.trim())?);
        }
    }
    Ok(list)
}

/// ` 0 TCP  8443->10.0.20.5:8123  'name' '' 3600`
fn listed(line: &str) -> Option<Cells<'_>> {
    let mut words = line.split_whitespace();
    words.next()?.parse::<u32>().ok()?;
    let protocol = words.next().filter(|word| ["TCP", "UDP"].contains(word))?;
    let (ports, end) = words.next()?.split_once("->")?;
    let (address, inner) = end.rsplit_once(':')?;
    // The second text in quotes is the remote host; hedgerow asks for none.
    let from = line.rsplit_once("' '").map_or("", |(_, rest)| rest.split('\'').next().unwrap_or_default());
    Some(Cells { protocol, ports, address, inner, from, uplink: "" })
}
