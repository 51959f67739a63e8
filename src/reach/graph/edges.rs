//! From packets between two places to edges, and the words on an edge.

use std::collections::BTreeSet;

use super::{Builder, Drawn, Edge, End, Key, Kind};
use crate::{
    diagnostic::Span,
    model::Place,
    model::service::Traffic,
    packet::{Cube, Family, Field, Ranges, Set, Space},
    policy::between,
    reach::words::service_list,
};

impl Builder<'_> {
    /// Adds the packets of one statement between two places, as edges between the nodes that they are about.
    pub(super) fn add(
        &mut self,
        set: Set,
        (from, to): (Place, Place),
        kind: Kind,
        public: Option<String>,
        conditions: &[String],
        span: Option<Span>,
    ) {
        for family in [Family::V4, Family::V6] {
            let space = &mut self.meant.space;
            let here = space.cube(&Cube::any().with(Field::Family, Ranges::single(family as u64)));
            let here = space.intersect(set, here);
            if here.is_empty() {
                continue;
            }
            let sources = self.ends(here, true, from, family);
            let sources = self.apart(here, true, sources, family);
            let targets = self.ends(here, false, to, family);
            let targets = self.apart(here, false, targets, family);
            for source in &sources {
                for target in &targets {
                    let space = &mut self.meant.space;
                    let pair = between(
                        std::slice::from_ref(&source.region),
                        std::slice::from_ref(&target.region),
                        &[Traffic::ANY],
                        space,
                    );
                    let packets = space.intersect(here, pair);
                    if packets.is_empty() {
                        continue;
                    }
                    let mut scope: Vec<String> = Vec::new();
                    scope.extend(source.part.iter().map(|part| format!("from {part}")));
                    scope.extend(target.part.iter().map(|part| format!("to {part}")));
                    // Which of its addresses the router answers at is a matter of translations, and no other place.
                    let whole = target.end == End::Router;
                    let places = if whole { space.project(packets, Field::DstHigh) } else { packets };
                    let places = if whole { space.project(places, Field::DstLow) } else { places };
                    if !is_product(places, space) {
                        scope.push("not the same for all of them".to_owned());
                    }
                    let key = Key {
                        from: source.end.clone(),
                        to: target.end.clone(),
                        kind,
                        public: public.clone(),
                        scope,
                        conditions: conditions.to_vec(),
                    };
                    let drawn = self.edges.entry(key).or_default();
                    let slot = if family == Family::V4 { &mut drawn.v4 } else { &mut drawn.v6 };
                    *slot = Some(slot.map_or(packets, |have| space.union(have, packets)));
                    drawn.spans.extend(span);
                }
            }
        }
    }

    pub(super) fn edge(&mut self, key: Key, drawn: Drawn) -> Edge {
        let text: String = drawn.spans.iter().map(|span| self.sources.text(*span)).collect::<Vec<_>>().join(" ");
        let mut words = |set: Option<Set>| match set {
            Some(set) => self.services(set, &text),
            None => drawn.words.clone(),
        };
        let (ipv4, ipv6) = match (drawn.v4, drawn.v6) {
            (Some(v4), None) => (words(Some(v4)), Vec::new()),
            (None, Some(v6)) => (Vec::new(), words(Some(v6))),
            (v4, v6) => (words(v4), words(v6)),
        };
        let mut places: Vec<String> = drawn.spans.iter().map(|span| self.sources.place(*span)).collect();
        places.dedup();
        Edge { kind: key.kind, ipv4, ipv6, public: key.public, scope: key.scope, conditions: key.conditions, places }
    }

    /// The services of packets: in the words of the statements where these say exactly that, or by their numbers.
    fn services(&mut self, set: Set, text: &str) -> Vec<String> {
        let space = &mut self.meant.space;
        let families = space.values(set, Field::Family);
        let here = space.cube(&Cube::any().with(Field::Family, families));
        let mut only = set;
        for field in Field::ALL.into_iter().filter(|field| ![Field::Proto, Field::DstPort].contains(field)) {
            only = space.project(only, field);
        }
        let said: BTreeSet<&str> =
            text.split(|letter: char| letter.is_whitespace() || ",:;{}".contains(letter)).collect();
        let (mut names, mut known) = (Vec::new(), Set::EMPTY);
        for (name, traffic) in &self.network.services {
            if !said.contains(name.as_str()) {
                continue;
            }
            let whole = space.cubes_union(traffic.iter().map(|traffic| traffic.narrow(Cube::any())).collect());
            let mut whole = space.intersect(whole, here);
            for field in [Field::Family, Field::SrcPort] {
                whole = space.project(whole, field);
            }
            if !whole.is_empty() && space.is_subset(whole, only) && !space.is_subset(whole, known) {
                known = space.union(known, whole);
                names.push(name.clone());
            }
        }
        let left = space.minus(only, known);
        if left.is_empty() {
            return names;
        }
        let rest = if names.is_empty() { only } else { left };
        names.extend(service_list(rest, space));
        names
    }
}

/// May each source open all of it to each destination? What a service is does not ask for the sender's port.
fn is_product(set: Set, space: &mut Space) -> bool {
    let set =
        [Field::SrcPort, Field::Minute, Field::Exceeded].into_iter().fold(set, |set, field| space.project(set, field));
    let without =
        |fields: &[Field], space: &mut Space| fields.iter().fold(set, |set, field| space.project(set, *field));
    let (source, target) = ([Field::SrcHigh, Field::SrcLow], [Field::DstHigh, Field::DstLow]);
    let what = [Field::Proto, Field::DstPort];
    let from = without(&[target, what].concat(), space);
    let to = without(&[source, what].concat(), space);
    let services = without(&[source, target].concat(), space);
    let ends = space.intersect(from, to);
    space.intersect(ends, services) == set
}
