//! A policy as it stands in the editor, resolved: what questions about a place are answered from.

use lsp_types::{Location, Uri};

use super::{
    place,
    text::Lines,
    workspace::{Overlay, Root},
};
use crate::{
    diagnostic::{Diagnostic, SourceId, Sources, Span},
    model::{self, Index, Network},
    syntax::{Parse, parse},
    world::World,
};

/// A resolved policy.
pub struct Policy {
    root: Root,
    world: Overlay,
    pub sources: Sources,
    pub network: Network,
    pub index: Index,
    pub diagnostics: Vec<Diagnostic>,
}

impl Policy {
    /// Resolves a policy; nothing if its main file cannot be read.
    pub fn new(root: &Root, world: Overlay) -> Option<Self> {
        let text = world.read(&root.path, place::folder(&root.path)).ok()?;
        Some(Self::of(root.clone(), &text, world))
    }

    /// A policy that uses one module of the standard library, to look around in it.
    pub fn of_module(module: &str, world: Overlay) -> Self {
        let root = Root { base: String::new(), path: "<editor>".to_owned() };
        Self::of(root, &format!("use {module}\n"), world)
    }

    fn of(root: Root, text: &str, world: Overlay) -> Self {
        let mut sources = Sources::default();
        let (network, diagnostics, index) = model::resolve_indexed(&root.path, text, &mut sources, &world);
        Self { root, world, sources, network, index, diagnostics }
    }

    /// Its main file.
    pub const fn root(&self) -> &Root {
        &self.root
    }

    /// The files that it was read from.
    pub const fn world(&self) -> &Overlay {
        &self.world
    }

    /// The source that a file is.
    pub fn source(&self, path: &str) -> Option<SourceId> {
        self.sources
            .numbered()
            .find(|(_, source)| self.path_of(&source.name).as_deref() == Some(path))
            .map(|(id, _)| id)
    }

    /// The text of a source.
    pub fn text(&self, source: SourceId) -> &str {
        self.sources.get(source).map_or("", |source| source.text.as_str())
    }

    /// The tree of a source.
    pub fn parse(&self, source: SourceId) -> Parse {
        parse(source, self.text(source))
    }

    /// The whole path of a source.
    fn path_of(&self, name: &str) -> Option<String> {
        path_of(name, &self.world)
    }

    /// Where a place is, for the editor.
    pub fn location(&self, span: Span) -> Option<Location> {
        let source = self.sources.get(span.source)?;
        let uri = place::uri(&self.path_of(&source.name)?)?;
        Some(Location { uri, range: Lines::new(&source.text).range(span) })
    }

    /// The address of a file beside a source.
    pub fn beside(&self, source: SourceId, file: &str) -> Option<Uri> {
        let path = self.path_of(&self.sources.get(source)?.name)?;
        place::uri(&model::join(place::folder(&path), file)?)
    }

    /// The comment lines right above a place.
    pub fn comment_above(&self, span: Span) -> Option<String> {
        let before = self.text(span.source).get(..span.start as usize)?;
        let above = before.rfind('\n').and_then(|end| before.get(..end))?;
        let mut lines: Vec<&str> =
            above.rsplit('\n').map_while(|line| line.trim().strip_prefix('#')).map(str::trim).collect();
        lines.reverse();
        (!lines.is_empty()).then(|| lines.join("\n"))
    }
}

/// The whole path of a source by its name; a module of the standard library has a copy to be looked at.
pub fn path_of(name: &str, world: &Overlay) -> Option<String> {
    match name.strip_prefix('<') {
        Some(module) => {
            let module = module.strip_suffix('>').filter(|module| module.starts_with("std."))?;
            Some(format!("{}/{module}.hedge", world.below.library()?))
        }
        None => Some(world.absolute(name)),
    }
}
