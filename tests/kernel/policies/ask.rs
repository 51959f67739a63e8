//! Which packets to ask about: both ends of whatever the policy names and one step beyond, what nobody named, and the
//! corners of the sets that make up the policy's meaning.

use std::{collections::HashSet, net::IpAddr};

use hedgerow::{
    model::{
        Place, ZoneId,
        address::{Intervals, address, bits},
        service::{ICMP, ICMPV6, TCP, Traffic, UDP},
    },
    packet::{Cube, Family, Field, Packet, Set, icmp},
    policy::zone_number,
    router::LOCAL,
};

use super::scene::{Scene, anybody};
use crate::rig::{Kind, Probe, ROUTER};

/// Protocols without ports that connection tracking takes from anybody, whatever is in them.
const PLAIN: [u8; 4] = [47, 41, 89, 50];
/// Services that most policies do not name.
const COMMON: [(u8, u16); 11] = [
    (TCP, 22),
    (TCP, 80),
    (TCP, 443),
    (TCP, 8123),
    (UDP, 53),
    (UDP, 67),
    (UDP, 123),
    (UDP, 5353),
    (UDP, 51820),
    (ICMP, 8 << 8),
    (47, 0),
];
/// Addresses that no zone has and that the internet must not be asked for.
const NOWHERE: [&str; 8] =
    ["10.254.9.9", "100.127.9.9", "169.254.7.7", "172.31.254.9", "192.168.254.9", "240.0.0.9", "fdff::9", "fec0::9"];
/// The groups that the rig's router is a member of, and the broadcast address.
pub const GROUPS: [&str; 7] =
    ["224.0.0.1", "224.0.0.251", "239.255.255.250", "255.255.255.255", "ff02::1", "ff02::fb", "ff02::c"];
/// How many cubes of each set are asked for their corners.
const CUBES: usize = 150;

/// A packet and how it is sent.
pub struct Question {
    pub packet: Packet,
    pub probe: Probe,
}

pub struct Questions<'a> {
    scene: &'a Scene,
    seen: HashSet<(u16, Family, u8, u128, u128, u16, u16)>,
    /// The ends of flows whose source port is not the next that is free: connection tracking knows them by nothing else,
    /// whichever interface they come from and whoever began.
    flows: HashSet<(u8, [(u128, u16); 2])>,
    found: Vec<Question>,
    next_port: u16,
    random: u64,
    /// The addresses that are asked for in every place, by zone.
    hosts: Vec<Vec<IpAddr>>,
}

/// All questions about a policy, always the same ones.
pub fn questions(scene: &Scene) -> Vec<Question> {
    let hosts = scene.network().zone_ids().map(|(id, _)| hosts(scene, id)).collect();
    let mut all = Questions {
        scene,
        seen: HashSet::new(),
        flows: HashSet::new(),
        found: Vec::new(),
        next_port: 0,
        random: 7,
        hosts,
    };
    all.common();
    all.flows();
    all.forwards();
    all.forged();
    all.to_all();
    all.corners();
    all.found
}

/// The declared hosts and some others.
fn hosts(scene: &Scene, id: ZoneId) -> Vec<IpAddr> {
    let network = scene.network();
    let own: Vec<IpAddr> = network.zone(id).addresses.iter().map(|own| own.address).collect();
    let declared = network.hosts.iter().flat_map(|host| &host.addresses).filter(|address| address.zone == id);
    let mut found: Vec<IpAddr> = declared.map(|address| address.address).collect();
    found.extend(scene.others(id));
    found.retain(|address| !own.contains(address));
    found
}

fn family(address: IpAddr) -> Family {
    if address.is_ipv4() { Family::V4 } else { Family::V6 }
}

/// An address inside of each range.
fn middle(set: &Intervals, family: Family, step: u16) -> Vec<IpAddr> {
    set.ranges().iter().map(|(from, to)| address(family, (from + 0x77 + u128::from(step)).min(*to))).collect()
}

