//! Reads nftables rules with netfilter's own rules of evaluation: takes the text of a file as `nft -f` loads it, or
//! what `nft list ruleset` prints, and gives exact sets of the packets that it accepts.
//!
//! It knows the router's [`Topology`] and nothing else: no policy, and not how any file was written. What it does not
//! understand it never leaves out and never guesses: an unknown condition is carried as two bounds
//! ([`Reading::surely`] and [`Reading::possibly`]) and listed with its line ([`Reading::unknown`]).
//!
//! What is taken for granted: nothing else is loaded; the first packet of TCP is a SYN; packets have no IPv6 extension
//! headers and no fragments come alone; packets arrive without a mark; an interface name that the topology does not know
//! may be that of any interface it does not name.
//!
//! The way through the modules: [`lexer`] → [`defines`] → `parse_file` (with `parse_chain`, `parse_rule`,
//! `parse_statement`, `parse_mark`, `parse_nat`, `parse_key`, `parse_value`, `parse_set`) → [`ast`] → [`check`] → `eval_hooks` →
//! `eval_chain` → `eval_match` → `eval_selector` → [`reading`].

mod ast;
mod check;
mod context;
mod cursor;
mod defines;
mod error;
mod eval;
mod eval_address;
mod eval_chain;
mod eval_conntrack;
mod eval_doubt;
mod eval_fib;
mod eval_hooks;
mod eval_interface;
mod eval_mark;
mod eval_match;
mod eval_nat;
mod eval_selector;
mod eval_sort;
mod eval_time;
mod eval_trace;
mod eval_values;
mod include;
pub mod iptables;
pub mod json;
mod lexer;
mod names;
mod parse_chain;
mod parse_file;
mod parse_key;
mod parse_mark;
mod parse_nat;
mod parse_rule;
mod parse_set;
mod parse_statement;
mod parse_value;
mod reading;
mod translated;

pub use error::ReadError;
pub use eval::{Effect, Note, Step, Unknown};
pub use reading::Reading;
pub use translated::{Translated, Translation};

use crate::{
    packet::{Set, Space},
    router::{Configuration, File, Limits, Topology},
};

/// Reads a file that includes no others.
///
/// # Errors
/// If nft would refuse the file, or it is too large to be evaluated.
pub fn read(text: &str, topology: &Topology, limits: &mut Limits, space: &mut Space) -> Result<Reading, ReadError> {
    read_with(text, &|_| None, topology, limits, space)
}

/// Reads a file; `include` gives the text of the files that it includes, by the path that it writes. Lines of included
/// files count as the line that includes them.
///
/// # Errors
/// As [`read`], and if an included file cannot be had.
pub fn read_with(
    text: &str,
    include: &dyn Fn(&str) -> Option<String>,
    topology: &Topology,
    limits: &mut Limits,
    space: &mut Space,
) -> Result<Reading, ReadError> {
    let tokens = defines::resolve(text, include)?;
    let mut ruleset = parse_file::file(text, &tokens)?;
    check::check(&mut ruleset)?;
    reading::evaluate(ruleset, topology, limits, space)
}

/// Reads a configuration in whichever form it comes: nft's text (the first file; `include` finds the others by the path
/// that it writes), the JSON of `nft -j list ruleset`, or what `iptables-save` and `ip6tables-save` print.
///
/// # Errors
/// As [`read_with`].
pub fn read_any(
    files: &[File],
    topology: &Topology,
    limits: &mut Limits,
    space: &mut Space,
) -> Result<Box<dyn Configuration>, ReadError> {
    let text = files.first().map_or("", |file| file.text.as_str());
    if json::is_json(text) {
        return Ok(Box::new(json::translate(text)?.evaluate(topology, limits, space)?));
    }
    if iptables::is_save(text) {
        return Ok(Box::new(iptables::translate(files)?.evaluate(topology, limits, space)?));
    }
    if files.len() > 1 {
        return Ok(Box::new(include::flatten(files)?.evaluate(topology, limits, space)?));
    }
    Ok(Box::new(read(text, topology, limits, space)?))
}

/// The packets that can be the first of a connection for Linux, or that pass without one.
#[must_use]
pub fn first_packets(topology: &Topology, space: &mut Space) -> Set {
    let domain = topology.domain(space);
    let openers = eval_conntrack::openers(space);
    space.intersect(domain, openers)
}
