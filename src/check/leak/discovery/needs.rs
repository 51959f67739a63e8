//! What the integrations that hosts declare need: their flows, one zone, a way to be found.

use super::super::{
    Finding, Outcome, Subject,
    subject::{error, host, warning},
};
use crate::{
    diagnostic::{Diagnostic, Severity},
    model::{
        AddressSet, Host, Place, Region,
        service::{Discovery, SameZone, Traffic},
    },
    packet::Field,
    policy::between,
};

const NONE: Outcome = Outcome::NotApplicable("no host declares an integration");

/// The hosts that declare an integration, with the Home Assistants that they belong to.
fn pairs<'a>(subject: &Subject<'a>) -> Option<Vec<(&'a Host, Vec<&'a Host>)>> {
    let homes: Vec<&Host> = subject.home_assistants().into_iter().map(|(_, home)| home).collect();
    let devices: Vec<_> = subject.hosts().map(|(_, host)| host).filter(|host| !host.integrations.is_empty()).collect();
    if devices.is_empty() || homes.is_empty() {
        return None;
    }
    let others = |device: &Host| homes.iter().copied().filter(|home| home.name != device.name).collect();
    Some(devices.into_iter().map(|device| (device, others(device))).collect())
}

fn apart(one: &Host, other: &Host) -> bool {
    !one.zones.iter().any(|zone| other.zones.contains(zone))
}

/// What of the services of a list is not let through. A service is, if it passes whole from one address of the one host to
/// one address of the other: neither both families nor all legs are needed.
fn missing(subject: &mut Subject<'_>, from: &Host, to: &Host, traffic: &[Traffic]) -> Vec<Traffic> {
    let ends = |host: &Host| -> Vec<Region> {
        host.addresses
            .iter()
            .map(|own| Region { place: Place::Zone(own.zone), addresses: AddressSet::of(own.address), whole: false })
            .collect()
    };
    let parts = traffic.iter().flat_map(ports_apart);
    let passes = |subject: &mut Subject<'_>, part: &Traffic| {
        ends(from).iter().any(|from| {
            ends(to).iter().any(|to| {
                let (from, to) = (std::slice::from_ref(from), std::slice::from_ref(to));
                let part = std::slice::from_ref(part);
                let mut open = subject.passing(from, to, part);
                let space = subject.space();
                // At some times and rates is enough.
                for field in [Field::SrcPort, Field::Minute, Field::Exceeded] {
                    open = space.project(open, field);
                }
                let wanted = between(from, to, part, space);
                !wanted.is_empty() && {
                    let rest = space.minus(wanted, open);
                    rest.is_empty()
                }
            })
        })
    };
    parts.filter(|part| !passes(subject, part)).collect()
}

/// A traffic for each of its ranges of ports.
fn ports_apart(traffic: &Traffic) -> Vec<Traffic> {
    if traffic.to.is_empty() {
        return vec![traffic.clone()];
    }
    traffic.to.iter().map(|range| Traffic { to: vec![*range], ..traffic.clone() }).collect()
}

/// `required-flow-missing`
pub fn flows(subject: &mut Subject<'_>) -> Outcome {
    let Some(pairs) = pairs(subject) else { return NONE };
    let mut found = Vec::new();
    for (device, homes) in pairs {
        for home in homes.into_iter().filter(|home| apart(home, device)) {
            for integration in &device.integrations {
                let required = integration.value.same_zone != Some(SameZone::Required);
                if !required || host(device).is_empty() || host(home).is_empty() {
                    continue;
                }
                // Which port a device listens on is a matter of its make, and some are asked for new firmware only: one that
                // is open is enough. What it opens itself, nobody can choose for it.
                let mut there = missing(subject, home, device, &integration.value.there);
                if there.len() < integration.value.there.iter().flat_map(ports_apart).count() {
                    there.clear();
                }
                let back = missing(subject, device, home, &integration.value.back);
                if there.is_empty() && back.is_empty() {
                    continue;
                }
                let ways =
                    [(home, device, &there, &integration.value.there), (device, home, &back, &integration.value.back)];
                let lacking: Vec<String> = ways
                    .iter()
                    .filter(|(.., lacking, _)| !lacking.is_empty())
                    .map(|(from, to, lacking, all)| {
                        let whole = lacking.len() == all.iter().flat_map(ports_apart).count();
                        let what = if whole { "a connection".to_owned() } else { words(lacking) };
                        format!("{what} from `{}` to `{}`", from.name, to.name)
                    })
                    .collect();
                let (from, to) = if there.is_empty() { (device, home) } else { (home, device) };
                let mut diagnostic = error(
                    integration.span,
                    format!("`{}` needs {}, and nothing allows it", integration.name, lacking.join(" and ")),
                )
                .label("needs it")
                .help(format!(
                    "write `allow {} <-> {} : {}`, or the one direction that is missing",
                    home.name, device.name, integration.name
                ));
                if let Some(because) = &integration.value.because {
                    diagnostic = diagnostic.note(because.clone());
                }
                found.push(Finding::ends(diagnostic, host(from), host(to)));
            }
        }
    }
    Outcome::Decided(found)
}

