//! The forwards of a rulebook as such a router can be told them: protocol, ports, address, port, sources.

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr},
};

use ipnet::Ipv4Subnets;

use super::Renderer;
use crate::{
    model::{
        AddressSet, Options, Place, Region, ZoneId,
        address::Intervals,
        service::{TCP, Traffic, UDP},
    },
    packet::Family,
    policy::{Cause, Original},
};

/// One line of the table.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Letters, digits, `-` and `_`; distinct within a router.
    pub name: String,
    /// `tcp` or `udp`.
    pub protocol: &'static str,
    pub ports: (u16, u16),
    /// The name of the host.
    pub host: String,
    pub address: Ipv4Addr,
    pub inner: (u16, u16),
    /// Who may; empty is everybody.
    pub from: Vec<String>,
    /// The interface of the only uplink that it is for; empty where there is one.
    pub uplink: String,
    pub note: String,
}

impl Entry {
    /// Ports as `443` or `8000-8010`.
    pub fn range((from, to): (u16, u16)) -> String {
        if from == to { from.to_string() } else { format!("{from}-{to}") }
    }

    /// Each port apart, with that inside.
    pub fn single(&self) -> impl Iterator<Item = (u16, u16)> {
        (self.ports.0..=self.ports.1).zip(self.inner.0..=self.inner.1)
    }
}

/// A name that nothing else has, with a number behind it if need be.
pub fn distinct(name: &str, taken: &mut BTreeSet<String>) -> String {
    let numbered = (2..).map(|number| format!("{name}-{number}"));
    let free = std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name));
    let name = free.unwrap_or_default();
    taken.insert(name.clone());
    name
}

