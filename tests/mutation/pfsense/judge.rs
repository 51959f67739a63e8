//! pf for one packet: redirections, rules on the way in, translations of sources, rules on the way out. The last rule that
//! matches decides, or the first one that is quick.

use std::net::IpAddr;

use hedgerow::{
    packet::{Family, Packet},
    router::{LOCAL, OTHER, Topology, number},
};
use ipnet::IpNet;

use crate::{
    fate::{Class, Fate, Source},
    ground,
};

/// The interfaces of the topology have their numbers; this one is `lo0`.
const LOOPBACK: u16 = 60_000;

#[derive(Clone, Debug, Default, PartialEq)]
pub enum Place {
    #[default]
    Any,
    Nets(Vec<IpNet>),
    /// `(self)`.
    Own,
    /// `(em0)`: the addresses of one interface.
    Of(u16),
}

#[derive(Clone, Debug, Default, PartialEq)]
pub struct End {
    pub place: Place,
    pub not: bool,
    pub ports: Option<Vec<(u16, u16)>>,
}

/// What all sorts of rules ask about.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Conditions {
    /// Numbers of interfaces, and whether they are those that are not meant.
    pub on: Option<(Vec<u16>, bool)>,
    pub family: Option<Family>,
    pub protocols: Vec<u8>,
    pub src: End,
    pub dst: End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Pass,
    Block,
    Match,
}

#[derive(Clone, Debug, PartialEq)]
#[expect(clippy::struct_excessive_bools, reason = "pf's rules have as many switches")]
pub struct Rule {
    pub action: Action,
    /// In, out, or both.
    pub inward: Option<bool>,
    pub quick: bool,
    pub of: Conditions,
    pub icmp: Vec<(u8, Option<u8>)>,
    /// Of TCP only SYN.
    pub syn: bool,
    pub stateless: bool,
    pub tag: String,
    pub tagged: Option<String>,
    /// The interfaces that a gateway lies behind.
    pub route: Option<Vec<u16>>,
    /// The minutes of the week, on the firewall's clock, in which it is loaded.
    pub minutes: Option<Vec<(u16, u16)>>,
    /// Does pfSense make it by itself for messages that links live on: neighbours, DHCP?
    pub by_itself: bool,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Redirect {
    pub of: Conditions,
    pub no: bool,
    pub passes: bool,
    pub target: IpAddr,
    /// First port outside and inside.
    pub port: Option<(u16, u16)>,
}

#[derive(Clone, Debug, PartialEq)]
pub struct Outbound {
    pub of: Conditions,
    pub no: bool,
    /// Nothing for the address of the interface.
    pub target: Option<IpAddr>,
    pub keeps_port: bool,
}

/// An interface of the topology as the configuration has it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Own {
    pub v4: Option<IpAddr>,
    pub v6: Option<IpAddr>,
    pub all: Vec<IpAddr>,
}

#[derive(Default, PartialEq)]
pub struct Firewall {
    /// Minutes that the firewall's clock is ahead of UTC.
    pub offset: i64,
    /// By the numbers of the topology, less one.
    pub own: Vec<Own>,
    /// The interface on whose device the packets of each arrive, by their numbers: its own, or that of a host's link.
    pub devices: Vec<u16>,
    pub redirects: Vec<Redirect>,
    pub outbound: Vec<Outbound>,
    pub rules: Vec<Rule>,
}

/// A packet on its way.
struct Now<'p> {
    packet: &'p Packet,
    class: Class,
    src: IpAddr,
    dst: IpAddr,
    src_port: Option<u16>,
    dst_port: u16,
}

struct Decision<'r> {
    passes: bool,
    rule: Option<&'r Rule>,
    tag: String,
}

fn address(family: Family, bits: u128) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(u32::try_from(bits).unwrap().into()),
        Family::V6 => IpAddr::V6(bits.into()),
    }
}

fn near(at: IpAddr) -> bool {
    matches!(at, IpAddr::V6(at) if at.is_unicast_link_local())
}

impl Firewall {
    fn is_own(&self, at: IpAddr) -> bool {
        self.own.iter().any(|own| own.all.contains(&at))
    }

    fn first(&self, number: u16, v4: bool) -> Option<IpAddr> {
        let own = self.own.get(usize::from(number).checked_sub(1)?)?;
        if v4 { own.v4 } else { own.v6 }
    }

