//! How to bring the files onto a router, and back: about these files and this policy, not about all that could be.

use minijinja::{Environment, Error, UndefinedBehavior, Value, context, syntax::SyntaxConfig, value::Serde};
use serde::Serialize;

use super::{Renderer, foreign, print::Parts};
use crate::{
    model::{
        Place, VpnKind,
        service::{Discovery, TCP, Traffic},
    },
    router::File,
};

const GUIDE: &str = include_str!("../../../../targets/pfsense/IMPORT.md.j2");

/// An area of Diagnostics > Backup & Restore.
#[derive(Clone, Copy, Debug, Serialize)]
struct Area {
    file: &'static str,
    title: &'static str,
    /// What is lost of somebody's own when a file without it is restored.
    deletes: &'static str,
}

/// In the order in which they are restored: what others name comes before them.
const AREAS: [Area; 12] = [
    Area { file: "vlans.xml", title: "VLANS", deletes: "all VLANs" },
    Area { file: "interfaces.xml", title: "Interfaces", deletes: "all assigned interfaces with their addresses" },
    Area { file: "staticroutes.xml", title: "Static routes", deletes: "all static routes" },
    Area { file: "installedpackages.xml", title: "Package Manager", deletes: "the settings of all packages" },
    Area { file: "openvpn.xml", title: "OpenVPN", deletes: "all servers with their keys, clients and overrides" },
    Area { file: "aliases.xml", title: "Aliases", deletes: "all aliases" },
    Area { file: "dhcpd.xml", title: "DHCP Server", deletes: "all pools and static mappings" },
    Area { file: "dhcpdv6.xml", title: "DHCPv6 Server", deletes: "all settings of DHCPv6 and router advertisements" },
    Area {
        file: "unbound.xml",
        title: "DNS Resolver",
        deletes: "all settings of the resolver, with its host overrides",
    },
    Area { file: "dnsmasq.xml", title: "DNS Forwarder", deletes: "all settings of the forwarder" },
    Area { file: "nat.xml", title: "NAT", deletes: "all port forwards, 1:1 and outbound NAT" },
    Area { file: "filter.xml", title: "Firewall Rules", deletes: "all rules and separators" },
];

/// The names of the areas, as elements, in the order in which they are restored.
pub fn areas() -> impl Iterator<Item = &'static str> {
    AREAS.iter().filter_map(|area| area.file.strip_suffix(".xml"))
}

/// What no area restores, and why it takes the whole file. Interfaces have an area, and come up with a restart.
const WITHOUT_AREA: [(&[&str], &str); 5] = [
    (&["gateways"], "gateways have no area"),
    (&["virtualip"], "virtual addresses have no area"),
    (&["ifgroups"], "interface groups have no area"),
    (&["schedules"], "times have no area"),
    (&["vlans", "interfaces"], "interfaces come up with a restart"),
];

/// Is there anything in a section of a whole configuration that has no area?
fn fresh_parts(parts: &Parts, name: &str) -> bool {
    let text = match name {
        "gateways" => &parts.gateways,
        "virtualip" => &parts.addresses,
        "ifgroups" => &parts.groups,
        "schedules" => &parts.schedules,
        _ => return false,
    };
    !text.trim().is_empty()
}

/// The rules of one tab that are not asked any more.
#[derive(Debug, Serialize)]
struct Page {
    tab: String,
    rules: Vec<String>,
}

