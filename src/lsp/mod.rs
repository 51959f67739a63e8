//! The language server, as a machine that takes the editor's messages and gives back its own. It reads the policy with
//! the compiler's own stages, with the unsaved texts of the editor in place of the files. What it is connected to, and
//! when checks run, is the matter of `src/cli/lsp.rs`.

mod actions;
mod check;
mod complete;
mod context;
mod hints;
mod hover;
mod navigate;
mod place;
mod policy;
mod rename;
mod serve;
mod symbols;
mod text;
mod tokens;
mod words;
mod workspace;

use std::{
    collections::{BTreeMap, BTreeSet},
    rc::Rc,
    sync::Arc,
};

use lsp_server::{Message, Notification, Request, RequestId};
use lsp_types::{
    ClientCapabilities, CodeActionKind, CodeActionOptions, CodeActionProviderCapability, CompletionOptions,
    DidChangeTextDocumentParams, DidChangeWatchedFilesRegistrationOptions, DidCloseTextDocumentParams,
    DidOpenTextDocumentParams, FileSystemWatcher, GlobPattern, HoverProviderCapability, InitializeParams, OneOf,
    Registration, RegistrationParams, RenameOptions, SemanticTokensFullOptions, SemanticTokensOptions,
    ServerCapabilities, TextDocumentContentChangeEvent, TextDocumentSyncCapability, TextDocumentSyncKind, Uri,
    notification::{self, Notification as _},
    request::{self, Request as _},
};
use serde::de::DeserializeOwned;

pub use check::{Job, Outcome};
use policy::Policy;
use text::Lines;
use workspace::{Document, Root, Workspace};

use crate::world::World;

/// What the server may ask of its surroundings, beyond files and date.
pub trait Surroundings: World + Send + Sync {
    /// The whole paths of all policies in a folder, and in those below it.
    fn policies(&self, folder: &str, below: bool) -> Vec<String>;

    /// The leak checks that `hedgerow.toml` leaves out for the policies of a folder.
    fn skipped(&self, folder: &str) -> Vec<String>;

    /// The folder with copies of the standard library (`std.services.hedge`) and of the pages of the checks
    /// (`checks/ID.md`), which editors open; nothing if there is none.
    fn library(&self) -> Option<String>;
}

/// The server.
pub struct Server {
    workspace: Workspace,
    /// Policies as they were resolved since the last change.
    resolved: BTreeMap<Root, Rc<Policy>>,
    /// What the last check of each policy found.
    found: BTreeMap<Root, check::Found>,
    /// Counts the changes, so that a check of an older text is known as such.
    change: u64,
    dirty: bool,
    /// The addresses that diagnostics were sent for.
    told: BTreeSet<String>,
    watches: bool,
}

/// What the server can do.
#[must_use]
pub fn capabilities() -> ServerCapabilities {
    ServerCapabilities {
        text_document_sync: Some(TextDocumentSyncCapability::Kind(TextDocumentSyncKind::INCREMENTAL)),
        hover_provider: Some(HoverProviderCapability::Simple(true)),
        definition_provider: Some(OneOf::Left(true)),
        references_provider: Some(OneOf::Left(true)),
        document_highlight_provider: Some(OneOf::Left(true)),
        document_symbol_provider: Some(OneOf::Left(true)),
        document_formatting_provider: Some(OneOf::Left(true)),
        rename_provider: Some(OneOf::Right(RenameOptions {
            prepare_provider: Some(true),
            work_done_progress_options: lsp_types::WorkDoneProgressOptions::default(),
        })),
        completion_provider: Some(CompletionOptions {
            trigger_characters: Some([" ", ".", ":", ">"].map(str::to_owned).to_vec()),
            ..CompletionOptions::default()
        }),
        code_action_provider: Some(CodeActionProviderCapability::Options(CodeActionOptions {
            code_action_kinds: Some(vec![CodeActionKind::QUICKFIX]),
            ..CodeActionOptions::default()
        })),
        inlay_hint_provider: Some(OneOf::Left(true)),
        semantic_tokens_provider: Some(
            SemanticTokensOptions {
                legend: tokens::legend(),
                full: Some(SemanticTokensFullOptions::Bool(true)),
                ..SemanticTokensOptions::default()
            }
            .into(),
        ),
        ..ServerCapabilities::default()
    }
}

impl Server {
    /// A server for an editor that has introduced itself.
    #[must_use]
    pub fn new(hello: &InitializeParams, below: Arc<dyn Surroundings>) -> Self {
        let folders = hello.workspace_folders.iter().flatten().filter_map(|folder| place::path(&folder.uri));
        let mut folders: Vec<String> = folders.map(|folder| folder.trim_end_matches('/').to_owned()).collect();
        #[expect(deprecated, reason = "older editors say nothing else")]
        if let (true, Some(root)) = (folders.is_empty(), hello.root_uri.as_ref().and_then(place::path)) {
            folders.push(root.trim_end_matches('/').to_owned());
        }
        folders.retain(|folder| !folder.is_empty());
        let mut workspace = Workspace::new(folders, below);
        workspace.refresh();
        Self {
            workspace,
            resolved: BTreeMap::new(),
            found: BTreeMap::new(),
            change: 0,
            dirty: false,
            told: BTreeSet::new(),
            watches: watches(&hello.capabilities),
        }
    }

