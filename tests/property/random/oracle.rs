//! What a policy means for one packet, written from the language reference and from nothing else: no sets, no code of
//! the compiler. The compiler's model is asked only for its stand-ins: the addresses and the prefix that nobody knows.

use std::net::{IpAddr, Ipv6Addr};

use hedgerow::{
    model::Network,
    packet::{Family, Packet},
    router::{Dnat, LOCAL, Limit, OTHER, Outcome, Snat},
};

use super::plan::{
    Block, Exposure, Item, Net, Options, Policy, Redirect, Rule, Side, Statement, Term, bits, from_bits,
};

/// Where a packet comes from or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    Router,
    /// By its position in the policy.
    Zone(usize),
    Elsewhere,
}

/// A zone with what is not written in it.
#[derive(Clone, Debug)]
pub struct ZoneFacts {
    pub nets: Vec<Block>,
    pub delegated: Vec<Block>,
    pub own: Vec<IpAddr>,
    /// Does the router ask for its IPv4 address by DHCP?
    pub dhcp: bool,
    pub internet: bool,
    pub masquerade: bool,
}

/// Dates: how things stand today, or when every date has passed that opens (or closes) something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Time {
    Today,
    Loosest,
    Tightest,
}

pub struct Oracle<'p> {
    pub policy: &'p Policy,
    pub zones: Vec<ZoneFacts>,
    limits: Vec<Limit>,
    offset: i64,
    time: Time,
}

/// A packet as a rule sees it.
#[derive(Clone, Copy, Debug)]
struct Seen {
    from: Place,
    to: Place,
    src: IpAddr,
    dst: IpAddr,
    proto: u8,
    src_port: u16,
    dst_port: u16,
    minute: u16,
    exceeded: u16,
}

/// A destination translation that applies.
struct Translation<'p> {
    /// None is the router itself.
    target: Option<IpAddr>,
    port: Option<u16>,
    /// Is the sender let in by the exposure itself, under these options?
    granted: Option<&'p Options>,
}

fn block(text: &str) -> Block {
    Block::new(text)
}

/// Neither private nor reserved.
pub fn public(address: IpAddr) -> bool {
    let within = |list: &[&str]| list.iter().any(|net| block(net).contains(address));
    if address.is_ipv4() {
        !within(&[
            "0.0.0.0/8",
            "10.0.0.0/8",
            "100.64.0.0/10",
            "127.0.0.0/8",
            "169.254.0.0/16",
            "172.16.0.0/12",
            "192.0.0.0/24",
            "192.168.0.0/16",
            "198.18.0.0/15",
            "224.0.0.0/4",
            "240.0.0.0/4",
        ])
    } else {
        within(&["2000::/3", "64:ff9b::/96"])
    }
}

fn link_local(address: IpAddr) -> bool {
    block("fe80::/10").contains(address)
}

fn nobody(v4: bool) -> IpAddr {
    from_bits(v4, 0)
}

/// Destinations that are never on a wire.
fn unrouted(address: IpAddr) -> bool {
    block("127.0.0.0/8").contains(address) || address == IpAddr::V6(Ipv6Addr::LOCALHOST) || bits(address) == 0
}

/// Destinations that stay on the link: link-local, multicast, limited broadcast.
fn near(address: IpAddr) -> bool {
    link_local(address)
        || block("ff00::/8").contains(address)
        || block("224.0.0.0/4").contains(address)
        || address == from_bits(true, u128::from(u32::MAX))
}

/// What one host can be addressed by and Linux redirects: not the site-local and IPv4-compatible addresses of old.
fn unicast(address: IpAddr) -> bool {
    let old = ["fec0::/10", "::/96"].into_iter().any(|net| block(net).contains(address));
    !near(address) && !block("224.0.0.0/3").contains(address) && !old
}

impl<'p> Oracle<'p> {
    pub fn new(policy: &'p Policy, network: &Network, limits: Vec<Limit>) -> Self {
        let mut zones = Vec::new();
        for (index, zone) in policy.zones.iter().enumerate() {
            let model = &network.zones[index];
            let mut facts = ZoneFacts {
                nets: Vec::new(),
                delegated: Vec::new(),
                own: zone.addresses.clone(),
                dhcp: false,
                internet: zone.is_internet(),
                masquerade: zone.masquerade.unwrap_or(zone.is_internet()),
            };
            for (at, net) in zone.nets.iter().enumerate() {
                let (net, delegated) = match net {
                    Net::Literal(block) => (*block, false),
                    Net::Delegated(number) => (delegated(policy, network, index, at, *number), true),
                };
                if delegated {
                    facts.delegated.push(net);
                }
                facts.nets.push(net);
                // The first address of each network in which none is written.
                let covered = facts.own.iter().any(|own| net.contains(*own));
                if !covered && (delegated || matches!(zone.assigned, None | Some("pd"))) {
                    let points = if net.v4() { net.length >= 31 } else { net.length == 128 };
                    facts.own.push(net.at(u128::from(!points)));
                }
            }
            if zone.is_internet() {
                let known = facts.own.len();
                facts.own.extend(model.addresses.iter().filter(|own| !own.source.is_known()).map(|own| own.address));
                facts.dhcp = facts.own.iter().skip(known).any(IpAddr::is_ipv4) && zone.assigned != Some("pppoe");
            }
            zones.push(facts);
        }
        let offset = match policy.router.timezone {
            Some("Europe/Berlin") => 120,
            Some("Asia/Kolkata") => 330,
            Some("America/New_York") => -240,
            _ => 0,
        };
        Self { policy, zones, limits, offset, time: Time::Today }
    }

