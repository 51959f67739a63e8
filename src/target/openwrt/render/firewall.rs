//! The package `firewall`: defaults, zones, sets, rules, redirects and includes, in the order of a reader's interest.

use super::{
    FOLDER, Renderer,
    closing::Closing,
    uci::{Package, Section},
};
use crate::model::Role;

impl Renderer<'_> {
    pub(super) fn firewall(&mut self) -> Package {
        let mut closings: Vec<Closing> = Vec::new();
        let zones = self.zones();
        let rules = self.filter();
        let redirects = self.forwards(&mut closings);
        let closing = self.closings(&closings);
        let mut sections = vec![self.defaults()];
        sections.extend(zones);
        sections.extend(self.set_sections());
        sections.extend(rules);
        sections.extend(closing);
        sections.extend(redirects);
        sections.extend(self.include_sections());
        Package { name: "firewall", sections }
    }

    /// What becomes of a packet that no zone decides over. Helpers stay off: what they expect, no rule allows.
    fn defaults(&self) -> Section {
        let router = &self.network.router;
        Section::new("defaults", "hedgerow_defaults")
            .set("input", if router.reject { "REJECT" } else { "DROP" })
            .set("output", if router.output_open { "ACCEPT" } else { "DROP" })
            .set("forward", if router.reject { "REJECT" } else { "DROP" })
            .set("drop_invalid", "1")
            .set("auto_helper", "0")
    }

    fn zones(&self) -> Vec<Section> {
        let mut sections = Vec::new();
        for (zone, names) in self.network.zones.iter().zip(&self.names).filter(|(zone, _)| zone.behind.is_none()) {
            let refusal = if zone.is_internet() || !self.network.router.reject { "DROP" } else { "REJECT" };
            let narrow = zone.is_internet() || zone.role == Role::Vpn;
            sections.push(
                Section::new("zone", format!("hedgerow_zone_{}", names.network))
                    .note(format!("zone {}", zone.name))
                    .set("name", &names.network)
                    .list("network", names.networks())
                    .list("device", names.devices())
                    .set("input", refusal)
                    .set("output", if self.network.router.output_open { "ACCEPT" } else { "DROP" })
                    .set("forward", refusal)
                    .maybe("masq", zone.masquerade.then_some("1"))
                    .maybe("mtu_fix", narrow.then_some("1")),
            );
        }
        sections
    }

    fn include_sections(&self) -> Vec<Section> {
        let include = |name: &str, file: &str, position: &str| {
            Section::new("include", format!("hedgerow_include_{name}"))
                .set("type", "nftables")
                .set("path", format!("{FOLDER}/{file}"))
                .set("position", position)
        };
        let mut sections = vec![
            include("table", super::include::TABLE, "table-append")
                .note("UCI has no words for these: see the comments in the files"),
        ];
        if self.refuses_silently() {
            sections.push(include("forward", super::include::FORWARD, "chain-append").set("chain", "forward"));
        }
        for uplink in &self.changing {
            let zone = self.zone(*uplink);
            sections.push(
                include(&format!("dstnat_{zone}"), super::include::DSTNAT, "chain-prepend")
                    .set("chain", format!("dstnat_{zone}")),
            );
        }
        sections
    }
}
