//! Units to a network. One file for each sort of statement; this one holds what they share.

mod assertions;
mod conflicts;
mod exposures;
mod hosts;
mod ranges;
mod regions;
mod router;
mod rules;
mod schedules;
mod services;
mod zones;

use std::{cell::RefCell, collections::BTreeMap};

use jiff::civil::Date;

use super::{
    attributes::Errors,
    load::{Import, Space, Units},
    names::{Names, Unclear},
    network::{HostId, Network, ScheduleId, ZoneId},
    service::{Integration, Service},
};
use crate::{
    diagnostic::{Diagnostic, Severity, Sources, Span, nearest},
    syntax::{
        self,
        tree::{Declaration, Group, Name, Ranges, Schedule, Service as ServiceTree, StatementKind},
    },
    world::World,
};

/// What a name on one side of a rule can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Object {
    Zone(ZoneId),
    Host(HostId),
    Group(usize),
    Ranges(usize),
}

/// A declaration that is resolved when it is asked for, since it may name others of its sort.
enum Lazy<T> {
    Waiting,
    /// Being resolved: asking again is a cycle.
    Open,
    Done(T),
}

/// A statement of the tree with the name space in which its names have their meaning.
struct Placed<'t, T> {
    space: Space,
    folder: &'t str,
    span: Span,
    tree: &'t T,
}

struct Resolver<'t> {
    sources: &'t Sources,
    world: &'t dyn World,
    today: Date,
    imports: &'t BTreeMap<Space, Vec<Import>>,
    errors: &'t Errors,
    network: Network,
    objects: Names<Object>,
    services: Names<usize>,
    integrations: Names<usize>,
    schedules: Names<ScheduleId>,
    zone_trees: Vec<Placed<'t, Declaration>>,
    host_trees: Vec<Placed<'t, Declaration>>,
    group_trees: Vec<Placed<'t, Group>>,
    ranges_trees: Vec<Placed<'t, Ranges>>,
    service_trees: Vec<Placed<'t, ServiceTree>>,
    integration_trees: Vec<Placed<'t, Declaration>>,
    schedule_trees: Vec<Placed<'t, Schedule>>,
    groups: Vec<Lazy<Option<Vec<super::network::Region>>>>,
    ranges: Vec<Lazy<Option<super::address::AddressSet>>>,
    service_values: Vec<Lazy<Service>>,
    integration_values: Vec<Lazy<Integration>>,
}

/// Resolves all units of a policy.
pub fn resolve(units: Units, sources: &Sources, world: &dyn World) -> (Network, Vec<Diagnostic>) {
    let errors = RefCell::new(Vec::new());
    let mut resolver = Resolver {
        sources,
        world,
        today: world.today(),
        imports: &units.imports,
        errors: &errors,
        network: Network::default(),
        objects: Names::default(),
        services: Names::default(),
        integrations: Names::default(),
        schedules: Names::default(),
        zone_trees: Vec::new(),
        host_trees: Vec::new(),
        group_trees: Vec::new(),
        ranges_trees: Vec::new(),
        service_trees: Vec::new(),
        integration_trees: Vec::new(),
        schedule_trees: Vec::new(),
        groups: Vec::new(),
        ranges: Vec::new(),
        service_values: Vec::new(),
        integration_values: Vec::new(),
    };
    resolver.declare(&units);
    resolver.router(&units);
    resolver.schedules();
    resolver.zones();
    resolver.hosts();
    resolver.all_services();
    resolver.statements(&units);
    resolver.conflicts();
    let network = std::mem::take(&mut resolver.network);
    drop(resolver);
    let mut found = units.errors;
    found.append(&mut errors.into_inner());
    found.sort_by(|a, b| (a.primary.span, a.code).cmp(&(b.primary.span, b.code)));
    found.dedup();
    (network, found)
}

impl<'t> Resolver<'t> {
    fn report(&self, error: Diagnostic) {
        self.errors.borrow_mut().push(error);
    }

