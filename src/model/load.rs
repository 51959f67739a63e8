//! Files and modules to units: every file is read and parsed once, and knows which names it sees.

use std::{collections::BTreeMap, net::IpAddr};

use ipnet::IpNet;

use crate::{
    diagnostic::{Diagnostic, SourceId, Sources, Span, nearest},
    syntax::{
        parse, removal, reserved,
        token::{Kind, Literal, Token},
        tree::{File, Name, StatementKind, Use, UseTarget},
    },
    world::World,
};

/// The modules of the standard library, by name.
pub const STANDARD: [(&str, &str); 6] = [
    ("std.services", include_str!("../../policies/std/services.hedge")),
    ("std.integrations", include_str!("../../policies/std/integrations.hedge")),
    ("std.ranges", include_str!("../../policies/std/ranges.hedge")),
    ("std.leaks.home", include_str!("../../policies/std/leaks/home.hedge")),
    ("std.leaks.small-office", include_str!("../../policies/std/leaks/small-office.hedge")),
    ("std.leaks.strict", include_str!("../../policies/std/leaks/strict.hedge")),
];

/// The number of a name space. All files that are used without `as` share the first one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Space(pub usize);

/// The name space of the policy itself.
pub const POLICY: Space = Space(0);

/// A parsed file and the name space that it declares into.
#[derive(Debug)]
pub struct Unit {
    pub source: SourceId,
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
    /// The folder of the policy, as [`join`] writes it. Nothing outside it is read.
    pub root: String,
    /// Every address literal of the policy's own files, as ranges.
    pub spoken: Vec<(IpAddr, IpAddr, Span)>,
    /// What goes with each statement of the policy's own files, and whether no other policy can need it: what stands in
    /// the main file.
    pub removals: BTreeMap<Span, (Span, bool)>,
}

/// Reads and parses a policy and everything that it uses.
///
/// `path` names the policy for messages; files are looked for beside it, and never outside its folder.
pub fn load(path: &str, text: &str, more: &[(&str, &str)], sources: &mut Sources, world: &dyn World) -> Units {
    let units = Units { root: tidy(folder_of(path)), ..Units::default() };
    let mut loader = Loader { sources, world, units, spaces: 1, seen: BTreeMap::new(), open: Vec::new() };
    let tidied = tidy(path);
    loader.open.push(tidied.clone());
    loader.seen.insert(tidied, POLICY);
    loader.unit(path, text, POLICY);
    for (name, text) in more {
        loader.unit(name, text, POLICY);
    }
    loader.units
}

struct Loader<'a> {
    sources: &'a mut Sources,
    world: &'a dyn World,
    units: Units,
    spaces: usize,
    /// Files and modules that were read, and the name space that each declares into. None is read twice.
    seen: BTreeMap<String, Space>,
    /// The files that are being read, outermost first, to find cycles.
    open: Vec<String>,
}

