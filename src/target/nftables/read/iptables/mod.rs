//! Rules as `iptables-save` and `ip6tables-save` print them (iptables(8), iptables-extensions(8)): written as nft's
//! text, which is then read. The kernel asks both in the same hooks, so the evaluation is the same.
//!
//! A match of a module that is not known here is an unknown condition, and a target that is not known may decide in
//! any way. Neither becomes nothing.

mod condition;
mod ends;
mod line;
mod target;

use std::collections::BTreeMap;

use super::{ReadError, translated::Translation};
use crate::router::{File, Line};

/// Does a text look like the output of `iptables-save`?
#[must_use]
pub fn is_save(text: &str) -> bool {
    let mut lines = text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.next().is_some_and(|first| {
        first.strip_prefix('*').is_some_and(|table| table.bytes().all(|byte| byte.is_ascii_lowercase()))
            || ["-P ", "-N ", "-A "].iter().any(|command| first.starts_with(command))
    })
}

/// The rules of both families as text. A family of which there is no file is not filtered, and that is seldom meant.
///
/// # Errors
/// If a line is none of `iptables-save`, or one of the families is missing.
pub fn translate(files: &[File]) -> Result<Translation, ReadError> {
    let mut translation = Translation::default();
    let families: Vec<bool> = files.iter().map(is_v6).collect();
    for (v6, missing) in [(false, "iptables-save"), (true, "ip6tables-save")] {
        if !families.contains(&v6) {
            let why = format!("one family is missing: give the output of {missing} as well, in a file of its own");
            return Err(ReadError::Save { file: String::new(), line: 0, why });
        }
    }
    for (file, v6) in files.iter().zip(families) {
        read_file(file, v6, &mut translation)?;
    }
    Ok(translation)
}

/// Is it `ip6tables-save`? The first line says so; without it, what only IPv6 has.
fn is_v6(file: &File) -> bool {
    let header = file.text.lines().find(|line| line.contains("enerated by") && line.contains("tables"));
    match header {
        Some(line) => line.contains("ip6tables"),
        None => {
            let words = file.text.split_whitespace();
            let mut written = words.filter_map(|word| word.split('/').next()?.parse::<std::net::IpAddr>().ok());
            file.text.contains("icmp6")
                || file.text.contains("ipv6-icmp")
                || written.any(|address| address.is_ipv6())
                || file.name.contains("v6")
                || file.name.contains("ip6")
        }
    }
}

/// A table that is being read: its chains by name, with the words that stand for them in nft.
struct Table {
    name: String,
    v6: bool,
    chains: BTreeMap<String, String>,
}

impl Table {
    fn new(name: &str, v6: bool) -> Self {
        Self { name: name.to_owned(), v6, chains: BTreeMap::new() }
    }

    fn family(&self) -> &'static str {
        if self.v6 { "ip6" } else { "ip" }
    }

    /// The word for a chain: what iptables takes for a name need not be one for nft.
    fn word(&mut self, chain: &str) -> String {
        let number = self.chains.len();
        self.chains.entry(chain.to_owned()).or_insert_with(|| format!("c{number}")).clone()
    }
}

fn read_file(file: &File, v6: bool, to: &mut Translation) -> Result<(), ReadError> {
    let mut table: Option<Table> = None;
    let mut rules = Vec::new();
    for (number, text) in (1..).zip(file.text.lines()) {
        let text = text.trim();
        let place = Line { file: file.name.clone(), line: number, text: text.to_owned() };
        let fail = |why: &str| ReadError::Save { file: file.name.clone(), line: number, why: why.to_owned() };
        if text.is_empty() || text.starts_with('#') {
            continue;
        }
        if let Some(name) = text.strip_prefix('*') {
            finish(table.take(), &mut rules, to);
            table = Some(open(name, v6, &place, to).ok_or_else(|| fail("there is no such table"))?);
            continue;
        }
        if text == "COMMIT" {
            finish(table.take(), &mut rules, to);
            continue;
        }
        // `iptables -S` prints one table without its name.
        let here = match &mut table {
            Some(here) => here,
            None => table.insert(open("filter", v6, &place, to).ok_or_else(|| fail("there is no such table"))?),
        };
        let words = line::words(text).ok_or_else(|| fail("a quote is not closed"))?;
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        match words.as_slice() {
            [name, policy, ..] if name.starts_with(':') => chain(here, &name[1..], policy, &place, to),
            ["-P", name, policy] => chain(here, name, policy, &place, to),
            ["-N", name] => chain(here, name, "-", &place, to),
            ["-A", name, rest @ ..] => rules.push(rule(here, name, rest, place, to)),
            [counts, "-A", name, rest @ ..] if counts.starts_with('[') => {
                rules.push(rule(here, name, rest, place, to));
            }
            _ => return Err(fail("this is no line of iptables-save")),
        }
    }
    finish(table.take(), &mut rules, to);
    Ok(())
}

