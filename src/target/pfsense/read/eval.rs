//! The way of packets through pf: translation of destinations and rules of the arriving interface, then translation of
//! sources and rules of the leaving one (`pf_test_rule` in `sys/netpfil/pf/pf.c`).
//!
//! A state lets replies pass, but not the packet itself on its way out: that is asked again. Of all rules that match, the
//! last one decides, or the first one that is `quick`.

use super::{
    ast::{From, Own, Rules, To},
    decide::Decision,
    matching::Matcher,
    state::{Class, Destination, Flow, Source, Stage, State, join},
};
use crate::{
    packet::{Bounds, Cube, Field, Ranges, Set, Side, Space, prefix},
    router::{LOCAL, Line, OTHER},
};

/// Ports or addresses of one translation that are followed one by one.
const FOLLOWED: u32 = 2048;

/// Follows packets.
pub struct Eval<'a, 's> {
    pub rules: &'a Rules,
    pub matcher: Matcher<'a>,
    pub space: &'s mut Space,
    pub class: Class,
    /// Packets that may be held back although they may pass as well.
    pub held: Set,
    /// Packets that pass because pfSense always lets them.
    pub additions: Vec<(Own, Set)>,
    /// Packets that are held back because pfSense always does.
    pub dropped: Set,
    /// Packets that pass, and that nothing remembers.
    pub forgotten: Set,
    /// The rules whose match could not be judged.
    pub doubts: Vec<Line>,
    /// The rules that decided, by whether they let pass; kept for single packets.
    pub steps: Option<Vec<(Line, bool)>>,
    /// The redirection of the one packet that is followed.
    pub redirected: Option<Line>,
}

impl<'a, 's> Eval<'a, 's> {
    pub fn new(rules: &'a Rules, matcher: Matcher<'a>, space: &'s mut Space) -> Self {
        Self {
            rules,
            matcher,
            space,
            class: Class::First,
            held: Set::EMPTY,
            additions: Vec::new(),
            dropped: Set::EMPTY,
            forgotten: Set::EMPTY,
            doubts: Vec::new(),
            steps: None,
            redirected: None,
        }
    }

    /// Follows packets from outside and those that the firewall sends; gives what may get through.
    pub fn journey(&mut self, packets: Set) -> Flow {
        let own = self.space.cube(&Cube::any().with(Field::In, Ranges::single(LOCAL.into())));
        let taken = self.space.cube(&Cube::any().with(Field::Out, Ranges::single(LOCAL.into())));
        let sent = self.space.intersect(packets, own);
        let arriving = self.space.minus(packets, own);
        let mut through = Flow::new();

        let flow = self.redirect(arriving);
        for (state, packets) in self.asked(Stage::Arriving, flow) {
            let ours = self.space.intersect(packets, taken);
            join(self.space, &mut through, state.clone(), ours);
            let onward = self.space.minus(packets, taken);
            self.leave(state, onward, &mut through);
        }

        let onward = self.space.minus(sent, taken);
        self.leave(State::fresh(), onward, &mut through);
        let looped = self.space.intersect(sent, taken);
        let flow = self.asked(Stage::LoopbackOut, Flow::from([(State::fresh(), looped)]));
        for (state, packets) in self.asked(Stage::LoopbackIn, flow) {
            join(self.space, &mut through, state, packets);
        }
        through
    }

    fn leave(&mut self, state: State, packets: Set, through: &mut Flow) {
        let flow = self.translate(state, packets);
        for (state, packets) in self.asked(Stage::Leaving, flow) {
            join(self.space, through, state, packets);
        }
    }

