//! What opens the network to the outside: `expose`, `vpn`, `redirect`, `reflect`, `home-assistant`.

use std::net::IpAddr;

use super::{
    Resolver,
    zones::{edge_address, list, shown},
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Arguments, Attributes, dns_name},
        load::Space,
        network::{
            Exposure, HomeAssistant, HostId, Options, Peer, Place, Redirect, Reflector, Region, Role, Through, Tls,
            Vpn, VpnKind, ZoneId,
        },
        service::{Discovery, ICMP, ICMPV6, TCP, Traffic, UDP},
    },
    packet::Family,
    syntax::{
        self,
        token::{Kind, Literal, Token},
        tree,
    },
};

/// How people call what must not stand in a policy.
const SECRETS: [&str; 6] = ["private-key", "privatekey", "preshared-key", "presharedkey", "psk", "secret"];
const EXPOSE: [&str; 9] = ["from", "on", "port", "through", "tunnel", "name", "tls", "hairpin", "ipv6"];

impl Resolver<'_> {
    pub(super) fn expose(&mut self, tree: &tree::Expose, span: Span, space: Space) {
        let options = self.options("expose", &tree.body, &EXPOSE, space);
        // `options` has reported what is unknown or repeated.
        let attributes = Attributes::checked(&tree.body, self.errors);
        let host = self.host_named(&tree.host, space);
        let service = self.traffic(&tree.services, space);
        let from = attributes.get("from").map(|arguments| self.exposed_from(arguments, space));
        let from_anywhere = from.is_none()
            || attributes.get("from").is_some_and(
                |arguments| matches!(arguments.rest(), [Token { kind: Kind::Word(word), .. }] if word == "internet"),
            );
        let from = from.unwrap_or_else(|| Some(self.internet_regions()));
        let on = self.uplinks(&attributes, space);
        let port = attributes.get("port").and_then(|mut arguments| {
            let (port, span) = arguments.number("a port from 1 to 65535", 1..=65535)?;
            arguments.end();
            Some((u16::try_from(port).ok()?, span))
        });
        let through = attributes.get("through").and_then(|arguments| self.through(arguments, space));
        let tunnel = attributes.get("tunnel").and_then(|mut arguments| {
            let name = arguments.name("the host that opens the tunnel")?;
            arguments.end();
            self.host_named(&name, space)
        });
        let (Some(host), Some(from)) = (host, from) else { return };
        if service.is_empty() {
            return;
        }
        let expired = self.expired(&options);
        let exposure = Exposure {
            span,
            host,
            service,
            service_text: tree.services.iter().map(|item| self.text(item.span)).collect::<Vec<_>>().join(", "),
            from,
            from_anywhere,
            on,
            port,
            through,
            tunnel,
            name: attributes.text("name").filter(|name| dns_name(name, 2..=127, self.errors)).map(|name| name.text),
            tls: attributes.get("tls").and_then(tls),
            hairpin: attributes.switch("hairpin").unwrap_or(true),
            ipv6: attributes.switch("ipv6"),
            options,
            expired,
        };
        self.tunnel_attributes(&attributes, &exposure);
        if self.exposable(&exposure, &tree.host.span) {
            self.network.exposures.push(Exposure { span: self.head(span), ..exposure });
        }
    }

    /// Reports what has no meaning where no port is open.
    fn tunnel_attributes(&self, attributes: &Attributes<'_>, exposure: &Exposure) {
        let Some(tunnel) = attributes.get("tunnel") else { return };
        let without = ["port", "through", "from", "on", "ipv6", "hairpin", "limit", "during", "log"];
        for arguments in without.iter().filter_map(|key| attributes.get(key)) {
            let key = &arguments.attribute.key;
            self.report(
                Diagnostic::error("tunnel-with-port", key.span, "a tunnel has no inbound port")
                    .label(format!("`{}` has no meaning here", key.text))
                    .also(tunnel.span(), "goes out through a tunnel")
                    .help(
                        "remove it: the tunnel's host opens the connection by itself, its provider says who may come",
                    ),
            );
        }
        if let Some(arguments) = attributes.get("tls")
            && matches!(exposure.tls, Some(Tls::Http01 | Tls::Alpn01))
        {
            self.report(
                Diagnostic::error("tunnel-with-port", arguments.span(), "a tunnel has no inbound port")
                    .label("this challenge comes in on port 80 or 443")
                    .also(tunnel.span(), "goes out through a tunnel")
                    .help("the tunnel's provider has the certificate; or prove the name with `tls letsencrypt dns-01`"),
            );
        }
        if let Some(host) = exposure.tunnel.map(|id| self.network.host(id))
            && host.addresses.is_empty()
            && exposure.tunnel.is_some_and(|id| !self.broken_hosts.contains(&id))
        {
            self.report(
                Diagnostic::error(
                    "host-without-address",
                    tunnel.span(),
                    format!("host `{}` has no address, so its tunnel cannot be let out", host.name),
                )
                .label("which address?")
                .also(host.span, "declared without `address` or `suffix`")
                .help("reserve an address for it on the router and write it here"),
            );
        }
    }

    /// Reports what no router could forward.
    fn exposable(&self, exposure: &Exposure, host_span: &Span) -> bool {
        let before = self.errors.borrow().len();
        let target = exposure.through.as_ref().map_or(exposure.host, |through| through.host);
        let place = exposure.through.as_ref().map_or(*host_span, |through| through.span);
        let host = self.network.host(target);
        if host.addresses.is_empty() && self.broken_hosts.contains(&target) {
            return false;
        }
        if host.addresses.is_empty() && exposure.tunnel.is_none() {
            self.report(
                Diagnostic::error(
                    "host-without-address",
                    place,
                    format!("host `{}` has no address, so nothing can be forwarded to it", host.name),
                )
                .label("which address?")
                .also(host.span, "declared without `address` or `suffix`")
                .help("reserve an address for it on the router and write it here"),
            );
        }
        if host.zones.iter().any(|zone| self.network.zone(*zone).is_internet()) {
            self.report(
                Diagnostic::error("exposed-outside", place, format!("host `{}` is in the internet already", host.name))
                    .label("nothing to expose")
                    .help("name a host of a zone of your own"),
            );
        }
        if exposure.on.is_empty()
            && exposure.tunnel.is_none()
            && self.broken_zones.is_empty()
            && !self.failed_in(exposure.span)
        {
            self.report(
                Diagnostic::error("no-uplink", exposure.span, "no internet zone could take the forward")
                    .label("reachable from where?")
                    .help("declare a zone with `role internet`"),
            );
        }
        if exposure.ipv6 == Some(true)
            && exposure.tunnel.is_none()
            && !host.addresses.is_empty()
            && host.address(Family::V6).is_none()
        {
            self.report(
                Diagnostic::error(
                    "host-without-address",
                    place,
                    format!("host `{}` has no IPv6 address, so `ipv6 on` opens nothing", host.name),
                )
                .label("which IPv6 address?")
                .also(host.span, "declared without one")
                .help("give it a `suffix` or an IPv6 `address`, or remove `ipv6 on`"),
            );
        }
        let public = exposure.through.as_ref().map_or(&exposure.service, |through| &through.service);
        if exposure.port.is_some() && !matches!(public.as_slice(), [one] if one.single_port().is_some()) {
            self.report(
                Diagnostic::error(
                    "port-of-many",
                    exposure.port.map_or(exposure.span, |(_, span)| span),
                    "a public port needs a service of one port behind it",
                )
                .label("which of the service's ports?")
                .note(format!("the service is {}", super::zones::list(public)))
                .help("expose each port by a statement of its own"),
            );
        }
        if public.iter().any(|traffic| traffic.protocol.is_none() || traffic.has_ports() && traffic.to.is_empty()) {
            self.report(
                Diagnostic::error("expose-everything", exposure.span, "this would forward everything to one host")
                    .label("every port")
                    .help("name the services that shall be reachable"),
            );
        }
        if public.iter().any(|traffic| matches!(traffic.protocol, Some(ICMP | ICMPV6))) {
            self.report(
                Diagnostic::error("expose-icmp", exposure.span, "ICMP cannot be forwarded to a host")
                    .label("this service holds ICMP")
                    .help("to let the router answer pings write `allow internet -> router : ping`"),
            );
        }
        if public.iter().any(|traffic| !traffic.from.is_empty()) {
            self.report(
                Diagnostic::error("expose-source-port", exposure.span, "a forward cannot depend on source ports")
                    .label("this service names source ports")
                    .help("write the ports without `from`"),
            );
        }
        self.errors.borrow().len() == before
    }

    /// The whole internet by every uplink.
    pub(super) fn internet_regions(&self) -> Vec<Region> {
        self.network
            .zone_ids()
            .filter(|(_, zone)| zone.is_internet())
            .map(|(id, _)| Region { place: Place::Zone(id), addresses: self.internet.clone(), whole: false })
            .collect()
    }

    pub(super) fn is_outside(&self, region: &Region) -> bool {
        matches!(region.place, Place::Zone(id) if self.network.zone(id).is_internet())
    }

    fn exposed_from(&mut self, arguments: Arguments<'_>, space: Space) -> Option<Vec<Region>> {
        if arguments.rest().is_empty() {
            arguments.expected("zones or ranges");
            return None;
        }
        arguments.no_body();
        match syntax::side(arguments.rest(), self.source_text(arguments.span())) {
            Ok(side) => {
                let regions = self.filled_side(&side, space)?;
                if let Some(inside) = regions.iter().find(|region| !self.is_outside(region)) {
                    self.report(
                        Diagnostic::error(
                            "exposed-inside",
                            side.span,
                            format!("an exposure is for the internet, not for {}", self.place_name(inside.place)),
                        )
                        .label("lies inside")
                        .help("let a zone of your own in with `allow ZONE -> HOST : SERVICE`"),
                    );
                    return None;
                }
                Some(regions)
            }
            Err(error) => {
                self.report(*error);
                None
            }
        }
    }

    /// The internet zones that `on` names, or all of them.
    fn uplinks(&mut self, attributes: &Attributes<'_>, space: Space) -> Vec<ZoneId> {
        let all: Vec<ZoneId> =
            self.network.zone_ids().filter(|(_, zone)| zone.is_internet()).map(|(id, _)| id).collect();
        let Some(mut arguments) = attributes.get("on") else { return all };
        let mut found = Vec::new();
        for name in arguments.names("an internet zone") {
            let Some(zone) = self.zone_named(&name, space) else { continue };
            if found.contains(&zone) {
                self.report(
                    Diagnostic::error("repeated-attribute", name.span, format!("zone `{}` is named twice", name.text))
                        .label("once is enough"),
                );
            } else if all.contains(&zone) {
                found.push(zone);
            } else if !self.broken_zones.contains(&zone) {
                self.report(
                    Diagnostic::error("not-an-uplink", name.span, format!("zone `{}` is no internet zone", name.text))
                        .label("expected a zone with `role internet`"),
                );
            }
        }
        found
    }

    fn through(&mut self, mut arguments: Arguments<'_>, space: Space) -> Option<Through> {
        let name = arguments.name("the host of the reverse proxy")?;
        let host = self.host_named(&name, space);
        let service = match arguments.peek() {
            Some(Token { kind: Kind::Colon, .. }) => {
                arguments.next();
                arguments.no_body();
                if arguments.rest().is_empty() {
                    arguments.expected("the service on which the proxy listens");
                    return None;
                }
                match syntax::items(arguments.rest(), self.source_text(name.span)) {
                    Ok(items) => self.traffic(&items, space),
                    Err(error) => {
                        self.report(*error);
                        return None;
                    }
                }
            }
            _ => {
                arguments.end();
                vec![Traffic::ports(TCP, 443, 443)]
            }
        };
        Some(Through { host: host?, service, span: name.span })
    }

    pub(super) fn vpn(&mut self, tree: &tree::Declaration, span: Span, space: Space) {
        let known = ["kind", "listen", "on", "peer", "tunnel", "auth", "server"];
        let attributes = Attributes::new("vpn", &tree.body, &known, &["peer", "listen"], self.errors);
        let zone = self.zone_named(&tree.name, space);
        let kinds =
            [("wireguard", VpnKind::Wireguard), ("openvpn", VpnKind::Openvpn), ("tailscale", VpnKind::Tailscale)];
        let kind = attributes.choice("kind", &kinds);
        if attributes.lacks("kind") {
            self.report(
                Diagnostic::error("missing-attribute", tree.name.span, "this VPN has no kind")
                    .label("needs `kind`")
                    .help("write `kind wireguard`, `openvpn` or `tailscale`"),
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
        let peers: Vec<Peer> = attributes.all("peer").filter_map(|arguments| self.peer(arguments, zone)).collect();
        self.peers_twice(&peers);
        let full_tunnel = attributes.choice("tunnel", &[("split", false), ("full", true)]).unwrap_or(false);
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
                    .help("WireGuard knows its peers by their keys, Tailscale by their accounts; remove it"),
            );
        }
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
        if listen.is_empty() && kind != VpnKind::Tailscale && attributes.lacks("listen") {
            self.report(
                Diagnostic::error("missing-attribute", tree.name.span, "this VPN listens nowhere")
                    .label("needs `listen`")
                    .help(if kind == VpnKind::Wireguard {
                        "write `listen udp 51820`"
                    } else {
                        "write `listen udp 1194`"
                    }),
            );
        }
        if let Some(host) = server
            && !listen.is_empty()
            && self.network.host(host).addresses.is_empty()
        {
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
            return;
        }
        if let Some(host) = server
            && self.network.host(host).zones.iter().any(|zone| self.network.zone(*zone).is_internet())
        {
            let name = &self.network.host(host).name;
            self.report(
                Diagnostic::error("exposed-outside", span, format!("host `{name}` is in the internet already"))
                    .label("no router could forward the tunnel to it"),
            );
            return;
        }
        self.network.vpns.push(Vpn {
            zone,
            span: self.head(span),
            kind,
            listen,
            on,
            server,
            full_tunnel,
            radius,
            peers,
        });
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

    fn peer(&self, mut arguments: Arguments<'_>, zone: Option<ZoneId>) -> Option<Peer> {
        let name = arguments.name("a name for the peer")?;
        arguments.end();
        let empty = tree::Body::default();
        let body = arguments.attribute.body.as_ref().unwrap_or(&empty);
        if let Some(secret) = body.attributes.iter().find(|attribute| SECRETS.contains(&attribute.key.text.as_str())) {
            self.report(private_key(secret.key.span));
            return None;
        }
        let attributes = Attributes::new("peer", body, &["address", "key"], &[], self.errors);
        let mut addresses: Vec<IpAddr> = Vec::new();
        if let Some(mut arguments) = attributes.get("address") {
            while let Some((address, span)) = arguments.address("the address of the peer in the tunnel") {
                if self.peer_address(address, span, zone) {
                    addresses.push(address);
                }
                if !arguments.comma() {
                    arguments.end();
                    break;
                }
            }
        }
        let key = attributes.get("key").and_then(|mut arguments| {
            let Some(Token { kind: Kind::Literal(Literal::Text(_)), .. }) = arguments.peek() else {
                arguments.expected("the public key in quotes");
                return None;
            };
            let key = arguments.quoted()?;
            arguments.end();
            if !public_key(&key.text) {
                self.report(private_key(key.span));
            }
            Some(key.text)
        });
        Some(Peer { name: name.text, addresses, key, span: arguments.span() })
    }

    /// Reports an address that no peer of the zone can have.
    fn peer_address(&self, address: IpAddr, span: Span, zone: Option<ZoneId>) -> bool {
        let Some(id) = zone.filter(|id| !self.broken_zones.contains(id)) else { return true };
        let zone = self.network.zone(id);
        if zone.networks.is_empty() {
            return true;
        }
        let error = if let Some(own) = zone.addresses.iter().find(|own| own.address == address) {
            Diagnostic::error(
                "router-address",
                span,
                format!("{address} is the router's own address in `{}`", zone.name),
            )
            .label("the address of the peer")
            .also(own.span, "the router's address follows from this")
            .help("give the peer another address")
        } else if let Some(network) = zone.networks.iter().find(|network| network.net.contains(&address)) {
            match edge_address(network.net, address, span) {
                Some(error) => error.help("give the peer another address"),
                None => return true,
            }
        } else {
            Diagnostic::error("host-outside-zone", span, format!("{address} is in no network of zone `{}`", zone.name))
                .label("the address of the peer")
                .help(format!("the networks of the zone are {}", list(zone.networks.iter().map(shown))))
        };
        self.report(error);
        false
    }

    fn peers_twice(&self, peers: &[Peer]) {
        for (index, peer) in peers.iter().enumerate() {
            for other in peers.iter().take(index) {
                let shared = peer.addresses.iter().find(|address| other.addresses.contains(address));
                let text = if peer.name == other.name {
                    format!("peer `{}` is given twice", peer.name)
                } else if let Some(address) = shared {
                    format!("peers `{}` and `{}` both have {address}", other.name, peer.name)
                } else if peer.key.is_some() && peer.key == other.key {
                    format!("peers `{}` and `{}` have one key", other.name, peer.name)
                } else {
                    continue;
                };
                self.report(
                    Diagnostic::error("duplicate-peer", peer.span, text)
                        .label("the second one")
                        .also(other.span, "the first one")
                        .help("every device needs a name, a key and an address of its own"),
                );
            }
        }
    }

    pub(super) fn redirect(&mut self, tree: &tree::Redirect, span: Span, space: Space) {
        let attributes = Attributes::new("redirect", &tree.options, &["because", "owner"], &[], self.errors);
        let options = Options {
            because: attributes.quoted("because").map(|text| text.text),
            owner: attributes.quoted("owner").map(|text| text.text),
            ..Options::default()
        };
        let from = self.filled_side(&tree.from, space);
        let traffic = self.traffic(&tree.services, space);
        let to = if tree.to.text == "router" { None } else { Some(self.host_named(&tree.to, space)) };
        let (Some(from), false) = (from, traffic.is_empty()) else { return };
        let to = match to {
            None => None,
            Some(None) => return,
            Some(Some(host)) if self.network.host(host).addresses.is_empty() => {
                if self.broken_hosts.contains(&host) {
                    return;
                }
                self.report(
                    Diagnostic::error(
                        "host-without-address",
                        tree.to.span,
                        format!("host `{}` has no address, so nothing can be given to it", tree.to.text),
                    )
                    .label("which address?")
                    .also(self.network.host(host).span, "declared without `address` or `suffix`")
                    .help("reserve an address for it on the router and write it here"),
                );
                return;
            }
            Some(Some(host)) => Some(host),
        };
        if let Some(stray) = from.iter().find(|region| match region.place {
            Place::Router => true,
            Place::Zone(id) => self.network.zone(id).is_internet(),
        }) {
            self.report(
                Diagnostic::error(
                    "redirect-from-outside",
                    tree.from.span,
                    format!("what {} sends cannot be redirected", self.place_name(stray.place)),
                )
                .label("expected zones and hosts of your own")
                .help(if stray.place == Place::Router {
                    "name the zones and hosts whose packets shall be redirected"
                } else {
                    "what comes from the internet is let in with `expose`"
                }),
            );
            return;
        }
        if traffic.iter().any(|traffic| !traffic.has_ports() || traffic.to.is_empty()) {
            self.report(
                Diagnostic::error("redirect-everything", span, "a redirection needs the ports that it takes")
                    .label("this service is a whole protocol")
                    .help("name services with ports, as in `dns`"),
            );
            return;
        }
        if let Some(host) = to
            && !self.redirectable(host, &from, &traffic, tree, span)
        {
            return;
        }
        self.network.redirects.push(Redirect { span, from, traffic, to, options });
    }

    /// Reports a redirection to a host that it would catch itself, or that has no address of the right family.
    fn redirectable(
        &self,
        id: HostId,
        from: &[Region],
        traffic: &[Traffic],
        tree: &tree::Redirect,
        span: Span,
    ) -> bool {
        let host = self.network.host(id);
        let caught = from.iter().any(|region| match region.place {
            Place::Zone(zone) => !host.address_set(Some(zone)).intersect(&region.addresses).is_empty(),
            Place::Router => false,
        });
        if caught {
            self.report(
                Diagnostic::error(
                    "redirect-loop",
                    tree.to.span,
                    format!("what `{}` sends itself would come back to it", host.name),
                )
                .label("takes the packets")
                .also(tree.from.span, "is among those who send them")
                .help(format!("leave it out: `{} except {}`", self.text(tree.from.span), tree.to.text)),
            );
            return false;
        }
        let sent = |family: Family| {
            from.iter().any(|region| !region.addresses.family(family).is_empty())
                && traffic.iter().any(|traffic| traffic.has_family(family))
        };
        let missed: Vec<Family> = [Family::V4, Family::V6]
            .into_iter()
            .filter(|family| sent(*family) && host.address(*family).is_none())
            .collect();
        let caught = [Family::V4, Family::V6].into_iter().any(|family| sent(family) && host.address(family).is_some());
        let word = |family: &Family| if *family == Family::V4 { "IPv4" } else { "IPv6" };
        match missed.first() {
            None => true,
            Some(_) if !caught => {
                self.report(
                    Diagnostic::error("no-common-family", span, "the two ends have no family of addresses in common")
                        .label(format!("`{}` has no address of their family", host.name))
                        .help("give one of them an address of the other family, or remove the redirection"),
                );
                false
            }
            Some(family) => {
                self.report(
                    Diagnostic::warning(
                        "redirect-one-family",
                        tree.to.span,
                        format!("what is sent by {} is not redirected", word(family)),
                    )
                    .label(format!("`{}` has no {} address", host.name, word(family)))
                    .help(format!("give it one, or deny the service by {}", word(family))),
                );
                true
            }
        }
    }

    pub(super) fn reflect(&mut self, tree: &tree::Reflect, span: Span, space: Space) {
        let attributes = Attributes::new("reflect", &tree.body, &["services"], &[], self.errors);
        let protocol = match tree.protocol.text.as_str() {
            "mdns" => Discovery::Mdns,
            "ssdp" => Discovery::Ssdp,
            other => {
                self.report(
                    Diagnostic::error("attribute-value", tree.protocol.span, format!("`{other}` cannot be reflected"))
                        .label("expected mdns or ssdp")
                        .help("broadcasts stay inside one zone: add the devices by their addresses"),
                );
                return;
            }
        };
        let mut zones = Vec::new();
        for name in &tree.zones {
            let Some(zone) = self.zone_named(name, space) else { continue };
            if self.network.zone(zone).is_internet() {
                self.report(
                    Diagnostic::error("reflect-internet", name.span, "discovery is never reflected to the internet")
                        .label("expected zones of your own")
                        .help("remove it from the list"),
                );
            } else if zones.contains(&zone) {
                self.report(
                    Diagnostic::error("repeated-attribute", name.span, format!("zone `{}` is named twice", name.text))
                        .label("once is enough"),
                );
            } else {
                zones.push(zone);
            }
        }
        if zones.len() < 2 {
            if tree.zones.len() < 2 {
                self.report(
                    Diagnostic::error("reflect-alone", span, "a reflector needs two zones")
                        .label("between which?")
                        .help("write `reflect mdns between A, B`"),
                );
            }
            return;
        }
        let mut services = Vec::new();
        if let Some(mut arguments) = attributes.get("services") {
            if protocol == Discovery::Ssdp {
                self.report(
                    Diagnostic::error(
                        "misplaced-attribute",
                        arguments.attribute.key.span,
                        "`services` belongs to `reflect mdns`",
                    )
                    .label("has no meaning here")
                    .help("SSDP is reflected as a whole; remove it"),
                );
            }
            for name in arguments.names("service types such as _googlecast._tcp") {
                if !service_type(&name.text) {
                    self.report(
                        Diagnostic::error(
                            "attribute-value",
                            name.span,
                            format!("`{}` is no type of service", name.text),
                        )
                        .label("expected a type such as _googlecast._tcp")
                        .help("DNS-SD types start with `_` and end with `._tcp` or `._udp`"),
                    );
                }
                services.push(name.text);
            }
        }
        if let Some(first) = self.network.reflectors.iter().find(|other| {
            other.protocol == protocol
                && other.zones.len() == zones.len()
                && other.zones.iter().all(|zone| zones.contains(zone))
        }) {
            self.report(
                Diagnostic::error("repeated-attribute", span, "these zones have a reflector already")
                    .label("a second one")
                    .also(first.span, "the first one")
                    .help("put the services of both into one"),
            );
        }
        self.network.reflectors.push(Reflector { span, protocol, zones, services });
    }

    pub(super) fn home_assistant(&mut self, tree: &tree::Declaration, span: Span, space: Space, folder: &str) {
        let attributes =
            Attributes::new("home-assistant", &tree.body, &["version", "login-attempts", "settings"], &[], self.errors);
        let host = self.host_named(&tree.name, space);
        let version = attributes.get("version").and_then(|mut arguments| match arguments.next() {
            Some(Token { kind: Kind::Literal(Literal::Version(version)), span }) => {
                arguments.end();
                let parts: Vec<Option<u32>> = version.split('.').map(|part| part.parse().ok()).collect();
                match parts.as_slice() {
                    [Some(year @ 2000..=2999), Some(month @ 1..=12)]
                    | [Some(year @ 2000..=2999), Some(month @ 1..=12), Some(_)] => Some((*year, *month)),
                    _ => {
                        self.report(
                            Diagnostic::error(
                                "attribute-value",
                                *span,
                                format!("`{version}` is no version of Home Assistant"),
                            )
                            .label("expected year and month")
                            .help("write it as 2026.11, or 2026.11.2"),
                        );
                        None
                    }
                }
            }
            _ => {
                attributes.get("version").unwrap_or(arguments).expected("a version such as 2026.11");
                None
            }
        });
        let login_attempts = attributes.get("login-attempts").and_then(|mut arguments| {
            let (count, _) = arguments.number("a number of attempts from 1 to 1000", 1..=1000)?;
            arguments.end();
            i64::try_from(count).ok()
        });
        let settings = attributes.get("settings").and_then(|mut arguments| {
            if !arguments.word_is("from") {
                arguments.expected("`from \"configuration.yaml\"`");
                return None;
            }
            let file = arguments.quoted()?;
            arguments.end();
            let path = self.inside_root(folder, &file)?;
            Some((path, file.span))
        });
        if let Some(id) = host
            && let Some(first) = self.network.home_assistants.iter().find(|other| other.host == id)
        {
            self.report(
                Diagnostic::error(
                    "duplicate-name",
                    tree.name.span,
                    format!("Home Assistant on `{}` is described twice", tree.name.text),
                )
                .label("described again here")
                .also(first.span, "described first here")
                .help("put both into one"),
            );
            return;
        }
        if let Some(host) = host {
            self.network.home_assistants.push(HomeAssistant { span, host, version, login_attempts, settings });
        }
    }
}

