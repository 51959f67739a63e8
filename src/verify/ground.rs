//! What rules rest on: whether the router's addresses, its gateways, and what its DHCP server gives are those of the policy.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::place;
use crate::{
    diagnostic::Span,
    model::{AddressSource, Network, Zone},
    policy::zone_number,
    router::{Addressed, Dhcp, Ground, Line},
};

/// What of a configuration its rules rest on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Aspect {
    /// An address of the router, or the length of its prefix.
    Address,
    Gateway,
    /// What the DHCP server keeps for a host.
    Lease,
    /// What it gives to anybody.
    Pool,
}

/// Something that a configuration has otherwise than the policy, beside its rules.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deviation {
    pub kind: Aspect,
    /// A sentence, without the places.
    pub what: String,
    pub line: Option<Line>,
    /// The statement of the policy.
    pub span: Span,
}

impl Deviation {
    /// One line for a person.
    #[must_use]
    pub fn sentence(&self) -> String {
        format!("{}{}", self.what, self.line.as_ref().map(place).unwrap_or_default())
    }
}

/// All of them.
pub fn deviations(network: &Network, ground: &Ground) -> Vec<Deviation> {
    let mut found = Vec::new();
    for (id, zone) in network.zone_ids().filter(|(_, zone)| zone.behind.is_none()) {
        let here = |section: &&Addressed| section.interface == zone_number(id);
        let sections: Vec<&Addressed> = ground.sections.iter().filter(here).collect();
        addresses(zone, &sections, &mut found);
        if !zone.is_internet() {
            subnets(zone, &sections, &mut found);
            tunnels(zone, &sections, &mut found);
        }
        gateways(zone, &sections, &mut found);
        if let Some(dhcp) = ground.dhcp.as_ref().filter(|_| !zone.is_internet()) {
            pools(network, zone, zone_number(id), dhcp, &mut found);
        }
    }
    if let Some(dhcp) = &ground.dhcp {
        leases(network, dhcp, &mut found);
    }
    found
}

/// The router's own addresses in a zone. An uplink may have more than the policy names, under whatever prefix.
fn addresses(zone: &Zone, sections: &[&Addressed], found: &mut Vec<Deviation>) {
    let said: Vec<(IpNet, &Line)> =
        sections.iter().flat_map(|section| section.own.iter().flatten().map(|own| (*own, &section.line))).collect();
    if sections.iter().all(|section| section.own.is_none()) {
        return;
    }
    let uplink = zone.is_internet();
    let meant = zone.addresses.iter().filter(|own| match own.source {
        AddressSource::Written => true,
        source => source.is_known() && !uplink,
    });
    let meant: Vec<IpAddr> = meant.map(|own| own.address).collect();
    let mut more: Vec<&(IpNet, &Line)> = said.iter().filter(|(own, _)| !meant.contains(&own.addr())).collect();
    for own in &meant {
        let mut there = said.iter().filter(|(net, _)| net.addr() == *own).peekable();
        if let Some((net, line)) = there.peek().copied() {
            if !uplink && !there.any(|(net, _)| lengths(zone, *own).contains(&net.prefix_len())) {
                let policy = lengths(zone, *own).first().copied().unwrap_or_default();
                let what = format!(
                    "{own} in zone `{}` has a prefix of {} bits, and one of {policy} in the policy",
                    zone.name,
                    net.prefix_len()
                );
                found.push(Deviation { kind: Aspect::Address, what, line: Some((*line).clone()), span: zone.span });
            }
            continue;
        }
        let other = more.iter().position(|(net, _)| net.addr().is_ipv4() == own.is_ipv4());
        let (has, line) = match other.map(|at| more.remove(at)) {
            Some((net, line)) => (format!("{net}"), (*line).clone()),
            None => match sections.first() {
                Some(section) => ("none".to_owned(), section.line.clone()),
                None => continue,
            },
        };
        let what = format!("the router's address in zone `{}` is {has}, and {own} in the policy", zone.name);
        found.push(Deviation { kind: Aspect::Address, what, line: Some(line), span: zone.span });
    }
    // Of a section that is not the zone's own nobody says that the policy means it.
    let own = |line: &Line| said.iter().any(|(net, other)| *other == line && meant.contains(&net.addr()));
    for (net, line) in more.into_iter().filter(|(_, line)| !uplink && own(line)) {
        let what = format!("the router has {net} in zone `{}` as well, and the policy knows nothing of it", zone.name);
        found.push(Deviation { kind: Aspect::Address, what, line: Some((*line).clone()), span: zone.span });
    }
}

/// The lengths that the prefix of an own address may have.
fn lengths(zone: &Zone, own: IpAddr) -> Vec<u8> {
    let nets = zone.networks.iter().map(|network| network.net).chain(zone.links.iter().copied());
    let known: Vec<u8> = nets.filter(|net| net.contains(&own)).map(|net| net.prefix_len()).collect();
    if known.is_empty() { vec![if own.is_ipv4() { 32 } else { 128 }] } else { known }
}

/// The subnet of a delegated prefix.
fn subnets(zone: &Zone, sections: &[&Addressed], found: &mut Vec<Deviation>) {
    let mut delegated = zone.networks.iter().filter_map(|network| Some((network.delegated?, network.net.prefix_len())));
    let meant = delegated.next();
    let own = |section: &&&Addressed| {
        section.own.iter().flatten().any(|net| zone.addresses.iter().any(|own| own.address == net.addr()))
    };
    let said =
        sections.iter().filter(own).chain(sections).find_map(|section| Some((section.delegated?, &section.line)));
    let Some((said, line)) = said.filter(|(said, _)| *said != meant) else { return };
    let words = |subnet: Option<(u64, u8)>| match subnet {
        Some((number, length)) => format!("subnet {number:x} of the delegated prefix, with {length} bits"),
        None => "no subnet of the delegated prefix".to_owned(),
    };
    let what = format!("zone `{}` has {}, and {} in the policy", zone.name, words(said), words(meant));
    found.push(Deviation { kind: Aspect::Address, what, line: Some(line.clone()), span: zone.span });
}

