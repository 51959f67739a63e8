//! `ranges NAME = ...` and `group NAME = ...`

use super::{Lazy, Object, Resolver};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        address::AddressSet,
        attributes::Attributes,
        load::{Space, join},
        network::{Place, Region},
    },
    syntax::{
        self,
        tree::{RangesSource, Term, TermKind},
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
                        .label("comes back to itself here"),
                );
                return None;
            }
            Lazy::Waiting => {}
        }
        *self.ranges.get_mut(index)? = Lazy::Open;
        let placed = self.ranges_trees.get(index)?;
        let (space, folder, tree) = (placed.space, placed.folder, placed.tree);
        let found = match &tree.source {
            RangesSource::Terms(terms) => self.ranges_of(terms, space),
            RangesSource::File(file) => self.ranges_file(folder, &file.text, file.span),
        };
        *self.ranges.get_mut(index)? = Lazy::Done(found.clone());
        found
    }

    fn ranges_of(&mut self, terms: &[Term], space: Space) -> Option<AddressSet> {
        let mut set = AddressSet::default();
        for term in terms {
            let found = match &term.kind {
                TermKind::Name(name) => match self.objects.find(space, name, self.imports) {
                    Ok(Object::Ranges(index)) => self.ranges_set(index, term.span)?,
                    Ok(_) => {
                        self.report(
                            Diagnostic::error("not-ranges", term.span, format!("`{name}` is no ranges"))
                                .label("expected prefixes or other ranges")
                                .help("name zones and hosts together in a `group`"),
                        );
                        return None;
                    }
                    Err(why) => {
                        let known = self.objects.visible(space, self.imports);
                        self.unclear(name, term.span, "ranges", why, &known, None);
                        return None;
                    }
                },
                _ => self.literal(term)?,
            };
            set = set.union(&found);
        }
        Some(set)
    }

    /// A file with one prefix, address or range a line, `#` before comments.
    fn ranges_file(&self, folder: &str, file: &str, span: Span) -> Option<AddressSet> {
        let fail = |text: String, label: &str| {
            self.report(
                Diagnostic::error("ranges-file", span, text)
                    .label(label)
                    .help("the file holds one prefix a line, as in 173.245.48.0/20; `#` starts a comment"),
            );
            None
        };
        let Some(path) = join(folder, file).filter(|path| !path.starts_with("../")) else {
            self.report(
                Diagnostic::error("outside-root", span, format!("`{file}` lies outside the policy's folder"))
                    .label("not read")
                    .help("a policy may only use files in the folder of its main file and below it"),
            );
            return None;
        };
        let text = match self.world.read(&path) {
            Ok(text) => text,
            Err(why) => return fail(format!("cannot read `{path}`: {why}"), "used here"),
        };
        let mut set = AddressSet::default();
        for (index, line) in text.lines().enumerate() {
            let line = line.split('#').next().unwrap_or("").trim();
            if line.is_empty() {
                continue;
            }
            let net = line.parse::<ipnet::IpNet>().ok().filter(|net| net.network() == net.addr());
            let net = net.or_else(|| line.parse::<std::net::IpAddr>().ok().map(ipnet::IpNet::from));
            let Some(net) = net else {
                return fail(
                    format!("line {} of `{path}` is no prefix: `{}`", index + 1, line.escape_debug()),
                    "read from here",
                );
            };
            set = set.union(&AddressSet::net(net));
        }
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
                    Diagnostic::error("backward-range", term.span, "this range has nothing in it").label(label),
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
                        .label("comes back to itself here"),
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
        let attributes = Attributes::new("group", &tree.body, &["zone", "members"], &[], self.errors);
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
                    .label("nobody is left here"),
            );
            return None;
        }
        if let Some(mut arguments) = attributes.get("zone")
            && let Some(name) = arguments.name("a zone")
        {
            arguments.end();
            let zone = self.zone_named(&name, space)?;
            if let Some(stray) = regions.iter().find(|region| region.place != Place::Zone(zone)) {
                let where_ = match stray.place {
                    Place::Router => "the router".to_owned(),
                    Place::Zone(id) => format!("zone `{}`", self.network.zone(id).name),
                };
                self.report(
                    Diagnostic::error(
                        "host-outside-zone",
                        side.span,
                        format!("a member of group `{}` is not in zone `{}`", tree.name.text, name.text),
                    )
                    .label(format!("something here is in {where_}"))
                    .also(name.span, "the zone of the group"),
                );
                return None;
            }
        }
        Some(regions)
    }
}
