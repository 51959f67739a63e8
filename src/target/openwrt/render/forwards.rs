//! Port forwards from the uplinks, as redirects of firewall4. What they let in, they let in by themselves: firewall4
//! accepts what it has translated.

use super::{
    Renderer,
    addresses::{INLINE, Side, entries},
    closing::{Closing, inner},
    drafts::{Kind, kind},
    filter::protocol,
    uci::Section,
    words,
};
use crate::{
    model::{Place, Region, ZoneId, address::bits, service::Traffic},
    packet::Family,
    plan::Line,
    policy::{Forward, Original},
};

/// A forward, with the protocols that it takes alike.
pub struct Joined<'f> {
    pub forward: &'f Forward,
    pub protocols: Vec<u8>,
}

impl Renderer<'_> {
    /// The redirects, and what has to be closed behind them.
    pub(super) fn forwards(&mut self, closings: &mut Vec<Closing>) -> Vec<Section> {
        let mut sections = Vec::new();
        for joined in joined(&self.book.forwards) {
            let forward = joined.forward;
            match kind(&forward.traffic) {
                Err(_) => self.refuse_ports(forward.cause),
                Ok(Kind::Icmp(_)) => self.refuse(
                    forward.cause,
                    "a redirect of firewall4 takes ICMP as a whole",
                    "asks for some types of it",
                    "leave the types out, or compile for nftables",
                ),
                Ok(_) => match &forward.original {
                    Original::Uplinks(zones) => self.port_forward(&mut sections, closings, &joined, zones),
                    Original::Anyone => self.redirect(&mut sections, closings, &joined),
                },
            }
        }
        sections
    }

    fn port_forward(
        &mut self,
        sections: &mut Vec<Section>,
        closings: &mut Vec<Closing>,
        joined: &Joined<'_>,
        zones: &[ZoneId],
    ) {
        let forward = joined.forward;
        let Some(target) = forward.zone else { return };
        let insiders: Vec<ZoneId> = self.insiders(forward, target);
        let (reflected, others): (Vec<ZoneId>, Vec<ZoneId>) =
            insiders.iter().partition(|zone| **zone != target && self.reflects(forward, zones, **zone));
        for zone in &insiders {
            closings.extend(joined.each().map(|forward| Closing::of(&forward, *zone)));
        }
        for region in &forward.granted {
            let Place::Zone(uplink) = region.place else { continue };
            self.condition(forward, uplink);
            if let Some(minutes) = self.minutes(&forward.options) {
                closings.extend(joined.each().map(|forward| Closing::outside(&forward, uplink, &minutes)));
            }
            self.of_uplink(sections, joined, region, uplink, &reflected);
        }
        self.hairpin(joined, zones, &others);
    }

    /// The redirects of one uplink: one for each of its addresses and each range of ports.
    fn of_uplink(
        &mut self,
        sections: &mut Vec<Section>,
        joined: &Joined<'_>,
        region: &Region,
        uplink: ZoneId,
        reflected: &[ZoneId],
    ) {
        let forward = joined.forward;
        let own: Vec<_> =
            self.network.zone(uplink).addresses.iter().filter(|own| own.address.is_ipv4()).cloned().collect();
        let known = own.iter().all(|own| own.source.is_known());
        let addresses: Vec<Option<String>> =
            if known { own.iter().map(|own| Some(own.address.to_string())).collect() } else { vec![None] };
        if !known && !self.changing.contains(&uplink) {
            self.changing.push(uplink);
        }
        let sources = Side::Set(self.written(region.addresses.family(Family::V4), region.place, Family::V4));
        let from = self.redirect_source(&sources, forward);
        let zones: Vec<String> = reflected.iter().map(|zone| self.zone(*zone).to_owned()).collect();
        for address in addresses {
            for (source_port, port) in port_pairs(&forward.traffic) {
                let section = self.redirect_section(joined, uplink);
                let section = from.iter().fold(section, |section, (key, value)| section.set(key, value));
                let mut section = section
                    .maybe("src_port", source_port.map(words::port))
                    .maybe("src_dip", address.as_ref())
                    .maybe("src_dport", port.map(words::port))
                    .maybe("dest", forward.zone.map(|zone| self.zone(zone).to_owned()))
                    .maybe("dest_ip", forward.target.map(|target| target.to_string()))
                    .maybe("dest_port", forward.port.map(|port| port.to_string()));
                if let Some((limit, _)) = forward.options.limit {
                    section = section
                        .set("limit", format!("{}/{}", limit.count, limit.unit.word()))
                        .set("limit_burst", crate::policy::BURST.to_string());
                }
                if forward.options.log {
                    section = section.set("log", "1");
                }
                section = section.set("reflection", if zones.is_empty() { "0" } else { "1" });
                sections.push(section.list("reflection_zone", &zones).set("target", "DNAT"));
            }
        }
    }

    pub(super) fn redirect_section(&mut self, joined: &Joined<'_>, from: ZoneId) -> Section {
        let forward = joined.forward;
        let name = format!("{}, {}", self.place_word(Place::Zone(from)), self.origins.of(forward.cause));
        let protocols: Vec<String> = match forward.traffic.protocol {
            None => vec!["all".to_owned()],
            Some(_) => joined.protocols.iter().map(|number| protocol(*number)).collect(),
        };
        let family = super::filter::family_word(forward.family);
        self.section("redirect")
            .set("name", words::name(&name))
            .set("src", self.zone(from))
            .set("family", family)
            .list("proto", protocols)
    }

    /// Who may come: a redirect takes one network, or a set.
    fn redirect_source(&mut self, sources: &Side, forward: &Forward) -> Vec<(&'static str, String)> {
        let Side::Set(set) = sources else { return Vec::new() };
        if *set == super::addresses::everything(forward.family) {
            return Vec::new();
        }
        match entries(set, forward.family).as_slice() {
            [one] => vec![("src_ip", one.clone())],
            _ => {
                let origin = self.origins.of(forward.cause);
                let (name, negated) = self.set_of(set, forward.family, &origin);
                vec![("ipset", format!("{}{name} src", if negated { "!" } else { "" }))]
            }
        }
    }

    /// Refuses conditions that other statements about the same packets would undo.
    fn condition(&mut self, forward: &Forward, uplink: ZoneId) {
        let book = self.book;
        let (during, limit) = (forward.options.during.is_some(), forward.options.limit.is_some());
        if !during && !limit {
            return;
        }
        let inside = inner(forward);
        let from_here = |other: &Forward| other.granted.iter().any(|region| region.place == Place::Zone(uplink));
        let shared = book.forwards.iter().any(|other| {
            other != forward
                && other.target == forward.target
                && other.options != forward.options
                && from_here(other)
                && meet(&inner(other), &inside)
        });
        let router = self.allowed(Place::Zone(uplink), Place::Router, &forward.traffic, None);
        let direct = forward
            .zone
            .is_some_and(|zone| self.allowed(Place::Zone(uplink), Place::Zone(zone), &inside, forward.target));
        if (during && shared) || (limit && (router || direct)) {
            self.refuse(
                forward.cause,
                "firewall4 cannot keep the condition of this forward apart from another statement about the same port",
                "its schedule or limit",
                "give both the same condition, or another port to one of them",
            );
        }
    }

    /// Does a rule allow some of this IPv4 traffic to a target, or to anywhere in the place?
    pub(super) fn allowed(&self, from: Place, to: Place, traffic: &Traffic, target: Option<std::net::IpAddr>) -> bool {
        let reaches = |line: &Line| target.is_none_or(|target| line.to.literal.contains(bits(target)));
        self.book.pairs.get(&(from, to)).is_some_and(|pair| {
            pair.allowed.iter().any(|line| line.family == Family::V4 && reaches(line) && meet(&line.traffic, traffic))
        })
    }

    /// The zones inside for which a translation decides anything: those that may reach the target, and those that the
    /// router itself would answer instead.
    fn insiders(&self, forward: &Forward, target: ZoneId) -> Vec<ZoneId> {
        let inside = inner(forward);
        forward
            .translated
            .iter()
            .filter_map(|region| match region.place {
                Place::Zone(zone) => Some(zone),
                Place::Router => None,
            })
            .filter(|zone| {
                let from = Place::Zone(*zone);
                self.allowed(from, Place::Zone(target), &inside, forward.target)
                    || self.allowed(from, Place::Router, &forward.traffic, None)
            })
            .collect()
    }
}