    pub fn at(self, time: Time) -> Self {
        Self { time, ..self }
    }

    pub fn place(&self, number: u16) -> Place {
        match number {
            LOCAL => Place::Router,
            number if usize::from(number) <= self.zones.len() => Place::Zone(usize::from(number) - 1),
            _ => Place::Elsewhere,
        }
    }

    pub fn number(place: Place) -> u16 {
        match place {
            Place::Router => LOCAL,
            Place::Zone(zone) => zone as u16 + 1,
            Place::Elsewhere => OTHER,
        }
    }

    // ---- where addresses lie

    /// Is it an address of the router, or the anycast address that a router answers to in its IPv6 networks?
    pub fn is_own(&self, address: IpAddr) -> bool {
        self.zones.iter().zip(&self.policy.zones).any(|(zone, written)| {
            zone.own.contains(&address)
                || zone.nets.iter().chain(&written.upstream).any(|net| {
                    !net.v4()
                        && net.length < 127
                        && net.first == address
                        && zone.own.iter().any(|own| net.contains(*own))
                })
        })
    }

    fn is_broadcast(&self, address: IpAddr) -> bool {
        self.zones.iter().zip(&self.policy.zones).any(|(zone, written)| {
            zone.nets.iter().chain(&written.upstream).any(|net| {
                net.v4() && net.length < 31 && net.last() == address && zone.own.iter().any(|own| net.contains(*own))
            })
        })
    }

    fn is_internet(&self, address: IpAddr) -> bool {
        public(address)
            && !self.zones.iter().any(|zone| zone.nets.iter().any(|net| net.contains(address)))
            && !self.policy.zones.iter().any(|zone| zone.upstream.iter().any(|net| net.contains(address)))
    }

    /// Does the name of the zone stand for this address?
    pub fn in_zone(&self, zone: usize, address: IpAddr) -> bool {
        if self.zones[zone].internet {
            self.is_internet(address) || self.policy.zones[zone].upstream.iter().any(|net| net.contains(address))
        } else {
            self.zones[zone].nets.iter().any(|net| net.contains(address))
        }
    }

    /// Where a packet to this address can go, from this place.
    pub fn ways(&self, from: Place, dst: IpAddr) -> Vec<Place> {
        if unrouted(dst) {
            return Vec::new();
        }
        let everywhere = || (0..self.zones.len()).map(Place::Zone).chain([Place::Elsewhere]).collect();
        if self.is_own(dst) {
            return vec![Place::Router];
        }
        if near(dst) || self.is_broadcast(dst) {
            return if from == Place::Router { everywhere() } else { vec![Place::Router] };
        }
        let mut best: (i32, Vec<Place>) = (-1, Vec::new());
        for index in 0..self.zones.len() {
            for net in self.zones[index].nets.iter().chain(&self.policy.zones[index].upstream) {
                if net.length > 0 && net.contains(dst) {
                    if i32::from(net.length) > best.0 {
                        best = (net.length.into(), vec![Place::Zone(index)]);
                    } else if i32::from(net.length) == best.0 {
                        best.1.push(Place::Zone(index));
                    }
                }
            }
        }
        if best.0 >= 0 {
            return best.1;
        }
        let uplinks = (0..self.zones.len()).filter(|zone| self.zones[*zone].internet).map(Place::Zone);
        uplinks.chain([Place::Elsewhere]).collect()
    }

    // ---- sides

    /// A literal or ranges: one address of the router is the router, all else is what lies in the zones.
    fn literal(&self, place: Place, address: IpAddr, single: Option<IpAddr>, inside: impl Fn(IpAddr) -> bool) -> bool {
        if let Some(own) = single.filter(|single| self.is_own(*single)) {
            return place == Place::Router && address == own;
        }
        match place {
            Place::Zone(zone) => inside(address) && self.in_zone(zone, address),
            _ => false,
        }
    }

