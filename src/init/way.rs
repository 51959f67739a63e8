//! The ways to reach Home Assistant, each with its part of a policy.

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Way {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it is, in a few words.
    pub about: &'static str,
    /// Its place among the examples, which go from what opens nothing to what needs most.
    pub number: u8,
    /// The template of its policy.
    pub(super) template: &'static str,
    /// A zone that it needs beside those of the house, and the interface of that, if it is no VLAN.
    pub(super) zone: Option<(&'static str, Option<&'static str>)>,
    /// Can a router do it that can be told of forwards alone?
    pub by_forwards: bool,
}

/// A way that needs no zone of its own, and no more of the router than a forward.
macro_rules! way {
    ($number:literal, $name:literal, $about:literal $(, $field:ident: $value:expr)*) => {
        Way {
            $($field: $value,)*
            ..Way {
                name: $name,
                about: $about,
                number: $number,
                template: include_str!(concat!("../../policies/init/", $name, ".hedge.j2")),
                zone: None,
                by_forwards: true,
            }
        }
    };
}

const DMZ: Option<(&str, Option<&str>)> = Some(("dmz", None));
/// The clients of a VPN that a host ends have no interface of the router.
const BY_HOST: Option<(&str, Option<&str>)> = None;
const WIREGUARD: Option<(&str, Option<&str>)> = Some(("road", Some("wg0")));
const RELAY: Option<(&str, Option<&str>)> = Some(("relay", Some("wg0")));

/// All of them, those that open least before the others.
pub const WAYS: [Way; 23] = [
    way!(0, "lan-only", "from inside only"),
    way!(8, "wireguard", "WireGuard on the router", zone: WIREGUARD, by_forwards: false),
    way!(9, "wireguard-addon", "WireGuard as an add-on of Home Assistant", zone: BY_HOST),
    way!(
        10, "openvpn", "OpenVPN on the router, users from a directory by RADIUS",
        zone: Some(("road", Some("tun0"))), by_forwards: false
    ),
    way!(11, "tailscale", "Tailscale as an add-on of Home Assistant", zone: BY_HOST),
    way!(11, "zerotier", "ZeroTier as an add-on of Home Assistant", zone: BY_HOST),
    way!(12, "nabu-casa", "Home Assistant Cloud"),
    way!(7, "cloudflare-tunnel", "a Cloudflare Tunnel, no port is opened"),
    way!(6, "cloudflare", "Cloudflare before a reverse proxy that is open to Cloudflare alone", zone: DMZ),
    way!(5, "proxy", "a reverse proxy on a machine of its own (NGINX, Caddy, Traefik, HAProxy)", zone: DMZ),
    way!(5, "proxy-router", "a reverse proxy on the router itself (HAProxy as a package of pfSense or OpenWrt)", by_forwards: false),
    way!(5, "proxy-manager", "Nginx Proxy Manager on a machine of its own", zone: DMZ),
    way!(5, "synology", "the reverse proxy of a Synology NAS that runs Home Assistant, too"),
    way!(4, "proxy-addon", "a reverse proxy as an add-on of Home Assistant"),
    way!(16, "client-certificates", "a reverse proxy that takes nobody without a certificate of yours", zone: DMZ),
    way!(16, "sign-in", "a reverse proxy that asks Authelia about every request", zone: DMZ),
    way!(2, "tls-dns-01", "TLS on Home Assistant, certificate by DNS"),
    way!(3, "tls-http-01", "TLS on Home Assistant, certificate by port 80"),
    way!(13, "ipv6", "TLS on Home Assistant, by IPv6 without translation", by_forwards: false),
    way!(14, "tor", "a Tor onion service"),
    way!(15, "relay", "a server out there that relays, for lines without an address of their own"),
    way!(
        15, "relay-wireguard", "a server out there that relays, and that the router calls by WireGuard", zone: RELAY,
        by_forwards: false
    ),
    way!(1, "plain-forward", "a forward without TLS: always a finding, waived for a month"),
];

impl Way {
    /// The way of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<&'static Self> {
        WAYS.iter().find(|way| way.name == name)
    }

    /// Is there a public name, which somebody has to think of?
    #[must_use]
    pub fn has_name(&self) -> bool {
        self.template.contains("{{ name }}")
    }
}