/// A rule in nft's words: its chain, the alternatives of its conditions with its statement, and its place.
type Rule = (String, Vec<String>, Line);

/// How many rules of nft one rule may become.
const MOST_ALTERNATIVES: usize = 64;

/// Chains are called before they are known, so rules come last.
fn finish(table: Option<Table>, rules: &mut Vec<Rule>, to: &mut Translation) {
    let Some(table) = table else { return };
    for (chain, alternatives, place) in rules.drain(..) {
        for rule in alternatives {
            to.push(&format!("add rule {} {} {chain} {rule}", table.family(), table.name), place.clone());
        }
    }
}

fn open(name: &str, v6: bool, place: &Line, to: &mut Translation) -> Option<Table> {
    let known = ["raw", "mangle", "nat", "filter", "security"].contains(&name);
    let table = Table::new(name, v6);
    to.push(&format!("table {} {name}", table.family()), place.clone());
    known.then_some(table)
}

/// The hook of a chain that iptables has by itself; nothing for those of the user.
fn hook(name: &str) -> &'static str {
    match name {
        "PREROUTING" => "prerouting",
        "INPUT" => "input",
        "FORWARD" => "forward",
        "OUTPUT" => "output",
        "POSTROUTING" => "postrouting",
        _ => "",
    }
}

/// Has a table this chain by itself? `iptables-restore` takes rules for it without a line that declares it.
fn is_built_in(table: &str, chain: &str) -> bool {
    match hook(chain) {
        "prerouting" => ["raw", "mangle", "nat"].contains(&table),
        "input" => table != "raw",
        "forward" => !["raw", "nat"].contains(&table),
        "output" => true,
        "postrouting" => ["mangle", "nat"].contains(&table),
        _ => false,
    }
}

/// `:INPUT DROP [0:0]`, or a chain of the user's own with `-` for its policy.
fn chain(table: &mut Table, name: &str, policy: &str, place: &Line, to: &mut Translation) {
    let word = table.word(name);
    let hook = hook(name);
    let base = if hook.is_empty() || policy == "-" {
        String::new()
    } else {
        let (kind, priority) = match (table.name.as_str(), hook) {
            ("raw", _) => ("filter", -300),
            ("mangle", _) => ("filter", -150),
            ("nat", "prerouting" | "output") => ("nat", -100),
            ("nat", _) => ("nat", 100),
            ("security", _) => ("filter", 50),
            _ => ("filter", 0),
        };
        let policy = if policy == "ACCEPT" { "accept" } else { "drop" };
        format!(" {{ type {kind} hook {hook} priority {priority}; policy {policy}; }}")
    };
    to.push(&format!("add chain {} {} {word}{base}", table.family(), table.name), place.clone());
}

fn rule(table: &mut Table, name: &str, words: &[&str], place: Line, to: &mut Translation) -> Rule {
    if !table.chains.contains_key(name) && is_built_in(&table.name, name) {
        // As the kernel has it when nobody has said otherwise, and as `iptables-nft-restore` leaves it.
        chain(table, name, "ACCEPT", &place, to);
    }
    let line::Parts { conditions, target } = line::parts(words, table.v6);
    let statement = target::statement(&target, table.v6, |chain| table.word(chain));
    let mut alternatives = vec![String::new()];
    for mut choices in conditions {
        // Each choice doubles the rules; what would be too many is one condition that cannot be told.
        if alternatives.len() * choices.len() > MOST_ALTERNATIVES {
            choices = vec![format!("xt match \"{}\"", choices.join(" or ").replace('"', "'"))];
        }
        alternatives = alternatives
            .iter()
            .flat_map(|before| choices.iter().map(move |choice| format!("{before}{choice} ")))
            .collect();
    }
    let rules = alternatives.into_iter().map(|conditions| conditions + &statement).collect();
    (table.word(name), rules, place)
}
