//! `never`, `always`, `only`: decided exactly, for every packet.

use super::leak::About;
use crate::{
    diagnostic::{Diagnostic, Span},
    model::{Assertion, AssertionKind, Network, Place, Region, address::address},
    packet::{Field, Packet, Set, Space},
    policy::{Meaning, Meant, between, describe, has_dates, leaves, let_through, meaning, on_their_links, undated},
    router::LOCAL,
};

/// What is reachable at most and at least, whatever the time, the rate and the date.
pub(super) struct Bounds {
    at_most: Set,
    at_least: Set,
}

/// All assertions that do not hold.
pub(super) fn run(network: &Network, meant: &mut Meant, bounds: &Bounds) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for assertion in &network.assertions {
        found.extend(decide(network, meant, assertion, bounds, &mut |about, _| Some(about)));
    }
    found
}

impl Bounds {
    /// What crosses from one zone to another, at most: what leak checks are about.
    pub(super) fn crossing(&self, network: &Network, meant: &mut Meant) -> Set {
        crossing(self.at_most, &mut meant.space, network, &meant.meaning)
    }
}

pub(super) fn bounds(network: &Network, meant: &mut Meant) -> Bounds {
    let Meant { standing, meaning: now, limits, space, .. } = meant;
    let (mut at_most, mut at_least) = (now.reaching(space), now.reaching(space));
    if has_dates(network) {
        at_most = meaning(&undated(network, true), standing, limits, space).reaching(space);
        at_least = meaning(&undated(network, false), standing, limits, space).reaching(space);
    }
    for field in [Field::Minute, Field::Exceeded] {
        at_least = space.project_all(at_least, field);
    }
    Bounds { at_most, at_least }
}

/// One assertion, if it does not hold.
pub(super) fn decide(
    network: &Network,
    meant: &mut Meant,
    assertion: &Assertion,
    bounds: &Bounds,
    left: &mut dyn FnMut(About, &mut Space) -> Option<About>,
) -> Option<Diagnostic> {
    // `only NOBODY -> B` says that nobody may: it is decided, though nobody is named.
    let nobody = assertion.from.is_empty() && assertion.kind != AssertionKind::Only;
    if nobody || assertion.to.is_empty() {
        let side = if assertion.from.is_empty() { "left" } else { "right" };
        return Some(
            Diagnostic::warning("vacuous", assertion.span, "this assertion is about nobody")
                .label(format!("its {side} side is empty"))
                .help("declare the zone that it speaks of, or remove it: it proves nothing"),
        );
    }
    let onto = between(&everybody(network), &assertion.to, &assertion.traffic, &mut meant.space);
    if onto.is_empty() {
        return Some(
            Diagnostic::warning("vacuous", assertion.span, "this assertion is about no packet")
                .label("its right side has no address that these services could be sent to")
                .help("correct the services, or remove it: it proves nothing"),
        );
    }
    if assertion.chain {
        left(About::Ends(assertion.from.clone(), assertion.to.clone()), &mut meant.space)?;
        return crate::reach::never(network, meant, assertion, bounds.at_most);
    }
    let space = &mut meant.space;
    let packets = match assertion.kind {
        AssertionKind::Never => {
            let about = between(&on_their_links(network, &assertion.from), &assertion.to, &assertion.traffic, space);
            let open = space.intersect(about, bounds.at_most);
            crossing(open, space, network, &meant.meaning)
        }
        AssertionKind::Always => {
            let about = between(&assertion.from, &assertion.to, &assertion.traffic, space);
            let wanted = space.intersect(about, meant.meaning.domain);
            let wanted = space.intersect(wanted, meant.meaning.honest);
            let wanted = leaving(wanted, network, &assertion.from, &assertion.to, space);
            space.minus(wanted, bounds.at_least)
        }
        AssertionKind::Only => {
            let everybody = everybody(network);
            let to = between(&everybody, &assertion.to, &assertion.traffic, space);
            let others = space.intersect(to, bounds.at_most);
            let named = between(&on_their_links(network, &assertion.from), &assertion.to, &assertion.traffic, space);
            let others = space.minus(others, named);
            crossing(others, space, network, &meant.meaning)
        }
    };
    if packets.is_empty() {
        return None;
    }
    let About::Packets(packets) = left(About::Packets(packets), space)? else { return None };
    let packet = space.witness(packets)?;
    Some(report(network, &meant.meaning, assertion, &packet))
}

/// Packets that cross from one zone to another. What stays in a zone is no matter of the router's rules.
fn crossing(set: Set, space: &mut Space, network: &Network, meaning: &Meaning) -> Set {
    let within = crate::policy::within(network, space);
    let set = space.minus(set, within);
    space.minus(set, meaning.always)
}

