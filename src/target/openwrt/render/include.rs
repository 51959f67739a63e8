//! What UCI has no words for, in the words of nft: sources that belong to their interface, for packets of known
//! connections too; a masquerade for translated packets alone; silence towards the internet; redirects whose address
//! is whatever the uplink has at this moment.

use super::{
    Renderer,
    matches::{self, ip, nfproto},
    times,
    uci::{Chain, Include, Statement},
    words::one_of,
};
use crate::{
    model::{
        AddressSet, Network, Place, Zone, ZoneId,
        service::{ICMP, ICMPV6},
    },
    packet::Family,
    policy::Forward,
};

pub const TABLE: &str = "table.nft";
pub const FORWARD: &str = "forward.nft";
pub const DSTNAT: &str = "dstnat.nft";

impl Renderer<'_> {
    /// The included files by their names.
    pub(super) fn includes(&mut self) -> Vec<(&'static str, Include)> {
        let table = Include {
            note: "Chains of our own in firewall4's table.".to_owned(),
            rules: Vec::new(),
            chains: self.chains(),
        };
        let mut files = vec![(TABLE, table)];
        if self.refuses_silently() {
            files.push((FORWARD, self.silence()));
        }
        if !self.changing.is_empty() {
            let rule = Statement::new("fib daddr . iif type != local counter return");
            files.push((
                DSTNAT,
                Include {
                    note: "At the head of an uplink's redirects: only what was sent to the uplink's own address."
                        .to_owned(),
                    rules: vec![rule],
                    chains: Vec::new(),
                },
            ));
        }
        files
    }

    /// Are packets from outside dropped where those from inside are told that they are refused?
    pub(super) fn refuses_silently(&self) -> bool {
        self.network.router.reject
    }

    fn silence(&self) -> Include {
        let inside = self.devices(|zone| !zone.is_internet());
        let rule = if inside.is_empty() {
            Statement::new("counter drop")
        } else {
            Statement::new(format!("iifname != {} counter drop", one_of(&inside)))
        };
        Include {
            note: "At the end of the chain `forward`: who is not inside is not told that he is refused.".to_owned(),
            rules: vec![rule],
            chains: Vec::new(),
        }
    }

    fn chains(&mut self) -> Vec<Chain> {
        let chain = |name, note, hook, rules| Chain { name, note, hook, rules };
        let mut chains = vec![chain(
            "hedgerow_sources",
            "a source address belongs to the zone of its interface, in every packet (BCP 38)",
            "type filter hook prerouting priority mangle; policy accept;",
            self.spoofing(),
        )];
        let (before, after) = (std::mem::take(&mut self.before), std::mem::take(&mut self.after));
        let source = self.source_nat();
        let more = [
            chain(
                "hedgerow_before",
                "where a forward leads from inside; lets nothing in by itself",
                "type nat hook prerouting priority dstnat - 1; policy accept;",
                before,
            ),
            chain(
                "hedgerow_after",
                "where a redirect leads; lets nothing in by itself",
                "type nat hook prerouting priority dstnat + 1; policy accept;",
                after,
            ),
            chain(
                "hedgerow_source",
                "whose address the receiver sees",
                "type nat hook postrouting priority srcnat - 1; policy accept;",
                source,
            ),
        ];
        chains.extend(more.into_iter().filter(|chain| !chain.rules.is_empty()));
        chains
    }

    fn spoofing(&self) -> Vec<Statement> {
        let mut rules = vec![
            Statement::new("iifname \"lo\" accept"),
            Statement::noted("fib saddr type { local, anycast } counter drop", "an address of the router itself"),
        ];
        let inside = self.devices(|zone| !zone.is_internet());
        if inside.is_empty() {
            return rules;
        }
        let own = self.network.zones.iter().filter(|zone| zone.is_ours()).flat_map(|zone| &zone.networks);
        let own = AddressSet::nets(own.filter(|network| network.delegated.is_none()).map(|network| network.net));
        let uplinks = self.devices(Zone::is_internet);
        let delegated = self.devices(|zone| !zone.is_internet() && has_delegated(zone));
        if !uplinks.is_empty() {
            let uplinks = one_of(&uplinks);
            for family in [Family::V4, Family::V6].into_iter().filter(|family| !own.family(*family).is_empty()) {
                let nets = matches::list(own.family(family), family);
                rules.push(Statement::noted(
                    format!("iifname {uplinks} {} saddr {nets} counter drop", ip(family)),
                    "our own networks do not come from outside",
                ));
            }
            if !delegated.is_empty() {
                rules.push(Statement::noted(
                    format!(
                        "iifname {uplinks} ip6 saddr 2000::/3 fib saddr oifname {} counter drop",
                        one_of(&delegated)
                    ),
                    "nor does our own delegated prefix",
                ));
            }
        }
        rules.push(Statement::new(format!("iifname != {} accept", one_of(&inside))));
        for (id, zone) in self.network.zone_ids().filter(|(_, zone)| zone.is_ours()) {
            let nets = zone.networks.iter().filter(|network| network.delegated.is_none()).map(|network| network.net);
            let nets = AddressSet::nets(nets);
            for family in [Family::V4, Family::V6].into_iter().filter(|family| !nets.family(*family).is_empty()) {
                let list = matches::list(nets.family(family), family);
                rules.push(Statement::noted(
                    format!("iifname {} {} saddr {list} accept", self.device(id), ip(family)),
                    &zone.name,
                ));
            }
        }
        if !delegated.is_empty() {
            rules.push(Statement::noted(
                format!("iifname {} ip6 saddr 2000::/3 fib saddr . iif oif exists accept", one_of(&delegated)),
                "below the delegated prefix",
            ));
        }
        rules.push(Statement::noted("ip6 saddr fe80::/10 accept", "link-local, for the router only"));
        rules.push(Statement::noted("ip6 saddr :: meta l4proto 58 accept", "a host without an address yet (RFC 4862)"));
        rules.push(Statement::noted(
            "ip saddr 0.0.0.0 udp sport 68 udp dport 67 accept",
            "a DHCP client without an address yet (RFC 2131)",
        ));
        rules.push(Statement::new("counter drop"));
        rules
    }

    /// Translations of sources that UCI cannot bind to the arriving interface, or to translated packets.
    fn source_nat(&mut self) -> Vec<Statement> {
        let mut rules = Vec::new();
        for (id, zone) in self.network.zone_ids() {
            if let Some(egress) = &zone.egress
                && let Some(address) = egress.from
            {
                let family = if address.is_ipv4() { Family::V4 } else { Family::V6 };
                rules.push(Statement::noted(
                    format!(
                        "iifname {} oifname {} {}counter snat {} to {address}",
                        self.device(id),
                        self.device(egress.zone),
                        nfproto(family),
                        ip(family)
                    ),
                    format!("{} leaves as {address}", zone.name),
                ));
            }
        }
        // What leaves by a masquerading zone is masqueraded there; the address is the same.
        self.as_router(&mut rules);
        for (id, _) in self.network.zone_ids() {
            if self.book.forwards.iter().any(|forward| returns(self.network, forward, id)) {
                let device = self.device(id);
                rules.push(Statement::noted(
                    format!("iifname {device} oifname {device} ct status dnat counter masquerade"),
                    "back into its own zone: the answer has to come by the router",
                ));
            }
        }
        rules
    }

    /// What a rule shows under the router's address in the receiver's zone.
    fn as_router(&mut self, rules: &mut Vec<Statement>) {
        let book = self.book;
        for ((from, to), pair) in &book.pairs {
            let (Place::Zone(zone), Place::Zone(out)) = (from, to) else { continue };
            for line in pair.allowed.iter().filter(|line| line.options.as_router) {
                let ends = format!("iifname {} oifname {} ", self.device(*zone), self.device(*out));
                let written = |addresses: &crate::plan::Addresses, place| crate::plan::Addresses {
                    literal: self.written(&addresses.literal, place, line.family),
                    delegated: addresses.delegated.clone(),
                };
                let (literal_from, literal_to) = (self.literal(*from), self.literal(*to));
                let times = self.minutes(&line.options).map_or_else(|| vec![String::new()], |all| times::nft(&all));
                let sources = matches::side(&written(&line.from, *from), line.family, "saddr", &literal_from);
                let targets = matches::side(&written(&line.to, *to), line.family, "daddr", &literal_to);
                for source in &sources {
                    for target in &targets {
                        let guard = if source.is_empty() && target.is_empty() { nfproto(line.family) } else { "" };
                        for time in &times {
                            let kind = icmp(line).unwrap_or_else(|| matches::traffic(&line.traffic));
                            rules.push(Statement::noted(
                                format!("{ends}{guard}{source}{target}{kind}{time}counter masquerade"),
                                self.origins.of(line.cause),
                            ));
                        }
                    }
                }
            }
        }
    }
}

