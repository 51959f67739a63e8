//! The rules: what passes always, what the policy denies, what it allows.
//!
//! firewall4 sorts rules into one chain for each source zone, in the order of the file; forwardings come behind them,
//! then what a redirect translated, then the zone's own word.

use super::{
    Renderer,
    addresses::{INLINE, Side, inline},
    drafts::{Draft, Kind, drafts},
    times::{Slice, slices},
    uci::Section,
    words,
};
use crate::{
    model::{
        Place, ZoneId,
        address::Intervals,
        service::{TCP, Traffic, UDP},
    },
    packet::Family,
    plan::{Addresses, Line, Pair},
    policy::{BURST, Cause, baseline, output_baseline},
};

impl Renderer<'_> {
    /// All rules but those that close behind translations.
    pub(super) fn filter(&mut self) -> Vec<Section> {
        let mut sections = Vec::new();
        self.output_needs(&mut sections);
        for flow in baseline(self.network) {
            // What comes by a host is let in with what comes from its link.
            let behind = |zone| self.network.zone(zone).behind.is_some();
            if matches!(flow.from.place, Place::Zone(zone) if behind(zone)) {
                continue;
            }
            let mut lines = Vec::new();
            for family in [Family::V4, Family::V6].into_iter().filter(|family| flow.has_family(*family)) {
                // The included file sees to the sources of a zone of our own.
                let from = self.sources_of_baseline(flow.from.place, &flow.from.addresses, family);
                lines.extend(flow.traffic.iter().filter(|traffic| traffic.has_family(family)).map(|traffic| Line {
                    cause: flow.cause,
                    family,
                    from: Addresses::literal(from.clone()),
                    to: Addresses::literal(super::addresses::everything(family)),
                    traffic: traffic.clone(),
                    options: flow.options.clone(),
                }));
            }
            self.lines(&mut sections, flow.from.place, Place::Router, &lines, "ACCEPT");
        }
        let book = self.book;
        for ((from, to), pair) in &book.pairs {
            self.pair(&mut sections, *from, *to, pair);
        }
        sections
    }

    /// Neighbours need no source: the included file has seen to those of our own zones.
    fn sources_of_baseline(&self, place: Place, set: &crate::model::AddressSet, family: Family) -> Intervals {
        let Place::Zone(id) = place else { return set.family(family).clone() };
        let zone = self.network.zone(id);
        if !zone.is_internet() && *set == crate::policy::neighbours(zone) {
            return super::addresses::everything(family);
        }
        set.family(family).clone()
    }

    /// What the router has to send whatever the policy denies it.
    fn output_needs(&mut self, sections: &mut Vec<Section>) {
        let denied = |((from, _), pair): (&(Place, Place), &Pair)| *from == Place::Router && !pair.denied.is_empty();
        if self.network.router.output_open && !self.book.pairs.iter().any(denied) {
            return;
        }
        for traffic in output_baseline(self.network) {
            let rule = self.section("rule").set("name", "router sends what IPv6 and DHCP need (RFC 4890)");
            let kind = super::drafts::kind(&traffic).unwrap_or(Kind::Every);
            let rule = rule.set("dest", "*").maybe("family", traffic.family.map(family_word));
            sections.push(traffic_options(rule, &kind).set("target", "ACCEPT"));
        }
    }

    fn pair(&mut self, sections: &mut Vec<Section>, from: Place, to: Place, pair: &Pair) {
        if from == Place::Router && to == Place::Router {
            return;
        }
        self.lines(sections, from, to, &pair.denied, self.refusal(from));
        let open = from == Place::Router && self.network.router.output_open;
        if !open {
            self.lines(sections, from, to, &pair.allowed, "ACCEPT");
        }
    }

    fn lines(&mut self, sections: &mut Vec<Section>, from: Place, to: Place, lines: &[Line], target: &str) {
        let written: Vec<Line> = lines
            .iter()
            .map(|line| Line {
                from: self.written_side(&line.from, from, line.family),
                to: self.written_side(&line.to, to, line.family),
                ..line.clone()
            })
            .collect();
        let literal = (self.literal(from), self.literal(to));
        match drafts(&written, (&literal.0, &literal.1)) {
            Ok(drafts) => {
                for draft in drafts {
                    self.rules(sections, from, to, &draft, target);
                }
            }
            Err(cause) => self.refuse_ports(cause),
        }
    }

    pub(super) fn refuse_ports(&mut self, cause: Cause) {
        self.refuse(
            cause,
            "firewall4 matches ports of TCP and UDP only",
            "asks for ports of SCTP",
            "name the whole protocol, `proto 132`, or compile for nftables",
        );
    }

    fn written_side(&self, addresses: &Addresses, place: Place, family: Family) -> Addresses {
        Addresses { literal: self.written(&addresses.literal, place, family), delegated: addresses.delegated.clone() }
    }

    /// A draft as one rule, or one for each slice of its schedule.
    fn rules(&mut self, sections: &mut Vec<Section>, from: Place, to: Place, draft: &Draft, target: &str) {
        let times = self.minutes(&draft.options).map_or_else(|| vec![None], |minutes| some(slices(&minutes)));
        for time in times {
            let name =
                format!("{} to {}, {}", self.place_word(from), self.place_word(to), self.origins.of(draft.cause));
            let mut rule = self.section("rule").set("name", words::name(&name));
            if let Place::Zone(zone) = from {
                rule = rule.set("src", self.zone(zone));
            }
            if let Place::Zone(zone) = to {
                rule = rule.set("dest", self.zone(zone));
            }
            if let [(family, ..)] = draft.families.as_slice() {
                rule = rule.set("family", family_word(*family));
            }
            rule = traffic_options(rule, &draft.kind);
            rule = self.addresses(rule, draft);
            rule = time_options(rule, time.as_ref());
            if let Some((limit, _)) = draft.options.limit {
                rule = rule
                    .set("limit", format!("{}/{}", limit.count, limit.unit.word()))
                    .set("limit_burst", BURST.to_string());
            }
            if draft.options.log {
                rule = rule.set("log", "1");
            }
            sections.push(rule.set("target", target));
        }
    }

    fn addresses(&mut self, mut rule: Section, draft: &Draft) -> Section {
        let mut set: Option<String> = None;
        for (key, word) in [("src_ip", "src"), ("dest_ip", "dest")] {
            for (family, from, to) in &draft.families {
                let side = if key == "src_ip" { from } else { to };
                match side {
                    // A rule can ask one set.
                    Side::Set(addresses) if inline(side, *family).len() > INLINE && set.is_none() => {
                        let origin = self.origins.of(draft.cause);
                        let (name, negated) = self.set_of(addresses, *family, &origin);
                        set = Some(format!("{}{name} {word}", if negated { "!" } else { "" }));
                    }
                    _ => rule = rule.list(key, inline(side, *family)),
                }
            }
        }
        rule.maybe("ipset", set)
    }

    /// The name of the set of these addresses, or of all others.
    pub(super) fn set_of(&mut self, addresses: &Intervals, family: Family, note: &str) -> (String, bool) {
        let others = super::addresses::everything(family).minus(addresses);
        let negated = words::prefixes(&others, family).len() < words::prefixes(addresses, family).len();
        let held = if negated { others } else { addresses.clone() };
        if let Some(known) = self.sets.iter().find(|set| set.family == family && set.addresses == held) {
            return (known.name.clone(), negated);
        }
        let digit = if family == Family::V4 { 4 } else { 6 };
        let internet = self.network.internet();
        let beyond = super::addresses::everything(family).minus(&self.written(
            internet.family(family),
            self.some_uplink(),
            family,
        ));
        let name = if held == beyond {
            format!("hedgerow_not_internet{digit}")
        } else {
            format!("hedgerow_addresses{digit}_{}", self.sets.len() + 1)
        };
        let note = if held == beyond { "what is not the internet: private, reserved and own addresses" } else { note };
        self.sets.push(super::AddressList { name: name.clone(), family, addresses: held, note: note.to_owned() });
        (name, negated)
    }

    fn some_uplink(&self) -> Place {
        let uplink: Option<ZoneId> = self.network.zone_ids().find(|(_, zone)| zone.is_internet()).map(|(id, _)| id);
        uplink.map_or(Place::Router, Place::Zone)
    }

    /// The sets that were asked for.
    pub(super) fn set_sections(&self) -> Vec<Section> {
        self.sets
            .iter()
            .map(|set| {
                Section::new("ipset", set.name.clone())
                    .note(&set.note)
                    .set("name", &set.name)
                    .set("family", family_word(set.family))
                    .list("match", ["net"])
                    .list("entry", words::prefixes(&set.addresses, set.family))
            })
            .collect()
    }
}

