//! Which name stands where and what it means: for editors. Made only for those who ask, from what the resolver has
//! found, so that an editor cannot understand a policy otherwise than the compiler does.

use std::collections::BTreeMap;

use super::{
    address::AddressSet,
    load::{Import, POLICY, Space},
    network::{HostId, Region, ScheduleId, ZoneId},
    service::{Integration, Service},
};
use crate::diagnostic::{SourceId, Span};

/// A declared name.
#[derive(Clone, Debug)]
pub struct Symbol {
    pub name: String,
    /// The place of the name in its declaration.
    pub span: Span,
    space: Space,
    pub meaning: Meaning,
}

/// What a name means.
#[derive(Clone, Debug)]
pub enum Meaning {
    Zone(ZoneId),
    Host(HostId),
    /// Nothing when the members have errors; so below.
    Group(Option<Vec<Region>>),
    Ranges(Option<AddressSet>),
    Service(Option<Service>),
    Integration(Option<Integration>),
    Schedule(ScheduleId),
}

/// A sort of names: names of different sorts do not collide.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Sort {
    /// Zones, hosts, groups and ranges.
    Object,
    Service,
    Integration,
    Schedule,
}

impl Meaning {
    /// The key word of the declaration.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Zone(_) => "zone",
            Self::Host(_) => "host",
            Self::Group(_) => "group",
            Self::Ranges(_) => "ranges",
            Self::Service(_) => "service",
            Self::Integration(_) => "integration",
            Self::Schedule(_) => "schedule",
        }
    }

    /// With which names it shares its own.
    #[must_use]
    pub const fn sort(&self) -> Sort {
        match self {
            Self::Zone(_) | Self::Host(_) | Self::Group(_) | Self::Ranges(_) => Sort::Object,
            Self::Service(_) => Sort::Service,
            Self::Integration(_) => Sort::Integration,
            Self::Schedule(_) => Sort::Schedule,
        }
    }
}

/// A name that can be written somewhere.
#[derive(Clone, Debug)]
pub struct Visible<'i> {
    /// How it is written there.
    pub written: String,
    pub symbol: &'i Symbol,
    /// Does it come from the standard library?
    pub standard: bool,
}

/// All names of a policy, and where they are used.
#[derive(Clone, Debug, Default)]
pub struct Index {
    pub symbols: Vec<Symbol>,
    /// Where a name is written, and where it is declared. Sorted.
    uses: Vec<(Span, Span)>,
    /// The name space that each source declares into.
    spaces: BTreeMap<SourceId, Space>,
    imports: BTreeMap<Space, Vec<Import>>,
    standard: Vec<Space>,
}

impl Index {
    pub(super) fn new(
        symbols: Vec<(Space, String, Meaning, Span)>,
        mut uses: Vec<(Span, Span)>,
        spaces: BTreeMap<SourceId, Space>,
        imports: BTreeMap<Space, Vec<Import>>,
        standard: Vec<Space>,
    ) -> Self {
        uses.sort_unstable();
        uses.dedup();
        let symbols =
            symbols.into_iter().map(|(space, name, meaning, span)| Symbol { name, span, space, meaning }).collect();
        Self { symbols, uses, spaces, imports, standard }
    }

    /// The name at a place of a source, where it stands, and what it means.
    #[must_use]
    pub fn at(&self, source: SourceId, offset: u32) -> Option<(Span, &Symbol)> {
        let holds = |span: Span| span.source == source && span.start <= offset && offset <= span.end;
        let used = self.uses.iter().find(|(span, _)| holds(*span));
        let (span, declared) = match used {
            Some((span, declared)) => (*span, *declared),
            None => {
                let symbol = self.symbols.iter().find(|symbol| holds(symbol.span))?;
                (symbol.span, symbol.span)
            }
        };
        self.symbols.iter().find(|symbol| symbol.span == declared).map(|symbol| (span, symbol))
    }

    /// Where a declared name is used.
    pub fn uses_of(&self, declared: Span) -> impl Iterator<Item = Span> + '_ {
        self.uses.iter().filter(move |(_, of)| *of == declared).map(|(span, _)| *span)
    }

    /// What the names that a source uses mean, in the order in which they stand.
    pub fn uses_in(&self, source: SourceId) -> impl Iterator<Item = (Span, &Symbol)> {
        let by_place: BTreeMap<Span, &Symbol> = self.symbols.iter().map(|symbol| (symbol.span, symbol)).collect();
        let here = self.uses.iter().filter(move |(span, _)| span.source == source);
        here.filter_map(move |(span, declared)| by_place.get(declared).map(|symbol| (*span, *symbol)))
    }

    /// Every name that can be written in a source; of two that are written alike the nearer one.
    #[must_use]
    pub fn visible(&self, source: SourceId) -> Vec<Visible<'_>> {
        let space = self.spaces.get(&source).copied().unwrap_or(POLICY);
        let of = |space: Space| self.symbols.iter().filter(move |symbol| symbol.space == space);
        let standard = |space: Space| self.standard.contains(&space);
        let own = of(space).map(|symbol| Visible { written: symbol.name.clone(), symbol, standard: standard(space) });
        let mut list: Vec<Visible<'_>> = own.collect();
        for import in self.imports.get(&space).map_or(&[][..], Vec::as_slice) {
            for symbol in of(import.from) {
                let written = match import.prefixes.last() {
                    Some(prefix) if !import.plain => format!("{prefix}.{}", symbol.name),
                    _ => symbol.name.clone(),
                };
                let hidden = list
                    .iter()
                    .any(|other| other.written == written && other.symbol.meaning.sort() == symbol.meaning.sort());
                if !hidden {
                    list.push(Visible { written, symbol, standard: standard(import.from) });
                }
            }
        }
        list
    }

    /// Is a symbol declared in the standard library?
    #[must_use]
    pub fn is_standard(&self, symbol: &Symbol) -> bool {
        self.standard.contains(&symbol.space)
    }

    /// Would a name collide with another one of its name space, or take the place of one that is used under it?
    #[must_use]
    pub fn taken(&self, symbol: &Symbol, name: &str) -> Option<&Symbol> {
        self.symbols.iter().find(|other| {
            other.name == name
                && other.meaning.sort() == symbol.meaning.sort()
                && (other.space == symbol.space || self.standard.contains(&other.space))
        })
    }
}
