//! `zone NAME { }`

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv6Net};

use super::Resolver;
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        address::AddressSet,
        attributes::{Arguments, Attributes, network},
        load::Space,
        network::{AddressSource, Egress, InterfaceName, OwnAddress, Role, Uplink, Zone, ZoneId, ZoneNetwork},
    },
    syntax::{
        token::{Kind, Literal, Token},
        tree::{Declaration, Name},
    },
};

const KNOWN: [&str; 13] = [
    "role",
    "interface",
    "vlan",
    "network",
    "address",
    "dhcp",
    "isolated",
    "masquerade",
    "uplink",
    "upstream",
    "delegated",
    "failover",
    "egress",
];
/// Linux allows 15 bytes (IFNAMSIZ less its terminator).
const INTERFACE_MAX: usize = 15;

/// A network as written, before the delegated prefix is known.
enum Written {
    Literal(IpNet, Span),
    Delegated(u64, Span),
}

/// How the router comes by its addresses in a zone, as written.
#[derive(Default)]
struct WrittenAddresses {
    literal: Vec<(IpAddr, Span)>,
    assigned: Option<(AddressSource, Span)>,
}

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
        let attributes = Attributes::new("zone", &tree.body, &KNOWN, &["interface", "address", "network"], self.errors);
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
            self.only_for(&attributes, &["uplink", "upstream", "delegated", "failover"], internet, "an internet zone");
            self.only_for(&attributes, &["isolated", "egress"], !internet, "a zone of your own");
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
            masquerade: attributes.switch("masquerade").unwrap_or(internet),
            uplink: attributes.choice(
                "uplink",
                &[
                    ("public", Uplink::Public),
                    ("private", Uplink::Private),
                    ("cgnat", Uplink::Cgnat),
                    ("ds-lite", Uplink::DsLite),
                ],
            ),
            upstream: upstream.into_iter().map(|(net, _)| net).collect(),
            delegated: self.delegated(&attributes),
            failover: attributes.flag("failover"),
            egress: self.egress(&attributes, space),
        };
        let own = self.written_addresses(&attributes);
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

    fn interfaces(&self, attributes: &Attributes<'_>) -> (Option<InterfaceName>, BTreeMap<String, InterfaceName>) {
        let mut general: Option<InterfaceName> = None;
        let mut special = BTreeMap::new();
        for mut arguments in attributes.all("interface") {
            let target = match (arguments.rest(), arguments.peek()) {
                ([_, _, ..], Some(Token { kind: Kind::Word(word), .. })) => {
                    if !super::router::TARGETS.contains(&word.as_str()) {
                        arguments.expected("one interface, or a target and its name for it");
                        continue;
                    }
                    arguments.next();
                    Some(word.clone())
                }
                _ => None,
            };
            let Some(name) = arguments.text() else { continue };
            arguments.end();
            self.interface_name(&name, target.as_deref());
            let found = InterfaceName { name: name.text, span: name.span };
            let earlier = match target {
                Some(target) => special.insert(target, found.clone()),
                None => general.replace(found.clone()),
            };
            if let Some(earlier) = earlier {
                self.report(
                    Diagnostic::error("repeated-attribute", found.span, "this zone has two interfaces for one router")
                        .label("the second one")
                        .also(earlier.span, "the first one")
                        .help("join them in a bridge and name that, or make two zones"),
                );
            }
        }
        (general, special)
    }

    /// What the kernel takes as the name of an interface (`dev_valid_name`), and nothing that a ruleset could misread.
    fn interface_name(&self, name: &Name, target: Option<&str>) {
        let linux = target != Some("pfsense");
        let error =
            |text: String| Diagnostic::error("bad-interface", name.span, text).label("not a name that a router takes");
        if linux && name.text.len() > INTERFACE_MAX {
            self.report(
                error(format!("`{}` is too long for an interface", name.text))
                    .help("Linux takes at most 15 characters"),
            );
        } else if name.text.is_empty() || name.text == "." || name.text == ".." || name.text == "lo" {
            self.report(
                error(format!("`{}` cannot be the interface of a zone", name.text))
                    .help("name the interface on which the zone's packets arrive, as in eth1.30"),
            );
        } else if let Some(wrong) =
            name.text.chars().find(|character| !(character.is_ascii_alphanumeric() || "-_.@+".contains(*character)))
        {
            self.report(
                error(format!("an interface cannot have `{}` in its name", wrong.escape_debug()))
                    .help("letters, digits and - _ . @ + are taken"),
            );
        }
    }

    fn networks(&self, mut arguments: Arguments<'_>) -> Vec<Written> {
        let mut found = Vec::new();
        loop {
            match arguments.peek() {
                Some(Token { kind: Kind::Word(word), span }) if word == "delegated" => {
                    arguments.next();
                    let number = match arguments.peek().map(|token| &token.kind) {
                        Some(Kind::Literal(Literal::Number(number))) => {
                            u64::from_str_radix(&number.to_string(), 16).ok()
                        }
                        Some(Kind::Literal(Literal::Hexadecimal(number))) => Some(*number),
                        Some(Kind::Word(word)) => u64::from_str_radix(word, 16).ok(),
                        _ => None,
                    };
                    match (number, arguments.peek()) {
                        (Some(number), Some(token)) => {
                            found.push(Written::Delegated(number, span.to(token.span)));
                            arguments.next();
                        }
                        (_, Some(Token { kind: Kind::Bad, .. })) => return found,
                        _ => {
                            self.report(
                                Diagnostic::error("attribute-value", *span, "`delegated` needs the number of a subnet")
                                    .label("expected a number after this")
                                    .help("write it in hexadecimal as it appears in the address: `delegated 10` is PREFIX:10::/64"),
                            );
                            return found;
                        }
                    }
                }
                Some(Token { kind: Kind::Literal(Literal::Address(address)), span }) => {
                    arguments.next();
                    self.report(
                        Diagnostic::error(
                            "attribute-value",
                            *span,
                            format!("`{address}` is one address, not a network"),
                        )
                        .label("expected a prefix such as 10.0.30.0/24")
                        .help("add the length of the prefix; the router's own address in the zone is `address`"),
                    );
                }
                _ => match arguments.prefix() {
                    Some((net, span)) => {
                        if self.usable_network(net, span) {
                            found.push(Written::Literal(net, span));
                        }
                    }
                    None => {
                        if !matches!(arguments.peek(), Some(Token { kind: Kind::Comma, .. })) {
                            return found;
                        }
                    }
                },
            }
            if !arguments.comma() {
                arguments.end();
                return found;
            }
        }
    }

    /// Reports a network that no zone can have: loopback, link-local, multicast, everything.
    fn usable_network(&self, net: IpNet, span: Span) -> bool {
        let parse = |list: &[&str]| AddressSet::nets(list.iter().filter_map(|net| net.parse().ok()));
        let set = AddressSet::net(net);
        let usable = match net {
            IpNet::V4(_) => {
                let special = parse(&["0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/3"]);
                set.intersect(&special).is_empty()
            }
            IpNet::V6(_) => parse(&["2000::/3", "fc00::/7"]).covers(&set),
        };
        if !usable {
            self.report(
                Diagnostic::error("not-a-network", span, format!("no zone can have the network {net}"))
                    .label("expected a network of hosts")
                    .help("private networks lie in 10.0.0.0/8, 172.16.0.0/12, 192.168.0.0/16 and fd00::/8"),
            );
        }
        usable
    }

    pub(super) fn prefixes(attributes: &Attributes<'_>, key: &str) -> Vec<(IpNet, Span)> {
        let mut found = Vec::new();
        for mut arguments in attributes.all(key) {
            while let Some(prefix) = arguments.prefix() {
                found.push(prefix);
                if !arguments.comma() {
                    arguments.end();
                    break;
                }
            }
        }
        found
    }

    fn delegated(&self, attributes: &Attributes<'_>) -> Option<(Ipv6Net, Span)> {
        let mut arguments = attributes.get("delegated")?;
        let (net, span) = arguments.prefix()?;
        arguments.end();
        match net {
            IpNet::V6(prefix) if (16..=64).contains(&prefix.prefix_len()) => {
                self.usable_network(net, span).then_some((prefix, span))
            }
            _ => {
                self.report(
                    Diagnostic::error("attribute-value", span, format!("`{net}` is no prefix that can be delegated"))
                        .label("expected an IPv6 prefix from /16 to /64, such as 2001:db8:1042::/56"),
                );
                None
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

    fn egress(&mut self, attributes: &Attributes<'_>, space: Space) -> Option<Egress> {
        let mut arguments = attributes.get("egress")?;
        let name = arguments.name("an internet zone")?;
        let from = if arguments.word_is("from") { Some(arguments.address("an address of that zone")?.0) } else { None };
        arguments.end();
        let zone = self.zone_named(&name, space)?;
        Some(Egress { zone, from, span: arguments.span() })
    }

    fn written_addresses(&self, attributes: &Attributes<'_>) -> WrittenAddresses {
        let mut found = WrittenAddresses::default();
        for mut arguments in attributes.all("address") {
            loop {
                match arguments.peek() {
                    Some(Token { kind: Kind::Word(word), span }) => {
                        let source = match word.as_str() {
                            "dhcp" => AddressSource::Dhcp,
                            "pppoe" => AddressSource::Pppoe,
                            "pd" => AddressSource::Delegated,
                            _ => {
                                arguments.expected("an address, dhcp, pppoe or pd");
                                break;
                            }
                        };
                        arguments.next();
                        if let Some((_, earlier)) = found.assigned.replace((source, *span)) {
                            self.report(
                                Diagnostic::error("attribute-value", *span, "an address is assigned in one way")
                                    .label("a second way")
                                    .also(earlier, "the first one")
                                    .help("keep one of dhcp, pppoe and pd"),
                            );
                        }
                    }
                    _ => match arguments.address("an address, dhcp, pppoe or pd") {
                        Some((address, span)) => match found.literal.iter().find(|(other, _)| *other == address) {
                            Some((_, earlier)) => self.report(
                                Diagnostic::error("duplicate-address", span, format!("{address} is given twice"))
                                    .label("once is enough")
                                    .also(*earlier, "given first here"),
                            ),
                            None => found.literal.push((address, span)),
                        },
                        None => break,
                    },
                }
                if !arguments.comma() {
                    arguments.end();
                    break;
                }
            }
        }
        found
    }

    /// Gives delegated networks their place below the uplink's prefix, or below a stand-in when that is unknown.
    fn zone_networks(&mut self, id: ZoneId, written: Vec<Written>) {
        let mut networks = Vec::new();
        for network in written {
            match network {
                Written::Literal(net, span) => networks.push(ZoneNetwork { net, span, delegated: None }),
                Written::Delegated(number, span) => {
                    if let Some(net) = self.delegated_subnet(id, number, span) {
                        networks.push(ZoneNetwork { net: IpNet::V6(net), span, delegated: Some(number) });
                    }
                }
            }
        }
        if let Some(zone) = self.network.zones.get_mut(id.0) {
            zone.networks = networks;
        }
    }

    fn delegated_subnet(&self, id: ZoneId, number: u64, span: Span) -> Option<Ipv6Net> {
        let uplink = self.delegating(id);
        let Some((uplink_id, uplink)) = uplink else {
            if self.broken_zones.is_empty() {
                self.report(
                    Diagnostic::error("no-uplink", span, "no internet zone could delegate a prefix")
                        .label("below which prefix?")
                        .help("declare a zone with `role internet`"),
                );
            }
            return None;
        };
        let base = uplink.delegated.map_or_else(|| stand_in_prefix(uplink_id), |(net, _)| net);
        let bits = 64 - u32::from(base.prefix_len());
        if bits < 64 && number >> bits != 0 {
            let mut error = Diagnostic::error("no-such-subnet", span, match uplink.delegated {
                Some(_) => format!("subnet {number:x} does not fit into {base}"),
                None => format!("no provider delegates a subnet {number:x}"),
            })
                .label(format!("a /{} has the subnets 0 to {:x}", base.prefix_len(), (1_u128 << bits) - 1))
                .help("the number is hexadecimal, as it appears in the address; ask the provider for a shorter prefix if there are too few");
            if let Some((_, place)) = uplink.delegated {
                error = error.also(place, "this prefix is delegated");
            }
            self.report(error);
            return None;
        }
        Ipv6Net::new(Ipv6Addr::from_bits(base.network().to_bits() | u128::from(number) << 64), 64).ok()
    }

    /// The uplink whose prefix a zone gets a part of: its egress, or the first that says what is delegated, or the first.
    fn delegating(&self, id: ZoneId) -> Option<(ZoneId, &Zone)> {
        let egress = self.network.zones.get(id.0).and_then(|zone| zone.egress.as_ref()).map(|egress| egress.zone);
        let internet = || self.network.zone_ids().filter(|(_, zone)| zone.is_internet());
        internet()
            .find(|(id, _)| Some(*id) == egress)
            .or_else(|| internet().find(|(_, zone)| zone.delegated.is_some()))
            .or_else(|| internet().next())
    }

    /// The router's addresses in a zone: those written, or a stand-in for what is assigned, or the first of each network.
    fn own_addresses(&mut self, id: ZoneId, written: WrittenAddresses) {
        let Some(zone) = self.network.zones.get(id.0) else { return };
        let mut own: Vec<OwnAddress> = written
            .literal
            .iter()
            .map(|(address, span)| OwnAddress { address: *address, source: AddressSource::Written, span: *span })
            .collect();
        let assigned = written.assigned;
        if zone.is_internet() {
            let (source, span) = assigned.unwrap_or((AddressSource::Dhcp, zone.span));
            let has = |own: &[OwnAddress], v4: bool| own.iter().any(|own| own.address.is_ipv4() == v4);
            if !has(&own, true) && source != AddressSource::Delegated {
                own.push(OwnAddress { address: self.stand_in_v4(id), source, span });
            }
            if !has(&own, false) {
                own.push(OwnAddress { address: stand_in_v6(id), source, span });
            }
            self.address_elsewhere(zone, &own);
        } else {
            for network in &zone.networks {
                let covered = own.iter().any(|own| network.net.contains(&own.address));
                if !covered {
                    let source =
                        if network.delegated.is_some() { AddressSource::Delegated } else { AddressSource::Default };
                    own.extend(first_address(network.net).map(|address| OwnAddress {
                        address,
                        source,
                        span: network.span,
                    }));
                }
            }
            if self.broken_zones.contains(&id) {
                // What is wrong has been told.
            } else if let Some((_, span)) = assigned.filter(|(source, _)| {
                *source == AddressSource::Delegated && zone.networks.iter().all(|network| network.delegated.is_none())
            }) {
                self.report(
                    Diagnostic::error(
                        "attribute-value",
                        span,
                        format!("zone `{}` has no network below a delegated prefix", zone.name),
                    )
                    .label("an address of which network?")
                    .help("add `network delegated N`, or leave `pd` out"),
                );
            } else if let Some((source, span)) = assigned.filter(|(source, _)| *source != AddressSource::Delegated) {
                self.report(
                    Diagnostic::error(
                        "attribute-value",
                        span,
                        format!("the router serves zone `{}`, so nobody gives it an address there", zone.name),
                    )
                    .label(format!(
                        "`{}` belongs to an internet zone",
                        if source == AddressSource::Dhcp { "dhcp" } else { "pppoe" }
                    ))
                    .help("write the router's address in the zone, or leave it out for the first one of each network"),
                );
            }
            for own in own.iter().filter(|own| own.source == AddressSource::Written) {
                match zone.networks.iter().find(|network| network.net.contains(&own.address)) {
                    Some(network) => {
                        if let Some(error) = edge_address(network.net, own.address, own.span) {
                            self.report(
                                error
                                    .help("the router has the first address of the network if you leave `address` out"),
                            );
                        }
                    }
                    None if self.broken_zones.contains(&id) => {}
                    None => self.report(
                        Diagnostic::error(
                            "host-outside-zone",
                            own.span,
                            format!("{} is in no network of zone `{}`", own.address, zone.name),
                        )
                        .label("the router's address in the zone")
                        .help(format!("the networks of the zone are {}", list(zone.networks.iter().map(shown)))),
                    ),
                }
            }
        }
        if let Some(zone) = self.network.zones.get_mut(id.0) {
            zone.addresses = own;
        }
    }

    /// Reports an address towards the internet that lies in a zone of the policy's own.
    fn address_elsewhere(&self, zone: &Zone, own: &[OwnAddress]) {
        for own in own.iter().filter(|own| own.source == AddressSource::Written) {
            if let Some(other) = self.network.zone_of(own.address) {
                let other = self.network.zone(other);
                self.report(
                    Diagnostic::error(
                        "host-outside-zone",
                        own.span,
                        format!("{} lies in zone `{}`, not beyond `{}`", own.address, other.name, zone.name),
                    )
                    .label(format!("the router's address in `{}`", zone.name))
                    .also(other.span, "the zone whose network has it")
                    .help("an address has to belong to one zone: correct the address, or the network"),
                );
            }
        }
    }

    /// An IPv4 address that nothing in the policy speaks of, from the documentation ranges (RFC 5737).
    fn stand_in_v4(&self, id: ZoneId) -> IpAddr {
        let candidates = [[192, 0, 2], [198, 51, 100], [203, 0, 113]]
            .into_iter()
            .flat_map(|[a, b, c]| (1..255).map(move |d| Ipv4Addr::new(a, b, c, d)));
        candidates
            .filter(|address| !self.spoken.contains(u128::from(address.to_bits())))
            .nth(id.0)
            .map_or(IpAddr::V4(Ipv4Addr::new(192, 0, 2, 1)), IpAddr::V4)
    }
}

/// The prefix that stands for one that the provider delegates. `3ffe::/16` was given back to IANA (RFC 3701) and is
/// routed nowhere.
fn stand_in_prefix(uplink: ZoneId) -> Ipv6Net {
    let number = u128::try_from(uplink.0).unwrap_or(0) & 0xffff;
    Ipv6Net::new_assert(Ipv6Addr::from_bits(0x3ffe_u128 << 112 | number << 80), 48)
}

fn stand_in_v6(id: ZoneId) -> IpAddr {
    let number = u128::try_from(id.0).unwrap_or(0) & 0xffff;
    IpAddr::V6(Ipv6Addr::from_bits(0x3ffe_ffff_u128 << 96 | number << 80 | 1))
}

fn first_address(net: IpNet) -> Option<IpAddr> {
    match net {
        IpNet::V4(net) => net.hosts().next().map(IpAddr::V4),
        IpNet::V6(net) => {
            Some(IpAddr::V6(Ipv6Addr::from_bits(net.network().to_bits() | u128::from(net.prefix_len() < 128))))
        }
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