    fn term(&self, term: &Term, place: Place, address: IpAddr) -> bool {
        let zones = |fits: &dyn Fn(usize) -> bool| matches!(place, Place::Zone(zone) if fits(zone) && self.in_zone(zone, address));
        let role = |zone: usize| self.policy.zones[zone].role;
        match term {
            Term::Any => place == Place::Router || zones(&|_| true),
            Term::Router => place == Place::Router,
            Term::Internet => {
                matches!(place, Place::Zone(zone) if self.zones[zone].internet) && self.is_internet(address)
            }
            Term::Private => zones(&|zone| role(zone) != "internet"),
            Term::Role(name) => zones(&|zone| role(zone) == *name),
            Term::Zone(id) => zones(&|zone| self.policy.zones[zone].id == *id),
            Term::Host(id) => {
                matches!(place, Place::Zone(zone) if self.host_addresses(*id).contains(&(zone, address)))
            }
            Term::Group(id) => self.policy.group(*id).is_some_and(|group| self.side(&group.side, place, address)),
            Term::Ranges(id) => {
                let Some(ranges) = self.policy.ranges(*id) else { return false };
                let single = match ranges.terms.as_slice() {
                    [Term::Address(one)] => Some(*one),
                    [Term::Prefix(one)] if one.span() == 0 => Some(one.first),
                    [Term::Range(from, to)] if from == to => Some(*from),
                    _ => None,
                };
                self.literal(place, address, single, |address| {
                    ranges.terms.iter().any(|term| literal_holds(term, address))
                })
            }
            literal => {
                let single = match literal {
                    Term::Address(one) => Some(*one),
                    Term::Prefix(one) if one.span() == 0 => Some(one.first),
                    Term::Range(from, to) if from == to => Some(*from),
                    _ => None,
                };
                self.literal(place, address, single, |address| literal_holds(literal, address))
            }
        }
    }

    pub fn side(&self, side: &Side, place: Place, address: IpAddr) -> bool {
        side.terms.iter().any(|term| self.term(term, place, address))
            && !side.except.iter().any(|term| self.term(term, place, address))
    }

    /// The addresses of a host, each with the zone that it lies in, in the order of the policy.
    pub fn host_addresses(&self, id: usize) -> Vec<(usize, IpAddr)> {
        let Some(host) = self.policy.host(id) else { return Vec::new() };
        let zones: Vec<usize> = host.zones.iter().filter_map(|zone| self.policy.zone_at(*zone)).collect();
        let mut found = Vec::new();
        for address in &host.addresses {
            found.extend(zones.iter().find(|zone| self.in_zone(**zone, *address)).map(|zone| (*zone, *address)));
        }
        if let Some(suffix) = host.suffix {
            for zone in zones {
                let facts = &self.zones[zone];
                let nets = if facts.delegated.is_empty() { &facts.nets } else { &facts.delegated };
                found.extend(
                    nets.iter().filter(|net| !net.v4() && net.length <= 64).map(|net| (zone, net.at(suffix.into()))),
                );
            }
        }
        found
    }

    /// Every address at which what a side holds may change.
    fn turns(&self, side: &Side, found: &mut Vec<IpAddr>, depth: usize) {
        let mut block = |first: IpAddr, last: IpAddr| {
            found.push(first);
            let max = if last.is_ipv4() { u128::from(u32::MAX) } else { u128::MAX };
            if bits(last) < max {
                found.push(from_bits(last.is_ipv4(), bits(last) + 1));
            }
        };
        for term in side.terms.iter().chain(&side.except) {
            match term {
                Term::Address(one) => block(*one, *one),
                Term::Prefix(net) => block(net.first, net.last()),
                Term::Range(from, to) => block(*from, *to),
                Term::Host(id) => self.host_addresses(*id).iter().for_each(|(_, one)| block(*one, *one)),
                _ => {}
            }
        }
        for term in side.terms.iter().chain(&side.except) {
            match term {
                Term::Group(id) if depth < 8 => {
                    if let Some(group) = self.policy.group(*id) {
                        self.turns(&group.side, found, depth + 1);
                    }
                }
                Term::Ranges(id) => {
                    if let Some(ranges) = self.policy.ranges(*id) {
                        let side = Side { terms: ranges.terms.clone(), except: Vec::new() };
                        self.turns(&side, found, depth + 1);
                    }
                }
                _ => {}
            }
        }
    }

    /// Does the side hold all (or any) of a zone's addresses of these families?
    fn of_zone(&self, side: &Side, zone: usize, all: bool, family: Option<bool>) -> bool {
        let mut points: Vec<IpAddr> = self.zones[zone].nets.iter().map(|net| net.first).collect();
        self.turns(side, &mut points, 0);
        let mut points = points
            .into_iter()
            .filter(|point| family.is_none_or(|v4| point.is_ipv4() == v4))
            .filter(|point| self.zones[zone].nets.iter().any(|net| net.contains(*point)))
            .map(|point| self.side(side, Place::Zone(zone), point));
        if all { points.all(|held| held) } else { points.any(|held| held) }
    }

