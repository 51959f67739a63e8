//! `allow`, `deny` and their options.

use super::{Resolver, zones::list};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::Attributes,
        load::{Space, Units},
        names::Unclear,
        network::{Action, Limit, Options, Place, Region, Rule, TimeUnit},
        service::{Integration, SameZone, Traffic, Trait},
    },
    packet::Family,
    syntax::{
        token::{Kind, Literal, Token},
        tree::{self, Item, ItemKind, StatementKind},
    },
};

impl<'t> Resolver<'t> {
    /// Second pass: everything that says what may flow.
    pub(super) fn statements(&mut self, units: &'t Units) {
        for unit in &units.list {
            for statement in &unit.file.statements {
                let (space, span, folder) = (unit.space, statement.span, unit.folder.as_str());
                match &statement.kind {
                    StatementKind::Rule(tree) => self.rule(tree, self.head(span), space),
                    StatementKind::Expose(tree) => self.expose(tree, span, space),
                    StatementKind::Vpn(tree) => self.vpn(tree, span, space),
                    StatementKind::Redirect(tree) => self.redirect(tree, self.head(span), space),
                    StatementKind::Reflect(tree) => self.reflect(tree, span, space),
                    StatementKind::HomeAssistant(tree) => self.home_assistant(tree, span, space, folder),
                    StatementKind::Assertion(tree) => {
                        let found = self.assertion(tree, span, space, true);
                        self.network.assertions.extend(found);
                    }
                    StatementKind::Exposed(tree) => self.exposed(tree, span, space),
                    StatementKind::Check(tree) => self.check(tree, span, space),
                    StatementKind::Waive(tree) => self.waive(tree, span, space),
                    _ => {}
                }
            }
        }
        for index in 0..self.group_trees.len() {
            let span = self.group_trees.get(index).map_or_else(Span::default, |placed| placed.tree.name.span);
            self.group(index, span);
        }
        for index in 0..self.ranges_trees.len() {
            let span = self.ranges_trees.get(index).map_or_else(Span::default, |placed| placed.tree.name.span);
            self.ranges_set(index, span);
        }
    }

    fn rule(&mut self, tree: &tree::Rule, span: Span, space: Space) {
        let word = if tree.action == Action::Allow { "allow" } else { "deny" };
        let options = self.options(word, &tree.options, space);
        if tree.action == Action::Deny
            && let Some((_, limit)) = options.limit
        {
            self.report(
                Diagnostic::error("deny-limit", limit, "a deny cannot be limited")
                    .label("a deny that lets some through is none")
                    .help("limit the `allow` instead"),
            );
        }
        if let Some(zone) = self.unaddressed_zone(&tree.from, &tree.to, space) {
            self.report_one_zone(Place::Zone(zone), Place::Zone(zone), span);
            return;
        }
        let from = self.filled_side(&tree.from, space);
        let to = self.filled_side(&tree.to, space);
        if tree.both {
            self.both_ways(tree, span, space, &options, from, to);
            return;
        }
        let traffic = self.traffic(&tree.services, space);
        if let (Some(from), Some(to)) = (from, to)
            && !traffic.is_empty()
            && self.meets(&from, &to, &traffic, span)
        {
            self.discovery_between(&tree.services, &to, space);
            self.router_as_itself(&options, &from, &to, span);
            if options.as_router && tree.action == Action::Deny {
                self.report(
                    Diagnostic::error("deny-as-router", span, "`as router` has no meaning for a deny")
                        .label("nothing passes here")
                        .help("remove `as router`"),
                );
            }
            let named = self.named_services(&tree.services, space);
            self.push_rule(tree.action, (from, to), (traffic, named), options, span, None);
        }
    }

    /// Multicast does not cross zones, whatever a rule says. The router itself may listen to it.
    fn discovery_between(&mut self, items: &[Item], to: &[Region], space: Space) {
        if to.iter().all(|region| region.place == Place::Router) {
            return;
        }
        for item in items {
            if let ItemKind::Name(name) = &item.kind
                && self.has_trait(name, space, Trait::Discovery)
            {
                self.report(
                    Diagnostic::warning(
                        "discovery-rule",
                        item.span,
                        format!("`{name}` works inside one zone only, so this rule does not carry it"),
                    )
                    .label("sent to everybody in a zone, never across")
                    .help("let devices of two zones find each other with `reflect mdns between A, B`, or add them by address"),
                );
            }
        }
    }

    fn router_as_itself(&self, options: &Options, from: &[Region], to: &[Region], span: Span) {
        let itself = |regions: &[Region]| regions.iter().all(|region| region.place == Place::Router);
        if options.as_router && (itself(from) || itself(to)) {
            self.report(
                Diagnostic::error("as-router-itself", span, "the router is one of the two ends already")
                    .label("`as router` has no meaning here")
                    .help("remove `as router`"),
            );
        }
    }

