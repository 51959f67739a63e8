//! Packets to try: biased towards where something changes.

use std::net::IpAddr;

use hedgerow::packet::{Family, Packet};

use super::{
    oracle::{Oracle, Place},
    plan::{Item, Side, Span, Statement, Term, bits, from_bits},
    rng::Rng,
};

const SPECIAL: [&str; 40] = [
    "0.0.0.0",
    "0.0.0.1",
    "8.8.8.8",
    "1.1.1.1",
    "9.255.255.255",
    "10.0.0.1",
    "11.0.0.0",
    "100.63.255.255",
    "100.64.0.1",
    "100.128.0.0",
    "127.0.0.1",
    "169.254.1.1",
    "172.16.0.1",
    "172.32.0.0",
    "192.0.0.1",
    "192.0.2.200",
    "192.168.0.1",
    "192.168.178.1",
    "192.168.178.255",
    "198.18.0.1",
    "198.51.100.1",
    "203.0.113.77",
    "223.255.255.255",
    "224.0.0.0",
    "224.0.0.251",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.254",
    "255.255.255.255",
    "::",
    "::1",
    "fe80::1",
    "fec0::1",
    "ff02::1",
    "ff02::fb",
    "ff02::c",
    "2606:4700::1111",
    "64:ff9b::808:808",
    "fd00::1",
    "3ffe:1:2:3::4",
];

pub struct Pool {
    addresses: Vec<IpAddr>,
    ports: Vec<u16>,
    protocols: Vec<u8>,
    limits: usize,
}

fn ends(first: IpAddr, last: IpAddr, found: &mut Vec<IpAddr>) {
    let max = if first.is_ipv4() { u128::from(u32::MAX) } else { u128::MAX };
    let v4 = first.is_ipv4();
    let (from, to) = (bits(first), bits(last));
    for value in
        [from.saturating_sub(1), from, (from + 1).min(max), to.saturating_sub(1), to, to.saturating_add(1).min(max)]
    {
        found.push(from_bits(v4, value));
    }
    if to - from > 8 {
        found.push(from_bits(v4, from + (to - from) / 3));
    }
}

impl Pool {
    pub fn new(oracle: &Oracle<'_>, limits: usize) -> Self {
        let mut pool = Self {
            addresses: SPECIAL.iter().map(|text| text.parse().unwrap()).collect(),
            ports: vec![1, 22, 53, 67, 68, 80, 443, 546, 547, 1024, 5353, 1900, u16::MAX],
            protocols: vec![1, 6, 6, 6, 17, 17, 58, 132, 47],
            limits,
        };
        for (zone, facts) in oracle.policy.zones.iter().zip(&oracle.zones) {
            for own in &facts.own {
                ends(*own, *own, &mut pool.addresses);
            }
            for net in facts.nets.iter().chain(&zone.upstream) {
                ends(net.first, net.last(), &mut pool.addresses);
            }
        }
        for statement in &oracle.policy.statements {
            pool.add(statement, oracle);
        }
        pool
    }

    fn add(&mut self, statement: &Statement, oracle: &Oracle<'_>) {
        match statement {
            Statement::Host(host) => {
                for (_, address) in oracle.host_addresses(host.id) {
                    ends(address, address, &mut self.addresses);
                }
            }
            Statement::Group(group) => self.add_side(&group.side),
            Statement::Ranges(ranges) => self.add_terms(&ranges.terms),
            Statement::Service(service) => self.add_items(&service.items),
            Statement::Rule(rule) => {
                self.add_side(&rule.from);
                self.add_side(&rule.to);
                self.add_items(&rule.items);
                self.add_items(rule.back.as_ref().map_or(&[], |(_, items)| items));
            }
            Statement::Expose(exposure) => {
                self.add_items(&exposure.items);
                self.add_terms(&exposure.from);
                self.ports.extend(exposure.port);
                self.add_items(exposure.through.as_ref().map_or(&[], |(_, items)| items));
            }
            Statement::Vpn(vpn) => self.ports.push(vpn.listen.1),
            Statement::Redirect(redirect) => {
                self.add_side(&redirect.from);
                self.add_items(&redirect.items);
            }
            Statement::Assert(assertion) => {
                self.add_side(&assertion.from);
                self.add_side(&assertion.to);
                self.add_items(&assertion.items);
            }
            Statement::Schedule(_) | Statement::Reflect(_) => {}
        }
    }

    fn add_side(&mut self, side: &Side) {
        self.add_terms(&side.terms);
        self.add_terms(&side.except);
    }

