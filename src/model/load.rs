//! Files and modules to units: every file is read and parsed once, and knows which names it sees.

use std::collections::{BTreeMap, BTreeSet};

use crate::{
    diagnostic::{Diagnostic, Sources, Span, nearest},
    syntax::{
        parse,
        tree::{File, Name, StatementKind, Use, UseTarget},
    },
    world::World,
};

/// The modules of the standard library, by name.
pub const STANDARD: [(&str, &str); 3] = [
    ("std.services", include_str!("../../policies/std/services.hedge")),
    ("std.integrations", include_str!("../../policies/std/integrations.hedge")),
    ("std.ranges", include_str!("../../policies/std/ranges.hedge")),
];

/// The number of a name space. All files that are used without `as` share the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Space(pub usize);

/// The name space of the policy itself.
pub const POLICY: Space = Space(0);

/// A parsed file and the name space that it declares into.
#[derive(Debug)]
pub struct Unit {
    pub file: File,
    pub space: Space,
    /// Its folder, with a `/` at its end unless it is empty.
    pub folder: String,
}

/// A name space that another one sees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Import {
    pub from: Space,
    /// The names under which its members are written: `x.NAME`, for each of these `x`.
    pub prefixes: Vec<String>,
    /// Are its members seen without a prefix too?
    pub plain: bool,
    pub span: Span,
}

/// All files of a policy.
#[derive(Debug, Default)]
pub struct Units {
    pub list: Vec<Unit>,
    /// By name space, the others that it sees.
    pub imports: BTreeMap<Space, Vec<Import>>,
    pub errors: Vec<Diagnostic>,
}

/// Reads and parses a policy and everything that it uses.
///
/// `path` names the policy for messages; files are looked for beside it, and never outside its folder.
pub fn load(path: &str, text: &str, sources: &mut Sources, world: &dyn World) -> Units {
    let root = path.rfind('/').map_or("", |slash| &path[..=slash]).to_owned();
    let mut loader =
        Loader { sources, world, root, units: Units::default(), spaces: 1, seen: BTreeSet::new(), open: Vec::new() };
    loader.open.push(path.to_owned());
    loader.seen.insert((path.to_owned(), POLICY));
    loader.unit(path, text, POLICY);
    loader.units
}

struct Loader<'a> {
    sources: &'a mut Sources,
    world: &'a dyn World,
    root: String,
    units: Units,
    spaces: usize,
    seen: BTreeSet<(String, Space)>,
    /// The files that are being read, outermost first, to find cycles.
    open: Vec<String>,
}

impl Loader<'_> {
    fn unit(&mut self, path: &str, text: &str, space: Space) {
        let source = self.sources.add(path, text);
        let parsed = parse(source, text);
        self.units.errors.extend(parsed.errors);
        let folder = path.rfind('/').map_or("", |slash| &path[..=slash]).to_owned();
        let uses: Vec<(Span, Use)> = parsed
            .file
            .statements
            .iter()
            .filter_map(|statement| match &statement.kind {
                StatementKind::Use(found) => Some((statement.span, found.clone())),
                _ => None,
            })
            .collect();
        self.units.list.push(Unit { file: parsed.file, space, folder: folder.clone() });
        for (span, found) in uses {
            match &found.target {
                UseTarget::Module(module) => self.module(module, found.alias.as_ref(), space, span),
                UseTarget::File(file) => self.file(file, found.alias.as_ref(), space, &folder, span),
            }
        }
    }

    fn module(&mut self, module: &Name, alias: Option<&Name>, space: Space, span: Span) {
        let Some((name, text)) = STANDARD.iter().find(|(name, _)| *name == module.text) else {
            let mut error =
                Diagnostic::error("unknown-module", module.span, format!("there is no module `{}`", module.text))
                    .label("unknown module");
            error = match nearest(&module.text, STANDARD.iter().map(|(name, _)| *name)) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None => error.help(format!(
                    "the standard library has {}; a file of your own is used by its name in quotes: use \"./{}.hedge\"",
                    STANDARD.map(|(name, _)| name).join(", "),
                    module.text
                )),
            };
            self.units.errors.push(error);
            return;
        };
        let target = self.standard_space(name, text);
        let mut prefixes = vec![(*name).to_owned()];
        prefixes.extend(alias.map(|alias| alias.text.clone()));
        self.import(space, Import { from: target, prefixes, plain: alias.is_none(), span });
    }

    fn standard_space(&mut self, name: &str, text: &str) -> Space {
        let path = format!("<{name}>");
        if let Some((_, space)) = self.seen.range((path.clone(), Space(0))..).next().filter(|(found, _)| *found == path)
        {
            return *space;
        }
        let space = self.fresh();
        self.seen.insert((path.clone(), space));
        self.unit(&path, text, space);
        space
    }

    fn fresh(&mut self) -> Space {
        self.spaces += 1;
        Space(self.spaces - 1)
    }

    fn import(&mut self, space: Space, import: Import) {
        let list = self.units.imports.entry(space).or_default();
        if !list
            .iter()
            .any(|other| (other.from, other.plain, &other.prefixes) == (import.from, import.plain, &import.prefixes))
        {
            list.push(import);
        }
    }

    fn file(&mut self, file: &Name, alias: Option<&Name>, space: Space, folder: &str, span: Span) {
        let Some(path) = join(folder, &file.text) else {
            self.outside(file);
            return;
        };
        if !path.starts_with(&self.root) || path.starts_with("../") {
            self.outside(file);
            return;
        }
        if self.open.contains(&path) {
            let chain: Vec<&str> =
                self.open.iter().skip_while(|open| **open != path).map(String::as_str).chain([path.as_str()]).collect();
            self.units.errors.push(
                Diagnostic::error("import-cycle", file.span, format!("`{}` comes back to itself", file.text))
                    .label("this file is being read already")
                    .note(format!("the way around: {}", chain.join(" -> ")))
                    .help("move what both need into a third file and use that one in both"),
            );
            return;
        }
        let target = if alias.is_some() { self.fresh() } else { space };
        if let Some(alias) = alias {
            self.import(space, Import { from: target, prefixes: vec![alias.text.clone()], plain: false, span });
        }
        if !self.seen.insert((path.clone(), target)) {
            return;
        }
        match self.world.read(&path) {
            Ok(text) => {
                self.open.push(path.clone());
                self.unit(&path, &text, target);
                self.open.pop();
            }
            Err(why) => self.units.errors.push(
                Diagnostic::error("unreadable-file", file.span, format!("cannot read `{path}`: {why}"))
                    .label("used here")
                    .help("file names are relative to the file that uses them"),
            ),
        }
    }

    fn outside(&mut self, file: &Name) {
        self.units.errors.push(
            Diagnostic::error("outside-root", file.span, format!("`{}` lies outside the policy's folder", file.text))
                .label("not read")
                .help("a policy may only use files in the folder of its main file and below it"),
        );
    }
}

/// A relative path from a folder, without `.` and `..`; nothing for an absolute one or one that climbs too far.
#[must_use]
pub fn join(folder: &str, file: &str) -> Option<String> {
    if file.starts_with('/') || file.contains('\\') || file.is_empty() {
        return None;
    }
    let absolute = folder.starts_with('/');
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
    for part in file.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                if parts.last().is_none_or(|last| *last == "..") {
                    return None;
                }
                parts.pop();
            }
            part => parts.push(part),
        }
    }
    Some(format!("{}{}", if absolute { "/" } else { "" }, parts.join("/")))
}
