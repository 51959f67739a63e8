//! From statements to packets between places.

use std::collections::BTreeMap;

use super::{Builder, End, Key, Kind};
use crate::{
    diagnostic::Span,
    model::{AddressSet, CatchAll, HostId, Network, Options, Place, Region, service::Traffic},
    packet::Set,
    policy::{Cause, Flow, between, flow_set},
};

impl Builder<'_> {
    /// Rules, reflectors, VPN ports and exposures that need no translation.
    pub(super) fn allowed(&mut self) {
        let denied = self.meant.meaning.flows.denied.clone();
        let denied = self.set_of(&denied);
        let mut groups: BTreeMap<(Cause, Place, Place, Vec<String>), Vec<Flow>> = BTreeMap::new();
        for flow in self.meant.meaning.flows.allowed.clone() {
            // Of all that the router may send, what its proxy asks is told.
            let asks = matches!(flow.cause, Cause::Exposure(..));
            if flow.from.place == Place::Router && self.network.router.output_open && !asks {
                continue;
            }
            let conditions = self.conditions(&flow.options);
            groups.entry((flow.cause, flow.from.place, flow.to.place, conditions)).or_default().push(flow);
        }
        for ((cause, from, to, conditions), flows) in groups {
            let all = self.set_of(&flows);
            let all = self.meant.space.intersect(all, self.reaching);
            let all = self.meant.space.minus(all, denied);
            let all = self.ordinary(all, from);
            self.add(all, (from, to), self.kind(cause, from), None, &conditions, cause.span());
        }
    }

    /// Exposures and VPNs by translation, and where the packets go in the end.
    pub(super) fn forwarded(&mut self) {
        for forward in self.meant.meaning.forwards.clone() {
            let (Some(target), Some(zone)) = (forward.target, forward.zone) else { continue };
            let to = Place::Zone(zone);
            let inner = Traffic {
                to: forward.port.map_or_else(|| forward.traffic.to.clone(), |port| vec![(port, port)]),
                ..forward.traffic.clone()
            };
            let region = [Region { place: to, addresses: AddressSet::of(target), whole: false }];
            let conditions = self.conditions(&forward.options);
            let public = forward.port.map(|_| forward.traffic.to_string());
            for from in &forward.granted {
                let space = &mut self.meant.space;
                let all = between(std::slice::from_ref(from), &region, std::slice::from_ref(&inner), space);
                let all = space.intersect(all, self.reaching);
                let kind = self.kind(forward.cause, from.place);
                self.add(all, (from.place, to), kind, public.clone(), &conditions, forward.cause.span());
            }
        }
    }

    /// Exposures that come in by a tunnel which a host of the policy opens itself: no router sees their packets.
    pub(super) fn tunnelled(&mut self) {
        for exposure in self.network.exposures.iter().filter(|exposure| !exposure.expired) {
            let Some(tunnel) = &exposure.tunnel else { continue };
            let Some((internet, _)) = self.network.zone_ids().find(|(_, zone)| zone.is_internet()) else { continue };
            let mut scope = vec!["inside a tunnel that the router does not see into".to_owned()];
            if tunnel.host != exposure.host {
                scope.push(format!("through {}", self.network.host(tunnel.host).name));
            }
            if tunnel.access {
                scope.push("after a login at its provider".to_owned());
            }
            let conditions = self.conditions(&exposure.options);
            let mut draw = |to: End, words: &str, span: Span| {
                let (from, kind) = (End::Zone(internet), Kind::Tunnel);
                let key = Key { from, to, kind, public: None, scope: scope.clone(), conditions: conditions.clone() };
                let drawn = self.edges.entry(key).or_default();
                drawn.words.push(words.split_whitespace().collect::<Vec<_>>().join(" "));
                drawn.spans.insert(span);
            };
            draw(End::Host(exposure.host), &exposure.service_text, exposure.span);
            let rest = if let CatchAll::To(target) = &tunnel.catch_all { Some(target) } else { None };
            for one in tunnel.publishes.iter().chain(rest) {
                let words = one.text.rsplit_once(':').map_or(one.text.as_str(), |(_, services)| services);
                for region in &one.to {
                    for end in published(self.network, region) {
                        draw(end, words, one.span);
                    }
                }
            }
        }
    }

    /// What no router parts: hosts of one zone, and the second legs of hosts.
    pub(super) fn beside(&mut self) {
        let network = self.network;
        let edge = |from, to, kind| Key { from, to, kind, public: None, scope: Vec::new(), conditions: Vec::new() };
        for (id, zone) in network.zone_ids().filter(|(_, zone)| !zone.isolated && !zone.is_internet()) {
            let drawn = self.edges.entry(edge(End::Zone(id), End::Zone(id), Kind::SameZone)).or_default();
            drawn.words.push("unfiltered".to_owned());
            drawn.spans.insert(zone.span);
        }
        for (index, host) in network.hosts.iter().enumerate() {
            for zone in host.zones.iter().skip(1) {
                let key = edge(End::Host(HostId(index)), End::Zone(*zone), Kind::SecondLeg);
                let drawn = self.edges.entry(key).or_default();
                drawn.words.push("a second leg, past the router".to_owned());
                drawn.spans.insert(host.span);
            }
        }
    }

    fn set_of(&mut self, flows: &[Flow]) -> Set {
        let meant = &mut *self.meant;
        flow_set(self.network, &meant.standing, &mut meant.limits, &mut meant.space, flows)
    }

    fn kind(&self, cause: Cause, from: Place) -> Kind {
        let outside = matches!(from, Place::Zone(zone) if self.network.zone(zone).is_internet());
        match cause {
            Cause::Exposure(..) if outside => Kind::Exposure,
            Cause::Vpn(..) => Kind::Tunnel,
            Cause::Reflector(..) => Kind::Reflector,
            Cause::Rule(index, _) if self.network.rules.get(index).is_some_and(|rule| rule.integration.is_some()) => {
                Kind::Integration
            }
            _ => Kind::Rule,
        }
    }

    fn conditions(&self, options: &Options) -> Vec<String> {
        let mut found = Vec::new();
        if let Some((schedule, _)) = options.during
            && let Some(schedule) = self.network.schedules.get(schedule.0)
        {
            found.push(format!("during {}", schedule.name));
        }
        if let Some((limit, _)) = options.limit {
            found.push(format!("at most {} a {}", limit.count, limit.unit.word()));
        }
        if let Some((date, _)) = options.until {
            found.push(format!("until {date}"));
        }
        found
    }

    /// Without sources that only say how a host finds the router: link-local ones, and none yet.
    fn ordinary(&mut self, set: Set, from: Place) -> Set {
        let Place::Zone(zone) = from else { return set };
        let own = self.network.zone(zone);
        if own.is_internet() {
            return set;
        }
        let from = [Region { place: from, addresses: own.network_set(), whole: true }];
        let everywhere: Vec<Region> = std::iter::once(Place::Router)
            .chain(self.network.zone_ids().map(|(id, _)| Place::Zone(id)))
            .map(|place| Region { place, addresses: AddressSet::all(), whole: true })
            .collect();
        let space = &mut self.meant.space;
        let known = between(&from, &everywhere, &[Traffic::ANY], space);
        let found = space.intersect(set, known);
        if found.is_empty() { set } else { found }
    }
}

/// The nodes that a tunnel leads to: the router, hosts, or a zone.
fn published(network: &Network, region: &Region) -> Vec<End> {
    let Place::Zone(zone) = region.place else { return vec![End::Router] };
    let mut left = region.addresses.clone();
    let mut found = Vec::new();
    for (index, host) in network.hosts.iter().enumerate() {
        let own = host.address_set(Some(zone)).intersect(&region.addresses);
        if !own.is_empty() {
            left = left.minus(&own);
            found.push(End::Host(HostId(index)));
        }
    }
    if !left.is_empty() {
        found.push(End::Zone(zone));
    }
    found
}
