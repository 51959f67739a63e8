//! Which attributes there are: the one list that the resolver, its messages and editors go by.

/// An attribute of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    pub key: &'static str,
    /// May it be given several times?
    pub repeatable: bool,
    pub value: Value,
    /// What it says, in a few words.
    pub about: &'static str,
}

/// What stands behind a key, as far as an editor can offer something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing.
    Flag,
    /// Something that nobody can guess: a number, an address, a text.
    Free,
    /// These words; some attributes take other things beside them.
    Words(&'static [&'static str]),
    Roles,
    Targets,
    Zones,
    Hosts,
    /// Hosts, or these words.
    HostsOr(&'static [&'static str]),
    Services,
    Integrations,
    Schedules,
    /// One side of a rule.
    Side,
}

const SWITCH: Value = Value::Words(&["on", "off"]);

const fn once(key: &'static str, value: Value, about: &'static str) -> Known {
    Known { key, repeatable: false, value, about }
}

const fn often(key: &'static str, value: Value, about: &'static str) -> Known {
    Known { key, repeatable: true, value, about }
}

const ROUTER: &[Known] = &[
    once("target", Value::Targets, "what is compiled when the command line names no target"),
    once("hostname", Value::Free, "the device's own name"),
    once("domain", Value::Free, "the domain of the hosts inside"),
    once("default-deny", Value::Words(&["reject", "drop"]), "an answer to a denied packet from inside, or silence"),
    once("timezone", Value::Free, "what schedules and `until` are reckoned in, as in \"Europe/Berlin\""),
    once("output", Value::Words(&["open", "closed"]), "whether the router itself may send anything"),
    once("page", Value::Words(&["off"]), "the ports of the router's own page, or `off`"),
];

const ZONE: &[Known] = &[
    once("role", Value::Roles, "what kind of zone it is"),
    often("interface", Value::Targets, "the interface; behind a target's name, what that router calls it"),
    once("vlan", Value::Free, "the number of the VLAN, 1 to 4094"),
    often("network", Value::Words(&["delegated"]), "the networks of the zone: prefixes, or `delegated N`"),
    often("address", Value::Words(&["dhcp", "pppoe", "pd"]), "the router's own addresses in the zone"),
    once("dhcp", Value::Free, "the pool that the router hands out: a range of addresses"),
    once("isolated", Value::Flag, "the switch or access point keeps the hosts of this zone apart"),
    once("masquerade", SWITCH, "hide IPv4 senders behind the router's address when they leave by this zone"),
    once("uplink", Value::Words(&["public", "private", "cgnat", "ds-lite"]), "what kind of address the provider gives"),
    once("upstream", Value::Free, "a private network beyond the uplink, of the modem or the landlord"),
    once("gateway", Value::Free, "the provider's router, for an address that is written"),
    once("delegated", Value::Free, "the IPv6 prefix that the provider delegates"),
    once("failover", Value::Flag, "this uplink is used when another one is down"),
    once("replies", Value::Words(&["by-uplink", "by-route"]), "by which uplink answers leave, for the checks"),
    once("egress", Value::Zones, "which uplink this zone leaves by: `ZONE` or `ZONE from ADDRESS`"),
    once("upnp", Value::Flag, "hosts of this zone may open ports of the router by UPnP, NAT-PMP or PCP"),
    once("filter", SWITCH, "whether the firewall is on that `isolated` relies on"),
];

const HOST: &[Known] = &[
    once("zone", Value::Zones, "where it is: one zone, or several that it joins"),
    often("address", Value::Free, "its IPv4 and IPv6 addresses"),
    once("mac", Value::Free, "for the reservation of its address"),
    once("suffix", Value::Free, "the host part of its IPv6 address below a delegated prefix, as in ::10"),
    once("dhcp", Value::Words(&["static", "dynamic"]), "its address is reserved, or whatever comes"),
    once("name", Value::Free, "its DNS name"),
    once("runs", Value::Services, "what listens there"),
    once("admin", Value::Flag, "somebody administers the network from it"),
    once("integration", Value::Integrations, "by which Home Assistant knows it"),
    once("same-subnet", Value::Flag, "it answers nobody of another subnet: rules about it need `as router`"),
    once("default-route", Value::Zones, "the zones by which it sends what is in none of its networks"),
    once("bridges", Value::Free, "the networks of its containers, as in 172.17.0.0/16"),
];

const GROUP: &[Known] = &[
    once("zone", Value::Zones, "where its members are"),
    once("members", Value::Side, "hosts, groups, prefixes and ranges"),
];

