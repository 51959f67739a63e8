//! Contradictions between declarations: VLANs, interfaces, networks and addresses that are used twice.

mod forwards;

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::{IpNet, Ipv6Net};

use super::{
    Resolver,
    zones::{edge_address, list, shown},
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{
        address::AddressSet,
        network::{AddressSource, HostId, Zone, ZoneNetwork},
    },
};

impl Resolver<'_> {
    pub(super) fn conflicts(&self) {
        self.router_missing();
        self.vlans();
        self.interfaces_twice();
        self.networks_overlap();
        self.addresses_twice();
        self.pools_inside();
        self.egress_is_uplink();
        self.uplinks_only_failover();
        self.uplinks_twice();
        self.forwards_collide();
        self.redirects_collide();
        self.names_share_a_port();
        self.page_in_the_way();
    }

    fn router_missing(&self) {
        let router = &self.network.router;
        if router.name.is_empty()
            && let Some(zone) = self.network.zones.first()
            && self.earlier.is_empty()
        {
            self.report(
                Diagnostic::error("no-router", zone.span, "the policy declares zones but no router")
                    .label("which router are these zones on?")
                    .help("add `router NAME { target nftables }`"),
            );
        }
    }

    fn vlans(&self) {
        let mut seen: BTreeMap<u16, (Span, &str)> = BTreeMap::new();
        for zone in &self.network.zones {
            let Some((id, span)) = zone.vlan else { continue };
            if let Some((earlier, name)) = seen.get(&id) {
                self.report(
                    Diagnostic::error("duplicate-vlan", span, format!("VLAN {id} belongs to two zones"))
                        .label(format!("VLAN of `{}`", zone.name))
                        .also(*earlier, format!("VLAN of `{name}`"))
                        .help("two zones on one VLAN are one network: give one of them another id"),
                );
            } else {
                seen.insert(id, (span, &zone.name));
            }
        }
    }

    fn interfaces_twice(&self) {
        let mut targets: Vec<Option<&str>> = self
            .network
            .zones
            .iter()
            .flat_map(|zone| zone.interfaces.keys().map(|target| Some(target.as_str())))
            .collect();
        targets.push(None);
        targets.sort_unstable();
        targets.dedup();
        let mut told = Vec::new();
        for target in targets {
            let mut seen: BTreeMap<&str, (Span, &str)> = BTreeMap::new();
            for zone in &self.network.zones {
                let found = target.map_or(zone.interface.as_ref(), |target| zone.interface_on(target));
                let Some(interface) = found else { continue };
                if let Some((earlier, name)) = seen.get(interface.name.as_str()) {
                    if !told.contains(&(interface.span, *earlier)) {
                        told.push((interface.span, *earlier));
                        self.report(
                            Diagnostic::error(
                                "duplicate-interface",
                                interface.span,
                                format!("interface `{}` belongs to two zones", interface.name),
                            )
                            .label(format!("interface of `{}`", zone.name))
                            .also(*earlier, format!("interface of `{name}`"))
                            .help(
                                "packets are told apart by the interface on which they arrive: each zone needs its own",
                            ),
                        );
                    }
                } else {
                    seen.insert(&interface.name, (interface.span, &zone.name));
                }
            }
        }
    }

    fn networks_overlap(&self) {
        let mut all: Vec<(IpNet, Span, &Zone)> = Vec::new();
        for zone in &self.network.zones {
            for network in &zone.networks {
                all.push((network.net, network.span, zone));
            }
        }
        for (zone, spans) in self.network.zones.iter().zip(&self.upstream_spans) {
            all.extend(zone.upstream.iter().zip(spans).map(|(net, span)| (*net, *span, zone)));
        }
        all.sort_by_key(|(net, span, _)| (net.network(), net.prefix_len(), *span));
        // Sorted by their first address, overlapping prefixes are nested: it is enough to remember the open ones.
        let mut open: Vec<(IpNet, Span, &Zone)> = Vec::new();
        for (net, span, zone) in all {
            while open.last().is_some_and(|(outer, ..)| !outer.contains(&net.network())) {
                open.pop();
            }
            if let Some((outer, earlier, other)) = open.last() {
                let same = |place: &&ZoneNetwork| place.span == span && place.delegated.is_some();
                let what = match zone.networks.iter().find(same).and_then(|network| network.delegated) {
                    Some(number) => format!("the delegated subnet {number:x}"),
                    None => net.to_string(),
                };
                let text = if *outer != net {
                    format!("{what} overlaps {outer}")
                } else if std::ptr::eq(zone, *other) {
                    format!("{what} is given twice")
                } else {
                    format!("{what} belongs to two zones")
                };
                // One network of two links, as one VLAN for two; with the modem's network or in part it is an overlap.
                let links = !zone.is_internet() && !other.is_internet();
                let id = if *outer == net && links { "duplicate-vlan" } else { "overlapping-subnets" };
                let error = Diagnostic::error(id, span, text)
                    .label(format!("network of `{}`", zone.name))
                    .also(*earlier, format!("network of `{}`", other.name));
                self.report(if std::ptr::eq(zone, *other) {
                    error.help("remove it: the other one holds all of it")
                } else {
                    error.help("an address has to belong to one zone: give one of them another network")
                });
            }
            open.push((net, span, zone));
        }
    }

    fn addresses_twice(&self) {
        let mut addresses = BTreeMap::new();
        let mut macs = BTreeMap::new();
        // A peer may be a second name of a host, and what is wrong among peers has been told.
        let declared = self.network.hosts.iter().take(self.host_trees.len());
        for (index, host) in declared.enumerate() {
            for address in &host.addresses {
                if let Some((earlier, name)) = addresses.insert(address.address, (address.span, &host.name)) {
                    let what = address.suffix.map_or_else(|| address.address.to_string(), |suffix| suffix.to_string());
                    let error = if *name == host.name {
                        Diagnostic::error("duplicate-address", address.span, format!("host `{name}` has {what} twice"))
                            .label("once is enough")
                            .also(earlier, "its first mention")
                            .help("remove one of the two")
                    } else {
                        Diagnostic::error("duplicate-address", address.span, format!("{what} belongs to two hosts"))
                            .label(format!("address of `{}`", host.name))
                            .also(earlier, format!("address of `{name}`"))
                            .help("give one of them another address, or declare one host")
                    };
                    self.report(error);
                }
            }
            let place = self.mac_spans.get(&HostId(index)).copied().unwrap_or(host.span);
            if let Some(mac) = host.mac
                && let Some((earlier, name)) = macs.insert(mac, (place, &host.name))
            {
                self.report(
                    Diagnostic::error(
                        "duplicate-mac",
                        place,
                        format!("hosts `{name}` and `{}` have one MAC address", host.name),
                    )
                    .label("the second one")
                    .also(earlier, "the first one")
                    .help("a device in two zones is one host with two zones"),
                );
            }
        }
    }

    fn pools_inside(&self) {
        for ((id, zone), spans) in self.network.zone_ids().zip(&self.pool_spans) {
            for ((from, to), span) in zone.dhcp.iter().zip(spans) {
                let network =
                    zone.networks.iter().find(|network| network.net.contains(from) && network.net.contains(to));
                match network {
                    None if zone.networks.is_empty() || self.broken_zones.contains(&id) => {}
                    None => self.report(
                        Diagnostic::error(
                            "host-outside-zone",
                            *span,
                            format!("the pool {from}-{to} is not in a network of zone `{}`", zone.name),
                        )
                        .label("hands out addresses of elsewhere")
                        .help(format!("the networks of the zone are {}", list(zone.networks.iter().map(shown)))),
                    ),
                    Some(network) => self.pool_members(zone, network, &AddressSet::range(*from, *to), *span),
                }
            }
        }
    }

    /// Reports addresses in a pool that must not be handed out.
    fn pool_members(&self, zone: &Zone, network: &ZoneNetwork, pool: &AddressSet, span: Span) {
        let ends = [network.net.network(), network.net.broadcast()];
        let edge =
            ends.into_iter().filter(|end| pool.contains(*end)).find_map(|end| edge_address(network.net, end, span));
        if let Some(error) = edge {
            self.report(error.help("the pool has to lie between the first and the last address of its network"));
        } else if let Some(own) = zone.addresses.iter().find(|own| pool.contains(own.address)) {
            self.report(
                Diagnostic::error(
                    "host-outside-zone",
                    span,
                    format!("the pool of zone `{}` holds the router's own address {}", zone.name, own.address),
                )
                .label("would hand it out")
                .help("let the pool start behind it"),
            );
        }
        for host in &self.network.hosts {
            let reserved = host.mac.is_some() || host.lease.is_some();
            for address in host.addresses.iter().filter(|address| !reserved && pool.contains(address.address)) {
                self.report(
                    Diagnostic::warning(
                        "rule-on-dynamic-address",
                        address.span,
                        format!("the pool of zone `{}` can give {} to another device", zone.name, address.address),
                    )
                    .label(format!("address of `{}`", host.name))
                    .also(span, "the pool")
                    .help("take the address out of the pool, or add the host's `mac` so that it is reserved"),
                );
            }
        }
    }

    fn egress_is_uplink(&self) {
        for zone in &self.network.zones {
            let Some(egress) = &zone.egress else { continue };
            let uplink = self.network.zone(egress.zone);
            if !uplink.is_internet() {
                self.report(
                    Diagnostic::error(
                        "not-an-uplink",
                        egress.span,
                        format!("zone `{}` is no internet zone", uplink.name),
                    )
                    .label("expected a zone with `role internet`")
                    .help("`egress` says by which uplink a zone leaves; who may leave is said by rules"),
                );
            } else if let Some(from) = egress.from
                && !uplink.addresses.iter().any(|own| own.address == from && own.source == AddressSource::Written)
            {
                self.report(
                    Diagnostic::error(
                        "not-its-address",
                        egress.span,
                        format!("{from} is no address of zone `{}`", uplink.name),
                    )
                    .label("which address?")
                    .help("write the addresses of the uplink in its `address`"),
                );
            }
        }
    }

    fn uplinks_only_failover(&self) {
        let mut uplinks = self.network.zones.iter().filter(|zone| zone.is_internet()).peekable();
        if let Some(first) = uplinks.peek().copied()
            && uplinks.all(|zone| zone.failover)
            && self.broken_zones.is_empty()
        {
            self.report(
                Diagnostic::error("only-failover", first.span, "no uplink is there to fail")
                    .label("`failover` waits for another uplink to go down")
                    .help("remove `failover` from the uplink that is used first"),
            );
        }
    }

    /// Two uplinks with one address, or with one delegated prefix.
    fn uplinks_twice(&self) {
        let mut addresses: BTreeMap<IpAddr, (Span, &str)> = BTreeMap::new();
        let mut prefixes: Vec<(Ipv6Net, Span, &str)> = Vec::new();
        for zone in self.network.zones.iter().filter(|zone| zone.is_internet()) {
            for own in zone.addresses.iter().filter(|own| own.source == AddressSource::Written) {
                if let Some((earlier, name)) = addresses.insert(own.address, (own.span, &zone.name)) {
                    self.report(
                        Diagnostic::error(
                            "duplicate-address",
                            own.span,
                            format!("{} belongs to two uplinks", own.address),
                        )
                        .label(format!("the router's address in `{}`", zone.name))
                        .also(earlier, format!("the router's address in `{name}`"))
                        .help("correct one of them, or write `address dhcp` where it is assigned"),
                    );
                }
            }
            let Some((net, span)) = zone.delegated else { continue };
            if let Some((_, earlier, name)) =
                prefixes.iter().find(|(other, ..)| other.contains(&net) || net.contains(other))
            {
                self.report(
                    Diagnostic::error("overlapping-subnets", span, format!("{net} is delegated by two uplinks"))
                        .label(format!("delegated by `{}`", zone.name))
                        .also(*earlier, format!("delegated by `{name}`"))
                        .help("every provider delegates a prefix of its own: correct one of them"),
                );
            }
            prefixes.push((net, span, &zone.name));
        }
    }
}
