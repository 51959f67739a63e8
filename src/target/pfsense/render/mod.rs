//! Rulebook to `config.xml`.
//!
//! pfSense asks rules by the arriving interface and from above, after destinations were translated. [`filter`] says how
//! a policy without an order becomes such a list, [`nat`] how a forward is kept apart from its inner address.

mod agreement;
mod aliases;
mod base;
mod base_pools;
mod base_tunnels;
mod combine;
mod document;
mod failover;
mod filter;
mod foreign;
mod import;
mod interfaces;
mod leases;
mod merge;
mod names;
mod nat;
mod output;
mod overrides;
mod page;
mod print;
mod routes;
mod separators;
mod services;
mod sources;
mod tunnels;
mod uplinks;
mod words;

use std::collections::BTreeSet;

use base::Base;
use document::Document;
use print::Printer;

use crate::{
    diagnostic::{Diagnostic, Span},
    model::Network,
    plan::{Origins, Request, Rulebook, without_ds_lite},
    policy::{Cause, Standing},
    router::File,
};

const TARGET: &str = "pfsense";
const BYTE_ORDER_MARK: &str = "\u{feff}";

pub use agreement::lacking;
pub use foreign::{obstacle, obstacles};

/// Renders a rulebook as a configuration of pfSense: a whole one, and one for each area that can be restored alone.
/// With the user's own configuration, that one with our sections in it comes first.
///
/// # Errors
/// A diagnostic for everything that pfSense cannot express, at the statement that asks for it.
pub fn render(request: &Request) -> Result<Vec<File>, Vec<Diagnostic>> {
    let Request { network, standing, book, base, .. } = *request;
    let (_, policy) = request.folder_and_file();
    let theirs = base.first();
    // Some editors put it at the head of a file; it keeps its bytes there, and is no part of the XML.
    let mark = theirs.map_or("", |file| if file.text.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK } else { "" });
    let theirs = theirs.map(|file| file.text.trim_start_matches(BYTE_ORDER_MARK));
    let unreadable = |why: String| {
        vec![
            Diagnostic::error("base-unreadable", network.router.span, format!("the base cannot be merged with: {why}"))
                .help("save a whole backup: Diagnostics > Backup & Restore, area All, without encryption"),
        ]
    };
    let known = theirs.map(Base::read).transpose().map_err(unreadable)?;
    let mut renderer = Renderer {
        network,
        standing,
        book,
        origins: Origins::new(request),
        fresh: theirs.is_none(),
        foreign_names: known.as_ref().map(|base| base.names.iter().cloned().collect()).unwrap_or_default(),
        base: known.unwrap_or_default(),
        keys: Vec::new(),
        held: Vec::new(),
        marks: false,
        trackers: BTreeSet::new(),
        errors: Vec::new(),
        document: Document::default(),
    };
    renderer.build();
    if !renderer.errors.is_empty() {
        let mut errors: Vec<Diagnostic> = Vec::new();
        for error in std::mem::take(&mut renderer.errors) {
            if !errors.contains(&error) {
                errors.push(error);
            }
        }
        return Err(errors);
    }
    let fault = |error: minijinja::Error| {
        vec![Diagnostic::error("template", network.router.span, format!("the template of pfsense failed: {error:#}"))]
    };
    let printer = Printer::new().map_err(fault)?;
    let parts = printer.parts(&renderer.document).map_err(fault)?;
    let whole = match theirs {
        Some(text) => merge::merge(text, &renderer.base, &parts, renderer.document.defaults())
            .and_then(|merged| separators::merged(text, &merged, &renderer.document.separators))
            .map(|merged| format!("{mark}{merged}"))
            .map_err(unreadable)?,
        None => printer.whole(&renderer.document, &parts, policy).map_err(fault)?,
    };
    let mut files = vec![File { name: "config.xml".to_owned(), text: whole }];
    files.extend(match (theirs, files.first()) {
        (Some(text), Some(whole)) => foreign::areas(text, &whole.text, import::areas())
            .into_iter()
            // Times have no area, and a rule whose schedule is not there counts always.
            .filter(|file| file.name != "filter.xml" || !foreign::has_changed(text, &whole.text, "schedules"))
            .collect(),
        _ => print::areas(&parts),
    });
    let guide = import::guide(&renderer, &parts, &files, policy, base.first()).map_err(fault)?;
    files.push(File { name: "IMPORT.md".to_owned(), text: guide });
    Ok(files)
}

struct Renderer<'a> {
    network: &'a Network,
    standing: &'a Standing,
    book: &'a Rulebook,
    origins: Origins<'a>,
    /// Is a whole configuration written, and not merged with one?
    fresh: bool,
    base: Base,
    /// Names of the base that none of our aliases may have.
    foreign_names: BTreeSet<String>,
    /// The interface of each zone, in their order.
    keys: Vec<String>,
    held: tunnels::Held,
    /// Are packets marked that were let in?
    marks: bool,
    trackers: BTreeSet<u32>,
    errors: Vec<Diagnostic>,
    document: Document,
}

impl Renderer<'_> {
    fn build(&mut self) {
        self.errors.extend(without_ds_lite(
            self.network,
            "pfSense ends no DS-Lite tunnel",
            "let a box in front of it end the tunnel, or take a router that can, such as OpenWrt",
        ));
        self.assign();
        if !self.errors.is_empty() {
            return;
        }
        let router = &self.network.router;
        self.document.hostname = words::name(router.hostname.as_deref().unwrap_or(&router.name)).replace('_', "-");
        self.document.domain = router.domain.clone().unwrap_or_else(|| "home.arpa".to_owned());
        self.document.timezone =
            router.timezone.as_ref().map_or_else(|| "Etc/UTC".to_owned(), |(name, _)| name.clone());
        let page = router.page.as_ref().map(|(ports, _)| ports.as_slice()).unwrap_or_default();
        self.document.page = router.page_port();
        self.document.page_alone = !page.contains(&80);
        self.document.default_there = self.base.default_gateway.is_some();
        self.document.default_there6 = self.base.default_gateway6.is_some();
        self.marks = self.holds_output();
        self.hold_tunnels();
        self.interfaces();
        self.filter();
        self.translations();
        self.sources();
        self.dhcp();
        self.tunnels();
        self.names();
        self.page_in_the_way();
    }

    /// Where a cause stands; the router for what no statement says.
    fn span(&self, cause: Cause) -> Span {
        cause.span().unwrap_or(self.network.router.span)
    }
}
