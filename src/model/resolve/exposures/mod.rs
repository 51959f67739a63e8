//! What opens the network to the outside: `expose`, `vpn`, `redirect`, `reflect`, `home-assistant`.

mod expose;
mod gates;
mod home_assistant;
mod proxied;
mod redirect;
mod reflect;
mod relay;
mod through;
mod tunnel;
mod vpn;

use super::Resolver;
use crate::{
    diagnostic::Diagnostic,
    model::{
        attributes::Attributes,
        load::Space,
        network::{Place, Region, ZoneId},
    },
};

impl Resolver<'_> {
    /// The whole internet by every uplink.
    pub(super) fn internet_regions(&self) -> Vec<Region> {
        self.network
            .zone_ids()
            .filter(|(_, zone)| zone.is_internet())
            .map(|(id, _)| Region { place: Place::Zone(id), addresses: self.internet.clone(), whole: false })
            .collect()
    }

    pub(super) fn is_outside(&self, region: &Region) -> bool {
        matches!(region.place, Place::Zone(id) if self.network.zone(id).is_internet())
    }

    /// The internet zones that `on` names, or all of them.
    fn uplinks(&mut self, attributes: &Attributes<'_>, space: Space) -> Vec<ZoneId> {
        let all: Vec<ZoneId> =
            self.network.zone_ids().filter(|(_, zone)| zone.is_internet()).map(|(id, _)| id).collect();
        let Some(mut arguments) = attributes.get("on") else { return all };
        let mut found = Vec::new();
        for name in arguments.names("an internet zone") {
            let Some(zone) = self.zone_named(&name, space) else { continue };
            if found.contains(&zone) {
                self.report(
                    Diagnostic::error("repeated-attribute", name.span, format!("zone `{}` is named twice", name.text))
                        .label("once is enough"),
                );
            } else if all.contains(&zone) {
                found.push(zone);
            } else if !self.broken_zones.contains(&zone) {
                self.report(
                    Diagnostic::error("not-an-uplink", name.span, format!("zone `{}` is no internet zone", name.text))
                        .label("expected a zone with `role internet`"),
                );
            }
        }
        found
    }
}
