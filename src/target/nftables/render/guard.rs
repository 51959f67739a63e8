//! What holds whatever the rules say: sources that belong to their interface, private addresses that stay inside.

use super::{
    Renderer,
    document::{ChainBlock, Element, SetBlock},
    matches::everything,
    plain_chain, words,
};
use crate::{
    model::{AddressSet, Place, Zone, ZoneId},
    packet::Family,
};

impl Renderer<'_> {
    /// Drops what claims a source of another zone, for every packet, so that nobody can slip into a connection that is
    /// established (BCP 38).
    pub(super) fn spoofing(&mut self) -> ChainBlock {
        let mut chain = ChainBlock::new(
            "spoofing",
            "a source address belongs to the zone of its interface",
            "type filter hook prerouting priority mangle; policy accept;",
        );
        chain.rule("iifname \"lo\" accept");
        chain.noted("fib saddr type { local, anycast } counter drop", "an address of the router itself");
        let inside = self.interfaces(|zone| !zone.is_internet());
        if inside.is_empty() {
            return chain;
        }
        self.own_from_outside(&mut chain);
        chain.rule(format!("iifname != {} accept", words::one_of(&inside)));
        for family in [Family::V4, Family::V6] {
            let mut elements = Vec::new();
            for (id, zone) in self.network.zone_ids().filter(|(_, zone)| zone.is_ours()) {
                let written =
                    zone.networks.iter().filter(|network| network.delegated.is_none()).map(|network| network.net);
                let written = AddressSet::nets(written);
                let comment = words::comment(&zone.name);
                elements.extend(
                    words::addresses(written.family(family), family).into_iter().map(|net| Element {
                        text: format!("{} . {net}", self.interface(id)),
                        comment: comment.clone(),
                    }),
                );
            }
            if elements.is_empty() {
                continue;
            }
            let (name, ip, address) =
                if family == Family::V4 { ("sources4", "ip", "ipv4_addr") } else { ("sources6", "ip6", "ipv6_addr") };
            self.document.sets.push(SetBlock {
                name: name.to_owned(),
                note: "the networks behind each interface".to_owned(),
                kind: format!("ifname . {address}"),
                interval: true,
                counter: false,
                elements,
            });
            chain.rule(format!("iifname . {ip} saddr @{name} accept"));
        }
        let delegated = self.interfaces(|zone| !zone.is_internet() && has_delegated(zone));
        if !delegated.is_empty() {
            chain.noted(
                format!("iifname {} ip6 saddr 2000::/3 fib saddr . iif oif exists accept", words::one_of(&delegated)),
                "below the delegated prefix",
            );
        }
        chain.noted("ip6 saddr fe80::/10 accept", "link-local, for the router only");
        chain.noted("ip6 saddr :: meta l4proto 58 accept", "a host without an address yet (RFC 4862)");
        chain.noted(
            "ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept",
            "a DHCP client without an address yet (RFC 2131)",
        );
        chain.rule("counter drop");
        chain
    }

    /// Drops what comes from an uplink under an address of our own networks, for every packet.
    fn own_from_outside(&mut self, chain: &mut ChainBlock) {
        let uplinks = self.interfaces(Zone::is_internet);
        if uplinks.is_empty() {
            return;
        }
        let uplinks = words::one_of(&uplinks);
        let own = self.network.zones.iter().filter(|zone| zone.is_ours()).flat_map(|zone| &zone.networks);
        let own = AddressSet::nets(own.filter(|network| network.delegated.is_none()).map(|network| network.net));
        for family in [Family::V4, Family::V6].into_iter().filter(|family| !own.family(*family).is_empty()) {
            let (name, ip, kind) =
                if family == Family::V4 { ("own4", "ip", "ipv4_addr") } else { ("own6", "ip6", "ipv6_addr") };
            let nets = words::addresses(own.family(family), family);
            self.document.sets.push(SetBlock {
                name: name.to_owned(),
                note: "our own networks".to_owned(),
                kind: kind.to_owned(),
                interval: true,
                counter: false,
                elements: nets.into_iter().map(|text| Element { text, comment: String::new() }).collect(),
            });
            chain.rule(format!("iifname {uplinks} {ip} saddr @{name} counter drop"));
        }
        let delegated = self.interfaces(|zone| !zone.is_internet() && has_delegated(zone));
        if !delegated.is_empty() {
            chain.noted(
                format!(
                    "iifname {uplinks} ip6 saddr 2000::/3 fib saddr oifname {} counter drop",
                    words::one_of(&delegated)
                ),
                "our own delegated prefix",
            );
        }
    }

    /// The chains that hold private and own addresses off the internet side, in both directions.
    pub(super) fn outside(&mut self) -> Vec<ChainBlock> {
        let uplinks: Vec<ZoneId> =
            self.network.zone_ids().filter(|(_, zone)| zone.is_internet()).map(|(id, _)| id).collect();
        let mut chains = Vec::new();
        for id in uplinks {
            let zone = self.network.zone(id);
            let name = zone.name.clone();
            let mut from = plain_chain(
                format!("from.{name}"),
                format!("no new connection comes from {name} with a source that is private, reserved or ours"),
            );
            let mut to = plain_chain(
                format!("to.{name}"),
                format!("nothing leaves by {name} to a destination that is private, reserved or ours"),
            );
            for family in [Family::V4, Family::V6] {
                let ip = if family == Family::V4 { "ip" } else { "ip6" };
                let digit = if family == Family::V4 { 4 } else { 6 };
                let passing = self.written_outside(id, family);
                let set = format!("outside.{name}{digit}");
                let elements = words::addresses(&everything(family).minus(&passing), family)
                    .into_iter()
                    .map(|text| Element { text, comment: String::new() })
                    .collect();
                self.document.sets.push(SetBlock {
                    name: set.clone(),
                    note: format!("addresses that are not beyond {name}"),
                    kind: if family == Family::V4 { "ipv4_addr" } else { "ipv6_addr" }.to_owned(),
                    interval: true,
                    counter: false,
                    elements,
                });
                from.rule(format!("{ip} saddr @{set} counter drop"));
                to.rule(format!("{ip} daddr @{set} counter {}", self.refusal_of_inside()));
            }
            chains.push(from);
            chains.push(to);
        }
        chains
    }

    /// What may lie beyond an uplink, without the stand-ins, which are not known.
    fn written_outside(&self, id: ZoneId, family: Family) -> crate::model::address::Intervals {
        let stand_ins = self
            .network
            .zones
            .iter()
            .flat_map(|zone| &zone.networks)
            .filter(|network| network.delegated.is_some())
            .map(|network| network.net);
        let upstream = AddressSet::nets(self.network.zone(id).upstream.iter().copied());
        self.network.internet().union(&AddressSet::nets(stand_ins)).union(&upstream).family(family).clone()
    }

    /// The verdict on what is held back from the inside.
    pub(super) fn refusal_of_inside(&self) -> &'static str {
        if self.network.router.reject { "goto refuse" } else { "drop" }
    }

    /// The verdict on what is held back from a place.
    pub(super) fn refusal(&self, from: Place) -> &'static str {
        match from {
            Place::Zone(zone) if !self.network.zone(zone).is_internet() => self.refusal_of_inside(),
            _ => "drop",
        }
    }
}

/// Has the zone a network below a delegated prefix?
pub(super) fn has_delegated(zone: &Zone) -> bool {
    zone.networks.iter().any(|network| network.delegated.is_some())
}