    /// Does a side stand for the sender? Link-local sources and clients without an address belong to the whole zone;
    /// a deny takes them for any part of it.
    fn sender(&self, side: &Side, seen: &Seen, allow: bool) -> bool {
        if self.side(side, seen.from, seen.src) {
            return true;
        }
        let (Place::Zone(zone), Place::Router) = (seen.from, seen.to) else { return false };
        let request = seen.proto == 17 && seen.src_port == 68 && seen.dst_port == 67 && seen.src == nobody(true);
        if !(link_local(seen.src) || request) || self.zones[zone].internet {
            return false;
        }
        let v4 = seen.src.is_ipv4();
        let has = self.of_zone(side, zone, false, Some(v4));
        has && (!allow || self.of_zone(side, zone, true, None))
    }

    // ---- services

    fn item(&self, item: &Item, seen: &Seen) -> bool {
        let within = |spans: &[(u16, u16)], port: u16| {
            spans.is_empty() || spans.iter().any(|(from, to)| (*from..=*to).contains(&port))
        };
        match item {
            Item::Ports { proto, to, from } => {
                seen.proto == *proto && within(to, seen.dst_port) && within(from, seen.src_port)
            }
            Item::Icmp { v6, kind, code } => {
                seen.proto == if *v6 { 58 } else { 1 }
                    && seen.src.is_ipv4() != *v6
                    && kind.is_none_or(|kind| seen.dst_port >> 8 == u16::from(kind))
                    && code.is_none_or(|code| seen.dst_port & 0xff == u16::from(code))
            }
            Item::Proto(number) => seen.proto == *number,
            Item::Service(id) => self.policy.service(*id).is_some_and(|service| self.items(&service.items, seen)),
        }
    }

    fn items(&self, items: &[Item], seen: &Seen) -> bool {
        items.iter().any(|item| self.item(item, seen))
    }

    fn services(&self, items: &[Item], seen: &Seen) -> bool {
        items.is_empty() || self.items(items, seen)
    }

    // ---- conditions

    fn open(&self, options: &Options, allow: bool, seen: &Seen) -> bool {
        if options.until && ((self.time == Time::Tightest && allow) || (self.time == Time::Loosest && !allow)) {
            return false;
        }
        let in_time = options.during.is_none_or(|id| {
            let local = (i64::from(seen.minute) + self.offset).rem_euclid(7 * 1440);
            self.policy.schedule(id).is_some_and(|schedule| {
                schedule.parts.iter().any(|(days, from, to)| {
                    (0..7).filter(|day| days.is_empty() || days.contains(&(*day as usize))).any(|day| {
                        let start = day * 1440 + i64::from(*from);
                        let length = (i64::from(*to) - i64::from(*from)).rem_euclid(1440);
                        let length = if *from == 0 && *to == 1440 { 1440 } else { length };
                        (local - start).rem_euclid(7 * 1440) < length
                    })
                })
            })
        });
        let in_limit = options.limit.is_none_or(|(count, unit)| {
            let per = match unit {
                "second" => 1,
                "minute" => 60,
                "hour" => 3_600,
                _ => 86_400,
            };
            let exceeded = usize::from(seen.exceeded).checked_sub(1).and_then(|at| self.limits.get(at));
            exceeded.is_none_or(|limit| (limit.rate, limit.per) != (count, per))
        });
        in_time && in_limit
    }

    // ---- rules

    /// Does a zone leave by this uplink?
    pub fn leaves(&self, from: Place, to: Place) -> bool {
        let (Place::Zone(from), Place::Zone(to)) = (from, to) else { return true };
        if !self.zones[to].internet || self.policy.zones[to].failover {
            return true;
        }
        self.policy.zones[from].egress.is_none_or(|(uplink, _)| self.policy.zones[to].id == uplink)
    }

    fn rule(&self, rule: &Rule, seen: &Seen) -> bool {
        let direction = |from: &Side, to: &Side, items: &[Item]| {
            self.services(items, seen) && self.side(to, seen.to, seen.dst) && self.sender(from, seen, rule.allow)
        };
        seen.from != seen.to
            && self.leaves(seen.from, seen.to)
            && self.open(&rule.options, rule.allow, seen)
            && (direction(&rule.from, &rule.to, &rule.items)
                || rule.back.as_ref().is_some_and(|(_, back)| direction(&rule.to, &rule.from, back)))
    }

    fn rules(&self, allow: bool) -> impl Iterator<Item = &'p Rule> + use<'p> {
        self.policy.statements.iter().filter_map(move |statement| match statement {
            Statement::Rule(rule) if rule.allow == allow => Some(rule),
            _ => None,
        })
    }

