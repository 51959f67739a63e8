//! Random policies, mostly valid. What the model refuses is taken out afterwards.

use std::net::IpAddr;

use super::{
    plan::{
        Assertion, Block, Exposure, Group, Host, Item, Net, Options, Policy, Ranges, Redirect, Reflector, Router, Rule,
        Schedule, Service, Side, Span, Statement, Term, Vpn, Zone,
    },
    rng::Rng,
};

const ROLES: [&str; 11] =
    ["trusted", "server", "iot", "camera", "guest", "vpn", "dmz", "management", "work", "kids", "transit"];
const PORTS: [u16; 14] = [22, 53, 67, 68, 80, 123, 443, 546, 547, 1883, 5353, 8080, 8123, 51820];

struct Maker<'r> {
    rng: &'r mut Rng,
    policy: Policy,
    next: usize,
}

pub fn policy(rng: &mut Rng) -> Policy {
    let router = Router {
        reject: *rng.pick(&[None, Some(true), Some(false)]),
        output_open: *rng.pick(&[None, Some(true), Some(false), Some(false)]),
        timezone: *rng.pick(&[
            None,
            Some("UTC"),
            Some("Europe/Berlin"),
            Some("Asia/Kolkata"),
            Some("America/New_York"),
        ]),
    };
    let mut maker = Maker { rng, policy: Policy { router, zones: Vec::new(), statements: Vec::new() }, next: 0 };
    maker.zones();
    maker.declarations();
    maker.statements();
    maker.policy
}

fn address(text: &str) -> IpAddr {
    text.parse().unwrap()
}