    fn push_rule(
        &mut self,
        action: Action,
        (from, to): (Vec<Region>, Vec<Region>),
        (traffic, named): (Vec<Traffic>, Vec<(String, Vec<Traffic>)>),
        options: Options,
        span: Span,
        integration: Option<String>,
    ) {
        let expired = self.expired(&options);
        self.network.rules.push(Rule { span, action, from, to, traffic, options, named, integration, expired });
    }

    /// Reports a date that has passed.
    pub(super) fn expired(&self, options: &Options) -> bool {
        let Some((date, span)) = options.until else { return false };
        if date > self.today {
            return false;
        }
        let mut error = Diagnostic::error("expired-rule", span, format!("this ran out on {date}"))
            .label("not compiled any more")
            .note(format!("today is {}", self.today))
            .help("remove the statement, or give it a new date if it is still needed")
            .fix(self.network.removal(span, "statement"));
        error.notes.extend(options.who_asked());
        self.report(error);
        true
    }

    fn both_ways(
        &mut self,
        tree: &tree::Rule,
        span: Span,
        space: Space,
        options: &Options,
        from: Option<Vec<Region>>,
        to: Option<Vec<Region>>,
    ) {
        if tree.action == Action::Deny {
            self.report(
                Diagnostic::error("deny-both", span, "a deny has one direction")
                    .label("`<->` belongs to `allow`")
                    .help("write one deny for each direction"),
            );
            return;
        }
        if tree.services.is_empty() {
            self.report(
                Diagnostic::error("no-integration", span, "`<->` needs the integrations that it shall open")
                    .label("expected `: INTEGRATION`")
                    .help("for everything in both directions write two rules with `->`"),
            );
        }
        for item in &tree.services {
            let Some((name, integration)) = self.integration_named(item, space) else { continue };
            let (Some(from), Some(to)) = (&from, &to) else { continue };
            if integration.same_zone == Some(SameZone::Required) {
                let same = pairs(&self.network, from, to).next().is_none();
                let reason = integration
                    .because
                    .clone()
                    .unwrap_or_else(|| "its devices find each other inside one network only".to_owned());
                let error =
                    Diagnostic::error("same-zone-required", item.span, format!("`{name}` works inside one zone only"))
                        .label(if same {
                            "both ends are in one zone already: no rule is needed"
                        } else {
                            "the two ends are in different zones"
                        })
                        .note(reason);
                self.report(if same {
                    error.help("remove the rule")
                } else {
                    error.help("put both ends into one zone; no rule can mend this")
                });
                continue;
            }
            for (regions, traffic) in [((from, to), &integration.there), ((to, from), &integration.back)] {
                if traffic.is_empty() {
                    continue;
                }
                if !self.meets(regions.0, regions.1, traffic, span) {
                    // The other direction fails for the same reason.
                    break;
                }
                self.push_rule(
                    Action::Allow,
                    (regions.0.clone(), regions.1.clone()),
                    (traffic.clone(), Vec::new()),
                    options.clone(),
                    span,
                    Some(name.clone()),
                );
            }
        }
    }

    pub(super) fn integration_named(&mut self, item: &Item, space: Space) -> Option<(String, Integration)> {
        let ItemKind::Name(name) = &item.kind else {
            self.report(
                Diagnostic::error("not-an-integration", item.span, "only integrations may stand behind `<->`")
                    .label("this is a protocol")
                    .help("write one rule with `->` for each direction"),
            );
            return None;
        };
        match self.integrations.find(space, name, item.span, self.imports) {
            Ok(index) => self.integration(index).map(|found| (name.clone(), found)),
            Err(why) => {
                let known = self.integrations.visible(space, self.imports);
                let mut elsewhere = None;
                if why == Unclear::Unknown {
                    if crate::model::STANDARD.iter().any(|(module, text)| {
                        *module == "std.integrations" && text.contains(&format!("integration {name} {{"))
                    }) {
                        elsewhere = Some("the standard library has it: add `use std.integrations`".to_owned());
                    } else if self.services.knows(space, name, self.imports) {
                        elsewhere = Some(format!("`{name}` is a service: write one rule with `->` for each direction"));
                    }
                }
                self.unclear(name, item.span, "integration", why, &known, elsewhere);
                None
            }
        }
    }

