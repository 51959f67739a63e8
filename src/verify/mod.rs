//! Is a configuration equal to the policy? Both are sets of packets; the difference is shown packet by packet.

mod difference;
mod ground;

pub use crate::policy::describe;
pub use difference::{Difference, Kind, place};
pub use ground::{Aspect, Deviation};

use std::{
    collections::BTreeSet,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use crate::{
    model::Network,
    packet::{Cube, Family, Field, Ranges, Set, Side, Space, prefix},
    policy::{Cause, Meaning, Standing, let_through},
    router::{
        Addition, Behaviour, Dnat, Facts, File, LOCAL, Limits, Line, OTHER, Outcome, Scope, Snat, Topology, Tracked,
        Unreadable, number,
    },
    target::Target,
};

/// What a comparison found. Equal exactly when there are neither differences nor deviations.
#[derive(Clone, Debug, Default)]
pub struct Verdict {
    pub differences: Vec<Difference>,
    /// What its rules rest on and the policy has otherwise: addresses, gateways, what the DHCP server gives.
    pub deviations: Vec<Deviation>,
    /// What the reader did not understand.
    pub unknown: Vec<Line>,
    /// What the router lets through beyond the policy and cannot be told not to, by its name in `target.toml`. It is
    /// no difference, and the user has to know of it.
    pub additions: Vec<String>,
    /// What a user should know of lines that decide over nothing that is compared.
    pub notes: Vec<Line>,
}

impl Verdict {
    /// Is the configuration equal to the policy, wholly and for certain?
    #[must_use]
    pub fn is_equal(&self) -> bool {
        self.differences.is_empty() && self.deviations.is_empty()
    }
}

/// Compares files with what a policy means: each of the configurations that they are.
///
/// # Errors
/// If the router would refuse a configuration, or it is too large to be evaluated.
pub fn compare(
    target: Target,
    files: &[File],
    network: &Network,
    standing: &Standing,
    meaning: &Meaning,
    (limits, space): (&mut Limits, &mut Space),
) -> Result<Verdict, Unreadable> {
    let parts = target.parts(files);
    if parts.is_empty() {
        return Err(Unreadable::new("there is no configuration to compare"));
    }
    let mut whole = Verdict::default();
    for part in parts {
        let verdict = compare_one(target, &part, network, standing, meaning, (limits, space))?;
        whole.differences.extend(verdict.differences);
        whole.deviations.extend(verdict.deviations);
        whole.unknown.extend(verdict.unknown);
        whole.notes.extend(verdict.notes);
        for addition in verdict.additions {
            if !whole.additions.contains(&addition) {
                whole.additions.push(addition);
            }
        }
    }
    Ok(whole)
}

fn compare_one(
    target: Target,
    files: &[File],
    network: &Network,
    standing: &Standing,
    meaning: &Meaning,
    (limits, space): (&mut Limits, &mut Space),
) -> Result<Verdict, Unreadable> {
    let configuration = target.read(files, &standing.topology, limits, space)?;
    let facts = configuration.facts(space);
    let deviations = ground::deviations(network, &configuration.ground());
    let mut verdict =
        Verdict { deviations, unknown: facts.unknown.clone(), notes: facts.notes.clone(), ..Verdict::default() };
    match &facts.scope {
        Scope::Everything => {
            first_packets(&standing.topology, &meaning.behaviour, &facts, &mut verdict, space);
            later_packets(network, standing, &facts, &mut verdict, space);
        }
        Scope::Only { packets, beside } => {
            verdict.additions.clone_from(beside);
            let meant = within(&meaning.behaviour, *packets, space);
            first_packets(&standing.topology, &meant, &facts, &mut verdict, space);
        }
        Scope::Arriving { packets, beside } => {
            verdict.additions.clone_from(beside);
            let meant = arriving(&meaning.behaviour, *packets, space);
            first_packets(&standing.topology, &meant, &facts, &mut verdict, space);
        }
    }
    for difference in &mut verdict.differences {
        difference.within = facts.first;
        difference.causes = causes(meaning, difference);
        difference.line = match facts.unknown.as_slice() {
            // What decides is what was not understood.
            [one] if difference.kind == Kind::Undecided => Some(one.clone()),
            _ => {
                let tracked = tracked(difference, &facts, space);
                let packet = &difference.packet;
                let trace = configuration.trace(packet, tracked, &standing.topology, limits, space);
                difference.led_by = trace.led_by;
                trace.decided_by
            }
        };
    }
    if space.exhausted() {
        return Err(Unreadable::new("the configuration is too entangled to be evaluated within bounds"));
    }
    Ok(verdict)
}

/// What the packet of a difference is to connection tracking.
fn tracked(difference: &Difference, facts: &Facts, space: &Space) -> Tracked {
    match difference.kind {
        Kind::RepliesDropped if space.contains(facts.established_dropped.possibly, &difference.packet) => {
            Tracked::Known
        }
        Kind::RepliesDropped => Tracked::Related,
        Kind::InvalidAccepted => Tracked::Stray,
        _ => Tracked::First,
    }
}

/// A behaviour as far as some packets go.
fn within(behaviour: &Behaviour, packets: Set, space: &mut Space) -> Behaviour {
    let mut found = Behaviour::default();
    for (outcome, accepted) in &behaviour.accepted {
        let here = space.intersect(*accepted, packets);
        found.add(space, *outcome, here);
    }
    found
}

/// Which packets have to arrive, of some, for a behaviour to be: all that pass, whatever becomes of them.
fn arriving(behaviour: &Behaviour, packets: Set, space: &mut Space) -> Behaviour {
    let all = behaviour.all(space);
    let all = space.project(all, Field::Out);
    let mut found = Behaviour::default();
    let here = space.intersect(all, packets);
    found.add(space, Outcome::default(), here);
    found
}

/// The packets that open connections: who passes, and how they are translated.
fn first_packets(topology: &Topology, meant: &Behaviour, facts: &Facts, verdict: &mut Verdict, space: &mut Space) {
    let unspoken = unspoken(topology, space);
    let [meant, certain, possible] =
        [meant, &facts.surely, &facts.possibly].map(|behaviour| settled(behaviour, topology, unspoken, space));
    let translatable = space.project(facts.first, Field::Out);
    let get = |behaviour: &Behaviour, outcome: &Outcome| behaviour.accepted.get(outcome).copied().unwrap_or(Set::EMPTY);
    let behaviours = [&meant, &certain, &possible];
    let outcomes: BTreeSet<Outcome> =
        behaviours.iter().flat_map(|behaviour| behaviour.accepted.keys()).copied().collect();
    let asked = meant.all(space);
    let additions: Vec<Addition> = facts.additions.iter().map(|addition| at_home(addition, asked, space)).collect();
    let possibly_all = possible.all(space);
    let plain = meant.accepted.iter().filter(|(outcome, _)| outcome.dnat.is_none()).map(|(_, packets)| *packets);
    let kept_destination = space.union_all(plain.collect());
    for outcome in outcomes {
        let wanted = get(&meant, &outcome);
        // A translated packet leaves elsewhere than its first destination leads to.
        let wanted = space.intersect(wanted, if outcome.dnat.is_some() { translatable } else { facts.first });
        let wanted = space.minus(wanted, facts.dropped);
        let (surely, possibly) = (get(&certain, &outcome), get(&possible, &outcome));
        let open = space.minus(surely, wanted);
        let closed = space.minus(wanted, possibly);
        let perhaps = space.minus(possibly, surely);
        let unclear = space.minus(perhaps, wanted);
        let unclear_wanted = space.minus(wanted, surely);
        let unclear_wanted = space.intersect(unclear_wanted, possibly);
        let unclear = space.union(unclear, unclear_wanted);
        let mut open_anew = space.minus(open, asked);
        let mut translated = space.intersect(open, asked);
        for addition in &additions {
            let unchanged = outcome.dnat.is_none() && outcome.snat.is_none();
            let excused = if !addition.translation {
                space.intersect(open_anew, addition.packets)
            } else if unchanged {
                let kept = space.intersect(translated, addition.packets);
                space.intersect(kept, kept_destination)
            } else {
                Set::EMPTY
            };
            if excused != Set::EMPTY {
                open_anew = space.minus(open_anew, excused);
                translated = space.minus(translated, excused);
                if !verdict.additions.contains(&addition.what) {
                    verdict.additions.push(addition.what.clone());
                }
            }
        }
        let closed_wholly = space.minus(closed, possibly_all);
        verdict.add(Kind::Open, outcome, open_anew, space);
        verdict.add(Kind::Translated, outcome, translated, space);
        verdict.add(Kind::Closed, outcome, closed_wholly, space);
        verdict.add(Kind::Undecided, outcome, unclear, space);
    }
}

/// An addition as far as the policy asks for what it is the price of: on the interfaces on which it lets some of these
/// packets reach the router, or the router's own out.
fn at_home(addition: &Addition, asked: Set, space: &mut Space) -> Addition {
    if !addition.asked_for {
        return addition.clone();
    }
    let known = space.intersect(addition.packets, asked);
    let to_router = space.cube(&Cube::any().with(Field::Out, Ranges::single(LOCAL.into())));
    let to_router = space.intersect(known, to_router);
    let mut ways = Vec::new();
    for from in numbers(to_router, Field::In, space).into_iter().filter(|from| *from != u64::from(LOCAL)) {
        ways.push(Cube::any().with(Field::In, Ranges::single(from)));
    }
    let sent = Cube::any().with(Field::In, Ranges::single(LOCAL.into()));
    let own = space.cube(&sent);
    let own = space.intersect(known, own);
    let to = numbers(own, Field::Out, space).into_iter().map(|to| (to, to));
    ways.push(sent.with(Field::Out, Ranges::from_pairs(to)));
    let ways = space.cubes_union(ways);
    Addition { packets: space.intersect(addition.packets, ways), ..addition.clone() }
}

/// The router's own packets that bear the address of the interface that they leave by, or none yet: to masquerade them
/// changes nothing. Those under an address that the policy does not know to be the router's come from an interface that no
/// zone names, such as a bridge of containers, and it is the router's address either way.
fn borne(topology: &Topology, space: &mut Space) -> Set {
    let sent = Cube::any().with(Field::In, Ranges::single(LOCAL.into()));
    let mut cubes = Vec::new();
    for (id, interface) in topology.interfaces() {
        let here = sent.clone().with(Field::Out, Ranges::single(id.into()));
        for v4 in [true, false] {
            let own = interface.addresses.iter().find(|address| address.is_ipv4() == v4).copied();
            let unset = if v4 { IpAddr::V4(Ipv4Addr::UNSPECIFIED) } else { IpAddr::V6(Ipv6Addr::UNSPECIFIED) };
            cubes.extend(own.into_iter().chain([unset]).map(|net| here.intersect(&prefix(net.into(), Side::Src))));
        }
    }
    let borne = space.cubes_union(cubes);
    let strange = strange(topology, &Ranges::full(Field::Out), space);
    space.union(borne, strange)
}

/// The router's own packets under an address that is none of those that the policy knows, by some interfaces.
fn strange(topology: &Topology, out: &Ranges, space: &mut Space) -> Set {
    let sent = space.cube(&Cube::any().with(Field::In, Ranges::single(LOCAL.into())).with(Field::Out, out.clone()));
    let own = topology.own_sources(space);
    let unset = ["0.0.0.0/32", "::/128", "fe80::/10"].into_iter().filter_map(|net| net.parse().ok());
    let unset = space.cubes_union(unset.map(|net| prefix(net, Side::Src)).collect());
    let known = space.union(own, unset);
    space.minus(sent, known)
}

/// What no policy speaks of: packets of the router to itself, and by interfaces that no zone names, under an address that
/// no zone knows to be the router's.
fn unspoken(topology: &Topology, space: &mut Space) -> Set {
    strange(topology, &Ranges::from_pairs([(LOCAL.into(), LOCAL.into()), (OTHER.into(), OTHER.into())]), space)
}

/// Neighbour discovery (RFC 4861) and listener discovery (RFC 3810). They concern one link: under which address they
/// would be forwarded makes no difference.
fn link_messages(space: &mut Space) -> Set {
    let types = Ranges::from_pairs([(130 << 8, (136 << 8) + 255), (143 << 8, (143 << 8) + 255)]);
    let messages = Cube::any()
        .with(Field::Family, Ranges::single(Family::V6 as u64))
        .with(Field::Proto, Ranges::single(58))
        .with(Field::DstPort, types);
    space.cube(&messages)
}

/// A behaviour without translations of sources that change nothing, and without what nobody speaks of.
fn settled(behaviour: &Behaviour, topology: &Topology, unspoken: Set, space: &mut Space) -> Behaviour {
    let messages = link_messages(space);
    let borne = borne(topology, space);
    let borne = space.union(borne, messages);
    let mut found = Behaviour::default();
    for (outcome, packets) in &behaviour.accepted {
        let settled = match outcome.snat {
            None => Set::EMPTY,
            Some(Snat::Masquerade) => borne,
            Some(Snat::To { .. }) => messages,
        };
        let packets = space.minus(*packets, unspoken);
        let changed = space.minus(packets, settled);
        found.add(space, *outcome, changed);
        let same = space.intersect(packets, settled);
        found.add(space, Outcome { snat: None, ..*outcome }, same);
    }
    found
}

/// Replies and errors must pass, and what belongs to no connection must not.
fn later_packets(network: &Network, standing: &Standing, facts: &Facts, verdict: &mut Verdict, space: &mut Space) {
    let honest = honest(network, standing, space);
    let replies = space.union(facts.established_dropped.possibly, facts.related_dropped.possibly);
    let replies = space.intersect(replies, honest);
    verdict.add(Kind::RepliesDropped, Outcome::default(), replies, space);
    let own = space.cube(&Cube::any().with(Field::In, Ranges::single(LOCAL.into())));
    let invalid = space.minus(facts.invalid_accepted.possibly, own);
    verdict.add(Kind::InvalidAccepted, Outcome::default(), invalid, space);
}

/// Packets whose source belongs to the interface on which they arrive: of an uplink, any but our own networks.
fn honest(network: &Network, standing: &Standing, space: &mut Space) -> Set {
    let mut cubes = vec![Cube::any().with(Field::In, Ranges::single(LOCAL.into()))];
    let (mut outside, mut ours) = (Vec::new(), Vec::new());
    for ((number, interface), zone) in standing.topology.interfaces().zip(&network.zones) {
        let here = Cube::any().with(Field::In, Ranges::single(number.into()));
        if zone.is_internet() {
            outside.push(here);
            continue;
        }
        let networks: Vec<Cube> = interface.networks.iter().map(|net| prefix(*net, Side::Src)).collect();
        cubes.extend(networks.iter().map(|net| here.intersect(net)));
        ours.extend(networks);
    }
    let outside = space.cubes_union(outside);
    let ours = space.cubes_union(ours);
    let outside = space.minus(outside, ours);
    let inside = space.cubes_union(cubes);
    let all = space.union(inside, outside);
    let own = standing.topology.own_sources(space);
    let local = space.cube(&Cube::any().with(Field::In, Ranges::single(LOCAL.into())));
    let forged = space.minus(own, local);
    let unspoken = unspoken(&standing.topology, space);
    let left_out = space.union(forged, unspoken);
    space.minus(all, left_out)
}

impl Verdict {
    /// One difference for each pair of interfaces that the packets cross; of later packets one is enough, best of those
    /// that come through the router.
    fn add(&mut self, kind: Kind, outcome: Outcome, packets: Set, space: &mut Space) {
        if matches!(kind, Kind::RepliesDropped | Kind::InvalidAccepted) {
            let through = through(packets, space);
            self.difference(kind, outcome, if through == Set::EMPTY { packets } else { through }, space);
            return;
        }
        for from in numbers(packets, Field::In, space) {
            let here = space.cube(&Cube::any().with(Field::In, Ranges::single(from)));
            let here = space.intersect(packets, here);
            for to in numbers(here, Field::Out, space) {
                let there = space.cube(&Cube::any().with(Field::Out, Ranges::single(to)));
                let packets = space.intersect(here, there);
                self.difference(kind, outcome, packets, space);
            }
        }
    }

    fn difference(&mut self, kind: Kind, outcome: Outcome, packets: Set, space: &Space) {
        if let Some(packet) = space.witness(packets) {
            self.differences.push(Difference {
                kind,
                outcome,
                packets,
                within: Set::ALL,
                packet,
                line: None,
                led_by: Vec::new(),
                causes: Vec::new(),
            });
        }
    }
}

/// The packets that arrive on one interface and leave by another one.
fn through(packets: Set, space: &mut Space) -> Set {
    let arriving = numbers(packets, Field::In, space);
    let same = arriving.into_iter().map(|number| {
        let one = Ranges::single(number);
        Cube::any().with(Field::In, one.clone()).with(Field::Out, one)
    });
    let beside = [LOCAL, OTHER].into_iter().flat_map(|number| {
        let one = Ranges::single(number.into());
        [Cube::any().with(Field::In, one.clone()), Cube::any().with(Field::Out, one)]
    });
    let others = space.cubes_union(same.chain(beside).collect());
    space.minus(packets, others)
}

fn numbers(set: Set, field: Field, space: &mut Space) -> Vec<u64> {
    space.values(set, field).iter().flat_map(|(low, high)| low..=high).collect()
}

/// The statements of the policy about a packet: those that let it through, or that hold it back.
fn causes(meaning: &Meaning, difference: &Difference) -> Vec<Cause> {
    let mut packet = difference.packet;
    if let Some(Dnat::To { address, port }) = difference.outcome.dnat {
        packet.dst = number(address).1;
        packet.dst_port = port.unwrap_or(packet.dst_port);
    }
    match difference.kind {
        Kind::Open => {
            let denied = meaning.flows.denied.iter().filter(|flow| flow.holds(&packet));
            denied.map(|flow| flow.cause).collect()
        }
        _ => let_through(meaning, &packet),
    }
}
