//! `include` sections: rules for nft in files of their own (`parse_include`, `includes`).

use super::{state::State, uci::Section};
use crate::router::{File, Line};

/// Where an included file stands in the rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    TableStart,
    TableEnd,
    ChainStart,
    ChainEnd,
}

/// A file for nft, line by line.
#[derive(Clone, Debug)]
pub struct Include {
    pub place: Place,
    /// Empty for the table.
    pub chain: String,
    pub lines: Vec<(Line, String)>,
}

/// The chains whose head and end the rules here have; the others decide over no packet.
const CHAINS: [&str; 8] = ["input", "forward", "output", "dstnat", "srcnat", "input_", "forward_", "output_"];

/// Reads the section. A file that is not there is unknown: on the router firewall4 would skip it with a warning.
pub fn read(section: &Section, files: &[File], state: &mut State) {
    if matches!(section.text("enabled"), Some("0" | "off" | "false" | "no")) {
        return;
    }
    let Some(path) = section.text("path") else {
        state.warnings.add(section, "`path` is missing, so firewall4 skips the section");
        return;
    };
    let mut unknown = |why: &str| state.warnings.add(section, &format!("what `{path}` does is not followed{why}"));
    if section.text("type") != Some("nftables") {
        unknown("");
        return;
    }
    let place = match section.text("position").unwrap_or("table-append") {
        "table-prepend" => Place::TableStart,
        "table-append" | "table-postpend" => Place::TableEnd,
        "chain-prepend" => Place::ChainStart,
        "chain-append" | "chain-postpend" => Place::ChainEnd,
        _ => {
            unknown(" at this position");
            return;
        }
    };
    let chain = match place {
        Place::TableStart | Place::TableEnd => "",
        Place::ChainStart | Place::ChainEnd => section.text("chain").unwrap_or_default(),
    };
    let nat = chain.starts_with("dstnat_") || chain.starts_with("srcnat_");
    let known = nat || CHAINS.iter().any(|name| chain == *name || name.ends_with('_') && chain.starts_with(name));
    if !known && matches!(place, Place::ChainStart | Place::ChainEnd) {
        unknown(" in this chain");
        return;
    }
    let Some(file) = files.iter().find(|file| path == file.name || path.ends_with(&format!("/{}", file.name))) else {
        unknown(", for the file is not here");
        return;
    };
    let lines =
        (1..).zip(file.text.lines()).filter(|(_, text)| !text.trim().is_empty() && !text.trim().starts_with('#'));
    let lines = lines.map(|(number, text)| {
        let origin = Line { file: file.name.clone(), line: number, text: text.trim().to_owned() };
        (origin, text.to_owned())
    });
    state.includes.push(Include { place, chain: chain.to_owned(), lines: lines.collect() });
}
