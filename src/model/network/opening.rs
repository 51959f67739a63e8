//! What opens the network to the outside, or leads its packets elsewhere.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{HostId, Options, OriginPulls, Product, Proxied, Proxy, RangesId, Region, SignIn, Tunnel, ZoneId};
use crate::{
    diagnostic::Span,
    model::service::{Discovery, TCP, Traffic},
};

/// `expose`
#[derive(Clone, Debug)]
pub struct Exposure {
    pub span: Span,
    pub host: HostId,
    pub service: Vec<Traffic>,
    /// The words of the service, for messages.
    pub service_text: String,
    /// The services that it names, each with what it stands for.
    pub named: Vec<(String, Vec<Traffic>)>,
    /// Who may connect, as regions of internet zones.
    pub from: Vec<Region>,
    /// Is `from` the whole internet?
    pub from_anywhere: bool,
    /// The words of `from`; empty without it.
    pub from_text: String,
    /// The lists that `from` names.
    pub from_lists: Vec<RangesId>,
    /// The uplinks that take the forward.
    pub on: Vec<ZoneId>,
    /// Where the policy names these uplinks; without that they are all that there are.
    pub on_span: Option<Span>,
    pub port: Option<(u16, Span)>,
    pub through: Option<Through>,
    pub tunnel: Option<Tunnel>,
    pub name: Option<String>,
    /// Somebody else's servers answer to the name, and ask here.
    pub proxied: Option<Proxied>,
    /// Is the name answered inside with the inner address, if the policy says so?
    pub split_dns: Option<(bool, Span)>,
    pub tls: Option<Tls>,
    /// Where it is asked for that clients show a certificate of an authority of the house.
    pub client_certificates: Option<Span>,
    pub sign_in: Option<SignIn>,
    pub hairpin: bool,
    pub ipv4: Option<bool>,
    pub ipv6: Option<bool>,
    pub options: Options,
    pub expired: bool,
}

/// The reverse proxy of an exposure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    /// Where it runs; none is the router itself.
    pub host: Option<HostId>,
    pub proxy: Proxy,
    /// Where the proxy listens; https if the policy does not say.
    pub service: Vec<Traffic>,
    pub span: Span,
}

impl Exposure {
    /// Does somebody ask who it is, before a password can be tried at the service itself?
    #[must_use]
    pub const fn is_gated(&self) -> bool {
        self.client_certificates.is_some() || self.sign_in.is_some()
    }

    /// The host that a connection comes to, and the service there; without a host it is the router itself.
    #[must_use]
    pub fn target(&self) -> (Option<HostId>, &[Traffic]) {
        self.through.as_ref().map_or((Some(self.host), &self.service), |through| (through.host, &through.service))
    }

    /// Does a proxy on the router itself answer?
    #[must_use]
    pub fn is_on_router(&self) -> bool {
        self.target().0.is_none()
    }

    /// What the internet opens: where it is answered, and port 80 where a certificate is proven there.
    #[must_use]
    pub fn opens(&self) -> Vec<Traffic> {
        self.target().1.iter().cloned().chain(self.challenge()).collect()
    }

    /// Where a certificate is proven, if that takes a port of its own.
    #[must_use]
    pub fn challenge(&self) -> Option<Traffic> {
        (self.tls == Some(Tls::Http01)).then(|| Traffic::ports(TCP, 80, 80))
    }

    /// The port outside and the port inside, where both are one port. A tunnel's provider answers on 443.
    #[must_use]
    pub fn ports(&self) -> Option<(u16, u16)> {
        let [inner] = self.target().1 else { return None };
        let inner = inner.single_port()?;
        let public = if self.tunnel.is_some() { 443 } else { self.port.map_or(inner, |(port, _)| port) };
        Some((public, inner))
    }

    /// Is a DNS server inside told to answer with the host's own address? Without a word about it, it is where that
    /// leads to the same port as outside, to a proxy that lets people inside in.
    #[must_use]
    pub fn splits_dns(&self) -> bool {
        let same = self.port.is_none() || self.ports().is_some_and(|(public, inner)| public == inner);
        let unsaid = same && self.tunnel.is_none() && !self.asks_insiders();
        !self.expired && self.name.is_some() && self.split_dns.map_or(unsaid, |(on, _)| on)
    }

    /// Does the proxy ask those inside as well for the certificate that Cloudflare alone has? Traefik cannot tell them
    /// apart, nor can what is typed into Nginx Proxy Manager for one host.
    #[must_use]
    pub fn asks_insiders(&self) -> bool {
        let product = self.through.as_ref().and_then(|through| through.proxy.product);
        matches!(product, Some(Product::Traefik | Product::Npm))
            && self.proxied.is_some_and(|proxied| proxied.pulls != OriginPulls::Off)
    }
}

