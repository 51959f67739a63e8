//! `hedgerow.toml`: what a repository says once, so that nobody has to type it. Options on the command line win.

#![expect(clippy::disallowed_methods, reason = "it looks for a file in the folders above")]

use std::path::{Path, PathBuf};

use schemars::JsonSchema;
use serde::Deserialize;
use toml::Spanned;

use super::{deny::Deny, disk, output::Common};
use crate::{
    check::leak::{catalogue, find},
    diagnostic::{Diagnostic, Sources, Span, nearest},
    target::Target,
};

/// The name of the file.
const NAME: &str = "hedgerow.toml";

/// The words of the file. All may be left out.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(title = "hedgerow.toml")]
pub struct Words {
    /// The policy that a command is about when none is named: a file, or a folder that holds a main.hedge; relative to
    /// this file.
    policy: Option<String>,
    /// What `compile` writes this policy for, instead of the targets that its router names.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    targets: Vec<Spanned<String>>,
    /// The folder that `compile` writes this policy into, relative to this file.
    output: Option<String>,
    /// From which severity on a finding counts for the exit status of `check`: error, warning or note.
    deny: Option<Deny>,
    /// Leak checks whose findings `check` does not report. A waiver in the policy is better: it has a reason and a date.
    #[serde(default)]
    #[schemars(with = "Vec<String>")]
    skip: Vec<Spanned<String>>,
}

/// What holds in the current folder.
#[derive(Debug, Default)]
pub struct Project {
    words: Words,
    /// The folder of the file, from the current one: empty, or `../`.
    folder: String,
}

impl Project {
    /// The nearest `hedgerow.toml` in this folder or one above it, up to the root of the repository; without one,
    /// nothing is said. Nothing at all when it is wrong: that has been told then.
    pub fn find(common: &Common) -> Option<Self> {
        let Ok(here) = std::env::current_dir() else { return Some(Self::default()) };
        match Self::of(&here) {
            Ok(project) => Some(project),
            Err((sources, found)) => {
                common.report(&sources, &found);
                None
            }
        }
    }

    /// What holds in a folder: of the nearest file in it or above it. Paths are told as from this folder.
    pub fn of(here: &Path) -> Result<Self, (Sources, Vec<Diagnostic>)> {
        let mut folder = String::new();
        for place in here.ancestors() {
            if place.join(NAME).is_file() {
                return Self::read(&place.join(NAME), &format!("{folder}{NAME}"), folder);
            }
            if place.join(".git").exists() {
                break;
            }
            folder.push_str("../");
        }
        Ok(Self::default())
    }

    fn read(place: &Path, file: &str, folder: String) -> Result<Self, (Sources, Vec<Diagnostic>)> {
        let mut sources = Sources::default();
        let Some(text) = disk::text(place) else {
            let span = Span { source: sources.add(file, ""), start: 0, end: 0 };
            let found = Diagnostic::error("project-file", span, format!("`{file}` cannot be read"))
                .help("make it readable text, or remove it");
            return Err((sources, vec![found]));
        };
        let source = sources.add(file, text.as_str());
        let span = |range: std::ops::Range<usize>| {
            let number = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
            Span { source, start: number(range.start), end: number(range.end) }
        };
        let wrong = |range, message: String, help: String| {
            Diagnostic::error("project-file", span(range), message).label("not understood").help(help)
        };
        let words: Words = match toml::from_str(&text) {
            Ok(words) => words,
            Err(error) => {
                let (message, help) = explained(error.message());
                let found = wrong(error.span().unwrap_or(0..0), message, help);
                return Err((sources, vec![found]));
            }
        };
        let mut found = Vec::new();
        for name in &words.targets {
            if Target::named(name.as_ref()).is_none() {
                let message = super::targets::unknown(name.as_ref());
                found.push(wrong(name.span(), message, "`hedgerow list targets` shows them".to_owned()));
            }
        }
        for id in words.skip.iter().filter(|id| find(id.as_ref()).is_none()) {
            let all = catalogue();
            let help = nearest(id.as_ref(), all.iter().map(|leak| leak.id))
                .map_or("`hedgerow list checks` shows them all".to_owned(), |near| format!("did you mean `{near}`?"));
            found.push(wrong(id.span(), format!("there is no check `{}`", id.as_ref()), help));
        }
        if found.is_empty() { Ok(Self { words, folder }) } else { Err((sources, found)) }
    }

    /// The policy that a command is about, if its user names none.
    pub fn policy(&self, named: Option<&str>) -> String {
        match (named, &self.words.policy) {
            (Some(named), _) => named.to_owned(),
            (None, Some(own)) => format!("{}{own}", self.folder),
            (None, None) => ".".to_owned(),
        }
    }

    /// Does the file speak of this policy? What it says of targets and the output is about its own policy only.
    fn is_own(&self, policy: &str) -> bool {
        let file = |path: &str| disk::tidy(path).trim_end_matches("/main.hedge").to_owned();
        file(policy) == file(&self.policy(None))
    }

    /// What to compile a policy for, if its user does not say.
    pub fn targets(&self, policy: &str) -> Vec<String> {
        let own = self.words.targets.iter().map(|name| name.as_ref().clone());
        if self.is_own(policy) { own.collect() } else { Vec::new() }
    }

    /// Where to write what a policy compiles to, if its user does not say.
    pub fn output(&self, policy: &str) -> Option<PathBuf> {
        let own = self.words.output.as_ref().map(|folder| PathBuf::from(format!("{}{folder}", self.folder)));
        own.filter(|_| self.is_own(policy))
    }

    /// From which severity on findings count.
    pub fn deny(&self, named: Option<Deny>) -> Deny {
        named.or(self.words.deny).unwrap_or(Deny::Error)
    }

    /// Does it leave out this check?
    pub fn skips(&self) -> impl Iterator<Item = &str> {
        self.words.skip.iter().map(|id| id.as_ref().as_str())
    }
}

/// What the parser says, and what to do.
fn explained(message: &str) -> (String, String) {
    let known = ["policy", "targets", "output", "deny", "skip"];
    let Some(wrong) = message.strip_prefix("unknown field `").and_then(|rest| rest.split('`').next()) else {
        return (message.to_owned(), "docs/configuration.md tells what may stand here".to_owned());
    };
    let help = match nearest(wrong, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it may hold {}", known.join(", ")),
    };
    (format!("there is nothing called `{wrong}` here"), help)
}
