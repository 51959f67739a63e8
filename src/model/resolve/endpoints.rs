//! `endpoint` of a peer: where a WireGuard calls it, for a server out there, or another house.

use std::net::IpAddr;

use ipnet::IpNet;

use super::Resolver;
use crate::{
    diagnostic::Diagnostic,
    model::{
        attributes::{Arguments, Attributes, dns_name},
        network::{Action, Endpoint, Place, Rule, Vpn, VpnKind, ZoneId},
        service::{Traffic, UDP},
    },
    syntax::{
        token::{Kind, Literal, Token},
        tree::Name,
    },
};

impl Resolver<'_> {
    pub(super) fn endpoint(&self, attributes: &Attributes<'_>) -> Option<Endpoint> {
        let mut arguments = attributes.get("endpoint")?;
        let what = "where it listens, in quotes, as in \"vps.example.org:51820\"";
        let Some(Token { kind: Kind::Literal(Literal::Text(_)), .. }) = arguments.peek() else {
            arguments.expected(what);
            return None;
        };
        let text = arguments.quoted()?;
        arguments.end();
        let parts = text.text.rsplit_once(':');
        let Some((host, port)) =
            parts.and_then(|(host, port)| Some((host, port.parse().ok().filter(|port| *port > 0)?)))
        else {
            let label = format!("expected {what}");
            self.report(
                Diagnostic::error("attribute-value", text.span, "this endpoint has no port")
                    .label(label)
                    .help("it is the port on which WireGuard listens there, 51820 unless you chose another"),
            );
            return None;
        };
        let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
        let known = match bare {
            Some(v6) => v6.parse().is_ok_and(|address: IpAddr| address.is_ipv6()),
            None => host.parse::<std::net::Ipv4Addr>().is_ok(),
        };
        if bare.is_some() && !known || host.contains(':') && bare.is_none() {
            self.report(
                Diagnostic::error("attribute-value", text.span, "this endpoint has no address that can be read")
                    .label("an address of IPv6 stands in brackets, as in \"[2001:db8::1]:51820\""),
            );
            return None;
        }
        if !known && !dns_name(&Name { text: host.to_owned(), span: text.span }, 1..=127, self.errors) {
            return None;
        }
        Some(Endpoint { host: bare.unwrap_or(host).to_owned(), port, span: arguments.span() })
    }

    /// Tells of a network where a peer's own address is asked for, as `AllowedIPs` of WireGuard have it in one list.
    pub(super) fn network_as_address(&self, arguments: &Arguments<'_>, zone: Option<ZoneId>) -> bool {
        let near = |net: &IpNet| {
            zone.is_some_and(|zone| {
                self.network.zone(zone).networks.iter().any(|own| !own.far && own.net.contains(net))
            })
        };
        let mut found = false;
        for token in arguments.rest() {
            let Kind::Literal(Literal::Prefix(address, length)) = &token.kind else { continue };
            let Ok(net) = IpNet::new(*address, *length) else { continue };
            let help = if net.network() != *address || net.prefix_len() == net.max_prefix_len() {
                format!("write `{address}`; the network of the tunnel stands in the zone")
            } else if near(&net) {
                "write one address of it; the network itself stands in the zone".to_owned()
            } else {
                format!("`address` is the peer's own in the tunnel: write `network {net}` for what lies behind it")
            };
            self.report(
                Diagnostic::error(
                    "attribute-value",
                    token.span,
                    format!("`{address}/{length}` is a prefix, not an address"),
                )
                .label("expected the address of the peer in the tunnel")
                .help(help),
            );
            found = true;
        }
        found
    }

    /// Reports endpoints that nothing could call, and peers of which neither side calls. To be called once the rules are
    /// resolved.
    pub(super) fn endpoints(&self) {
        for vpn in &self.network.vpns {
            let mut of = "WireGuard alone calls a peer";
            let help = match vpn.kind {
                VpnKind::Openvpn => {
                    of = "its clients call the server of an OpenVPN";
                    "remove it, or take `kind wireguard`, in which either side may call"
                }
                VpnKind::Tailscale | VpnKind::Zerotier => "remove it: the members of an overlay find each other",
                VpnKind::Wireguard => "",
            };
            for peer in &vpn.peers {
                match &peer.endpoint {
                    Some(endpoint) if vpn.kind != VpnKind::Wireguard => self.report(
                        Diagnostic::error("misplaced-attribute", endpoint.span, of).label("has no meaning here").help(help),
                    ),
                    Some(endpoint) => {
                        self.lies_outside(endpoint);
                        self.may_call(vpn, endpoint);
                    }
                    None if vpn.kind == VpnKind::Wireguard && vpn.listen.is_empty() && !self.failed_in(peer.span) => self.report(
                        Diagnostic::error("uncalled-peer", peer.span, format!("neither side calls `{}`", peer.name))
                            .label("has no `endpoint`")
                            .also(vpn.span, "listens nowhere")
                            .help("write where it is called, as in `endpoint \"vps.example.org:51820\"`, or let the VPN listen: `listen udp 51820`"),
                    ),
                    None => {}
                }
            }
        }
    }

    /// The address in the tunnel is no address by which the tunnel is opened.
    fn lies_outside(&self, endpoint: &Endpoint) {
        let Some(address) = endpoint.address() else { return };
        let Some(zone) = self.network.zone_of(address) else { return };
        let name = &self.network.zone(zone).name;
        self.report(
            Diagnostic::error("exposed-inside", endpoint.span, format!("{address} lies in zone `{name}`"))
                .label("expected the address that the peer has out there")
                .help("`address` is the one in the tunnel; `endpoint` is where its WireGuard is called from here"),
        );
    }

    /// Who ends the tunnel has to get out to the peer.
    fn may_call(&self, vpn: &Vpn, endpoint: &Endpoint) {
        let network = &self.network;
        if vpn.server.is_none() && network.router.output_open {
            return;
        }
        let who = vpn.server.map_or("router", |host| network.host(host).name.as_str());
        let sends = |rule: &&Rule| {
            rule.from.iter().any(|region| match (region.place, vpn.server) {
                (Place::Router, None) => true,
                (Place::Zone(zone), Some(host)) => {
                    !network.host(host).address_set(Some(zone)).intersect(&region.addresses).is_empty()
                }
                _ => false,
            })
        };
        let out = |rule: &&Rule| {
            rule.to.iter().any(|region| {
                matches!(region.place, Place::Zone(zone) if network.zone(zone).is_internet())
                    && endpoint.address().is_none_or(|address| region.addresses.contains(address))
            })
        };
        let port = |traffic: &Traffic| {
            let within =
                traffic.to.is_empty() || traffic.to.iter().any(|(from, to)| (*from..=*to).contains(&endpoint.port));
            traffic.protocol.is_none_or(|protocol| protocol == UDP) && within
        };
        let lets = |rule: &&Rule| rule.action == Action::Allow && !rule.expired && rule.traffic.iter().any(port);
        if network.rules.iter().filter(lets).filter(sends).any(|rule| out(&rule)) {
            return;
        }
        let whom = endpoint.address().map_or_else(|| "internet".to_owned(), |address| address.to_string());
        self.report(
            Diagnostic::error(
                "endpoint-uncalled",
                endpoint.span,
                format!("nothing lets `{who}` out to {}, so the tunnel never comes up", endpoint.written()),
            )
            .label("called here")
            .help(format!("add `allow {who} -> {whom} : udp {}`", endpoint.port)),
        );
    }
}

/// Where the relay of a router's tunnel is told of, in messages.
pub(super) fn peer_with_endpoint(peer: &str) -> String {
    format!("write where its WireGuard is called: `peer {peer} {{ …  endpoint \"vps.example.org:51820\" }}`")
}