/// The text of `IMPORT.md` beside these files.
///
/// # Errors
/// If the template fails.
pub fn guide(
    renderer: &Renderer<'_>,
    parts: &Parts,
    files: &[File],
    policy: &str,
    base: Option<&File>,
) -> Result<String, Error> {
    let (document, network) = (&renderer.document, renderer.network);
    let written = |name: &str| files.iter().any(|file| file.name == name);
    let areas: Vec<Area> = AREAS.into_iter().filter(|area| written(area.file)).collect();
    let whole: Vec<&str> = WITHOUT_AREA
        .into_iter()
        .filter(|(names, _)| match (base, files.first()) {
            (Some(theirs), Some(merged)) => {
                names.iter().any(|name| foreign::has_changed(&theirs.text, &merged.text, name))
            }
            _ => names.iter().any(|name| fresh_parts(parts, name)),
        })
        .map(|(_, why)| why)
        .collect();
    let behind = |uplinks: bool| -> Vec<Page> {
        let Some(file) = base else { return Vec::new() };
        let closed = |is_uplink: bool| is_uplink == uplinks && (is_uplink || network.router.reject);
        let zones = network.zone_ids().filter(|(_, zone)| closed(zone.is_internet()));
        let keys: Vec<String> = zones.map(|(id, _)| renderer.key(id)).collect();
        let pages = foreign::behind(&file.text, &keys, uplinks).into_iter();
        pages.map(|(tab, rules)| Page { tab, rules }).collect()
    };
    let silenced = behind(false);
    let names = |failover: bool| {
        let mut uplinks = network.zones.iter().filter(move |zone| zone.is_internet() && zone.failover == failover);
        uplinks.next().map(|zone| format!("`{}`", zone.name))
    };
    let uplinks: Vec<String> = names(false).zip(names(true)).map_or_else(Vec::new, |(first, other)| vec![first, other]);
    let page = page(renderer);
    let resolver = if renderer.base.dnsmasq { "DNS Forwarder" } else { "DNS Resolver" };
    let ends_here = |kind: VpnKind| network.vpns.iter().any(|vpn| vpn.kind == kind && vpn.server.is_none());
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment
        .set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).keep_trailing_newline(true).build()?);
    environment.add_template("IMPORT.md", GUIDE)?;
    environment.get_template("IMPORT.md")?.render(context! {
        merged => base.is_some(),
        base => base.map(|file| file.name.clone()),
        policy => policy,
        areas => Value::from(Serde(&areas)),
        whole => whole,
        hybrid => base.is_some() && ["", "automatic"].contains(&renderer.base.mode.as_str()),
        gateway => document.default_gateway.as_ref().filter(|name| base.is_some() && !name.is_empty()),
        news => if base.is_some() { news(renderer) } else { Vec::new() },
        silenced_count => silenced.iter().map(|page| page.rules.len()).sum::<usize>(),
        outdone => Value::from(Serde(&behind(true))),
        silenced => Value::from(Serde(&silenced)),
        packages => written("installedpackages.xml"),
        resolver => (written("unbound.xml") || written("dnsmasq.xml")).then_some(resolver),
        schedules => !document.schedules.is_empty(),
        wireguard => ends_here(VpnKind::Wireguard),
        uplinks => uplinks,
        haproxy => network.exposures.iter().any(|exposure| !exposure.expired && exposure.is_on_router()),
        lists => base.is_some_and(|file| file.text.contains("<name>pfBlockerNG")),
        by_hand => by_hand(renderer),
        reach => reach(renderer, &page),
        page => page,
    })
}

/// The ports of the firewall's own page.
fn page(renderer: &Renderer<'_>) -> Vec<u16> {
    let first =
        if renderer.fresh { renderer.document.page.or(Some(443)) } else { renderer.base.page.ports().first().copied() };
    first.into_iter().collect()
}

/// The zones with somebody in them who may open the firewall's own page.
fn reach(renderer: &Renderer<'_>, page: &[u16]) -> Vec<String> {
    let opens = |traffic: &Traffic| match traffic.protocol {
        None => true,
        Some(TCP) => {
            let covers = |port: &u16| traffic.to.iter().any(|(from, to)| (from..=to).contains(&port));
            traffic.to.is_empty() || page.iter().any(covers)
        }
        Some(_) => false,
    };
    let pairs = renderer
        .book
        .pairs
        .iter()
        .filter(|((_, to), pair)| *to == Place::Router && pair.allowed.iter().any(|line| opens(&line.traffic)));
    let zone = |from: &Place| match from {
        Place::Zone(id) if !renderer.network.zone(*id).is_internet() => {
            Some(format!("`{}`", renderer.network.zone(*id).name))
        }
        _ => None,
    };
    pairs.filter_map(|((from, _), _)| zone(from)).collect()
}

/// What is written once beside what is the user's, and is theirs from then on.
fn news(renderer: &Renderer<'_>) -> Vec<String> {
    let document = &renderer.document;
    let mut all = Vec::new();
    all.extend(document.vlans.iter().map(|vlan| format!("`{}` is a new VLAN.", vlan.device)));
    let interfaces = document.interfaces.iter();
    all.extend(interfaces.map(|new| format!("`{}` ({}, `{}`) is a new interface.", new.key, new.descr, new.device)));
    all.extend(document.gateways.iter().map(|gateway| format!("`{}` is a new gateway.", gateway.name)));
    all.extend(document.pools.iter().map(|pool| format!("`{}` gets a DHCP server.", pool.key)));
    for pool in &document.mappings {
        let hosts: Vec<String> = pool.hosts.iter().map(|host| format!("{} for {}", host.address, host.name)).collect();
        all.push(format!("The DHCP server of `{}` reserves {}.", pool.key, hosts.join(", ")));
    }
    all.extend(document.wireguard.iter().map(|tunnel| format!("`{}` is a new tunnel of WireGuard.", tunnel.name)));
    all.extend(document.peers.iter().map(|peer| format!("`{}` is a new peer of `{}`.", peer.descr, peer.device)));
    all.extend(document.openvpn.iter().map(|server| format!("`ovpns{}` is a new server of OpenVPN.", server.id)));
    all.extend(document.overrides.iter().map(|client| format!("`{}` has a new override of OpenVPN.", client.name)));
    all
}

