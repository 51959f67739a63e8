//! What is more than a forward. It is refused at its place: such a router would leave it out, or open more.

use std::net::IpAddr;

use super::Renderer;
use crate::{
    model::{Options, Place, Uplink, service::Traffic},
    packet::Family,
    plan::Line,
    policy::{Cause, Forward, Original},
};

/// What of a statement's options such a router cannot keep, and what to do.
pub fn condition(options: &Options) -> Option<(&'static str, &'static str)> {
    if options.during.is_some() {
        Some((
            "such a router forwards at all times",
            "take `during` out, or let a router that hedgerow configures stand behind it",
        ))
    } else if options.limit.is_some() {
        Some((
            "such a router counts no connections",
            "take `limit` out; `login-attempts` of Home Assistant bans who guesses",
        ))
    } else if options.log {
        Some(("such a router keeps no log of a forward", "take `log` out; the host that answers can log"))
    } else {
        None
    }
}

/// Have two sorts of traffic packets in common, the second with other ports than its own?
pub fn overlap(one: &Traffic, other: &Traffic, ports: &[(u16, u16)]) -> bool {
    let protocol = one.protocol.is_none() || other.protocol.is_none() || one.protocol == other.protocol;
    let meet = |(a, b): &(u16, u16)| ports.iter().any(|(c, d)| a <= d && c <= b);
    protocol && (one.to.is_empty() || ports.is_empty() || one.to.iter().any(meet))
}

