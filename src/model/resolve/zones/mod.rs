//! `zone NAME { }`

mod addresses;
mod interfaces;
mod networks;

use std::net::IpAddr;

use ipnet::IpNet;

use super::Resolver;
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        address::AddressSet,
        attributes::{Arguments, Attributes, network},
        load::Space,
        network::{AddressSource, Egress, Role, Uplink, Zone, ZoneId, ZoneNetwork},
    },
    syntax::{
        token::{Kind, Literal, Token},
        tree::Declaration,
    },
};

/// A network as written, before the delegated prefix is known.
enum Written {
    Literal(IpNet, Span),
    Delegated(u64, Span),
    /// Behind a peer of a VPN.
    Far(IpNet, Span),
}

/// How the router comes by its addresses in a zone, as written.
#[derive(Default)]
struct WrittenAddresses {
    literal: Vec<(IpAddr, Span)>,
    /// The networks of those that are written with the length of their prefix.
    links: Vec<IpNet>,
    assigned: Option<(AddressSource, Span)>,
}

/// Ways to carry IPv4 over a line of IPv6 in which the router translates, or wraps, into a device of its own: MAP (RFC
/// 7597, 7599), lw4o6 (RFC 7596) and 464XLAT (RFC 6877).
const TRANSITIONS: [&str; 8] = ["map", "map-e", "map-t", "mape", "mapt", "lw4o6", "xlat", "clat"];