impl Loader<'_> {
    fn unit(&mut self, path: &str, text: &str, space: Space) {
        let source = self.sources.add(path, text);
        let parsed = parse(source, text);
        self.units.errors.extend(parsed.errors);
        if !path.starts_with('<') {
            self.units.spoken.extend(
                parsed.tokens.iter().filter_map(|token| addresses(token).map(|(from, to)| (from, to, token.span))),
            );
            let statements = parsed.file.statements.iter();
            let main = self.open.len() == 1;
            self.units.removals.extend(statements.map(|found| (found.span, (removal(text, found.span), main))));
        }
        let folder = folder_of(path).to_owned();
        let uses: Vec<(Span, Use)> = parsed
            .file
            .statements
            .iter()
            .filter_map(|statement| match &statement.kind {
                StatementKind::Use(found) => Some((statement.span, found.clone())),
                _ => None,
            })
            .collect();
        for (span, found) in uses {
            match &found.target {
                UseTarget::Module(module) => self.module(module, found.alias.as_ref(), space, span),
                UseTarget::File(file) => self.file(file, found.alias.as_ref(), space, &folder, span),
            }
        }
        // Behind what it uses: of a name that both declare, this is the second declaration.
        self.units.list.push(Unit { source, file: parsed.file, space, folder });
    }

    fn module(&mut self, module: &Name, alias: Option<&Name>, space: Space, span: Span) {
        let Some((name, text)) = STANDARD.iter().find(|(name, _)| *name == module.text) else {
            let mut error =
                Diagnostic::error("unknown-module", module.span, format!("there is no module `{}`", module.text))
                    .label("unknown module");
            let full = format!("std.{}", module.text);
            let near = STANDARD.iter().map(|(name, _)| *name).find(|name| *name == full);
            error = match near.or_else(|| nearest(&module.text, STANDARD.iter().map(|(name, _)| *name))) {
                Some(near) => error.help(format!("did you mean `{near}`?")),
                None if module.text == "std" || module.text.starts_with("std.") => {
                    error.help(format!("the standard library has {}", STANDARD.map(|(name, _)| name).join(", ")))
                }
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
        self.import(space, Import { from: target, prefixes, plain: alias.is_none(), span }, alias);
    }

    fn standard_space(&mut self, name: &str, text: &str) -> Space {
        let path = format!("<{name}>");
        if let Some(space) = self.seen.get(&path) {
            return *space;
        }
        let space = self.fresh();
        self.seen.insert(path.clone(), space);
        self.unit(&path, text, space);
        space
    }

    fn fresh(&mut self) -> Space {
        self.spaces += 1;
        Space(self.spaces - 1)
    }

    fn import(&mut self, space: Space, import: Import, alias: Option<&Name>) {
        if let Some(alias) = alias {
            self.alias(space, &import, alias);
        }
        let list = self.units.imports.entry(space).or_default();
        if !list
            .iter()
            .any(|other| (other.from, other.plain, &other.prefixes) == (import.from, import.plain, &import.prefixes))
        {
            list.push(import);
        }
    }

    /// Reports a name behind `as` that means something else already.
    fn alias(&mut self, space: Space, import: &Import, alias: &Name) {
        let error = |code: &'static str, message: String| Diagnostic::error(code, alias.span, message);
        if reserved(&alias.text) || alias.text.contains('.') || alias.text.starts_with('_') {
            self.units.errors.push(
                error("reserved-name", format!("nothing can be used as `{}`", alias.text))
                    .label("this is a word of the language, or no plain name")
                    .help("choose a name of letters, digits, `-` and `_`"),
            );
        }
        let list = self.units.imports.get(&space).map_or(&[][..], Vec::as_slice);
        if let Some(other) = list.iter().find(|other| other.from != import.from && other.prefixes.contains(&alias.text))
        {
            let error = error("duplicate-name", format!("two things are used as `{}`", alias.text))
                .label("used under this name here")
                .also(other.span, "and here")
                .help("choose another name behind `as`");
            self.units.errors.push(error);
        }
    }

    fn file(&mut self, file: &Name, alias: Option<&Name>, space: Space, folder: &str, span: Span) {
        if file.text.is_empty() {
            self.units.errors.push(
                Diagnostic::error("unreadable-file", file.span, "this names no file")
                    .label("nothing stands between the quotes")
                    .help("write the name of a file beside this one, as in \"./iot.hedge\""),
            );
            return;
        }
        let Some(path) = join(folder, &file.text).filter(|path| path.starts_with(&self.units.root)) else {
            self.outside(file);
            return;
        };
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
        let earlier = self.seen.get(&path).copied();
        let target = earlier.unwrap_or_else(|| if alias.is_some() { self.fresh() } else { space });
        if alias.is_some() || target != space {
            let prefixes = alias.map(|alias| alias.text.clone()).into_iter().collect();
            self.import(space, Import { from: target, prefixes, plain: alias.is_none(), span }, alias);
        }
        if earlier.is_some() {
            return;
        }
        self.seen.insert(path.clone(), target);
        match self.world.read(&path, &self.units.root) {
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

/// The folder of a file, with a `/` at its end unless it is empty.
fn folder_of(path: &str) -> &str {
    path.rfind('/').and_then(|slash| path.get(..=slash)).unwrap_or("")
}

/// A path without empty parts and `.`; `..` stays.
fn tidy(path: &str) -> String {
    let start = if path.starts_with('/') { "/" } else { "" };
    let end = if path.ends_with('/') && path.len() > 1 { "/" } else { "" };
    let parts: Vec<&str> = path.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    if parts.is_empty() { start.to_owned() } else { format!("{start}{}{end}", parts.join("/")) }
}

/// The addresses that a literal names.
fn addresses(token: &Token) -> Option<(IpAddr, IpAddr)> {
    match &token.kind {
        Kind::Literal(Literal::Address(address)) => Some((*address, *address)),
        Kind::Literal(Literal::AddressRange(from, to)) => Some((*from, *to)),
        Kind::Literal(Literal::Prefix(address, length)) => {
            let net = IpNet::new(*address, *length).ok()?;
            Some((net.network(), net.broadcast()))
        }
        _ => None,
    }
}

/// A relative path from a folder, without `.` and `..`; nothing for an absolute one or one that climbs too far.
#[must_use]
pub fn join(folder: &str, file: &str) -> Option<String> {
    if file.starts_with('/') || file.contains('\\') || file.is_empty() {
        return None;
    }
    let absolute = folder.starts_with('/');
    let mut parts: Vec<&str> = folder.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
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
