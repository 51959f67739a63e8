//! The package `network`: a bridge or VLAN device and an interface for each zone.

use super::{
    Renderer,
    base::{self, Found},
    names::{Names, Proto},
    uci::{Package, Section},
};
use crate::{
    model::{InterfaceName, Zone, ZoneId, service::UDP},
    packet::Family,
    router::File,
};

impl Renderer<'_> {
    pub(super) fn network_package(&mut self, base: &[File]) -> Package {
        let there = base::of(base, "network");
        let has = |name: &str| there.iter().any(|section| section.name == name);
        let mut sections = Vec::new();
        if !has("loopback") {
            sections.push(
                Section::new("interface", "loopback")
                    .set("device", "lo")
                    .set("proto", "static")
                    .list("ipaddr", ["127.0.0.1/8"]),
            );
        }
        if !has("globals") {
            sections.push(Section::new("globals", "globals").set("packet_steering", "1"));
        }
        self.bridges(&mut sections, &there);
        for (id, zone) in self.network.zone_ids().filter(|(_, zone)| zone.behind.is_none()) {
            let Some(names) = self.names.get(id.0).cloned() else { continue };
            // What only the user knows of a provider or a VPN stands in his own section.
            let yours = names.proto != Proto::Static || zone.is_internet();
            if zone.is_internet() {
                self.agrees(zone, &names, &there);
            }
            if !(yours && has(&names.network)) {
                sections.push(self.interface(id, zone, &names));
                sections.extend(self.peers(id, &names));
            }
            if let Some(second) = names.second.as_ref().filter(|second| !has(second)) {
                sections.push(
                    Section::new("interface", second.clone())
                        .set("device", format!("@{}", names.network))
                        .set("proto", "dhcpv6")
                        .set("reqaddress", "try")
                        .set("reqprefix", "auto")
                        .maybe("iface_dslite", names.tunnel.as_ref()),
                );
            }
            // Where DHCPv6 is not asked, nobody tells the provider's address.
            if let Some(tunnel) = names.tunnel.as_ref().filter(|tunnel| names.second.is_none() && !has(tunnel)) {
                sections.push(
                    Section::new("interface", tunnel.clone())
                        .note(format!("zone {}: peeraddr, the provider's AFTR, is yours to fill in", zone.name))
                        .set("proto", "dslite")
                        .set("tunlink", &names.network),
                );
            }
        }
        sections.extend(self.routes());
        Package { name: "network", sections }
    }

    /// The ways to what lies behind hosts.
    fn routes(&self) -> Vec<Section> {
        let routes = self.network.routes().into_iter().enumerate();
        routes
            .map(|(number, (id, net, via))| {
                let kind = if via.is_ipv4() { "route" } else { "route6" };
                Section::new(kind, format!("hedgerow_{kind}_{}", number + 1))
                    .note(format!("zone {}: behind {}", self.network.zone(id).name, self.behind(id)))
                    .set("interface", self.zone(id))
                    .set("target", net.to_string())
                    .set("gateway", via.to_string())
            })
            .collect()
    }

    /// The name of the host that ends the VPN of a zone.
    fn behind(&self, id: ZoneId) -> &str {
        let host = self.network.zone(id).behind.as_ref().map(|behind| behind.host);
        host.map_or("", |host| &self.network.host(host).name)
    }

    fn interface(&mut self, id: ZoneId, zone: &Zone, names: &Names) -> Section {
        let section = Section::new("interface", names.network.clone()).note(format!("zone {}", zone.name));
        let section = match names.proto {
            Proto::Pppoe => section
                .note(format!("zone {}: device of the line, username and password are yours to fill in", zone.name)),
            Proto::Unmanaged if zone.is_internet() => section
                .note(format!("zone {}: a DS-Lite line, whose IPv4 goes through a tunnel in its IPv6", zone.name))
                .set("device", &names.device),
            Proto::Static if zone.is_internet() && zone.gateway(!zone.ends_ds_lite()).is_none() => section
                .note(format!("zone {}: gateway and netmask of the provider are yours to fill in", zone.name))
                .set("device", &names.device),
            Proto::Wireguard => section
                .note(format!("zone {}: private_key is yours to fill in, and never leaves the router", zone.name)),
            _ => section.set("device", &names.device),
        };
        let word = match names.proto {
            Proto::Static => "static",
            Proto::Dhcp => "dhcp",
            Proto::Pppoe => "pppoe",
            Proto::Wireguard => "wireguard",
            Proto::Unmanaged => "none",
        };
        let section = section.set("proto", word);
        match names.proto {
            Proto::Static if zone.is_internet() => {
                let mut section = Self::own(section, zone);
                for (v4, option) in [(true, "gateway"), (false, "ip6gw")] {
                    if let Some(gateway) = zone.gateway(v4) {
                        section = section.set(option, gateway.to_string());
                    }
                }
                self.metric(section, zone)
            }
            // Its IPv6 has a client of its own, beside which netifd need not start another.
            Proto::Pppoe => self.metric(section.maybe("ipv6", names.second.as_ref().map(|_| "1")), zone),
            Proto::Dhcp => self.metric(section, zone),
            Proto::Static => self.delegated(Self::own(section, zone), zone),
            Proto::Wireguard => self.wireguard(section, id, zone),
            Proto::Unmanaged => section,
        }
    }

    /// With several uplinks the one that stands in comes last.
    fn metric(&self, section: Section, zone: &Zone) -> Section {
        let several = self.network.zones.iter().filter(|zone| zone.is_internet()).count() > 1;
        if several { section.set("metric", if zone.failover { "20" } else { "10" }) } else { section }
    }

    /// The router's own addresses, with the length of the network that each lies in.
    fn own(section: Section, zone: &Zone) -> Section {
        let known = |family: Family| {
            zone.addresses
                .iter()
                .filter(move |own| own.source.is_known() && own.address.is_ipv4() == (family == Family::V4))
                .map(|own| {
                    let whole = if own.address.is_ipv4() { 32 } else { 128 };
                    format!("{}/{}", own.address, zone.length_of(own.address).unwrap_or(whole))
                })
                .collect::<Vec<_>>()
        };
        section.list("ipaddr", known(Family::V4)).list("ip6addr", known(Family::V6))
    }

    /// The subnet of the delegated prefix; of no other prefix that the router has.
    fn delegated(&mut self, section: Section, zone: &Zone) -> Section {
        let mut numbers = zone.networks.iter().filter_map(|network| Some((network.delegated?, network)));
        let Some((number, network)) = numbers.next() else { return section };
        if let Some((_, second)) = numbers.next() {
            self.errors.push(
                crate::diagnostic::Diagnostic::error(
                    "backend-cannot-express",
                    second.span,
                    "OpenWrt gives an interface one subnet of a delegated prefix",
                )
                .label("a second one")
                .also(network.span, "the first one")
                .help("give each of them a zone of its own, or leave one out"),
            );
        }
        let uplinks: Vec<&String> = self.names.iter().filter_map(|names| names.second.as_ref()).collect();
        section
            .set("ip6assign", network.net.prefix_len().to_string())
            .set("ip6hint", format!("{number:x}"))
            .list("ip6class", uplinks)
    }

    fn wireguard(&self, section: Section, id: ZoneId, zone: &Zone) -> Section {
        let vpn = self.network.vpns.iter().find(|vpn| vpn.zone == id);
        let port = vpn.and_then(|vpn| {
            vpn.listen
                .iter()
                .find(|traffic| traffic.protocol == Some(UDP))
                .and_then(crate::model::service::Traffic::single_port)
        });
        let known = zone.addresses.iter().filter(|own| own.source.is_known()).map(|own| {
            let net = zone.networks.iter().find(|network| network.net.contains(&own.address));
            let whole = if own.address.is_ipv4() { 32 } else { 128 };
            format!("{}/{}", own.address, net.map_or(whole, |network| network.net.prefix_len()))
        });
        section.maybe("listen_port", port.map(|port| port.to_string())).list("addresses", known)
    }

    fn peers(&mut self, id: ZoneId, names: &Names) -> Vec<Section> {
        if names.proto != Proto::Wireguard {
            return Vec::new();
        }
        let peers = self.network.vpns.iter().filter(|vpn| vpn.zone == id).flat_map(|vpn| &vpn.peers);
        let keyed = peers.filter_map(|peer| Some((peer, peer.key.as_ref()?)));
        keyed
            .enumerate()
            .map(|(number, (peer, key))| {
                Section::new(
                    format!("wireguard_{}", names.network),
                    format!("hedgerow_{}_{}", names.network, number + 1),
                )
                .set("description", &peer.name)
                .set("public_key", key)
                .list("allowed_ips", peer.allowed().map(|net| net.to_string()))
                .maybe("route_allowed_ips", (!peer.networks.is_empty()).then_some("1"))
                .maybe("endpoint_host", peer.endpoint.as_ref().map(|endpoint| endpoint.host.clone()))
                .maybe("endpoint_port", peer.endpoint.as_ref().map(|endpoint| endpoint.port.to_string()))
                // Who is called hears nothing before the first packet, and a line that shares its address forgets it.
                .maybe("persistent_keepalive", peer.endpoint.as_ref().map(|_| "25"))
            })
            .collect()
    }

    /// Bridges, and the VLANs on them, that the user does not have yet.
    fn bridges(&self, sections: &mut Vec<Section>, there: &[Found]) {
        let mut written: Vec<String> = Vec::new();
        for (zone, names) in self.network.zones.iter().zip(&self.names) {
            if !names.device.starts_with("br-") || zone.behind.is_some() {
                continue;
            }
            let (bridge, tag) = names.device.rsplit_once('.').unwrap_or((&names.device, ""));
            let same = |section: &&Found| section.kind == "device" && section.values("name") == [bridge];
            let known = there.iter().filter(|section| !section.is_own()).find(same);
            let ports: Vec<String> = match known {
                Some(device) => device.values("ports").into_iter().map(str::to_owned).collect(),
                None => self.ports_of(bridge),
            };
            if known.is_none() && !written.contains(&bridge.to_owned()) {
                written.push(bridge.to_owned());
                let section = Section::new("device", format!("hedgerow_device_{}", super::words::identifier(bridge)))
                    .note("the ports that the bridge joins: correct them if they are called otherwise")
                    .set("name", bridge)
                    .set("type", "bridge");
                sections.push(section.list("ports", &ports));
            }
            let vlan = |section: &&Found| {
                section.kind == "bridge-vlan" && section.values("device") == [bridge] && section.values("vlan") == [tag]
            };
            if !tag.is_empty() && !there.iter().filter(|section| !section.is_own()).any(|section| vlan(&section)) {
                sections.push(
                    Section::new("bridge-vlan", format!("hedgerow_vlan_{}_{tag}", super::words::identifier(bridge)))
                        .note(format!("the ports on which zone {} is tagged", zone.name))
                        .set("device", bridge)
                        .set("vlan", tag)
                        .list("ports", ports.iter().map(|port| format!("{port}:t"))),
                );
            }
        }
    }

    /// The ports of a bridge, as far as the policy tells: what zones on it are on with other routers.
    fn ports_of(&self, bridge: &str) -> Vec<String> {
        let mut ports: Vec<String> = Vec::new();
        for (zone, names) in self.network.zones.iter().zip(&self.names) {
            let on =
                names.device == bridge || names.device.strip_prefix(bridge).is_some_and(|rest| rest.starts_with('.'));
            let port = zone.interface.as_ref().map(|InterfaceName { name, .. }| name.split('.').next().unwrap_or(name));
            if let Some(port) =
                port.filter(|port| on && !port.starts_with("br-") && !ports.iter().any(|known| known == port))
            {
                ports.push(port.to_owned());
            }
        }
        ports
    }
}
