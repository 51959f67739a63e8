//! Reads a `config.xml` as pfSense does (CE 2.7 and 2.8, Plus 24 to 26): the rules of pf are built that it would load, and
//! evaluated over sets of packets with pf's own semantics.
//!
//! It knows the router's [`Topology`] and nothing else: no policy, and not how a file was written. pfSense leaves out
//! in silence what it cannot resolve; so does this reader, and reports it ([`Facts::unknown`](crate::router::Facts)).
//! Where pf would refuse one rule it keeps all the old ones, and the file is unreadable.
//!
//! What is taken for granted: interfaces and gateways are up; no package adds rules of its own; the tables that fill
//! while the firewall runs (`sshguard`, `snort2c`, `virusprot`) are empty; an address that only the running firewall
//! knows is the router's own in the topology.
//!
//! The way through the modules: [`xml`] → [`config`] with [`interfaces`], [`aliases`], [`schedule`] → the rules of [`ast`]:
//! [`nat`] with [`helpers`] and [`reflect`], [`routes`], [`builtin`] and [`after`] with [`line`], [`user`] with [`ends`] and [`names`], [`unknown`] → [`eval`] with [`decide`],
//! [`matching`] and [`binat`] → [`reading`].

mod after;
mod aliases;
mod ast;
mod binat;
mod builtin;
mod config;
mod decide;
mod ends;
mod eval;
mod ground;
mod helpers;
mod interfaces;
mod line;
mod matching;
mod names;
mod nat;
mod print;
mod reading;
mod reflect;
mod routes;
mod schedule;
mod state;
mod unknown;
mod user;
mod xml;

use crate::{
    packet::Space,
    router::{Configuration, File, Limits, Topology, Unreadable},
};

/// The file that is read.
pub const FILE: &str = "config.xml";

/// Reads the first file.
///
/// # Errors
/// If pfSense would refuse the file, pf a rule of it, or the topology names interfaces that are not in it; or if it is too
/// large to be evaluated.
pub fn read(
    files: &[File],
    topology: &Topology,
    _limits: &mut Limits,
    space: &mut Space,
) -> Result<Box<dyn Configuration>, Unreadable> {
    let text = files.first().map_or("", |file| file.text.as_str());
    let (config, rules) = understand(text, topology)?;
    Ok(Box::new(reading::Reading::new(config, rules, topology, space)?))
}

/// The rules of pf that a configuration comes down to, one a line, in pf's words and order.
///
/// # Errors
/// As [`read`].
pub fn rules(text: &str, topology: &Topology) -> Result<String, Unreadable> {
    Ok(print::print(&understand(text, topology)?.1))
}

fn understand(text: &str, topology: &Topology) -> Result<(config::Config, ast::Rules), Unreadable> {
    let text = text.trim_start_matches('\u{feff}');
    let config = config::Config::new(xml::parse(text)?, topology)?;
    let mut rules = ast::Rules { notes: reading::mismatches(&config, topology), ..ast::Rules::default() };
    nat::translations(&config, &mut rules)?;
    rules.filters = routes::missing(&config, topology);
    rules.filters.extend(builtin::before(&config));
    user::rules(&config, &mut rules.filters, &mut rules.notes)?;
    rules.filters.extend(after::rules(&config));
    rules.asides = routes::asides(&config);
    unknown::unknown(&config, &mut rules);
    Ok((config, rules))
}
