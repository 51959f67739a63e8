//! More than the shortest path: every simple chain of hosts within bounds, as `check --all-paths` lists them.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::{
    algo::all_simple_paths,
    graph::{DiGraph, NodeIndex},
};

use super::{
    chain::{Walk, holds},
    classes::Leg,
    path::{Path, Step},
};
use crate::{model::Region, packet::Set};

/// A chain has at most this many hosts between its ends.
const BETWEEN: usize = 4;
/// So many chains are looked at before those that differ in words only are left out.
const LOOKED_AT: usize = 5_000;

impl Walk<'_> {
    /// At most `limit` chains, the shortest first. `onto` are the packets that end in the target.
    pub(super) fn all(&mut self, from: &[Region], to: &[Region], onto: Set, limit: usize) -> Vec<Path> {
        let mut graph: DiGraph<Option<Leg>, Step> = DiGraph::new();
        let mut nodes: BTreeMap<Leg, NodeIndex> = BTreeMap::new();
        let end = graph.add_node(None);
        let mut ends: BTreeMap<Leg, (Step, Leg)> = BTreeMap::new();
        let starts: Vec<Leg> = self.index.keys().copied().filter(|leg| holds(from, *leg)).collect();
        let mut waiting = starts.clone();
        let nobody = BTreeMap::new();
        while let Some(leg) = waiting.pop() {
            let node = *nodes.entry(leg).or_insert_with(|| graph.add_node(Some(leg)));
            if graph.edges(node).next().is_some() {
                continue;
            }
            let started = starts.contains(&leg);
            let last = if started { self.asks_the_target(leg) } else { self.arrives(leg, to, onto) };
            if let Some(last) = last {
                graph.add_edge(node, end, last.0.clone());
                ends.insert(leg, last);
            }
            for (step, next) in self.steps(leg, &nobody) {
                // A neighbour of the start is a start itself, and the internet is no stepping stone.
                if self.network.zone(next.zone).is_internet() || started && step == Step::SameZone || holds(to, next) {
                    continue;
                }
                let known = nodes.contains_key(&next);
                let target = *nodes.entry(next).or_insert_with(|| graph.add_node(Some(next)));
                graph.add_edge(node, target, step);
                if !known {
                    waiting.push(next);
                }
            }
        }
        let mut found: Vec<Path> = Vec::new();
        for start in &starts {
            let Some(node) = nodes.get(start) else { continue };
            let chains =
                all_simple_paths::<Vec<NodeIndex>, _, rustc_hash::FxBuildHasher>(&graph, *node, end, 0, Some(BETWEEN));
            found.extend(chains.take(LOOKED_AT).filter_map(|chain| path(&graph, &chain, *start, &ends)));
        }
        found.sort_by_key(|path| path.steps.len());
        let mut told = BTreeSet::new();
        found.retain(|path| told.insert(path.sentence(self.network)));
        found.truncate(limit);
        found
    }
}

/// The nodes of a chain as a path; nothing for one that makes two steps inside a zone where one would do.
fn path(
    graph: &DiGraph<Option<Leg>, Step>,
    chain: &[NodeIndex],
    start: Leg,
    ends: &BTreeMap<Leg, (Step, Leg)>,
) -> Option<Path> {
    let mut steps = Vec::new();
    for pair in chain.windows(2) {
        let [from, to] = pair else { continue };
        let step = match (graph.node_weight(*from)?, graph.node_weight(*to)?) {
            (_, Some(leg)) => (graph.edge_weight(graph.find_edge(*from, *to)?)?.clone(), *leg),
            (Some(leg), None) => ends.get(leg)?.clone(),
            (None, None) => return None,
        };
        steps.push(step);
    }
    steps.retain(|(step, _)| *step != Step::SameHost);
    let doubled = steps.windows(2).any(|pair| pair.iter().all(|(step, _)| *step == Step::SameZone));
    (!doubled).then_some(Path { start, steps })
}
