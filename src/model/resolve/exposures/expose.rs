//! `expose`

use super::gates::client_certificates;
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Arguments, Attributes, dns_name},
        load::Space,
        network::{Exposure, Host, RangesId, Region, Tls},
        resolve::{Resolver, zones::list},
        service::{ICMP, ICMPV6, Traffic},
    },
    packet::Family,
    syntax::{
        self,
        token::{Kind, Token},
        tree,
    },
};

impl Resolver<'_> {
    pub(in crate::model::resolve) fn expose(&mut self, tree: &tree::Expose, span: Span, space: Space) {
        let options = self.options("expose", &tree.body, space);
        // `options` has reported what is unknown or repeated.
        let attributes = Attributes::checked(&tree.body, self.errors);
        let host = self.host_named(&tree.host, space);
        let service = self.traffic(&tree.services, space);
        let from_text =
            attributes.get("from").map(|arguments| self.text(arguments.span()).to_owned()).unwrap_or_default();
        let mut from_lists = Vec::new();
        let from = attributes.get("from").map(|arguments| self.exposed_from(arguments, space, &mut from_lists));
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
        let tunnel = attributes.get("tunnel").and_then(|arguments| self.tunnel(arguments, space));
        let sign_in = attributes.get("sign-in").and_then(|arguments| self.sign_in(arguments, space));
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
            named: self.named_services(&tree.services, space),
            from_anywhere,
            from_text,
            from_lists,
            on,
            on_span: attributes.get("on").map(|arguments| arguments.span()),
            port,
            through,
            tunnel,
            name: attributes.text("name").filter(|name| dns_name(name, 2..=127, self.errors)).map(|name| name.text),
            proxied: self.proxied(&attributes),
            split_dns: self.split_dns(&attributes),
            tls: attributes.get("tls").and_then(tls),
            client_certificates: client_certificates(&attributes),
            sign_in,
            hairpin: attributes.switch("hairpin").unwrap_or(true),
            ipv4: attributes.switch("ipv4"),
            ipv6: attributes.switch("ipv6"),
            options,
            expired,
        };
        self.tunnel_attributes(&attributes, &exposure);
        self.fits_the_proxy(&attributes, &exposure);
        self.fits_the_handshake(&attributes, &exposure);
        self.answers_on_router(&attributes, &exposure);
        if self.exposable(&exposure, &tree.host.span) {
            self.network.exposures.push(Exposure { span: self.head(span), ..exposure });
        }
    }

    /// Reports families that are asked for and cannot be, and an exposure that is left with none.
    fn families(&self, exposure: &Exposure, host: &Host, place: Span) {
        let name = &host.name;
        let lacks = |key: &str, family: &str, help: &str| {
            Diagnostic::error(
                "host-without-address",
                place,
                format!("host `{name}` has no {family} address, so `{key}` opens nothing"),
            )
            .label(format!("which {family} address?"))
            .also(host.span, "declared without one")
            .help(help.to_owned())
        };
        let (v4, v6) = (host.address(Family::V4).is_some(), host.address(Family::V6).is_some());
        if exposure.ipv4 == Some(false) && exposure.ipv6 == Some(false) {
            self.report(
                Diagnostic::error("exposed-to-nobody", exposure.span, "this is exposed in no family")
                    .label("`ipv4 off` and `ipv6 off` leave nothing")
                    .help("remove one of the two, or the exposure"),
            );
        } else if exposure.ipv6 == Some(true) && !v6 {
            self.report(lacks("ipv6 on", "IPv6", "give it a `suffix` or an IPv6 `address`, or remove `ipv6 on`"));
        } else if exposure.ipv4 == Some(false) && !v6 {
            self.report(lacks("ipv4 off", "IPv6", "give it a `suffix` or an IPv6 `address`, or remove `ipv4 off`"));
        } else if exposure.ipv4 == Some(true) && !v4 {
            self.report(lacks("ipv4 on", "IPv4", "give it an IPv4 `address`, or remove `ipv4 on`"));
        } else if let Some((_, span)) = exposure.port.filter(|_| exposure.ipv4 == Some(false)) {
            self.report(
                Diagnostic::error(
                    "port-without-ipv4",
                    span,
                    "a public port of its own takes a translation, which IPv6 has not",
                )
                .label("only IPv4 is forwarded to another port")
                .help("remove `port`: over IPv6 the host is asked on the port of its service"),
            );
        }
    }

    /// Reports what has no meaning where the router itself answers: nothing is forwarded, so nothing is translated.
    fn answers_on_router(&self, attributes: &Attributes<'_>, exposure: &Exposure) {
        let Some(through) = exposure.through.as_ref().filter(|through| through.host.is_none()) else { return };
        let report = |place: Span, what: &str, label: &str, help: String| {
            self.report(Diagnostic::error("misplaced-attribute", place, what).label(label).help(help));
        };
        if let Some((port, span)) = exposure.port
            && through.service.iter().any(|service| service.single_port() != Some(port))
        {
            report(
                span,
                "the router forwards nothing to its own proxy, so the port outside is the one on which the proxy listens",
                "the proxy listens on another",
                format!("write `through router : tcp {port}` and remove this"),
            );
        }
        if !exposure.hairpin
            && let Some(hairpin) = attributes.get("hairpin")
        {
            report(
                hairpin.span(),
                "the router answers on its public address wherever somebody asks from",
                "cannot be switched off here",
                "remove it: who inside may ask is said by rules such as `allow lan -> router : https`".to_owned(),
            );
        }
        if exposure.ipv4 == Some(false) && exposure.ipv6 == Some(false) {
            self.report(
                Diagnostic::error("exposed-to-nobody", exposure.span, "this is exposed in no family")
                    .label("`ipv4 off` and `ipv6 off` leave nothing")
                    .help("remove one of the two, or the exposure"),
            );
        }
    }

    /// Reports what no router could forward.
    fn exposable(&self, exposure: &Exposure, host_span: &Span) -> bool {
        let before = self.errors.borrow().len();
        // A proxy on the router asks the host itself.
        let target = exposure.target().0.unwrap_or(exposure.host);
        let elsewhere = exposure.through.as_ref().filter(|through| through.host.is_some());
        let place = elsewhere.map_or(*host_span, |through| through.span);
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
        if exposure.tunnel.is_none() && !host.addresses.is_empty() && !exposure.is_on_router() {
            self.families(exposure, host, place);
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
                .note(format!("the service is {}", list(public)))
                .help("expose each port by a statement of its own"),
            );
        }
        if let Some(traffic) = public.iter().find(|traffic| most_ports(traffic)) {
            self.report(
                Diagnostic::error("dmz-host-catchall", exposure.span, "this would forward everything to one host")
                    .label(if traffic.to.is_empty() { "every port" } else { "more than half of all ports" })
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

    fn exposed_from(
        &mut self,
        arguments: Arguments<'_>,
        space: Space,
        lists: &mut Vec<RangesId>,
    ) -> Option<Vec<Region>> {
        if arguments.rest().is_empty() {
            arguments.expected("zones or ranges");
            return None;
        }
        arguments.no_body();
        match syntax::side(arguments.rest(), self.source_text(arguments.span())) {
            Ok(side) => {
                *lists = self.lists(&side.terms, space);
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

/// Is it everything, or most of what a host can be asked on?
fn most_ports(traffic: &Traffic) -> bool {
    let ports: u32 = traffic.to.iter().map(|(from, to)| u32::from(*to) - u32::from(*from) + 1).sum();
    traffic.protocol.is_none() || traffic.has_ports() && (traffic.to.is_empty() || ports > 1 << 15)
}