/// Where the certificate comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Tls {
    Http01,
    Dns01,
    Alpn01,
    Own,
    None,
}

/// `vpn`
#[derive(Clone, Debug)]
pub struct Vpn {
    pub zone: ZoneId,
    pub span: Span,
    pub kind: VpnKind,
    /// Where it listens, if it does.
    pub listen: Vec<Traffic>,
    pub on: Vec<ZoneId>,
    /// The host that ends the tunnel; none is the router.
    pub server: Option<HostId>,
    /// Where the policy names these uplinks; without that they are all that there are.
    pub on_span: Option<Span>,
    pub full_tunnel: bool,
    pub radius: Option<HostId>,
    /// Where the policy says how clients prove who they are.
    pub auth_span: Option<Span>,
    pub peers: Vec<Peer>,
    /// Is the server an add-on of Home Assistant? Clients then come in under the address of its host.
    pub addon: bool,
    /// Does the host that ends the tunnel hide the clients behind its own address?
    pub hides_clients: bool,
    pub resolver: Option<(Resolver, Span)>,
    /// Where it says that the IPv6 of the clients goes through the tunnel, or beside it.
    pub ipv6: Option<(bool, Span)>,
    pub overlay: Overlay,
}

impl Vpn {
    /// Does the IPv6 of its clients go through the tunnel, as their IPv4 does?
    #[must_use]
    pub fn carries_ipv6(&self) -> bool {
        self.ipv6.is_none_or(|(on, _)| on)
    }

    /// Do the peers go on from an add-on, under the address of its host? Those of an overlay go only to what is
    /// announced; what is announced unasked is found by `overlay-advertises-all`.
    #[must_use]
    pub fn lets_in_as_host(&self) -> bool {
        let announces = self.overlay.advertises.as_ref().is_some_and(|(nets, _)| !nets.is_empty());
        self.hides_clients && (!self.kind.is_overlay() || announces)
    }
}

/// Whom the clients of a VPN ask for names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolver {
    Router,
    Host(HostId),
    Address(IpAddr),
}

/// What a node tells its overlay network. What is not said is as its program is delivered.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overlay {
    /// The networks that it announces.
    pub advertises: Option<(Vec<IpNet>, Span)>,
    /// Does it take its peers' way to the internet?
    pub exit_node: Option<(bool, Span)>,
    /// Does it publish a service to the internet, as Tailscale's Funnel does?
    pub share: Option<(bool, Span)>,
}

/// The make of a VPN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VpnKind {
    Wireguard,
    Openvpn,
    Tailscale,
    Zerotier,
}

impl VpnKind {
    /// Is it a network of accounts, without a server that everybody connects to?
    #[must_use]
    pub const fn is_overlay(self) -> bool {
        matches!(self, Self::Tailscale | Self::Zerotier)
    }
}

/// Where a peer of a WireGuard listens, out there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// A name, or an address without brackets.
    pub host: String,
    pub port: u16,
    pub span: Span,
}

impl Endpoint {
    /// Its address, where it is none that a DNS server has to tell.
    #[must_use]
    pub fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }

    /// As `wg` takes it: `vps.example.org:51820`, `[2001:db8::1]:51820`
    #[must_use]
    pub fn written(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

/// Somebody who connects, or is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub name: String,
    pub addresses: Vec<IpAddr>,
    /// The networks behind it.
    pub networks: Vec<IpNet>,
    pub key: Option<String>,
    /// Where it is called; without that it calls.
    pub endpoint: Option<Endpoint>,
    /// Does somebody administer the network from it?
    pub admin: bool,
    pub span: Span,
}

impl Peer {
    /// From where it may send: its addresses, and the networks behind it.
    pub fn allowed(&self) -> impl Iterator<Item = IpNet> {
        self.addresses.iter().map(|own| IpNet::from(*own)).chain(self.networks.iter().copied())
    }
}

/// `redirect`
#[derive(Clone, Debug)]
pub struct Redirect {
    pub span: Span,
    pub from: Vec<Region>,
    pub traffic: Vec<Traffic>,
    /// The host that takes the packets; none is the router.
    pub to: Option<HostId>,
    pub options: Options,
}

/// `reflect`
#[derive(Clone, Debug)]
pub struct Reflector {
    pub span: Span,
    pub protocol: Discovery,
    pub zones: Vec<ZoneId>,
    pub services: Vec<String>,
}
