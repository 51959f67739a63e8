//! `peer NAME { }` of a `vpn`: who connects, and the public half of the key. Each is a host of the VPN's zone, unless its
//! name is taken.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    Object, Placed, Resolver,
    zones::{edge_address, list, shown},
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Arguments, Attributes},
        load::Space,
        network::{Host, HostAddress, HostId, Peer, Vpn, VpnKind, ZoneId},
    },
    syntax::{
        token::{Kind, Literal, Token},
        tree::{self, Name},
    },
};

/// How people call what must not stand in a policy.
const SECRETS: [&str; 6] = ["private-key", "privatekey", "preshared-key", "presharedkey", "psk", "secret"];

/// A peer that is a host by its own name.
pub(super) struct PeerHost {
    space: Space,
    vpn: Name,
    name: Name,
    /// The whole attribute.
    span: Span,
}

impl PeerHost {
    pub(super) fn name(&self) -> String {
        self.name.text.clone()
    }
}

impl<'t> Resolver<'t> {
    /// Remembers the VPNs, and the names of their peers that nothing else has. To be called once all else is declared.
    pub(super) fn declare_peers(&mut self, vpns: Vec<Placed<'t, tree::Declaration>>) {
        for vpn in &vpns {
            for attribute in vpn.tree.body.attributes.iter().filter(|attribute| attribute.key.text == "peer") {
                let Some(Token { kind: Kind::Word(text), span }) = attribute.arguments.first() else { continue };
                let name = Name { text: text.clone(), span: *span };
                let id = HostId(self.host_trees.len() + self.peer_hosts.len());
                if self.objects.declare(vpn.space, text, Object::Host(id), *span).is_none() {
                    self.well_named(&name);
                    let vpn_name = vpn.tree.name.clone();
                    self.peer_hosts.push(PeerHost { space: vpn.space, vpn: vpn_name, name, span: attribute.span });
                }
            }
        }
        self.vpn_trees = vpns;
    }

    /// Resolves the peers of all VPNs, and makes hosts of them. To be called once the other hosts are resolved.
    pub(super) fn peers(&mut self) {
        for index in 0..self.vpn_trees.len() {
            let Some(vpn) = self.vpn_trees.get(index) else { continue };
            let (space, tree) = (vpn.space, vpn.tree);
            let zone = match self.objects.glance(space, &tree.name.text, self.imports) {
                Some(Object::Zone(zone)) => Some(zone),
                _ => None,
            };
            let attributes = Attributes::checked(&tree.body, self.errors);
            for arguments in attributes.all("peer") {
                let (span, before) = (arguments.span(), self.errors.borrow().len());
                let Some(mut peer) = self.peer(arguments, zone) else { continue };
                let whole = self.errors.borrow().len() == before;
                if let (Some(zone), true) = (zone, whole) {
                    self.with_host(&mut peer, zone, space);
                }
                self.peers.insert(span, peer);
            }
        }
        for index in 0..self.peer_hosts.len() {
            let id = HostId(self.host_trees.len() + index);
            let Some(named) = self.peer_hosts.get(index) else { continue };
            let zone = match self.objects.glance(named.space, &named.vpn.text, self.imports) {
                Some(Object::Zone(zone)) => Some(zone),
                _ => None,
            };
            let mut host = Host::new(named.name.text.clone(), named.span);
            host.zones = zone.into_iter().collect();
            if let Some((peer, zone)) = self.peers.get(&named.span).zip(zone) {
                host.admin = peer.admin;
                host.addresses = peer
                    .addresses
                    .iter()
                    .map(|address| HostAddress { zone, address: *address, suffix: None, span: named.span })
                    .collect();
            }
            let failed = self.failed_in(named.span);
            if failed || zone.is_none_or(|zone| self.broken_zones.contains(&zone)) {
                self.broken_hosts.insert(id);
            }
            self.network.hosts.push(host);
        }
    }