    fn exposures(&self) -> impl Iterator<Item = &'p Exposure> + use<'p> {
        self.policy.statements.iter().filter_map(|statement| match statement {
            Statement::Expose(exposure) => Some(exposure),
            _ => None,
        })
    }

    fn denied(&self, seen: &Seen) -> bool {
        self.rules(false).any(|rule| self.rule(rule, seen))
    }

    fn allowed(&self, seen: &Seen) -> bool {
        if self.rules(true).any(|rule| self.rule(rule, seen)) {
            return true;
        }
        if self.exposures().any(|exposure| self.untranslated(exposure, seen)) {
            return true;
        }
        if self.policy.router.output_open.unwrap_or(true) && seen.from == Place::Router {
            return true;
        }
        let mut others = self.policy.statements.iter();
        if others.any(|statement| self.opens(statement, seen)) {
            return true;
        }
        // Between two networks of one zone, unless something below keeps its hosts apart.
        matches!((seen.from, seen.to), (Place::Zone(from), Place::Zone(to)) if from == to
            && !self.zones[from].internet
            && !self.policy.zones[from].isolated
            && self.in_zone(from, seen.src)
            && self.in_zone(from, seen.dst))
    }

    /// The ports of VPNs and reflectors.
    fn opens(&self, statement: &Statement, seen: &Seen) -> bool {
        if let (Statement::Reflect(reflector), Place::Router, Place::Zone(zone)) = (statement, seen.from, seen.to) {
            // What it has heard, the router repeats.
            return reflector.zones.contains(&self.policy.zones[zone].id) && reflected(reflector.mdns, seen);
        }
        let Place::Zone(zone) = seen.from else { return false };
        let id = self.policy.zones[zone].id;
        match statement {
            Statement::Vpn(vpn) => {
                vpn.server.is_none()
                    && seen.to == Place::Router
                    && self.zones[zone].internet
                    && vpn.on.is_none_or(|on| on == id)
                    && self.is_internet(seen.src)
                    && (seen.proto, seen.dst_port) == vpn.listen
            }
            Statement::Reflect(reflector) => {
                let v6 = self.zones[zone].nets.iter().any(|net| !net.v4());
                seen.to == Place::Router
                    && reflector.zones.contains(&id)
                    && (self.in_zone(zone, seen.src) || v6 && link_local(seen.src))
                    && reflected(reflector.mdns, seen)
            }
            _ => false,
        }
    }

    /// What an exposure opens without translation: IPv6 to the one who takes the connections, and the way from the
    /// proxy to the service behind it.
    fn untranslated(&self, exposure: &Exposure, seen: &Seen) -> bool {
        if let (Some((None, _)), Place::Router, Place::Zone(to)) = (&exposure.through, seen.from, seen.to) {
            return !(self.time == Time::Tightest && exposure.options.until)
                && self.host_addresses(exposure.host).contains(&(to, seen.dst))
                && self.items(&exposure.items, seen);
        }
        if let (Some((None, _)), Place::Zone(from), Place::Router) = (&exposure.through, seen.from, seen.to) {
            return (seen.dst.is_ipv4() || exposure.ipv6 != Some(false)) && self.lets_in(exposure, from, seen);
        }
        let (Place::Zone(from), Place::Zone(to)) = (seen.from, seen.to) else { return false };
        if from == to {
            return false;
        }
        if let Some((Some(proxy), _)) = &exposure.through
            && !(self.time == Time::Tightest && exposure.options.until)
            && self.host_addresses(*proxy).contains(&(from, seen.src))
            && self.host_addresses(exposure.host).contains(&(to, seen.dst))
            && self.items(&exposure.items, seen)
        {
            return true;
        }
        let (Some(taker), _) = taker(exposure) else { return false };
        exposure.ipv6 != Some(false)
            && !seen.dst.is_ipv4()
            && public(seen.dst)
            && self.host_addresses(taker).contains(&(to, seen.dst))
            && self.lets_in(exposure, from, seen)
    }

    /// May this come in by the exposure, or be its certificate's challenge?
    fn lets_in(&self, exposure: &Exposure, from: usize, seen: &Seen) -> bool {
        self.takes_on(exposure, from)
            && self.open(&exposure.options, true, seen)
            && (self.items(&taker(exposure).1, seen) && self.exposed_to(exposure, from, seen.src)
                || exposure.http01 && (seen.proto, seen.dst_port) == (6, 80) && self.is_internet(seen.src))
    }

    /// Does the exposure take connections on this uplink?
    fn takes_on(&self, exposure: &Exposure, zone: usize) -> bool {
        self.zones[zone].internet && exposure.on.is_none_or(|on| on == self.policy.zones[zone].id)
    }