    fn holds(&self, end: &End, at: IpAddr, port: Option<u16>, packet: &Packet, source: bool) -> bool {
        let hit = match &end.place {
            Place::Any => true,
            Place::Nets(nets) => nets.iter().any(|net| net.contains(&at)),
            // Whoever sends to an address of the link means the firewall; whoever sends from one may be anybody.
            Place::Own => self.is_own(at) || at.is_loopback() || near(at) && (!source || packet.ingress == LOCAL),
            Place::Of(number) => self.own[usize::from(*number) - 1].all.contains(&at),
        };
        let ports = end.ports.as_ref().is_none_or(|ports| {
            matches!(packet.proto, 6 | 17 | 132)
                && port.is_some_and(|port| ports.iter().any(|(from, to)| (*from..=*to).contains(&port)))
        });
        hit != end.not && ports
    }

    fn meets(&self, of: &Conditions, now: &Now, at: u16) -> bool {
        let packet = now.packet;
        let at = self.devices.get(usize::from(at).wrapping_sub(1)).copied().unwrap_or(at);
        of.on.as_ref().is_none_or(|(numbers, not)| numbers.contains(&at) != *not)
            && of.family.is_none_or(|family| family == packet.family)
            && (of.protocols.is_empty() || of.protocols.contains(&packet.proto))
            && self.holds(&of.dst, now.dst, Some(now.dst_port), packet, false)
            && self.holds(&of.src, now.src, now.src_port, packet, true)
    }

