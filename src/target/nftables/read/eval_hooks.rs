//! The way of packets through the hooks: base chains by priority, connection tracking at -200, translation of
//! destinations at -100 and of sources at 100, and routing between them.
//!
//! Sources: `nf_hook_slow` and `nf_hook_entries_grow` (net/netfilter/core.c), `nf_nat_inet_fn` (`nf_nat_core.c`),
//! `enum nf_ip_hook_priorities`. The priority of a nat chain orders it among nat chains only.

use super::{
    ast::{Chain, Hook, Table, TableFamily},
    context::{Class, Destination, Place, State, Tracking, View},
    error::ReadError,
    eval::{At, Effect, Eval, Flow, POLICY, Step, join, join_all},
    eval_address::of_family,
    eval_conntrack::connected,
};
use crate::{
    packet::{Cube, Field, Ranges, Set},
    router::LOCAL,
};

/// Where connections are looked up.
pub const CONNTRACK: i64 = -200;
const NAT_DESTINATION: i64 = -100;
const NAT_SOURCE: i64 = 100;

/// Something that is asked at a hook.
#[derive(Clone, Copy)]
enum Asked<'a> {
    Chain(&'a Table, &'a Chain),
    Conntrack,
    Nat,
}

impl<'a> Eval<'a> {
    /// Follows these packets from where they arrive or are sent to where they leave or are taken; gives what may get
    /// through. Their `Field::Out` is taken as where routing sends them in the end.
    pub fn journey(&mut self, packets: Set) -> Result<Flow, ReadError> {
        let own = self.space.cube(&Cube::any().with(Field::In, Ranges::single(LOCAL.into())));
        let domain = self.topology.domain(self.space);
        let sent = self.space.intersect(packets, own);
        let arriving = self.space.minus(packets, own);
        let mut through = self.sent(sent, domain)?;
        let more = self.arriving(arriving, domain)?;
        join_all(self.space, &mut through, more);
        Ok(through)
    }

    fn arriving(&mut self, packets: Set, domain: Set) -> Result<Flow, ReadError> {
        let place = |hook, leaving| Place { hook, arriving: View::Field, leaving, own: false, beside_conntrack: false };
        let flow = self.ingress(packets);
        let flow = self.hook(place(Hook::Prerouting, View::Absent), flow)?;
        let (taken, forwarded) = self.route(flow, domain);
        let mut through = self.hook(place(Hook::Input, View::Absent), taken)?;
        let forwarded = self.hook(place(Hook::Forward, View::Field), forwarded)?;
        let forwarded = self.hook(place(Hook::Postrouting, View::Field), forwarded)?;
        join_all(self.space, &mut through, forwarded);
        Ok(through)
    }

    /// Packets of the router itself. Those to itself come back through the loopback interface with their connection.
    fn sent(&mut self, packets: Set, domain: Set) -> Result<Flow, ReadError> {
        let place = |hook, arriving, leaving| Place { hook, arriving, leaving, own: true, beside_conntrack: false };
        let mut flow = Flow::new();
        let state = self.marks.first(self.class, true);
        join(self.space, &mut flow, state, packets);
        let flow = self.hook(place(Hook::Output, View::Absent, View::Field), flow)?;
        let (taken, leaving) = self.route(flow, domain);
        let mut through = self.hook(place(Hook::Postrouting, View::Absent, View::Field), leaving)?;
        let taken = self.hook(place(Hook::Postrouting, View::Absent, View::Field), taken)?;
        let taken = self.hook(place(Hook::Prerouting, View::Loopback, View::Absent), taken)?;
        let taken = self.hook(place(Hook::Input, View::Loopback, View::Absent), taken)?;
        join_all(self.space, &mut through, taken);
        Ok(through)
    }

    /// Chains on devices, before everything else: they are not followed, so if they do anything, any packet from
    /// outside may be dropped.
    fn ingress(&mut self, packets: Set) -> Flow {
        for (table, chain) in self.base_chains(Hook::Ingress) {
            if matches!(table.family, TableFamily::Netdev | TableFamily::Inet)
                && (chain.drops || !chain.rules.is_empty())
            {
                self.doubt(chain.line, &format!("chain {} {}", table.name, chain.name));
                self.dropped = self.space.union(self.dropped, packets);
            }
        }
        let mut flow = Flow::new();
        let state = self.marks.first(self.class, false);
        join(self.space, &mut flow, state, packets);
        flow
    }

