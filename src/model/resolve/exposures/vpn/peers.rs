//! `peer NAME { }`: who connects, and the public half of the key.

use std::net::IpAddr;

use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        attributes::{Arguments, Attributes},
        network::{Peer, ZoneId},
        resolve::{
            Resolver,
            zones::{edge_address, list, shown},
        },
    },
    syntax::{
        token::{Kind, Literal, Token},
        tree,
    },
};

/// How people call what must not stand in a policy.
const SECRETS: [&str; 6] = ["private-key", "privatekey", "preshared-key", "presharedkey", "psk", "secret"];

impl Resolver<'_> {
    pub(super) fn peer(&self, mut arguments: Arguments<'_>, zone: Option<ZoneId>) -> Option<Peer> {
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
        Some(Peer { name: name.text, addresses, key, admin: attributes.flag("admin"), span: arguments.span() })
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

    pub(super) fn peers_twice(&self, peers: &[Peer]) {
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
