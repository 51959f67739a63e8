//! `service NAME = ...` and `integration NAME { }`

use std::collections::BTreeSet;

use super::{Lazy, Resolver};
use crate::{
    diagnostic::{Diagnostic, Fix, Span, nearest},
    model::{
        attributes::Attributes,
        load::{POLICY, Space},
        names::Unclear,
        service::{Discovery, ICMP, ICMPV6, Integration, SCTP, SameZone, Service, TCP, Traffic, Trait, UDP},
    },
    packet::icmp,
    syntax::{
        self,
        tree::{IcmpVersion, Item, ItemKind, Ports, Transport},
    },
};

impl Resolver<'_> {
    /// Resolves every service and integration, so that those that nobody uses are checked too.
    pub(super) fn all_services(&mut self) {
        let mut own = BTreeSet::new();
        for index in 0..self.service_trees.len() {
            let service = self.service(index);
            let name = self.service_trees.get(index).map(|placed| placed.tree.name.text.clone());
            if let (Some(name), Some(service)) = (name, service) {
                if !service.traits.is_empty() {
                    self.network.traits.insert(name.clone(), service.traits.clone());
                }
                // A policy's own service is meant in place of a standard one of its name.
                let of_policy = self.service_trees.get(index).is_some_and(|placed| placed.space == POLICY);
                if of_policy {
                    own.insert(name.clone());
                    self.network.two_way.remove(&name);
                }
                if !service.back.is_empty() && (of_policy || !own.contains(&name)) {
                    self.network.two_way.insert(name.clone(), service.clone());
                }
                self.network.services.push((name, service.traffic));
            }
        }
        for index in 0..self.integration_trees.len() {
            self.integration(index);
        }
    }

    /// The traffic of items; no items mean every packet.
    pub(super) fn traffic(&mut self, items: &[Item], space: Space) -> Vec<Traffic> {
        if items.is_empty() {
            return vec![Traffic::ANY];
        }
        let found = items.iter().flat_map(|item| self.item(item, space)).collect();
        merge(found)
    }

    /// The services that items name, without a word about those that there are not.
    pub(super) fn named_services(&self, items: &[Item], space: Space) -> Vec<(String, Vec<Traffic>)> {
        let named = items.iter().filter_map(|item| {
            let ItemKind::Name(name) = &item.kind else { return None };
            let index = self.services.glance(space, name, self.imports)?;
            let Some(Lazy::Done(service)) = self.service_values.get(index) else { return None };
            let plain = name.rsplit('.').next().unwrap_or(name);
            Some((plain.to_owned(), service.traffic.clone()))
        });
        named.collect()
    }

    fn item(&mut self, item: &Item, space: Space) -> Vec<Traffic> {
        match &item.kind {
            ItemKind::Name(name) => self.service_named(name, item.span, space),
            ItemKind::Ports { transport, to, from } => {
                let protocol = match transport {
                    Transport::Tcp => TCP,
                    Transport::Udp => UDP,
                    Transport::Sctp => SCTP,
                };
                let (Some(to), Some(from)) = (self.ports(to), self.ports(from)) else { return Vec::new() };
                vec![Traffic { to, from, ..Traffic::protocol(protocol) }]
            }
            ItemKind::Icmp { version, kind, code } => {
                let protocol = if *version == IcmpVersion::V4 { ICMP } else { ICMPV6 };
                let byte = |value: u64| u8::try_from(value).ok();
                match (kind.map(byte), code.map(byte)) {
                    (None, _) => vec![Traffic::protocol(protocol)],
                    (Some(Some(kind)), None) => {
                        vec![Traffic { to: vec![(icmp(kind, 0), icmp(kind, 255))], ..Traffic::protocol(protocol) }]
                    }
                    (Some(Some(kind)), Some(Some(code))) => vec![Traffic::icmp(protocol, kind, Some(code))],
                    _ => {
                        self.report(
                            Diagnostic::error("out-of-range", item.span, "no ICMP message has this type or code")
                                .label("both are numbers from 0 to 255"),
                        );
                        Vec::new()
                    }
                }
            }
            ItemKind::Protocol(number) => match u8::try_from(*number) {
                Ok(number) => vec![Traffic::protocol(number)],
                Err(_) => {
                    self.report(
                        Diagnostic::error("out-of-range", item.span, format!("{number} is no protocol number"))
                            .label("expected a number from 0 to 255"),
                    );
                    Vec::new()
                }
            },
        }
    }

    /// Ports as written to sorted ranges; none when one of them is wrong.
    fn ports(&self, ports: &[Ports]) -> Option<Vec<(u16, u16)>> {
        let mut found = Vec::new();
        let mut good = true;
        for part in ports {
            let port = |value: u64| u16::try_from(value).ok().filter(|port| *port > 0);
            match (port(part.from), port(part.to)) {
                (Some(from), Some(to)) if from <= to => found.push((from, to)),
                (Some(from), Some(to)) => {
                    self.report(
                        Diagnostic::error("backward-range", part.span, "this range has nothing in it")
                            .label("its end lies before its start")
                            .help(format!("write `{to}-{from}`"))
                            .fix(Fix::offer("turn the range around", part.span, format!("{to}-{from}"))),
                    );
                    good = false;
                }
                _ => {
                    self.report(
                        Diagnostic::error("out-of-range", part.span, format!("`{}` is no port", self.text(part.span)))
                            .label("ports are numbers from 1 to 65535"),
                    );
                    good = false;
                }
            }
        }
        good.then(|| union(found))
    }

    fn service_named(&mut self, name: &str, span: Span, space: Space) -> Vec<Traffic> {
        match self.services.find(space, name, span, self.imports) {
            Ok(index) => match self.service(index) {
                Some(service) => service.traffic,
                None => {
                    self.report(
                        Diagnostic::error("service-cycle", span, format!("service `{name}` holds itself"))
                            .label("comes back to itself here")
                            .help("remove this name, or write the ports here"),
                    );
                    Vec::new()
                }
            },
            Err(why) => {
                let known = self.services.visible(space, self.imports);
                let mut elsewhere = None;
                if why == Unclear::Unknown {
                    if matches!(name, "any" | "all") {
                        elsewhere = Some(format!("leave `: {name}` out: without services it is about every packet"));
                    } else if self.integrations.knows(space, name, self.imports) {
                        elsewhere =
                            Some(format!("`{name}` is an integration: these stand in `allow A <-> B : {name}`"));
                    } else if let Some(module) = Self::standard_module(name) {
                        elsewhere = Some(format!("the standard library has it: add `use {module}`"));
                    } else if nearest(name, known.iter().map(String::as_str)).is_none()
                        && let Some(near) = nearest(name, standard_services())
                    {
                        elsewhere =
                            Some(format!("did you mean `{near}` of the standard library? add `use std.services`"));
                    }
                }
                self.unclear(name, span, "service", why, &known, elsewhere);
                Vec::new()
            }
        }
    }

    /// Has a service of this name a trait?
    pub(super) fn has_trait(&mut self, name: &str, space: Space, wanted: Trait) -> bool {
        let Some(index) = self.services.glance(space, name, self.imports) else { return false };
        matches!(self.service_values.get(index), Some(Lazy::Done(service)) if service.traits.contains(&wanted))
    }

    /// The module of the standard library that has a service of this name, if the policy does not use it.
    fn standard_module(name: &str) -> Option<&'static str> {
        crate::model::STANDARD
            .iter()
            .find(|(_, text)| text.lines().any(|line| service_line(line) == Some(name)))
            .map(|(module, _)| *module)
    }

    /// A service by number; nothing when it is being resolved already.
    fn service(&mut self, index: usize) -> Option<Service> {
        match self.service_values.get(index)? {
            Lazy::Done(service) => return Some(service.clone()),
            Lazy::Open => return None,
            Lazy::Waiting => {}
        }
        *self.service_values.get_mut(index)? = Lazy::Open;
        let placed = self.service_trees.get(index)?;
        let (space, tree) = (placed.space, placed.tree);
        let attributes = Attributes::new("service", &tree.body, self.errors);
        let mut service = Service { traffic: self.traffic(&tree.items, space), ..Service::default() };
        if attributes.choice("login", &[("none", ())]).is_some() {
            service.traits.insert(Trait::LoginNone);
        }
        for (key, found) in
            [("plaintext", Trait::Plaintext), ("management", Trait::Management), ("discovery", Trait::Discovery)]
        {
            if attributes.flag(key) {
                service.traits.insert(found);
            }
        }
        service.back = self.flows(&attributes, "back", space);
        service.because = attributes.quoted("because").map(|text| text.text);
        *self.service_values.get_mut(index)? = Lazy::Done(service.clone());
        Some(service)
    }

    /// The services of an attribute.
    fn flows(&mut self, attributes: &Attributes<'_>, key: &str, space: Space) -> Vec<Traffic> {
        let Some(arguments) = attributes.get(key) else { return Vec::new() };
        arguments.no_body();
        if arguments.rest().is_empty() {
            arguments.expected("services");
            return Vec::new();
        }
        match syntax::items(arguments.rest(), self.source_text(arguments.span())) {
            Ok(items) => self.traffic(&items, space),
            Err(error) => {
                self.report(*error);
                Vec::new()
            }
        }
    }

    /// An integration by number.
    pub(super) fn integration(&mut self, index: usize) -> Option<Integration> {
        if let Lazy::Done(found) = self.integration_values.get(index)? {
            return Some(found.clone());
        }
        let placed = self.integration_trees.get(index)?;
        let (space, tree) = (placed.space, placed.tree);
        let attributes = Attributes::new("integration", &tree.body, self.errors);
        let (there, back) = (self.flows(&attributes, "there", space), self.flows(&attributes, "back", space));
        let found = Integration {
            there,
            back,
            discovery: attributes.choice(
                "discovery",
                &[("mdns", Discovery::Mdns), ("ssdp", Discovery::Ssdp), ("broadcast", Discovery::Broadcast)],
            ),
            same_zone: attributes
                .choice("same-zone", &[("required", SameZone::Required), ("advised", SameZone::Advised)]),
            because: attributes.quoted("because").map(|text| text.text),
        };
        if attributes.lacks("there")
            && attributes.lacks("back")
            && attributes.get("same-zone").is_none_or(|_| found.same_zone == Some(SameZone::Advised))
        {
            self.report(
                Diagnostic::error(
                    "empty-integration",
                    tree.name.span,
                    format!("integration `{}` opens nothing", tree.name.text),
                )
                .label("has neither `there` nor `back`")
                .help("`there` is what the left side opens to the right one, `back` the other way"),
            );
        }
        *self.integration_values.get_mut(index)? = Lazy::Done(found.clone());
        Some(found)
    }
}