    pub fn doubt(&mut self, found: Bounds, packets: Set, origin: &super::ast::Origin) {
        let open = self.space.minus(found.possibly, found.surely);
        if self.space.disjoint(open, packets) {
            return;
        }
        // What hangs on nothing but interfaces that no zone has is told of once.
        let other = || Ranges::single(OTHER.into());
        let by_other = [Field::In, Field::Out].map(|field| Cube::any().with(field, other())).to_vec();
        let by_other = self.space.cubes_union(by_other);
        let own = self.space.intersect(open, packets);
        let line = if self.space.is_subset(own, by_other) {
            let names = self.matcher.config.interfaces.others.join(", ");
            Line {
                text: format!("no zone of the policy has {names}: what passes there is told apart no further"),
                ..Line::default()
            }
        } else {
            line(origin)
        };
        if !self.doubts.contains(&line) {
            self.doubts.push(line);
        }
    }

    /// The first redirection that fits.
    fn redirect(&mut self, packets: Set) -> Flow {
        let mut flow = Flow::new();
        let mut pending = packets;
        // `no rdr` spares packets all redirections, and 1:1 is asked about them all the same.
        let mut spared = Set::EMPTY;
        let fresh = State::fresh();
        for rdr in &self.rules.rdrs {
            let mut found = self.matcher.whole(&rdr.matches, &fresh, Stage::Arriving, self.space);
            if rdr.perhaps {
                found = found.perhaps();
            }
            let here = self.space.intersect(found.possibly, pending);
            if here == Set::EMPTY {
                continue;
            }
            self.doubt(found, pending, &rdr.origin);
            pending = self.space.minus(pending, found.surely);
            if self.steps.is_some() {
                self.redirected = Some(line(&rdr.origin));
            }
            if rdr.no {
                spared = self.space.union(spared, here);
                continue;
            }
            let state = State { passed: rdr.pass, tag: rdr.tag.clone(), ..fresh.clone() };
            for (destination, packets) in self.rewritten(&rdr.to, rdr.port, &rdr.matches.dst, here) {
                join(self.space, &mut flow, State { destination, ..state.clone() }, packets);
            }
            if rdr.to == To::Unknown {
                let doubt = Bounds { surely: Set::EMPTY, possibly: Set::ALL };
                self.doubt(doubt, here, &rdr.origin);
            }
        }
        pending = self.space.union(pending, spared);
        for binat in &self.rules.binats {
            let found = self.binat_in(binat, pending);
            pending = self.space.minus(pending, found.1);
            for (destination, packets) in found.0 {
                join(self.space, &mut flow, State { destination, ..fresh.clone() }, packets);
            }
        }
        join(self.space, &mut flow, fresh, pending);
        self.routed(flow)
    }

    /// Where packets lead that a redirection rewrites.
    fn rewritten(
        &mut self,
        to: &To,
        port: Option<(u16, u16)>,
        dst: &super::ast::End,
        packets: Set,
    ) -> Vec<(Destination, Set)> {
        let To::Address(address) = *to else { return vec![(Destination::Unknown, packets)] };
        let Some((first, last)) = port else { return vec![(Destination::To { address, port: None }, packets)] };
        if first == last {
            return vec![(Destination::To { address, port: Some(first) }, packets)];
        }
        let outer = dst.ports.as_ref().filter(|ports| !ports.unknown).and_then(|ports| match ports.ranges.as_slice() {
            [one] => Some(*one),
            _ => None,
        });
        let Some((from, to)) = outer.filter(|(from, to)| from <= to && u32::from(to - from) < FOLLOWED) else {
            return vec![(Destination::Unknown, packets)];
        };
        let mut found = Vec::new();
        for asked in from..=to {
            let inner = u32::from(first) + u32::from(asked - from) % (u32::from(last) - u32::from(first) + 1);
            let cube = self.space.cube(&Cube::any().with(Field::DstPort, Ranges::single(asked.into())));
            let packets = self.space.intersect(packets, cube);
            found.push((Destination::To { address, port: u16::try_from(inner).ok() }, packets));
        }
        found
    }

