//! Rulebook to ruleset.
//!
//! One table of our own. A new connection costs a lookup of its pair of interfaces and one lookup for each kind of set
//! of that pair, however many rules there are; single rules are written only for what a set cannot say.

mod columns;
mod document;
mod elements;
mod filter;
mod guard;
mod import;
mod matches;
mod nat;
mod words;

use std::collections::BTreeMap;

use document::{ChainBlock, Document, LimitBlock};
use minijinja::{Environment, UndefinedBehavior, Value, context, syntax::SyntaxConfig, value::Serde};

use crate::{
    diagnostic::Diagnostic,
    model::{AddressSet, Limit, Network, Place, TimeUnit, Zone, ZoneId, address::Intervals},
    packet::Family,
    plan::{Origins, Request, Rulebook, without_ds_lite},
    policy::{BURST, Cause, Standing},
    router::File,
};

const TEMPLATE: &str = include_str!("../../../../targets/nftables/hedgerow.nft.j2");
const TARGET: &str = "nftables";

/// Renders a rulebook as a file for `nft -f`, and how to import it.
///
/// # Errors
/// A diagnostic for everything that nftables cannot express, at the statement that asks for it.
pub fn render(request: &Request) -> Result<Vec<File>, Vec<Diagnostic>> {
    let Request { network, standing, book, .. } = *request;
    let (_, policy) = request.folder_and_file();
    let mut renderer = Renderer {
        network,
        standing,
        book,
        origins: Origins::new(request),
        errors: Vec::new(),
        limits: BTreeMap::new(),
        document: Document::default(),
    };
    renderer.check();
    if renderer.errors.is_empty() {
        renderer.build();
    }
    if !renderer.errors.is_empty() {
        renderer.errors.dedup();
        return Err(renderer.errors);
    }
    let document = renderer.document;
    match print(&document, policy, &network.router.name) {
        Ok(text) => Ok(vec![
            File { name: "hedgerow.nft".to_owned(), text },
            File { name: "IMPORT.md".to_owned(), text: import::guide(network) },
        ]),
        Err(error) => Err(vec![Diagnostic::error(
            "template",
            network.router.span,
            format!("the template of nftables failed: {error:#}"),
        )]),
    }
}

fn print(document: &Document, policy: &str, router: &str) -> Result<String, minijinja::Error> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_auto_escape_callback(|_| minijinja::AutoEscape::None);
    environment
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    environment.add_template(TARGET, TEMPLATE)?;
    environment.get_template(TARGET)?.render(context! {
        document => Value::from(Serde(document)),
        policy => words::comment(policy),
        router => words::comment(router),
        version => env!("CARGO_PKG_VERSION"),
    })
}

struct Renderer<'a> {
    network: &'a Network,
    standing: &'a Standing,
    book: &'a Rulebook,
    origins: Origins<'a>,
    errors: Vec<Diagnostic>,
    /// Named limits, one for each statement that has one.
    limits: BTreeMap<String, Limit>,
    document: Document,
}

