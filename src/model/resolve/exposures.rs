//! What opens the network to the outside: `expose`, `vpn`, `redirect`, `reflect`, `home-assistant`.

use std::net::IpAddr;

use super::Resolver;
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Arguments, Attributes},
        load::Space,
        network::{
            Exposure, HomeAssistant, HostId, Options, Peer, Place, Redirect, Reflector, Region, Through, Tls, Vpn,
            VpnKind, ZoneId,
        },
        service::{Discovery, TCP, Traffic},
    },
    syntax::{
        self,
        token::{Kind, Literal, Token},
        tree,
    },
};

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
            name: attributes.text("name").map(|name| name.text),
            tls: attributes.get("tls").and_then(tls),
            hairpin: attributes.switch("hairpin").unwrap_or(true),
            ipv6: attributes.switch("ipv6"),
            options,
            expired,
        };
        if self.exposable(&exposure, &tree.host.span) {
            self.network.exposures.push(exposure);
        }
    }

    /// Reports what no router could forward.
    fn exposable(&self, exposure: &Exposure, host_span: &Span) -> bool {
        let before = self.errors.borrow().len();
        let target = exposure.through.as_ref().map_or(exposure.host, |through| through.host);
        let place = exposure.through.as_ref().map_or(*host_span, |through| through.span);
        let host = self.network.host(target);
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
                    .label("nothing to expose"),
            );
        }
        if exposure.on.is_empty() && exposure.tunnel.is_none() {
            self.report(
                Diagnostic::error("no-uplink", exposure.span, "no internet zone could take the forward")
                    .label("reachable from where?")
                    .help("declare a zone with `role internet`"),
            );
        }
        if exposure.tunnel.is_some() && (exposure.port.is_some() || exposure.through.is_some()) {
            self.report(
                Diagnostic::error("tunnel-with-port", exposure.span, "a tunnel has no inbound port")
                    .label("`tunnel` stands beside `port` or `through`")
                    .help("remove these: the tunnel's host opens the connection by itself"),
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
        if public.iter().any(|traffic| traffic.protocol.is_none()) {
            self.report(
                Diagnostic::error("expose-everything", exposure.span, "this would forward everything to one host")
                    .label("every protocol and port")
                    .help("name the services that shall be reachable"),
            );
        }
        if public.iter().any(|traffic| !traffic.from.is_empty()) {
            self.report(
                Diagnostic::error("expose-source-port", exposure.span, "a forward cannot depend on source ports")
                    .label("this service names source ports"),
            );
        }
        self.errors.borrow().len() == before
    }

    fn internet_regions(&self) -> Vec<Region> {
        let internet = self.network.internet();
        self.network
            .zone_ids()
            .filter(|(_, zone)| zone.is_internet())
            .map(|(id, _)| Region { place: Place::Zone(id), addresses: internet.clone(), whole: false })
            .collect()
    }

    fn exposed_from(&mut self, arguments: Arguments<'_>, space: Space) -> Option<Vec<Region>> {
        if arguments.rest().is_empty() {
            arguments.expected("zones or ranges");
            return None;
        }
        match syntax::side(arguments.rest(), self.source_text(arguments.span())) {
            Ok(side) => {
                let regions = self.filled_side(&side, space)?;
                let outside =
                    |region: &Region| matches!(region.place, Place::Zone(id) if self.network.zone(id).is_internet());
                if let Some(inside) = regions.iter().find(|region| !outside(region)) {
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
            if all.contains(&zone) {
                found.push(zone);
            } else {
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
        if attributes.get("kind").is_none() {
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
        let radius = attributes.get("auth").and_then(|mut arguments| self.auth(&mut arguments, space));
        let peers = attributes.all("peer").filter_map(|arguments| self.peer(arguments)).collect();
        let (Some(zone), Some(kind)) = (zone, kind) else { return };
        if self.network.zone(zone).is_internet() {
            self.report(
                Diagnostic::error("not-a-zone", tree.name.span, format!("`{}` is an internet zone", tree.name.text))
                    .label("expected the zone that the VPN's clients are in"),
            );
            return;
        }
        if listen.is_empty() && kind != VpnKind::Tailscale && attributes.get("listen").is_none() {
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
            self.report(
                Diagnostic::error(
                    "host-without-address",
                    span,
                    format!(
                        "host `{}` has no address, so the tunnel cannot be forwarded to it",
                        self.network.host(host).name
                    ),
                )
                .label("forwarded whereto?"),
            );
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
        let full_tunnel = attributes.choice("tunnel", &[("split", false), ("full", true)]).unwrap_or(false);
        self.network.vpns.push(Vpn { zone, span, kind, listen, on, server, full_tunnel, radius, peers });
    }

    fn listen(&mut self, attributes: &Attributes<'_>, space: Space) -> Vec<Traffic> {
        let mut found = Vec::new();
        for arguments in attributes.all("listen") {
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
                                .label("expected a protocol and a port such as udp 51820"),
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

    fn peer(&self, mut arguments: Arguments<'_>) -> Option<Peer> {
        let name = arguments.name("a name for the peer")?;
        arguments.end();
        let empty = tree::Body::default();
        let body = arguments.attribute.body.as_ref().unwrap_or(&empty);
        let attributes = Attributes::new("peer", body, &["address", "key"], &[], self.errors);
        let mut addresses: Vec<IpAddr> = Vec::new();
        if let Some(mut arguments) = attributes.get("address") {
            while let Some((address, _)) = arguments.address("the address of the peer in the tunnel") {
                addresses.push(address);
                if !arguments.comma() {
                    arguments.end();
                    break;
                }
            }
        }
        let key = attributes.text("key").map(|key| {
            let private = ["private", "-----begin", "secret"].iter().any(|word| key.text.to_lowercase().contains(word));
            let shape = key.text.len() == 44 && key.text.ends_with('=');
            if private || !(shape || key.text.is_empty()) {
                self.report(
                    Diagnostic::error("not-a-public-key", key.span, "this is no public key")
                        .label("expected 44 characters of Base64")
                        .help("only public keys belong into a policy: it is what `wg pubkey` prints; a private key that was committed has to be replaced"),
                );
            }
            key.text
        });
        Some(Peer { name: name.text, addresses, key, span: arguments.span() })
    }

    pub(super) fn redirect(&mut self, tree: &tree::Redirect, span: Span, space: Space) {
        let options = self.options("redirect", &tree.options, &[], space);
        let from = self.filled_side(&tree.from, space);
        let traffic = self.traffic(&tree.services, space);
        let to = if tree.to.text == "router" { None } else { Some(self.host_named(&tree.to, space)) };
        let (Some(from), false) = (from, traffic.is_empty()) else { return };
        let to = match to {
            None => None,
            Some(None) => return,
            Some(Some(host)) if self.network.host(host).addresses.is_empty() => {
                self.report(
                    Diagnostic::error(
                        "host-without-address",
                        tree.to.span,
                        format!("host `{}` has no address, so nothing can be given to it", tree.to.text),
                    )
                    .label("which address?")
                    .also(self.network.host(host).span, "declared without `address` or `suffix`"),
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
                .help("what comes from the internet is let in with `expose`"),
            );
            return;
        }
        if traffic.iter().any(|traffic| traffic.protocol.is_none()) {
            self.report(
                Diagnostic::error("redirect-everything", span, "this would redirect everything")
                    .label("name the services that shall be redirected"),
            );
            return;
        }
        if options != (Options { because: options.because.clone(), owner: options.owner.clone(), ..Options::default() })
        {
            self.report(
                Diagnostic::error("not-supported", span, "a redirect takes no conditions yet")
                    .label("only `because` and `owner` are possible here")
                    .help("put the condition on the rules that let the flow through"),
            );
            return;
        }
        self.network.redirects.push(Redirect { span, from, traffic, to, options });
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
                        .label("expected zones of your own"),
                );
            } else if !zones.contains(&zone) {
                zones.push(zone);
            }
        }
        if zones.len() < 2 {
            if !self.failed() {
                self.report(
                    Diagnostic::error("reflect-alone", span, "a reflector needs two zones").label("between which?"),
                );
            }
            return;
        }
        let mut services = Vec::new();
        if let Some(mut arguments) = attributes.get("services") {
            services =
                arguments.names("service types such as _googlecast._tcp").into_iter().map(|name| name.text).collect();
        }
        self.network.reflectors.push(Reflector { span, protocol, zones, services });
    }

    pub(super) fn home_assistant(&mut self, tree: &tree::Declaration, span: Span, space: Space, folder: &str) {
        let attributes =
            Attributes::new("home-assistant", &tree.body, &["version", "login-attempts", "settings"], &[], self.errors);
        let host = self.host_named(&tree.name, space);
        let version = attributes.get("version").and_then(|mut arguments| match arguments.next() {
            Some(Token { kind: Kind::Literal(Literal::Version(version)), .. }) => {
                arguments.end();
                let mut parts = version.split('.').map(|part| part.parse::<u32>().ok());
                Some((parts.next()??, parts.next()??))
            }
            _ => {
                attributes.get("version").unwrap_or(arguments).expected("a version such as 2026.11");
                None
            }
        });
        let login_attempts = attributes.get("login-attempts").and_then(|mut arguments| {
            let (count, _) = arguments.number("a number of attempts", 1..=1000)?;
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
            match crate::model::load::join(folder, &file.text) {
                Some(path) => Some((path, file.span)),
                None => {
                    self.report(
                        Diagnostic::error(
                            "outside-root",
                            file.span,
                            format!("`{}` lies outside the policy's folder", file.text),
                        )
                        .label("not read"),
                    );
                    None
                }
            }
        });
        if let Some(host) = host {
            self.network.home_assistants.push(HomeAssistant { span, host, version, login_attempts, settings });
        }
    }
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
