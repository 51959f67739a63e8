//! The package `dhcp`: pools, leases that never change, and names.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::{
    Renderer,
    base::{self, Found},
    uci::{Package, Section},
    words,
};
use crate::{
    diagnostic::Diagnostic,
    model::{
        Host, Place, Zone, ZoneId,
        address::{AddressSet, Intervals, bits},
        service::{Traffic, UDP},
    },
    packet::Family,
    router::File,
};

/// The most addresses of a pool that the policy does not describe, as OpenWrt has it.
const POOL: u128 = 150;

impl Renderer<'_> {
    pub(super) fn dhcp_package(&mut self, base: &[File]) -> Package {
        let there = base::of(base, "dhcp");
        let mut sections = Vec::new();
        if !there.iter().any(|section| section.kind == "dnsmasq") {
            sections.push(self.dnsmasq());
        }
        if !there.iter().any(|section| section.kind == "odhcpd") {
            sections.push(
                Section::new("odhcpd", "odhcpd")
                    .set("maindhcp", "0")
                    .set("leasefile", "/tmp/hosts/odhcpd")
                    .set("leasetrigger", "/usr/sbin/odhcpd-update"),
            );
        }
        for (id, zone) in self.network.zone_ids().filter(|(_, zone)| zone.behind.is_none()) {
            self.pools(&mut sections, id, zone);
        }
        for (number, host) in self.network.hosts.iter().enumerate() {
            let word = |host: &Host| words::identifier(&host.name);
            let twin = self.network.hosts.iter().take(number).any(|other| word(other) == word(host));
            let name = if twin { format!("{}_{number}", word(host)) } else { word(host) };
            sections.extend(lease(host, &name));
        }
        self.domains(&mut sections, &there);
        Package { name: "dhcp", sections }
    }

    fn dnsmasq(&self) -> Section {
        let domain = self.network.router.domain.clone().unwrap_or_else(|| "lan".to_owned());
        Section::new("dnsmasq", "hedgerow_dnsmasq")
            .set("domainneeded", "1")
            .set("localise_queries", "1")
            .set("rebind_protection", "1")
            .set("rebind_localhost", "1")
            .set("local", format!("/{domain}/"))
            .set("domain", domain)
            .set("expandhosts", "1")
            .set("authoritative", "1")
            .set("readethers", "1")
            .set("leasefile", "/tmp/dhcp.leases")
            .set("resolvfile", "/tmp/resolv.conf.d/resolv.conf.auto")
            .set("localservice", "1")
            .set("ednspacket_max", "1232")
    }

    fn pools(&mut self, sections: &mut Vec<Section>, id: ZoneId, zone: &Zone) {
        let name = self.zone(id).to_owned();
        let name = name.as_str();
        if zone.is_internet() {
            let both = [Some(name.to_owned()), self.names(id).and_then(|names| names.second.clone())];
            sections.extend(both.into_iter().flatten().map(|name| {
                Section::new("dhcp", format!("hedgerow_pool_{name}")).set("interface", name).set("ignore", "1")
            }));
            return;
        }
        if self.names(id).is_some_and(|names| names.proto != super::names::Proto::Static) {
            // A tunnel has no broadcasts, so nobody asks there for an address.
            return;
        }
        let ranges: Vec<(u128, u128)> = if zone.dhcp.is_empty() && self.asks_dhcp(id, Family::V4, 67) {
            self.free_addresses(id, zone).into_iter().collect()
        } else {
            zone.dhcp.iter().filter(|(from, _)| from.is_ipv4()).map(|(from, to)| (bits(*from), bits(*to))).collect()
        };
        let has_six = zone.networks.iter().any(|network| matches!(network.net, IpNet::V6(_)));
        let six_asked = has_six && self.asks_dhcp(id, Family::V6, 547);
        let six = |section: Section| {
            section
                .set("dhcpv6", if six_asked { "server" } else { "disabled" })
                .set("ra", if has_six { "server" } else { "disabled" })
        };
        if ranges.is_empty() {
            let section = Section::new("dhcp", format!("hedgerow_pool_{name}")).set("interface", name);
            let none = section.clone().set("ignore", "1");
            sections.push(if has_six { six(section.set("dhcpv4", "disabled")) } else { none });
        }
        // dnsmasq counts from the first network of the interface.
        let first = zone.networks.iter().find_map(|network| match network.net {
            IpNet::V4(net) => Some(net),
            IpNet::V6(_) => None,
        });
        for (number, (from, to)) in ranges.into_iter().enumerate() {
            let Some(net) =
                first.filter(|net| IpNet::V4(*net).contains(&v4(from)) && IpNet::V4(*net).contains(&v4(to)))
            else {
                self.errors.push(
                    Diagnostic::error(
                        "backend-cannot-express",
                        zone.span,
                        "the DHCP server of OpenWrt serves the first network of an interface",
                    )
                    .label(format!("{} to {} lies in another one", v4(from), v4(to)))
                    .help("write that network first, or give it a zone of its own"),
                );
                continue;
            };
            let word = if number == 0 { String::new() } else { format!("_{}", number + 1) };
            let section = Section::new("dhcp", format!("hedgerow_pool_{name}{word}"))
                .set("interface", name)
                .set("start", (from - u128::from(net.network().to_bits())).to_string())
                .set("limit", (to - from + 1).to_string())
                .set("leasetime", "12h");
            sections.push(six(section));
        }
    }

    /// May the zone ask the router for addresses?
    fn asks_dhcp(&self, id: ZoneId, family: Family, port: u16) -> bool {
        let asked = Traffic::ports(UDP, port, port);
        let pair = self.book.pairs.get(&(Place::Zone(id), Place::Router));
        pair.is_some_and(|pair| {
            pair.allowed.iter().any(|line| line.family == family && super::forwards::meet(&line.traffic, &asked))
        })
    }

    /// The largest run of addresses of a zone that no host and not the router has, and that no rule sets apart: who is
    /// given one of them by chance must not come by another's rights.
    fn free_addresses(&self, id: ZoneId, zone: &Zone) -> Option<(u128, u128)> {
        let net = zone.networks.iter().find_map(|network| match network.net {
            IpNet::V4(net) if net.prefix_len() < 31 => Some(net),
            _ => None,
        })?;
        let whole = (u128::from(net.network().to_bits()) + 1, u128::from(net.broadcast().to_bits()) - 1);
        let hosts = self.network.hosts.iter().flat_map(|host| &host.addresses).map(|own| own.address);
        let taken = AddressSet::nets(hosts.chain(zone.addresses.iter().map(|own| own.address)).map(IpNet::from)).v4;
        let mut free = Intervals::new(vec![whole]).minus(&taken);
        for ((from, to), pair) in &self.book.pairs {
            for line in pair.allowed.iter().chain(&pair.denied).filter(|line| line.family == Family::V4) {
                for (place, side) in [(from, &line.from), (to, &line.to)] {
                    let here = side.literal.intersect(&zone.network_set().v4);
                    let there = zone.network_set().v4.minus(&here);
                    if *place == Place::Zone(id) {
                        free = free.minus(if size(&here) <= size(&there) { &here } else { &there });
                    }
                }
            }
        }
        let (from, to) = free.ranges().iter().copied().max_by_key(|(from, to)| to - from)?;
        Some((from.max((to + 1).saturating_sub(POOL)), to))
    }

    /// Names of hosts, and of exposures where the host itself answers on the public port.
    fn domains(&self, sections: &mut Vec<Section>, there: &[Found]) {
        let mut names: Vec<(&str, (&str, Vec<IpAddr>))> = Vec::new();
        for host in &self.network.hosts {
            let own = host.addresses.iter().filter(|own| own.suffix.is_none()).map(|own| own.address);
            names.extend(host.dns_name.as_deref().map(|name| (name, (host.name.as_str(), own.collect()))));
        }
        for exposure in self.network.exposures.iter().filter(|exposure| exposure.splits_dns()) {
            names.extend(exposure.name.as_deref().map(|name| (name, self.network.inside(exposure))));
        }
        names.dedup_by(|a, b| a.0 == b.0);
        for (name, (host, addresses)) in names {
            let taken =
                |section: &Found| !section.is_own() && section.kind == "domain" && section.values("name") == [name];
            if there.iter().any(taken) {
                continue;
            }
            for address in addresses {
                let number = sections.iter().filter(|section| section.kind == "domain").count() + 1;
                sections.push(
                    Section::new("domain", format!("hedgerow_domain_{number}"))
                        .note(format!("{name} inside: {host}"))
                        .set("name", name)
                        .set("ip", address.to_string()),
                );
            }
        }
    }
}

/// The lease of a host whose address is reserved.
fn lease(host: &Host, name: &str) -> Option<Section> {
    let mac = host.reserved_by()?;
    let four = host.addresses.iter().find(|own| own.address.is_ipv4());
    let part = |own: &&crate::model::HostAddress| match own.address {
        IpAddr::V6(address) => u32::try_from(address.to_bits() & u128::from(u64::MAX)).ok(),
        IpAddr::V4(_) => None,
    };
    let six = host.addresses.iter().find_map(|own| part(&own));
    Some(
        Section::new("host", format!("hedgerow_host_{name}"))
            .set("name", host.name.replace('_', "-"))
            .set("mac", mac_text(mac))
            .maybe("ip", four.map(|own| own.address.to_string()))
            .maybe("hostid", six.map(|part| format!("{part:x}"))),
    )
}

/// How many addresses there are.
fn size(set: &Intervals) -> u128 {
    set.ranges().iter().map(|(from, to)| to - from + 1).sum()
}

/// A hardware address as it is written.
pub fn mac_text(mac: [u8; 6]) -> String {
    mac.map(|byte| format!("{byte:02x}")).join(":")
}

fn v4(bits: u128) -> IpAddr {
    IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(u32::MAX)))
}