impl Resolver<'_> {
    pub(super) fn zones(&mut self) {
        let mut networks = Vec::new();
        let mut addresses = Vec::new();
        for index in 0..self.zone_trees.len() {
            let Some(placed) = self.zone_trees.get(index) else { continue };
            let (space, span, tree) = (placed.space, placed.span, placed.tree);
            let (zone, written, own) = self.zone(ZoneId(index), tree, span, space);
            self.network.zones.push(zone);
            networks.push(written);
            addresses.push(own);
        }
        self.ended_by_hosts();
        for (zone, net, span) in self.networks_of_peers() {
            if let Some(written) = networks.get_mut(zone.0) {
                written.push(Written::Far(net, span));
            }
        }
        for (index, written) in networks.into_iter().enumerate() {
            self.zone_networks(ZoneId(index), written);
        }
        for (index, own) in addresses.into_iter().enumerate() {
            self.own_addresses(ZoneId(index), own);
        }
        self.internet = self.network.internet();
        self.own = self.network.router_addresses();
        let upstream = |zone: &Zone| AddressSet::nets(zone.upstream.iter().copied());
        self.zone_sets = self
            .network
            .zones
            .iter()
            .map(|zone| if zone.is_internet() { self.internet.union(&upstream(zone)) } else { zone.network_set() })
            .collect();
    }

    fn errors_so_far(&self) -> usize {
        self.errors.borrow().len()
    }

    fn zone(
        &mut self,
        id: ZoneId,
        tree: &Declaration,
        span: Span,
        space: Space,
    ) -> (Zone, Vec<Written>, WrittenAddresses) {
        let attributes = Attributes::new("zone", &tree.body, self.errors);
        let role = attributes.choice("role", &Role::ALL);
        if attributes.lacks("role") {
            self.report(
                Diagnostic::error(
                    "missing-attribute",
                    tree.name.span,
                    format!("zone `{}` has no role", tree.name.text),
                )
                .label("needs `role`")
                .help(format!("a role is one of {}", Role::ALL.map(|(name, _)| name).join(", "))),
            );
        }
        // Without a role, what the other attributes mean is anybody's guess.
        let role_known = role.is_some();
        let role = role.unwrap_or(Role::Trusted);
        let internet = role == Role::Internet;
        if role_known {
            self.only_for(
                &attributes,
                &["uplink", "upstream", "gateway", "delegated", "failover", "replies"],
                internet,
                "an internet zone",
            );
            self.only_for(&attributes, &["isolated", "egress", "upnp", "filter"], !internet, "a zone of your own");
            let serves = !internet && role != Role::Vpn;
            self.only_for(&attributes, &["dhcp"], serves, "a zone of your own that is no VPN");
        }
        let (interface, interfaces) = self.interfaces(&attributes);
        let before = self.errors_so_far();
        let written: Vec<Written> = attributes.all("network").flat_map(|arguments| self.networks(arguments)).collect();
        let networks_good = self.errors_so_far() == before;
        if !role_known || !networks_good || self.earlier_in(span) {
            self.broken_zones.insert(id);
        }
        if internet && let Some(arguments) = attributes.get("network") {
            self.report(
                Diagnostic::error("internet-network", arguments.span(), "an internet zone has no network of its own")
                    .label("not possible here")
                    .help(
                        "the private network of a modem or landlord beyond it is written `upstream 192.168.178.0/24`",
                    ),
            );
        }
        let vlan = attributes.get("vlan").and_then(|mut arguments| {
            let found = arguments.number("a VLAN id from 1 to 4094", 1..=4094)?;
            arguments.end();
            Some((u16::try_from(found.0).ok()?, found.1))
        });
        let pools = self.pools(&attributes);
        let upstream = Self::prefixes(&attributes, "upstream");
        for (net, span) in &upstream {
            self.usable_network(*net, *span);
        }
        self.pool_spans.push(pools.iter().map(|(.., span)| *span).collect());
        self.upstream_spans.push(upstream.iter().map(|(_, span)| *span).collect());
        let zone = Zone {
            name: tree.name.text.clone(),
            span,
            role,
            interface,
            interfaces,
            vlan,
            networks: Vec::new(),
            addresses: Vec::new(),
            dhcp: pools.iter().map(|(from, to, _)| (*from, *to)).collect(),
            isolated: attributes.flag("isolated"),
            filter: attributes.switch("filter").zip(attributes.get("filter").map(|found| found.span())),
            upnp: attributes.get("upnp").map(|arguments| {
                arguments.end();
                arguments.attribute.key.span
            }),
            masquerade: attributes.switch("masquerade").unwrap_or(internet),
            uplink: self.uplink_kind(&attributes),
            upstream: upstream.into_iter().map(|(net, _)| net).collect(),
            links: Vec::new(),
            gateways: Vec::new(),
            delegated: self.delegated(&attributes),
            failover: attributes.flag("failover"),
            replies_by_uplink: attributes
                .choice("replies", &[("by-uplink", true), ("by-route", false)])
                .zip(attributes.get("replies").map(|found| found.span())),
            egress: self.egress(&attributes, space),
            behind: None,
        };
        let own = self.written_addresses(&attributes, internet);
        // The provider translates what comes out of the tunnel (RFC 6333, 4.2): this router does not.
        let untranslated = zone.ends_ds_lite() && !own.literal.iter().any(|(address, _)| address.is_ipv4());
        let zone = Zone {
            masquerade: zone.masquerade && !(untranslated && attributes.lacks("masquerade")),
            links: own.links.clone(),
            gateways: if internet { self.gateways(&attributes, &zone, &own) } else { Vec::new() },
            ..zone
        };
        if !internet && written.is_empty() {
            self.broken_zones.insert(id);
        }
        if role_known && !internet && attributes.lacks("network") {
            self.report(
                Diagnostic::error(
                    "missing-attribute",
                    tree.name.span,
                    format!("zone `{}` has no network", tree.name.text),
                )
                .label("needs `network`")
                .help("write its prefixes, as in `network 10.0.30.0/24, fd42:0:0:30::/64`"),
            );
        }
        (zone, written, own)
    }

    /// Did the parser leave something of this statement out?
    fn earlier_in(&self, place: Span) -> bool {
        self.earlier.iter().any(|error| {
            let span = error.primary.span;
            span.source == place.source && place.start <= span.start && span.start <= place.end
        })
    }

    fn only_for(&self, attributes: &Attributes<'_>, keys: &[&str], fits: bool, what: &str) {
        for arguments in keys.iter().filter_map(|key| attributes.get(key)) {
            if !fits {
                self.report(
                    Diagnostic::error(
                        "misplaced-attribute",
                        arguments.attribute.key.span,
                        format!("`{}` belongs to {what}", arguments.attribute.key.text),
                    )
                    .label("has no meaning here")
                    .help("remove it, or correct the zone's `role`"),
                );
            }
        }
    }

    fn pools(&self, attributes: &Attributes<'_>) -> Vec<(IpAddr, IpAddr, Span)> {
        let mut found = Vec::new();
        for mut arguments in attributes.all("dhcp") {
            match arguments.next() {
                Some(Token { kind: Kind::Literal(Literal::AddressRange(from, to)), span }) => {
                    if from > to || from.is_ipv4() != to.is_ipv4() {
                        self.report(
                            Diagnostic::error("backward-range", *span, "this range has nothing in it")
                                .label(if from.is_ipv4() == to.is_ipv4() {
                                    "its end lies before its start"
                                } else {
                                    "its ends are of two families"
                                })
                                .help("write the lower address first, and both of one family"),
                        );
                    } else {
                        found.push((*from, *to, *span));
                    }
                    arguments.end();
                }
                _ => Arguments::expected(
                    &attributes.get("dhcp").unwrap_or(arguments),
                    "a range such as 10.0.30.100-10.0.30.199",
                ),
            }
        }
        found
    }

    fn uplink_kind(&self, attributes: &Attributes<'_>) -> Option<Uplink> {
        let mut arguments = attributes.get("uplink")?;
        if let Some(Token { kind: Kind::Word(word), span }) = arguments.peek()
            && TRANSITIONS.contains(&word.as_str())
        {
            self.report(
                Diagnostic::error("attribute-value", *span, format!("`uplink` cannot be `{word}`"))
                    .label("carries the line's IPv4 by a device of its own")
                    .help("declare that device as an uplink of its own with `uplink cgnat` (on OpenWrt `interface map-wan`, or `464-wan`), and leave the IPv6 of the line in this zone, without `uplink`")
                    .help("forwards by IPv4 cannot work there, as others share the address: with MAP a few ports are yours, which the provider tells, and then it is `uplink public`"),
            );
            return None;
        }
        let kind = arguments.choice(&[
            ("public", Uplink::Public),
            ("private", Uplink::Private),
            ("cgnat", Uplink::Cgnat),
            ("ds-lite", Uplink::DsLite),
        ])?;
        arguments.end();
        Some(kind)
    }

    fn egress(&mut self, attributes: &Attributes<'_>, space: Space) -> Option<Egress> {
        let mut arguments = attributes.get("egress")?;
        let name = arguments.name("an internet zone")?;
        let from = if arguments.word_is("from") { Some(arguments.address("an address of that zone")?.0) } else { None };
        arguments.end();
        let zone = self.zone_named(&name, space)?;
        Some(Egress { zone, from, span: arguments.span() })
    }
}

