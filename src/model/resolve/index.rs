//! What editors ask for: the names that the resolver knows, with their meanings.

use std::collections::BTreeMap;

use super::{Lazy, Object, Resolver};
use crate::{
    diagnostic::{SourceId, Span},
    model::{
        index::{Index, Meaning},
        load::{Space, Units},
    },
};

impl Resolver<'_> {
    /// The names of all units. To be called last: it takes the tables of names.
    pub(super) fn index(&mut self, units: &Units) -> Index {
        let done = |lazy: Option<&Lazy<Option<Vec<crate::model::Region>>>>| match lazy {
            Some(Lazy::Done(found)) => found.clone(),
            _ => None,
        };
        let mut symbols: Vec<(Space, String, Meaning, Span)> = Vec::new();
        let mut uses = Vec::new();
        let (declared, mut asked) = std::mem::take(&mut self.objects).into_parts();
        uses.append(&mut asked);
        for (space, name, object, span) in declared {
            let meaning = match object {
                Object::Zone(id) => Meaning::Zone(id),
                Object::Host(id) => Meaning::Host(id),
                Object::Group(index) => Meaning::Group(done(self.groups.get(index))),
                Object::Ranges(index) => Meaning::Ranges(match self.ranges.get(index) {
                    Some(Lazy::Done(found)) => found.clone(),
                    _ => None,
                }),
            };
            symbols.push((space, name, meaning, span));
        }
        let (declared, mut asked) = std::mem::take(&mut self.services).into_parts();
        uses.append(&mut asked);
        symbols.extend(declared.into_iter().map(|(space, name, index, span)| {
            let value = match self.service_values.get(index) {
                Some(Lazy::Done(service)) => Some(service.clone()),
                _ => None,
            };
            (space, name, Meaning::Service(value), span)
        }));
        let (declared, mut asked) = std::mem::take(&mut self.integrations).into_parts();
        uses.append(&mut asked);
        symbols.extend(declared.into_iter().map(|(space, name, index, span)| {
            let value = match self.integration_values.get(index) {
                Some(Lazy::Done(found)) => Some(found.clone()),
                _ => None,
            };
            (space, name, Meaning::Integration(value), span)
        }));
        let (declared, mut asked) = std::mem::take(&mut self.schedules).into_parts();
        uses.append(&mut asked);
        symbols.extend(declared.into_iter().map(|(space, name, id, span)| (space, name, Meaning::Schedule(id), span)));
        let spaces: BTreeMap<SourceId, Space> = units.list.iter().map(|unit| (unit.source, unit.space)).collect();
        let standard = units
            .list
            .iter()
            .filter(|unit| self.sources.get(unit.source).is_some_and(|source| source.name.starts_with("<std.")));
        let standard = standard.map(|unit| unit.space).collect();
        Index::new(symbols, uses, spaces, units.imports.clone(), standard)
    }
}