/// What a WireGuard key looks like: 32 bytes in Base64. A private one looks the same.
fn public_key(text: &str) -> bool {
    text.len() == 44
        && text.ends_with('=')
        && text.bytes().take(43).all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/'))
        && text.as_bytes().get(42).is_some_and(|byte| b"AEIMQUYcgkosw048".contains(byte))
}

fn private_key(span: Span) -> Diagnostic {
    Diagnostic::error("not-a-public-key", span, "this is no public key")
        .label("expected `key` with 44 characters of Base64")
        .help("only public keys belong into a policy: it is what `wg pubkey` prints; a private key that was committed has to be replaced")
}

/// `_googlecast._tcp` (RFC 6763).
fn service_type(text: &str) -> bool {
    let name =
        text.strip_suffix("._tcp").or_else(|| text.strip_suffix("._udp")).and_then(|name| name.strip_prefix('_'));
    name.is_some_and(|name| {
        (1..=15).contains(&name.len()) && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    })
}

fn tls(mut arguments: Arguments<'_>) -> Option<Tls> {
    if arguments.word_is("letsencrypt") {
        let found = arguments.choice(&[("http-01", Tls::Http01), ("dns-01", Tls::Dns01), ("alpn-01", Tls::Alpn01)])?;
        arguments.end();
        return Some(found);
    }
    let found = arguments.choice(&[("own", Tls::Own), ("none", Tls::None), ("letsencrypt", Tls::Own)])?;
    arguments.end();
    Some(found)
}
