//! Rules for the internet towards addresses that nobody out there can send to.

use crate::{
    diagnostic::{Diagnostic, Severity},
    model::{
        Action, AddressSet, Network, Place, Region, Rule, Uplink,
        address::{Intervals, reserved_v4},
    },
};

/// A note for every rule that waits for packets which only a forward could bring.
pub fn run(network: &Network) -> Vec<Diagnostic> {
    let outside = |from: &Region| match from.place {
        // Behind another router that one may forward or route to an inner address.
        Place::Zone(zone) => {
            let zone = network.zone(zone);
            let upstream = AddressSet::nets(zone.upstream.iter().copied());
            let translated = zone.is_internet() && zone.masquerade && zone.uplink != Some(Uplink::Private);
            translated && from.addresses.intersect(&upstream).is_empty()
        }
        Place::Router => false,
    };
    let private = |to: &Region| {
        let inside = matches!(to.place, Place::Zone(zone) if !network.zone(zone).is_internet());
        inside && to.addresses.v6 == Intervals::default() && to.addresses.minus(&reserved_v4()).is_empty()
    };
    let waits = |rule: &&Rule| {
        let ends = !rule.from.is_empty() && !rule.to.is_empty();
        rule.action == Action::Allow
            && !rule.expired
            && ends
            && rule.from.iter().all(outside)
            && rule.to.iter().all(private)
    };
    let note = |rule: &Rule| {
        let found = Diagnostic::warning("unaskable", rule.span, "nobody out there can send to a private address");
        Diagnostic { severity: Severity::Note, ..found }
            .label("lets in what never comes")
            .help("to forward the router's port, write `expose HOST : SERVICE`; `from` says who may ask")
    };
    network.rules.iter().filter(waits).map(note).collect()
}
