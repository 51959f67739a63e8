//! Forwards and redirections that would take the same packets.

use crate::{
    diagnostic::{Diagnostic, Severity, Span},
    model::{
        network::{Exposure, HostId, Product, Region, ZoneId},
        resolve::Resolver,
        service::{TCP, Traffic},
    },
};

impl Resolver<'_> {
    /// Two forwards of one public port: which host would get the connection?
    pub(super) fn forwards_collide(&self) {
        let mut taken: Vec<Forward<'_>> = Vec::new();
        for exposure in &self.network.exposures {
            if exposure.tunnel.is_some() || exposure.expired {
                continue;
            }
            let (host, service) = exposure.target();
            let place = exposure.span;
            for inside in service {
                let public = match exposure.port {
                    Some((port, _)) => vec![(port, port)],
                    None => inside.to.clone(),
                };
                taken.push(Forward {
                    span: exposure.port.map_or(place, |(_, span)| span),
                    on: &exposure.on,
                    protocol: inside.protocol,
                    ports: public,
                    from: Some(&exposure.from),
                    to: host.map_or(Taker::Proxy, |host| Taker::Host(host, inside.to.clone())),
                });
            }
        }
        for vpn in &self.network.vpns {
            for listen in &vpn.listen {
                taken.push(Forward {
                    span: vpn.span,
                    on: &vpn.on,
                    protocol: listen.protocol,
                    ports: listen.to.clone(),
                    from: None,
                    to: vpn.server.map_or(Taker::Vpn, |host| Taker::Host(host, listen.to.clone())),
                });
            }
        }
        for (index, forward) in taken.iter().enumerate() {
            let earlier = taken.iter().take(index).find(|earlier| earlier.collides(forward));
            let Some(earlier) = earlier else { continue };
            let ports = forward.ports.iter().find(|(from, to)| {
                earlier.ports.iter().any(|(other_from, other_to)| other_from <= to && from <= other_to)
            });
            let protocol = match forward.protocol {
                Some(crate::model::service::UDP) => "udp",
                Some(crate::model::service::SCTP) => "sctp",
                _ => "tcp",
            };
            let port = ports.map_or_else(String::new, |(from, to)| {
                if from == to { format!("{protocol} {from}") } else { format!("{protocol} {from}-{to}") }
            });
            self.report(
                Diagnostic::error(
                    "forward-collision",
                    forward.span,
                    format!("{port} is taken twice on one uplink"),
                )
                .label("cannot lead to a second place")
                .also(earlier.span, "taken by this")
                .help("give one of them another port, or another uplink with `on`; several names on one port go `through` one reverse proxy"),
            );
        }
    }

    /// Names of one port are told apart by the proxy alone: what the statement of one says of its senders, rate or time
    /// is not kept by a router that lets in others for another name.
    pub(super) fn names_share_a_port(&self) {
        let exposures =
            || self.network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none());
        for (index, exposure) in exposures().enumerate() {
            let (host, listens) = exposure.target();
            let one_port = |other: &&Exposure| {
                let (other_host, others) = other.target();
                exposure.through.is_some()
                    && other_host == host
                    && other.port.map(|(port, _)| port) == exposure.port.map(|(port, _)| port)
                    && listens.iter().any(|own| others.iter().any(|other| own.meets(other)))
                    && other.on.iter().any(|on| exposure.on.contains(on))
                    && meet(&other.from, &exposure.from)
            };
            let said = |exposure: &Exposure| {
                let options = &exposure.options;
                (options.limit.map(|(limit, _)| limit), options.during.map(|(schedule, _)| schedule))
            };
            let other = exposures().take(index).filter(one_port).find(|other| said(other) != said(exposure));
            if let Some(other) = other {
                let words = if said(other).0 == said(exposure).0 { ("times", "during") } else { ("limits", "limit") };
                self.report(
                    Diagnostic::error(
                        "forward-collision",
                        exposure.span,
                        format!("two names of one port have different {}", words.0),
                    )
                    .label("the router knows ports and no names")
                    .also(other.span, "the other one, on the same port of the same proxy")
                    .help(format!("give both the same `{}`, or one of them a `port` of its own", words.1)),
                );
            }
            if let Some(wider) = self.network.opened_wider(exposure) {
                let product = exposure.through.as_ref().and_then(|through| through.proxy.product);
                // Where a file of the companions turns the others away, this is for information.
                let by_file =
                    matches!(product, Some(Product::Nginx | Product::Caddy | Product::Traefik | Product::Haproxy));
                let severity = if by_file { Severity::Note } else { Severity::Warning };
                self.report(
                    Diagnostic {
                        severity,
                        ..Diagnostic::warning(
                            "from-not-kept",
                            exposure.span,
                            "the router lets more to this name than `from` says",
                        )
                    }
                    .label(format!("`{}` is kept by the proxy alone", exposure.from_text))
                    .also(wider.span, "opens the same port of the same proxy to others")
                    .note("the router knows ports and no names: whoever may ask for one name may ask for the other")
                    .help("take the proxy's file from `companions`, which turns the others away; or give one of the two a `port` of its own"),
                );
            }
        }
    }

    /// The router's own page on a port where its proxy should listen: one of the two would not start.
    pub(super) fn page_in_the_way(&self) {
        let router = &self.network.router;
        let pages = router.pages();
        for exposure in self.network.exposures.iter().filter(|exposure| !exposure.expired) {
            let Some(through) = exposure.through.as_ref().filter(|through| through.host.is_none()) else { continue };
            let opens = exposure.opens();
            let taken = |port: &&u16| {
                opens.iter().any(|one| one.protocol == Some(TCP) && one.to.iter().any(|(a, b)| (a..=b).contains(port)))
            };
            let taken: Vec<String> = pages.iter().filter(taken).map(ToString::to_string).collect();
            if taken.is_empty() {
                continue;
            }
            let ports = taken.join(" and ");
            let error = Diagnostic::error(
                "forward-collision",
                through.span,
                format!("the router's own page listens on tcp {ports}, where this proxy should"),
            )
            .label("only one of the two can listen there");
            let error = match &router.page {
                Some((_, span)) => error.also(*span, "said here"),
                None => error
                    .note("OpenWrt (uhttpd) and pfSense (webConfigurator) are delivered with their page on 80 and 443"),
            };
            self.report(error.help(
                "move the page, on pfSense in System > Advanced > Admin Access (with its redirect from port 80 off), on OpenWrt with `uhttpd.main.listen_https`; then write `page 8443` in `router`",
            ));
        }
    }

    pub(super) fn redirects_collide(&self) {
        let redirects = &self.network.redirects;
        for (index, redirect) in redirects.iter().enumerate() {
            let clash = redirects.iter().take(index).find(|other| {
                other.to != redirect.to
                    && meet(&other.from, &redirect.from)
                    && other.traffic.iter().any(|one| redirect.traffic.iter().any(|two| overlap(one, two)))
            });
            if let Some(other) = clash {
                self.report(
                    Diagnostic::error("conflicting-rules", redirect.span, "the same packets are redirected twice")
                        .label("cannot be given to a second one")
                        .also(other.span, "given to another one here")
                        .help("leave the shared senders out of one of the two with `except`"),
                );
            }
        }
    }
}