const SERVICE: &[Known] = &[
    once("login", Value::Words(&["none"]), "whoever reaches it is in"),
    once("plaintext", Value::Flag, "it is not encrypted"),
    once("management", Value::Flag, "it administers a device"),
    once("discovery", Value::Flag, "it works inside one zone only"),
    once("back", Value::Services, "what the called end opens to the caller; no reply covers it"),
    once("because", Value::Free, "why it does that"),
];

const INTEGRATION: &[Known] = &[
    once("there", Value::Services, "what the left side opens to the right one"),
    once("back", Value::Services, "what the right side opens to the left one"),
    once("discovery", Value::Words(&["mdns", "ssdp", "broadcast"]), "how the devices are found"),
    once("same-zone", Value::Words(&["required", "advised"]), "whether both ends belong into one zone"),
    once("because", Value::Free, "why it is needed"),
];

const OPTIONS: &[Known] = &[
    once("as", Value::Words(&["router"]), "the receiver sees the router's address in its own zone"),
    once("log", Value::Flag, "the router writes a line for each such connection"),
    once("during", Value::Schedules, "only at these times"),
    once("until", Value::Free, "the day from which it is no longer compiled, as in 2027-01-31"),
    once("limit", Value::Free, "how many connections may be opened, as in 10/minute"),
    BECAUSE,
    OWNER,
    once("temporary", Value::Flag, "it is there for a while only, and needs `until`"),
];

const BECAUSE: Known = once("because", Value::Free, "the reason, for whoever reads it in a year");
const OWNER: Known = once("owner", Value::Free, "who asked for it");

const EXPOSE: &[Known] = &[
    once("from", Value::Side, "who may connect; without it the whole internet"),
    once("on", Value::Zones, "which uplink takes the connections"),
    once("port", Value::Free, "the public port, if it is not the service's own"),
    once("through", Value::HostsOr(&["router"]), "the reverse proxy that ends TLS: `HOST` or `HOST : SERVICE`"),
    once(
        "tunnel",
        Value::HostsOr(&["router"]),
        "the host, or the router, that opens an outbound tunnel: no inbound port at all",
    ),
    once("name", Value::Free, "the public DNS name"),
    once("proxied", Value::Words(&["cloudflare"]), "whose servers answer to the name, and ask here"),
    once("split-dns", SWITCH, "whether a DNS server inside answers the name with the host's own address"),
    once(
        "tls",
        Value::Words(&["letsencrypt http-01", "letsencrypt dns-01", "letsencrypt alpn-01", "own", "none"]),
        "where the certificate comes from",
    ),
    once("client-certificates", SWITCH, "whether who connects has to show a certificate of an authority of yours"),
    once("sign-in", Value::Hosts, "what the proxy asks about every request: `HOST` or `HOST : SERVICE`"),
    once("hairpin", SWITCH, "whether the public name also works from inside"),
    once("ipv4", SWITCH, "whether it is reachable over IPv4, by a port forward"),
    once("ipv6", SWITCH, "whether it is reachable over IPv6 too, without translation"),
];

const THROUGH: &[Known] = &[
    once(
        "product",
        Value::Words(&["nginx", "caddy", "traefik", "npm", "haproxy", "synology"]),
        "the make of the proxy",
    ),
    once("runs-as", Value::Words(&["addon", "host", "container"]), "how it is installed"),
    once("seen-as", Value::Free, "the addresses under which the service sees it"),
    once("forwarded-for", SWITCH, "whether it says who the client is (X-Forwarded-For)"),
];

const SIGN_IN: &[Known] =
    &[once("kind", Value::Words(&["authelia", "authentik", "oauth2-proxy"]), "which program it is")];

const TUNNEL: &[Known] = &[
    once(
        "kind",
        Value::Words(&["cloudflared", "nabu-casa", "tor", "tailscale", "relay"]),
        "whose it is, and so what its host has to reach in the internet",
    ),
    often("publishes", Value::Hosts, "what it leads to beside the exposure itself: `WHOM : SERVICES`"),
    once("catch-all", Value::HostsOr(&["off", "on"]), "where names lead that nothing else is said of"),
    once("access", SWITCH, "whether the provider asks who it is before anything gets here"),
    once("peer", Value::Hosts, "of a tunnel of the router itself: the peer of its WireGuard that relays"),
    often("connects", Value::Hosts, "where its host goes out to, if it is not the usual: `WHOM : SERVICES`"),
    once("runs-as", Value::Words(&["addon", "host", "container"]), "how its program is installed"),
    once("seen-as", Value::Words(&["client"]), "the addresses under which the service sees who comes by it"),
    once("forwarded-for", SWITCH, "whether it says who the client is (X-Forwarded-For)"),
];

