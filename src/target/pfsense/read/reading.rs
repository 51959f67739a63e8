//! What a configuration was found to do.

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv6Addr},
};

use ipnet::IpNet;

use super::{
    ast::{Action, Origin, Own, Rules},
    config::Config,
    eval::{Eval, line},
    matching::Matcher,
    state::{Class, Destination, Flow, Source},
};
use crate::{
    packet::{Bounds, Cube, Family, Field, Packet, Ranges, Set, Side, Space, prefix},
    router::{
        Addition, Behaviour, Configuration, Dnat, Facts, Ground, LOCAL, Limits, Line, OTHER, Outcome, Snat, Topology,
        Trace, Tracked, Unreadable, number,
    },
};

/// A configuration with its rules.
pub struct Reading {
    config: Config,
    rules: Rules,
    facts: Facts,
    ground: Ground,
}

impl Reading {
    /// Judges all packets.
    ///
    /// # Errors
    /// If there are too many rules for the budget of the space.
    pub fn new(config: Config, rules: Rules, topology: &Topology, space: &mut Space) -> Result<Self, Unreadable> {
        let facts = facts(&config, &rules, topology, space);
        if space.exhausted() {
            return Err(Unreadable::new("the configuration is too entangled to be evaluated within bounds"));
        }
        let ground = super::ground::ground(&config, topology);
        Ok(Self { config, rules, facts, ground })
    }
}

impl Configuration for Reading {
    fn facts(&self, _space: &mut Space) -> Facts {
        self.facts.clone()
    }

    fn ground(&self) -> Ground {
        self.ground.clone()
    }

    fn trace(
        &self,
        packet: &Packet,
        tracked: Tracked,
        topology: &Topology,
        _: &mut Limits,
        space: &mut Space,
    ) -> Trace {
        let fields = Field::ALL.into_iter();
        let fields =
            fields.filter(|field| packet.family == Family::V6 || !matches!(field, Field::SrcLow | Field::DstLow));
        let cube = fields.fold(Cube::any(), |cube, field| cube.with(field, Ranges::single(packet.value(field))));
        let packets = space.cube(&cube);
        let mut eval = Eval::new(&self.rules, Matcher::new(&self.config, topology), space);
        // A state lets the later packets pass, and the rule that let the first one pass has made it, or has not.
        eval.class = if tracked == Tracked::Stray { Class::Stray } else { Class::First };
        eval.steps = Some(Vec::new());
        eval.journey(packets);
        let (steps, redirected) = (eval.steps.unwrap_or_default(), eval.redirected);
        let held = steps.iter().rev().find(|(_, passes)| !passes);
        match held.or(steps.first()) {
            Some((line, _)) => Trace { decided_by: Some(line.clone()), led_by: redirected.into_iter().collect() },
            // What a redirection lets pass by itself asks no rule.
            None => Trace { decided_by: redirected, led_by: Vec::new() },
        }
    }
}

fn facts(config: &Config, rules: &Rules, topology: &Topology, space: &mut Space) -> Facts {
    let first = first(config, topology, space);
    let mut eval = Eval::new(rules, Matcher::new(config, topology), space);
    let opening = eval.space.project(first, Field::Out);
    let through = eval.journey(opening);
    let (held, dropped, forgotten) = (eval.held, eval.dropped, eval.forgotten);
    let mut unknown: Vec<Line> = rules.notes.iter().map(line).collect();
    unknown.extend(eval.doubts.clone());
    let added = std::mem::take(&mut eval.additions);

    let mut stray = Bounds::NONE;
    if rules.filters.iter().any(|rule| rule.action == Action::Pass && !rule.flags.open()) {
        eval.class = Class::Stray;
        eval.held = Set::EMPTY;
        let tcp = eval.space.cube(&Cube::any().with(Field::Proto, Ranges::single(6)));
        let packets = eval.space.intersect(opening, tcp);
        let passing = eval.journey(packets);
        let possibly = eval.space.union_all(passing.into_values().collect());
        let possibly = eval.space.intersect(possibly, first);
        stray = Bounds { surely: eval.space.minus(possibly, eval.held), possibly };
    }
    let matcher = Matcher::new(config, topology);
    let (surely, possibly) = behaviours(&matcher, through, held, first, space);
    let accepted = possibly.all(space);
    let dropped = space.minus(dropped, accepted);
    let forgotten = space.intersect(forgotten, accepted);
    unknown.sort();
    unknown.dedup();
    Facts {
        first,
        dropped,
        surely,
        possibly,
        // Replies need a state, and what left without one gets none.
        established_dropped: Bounds { surely: Set::EMPTY, possibly: forgotten },
        related_dropped: Bounds::NONE,
        invalid_accepted: stray,
        unknown,
        additions: additions(added, accepted, space),
        notes: Vec::new(),
        scope: crate::router::Scope::Everything,
    }
}