    fn decide(&self, now: &Now, at: u16, inward: bool, tag: &str) -> Decision<'_> {
        let mut decision = Decision { passes: true, rule: None, tag: tag.to_owned() };
        for rule in &self.rules {
            let packet = now.packet;
            let kinds = || {
                let (kind, code) = (packet.dst_port >> 8, packet.dst_port & 0xff);
                rule.icmp.iter().any(|(k, c)| u16::from(*k) == kind && c.is_none_or(|c| u16::from(c) == code))
            };
            let local = (i64::from(packet.minute) + self.offset).rem_euclid(7 * 24 * 60);
            let loaded = |(from, to): &(u16, u16)| (i64::from(*from)..i64::from(*to)).contains(&local);
            let fits = rule.minutes.as_ref().is_none_or(|minutes| minutes.iter().any(loaded))
                && rule.inward.is_none_or(|way| way == inward)
                && rule.tagged.as_ref().is_none_or(|tagged| *tagged == decision.tag)
                && (!rule.syn || packet.proto != 6 || now.class != Class::Invalid)
                && (rule.icmp.is_empty() || kinds())
                && self.meets(&rule.of, now, at);
            if !fits {
                continue;
            }
            if !rule.tag.is_empty() {
                decision.tag.clone_from(&rule.tag);
            }
            if rule.action == Action::Match {
                continue;
            }
            decision.passes = rule.action == Action::Pass;
            decision.rule = Some(rule);
            if rule.quick {
                break;
            }
        }
        decision
    }

    /// Nothing for packets that no wire carries, that do not reach the firewall, or that routing sends elsewhere.
    pub fn fate(&self, packet: &Packet, class: Class, topology: &Topology) -> Option<Fate> {
        let (src, dst) = (address(packet.family, packet.src), address(packet.family, packet.dst));
        if class == Class::Invalid && packet.proto != 6 || !self.exists(packet, src, dst, topology) {
            return None;
        }
        let mut now = Now { packet, class, src, dst, src_port: Some(packet.src_port), dst_port: packet.dst_port };
        if packet.ingress == LOCAL && packet.egress == LOCAL {
            let out = self.decide(&now, LOOPBACK, false, "");
            let back = self.decide(&now, LOOPBACK, true, &out.tag);
            // A gateway takes them even from here.
            let taken = out.rule.is_some_and(|rule| rule.route.is_some());
            let passes = out.passes && back.passes && !taken;
            return Some(if passes { Fate::Passed { to: None, from: None } } else { Fate::Dropped });
        }
        let (mut tag, mut kept, mut to) = (String::new(), true, None);
        if packet.ingress != LOCAL {
            let mut passed = false;
            let redirect = self.redirects.iter().find(|redirect| self.meets(&redirect.of, &now, packet.ingress));
            if let Some(redirect) = redirect.filter(|redirect| !redirect.no) {
                now.dst = redirect.target;
                if let Some((outside, inside)) = redirect.port {
                    now.dst_port = inside + (now.dst_port - outside);
                }
                passed = redirect.passes;
                let port = (now.dst_port != packet.dst_port).then_some(now.dst_port);
                to = (now.dst != dst || port.is_some()).then(|| (number(now.dst).1, port));
            }
            if !ground::routes(topology, now.dst).contains(&packet.egress) {
                return None;
            }
            if !passed {
                let found = self.decide(&now, packet.ingress, true, "");
                if !found.passes {
                    return Some(Fate::Dropped);
                }
                if let Some(route) = found.rule.and_then(|rule| rule.route.as_ref())
                    && !route.contains(&packet.egress)
                {
                    return Some(Fate::Dropped);
                }
                kept &= !found.rule.is_some_and(|rule| rule.stateless);
                tag = found.tag;
            }
        }
        let mut from = None;
        if packet.egress != LOCAL {
            let v4 = packet.family == Family::V4;
            let outbound = self.outbound.iter().find(|outbound| self.meets(&outbound.of, &now, packet.egress));
            if let Some(outbound) = outbound.filter(|outbound| !outbound.no) {
                now.src = outbound.target.or_else(|| self.first(packet.egress, v4)).unwrap_or(src);
                now.src_port = outbound.keeps_port.then_some(packet.src_port);
                let by_link = packet.family == Family::V6
                    && packet.proto == 58
                    && matches!(packet.dst_port >> 8, 130..=136 | 143);
                let unset = packet.ingress == LOCAL && src.is_unspecified();
                from = (now.src != src && !by_link && !unset).then(|| match outbound.target {
                    None => Source::Router,
                    Some(target) => Source::Address(number(target).1),
                });
            }
            let found = self.decide(&now, packet.egress, false, &tag);
            // A gateway sends packets elsewhere on their way out, too.
            let elsewhere = |route: &Vec<u16>| !route.contains(&packet.egress);
            if !found.passes || found.rule.and_then(|rule| rule.route.as_ref()).is_some_and(elsewhere) {
                return Some(Fate::Dropped);
            }
            kept &= !found.rule.is_some_and(|rule| rule.stateless);
        }
        let later = matches!(class, Class::Established | Class::Related);
        if later && !kept {
            return Some(Fate::Dropped);
        }
        Some(Fate::Passed { to, from })
    }

    /// Is a first packet let in, or sent by the firewall, by a rule that pfSense makes by itself?
    pub fn by_itself(&self, packet: &Packet) -> bool {
        let (src, dst) = (address(packet.family, packet.src), address(packet.family, packet.dst));
        let (src_port, dst_port) = (Some(packet.src_port), packet.dst_port);
        let now = Now { packet, class: Class::New, src, dst, src_port, dst_port };
        let inward = packet.ingress != LOCAL;
        let at = if inward { packet.ingress } else { packet.egress };
        self.decide(&now, at, inward, "").rule.is_some_and(|rule| rule.by_itself)
    }

    fn exists(&self, packet: &Packet, src: IpAddr, dst: IpAddr, topology: &Topology) -> bool {
        let v6 = packet.family == Family::V6;
        if packet.ingress == OTHER || packet.egress == OTHER || packet.proto == if v6 { 1 } else { 58 } {
            return false;
        }
        let routes = ground::routes(topology, dst);
        if routes.is_empty() {
            return false;
        }
        let links = || topology.interfaces.iter().flat_map(ground::links);
        let anycast =
            |at: IpAddr| v6 && !self.is_own(at) && links().any(|net| net.prefix_len() < 127 && net.network() == at);
        if anycast(src) || anycast(dst) {
            return false;
        }
        if packet.ingress == LOCAL {
            let group = dst.is_multicast()
                || near(dst)
                || links().any(|net| net.addr().is_ipv4() && net.prefix_len() < 31 && net.broadcast() == dst)
                || matches!(dst, IpAddr::V4(dst) if dst.is_broadcast());
            let sends = self.is_own(src) || src.is_unspecified() || near(src) || src.is_loopback();
            return sends && if group { packet.egress != LOCAL } else { routes.contains(&packet.egress) };
        }
        // Neighbours on a link do not need the firewall.
        let one_link = |number: &u16| {
            topology
                .interface(*number)
                .is_some_and(|own| ground::links(own).any(|net| net.contains(&src) && net.contains(&dst)))
        };
        let elsewhere = |number: &u16| *number != packet.ingress || !one_link(number);
        routes.iter().any(elsewhere)
            && (packet.egress != packet.ingress || !routes.contains(&packet.egress) || elsewhere(&packet.egress))
    }
}
