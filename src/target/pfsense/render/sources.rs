//! Source translations. All are written: pfSense's automatic ones translate what the policy does not.

use super::{Renderer, aliases::family_word, document::Outbound, nat, words};
use crate::{
    diagnostic::Diagnostic,
    model::{AddressSet, Place, ZoneId, address::Intervals, service::Traffic},
    packet::Family,
    plan::{Addresses, Line},
    policy::{Forward, output_baseline},
};

impl Renderer<'_> {
    pub(super) fn sources(&mut self) {
        self.loopback();
        self.egress();
        if self.marks {
            self.kept_ports();
        }
        for (id, zone) in self.network.zone_ids().filter(|(_, zone)| zone.masquerade) {
            self.push(Outbound {
                interface: self.key(id),
                family: "inet",
                protocol: String::new(),
                source: String::new(),
                source_port: String::new(),
                destination: String::new(),
                port: String::new(),
                target: String::new(),
                static_port: false,
                exempt: false,
                descr: words::description(&format!("{}{} masquerades", words::MARK, zone.name)),
            });
        }
        self.as_router();
        let book = self.book;
        for forward in &book.forwards {
            self.returning(forward);
        }
    }

    /// Beside rules of the user's, pfSense translates what `::1` sends by an uplink, and a policy translates no IPv6.
    fn loopback(&mut self) {
        if self.fresh || self.base.mode == "advanced" {
            return;
        }
        for (id, zone) in self.network.zone_ids().filter(|(_, zone)| zone.is_internet()) {
            self.push(Outbound {
                interface: self.key(id),
                family: "inet6",
                source: "::1/128".to_owned(),
                exempt: true,
                descr: words::description(&format!("{}{} translates no IPv6", words::MARK, zone.name)),
                ..Outbound::default()
            });
        }
    }

    fn push(&mut self, outbound: Outbound) {
        if !self.document.outbound.contains(&outbound) {
            self.document.outbound.push(outbound);
        }
    }

    /// Rules on the way out see the source port of after the translation: where they name one, it has to stay.
    fn kept_ports(&mut self) {
        let book = self.book;
        let zones: Vec<ZoneId> =
            self.network.zone_ids().filter(|(_, zone)| zone.masquerade).map(|(id, _)| id).collect();
        for id in zones {
            let pair = book.pairs.get(&(Place::Router, Place::Zone(id)));
            let lines = pair.iter().flat_map(|pair| pair.allowed.iter().chain(&pair.denied));
            let lines = lines.filter(|line| line.family == Family::V4);
            // Any other source port of the same traffic could be rewritten into the range that is meant.
            let named = lines.filter(|line| line.traffic.has_ports() && !line.traffic.from.is_empty());
            let sent =
                named.map(|line| (Traffic { from: Vec::new(), ..line.traffic.clone() }, self.origins.of(line.cause)));
            let always = output_baseline(self.network).into_iter().filter(|traffic| traffic.has_family(Family::V4));
            let always = always.map(|traffic| (traffic, "what DHCP needs to be sent".to_owned()));
            let always = always.filter(|(traffic, _)| traffic.has_ports());
            for (traffic, why) in always.chain(sent).collect::<Vec<_>>() {
                self.shown(id, Family::V4, (String::new(), String::new()), (&traffic, true), &why);
            }
        }
    }

    /// Zones that leave under an address of their own.
    fn egress(&mut self) {
        for (id, zone) in self.network.zone_ids() {
            let Some(egress) = &zone.egress else { continue };
            let Some(address) = egress.from else { continue };
            let family = if address.is_ipv4() { Family::V4 } else { Family::V6 };
            if family == Family::V6 && self.has_delegated(id) {
                self.errors.push(
                    Diagnostic::error(
                        "backend-cannot-express",
                        egress.span,
                        "pfsense cannot translate the sources of a prefix that may change",
                    )
                    .label("the zone has a delegated network")
                    .help("leave `from` out: IPv6 needs no translation"),
                );
                continue;
            }
            let word = zone.name.clone();
            let Some(source) = self.senders(&word, zone.network_set().family(family), family) else { continue };
            self.push(Outbound {
                interface: self.key(egress.zone),
                family: family_word(family),
                protocol: String::new(),
                source,
                source_port: String::new(),
                destination: String::new(),
                port: String::new(),
                target: address.to_string(),
                static_port: false,
                exempt: false,
                descr: words::description(&format!("{}{} leaves as {address}", words::MARK, zone.name)),
            });
        }
    }

    /// Senders as one side, without the router itself: it has addresses in the networks of zones.
    fn senders(&mut self, word: &str, set: &Intervals, family: Family) -> Option<String> {
        let others = set.minus(self.network.router_addresses().family(family));
        self.plain(word, &others, family)
    }

    /// What a rule shows under the router's address in the receiver's zone.
    fn as_router(&mut self) {
        let book = self.book;
        for ((from, to), pair) in &book.pairs {
            let (Place::Zone(from), Place::Zone(out)) = (from, to) else { continue };
            for line in pair.allowed.iter().filter(|line| line.options.as_router) {
                self.shown_as_router(*from, *out, line);
            }
        }
    }

    fn shown_as_router(&mut self, from: ZoneId, out: ZoneId, line: &Line) {
        let masked = self.network.zone(out).masquerade && line.family == Family::V4;
        if masked {
            return;
        }
        let span = self.span(line.cause);
        let mut refuse = |what: &str, help: &str| {
            self.errors.push(
                Diagnostic::error(
                    "backend-cannot-express",
                    span,
                    format!("pfsense cannot show {what} under the router's address"),
                )
                .label("is `as router`")
                .help(help.to_owned()),
            );
        };
        if line.options.during.is_some() {
            return refuse("packets at some times only", "take `during` off, or write a rule without `as router`");
        }
        if !line.traffic.has_ports() && !line.traffic.to.is_empty() {
            return refuse("single types of ICMP", "name `icmp` without a type");
        }
        if line.from.delegated.is_some() || line.to.delegated.is_some() {
            return refuse(
                "hosts below a prefix that may change",
                "name hosts with addresses of their own (fd00::/8), or IPv4 alone",
            );
        }
        let (name, other) = (self.network.zone(from).name.clone(), self.network.zone(out).name.clone());
        let Some(source) = self.senders(&name, &line.from.literal, line.family) else { return };
        let Some(destination) = self.plain(&other, &line.to.literal, line.family) else { return };
        let why = self.origins.of(line.cause);
        if self.marks {
            // pfSense's own rules let these in without our mark, and on the way out they are known by their ports.
            for traffic in output_baseline(self.network).into_iter().filter(|traffic| covers(&line.traffic, traffic)) {
                self.shown(out, line.family, (source.clone(), destination.clone()), (&traffic, true), &why);
            }
        }
        self.shown(out, line.family, (source, destination), (&line.traffic, false), &why);
    }

    fn shown(
        &mut self,
        out: ZoneId,
        family: Family,
        (source, destination): (String, String),
        (traffic, static_port): (&Traffic, bool),
        why: &str,
    ) {
        let sources: Vec<Option<(u16, u16)>> =
            if traffic.from.is_empty() { vec![None] } else { traffic.from.iter().copied().map(Some).collect() };
        for from in sources {
            for to in nat::ports(traffic) {
                let word =
                    |range: Option<(u16, u16)>| range.map(|(a, b)| words::port_range((a.max(1), b)).replace('-', ":"));
                self.push(Outbound {
                    interface: self.key(out),
                    family: family_word(family),
                    protocol: words::translated_protocol(traffic),
                    source: source.clone(),
                    source_port: word(from).unwrap_or_default(),
                    destination: destination.clone(),
                    port: word(to).unwrap_or_default(),
                    target: String::new(),
                    static_port,
                    exempt: false,
                    descr: words::description(&format!("{}{why}", words::MARK)),
                });
            }
        }
    }

    /// What a forward sends back into the zone it came from: the answer has to come by the router.
    fn returning(&mut self, forward: &Forward) {
        let (Some(target), Some(zone)) = (forward.target, forward.zone) else { return };
        let regions = forward.granted.iter().chain(&forward.translated);
        let back = regions.filter(|region| region.place == Place::Zone(zone));
        let from = back.fold(Intervals::default(), |set, region| set.union(region.addresses.family(forward.family)));
        if from.is_empty() || (self.network.zone(zone).masquerade && forward.family == Family::V4) {
            return;
        }
        let networks = &self.network.zone(zone).networks;
        let own = networks.iter().filter(|network| network.net.network().is_ipv4() == (forward.family == Family::V4));
        if own.count() > 1 && !self.network.zone(zone).isolated {
            self.errors.push(
                Diagnostic::error(
                    "backend-cannot-express",
                    self.span(forward.cause),
                    format!("pfsense cannot tell what is translated back into zone `{}` from what one of its networks sends to another", self.network.zone(zone).name),
                )
                .label("leads back into a zone with several networks")
                .help("give the host a zone of its own, or set `hairpin off` and answer the name by split DNS"),
            );
            return;
        }
        let Ok(Addresses { literal: from, delegated: None }) =
            Addresses::of(self.network, Place::Zone(zone), &from, forward.family)
        else {
            return;
        };
        let word = self.network.zone(zone).name.clone();
        let Some(source) = self.senders(&word, &from, forward.family) else { return };
        let Some(destination) = self.plain(&word, AddressSet::of(target).family(forward.family), forward.family) else {
            return;
        };
        let why = format!("back into {word}: {}", self.origins.of(forward.cause));
        for range in nat::ports(&forward.traffic) {
            let traffic = Traffic { to: nat::inner(forward, range), from: Vec::new(), ..forward.traffic.clone() };
            self.shown(zone, forward.family, (source.clone(), destination.clone()), (&traffic, false), &why);
        }
    }
}

/// Is the one port of either end in some traffic?
fn covers(all: &Traffic, one: &Traffic) -> bool {
    let holds = |ranges: &[(u16, u16)], port: &[(u16, u16)]| {
        ranges.is_empty() || port.iter().all(|(port, _)| ranges.iter().any(|(from, to)| (from..=to).contains(&port)))
    };
    one.has_ports()
        && all.protocol.is_none_or(|protocol| one.protocol == Some(protocol))
        && holds(&all.from, &one.from)
        && holds(&all.to, &one.to)
}