/// An error when an address is the first or last of its network, which no host can have.
pub(super) fn edge_address(net: IpNet, address: IpAddr, span: Span) -> Option<Diagnostic> {
    if net.prefix_len() + 1 >= net.max_prefix_len() {
        return None;
    }
    let what = if address == net.network() && address.is_ipv4() {
        format!("the first address of {net} is the network itself")
    } else if address == net.network() {
        format!("the first address of {net} belongs to all its routers")
    } else if address.is_ipv4() && address == net.broadcast() {
        format!("the last address of {net} is its broadcast address")
    } else {
        return None;
    };
    Some(Diagnostic::error("network-address", span, format!("nobody can have the address {address}")).label(what))
}

/// A network as the policy writes it: never the stand-in of a delegated prefix.
pub(super) fn shown(network: &ZoneNetwork) -> String {
    network.delegated.map_or_else(|| network.net.to_string(), |number| format!("delegated {number:x}"))
}

/// Things with commas between them.
pub(super) fn list<T: std::fmt::Display>(things: impl IntoIterator<Item = T>) -> String {
    things.into_iter().map(|thing| thing.to_string()).collect::<Vec<_>>().join(", ")
}

/// A prefix literal as a network, for other statements.
pub(super) fn net(address: IpAddr, length: u8, span: Span, resolver: &Resolver<'_>) -> Option<IpNet> {
    network(address, length, span, resolver.errors)
}