    /// Is this one of those who may connect?
    fn exposed_to(&self, exposure: &Exposure, zone: usize, src: IpAddr) -> bool {
        if exposure.from.is_empty() {
            return self.is_internet(src);
        }
        let side = Side { terms: exposure.from.clone(), except: Vec::new() };
        self.side(&side, Place::Zone(zone), src)
    }

    // ---- what always passes

    fn always(&self, seen: &Seen) -> bool {
        let v6 = !seen.src.is_ipv4();
        let link = link_message(seen);
        match (seen.from, seen.to) {
            (Place::Router, Place::Router) => true,
            (Place::Router, _) => {
                link || seen.proto == 17
                    && [(68, 67), (67, 68), (546, 547), (547, 546)].contains(&(seen.src_port, seen.dst_port))
            }
            (Place::Zone(zone), Place::Router) if self.zones[zone].internet => {
                link || (seen.proto == 17
                    && ((!v6 && (seen.src_port, seen.dst_port) == (67, 68) && self.zones[zone].dhcp)
                        || (link_local(seen.src) && (seen.src_port, seen.dst_port) == (547, 546))))
            }
            (Place::Zone(zone), Place::Router) => {
                link && (self.in_zone(zone, seen.src) || link_local(seen.src) || seen.src == nobody(false))
            }
            _ => false,
        }
    }

    // ---- translations