impl Questions<'_> {
    /// Asks about a packet, unless it cannot be sent or was asked already.
    fn ask(&mut self, ingress: u16, src: IpAddr, dst: IpAddr, proto: u8, dst_port: u16, src_port: Option<u16>) {
        if src.is_ipv4() != dst.is_ipv4() {
            return;
        }
        let proto = match (proto, src.is_ipv4()) {
            (ICMP, false) => ICMPV6,
            (ICMPV6, true) => ICMP,
            _ => proto,
        };
        let dst_port = match (proto, dst_port) {
            (ICMPV6, 0x0800) => icmp(128, 0),
            (ICMP, 0x8000) => icmp(8, 0),
            _ => dst_port,
        };
        let ports = matches!(proto, TCP | UDP);
        let key = (ingress, family(src), proto, bits(src), bits(dst), dst_port, src_port.unwrap_or(0));
        if (ports && dst_port == 0) || !self.seen.insert(key) {
            return;
        }
        if let Some(sport) = src_port.filter(|_| ports) {
            let mut ends = [(bits(src), sport), (bits(dst), dst_port)];
            ends.sort_unstable();
            if !self.flows.insert((proto, ends)) {
                return;
            }
        }
        self.next_port = (self.next_port + 1) % 40_000;
        let packet = Packet {
            ingress,
            egress: 0,
            family: family(src),
            proto,
            src: bits(src),
            dst: bits(dst),
            src_port: if ports { src_port.unwrap_or(20_000 + self.next_port) } else { 0 },
            dst_port: if ports || matches!(proto, ICMP | ICMPV6) { dst_port } else { 0 },
            minute: 0,
            exceeded: 0,
        };
        if let Some(probe) = self.probe(&packet, src, dst) {
            self.found.push(Question { packet, probe });
        }
    }

    /// The probe that sends the packet; none if this host's kernel would not let it out or has another way.
    fn probe(&self, packet: &Packet, src: IpAddr, dst: IpAddr) -> Option<Probe> {
        let scene = self.scene;
        let kind = match packet.proto {
            TCP => Kind::Tcp,
            UDP => Kind::Udp,
            ICMP if packet.dst_port == icmp(8, 0) => Kind::Icmp,
            ICMPV6 if packet.dst_port == icmp(128, 0) => Kind::Icmp,
            ICMP | ICMPV6 => {
                let [kind, code] = packet.dst_port.to_be_bytes();
                Kind::IcmpMessage(kind, code)
            }
            plain if PLAIN.contains(&plain) => Kind::Protocol(plain),
            _ => return None,
        };
        let to_all = match dst {
            IpAddr::V4(dst) => dst.is_multicast() || dst.is_broadcast(),
            IpAddr::V6(dst) => dst.is_multicast(),
        };
        let unsendable = match dst {
            IpAddr::V4(dst) => dst.is_loopback() || dst.octets()[0] == 0,
            IpAddr::V6(dst) => dst.is_loopback() || dst.is_unspecified() || dst.is_unicast_link_local(),
        };
        // A group that the router is no member of it does not hear, and TCP is between two.
        let unheard = to_all && (!GROUPS.iter().any(|group| group.parse() == Ok(dst)) || kind == Kind::Tcp);
        let unknown = scene.is_link_local_of_the_rig(src) || scene.is_far_end(src) || scene.is_far_end(dst);
        let unspecified = src == IpAddr::from([0, 0, 0, 0]) && !to_all;
        if unsendable || unheard || unknown || unspecified {
            return None;
        }
        let port = if matches!(kind, Kind::Tcp | Kind::Udp) { packet.dst_port } else { 0 };
        let own = |address: IpAddr| {
            scene.network().zones.iter().flat_map(|zone| &zone.addresses).any(|own| own.address == address)
        };
        if packet.ingress == LOCAL {
            // A TCP port that the router listens on cannot be sent from.
            let listens = packet.proto == TCP && packet.src_port < 20_000;
            if to_all || scene.ends_of_networks().contains(&dst) || listens {
                return None;
            }
            let sport = matches!(kind, Kind::Tcp | Kind::Udp).then_some(packet.src_port);
            let probe = Probe { src: Some(src), sport, ..Probe::new(ROUTER, dst, kind, port) };
            return (own(src) && matches!(kind, Kind::Tcp | Kind::Udp | Kind::Icmp)).then_some(probe);
        }
        let id = ZoneId(usize::from(packet.ingress) - 1);
        // Without an IPv4 address of the router there, there is no way to it.
        if dst.is_ipv4() && !scene.network().zone(id).addresses.iter().any(|own| own.address.is_ipv4()) {
            return None;
        }
        let near = scene.direct.get(id.0)?.iter().any(|net| net.contains(&dst));
        let here = scene.network().zone(id).addresses.iter().any(|own| own.address == dst);
        if near && !here {
            return None;
        }
        let probe = Probe::new(&anybody(scene.network(), id), dst, kind, port);
        let probe = if matches!(kind, Kind::Tcp | Kind::Udp) { probe.source_port(packet.src_port) } else { probe };
        // What is answered finds its way back only to those who live there.
        let answered = !to_all
            && self.lives(id, src)
            && !own(src)
            && !scene.shares(id, dst)
            && !scene.ends_of_networks().contains(&dst);
        Some(if answered { probe.source(src) } else { probe.spoofed(src) })
    }

    /// Is it a usual address of a host there?
    fn lives(&self, id: ZoneId, address: IpAddr) -> bool {
        let zone = self.scene.network().zone(id);
        let of_zone =
            |net: &ipnet::IpNet| net.contains(&address) && net.network() != address && net.broadcast() != address;
        if !zone.is_internet() {
            return zone.networks.iter().any(|network| of_zone(&network.net));
        }
        let public = self.scene.network().internet().contains(address);
        let unicast = match address {
            IpAddr::V4(v4) => !v4.is_multicast() && v4.octets()[0] < 224 && v4.octets()[0] > 0,
            IpAddr::V6(v6) => !v6.is_multicast(),
        };
        self.scene.is_uplink(id) && (public && unicast || zone.upstream.iter().any(of_zone))
    }

    fn below(&mut self, count: usize) -> usize {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.random >> 33).unwrap_or(0) % count.max(1)
    }

    fn pick(&mut self, list: &[IpAddr]) -> Option<IpAddr> {
        let at = self.below(list.len());
        list.get(at).copied()
    }

    fn pick_of(&mut self, list: &[IpAddr], v4: bool) -> Option<IpAddr> {
        let list: Vec<IpAddr> = list.iter().filter(|address| address.is_ipv4() == v4).copied().collect();
        self.pick(&list)
    }

    fn ids(&self) -> Vec<ZoneId> {
        self.scene.network().zone_ids().map(|(id, _)| id).collect()
    }

    /// From everywhere to everywhere, on services that are known everywhere.
    fn common(&mut self) {
        let scene = self.scene;
        let routers: Vec<IpAddr> =
            scene.network().zones.iter().flat_map(|zone| &zone.addresses).map(|own| own.address).collect();
        let nowhere: Vec<IpAddr> = NOWHERE.iter().map(|text| text.parse().expect("an address")).collect();
        let ends: Vec<IpAddr> = scene.ends_of_networks();
        for from in self.ids() {
            let sources = self.hosts.get(from.0).cloned().unwrap_or_default();
            for to in self.ids() {
                let targets = self.hosts.get(to.0).cloned().unwrap_or_default();
                for (proto, port) in COMMON {
                    for v4 in [true, false] {
                        let (src, dst) = (self.pick_of(&sources, v4), self.pick_of(&targets, v4));
                        if let (Some(src), Some(dst)) = (src, dst) {
                            self.ask(zone_number(from), src, dst, proto, port, None);
                        }
                    }
                }
            }
            for (index, &dst) in routers.iter().enumerate() {
                for (proto, port) in COMMON.iter().cycle().skip(index).step_by(2).take(6) {
                    if let Some(src) = self.pick_of(&sources, dst.is_ipv4()) {
                        self.ask(zone_number(from), src, dst, *proto, *port, None);
                    }
                }
            }
            for &dst in nowhere.iter().chain(&ends) {
                let (proto, port) = COMMON[self.below(COMMON.len())];
                if let Some(src) = self.pick_of(&sources, dst.is_ipv4()) {
                    self.ask(zone_number(from), src, dst, proto, port, None);
                    self.ask(zone_number(from), src, dst, UDP, 53, None);
                }
            }
        }
        for to in self.ids() {
            for v4 in [true, false] {
                let own =
                    scene.network().zone(to).addresses.iter().map(|own| own.address).find(|own| own.is_ipv4() == v4);
                let targets = self.hosts.get(to.0).cloned().unwrap_or_default();
                let dhcp = [(68, 67), (67, 68), (546, 547), (547, 546)].map(|(from, to)| (UDP, to, Some(from)));
                for (proto, port, sport) in COMMON.map(|(proto, port)| (proto, port, None)).into_iter().chain(dhcp) {
                    if let (Some(src), Some(dst)) = (own, self.pick_of(&targets, v4)) {
                        self.ask(LOCAL, src, dst, proto, port, sport);
                    }
                }
            }
        }
    }

    /// The edges of every flow that the policy names.
    fn flows(&mut self) {
        let scene = self.scene;
        let meaning = &scene.compiled.meant().meaning;
        let flows: Vec<_> =
            meaning.flows.allowed.iter().chain(&meaning.flows.denied).chain(&meaning.baseline).cloned().collect();
        for flow in &flows {
            for v4 in [true, false] {
                let family = if v4 { Family::V4 } else { Family::V6 };
                if !flow.has_family(family) {
                    continue;
                }
                let (within, places) = (flow.from.addresses.family(family), [flow.from.place, flow.to.place]);
                let [sources, targets] = places.map(|place| self.of_place(place, v4));
                let fitting = |list: &[IpAddr], set: &Intervals| -> Vec<IpAddr> {
                    list.iter().filter(|address| set.contains(bits(**address))).copied().collect()
                };
                let good_from = fitting(&sources, within);
                let good_to = fitting(&targets, flow.to.addresses.family(family));
                let near_from = self.edges(flow.from.place, within, family);
                let near_to = self.edges(flow.to.place, flow.to.addresses.family(family), family);
                let good_from = if good_from.is_empty() { middle(within, family, self.next_port) } else { good_from };
                let good_to = if good_to.is_empty() {
                    middle(flow.to.addresses.family(family), family, self.next_port)
                } else {
                    good_to
                };
                let mut traffic: Vec<&Traffic> =
                    flow.traffic.iter().filter(|traffic| traffic.has_family(family)).collect();
                // A flow of all protocols is asked for those that other flows between the same places name.
                if traffic.iter().any(|part| part.protocol.is_none()) {
                    let same = flows
                        .iter()
                        .filter(|other| (other.from.place, other.to.place) == (flow.from.place, flow.to.place));
                    traffic.extend(
                        same.flat_map(|other| &other.traffic).filter(|traffic| traffic.has_family(family)).take(8),
                    );
                }
                for part in &traffic {
                    for (proto, port, sport) in self.edges_of(part) {
                        let (Some(src), Some(dst)) = (self.pick(&good_from), self.pick(&good_to)) else { continue };
                        self.ask_from(flow.from.place, src, dst, proto, port, sport);
                        // The same from somebody else, and to somebody else.
                        let (Some(other), Some(another)) = (self.pick(&sources), self.pick(&targets)) else { continue };
                        self.ask_from(flow.from.place, other, dst, proto, port, sport);
                        self.ask_from(flow.from.place, src, another, proto, port, sport);
                    }
                }
                let at = self.below(traffic.len());
                let Some(part) = traffic.get(at) else { continue };
                let Some((proto, port, sport)) = self.inside(part) else { continue };
                for src in near_from {
                    if let Some(dst) = self.pick(&good_to) {
                        self.ask_from(flow.from.place, src, dst, proto, port, sport);
                    }
                }
                for dst in near_to {
                    if let Some(src) = self.pick(&good_from) {
                        self.ask_from(flow.from.place, src, dst, proto, port, sport);
                    }
                }
            }
        }
    }

    fn ask_from(&mut self, place: Place, src: IpAddr, dst: IpAddr, proto: u8, port: u16, sport: Option<u16>) {
        let ingress = match place {
            Place::Router => LOCAL,
            Place::Zone(id) => zone_number(id),
        };
        self.ask(ingress, src, dst, proto, port, sport);
    }

    fn of_place(&self, place: Place, v4: bool) -> Vec<IpAddr> {
        let all: Vec<IpAddr> = match place {
            Place::Router => {
                self.scene.network().zones.iter().flat_map(|zone| &zone.addresses).map(|own| own.address).collect()
            }
            Place::Zone(id) => self.hosts.get(id.0).cloned().unwrap_or_default(),
        };
        all.into_iter().filter(|address| address.is_ipv4() == v4).collect()
    }

    /// The ends of ranges and what lies beside them, as far as it is in the place.
    fn edges(&mut self, place: Place, set: &Intervals, family: Family) -> Vec<IpAddr> {
        let Place::Zone(id) = place else { return Vec::new() };
        let zone = self.scene.network().zone(id);
        let internet = zone.is_internet();
        let own = zone.network_set();
        let mut found = Vec::new();
        for (from, to) in set.ranges() {
            let beside = [from.checked_sub(1), Some(*from), Some(*to), to.checked_add(1)];
            let beside =
                beside.into_iter().flatten().filter(|bits| family == Family::V6 || *bits <= u128::from(u32::MAX));
            let beside = beside.filter(|bits| internet || own.family(family).contains(*bits));
            found.extend(beside.map(|bits| address(family, bits)));
        }
        // The many holes of `internet` are the same for every rule.
        if found.len() > 16 {
            let start = self.below(found.len());
            found.rotate_left(start);
            found.truncate(16);
        }
        found
    }

    /// Protocol, port and source port at the edges of a service, and beside them.
    fn edges_of(&mut self, traffic: &Traffic) -> Vec<(u8, u16, Option<u16>)> {
        let Some(proto) = traffic.protocol else {
            let start = self.below(COMMON.len());
            return COMMON.iter().cycle().skip(start).take(4).map(|(proto, port)| (*proto, *port, None)).collect();
        };
        let around = |ranges: &[(u16, u16)]| -> Vec<u16> {
            let mut ports: Vec<u16> = ranges
                .iter()
                .flat_map(|(from, to)| [from.checked_sub(1), Some(*from), Some(*to), to.checked_add(1)])
                .flatten()
                .collect();
            ports.dedup();
            ports
        };
        let inside = traffic.from.first().map(|range| range.0);
        let mut found: Vec<(u8, u16, Option<u16>)> = match proto {
            TCP | UDP if traffic.to.is_empty() => [1, 1023, 65535].map(|port| (proto, port, inside)).to_vec(),
            TCP | UDP => around(&traffic.to).into_iter().map(|port| (proto, port, inside)).collect(),
            ICMP | ICMPV6 => {
                let echo = if proto == ICMP { icmp(8, 0) } else { icmp(128, 0) };
                around(&traffic.to).into_iter().chain([echo]).map(|port| (proto, port, None)).collect()
            }
            _ => vec![(proto, 0, None)],
        };
        let to = traffic.to.first().map_or(9, |range| range.0);
        found.extend(around(&traffic.from).into_iter().filter(|port| *port > 0).map(|port| (proto, to, Some(port))));
        // The same ports of the other protocol.
        let twin = match proto {
            TCP => UDP,
            UDP => TCP,
            _ => return found,
        };
        found.extend(traffic.to.first().map(|range| (twin, range.0, inside)));
        found
    }

    fn inside(&mut self, traffic: &Traffic) -> Option<(u8, u16, Option<u16>)> {
        let port = traffic.to.first().map(|range| range.0);
        match traffic.protocol {
            None => Some((TCP, 7, None)),
            Some(proto @ (ICMP | ICMPV6)) => Some((proto, port.unwrap_or(0x0800), None)),
            Some(proto) => Some((proto, port.unwrap_or(7), traffic.from.first().map(|range| range.0))),
        }
    }

    /// Every translation: from each zone, to the address that is translated and to the target, ports beside.
    fn forwards(&mut self) {
        let scene = self.scene;
        let publics: Vec<IpAddr> =
            scene.network().zones.iter().flat_map(|zone| &zone.addresses).map(|own| own.address).collect();
        for forward in scene.compiled.meant().meaning.forwards.clone() {
            let v4 = forward.family == Family::V4;
            let mut ports = self.edges_of(&forward.traffic);
            ports.extend(forward.port.and_then(|port| forward.traffic.protocol.map(|proto| (proto, port, None))));
            let mut targets: Vec<IpAddr> = publics.iter().filter(|address| address.is_ipv4() == v4).copied().collect();
            targets.extend(forward.target);
            for from in self.ids() {
                let sources: Vec<IpAddr> = self.of_place(Place::Zone(from), v4);
                let mut targets = targets.clone();
                // A redirect takes what is meant for anybody.
                let anybody = self.ids();
                let anybody = anybody.get(self.below(anybody.len())).map(|id| self.of_place(Place::Zone(*id), v4));
                targets.extend(anybody.and_then(|list| self.pick(&list)));
                targets.push(if v4 { IpAddr::from([8, 8, 8, 8]) } else { "2600::1".parse().expect("an address") });
                for (index, &dst) in targets.iter().enumerate() {
                    for &(proto, port, sport) in &ports {
                        let src = if index % 2 == 0 { sources.first().copied() } else { self.pick(&sources) };
                        let Some(src) = src else { continue };
                        self.ask(zone_number(from), src, dst, proto, port, sport);
                    }
                }
                // All who could come, on the port itself.
                let inside = self.inside(&forward.traffic);
                for &src in &sources {
                    if let (Some((proto, port, sport)), Some(dst)) = (inside, self.pick(&targets)) {
                        self.ask(zone_number(from), src, dst, proto, port, sport);
                    }
                }
                let regions: Vec<_> =
                    forward.granted.iter().filter(|region| region.place == Place::Zone(from)).cloned().collect();
                for region in regions {
                    for src in self.edges(region.place, region.addresses.family(forward.family), forward.family) {
                        if let (Some((proto, port, sport)), Some(dst)) = (inside, self.pick(&targets)) {
                            self.ask(zone_number(from), src, dst, proto, port, sport);
                        }
                    }
                }
            }
        }
    }

    /// Sources that belong elsewhere, for what the policy allows to those who live there.
    fn forged(&mut self) {
        let scene = self.scene;
        let others = [
            "127.0.0.1",
            "10.254.1.1",
            "169.254.1.1",
            "224.0.0.5",
            "240.0.0.5",
            "255.255.255.255",
            "::1",
            "fe80::77",
            "ff02::5",
            "fdff::5",
        ];
        let mut sources: Vec<IpAddr> = others.iter().map(|text| text.parse().expect("an address")).collect();
        for id in self.ids() {
            sources.extend(self.of_place(Place::Zone(id), true).into_iter().take(2));
            sources.extend(self.of_place(Place::Zone(id), false).into_iter().take(2));
            sources.extend(scene.network().zone(id).addresses.iter().map(|own| own.address));
        }
        sources.extend(scene.ends_of_networks());
        let flows = scene.compiled.meant().meaning.flows.allowed.clone();
        for from in self.ids() {
            for &src in &sources {
                for _ in 0..2 {
                    let Some(flow) = flows.get(self.below(flows.len())) else { return };
                    let targets = self.of_place(flow.to.place, src.is_ipv4());
                    let at = self.below(flow.traffic.len());
                    let inside = flow.traffic.get(at).cloned().and_then(|traffic| self.inside(&traffic));
                    if let (Some(dst), Some((proto, port, sport))) = (self.pick(&targets), inside) {
                        self.ask(zone_number(from), src, dst, proto, port, sport);
                    }
                }
            }
        }
    }

    /// Multicast and broadcast: discovery, DHCP, neighbours, from who lives there, has no address yet, or lies.
    fn to_all(&mut self) {
        let from = ["0.0.0.0", "10.254.1.1", "fe80::77", "::", "fdff::5"];
        let from: Vec<IpAddr> = from.iter().map(|text| text.parse().expect("an address")).collect();
        let ports = [
            (5353, 5353),
            (40_000, 5353),
            (1900, 1900),
            (68, 67),
            (67, 67),
            (67, 68),
            (547, 546),
            (546, 547),
            (53, 53),
        ];
        for id in self.ids() {
            let mut sources = from.clone();
            sources.extend(self.of_place(Place::Zone(id), true).into_iter().take(2));
            sources.extend(self.of_place(Place::Zone(id), false).into_iter().take(2));
            let other = ZoneId((id.0 + 1) % self.hosts.len());
            sources.extend(self.of_place(Place::Zone(other), true).into_iter().take(1));
            for dst in GROUPS.iter().map(|text| text.parse().expect("an address")) {
                for &src in &sources {
                    for (sport, port) in ports {
                        if self.below(2) == 0 {
                            self.ask(zone_number(id), src, dst, UDP, port, Some(sport));
                        }
                    }
                    let kind = [8, 128, 130, 133, 134, 135, 136, 143, 137][self.below(9)];
                    self.ask(zone_number(id), src, dst, if kind == 8 { ICMP } else { ICMPV6 }, icmp(kind, 0), None);
                }
                // Without an address yet.
                for (src, (sport, port)) in [("0.0.0.0", (68, 67)), ("0.0.0.0", (69, 67))] {
                    self.ask(zone_number(id), src.parse().expect("an address"), dst, UDP, port, Some(sport));
                }
            }
        }
    }

    /// The corners of the sets that the policy means, accepted and denied, and a step beside each.
    fn corners(&mut self) {
        let meant = self.scene.compiled.meant();
        let sets: Vec<Set> = meant.meaning.behaviour.accepted.values().copied().collect();
        let mut cubes: Vec<Cube> = Vec::new();
        for set in sets.into_iter().chain([self.scene.compiled.denied]) {
            let all = meant.space.cubes(set, 200_000).unwrap_or_default();
            let step = all.len().div_ceil(CUBES).max(1);
            cubes.extend(all.into_iter().step_by(step));
        }
        for cube in cubes {
            for high in [false, true] {
                self.corner(&cube, high);
            }
        }
    }

    fn corner(&mut self, cube: &Cube, high: bool) {
        let end = |field: Field| cube.get(field).and_then(|values| if high { values.last() } else { values.first() });
        let zones = self.ids().len();
        let ingress = match cube.get(Field::In) {
            Some(values) => {
                let known: Vec<u64> = (0..=zones as u64).filter(|number| values.contains(*number)).collect();
                let at = self.below(known.len());
                known.get(at).copied()
            }
            None => Some(self.below(zones) as u64 + 1),
        };
        let Some(ingress) = ingress.and_then(|number| u16::try_from(number).ok()) else { return };
        let v4 = match end(Field::Family) {
            Some(number) => number == 0,
            None => self.below(2) == 0,
        };
        let family = if v4 { Family::V4 } else { Family::V6 };
        let likely = [TCP, UDP, if v4 { ICMP } else { ICMPV6 }, PLAIN[0], PLAIN[1], PLAIN[2], PLAIN[3]];
        let protocols: Vec<u8> = likely
            .into_iter()
            .filter(|proto| cube.get(Field::Proto).is_none_or(|values| values.contains(u64::from(*proto))))
            .collect();
        let Some(&proto) = protocols.get(self.below(protocols.len().min(4))) else { return };
        let everybody: Vec<IpAddr> =
            self.scene.everybody().into_iter().filter(|address| address.is_ipv4() == v4).collect();
        let mut side = |upper: Field, lower: Field, hosts: Vec<IpAddr>| -> Option<u128> {
            match (end(upper), end(lower)) {
                (None, None) => self.pick(&hosts).map(bits),
                (upper, lower) => {
                    let (upper, lower) = (upper.unwrap_or(0), lower.unwrap_or(1));
                    Some(if v4 { u128::from(upper >> 32) } else { u128::from(upper) << 64 | u128::from(lower) })
                }
            }
        };
        let src = side(Field::SrcHigh, Field::SrcLow, everybody.clone());
        let dst = side(Field::DstHigh, Field::DstLow, everybody);
        let (Some(src), Some(dst)) = (src, dst) else { return };
        let port = end(Field::DstPort).and_then(|port| u16::try_from(port).ok());
        let port = port.unwrap_or(match proto {
            ICMP | ICMPV6 => 0x0800,
            _ => 4711,
        });
        let sport = end(Field::SrcPort).and_then(|port| u16::try_from(port).ok()).filter(|port| *port > 0);
        let top = if v4 { u128::from(u32::MAX) } else { u128::MAX };
        let beside = |bits: u128| if high { bits.saturating_add(1).min(top) } else { bits.saturating_sub(1) };
        let (mut src, mut dst, mut port) = (src, dst, port);
        for step in 0..2 {
            self.ask(ingress, address(family, src), address(family, dst), proto, port, sport);
            if step == 0 {
                match self.below(3) {
                    0 => src = beside(src),
                    1 => dst = beside(dst),
                    _ => port = if high { port.saturating_add(1) } else { port.saturating_sub(1) },
                }
            }
        }
    }
}