fn additions(added: Vec<(Own, Set)>, accepted: Set, space: &mut Space) -> Vec<Addition> {
    let mut found: BTreeMap<Own, Set> = BTreeMap::new();
    for (own, packets) in added {
        let entry = found.entry(own).or_insert(Set::EMPTY);
        *entry = space.union(*entry, packets);
    }
    let own = |(own, packets)| {
        let asked_for = matches!(own, Own::DhcpClient | Own::DhcpServer);
        Addition { what: name(own).to_owned(), packets, translation: false, asked_for }
    };
    let carp = space.cube(&Cube::any().with(Field::Proto, Ranges::single(112)));
    let carp = space.intersect(carp, accepted);
    let carp = Addition { what: CARP.to_owned(), packets: carp, translation: true, asked_for: false };
    found.into_iter().map(own).chain((carp.packets != Set::EMPTY).then_some(carp)).collect()
}

/// The words of `target.toml`.
const CARP: &str = "VRRP and CARP (protocol 112) are never translated: where they pass, they keep the sender's address";

/// The words of `target.toml`.
const fn name(own: Own) -> &'static str {
    match own {
        Own::Icmp6 => {
            "ICMPv6 types 1, 2, 135 and 136 pass from anybody to anybody; router discovery and echo on the link pass"
        }
        Own::DhcpServer => {
            "where a zone has a pool and may ask for addresses, DHCP requests from any source reach the firewall"
        }
        Own::DhcpClient => "answers to the firewall's own DHCP client pass from any source",
        Own::Dhcp6 => "where an interface has DHCPv6, its messages pass between the ports of client and server",
    }
}

/// The packets that can open a connection through a pfSense that stands here.
///
/// Left out is what cannot be:
///
/// - interfaces without a name, if the configuration assigns none that the topology does not know;
/// - the firewall's own packets under addresses that are not its own;
/// - packets between two hosts of one link: they do not pass the firewall;
/// - IPv6 subnet-router anycast addresses, which FreeBSD does not answer for;
/// - ICMP of the other family.
fn first(config: &Config, topology: &Topology, space: &mut Space) -> Set {
    let domain = topology.domain(space);
    let matcher = Matcher::new(config, topology);
    let mut cubes = Vec::new();
    for (family, number) in [(Family::V4, 58), (Family::V6, 1)] {
        let cube = Cube::any().with(Field::Family, Ranges::single(family as u64));
        cubes.push(cube.with(Field::Proto, Ranges::single(number)));
    }
    for (id, interface) in topology.interfaces() {
        for net in interface.links() {
            let here =
                Cube::any().with(Field::In, Ranges::single(id.into())).with(Field::Out, Ranges::single(id.into()));
            cubes.push(here.intersect(&prefix(*net, Side::Src)).intersect(&prefix(*net, Side::Dst)));
            if let IpNet::V6(net) = net
                && net.prefix_len() < 127
                && !matcher.own().contains(&IpAddr::V6(net.network()))
            {
                let anycast = IpNet::from(IpAddr::V6(net.network()));
                cubes.extend([Side::Src, Side::Dst].map(|side| prefix(anycast, side)));
            }
        }
    }
    if config.interfaces.others.is_empty() {
        cubes.extend([Field::In, Field::Out].map(|field| Cube::any().with(field, Ranges::single(OTHER.into()))));
    }
    let impossible = space.cubes_union(cubes);
    let invented = invented(&matcher, space);
    let elsewhere = elsewhere(config, space);
    let gone = space.union_all(vec![impossible, invented, elsewhere]);
    space.minus(domain, gone)
}

/// Packets of the firewall under addresses that it does not have, and packets from outside under loopback addresses.
fn invented(matcher: &Matcher, space: &mut Space) -> Set {
    let sent = Cube::any().with(Field::In, Ranges::single(LOCAL.into()));
    let unset = ["0.0.0.0/32", "::/128", "fe80::/10", "127.0.0.0/8", "::1/128"];
    let unset = unset.into_iter().filter_map(|net| net.parse::<IpNet>().ok());
    let own = matcher.own().into_iter().map(IpNet::from).chain(unset);
    let own = space.cubes_union(own.map(|net| prefix(net, Side::Src)).collect());
    let sent = space.cube(&sent);
    space.minus(sent, own)
}