    /// What to tell the editor once it is ready.
    #[must_use]
    pub fn greeting(&self) -> Vec<Message> {
        let watcher =
            |pattern: &str| FileSystemWatcher { glob_pattern: GlobPattern::String(pattern.to_owned()), kind: None };
        let options = DidChangeWatchedFilesRegistrationOptions {
            watchers: vec![watcher("**/*.hedge"), watcher("**/hedgerow.toml")],
        };
        let registration = Registration {
            id: "policies".to_owned(),
            method: notification::DidChangeWatchedFiles::METHOD.to_owned(),
            register_options: serde_json::to_value(options).ok(),
        };
        let parameters = RegistrationParams { registrations: vec![registration] };
        let register = Request::new(RequestId::from(1), request::RegisterCapability::METHOD.to_owned(), parameters);
        if self.watches { vec![Message::Request(register)] } else { Vec::new() }
    }

    /// Takes a message of the editor and gives the answers.
    pub fn handle(&mut self, message: Message) -> Vec<Message> {
        match message {
            Message::Request(request) => vec![Message::Response(self.answer(request))],
            Message::Notification(notification) => self.notified(notification),
            Message::Response(_) => Vec::new(),
        }
    }

    fn notified(&mut self, told: Notification) -> Vec<Message> {
        match told.method.as_str() {
            notification::DidOpenTextDocument::METHOD => {
                if let Some(DidOpenTextDocumentParams { text_document }) = read(told)
                    && let Some(path) = place::path(&text_document.uri)
                {
                    let document = Document { text: text_document.text.into(), version: text_document.version };
                    Arc::make_mut(&mut self.workspace.open).insert(path, document);
                    self.workspace.refresh();
                    self.changed();
                }
            }
            notification::DidChangeTextDocument::METHOD => {
                if let Some(parameters) = read(told) {
                    self.edited(parameters);
                }
            }
            notification::DidCloseTextDocument::METHOD => {
                if let Some(DidCloseTextDocumentParams { text_document }) = read(told)
                    && let Some(path) = place::path(&text_document.uri)
                {
                    Arc::make_mut(&mut self.workspace.open).remove(&path);
                    self.workspace.refresh();
                    self.changed();
                }
            }
            notification::DidSaveTextDocument::METHOD | notification::DidChangeWatchedFiles::METHOD => {
                self.workspace.refresh();
                self.changed();
            }
            _ => {}
        }
        Vec::new()
    }

    fn edited(&mut self, parameters: DidChangeTextDocumentParams) {
        let Some(path) = place::path(&parameters.text_document.uri) else { return };
        let open = Arc::make_mut(&mut self.workspace.open);
        let Some(document) = open.get_mut(&path) else { return };
        let mut text = document.text.to_string();
        for change in parameters.content_changes {
            apply(&mut text, &change);
        }
        *document = Document { text: text.into(), version: parameters.text_document.version };
        self.workspace.reread(&path);
        self.changed();
    }

    fn changed(&mut self) {
        self.resolved.clear();
        self.change += 1;
        self.dirty = true;
    }

    /// The policies that a file of the editor is a part of, resolved, each with the source that the file is in it.
    fn policies(&mut self, uri: &Uri) -> Vec<(Rc<Policy>, crate::diagnostic::SourceId)> {
        let Some(path) = place::path(uri) else { return Vec::new() };
        let roots = match self.workspace.module(&path) {
            Some(module) => vec![Root { base: String::new(), path: format!("<{module}>") }],
            None => self.workspace.roots_of(&path),
        };
        let mut found = Vec::new();
        for root in roots {
            let policy = match self.resolved.get(&root) {
                Some(policy) => Rc::clone(policy),
                None => {
                    let world = self.workspace.overlay(&root);
                    let module = root.path.strip_prefix('<').and_then(|path| path.strip_suffix('>'));
                    let policy = match module {
                        Some(module) => Some(Policy::of_module(module, world)),
                        None => Policy::new(&root, world),
                    };
                    let Some(policy) = policy.map(Rc::new) else { continue };
                    self.resolved.insert(root, Rc::clone(&policy));
                    policy
                }
            };
            if let Some(source) = policy.source(&path) {
                found.push((policy, source));
            }
        }
        found
    }
}

/// Can the editor be asked to tell of files that change on the disk?
fn watches(client: &ClientCapabilities) -> bool {
    let workspace = client.workspace.as_ref();
    let watched = workspace.and_then(|workspace| workspace.did_change_watched_files.as_ref());
    watched.and_then(|watched| watched.dynamic_registration).unwrap_or(false)
}

fn apply(text: &mut String, change: &TextDocumentContentChangeEvent) {
    match change.range {
        None => text.clone_from(&change.text),
        Some(range) => {
            let lines = Lines::new(text);
            let (start, end) = (lines.offset(range.start), lines.offset(range.end));
            text.replace_range(start..end.max(start), &change.text);
        }
    }
}

fn read<T: DeserializeOwned>(told: Notification) -> Option<T> {
    serde_json::from_value(told.params).ok()
}
