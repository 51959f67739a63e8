//! Gateways of uplinks, and the group of them by which IPv4 leaves when one is down.

use super::{
    Renderer,
    base::GatewayGroup,
    document::{Failover, Gateway},
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::Zone,
};

/// What the group is called, where the base has nothing of this name.
const NAME: &str = "FAILOVER";
/// The tiers of an uplink in use, and of one that stands in.
const TIERS: (u8, u8) = (1, 2);

impl Renderer<'_> {
    /// Gateways of new uplinks with a written address, and the group that stands in for one that is down.
    pub(super) fn failover(&mut self) {
        let mut members = Vec::new();
        let mut nameless: Option<&Zone> = None;
        for (id, zone) in self.network.zone_ids().filter(|(_, zone)| zone.is_internet()) {
            match self.gateway(id, true) {
                Some(name) => members.push((name, if zone.failover { TIERS.1 } else { TIERS.0 })),
                None if zone.addresses.iter().any(|own| own.address.is_ipv4()) => nameless = Some(zone),
                None => {}
            }
            if self.is_in_base(id) {
                continue;
            }
            if zone.addresses.iter().any(|own| own.address.is_ipv4() && own.source.is_known()) {
                self.document.gateways.push(Gateway {
                    interface: self.key(id),
                    name: format!("{}GW", self.descr(id)),
                    family: "inet",
                    address: zone.gateway(true).map(|gateway| gateway.to_string()),
                    host: None,
                });
            }
            if let Some(gateway) = zone.gateway(false) {
                self.document.gateways.push(Gateway {
                    interface: self.key(id),
                    name: format!("{}GW6", self.descr(id)),
                    family: "inet6",
                    address: Some(gateway.to_string()),
                    host: None,
                });
            }
        }
        let stands_in = self.network.zones.iter().find(|zone| zone.is_internet() && zone.failover);
        match (stands_in, nameless) {
            (Some(_), Some(zone)) => self.errors.push(
                Diagnostic::error(
                    "base-differs",
                    zone.span,
                    format!("uplink `{}` has no gateway in the base, so that none can stand in for it", zone.name),
                )
                .label("is an interface of the base")
                .help("add its gateway in pfSense (System > Routing > Gateways) and save a new backup"),
            ),
            (Some(zone), None) => self.group(zone.span, members),
            (None, _) => {
                // A group of a run before is gone with the policy that asked for it, and nothing may lead to it.
                let before = self.base.groups.iter().find(|group| group.ours).map(|group| group.name.clone());
                if before.is_some() && self.base.default_gateway == before {
                    self.document.default_gateway = Some(String::new());
                }
            }
        }
    }

    /// The group: that of the base if it is the way out there, and one of ours where nothing says what the way out is.
    fn group(&mut self, span: Span, members: Vec<(String, u8)>) {
        let base = &self.base;
        let agrees = |group: &&GatewayGroup| !group.ours && same_order(&group.members, &members);
        let ours = base.groups.iter().find(|group| group.ours).map(|group| group.name.clone());
        let default = base.default_gateway.clone().unwrap_or_default();
        if !default.is_empty() && ours.as_ref() != Some(&default) {
            if base.groups.iter().filter(agrees).any(|group| group.name == default) {
                return;
            }
            let told: Vec<String> = members.iter().map(|(name, tier)| format!("{name} in tier {tier}")).collect();
            self.errors.push(
                Diagnostic::error(
                    "base-differs",
                    span,
                    format!("IPv4 leaves by `{default}` in the base, which is not the order of these uplinks"),
                )
                .label("stands in for another uplink")
                .help(format!(
                    "set the default gateway of IPv4 to automatic in pfSense (System > Routing) and save a new backup, or to a group of {}",
                    told.join(", ")
                )),
            );
            return;
        }
        if default.is_empty()
            && let Some(theirs) = base.groups.iter().find(agrees)
        {
            self.document.default_gateway = Some(theirs.name.clone());
            return;
        }
        let taken = |name: &String| {
            base.groups.iter().any(|group| !group.ours && group.name == *name)
                || base.gateways.iter().any(|gateway| gateway.name == *name)
                || base.names.contains(name)
        };
        let names = std::iter::once(NAME.to_owned()).chain((2..).map(|number| format!("{NAME}_{number}")));
        let name = ours.or_else(|| names.into_iter().find(|name| !taken(name))).unwrap_or_default();
        self.document.default_gateway = Some(name.clone());
        self.document.failover = Some(Failover { name, members });
    }
}

/// Are these the same gateways, and those that stand in later than all others?
fn same_order(theirs: &[(String, u8)], ours: &[(String, u8)]) -> bool {
    let tier = |name: &String| theirs.iter().find(|(known, _)| known == name).map(|(_, tier)| *tier);
    let tiers = |wanted: u8| ours.iter().filter(move |(_, tier)| *tier == wanted).map(|(name, _)| tier(name));
    let Some(first) = tiers(TIERS.0).collect::<Option<Vec<u8>>>() else { return false };
    let Some(later) = tiers(TIERS.1).collect::<Option<Vec<u8>>>() else { return false };
    theirs.len() == ours.len() && first.iter().all(|first| later.iter().all(|later| first < later))
}