/// Packets to interfaces that the topology does not name, as far as the configuration says that they lead elsewhere.
fn elsewhere(config: &Config, space: &mut Space) -> Set {
    let mut nets = Vec::new();
    for device in &config.interfaces.others {
        match config.interfaces.all.iter().find(|interface| interface.device == *device) {
            Some(interface) if !interface.gateway4 && !interface.gateway6 && interface.kind4.is_empty() => {
                nets.extend(interface.networks());
            }
            _ => return Set::EMPTY,
        }
    }
    let there = space.cubes_union(nets.into_iter().map(|net| prefix(net, Side::Dst)).collect());
    let outside = Ranges::single(LOCAL.into()).complement(Field::In);
    let out = Cube::any().with(Field::In, outside).with(Field::Out, Ranges::single(OTHER.into()));
    let out = space.cube(&out);
    space.minus(out, there)
}

/// What passes by outcome: surely, and possibly.
fn behaviours(matcher: &Matcher, through: Flow, held: Set, first: Set, space: &mut Space) -> (Behaviour, Behaviour) {
    let mut possibly = Behaviour::default();
    let mut unclear = held;
    let opening = space.project(first, Field::Out);
    let opening = if matcher.config.interfaces.others.is_empty() {
        let named = Ranges::single(OTHER.into()).complement(Field::Out);
        let named = space.cube(&Cube::any().with(Field::Out, named));
        space.intersect(opening, named)
    } else {
        opening
    };
    for (state, packets) in through {
        // A translated packet leaves by another interface than the one that its first destination leads to.
        let within = if state.destination == Destination::Original { first } else { opening };
        let packets = space.intersect(packets, within);
        if state.destination == Destination::Unknown || state.source == Source::Unknown {
            unclear = space.union(unclear, packets);
        }
        for (dnat, packets) in destinations(matcher, state.destination, packets, space) {
            let snat = match state.source {
                Source::Interface => Some(Snat::Masquerade),
                Source::Address(address) => Some(Snat::To { address }),
                Source::Original | Source::Unknown => None,
            };
            possibly.add(space, Outcome { dnat, snat }, packets);
        }
    }
    let mut surely = Behaviour::default();
    for (outcome, packets) in &possibly.accepted {
        let others = possibly.accepted.iter().filter(|(other, _)| *other != outcome).map(|(_, packets)| *packets);
        let others = space.union_all(others.collect());
        let packets = space.minus(*packets, others);
        let packets = space.minus(packets, unclear);
        surely.add(space, *outcome, packets);
    }
    (surely, possibly)
}

/// The packets of a redirection by what it comes down to: writing what stands there already is nothing, and the first
/// address of the arriving interface is the router.
fn destinations(
    matcher: &Matcher,
    destination: Destination,
    packets: Set,
    space: &mut Space,
) -> Vec<(Option<Dnat>, Set)> {
    let Destination::To { address, port } = destination else { return vec![(None, packets)] };
    let mut found = Vec::new();
    let mut rest = packets;
    let same_port = port.map(|port| space.cube(&Cube::any().with(Field::DstPort, Ranges::single(port.into()))));
    let mut part = |space: &mut Space, packets: Set, make: &dyn Fn(Option<u16>) -> Dnat| {
        let kept = same_port.map_or(packets, |same| space.intersect(packets, same));
        let moved = space.minus(packets, kept);
        found.push((Some(make(None)), kept));
        found.push((Some(make(port)), moved));
    };
    for (id, interface) in matcher.topology.interfaces() {
        let family = number(address).0;
        let own = interface.addresses.iter().find(|own| number(**own).0 == family);
        if own == Some(&address) {
            let here = space.cube(&Cube::any().with(Field::In, Ranges::single(id.into())));
            let ours = space.intersect(rest, here);
            rest = space.minus(rest, here);
            part(space, ours, &|port| Dnat::ToRouter { port });
        }
    }
    let there = space.cube(&prefix(IpNet::from(address), Side::Dst));
    let untouched = same_port.map_or(there, |same| space.intersect(there, same));
    let untouched = space.intersect(rest, untouched);
    rest = space.minus(rest, untouched);
    part(space, rest, &|port| Dnat::To { address, port });
    found.push((None, untouched));
    found
}

/// A note about addresses that the topology has otherwise.
pub fn mismatches(config: &Config, topology: &Topology) -> Vec<Origin> {
    let mut found = Vec::new();
    let near = |address: &IpAddr| matches!(address, IpAddr::V6(address) if Ipv6Addr::is_unicast_link_local(address));
    let named = topology.interfaces.iter().zip(&config.interfaces.devices);
    for (interface, device) in named.filter(|(interface, _)| interface.behind.is_none()) {
        let Some(written) = config.interfaces.all.iter().find(|written| written.device == *device) else { continue };
        for own in written.v4.into_iter().chain(written.v6).map(|net| net.addr()) {
            if !interface.addresses.contains(&own) && !near(&own) {
                let text = format!("interface {}: its address {own} is none that the policy knows of", written.key);
                found.push(Origin { line: written.line, text });
            }
        }
    }
    found
}