const PUBLISHES: &[Known] = &[once("name", Value::Free, "the public DNS name")];

const PROXIED: &[Known] = &[once(
    "origin-pulls",
    Value::Words(&["off", "global", "zone", "hostname"]),
    "by which certificate Cloudflare proves itself to the host",
)];

const RANGES: &[Known] =
    &[once("checked", Value::Free, "the day on which the list was last compared with what its publisher says")];

const VPN: &[Known] = &[
    once("kind", Value::Words(&["wireguard", "openvpn", "tailscale", "zerotier"]), "the make of the VPN"),
    often("listen", Value::Words(&["udp", "tcp"]), "where it listens, as in `udp 51820`"),
    once("on", Value::Zones, "which uplink takes the connections"),
    often("peer", Value::Free, "somebody who connects: `peer NAME { address, key }`"),
    once("tunnel", Value::Words(&["split", "full"]), "what the peers send through it: this network, or everything"),
    once("auth", Value::HostsOr(&["certificate", "radius"]), "how the peers prove who they are"),
    once("server", Value::HostsOr(&["router"]), "who ends the tunnel; a host gets a forward"),
    once("runs-as", Value::Words(&["service", "addon"]), "a program of its own, or an add-on of Home Assistant"),
    once("masquerade", SWITCH, "whether the host that ends the tunnel hides the peers behind its own address"),
    once("resolver", Value::HostsOr(&["router"]), "whom the peers ask for names"),
    once("ipv6", SWITCH, "whether the tunnel takes the IPv6 of the peers as it takes their IPv4"),
    once("advertises", Value::Words(&["nothing"]), "the networks that the node announces to its peers"),
    once("exit-node", SWITCH, "whether peers may go to the internet by this node"),
    once("share", SWITCH, "whether Funnel publishes a service of the node to the whole internet"),
];

const PEER: &[Known] = &[
    once("address", Value::Free, "its address in the tunnel"),
    once("network", Value::Free, "the networks behind it, as of another house"),
    once("endpoint", Value::Free, "where it is called, as in \"vps.example.org:51820\"; without it the peer calls"),
    once("key", Value::Free, "its public key, never the private one"),
    once("admin", Value::Flag, "somebody administers the network from it"),
];

const REFLECT: &[Known] = &[once("services", Value::Free, "these services only, as in _googlecast._tcp")];

const HOME_ASSISTANT: &[Known] = &[
    once("version", Value::Free, "which version runs there, as in 2026.11"),
    once("install", Value::Words(&["haos", "supervised", "container", "core"]), "how it was installed"),
    once("login-attempts", Value::Words(&["off"]), "after how many failed logins an address is banned"),
    once("cors-origins", Value::Free, "the pages of others that may use it from a browser, in quotes"),
    once("settings", Value::Words(&["from"]), "`from \"configuration.yaml\"`: the real settings, to be checked"),
];

const CHECK: &[Known] = &[
    once("severity", Value::Words(&["error", "warning", "note"]), "how bad its findings are"),
    once("because", Value::Free, "why it has to hold"),
];

const WAIVE: &[Known] = &[
    once("until", Value::Free, "the day from which it hides nothing any more, as in 2027-01-31"),
    once("because", Value::Free, "why the finding is accepted; needed"),
];

/// The attributes of a statement, or of an attribute that has its own, by its key word; none of one that takes none.
#[must_use]
pub fn attributes_of(statement: &str) -> Vec<Known> {
    match statement {
        "router" => ROUTER.to_vec(),
        "zone" => ZONE.to_vec(),
        "host" => HOST.to_vec(),
        "group" => GROUP.to_vec(),
        "service" => SERVICE.to_vec(),
        "integration" => INTEGRATION.to_vec(),
        "allow" | "deny" => OPTIONS.to_vec(),
        // What is exposed is forwarded as it is: nothing hides its sender.
        "expose" => OPTIONS.iter().filter(|known| known.key != "as").chain(EXPOSE).copied().collect(),
        "through" => THROUGH.to_vec(),
        "sign-in" => SIGN_IN.to_vec(),
        "tunnel" => TUNNEL.to_vec(),
        "publishes" => PUBLISHES.to_vec(),
        "proxied" => PROXIED.to_vec(),
        "ranges" => RANGES.to_vec(),
        "vpn" => VPN.to_vec(),
        "peer" => PEER.to_vec(),
        "redirect" => vec![BECAUSE, OWNER],
        "reflect" => REFLECT.to_vec(),
        "home-assistant" => HOME_ASSISTANT.to_vec(),
        "check" => CHECK.to_vec(),
        "waive" => WAIVE.to_vec(),
        _ => Vec::new(),
    }
}
