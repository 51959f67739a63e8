//! The networks of a zone: as written, and below a delegated prefix.

use std::net::Ipv6Addr;

use ipnet::{IpNet, Ipv6Net};

use super::Written;
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        address::AddressSet,
        attributes::{Arguments, Attributes},
        network::{Zone, ZoneId, ZoneNetwork},
        resolve::Resolver,
    },
    syntax::token::{Kind, Literal, Token},
};

impl Resolver<'_> {
    pub(super) fn networks(&self, mut arguments: Arguments<'_>) -> Vec<Written> {
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
    pub(in crate::model::resolve) fn usable_network(&self, net: IpNet, span: Span) -> bool {
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

    pub(in crate::model::resolve) fn prefixes(attributes: &Attributes<'_>, key: &str) -> Vec<(IpNet, Span)> {
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

    pub(super) fn delegated(&self, attributes: &Attributes<'_>) -> Option<(Ipv6Net, Span)> {
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

    /// Gives delegated networks their place below the uplink's prefix, or below a stand-in when that is unknown.
    pub(super) fn zone_networks(&mut self, id: ZoneId, written: Vec<Written>) {
        let mut networks = Vec::new();
        for network in written {
            match network {
                Written::Literal(net, span) => networks.push(ZoneNetwork { net, span, delegated: None, far: false }),
                Written::Far(net, span) => networks.push(ZoneNetwork { net, span, delegated: None, far: true }),
                Written::Delegated(number, span) => {
                    if let Some(net) = self.delegated_subnet(id, number, span) {
                        networks.push(ZoneNetwork { net: IpNet::V6(net), span, delegated: Some(number), far: false });
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
            let mut error = Diagnostic::error("ipv6-zone-without-prefix", span, match uplink.delegated {
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
}

/// The prefix that stands for one that the provider delegates. `3ffe::/16` was given back to IANA (RFC 3701) and is
/// routed nowhere.
fn stand_in_prefix(uplink: ZoneId) -> Ipv6Net {
    let number = u128::try_from(uplink.0).unwrap_or(0) & 0xffff;
    Ipv6Net::new_assert(Ipv6Addr::from_bits(0x3ffe_u128 << 112 | number << 80), 48)
}