/// One traffic for each protocol and choice of source ports.
fn merge(list: Vec<Traffic>) -> Vec<Traffic> {
    let mut merged: Vec<Traffic> = Vec::new();
    for traffic in list {
        let alike = |other: &&mut Traffic| (other.protocol, &other.from) == (traffic.protocol, &traffic.from);
        match merged.iter_mut().find(alike) {
            // No ports at all mean every port.
            Some(other) if other.to.is_empty() || traffic.to.is_empty() => other.to = Vec::new(),
            Some(other) => other.to = union([other.to.as_slice(), &traffic.to].concat()),
            None => merged.push(traffic),
        }
    }
    merged
}

/// Ranges sorted, with those that touch joined.
fn union(mut ranges: Vec<(u16, u16)>) -> Vec<(u16, u16)> {
    ranges.sort_unstable();
    let mut merged: Vec<(u16, u16)> = Vec::new();
    for (from, to) in ranges {
        match merged.last_mut() {
            Some(last) if u32::from(from) <= u32::from(last.1) + 1 => last.1 = last.1.max(to),
            _ => merged.push((from, to)),
        }
    }
    merged
}

/// The name of the service that a line of the standard library declares.
fn service_line(line: &str) -> Option<&str> {
    line.strip_prefix("service ").and_then(|line| line.split([' ', '=']).next())
}

fn standard_services() -> impl Iterator<Item = &'static str> {
    crate::model::STANDARD.iter().flat_map(|(_, text)| text.lines().filter_map(service_line))
}