    fn add_terms(&mut self, terms: &[Term]) {
        for term in terms {
            match term {
                Term::Address(one) => ends(*one, *one, &mut self.addresses),
                Term::Prefix(net) => ends(net.first, net.last(), &mut self.addresses),
                Term::Range(from, to) => ends(*from, *to, &mut self.addresses),
                _ => {}
            }
        }
    }

    fn add_items(&mut self, items: &[Item]) {
        let mut spans = |spans: &[Span]| {
            for (from, to) in spans {
                self.ports.extend([from.saturating_sub(1), *from, *to, to.saturating_add(1)]);
            }
        };
        for item in items {
            match item {
                Item::Ports { to, from, .. } => {
                    spans(to);
                    spans(from);
                }
                Item::Proto(number) => self.protocols.push(*number),
                _ => {}
            }
        }
    }

    /// One packet.
    pub fn packet(&self, oracle: &Oracle<'_>, rng: &mut Rng) -> Packet {
        let mut packet = self.draft(oracle, rng);
        if rng.percent(60) {
            self.follow(oracle, rng, &mut packet);
        }
        self.route(oracle, rng, &mut packet);
        packet
    }

    fn place(oracle: &Oracle<'_>, rng: &mut Rng) -> Place {
        match rng.below(oracle.zones.len() * 4 + 3) {
            0..2 => Place::Router,
            2 => Place::Elsewhere,
            other => Place::Zone((other - 3) / 4),
        }
    }

    fn address(&self, rng: &mut Rng, fits: impl Fn(IpAddr) -> bool) -> IpAddr {
        for _ in 0..24 {
            let address = *rng.pick(&self.addresses);
            if fits(address) {
                return address;
            }
        }
        *rng.pick(&self.addresses)
    }

    fn draft(&self, oracle: &Oracle<'_>, rng: &mut Rng) -> Packet {
        let from = Self::place(oracle, rng);
        let v4 = rng.percent(55);
        let own = rng.percent(88);
        let src = self.address(rng, |address| {
            address.is_ipv4() == v4
                && match from {
                    Place::Zone(zone) => !own || oracle.in_zone(zone, address),
                    Place::Router => !own || oracle.is_own(address),
                    Place::Elsewhere => true,
                }
        });
        let v4 = src.is_ipv4();
        let towards = Self::place(oracle, rng);
        let dst = self.address(rng, |address| {
            address.is_ipv4() == v4
                && match towards {
                    Place::Zone(zone) => oracle.in_zone(zone, address),
                    Place::Router => oracle.is_own(address),
                    Place::Elsewhere => true,
                }
        });
        let dst = if dst.is_ipv4() == v4 { dst } else { src };
        let mut packet = Packet {
            ingress: Oracle::number(from),
            egress: 0,
            family: if v4 { Family::V4 } else { Family::V6 },
            proto: *rng.pick(&self.protocols),
            src: bits(src),
            dst: bits(dst),
            src_port: 0,
            dst_port: 0,
            minute: 0,
            exceeded: if rng.percent(70) { 0 } else { rng.below(self.limits + 2) as u16 },
        };
        packet.minute = match rng.below(4) {
            0 => rng.below(7 * 1440) as u16,
            _ => {
                let edge = *rng.pick(&[0, 1, 60, 90, 100, 420, 1260, 1320, 1380, 1439]) + 1440 * rng.below(7) as i64;
                let shift = *rng.pick(&[0, 120, 330, -240]);
                (edge - shift - rng.below(2) as i64).rem_euclid(7 * 1440) as u16
            }
        };
        self.fill_ports(rng, &mut packet);
        packet
    }

    fn fill_ports(&self, rng: &mut Rng, packet: &mut Packet) {
        (packet.src_port, packet.dst_port) = match packet.proto {
            6 | 17 | 132 => {
                let src = if rng.percent(60) { 40000 } else { *rng.pick(&self.ports) };
                (src, *rng.pick(&self.ports))
            }
            1 | 58 => {
                let kind = *rng.pick(&[0, 1, 2, 3, 8, 11, 128, 129, 130, 133, 134, 135, 136, 137, 142, 143, 144]);
                (0, kind << 8 | *rng.pick(&[0, 0, 1, 4, 255]))
            }
            _ => (0, 0),
        };
        match rng.below(60) {
            0 => (packet.proto, packet.src_port, packet.dst_port) = (17, 68, 67),
            1 => (packet.proto, packet.src_port, packet.dst_port) = (17, 67, 68),
            2 => (packet.proto, packet.src_port, packet.dst_port) = (17, 547, 546),
            3 => (packet.proto, packet.src_port, packet.dst_port) = (17, 546, 547),
            _ => {}
        }
    }