    fn translation(&self, packet: &Seen) -> Option<Translation<'p>> {
        let Place::Zone(zone) = packet.from else { return None };
        if link_message(packet) {
            return None;
        }
        for statement in &self.policy.statements {
            if let Statement::Expose(exposure) = statement
                && !(self.time == Time::Tightest && exposure.options.until)
                && let Some(found) = self.forwarded(exposure, zone, packet)
            {
                return Some(found);
            }
        }
        for statement in &self.policy.statements {
            if let Statement::Vpn(vpn) = statement
                && let Some(server) = vpn.server
                && let Some(target) = self.first(server, true)
                && packet.dst.is_ipv4()
                && self.zones[zone].internet
                && vpn.on.is_none_or(|on| on == self.policy.zones[zone].id)
                && self.is_internet(packet.src)
                && self.zones[zone].own.contains(&packet.dst)
                && (packet.proto, packet.dst_port) == vpn.listen
            {
                return Some(Translation { target: Some(target), port: None, granted: Some(&NONE) });
            }
        }
        for statement in &self.policy.statements {
            if let Statement::Redirect(redirect) = statement
                && let Some(found) = self.redirected(redirect, packet)
            {
                return Some(found);
            }
        }
        None
    }

    fn first(&self, host: usize, v4: bool) -> Option<IpAddr> {
        self.host_addresses(host).into_iter().map(|(_, address)| address).find(|address| address.is_ipv4() == v4)
    }

    fn is_uplink_address(&self, on: Option<usize>, address: IpAddr) -> bool {
        (0..self.zones.len())
            .filter(|zone| self.zones[*zone].internet && on.is_none_or(|on| on == self.policy.zones[*zone].id))
            .any(|zone| self.zones[zone].own.contains(&address))
    }

    fn forwarded(&self, exposure: &'p Exposure, zone: usize, packet: &Seen) -> Option<Translation<'p>> {
        let (taker, items) = taker(exposure);
        let target = self.first(taker?, true)?;
        if !packet.dst.is_ipv4() || !self.is_uplink_address(exposure.on, packet.dst) {
            return None;
        }
        let inside = !self.zones[zone].internet && exposure.hairpin != Some(false) && self.in_zone(zone, packet.src);
        let asked = self.zones[zone].own.contains(&packet.dst);
        let outside = asked && self.takes_on(exposure, zone) && self.exposed_to(exposure, zone, packet.src);
        let inner = self.one_port(&items);
        let public = match (exposure.port, inner) {
            (Some(port), Some((proto, _))) => (packet.proto, packet.dst_port) == (proto, port),
            _ => self.items(&items, packet),
        };
        if public && (inside || outside) {
            let port = exposure.port.and_then(|port| inner.map(|(_, inner)| inner).filter(|inner| *inner != port));
            return Some(Translation { target: Some(target), port, granted: outside.then_some(&exposure.options) });
        }
        let outside = asked && self.takes_on(exposure, zone) && self.is_internet(packet.src);
        let challenge = exposure.http01 && (packet.proto, packet.dst_port) == (6, 80);
        (challenge && (inside || outside)).then_some(Translation {
            target: Some(target),
            port: None,
            granted: outside.then_some(&exposure.options),
        })
    }

    /// The protocol and port of a service that has only one.
    fn one_port(&self, items: &[Item]) -> Option<(u8, u16)> {
        let [item] = items else { return None };
        match item {
            Item::Ports { proto, to, .. } => match to.as_slice() {
                [(from, to)] if from == to => Some((*proto, *from)),
                _ => None,
            },
            Item::Service(id) => self.one_port(&self.policy.service(*id)?.items),
            _ => None,
        }
    }

    fn redirected(&self, redirect: &'p Redirect, packet: &Seen) -> Option<Translation<'p>> {
        if !self.side(&redirect.from, packet.from, packet.src)
            || !unicast(packet.dst)
            || !self.items(&redirect.items, packet)
        {
            return None;
        }
        let Some(host) = redirect.to else {
            return Some(Translation { target: None, port: None, granted: None });
        };
        let target = self.first(host, packet.src.is_ipv4())?;
        let itself = self.host_addresses(host).iter().any(|(_, address)| *address == packet.src);
        (!itself && packet.dst != target).then_some(Translation { target: Some(target), port: None, granted: None })
    }

    // ---- the verdict

    fn seen(&self, packet: &Packet) -> Seen {
        let v4 = packet.family == Family::V4;
        Seen {
            from: self.place(packet.ingress),
            to: self.place(packet.egress),
            src: from_bits(v4, packet.src),
            dst: from_bits(v4, packet.dst),
            proto: packet.proto,
            src_port: packet.src_port,
            dst_port: packet.dst_port,
            minute: packet.minute,
            exceeded: packet.exceeded,
        }
    }

    /// The destination and port that a packet has behind the router.
    pub fn arrives(&self, packet: &Packet) -> Option<(IpAddr, u16)> {
        let seen = self.seen(packet);
        let Some(translation) = self.translation(&seen) else { return Some((seen.dst, seen.dst_port)) };
        let target = match (translation.target, seen.from) {
            (Some(target), _) => target,
            (None, Place::Zone(zone)) => {
                *self.zones[zone].own.iter().find(|own| own.is_ipv4() == seen.src.is_ipv4())?
            }
            _ => return None,
        };
        Some((target, translation.port.unwrap_or(seen.dst_port)))
    }

    /// What the router does with a packet: nothing if it does not pass, or is none that can exist.
    pub fn decide(&self, packet: &Packet) -> Option<Outcome> {
        let arriving = self.seen(packet);
        if unrouted(arriving.dst) {
            return None;
        }
        let translation = self.translation(&arriving);
        let (dst, dst_port) = self.arrives(packet)?;
        let seen = Seen { dst, dst_port, ..arriving };
        if !self.ways(seen.from, dst).contains(&seen.to) {
            return None;
        }
        if self.forged(&seen) {
            return None;
        }
        let denied = self.denied(&seen);
        let granted = translation
            .as_ref()
            .and_then(|translation| translation.granted)
            .is_some_and(|options| self.open(options, true, &seen));
        if !(self.always(&seen) || (!denied && (granted || self.allowed(&seen)))) {
            return None;
        }
        let dnat = translation.as_ref().map(|translation| match translation.target {
            Some(address) => Dnat::To { address, port: translation.port },
            None => Dnat::ToRouter { port: translation.port },
        });
        Some(Outcome { dnat, snat: self.shown(&seen, translation.is_some()) })
    }

    /// Does it come from outside under an address of the router itself, or by an uplink under one of our own networks?
    fn forged(&self, seen: &Seen) -> bool {
        let loopback = block("127.0.0.0/8").contains(seen.src) || seen.src == IpAddr::V6(Ipv6Addr::LOCALHOST);
        let outside = matches!(seen.from, Place::Zone(from) if self.zones[from].internet);
        let ours = (0..self.zones.len()).any(|zone| !self.zones[zone].internet && self.in_zone(zone, seen.src));
        seen.from != Place::Router && (self.is_own(seen.src) || loopback || outside && ours)
    }

    /// Whose address the receiver sees.
    fn shown(&self, seen: &Seen, translated: bool) -> Option<Snat> {
        let Place::Zone(to) = seen.to else { return None };
        if link_message(seen) {
            return None;
        }
        if let Place::Zone(from) = seen.from
            && let Some((uplink, Some(address))) = self.policy.zones[from].egress
            && self.policy.zones[to].id == uplink
            && address.is_ipv4() == seen.src.is_ipv4()
        {
            return Some(Snat::To { address });
        }
        let leaving = self.zones[to].masquerade && seen.src.is_ipv4();
        let back = translated && seen.from == seen.to;
        let hidden = matches!(seen.from, Place::Zone(_))
            && self.rules(true).any(|rule| {
                let options = Options { limit: None, ..rule.options.clone() };
                rule.options.as_router && self.rule(&Rule { options, ..rule.clone() }, seen)
            });
        (leaving || back || hidden).then_some(Snat::Masquerade)
    }

    // ---- assertions

    /// Is a packet, with this destination behind the router, from one side to the other on these services?
    pub fn about(&self, packet: &Packet, dst: (IpAddr, u16), from: &Side, to: &Side, items: &[Item]) -> bool {
        let seen = Seen { dst: dst.0, dst_port: dst.1, ..self.seen(packet) };
        self.services(items, &seen) && self.side(from, seen.from, seen.src) && self.side(to, seen.to, seen.dst)
    }

    /// Is it something that passes whatever the rules say, or that stays in one zone?
    pub fn no_matter_of_rules(&self, packet: &Packet, dst: (IpAddr, u16)) -> bool {
        let seen = Seen { dst: dst.0, dst_port: dst.1, ..self.seen(packet) };
        self.always(&seen) || seen.from == seen.to
    }

    /// The destination and port that a packet carries as it arrives.
    pub fn plain(&self, packet: &Packet) -> (IpAddr, u16) {
        let seen = self.seen(packet);
        (seen.dst, seen.dst_port)
    }

    /// Does a sender get to this destination and port by asking for another one, which is translated?
    pub fn reached_by_translation(&self, packet: &Packet) -> bool {
        let wanted = self.plain(packet);
        let mut asked: Vec<IpAddr> = self.zones.iter().flat_map(|zone| zone.own.iter().copied()).collect();
        asked.extend(["8.8.8.8", "2606:4700::1111", "10.0.0.0", "fd00::1"].map(|text| text.parse::<IpAddr>().unwrap()));
        asked.extend(self.zones.iter().flat_map(|zone| &zone.nets).flat_map(|net| [net.first, net.last()]));
        let mut ports = vec![wanted.1];
        ports.extend(self.exposures().filter_map(|exposure| exposure.port));
        asked.into_iter().filter(|dst| dst.is_ipv4() == wanted.0.is_ipv4()).any(|dst| {
            ports.iter().any(|port| {
                let other = Packet { dst: bits(dst), dst_port: *port, ..*packet };
                self.arrives(&other) == Some(wanted) && self.decide(&other).is_some()
            })
        })
    }

    /// Can the packet be sent at all, under its own address?
    pub fn honest(&self, packet: &Packet) -> bool {
        let seen = self.seen(packet);
        !self.forged(&seen) && self.ways(seen.from, seen.dst).contains(&seen.to) && self.leaves(seen.from, seen.to)
    }
}

/// Neighbour discovery and multicast listeners: what concerns one link, and what no router keeps track of.
fn link_message(seen: &Seen) -> bool {
    let kind = seen.dst_port >> 8;
    !seen.src.is_ipv4() && seen.proto == 58 && ((130..=136).contains(&kind) || kind == 143)
}

const NONE: Options = Options { as_router: false, log: false, during: None, until: false, limit: None };

/// Who takes an exposure's connections, a host or the router, and on which service.
fn taker(exposure: &Exposure) -> (Option<usize>, Vec<Item>) {
    match &exposure.through {
        None => (Some(exposure.host), exposure.items.clone()),
        Some((proxy, items)) if items.is_empty() => {
            (*proxy, vec![Item::Ports { proto: 6, to: vec![(443, 443)], from: Vec::new() }])
        }
        Some((proxy, items)) => (*proxy, items.clone()),
    }
}

fn literal_holds(term: &Term, address: IpAddr) -> bool {
    match term {
        Term::Address(one) => *one == address,
        Term::Prefix(net) => net.contains(address),
        Term::Range(from, to) => {
            from.is_ipv4() == address.is_ipv4() && (bits(*from)..=bits(*to)).contains(&bits(address))
        }
        _ => false,
    }
}

/// The network below the delegated prefix; that of an unknown prefix is asked of the model.
fn delegated(policy: &Policy, network: &Network, zone: usize, at: usize, number: u64) -> Block {
    let uplinks = || policy.zones.iter().filter(|zone| zone.is_internet());
    let uplink = policy.zones[zone]
        .egress
        .and_then(|(id, _)| uplinks().find(|uplink| uplink.id == id))
        .or_else(|| uplinks().find(|uplink| uplink.delegated.is_some()))
        .or_else(|| uplinks().next());
    match uplink.and_then(|uplink| uplink.delegated) {
        Some(prefix) => Block { first: from_bits(false, bits(prefix.first) | u128::from(number) << 64), length: 64 },
        None => {
            let net = network.zones[zone].networks[at].net;
            Block { first: net.network(), length: net.prefix_len() }
        }
    }
}

/// Is it what a reflector listens for?
fn reflected(mdns: bool, seen: &Seen) -> bool {
    let groups: [&str; 2] = if mdns { ["224.0.0.251", "ff02::fb"] } else { ["239.255.255.250", "ff02::c"] };
    groups.iter().any(|group| group.parse() == Ok(seen.dst))
        && (seen.proto, seen.dst_port) == (17, if mdns { 5353 } else { 1900 })
}
