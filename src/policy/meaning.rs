//! The router's behaviour that the policy asks for, as exact sets of packets.

use std::net::IpAddr;

use super::{
    cause::Cause,
    cubes::{place, seconds, side, unicast},
    flow::{Flow, Flows, baseline, flows},
    forward::{Forward, Original, forwards, redirected},
    standing::Standing,
};
use crate::{
    model::{AddressSet, Network, Options, Place, Region, ZoneId, service::Traffic},
    packet::{Cube, Family, Field, Packet, Ranges, Set, Side, Space},
    router::{Behaviour, LOCAL, Limit, Limits, Outcome, Snat},
};

/// A burst that nftables grants a limit by default, in packets.
pub const BURST: u64 = 5;

/// Above this many cubes a flow is built from its sides instead.
const PRODUCT: usize = 64;

/// The meaning of a policy.
#[derive(Clone, Debug)]
pub struct Meaning {
    /// What the router does with every packet.
    pub behaviour: Behaviour,
    /// All packets that can exist.
    pub domain: Set,
    /// The packets that pass untranslated, or would pass once they are translated: with the destination of afterwards.
    pub passing: Set,
    /// Everything but what comes from outside under an address of the router itself, or by an uplink under one of our
    /// own networks.
    pub honest: Set,
    /// What always passes, as a set.
    pub always: Set,
    pub flows: Flows,
    pub baseline: Vec<Flow>,
    pub forwards: Vec<Forward>,
    /// The packets that each of them translates, as they arrive; `Field::Out` is left open.
    pub translated: Vec<Set>,
    /// Packets that two statements would send different ways, so that the order of the statements would decide.
    pub contested: Vec<(Cause, Cause, Set)>,
    /// The address that a redirect to the router leads to, by the zone in which a packet arrives; one for each family.
    pub redirected: Vec<(Place, IpAddr)>,
}

impl Meaning {
    /// The translation that takes a packet, whether it passes behind it or not.
    #[must_use]
    pub fn forward_of(&self, packet: &Packet, space: &Space) -> Option<&Forward> {
        let taken = self.translated.iter().position(|translated| space.contains(*translated, packet))?;
        self.forwards.get(taken)
    }
}

/// The meaning of a network where its router stands.
#[must_use]
pub fn meaning(network: &Network, standing: &Standing, limits: &mut Limits, space: &mut Space) -> Meaning {
    let mut builder = Builder { network, standing, limits, space };
    let flows = flows(network);
    let baseline = baseline(network);
    let forwards = forwards(network);
    let domain = standing.topology.domain(builder.space);
    let honest = builder.honest();
    let allowed = builder.flows(&flows.allowed);
    let denied = builder.flows(&flows.denied);
    let always = builder.always(&baseline);
    let free = builder.free();
    let allowed = builder.space.union(allowed, free);
    let passing = builder.space.minus(allowed, denied);
    let loopback = builder.loopback();
    let passing = builder.space.union_all(vec![passing, always, loopback]);
    let passing = builder.space.intersect(passing, honest);
    let masked = builder.as_router(&flows.allowed);

    let mut behaviour = Behaviour::default();
    let mut taken = Set::EMPTY;
    let mut earlier: Vec<(&Forward, Set, Set)> = Vec::new();
    let mut contested = Vec::new();
    let mut translated = Vec::new();
    let arriving = builder.space.project(domain, Field::Out);
    for forward in &forwards {
        let original = builder.original(forward);
        let original = builder.space.intersect(original, arriving);
        let fresh = builder.space.minus(original, taken);
        taken = builder.space.union(taken, original);
        translated.push(fresh);
        let accepted = builder.accepted(forward, passing, denied);
        if fresh != original {
            builder.contest(forward, original, accepted, &earlier, &mut contested);
        }
        earlier.push((forward, original, accepted));
        let accepted = builder.space.intersect(accepted, fresh);
        let accepted = builder.space.intersect(accepted, honest);
        let masked = builder.before(forward, masked);
        builder.add(&mut behaviour, accepted, Some(forward), masked);
    }
    let untouched = builder.space.minus(domain, taken);
    let direct = builder.space.intersect(untouched, passing);
    builder.add(&mut behaviour, direct, None, masked);
    drop(earlier);
    Meaning {
        behaviour,
        domain,
        passing,
        honest,
        always,
        flows,
        baseline,
        forwards,
        translated,
        contested,
        redirected: redirected(network),
    }
}

