//! Units to a network. One file for each sort of statement; this one holds what they share.

mod assertions;
mod conflicts;
mod declare;
mod endpoints;
mod exposures;
mod hosts;
mod index;
mod peers;
mod ranges;
mod regions;
mod router;
mod rules;
mod schedules;
mod services;
mod unclear;
mod vpn_hosts;
mod zones;

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use jiff::civil::Date;

use super::{
    address::{AddressSet, Intervals, bits},
    attributes::Errors,
    index::Index,
    load::{Import, Space, Units},
    names::Names,
    network::{HostId, Network, Peer, ScheduleId, ZoneId},
    service::{Integration, Service},
};
use crate::{
    diagnostic::{Diagnostic, Severity, Sources, Span, nearest},
    syntax::{
        self,
        tree::{Declaration, Group, Name, Ranges, Schedule, Service as ServiceTree},
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

impl Object {
    /// The word for its sort.
    fn sort(self) -> &'static str {
        match self {
            Self::Zone(_) => "zone",
            Self::Host(_) => "host",
            Self::Group(_) => "group",
            Self::Ranges(_) => "list of ranges",
        }
    }
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
    /// What the parser and the imports reported: names may be missing because of them.
    earlier: &'t [Diagnostic],
    /// The folder that nothing is read outside of.
    root: &'t str,
    /// The IPv4 addresses that the policy speaks of.
    spoken: Intervals,
    network: Network,
    /// What `internet` stands for, and the router's own addresses; asked for by every rule.
    internet: AddressSet,
    own: AddressSet,
    /// What the name of each zone stands for.
    zone_sets: Vec<AddressSet>,
    /// Zones and hosts whose errors have been told: what follows from these is not.
    broken_zones: BTreeSet<ZoneId>,
    broken_hosts: BTreeSet<HostId>,
    /// Where each zone's pools and upstream networks are written, in their order.
    pool_spans: Vec<Vec<Span>>,
    upstream_spans: Vec<Vec<Span>>,
    mac_spans: BTreeMap<HostId, Span>,
    check_ids: BTreeMap<String, Span>,
    /// Where the addresses of named ranges lie. What of them lies nowhere is told at their first use.
    placed_ranges: BTreeMap<usize, regions::ByPlace>,
    objects: Names<Object>,
    services: Names<usize>,
    integrations: Names<usize>,
    schedules: Names<ScheduleId>,
    zone_trees: Vec<Placed<'t, Declaration>>,
    host_trees: Vec<Placed<'t, Declaration>>,
    vpn_trees: Vec<Placed<'t, Declaration>>,
    /// The peers that are hosts by their names. Their ids follow those of the other hosts.
    peer_hosts: Vec<peers::PeerHost>,
    /// Every peer by the place of its attribute.
    peers: BTreeMap<Span, Peer>,
    /// Where names stand for clients that the router never sees.
    hidden_named: Vec<(ZoneId, Span)>,
    group_trees: Vec<Placed<'t, Group>>,
    ranges_trees: Vec<Placed<'t, Ranges>>,
    service_trees: Vec<Placed<'t, ServiceTree>>,
    integration_trees: Vec<Placed<'t, Declaration>>,
    schedule_trees: Vec<Placed<'t, Schedule>>,
    groups: Vec<Lazy<Option<Vec<super::network::Region>>>>,
    ranges: Vec<Lazy<Option<AddressSet>>>,
    service_values: Vec<Lazy<Service>>,
    integration_values: Vec<Lazy<Integration>>,
}

/// Resolves all units of a policy.
pub fn resolve(units: Units, sources: &Sources, world: &dyn World) -> (Network, Vec<Diagnostic>) {
    let (network, found, ()) = resolve_with(units, sources, world, |_, _| ());
    (network, found)
}

/// The same, with an index of all names.
#[expect(clippy::redundant_closure_for_method_calls, reason = "the method alone has one lifetime only")]
pub fn resolve_indexed(units: Units, sources: &Sources, world: &dyn World) -> (Network, Vec<Diagnostic>, Index) {
    resolve_with(units, sources, world, |resolver, units| resolver.index(units))
}

fn resolve_with<T>(
    units: Units,
    sources: &Sources,
    world: &dyn World,
    more: impl FnOnce(&mut Resolver<'_>, &Units) -> T,
) -> (Network, Vec<Diagnostic>, T) {
    let errors = RefCell::new(Vec::new());
    let mut resolver = Resolver {
        sources,
        world,
        today: world.today(),
        imports: &units.imports,
        errors: &errors,
        earlier: &units.errors,
        root: &units.root,
        spoken: spoken(&units.spoken),
        network: Network {
            removals: units.removals.clone(),
            literals: units.spoken.clone(),
            today: world.today(),
            ..Network::default()
        },
        internet: AddressSet::default(),
        own: AddressSet::default(),
        zone_sets: Vec::new(),
        broken_zones: BTreeSet::new(),
        broken_hosts: BTreeSet::new(),
        pool_spans: Vec::new(),
        upstream_spans: Vec::new(),
        mac_spans: BTreeMap::new(),
        check_ids: BTreeMap::new(),
        placed_ranges: BTreeMap::new(),
        objects: Names::default(),
        services: Names::default(),
        integrations: Names::default(),
        schedules: Names::default(),
        zone_trees: Vec::new(),
        host_trees: Vec::new(),
        vpn_trees: Vec::new(),
        peer_hosts: Vec::new(),
        peers: BTreeMap::new(),
        hidden_named: Vec::new(),
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
    resolver.all_ranges();
    resolver.zones();
    resolver.hosts();
    resolver.links_of_hosts();
    resolver.peers();
    resolver.all_services();
    resolver.statements(&units);
    resolver.addons();
    resolver.sign_ins();
    resolver.relays();
    resolver.endpoints();
    resolver.dead_ends();
    resolver.hidden_clients();
    resolver.conflicts();
    resolver.unused();
    resolver.shadowed_peers();
    let more = more(&mut resolver, &units);
    let network = std::mem::take(&mut resolver.network);
    drop(resolver);
    let mut found = units.errors;
    found.append(&mut errors.into_inner());
    found.sort_by(|a, b| (a.primary.span, a.code).cmp(&(b.primary.span, b.code)));
    found.dedup();
    (network, found, more)
}

/// The IPv4 ranges among the literals, but for those so wide that they name nobody.
fn spoken(literals: &[(std::net::IpAddr, std::net::IpAddr, Span)]) -> Intervals {
    let narrow = |(from, to): &(u128, u128)| to.saturating_sub(*from) < 1 << 24;
    let v4 = literals.iter().filter(|(from, to, _)| from.is_ipv4() && to.is_ipv4());
    Intervals::new(v4.map(|(from, to, _)| (bits(*from), bits(*to))).filter(narrow).collect())
}

impl<'t> Resolver<'t> {
    /// What is declared in files of the policy and asked for nowhere.
    fn unused(&mut self) {
        let objects = self.objects.unused().into_iter().filter_map(|(name, object, span)| match object {
            Object::Group(_) => Some(("group", name, span)),
            Object::Ranges(_) => Some(("ranges", name, span)),
            Object::Zone(_) | Object::Host(_) => None,
        });
        let services = self.services.unused().into_iter().map(|(name, _, span)| ("service", name, span));
        let integrations = self.integrations.unused().into_iter().map(|(name, _, span)| ("integration", name, span));
        let schedules = self.schedules.unused().into_iter().map(|(name, _, span)| ("schedule", name, span));
        let all = objects.chain(services).chain(integrations).chain(schedules);
        let own = |span: &Span| self.sources.get(span.source).is_some_and(|source| !source.name.starts_with('<'));
        self.network.unused = all.filter(|(.., span)| own(span)).collect();
    }

    fn report(&self, error: Diagnostic) {
        // Of a word that could not be read nothing else is told.
        let unread = |earlier: &Diagnostic| earlier.code == "bad-literal" && earlier.primary.span == error.primary.span;
        if !self.earlier.iter().any(unread) {
            self.errors.borrow_mut().push(error);
        }
    }

    /// What a message underlines of a statement: all of it on one line, and without its body on several.
    fn head(&self, span: Span) -> Span {
        let text = self.text(span);
        if !text.contains('\n') {
            return span;
        }
        let end = text.find('{').map_or(text.len(), |brace| text.get(..brace).unwrap_or(text).trim_end().len());
        Span { end: span.start + u32::try_from(end).unwrap_or(0), ..span }
    }

    fn text(&self, span: Span) -> &'t str {
        self.sources.text(span)
    }

    fn source_text(&self, span: Span) -> &'t str {
        self.sources.get(span.source).map_or("", |source| source.text.as_str())
    }

    /// Has an error been reported within this place?
    fn failed_in(&self, place: Span) -> bool {
        let within = |error: &Diagnostic| {
            let span = error.primary.span;
            error.severity == Severity::Error
                && span.source == place.source
                && place.start <= span.start
                && span.start <= place.end
        };
        self.errors.borrow().iter().any(within) || self.earlier.iter().any(within)
    }

    /// A path below the policy's folder, from a file in a folder of it. Reports those that leave it.
    fn inside_root(&self, folder: &str, file: &Name) -> Option<String> {
        if file.text.is_empty() {
            self.report(
                Diagnostic::error("unreadable-file", file.span, "this names no file")
                    .label("nothing stands between the quotes")
                    .help("write the name of a file beside the policy, as in \"./partner.txt\""),
            );
            return None;
        }
        let path = super::load::join(folder, &file.text).filter(|path| path.starts_with(self.root));
        if path.is_none() {
            self.report(
                Diagnostic::error(
                    "outside-root",
                    file.span,
                    format!("`{}` lies outside the policy's folder", file.text),
                )
                .label("not read")
                .help("a policy may only use files in the folder of its main file and below it"),
            );
        }
        path
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
        match self.objects.find(space, &name.text, name.span, self.imports) {
            Ok(Object::Zone(id)) => Some(id),
            Ok(other) => {
                self.report(
                    Diagnostic::error(
                        "not-a-zone",
                        name.span,
                        format!("`{}` is a {}, no zone", name.text, other.sort()),
                    )
                    .label("expected the name of a zone"),
                );
                None
            }
            Err(why) => {
                let known: Vec<String> = self.zone_trees.iter().map(|zone| zone.tree.name.text.clone()).collect();
                let built_in = syntax::BUILT_IN.contains(&name.text.as_str()) || name.text.starts_with("role.");
                let help = built_in.then(|| "one zone is expected here, by its own name".to_owned());
                self.unclear(&name.text, name.span, "zone", why, &known, help);
                None
            }
        }
    }

    fn host_named(&mut self, name: &Name, space: Space) -> Option<HostId> {
        if name.text == "router" {
            self.report(
                Diagnostic::error("not-a-host", name.span, "`router` is the router itself, no host")
                    .label("expected the name of one host")
                    .help("name the host on which it runs: on the router itself hedgerow knows of VPNs (`vpn`) and of a proxy (`through router`)"),
            );
            return None;
        }
        match self.objects.find(space, &name.text, name.span, self.imports) {
            Ok(Object::Host(id)) => Some(id),
            Ok(other) => {
                self.report(
                    Diagnostic::error(
                        "not-a-host",
                        name.span,
                        format!("`{}` is a {}, no host", name.text, other.sort()),
                    )
                    .label("expected the name of one host")
                    .help("declare it with `host NAME { zone ...;  address ... }`"),
                );
                None
            }
            Err(why) => {
                let hosts = self.host_trees.iter().map(|host| host.tree.name.text.clone());
                let known: Vec<String> = hosts.chain(self.peer_hosts.iter().map(peers::PeerHost::name)).collect();
                let near = nearest(&name.text, known.iter().map(String::as_str)).is_some();
                let help =
                    (!near).then(|| format!("declare it with `host {} {{ zone ...;  address ... }}`", name.text));
                self.unclear(&name.text, name.span, "host", why, &known, help);
                None
            }
        }
    }
}
