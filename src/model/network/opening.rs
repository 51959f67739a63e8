//! What opens the network to the outside, or leads its packets elsewhere.

use std::net::IpAddr;

use super::{HostId, Options, Proxy, Region, ZoneId};
use crate::{
    diagnostic::Span,
    model::service::{Discovery, Traffic},
};

/// `expose`
#[derive(Clone, Debug)]
pub struct Exposure {
    pub span: Span,
    pub host: HostId,
    pub service: Vec<Traffic>,
    /// The words of the service, for messages.
    pub service_text: String,
    /// Who may connect, as regions of internet zones.
    pub from: Vec<Region>,
    /// Is `from` the whole internet?
    pub from_anywhere: bool,
    /// The words of `from`; empty without it.
    pub from_text: String,
    /// The uplinks that take the forward.
    pub on: Vec<ZoneId>,
    pub port: Option<(u16, Span)>,
    pub through: Option<Through>,
    pub tunnel: Option<HostId>,
    pub name: Option<String>,
    pub tls: Option<Tls>,
    pub hairpin: bool,
    pub ipv6: Option<bool>,
    pub options: Options,
    pub expired: bool,
}

/// The reverse proxy of an exposure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Through {
    pub host: HostId,
    pub proxy: Proxy,
    /// Where the proxy listens; https if the policy does not say.
    pub service: Vec<Traffic>,
    pub span: Span,
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
    pub full_tunnel: bool,
    pub radius: Option<HostId>,
    pub peers: Vec<Peer>,
}

/// The make of a VPN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum VpnKind {
    Wireguard,
    Openvpn,
    Tailscale,
}

/// Somebody who connects.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Peer {
    pub name: String,
    pub addresses: Vec<IpAddr>,
    pub key: Option<String>,
    pub span: Span,
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