    /// What a 1:1 makes of destinations, and for which packets that is certain.
    fn binat_in(&mut self, binat: &super::ast::Binat, packets: Set) -> (Vec<(Destination, Set)>, Set) {
        let mut found = Vec::new();
        let mut sure = Vec::new();
        let pairs = super::binat::pairs(binat, FOLLOWED);
        for (inside, outside) in &pairs.known {
            let matches = pairs.matches(binat, Some(*outside), false);
            let hit = self.matcher.whole(&matches, &State::fresh(), Stage::Arriving, self.space);
            let here = self.space.intersect(hit.possibly, packets);
            self.doubt(hit, packets, &binat.origin);
            sure.push(hit.surely);
            let destination =
                if binat.no { Destination::Original } else { Destination::To { address: *inside, port: None } };
            found.push((destination, here));
        }
        if pairs.unknown {
            let matches = pairs.matches(binat, None, false);
            let hit = self.matcher.whole(&matches, &State::fresh(), Stage::Arriving, self.space).perhaps();
            let here = self.space.intersect(hit.possibly, packets);
            self.doubt(hit, packets, &binat.origin);
            found.push((if binat.no { Destination::Original } else { Destination::Unknown }, here));
        }
        let sure = self.space.union_all(sure);
        (found, sure)
    }

    /// The packets whose leaving interface is where their destination leads; the others do not exist.
    fn routed(&mut self, flow: Flow) -> Flow {
        let mut found = Flow::new();
        let domain = self.matcher.topology.domain(self.space);
        for (state, packets) in flow {
            let valid = match state.destination {
                Destination::Original => domain,
                Destination::Unknown => Set::ALL,
                Destination::To { address, .. } => {
                    let ids = self.matcher.topology.routes(address).into_iter().map(|id| (id.into(), id.into()));
                    self.space.cube(&Cube::any().with(Field::Out, Ranges::from_pairs(ids)))
                }
            };
            let lost = self.space.minus(packets, valid);
            self.held = self.space.union(self.held, lost);
            let packets = self.space.intersect(packets, valid);
            join(self.space, &mut found, state, packets);
        }
        found
    }

    /// The first translation of sources that fits: 1:1 before outbound.
    fn translate(&mut self, state: State, packets: Set) -> Flow {
        let mut flow = Flow::new();
        let mut pending = packets;
        // `no binat` spares packets 1:1, and outbound NAT is asked about them all the same.
        let mut spared = Set::EMPTY;
        for binat in &self.rules.binats {
            let pairs = super::binat::pairs(binat, FOLLOWED);
            let known = pairs.known.iter().map(|pair| (Some(pair.0), Source::Address(pair.1)));
            let mut sure = Vec::new();
            for (inside, source) in known.chain(pairs.unknown.then_some((None, Source::Unknown))) {
                let matches = pairs.matches(binat, inside, true);
                let hit = self.matcher.whole(&matches, &state, Stage::Leaving, self.space);
                let hit = if inside.is_none() { hit.perhaps() } else { hit };
                let here = self.space.intersect(hit.possibly, pending);
                self.doubt(hit, pending, &binat.origin);
                sure.push(hit.surely);
                if binat.no {
                    spared = self.space.union(spared, here);
                } else {
                    join(self.space, &mut flow, State { source, ..state.clone() }, here);
                }
            }
            let sure = self.space.union_all(sure);
            pending = self.space.minus(pending, sure);
        }
        pending = self.space.union(pending, spared);
        for nat in &self.rules.nats {
            if pending == Set::EMPTY {
                break;
            }
            let found = self.matcher.whole(&nat.matches, &state, Stage::Leaving, self.space);
            let here = self.space.intersect(found.possibly, pending);
            if here == Set::EMPTY {
                continue;
            }
            self.doubt(found, pending, &nat.origin);
            pending = self.space.minus(pending, found.surely);
            let source = match nat.from {
                _ if nat.no => state.source,
                From::Interface => Source::Interface,
                From::Address(address) => Source::Address(address),
                From::Unknown => Source::Unknown,
            };
            if source == Source::Unknown {
                self.doubt(Bounds::UNKNOWN, here, &nat.origin);
            }
            let port_kept = nat.no || nat.static_port;
            join(self.space, &mut flow, State { source, port_kept, ..state.clone() }, here);
        }
        join(self.space, &mut flow, state, pending);
        flow
    }

