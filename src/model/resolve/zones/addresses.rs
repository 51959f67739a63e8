//! The router's own addresses in a zone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::{WrittenAddresses, edge_address, list, shown};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Arguments, Attributes},
        network::{AddressSource, OwnAddress, Zone, ZoneId},
        resolve::Resolver,
    },
    syntax::token::{Kind, Literal, Token},
};

impl Resolver<'_> {
    /// The addresses of a zone; those of an uplink may say how long their prefix is.
    pub(super) fn written_addresses(&self, attributes: &Attributes<'_>, uplink: bool) -> WrittenAddresses {
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
                    next => match self.one_address(next, uplink, &mut found, &mut arguments) {
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

    /// An address, and for an uplink the length of its prefix.
    fn one_address(
        &self,
        next: Option<&Token>,
        uplink: bool,
        found: &mut WrittenAddresses,
        arguments: &mut Arguments<'_>,
    ) -> Option<(IpAddr, Span)> {
        let known = self.with_length(next, uplink, found);
        if known.is_none() {
            return arguments.address("an address, dhcp, pppoe or pd");
        }
        arguments.next();
        known
    }

    /// `203.0.113.2/30`: an address of an uplink, and the network that it lies in.
    fn with_length(&self, next: Option<&Token>, uplink: bool, found: &mut WrittenAddresses) -> Option<(IpAddr, Span)> {
        let Some(Token { kind: Kind::Literal(Literal::Prefix(address, length)), span }) = next else { return None };
        let net = IpNet::new(*address, *length).ok().filter(|_| uplink)?.trunc();
        if let Some(error) = edge_address(net, *address, *span) {
            self.report(
                error
                    .help("write the address that the provider gave to your router, and behind it the prefix's length"),
            );
        }
        found.links.push(net);
        Some((*address, *span))
    }

    /// `gateway 203.0.113.1, fe80::1`: the provider's routers.
    pub(super) fn gateways(&self, attributes: &Attributes<'_>, zone: &Zone, own: &WrittenAddresses) -> Vec<IpAddr> {
        let mut found: Vec<(IpAddr, Span)> = Vec::new();
        let Some(mut arguments) = attributes.get("gateway") else { return Vec::new() };
        while let Some((gateway, span)) = arguments.address("the address of the provider's router") {
            if self.is_gateway(gateway, span, zone, own, &found) {
                found.push((gateway, span));
            }
            if !arguments.comma() {
                arguments.end();
                break;
            }
        }
        found.into_iter().map(|(gateway, _)| gateway).collect()
    }

    /// Reports a gateway that the router could not ask.
    fn is_gateway(
        &self,
        gateway: IpAddr,
        span: Span,
        zone: &Zone,
        own: &WrittenAddresses,
        earlier: &[(IpAddr, Span)],
    ) -> bool {
        let family = if gateway.is_ipv4() { "IPv4" } else { "IPv6" };
        let same = |address: &IpAddr| address.is_ipv4() == gateway.is_ipv4();
        let near = matches!(gateway, IpAddr::V6(gateway) if gateway.is_unicast_link_local());
        let mut nets = own.links.iter().chain(&zone.upstream).filter(|net| same(&net.addr())).peekable();
        let error = if let Some((_, first)) = earlier.iter().find(|(other, _)| same(other)) {
            Diagnostic::error("gateway", span, format!("a second gateway for {family}"))
                .label("only one is used")
                .also(*first, "the first one")
                .help("an uplink of its own is a zone of its own")
        } else if !own.literal.iter().any(|(address, _)| same(address)) {
            Diagnostic::error("gateway", span, format!("the router has no {family} address here that is written"))
                .label("a gateway for which address?")
                .help("whoever assigns the address names the gateway too: remove it, or write the address as in `address 203.0.113.2/30`")
        } else if let Some((_, other)) = own.literal.iter().find(|(address, _)| *address == gateway) {
            Diagnostic::error("gateway", span, format!("{gateway} is the router's own address"))
                .label("cannot be its way out")
                .also(*other, "given to the router here")
                .help("the gateway is the provider's router")
        } else if near {
            return true;
        } else if nets.peek().is_none() {
            Diagnostic::error("gateway", span, "nothing says which network the gateway is in")
                .label("on the link of the router's address?")
                .help("write the length of the prefix behind the address, as in `address 203.0.113.2/30`")
        } else if !nets.any(|net| net.contains(&gateway)) {
            let nets = own.links.iter().chain(&zone.upstream).filter(|net| same(&net.addr()));
            Diagnostic::error("gateway", span, format!("{gateway} is in no network of the router's address"))
                .label("cannot be asked from here")
                .help(format!("that is {}", list(nets)))
        } else {
            return true;
        };
        self.report(error);
        false
    }

    /// The router's addresses in a zone: those written, or a stand-in for what is assigned, or the first of each network.
    pub(super) fn own_addresses(&mut self, id: ZoneId, written: WrittenAddresses) {
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
                let source = if zone.ends_ds_lite() { AddressSource::Tunnel } else { source };
                own.push(OwnAddress { address: self.stand_in_v4(id), source, span });
            }
            if !has(&own, false) {
                own.push(OwnAddress { address: stand_in_v6(id), source, span });
            }
            self.address_elsewhere(zone, &own);
        } else {
            for network in zone.networks.iter().filter(|network| !network.far) {
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
            match &mut zone.behind {
                Some(behind) => behind.addresses = own,
                None => zone.addresses = own,
            }
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
