//! `ranges NAME = ...` and `group NAME = ...`

use std::net::IpAddr;

use ipnet::IpNet;

use super::{Lazy, Object, Resolver};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        address::AddressSet,
        attributes::Attributes,
        load::Space,
        network::{NamedRanges, Place, RangesId, Region},
    },
    syntax::{
        self,
        tree::{Name, RangesSource, Term, TermKind},
    },
};

impl Resolver<'_> {
    /// The addresses of named ranges; nothing after an error.
    pub(super) fn ranges_set(&mut self, index: usize, asked: Span) -> Option<AddressSet> {
        match self.ranges.get(index)? {
            Lazy::Done(found) => return found.clone(),
            Lazy::Open => {
                self.report(
                    Diagnostic::error("ranges-cycle", asked, format!("`{}` holds itself", self.text(asked)))
                        .label("comes back to itself here")
                        .help("remove this name"),
                );
                return None;
            }
            Lazy::Waiting => {}
        }
        *self.ranges.get_mut(index)? = Lazy::Open;
        let placed = self.ranges_trees.get(index)?;
        let (space, folder, tree) = (placed.space, placed.folder, placed.tree);
        let mut parts = Vec::new();
        let found = match &tree.source {
            RangesSource::Terms(terms) => self.ranges_of(terms, space, &mut parts),
            RangesSource::File(file) => self.ranges_file(folder, file),
        };
        if let Some(named) = self.network.ranges.get_mut(index) {
            named.addresses = found.clone().unwrap_or_default();
            named.parts = parts;
        }
        *self.ranges.get_mut(index)? = Lazy::Done(found.clone());
        found
    }

    /// What is known of each list before its addresses are asked for.
    pub(super) fn all_ranges(&mut self) {
        for placed in &self.ranges_trees {
            let tree = placed.tree;
            let attributes = Attributes::new("ranges", &tree.body, self.errors);
            let checked = attributes.get("checked").and_then(|arguments| self.until(arguments));
            let standard = self.sources.get(placed.span.source).is_some_and(|source| source.name.starts_with('<'));
            self.network.ranges.push(NamedRanges {
                name: tree.name.text.clone(),
                span: tree.name.span,
                addresses: AddressSet::default(),
                checked,
                parts: Vec::new(),
                standard,
            });
        }
    }

    /// The lists that some terms name.
    pub(super) fn lists(&self, terms: &[Term], space: Space) -> Vec<RangesId> {
        let named = |term: &Term| match &term.kind {
            TermKind::Name(name) => match self.objects.find(space, name, term.span, self.imports) {
                Ok(Object::Ranges(index)) => Some(RangesId(index)),
                _ => None,
            },
            _ => None,
        };
        terms.iter().filter_map(named).collect()
    }

    fn ranges_of(&mut self, terms: &[Term], space: Space, parts: &mut Vec<RangesId>) -> Option<AddressSet> {
        let mut ranges = Vec::new();
        let mut good = true;
        for term in terms {
            let found = match &term.kind {
                TermKind::Name(name) => match self.objects.find(space, name, term.span, self.imports) {
                    Ok(Object::Ranges(index)) => {
                        parts.push(RangesId(index));
                        self.ranges_set(index, term.span)
                    }
                    Ok(other) => {
                        self.report(
                            Diagnostic::error(
                                "not-ranges",
                                term.span,
                                format!("`{name}` is a {}, and ranges are addresses only", other.sort()),
                            )
                            .label("expected prefixes or other ranges")
                            .help("name zones and hosts together in a `group`"),
                        );
                        None
                    }
                    Err(why) => {
                        let known = self.objects.visible(space, self.imports);
                        self.unclear(name, term.span, "list of ranges", why, &known, None);
                        None
                    }
                },
                _ => self.literal(term),
            };
            match found {
                Some(found) => ranges.push(found),
                None => good = false,
            }
        }
        good.then(|| AddressSet::union_of(&ranges))
    }

    /// A file with one prefix, address or range a line, `#` before comments.
    fn ranges_file(&self, folder: &str, file: &Name) -> Option<AddressSet> {
        let span = file.span;
        let fail = |text: String, label: &str| {
            self.report(
                Diagnostic::error("ranges-file", span, text)
                    .label(label)
                    .help("the file holds one prefix a line, as in 173.245.48.0/20; `#` starts a comment"),
            );
            None
        };
        let path = self.inside_root(folder, file)?;
        let text = match self.world.read(&path, self.root) {
            Ok(text) => text,
            Err(why) => return fail(format!("cannot read `{path}`: {why}"), "used here"),
        };
        let mut sets = Vec::new();
        for (index, line) in text.trim_start_matches('\u{feff}').lines().enumerate() {
            let line = line.split('#').next().unwrap_or("").trim();
            if line.is_empty() {
                continue;
            }
            match file_line(line) {
                Ok(found) => sets.push(found),
                Err(why) => {
                    let shown: String = line.chars().take(60).collect();
                    return fail(
                        format!("line {} of `{path}` {why}: `{}`", index + 1, shown.escape_debug()),
                        "read from here",
                    );
                }
            }
        }
        let set = AddressSet::union_of(&sets);
        if set.is_empty() {
            return fail(format!("`{path}` holds no prefix"), "an empty list would come to mean nobody");
        }
        Some(set)
    }

    /// An address literal as a set.
    pub(super) fn literal(&self, term: &Term) -> Option<AddressSet> {
        match term.kind {
            TermKind::Address(address) => Some(AddressSet::of(address)),
            TermKind::Prefix(address, length) => {
                super::zones::net(address, length, term.span, self).map(AddressSet::net)
            }
            TermKind::Range(from, to) => {
                if from.is_ipv4() == to.is_ipv4() && from <= to {
                    return Some(AddressSet::range(from, to));
                }
                let label = if from.is_ipv4() == to.is_ipv4() {
                    "its end lies before its start"
                } else {
                    "its ends are of two families"
                };
                self.report(
                    Diagnostic::error("backward-range", term.span, "this range has nothing in it")
                        .label(label)
                        .help("write the lower address first, and both of one family"),
                );
                None
            }
            TermKind::Name(_) => None,
        }
    }

    /// The members of a group; nothing after an error.
    pub(super) fn group(&mut self, index: usize, asked: Span) -> Option<Vec<Region>> {
        match self.groups.get(index)? {
            Lazy::Done(found) => return found.clone(),
            Lazy::Open => {
                self.report(
                    Diagnostic::error("group-cycle", asked, format!("group `{}` holds itself", self.text(asked)))
                        .label("comes back to itself here")
                        .help("remove this name"),
                );
                return None;
            }
            Lazy::Waiting => {}
        }
        *self.groups.get_mut(index)? = Lazy::Open;
        let found = self.group_members(index);
        *self.groups.get_mut(index)? = Lazy::Done(found.clone());
        found
    }

    fn group_members(&mut self, index: usize) -> Option<Vec<Region>> {
        let placed = self.group_trees.get(index)?;
        let (space, tree) = (placed.space, placed.tree);
        let attributes = Attributes::new("group", &tree.body, self.errors);
        let side = match (&tree.members, attributes.get("members")) {
            (Some(side), None) => side.clone(),
            (Some(_), Some(arguments)) => {
                self.report(
                    Diagnostic::error(
                        "repeated-attribute",
                        arguments.attribute.key.span,
                        "this group has its members behind `=` already",
                    )
                    .label("given again here"),
                );
                return None;
            }
            (None, Some(arguments)) if !arguments.rest().is_empty() => {
                arguments.no_body();
                match syntax::side(arguments.rest(), self.source_text(arguments.span())) {
                    Ok(side) => side,
                    Err(error) => {
                        self.report(*error);
                        return None;
                    }
                }
            }
            (None, Some(arguments)) => {
                arguments.expected("hosts, prefixes or ranges");
                return None;
            }
            (None, None) if !attributes.lacks("members") => return None,
            (None, None) => {
                self.report(
                    Diagnostic::error(
                        "missing-attribute",
                        tree.name.span,
                        format!("group `{}` has no members", tree.name.text),
                    )
                    .label("needs `members`")
                    .help("write `group NAME = A, B` or `group NAME { zone Z;  members A, B }`"),
                );
                return None;
            }
        };
        let regions = self.side(&side, space)?;
        if regions.is_empty() {
            self.report(
                Diagnostic::error("empty-side", side.span, format!("group `{}` is empty", tree.name.text))
                    .label("nobody is left here")
                    .help("an empty group never comes to mean `any`; name its members, or remove it"),
            );
            return None;
        }
        if let Some(mut arguments) = attributes.get("zone")
            && let Some(name) = arguments.name("a zone")
        {
            arguments.end();
            let zone = self.zone_named(&name, space)?;
            if let Some(stray) = regions.iter().find(|region| region.place != Place::Zone(zone)) {
                let stray_label = match stray.place {
                    Place::Router => "the router is among them".to_owned(),
                    Place::Zone(id) => format!("something here is in zone `{}`", self.network.zone(id).name),
                };
                self.report(
                    Diagnostic::error(
                        "host-outside-zone",
                        side.span,
                        format!("a member of group `{}` is not in zone `{}`", tree.name.text, name.text),
                    )
                    .label(stray_label)
                    .also(name.span, "the zone of the group")
                    .help("take it out, or leave out `zone`: a group may hold hosts of several zones"),
                );
                return None;
            }
        }
        Some(regions)
    }
}

/// A prefix, an address or a range of a file.
fn file_line(line: &str) -> Result<AddressSet, String> {
    if let Some((from, to)) = line.split_once('-') {
        let (from, to) = (from.trim().parse::<IpAddr>(), to.trim().parse::<IpAddr>());
        return match (from, to) {
            (Ok(from), Ok(to)) if from.is_ipv4() == to.is_ipv4() && from <= to => Ok(AddressSet::range(from, to)),
            (Ok(_), Ok(_)) => Err("is a range with nothing in it".to_owned()),
            _ => Err("is no prefix".to_owned()),
        };
    }
    if let Ok(address) = line.parse::<IpAddr>() {
        return Ok(AddressSet::of(address));
    }
    match line.parse::<IpNet>() {
        Ok(net) if net.network() == net.addr() => Ok(AddressSet::net(net)),
        Ok(net) => Err(format!("has bits set behind its length, where {} has none", net.trunc())),
        Err(_) => Err("is no prefix".to_owned()),
    }
}