/// Without the uplinks that a zone does not leave by.
fn leaving(mut set: Set, network: &Network, from: &[Region], to: &[Region], space: &mut Space) -> Set {
    for from in from {
        for to in to.iter().filter(|to| !leaves(network, from.place, to.place)) {
            let pair = between(
                std::slice::from_ref(from),
                std::slice::from_ref(to),
                &[crate::model::service::Traffic::ANY],
                space,
            );
            set = space.minus(set, pair);
        }
    }
    set
}

/// Every zone; and the router too, if rules decide what it may send.
fn everybody(network: &Network) -> Vec<Region> {
    let all = crate::model::AddressSet::all();
    let mut found: Vec<Region> = network
        .zone_ids()
        .map(|(id, _)| Region { place: Place::Zone(id), addresses: all.clone(), whole: true })
        .collect();
    if !network.router.output_open {
        found.push(Region { place: Place::Router, addresses: all, whole: true });
    }
    found
}

/// A failed assertion with a packet, the statements that decide over it, and what to do.
fn report(network: &Network, meaning: &Meaning, assertion: &Assertion, packet: &Packet) -> Diagnostic {
    let shown = describe(packet, network);
    let error =
        match assertion.kind {
            AssertionKind::Never => Diagnostic::error("never-failed", assertion.span, "what must never pass does pass")
                .label("promised here"),
            AssertionKind::Only => Diagnostic::error("only-failed", assertion.span, "somebody else is let through too")
                .label("promised here"),
            AssertionKind::Always => {
                Diagnostic::error("always-failed", assertion.span, "what must always pass is held back")
                    .label("promised here")
            }
        };
    let error = error
        .note(format!("packet: {shown}"))
        .note(format!("ask why: hedgerow explain POLICY {}", as_question(network, packet)));
    if assertion.kind == AssertionKind::Always {
        return held_back(meaning, packet, elsewhere(network, packet, error));
    }
    let mut error = error;
    let causes = let_through(meaning, packet);
    for span in causes.iter().filter_map(|cause| cause.span()) {
        error = error.also(span, "lets it through");
    }
    if packet.ingress == LOCAL && network.router.output_open {
        error = error
            .note("the router itself may send anything: `output open`")
            .help("write `output closed` in `router`, or name the zones instead of `any`");
    } else if causes.is_empty() {
        error = error.note("it passes by a translation");
    } else {
        error = error.help("narrow the rule, add a `deny`, or change what is promised");
    }
    error
}

/// A packet as `hedgerow explain` takes it. An address that the router may be given has no number to ask for.
pub(super) fn as_question(network: &Network, packet: &Packet) -> String {
    let (src, dst) = (address(packet.family, packet.src), address(packet.family, packet.dst));
    let own = || network.zones.iter().flat_map(|zone| &zone.addresses);
    let certain = own().any(|own| own.address == dst && own.source.is_known());
    let from = if packet.ingress == LOCAL { "router".to_owned() } else { src.to_string() };
    let to = if packet.egress == LOCAL && !certain { "router".to_owned() } else { dst.to_string() };
    format!("{from} {to} {}", crate::reach::service_words(packet).replacen(' ', "/", 1))
}

/// What comes by one uplink, of an exposure that is on others.
fn elsewhere(network: &Network, packet: &Packet, mut error: Diagnostic) -> Diagnostic {
    let came =
        network.zone_ids().find(|(id, zone)| zone.is_internet() && packet.ingress == crate::policy::zone_number(*id));
    let Some((uplink, zone)) = came else { return error };
    let to = address(packet.family, packet.dst);
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired && !exposure.on.contains(&uplink)) {
        let ends =
            exposure.target().0.map_or_else(|| network.router_addresses(), |host| network.host(host).address_set(None));
        if ends.contains(to) {
            error = error.also(exposure.span, format!("not opened on `{}`", zone.name)).help(format!(
                "name the uplink in the promise, as in `always {} -> …`, or `{}` in the `on` of the exposure",
                exposure.on.first().map_or("", |on| network.zone(*on).name.as_str()),
                zone.name
            ));
        }
    }
    error
}

fn held_back(meaning: &Meaning, packet: &Packet, mut error: Diagnostic) -> Diagnostic {
    let denies: Vec<Span> =
        meaning.flows.denied.iter().filter(|flow| flow.holds(packet)).filter_map(|flow| flow.cause.span()).collect();
    let conditions: Vec<Span> =
        meaning.flows.allowed.iter().filter(|flow| flow.holds(packet)).filter_map(|flow| flow.cause.span()).collect();
    if denies.is_empty() && conditions.is_empty() {
        return error.note("nothing allows it").help("add a rule that allows it, or change what is promised");
    }
    for span in conditions {
        error = error.also(span, if denies.is_empty() { "allows it only under a condition" } else { "allows it" });
    }
    for span in denies {
        error = error.also(span, "holds it back");
    }
    error.help("a deny always wins, and a schedule, limit or date counts as closed here")
}