    /// What a declared host and the peer of its name say of each other, if the host is in the zone of the VPN.
    fn with_host(&mut self, peer: &mut Peer, zone: ZoneId, space: Space) {
        let Some(Object::Host(id)) = self.objects.glance(space, &peer.name, self.imports) else { return };
        let Some(host) = self.network.hosts.get_mut(id.0).filter(|host| host.zones.contains(&zone)) else { return };
        // Those below a delegated prefix are stand-ins, which no file of a tunnel may hold.
        let known = host.addresses.iter().filter(|own| own.zone == zone && own.suffix.is_none());
        let own: Vec<IpAddr> = known.map(|own| own.address).collect();
        host.admin |= peer.admin;
        peer.admin = host.admin;
        if own.is_empty() {
            let given = peer.addresses.iter().map(|address| HostAddress {
                zone,
                address: *address,
                suffix: None,
                span: peer.span,
            });
            host.addresses.extend(given);
        } else if peer.addresses.is_empty() {
            peer.addresses = own;
        } else if own.iter().any(|address| !peer.addresses.contains(address))
            || peer.addresses.iter().any(|address| !own.contains(address))
        {
            let (name, declared) = (&peer.name, host.span);
            self.report(
                Diagnostic::error(
                    "peer-and-host-differ",
                    peer.span,
                    format!("peer `{name}` and host `{name}` have different addresses"),
                )
                .label(format!("has {}", list(peer.addresses.iter())))
                .also(declared, format!("has {}", list(own.iter())))
                .help("they are one device: write its addresses once, or give one of them another name"),
            );
        }
    }

    /// Tells of peers whose names mean something else, where a rule speaks of that. To be called last.
    pub(super) fn shadowed_peers(&self) {
        for vpn in &self.vpn_trees {
            let Some(Object::Zone(zone)) = self.objects.glance(vpn.space, &vpn.tree.name.text, self.imports) else {
                continue;
            };
            for peer in vpn.tree.body.attributes.iter().filter_map(|attribute| self.peers.get(&attribute.span)) {
                let Some(object) = self.objects.glance(vpn.space, &peer.name, self.imports) else { continue };
                let Some((declared, true)) = self.objects.own(vpn.space, &peer.name) else { continue };
                let means = match object {
                    // Rules that name a zone are not taken to mean one device.
                    Object::Zone(_) => continue,
                    Object::Host(id) if self.network.host(id).zones.contains(&zone) => continue,
                    Object::Host(id) => {
                        let zones = self.network.host(id).zones.iter();
                        format!("host in {}", list(zones.map(|id| format!("`{}`", self.network.zone(*id).name))))
                    }
                    other => other.sort().to_owned(),
                };
                let name = &peer.name;
                self.report(
                    Diagnostic::warning(
                        "shadowed-peer",
                        peer.span,
                        format!("rules that name `{name}` do not speak of this peer"),
                    )
                    .label("cannot be named in rules")
                    .also(declared, format!("`{name}` is this {means}"))
                    .help(format!("if rules shall speak of the peer, give it a name of its own such as `{name}-vpn`")),
                );
            }
        }
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
        let attributes = Attributes::new("peer", body, self.errors);
        let mut addresses: Vec<IpAddr> = Vec::new();
        if let Some(mut arguments) = attributes.get("address") {
            let prefixes = self.network_as_address(&arguments, zone);
            while !prefixes && let Some((address, span)) = arguments.address("the address of the peer in the tunnel") {
                if self.peer_address(address, span, zone) {
                    addresses.push(address);
                }
                if !arguments.comma() {
                    arguments.end();
                    break;
                }
            }
        }
        let networks = Self::prefixes(&attributes, "network").into_iter().map(|(net, _)| net).collect();
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
        let endpoint = self.endpoint(&attributes);
        Some(Peer {
            name: name.text,
            addresses,
            networks,
            key,
            endpoint,
            admin: attributes.flag("admin"),
            span: arguments.span(),
        })
    }

