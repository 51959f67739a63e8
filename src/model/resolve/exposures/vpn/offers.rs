//! What a VPN tells its clients: whom they ask for names, which networks and which way to the internet it offers.

use ipnet::IpNet;

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Arguments, Attributes},
        load::Space,
        network::{HostId, Overlay, Resolver as Asked, VpnKind},
        resolve::{Resolver, vpn_hosts::hides_clients},
    },
    syntax::token::{Kind, Literal, Token},
};

impl Resolver<'_> {
    /// `runs-as addon`
    pub(super) fn addon(&self, attributes: &Attributes<'_>, server: Option<HostId>) -> bool {
        let addon = attributes.choice("runs-as", &[("addon", true), ("service", false)]).unwrap_or(false);
        if let Some(arguments) = attributes.get("runs-as").filter(|_| addon && server.is_none())
            && (attributes.lacks("server") || attributes.get("server").is_some_and(|server| names_router(&server)))
        {
            self.report(
                Diagnostic::error(
                    "misplaced-attribute",
                    arguments.span(),
                    "an add-on runs on a host, not on the router",
                )
                .label("on which host?")
                .help("name the host that Home Assistant runs on: `server ha`"),
            );
        }
        addon
    }

    /// `masquerade on`
    pub(super) fn hides_clients(&self, attributes: &Attributes<'_>, server: Option<HostId>) -> bool {
        if let Some(arguments) = attributes.get("masquerade").filter(|_| server.is_none())
            && attributes.get("server").is_none_or(|server| names_router(&server))
        {
            self.report(
                Diagnostic::error(
                    "misplaced-attribute",
                    arguments.attribute.key.span,
                    "the router hides no clients of its own tunnels",
                )
                .label("belongs to a VPN that a host ends")
                .help(
                    "whom an uplink hides is said by the zone of the uplink; remove it, or name the host: `server nas`",
                ),
            );
        }
        server.is_some() && hides_clients(attributes)
    }

    /// `resolver router`, `resolver pihole`, `resolver 10.0.20.53`
    pub(super) fn resolver(&mut self, attributes: &Attributes<'_>, space: Space) -> Option<(Asked, Span)> {
        let mut arguments = attributes.get("resolver")?;
        let span = arguments.span();
        if let Some(Token { kind: Kind::Literal(Literal::Address(_)), .. }) = arguments.peek() {
            let (address, _) = arguments.address("an address")?;
            arguments.end();
            return Some((Asked::Address(address), span));
        }
        if arguments.word_is("router") {
            arguments.end();
            return Some((Asked::Router, span));
        }
        let name = arguments.name("`router`, a host or an address")?;
        arguments.end();
        let host = self.host_named(&name, space)?;
        if self.network.host(host).addresses.is_empty() {
            if !self.broken_hosts.contains(&host) {
                self.report(
                    Diagnostic::error(
                        "host-without-address",
                        name.span,
                        format!("host `{}` has no address, so nobody can ask it", name.text),
                    )
                    .label("which address?")
                    .also(self.network.host(host).span, "declared without `address` or `suffix`")
                    .help("reserve an address for it on the router and write it here"),
                );
            }
            return None;
        }
        Some((Asked::Host(host), span))
    }

    /// What only a node of an overlay network says.
    pub(super) fn overlay(&mut self, attributes: &Attributes<'_>, kind: Option<VpnKind>, space: Space) -> Overlay {
        let switch = |key| attributes.switch(key).zip(attributes.get(key).map(|found| found.span()));
        let overlay = Overlay {
            advertises: self.advertises(attributes, space),
            exit_node: switch("exit-node"),
            share: switch("share"),
        };
        let Some(kind) = kind else { return overlay };
        for (key, fits, whose) in [
            ("advertises", kind.is_overlay(), "`kind tailscale` and `kind zerotier`"),
            ("exit-node", kind.is_overlay(), "`kind tailscale` and `kind zerotier`"),
            ("share", kind == VpnKind::Tailscale, "`kind tailscale`"),
        ] {
            let Some(arguments) = attributes.get(key).filter(|_| !fits) else { continue };
            let key_span = arguments.attribute.key.span;
            let help = match key {
                "advertises" => {
                    "what clients reach is said by rules, and their files are written from these; remove it"
                }
                "exit-node" => "write `tunnel full` for clients whose way to the internet is this one",
                _ => "what is published to the internet is said by `expose`; remove it",
            };
            self.report(
                Diagnostic::error("misplaced-attribute", key_span, format!("`{key}` belongs to {whose}"))
                    .label("has no meaning here")
                    .help(help),
            );
        }
        overlay
    }

    /// `advertises nothing`, `advertises home, 10.0.30.0/24`
    fn advertises(&mut self, attributes: &Attributes<'_>, space: Space) -> Option<(Vec<IpNet>, Span)> {
        let mut arguments = attributes.get("advertises")?;
        let span = arguments.span();
        if arguments.word_is("nothing") {
            arguments.end();
            return Some((Vec::new(), span));
        }
        let mut found = Vec::new();
        loop {
            match arguments.peek().map(|token| &token.kind) {
                Some(Kind::Literal(Literal::Prefix(..))) => found.push(arguments.prefix()?.0),
                Some(Kind::Word(_)) => {
                    let name = arguments.name("a zone")?;
                    let zone = self.zone_named(&name, space)?;
                    if self.network.zone(zone).is_internet() {
                        self.report(
                            Diagnostic::error(
                                "attribute-value",
                                name.span,
                                format!("`{}` is a way to the internet, no network to announce", name.text),
                            )
                            .label("expected a zone of your own")
                            .help("a node that takes its peers to the internet has `exit-node on`"),
                        );
                        return None;
                    }
                    found.extend(self.network.zone(zone).networks.iter().map(|network| network.net));
                }
                _ => {
                    arguments.expected("`nothing`, zones or prefixes");
                    return None;
                }
            }
            if !arguments.comma() {
                arguments.end();
                return Some((found, span));
            }
        }
    }
}

fn names_router(arguments: &Arguments<'_>) -> bool {
    matches!(arguments.rest(), [Token { kind: Kind::Word(word), .. }] if word == "router")
}
