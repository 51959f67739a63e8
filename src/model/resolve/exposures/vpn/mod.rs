//! `vpn`

mod dead_ends;
mod offers;

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Arguments, Attributes},
        load::Space,
        network::{HostId, Role, Vpn, VpnKind},
        resolve::Resolver,
        service::{TCP, Traffic, UDP},
    },
    syntax::{self, tree},
};

impl Resolver<'_> {
    pub(in crate::model::resolve) fn vpn(&mut self, tree: &tree::Declaration, span: Span, space: Space) {
        let attributes = Attributes::new("vpn", &tree.body, self.errors);
        let zone = self.zone_named(&tree.name, space);
        let kinds = [
            ("wireguard", VpnKind::Wireguard),
            ("openvpn", VpnKind::Openvpn),
            ("tailscale", VpnKind::Tailscale),
            ("zerotier", VpnKind::Zerotier),
        ];
        let kind = attributes.choice("kind", &kinds);
        if attributes.lacks("kind") {
            self.report(
                Diagnostic::error("missing-attribute", tree.name.span, "this VPN has no kind")
                    .label("needs `kind`")
                    .help("write `kind wireguard`, `openvpn`, `tailscale` or `zerotier`"),
            );
        }
        let listen = self.listen(&attributes, space);
        let on = self.uplinks(&attributes, space);
        let server = attributes.get("server").and_then(|mut arguments| {
            if arguments.word_is("router") {
                arguments.end();
                return None;
            }
            let name = arguments.name("`router` or a host")?;
            arguments.end();
            self.host_named(&name, space)
        });
        let auth = attributes.get("auth").map(|arguments| arguments.attribute.key.span);
        let radius = attributes.get("auth").and_then(|mut arguments| self.auth(&mut arguments, space));
        let peers = self.peers_of(tree);
        let full_tunnel = attributes.choice("tunnel", &[("split", false), ("full", true)]).unwrap_or(false);
        let resolver = self.resolver(&attributes, space);
        let ipv6 = attributes.switch("ipv6").zip(attributes.get("ipv6").map(|found| found.span()));
        let overlay = self.overlay(&attributes, kind, space);
        let addon = self.addon(&attributes, server);
        let hides_clients = self.hides_clients(&attributes, server);
        let (Some(zone), Some(kind)) = (zone, kind) else { return };
        let role = self.network.zone(zone).role;
        if role == Role::Internet && !self.broken_zones.contains(&zone) {
            self.report(
                Diagnostic::error(
                    "not-a-vpn-zone",
                    tree.name.span,
                    format!("zone `{}` has the role {}", tree.name.text, role.name()),
                )
                .label("expected the zone that the VPN's clients are in")
                .also(self.network.zone(zone).span, "declared here")
                .help("write `role vpn` there, or declare a zone of its own for the clients"),
            );
            return;
        }
        if let Some(first) = self.network.vpns.iter().find(|vpn| vpn.zone == zone) {
            self.report(
                Diagnostic::error("second-vpn", tree.name.span, format!("zone `{}` has two VPNs", tree.name.text))
                    .label("a second one")
                    .also(first.span, "the first one")
                    .help("the clients of each VPN need a zone of their own"),
            );
            return;
        }
        if let Some(span) = auth.as_ref().filter(|_| kind != VpnKind::Openvpn) {
            self.report(
                Diagnostic::error("misplaced-attribute", *span, "`auth` belongs to `kind openvpn`")
                    .label("has no meaning here")
                    .help(
                        "WireGuard knows its peers by their keys, Tailscale and ZeroTier by their accounts; remove it",
                    ),
            );
        }
        self.listens_so(kind, &listen, &attributes, span);
        self.listens_twice(kind, &listen, &attributes);
        // A peer that failed may be one that is called.
        let failed = attributes.all("peer").any(|peer| self.failed_in(peer.span()));
        let calls = failed || peers.iter().any(|peer| peer.endpoint.is_some());
        if listen.is_empty() && !kind.is_overlay() && attributes.lacks("listen") && !calls {
            self.report(
                Diagnostic::error("missing-attribute", tree.name.span, "this VPN listens nowhere")
                    .label("needs `listen`")
                    .help(if kind == VpnKind::Wireguard {
                        "write `listen udp 51820`; or, where the router calls the peers, the `endpoint` of each"
                    } else {
                        "write `listen udp 1194`"
                    }),
            );
        }
        if server.is_some_and(|host| !self.leads_to_server(host, &listen, &attributes, span)) {
            return;
        }
        self.network.vpns.push(Vpn {
            zone,
            span: self.head(span),
            kind,
            listen,
            on,
            server,
            on_span: attributes.get("on").map(|arguments| arguments.span()),
            full_tunnel,
            radius,
            auth_span: auth,
            peers,
            addon,
            hides_clients,
            resolver,
            ipv6,
            overlay,
        });
    }

    /// Reports a protocol that the program does not speak.
    fn listens_so(&self, kind: VpnKind, listen: &[Traffic], attributes: &Attributes<'_>, span: Span) {
        let wrong = |traffic: &&Traffic| match kind {
            VpnKind::Openvpn => !matches!(traffic.protocol, Some(TCP | UDP)),
            _ => traffic.protocol != Some(UDP),
        };
        if let Some(traffic) = listen.iter().find(wrong) {
            self.report(
                Diagnostic::error(
                    "attribute-value",
                    attributes.get("listen").map_or(span, |arguments| arguments.span()),
                    format!("this VPN cannot listen on {traffic}"),
                )
                .label(if kind == VpnKind::Openvpn { "expected udp or tcp" } else { "expected udp" })
                .help(if kind == VpnKind::Wireguard {
                    "WireGuard speaks UDP only: write `listen udp 51820`"
                } else {
                    "write `listen udp 1194`"
                }),
            );
        }
    }

    /// Reports ports of a WireGuard beyond the first: its interface has one, and who asked on another would get no answer.
    fn listens_twice(&self, kind: VpnKind, listen: &[Traffic], attributes: &Attributes<'_>) {
        let mut all = attributes.all("listen").map(|arguments| arguments.span());
        let (Some(first), false) = (all.next(), listen.len() < 2 || kind != VpnKind::Wireguard) else { return };
        let second = all.next().unwrap_or(first);
        self.report(
            Diagnostic::error("second-port", second, "a WireGuard listens on one port")
                .label("nobody would answer here")
                .also(first, "the port of its interface")
                .help("keep one of them: udp 443 gets out of most networks; OpenVPN takes several, each with a process of its own"),
        );
    }

    /// Reports a server that no router could forward the tunnel to.
    fn leads_to_server(&self, host: HostId, listen: &[Traffic], attributes: &Attributes<'_>, span: Span) -> bool {
        if !listen.is_empty() && self.network.host(host).addresses.is_empty() {
            if !self.broken_hosts.contains(&host) {
                let name = &self.network.host(host).name;
                self.report(
                    Diagnostic::error(
                        "host-without-address",
                        attributes.get("server").map_or(span, |arguments| arguments.span()),
                        format!("host `{name}` has no address, so the tunnel cannot be forwarded to it"),
                    )
                    .label("which address?")
                    .also(self.network.host(host).span, "declared without `address` or `suffix`")
                    .help("reserve an address for it on the router and write it here"),
                );
            }
            return false;
        }
        if self.network.host(host).zones.iter().any(|zone| self.network.zone(*zone).is_internet()) {
            let name = &self.network.host(host).name;
            self.report(
                Diagnostic::error("exposed-outside", span, format!("host `{name}` is in the internet already"))
                    .label("no router could forward the tunnel to it"),
            );
            return false;
        }
        true
    }

    fn listen(&mut self, attributes: &Attributes<'_>, space: Space) -> Vec<Traffic> {
        let mut found = Vec::new();
        for arguments in attributes.all("listen") {
            arguments.no_body();
            if arguments.rest().is_empty() {
                arguments.expected("a protocol and a port such as udp 51820");
                continue;
            }
            match syntax::items(arguments.rest(), self.source_text(arguments.span())) {
                Ok(items) => {
                    let traffic = self.traffic(&items, space);
                    if traffic.iter().any(|traffic| traffic.single_port().is_none()) {
                        self.report(
                            Diagnostic::error("attribute-value", arguments.span(), "a VPN listens on single ports")
                                .label("expected a protocol and a port such as udp 51820")
                                .help("repeat `listen` for each port"),
                        );
                    } else {
                        found.extend(traffic);
                    }
                }
                Err(error) => self.report(*error),
            }
        }
        found
    }

    fn auth(&mut self, arguments: &mut Arguments<'_>, space: Space) -> Option<HostId> {
        if arguments.word_is("certificate") {
            arguments.end();
            return None;
        }
        if arguments.word_is("radius") {
            let name = arguments.name("the host of the RADIUS server")?;
            arguments.end();
            return self.host_named(&name, space);
        }
        arguments.expected("`certificate` or `radius HOST`");
        None
    }
}