impl Joined<'_> {
    /// The forward with each of its protocols.
    pub fn each(&self) -> impl Iterator<Item = Forward> {
        let with = |protocol| {
            let mut forward = self.forward.clone();
            forward.traffic.protocol = forward.traffic.protocol.map(|_| protocol);
            forward
        };
        let protocols = if self.protocols.is_empty() { vec![0] } else { self.protocols.clone() };
        protocols.into_iter().map(with)
    }
}

/// Forwards that differ in nothing but the protocol, together.
fn joined(forwards: &[Forward]) -> Vec<Joined<'_>> {
    let mut found: Vec<Joined<'_>> = Vec::new();
    for forward in forwards {
        let ports = forward.traffic.has_ports() && kind(&forward.traffic).is_ok();
        let twin = found.iter_mut().find(|joined| {
            let mut other = joined.forward.clone();
            let ported = other.traffic.has_ports() && kind(&other.traffic).is_ok();
            other.traffic.protocol = forward.traffic.protocol;
            ports && ported && other == *forward
        });
        match twin {
            Some(twin) => twin.protocols.extend(forward.traffic.protocol),
            None => found.push(Joined { forward, protocols: forward.traffic.protocol.into_iter().collect() }),
        }
    }
    found
}

/// A range of ports.
type Ports = (u16, u16);

/// Every pair of a source port range and a destination port range; none is all ports.
pub fn port_pairs(traffic: &Traffic) -> Vec<(Option<Ports>, Option<Ports>)> {
    let ranges = |list: &[Ports]| -> Vec<Option<Ports>> {
        if list.is_empty() { vec![None] } else { list.iter().copied().map(Some).collect() }
    };
    let to = ranges(&traffic.to);
    ranges(&traffic.from).into_iter().flat_map(|from| to.iter().map(move |to| (from, *to))).collect()
}

/// Have two sorts of traffic a packet in common?
pub fn meet(a: &Traffic, b: &Traffic) -> bool {
    let protocols = match (a.protocol, b.protocol) {
        (Some(a), Some(b)) => a == b,
        _ => true,
    };
    let ports = |a: &[(u16, u16)], b: &[(u16, u16)]| {
        a.is_empty() || b.is_empty() || a.iter().any(|a| b.iter().any(|b| a.0 <= b.1 && b.0 <= a.1))
    };
    protocols && ports(&a.to, &b.to) && ports(&a.from, &b.from)
}

/// More source pieces than this make a redirect a matter of nft.
pub const PIECES: usize = INLINE;