impl Renderer<'_> {
    /// Forwards need an address of one's own outside.
    pub fn refuse_shared_addresses(&mut self) {
        let network = self.request.network;
        for (id, zone) in network.zone_ids() {
            let shared = match zone.uplink {
                Some(Uplink::Cgnat) => "carrier-grade NAT",
                Some(Uplink::DsLite) => "DS-Lite",
                _ => continue,
            };
            let mut causes: Vec<Cause> = self
                .request
                .book
                .forwards
                .iter()
                .filter(|forward| forward.granted.iter().any(|region| region.place == Place::Zone(id)))
                .map(|forward| forward.cause)
                .collect();
            causes.dedup();
            for cause in causes {
                self.refuse(
                    cause,
                    format!("`{}` shares its IPv4 address with other customers ({shared}), so no forward can work", zone.name),
                    "cannot be reached by IPv4",
                    "connect outwards instead: `tunnel HOST` (Cloudflare Tunnel, a relay), `vpn … { kind tailscale }`; reach it by IPv6 with a router that hedgerow configures; or ask the provider for an address of your own",
                );
            }
        }
    }

    /// All that the policy's own router would have to do besides, between the internet and us.
    pub fn refuse_beyond_forwards(&mut self) {
        let network = self.request.network;
        let book = self.request.book;
        for forward in book.forwards.iter().filter(|forward| matches!(forward.original, Original::Anyone)) {
            self.refuse(
                forward.cause,
                "such a router translates nothing that comes from inside",
                "cannot be told to a router of forwards",
                "hand out the resolver's address by DHCP instead, and take the `redirect` out",
            );
        }
        for (id, _) in network.zone_ids().filter(|(_, zone)| zone.is_internet()) {
            for ((_, to), pair) in book.pairs.iter().filter(|((from, _), _)| *from == Place::Zone(id)) {
                let inside = match to {
                    Place::Router => true,
                    Place::Zone(to) => !network.zone(*to).is_internet(),
                };
                for line in pair.allowed.iter().filter(|_| inside) {
                    self.refuse_opening(line, *to);
                }
            }
        }
        self.refuse_tunnels();
        self.refuse_masquerade();
    }

    /// What ends at the router and opens no port: a tunnel that it calls, or its place in an overlay.
    fn refuse_tunnels(&mut self) {
        let vpns = self.request.network.vpns.iter().enumerate();
        for (index, vpn) in vpns.filter(|(_, vpn)| vpn.server.is_none() && vpn.listen.is_empty()) {
            self.refuse(
                Cause::Vpn(index, vpn.span),
                "a router of forwards ends no tunnel that hedgerow could configure",
                "ends at the router",
                "end it at a host: `server HOST`; a host can call a relay, too (`tunnel HOST`)",
            );
        }
    }

    fn refuse_masquerade(&mut self) {
        let network = self.request.network;
        for forward in &self.request.book.forwards {
            if forward.zone.is_some_and(|zone| network.zone(zone).masquerade) {
                self.refuse(
                    forward.cause,
                    "such a router shows the true sender, and `masquerade on` of the target's zone hides it",
                    "into a zone with `masquerade on`",
                    "take `masquerade on` out of that zone",
                );
            }
        }
    }

    /// What the internet may open without a forward.
    fn refuse_opening(&mut self, line: &Line, to: Place) {
        match (line.cause, line.family) {
            (Cause::Exposure(..), _) if to == Place::Router => self.refuse(
                line.cause,
                "a router of forwards runs no proxy that hedgerow could configure",
                "is answered by a proxy on the router",
                "let a host do it: `through HOST`, to which such a router forwards the port",
            ),
            (Cause::Exposure(index, _), Family::V6)
                if self.request.network.exposures.get(index).is_some_and(|exposure| exposure.ipv4 == Some(false)) =>
            {
                self.refuse(
                    line.cause,
                    "a forward is IPv4: for IPv6 such a router has a page of its own, if it has one",
                    "is reachable by IPv6 alone",
                    "take a router that hedgerow configures, or connect outwards: `tunnel HOST`",
                );
            }
            (Cause::Exposure(..), Family::V6) => self.refuse(
                line.cause,
                "a forward is IPv4: for IPv6 such a router has a page of its own, if it has one",
                "is reachable by IPv6 too",
                "`ipv6 off`, or a router that hedgerow configures",
            ),
            (Cause::Vpn(..), _) => self.refuse(
                line.cause,
                "a router of forwards ends no tunnel that hedgerow could configure",
                "ends at the router",
                "end it at a host: `server HOST`",
            ),
            (cause, _) if to == Place::Router => self.refuse(
                cause,
                "what such a router itself answers on its uplink is set on its own pages",
                "lets the internet reach the router",
                "take it out; the router's pages should not be reachable from outside",
            ),
            (cause, _) => self.refuse(
                cause,
                "such a router lets in nothing from the internet but by a forward",
                "lets the internet in without a forward",
                "say it with `expose`",
            ),
        }
    }

    /// Can a forward be said as it is? Else it is refused.
    pub fn sayable(&mut self, forward: &Forward) -> bool {
        if let Some((what, help)) = condition(&forward.options) {
            self.refuse(forward.cause, what, "more than a forward", help);
            return false;
        }
        let Some(denied) = self.cut(forward) else { return true };
        self.refuse_cut(denied);
        false
    }

    pub fn refuse_cut(&mut self, denied: Cause) {
        self.refuse(
            denied,
            "such a router cannot hold back a part of what it forwards",
            "takes a part of a forward away",
            "say who may with `from` of the exposure, or take the `deny` out",
        );
    }

    /// A deny that takes a part of what a forward lets in.
    fn cut(&self, forward: &Forward) -> Option<Cause> {
        let (Some(zone), Some(IpAddr::V4(target))) = (forward.zone, forward.target) else { return None };
        let inner = forward.port.map_or_else(|| forward.traffic.to.clone(), |port| vec![(port, port)]);
        forward.granted.iter().find_map(|region| {
            let pair = self.request.book.pairs.get(&(region.place, Place::Zone(zone)))?;
            let denied = pair.denied.iter().find(|line| {
                line.family == Family::V4
                    && line.to.literal.contains(target.to_bits().into())
                    && !line.from.literal.intersect(&region.addresses.v4).is_empty()
                    && overlap(&line.traffic, &forward.traffic, &inner)
            });
            denied.map(|line| line.cause)
        })
    }
}