    /// The packets to the router and those that leave it, by where their destination is routed as it is now. The
    /// others, with another `Field::Out`, do not exist.
    fn route(&mut self, flow: Flow, domain: Set) -> (Flow, Flow) {
        let taken = self.space.cube(&Cube::any().with(Field::Out, Ranges::single(LOCAL.into())));
        let (mut to_router, mut onward) = (Flow::new(), Flow::new());
        for (state, packets) in flow {
            let valid = match state.destination {
                Destination::Original => domain,
                // Wherever it leads, it is by an interface that there is.
                Destination::Unknown => {
                    let ids = self.topology.ids(true);
                    self.space.cube(&Cube::any().with(Field::Out, ids))
                }
                Destination::ToRouter { .. } => {
                    let addressless = self.addressless();
                    self.space.minus(taken, addressless)
                }
                Destination::To { address, .. } => {
                    let ids = self.topology.routes(address).into_iter().map(|id| (id.into(), id.into()));
                    self.space.cube(&Cube::any().with(Field::Out, Ranges::from_pairs(ids)))
                }
            };
            let lost = self.space.minus(packets, valid);
            self.dropped = self.space.union(self.dropped, lost);
            let packets = self.space.intersect(packets, valid);
            let ours = self.space.intersect(packets, taken);
            let others = self.space.minus(packets, taken);
            join(self.space, &mut to_router, state, ours);
            join(self.space, &mut onward, state, others);
        }
        (to_router, onward)
    }

    /// The packets that arrive where the router has no address of their family: `redirect` drops them
    /// (`nf_nat_redirect_ipv4` in `nf_nat_redirect.c`).
    fn addressless(&mut self) -> Set {
        let mut cubes = Vec::new();
        for (id, interface) in self.topology.interfaces() {
            for v6 in [false, true] {
                if !interface.addresses.iter().any(|address| address.is_ipv6() == v6) {
                    cubes.push(super::eval_address::of_family(v6).with(Field::In, Ranges::single(id.into())));
                }
            }
        }
        self.space.cubes_union(cubes)
    }

    /// Asks everything that hangs at a hook; gives what may get past.
    fn hook(&mut self, place: Place, flow: Flow) -> Result<Flow, ReadError> {
        if flow.is_empty() {
            return Ok(flow);
        }
        let mut asked: Vec<(i64, u8, Asked)> = Vec::new();
        let all = self.base_chains(place.hook);
        let nat = all.iter().any(|(_, chain)| chain.base.as_ref().is_some_and(|base| base.nat));
        for (table, chain) in all.into_iter().filter(|(_, chain)| chain.base.as_ref().is_some_and(|base| !base.nat)) {
            let priority = chain.base.as_ref().map_or(0, |base| base.priority);
            asked.push((priority, 0, Asked::Chain(table, chain)));
        }
        if matches!(place.hook, Hook::Prerouting | Hook::Output) {
            asked.push((CONNTRACK, 1, Asked::Conntrack));
        }
        // A packet that comes back through the loopback interface has been translated, or not, for good.
        if nat && place.arriving != View::Loopback {
            let source = matches!(place.hook, Hook::Input | Hook::Postrouting);
            asked.push((if source { NAT_SOURCE } else { NAT_DESTINATION }, 1, Asked::Nat));
        }
        asked.sort_by_key(|(priority, order, _)| (*priority, *order));
        let mut flow = flow;
        for (priority, _, one) in asked {
            let beside_conntrack = priority == CONNTRACK && matches!(place.hook, Hook::Prerouting | Hook::Output);
            flow = match one {
                Asked::Chain(table, chain) => {
                    self.base_chain(table, chain, flow, Place { beside_conntrack, ..place })?
                }
                Asked::Conntrack => flow.into_iter().map(|(state, packets)| (tracked(state), packets)).collect(),
                Asked::Nat => self.nat(place, flow)?,
            };
        }
        Ok(flow)
    }

