//! The files of a Home Assistant: `configuration.yaml` and what it includes, each read when it is asked for and never
//! from outside the policy's folder. Secrets are never read. Of what was read, messages can show only what was asked for.

use std::{cell::RefCell, collections::BTreeMap, rc::Rc};

use super::yaml::{Kind, Node, read};
use crate::{
    diagnostic::{Diagnostic, SourceId, Sources, Span},
    model::load::join,
    world::World,
};

/// Where Home Assistant keeps what `!secret` stands for.
const SECRETS: &str = "secrets.yaml";
/// More includes within each other are a circle, or nothing that a person wrote.
const DEEPEST: usize = 16;

/// Reads files, and knows where it is.
pub struct Files<'a> {
    pub world: &'a dyn World,
    pub sources: &'a mut Sources,
    /// The folder that nothing is read outside of.
    pub root: &'a str,
    /// Where the policy names the first file.
    pub place: Span,
    pub errors: Vec<Diagnostic>,
    /// The path of each source, to include from, and the tree of each path.
    paths: BTreeMap<SourceId, String>,
    trees: BTreeMap<String, Option<Rc<Node>>>,
    /// What may be shown of each source.
    shown: RefCell<Vec<Span>>,
}

/// Something that was looked for.
#[derive(Clone, Debug)]
pub enum Found {
    Node(Rc<Node>),
    /// It stands there, and its value is known to Home Assistant alone: a secret, a variable of the environment.
    Hidden(Span),
}

impl<'a> Files<'a> {
    pub fn new(world: &'a dyn World, sources: &'a mut Sources, root: &'a str, place: Span) -> Self {
        let (errors, paths, trees, shown) = (Vec::new(), BTreeMap::new(), BTreeMap::new(), RefCell::default());
        Self { world, sources, root, place, errors, paths, trees, shown }
    }

    /// The tree of a file. `from` is where it is asked for.
    pub fn file(&mut self, path: &str, from: Span) -> Option<Rc<Node>> {
        if let Some(known) = self.trees.get(path) {
            return known.clone();
        }
        let tree = self.parse(path, from);
        self.trees.insert(path.to_owned(), tree.clone());
        tree
    }

    fn parse(&mut self, path: &str, from: Span) -> Option<Rc<Node>> {
        if is_secret(path) {
            let error = Diagnostic::error("unreadable-file", from, "secrets are not read")
                .label("this file holds secrets")
                .help("name the file that holds `http:`; what stands behind `!secret` is never looked up");
            self.errors.push(error);
            return None;
        }
        let text = match self.world.read(path, self.root) {
            Ok(text) => text,
            Err(why) => {
                let error = Diagnostic::error("unreadable-file", from, format!("cannot read `{path}`: {why}"))
                    .label("asked for here")
                    .help("put a copy of Home Assistant's file beside the policy; secrets.yaml is not needed");
                self.errors.push(error);
                return None;
            }
        };
        let source = self.sources.add(path, text.clone());
        self.paths.insert(source, path.to_owned());
        match read(&text, source) {
            Ok(tree) => Some(tree),
            Err(broken) => {
                // The line itself is not shown: a password may stand in it.
                let place = format!("{path}:{}:{}", broken.line, broken.column);
                let error = Diagnostic::error("settings-broken", from, format!("`{path}` is no YAML"))
                    .label(format!("broken in line {}", broken.line))
                    .note(format!("{place}: {}", broken.why))
                    .help("let Home Assistant check it: Developer tools > YAML > Check configuration");
                self.errors.push(error);
                None
            }
        }
    }

    /// What a node stands for: itself, what it includes, or something hidden. Nothing after an error.
    pub fn follow(&mut self, node: &Rc<Node>) -> Option<Found> {
        let mut node = Rc::clone(node);
        for _ in 0..DEEPEST {
            let Kind::Tagged { tag, text } = &node.kind else { return Some(Found::Node(node)) };
            self.show(node.span);
            match tag.as_str() {
                "!secret" | "!env_var" | "!input" => return Some(Found::Hidden(node.span)),
                "!include" => {
                    let (path, span) = (self.beside(node.span, text)?, node.span);
                    if is_secret(&path) {
                        return Some(Found::Hidden(span));
                    }
                    node = self.file(&path, span)?;
                }
                "!include_dir_list" | "!include_dir_merge_list" | "!include_dir_named" | "!include_dir_merge_named" => {
                    return self.folder(tag, text, node.span).map(Found::Node);
                }
                _ => {
                    let error = Diagnostic::error("settings-value", node.span, format!("`{tag}` is not understood"))
                        .label("Home Assistant knows no such tag")
                        .also(self.place, "the settings are read for this");
                    self.errors.push(error);
                    return None;
                }
            }
        }
        let error = Diagnostic::error("settings-value", node.span, "files include each other in a circle")
            .label("included again and again")
            .also(self.place, "the settings are read for this");
        self.errors.push(error);
        None
    }

