//! Tables of names: who is called what, in which name space, and what a name means where it is used.

use std::{
    cell::RefCell,
    collections::{BTreeMap, BTreeSet},
};

use super::load::{Import, Space};
use crate::diagnostic::Span;

/// The names of one sort of things.
#[derive(Clone, Debug)]
pub struct Names<T> {
    table: BTreeMap<(Space, String), (T, Span)>,
    /// The declarations that somebody has asked for.
    asked: RefCell<BTreeSet<(Space, String)>>,
    /// Where names were written, and where what they mean is declared.
    uses: RefCell<Vec<(Span, Span)>>,
}

/// Declarations: the name space, the name, what it means, and its place.
pub type Declared<T> = Vec<(Space, String, T, Span)>;

/// Why a name means nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unclear {
    Unknown,
    /// Two modules bring it; the full names.
    Ambiguous(Vec<String>),
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { table: BTreeMap::new(), asked: RefCell::default(), uses: RefCell::default() }
    }
}

impl<T: Copy + PartialEq> Names<T> {
    /// Declares a name; gives the place of an earlier declaration if there is one.
    pub fn declare(&mut self, space: Space, name: &str, thing: T, span: Span) -> Option<Span> {
        match self.table.entry((space, name.to_owned())) {
            std::collections::btree_map::Entry::Occupied(earlier) => Some(earlier.get().1),
            std::collections::btree_map::Entry::Vacant(free) => {
                free.insert((thing, span));
                None
            }
        }
    }

    /// What a name that is written at `span` means in a name space: its own first, then what it uses.
    pub fn find(
        &self,
        space: Space,
        name: &str,
        span: Span,
        imports: &BTreeMap<Space, Vec<Import>>,
    ) -> Result<T, Unclear> {
        let (key, thing) = self.look(space, name, imports)?;
        if let Some((_, declared)) = self.table.get(&key) {
            self.uses.borrow_mut().push((span, *declared));
        }
        self.asked.borrow_mut().insert(key);
        Ok(thing)
    }

    /// Does a name mean something? For messages: it counts as no use of it.
    pub fn knows(&self, space: Space, name: &str, imports: &BTreeMap<Space, Vec<Import>>) -> bool {
        self.look(space, name, imports).is_ok()
    }

    /// What a name means, without counting it as a use.
    pub fn glance(&self, space: Space, name: &str, imports: &BTreeMap<Space, Vec<Import>>) -> Option<T> {
        self.look(space, name, imports).ok().map(|(_, thing)| thing)
    }

    /// Where a name of a name space is declared in it, and whether somebody has asked for it there.
    pub fn own(&self, space: Space, name: &str) -> Option<(Span, bool)> {
        let key = (space, name.to_owned());
        let (_, span) = self.table.get(&key)?;
        Some((*span, self.asked.borrow().contains(&key)))
    }

    /// All declarations, and all places where one was asked for with the place of its declaration.
    pub fn into_parts(self) -> (Declared<T>, Vec<(Span, Span)>) {
        let declared = self.table.into_iter().map(|((space, name), (thing, span))| (space, name, thing, span));
        (declared.collect(), self.uses.into_inner())
    }

    /// The declarations that nobody has asked for.
    pub fn unused(&self) -> Vec<(String, T, Span)> {
        let asked = self.asked.borrow();
        let rest = self.table.iter().filter(|(key, _)| !asked.contains(*key));
        rest.map(|((_, name), (thing, span))| (name.clone(), *thing, *span)).collect()
    }

    fn look(
        &self,
        space: Space,
        name: &str,
        imports: &BTreeMap<Space, Vec<Import>>,
    ) -> Result<((Space, String), T), Unclear> {
        let own = |space: Space, name: &str| {
            let key = (space, name.to_owned());
            self.table.get(&key).map(|(thing, _)| (key, *thing))
        };
        if let Some(found) = own(space, name) {
            return Ok(found);
        }
        let visible = imports.get(&space).map_or(&[][..], Vec::as_slice);
        let mut found: Vec<((Space, String), T, String)> = Vec::new();
        for import in visible {
            let candidates =
                import.prefixes.iter().filter_map(|prefix| name.strip_prefix(prefix.as_str())?.strip_prefix('.'));
            for rest in candidates.chain(import.plain.then_some(name)) {
                if let Some((key, thing)) = own(import.from, rest)
                    && !found.iter().any(|(other, ..)| *other == key)
                {
                    let full =
                        import.prefixes.first().map_or_else(|| rest.to_owned(), |prefix| format!("{prefix}.{rest}"));
                    found.push((key, thing, full));
                }
            }
        }
        match found.len() {
            0 => Err(Unclear::Unknown),
            1 => found.pop().map(|(key, thing, _)| (key, thing)).ok_or(Unclear::Unknown),
            _ => Err(Unclear::Ambiguous(found.into_iter().map(|(_, _, full)| full).collect())),
        }
    }

    /// Every name that can be written in a name space.
    pub fn visible(&self, space: Space, imports: &BTreeMap<Space, Vec<Import>>) -> Vec<String> {
        let mut list: Vec<String> =
            self.table.keys().filter(|(own, _)| *own == space).map(|(_, name)| name.clone()).collect();
        for import in imports.get(&space).map_or(&[][..], Vec::as_slice) {
            for (_, name) in self.table.keys().filter(|(own, _)| *own == import.from) {
                if import.plain {
                    list.push(name.clone());
                } else if let Some(prefix) = import.prefixes.last() {
                    list.push(format!("{prefix}.{name}"));
                }
            }
        }
        list
    }
}
