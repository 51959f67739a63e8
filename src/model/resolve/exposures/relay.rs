//! `tunnel router`: a WireGuard that the router itself opens, to a server out there which relays.

use crate::{
    diagnostic::Diagnostic,
    model::{
        attributes::{Arguments, Attributes},
        load::Space,
        network::{CatchAll, Tunnel, TunnelKind, VpnKind},
        resolve::{Resolver, endpoints::peer_with_endpoint},
    },
    syntax::{
        token::{Kind, Token},
        tree::Name,
    },
};

use super::through::sight;

impl Resolver<'_> {
    /// `router { kind relay;  peer NAME }`
    pub(super) fn tunnel_of_router(
        &mut self,
        arguments: &Arguments<'_>,
        name: &Name,
        inner: &Attributes<'_>,
        space: Space,
    ) -> Option<Tunnel> {
        let kind = inner.choice("kind", &TunnelKind::ALL);
        if kind != Some(TunnelKind::Relay) {
            let program = inner.get("kind").map(|kind| kind.attribute.key.span);
            self.report(
                Diagnostic::error("not-a-host", program.unwrap_or(name.span), "the router itself opens a tunnel to a relay, and to nobody else")
                    .label(if program.is_some() { "runs on a host" } else { "expected the name of one host, or `kind relay` between braces" })
                    .help("name the host on which the tunnel's program runs; or let the router call a server of yours by WireGuard: `tunnel router { kind relay;  peer vps }`"),
            );
            return None;
        }
        for arguments in
            ["connects", "runs-as", "seen-as", "publishes", "catch-all"].iter().filter_map(|key| inner.get(key))
        {
            let key = &arguments.attribute.key;
            let why = match key.text.as_str() {
                "connects" => "the router calls the relay at the `endpoint` of the peer",
                "publishes" | "catch-all" => {
                    "what the relay may ask for is said by rules, and by an exposure for each name"
                }
                _ => {
                    "Home Assistant sees the relay under the address of the peer, as far as the router does not hide it"
                }
            };
            self.report(
                Diagnostic::error("misplaced-attribute", key.span, why)
                    .label(format!("`{}` has no meaning here", key.text))
                    .help(if key.text == "seen-as" && arguments.rest().iter().any(is_client) {
                        "to have each client seen, declare the tunnel as an uplink of its own: `zone relay { role internet; interface wg9; … }`, and `on relay` here"
                    } else {
                        "remove it"
                    }),
            );
        }
        let Some(mut peer) = inner.get("peer") else {
            self.report(
                Diagnostic::error("missing-attribute", name.span, "the relay is a peer of a WireGuard of the router")
                    .label("needs `peer`")
                    .help("declare it: `vpn relay { kind wireguard;  peer vps { address 10.9.0.1;  endpoint \"vps.example.org:51820\" } }`, and write `peer vps` here"),
            );
            return None;
        };
        let peer_name = peer.name("the peer that relays")?;
        peer.end();
        let host = self.host_named(&peer_name, space)?;
        let span = crate::diagnostic::Span { end: name.span.end, ..arguments.span() };
        Some(Tunnel {
            host,
            by_router: true,
            span,
            kind,
            publishes: Vec::new(),
            catch_all: CatchAll::Off,
            access: inner.switch("access").unwrap_or(false),
            connects: Vec::new(),
            agent: sight(inner),
        })
    }

    /// Reports a relay that the router has no tunnel to. By now the VPNs are known.
    pub(in crate::model::resolve) fn relays(&self) {
        for exposure in &self.network.exposures {
            let Some(tunnel) = exposure.tunnel.as_ref().filter(|tunnel| tunnel.by_router) else { continue };
            if self.broken_hosts.contains(&tunnel.host) {
                continue;
            }
            let host = self.network.host(tunnel.host);
            let vpns = self.network.vpns.iter().filter(|vpn| vpn.kind == VpnKind::Wireguard && vpn.server.is_none());
            let peer = vpns.flat_map(|vpn| &vpn.peers).find(|peer| {
                peer.name == host.name && peer.addresses.iter().any(|own| host.written().any(|address| address == *own))
            });
            let (what, help) = match peer {
                Some(peer) if peer.endpoint.is_some() => continue,
                Some(peer) => ("the router does not know where to call it", peer_with_endpoint(&peer.name)),
                None => (
                    "it is no peer of a WireGuard that the router ends",
                    format!(
                        "declare it as one: `vpn ZONE {{ kind wireguard;  peer {} {{ address …;  endpoint \"vps.example.org:51820\" }} }}`",
                        host.name
                    ),
                ),
            };
            self.report(
                Diagnostic::error("no-relay", tunnel.span, format!("no tunnel of the router leads to `{}`", host.name))
                    .label(what)
                    .also(host.span, "declared here")
                    .help(help),
            );
        }
    }
}

fn is_client(token: &Token) -> bool {
    matches!(&token.kind, Kind::Word(word) if word == "client")
}