fn words(traffic: &[Traffic]) -> String {
    traffic.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// `matter-cross-vlan`
pub fn same_zone(subject: &mut Subject<'_>) -> Outcome {
    let Some(pairs) = pairs(subject) else { return NONE };
    let mut found = Vec::new();
    for (device, homes) in pairs {
        for home in homes.into_iter().filter(|home| apart(home, device)) {
            for integration in
                device.integrations.iter().filter(|integration| integration.value.same_zone == Some(SameZone::Required))
            {
                let mut diagnostic = error(
                    integration.span,
                    format!("`{}` works inside one zone, and `{}` and `{}` are in two", integration.name, device.name, home.name),
                )
                .label("does not cross zones")
                .also(home.span, "the other end")
                .help("put controller, border router, phone and device into one zone; no rule and no reflector mends this");
                diagnostic.notes.extend(integration.value.because.iter().cloned());
                found.push(Finding::fact(diagnostic));
            }
        }
    }
    found.extend(disturbed(subject));
    Outcome::Decided(found)
}

/// What Matter announces itself by: a reflector that takes these on tells each side of the other's answers.
const MATTER: [&str; 4] = ["_matter.", "_matterc.", "_matterd.", "_meshcop."];

/// The reflectors in the zone of a device that works by link-local multicast.
fn disturbed(subject: &Subject<'_>) -> Vec<Finding> {
    let network = subject.network;
    let mut found = Vec::new();
    for reflector in network.reflectors.iter().filter(|reflector| reflector.protocol == Discovery::Mdns) {
        let theirs = |service: &String| MATTER.iter().any(|own| service.starts_with(own));
        if !reflector.services.is_empty() && !reflector.services.iter().any(theirs) {
            continue;
        }
        for zone in &reflector.zones {
            let here = network.hosts.iter().filter(|host| host.zones.contains(zone));
            let mut all = here.flat_map(|host| host.integrations.iter().map(move |integration| (host, integration)));
            let bound = all.find(|(_, integration)| {
                integration.value.same_zone == Some(SameZone::Required)
                    && integration.value.discovery == Some(Discovery::Mdns)
            });
            let Some((device, integration)) = bound else { continue };
            let diagnostic = error(
                reflector.span,
                format!("this reflects into `{}`, where `{}` has `{}`", network.zone(*zone).name, device.name, integration.name),
            )
            .label("disturbs it")
            .also(integration.span, "finds its peers by multicast on the link")
            .help("name the services that are to be found on the other side, as in `{ services _googlecast._tcp }`, or leave this zone out");
            found.push(Finding::place(diagnostic, Place::Zone(*zone)));
        }
    }
    found
}

/// `discovery-needs-reflector`
pub fn found_across(subject: &mut Subject<'_>) -> Outcome {
    let Some(pairs) = pairs(subject) else { return NONE };
    let mut found = Vec::new();
    for (device, homes) in pairs {
        for home in homes.into_iter().filter(|home| apart(home, device) && device.addresses.is_empty()) {
            for integration in &device.integrations {
                let Some(discovery) = integration.value.discovery else { continue };
                if integration.value.same_zone == Some(SameZone::Required)
                    || reflected(subject, discovery, device, home)
                {
                    continue;
                }
                let diagnostic = note(
                    warning(
                        integration.span,
                        format!(
                            "`{}` of `{}` is found by multicast, which stays in its zone",
                            integration.name, device.name
                        ),
                    )
                    .label("will not be found")
                    .help("give it a fixed address and add it by that, or `reflect` between the two zones"),
                );
                found.push(diagnostic);
            }
        }
    }
    Outcome::Decided(found)
}

fn note(diagnostic: Diagnostic) -> Finding {
    Finding::fact(diagnostic).with_severity(Severity::Note)
}

fn reflected(subject: &Subject<'_>, discovery: Discovery, one: &Host, other: &Host) -> bool {
    let joins = |host: &Host, zones: &[crate::model::ZoneId]| host.zones.iter().any(|zone| zones.contains(zone));
    let reflectors = subject.network.reflectors.iter().filter(|reflector| reflector.protocol == discovery);
    reflectors.into_iter().any(|reflector| joins(one, &reflector.zones) && joins(other, &reflector.zones))
}

/// `reflector-joins-untrusted`
pub fn reflectors(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    if network.reflectors.is_empty() {
        return Outcome::NotApplicable("no reflector");
    }
    let mut found = Vec::new();
    for reflector in network.reflectors.iter().filter(|reflector| reflector.services.is_empty()) {
        let people = |zone: &crate::model::ZoneId| !super::super::subject::is_untrusted(network.zone(*zone).role);
        let others: Vec<_> = reflector.zones.iter().filter(|zone| !people(zone)).collect();
        if let Some(zone) = others.first().filter(|_| reflector.zones.iter().any(people)) {
            let diagnostic = warning(
                reflector.span,
                format!("all that is announced inside is told to `{}`", network.zone(**zone).name),
            )
            .label("reflects everything")
            .help("name what has to be found, as in `{ services _googlecast._tcp }`");
            found.push(Finding::place(diagnostic, Place::Zone(**zone)));
        }
    }
    Outcome::Decided(found)
}