    /// Asks the filter about packets; gives what may pass.
    fn asked(&mut self, stage: Stage, flow: Flow) -> Flow {
        let mut through = Flow::new();
        for (state, packets) in flow {
            if state.passed && stage == Stage::Arriving {
                // No rule was asked, and so none has `reply-to`.
                self.answered_elsewhere(packets);
                join(self.space, &mut through, State { passed: false, ..state }, packets);
                continue;
            }
            for (decision, mut packets) in self.decisions(stage, &state, packets) {
                self.step(&decision, packets);
                if !decision.passes {
                    if decision.always {
                        self.dropped = self.space.union(self.dropped, packets);
                    }
                    self.held = self.space.union(self.held, packets);
                    continue;
                }
                if decision.unsure {
                    self.held = self.space.union(self.held, packets);
                }
                if let Some(route) = decision.route {
                    packets = self.sent_by(route, packets);
                }
                if decision.stateless && decision.own.is_none() {
                    self.forgotten = self.space.union(self.forgotten, packets);
                }
                let sends = self.space.cube(&Cube::any().with(Field::In, Ranges::single(LOCAL.into())));
                if decision.by_default && stage == Stage::Arriving {
                    self.answered_elsewhere(packets);
                }
                if let Some(own) = decision.own {
                    let first = if stage == Stage::Arriving { packets } else { self.space.intersect(packets, sends) };
                    self.additions.push((own, first));
                }
                join(self.space, &mut through, State { tag: decision.tag, ..state.clone() }, packets);
            }
        }
        through
    }

    /// What came in by an uplink beside the default route is answered by that route, and the answers get lost.
    fn answered_elsewhere(&mut self, packets: Set) {
        for aside in &self.rules.asides {
            let ids = self.matcher.ids(std::slice::from_ref(&aside.device));
            let ids = ids.into_iter().map(|id| (id.into(), id.into()));
            let cube = Cube::any().with(Field::In, Ranges::from_pairs(ids));
            let mut here = self.space.cube(&cube.with(Field::Family, Ranges::single(aside.family as u64)));
            if let Some(near) = aside.near {
                let near = self.space.cube(&prefix(near, Side::Src));
                here = self.space.minus(here, near);
            }
            let lost = self.space.intersect(packets, here);
            self.forgotten = self.space.union(self.forgotten, lost);
        }
    }

    /// A gateway takes packets wherever their destination is, even if that is the firewall.
    fn sent_by(&mut self, rule: usize, packets: Set) -> Set {
        let rule = self.rules.filters.get(rule);
        let devices = rule.and_then(|rule| rule.route.clone()).unwrap_or_default();
        let mut ids = self.matcher.ids(&devices);
        if devices.iter().any(|device| self.matcher.config.interfaces.others.contains(device)) {
            ids.push(crate::router::OTHER);
        }
        let ids = ids.into_iter().map(|id| (id.into(), id.into()));
        let out = self.space.cube(&Cube::any().with(Field::Out, Ranges::from_pairs(ids)));
        let elsewhere = self.space.minus(packets, out);
        self.held = self.space.union(self.held, elsewhere);
        if rule.is_some_and(|rule| rule.always) {
            self.dropped = self.space.union(self.dropped, elsewhere);
        }
        self.space.intersect(packets, out)
    }

    fn step(&mut self, decision: &Decision, packets: Set) {
        let rule = decision.by.and_then(|by| self.rules.filters.get(by));
        if let (Some(steps), Some(rule)) = (&mut self.steps, rule)
            && packets != Set::EMPTY
        {
            steps.push((line(&rule.origin), decision.passes));
        }
    }
}

/// Where a rule stands.
pub fn line(origin: &super::ast::Origin) -> Line {
    Line { file: super::FILE.to_owned(), line: origin.line, text: origin.text.clone() }
}
