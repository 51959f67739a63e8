//! Static routes: to what lies behind a host that ends a VPN, and behind a peer of WireGuard.
//!
//! A route leads to a gateway, and a gateway is a way out to pfSense: where nothing says by which one a family leaves, it
//! takes the first that answers, in the order of the interfaces (`fixup_default_gateway` in `gwlb.inc`). So with a gateway
//! inside it is said which one that is.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    Renderer,
    document::{Gateway, Route},
    words,
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{Peer, VpnKind, ZoneId},
};

/// What stands where a family has no way out.
const NONE: &str = "-";
/// How long the name of a gateway of ours may be before it is numbered.
const NAME: usize = 26;

/// A network and the address behind which it lies.
struct Way {
    /// The interface of that address.
    key: String,
    net: IpNet,
    via: IpAddr,
    /// Whose address it is.
    host: String,
    span: Span,
}

impl Renderer<'_> {
    /// The routes with their gateways.
    pub(super) fn routes(&mut self) {
        let ways = self.ways_behind();
        for way in &ways {
            if self.route_agrees(way) {
                continue;
            }
            let gateway = self.gateway_to(way);
            let descr = words::description(&format!("{}what lies behind {}", words::MARK, way.host));
            self.document.routes.push(Route { network: way.net.to_string(), gateway, descr });
        }
        for v4 in [true, false] {
            if let Some(way) = ways.iter().find(|way| way.via.is_ipv4() == v4) {
                self.way_out_is_said(v4, way.span);
            }
        }
    }

    fn ways_behind(&mut self) -> Vec<Way> {
        let network = self.network;
        let mut ways = Vec::new();
        let mut errors = Vec::new();
        for (id, net, via) in network.routes() {
            let Some(behind) = &network.zone(id).behind else { continue };
            let (host, span) = (network.host(behind.host).name.clone(), network.zone(id).span);
            ways.push(Way { key: self.key(id), net, via, host, span });
        }
        let here = network.vpns.iter().filter(|vpn| vpn.kind == VpnKind::Wireguard && vpn.server.is_none());
        for (vpn, peer) in here.flat_map(|vpn| vpn.peers.iter().map(move |peer| (vpn, peer))) {
            for net in &peer.networks {
                let own = |address: &&IpAddr| address.is_ipv4() == net.network().is_ipv4();
                let Some(via) = peer.addresses.iter().find(own) else {
                    errors.push(without_address(peer, *net));
                    continue;
                };
                ways.push(Way {
                    key: self.key(vpn.zone),
                    net: net.trunc(),
                    via: *via,
                    host: peer.name.clone(),
                    span: peer.span,
                });
            }
        }
        self.errors.extend(errors);
        ways
    }

    /// Has the base a route of the user's own to this network? It has to lead there.
    fn route_agrees(&mut self, way: &Way) -> bool {
        let same = |route: &&super::base::Route| !route.ours && route.network.parse() == Ok(way.net);
        let Some(route) = self.base.routes.iter().find(same) else { return false };
        let gateway = self.base.gateways.iter().find(|known| known.name == route.gateway);
        let there = gateway.is_some_and(|known| known.interface == way.key && known.address.parse() == Ok(way.via));
        if !there || route.disabled {
            let to = gateway.map_or(String::new(), |known| format!(" ({})", known.address));
            let name = &route.gateway;
            let off = if route.disabled { ", and is switched off" } else { "" };
            let message = format!("the route to {} leads to `{name}`{to} in the base{off}", way.net);
            self.errors.push(
                Diagnostic::error("base-differs", way.span, message)
                    .label(format!("lies behind `{}`, which is {}", way.host, way.via))
                    .help("correct it in pfSense (System > Routing > Static Routes) and save a new backup, or take it out there"),
            );
        }
        true
    }

    /// The name of the gateway at an address: that of the base, or one of ours.
    fn gateway_to(&mut self, way: &Way) -> String {
        let theirs = self.base.gateways.iter();
        let mut theirs = theirs.filter(|known| known.interface == way.key && known.address.parse() == Ok(way.via));
        if let Some(known) = theirs.next() {
            return known.name.clone();
        }
        let address = way.via.to_string();
        let mut ours = self.document.gateways.iter();
        if let Some(known) = ours.find(|known| known.interface == way.key && known.address.as_ref() == Some(&address)) {
            return known.name.clone();
        }
        let name = self.free_gateway_name(way);
        self.document.gateways.push(Gateway {
            interface: way.key.clone(),
            name: name.clone(),
            family: if way.via.is_ipv4() { "inet" } else { "inet6" },
            address: Some(address),
            host: Some(words::description(&format!("{}the way to what lies behind {}", words::MARK, way.host))),
        });
        name
    }

    fn free_gateway_name(&self, way: &Way) -> String {
        let base = &self.base;
        let taken = |name: &String| {
            let named =
                base.gateways.iter().map(|known| &known.name).chain(base.groups.iter().map(|known| &known.name));
            let ours = self.document.gateways.iter().map(|known| &known.name);
            named.chain(ours).chain(&base.names).any(|known| known == name)
        };
        let family = if way.via.is_ipv4() { "" } else { "6" };
        let word: String = words::name(&way.host).to_uppercase().chars().take(NAME - 4).collect();
        let first = format!("HR_{word}{family}");
        let names = std::iter::once(first.clone()).chain((2..).map(|number| format!("{first}_{number}")));
        names.into_iter().find(|name| !taken(name)).unwrap_or_default()
    }

    /// The uplink by which a family leaves while all of them are up.
    pub(super) fn first_uplink(&self, v4: bool) -> Option<ZoneId> {
        let leaves = |id: &ZoneId| {
            let zone = self.network.zone(*id);
            let own = zone.addresses.iter().any(|own| own.address.is_ipv4() == v4);
            zone.is_internet() && (own || !v4 && zone.delegated.is_some())
        };
        let uplinks = self.network.zone_ids().map(|(id, _)| id).filter(leaves);
        uplinks.min_by_key(|id| (self.network.zone(*id).failover, super::interfaces::place(&self.key(*id))))
    }

    /// With a gateway inside, pfSense must not choose for itself by which one a family leaves.
    fn way_out_is_said(&mut self, v4: bool, span: Span) {
        let (theirs, ours) = if v4 {
            (&self.base.default_gateway, &self.document.default_gateway)
        } else {
            (&self.base.default_gateway6, &self.document.default_gateway6)
        };
        let said = ours.as_ref().or(theirs.as_ref()).is_some_and(|name| !name.is_empty());
        if said {
            return;
        }
        let name = match self.first_uplink(v4) {
            None => Some(NONE.to_owned()),
            Some(uplink) => self.gateway(uplink, v4),
        };
        let Some(name) = name else {
            let family = if v4 { "IPv4" } else { "IPv6" };
            self.errors.push(
                Diagnostic::error(
                    "base-differs",
                    span,
                    format!("nothing says by which gateway {family} leaves, and pfSense could choose the one to this network"),
                )
                .label("lies behind a gateway of its own")
                .help(format!("choose the default gateway of {family} in pfSense (System > Routing) and save a new backup")),
            );
            return;
        };
        if v4 {
            self.document.default_gateway = Some(name);
        } else {
            self.document.default_gateway6 = Some(name);
        }
    }
}

fn without_address(peer: &Peer, net: IpNet) -> Diagnostic {
    let family = if net.network().is_ipv4() { "IPv4" } else { "IPv6" };
    Diagnostic::error(
        "backend-cannot-express",
        peer.span,
        format!("pfsense leads to {net} by an address of its peer, and `{}` has none of {family}", peer.name),
    )
    .label("lies before this network")
    .help(format!("give it one: `address` of the peer, in an {family} network of the zone"))
}
