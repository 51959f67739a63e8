//! Whom an exposure hands its name to: a proxy of the provider before it, or a tunnel that goes out to one.

use super::{Exposure, HostId, Network, Place, Proxy, Region};
use crate::{
    diagnostic::Span,
    model::service::{TCP, Traffic, UDP},
};

/// `proxied cloudflare`
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Proxied {
    pub pulls: OriginPulls,
    pub span: Span,
}

/// The certificate by which a proxy out there proves itself (Authenticated Origin Pulls).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum OriginPulls {
    Off,
    /// The provider's own, which it shows for each of its customers.
    Global,
    /// One of the name's zone, or of the name alone: nobody else has it.
    Zone,
    Hostname,
}

/// `tunnel`
#[derive(Clone, Debug)]
pub struct Tunnel {
    /// Who opens it, and asks here; where the router opens it, who is at its other end.
    pub host: HostId,
    /// Does the router itself end it?
    pub by_router: bool,
    pub span: Span,
    pub kind: Option<TunnelKind>,
    /// What it publishes beside the exposure itself.
    pub publishes: Vec<Published>,
    pub catch_all: CatchAll,
    /// Does the provider ask who it is, before anything reaches the house?
    pub access: bool,
    /// What it connects to, if the policy says so.
    pub connects: Vec<Connection>,
    /// How the service sees what comes by it.
    pub agent: Proxy,
}

/// Whose tunnel it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TunnelKind {
    Cloudflared,
    NabuCasa,
    Tor,
    Tailscale,
    Relay,
}

/// Something that a tunnel leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    pub span: Span,
    pub to: Vec<Region>,
    pub traffic: Vec<Traffic>,
    /// The services that it names, each with what it stands for.
    pub named: Vec<(String, Vec<Traffic>)>,
    /// As the policy writes it.
    pub text: String,
    pub name: Option<String>,
}

/// Where a tunnel leads names that nothing else is said of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CatchAll {
    Off,
    /// Somewhere, the policy does not say where.
    On(Span),
    To(Published),
}

/// Where a tunnel's host goes out to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Connection {
    pub to: Vec<Region>,
    pub traffic: Vec<Traffic>,
    pub text: String,
    pub span: Span,
}

/// Something that a tunnel leads everybody to: its provider asks nobody who it is.
#[derive(Clone, Debug)]
pub struct Led<'n> {
    pub exposure: &'n Exposure,
    pub tunnel: &'n Tunnel,
    pub span: Span,
    pub to: Vec<Region>,
    pub traffic: Vec<Traffic>,
    /// The services that the policy names, each with what it stands for.
    pub named: &'n [(String, Vec<Traffic>)],
    /// As the policy writes it.
    pub text: &'n str,
}

impl Network {
    /// All that tunnels lead everybody to: what is exposed by them, and what they publish beside it. No router sees
    /// these packets come in.
    #[must_use]
    pub fn led_by_tunnels(&self) -> Vec<Led<'_>> {
        let mut found = Vec::new();
        for exposure in self.exposures.iter().filter(|exposure| !exposure.expired) {
            let Some(tunnel) = exposure.tunnel.as_ref().filter(|tunnel| !tunnel.access) else { continue };
            let host = self.host(exposure.host);
            let leg = |zone: &super::ZoneId| Region {
                place: Place::Zone(*zone),
                addresses: host.address_set(Some(*zone)),
                whole: false,
            };
            let to = host.zones.iter().map(leg).filter(|region| !region.addresses.is_empty()).collect();
            let (span, text) = (exposure.span, exposure.service_text.as_str());
            let (traffic, named) = (exposure.service.clone(), exposure.named.as_slice());
            found.push(Led { exposure, tunnel, span, to, traffic, named, text });
            let rest = match &tunnel.catch_all {
                CatchAll::To(target) => Some(target),
                CatchAll::Off | CatchAll::On(_) => None,
            };
            for one in tunnel.publishes.iter().chain(rest) {
                let (to, traffic) = (one.to.clone(), one.traffic.clone());
                found.push(Led { exposure, tunnel, span: one.span, to, traffic, named: &one.named, text: &one.text });
            }
        }
        found
    }
}

/// One way out that a program needs, or some that stand in for each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    pub ways: Vec<Traffic>,
    /// Does it work without, though worse?
    pub optional: bool,
}

impl TunnelKind {
    /// All kinds, by their names in the language.
    pub const ALL: [(&'static str, Self); 5] = [
        ("cloudflared", Self::Cloudflared),
        ("nabu-casa", Self::NabuCasa),
        ("tor", Self::Tor),
        ("tailscale", Self::Tailscale),
        ("relay", Self::Relay),
    ];

    /// What the program has to reach in the internet. A relay's is what the policy says.
    #[must_use]
    pub fn needs(self) -> Vec<Need> {
        let one = |protocol: u8, port: u16, optional: bool| Need {
            ways: vec![Traffic::ports(protocol, port, port)],
            optional,
        };
        match self {
            // developers.cloudflare.com, "Tunnel with firewall": QUIC, and HTTP/2 where that does not pass.
            Self::Cloudflared => {
                let either = Need {
                    ways: [UDP, TCP].map(|protocol| Traffic::ports(protocol, 7844, 7844)).to_vec(),
                    optional: false,
                };
                vec![either, one(UDP, 7844, true), one(TCP, 7844, true)]
            }
            // The relay of SniTun (NabuCasa/snitun).
            Self::NabuCasa => vec![one(TCP, 443, false)],
            // Relays listen where they like; most of those that serve as guards on these.
            Self::Tor => {
                vec![Need { ways: [443, 9001].map(|port| Traffic::ports(TCP, port, port)).to_vec(), optional: false }]
            }
            // tailscale.com/kb/1082: the coordination and the relays by 443, STUN for direct ways.
            Self::Tailscale => vec![one(TCP, 443, false), one(UDP, 3478, true)],
            Self::Relay => Vec::new(),
        }
    }
}