impl Maker<'_> {
    fn id(&mut self) -> usize {
        self.next += 1;
        self.next
    }

    fn zones(&mut self) {
        let uplinks = match self.rng.below(100) {
            0..4 => 0,
            4..72 => 1,
            _ => 2,
        };
        let inside = self.rng.within(if uplinks == 0 { 2 } else { 1 }, 4);
        for number in 0..uplinks {
            let zone = self.uplink(number);
            self.policy.zones.push(zone);
        }
        for _ in 0..inside {
            let zone = self.inside(uplinks > 0);
            self.policy.zones.push(zone);
        }
        if self.rng.percent(30) {
            let mut zones = std::mem::take(&mut self.policy.zones);
            self.rng.shuffle(&mut zones);
            self.policy.zones = zones;
        }
    }

    fn uplink(&mut self, number: usize) -> Zone {
        let id = self.id();
        let rng = &mut *self.rng;
        let mut zone = Zone {
            id,
            role: "internet",
            interface: format!("eth{number}"),
            nets: Vec::new(),
            addresses: Vec::new(),
            assigned: None,
            isolated: false,
            masquerade: rng.percent(15).then(|| rng.percent(50)),
            uplink: None,
            upstream: Vec::new(),
            delegated: None,
            failover: number > 0 && rng.percent(40),
            egress: None,
        };
        match rng.below(10) {
            0..3 => {}
            3 => zone.assigned = Some("dhcp"),
            4 => zone.assigned = Some("pppoe"),
            5 => {
                zone.assigned = Some(*rng.pick(&["dhcp", "pd"]));
                zone.addresses.push(address(&format!("2001:db8:ff:{number}::2")));
            }
            6 => zone.addresses.push(address(&format!("203.0.113.{}", 10 + number))),
            7 => {
                zone.addresses.push(address(&format!("203.0.113.{}", 10 + number)));
                zone.addresses.push(address(&format!("2001:db8:ff:{number}::2")));
            }
            8 => {
                zone.addresses.push(address(&format!("198.51.100.{}", 16 + 4 * number)));
                zone.addresses.push(address(&format!("198.51.100.{}", 17 + 4 * number)));
                if rng.percent(40) {
                    zone.addresses.push(address(&format!("2001:db8:ff:{number}::2")));
                    zone.addresses.push(address(&format!("2001:db8:ff:{number}::3")));
                }
            }
            _ => {
                zone.uplink = Some("cgnat");
                zone.addresses.push(address(&format!("100.64.{number}.7")));
            }
        }
        if rng.percent(25) {
            zone.upstream.push(Block::new(&format!("192.168.{}.0/24", 178 + number)));
            if rng.percent(20) {
                zone.upstream.push(Block::new(&format!("fd00:178:{number}::/64")));
            }
            zone.uplink = zone.uplink.or_else(|| rng.percent(40).then_some("private"));
            if zone.addresses.is_empty() && zone.assigned.is_none() && rng.percent(40) {
                zone.addresses.push(address(&format!("192.168.{}.2", 178 + number)));
            }
        }
        if rng.percent(45) {
            zone.delegated = Some(Block::new(&format!("2001:db8:4{number}00::/{}", rng.pick(&[56, 48, 60]))));
        }
        zone
    }

    fn inside(&mut self, uplinks: bool) -> Zone {
        let id = self.id();
        let rng = &mut *self.rng;
        let mut nets = Vec::new();
        let v4 = match rng.below(12) {
            0..8 => format!("10.0.{id}.0/24"),
            8 => format!("192.168.{id}.64/27"),
            9 => format!("172.{}.0.0/16", 16 + id),
            10 => format!("10.9.{id}.0/30"),
            _ => format!("10.9.{id}.4/31"),
        };
        let v4 = Net::Literal(Block::new(&v4));
        let ula = Net::Literal(Block::new(&format!("fd42:0:0:{id}::/64")));
        let global = Net::Literal(Block::new(&format!("2001:db8:7:{id}::/64")));
        let delegated = Net::Delegated(id as u64);
        match rng.below(12) {
            0..3 => nets.push(v4),
            3..5 => nets.extend([v4, ula]),
            5 => nets.extend([v4, global]),
            6 | 7 if uplinks => nets.extend([v4, delegated]),
            8 if uplinks => nets.extend([v4, ula, delegated]),
            9 => nets.push(ula),
            10 if uplinks => nets.push(delegated),
            _ => nets.extend([v4, Net::Literal(Block::new(&format!("10.200.{id}.128/25")))]),
        }
        if uplinks && rng.percent(4) {
            nets.push(Net::Delegated(8 + id as u64 % 8));
        }
        let mut addresses = Vec::new();
        for net in &nets {
            if let Net::Literal(block) = net
                && block.span() > 2
                && rng.percent(25)
            {
                addresses.push(block.at(block.span().min(255) - 1));
                if rng.percent(20) {
                    addresses.push(block.at(1));
                }
            }
        }
        let below = nets.iter().any(|net| matches!(net, Net::Delegated(_)));
        let assigned = (below && addresses.is_empty() && rng.percent(4)).then_some("pd");
        let mut egress = None;
        if uplinks && rng.percent(25) {
            let wan: Vec<&Zone> = self.policy.zones.iter().filter(|zone| zone.is_internet()).collect();
            let wan = *rng.pick(&wan);
            let from = (!wan.addresses.is_empty() && rng.percent(60)).then(|| *rng.pick(&wan.addresses));
            egress = Some((wan.id, from));
        }
        Zone {
            id,
            role: ROLES[rng.below(ROLES.len())],
            interface: format!("eth9.{id}"),
            nets,
            addresses,
            assigned,
            isolated: rng.percent(25),
            masquerade: rng.percent(10).then(|| rng.percent(70)),
            uplink: None,
            upstream: Vec::new(),
            delegated: None,
            failover: false,
            egress,
        }
    }

    fn own_zone(&mut self) -> Option<Zone> {
        let zones: Vec<&Zone> = self.policy.zones.iter().filter(|zone| !zone.is_internet()).collect();
        (!zones.is_empty()).then(|| (*self.rng.pick(&zones)).clone())
    }

    fn wan(&mut self) -> Option<usize> {
        let zones: Vec<usize> =
            self.policy.zones.iter().filter(|zone| zone.is_internet()).map(|zone| zone.id).collect();
        (!zones.is_empty()).then(|| *self.rng.pick(&zones))
    }

    fn blocks(zone: &Zone) -> Vec<Block> {
        zone.nets
            .iter()
            .filter_map(|net| match net {
                Net::Literal(block) => Some(*block),
                Net::Delegated(_) => None,
            })
            .collect()
    }

    /// An address in one of a zone's networks, with a taste for their ends.
    fn address_in(&mut self, block: Block) -> IpAddr {
        let span = block.span();
        let offset = match self.rng.below(12) {
            0 => 0,
            1 => 1,
            2 => span,
            3 => span.saturating_sub(1),
            _ => self.rng.within(2, 250) as u128,
        };
        block.at(offset.min(span))
    }

    fn hosts(&self) -> Vec<Host> {
        self.policy.hosts().cloned().collect()
    }

    fn declarations(&mut self) {
        for _ in 0..self.rng.within(1, 5) {
            if let Some(host) = self.host() {
                self.policy.statements.push(Statement::Host(host));
            }
        }
        for _ in 0..self.rng.below(3) {
            let id = self.id();
            let terms = (0..self.rng.within(1, 3)).map(|_| self.foreign()).collect();
            self.policy.statements.push(Statement::Ranges(Ranges { id, terms }));
        }
        for _ in 0..self.rng.below(3) {
            let group = self.group();
            self.policy.statements.push(Statement::Group(group));
        }
        for _ in 0..self.rng.below(3) {
            let items = self.items(true);
            let id = self.id();
            self.policy.statements.push(Statement::Service(Service { id, items }));
        }
        for _ in 0..self.rng.below(3) {
            let id = self.id();
            let parts = (0..self.rng.within(1, 2)).map(|_| self.schedule_part()).collect();
            self.policy.statements.push(Statement::Schedule(Schedule { id, parts }));
        }
    }

    fn schedule_part(&mut self) -> (Vec<usize>, u16, u16) {
        let rng = &mut *self.rng;
        let days = if rng.percent(40) { Vec::new() } else { (0..7).filter(|_| rng.percent(45)).collect() };
        let (from, to) =
            *rng.pick(&[(0, 1440), (420, 1260), (1260, 420), (0, 1), (1439, 1440), (1380, 60), (90, 100), (1320, 0)]);
        (days, from, to)
    }

    fn host(&mut self) -> Option<Host> {
        let id = self.id();
        if self.rng.percent(4)
            && let Some(wan) = self.wan()
        {
            let addresses = vec![address(&format!("8.8.{id}.8"))];
            return Some(Host { id, zones: vec![wan], addresses, suffix: None });
        }
        let zone = self.own_zone()?;
        let mut zones = vec![zone.clone()];
        if self.rng.percent(15)
            && let Some(other) = self.own_zone()
            && other.id != zone.id
        {
            zones.push(other);
        }
        let mut addresses = Vec::new();
        for zone in &zones {
            for block in Self::blocks(zone) {
                if self.rng.percent(85) {
                    let odd = self.rng.percent(8);
                    let offset = (id as u128 * 3 + 2).min(block.span().saturating_sub(1));
                    addresses.push(if odd { self.address_in(block) } else { block.at(offset) });
                }
            }
        }
        let below = zones.iter().any(|zone| zone.nets.iter().any(|net| matches!(net, Net::Delegated(_))));
        let suffix = (below && self.rng.percent(75) || self.rng.percent(3)).then(|| 0x10 + id as u64);
        Some(Host { id, zones: zones.iter().map(|zone| zone.id).collect(), addresses, suffix })
    }

    fn group(&mut self) -> Group {
        let id = self.id();
        let zone = self.own_zone().filter(|_| self.rng.percent(60));
        if let Some(zone) = zone {
            let blocks = Self::blocks(&zone);
            let hosts: Vec<Host> = self.hosts().into_iter().filter(|host| host.zones == [zone.id]).collect();
            let mut terms = Vec::new();
            for _ in 0..self.rng.within(1, 3) {
                if !hosts.is_empty() && self.rng.percent(40) {
                    terms.push(Term::Host(self.rng.pick(&hosts).id));
                } else if !blocks.is_empty() {
                    let block = *self.rng.pick(&blocks);
                    terms.push(self.part(block));
                } else {
                    terms.push(Term::Zone(zone.id));
                }
            }
            return Group { id, zone: Some(zone.id), side: Side { terms, except: Vec::new() } };
        }
        Group { id, zone: None, side: self.side(2) }
    }

    /// A literal of a network: an address, a shorter prefix, a range.
    fn part(&mut self, block: Block) -> Term {
        match self.rng.below(4) {
            0 => Term::Address(self.address_in(block)),
            1 => {
                let (one, other) = (self.address_in(block), self.address_in(block));
                Term::Range(one.min(other), one.max(other))
            }
            2 => {
                let width = if block.v4() { 32 } else { 128 };
                let length = (block.length + self.rng.below(8) as u8 + 1).min(width);
                let narrow = Block { first: block.first, length };
                let steps = (block.span() / (narrow.span() + 1)).min(3);
                let offset = self.rng.wide(steps) * (narrow.span() + 1);
                Term::Prefix(Block { first: block.at(offset), length })
            }
            _ => {
                let shorter = self.rng.below(3) as u8;
                let length = block.length - shorter.min(block.length);
                let width = if block.v4() { 32 } else { 128 };
                let mask = if length == 0 { 0 } else { u128::MAX << (width - u32::from(length)) };
                let first = super::plan::from_bits(block.v4(), super::plan::bits(block.first) & mask);
                Term::Prefix(Block { first, length })
            }
        }
    }

    /// A literal out there.
    fn foreign(&mut self) -> Term {
        let nets =
            ["192.0.2.0/24", "8.8.8.0/24", "203.0.113.0/24", "2001:db8:9::/48", "1.1.1.1/32", "198.51.100.64/26"];
        let block = Block::new(nets[self.rng.below(nets.len())]);
        match self.rng.below(3) {
            0 => Term::Prefix(block),
            _ => self.part(block),
        }
    }

    fn term(&mut self) -> Term {
        let zone = self.policy.zones[self.rng.below(self.policy.zones.len())].clone();
        match self.rng.below(100) {
            0..4 => return Term::Any,
            4..12 => return Term::Router,
            12..20 => return Term::Internet,
            20..24 => return Term::Private,
            24..30 => return Term::Role(zone.role),
            30..55 => return Term::Zone(zone.id),
            55..75 => {
                let hosts = self.hosts();
                if !hosts.is_empty() {
                    return Term::Host(self.rng.pick(&hosts).id);
                }
            }
            75..83 => {
                let groups: Vec<usize> = self.ids(|statement| match statement {
                    Statement::Group(group) => Some(group.id),
                    _ => None,
                });
                if !groups.is_empty() {
                    return Term::Group(*self.rng.pick(&groups));
                }
            }
            83..87 => {
                let ranges: Vec<usize> = self.ids(|statement| match statement {
                    Statement::Ranges(ranges) => Some(ranges.id),
                    _ => None,
                });
                if !ranges.is_empty() {
                    return Term::Ranges(*self.rng.pick(&ranges));
                }
            }
            87..90 => return self.foreign(),
            _ => {}
        }
        let blocks = Self::blocks(&zone);
        if blocks.is_empty() {
            return Term::Zone(zone.id);
        }
        let block = *self.rng.pick(&blocks);
        self.part(block)
    }

    fn ids(&self, of: impl Fn(&Statement) -> Option<usize>) -> Vec<usize> {
        self.policy.statements.iter().filter_map(of).collect()
    }

    fn side(&mut self, most: usize) -> Side {
        let count = if self.rng.percent(65) { 1 } else { self.rng.within(1, most) };
        let terms: Vec<Term> = (0..count).map(|_| self.term()).collect();
        let mut except = Vec::new();
        if self.rng.percent(25) {
            except.extend((0..self.rng.within(1, 2)).filter_map(|_| self.exception(&terms)));
        }
        Side { terms, except }
    }

    /// Something to take off a side: mostly what is part of it, for the model refuses exceptions that take nothing.
    fn exception(&mut self, terms: &[Term]) -> Option<Term> {
        if self.rng.percent(5) {
            return Some(self.term());
        }
        let zones: Vec<Zone> = self.policy.zones.iter().filter(|zone| !zone.is_internet()).cloned().collect();
        let zone = match self.rng.pick(terms) {
            Term::Any if self.rng.percent(40) => {
                return Some(*self.rng.pick(&[Term::Router, Term::Internet, Term::Private]));
            }
            Term::Any | Term::Private => self.rng.pick(&zones),
            Term::Role(role) => zones.iter().find(|zone| zone.role == *role)?,
            Term::Zone(id) => zones.iter().find(|zone| zone.id == *id)?,
            Term::Prefix(block) if block.span() > 8 => return Some(self.part(*block)),
            _ => return None,
        };
        let hosts: Vec<Host> = self.hosts().into_iter().filter(|host| host.zones.contains(&zone.id)).collect();
        let blocks = Self::blocks(zone);
        match self.rng.below(3) {
            0 if !hosts.is_empty() => Some(Term::Host(self.rng.pick(&hosts).id)),
            1 if !matches!(terms[0], Term::Zone(_)) => Some(Term::Zone(zone.id)),
            _ if !blocks.is_empty() => {
                let block = *self.rng.pick(&blocks);
                Some(self.part(block))
            }
            _ => None,
        }
    }

    fn spans(&mut self) -> Vec<Span> {
        (0..self.rng.within(1, 2))
            .map(|_| {
                let port = *self.rng.pick(&PORTS);
                match self.rng.below(6) {
                    0 => (port, port.saturating_add(self.rng.within(1, 20) as u16)),
                    1 => (1, port),
                    2 => (port, u16::MAX),
                    _ => (port, port),
                }
            })
            .collect()
    }

    fn item(&mut self, simple: bool) -> Item {
        let services = self.ids(|statement| match statement {
            Statement::Service(service) => Some(service.id),
            _ => None,
        });
        match self.rng.below(20) {
            0..10 => Item::Ports { proto: *self.rng.pick(&[6, 6, 6, 17, 17, 132]), to: self.spans(), from: Vec::new() },
            10 => Item::Ports { proto: *self.rng.pick(&[6, 17]), to: Vec::new(), from: Vec::new() },
            11 => Item::Ports { proto: *self.rng.pick(&[6, 17]), to: self.spans(), from: self.spans() },
            12 => Item::Ports { proto: 17, to: vec![(67, 67)], from: Vec::new() },
            13 | 14 => {
                let kind = self.rng.percent(75).then(|| *self.rng.pick(&[8, 3, 0, 128, 1, 135]));
                let code = kind.and_then(|_| self.rng.percent(30).then(|| *self.rng.pick(&[0, 1, 4])));
                Item::Icmp { v6: self.rng.percent(50), kind, code }
            }
            15 => Item::Proto(*self.rng.pick(&[47, 50, 41, 2, 6, 17, 112])),
            _ if simple || services.is_empty() => {
                let port = *self.rng.pick(&PORTS);
                Item::Ports { proto: 6, to: vec![(port, port)], from: Vec::new() }
            }
            _ => Item::Service(*self.rng.pick(&services)),
        }
    }

    fn items(&mut self, some: bool) -> Vec<Item> {
        if !some && self.rng.percent(30) {
            return Vec::new();
        }
        let count = if self.rng.percent(60) { 1 } else { self.rng.within(1, 3) };
        (0..count).map(|_| self.item(false)).collect()
    }

    fn options(&mut self, allow: bool) -> Options {
        let schedules = self.ids(|statement| match statement {
            Statement::Schedule(schedule) => Some(schedule.id),
            _ => None,
        });
        let rng = &mut *self.rng;
        Options {
            as_router: allow && rng.percent(8),
            log: rng.percent(10),
            during: (!schedules.is_empty() && rng.percent(15)).then(|| *rng.pick(&schedules)),
            until: rng.percent(8),
            limit: (allow && rng.percent(10))
                .then(|| *rng.pick(&[(10, "minute"), (3, "second"), (100, "day"), (7, "hour")])),
        }
    }

    fn statements(&mut self) {
        for _ in 0..self.rng.within(1, 8) {
            let rule = self.rule();
            self.policy.statements.push(Statement::Rule(rule));
        }
        for _ in 0..self.rng.below(4) {
            if let Some(exposure) = self.exposure() {
                self.policy.statements.push(Statement::Expose(exposure));
            }
        }
        if self.rng.percent(25)
            && let Some(zone) = self.own_zone()
        {
            let hosts = self.hosts();
            let server = (!hosts.is_empty() && self.rng.percent(45)).then(|| self.rng.pick(&hosts).id);
            let on = self.wan().filter(|_| self.rng.percent(40));
            let listen = *self.rng.pick(&[(17, 51820), (6, 443), (17, 1194)]);
            self.policy.statements.push(Statement::Vpn(Vpn { zone: zone.id, listen, on, server }));
        }
        for _ in 0..self.rng.below(3) {
            if !self.rng.percent(45) {
                continue;
            }
            let hosts = self.hosts();
            let to = (!hosts.is_empty() && self.rng.percent(75)).then(|| self.rng.pick(&hosts).id);
            let mut from = self.side(2);
            if self.rng.percent(60)
                && let Some(zone) = self.own_zone()
            {
                from = Side { terms: vec![Term::Zone(zone.id)], except: Vec::new() };
            }
            let redirect = Redirect { from, items: self.items(true), to };
            self.policy.statements.push(Statement::Redirect(redirect));
        }
        if self.rng.percent(15) {
            let zones: Vec<usize> =
                self.policy.zones.iter().filter(|zone| !zone.is_internet()).map(|zone| zone.id).take(3).collect();
            if zones.len() > 1 {
                let reflector = Reflector { mdns: self.rng.percent(60), zones };
                self.policy.statements.push(Statement::Reflect(reflector));
            }
        }
        for _ in 0..self.rng.within(1, 4) {
            let kind = *self.rng.pick(&["never", "never", "always", "only"]);
            let assertion =
                Assertion { kind, from: self.side(2), to: self.side(1), items: self.items(kind != "never") };
            self.policy.statements.push(Statement::Assert(assertion));
        }
    }

    fn rule(&mut self) -> Rule {
        let allow = self.rng.percent(72);
        let mut rule = Rule {
            allow,
            from: self.side(3),
            to: self.side(3),
            items: self.items(false),
            back: None,
            options: self.options(allow),
        };
        if self.rng.percent(25)
            && let Some(zone) = self.own_zone()
        {
            // What most homes have.
            let to = *self.rng.pick(&[Term::Internet, Term::Router, Term::Private]);
            rule.from = Side { terms: vec![Term::Zone(zone.id)], except: Vec::new() };
            rule.to = Side { terms: vec![to], except: Vec::new() };
        }
        if allow && !rule.items.is_empty() && self.rng.percent(6) {
            let id = self.id();
            let back = self.items(true);
            rule.back = Some((id, back));
        }
        rule
    }

    fn exposure(&mut self) -> Option<Exposure> {
        let hosts = self.hosts();
        if hosts.is_empty() {
            return None;
        }
        let host = self.rng.pick(&hosts).id;
        let simple = self.rng.percent(75);
        let items = if simple {
            let port = *self.rng.pick(&PORTS);
            vec![Item::Ports { proto: *self.rng.pick(&[6, 6, 17]), to: vec![(port, port)], from: Vec::new() }]
        } else {
            self.items(true)
        };
        let through = self.rng.percent(30).then(|| {
            let proxy = self.rng.percent(70).then(|| self.rng.pick(&hosts).id);
            let port = *self.rng.pick(&PORTS);
            let items = vec![Item::Ports { proto: 6, to: vec![(port, port)], from: Vec::new() }];
            (proxy, if self.rng.percent(50) { items } else { Vec::new() })
        });
        let from = match self.rng.below(10) {
            0 | 1 => {
                let ranges = self.ids(|statement| match statement {
                    Statement::Ranges(ranges) => Some(ranges.id),
                    _ => None,
                });
                if ranges.is_empty() { vec![self.foreign()] } else { vec![Term::Ranges(*self.rng.pick(&ranges))] }
            }
            2 => self.wan().map(Term::Zone).into_iter().collect(),
            3 => vec![Term::Internet],
            _ => Vec::new(),
        };
        let options = Options { as_router: false, ..self.options(true) };
        // Nothing is forwarded to a proxy on the router.
        let on_router = matches!(through, Some((None, _)));
        Some(Exposure {
            host,
            items,
            from,
            on: self.wan().filter(|_| self.rng.percent(35)),
            port: (!on_router && self.rng.percent(if simple { 50 } else { 5 })).then(|| *self.rng.pick(&PORTS)),
            through,
            http01: self.rng.percent(20),
            hairpin: self.rng.percent(40).then(|| on_router || self.rng.percent(50)),
            ipv6: self.rng.percent(30).then(|| self.rng.percent(50)),
            options,
        })
    }
}
