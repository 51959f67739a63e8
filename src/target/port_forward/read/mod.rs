//! Reads a list of port forwards in any of the forms that such routers know, and says what a router does with it: it
//! sends on what its uplink gets on these ports, lets in nothing else, and holds back nothing of what comes from inside.
//!
//! It knows the router's [`Topology`] and nothing else. Forwards to the topology's own address on an uplink are those of
//! a router in front of it.
//!
//! Sources: `portforwarding_setting` of Asuswrt's firewall.c, `ipt_forward` of Tomato's forward.c, `parse_spec_forward` of
//! DD-WRT's firewall.c, and what `upnpc -l` of miniupnpc 2.2 prints.

mod csv;
mod forward;
mod json;
mod nvram;
mod reading;
mod script;

use crate::{
    packet::Space,
    router::{Configuration, File, Topology, Unreadable},
};

/// The names of the files that are read, in whichever folder of the target they lie.
pub const FILES: [&str; 7] =
    ["forwards.json", "forwards.csv", "upnp.sh", "natpmp.sh", "asuswrt.sh", "dd-wrt.sh", "freshtomato.sh"];

/// Is a file one of those that are read?
#[must_use]
pub fn reads(name: &str) -> bool {
    FILES.contains(&name.rsplit('/').next().unwrap_or(name))
}

/// Reads one file.
///
/// # Errors
/// If it is no list of forwards, or an entry cannot be understood.
pub fn read(files: &[File], topology: &Topology, space: &mut Space) -> Result<Box<dyn Configuration>, Unreadable> {
    let [file] = files else { return Err(Unreadable::new("there is no list of forwards")) };
    let list = list(file).map_err(|error| {
        let at = if error.line == 0 { file.name.clone() } else { format!("{}:{}", file.name, error.line) };
        Unreadable::new(format!("{at}: {}", error.message))
    })?;
    Ok(Box::new(reading::Reading::new(&file.name, list, topology, space)))
}

/// By its form: each of them begins in a way of its own.
fn list(file: &File) -> Result<forward::List, forward::Mistake> {
    let text = file.text.trim_start_matches('\u{feff}');
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    if first.starts_with('{') {
        json::read(text)
    } else if csv::is_header(first) {
        csv::read(text)
    } else if nvram::is_one(text) {
        nvram::read(text)
    } else if script::is_one(text) {
        script::read(text)
    } else {
        Err(forward::Mistake::new(0, "this is no list of forwards: expected JSON, CSV, lines of nvram, or `upnpc -l`"))
    }
}
