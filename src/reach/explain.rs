//! One question: may FROM open SERVICE to TO, and why?

use serde::Serialize;

use super::{
    change::change,
    held_back::case_held_back,
    name::{describe_sent, region_name},
    proxies::{by_proxy, goes_on},
    public_name::ByName,
    question::Question,
    tunnelled::leading_there,
    when::when,
    within::within,
};
use crate::{
    diagnostic::{Sources, Span},
    model::{AddressSet, Network, Place, Region, address::bits},
    packet::{Cube, Field, Packet, Ranges, Set, Space},
    policy::{Cause, Meaning, Meant, between, let_through, unicast, zone_number},
    router::{Dnat, LOCAL, OTHER, Outcome, Snat},
};

/// The answer to a question.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Answer {
    pub verdict: Verdict,
    /// What was asked, in names: `iot -> ha : tcp 8123`.
    pub question: String,
    /// Where the public name leads, if one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub by_name: Option<ByName>,
    /// What its proxy asks in turn, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub goes_on: Option<Reason>,
    /// One packet that passes, if any does.
    pub passes: Option<Case>,
    /// One packet that is held back, if any is.
    pub held_back: Option<Case>,
    /// The tunnels that lead there past the router, if the question is about somebody out there.
    pub tunnels: Vec<Reason>,
    /// The proxies by which somebody out there comes to it, if the question leads past them.
    pub proxies: Vec<Reason>,
    /// What would have to change for the other answer.
    pub change: Option<String>,
    /// The same by each further uplink, where a public name may lead in by several.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub others: Vec<Self>,
}

/// The verdict over all packets that were asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    Allowed,
    /// Some of the packets pass, others do not.
    Partly,
    Denied,
    /// The router does not see these packets: both ends are in one zone.
    Unfiltered,
    /// Nor these: a tunnel brings them, past the router.
    Tunnelled,
}

/// One packet and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Case {
    /// The packet as it arrives.
    pub packet: String,
    /// The time and the rate of which it holds, if a statement that decides has a schedule or a limit.
    pub when: Option<String>,
    /// Where it is sent, if its destination is translated.
    pub translated_to: Option<String>,
    /// Whose address the receiver sees, if not the sender's.
    pub seen_as: Option<String>,
    /// By which zone and interface it leaves; `router` for what ends there.
    pub leaves_by: Option<String>,
    /// The statements that decide.
    pub because: Vec<Reason>,
}

/// One statement, or a default.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Reason {
    pub effect: &'static str,
    /// `main.hedge:29`, if it is a statement.
    pub place: Option<String>,
    /// The statement, or what the default is.
    pub text: String,
}

/// Answers a question, by every uplink that it is about.
pub fn answer(network: &Network, sources: &Sources, meant: &mut Meant, question: &Question) -> Answer {
    let others = question.others.iter().map(|other| answer(network, sources, meant, other)).collect();
    Answer { others, ..answer_one(network, sources, meant, question) }
}

fn answer_one(network: &Network, sources: &Sources, meant: &mut Meant, question: &Question) -> Answer {
    let mut question = question.clone();
    towards_uplink(network, &mut question);
    let question = &question;
    let words = in_words(network, question);
    let goes_on = goes_on(network, sources, meant, question);
    if question.from.iter().all(|from| question.to.iter().all(|to| network.on_one_link(from.place, to.place))) {
        return Answer { by_name: question.by_name.clone(), goes_on, ..within(network, question, words) };
    }
    let reaching = meant.meaning.reaching(&mut meant.space);
    let space = &mut meant.space;
    let asked = between(&question.from, &question.to, &question.traffic, space);
    let asked = space.intersect(asked, meant.meaning.honest);
    // Of a wide question, what stays in a zone is no matter of the router: assertions leave it out as well.
    let within = crate::policy::within(network, space);
    let asked = space.minus(asked, within);
    let asked = askable(network, question, asked, space);
    let asked = by_address(question, asked, &meant.meaning, space);
    let routed = space.intersect(asked, meant.meaning.domain);
    // As sent: to these very addresses, wherever a translation leads. In the end: also what a forward brings there.
    let sent = space.project(routed, Field::Out);
    let (passing, outcome) = first_passing(network, meant, sent, question.by_name.is_some());
    let in_the_end = meant.space.intersect(asked, reaching);
    let space = &mut meant.space;
    let mut accepted: Vec<Set> = Vec::new();
    for packets in meant.meaning.behaviour.accepted.values() {
        let here = space.intersect(*packets, sent);
        accepted.push(space.project(here, Field::Out));
    }
    let accepted = space.union_all(accepted);
    let denied = space.minus(routed, accepted);
    let denied = space.minus(denied, in_the_end);
    let held_back = space.witness(denied);
    let passes = match passing {
        Some(packet) => Some(case_passing(network, sources, meant, packet, outcome)),
        None => forwarded(network, sources, meant, in_the_end),
    };
    let verdict = match (&passes, held_back) {
        (Some(_), None) => Verdict::Allowed,
        (Some(_), Some(_)) => Verdict::Partly,
        (None, _) => Verdict::Denied,
    };
    let held_back = held_back.map(|packet| case_held_back(network, sources, meant, packet));
    let change = held_back.as_ref().and_then(|(case, leads)| change(network, question, case, *leads, verdict));
    let held_back = held_back.map(|(case, _)| case);
    let told = |spans: Vec<Span>, effect: &'static str| -> Vec<Reason> {
        spans
            .into_iter()
            .map(|span| Reason { effect, place: Some(sources.place(span)), text: statement(sources, span) })
            .collect()
    };
    let tunnels = leading_there(network, &question.from, &question.to, &question.traffic);
    let tunnels = told(tunnels, "leads there past the router");
    let proxies = if passes.is_some() { Vec::new() } else { by_proxy(network, question) };
    let proxies = told(proxies, "leads there by a proxy");
    // By another way it is there already.
    let change = change.filter(|_| proxies.is_empty() && tunnels.is_empty());
    let goes_on = goes_on.filter(|_| passes.is_some() || verdict == Verdict::Unfiltered);
    let by_name = question.by_name.clone();
    let tunnelled = by_name.as_ref().is_some_and(|by_name| by_name.by_tunnel);
    let (verdict, held_back) = if tunnelled { (Verdict::Tunnelled, None) } else { (verdict, held_back) };
    let others = Vec::new();
    Answer { verdict, question: words, by_name, goes_on, passes, held_back, tunnels, proxies, change, others }
}

