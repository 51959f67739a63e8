//! `host NAME { }`

use std::net::{IpAddr, Ipv6Addr};

use super::{Resolver, zones::list};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::Attributes,
        load::Space,
        network::{Host, HostAddress, Lease, ZoneId},
        service::Traffic,
    },
    syntax::{
        self,
        token::{Kind, Literal, Token},
        tree::{Declaration, ItemKind},
    },
};

const KNOWN: [&str; 7] = ["zone", "address", "mac", "suffix", "dhcp", "name", "runs"];

impl Resolver<'_> {
    pub(super) fn hosts(&mut self) {
        for index in 0..self.host_trees.len() {
            let Some(placed) = self.host_trees.get(index) else { continue };
            let (space, span, tree) = (placed.space, placed.span, placed.tree);
            let host = self.host_of(tree, span, space);
            self.network.hosts.push(host);
        }
    }

    fn host_of(&mut self, tree: &Declaration, span: Span, space: Space) -> Host {
        let attributes = Attributes::new("host", &tree.body, &KNOWN, &["address"], self.errors);
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
            loop {
                match arguments.address("an address of the host") {
                    Some((address, span)) => addresses.extend(self.host_address(address, span, &zones, tree)),
                    None => break,
                }
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
                if mac[0] & 1 == 1 {
                    self.report(
                        Diagnostic::error("group-mac", *span, "this MAC address is a group address, no device has it")
                            .label("its first byte is odd"),
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
            zones,
            addresses,
            mac,
            lease: attributes.choice("dhcp", &[("static", Lease::Static), ("dynamic", Lease::Dynamic)]),
            dns_name: attributes.text("name").map(|name| name.text),
            runs: self.runs(&attributes, space),
        }
    }

    fn runs(&mut self, attributes: &Attributes<'_>, space: Space) -> Vec<(String, Traffic)> {
        let Some(arguments) = attributes.get("runs") else { return Vec::new() };
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

    fn host_address(&self, address: IpAddr, span: Span, zones: &[ZoneId], tree: &Declaration) -> Option<HostAddress> {
        if zones.is_empty() {
            return None;
        }
        let inside = zones.iter().copied().find(|id| {
            let zone = self.network.zone(*id);
            if zone.is_internet() {
                self.network.internet().contains(address) || zone.upstream.iter().any(|net| net.contains(&address))
            } else {
                zone.network_set().contains(address)
            }
        });
        let Some(zone) = inside else {
            let names = list(zones.iter().map(|id| format!("`{}`", self.network.zone(*id).name)));
            let networks = list(
                zones
                    .iter()
                    .flat_map(|id| &self.network.zone(*id).networks)
                    .filter(|network| network.delegated.is_none())
                    .map(|network| network.net),
            );
            let mut error =
                Diagnostic::error("host-outside-zone", span, format!("{address} is in no network of {names}"))
                    .label(format!("the address of `{}`", tree.name.text));
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
        if let Some(own) = zone_data.addresses.iter().find(|own| own.address == address) {
            self.report(
                Diagnostic::error(
                    "router-address",
                    span,
                    format!("{address} is the router's own address in `{}`", zone_data.name),
                )
                .label(format!("the address of `{}`", tree.name.text))
                .also(own.span, "the router's address follows from this")
                .help("give the host another address, or the router with `address` in the zone"),
            );
        }
        let everybody = zone_data.networks.iter().map(|network| network.net).find(|net| match net {
            ipnet::IpNet::V4(net) => net.prefix_len() < 31 && address == net.broadcast(),
            ipnet::IpNet::V6(net) => net.prefix_len() < 127 && address == net.network(),
        });
        if let Some(net) = everybody {
            let what = if net.addr().is_ipv4() { "the broadcast address" } else { "the address of any router" };
            self.report(
                Diagnostic::error("no-host-address", span, format!("{address} is {what} of {net}"))
                    .label(format!("the address of `{}`", tree.name.text))
                    .help("give the host another address"),
            );
        }
        Some(HostAddress { zone, address, suffix: None, span })
    }

    /// The host part below every delegated network of its zones; without one, below the zone's own IPv6 networks.
    fn suffix_addresses(&self, suffix: IpAddr, span: Span, zones: &[ZoneId], tree: &Declaration) -> Vec<HostAddress> {
        let IpAddr::V6(suffix) = suffix else {
            self.report(
                Diagnostic::error("attribute-value", span, format!("`{suffix}` is no IPv6 host part"))
                    .label("expected a host part such as ::10"),
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
                                "router-address",
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
        if found.is_empty() && !zones.is_empty() {
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
