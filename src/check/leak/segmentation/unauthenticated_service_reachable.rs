//! A service without a login is reachable from another zone.

use super::super::{
    Finding, Outcome, Subject,
    led::{By, How, guessed},
    offers::Offer,
    subject::{error, host, is_untrusted, region, warning},
};
use crate::{
    diagnostic::Severity,
    model::{AddressSet, Region, Zone, ZoneId, service::Trait},
    packet::Set,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let offers = subject.offers(Trait::LoginNone);
    let led = led(subject);
    let guesses = subject.guesses(Trait::LoginNone);
    if offers.is_empty() && led.is_empty() && guesses.is_empty() {
        return Outcome::NotApplicable("no service without a login");
    }
    // Home Assistant is whom these services are made for.
    let homes: Vec<_> = subject.home_assistants().iter().flat_map(|(_, found)| host(found)).collect();
    let mut found = led;
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
    let outside = subject.outside();
    for (port, offer) in guesses {
        let packets = offer.packets(subject, &outside);
        let packets = subject.without(packets, told);
        let text = format!("`{}` asks nobody for a login, and the internet reaches it", offer.name);
        let diagnostic = warning(offer.span, text)
            .label("lets it in")
            .note(guessed(port, offer.name))
            .help("use the port with a login, or let only the host in that needs it");
        found.push(Finding::packets(diagnostic, packets));
    }
    Outcome::Decided(found)
}

/// What proxies and tunnels lead everybody to.
fn led(subject: &Subject<'_>) -> Vec<Finding> {
    let mut found = Vec::new();
    for led in subject.led() {
        for known in led.known(subject.network, Trait::LoginNone) {
            let of = if let How::Runs(host) = known.how { format!(" of `{host}`") } else { String::new() };
            let (name, by) = (known.name, led.by.name());
            let text = format!("`{name}`{of} asks nobody for a login, and {by} leads everybody to it");
            let help = format!("use the port with a login, take it out, or {}", led.by.gate());
            let mut diagnostic = error(led.span, text).label(format!("publishes {}", led.text)).help(help);
            let mut severity = Severity::Error;
            if let By::Tunnel(span) = led.by {
                diagnostic = diagnostic.also(span, "goes out here");
            }
            if let How::Number(_, port) = known.how {
                diagnostic = diagnostic.note(guessed(port, name));
                severity = Severity::Warning;
            }
            found.push(Finding::ends(diagnostic, subject.outside(), led.to.clone()).with_severity(severity));
        }
    }
    found
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