/// Nobody out there can ask for an address that only houses have (`fc00::/7`), if there is another to ask for.
fn askable(network: &Network, question: &Question, asked: Set, space: &mut Space) -> Set {
    let outside = |region: &Region| matches!(region.place, Place::Zone(zone) if network.zone(zone).is_internet());
    if !question.from.iter().all(outside) {
        return asked;
    }
    let local = ipnet::Ipv6Net::new_assert(std::net::Ipv6Addr::new(0xfc00, 0, 0, 0, 0, 0, 0, 0), 7);
    let local = space.cube(&crate::packet::prefix(local.into(), crate::packet::Side::Dst));
    let rest = space.minus(asked, local);
    if rest.is_empty() { asked } else { rest }
}

/// The router is asked by its addresses. It answers to groups as well, but where a translation takes what is sent to the
/// addresses, nobody means those.
fn by_address(question: &Question, asked: Set, meaning: &Meaning, space: &mut Space) -> Set {
    if !question.to.iter().all(|to| to.place == Place::Router) {
        return asked;
    }
    let own = Region { place: Place::Router, addresses: unicast(), whole: false };
    let one = between(&question.from, &[own], &question.traffic, space);
    let one = space.intersect(asked, one);
    let taken = space.union_all(meaning.translated.clone());
    if space.disjoint(one, taken) { asked } else { one }
}

/// The name of an uplink, asked from the internet, means the router's own address there; and who calls it, calls by
/// that uplink.
fn towards_uplink(network: &Network, question: &mut Question) {
    let outside = |place: Place| matches!(place, Place::Zone(zone) if network.zone(zone).is_internet());
    if question.from.iter().chain(&question.to).all(|region| outside(region.place)) {
        question.from.retain(|from| question.to.iter().any(|to| to.place == from.place));
        let own = question.to.iter().filter_map(|region| match region.place {
            Place::Zone(zone) => Some(
                network
                    .zone(zone)
                    .addresses
                    .iter()
                    .fold(AddressSet::default(), |set, own| set.union(&AddressSet::of(own.address))),
            ),
            Place::Router => None,
        });
        let addresses = own.fold(AddressSet::default(), |set, own| set.union(&own));
        question.to = vec![Region { place: Place::Router, addresses, whole: false }];
    }
}

pub(super) fn in_words(network: &Network, question: &Question) -> String {
    let side = |regions: &[Region]| {
        let mut names: Vec<String> = regions.iter().map(|region| region_name(network, region)).collect();
        names.dedup();
        names.join(", ")
    };
    let traffic: Vec<String> = question.traffic.iter().map(ToString::to_string).collect();
    let (from, to) = question.unaddressed.clone().unwrap_or_else(|| (side(&question.from), side(&question.to)));
    let to = question.by_name.as_ref().map_or(to, |by_name| by_name.name.clone());
    format!("{from} -> {to} : {}", traffic.join(", "))
}

/// A packet that passes as it is sent, and how it is translated. One that leaves by an uplink which only stands in for
/// another, or by an interface of no zone, is shown when there is no other. `translated`: a name is asked for rather by what
/// is translated than by what is not.
fn first_passing(network: &Network, meant: &mut Meant, sent: Set, translated: bool) -> (Option<Packet>, Outcome) {
    let failover = network.zone_ids().filter(|(_, zone)| zone.failover).map(|(id, _)| u64::from(zone_number(id)));
    let unusual = failover.chain([u64::from(OTHER)]).map(|number| (number, number));
    let unusual = Cube::any().with(Field::Out, Ranges::from_pairs(unusual));
    let unusual = meant.space.cube(&unusual);
    let usual = meant.space.minus(sent, unusual);
    for wanted in [usual, sent] {
        let mut ways: Vec<(&Outcome, &Set)> = meant.meaning.behaviour.accepted.iter().collect();
        ways.sort_by_key(|(outcome, _)| translated && outcome.dnat.is_none());
        for (outcome, packets) in ways {
            let here = meant.space.intersect(*packets, wanted);
            if let Some(packet) = meant.space.witness(here) {
                return (Some(packet), *outcome);
            }
        }
    }
    (None, Outcome::default())
}

