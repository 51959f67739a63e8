//! Destination translations, and what they need of the filter.

use super::{
    Renderer,
    aliases::{everything, family_word},
    document::{End, Rule, Translation},
    filter::Sheet,
    words,
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{AddressSet, Place, Region, ZoneId, address::bits, service::Traffic},
    packet::Family,
    plan::{Addresses, Line},
    policy::{Forward, Original, unicast},
};

/// Where packets end that came by an uplink straight to the inner address of a forward: an address that nobody has
/// (RFC 7600). No rule lets anything through to it.
const NOWHERE: &str = "192.0.0.8";

/// The protocol of CARP and VRRP: `no nat` and `no rdr` for it stand before every other translation.
const CARP: u8 = 112;

impl Renderer<'_> {
    pub(super) fn translations(&mut self) {
        let book = self.book;
        for (index, forward) in book.forwards.iter().enumerate() {
            if self.translatable(forward) {
                match &forward.original {
                    Original::Uplinks(zones) => self.port_forward(index, forward, zones),
                    Original::Anyone => self.redirect(forward),
                }
            }
        }
        for forward in &book.forwards {
            self.only_translated(forward);
        }
    }

    /// Reports what a translation of pfSense cannot tell apart.
    fn translatable(&mut self, forward: &Forward) -> bool {
        let span = self.span(forward.cause);
        let below = forward.target.filter(std::net::IpAddr::is_ipv6).is_some_and(|address| {
            let networks = self.network.zones.iter().flat_map(|zone| &zone.networks);
            networks.into_iter().any(|network| network.delegated.is_some() && network.net.contains(&address))
        });
        if below {
            self.errors.push(
                Diagnostic::error(
                    "backend-cannot-express",
                    span,
                    "pfsense cannot redirect to a host below a prefix that may change",
                )
                .label("its IPv6 address is not known")
                .help("give the host an IPv6 address of its own (fd00::/8) before its `suffix`, or no IPv6 address"),
            );
        }
        self.refuse_limit(&forward.options);
        let carp = matches!(forward.traffic.protocol, None | Some(CARP));
        if carp {
            self.errors.push(
                Diagnostic::error(
                    "backend-cannot-express",
                    span,
                    "pfsense never translates protocol 112 (VRRP and CARP)",
                )
                .label("this protocol is among what is sent elsewhere here")
                .help("name the protocols that are meant, such as `tcp 443`"),
            );
        }
        !below && !carp
    }

    /// The name that ties a translation to its rule.
    fn tie(index: usize, forward: &Forward, part: usize) -> String {
        let content = (index, part, format!("{:?}{:?}", forward.traffic, forward.target));
        format!("nat_{:013x}.{:08}", words::number(&content), words::number(&(1, &content)) % 100_000_000)
    }

    fn port_forward(&mut self, index: usize, forward: &Forward, zones: &[ZoneId]) {
        let span = self.span(forward.cause);
        let Some(target) = forward.target.map(|target| target.to_string()) else { return };
        let mut part = 0;
        for region in &forward.granted {
            let Place::Zone(id) = region.place else { continue };
            let own = self.own_addresses(id);
            let from = self.region(region, forward.family, span);
            for source in &from {
                for range in ports(&forward.traffic) {
                    let tie = Self::tie(index, forward, part);
                    part += 1;
                    for (number, own) in own.iter().enumerate() {
                        let associated = if number == 0 { tie.clone() } else { String::new() };
                        self.translate(forward, self.key(id), source.clone(), own.clone(), range, &target, associated);
                    }
                }
            }
        }
        let own: Vec<End> = zones.iter().flat_map(|zone| self.own_addresses(*zone)).collect();
        for region in &forward.translated {
            let Place::Zone(id) = region.place else { continue };
            for source in self.region(region, forward.family, span) {
                for range in ports(&forward.traffic) {
                    for own in &own {
                        self.translate(
                            forward,
                            self.key(id),
                            source.clone(),
                            own.clone(),
                            range,
                            &target,
                            String::new(),
                        );
                    }
                }
            }
        }
    }

    /// The router's own addresses in a zone, of IPv4.
    fn own_addresses(&self, id: ZoneId) -> Vec<End> {
        let own = self.network.zone(id).addresses.iter().filter(|own| own.address.is_ipv4());
        own.map(|own| {
            if own.source.is_known() {
                End::address(own.address.to_string())
            } else {
                End::network(format!("{}ip", self.key(id)))
            }
        })
        .collect()
    }

    fn region(&mut self, region: &Region, family: Family, span: Span) -> Vec<End> {
        match Addresses::of(self.network, region.place, region.addresses.family(family), family) {
            Ok(addresses) => self.ends(region.place, &addresses, family, span),
            Err(_) => {
                self.errors.push(
                    Diagnostic::error(
                        "backend-cannot-express",
                        span,
                        "this names a part of a delegated IPv6 network that no router can be told",
                    )
                    .label("holds a range below a prefix that may change")
                    .help("name single hosts by their `suffix`, or the whole zone"),
                );
                Vec::new()
            }
        }
    }

    #[expect(clippy::too_many_arguments, reason = "the parts of a translation, each once")]
    fn translate(
        &mut self,
        forward: &Forward,
        interface: String,
        source: End,
        destination: End,
        range: Option<(u16, u16)>,
        target: &str,
        associated: String,
    ) {
        let source_port = self.usable(&forward.traffic.from, &forward.traffic);
        let port = self.usable(&range.into_iter().collect::<Vec<_>>(), &forward.traffic);
        let inner = forward.port.map(|port| port.to_string()).or_else(|| range.map(|range| behind(&port, range)));
        self.document.translations.push(Translation {
            interface,
            family: family_word(forward.family),
            protocol: protocol(&forward.traffic),
            source: source.port(&source_port),
            destination: destination.port(&port),
            target: target.to_owned(),
            port: if forward.traffic.has_ports() { inner.unwrap_or_default() } else { String::new() },
            associated,
            descr: words::description(&format!("{}{}", words::MARK, self.origins.of(forward.cause))),
            exempt: false,
        });
    }

    /// The filter rules that let a forward in, after its translation.
    pub(super) fn forwarded(&mut self, sheet: &mut Sheet, from: ZoneId, to: ZoneId) {
        let book = self.book;
        let Some(pair) = book.pairs.get(&(Place::Zone(from), Place::Zone(to))) else { return };
        for index in &pair.forwarded {
            let Some(forward) = book.forwards.get(*index) else { continue };
            let Some(target) = forward.target else { continue };
            let span = self.span(forward.cause);
            let to = [End::address(target.to_string())];
            let mut part = 0;
            for region in &forward.granted {
                let here = region.place == Place::Zone(from);
                for source in self.region(region, forward.family, span) {
                    for range in ports(&forward.traffic) {
                        let tie = Self::tie(*index, forward, part);
                        part += 1;
                        if !here {
                            continue;
                        }
                        let inner = Traffic { to: inner(forward, range), ..forward.traffic.clone() };
                        let model = Rule {
                            kind: "pass",
                            interface: self.key(from),
                            associated: tie,
                            tag: self.tag(),
                            ..Rule::default()
                        };
                        let why = (forward.cause, &forward.options);
                        self.rules(
                            &mut sheet.rules,
                            &model,
                            forward.family,
                            (std::slice::from_ref(&source), &to),
                            &inner,
                            why,
                        );
                    }
                }
            }
        }
    }

    /// Keeps the target of a forward from being reached by its own address. The filter sees packets after their
    /// translation and could not tell.
    fn only_translated(&mut self, forward: &Forward) {
        let (Some(target), Some(zone)) = (forward.target, forward.zone) else { return };
        let span = self.span(forward.cause);
        let book = self.book;
        for region in &forward.granted {
            let Place::Zone(id) = region.place else { continue };
            let (interface, family) = (self.key(id), family_word(forward.family));
            let descr = words::description(&format!(
                "{}not by its own address: {}",
                words::MARK,
                self.origins.of(forward.cause)
            ));
            let inside = End::address(target.to_string());
            let allowed =
                book.pairs.get(&(region.place, Place::Zone(zone))).map_or(&[][..], |pair| pair.allowed.as_slice());
            let meets = |traffic: &Traffic| traffic.protocol.is_none() || traffic.protocol == forward.traffic.protocol;
            let direct = allowed.iter().filter(|line| {
                line.family == forward.family && line.to.literal.contains(bits(target)) && meets(&line.traffic)
            });
            let mut found = Vec::new();
            for line in direct {
                if line.options.during.is_some() {
                    self.timed_beside(forward, line);
                    continue;
                }
                for source in self.ends(region.place, &line.from, line.family, span) {
                    for range in ports(&line.traffic) {
                        let all =
                            if line.traffic.protocol.is_none() { "any".to_owned() } else { protocol(&line.traffic) };
                        let from = self.usable(&line.traffic.from, &line.traffic);
                        let to = self.usable(&range.into_iter().collect::<Vec<_>>(), &line.traffic);
                        found.push(Translation {
                            interface: interface.clone(),
                            family,
                            protocol: all,
                            source: source.port(&from),
                            destination: inside.port(&to),
                            exempt: true,
                            descr: words::description(&format!("{}{}", words::MARK, self.origins.of(line.cause))),
                            ..Translation::default()
                        });
                    }
                }
            }
            for range in ports(&forward.traffic) {
                let ports = inner(forward, range);
                let port = self.usable(&ports, &forward.traffic);
                found.push(Translation {
                    interface: interface.clone(),
                    family,
                    protocol: protocol(&forward.traffic),
                    source: End::any(),
                    destination: inside.port(&port),
                    target: NOWHERE.to_owned(),
                    port: if forward.traffic.has_ports() {
                        ports.first().map_or_else(String::new, |range| behind(&port, *range))
                    } else {
                        String::new()
                    },
                    descr: descr.clone(),
                    ..Translation::default()
                });
            }
            for translation in found {
                let same = |known: &Translation| {
                    Translation { descr: String::new(), ..known.clone() }
                        == Translation { descr: String::new(), ..translation.clone() }
                };
                if !self.document.translations.iter().any(same) {
                    self.document.translations.push(translation);
                }
            }
        }
    }

    /// Translations know no schedule: outside of it, nothing would tell a packet to the host from one to the forward.
    fn timed_beside(&mut self, forward: &Forward, line: &Line) {
        self.errors.push(
            Diagnostic::error(
                "backend-cannot-express",
                self.span(line.cause),
                "pfsense cannot let packets in to a host at some times only that a forward leads to at all times",
            )
            .label("`during` some times")
            .also(self.span(forward.cause), "leads to the same ports of the host")
            .help("take `during` off, or take the ports of the forward out of the rule"),
        );
    }

    fn redirect(&mut self, forward: &Forward) {
        let span = self.span(forward.cause);
        let targets = forward.target.map(AddressSet::of).unwrap_or_default();
        let except = everything(forward.family).minus(unicast().minus(&targets).family(forward.family));
        let except = words::prefixes(&except, forward.family);
        let name = self.alias("not_redirected", false, forward.family, except, "what is never redirected");
        let to = End { not: true, ..End::address(name) };
        for region in &forward.translated {
            let Place::Zone(id) = region.place else { continue };
            let Some(target) = self.redirected(forward, id) else { continue };
            for source in self.region(region, forward.family, span) {
                for range in ports(&forward.traffic) {
                    self.translate(forward, self.key(id), source.clone(), to.clone(), range, &target, String::new());
                }
            }
        }
    }

    /// Where a redirect leads from a zone: to its host, or to the router's first address there.
    fn redirected(&mut self, forward: &Forward, id: ZoneId) -> Option<String> {
        if let Some(target) = forward.target {
            return Some(target.to_string());
        }
        let zone = self.network.zone(id);
        let own = zone.addresses.iter().find(|own| own.address.is_ipv4() == (forward.family == Family::V4))?;
        if !own.source.is_known() {
            self.errors.push(
                Diagnostic::error(
                    "backend-cannot-express",
                    self.span(forward.cause),
                    format!("pfsense cannot redirect to its own address in zone `{}`, which may change", zone.name),
                )
                .label("leads to the router itself")
                .help("write the router's `address` in the zone first, or redirect to a host"),
            );
            return None;
        }
        Some(own.address.to_string())
    }
}

/// The ports behind a translation that keeps them: where they are a list, the same list, or all would become one.
fn behind(word: &str, (from, _): (u16, u16)) -> String {
    if word.starts_with(|letter: char| letter.is_ascii_alphabetic()) {
        word.to_owned()
    } else {
        from.max(1).to_string()
    }
}

/// The ranges of ports of some traffic, each for a translation of its own; one without ports for other protocols.
pub fn ports(traffic: &Traffic) -> Vec<Option<(u16, u16)>> {
    if traffic.to.is_empty() || !traffic.has_ports() {
        return vec![None];
    }
    traffic.to.iter().copied().map(Some).collect()
}

/// The ports behind a translation.
pub fn inner(forward: &Forward, range: Option<(u16, u16)>) -> Vec<(u16, u16)> {
    forward.port.map(|port| (port, port)).or(range).into_iter().collect()
}

/// The protocol of a translation: pfSense wants a word.
pub fn protocol(traffic: &Traffic) -> String {
    if traffic.protocol.is_none() { "any".to_owned() } else { words::translated_protocol(traffic) }
}
