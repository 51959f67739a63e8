//! A service without a login is reachable from another zone.

use super::super::{
    Finding, Outcome, Subject,
    offers::Offer,
    subject::{host, is_untrusted, region, warning},
};
use crate::{
    diagnostic::Severity,
    model::{AddressSet, Region, Zone, ZoneId, service::Trait},
    packet::Set,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let offers = subject.offers(Trait::LoginNone);
    if offers.is_empty() {
        return Outcome::NotApplicable("no service without a login");
    }
    // Home Assistant is whom these services are made for.
    let homes: Vec<_> = subject.home_assistants().iter().flat_map(|(_, found)| host(found)).collect();
    let mut found = Vec::new();
    let mut told = Set::EMPTY;
    for offer in &offers {
        // Who shares a zone with it is not held back by the router.
        for (zone, sender) in subject.zones_beyond(offer) {
            let packets = from_zone(subject, offer, (zone, sender));
            let wanted = offer.packets(subject, &homes);
            let packets = subject.without(packets, wanted);
            // What a host says itself, a rule that names it does not say again.
            let packets = subject.without(packets, told);
            told = subject.space().union(told, packets);
            let severity = subject.by_sender(zone, Severity::Error, Severity::Warning);
            let of = offer.host.map_or_else(String::new, |host| format!(" of `{host}`"));
            let diagnostic = warning(
                offer.span,
                format!("`{}`{of} asks nobody for a login, and `{}` reaches it", offer.name, sender.name),
            )
            .label("lets it in")
            .help("use the port with a login, or let only the host in that needs it");
            found.push(Finding::packets(diagnostic, packets).with_severity(severity));
        }
    }
    Outcome::Decided(found)
}

/// What of a zone reaches it: of a zone that is trusted not the single hosts that a rule names, for they are those that
/// need it, nor its administrators where it is made for these.
fn from_zone(subject: &mut Subject<'_>, offer: &Offer<'_>, (zone, sender): (ZoneId, &Zone)) -> Set {
    let trusted = !sender.is_internet() && !is_untrusted(sender.role);
    let mut from = region(zone);
    if trusted && subject.network.is(offer.name, Trait::Management) {
        let admins = subject.hosts().filter(|(_, host)| host.admin).map(|(_, host)| host.address_set(Some(zone)));
        let admins = admins.fold(AddressSet::default(), |all, own| all.union(&own));
        from = Region { addresses: from.addresses.minus(&admins), whole: false, ..from };
    }
    let packets = offer.packets(subject, &[from]);
    if !trusted {
        return packets;
    }
    let wide = subject.by_zone(zone);
    subject.space().intersect(packets, wide)
}