    /// Reports an address that no peer of the zone can have.
    fn peer_address(&self, address: IpAddr, span: Span, zone: Option<ZoneId>) -> bool {
        let Some(id) = zone.filter(|id| !self.broken_zones.contains(id)) else { return true };
        let zone = self.network.zone(id);
        if zone.networks.is_empty() {
            return true;
        }
        let error = if let Some(own) = zone
            .addresses
            .iter()
            .chain(zone.behind.iter().flat_map(|behind| &behind.addresses))
            .find(|own| own.address == address)
        {
            let whose = if zone.behind.is_some() { "the server's" } else { "the router's" };
            Diagnostic::error("host-outside-zone", span, format!("{address} is {whose} own address in `{}`", zone.name))
                .label("the address of the peer")
                .also(own.span, format!("{whose} address follows from this"))
                .help("give the peer another address")
        } else if let Some(network) =
            zone.networks.iter().find(|network| !network.far && network.net.contains(&address))
        {
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

    /// The networks behind peers, each with the zone of its VPN. To be called before the networks of zones are resolved.
    pub(super) fn networks_of_peers(&self) -> Vec<(ZoneId, IpNet, Span)> {
        let mut found = Vec::new();
        for vpn in &self.vpn_trees {
            let Some(Object::Zone(zone)) = self.objects.glance(vpn.space, &vpn.tree.name.text, self.imports) else {
                continue;
            };
            for attribute in vpn.tree.body.attributes.iter().filter(|attribute| attribute.key.text == "peer") {
                let Some(body) = &attribute.body else { continue };
                let networks = Self::prefixes(&Attributes::checked(body, self.errors), "network");
                found.extend(networks.into_iter().map(|(net, span)| (zone, net, span)));
            }
        }
        found.retain(|(_, net, span)| self.usable_network(*net, *span));
        found
    }

    /// Reports networks that nobody leads to: behind a peer that lets none through, or of no peer at all.
    pub(super) fn networks_behind(&self, vpn: &Vpn) {
        let Vpn { kind, addon, peers, .. } = vpn;
        let (kind, addon, zone) = (*kind, *addon, self.network.zone(vpn.zone));
        for network in zone.networks.iter().filter(|network| network.far) {
            let (who, help) = match kind {
                VpnKind::Tailscale | VpnKind::Zerotier => (
                    "the members of an overlay announce the networks behind them by themselves",
                    "remove it here; approve the route where the network is administered, and write the network at the zone",
                ),
                _ if addon => (
                    "the add-on lets its peers in under the address of its host, and no networks behind them",
                    "let the router end this tunnel, or a WireGuard on a host with `masquerade off`",
                ),
                _ => continue,
            };
            self.report(
                Diagnostic::error("misplaced-attribute", network.span, who).label("not possible here").help(help),
            );
        }
        let near = || zone.networks.iter().filter(|network| !network.far && network.delegated.is_none());
        let has = |net: &IpNet| peers.iter().flat_map(|peer| &peer.addresses).any(|own| net.contains(own));
        let same = |one: &IpNet, two: &IpNet| one.network().is_ipv4() == two.network().is_ipv4();
        if kind != VpnKind::Wireguard || addon {
            return;
        }
        for lone in near().filter(|network| !has(&network.net)) {
            if !near().any(|other| same(&other.net, &lone.net) && has(&other.net)) {
                continue;
            }
            self.report(
                Diagnostic::error(
                    "network-of-no-peer",
                    lone.span,
                    format!("no peer of `{}` is in {}, so WireGuard takes no packet from there", zone.name, lone.net),
                )
                .label("behind which peer?")
                .help(format!(
                    "write it at the peer that it lies behind, as in `peer NAME {{ network {} }}`, and not here",
                    lone.net
                )),
            );
        }
    }

    /// The peers of a VPN, in the order of the policy.
    pub(super) fn peers_of(&self, vpn: &tree::Declaration) -> Vec<Peer> {
        let spans = vpn.body.attributes.iter().map(|attribute| attribute.span);
        let peers: Vec<Peer> = spans.filter_map(|span| self.peers.get(&span).cloned()).collect();
        self.peers_twice(&peers);
        peers
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