/// A packet that a forward brings to where it was asked about.
fn forwarded(network: &Network, sources: &Sources, meant: &mut Meant, in_the_end: Set) -> Option<Case> {
    let target = meant.space.witness(in_the_end)?;
    for (outcome, packets) in meant.meaning.behaviour.accepted.clone() {
        let Some(Dnat::To { address, port }) = outcome.dnat else { continue };
        if bits(address) != target.dst || port.is_some_and(|port| port != target.dst_port) {
            continue;
        }
        let same = same_sender(&target, port.is_some(), &mut meant.space);
        let here = meant.space.intersect(packets, same);
        if let Some(packet) = meant.space.witness(here) {
            return Some(case_passing(network, sources, meant, packet, outcome));
        }
    }
    None
}

fn same_sender(target: &Packet, port_changes: bool, space: &mut Space) -> Set {
    use crate::packet::{Side, prefix};
    let mut cube = prefix(crate::model::address::address(target.family, target.src).into(), Side::Src)
        .with(Field::In, Ranges::single(target.ingress.into()))
        .with(Field::Out, Ranges::single(target.egress.into()))
        .with(Field::Proto, Ranges::single(target.proto.into()));
    if !port_changes {
        cube = cube.with(Field::DstPort, Ranges::single(target.dst_port.into()));
    }
    space.cube(&cube)
}

/// The packet behind its translation.
fn translated(packet: Packet, outcome: Outcome) -> Packet {
    match outcome.dnat {
        Some(Dnat::To { address, port }) => {
            Packet { dst: bits(address), dst_port: port.unwrap_or(packet.dst_port), ..packet }
        }
        Some(Dnat::ToRouter { port }) => Packet { dst_port: port.unwrap_or(packet.dst_port), ..packet },
        None => packet,
    }
}

fn case_passing(network: &Network, sources: &Sources, meant: &Meant, packet: Packet, outcome: Outcome) -> Case {
    let after = translated(packet, outcome);
    let causes = let_through(&meant.meaning, &after);
    let mut because: Vec<Reason> = causes.iter().map(|cause| reason(sources, *cause, "allows it")).collect();
    if because.is_empty() {
        because.extend(
            meant
                .meaning
                .baseline
                .iter()
                .find(|flow| flow.holds(&after))
                .map(|flow| reason(sources, flow.cause, "always passes")),
        );
    }
    if because.is_empty() {
        let cause = if packet.ingress == LOCAL { Cause::OutputOpen } else { Cause::SameZone };
        because.push(reason(sources, cause, "passes"));
    }
    if outcome.dnat.is_some() {
        let forward = meant.meaning.forward_of(&packet, &meant.space);
        because.extend(
            forward
                .filter(|forward| !causes.contains(&forward.cause))
                .map(|forward| reason(sources, forward.cause, "translates it")),
        );
    }
    Case {
        packet: describe_sent(&packet, outcome, network),
        when: when(network, meant, &packet, causes.iter().copied(), true),
        translated_to: outcome.dnat.map(leads_to),
        seen_as: outcome.snat.map(|snat| match snat {
            Snat::Masquerade => "the router's address on the leaving interface".to_owned(),
            Snat::To { address } => address.to_string(),
        }),
        leaves_by: Some(leaves_by(network, meant, packet.egress)),
        because,
    }
}

/// Where a translation sends a packet.
pub(super) fn leads_to(dnat: Dnat) -> String {
    match dnat {
        Dnat::To { address, port } => port.map_or_else(|| address.to_string(), |port| format!("{address} port {port}")),
        Dnat::ToRouter { .. } => "the router itself".to_owned(),
    }
}

fn leaves_by(network: &Network, meant: &Meant, egress: u16) -> String {
    match egress {
        LOCAL => "router".to_owned(),
        OTHER => "another interface".to_owned(),
        number => {
            let zone = network.zones.get(usize::from(number) - 1).map_or("", |zone| zone.name.as_str());
            let interface = meant.standing.topology.interface(number).map_or("", |interface| interface.name.as_str());
            format!("{zone} ({interface})")
        }
    }
}

pub(super) fn reason(sources: &Sources, cause: Cause, effect: &'static str) -> Reason {
    match cause.span() {
        Some(span) => Reason { effect, place: Some(sources.place(span)), text: statement(sources, span) },
        None => {
            let text = match cause {
                Cause::Baseline(what) => what.to_owned(),
                Cause::SameZone => "hosts of one zone, which nothing parts".to_owned(),
                _ => "the router itself may send anything (`output open`)".to_owned(),
            };
            Reason { effect, place: None, text }
        }
    }
}

/// A statement on one line.
fn statement(sources: &Sources, span: Span) -> String {
    sources.text(span).split_whitespace().collect::<Vec<_>>().join(" ")
}
