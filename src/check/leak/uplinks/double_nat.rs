//! An uplink stands behind another router, which has to forward too.

use super::{
    super::{Finding, Outcome, Subject, subject::warning},
    inbound::{inbound, kind, ports},
};
use crate::model::{Place, Uplink, Zone};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let behind = |zone: &Zone| zone.is_internet() && kind(zone) == Some(Uplink::Private) && !zone.upstream.is_empty();
    if !network.zones.iter().any(behind) {
        return Outcome::NotApplicable("no uplink behind another router");
    }
    let opened = inbound(subject);
    let pfsense = network.router.targets.iter().any(|(target, _)| target == "pfsense");
    let mut found = Vec::new();
    for (id, zone) in network.zone_ids().filter(|(_, zone)| behind(zone)) {
        let here: Vec<_> = opened.iter().filter(|opened| opened.v4 && opened.on.contains(&id)).collect();
        if here.is_empty() {
            continue;
        }
        let own = zone.addresses.iter().find(|own| own.source.is_known() && own.address.is_ipv4());
        let own = own.map_or_else(|| "the address that it gives this router".to_owned(), |own| own.address.to_string());
        let mut diagnostic = warning(
            zone.span,
            format!("`{}` stands behind another router, which has to forward what is opened here", zone.name),
        )
        .label("translated twice");
        let mut told = Vec::new();
        for opened in here {
            diagnostic = diagnostic.also(opened.span, "opened here");
            let ports = ports(opened);
            // Several names behind one proxy are one forward.
            if !told.contains(&ports) {
                let each = if opened.ports.len() > 1 { "each to" } else { "to" };
                diagnostic = diagnostic.note(format!("there: forward {ports} to {own}, {each} the same port"));
                told.push(ports);
            }
        }
        if pfsense {
            diagnostic = diagnostic.note(
                "pfSense: leave `Block private networks` of this interface off, or what comes from the other router's network is dropped",
            );
        }
        let diagnostic = diagnostic.help("let the other router be a bridge (modem mode) if it can, then there is one router; else `waive` this once it forwards");
        found.push(Finding::place(diagnostic, Place::Zone(id)));
    }
    Outcome::Decided(found)
}
