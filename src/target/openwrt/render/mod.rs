//! Rulebook to UCI.
//!
//! Every rule that accepts says all that it needs: from where, to where, which packets. None leans on an earlier one,
//! for firewall4 skips a section that it does not like and loads the rest. So a mistake closes, it never opens.
//!
//! What UCI has no words for stands in files for nft that firewall4 includes (`include.rs`); without them the router
//! lets through nothing more than packets under forged addresses, and no translation.

mod addresses;
mod agreement;
mod base;
mod closing;
mod dhcp;
mod drafts;
mod filter;
mod firewall;
mod foreign;
mod forwards;
mod hairpin;
mod import;
mod include;
mod matches;
mod merge;
mod names;
mod network;
mod page;
mod redirects;
mod times;
mod uci;
mod words;

use std::collections::BTreeMap;

use names::Names;
use uci::{Include, Package, Printer, Section, Statement};

use crate::{
    diagnostic::Diagnostic,
    model::{AddressSet, Network, Place, Zone, ZoneId, address::Intervals},
    packet::{Family, Ranges},
    plan::{Origins, Request, Rulebook},
    policy::{Cause, Standing},
    router::File,
};

pub use foreign::obstacle;

/// The folder of the included files on the router.
const FOLDER: &str = "/etc/hedgerow";

/// Renders a rulebook as files for `/etc/config`, merged with the user's own if there are some.
///
/// # Errors
/// A diagnostic for everything that OpenWrt cannot express, at the statement that asks for it.
pub fn render(request: &Request) -> Result<Vec<File>, Vec<Diagnostic>> {
    let Request { network, standing, book, base, .. } = *request;
    let (_, policy) = request.folder_and_file();
    let names = names::of(network)?;
    let mut renderer = Renderer {
        network,
        standing,
        book,
        origins: Origins::new(request),
        names,
        errors: Vec::new(),
        numbers: BTreeMap::new(),
        sets: Vec::new(),
        before: Vec::new(),
        after: Vec::new(),
        changing: Vec::new(),
    };
    let firewall = renderer.firewall();
    let includes = renderer.includes();
    let packages = [firewall, renderer.network_package(base), renderer.dhcp_package(base)];
    renderer.page(base);
    if !renderer.errors.is_empty() {
        renderer.errors.sort_by_key(|error| error.primary.span);
        renderer.errors.dedup();
        return Err(renderer.errors);
    }
    let printed = Printer::new(policy, &network.router.name)
        .and_then(|printer| print(&printer, &packages, &includes, &renderer, base));
    printed.map_err(|error| {
        vec![Diagnostic::error("template", network.router.span, format!("a template of openwrt failed: {error:#}"))]
    })
}

fn print(
    printer: &Printer,
    packages: &[Package],
    includes: &[(&'static str, Include)],
    renderer: &Renderer<'_>,
    base: &[File],
) -> Result<Vec<File>, minijinja::Error> {
    let mut files = Vec::new();
    let mut replaced = Vec::new();
    for package in packages {
        let text = printer.package(package)?;
        let own = base.iter().find(|file| file.name == package.name).map(|file| file.text.as_str());
        let text = match own {
            None => text,
            Some(own) => {
                let merged = merge::merge(package, own, &text, renderer);
                replaced.extend(merged.replaced);
                merged.text
            }
        };
        files.push(File { name: package.name.to_owned(), text });
    }
    for (name, include) in includes {
        files.push(File { name: format!("hedgerow/{name}"), text: printer.include(include)? });
    }
    let removed: Vec<String> = replaced.iter().rev().map(|section| section.path.clone()).collect();
    files.push(File { name: "hedgerow.uci".to_owned(), text: printer.batch(packages, &removed)? });
    files.push(File {
        name: "IMPORT.md".to_owned(),
        text: import::guide(renderer, includes, &replaced, !base.is_empty()),
    });
    Ok(files)
}

struct Renderer<'a> {
    network: &'a Network,
    standing: &'a Standing,
    book: &'a Rulebook,
    origins: Origins<'a>,
    /// One for each zone.
    names: Vec<Names>,
    errors: Vec<Diagnostic>,
    /// How many sections of each sort there are.
    numbers: BTreeMap<&'static str, usize>,
    /// The sets that rules and redirects ask.
    sets: Vec<AddressList>,
    /// Translations that UCI has no words for, tried before firewall4's and after them.
    before: Vec<Statement>,
    after: Vec<Statement>,
    /// Uplinks with forwards whose own address is not known.
    changing: Vec<ZoneId>,
}

/// A set of firewall4.
struct AddressList {
    name: String,
    family: Family,
    addresses: Intervals,
    note: String,
}

impl Renderer<'_> {
    fn names(&self, zone: ZoneId) -> Option<&Names> {
        self.names.get(zone.0)
    }

    /// The zone's name in the firewall.
    fn zone(&self, zone: ZoneId) -> &str {
        self.names(zone).map_or("", |names| &names.network)
    }

    /// A zone's device in quotes, for nft; or its two in braces.
    fn device(&self, zone: ZoneId) -> String {
        words::one_of(&self.quoted(zone))
    }

    fn devices(&self, fits: impl Fn(&Zone) -> bool) -> Vec<String> {
        let fitting = self.network.zone_ids().filter(|(_, zone)| zone.behind.is_none() && fits(zone));
        fitting.flat_map(|(id, _)| self.quoted(id)).collect()
    }

    fn quoted(&self, zone: ZoneId) -> Vec<String> {
        let Some(names) = self.names(zone) else { return Vec::new() };
        names.devices().map(|device| format!("\"{device}\"")).collect()
    }

    /// A section with a name that only hedgerow gives.
    fn section(&mut self, kind: &'static str) -> Section {
        let number = self.numbers.entry(kind).or_default();
        *number += 1;
        Section::new(kind, format!("hedgerow_{kind}_{number}"))
    }

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
        AddressSet::nets(written.map(|network| network.net)).v6.intersect(&addresses::global())
    }

    /// Addresses as they can be written: beyond an uplink those below a stand-in never lie, the true ones are seen to by
    /// the included files. Where one parts a range, the range is whole again.
    fn written(&self, set: &Intervals, place: Place, family: Family) -> Intervals {
        let outside = matches!(place, Place::Zone(id) if self.network.zone(id).is_internet());
        if !outside {
            return set.clone();
        }
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

    /// The minutes of a statement's schedule, if it has one.
    fn minutes(&self, options: &crate::model::Options) -> Option<Ranges> {
        let (schedule, _) = options.during?;
        self.network.schedules.get(schedule.0).map(|schedule| self.standing.minutes(schedule))
    }

    fn refuse(&mut self, cause: Cause, what: &str, label: &str, help: &str) {
        let span = cause.span().unwrap_or(self.network.router.span);
        self.errors.push(Diagnostic::error("backend-cannot-express", span, what).label(label).help(help));
    }

    /// The word for what is held back: an error at once inside, silence towards the internet.
    fn refusal(&self, from: Place) -> &'static str {
        match from {
            Place::Zone(zone) if !self.network.zone(zone).is_internet() && self.network.router.reject => "REJECT",
            _ => "DROP",
        }
    }
}
