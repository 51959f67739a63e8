//! The graph itself, and what stands in its nodes.

use std::collections::{BTreeMap, BTreeSet};

use petgraph::graph::NodeIndex;

use super::{Builder, End, Graph, Node, NodeKind};
use crate::{
    model::{HostId, ZoneId},
    packet::Family,
};

impl Builder<'_> {
    pub(super) fn finish(mut self) -> Graph {
        let mut graph = Graph::new();
        let mut nodes: BTreeMap<End, NodeIndex> = BTreeMap::new();
        let edges = std::mem::take(&mut self.edges);
        let used: BTreeSet<&End> = edges.keys().flat_map(|key| [&key.from, &key.to]).collect();
        let internet = |(_, zone): &(ZoneId, &crate::model::Zone)| zone.is_internet();
        for (id, _) in self.network.zone_ids().filter(internet) {
            nodes.insert(End::Zone(id), graph.add_node(self.zone(id, &used)));
        }
        nodes.insert(End::Router, graph.add_node(self.router()));
        for (id, _) in self.network.zone_ids().filter(|zone| !internet(zone)) {
            nodes.insert(End::Zone(id), graph.add_node(self.zone(id, &used)));
        }
        for index in 0..self.network.hosts.len() {
            let end = End::Host(HostId(index));
            if used.contains(&end) {
                nodes.insert(end, graph.add_node(self.host(HostId(index))));
            }
        }
        for (key, drawn) in edges {
            if let (Some(from), Some(to)) = (nodes.get(&key.from), nodes.get(&key.to)) {
                let edge = self.edge(key, drawn);
                graph.add_edge(*from, *to, edge);
            }
        }
        graph
    }

    /// Has a zone IPv6? An uplink has it when any zone has.
    fn has_v6(&self, zone: &crate::model::Zone) -> bool {
        let inside = |zone: &crate::model::Zone| !zone.network_set().v6.is_empty();
        if zone.is_internet() { self.network.zones.iter().any(inside) } else { inside(zone) }
    }

    fn router(&self) -> Node {
        let router = &self.network.router;
        let name = if router.name.is_empty() { "router".to_owned() } else { router.name.clone() };
        Node {
            kind: NodeKind::Router,
            name,
            zones: Vec::new(),
            role: None,
            vlan: None,
            networks: Vec::new(),
            isolated: false,
            ipv4: true,
            ipv6: self.network.zones.iter().any(|zone| self.has_v6(zone)),
            other_hosts: 0,
            place: self.sources.place(router.span),
        }
    }

    fn zone(&self, id: ZoneId, used: &BTreeSet<&End>) -> Node {
        let zone = self.network.zone(id);
        let here = self.network.hosts.iter().enumerate().filter(|(_, host)| host.zones.first() == Some(&id));
        Node {
            kind: if zone.is_internet() { NodeKind::Internet } else { NodeKind::Zone },
            name: zone.name.clone(),
            zones: Vec::new(),
            role: Some(zone.role.name()),
            vlan: zone.vlan.map(|(vlan, _)| vlan),
            networks: zone
                .networks
                .iter()
                .map(|network| match network.delegated {
                    Some(number) => format!("delegated {number:x}"),
                    None => network.net.to_string(),
                })
                .collect(),
            isolated: zone.isolated,
            ipv4: zone.is_internet() || !zone.network_set().v4.is_empty(),
            ipv6: self.has_v6(zone),
            other_hosts: here.filter(|(index, _)| !used.contains(&End::Host(HostId(*index)))).count(),
            place: self.sources.place(zone.span),
        }
    }

    fn host(&self, id: HostId) -> Node {
        let host = self.network.host(id);
        Node {
            kind: NodeKind::Host,
            name: host.name.clone(),
            zones: host.zones.iter().map(|zone| self.network.zone(*zone).name.clone()).collect(),
            role: None,
            vlan: None,
            networks: Vec::new(),
            isolated: false,
            ipv4: host.address(Family::V4).is_some(),
            ipv6: host.address(Family::V6).is_some(),
            other_hosts: 0,
            place: self.sources.place(host.span),
        }
    }
}