    /// A path from the folder of the file that names it.
    fn beside(&mut self, from: Span, file: &str) -> Option<String> {
        let path = self.paths.get(&from.source).map_or("", String::as_str);
        let folder = path.rfind('/').map_or("", |slash| path.get(..=slash).unwrap_or(""));
        let found = join(folder, file).filter(|path| path.starts_with(self.root));
        if found.is_none() {
            let error = Diagnostic::error("outside-root", from, format!("`{file}` lies outside the policy's folder"))
                .label("not read")
                .also(self.place, "the settings are read for this")
                .help("copy what the settings include into the folder of the policy, or below it");
            self.errors.push(error);
        }
        found
    }

    /// The files of a folder and of those below it, made into one as their tag says.
    fn folder(&mut self, tag: &str, folder: &str, from: Span) -> Option<Rc<Node>> {
        let path = self.beside(from, folder)?;
        let files = match self.world.list(&path, self.root) {
            Ok(files) => files,
            Err(why) => {
                let error =
                    Diagnostic::error("unreadable-file", from, format!("cannot read the folder `{path}`: {why}"))
                        .label("asked for here")
                        .also(self.place, "the settings are read for this");
                self.errors.push(error);
                return None;
            }
        };
        let (mut list, mut map) = (Vec::new(), Vec::new());
        let hidden = |file: &str| file.split('/').any(|part| part.starts_with('.'));
        let wanted = |file: &&String| {
            file.rsplit_once('.').is_some_and(|(_, end)| end == "yaml") && !hidden(file) && !is_secret(file)
        };
        for file in files.iter().filter(wanted) {
            let tree = self.file(&format!("{path}/{file}"), from)?;
            let name = file.rsplit('/').next().unwrap_or(file).trim_end_matches(".yaml").to_owned();
            match (tag, &tree.kind) {
                ("!include_dir_list", _) => list.push(tree),
                ("!include_dir_named", _) => map.push((super::yaml::Key { text: name, span: from }, tree)),
                ("!include_dir_merge_list", Kind::List(items)) => list.extend(items.iter().cloned()),
                ("!include_dir_merge_named", Kind::Map(entries)) => map.extend(entries.iter().cloned()),
                // Home Assistant passes over what is of another sort.
                _ => {}
            }
        }
        let kind = if tag.ends_with("list") { Kind::List(list) } else { Kind::Map(map) };
        Some(Rc::new(Node { span: from, kind }))
    }

    /// Messages may show this.
    pub fn show(&self, span: Span) {
        self.shown.borrow_mut().push(span);
    }

    /// Takes out of the sources what no message may show. Places stay where they are.
    pub fn close(self) -> Vec<Diagnostic> {
        let shown = self.shown.into_inner();
        for source in self.paths.into_keys() {
            let of = shown.iter().filter(|span| span.source == source);
            let places: Vec<Span> = of.map(|span| with_marks(self.sources, *span)).collect();
            self.sources.keep_only(source, &places);
        }
        self.errors
    }
}

/// A place with the `-` before it and the `:` behind it.
fn with_marks(sources: &Sources, span: Span) -> Span {
    let text = sources.get(span.source).map_or("", |source| source.text.as_str());
    let before = text.get(..span.start as usize).unwrap_or("");
    let start = match before.trim_end_matches(' ').strip_suffix('-') {
        Some(rest) => u32::try_from(rest.len()).unwrap_or(span.start),
        None => span.start,
    };
    let colon = text.get(span.end as usize..).is_some_and(|rest| rest.starts_with(':'));
    Span { start, end: span.end + u32::from(colon), ..span }
}

/// Is it the file of Home Assistant's secrets?
fn is_secret(path: &str) -> bool {
    path.rsplit('/').next() == Some(SECRETS)
}
