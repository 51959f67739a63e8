//! What closes behind translations.
//!
//! firewall4 writes `ct status dnat accept` into every zone that a redirect or a reflection touches, behind the rules of
//! the zone. A translation shall grant nothing: so behind everything that the policy allows stands a rule that refuses
//! what else would go to the same end.

use super::{
    Renderer,
    drafts::kind,
    filter::{family_word, time_options, traffic_options, with_ports},
    times::slices,
    uci::Section,
    words,
};
use crate::{
    model::{Place, ZoneId, service::Traffic},
    packet::{Family, Field, Ranges},
    policy::{Cause, Forward},
};

/// What has to be refused behind a translation.
#[derive(Clone, Debug, PartialEq)]
pub struct Closing {
    pub cause: Cause,
    pub from: ZoneId,
    /// The zone of the target; none is the router.
    pub to: Option<ZoneId>,
    pub target: Option<std::net::IpAddr>,
    pub family: Family,
    /// After translation.
    pub traffic: Traffic,
    /// When it is closed; none is always.
    pub minutes: Option<Ranges>,
}

impl Closing {
    /// Behind what a forward sends from a zone.
    pub fn of(forward: &Forward, from: ZoneId) -> Self {
        Self {
            cause: forward.cause,
            from,
            to: forward.zone,
            target: forward.target,
            family: forward.family,
            traffic: inner(forward),
            minutes: None,
        }
    }

    /// While the schedule of a forward does not run.
    pub fn outside(forward: &Forward, from: ZoneId, minutes: &Ranges) -> Self {
        Self { minutes: Some(minutes.complement(Field::Minute)), ..Self::of(forward, from) }
    }
}

/// The traffic of a forward after its translation.
pub fn inner(forward: &Forward) -> Traffic {
    match forward.port {
        Some(port) => with_ports(&forward.traffic, vec![(port, port)]),
        None => forward.traffic.clone(),
    }
}

impl Renderer<'_> {
    pub(super) fn closings(&mut self, closings: &[Closing]) -> Vec<Section> {
        let mut sections = Vec::new();
        let mut written: Vec<&Closing> = Vec::new();
        for closing in closings {
            if written.contains(&closing) {
                continue;
            }
            written.push(closing);
            let Ok(kind) = kind(&Traffic { from: Vec::new(), ..closing.traffic.clone() }) else { continue };
            let times = match &closing.minutes {
                None => vec![None],
                Some(minutes) => slices(minutes).into_iter().map(Some).collect(),
            };
            for time in times {
                let to = closing.to.map_or(Place::Router, Place::Zone);
                let from = Place::Zone(closing.from);
                let name = format!(
                    "nothing else from {} to {}, {}",
                    self.place_word(from),
                    self.place_word(to),
                    self.origins.of(closing.cause)
                );
                let mut rule = self.section("rule").set("name", words::name(&name)).set("src", self.zone(closing.from));
                // A target beyond an uplink may be routed by another interface too.
                let anywhere = closing.to.is_some_and(|zone| self.network.zone(zone).is_internet());
                if let Some(zone) = closing.to {
                    rule = rule.set("dest", if anywhere { "*" } else { self.zone(zone) });
                }
                rule = traffic_options(rule.set("family", family_word(closing.family)), &kind);
                rule = rule.list("dest_ip", closing.target.map(|target| target.to_string()));
                sections.push(time_options(rule, time.as_ref()).set("target", self.refusal(from)));
            }
        }
        sections
    }
}
