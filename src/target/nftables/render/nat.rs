//! Translations: port forwards, redirects, masquerading.

use super::{Renderer, document::ChainBlock, filter::nfproto, matches, once, words};
use crate::{
    diagnostic::Diagnostic,
    model::{AddressSet, OwnAddress, Place, Region, ZoneId, address::Intervals, service::UDP},
    packet::Family,
    plan::Addresses,
    policy::{Forward, Original, unicast},
};

impl Renderer<'_> {
    pub(super) fn destination_nat(&mut self) -> Option<ChainBlock> {
        let mut chain = ChainBlock::new(
            "destination",
            "where a forward or redirect leads; lets nothing in by itself",
            "type nat hook prerouting priority dstnat; policy accept;",
        );
        let book = self.book;
        for forward in &book.forwards {
            match &forward.original {
                Original::Uplinks(zones) => self.port_forward(&mut chain, forward, zones),
                Original::Anyone => self.redirect(&mut chain, forward),
            }
        }
        (!chain.rules.is_empty()).then_some(chain)
    }

    fn port_forward(&mut self, chain: &mut ChainBlock, forward: &Forward, zones: &[ZoneId]) {
        let kind = matches::traffic(&forward.traffic);
        let end = Self::dnat(forward);
        let place = self.origins.of(forward.cause);
        for region in &forward.granted {
            let Place::Zone(id) = region.place else { continue };
            let interface = self.interface(id);
            let to = self.own_address(id);
            // The answers that the router's own DHCP client waits for come from anywhere, past the guards.
            let guarded = !(forward.traffic.protocol == Some(UDP) && covers(&forward.traffic.to, 68));
            let sources = self.widened(region.addresses.family(Family::V4), region.place, Family::V4, guarded);
            for source in matches::side(&Addresses::literal(sources), Family::V4, "saddr", &Intervals::default()) {
                chain.noted(format!("iifname {interface} {source}{to}{kind}{end}"), place.clone());
            }
        }
        if forward.translated.is_empty() {
            return;
        }
        let interfaces = once(forward.translated.iter().filter_map(|region| match region.place {
            Place::Zone(id) => Some(self.interface(id)),
            Place::Router => None,
        }));
        // What a DHCP client sends before it has an address is for the router.
        let from = if forward.traffic.protocol == Some(UDP) && covers(&forward.traffic.to, 67) {
            "ip saddr != 0.0.0.0 "
        } else {
            ""
        };
        if let Some(to) = self.hairpin_address(forward, zones) {
            chain.noted(
                format!("iifname {} {from}{to}{kind}{end}", words::one_of(&interfaces)),
                format!("{place}, from inside"),
            );
        }
    }

    /// The match of "the router's address in this internet zone" for packets that arrive there.
    fn own_address(&self, zone: ZoneId) -> String {
        let own = || self.network.zone(zone).addresses.iter().filter(|own| own.address.is_ipv4());
        if own().all(|own| own.source.is_known()) {
            let list: Vec<String> = own().map(|own| own.address.to_string()).collect();
            return format!("ip daddr {} ", words::one_of(&list));
        }
        "fib daddr . iif type local ".to_owned()
    }

    /// The match of "the router's address in these internet zones" for packets from inside, which arrive elsewhere.
    fn hairpin_address(&mut self, forward: &Forward, zones: &[ZoneId]) -> Option<String> {
        let unknown = |own: &&OwnAddress| own.address.is_ipv4() && !own.source.is_known();
        let addresses = |ids: &mut dyn Iterator<Item = ZoneId>| -> Vec<&OwnAddress> {
            ids.flat_map(|id| &self.network.zone(id).addresses).filter(|own| own.address.is_ipv4()).collect()
        };
        let wanted = addresses(&mut zones.iter().copied());
        if !wanted.iter().any(unknown) {
            let list: Vec<String> = wanted.iter().map(|own| own.address.to_string()).collect();
            return Some(format!("ip daddr {} ", words::one_of(&list)));
        }
        let others = addresses(
            &mut self
                .network
                .zone_ids()
                .filter(|(id, zone)| zone.is_internet() && !zones.contains(id))
                .map(|(id, _)| id),
        );
        if others.iter().any(unknown) {
            let span = forward.cause.span().unwrap_or_default();
            self.errors.push(
                Diagnostic::error("backend-cannot-express", span, "nftables cannot tell the changing addresses of two uplinks apart from inside")
                    .label("reachable from inside by which of them?")
                    .help("write the `address` of one uplink, take the forward on both, or set `hairpin off` and answer the name by split DNS"),
            );
            return None;
        }
        // Every address of the router but those inside: what is left is the uplinks'.
        let inside = self
            .network
            .zones
            .iter()
            .filter(|zone| !zone.is_internet())
            .flat_map(|zone| zone.networks.iter().map(|network| network.net));
        let inside = AddressSet::nets(inside)
            .v4
            .union(&others.iter().fold(AddressSet::default(), |set, own| set.union(&AddressSet::of(own.address))).v4);
        Some(format!("fib daddr type local ip daddr != {} ", words::one_of(&words::addresses(&inside, Family::V4))))
    }

    fn redirect(&mut self, chain: &mut ChainBlock, forward: &Forward) {
        let kind = matches::traffic(&forward.traffic);
        let end = Self::dnat(forward);
        let place = self.origins.of(forward.cause);
        if let Some(address) = forward.target
            && self.is_stand_in(address)
        {
            self.errors.push(
                Diagnostic::error(
                    "backend-cannot-express",
                    forward.cause.span().unwrap_or_default(),
                    "nftables cannot redirect to a host below a prefix that may change",
                )
                .label("its IPv6 address is not known")
                .help("give the host an IPv6 address of its own (fd00::/8) before its `suffix`, or no IPv6 address"),
            );
            return;
        }
        let targets = forward.target.map(AddressSet::of).unwrap_or_default();
        let except = matches::everything(forward.family).minus(unicast().minus(&targets).family(forward.family));
        let ip = if forward.family == Family::V4 { "ip" } else { "ip6" };
        let to = format!("{ip} daddr != {} ", words::one_of(&words::addresses(&except, forward.family)));
        for region in &forward.translated {
            for (interface, source) in self.arrivals(region, forward) {
                chain.noted(format!("iifname {interface} {source}{to}{kind}{end}"), place.clone());
            }
        }
    }

    fn arrivals(&mut self, region: &Region, forward: &Forward) -> Vec<(String, String)> {
        let Place::Zone(id) = region.place else { return Vec::new() };
        let interface = self.interface(id);
        match Addresses::of(self.network, region.place, region.addresses.family(forward.family), forward.family) {
            Ok(from) => {
                let literal = self.literal(region.place);
                matches::side(&from, forward.family, "saddr", &literal)
                    .into_iter()
                    .map(|source| (interface.clone(), source))
                    .collect()
            }
            Err(_) => {
                self.errors.push(
                    Diagnostic::error(
                        "backend-cannot-express",
                        forward.cause.span().unwrap_or_default(),
                        "this names a part of a delegated IPv6 network that no router can be told",
                    )
                    .label("holds a range below a prefix that may change"),
                );
                Vec::new()
            }
        }
    }

    /// Does the address lie below a delegated prefix?
    fn is_stand_in(&self, address: std::net::IpAddr) -> bool {
        self.network
            .zones
            .iter()
            .flat_map(|zone| &zone.networks)
            .any(|network| network.delegated.is_some() && network.net.contains(&address))
    }

    fn dnat(forward: &Forward) -> String {
        let port = forward.port.map(|port| format!(":{port}")).unwrap_or_default();
        match (forward.target, forward.family) {
            (Some(target), Family::V4) => format!("counter dnat ip to {target}{port}"),
            (Some(target), Family::V6) if port.is_empty() => format!("counter dnat ip6 to {target}"),
            (Some(target), Family::V6) => format!("counter dnat ip6 to [{target}]{port}"),
            (None, _) if port.is_empty() => "counter redirect".to_owned(),
            (None, _) => format!("counter redirect to {port}"),
        }
    }

    pub(super) fn source_nat(&mut self) -> Option<ChainBlock> {
        let mut chain = ChainBlock::new(
            "source",
            "whose address the receiver sees",
            "type nat hook postrouting priority srcnat; policy accept;",
        );
        for (id, zone) in self.network.zone_ids() {
            if let Some(egress) = &zone.egress
                && let Some(address) = egress.from
            {
                let (family, ip) = if address.is_ipv4() { (Family::V4, "ip") } else { (Family::V6, "ip6") };
                chain.noted(
                    format!(
                        "iifname {} oifname {} {}counter snat {ip} to {address}",
                        self.interface(id),
                        self.interface(egress.zone),
                        nfproto(family)
                    ),
                    format!("{} leaves as {address}", zone.name),
                );
            }
        }
        let uplinks = self.interfaces(|zone| zone.masquerade);
        if !uplinks.is_empty() {
            chain.rule(format!("oifname {} meta nfproto ipv4 counter masquerade", words::one_of(&uplinks)));
        }
        self.as_router(&mut chain);
        for interface in self.returning() {
            chain.noted(
                format!("iifname {interface} oifname {interface} ct status dnat counter masquerade"),
                "back into its own zone: the answer has to come by the router",
            );
        }
        (!chain.rules.is_empty()).then_some(chain)
    }

    /// The interfaces by which a forward sends packets back to where they came from.
    fn returning(&self) -> Vec<String> {
        let back = |forward: &Forward, id: ZoneId| {
            let regions = forward.granted.iter().chain(&forward.translated);
            let link = |zone: ZoneId| self.network.link(zone) == id;
            forward.zone.is_some_and(link)
                && regions.into_iter().any(|region| matches!(region.place, Place::Zone(zone) if link(zone)))
        };
        let returns = |id: ZoneId| self.book.forwards.iter().any(|forward| back(forward, id));
        self.network.zone_ids().filter(|(id, _)| returns(*id)).map(|(id, _)| self.interface(id)).collect()
    }

    /// What a rule shows under the router's address in the receiver's zone.
    fn as_router(&mut self, chain: &mut ChainBlock) {
        let book = self.book;
        for ((from, to), pair) in &book.pairs {
            let Place::Zone(out) = to else { continue };
            for line in pair.allowed.iter().filter(|line| line.options.as_router) {
                let ends = match from {
                    Place::Zone(zone) => format!("iifname {} oifname {} ", self.interface(*zone), self.interface(*out)),
                    Place::Router => continue,
                };
                let (literal_from, literal_to) = (self.literal(*from), self.literal(*to));
                for source in matches::side(&line.from, line.family, "saddr", &literal_from) {
                    for destination in matches::side(&line.to, line.family, "daddr", &literal_to) {
                        let guard = if source.is_empty() && destination.is_empty() { nfproto(line.family) } else { "" };
                        for time in self.times(&line.options) {
                            chain.noted(
                                format!(
                                    "{ends}{guard}{source}{destination}{}{time}counter masquerade",
                                    matches::traffic(&line.traffic)
                                ),
                                self.origins.of(line.cause),
                            );
                        }
                    }
                }
            }
        }
    }
}

/// Is the port among these, or are these every port?
fn covers(ports: &[(u16, u16)], port: u16) -> bool {
    ports.is_empty() || ports.iter().any(|(from, to)| (*from..=*to).contains(&port))
}