    /// Makes the packet follow a statement, in most respects.
    fn follow(&self, oracle: &Oracle<'_>, rng: &mut Rng, packet: &mut Packet) {
        let translates = |statement: &&Statement| {
            matches!(statement, Statement::Expose(_) | Statement::Redirect(_) | Statement::Vpn(_))
        };
        let some = rng.percent(30);
        let list: Vec<&Statement> =
            oracle.policy.statements.iter().filter(|statement| !some || translates(statement)).collect();
        if list.is_empty() {
            return;
        }
        let statement = *rng.pick(&list);
        match statement {
            Statement::Rule(rule) => {
                let forth = rule.back.is_none() || rng.percent(50);
                let items = if forth { &rule.items } else { &rule.back.as_ref().unwrap().1 };
                let (from, to) = if forth { (&rule.from, &rule.to) } else { (&rule.to, &rule.from) };
                self.between(oracle, rng, packet, from, to);
                self.serve(oracle, rng, packet, items);
            }
            Statement::Assert(assertion) => {
                self.between(oracle, rng, packet, &assertion.from, &assertion.to);
                self.serve(oracle, rng, packet, &assertion.items);
            }
            Statement::Redirect(redirect) => {
                let anyone = Side { terms: vec![Term::Any], except: Vec::new() };
                self.between(oracle, rng, packet, &redirect.from, &anyone);
                self.serve(oracle, rng, packet, &redirect.items);
            }
            Statement::Expose(exposure) => {
                let outside = Side { terms: vec![Term::Internet], except: Vec::new() };
                let inside = Side { terms: vec![Term::Private], except: Vec::new() };
                let from = if rng.percent(70) { outside } else { inside };
                let proxy = exposure.through.as_ref().map(|(proxy, _)| proxy.map_or(Term::Router, Term::Host));
                let service = Term::Host(exposure.host);
                // Now and then what the proxy itself asks.
                let asks = proxy.filter(|_| rng.percent(20));
                let (from, to) = match asks {
                    Some(proxy) => (Side { terms: vec![proxy], except: Vec::new() }, service),
                    None => (from, proxy.unwrap_or(service)),
                };
                let target = Side { terms: vec![to], except: Vec::new() };
                self.between(oracle, rng, packet, &from, &target);
                if asks.is_some() {
                    self.serve(oracle, rng, packet, &exposure.items);
                    return;
                }
                let items = match &exposure.through {
                    Some((_, items)) if !items.is_empty() => items,
                    _ => &exposure.items,
                };
                self.serve(oracle, rng, packet, items);
                self.to_uplink(oracle, rng, packet);
                if rng.percent(50) {
                    packet.dst_port = exposure.port.unwrap_or(packet.dst_port);
                } else if rng.percent(20) {
                    (packet.proto, packet.dst_port) = (6, *rng.pick(&[80, 443]));
                }
            }
            Statement::Vpn(vpn) => {
                let outside = Side { terms: vec![Term::Internet], except: Vec::new() };
                let router = Side { terms: vec![Term::Router], except: Vec::new() };
                self.between(oracle, rng, packet, &outside, &router);
                self.to_uplink(oracle, rng, packet);
                (packet.proto, packet.dst_port) = vpn.listen;
            }
            _ => {}
        }
        if rng.percent(15) {
            let address = *rng.pick(&self.addresses);
            if address.is_ipv4() == (packet.family == Family::V4) {
                if rng.percent(50) { packet.src = bits(address) } else { packet.dst = bits(address) }
            }
        }
    }

    /// Sends IPv4 to an address of an uplink, mostly.
    fn to_uplink(&self, oracle: &Oracle<'_>, rng: &mut Rng, packet: &mut Packet) {
        let own: Vec<IpAddr> = oracle
            .zones
            .iter()
            .filter(|zone| zone.internet)
            .flat_map(|zone| &zone.own)
            .copied()
            .filter(IpAddr::is_ipv4)
            .collect();
        if packet.family == Family::V4 && !own.is_empty() && rng.percent(85) {
            packet.dst = bits(*rng.pick(&own));
        }
    }