/// The packets of some flows, with the destination of after translation.
#[must_use]
pub fn flow_set(network: &Network, standing: &Standing, limits: &mut Limits, space: &mut Space, flows: &[Flow]) -> Set {
    Builder { network, standing, limits, space }.flows(flows)
}

struct Builder<'a> {
    network: &'a Network,
    standing: &'a Standing,
    limits: &'a mut Limits,
    space: &'a mut Space,
}

impl Builder<'_> {
    fn flows(&mut self, flows: &[Flow]) -> Set {
        let mut cubes = Vec::new();
        let mut sets = Vec::new();
        for flow in flows {
            for family in [Family::V4, Family::V6].into_iter().filter(|family| flow.has_family(*family)) {
                let base = self.base(flow, family);
                let from = side(&flow.from.addresses, family, Side::Src);
                let to = side(&flow.to.addresses, family, Side::Dst);
                let traffic: Vec<&Traffic> = flow.traffic.iter().filter(|traffic| traffic.has_family(family)).collect();
                if from.len() * to.len() * traffic.len() <= PRODUCT {
                    for (from, to) in from.iter().flat_map(|from| to.iter().map(move |to| (from, to))) {
                        let ends = base.intersect(from).intersect(to);
                        cubes.extend(traffic.iter().map(|traffic| traffic.narrow(ends.clone())));
                    }
                } else {
                    let from = self.space.cubes_union(from.iter().map(|from| base.intersect(from)).collect());
                    let to = self.space.cubes_union(to);
                    let traffic =
                        self.space.cubes_union(traffic.iter().map(|traffic| traffic.narrow(Cube::any())).collect());
                    let ends = self.space.intersect(from, to);
                    sets.push(self.space.intersect(ends, traffic));
                }
            }
        }
        sets.push(self.space.cubes_union(cubes));
        self.space.union_all(sets)
    }

    /// Places, family and conditions of a flow.
    fn base(&mut self, flow: &Flow, family: Family) -> Cube {
        let cube = place(place(Cube::any(), Field::In, flow.from.place), Field::Out, flow.to.place);
        self.conditions(cube.with(Field::Family, Ranges::single(family as u64)), &flow.options)
    }

    fn conditions(&mut self, mut cube: Cube, options: &Options) -> Cube {
        if let Some((schedule, _)) = options.during
            && let Some(schedule) = self.network.schedules.get(schedule.0)
        {
            cube = cube.with(Field::Minute, self.standing.minutes(schedule));
        }
        if let Some((limit, _)) = options.limit {
            let number = self.limits.number(&Limit {
                rate: limit.count.into(),
                bytes: false,
                per: seconds(limit.unit),
                burst: BURST,
            });
            cube = cube.with(Field::Exceeded, Ranges::single(number.into()).complement(Field::Exceeded));
        }
        cube
    }

    /// What needs no rule: hosts of one zone, and the router's own packets when its output is open.
    fn free(&mut self) -> Set {
        let mut cubes = Vec::new();
        for (from, to) in self.network.joined() {
            let within = place(place(Cube::any(), Field::In, Place::Zone(from)), Field::Out, Place::Zone(to));
            let (from, to) = (self.network.zone(from).network_set(), self.network.zone(to).network_set());
            for family in [Family::V4, Family::V6] {
                for from in side(&from, family, Side::Src) {
                    cubes.extend(side(&to, family, Side::Dst).iter().map(|to| within.intersect(&from).intersect(to)));
                }
            }
        }
        if self.network.router.output_open {
            cubes.push(place(Cube::any(), Field::In, Place::Router));
        }
        self.space.cubes_union(cubes)
    }

    /// What no deny holds back: what has to reach the router, and what it has to send.
    fn always(&mut self, baseline: &[Flow]) -> Set {
        let taken = self.flows(baseline);
        let router = place(Cube::any(), Field::In, Place::Router);
        let sent = super::flow::output_baseline(self.network)
            .into_iter()
            .map(|traffic| traffic.narrow(router.clone()))
            .collect();
        let sent = self.space.cubes_union(sent);
        self.space.union(taken, sent)
    }

    /// Everything but what comes from outside under an address of the router itself, and by an uplink under one of our
    /// own networks.
    fn honest(&mut self) -> Set {
        let forged = self.standing.topology.own_sources(self.space);
        let inside = self.space.cube(&place(Cube::any(), Field::In, Place::Router));
        let forged = self.space.minus(forged, inside);
        let ours = self.network.zones.iter().filter(|zone| zone.is_ours());
        let ours = ours.fold(AddressSet::default(), |set, zone| set.union(&zone.network_set()));
        let mut cubes = Vec::new();
        for (id, _) in self.network.zone_ids().filter(|(_, zone)| zone.is_internet()) {
            let here = place(Cube::any(), Field::In, Place::Zone(id));
            for family in [Family::V4, Family::V6] {
                cubes.extend(side(&ours, family, Side::Src).iter().map(|from| here.intersect(from)));
            }
        }
        let foreign = self.space.cubes_union(cubes);
        let forged = self.space.union(forged, foreign);
        self.space.complement(forged)
    }

    fn loopback(&mut self) -> Set {
        self.space.cube(&place(place(Cube::any(), Field::In, Place::Router), Field::Out, Place::Router))
    }

    /// What rules show under the router's address: what goes from zone to zone. The router's own packets bear it anyway.
    /// A limit says how many pass, not whose address they bear when another rule lets them pass.
    fn as_router(&mut self, flows: &[Flow]) -> Set {
        let between = |flow: &&Flow| flow.from.place != Place::Router && flow.to.place != Place::Router;
        let masked = flows.iter().filter(|flow| flow.options.as_router).filter(between).cloned();
        let masked: Vec<Flow> =
            masked.map(|flow| Flow { options: Options { limit: None, ..flow.options.clone() }, ..flow }).collect();
        self.flows(&masked)
    }

    /// The packets that a forward translates, as they arrive. Who comes from outside has asked for the address of the
    /// uplink by which he comes; from inside, each of them is meant.
    fn original(&mut self, forward: &Forward) -> Set {
        let network = self.network;
        let own = |zones: &[ZoneId]| {
            let own = zones.iter().flat_map(|zone| &network.zone(*zone).addresses);
            own.fold(AddressSet::default(), |set, own| set.union(&AddressSet::of(own.address)))
        };
        let mut ends = Vec::new();
        match &forward.original {
            Original::Uplinks(zones) => {
                for region in &forward.granted {
                    if let Place::Zone(zone) = region.place {
                        ends.push((vec![region], own(&[zone])));
                    }
                }
                ends.push((forward.translated.iter().collect(), own(zones)));
            }
            Original::Anyone => {
                let others = forward.target.map_or_else(unicast, |target| unicast().minus(&AddressSet::of(target)));
                ends.push((forward.granted.iter().chain(&forward.translated).collect(), others));
            }
        }
        let mut found = Vec::new();
        for (from, to) in ends {
            let to = self.space.cubes_union(side(&to, forward.family, Side::Dst));
            let from = self.arriving(from.into_iter(), forward.family);
            found.push(self.space.intersect(from, to));
        }
        let ends = self.space.union_all(found);
        let traffic = self.space.cube(&forward.traffic.narrow(Cube::any()));
        let wanted = self.space.intersect(ends, traffic);
        let untracked = self.untracked();
        self.space.minus(wanted, untracked)
    }

    /// Neighbour discovery and multicast listeners concern one link: nobody tracks them, so nothing translates them.
    fn untracked(&mut self) -> Set {
        let messages = super::flow::link_messages().narrow(Cube::any());
        self.space.cube(&messages.with(Field::Family, Ranges::single(Family::V6 as u64)))
    }

    fn arriving<'r>(&mut self, regions: impl Iterator<Item = &'r Region>, family: Family) -> Set {
        let mut cubes = Vec::new();
        for region in regions {
            let base = place(Cube::any(), Field::In, region.place);
            cubes.extend(side(&region.addresses, family, Side::Src).iter().map(|from| base.intersect(from)));
        }
        self.space.cubes_union(cubes)
    }

    /// The packets that earlier forwards of the same sort take and would treat otherwise.
    fn contest(
        &mut self,
        forward: &Forward,
        original: Set,
        accepted: Set,
        earlier: &[(&Forward, Set, Set)],
        contested: &mut Vec<(Cause, Cause, Set)>,
    ) {
        let sort = |forward: &Forward| matches!(forward.original, Original::Anyone);
        for (other, taken, passed) in earlier.iter().filter(|(other, ..)| sort(other) == sort(forward)) {
            let both = self.space.intersect(original, *taken);
            let (here, there) = (self.space.intersect(accepted, both), self.space.intersect(*passed, both));
            let alike = (forward.target, forward.port) == (other.target, other.port) && here == there;
            if other.cause != forward.cause && both != Set::EMPTY && !alike {
                contested.push((other.cause, forward.cause, both));
            }
        }
    }

    /// The packets, as they arrive, that a forward's translation brings through.
    fn accepted(&mut self, forward: &Forward, passing: Set, denied: Set) -> Set {
        let granted = self.arriving(forward.granted.iter(), forward.family);
        let conditions = self.conditions(Cube::any(), &forward.options);
        let conditions = self.space.cube(&conditions);
        let granted = self.space.intersect(granted, conditions);
        let held_back = self.before(forward, denied);
        let granted = self.space.minus(granted, held_back);
        let ruled = self.before(forward, passing);
        let let_in = self.space.union(granted, ruled);
        let out = self.out(forward);
        self.space.intersect(let_in, out)
    }

    /// Packets after a translation to the packets before it, with the original destination left open.
    fn before(&mut self, forward: &Forward, after: Set) -> Set {
        let mut parts = Vec::new();
        match forward.target {
            Some(target) => parts.push((Cube::any(), target)),
            None => {
                let own = redirected(self.network).into_iter();
                let own = own.filter(|(_, address)| address.is_ipv4() == (forward.family == Family::V4));
                parts.extend(own.map(|(zone, address)| (place(Cube::any(), Field::In, zone), address)));
            }
        }
        let mut found = Vec::new();
        for (base, target) in parts {
            for to in side(&AddressSet::of(target), forward.family, Side::Dst) {
                let mut cube = base.intersect(&to);
                if let Some(port) = forward.port {
                    cube = cube.with(Field::DstPort, Ranges::single(port.into()));
                }
                let cube = self.space.cube(&cube);
                let mut set = self.space.intersect(after, cube);
                for field in [Field::DstHigh, Field::DstLow].into_iter().chain(forward.port.map(|_| Field::DstPort)) {
                    set = self.space.project(set, field);
                }
                found.push(set);
            }
        }
        let out = self.out(forward);
        let found = self.space.union_all(found);
        self.space.intersect(found, out)
    }

    fn out(&mut self, forward: &Forward) -> Set {
        let ways = forward.target.map_or_else(|| vec![LOCAL], |target| self.standing.topology.routes(target));
        let ways = Ranges::from_pairs(ways.into_iter().map(|way| (way.into(), way.into())));
        self.space.cube(&Cube::any().with(Field::Out, ways))
    }

    /// Adds accepted packets under the source translation that each gets. `masked` are those that a rule shows under
    /// the router's address.
    fn add(&mut self, behaviour: &mut Behaviour, accepted: Set, forward: Option<&Forward>, masked: Set) {
        let dnat = forward.map(Forward::dnat);
        let untracked = self.untracked();
        let mut rest = self.space.minus(accepted, untracked);
        let untracked = self.space.intersect(accepted, untracked);
        behaviour.add(self.space, Outcome { dnat, snat: None }, untracked);
        let mut add = |space: &mut Space, rest: &mut Set, snat: Snat, set: Set| {
            let part = space.intersect(*rest, set);
            *rest = space.minus(*rest, part);
            behaviour.add(space, Outcome { dnat, snat: Some(snat) }, part);
        };
        for (id, zone) in self.network.zone_ids() {
            if let Some(egress) = &zone.egress
                && let Some(address) = egress.from
            {
                let cube = place(place(Cube::any(), Field::In, Place::Zone(id)), Field::Out, Place::Zone(egress.zone));
                let family = if address.is_ipv4() { Family::V4 } else { Family::V6 };
                let set = self.space.cube(&cube.with(Field::Family, Ranges::single(family as u64)));
                add(self.space, &mut rest, Snat::To { address }, set);
            }
        }
        let masquerade = self.masquerade(forward.is_some());
        let masquerade = self.space.union(masquerade, masked);
        add(self.space, &mut rest, Snat::Masquerade, masquerade);
        behaviour.add(self.space, Outcome { dnat, snat: None }, rest);
    }

    /// What is shown under the router's address: IPv4 that leaves by a masquerading zone, and translated packets that
    /// go back into the zone they came from, since the answer would miss the router otherwise.
    fn masquerade(&mut self, translated: bool) -> Set {
        let mut cubes = Vec::new();
        for (id, zone) in self.network.zone_ids() {
            let out = place(Cube::any(), Field::Out, Place::Zone(id));
            if zone.masquerade {
                cubes.push(out.clone().with(Field::Family, Ranges::single(Family::V4 as u64)));
            }
            let beside = self.network.zone_ids().filter(|(from, _)| self.network.link(*from) == self.network.link(id));
            for (from, _) in beside.filter(|_| translated) {
                cubes.push(place(out.clone(), Field::In, Place::Zone(from)));
            }
        }
        self.space.cubes_union(cubes)
    }
}
