//! The reachability of a policy as a graph made for people: places as nodes, and one edge for each way in which one
//! place may open connections to another.
//!
//! Takes a policy with its meaning. What a deny, a translation or the router's position takes away is taken away

mod edges;
mod ends;
mod nodes;
mod statements;

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::DiGraph;
use serde::Serialize;

use crate::{
    diagnostic::{Sources, Span},
    model::{HostId, Network, ZoneId},
    packet::Set,
    policy::Meant,
};

/// The nodes and edges, both in an order that depends on nothing but the policy.
pub type Graph = DiGraph<Node, Edge>;

/// A place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Node {
    pub kind: NodeKind,
    pub name: String,
    /// The zones of a host, by name; the first is where it is drawn.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub zones: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vlan: Option<u16>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub networks: Vec<String>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub isolated: bool,
    /// Has it addresses of these families?
    pub ipv4: bool,
    pub ipv6: bool,
    /// Declared hosts of a zone that no edge names.
    #[serde(skip_serializing_if = "is_zero")]
    pub other_hosts: usize,
    /// Where it is declared.
    pub place: String,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
const fn is_zero(number: &usize) -> bool {
    *number == 0
}

/// What a node stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum NodeKind {
    Internet,
    Router,
    Zone,
    Host,
}

/// One way to open connections.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Edge {
    pub kind: Kind,
    /// Services by IPv4; none when nothing passes by it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ipv4: Vec<String>,
    /// Services by IPv6.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ipv6: Vec<String>,
    /// What it is outside, when a forward changes the port.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub public: Option<String>,
    /// Which part of the two ends, when it is not all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub scope: Vec<String>,
    /// Times, rates and dates that it depends on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// The statements behind it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub places: Vec<String>,
}

/// Why an edge is there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// From the internet by `expose`.
    Exposure,
    /// The port of a VPN, or an exposure that comes in by somebody's tunnel.
    Tunnel,
    Rule,
    Integration,
    Reflector,
    /// Hosts of one zone, which no router parts.
    SameZone,
    /// A host with a leg in a second zone: it is there, past the router.
    SecondLeg,
}

/// One end of an edge, before it is a node.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum End {
    Router,
    Zone(ZoneId),
    Host(HostId),
}

/// What tells edges apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key {
    from: End,
    to: End,
    kind: Kind,
    public: Option<String>,
    scope: Vec<String>,
    conditions: Vec<String>,
}

#[derive(Clone, Debug, Default)]
struct Drawn {
    v4: Option<Set>,
    v6: Option<Set>,
    spans: BTreeSet<Span>,
    /// Said outright, where no packets are known.
    words: Vec<String>,
}

struct Builder<'a> {
    network: &'a Network,
    sources: &'a Sources,
    meant: &'a mut Meant,
    reaching: Set,
    edges: BTreeMap<Key, Drawn>,
}

/// The graph of a policy.
pub fn graph(network: &Network, sources: &Sources, meant: &mut Meant) -> Graph {
    let reaching = meant.meaning.reaching(&mut meant.space);
    let mut builder = Builder { network, sources, meant, reaching, edges: BTreeMap::new() };
    builder.allowed();
    builder.forwarded();
    builder.tunnelled();
    builder.beside();
    builder.finish()
}

/// What no edge says, for the legend.
#[must_use]
pub fn notes(network: &Network) -> Vec<String> {
    let mut notes = vec![
        "What has no arrow is denied. Answers to what is allowed always pass, and so do ICMP errors and what IPv6 needs \
         on a link."
            .to_owned(),
    ];
    if network.router.output_open {
        notes.push("The router itself may open connections to everything (output open); this is not drawn.".to_owned());
    }
    notes
}
