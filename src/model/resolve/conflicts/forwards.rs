//! Forwards and redirections that would take the same packets.

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        network::{HostId, Region, ZoneId},
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
