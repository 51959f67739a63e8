//! `tunnel` of an exposure: who opens it, what it leads to, and what it needs.

use super::through::{runs_as, seen_as, sight};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Arguments, Attributes, dns_name},
        load::Space,
        network::{CatchAll, Connection, Exposure, Proxy, Published, Region, Tls, Tunnel, TunnelKind},
        resolve::Resolver,
        service::Traffic,
    },
    syntax::{
        self,
        token::{Kind, Token},
        tree,
    },
};

/// Whom, on what, and the services of it that have a name.
type Services = (Vec<Region>, Vec<Traffic>, Vec<(String, Vec<Traffic>)>);

impl Resolver<'_> {
    pub(super) fn tunnel(&mut self, mut arguments: Arguments<'_>, space: Space) -> Option<Tunnel> {
        let name = arguments.name("the host that opens the tunnel")?;
        let empty = tree::Body::default();
        let body = arguments.body().unwrap_or(&empty);
        let inner = Attributes::new("tunnel", body, self.errors);
        if name.text == "router" {
            return self.tunnel_of_router(&arguments, &name, &inner, space);
        }
        if let Some(peer) = inner.get("peer") {
            self.report(
                Diagnostic::error(
                    "misplaced-attribute",
                    peer.attribute.key.span,
                    "the peer is that of a tunnel of the router's",
                )
                .label("has no meaning for a tunnel that a host opens")
                .help("write `tunnel router`, or remove it"),
            );
        }
        let kind = inner.choice("kind", &TunnelKind::ALL);
        let publishes = inner.all("publishes").filter_map(|one| self.published(one, space)).collect();
        let connects = inner.all("connects").filter_map(|one| self.connection(one, space)).collect();
        let catch_all = inner.get("catch-all").and_then(|one| self.catch_all(one, space)).unwrap_or(CatchAll::Off);
        let access = inner.switch("access").unwrap_or(false);
        let shows_client = shows_client(&inner);
        let agent = Proxy {
            runs_as: inner.get("runs-as").and_then(runs_as),
            seen_as: inner.get("seen-as").filter(|_| shows_client.is_none()).map(seen_as).unwrap_or_default(),
            shows_client,
            ..sight(&inner)
        };
        self.fits_the_kind(&inner, kind);
        if kind == Some(TunnelKind::Relay) && inner.lacks("connects") {
            self.report(
                Diagnostic::error("missing-attribute", name.span, "a relay of your own has an address")
                    .label("needs `connects`")
                    .help("write where this host goes out to, as in `connects 203.0.113.9 : ssh`"),
            );
        }
        let host = self.host_named(&name, space)?;
        let span = Span { end: name.span.end, ..arguments.span() };
        Some(Tunnel { host, by_router: false, span, kind, publishes, catch_all, access, connects, agent })
    }

    /// Reports what a provider does not have.
    fn fits_the_kind(&self, inner: &Attributes<'_>, kind: Option<TunnelKind>) {
        let without: &[(&[&str], &str)] = match kind {
            Some(TunnelKind::NabuCasa) => &[
                (&["publishes", "catch-all"], "Nabu Casa leads to Home Assistant alone"),
                (&["runs-as", "seen-as", "forwarded-for"], "Nabu Casa is a part of Home Assistant itself"),
            ],
            Some(TunnelKind::Tor) => &[
                (&["catch-all"], "this tunnel leads to what it is told by port, and to nothing else"),
                (&["forwarded-for"], "Tor hands on connections as they are, and knows of no client"),
            ],
            Some(TunnelKind::Tailscale) => {
                &[(&["catch-all"], "this tunnel leads to what it is told by port, and to nothing else")]
            }
            _ => return,
        };
        for (keys, why) in without {
            for arguments in keys.iter().filter_map(|key| inner.get(key)) {
                let key = &arguments.attribute.key;
                self.report(
                    Diagnostic::error("misplaced-attribute", key.span, *why)
                        .label(format!("`{}` has no meaning here", key.text))
                        .help("remove it"),
                );
            }
        }
    }

    fn published(&mut self, arguments: Arguments<'_>, space: Space) -> Option<Published> {
        let (to, traffic, named) = self.services_of(&arguments, space, "hosts and services such as nas : https")?;
        let empty = tree::Body::default();
        let body = arguments.attribute.body.as_ref().unwrap_or(&empty);
        let inner = Attributes::new("publishes", body, self.errors);
        let name = inner.text("name").filter(|name| dns_name(name, 2..=127, self.errors)).map(|name| name.text);
        let text = self.written(&arguments);
        Some(Published { span: self.head(arguments.span()), to, traffic, named, text, name })
    }

    fn connection(&mut self, arguments: Arguments<'_>, space: Space) -> Option<Connection> {
        arguments.no_body();
        let (to, traffic, _) = self.services_of(&arguments, space, "whom and a service such as 203.0.113.9 : ssh")?;
        if let Some(inside) = to.iter().find(|region| !self.is_outside(region)) {
            self.report(
                Diagnostic::error(
                    "exposed-inside",
                    arguments.span(),
                    format!("a tunnel goes out to the internet, not to {}", self.place_name(inside.place)),
                )
                .label("lies inside")
                .help("name the relay's address, or `internet`"),
            );
            return None;
        }
        Some(Connection { to, traffic, text: self.written(&arguments), span: arguments.span() })
    }

    fn catch_all(&mut self, mut arguments: Arguments<'_>, space: Space) -> Option<CatchAll> {
        if arguments.word_is("off") {
            arguments.end();
            return Some(CatchAll::Off);
        }
        if arguments.word_is("on") {
            arguments.end();
            return Some(CatchAll::On(arguments.span()));
        }
        arguments.no_body();
        let (to, traffic, named) =
            self.services_of(&arguments, space, "`on`, `off` or a target such as proxy : https")?;
        Some(CatchAll::To(Published {
            span: arguments.span(),
            to,
            traffic,
            named,
            text: self.written(&arguments),
            name: None,
        }))
    }

    /// `WHOM : SERVICES`
    fn services_of(&mut self, arguments: &Arguments<'_>, space: Space, what: &str) -> Option<Services> {
        let tokens = arguments.rest();
        let colon = tokens.iter().position(|token| token.kind == Kind::Colon);
        let (side, services): (&[Token], &[Token]) = match colon {
            Some(at) => (tokens.get(..at)?, tokens.get(at + 1..)?),
            None => (tokens, &[]),
        };
        if side.is_empty() || services.is_empty() {
            let text = format!("`{}` needs {what}", arguments.attribute.key.text);
            self.report(Diagnostic::error("attribute-value", arguments.span(), text).label(if side.is_empty() {
                "of which host?"
            } else {
                "which services?"
            }));
            return None;
        }
        let text = self.source_text(arguments.span());
        match (syntax::side(side, text), syntax::items(services, text)) {
            (Ok(side), Ok(items)) => {
                let regions = self.filled_side(&side, space);
                let traffic = self.traffic(&items, space);
                let named = self.named_services(&items, space);
                regions.filter(|_| !traffic.is_empty()).map(|regions| (regions, traffic, named))
            }
            (side, items) => {
                for error in [side.err(), items.err()].into_iter().flatten() {
                    self.report(*error);
                }
                None
            }
        }
    }

    /// The arguments as they are written.
    fn written(&self, arguments: &Arguments<'_>) -> String {
        let tokens = arguments.rest();
        let (Some(first), Some(last)) = (tokens.first(), tokens.last()) else { return String::new() };
        let text = self.text(Span { end: last.span.end, ..first.span });
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    /// Reports what has no meaning where no port is open.
    pub(super) fn tunnel_attributes(&self, attributes: &Attributes<'_>, exposure: &Exposure) {
        let Some(tunnel) = attributes.get("tunnel") else { return };
        let without = [
            "port",
            "through",
            "from",
            "on",
            "proxied",
            "client-certificates",
            "sign-in",
            "ipv4",
            "ipv6",
            "hairpin",
            "limit",
            "during",
            "log",
        ];
        for arguments in without.iter().filter_map(|key| attributes.get(key)) {
            let key = &arguments.attribute.key;
            self.report(
                Diagnostic::error("tunnel-with-port", key.span, "a tunnel has no inbound port")
                    .label(format!("`{}` has no meaning here", key.text))
                    .also(self.head(tunnel.span()), "goes out through a tunnel")
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
                    .also(self.head(tunnel.span()), "goes out through a tunnel")
                    .help("the tunnel's provider has the certificate; or prove the name with `tls letsencrypt dns-01`"),
            );
        }
        self.client_is_seen(exposure);
        if let Some(host) = exposure.tunnel.as_ref().map(|tunnel| self.network.host(tunnel.host))
            && host.addresses.is_empty()
            && exposure.tunnel.as_ref().is_some_and(|tunnel| !self.broken_hosts.contains(&tunnel.host))
        {
            self.report(
                Diagnostic::error(
                    "host-without-address",
                    self.head(tunnel.span()),
                    format!("host `{}` has no address, so its tunnel cannot be let out", host.name),
                )
                .label("which address?")
                .also(host.span, "declared without `address` or `suffix`")
                .help("reserve an address for it on the router and write it here"),
            );
        }
    }

    /// Reports a `seen-as client` that leads answers astray, or contradicts itself.
    fn client_is_seen(&self, exposure: &Exposure) {
        let Some(tunnel) = &exposure.tunnel else { return };
        let Some(span) = tunnel.agent.shows_client else { return };
        let report = |what: String, label: &str, help: &str| {
            self.report(Diagnostic::error("misplaced-attribute", span, what).label(label).help(help));
        };
        if !matches!(tunnel.kind, None | Some(TunnelKind::Relay)) {
            report(
                "this tunnel asks by itself, under an address of its own".to_owned(),
                "only a relay can hand on the addresses of clients",
                "remove it, or write the addresses under which it is seen",
            );
        } else if tunnel.host != exposure.host {
            let (opener, host) = (&self.network.host(tunnel.host).name, &self.network.host(exposure.host).name);
            report(
                format!("`{host}` would answer clients by the router, and not by `{opener}`"),
                "their connections would never be answered",
                "let the tunnel end on the host itself, or let it put its own address in the place of the client's and remove this",
            );
        } else if tunnel.agent.forwarded_for_span.is_some() {
            report(
                "where the client is seen itself, nobody says who it is".to_owned(),
                "and `forwarded-for` speaks of somebody who does",
                "keep one of the two",
            );
        }
    }
}

/// Where `seen-as client` is written.
fn shows_client(inner: &Attributes<'_>) -> Option<Span> {
    let mut arguments = inner.get("seen-as")?;
    let span = arguments.span();
    arguments.word_is("client").then(|| {
        arguments.end();
        span
    })
}