impl Renderer<'_> {
    /// What nftables needs of every zone.
    fn check(&mut self) {
        self.errors.extend(without_ds_lite(
            self.network,
            "nftables asks for the interface of a packet, and a DS-Lite line has two",
            "write two internet zones: one with the interface of the line, and one with that of the tunnel, `address 192.0.0.2` and `masquerade off`",
        ));
        for (id, zone) in self.network.zone_ids() {
            if self.network.interface_on(id, TARGET).is_none() {
                self.errors.push(
                    Diagnostic::error(
                        "no-interface",
                        zone.span,
                        format!("zone `{}` has no interface on nftables", zone.name),
                    )
                    .label("by which interface do its packets arrive?")
                    .help("add `interface NAME`, or `interface nftables NAME` if other routers call it otherwise"),
                );
            }
        }
    }

    fn build(&mut self) {
        let mut chains = Vec::new();
        self.filter(&mut chains);
        let mut hooks = vec![self.spoofing()];
        hooks.extend(self.outside());
        hooks.append(&mut chains);
        hooks.extend(self.destination_nat());
        hooks.extend(self.source_nat());
        self.document.chains = hooks;
        self.document.limits = self
            .limits
            .iter()
            .map(|(name, limit)| LimitBlock {
                name: name.clone(),
                rate: format!("{}/{} burst {BURST} packets", limit.count, unit(limit.unit)),
            })
            .collect();
        self.document.sets.sort_by(|a, b| a.name.cmp(&b.name));
    }

    fn interface(&self, zone: ZoneId) -> String {
        words::interface(self.network.interface_on(zone, TARGET).map_or("", |interface| interface.name.as_str()))
    }

    fn interfaces(&self, fits: impl Fn(&Zone) -> bool) -> Vec<String> {
        let fitting = self.network.zone_ids().filter(|(_, zone)| fits(zone));
        once(fitting.map(|(id, _)| self.interface(id)))
    }

    /// A place as part of the name of a chain. Names of zones hold no dots, so that no two pairs get one name.
    fn place_word(&self, place: Place) -> &str {
        match place {
            Place::Router => "router",
            Place::Zone(zone) => &self.network.zone(zone).name,
        }
    }

    /// The literal networks of a place, as far as they lie in what a delegated prefix could be.
    fn literal(&self, place: Place) -> Intervals {
        let Place::Zone(zone) = place else { return Intervals::default() };
        let written = self.network.zone(zone).networks.iter().filter(|network| network.delegated.is_none());
        AddressSet::nets(written.map(|network| network.net)).v6.intersect(&matches::global())
    }

    /// Addresses as they have to be matched in a place: everything, where they are all that the guards let through
    /// (`guarded`), and never a stand-in.
    fn widened(&self, set: &Intervals, place: Place, family: Family, guarded: bool) -> Intervals {
        let Place::Zone(id) = place else { return set.clone() };
        let zone = self.network.zone(id);
        if !zone.is_internet() {
            return set.clone();
        }
        let upstream = AddressSet::nets(zone.upstream.iter().copied());
        if guarded && *set == *self.network.internet().union(&upstream).family(family) {
            return matches::everything(family);
        }
        self.filled(set, family)
    }

    /// Addresses beyond an uplink as they can be written: those below a stand-in never lie there, `to` and `from` see to
    /// the true ones. Where one parts a range, the range is whole again.
    fn filled(&self, set: &Intervals, family: Family) -> Intervals {
        let mut filled = set.clone();
        let stand_ins =
            self.network.zones.iter().flat_map(|zone| &zone.networks).filter(|network| network.delegated.is_some());
        for hole in stand_ins.map(|network| AddressSet::net(network.net)) {
            for (from, to) in hole.family(family).ranges() {
                let beside = [from.checked_sub(1), to.checked_add(1)].into_iter().flatten();
                if beside.into_iter().all(|address| filled.contains(address)) {
                    filled = filled.union(hole.family(family));
                }
            }
        }
        filled
    }

    /// The name of the limit of a statement; all of its rules share it.
    fn limit(&mut self, cause: Cause, limit: Limit) -> String {
        let name = match cause {
            Cause::Rule(index, _) => format!("limit.rule.{index}"),
            Cause::Exposure(index, _) => format!("limit.expose.{index}"),
            _ => "limit.other".to_owned(),
        };
        self.limits.insert(name.clone(), limit);
        name
    }
}

/// Each thing once, in the order of the first: zones may share an interface.
fn once(things: impl Iterator<Item = String>) -> Vec<String> {
    things.fold(Vec::new(), |mut found, thing| {
        if !found.contains(&thing) {
            found.push(thing);
        }
        found
    })
}

const fn unit(unit: TimeUnit) -> &'static str {
    unit.word()
}

/// A chain that packets are sent to by a verdict map.
fn plain_chain(name: impl Into<String>, note: impl Into<String>) -> ChainBlock {
    ChainBlock::new(name, note, "")
}