/// A public port that is taken.
struct Forward<'a> {
    span: Span,
    on: &'a [ZoneId],
    protocol: Option<u8>,
    ports: Vec<(u16, u16)>,
    /// None is everybody.
    from: Option<&'a [Region]>,
    to: Taker,
}

/// Who gets the connections.
#[derive(PartialEq, Eq)]
enum Taker {
    /// A host, on these ports.
    Host(HostId, Vec<(u16, u16)>),
    /// The proxy on the router, which tells names apart.
    Proxy,
    /// A VPN that ends on the router.
    Vpn,
}

impl Forward<'_> {
    fn collides(&self, other: &Self) -> bool {
        let senders = match (self.from, other.from) {
            (Some(left), Some(right)) => meet(left, right),
            _ => true,
        };
        senders
            && self.protocol == other.protocol
            && (self.to != other.to || self.to == Taker::Vpn)
            && self.on.iter().any(|zone| other.on.contains(zone))
            && ranges_meet(&self.ports, &other.ports)
    }
}

fn ranges_meet(left: &[(u16, u16)], right: &[(u16, u16)]) -> bool {
    left.is_empty()
        || right.is_empty()
        || left.iter().any(|(from, to)| right.iter().any(|(other_from, other_to)| other_from <= to && from <= other_to))
}

fn overlap(left: &Traffic, right: &Traffic) -> bool {
    (left.protocol.is_none() || right.protocol.is_none() || left.protocol == right.protocol)
        && ranges_meet(&left.to, &right.to)
        && ranges_meet(&left.from, &right.from)
}

/// Is there an address that lies in both?
fn meet(left: &[Region], right: &[Region]) -> bool {
    left.iter().any(|one| {
        right.iter().any(|two| one.place == two.place && !one.addresses.intersect(&two.addresses).is_empty())
    })
}
