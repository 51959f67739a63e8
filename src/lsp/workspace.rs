//! The files of an editor: what is open and may differ from the disk, and which policies a file belongs to.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use jiff::civil::Date;

use super::{Surroundings, place};
use crate::{
    diagnostic::SourceId,
    model::{STANDARD, join},
    syntax::{
        parse,
        tree::{StatementKind, UseTarget},
    },
    world::World,
};

/// A file in the editor.
#[derive(Clone, Debug)]
pub struct Document {
    pub text: Arc<str>,
    pub version: i32,
}

/// Open files by their paths.
pub type Open = BTreeMap<String, Document>;

/// The files as they are in the editor, and below them those of the disk.
#[derive(Clone)]
pub struct Overlay {
    pub open: Arc<Open>,
    pub below: Arc<dyn Surroundings>,
    /// The folder that paths are relative to.
    pub base: String,
}

impl Overlay {
    /// The whole path of a file.
    pub fn absolute(&self, path: &str) -> String {
        let whole = path.starts_with('/') || path.get(1..2) == Some(":");
        if whole || self.base.is_empty() { path.to_owned() } else { format!("{}/{path}", self.base) }
    }
}

impl World for Overlay {
    fn read(&self, path: &str, within: &str) -> Result<String, String> {
        let path = self.absolute(path);
        match self.open.get(&path) {
            Some(document) => Ok(document.text.to_string()),
            None => self.below.read(&path, &self.absolute(within)),
        }
    }

    fn list(&self, path: &str, within: &str) -> Result<Vec<String>, String> {
        self.below.list(&self.absolute(path), &self.absolute(within))
    }

    fn today(&self) -> Date {
        self.below.today()
    }
}

/// A policy: its main file, as a path from a folder.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Root {
    pub base: String,
    pub path: String,
}

/// The folders of the editor, and which file uses which.
pub struct Workspace {
    pub folders: Vec<String>,
    pub open: Arc<Open>,
    pub below: Arc<dyn Surroundings>,
    uses: BTreeMap<String, BTreeSet<String>>,
}

impl Workspace {
    pub fn new(folders: Vec<String>, below: Arc<dyn Surroundings>) -> Self {
        Self { folders, open: Arc::default(), below, uses: BTreeMap::new() }
    }

    /// Looks at the folders again.
    pub fn refresh(&mut self) {
        let mut all: BTreeSet<String> =
            self.folders.iter().flat_map(|folder| self.below.policies(folder, true)).collect();
        for path in self.open.keys().filter(|path| self.module(path).is_none()) {
            if !self.folders.iter().any(|folder| place::inside(path, folder)) {
                all.extend(self.below.policies(place::folder(path), false));
            }
            all.insert(path.clone());
        }
        self.uses.clear();
        for path in all {
            self.reread(&path);
        }
    }

    /// Looks again at what one file uses.
    pub fn reread(&mut self, path: &str) {
        let world = Overlay { open: Arc::clone(&self.open), below: Arc::clone(&self.below), base: String::new() };
        let used = world.read(path, place::folder(path)).map(|text| used(path, &text)).unwrap_or_default();
        self.uses.insert(path.to_owned(), used);
    }

    /// The module of the standard library that a file is a copy of.
    pub fn module(&self, path: &str) -> Option<&'static str> {
        let name = path.strip_prefix(&self.below.library()?)?.strip_prefix('/')?.strip_suffix(".hedge")?;
        STANDARD.iter().map(|(module, _)| *module).find(|module| *module == name)
    }

    /// The policies that a file is a part of; itself, if no other uses it.
    pub fn roots_of(&self, path: &str) -> Vec<Root> {
        let (mut found, mut seen, mut next) = (Vec::new(), BTreeSet::new(), vec![path.to_owned()]);
        while let Some(path) = next.pop() {
            if !seen.insert(path.clone()) {
                continue;
            }
            let users: Vec<&String> =
                self.uses.iter().filter(|(_, used)| used.contains(&path)).map(|(user, _)| user).collect();
            if users.is_empty() {
                found.push(self.root(&path));
            }
            next.extend(users.into_iter().cloned());
        }
        // Files that use each other in a circle have no main one.
        if found.is_empty() {
            found.push(self.root(path));
        }
        found.sort();
        found
    }

    fn root(&self, path: &str) -> Root {
        let around = self.folders.iter().filter(|folder| place::inside(path, folder)).max_by_key(|folder| folder.len());
        let base = around.map_or_else(|| place::folder(path), String::as_str);
        let below = path.strip_prefix(base).map_or(path, |rest| rest.trim_start_matches('/'));
        Root { base: base.to_owned(), path: below.to_owned() }
    }

    /// All policies with a file in the editor.
    pub fn open_roots(&self) -> BTreeSet<Root> {
        let own = self.open.keys().filter(|path| self.module(path).is_none());
        own.flat_map(|path| self.roots_of(path)).collect()
    }

    /// The files as a policy sees them.
    pub fn overlay(&self, root: &Root) -> Overlay {
        Overlay { open: Arc::clone(&self.open), below: Arc::clone(&self.below), base: root.base.clone() }
    }
}

/// The files that a policy's text uses.
fn used(path: &str, text: &str) -> BTreeSet<String> {
    let parsed = parse(SourceId::default(), text);
    let file = |kind: &StatementKind| match kind {
        StatementKind::Use(found) => match &found.target {
            UseTarget::File(file) => join(place::folder(path), &file.text),
            UseTarget::Module(_) => None,
        },
        _ => None,
    };
    parsed.file.statements.iter().filter_map(|statement| file(&statement.kind)).collect()
}