/// ICMP with types and codes.
fn icmp(line: &crate::plan::Line) -> Option<String> {
    let protocol = line.traffic.protocol.filter(|number| matches!(*number, ICMP | ICMPV6))?;
    if line.traffic.to.is_empty() {
        return None;
    }
    let word = if protocol == ICMP { "icmp" } else { "icmpv6" };
    let pairs: Vec<String> = line
        .traffic
        .to
        .iter()
        .flat_map(|(from, to)| ((from >> 8)..=(to >> 8)).map(move |kind| (kind, *from, *to)))
        .map(|(kind, from, to)| {
            let first = if kind == from >> 8 { from & 0xff } else { 0 };
            let last = if kind == to >> 8 { to & 0xff } else { 0xff };
            format!("{kind} . {}", super::words::port((first, last)))
        })
        .collect();
    Some(format!("{word} type . {word} code {{ {} }} ", pairs.join(", ")))
}

/// Does a forward send packets of this zone back into it?
fn returns(network: &Network, forward: &Forward, id: ZoneId) -> bool {
    let link = |zone: ZoneId| network.link(zone) == id;
    let mut regions = forward.granted.iter().chain(&forward.translated);
    forward.zone.is_some_and(link) && regions.any(|region| matches!(region.place, Place::Zone(zone) if link(zone)))
}

/// Has the zone a network below a delegated prefix?
pub fn has_delegated(zone: &Zone) -> bool {
    zone.networks.iter().any(|network| network.delegated.is_some())
}
