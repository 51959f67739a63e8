//! What listens where: by the words of the hosts, and by those of the rules and exposures that lead to it.

use super::{
    Subject,
    led::{How, by_number},
    subject::host,
};
use crate::{
    diagnostic::Span,
    model::{
        Action, Place, Region, Zone, ZoneId,
        service::{Traffic, Trait},
    },
    packet::Set,
};

/// A service somewhere.
pub struct Offer<'a> {
    pub name: &'a str,
    pub to: Vec<Region>,
    pub traffic: Vec<Traffic>,
    /// The host, or the statement that leads to it.
    pub span: Span,
    /// The host that says so itself; without one it is a rule or an exposure that names the service.
    pub host: Option<&'a str>,
}

impl Offer<'_> {
    /// The packets from some regions to it.
    pub fn packets(&self, subject: &mut Subject<'_>, from: &[Region]) -> Set {
        subject.passing(from, &self.to, &self.traffic)
    }

    /// Is somebody beside it, whom the router does not hold back?
    pub fn is_beside(&self, zone: ZoneId) -> bool {
        self.to.iter().any(|to| to.place == Place::Zone(zone))
    }
}

impl<'a> Subject<'a> {
    /// All services of a trait. What a host says that it `runs` adds to what is known, and is no condition: a rule that
    /// names a service is about that service.
    #[must_use]
    pub fn offers(&self, wanted: Trait) -> Vec<Offer<'a>> {
        let network = self.network;
        let mut found = Vec::new();
        for running in &network.hosts {
            for (name, traffic) in running.runs.iter().filter(|(name, _)| network.is(name, wanted)) {
                let (to, traffic) = (host(running), vec![traffic.clone()]);
                found.push(Offer { name, to, traffic, span: running.span, host: Some(&running.name) });
            }
        }
        for rule in network.rules.iter().filter(|rule| rule.action == Action::Allow && !rule.expired) {
            for (name, traffic) in rule.named.iter().filter(|(name, _)| network.is(name, wanted)) {
                let (to, traffic) = (rule.to.clone(), traffic.clone());
                found.push(Offer { name, to, traffic, span: rule.span, host: None });
            }
        }
        for exposure in network.exposures.iter().filter(|exposure| !exposure.expired) {
            for (name, traffic) in exposure.named.iter().filter(|(name, _)| network.is(name, wanted)) {
                let (to, traffic) = (host(network.host(exposure.host)), traffic.clone());
                found.push(Offer { name, to, traffic, span: exposure.span, host: None });
            }
        }
        found
    }

    /// What rules and forwards from outside lead to that is known by its number alone, with that number.
    #[must_use]
    pub fn guesses(&self, wanted: Trait) -> Vec<(u16, Offer<'a>)> {
        let network = self.network;
        let mut found = Vec::new();
        let mut look = |to: Vec<Region>, traffic: &[Traffic], named: &[(String, Vec<Traffic>)], span: Span| {
            if to.iter().any(|region| region.place == Place::Router) {
                return;
            }
            for known in by_number(network, &to, traffic, named, wanted) {
                let How::Number(protocol, port) = known.how else { continue };
                let traffic = vec![Traffic::ports(protocol, port, port)];
                found.push((port, Offer { name: known.name, to: to.clone(), traffic, span, host: None }));
            }
        };
        let outside = |region: &Region| matches!(region.place, Place::Zone(zone) if network.zone(zone).is_internet());
        let rules = network.rules.iter().filter(|rule| rule.action == Action::Allow && !rule.expired);
        for rule in rules.filter(|rule| rule.from.iter().any(outside)) {
            look(rule.to.clone(), &rule.traffic, &rule.named, rule.span);
        }
        let live = network.exposures.iter().filter(|exposure| !exposure.expired);
        for exposure in live.filter(|exposure| exposure.through.is_none() && exposure.tunnel.is_none()) {
            look(host(network.host(exposure.host)), &exposure.service, &exposure.named, exposure.span);
        }
        found
    }

    /// The packets of the rules that let all of a zone in, and not single hosts of it.
    pub fn by_zone(&mut self, zone: ZoneId) -> Set {
        let place = Place::Zone(zone);
        self.rules(|rule| rule.from.iter().any(|side| side.place == place && side.whole))
    }

    /// The other zones than that of an offer, with their numbers.
    #[must_use]
    pub fn zones_beyond(&self, offer: &Offer<'_>) -> Vec<(ZoneId, &'a Zone)> {
        let network = self.network;
        network.zone_ids().filter(|(zone, _)| !offer.is_beside(*zone)).collect()
    }
}
