//! The ways to reach Home Assistant, each with what it needs in the policy.

/// One way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    LanOnly,
    TlsDns01,
    TlsHttp01,
    ProxyAddon,
    Proxy,
    Cloudflare,
    CloudflareTunnel,
    Wireguard,
    Openvpn,
    Tailscale,
    Zerotier,
    NabuCasa,
    Ipv6,
    Tor,
    Relay,
}

impl Mode {
    /// All of them: name on the command line, and what it is.
    pub const ALL: [(Self, &'static str, &'static str); 15] = [
        (Self::LanOnly, "lan-only", "from inside only"),
        (Self::Wireguard, "wireguard", "WireGuard on the router"),
        (Self::Openvpn, "openvpn", "OpenVPN on the router, users from a directory by RADIUS"),
        (Self::Tailscale, "tailscale", "Tailscale on Home Assistant's host"),
        (Self::Zerotier, "zerotier", "ZeroTier on Home Assistant's host"),
        (Self::NabuCasa, "nabu-casa", "Home Assistant Cloud"),
        (Self::CloudflareTunnel, "cloudflare-tunnel", "a Cloudflare Tunnel, no port is opened"),
        (Self::Cloudflare, "cloudflare", "Cloudflare in front of a reverse proxy, open to Cloudflare alone"),
        (Self::Proxy, "proxy", "a reverse proxy on a host of its own"),
        (Self::ProxyAddon, "proxy-addon", "a reverse proxy as an add-on of Home Assistant"),
        (Self::TlsDns01, "tls-dns-01", "TLS on Home Assistant, certificate by DNS"),
        (Self::TlsHttp01, "tls-http-01", "TLS on Home Assistant, certificate by port 80"),
        (Self::Ipv6, "ipv6", "TLS on Home Assistant, by IPv6 without translation"),
        (Self::Tor, "tor", "a Tor onion service"),
        (Self::Relay, "relay", "a server out there that relays, for lines without an address of their own"),
    ];

    /// The mode of a name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|(_, have, _)| *have == name).map(|(mode, ..)| mode)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        Self::ALL.into_iter().find(|(mode, ..)| *mode == self).map_or("", |(_, name, _)| name)
    }

    /// Can a router do it that can be told of forwards alone?
    #[must_use]
    pub const fn for_forwards(self) -> bool {
        !matches!(self, Self::Wireguard | Self::Openvpn | Self::Ipv6)
    }

    pub(super) const fn uses_ranges(self) -> bool {
        matches!(self, Self::Cloudflare)
    }

    pub(super) const fn has_proxy(self) -> bool {
        matches!(self, Self::Proxy | Self::Cloudflare)
    }

    /// What kind of address the uplink needs, or is assumed to have.
    pub(super) const fn uplink(self) -> &'static str {
        match self {
            Self::Relay | Self::CloudflareTunnel => "cgnat",
            _ => "public",
        }
    }

    /// The VPN's interface and network, if the peers have a zone of their own.
    pub(super) const fn vpn(self) -> Option<(&'static str, &'static str)> {
        match self {
            Self::Wireguard => Some(("wg0", "10.0.99.0/24")),
            Self::Openvpn => Some(("tun0", "10.0.99.0/24")),
            _ => None,
        }
    }

    /// More that Home Assistant's host runs.
    pub(super) const fn runs(self) -> &'static str {
        match self {
            Self::ProxyAddon => ", https",
            _ => "",
        }
    }

    /// More that Home Assistant's host has to reach.
    pub(super) const fn out(self) -> &'static str {
        match self {
            Self::CloudflareTunnel => ", cloudflared",
            Self::Tailscale => ", tailscale",
            Self::Zerotier => ", zerotier",
            Self::Tor => ", tcp 9001",
            Self::Relay => ", ssh",
            _ => "",
        }
    }

    /// What opens the way.
    pub(super) fn statements(self, name: &str) -> String {
        let expose = |inner: &str| format!("expose ha : home-assistant {{\n{inner}}}\n");
        let named = format!("    name {name}\n");
        let bans = "home-assistant ha { login-attempts 5 }  # who guesses is banned\n";
        let text = match self {
            Self::LanOnly => return "home-assistant ha { login-attempts 5 }\n".to_owned(),
            Self::TlsDns01 => expose(&format!("{named}    tls letsencrypt dns-01\n    ipv6 off\n")),
            Self::TlsHttp01 => expose(&format!(
                "{named}    tls letsencrypt http-01  # port 80 is open to the challenge\n    ipv6 off\n"
            )),
            Self::ProxyAddon => expose(&format!(
                "    through ha : https {{ product nginx;  runs-as addon }}\n{named}    port 443\n    tls letsencrypt dns-01\n    ipv6 off\n"
            )),
            Self::Proxy => expose(&format!(
                "    through proxy {{ product nginx;  runs-as host }}\n{named}    port 443\n    tls letsencrypt dns-01\n    ipv6 off\n"
            )),
            Self::Cloudflare => expose(&format!(
                "    through proxy {{ product nginx;  runs-as host }}\n{named}    port 443\n    from cloudflare\n    proxied cloudflare {{ origin-pulls zone }}\n    tls letsencrypt dns-01\n    ipv6 off\n"
            )),
            Self::CloudflareTunnel => {
                expose(&format!("{named}    tunnel ha {{ kind cloudflared;  access on }}\n"))
            }
            Self::NabuCasa => expose("    tunnel ha { kind nabu-casa }\n"),
            Self::Tor => expose("    tunnel ha { kind tor }\n"),
            Self::Relay => expose(&format!(
                "{named}    tunnel ha {{ kind relay;  connects 203.0.113.9 : ssh }}  # the address of your server\n"
            )),
            Self::Ipv6 => expose(&format!("{named}    tls letsencrypt dns-01\n    ipv6 on\n")),
            Self::Wireguard => "vpn road {\n    kind wireguard\n    listen udp 51820\n    tunnel split\n    # peer phone { address 10.0.99.2;  key \"PUBLIC KEY\" }\n}\nallow road -> ha : home-assistant\n".to_owned(),
            Self::Openvpn => "vpn road {\n    kind openvpn\n    listen udp 1194\n    auth radius directory\n    tunnel split\n}\nallow road -> ha : home-assistant\n".to_owned(),
            Self::Tailscale | Self::Zerotier => format!(
                "# {} connects outwards: no port is opened. Its own settings say who may reach what.\n",
                if self == Self::Tailscale { "Tailscale" } else { "ZeroTier" }
            ),
        };
        let shared = match self {
            Self::NabuCasa | Self::Tor => {
                "# Everybody comes in under one address, so that a ban shuts out all: have logins ask for a second factor.\nwaive client-ip-lost { because \"logins ask for a second factor\" }\n"
            }
            _ => "",
        };
        text + bans + shared
    }

    /// The whole list of what the internet can open.
    pub(super) fn exposed(self) -> String {
        let open = match self {
            Self::TlsDns01 | Self::Ipv6 => "    tcp 8123 -> ha\n",
            Self::TlsHttp01 => "    tcp 8123 -> ha\n    tcp 80 -> ha\n",
            Self::ProxyAddon => "    tcp 443 -> ha\n",
            Self::Proxy => "    tcp 443 -> proxy\n",
            Self::Cloudflare => "    tcp 443 -> proxy from cloudflare\n",
            Self::Wireguard => "    udp 51820 -> router\n",
            Self::Openvpn => "    udp 1194 -> router\n",
            _ => return "exposed { }  # nothing at all\n".to_owned(),
        };
        format!("exposed {{\n{open}}}\n")
    }
}