    /// The base chains of a hook whose tables are asked about IP packets. Of equal priority the later one comes first.
    fn base_chains(&self, hook: Hook) -> Vec<(&'a Table, &'a Chain)> {
        let tables = self.ruleset.tables.iter().filter(|table| !table.dormant);
        let tables = tables.filter(|table| !matches!(table.family, TableFamily::Arp | TableFamily::Bridge));
        let chains = tables.flat_map(|table| table.chains.iter().map(move |chain| (table, chain)));
        let mut found: Vec<_> =
            chains.filter(|(_, chain)| chain.base.as_ref().is_some_and(|base| base.hook == hook)).collect();
        found.reverse();
        found.sort_by_key(|(_, chain)| chain.base.as_ref().map_or(0, |base| base.priority));
        found
    }

    /// Asks one base chain: what it accepts, and what its policy does.
    fn base_chain(&mut self, table: &'a Table, chain: &'a Chain, flow: Flow, place: Place) -> Result<Flow, ReadError> {
        let (flow, mut past) = self.of_table(table, flow);
        let at = At { table, state: State::FRESH, place };
        let verdicts = self.chain(chain, flow, at, 0)?;
        join_all(self.space, &mut past, verdicts.accepted);
        if !verdicts.fell.is_empty() {
            self.policy_step(table, chain, place);
        }
        if chain.drops {
            let fell = self.space.union_all(verdicts.fell.into_values().collect());
            self.dropped = self.space.union(self.dropped, fell);
        } else {
            join_all(self.space, &mut past, verdicts.fell);
        }
        Ok(past)
    }

    fn policy_step(&mut self, table: &Table, chain: &Chain, place: Place) {
        if let Some(steps) = &mut self.steps {
            let (word, effect) = if chain.drops { ("drop", Effect::Dropped) } else { ("accept", Effect::Accepted) };
            steps.push(Step {
                line: if chain.policy_line == 0 { chain.line } else { chain.policy_line },
                text: format!("{POLICY}{word} of chain {}", chain.name),
                chain: format!("{} {}", table.name, chain.name),
                effect,
                elements: Vec::new(),
                filters: place.hook.filters(),
            });
        }
    }

    /// The packets that a table is asked about, and the others.
    fn of_table(&mut self, table: &Table, flow: Flow) -> (Flow, Flow) {
        let family = match table.family {
            TableFamily::Ip => of_family(false),
            TableFamily::Ip6 => of_family(true),
            _ => return (flow, Flow::new()),
        };
        let family = self.space.cube(&family);
        let (mut ours, mut others) = (Flow::new(), Flow::new());
        for (state, packets) in flow {
            let inside = self.space.intersect(packets, family);
            let outside = self.space.minus(packets, family);
            join(self.space, &mut ours, state, inside);
            join(self.space, &mut others, state, outside);
        }
        (ours, others)
    }

    /// Asks the nat chains about the first packets of connections; the first that translates is the last.
    fn nat(&mut self, place: Place, flow: Flow) -> Result<Flow, ReadError> {
        if self.class != Class::New {
            return Ok(flow);
        }
        let (mut waiting, mut done) = (Flow::new(), Flow::new());
        for (state, packets) in flow {
            let eligible = connected(self.class, state, place, self.space).possibly;
            let inside = self.space.intersect(packets, eligible);
            let outside = self.space.minus(packets, eligible);
            join(self.space, &mut waiting, state, inside);
            join(self.space, &mut done, state, outside);
        }
        let source = matches!(place.hook, Hook::Input | Hook::Postrouting);
        for (table, chain) in self.base_chains(place.hook) {
            if !chain.base.as_ref().is_some_and(|base| base.nat) {
                continue;
            }
            let mut still = Flow::new();
            for (before, packets) in waiting {
                let one = Flow::from([(before, packets)]);
                for (after, packets) in self.base_chain(table, chain, one, place)? {
                    let translated =
                        if source { after.source != before.source } else { after.destination != before.destination };
                    join(self.space, if translated { &mut done } else { &mut still }, after, packets);
                }
            }
            waiting = still;
        }
        join_all(self.space, &mut done, waiting);
        Ok(done)
    }
}

fn tracked(state: State) -> State {
    let tracking = if state.tracking == Tracking::Before { Tracking::Done } else { state.tracking };
    State { tracking, ..state }
}
