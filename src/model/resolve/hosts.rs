//! `host NAME { }`

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use super::{
    Resolver,
    zones::{edge_address, list, shown},
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Attributes, dns_name},
        load::Space,
        network::{AddressSource, Host, HostAddress, HostId, HostIntegration, Lease, Role, ZoneId},
        service::Traffic,
    },
    syntax::{
        self,
        token::{Kind, Literal, Token},
        tree::{Declaration, Item, ItemKind},
    },
};

impl Resolver<'_> {
    pub(super) fn hosts(&mut self) {
        for index in 0..self.host_trees.len() {
            let Some(placed) = self.host_trees.get(index) else { continue };
            let (space, span, tree) = (placed.space, placed.span, placed.tree);
            let id = HostId(index);
            let before = self.errors.borrow().len();
            let host = self.host_of(id, tree, span, space);
            let adrift = host.addresses.is_empty() && host.zones.iter().any(|zone| self.broken_zones.contains(zone));
            if adrift || self.errors.borrow().len() > before || self.failed_in(span) {
                self.broken_hosts.insert(id);
            } else {
                self.host_reserved(id, &host, tree);
            }
            self.network.hosts.push(host);
        }
    }

    fn host_of(&mut self, id: HostId, tree: &Declaration, span: Span, space: Space) -> Host {
        let attributes = Attributes::new("host", &tree.body, self.errors);
        let mut zones = Vec::new();
        match attributes.get("zone") {
            Some(mut arguments) => {
                for name in arguments.names("a zone") {
                    if let Some(zone) = self.zone_named(&name, space) {
                        if zones.contains(&zone) {
                            self.report(
                                Diagnostic::error(
                                    "repeated-attribute",
                                    name.span,
                                    format!("zone `{}` is named twice", name.text),
                                )
                                .label("once is enough"),
                            );
                        } else {
                            zones.push(zone);
                        }
                    }
                }
            }
            None if !attributes.lacks("zone") => {}
            None => self.report(
                Diagnostic::error(
                    "missing-attribute",
                    tree.name.span,
                    format!("host `{}` is in no zone", tree.name.text),
                )
                .label("needs `zone`")
                .help("write `zone NAME`; a host with a leg in two zones names both"),
            ),
        }
        let mut addresses = Vec::new();
        for mut arguments in attributes.all("address") {
            while let Some((address, span)) = arguments.address("an address of the host") {
                addresses.extend(self.host_address(address, span, &zones, tree));
                if !arguments.comma() {
                    arguments.end();
                    break;
                }
            }
        }
        if let Some(mut arguments) = attributes.get("suffix")
            && let Some((suffix, span)) = arguments.address("a host part such as ::10")
        {
            arguments.end();
            addresses.extend(self.suffix_addresses(suffix, span, &zones, tree));
        }
        let mac = attributes.get("mac").and_then(|mut arguments| match arguments.next() {
            Some(Token { kind: Kind::Literal(Literal::Mac(mac)), span }) => {
                arguments.end();
                self.mac_spans.insert(id, *span);
                if *mac == [0; 6] {
                    self.report(
                        Diagnostic::error("group-mac", *span, "this MAC address is empty, no device has it")
                            .label("all of it is zero")
                            .help("the device's own address is on its label, or in the router's list of leases"),
                    );
                }
                if mac[0] & 1 == 1 {
                    self.report(
                        Diagnostic::error("group-mac", *span, "this MAC address is a group address, no device has it")
                            .label("its first byte is odd")
                            .help("the device's own address is on its label, or in the router's list of leases"),
                    );
                }
                Some(*mac)
            }
            _ => {
                attributes.get("mac").unwrap_or(arguments).expected("a MAC address such as 52:54:00:aa:bb:10");
                None
            }
        });
        Host {
            name: tree.name.text.clone(),
            span,
            addresses,
            mac,
            lease: attributes.choice("dhcp", &[("static", Lease::Static), ("dynamic", Lease::Dynamic)]),
            dns_name: attributes.text("name").filter(|name| dns_name(name, 1..=127, self.errors)).map(|name| name.text),
            runs: self.runs(&attributes, space),
            integrations: self.host_integrations(&attributes, space),
            admin: attributes.flag("admin"),
            same_subnet: attributes.flag("same-subnet"),
            default_routes: self.default_routes(&attributes, space, &zones, tree),
            bridges: self.bridges(&attributes),
            zones,
        }
    }

    /// The zones that a host sends to what is in none of its networks.
    fn default_routes(
        &mut self,
        attributes: &Attributes<'_>,
        space: Space,
        zones: &[ZoneId],
        tree: &Declaration,
    ) -> Option<(Vec<ZoneId>, Span)> {
        let mut arguments = attributes.get("default-route")?;
        let span = arguments.span();
        let mut found = Vec::new();
        for name in arguments.names("a zone of the host") {
            let zone = self.zone_named(&name, space)?;
            if !zones.contains(&zone) {
                if !zones.is_empty() {
                    let error = Diagnostic::error(
                        "not-its-zone",
                        name.span,
                        format!("host `{}` has no leg in zone `{}`", tree.name.text, name.text),
                    );
                    self.report(
                        error.label("leads nowhere").help("name zones of the host's own `zone`, or add this one there"),
                    );
                }
                return None;
            }
            if !found.contains(&zone) {
                found.push(zone);
            }
        }
        (!found.is_empty()).then_some((found, span))
    }

    fn bridges(&self, attributes: &Attributes<'_>) -> Vec<(IpNet, Span)> {
        let found = Self::prefixes(attributes, "bridges");
        found.into_iter().filter(|(net, span)| self.usable_network(*net, *span)).collect()
    }

    fn host_integrations(&mut self, attributes: &Attributes<'_>, space: Space) -> Vec<HostIntegration> {
        let Some(mut arguments) = attributes.get("integration") else { return Vec::new() };
        let mut found = Vec::new();
        for name in arguments.names("an integration") {
            let item = Item { kind: ItemKind::Name(name.text.clone()), span: name.span };
            let value = self.integration_named(&item, space);
            found.extend(value.map(|(name, value)| HostIntegration { name, span: item.span, value }));
        }
        found
    }

    fn runs(&mut self, attributes: &Attributes<'_>, space: Space) -> Vec<(String, Traffic)> {
        let Some(arguments) = attributes.get("runs") else { return Vec::new() };
        arguments.no_body();
        let items = match syntax::items(arguments.rest(), self.source_text(arguments.span())) {
            Ok(items) => items,
            Err(error) => {
                if arguments.rest().is_empty() {
                    arguments.expected("services");
                } else {
                    self.report(*error);
                }
                return Vec::new();
            }
        };
        let mut found = Vec::new();
        for item in items {
            let name = match &item.kind {
                ItemKind::Name(name) => name.clone(),
                _ => self.text(item.span).to_owned(),
            };
            found.extend(
                self.traffic(std::slice::from_ref(&item), space).into_iter().map(|traffic| (name.clone(), traffic)),
            );
        }
        found
    }

    /// An address in each zone of a host that has several.
    fn host_reserved(&self, id: HostId, host: &Host, tree: &Declaration) {
        let name = &tree.name;
        let bare = host.zones.iter().find(|zone| host.addresses.iter().all(|address| address.zone != **zone));
        if host.zones.len() > 1
            && let Some(zone) = bare
        {
            self.report(
                Diagnostic::error(
                    "missing-attribute",
                    name.span,
                    format!("host `{}` has no address in zone `{}`", name.text, self.network.zone(*zone).name),
                )
                .label("needs an address in each of its zones")
                .help("add it to `address`, or take the zone out"),
            );
        }
        let tunnels = |zone: &ZoneId| self.network.zone(*zone).role == Role::Vpn;
        if !host.zones.is_empty()
            && host.zones.iter().all(tunnels)
            && let Some(span) = self.mac_spans.get(&id)
        {
            self.report(
                Diagnostic::error("misplaced-attribute", *span, "a device in a VPN has no MAC address there")
                    .label("never seen by the router")
                    .help("remove it; in a VPN the `peer` has the address"),
            );
        }
    }

    fn host_address(&self, address: IpAddr, span: Span, zones: &[ZoneId], tree: &Declaration) -> Option<HostAddress> {
        if zones.is_empty() {
            return None;
        }
        let owner = zones
            .iter()
            .map(|id| self.network.zone(*id))
            .find_map(|zone| zone.addresses.iter().find(|own| own.address == address).map(|own| (zone, own)));
        if let Some((zone, own)) = owner {
            let error = Diagnostic::error(
                "host-outside-zone",
                span,
                format!("{address} is the router's own address in `{}`", zone.name),
            )
            .label(format!("the address of `{}`", tree.name.text));
            self.report(if own.source == AddressSource::Written {
                error.also(own.span, "given to the router here").help("give one of them another address")
            } else {
                error
                    .also(own.span, "the router takes the first address of this, as none is given")
                    .help("give the host another address, or the router with `address` in the zone")
            });
            return None;
        }
        let inside = zones.iter().copied().find(|id| self.zone_sets.get(id.0).is_some_and(|set| set.contains(address)));
        let Some(zone) = inside else {
            if zones.iter().any(|zone| self.broken_zones.contains(zone)) {
                return None;
            }
            let names = list(zones.iter().map(|id| format!("`{}`", self.network.zone(*id).name)));
            let networks = list(zones.iter().flat_map(|id| &self.network.zone(*id).networks).map(shown));
            let mut error =
                Diagnostic::error("host-outside-zone", span, format!("{address} is in no network of {names}"))
                    .label(format!("the address of `{}`", tree.name.text));
            if zones.iter().any(|id| self.network.zone(*id).is_internet()) {
                error = error.help("a private network beyond an uplink is written as that zone's `upstream`");
            }
            if !networks.is_empty() {
                error = error.help(format!("the networks there are {networks}"));
            }
            if let Some(other) = self.network.zone_of(address) {
                error = error.note(format!("it lies in zone `{}`", self.network.zone(other).name));
            }
            self.report(error);
            return None;
        };
        let zone_data = self.network.zone(zone);
        if let Some(network) = zone_data.networks.iter().find(|network| network.net.contains(&address))
            && let Some(error) = edge_address(network.net, address, span)
        {
            self.report(error.help(format!("give `{}` another address of the network", tree.name.text)));
            return None;
        }
        Some(HostAddress { zone, address, suffix: None, span })
    }

    /// The host part below every delegated network of its zones; without one, below the zone's own IPv6 networks.
    fn suffix_addresses(&self, suffix: IpAddr, span: Span, zones: &[ZoneId], tree: &Declaration) -> Vec<HostAddress> {
        let IpAddr::V6(suffix) = suffix else {
            self.report(
                Diagnostic::error("attribute-value", span, format!("`{suffix}` is no IPv6 host part"))
                    .label("expected a host part such as ::10")
                    .help("IPv4 addresses stand in `address`"),
            );
            return Vec::new();
        };
        if suffix.to_bits() >> 64 != 0 || suffix.is_unspecified() {
            self.report(
                Diagnostic::error("attribute-value", span, format!("`{suffix}` is no host part"))
                    .label("expected the last 64 bits only, such as ::10")
                    .help("a whole address stands in `address`"),
            );
            return Vec::new();
        }
        let mut found = Vec::new();
        for id in zones {
            let networks = &self.network.zone(*id).networks;
            let any_delegated = networks.iter().any(|network| network.delegated.is_some());
            for network in networks.iter().filter(|network| network.delegated.is_some() == any_delegated) {
                if let ipnet::IpNet::V6(net) = network.net
                    && net.prefix_len() <= 64
                {
                    let address = IpAddr::V6(Ipv6Addr::from_bits(net.network().to_bits() | suffix.to_bits()));
                    if self.network.zone(*id).addresses.iter().any(|own| own.address == address) {
                        self.report(
                            Diagnostic::error(
                                "host-outside-zone",
                                span,
                                format!("{suffix} is the router's own host part in `{}`", self.network.zone(*id).name),
                            )
                            .label(format!("the host part of `{}`", tree.name.text))
                            .help("give the host another one"),
                        );
                    }
                    found.push(HostAddress {
                        zone: *id,
                        address,
                        suffix: Some(suffix).filter(|_| network.delegated.is_some()),
                        span,
                    });
                }
            }
        }
        if found.is_empty() && !zones.is_empty() && !zones.iter().any(|zone| self.broken_zones.contains(zone)) {
            self.report(
                Diagnostic::error(
                    "suffix-without-prefix",
                    span,
                    format!("no zone of `{}` has an IPv6 network", tree.name.text),
                )
                .label("a host part below which prefix?")
                .help("give the zone a `network delegated N` or an IPv6 prefix"),
            );
        }
        found
    }
}