impl Renderer<'_> {
    /// What the policy's own router forwards.
    pub fn own_entries(&mut self) -> Vec<Entry> {
        let network = self.request.network;
        let several = network.zones.iter().filter(|zone| zone.is_internet()).count() > 1;
        let mut entries = Vec::new();
        for forward in &self.request.book.forwards {
            let (Original::Uplinks(_), Some(IpAddr::V4(address))) = (&forward.original, forward.target) else {
                continue;
            };
            if forward.granted.is_empty() || !self.sayable(forward) {
                continue;
            }
            let host = network.hosts.iter().find(|host| host.addresses.iter().any(|own| own.address == address));
            let host = host.map_or_else(|| address.to_string(), |host| host.name.clone());
            for (zone, from) in self.sources(&forward.granted) {
                let uplink = if several { self.interface(zone) } else { String::new() };
                entries.extend(self.entries(forward.cause, &forward.options, &forward.traffic, |ports| Entry {
                    name: format!("{host}-{}", ports.0),
                    protocol: "",
                    ports,
                    host: host.clone(),
                    address,
                    inner: forward.port.map_or(ports, |port| (port, port)),
                    from: from.clone(),
                    uplink: uplink.clone(),
                    note: String::new(),
                }));
            }
        }
        entries
    }

    /// What a router in front has to send to ours: all that ours forwards or takes itself.
    pub fn front_entries(&mut self, zone: ZoneId) -> Vec<Entry> {
        let book = self.request.book;
        let mut wanted: Vec<(Cause, Options, Traffic, Vec<Region>)> = Vec::new();
        for forward in &book.forwards {
            let from = granted_on(&forward.granted, zone);
            if matches!(forward.original, Original::Uplinks(_)) && !from.is_empty() && self.sayable(forward) {
                wanted.push((forward.cause, forward.options.clone(), forward.traffic.clone(), from));
            }
        }
        wanted.extend(self.taken_on(zone));
        if wanted.is_empty() {
            return Vec::new();
        }
        let Some(address) = self.address_in_front(zone) else { return Vec::new() };
        let host = self.request.network.router.name.clone();
        let mut entries: Vec<Entry> = Vec::new();
        for (cause, options, traffic, regions) in wanted {
            for (_, from) in self.sources(&regions) {
                let fresh = self.entries(cause, &options, &traffic, |ports| Entry {
                    name: format!("{host}-{}", ports.0),
                    protocol: "",
                    ports,
                    host: host.clone(),
                    address,
                    inner: ports,
                    from: from.clone(),
                    uplink: String::new(),
                    note: String::new(),
                });
                for entry in fresh {
                    let same = |other: &Entry| {
                        (other.protocol, other.ports, &other.from) == (entry.protocol, entry.ports, &entry.from)
                    };
                    if !entries.iter().any(same) {
                        entries.push(entry);
                    }
                }
            }
        }
        entries
    }

    /// What the router itself takes from an uplink by IPv4, by rules and as the end of a tunnel.
    fn taken_on(&mut self, zone: ZoneId) -> Vec<(Cause, Options, Traffic, Vec<Region>)> {
        let Some(pair) = self.request.book.pairs.get(&(Place::Zone(zone), Place::Router)) else { return Vec::new() };
        let mut found = Vec::new();
        for line in pair.allowed.iter().filter(|line| line.family == Family::V4) {
            let held_back = pair.denied.iter().find(|denied| {
                denied.family == Family::V4
                    && !denied.from.literal.intersect(&line.from.literal).is_empty()
                    && super::refusals::overlap(&denied.traffic, &line.traffic, &line.traffic.to)
            });
            if let Some(denied) = held_back {
                self.refuse_cut(denied.cause);
            } else if let Some((what, help)) = super::refusals::condition(&line.options) {
                self.refuse(line.cause, what, "more than a forward", help);
            } else {
                let addresses = AddressSet { v4: line.from.literal.clone(), ..AddressSet::default() };
                let from = Region { place: Place::Zone(zone), addresses, whole: false };
                found.push((line.cause, line.options.clone(), line.traffic.clone(), vec![from]));
            }
        }
        found
    }

    /// One entry for each range of ports.
    fn entries(
        &mut self,
        cause: Cause,
        options: &Options,
        traffic: &Traffic,
        entry: impl Fn((u16, u16)) -> Entry,
    ) -> Vec<Entry> {
        let protocol = match traffic.protocol {
            Some(TCP) => "tcp",
            Some(UDP) => "udp",
            _ => {
                self.refuse(
                    cause,
                    format!("such a router forwards ports of TCP and UDP, and {traffic} is neither"),
                    "no port to forward",
                    "give services of TCP or UDP; a VPN that needs another protocol works through one of those",
                );
                return Vec::new();
            }
        };
        if traffic.to.is_empty() || traffic.to.iter().any(|(from, _)| *from == 0) {
            self.refuse(
                cause,
                "such a router forwards ports, and these are all of a protocol",
                "no ports are named",
                "name the ports: `tcp 443`",
            );
            return Vec::new();
        }
        if !traffic.from.is_empty() {
            self.refuse(
                cause,
                "such a router does not look at the port of the sender",
                "only from some ports",
                "a service without `from`",
            );
            return Vec::new();
        }
        let note = self.note(cause, options);
        let finish = |ports: &(u16, u16)| Entry { protocol, note: note.clone(), ..entry(*ports) };
        traffic.to.iter().map(finish).collect()
    }

    /// Where an entry comes from, and why.
    fn note(&self, cause: Cause, options: &Options) -> String {
        let because = options.because.as_ref().map_or_else(String::new, |because| format!(": {because}"));
        let until = options.until.map_or_else(String::new, |(date, _)| format!("; remove it on {date}"));
        super::words::plain(&format!("{}{because}{until}", self.source(cause)))
    }

    /// Who may, for each uplink; empty is everybody on the internet.
    fn sources(&self, granted: &[Region]) -> Vec<(ZoneId, Vec<String>)> {
        let internet = self.request.network.internet().v4;
        let mut found: Vec<(ZoneId, Vec<String>)> = Vec::new();
        for region in granted {
            let Place::Zone(zone) = region.place else { continue };
            let from = if region.addresses.v4 == internet { Vec::new() } else { prefixes(&region.addresses.v4) };
            found.push((zone, from));
        }
        found
    }

    /// The name of an uplink's interface.
    fn interface(&self, zone: ZoneId) -> String {
        let number = crate::policy::zone_number(zone);
        self.request.standing.topology.interface(number).map_or_else(String::new, |interface| interface.name.clone())
    }
}

fn granted_on(granted: &[Region], zone: ZoneId) -> Vec<Region> {
    granted.iter().filter(|region| region.place == Place::Zone(zone)).cloned().collect()
}

/// Ranges of IPv4 addresses as the fewest prefixes.
fn prefixes(set: &Intervals) -> Vec<String> {
    let address = |bits: u128| Ipv4Addr::from_bits(u32::try_from(bits).unwrap_or(u32::MAX));
    let nets = set.ranges().iter().flat_map(|(from, to)| Ipv4Subnets::new(address(*from), address(*to), 0));
    nets.map(|net| if net.prefix_len() == 32 { net.addr().to_string() } else { net.to_string() }).collect()
}