    fn between(&self, oracle: &Oracle<'_>, rng: &mut Rng, packet: &mut Packet, from: &Side, to: &Side) {
        for _ in 0..12 {
            let place = Self::place(oracle, rng);
            let src = self.address(rng, |address| oracle.side(from, place, address));
            if !oracle.side(from, place, src) {
                continue;
            }
            let towards = Self::place(oracle, rng);
            let dst =
                self.address(rng, |address| address.is_ipv4() == src.is_ipv4() && oracle.side(to, towards, address));
            if dst.is_ipv4() == src.is_ipv4() && oracle.side(to, towards, dst) {
                packet.ingress = Oracle::number(place);
                packet.family = if src.is_ipv4() { Family::V4 } else { Family::V6 };
                (packet.src, packet.dst) = (bits(src), bits(dst));
                return;
            }
        }
    }

    fn serve(&self, oracle: &Oracle<'_>, rng: &mut Rng, packet: &mut Packet, items: &[Item]) {
        if items.is_empty() {
            return;
        }
        match rng.pick(items) {
            Item::Ports { proto, to, from } => {
                packet.proto = *proto;
                packet.dst_port = if to.is_empty() {
                    *rng.pick(&self.ports)
                } else {
                    let (low, high) = *rng.pick(to);
                    *rng.pick(&[low, high, low.saturating_sub(1), high.saturating_add(1)])
                };
                packet.src_port = if from.is_empty() { 40000 } else { rng.pick(from).0 };
            }
            Item::Icmp { v6, kind, code } => {
                packet.proto = if *v6 { 58 } else { 1 };
                packet.dst_port = u16::from(kind.unwrap_or(8)) << 8 | u16::from(code.unwrap_or(0));
                packet.src_port = 0;
            }
            Item::Proto(number) => {
                packet.proto = *number;
                self.fill_ports(rng, packet);
            }
            Item::Service(id) => {
                if let Some(service) = oracle.policy.service(*id) {
                    self.serve(oracle, rng, packet, &service.items);
                }
            }
        }
    }

    fn route(&self, oracle: &Oracle<'_>, rng: &mut Rng, packet: &mut Packet) {
        let dst =
            oracle.arrives(packet).map_or_else(|| from_bits(packet.family == Family::V4, packet.dst), |(dst, _)| dst);
        let ways = oracle.ways(oracle.place(packet.ingress), dst);
        packet.egress = if ways.is_empty() || rng.percent(6) {
            Oracle::number(Self::place(oracle, rng))
        } else {
            Oracle::number(*rng.pick(&ways))
        };
    }
}

/// A packet as the compiler describes it: `10.0.30.1:1024 (zone3) -> 10.0.10.1:443 (zone1) tcp`.
pub fn parse(text: &str, network: &hedgerow::model::Network) -> Option<Packet> {
    let (from, rest) = text.split_once(") -> ")?;
    let (src, ingress) = from.split_once(" (")?;
    let (dst, rest) = rest.split_once(" (")?;
    let (egress, protocol) = rest.split_once(") ")?;
    let place = |name: &str| match name {
        "router" => Some(hedgerow::router::LOCAL),
        "another interface" => Some(hedgerow::router::OTHER),
        name => network.zones.iter().position(|zone| zone.name == name).map(|at| at as u16 + 1),
    };
    let end = |text: &str| -> Option<(IpAddr, u16)> {
        if let Ok(address) = text.parse() {
            return Some((address, 0));
        }
        text.parse::<std::net::SocketAddr>().ok().map(|socket| (socket.ip(), socket.port()))
    };
    let ((src, src_port), (dst, dst_port)) = (end(src)?, end(dst)?);
    let message = |text: &str| -> Option<u16> {
        let (kind, code) = text.split_once('/')?;
        Some(kind.parse::<u16>().ok()? << 8 | code.parse::<u16>().ok()?)
    };
    let (proto, dst_port) = match protocol.split_once(' ') {
        None => (
            match protocol {
                "tcp" => 6,
                "udp" => 17,
                "sctp" => 132,
                _ => return None,
            },
            dst_port,
        ),
        Some(("icmp", kind)) => (1, message(kind)?),
        Some(("icmpv6", kind)) => (58, message(kind)?),
        Some((_, number)) => (number.parse().ok()?, 0),
    };
    Some(Packet {
        ingress: place(ingress)?,
        egress: place(egress)?,
        family: if src.is_ipv4() { Family::V4 } else { Family::V6 },
        proto,
        src: bits(src),
        dst: bits(dst),
        src_port,
        dst_port,
        minute: 0,
        exceeded: 0,
    })
}
