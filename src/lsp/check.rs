//! Checks beside the typing: a job takes the texts as they are and can run elsewhere; its outcome becomes diagnostics.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use lsp_server::{Message, Notification};
use lsp_types::{
    CodeDescription, DiagnosticRelatedInformation, DiagnosticSeverity, DiagnosticTag, Location, NumberOrString,
    PublishDiagnosticsParams, Range,
    notification::{self, Notification as _},
};

use super::{
    Server, place,
    policy::path_of,
    text::Lines,
    workspace::{Overlay, Root},
};
use crate::{
    check::leak::{self, Selection},
    compile::{self, Budget},
    diagnostic::{Diagnostic, Severity, Sources, Span},
    world::World,
};

/// What is to be checked.
pub struct Job {
    change: u64,
    policies: Vec<(Root, Overlay)>,
}

/// What was found.
pub struct Outcome {
    change: u64,
    found: BTreeMap<Root, Found>,
}

/// What was found in one policy.
pub struct Found {
    pub world: Overlay,
    pub sources: Sources,
    pub diagnostics: Vec<Diagnostic>,
}

impl Job {
    /// Checks the policies.
    #[must_use]
    pub fn run(self) -> Outcome {
        let mut found = BTreeMap::new();
        for (root, world) in self.policies {
            // The main file may have been removed.
            let Ok(text) = world.read(&root.path, place::folder(&root.path)) else { continue };
            let skip = world.below.skipped(place::folder(&world.absolute(&root.path)));
            let selection = Selection { only: Vec::new(), skip };
            let checked = compile::check_within(&root.path, &text, &world, Budget::default(), &selection);
            found.insert(root, Found { world, sources: checked.sources, diagnostics: checked.diagnostics });
        }
        Outcome { change: self.change, found }
    }
}

impl Server {
    /// Has something changed since this was last asked?
    pub fn has_changed(&mut self) -> bool {
        std::mem::take(&mut self.dirty)
    }

    /// What is to be checked, as it stands now.
    #[must_use]
    pub fn job(&self) -> Job {
        let roots = self.workspace.open_roots().into_iter();
        let policies = roots.map(|root| (root.clone(), self.workspace.overlay(&root))).collect();
        Job { change: self.change, policies }
    }

    /// Tells what was found, unless the texts have changed since; a newer check is on its way then.
    pub fn tell(&mut self, outcome: Outcome) -> Vec<Message> {
        if outcome.change != self.change {
            return Vec::new();
        }
        self.found = outcome.found;
        let mut by_file: BTreeMap<String, Vec<lsp_types::Diagnostic>> = BTreeMap::new();
        for found in self.found.values() {
            for diagnostic in &found.diagnostics {
                let Some(location) = found.location(diagnostic.primary.span) else { continue };
                let list = by_file.entry(location.uri.as_str().to_owned()).or_default();
                let told = found.told(diagnostic, location.range);
                // A file of two policies has the same finding in both.
                if !list.contains(&told) {
                    list.push(told);
                }
            }
        }
        let open = self.workspace.open.keys().filter(|path| self.workspace.module(path).is_none());
        let open = open.filter_map(|path| place::uri(path)).map(|uri| uri.as_str().to_owned());
        let told = std::mem::take(&mut self.told);
        let all: BTreeSet<String> = told.into_iter().chain(open).chain(by_file.keys().cloned()).collect();
        let mut messages = Vec::new();
        for uri in all {
            let Ok(parsed) = uri.parse() else { continue };
            let version = place::path(&parsed).and_then(|path| self.workspace.open.get(&path)).map(|file| file.version);
            let diagnostics = by_file.remove(&uri).unwrap_or_default();
            if !diagnostics.is_empty() {
                self.told.insert(uri);
            }
            let parameters = PublishDiagnosticsParams { uri: parsed, diagnostics, version };
            let method = notification::PublishDiagnostics::METHOD.to_owned();
            messages.push(Message::Notification(Notification::new(method, parameters)));
        }
        messages
    }
}

impl Found {
    pub fn location(&self, span: Span) -> Option<Location> {
        let source = self.sources.get(span.source)?;
        let uri = place::uri(&path_of(&source.name, &self.world)?)?;
        Some(Location { uri, range: Lines::new(&source.text).range(span) })
    }

    /// A diagnostic as an editor takes it: the headline, what is underlined, and what to do.
    fn told(&self, diagnostic: &Diagnostic, range: Range) -> lsp_types::Diagnostic {
        let mut message = diagnostic.message.clone();
        if !diagnostic.primary.text.is_empty() {
            message += &format!("\n{}", diagnostic.primary.text);
        }
        for note in &diagnostic.notes {
            message += &format!("\n{note}");
        }
        for help in &diagnostic.help {
            message += &format!("\nhelp: {help}");
        }
        let related = diagnostic.secondary.iter().filter_map(|label| {
            let message = if label.text.is_empty() { "see here".to_owned() } else { label.text.clone() };
            Some(DiagnosticRelatedInformation { location: self.location(label.span)?, message })
        });
        let related: Vec<DiagnosticRelatedInformation> = related.collect();
        let needless = diagnostic.code.starts_with("unused-");
        lsp_types::Diagnostic {
            range,
            severity: Some(match diagnostic.severity {
                Severity::Error => DiagnosticSeverity::ERROR,
                Severity::Warning => DiagnosticSeverity::WARNING,
                Severity::Note => DiagnosticSeverity::INFORMATION,
            }),
            code: Some(NumberOrString::String(diagnostic.code.to_owned())),
            code_description: page(diagnostic.code, &self.world).map(|href| CodeDescription { href }),
            source: Some("hedgerow".to_owned()),
            message,
            related_information: (!related.is_empty()).then_some(related),
            tags: needless.then(|| vec![DiagnosticTag::UNNECESSARY]),
            data: None,
        }
    }
}

/// The page of the check that a code is.
fn page(code: &str, world: &Overlay) -> Option<lsp_types::Uri> {
    let leak = leak::find(code)?;
    place::uri(&format!("{}/checks/{}.md", Arc::clone(&world.below).library()?, leak.id))
}