/// Out of which networks a VPN gives addresses.
fn tunnels(zone: &Zone, sections: &[&Addressed], found: &mut Vec<Deviation>) {
    for section in sections {
        for net in section.tunnels.iter().flatten() {
            if zone.networks.iter().all(|network| network.net != net.trunc()) {
                let own: Vec<String> = zone.networks.iter().map(|network| network.net.to_string()).collect();
                let what = format!(
                    "the clients of zone `{}` have addresses of {net}, and of {} in the policy",
                    zone.name,
                    own.join(", ")
                );
                found.push(Deviation {
                    kind: Aspect::Address,
                    what,
                    line: Some(section.line.clone()),
                    span: zone.span,
                });
            }
        }
    }
}

fn gateways(zone: &Zone, sections: &[&Addressed], found: &mut Vec<Deviation>) {
    for own in &zone.gateways {
        let all =
            sections.iter().flat_map(|section| section.gateways.iter().flatten().map(|other| (other, &section.line)));
        let said: Vec<(&IpAddr, &Line)> = all.filter(|(other, _)| other.is_ipv4() == own.is_ipv4()).collect();
        if let Some((other, line)) = said.first()
            && said.iter().all(|(other, _)| *other != own)
        {
            let what = format!("the gateway of zone `{}` is {other}, and {own} in the policy", zone.name);
            found.push(Deviation { kind: Aspect::Gateway, what, line: Some((*line).clone()), span: zone.span });
        }
    }
}

/// Which addresses whoever asks is given one of.
fn pools(network: &Network, zone: &Zone, number: u16, dhcp: &Dhcp, found: &mut Vec<Deviation>) {
    let here: Vec<_> = dhcp.pools.iter().filter(|pool| pool.interface == number).collect();
    let Some(first) = here.first() else { return };
    let v4 = |address: &IpAddr| if let IpAddr::V4(address) = address { Some(*address) } else { None };
    let mut said: Vec<(Ipv4Addr, Ipv4Addr)> = here.iter().filter_map(|pool| pool.range).collect();
    let mut meant: Vec<(Ipv4Addr, Ipv4Addr)> =
        zone.dhcp.iter().filter_map(|(from, to)| Some((v4(from)?, v4(to)?))).collect();
    said.sort_unstable();
    meant.sort_unstable();
    if !meant.is_empty() {
        let words = |ranges: &[(Ipv4Addr, Ipv4Addr)]| match ranges {
            [] => "is off".to_owned(),
            _ => {
                format!("is {}", ranges.iter().map(|(from, to)| format!("{from}-{to}")).collect::<Vec<_>>().join(", "))
            }
        };
        if said != meant {
            let meant = words(&meant);
            let what = format!(
                "the DHCP pool of zone `{}` {}, and {} in the policy",
                zone.name,
                words(&said),
                meant.trim_start_matches("is ")
            );
            found.push(Deviation { kind: Aspect::Pool, what, line: Some(first.line.clone()), span: zone.span });
        }
        return;
    }
    // Where the policy leaves the pool open, it may hold no address that is somebody's, and is kept for nobody.
    for host in &network.hosts {
        for address in host.written().filter_map(|address| v4(&address)) {
            let kept = dhcp.leases.iter().any(|lease| lease.address == address);
            let pool = here.iter().find(|pool| pool.range.is_some_and(|(from, to)| (from..=to).contains(&address)));
            if let Some(pool) = pool.filter(|_| !kept) {
                let what =
                    format!("the DHCP pool of zone `{}` holds {address}, the address of `{}`", zone.name, host.name);
                found.push(Deviation { kind: Aspect::Pool, what, line: Some(pool.line.clone()), span: host.span });
            }
        }
    }
}

/// The addresses that are kept for hosts: their rules go by them.
fn leases(network: &Network, dhcp: &Dhcp, found: &mut Vec<Deviation>) {
    for host in &network.hosts {
        let Some(mac) = host.reserved_by() else { continue };
        let own: Vec<Ipv4Addr> = host
            .written()
            .filter_map(|address| if let IpAddr::V4(address) = address { Some(address) } else { None })
            .collect();
        let Some(first) = own.first() else { continue };
        let theirs: Vec<_> = dhcp.leases.iter().filter(|lease| lease.macs.contains(&mac)).collect();
        let taken = dhcp.leases.iter().find(|lease| own.contains(&lease.address) && !lease.macs.contains(&mac));
        let right = theirs.iter().any(|lease| own.contains(&lease.address));
        let name = &host.name;
        let (what, line) = match (theirs.first(), taken) {
            (_, Some(lease)) => (
                format!(
                    "{} is kept for another device than `{name}`, whose address it is in the policy",
                    lease.address
                ),
                Some(lease.line.clone()),
            ),
            (Some(lease), None) if !right => {
                (format!("`{name}` is given {}, and {first} in the policy", lease.address), Some(lease.line.clone()))
            }
            (None, None) if dhcp.whole => (format!("no address is kept for `{name}`, and {first} in the policy"), None),
            _ => continue,
        };
        found.push(Deviation { kind: Aspect::Lease, what, line, span: host.span });
    }
}