    /// Can any packet be meant? Reports two ends in one zone, and two ends without a common family.
    pub(super) fn meets(&self, from: &[Region], to: &[Region], traffic: &[Traffic], span: Span) -> bool {
        if pairs(&self.network, from, to).next().is_none() {
            if let Some((first, last)) = from.first().zip(to.first()) {
                self.report_one_zone(first.place, last.place, span);
            }
            return false;
        }
        let common = |family: Family| {
            pairs(&self.network, from, to)
                .any(|(from, to)| !from.addresses.family(family).is_empty() && !to.addresses.family(family).is_empty())
                && traffic.iter().any(|traffic| traffic.has_family(family))
        };
        if common(Family::V4) || common(Family::V6) {
            return true;
        }
        let families = |regions: &[Region]| {
            let has = |family| regions.iter().any(|region| !region.addresses.family(family).is_empty());
            match (has(Family::V4), has(Family::V6)) {
                (true, true) => "IPv4 and IPv6",
                (true, false) => "IPv4 only",
                _ => "IPv6 only",
            }
        };
        let only = traffic.iter().all(|traffic| traffic.family.is_some());
        let error = Diagnostic::error("no-common-family", span, "the two ends have no family of addresses in common");
        self.report(if only && families(from) == families(to) {
            error
                .label(format!("both sides have {}, and the service belongs to the other family", families(from)))
                .help("`icmp` is IPv4 and `icmpv6` is IPv6; `ping` of std.services is both")
        } else {
            error
                .label(format!("the left side has {}, the right side has {}", families(from), families(to)))
                .help("give one of them an address of the other family, or remove the rule")
        });
        false
    }

    pub(super) fn place_name(&self, place: Place) -> String {
        match place {
            Place::Router => "the router".to_owned(),
            Place::Zone(id) => format!("zone `{}`", self.network.zone(id).name),
        }
    }

    /// The options that rules and exposures share.
    pub(super) fn options(&mut self, statement: &str, body: &tree::Body, space: Space) -> Options {
        let attributes = Attributes::new(statement, body, self.errors);
        let as_router = attributes.get("as").filter(|_| statement != "expose").is_some_and(|mut arguments| {
            let found = arguments.word_is("router");
            if found {
                arguments.end();
            } else {
                arguments.expected("`router`");
            }
            found
        });
        let during = attributes.get("during").and_then(|mut arguments| {
            let name = arguments.name("a schedule")?;
            arguments.end();
            match self.schedules.find(space, &name.text, name.span, self.imports) {
                Ok(id) => Some((id, name.span)),
                Err(why) => {
                    let known = self.schedules.visible(space, self.imports);
                    let help = known
                        .is_empty()
                        .then(|| format!("declare it, as in `schedule {} = mon-fri 07:00-21:00`", name.text));
                    self.unclear(&name.text, name.span, "schedule", why, &known, help);
                    None
                }
            }
        });
        let until = attributes.get("until").and_then(|arguments| self.until(arguments));
        let limit = attributes.get("limit").and_then(|mut arguments| match arguments.next() {
            Some(Token { kind: Kind::Literal(Literal::Rate(count, unit)), span }) => {
                arguments.end();
                self.limit(*count, unit, *span).map(|limit| (limit, *span))
            }
            _ => {
                attributes.get("limit").unwrap_or(arguments).expected("a rate such as 10/minute");
                None
            }
        });
        Options {
            as_router,
            log: attributes.flag("log"),
            temporary: attributes.flag("temporary"),
            during,
            until,
            limit,
            because: attributes.quoted("because").map(|text| text.text),
            owner: attributes.quoted("owner").map(|text| text.text),
        }
    }

    pub(super) fn until(
        &self,
        mut arguments: crate::model::attributes::Arguments<'_>,
    ) -> Option<(jiff::civil::Date, Span)> {
        match arguments.peek() {
            Some(Token { kind: Kind::Literal(Literal::Date(year, month, day)), span }) => {
                arguments.next();
                arguments.end();
                self.date(*year, *month, *day, *span).map(|date| (date, *span))
            }
            _ => {
                arguments.expected("a date such as 2027-01-31");
                None
            }
        }
    }

    fn limit(&self, count: u64, unit: &str, span: Span) -> Option<Limit> {
        let units = [TimeUnit::Second, TimeUnit::Minute, TimeUnit::Hour, TimeUnit::Day];
        let Some(unit) = units.into_iter().find(|known| known.word() == unit) else {
            self.report(
                Diagnostic::error("attribute-value", span, format!("`{unit}` is no unit of time"))
                    .label(format!("expected {}", list(units.map(TimeUnit::word))))
                    .help("write it as 10/minute"),
            );
            return None;
        };
        match u32::try_from(count) {
            Ok(count @ 1..=1_000_000) => Some(Limit { count, unit }),
            _ => {
                self.report(
                    Diagnostic::error("out-of-range", span, format!("a rate cannot be {count}"))
                        .label("expected a number from 1 to 1000000")
                        .help("to let nothing through, remove the rule"),
                );
                None
            }
        }
    }
}

/// The pairs of regions between which traffic crosses the router.
pub(super) fn pairs<'r>(
    network: &crate::model::network::Network,
    from: &'r [Region],
    to: &'r [Region],
) -> impl Iterator<Item = (&'r Region, &'r Region)> {
    let all = from.iter().flat_map(move |from| to.iter().map(move |to| (from, to)));
    all.filter(|(from, to)| !network.on_one_link(from.place, to.place))
}