/// What has to be entered in pfSense, of what this policy asks for.
fn by_hand(renderer: &Renderer<'_>) -> Vec<String> {
    let (document, network) = (&renderer.document, renderer.network);
    let mut all = renderer.pools_of_their_own();
    for session in &document.pppoe {
        all.push(format!(
            "`{}`: the user and password of your provider (Interfaces, then the uplink).",
            session.device
        ));
    }
    for gateway in document.gateways.iter().filter(|gateway| gateway.address.is_none()) {
        all.push(format!(
            "`{}`: the address of the provider's router (System > Routing > Gateways), and the length of the prefix at its interface. Rules that name the gateway stay off until then.",
            gateway.name
        ));
    }
    let here = |kind: VpnKind| network.vpns.iter().filter(move |vpn| vpn.kind == kind && vpn.server.is_none());
    let zone = |vpn: &crate::model::Vpn| network.zone(vpn.zone).name.clone();
    if here(VpnKind::Wireguard).next().is_some() {
        if !document.wireguard.is_empty() {
            let tunnels: Vec<String> = document.wireguard.iter().map(|tunnel| format!("`{}`", tunnel.name)).collect();
            all.push(format!(
                "{}: the package WireGuard has to be installed before the file is restored. Then VPN > WireGuard > Tunnels: *Generate*, and save a new backup for the next run, which keeps the keys.",
                tunnels.join(", ")
            ));
        }
        let keyless: Vec<String> = here(VpnKind::Wireguard)
            .flat_map(|vpn| &vpn.peers)
            .filter(|peer| peer.key.is_none())
            .map(|peer| format!("`{}`", peer.name))
            .collect();
        if !keyless.is_empty() {
            all.push(format!(
                "Peers {}: the policy has no `key` of theirs, so they are not written. Those that the firewall has already stay.",
                keyless.join(", ")
            ));
        }
        all.push("Rules on the page *WireGuard* go before those of every tunnel, unless VPN > WireGuard > Settings > *Interface Group Membership* says otherwise: leave that page empty.".to_owned());
    }
    if !document.openvpn.is_empty() {
        all.push("VPN > OpenVPN > Servers: the authority and the certificate of the server, and *Use a TLS Key* with *TLS Encryption and Authentication* (the `tls-crypt.key` of the clients).".to_owned());
    }
    if !document.overrides.is_empty() {
        all.push("OpenVPN: an override goes by the common name of a certificate, or with RADIUS by the account. *Custom options* of the server keep these addresses out of the pool; leave them there.".to_owned());
    }
    for server in document.openvpn.iter().filter(|server| !server.radius.is_empty()) {
        all.push(format!(
            "System > User Manager > Authentication Servers: `{}`, with the secret. It must hand out none of the clients' addresses (`Framed-IP-Address`), for that goes before the overrides.",
            server.radius
        ));
    }
    for vpn in here(VpnKind::Tailscale) {
        all.push(format!(
            "`{}`: install the package Tailscale and sign in. Its rules are on the page *Tailscale*, and its device is never assigned.",
            zone(vpn)
        ));
    }
    if network.exposures.iter().any(|exposure| !exposure.expired && exposure.is_on_router()) {
        all.push("HAProxy: install the package, and type into its pages what `router.md` below `out/companions` says. The rules let in what it is asked; the certificates are its own.".to_owned());
    }
    for reflector in network.reflectors.iter().filter(|reflector| reflector.protocol == Discovery::Mdns) {
        let keys: Vec<String> = reflector.zones.iter().map(|zone| format!("`{}`", renderer.key(*zone))).collect();
        all.push(format!(
            "Avahi: install the package (Services > Avahi), *Enable reflection*, and of the interfaces {} alone.",
            keys.join(", ")
        ));
    }
    all
}
