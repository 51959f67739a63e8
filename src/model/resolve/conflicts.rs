//! Contradictions between declarations: VLANs, interfaces, networks and addresses that are used twice.

use std::collections::BTreeMap;

use ipnet::IpNet;

use super::Resolver;
use crate::{
    diagnostic::{Diagnostic, Span},
    model::network::{AddressSource, Zone},
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
    }

    fn router_missing(&self) {
        let router = &self.network.router;
        if router.name.is_empty()
            && let Some(zone) = self.network.zones.first()
            && !self.failed()
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
            all.extend(zone.upstream.iter().map(|net| (*net, zone.span, zone)));
        }
        all.sort_by_key(|(net, span, _)| (net.network(), net.prefix_len(), *span));
        // Sorted by their first address, overlapping prefixes are nested: it is enough to remember the open ones.
        let mut open: Vec<(IpNet, Span, &Zone)> = Vec::new();
        for (net, span, zone) in all {
            while open.last().is_some_and(|(outer, ..)| !outer.contains(&net.network())) {
                open.pop();
            }
            if let Some((outer, earlier, other)) = open.last() {
                let error = Diagnostic::error("overlapping-networks", span, format!("{net} overlaps {outer}"))
                    .label(format!("network of `{}`", zone.name))
                    .also(*earlier, format!("network of `{}`", other.name));
                self.report(if std::ptr::eq(zone, *other) {
                    error.help("remove the inner one: the outer one holds it")
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
        for host in &self.network.hosts {
            for address in &host.addresses {
                if let Some((earlier, name)) = addresses.insert(address.address, (address.span, &host.name)) {
                    let what = address.suffix.map_or_else(|| address.address.to_string(), |suffix| suffix.to_string());
                    self.report(
                        Diagnostic::error("duplicate-address", address.span, format!("{what} belongs to two hosts"))
                            .label(format!("address of `{}`", host.name))
                            .also(earlier, format!("address of `{name}`"))
                            .help("give one of them another address, or declare one host"),
                    );
                }
            }
            if let Some(mac) = host.mac
                && let Some((earlier, name)) = macs.insert(mac, (host.span, &host.name))
            {
                self.report(
                    Diagnostic::error(
                        "duplicate-mac",
                        host.span,
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
        for zone in &self.network.zones {
            for (from, to) in &zone.dhcp {
                if !zone.networks.iter().any(|network| network.net.contains(from) && network.net.contains(to)) {
                    self.report(
                        Diagnostic::error(
                            "host-outside-zone",
                            zone.span,
                            format!("the pool {from}-{to} is not in a network of zone `{}`", zone.name),
                        )
                        .label("its `dhcp` hands out addresses of elsewhere"),
                    );
                }
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
                    .label("expected a zone with `role internet`"),
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
}
