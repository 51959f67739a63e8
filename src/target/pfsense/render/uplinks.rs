//! The rules towards the internet, and by which uplink they lead there.

use std::collections::BTreeSet;

use super::{Renderer, filter::Sheet};
use crate::{
    diagnostic::Diagnostic,
    model::{AddressSet, Place, ZoneId, address::Intervals},
    packet::Family,
    plan::{Addresses, Line},
};

/// A line towards the internet, with the uplinks by which it may leave.
struct Way {
    line: Line,
    /// The uplink beyond which a private network lies; it leads nowhere else.
    upstream: Option<ZoneId>,
    uplinks: BTreeSet<ZoneId>,
}

impl Renderer<'_> {
    pub(super) fn internet(&mut self, sheet: &mut Sheet, id: ZoneId) {
        let uplinks: BTreeSet<ZoneId> =
            self.network.zone_ids().filter(|(_, zone)| zone.is_internet()).map(|(zone, _)| zone).collect();
        let denied = self.ways(id, &uplinks, |pair| &pair.denied);
        let allowed = self.ways(id, &uplinks, |pair| &pair.allowed);
        let refusal =
            if self.network.router.reject && !self.network.zone(id).is_internet() { "reject" } else { "block" };
        let mut used: Option<BTreeSet<ZoneId>> = None;
        for way in allowed.iter().filter(|way| way.upstream.is_none()) {
            match &used {
                None => used = Some(way.uplinks.clone()),
                Some(known) if *known == way.uplinks => {}
                Some(_) => return self.several_ways(way),
            }
        }
        for way in &denied {
            let covered = used.as_ref().is_none_or(|used| way.upstream.is_some() || used.is_subset(&way.uplinks));
            if !covered {
                self.several_ways(way);
                return;
            }
            self.line(&mut sheet.rules, id, Place::Zone(way.zone()), &way.line, refusal, "", self.span(way.line.cause));
        }
        for way in &allowed {
            let Some(gateway) = self.way_out(way, &uplinks) else { return };
            if !gateway.is_empty() && self.is_answered_elsewhere(id, way.line.family) {
                return self.no_way_back(way);
            }
            self.line(
                &mut sheet.rules,
                id,
                Place::Zone(way.zone()),
                &way.line,
                "pass",
                &gateway,
                self.span(way.line.cause),
            );
        }
    }

    /// The lines from a zone to the internet, those that differ in the uplink alone as one.
    fn ways(
        &self,
        id: ZoneId,
        uplinks: &BTreeSet<ZoneId>,
        side: impl Fn(&crate::plan::Pair) -> &Vec<Line>,
    ) -> Vec<Way> {
        let mut ways: Vec<Way> = Vec::new();
        for uplink in uplinks {
            let Some(pair) = self.book.pairs.get(&(Place::Zone(id), Place::Zone(*uplink))) else { continue };
            let upstream = AddressSet::nets(self.network.zone(*uplink).upstream.iter().copied());
            for line in side(pair) {
                let part = |set: &Intervals| line.to.literal.intersect(set);
                let family = line.family;
                let near = part(upstream.family(family));
                let far = line.to.literal.minus(&near);
                for (to, upstream) in [(near, Some(*uplink)), (far, None)] {
                    if to.is_empty() {
                        continue;
                    }
                    let line = Line { to: Addresses::literal(to), ..line.clone() };
                    match ways.iter_mut().find(|way| way.line == line && way.upstream == upstream) {
                        Some(way) => {
                            way.uplinks.insert(*uplink);
                        }
                        None => ways.push(Way { line, upstream, uplinks: BTreeSet::from([*uplink]) }),
                    }
                }
            }
        }
        ways
    }

    /// The gateway of a way: none if routing may choose.
    fn way_out(&mut self, way: &Way, uplinks: &BTreeSet<ZoneId>) -> Option<String> {
        if way.upstream.is_some() || way.uplinks == *uplinks {
            return Some(String::new());
        }
        let mut only = way.uplinks.iter();
        if let (Some(uplink), None) = (only.next(), only.next())
            && let Some(gateway) = self.gateway(*uplink, way.line.family == Family::V4)
        {
            return Some(gateway);
        }
        self.several_ways(way);
        None
    }

    /// A rule sends packets out by a gateway, or the answers back by one: not both. What comes in by an uplink that is not
    /// the default route needs the latter.
    fn is_answered_elsewhere(&self, id: ZoneId, family: Family) -> bool {
        self.network.zone(id).is_internet() && self.first_uplink(family == Family::V4) != Some(id)
    }

    fn no_way_back(&mut self, way: &Way) {
        self.errors.push(
            Diagnostic::error(
                "backend-cannot-express",
                self.span(way.line.cause),
                "pfsense sends packets of one uplink out by another, or the answers back, and not both",
            )
            .label("leads from one uplink to another")
            .help("take the uplink out of the senders, or of those that are sent to"),
        );
    }

    fn several_ways(&mut self, way: &Way) {
        self.errors.push(
            Diagnostic::error(
                "backend-cannot-express",
                self.span(way.line.cause),
                "pfsense sends a zone by one uplink or by any, and not each packet by another choice of them",
            )
            .label("may leave by some uplinks only")
            .help("give the zone one `egress` and no other uplink `failover`, or allow the internet beyond all uplinks; merged with --base, gateways are known by their names"),
        );
    }
}

impl Way {
    fn zone(&self) -> ZoneId {
        self.uplinks.iter().next().copied().unwrap_or(ZoneId(0))
    }
}
