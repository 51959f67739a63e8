//! Input, forward and output: the base chains and a chain for every pair of places.

use super::{
    Renderer,
    document::{ChainBlock, Element, SetBlock},
    elements::{Literal, Sides, sort},
    matches, plain_chain, words,
};
use crate::{
    model::{Options, Place, ZoneId, address::Intervals, service::Traffic},
    packet::Family,
    plan::{Addresses, Line, Pair},
    policy::{Cause, baseline, neighbours, output_baseline},
};

/// What happens to what a line matches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    Accept,
    Refuse(&'static str),
}

impl Verdict {
    const fn text(self) -> &'static str {
        match self {
            Self::Accept => "accept",
            Self::Refuse(text) => text,
        }
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Accept => "allow",
            Self::Refuse(_) => "deny",
        }
    }
}

impl Renderer<'_> {
    pub(super) fn filter(&mut self, chains: &mut Vec<ChainBlock>) {
        let uplinks: Vec<ZoneId> =
            self.network.zone_ids().filter(|(_, zone)| zone.is_internet()).map(|(id, _)| id).collect();
        let inside = self.interfaces(|zone| !zone.is_internet());
        let mut pairs: Vec<ChainBlock> = Vec::new();
        let mut maps: [Vec<Element>; 3] = Default::default();
        let book = self.book;
        for ((from, to), pair) in &book.pairs {
            let (index, key) = match (from, to) {
                (Place::Zone(from), Place::Router) => (0, self.interface(*from)),
                (Place::Zone(from), Place::Zone(to)) => {
                    (1, format!("{} . {}", self.interface(*from), self.interface(*to)))
                }
                (Place::Router, Place::Zone(to)) => (2, self.interface(*to)),
                (Place::Router, Place::Router) => continue,
            };
            if index == 2 && self.network.router.output_open && pair.denied.is_empty() {
                continue;
            }
            let Some(chain) = self.pair(*from, *to, pair) else { continue };
            // Zones that share an interface are told apart by the addresses in their rules.
            let entry = |name: &str| format!("{key} : jump {name}");
            let Some(map) = maps.get_mut(index) else { continue };
            let first = pairs.iter_mut().find(|first| map.iter().any(|known| known.text == entry(&first.name)));
            if let Some(first) = first {
                first.rule(format!("jump {}", chain.name));
            } else {
                map.push(Element { text: entry(&chain.name), comment: String::new() });
            }
            pairs.push(chain);
        }
        let [input, forward, output] = maps;
        chains.push(self.input(&uplinks, &inside, !input.is_empty()));
        chains.push(self.forward(&uplinks, &inside, !forward.is_empty()));
        chains.extend(self.output(!output.is_empty()));
        if self.network.router.reject {
            chains.push(refuse(&inside));
        }
        chains.append(&mut pairs);
        let map = |name: &str, note: &str, kind: &str, elements: Vec<Element>| SetBlock {
            name: name.to_owned(),
            note: note.to_owned(),
            kind: kind.to_owned(),
            interval: false,
            counter: false,
            elements,
        };
        let blocks = [
            map("input.pairs", "arriving interface, for packets to the router", "ifname : verdict", input),
            map("forward.pairs", "arriving and leaving interface", "ifname . ifname : verdict", forward),
            map("output.pairs", "leaving interface, for packets of the router", "ifname : verdict", output),
        ];
        self.document.maps.extend(blocks.into_iter().filter(|map| !map.elements.is_empty()));
    }

    fn input(&mut self, uplinks: &[ZoneId], inside: &[String], map: bool) -> ChainBlock {
        let mut chain = ChainBlock::new(
            "input",
            "packets to the router itself",
            "type filter hook input priority filter; policy drop;",
        );
        chain.rule("ct state vmap { established : accept, related : accept, invalid : drop }");
        chain.rule("iifname \"lo\" accept");
        self.baseline(&mut chain);
        for id in uplinks {
            chain.rule(format!("iifname {} jump from.{}", self.interface(*id), self.network.zone(*id).name));
        }
        if map {
            chain.rule("iifname vmap @input.pairs");
        }
        self.refuse_inside(&mut chain, inside);
        chain
    }

    fn forward(&mut self, uplinks: &[ZoneId], inside: &[String], map: bool) -> ChainBlock {
        let mut chain = ChainBlock::new(
            "forward",
            "packets between zones",
            "type filter hook forward priority filter; policy drop;",
        );
        let tunnels: Vec<String> = self.interfaces(|zone| zone.is_internet() || zone.role == crate::model::Role::Vpn);
        if !tunnels.is_empty() {
            chain.noted(
                format!(
                    "oifname {} tcp flags syn / syn,rst tcp option maxseg size set rt mtu",
                    words::one_of(&tunnels)
                ),
                "path MTU, for links that are narrower",
            );
        }
        chain.rule("ct state vmap { established : accept, related : accept, invalid : drop }");
        for id in uplinks {
            let name = &self.network.zone(*id).name;
            chain.rule(format!("iifname {} jump from.{name}", self.interface(*id)));
            chain.rule(format!("oifname {} jump to.{name}", self.interface(*id)));
        }
        if map {
            chain.rule("iifname . oifname vmap @forward.pairs");
        }
        self.refuse_inside(&mut chain, inside);
        chain
    }

    fn output(&self, map: bool) -> Option<ChainBlock> {
        let open = self.network.router.output_open;
        if open && !map {
            return None;
        }
        let policy = if open { "accept" } else { "drop" };
        let mut chain = ChainBlock::new(
            "output",
            "packets of the router itself",
            format!("type filter hook output priority filter; policy {policy};"),
        );
        chain.rule("ct state { established, related } accept");
        chain.rule("oifname \"lo\" accept");
        for traffic in output_baseline(self.network) {
            chain.noted(format!("{}accept", matches::traffic(&traffic)), "what IPv6 and DHCP need (RFC 4890)");
        }
        if map {
            chain.rule("oifname vmap @output.pairs");
        }
        Some(chain)
    }

    fn refuse_inside(&self, chain: &mut ChainBlock, inside: &[String]) {
        if !inside.is_empty() && self.network.router.reject {
            chain.rule(format!("iifname {} goto refuse", words::one_of(inside)));
        }
        chain.rule("counter");
    }

    /// What always passes to the router, one rule for all interfaces that need the same.
    fn baseline(&self, chain: &mut ChainBlock) {
        let mut rules: Vec<(String, String, Vec<String>)> = Vec::new();
        for flow in baseline(self.network) {
            let Place::Zone(id) = flow.from.place else { continue };
            let zone = self.network.zone(id);
            // What comes by a host is let in with what comes from its link.
            if zone.behind.is_some() {
                continue;
            }
            // The chain `spoofing` has seen to the sources of a zone of our own.
            let guarded = !zone.is_internet() && flow.from.addresses == neighbours(zone);
            for family in [Family::V4, Family::V6].into_iter().filter(|family| flow.has_family(*family)) {
                let set =
                    if guarded { matches::everything(family) } else { flow.from.addresses.family(family).clone() };
                for source in matches::side(&Addresses::literal(set), family, "saddr", &Intervals::default()) {
                    for traffic in flow.traffic.iter().filter(|traffic| traffic.has_family(family)) {
                        let guard = if source.is_empty() && traffic.family.is_none() { nfproto(family) } else { "" };
                        let text = format!("{guard}{source}{}", matches::traffic(traffic));
                        let comment = self.origins.of(flow.cause);
                        match rules.iter_mut().find(|(known, note, _)| (known, note) == (&text, &comment)) {
                            Some((.., interfaces)) => interfaces.push(self.interface(id)),
                            None => rules.push((text, comment, vec![self.interface(id)])),
                        }
                    }
                }
            }
        }
        for (text, comment, interfaces) in rules {
            chain.noted(format!("iifname {} {text}counter accept", words::one_of(&interfaces)), comment);
        }
    }

    fn pair(&mut self, from: Place, to: Place, pair: &Pair) -> Option<ChainBlock> {
        let hook = match (from, to) {
            (_, Place::Router) => format!("input.{}", self.place_word(from)),
            (Place::Router, _) => format!("output.{}", self.place_word(to)),
            _ => format!("forward.{}.{}", self.place_word(from), self.place_word(to)),
        };
        let note = format!("{} to {}", self.place_word(from), self.place_word(to));
        let mut chain = plain_chain(hook, note);
        self.lines(&mut chain, from, to, &pair.denied, Verdict::Refuse(self.refusal(from)));
        for index in &pair.forwarded {
            self.forwarded(&mut chain, from, *index);
        }
        self.lines(&mut chain, from, to, &pair.allowed, Verdict::Accept);
        (!chain.rules.is_empty()).then_some(chain)
    }

    /// Denied or allowed lines: single rules first, then one lookup for each set.
    fn lines(&mut self, chain: &mut ChainBlock, from: Place, to: Place, lines: &[Line], verdict: Verdict) {
        let lines: Vec<Line> = lines.iter().map(|line| self.unguarded(line, from, to)).collect();
        let sides = Sides { from: from != Place::Router, to: to != Place::Router };
        let literal = Literal { from: self.literal(from), to: self.literal(to) };
        let name = format!("{}.{}", chain.name, verdict.word());
        let place = |line: &Line| self.origins.of(line.cause);
        let sorted = sort(&lines, sides, &literal, &name, &format!("{}, {}", chain.note, verdict.word()), &place);
        let (sets, single): (_, Vec<Line>) = (sorted.sets, sorted.single.into_iter().cloned().collect());
        for line in &single {
            self.single(chain, line, &literal, verdict);
        }
        for (key, set) in sets {
            chain.rule(format!("{key} @{} {}", set.name, verdict.text()));
            self.document.sets.push(set);
        }
    }

    /// A line with "everything" where the guards have seen to the addresses already. There are none for what the router
    /// itself sends.
    fn unguarded(&self, line: &Line, from: Place, to: Place) -> Line {
        let guarded = from != Place::Router;
        let widen = |addresses: &Addresses, place: Place| -> Addresses {
            if addresses.delegated.is_some() {
                return addresses.clone();
            }
            Addresses::literal(self.widened(&addresses.literal, place, line.family, guarded))
        };
        Line { from: widen(&line.from, from), to: widen(&line.to, to), ..line.clone() }
    }

    /// A line as rules of its own: for a log, a limit, a schedule, host parts, source ports.
    fn single(&mut self, chain: &mut ChainBlock, line: &Line, literal: &Literal, verdict: Verdict) {
        let from = matches::side(&line.from, line.family, "saddr", &literal.from);
        let to = matches::side(&line.to, line.family, "daddr", &literal.to);
        let kind = matches::traffic(&line.traffic);
        let place = self.origins.of(line.cause);
        let end = self.ending(&line.options, line.cause, verdict, &place);
        for from in &from {
            for to in &to {
                let guard = if from.is_empty() && to.is_empty() && line.traffic.family.is_none() {
                    nfproto(line.family)
                } else {
                    ""
                };
                for time in self.times(&line.options) {
                    chain.noted(format!("{guard}{from}{to}{kind}{time}{end}"), place.clone());
                }
            }
        }
    }

    /// The conditions of time; one empty text when there are none.
    pub(super) fn times(&self, options: &Options) -> Vec<String> {
        options
            .during
            .and_then(|(schedule, _)| self.network.schedules.get(schedule.0))
            .map_or_else(|| vec![String::new()], |schedule| matches::times(&self.standing.minutes(schedule)))
    }

    /// Limit, counter, log and verdict of a rule.
    fn ending(&mut self, options: &Options, cause: Cause, verdict: Verdict, place: &str) -> String {
        let mut text = String::new();
        if let Some((limit, _)) = options.limit {
            text += &format!("limit name \"{}\" ", self.limit(cause, limit));
        }
        text += "counter ";
        if options.log {
            text += &format!("log prefix {} ", words::log_prefix(verdict.word(), place));
        }
        text + verdict.text()
    }

    /// Lets the packets of a forward in: only those that it translated, never those sent straight to the host.
    fn forwarded(&mut self, chain: &mut ChainBlock, from: Place, index: usize) {
        let Some(forward) = self.book.forwards.get(index) else { return };
        let (Some(target), Some(region)) = (forward.target, forward.granted.iter().find(|region| region.place == from))
        else {
            return;
        };
        let ip = if forward.family == Family::V4 { "ip" } else { "ip6" };
        let sources = self.widened(region.addresses.family(forward.family), from, forward.family, true);
        let place = self.origins.of(forward.cause);
        let (options, cause) = (forward.options.clone(), forward.cause);
        // nft 1.0.6 prints a set of `ct original proto-dst` in a way that it cannot read: a rule for each range.
        let public = &forward.traffic.to;
        let ranges: Vec<Option<(u16, u16)>> =
            if forward.port.is_some() || forward.traffic.has_ports() && !public.is_empty() {
                public.iter().copied().map(Some).collect()
            } else {
                vec![None]
            };
        let end = self.ending(&options, cause, Verdict::Accept, &place);
        for range in ranges {
            let original =
                range.map_or_else(String::new, |range| format!("ct original proto-dst {} ", words::numbers(&[range])));
            let to = forward.port.map(|port| (port, port)).or(range).into_iter().collect();
            let inner = matches::traffic(&Traffic { to, ..forward.traffic.clone() });
            for source in
                matches::side(&Addresses::literal(sources.clone()), forward.family, "saddr", &Intervals::default())
            {
                for time in self.times(&options) {
                    chain.noted(
                        format!("ct status dnat {source}{ip} daddr {target} {inner}{original}{time}{end}"),
                        place.clone(),
                    );
                }
            }
        }
    }
}

/// The answer to what is held back inside: an error at once instead of a wait. Nobody else is told.
fn refuse(inside: &[String]) -> ChainBlock {
    let mut chain = plain_chain("refuse", "held back, and told so");
    chain.rule("counter");
    if inside.is_empty() {
        chain.rule("drop");
        return chain;
    }
    chain.rule(format!("iifname != {} drop", words::one_of(inside)));
    chain.rule("meta l4proto tcp reject with tcp reset");
    chain.rule("reject with icmpx admin-prohibited");
    chain
}

pub(super) const fn nfproto(family: Family) -> &'static str {
    match family {
        Family::V4 => "meta nfproto ipv4 ",
        Family::V6 => "meta nfproto ipv6 ",
    }
}