fn some(slices: Vec<Slice>) -> Vec<Option<Slice>> {
    slices.into_iter().map(Some).collect()
}

pub(super) const fn family_word(family: Family) -> &'static str {
    match family {
        Family::V4 => "ipv4",
        Family::V6 => "ipv6",
    }
}

/// Protocols and ports of a rule.
pub(super) fn traffic_options(rule: Section, kind: &Kind) -> Section {
    match kind {
        Kind::Every => rule.set("proto", "all"),
        Kind::Protocols(list) => rule.list("proto", list.iter().map(|number| protocol(*number))),
        Kind::Ports { protocols, from, to } => rule
            .list("proto", protocols.iter().map(|number| protocol(*number)))
            .list("src_port", from.iter().map(|ports| words::port(*ports)))
            .list("dest_port", to.iter().map(|ports| words::port(*ports))),
        Kind::Icmp(types) => rule.list("proto", ["icmp"]).list("icmp_type", types),
    }
}

/// When a rule holds. firewall4 hands the hours to nft, which takes them for the router's own time zone.
pub(super) fn time_options(rule: Section, time: Option<&Slice>) -> Section {
    let Some(time) = time else { return rule };
    let hours = time.hours.as_ref();
    rule.set("utc_time", "1")
        .maybe("start_time", hours.map(|(start, _)| start))
        .maybe("stop_time", hours.map(|(_, stop)| stop))
        .maybe("weekdays", time.days.as_ref())
}

/// A protocol as firewall4 names it.
pub(super) fn protocol(number: u8) -> String {
    match number {
        TCP => "tcp".to_owned(),
        UDP => "udp".to_owned(),
        other => other.to_string(),
    }
}

/// The traffic of a forward as a kind, with other destination ports.
pub(super) fn with_ports(traffic: &Traffic, to: Vec<(u16, u16)>) -> Traffic {
    Traffic { to, ..traffic.clone() }
}
