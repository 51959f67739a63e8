//! From syntax to meaning's raw material: names resolved, defaults filled in, contradictions reported.

pub mod address;
mod attributes;
mod cloudflare;
mod index;
mod load;
mod names;
mod network;
mod resolve;
pub mod service;
mod settings;
mod standard;

pub use address::AddressSet;
pub use attributes::{Known, Value, attributes_of};
pub use cloudflare::Cloudflare;
pub use index::{Index, Meaning, Sort, Symbol, Visible};
pub use load::{STANDARD, join};
pub use network::*;
pub use standard::standard_ranges;

use crate::{
    diagnostic::{Diagnostic, Sources},
    world::World,
};

/// Reads a policy with all that it uses and resolves it.
///
/// `path` names the policy in messages and is where its files are looked for. The network is whole only when no
/// diagnostic is an error.
pub fn resolve(path: &str, text: &str, sources: &mut Sources, world: &dyn World) -> (Network, Vec<Diagnostic>) {
    resolve_units(load::load(path, text, &[], sources, world), sources, world)
}

/// The same as [`resolve`], with an index of all names.
pub fn resolve_indexed(
    path: &str,
    text: &str,
    sources: &mut Sources,
    world: &dyn World,
) -> (Network, Vec<Diagnostic>, Index) {
    let units = load::load(path, text, &[], sources, world);
    resolve::resolve_indexed(units, sources, world)
}

/// Resolves a policy with further statements that stand in no file of it, such as the words of a question. Their
/// places are in a source of their own, called `name`.
pub fn resolve_with(
    (path, text): (&str, &str),
    (name, more): (&str, &str),
    sources: &mut Sources,
    world: &dyn World,
) -> (Network, Vec<Diagnostic>) {
    resolve_units(load::load(path, text, &[(name, more)], sources, world), sources, world)
}

/// Resolves what was loaded, and reads the other files that it names.
fn resolve_units(units: load::Units, sources: &mut Sources, world: &dyn World) -> (Network, Vec<Diagnostic>) {
    let root = units.root.clone();
    let (mut network, mut found) = resolve::resolve(units, sources, world);
    found.extend(settings::read(&mut network, &root, sources, world));
    (network, found)
}