    fn text(&self, span: Span) -> &'t str {
        self.sources.text(span)
    }

    fn source_text(&self, span: Span) -> &'t str {
        self.sources.get(span.source).map_or("", |source| source.text.as_str())
    }

    /// Has an error been reported so far?
    fn failed(&self) -> bool {
        self.errors.borrow().iter().any(|error| error.severity == Severity::Error)
    }

    /// First pass: which names there are.
    #[expect(clippy::collapsible_match, reason = "`object` remembers the name: no condition for a pattern")]
    fn declare(&mut self, units: &'t Units) {
        for unit in &units.list {
            for statement in &unit.file.statements {
                let (space, span) = (unit.space, statement.span);
                let folder = unit.folder.as_str();
                match &statement.kind {
                    StatementKind::Zone(tree) => {
                        let id = ZoneId(self.zone_trees.len());
                        if self.object(space, &tree.name, Object::Zone(id)) {
                            self.zone_trees.push(Placed { space, folder, span, tree });
                        }
                    }
                    StatementKind::Host(tree) => {
                        let id = HostId(self.host_trees.len());
                        if self.object(space, &tree.name, Object::Host(id)) {
                            self.host_trees.push(Placed { space, folder, span, tree });
                        }
                    }
                    StatementKind::Group(tree) => {
                        if self.object(space, &tree.name, Object::Group(self.group_trees.len())) {
                            self.group_trees.push(Placed { space, folder, span, tree });
                            self.groups.push(Lazy::Waiting);
                        }
                    }
                    StatementKind::Ranges(tree) => {
                        if self.object(space, &tree.name, Object::Ranges(self.ranges_trees.len())) {
                            self.ranges_trees.push(Placed { space, folder, span, tree });
                            self.ranges.push(Lazy::Waiting);
                        }
                    }
                    StatementKind::Service(tree) => {
                        let earlier =
                            self.services.declare(space, &tree.name.text, self.service_trees.len(), tree.name.span);
                        if self.fresh(&tree.name, earlier) {
                            self.service_trees.push(Placed { space, folder, span, tree });
                            self.service_values.push(Lazy::Waiting);
                        }
                    }
                    StatementKind::Integration(tree) => {
                        let earlier = self.integrations.declare(
                            space,
                            &tree.name.text,
                            self.integration_trees.len(),
                            tree.name.span,
                        );
                        if self.fresh(&tree.name, earlier) {
                            self.integration_trees.push(Placed { space, folder, span, tree });
                            self.integration_values.push(Lazy::Waiting);
                        }
                    }
                    StatementKind::Schedule(tree) => {
                        let earlier = self.schedules.declare(
                            space,
                            &tree.name.text,
                            ScheduleId(self.schedule_trees.len()),
                            tree.name.span,
                        );
                        if self.fresh(&tree.name, earlier) {
                            self.schedule_trees.push(Placed { space, folder, span, tree });
                        }
                    }
                    _ => {}
                }
            }
        }
    }

    fn object(&mut self, space: Space, name: &Name, object: Object) -> bool {
        let earlier = self.objects.declare(space, &name.text, object, name.span);
        self.fresh(name, earlier)
    }

    /// Reports reserved and repeated names.
    fn fresh(&self, name: &Name, earlier: Option<Span>) -> bool {
        if syntax::reserved(&name.text) {
            self.report(
                Diagnostic::error("reserved-name", name.span, format!("`{}` is a word of the language", name.text))
                    .label("cannot be declared")
                    .help("choose another name"),
            );
        } else if name.text.contains('.') {
            self.report(
                Diagnostic::error("dotted-name", name.span, format!("the name `{}` holds a dot", name.text))
                    .label("declared names have no dots")
                    .help("a dot parts the name of a module from the name in it"),
            );
        } else if name.text.starts_with('_') {
            self.report(
                Diagnostic::error("bad-name", name.span, format!("the name `{}` starts with `_`", name.text))
                    .label("a name starts with a letter"),
            );
        }
        if let Some(earlier) = earlier {
            self.report(
                Diagnostic::error("duplicate-name", name.span, format!("the name `{}` is given twice", name.text))
                    .label("declared again here")
                    .also(earlier, "declared first here")
                    .help("zones, hosts, groups and ranges share one set of names; rename one of them"),
            );
            return false;
        }
        true
    }

    /// Reports a name that means nothing here.
    fn unclear(&self, name: &str, span: Span, sort: &str, why: Unclear, known: &[String], elsewhere: Option<String>) {
        let error = match why {
            Unclear::Ambiguous(full) => {
                Diagnostic::error("ambiguous-name", span, format!("`{name}` can mean several things"))
                    .label("which one?")
                    .help(format!(
                        "write one of {}",
                        full.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
                    ))
            }
            Unclear::Unknown => {
                let error = Diagnostic::error("unknown-name", span, format!("there is no {sort} called `{name}`"))
                    .label(format!("unknown {sort}"));
                match (elsewhere, nearest(name, known.iter().map(String::as_str))) {
                    (Some(help), _) => error.help(help),
                    (None, Some(near)) => error.help(format!("did you mean `{near}`?")),
                    (None, None) => error,
                }
            }
        };
        self.report(error);
    }

    /// A date, if the calendar has it.
    fn date(&self, year: i16, month: i8, day: i8, span: Span) -> Option<Date> {
        if let Ok(date) = Date::new(year, month, day) {
            return Some(date);
        }
        self.report(
            Diagnostic::error("invalid-date", span, format!("there is no day {}", self.text(span)))
                .label("not in the calendar")
                .help("write year-month-day, as in 2027-01-31"),
        );
        None
    }

    fn zone_named(&mut self, name: &Name, space: Space) -> Option<ZoneId> {
        match self.objects.find(space, &name.text, self.imports) {
            Ok(Object::Zone(id)) => Some(id),
            Ok(_) => {
                self.report(
                    Diagnostic::error("not-a-zone", name.span, format!("`{}` is no zone", name.text))
                        .label("expected a zone"),
                );
                None
            }
            Err(why) => {
                let known: Vec<String> = self.zone_trees.iter().map(|zone| zone.tree.name.text.clone()).collect();
                self.unclear(&name.text, name.span, "zone", why, &known, None);
                None
            }
        }
    }

    fn host_named(&mut self, name: &Name, space: Space) -> Option<HostId> {
        match self.objects.find(space, &name.text, self.imports) {
            Ok(Object::Host(id)) => Some(id),
            Ok(_) => {
                self.report(
                    Diagnostic::error("not-a-host", name.span, format!("`{}` is no host", name.text))
                        .label("expected a host")
                        .help("declare it with `host NAME { zone ...;  address ... }`"),
                );
                None
            }
            Err(why) => {
                let known: Vec<String> = self.host_trees.iter().map(|host| host.tree.name.text.clone()).collect();
                self.unclear(&name.text, name.span, "host", why, &known, None);
                None
            }
        }
    }
}
