//! `hedgerow lsp`: the language server's messages over standard input and output, and when it checks.

#![expect(clippy::disallowed_methods, reason = "it reads the environment and folders")]

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    path::{Path, PathBuf},
    sync::Arc,
    time::{Duration, Instant},
};

use clap::Args;
use crossbeam_channel::{Receiver, Sender, after, never, select, unbounded};
use jiff::civil::Date;
use lsp_server::{Connection, ErrorCode, Message, Response};
use lsp_types::InitializeParams;

use super::{
    Exit,
    changed::walk,
    disk::{self, Disk},
    output::Common,
    project::Project,
};
use crate::{
    check::leak::catalogue,
    lsp::{Outcome, Server, Surroundings, capabilities},
    model::STANDARD,
    world::World,
};

/// Serve an editor: the language server, over standard input and output
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow lsp                   an editor starts it so; docs/editors.md tells how to set up yours"
)]
pub struct Arguments {
    /// Accepted for editors that always give it; there is no other way
    #[arg(long, hide = true)]
    stdio: bool,
}

/// How long nothing is typed before a check begins.
const PAUSE: Duration = Duration::from_millis(150);

/// A check of an older text is not stopped, yet does not hold up the next one.
const AT_ONCE: usize = 2;

/// The real files, with a folder for what editors open beside them.
struct Files {
    disk: Disk,
    library: Option<String>,
}

impl World for Files {
    fn read(&self, path: &str, within: &str) -> Result<String, String> {
        self.disk.read(path, within)
    }

    fn list(&self, path: &str, within: &str) -> Result<Vec<String>, String> {
        self.disk.list(path, within)
    }

    fn today(&self) -> Date {
        self.disk.today()
    }
}

impl Surroundings for Files {
    fn policies(&self, folder: &str, below: bool) -> Vec<String> {
        let mut found = std::collections::BTreeSet::new();
        if below {
            // A folder that cannot be read has no policies for the editor either.
            let _ = walk(Path::new(folder), &mut found);
        } else {
            let names = std::fs::read_dir(folder).into_iter().flatten().flatten();
            let names = names.filter_map(|entry| entry.file_name().into_string().ok());
            let ours = names.filter(|name| Path::new(name).extension().is_some_and(|end| end == "hedge"));
            found.extend(ours.map(|name| format!("{}/{name}", folder.trim_end_matches('/'))));
        }
        found.into_iter().collect()
    }

    fn skipped(&self, folder: &str) -> Vec<String> {
        // What is wrong with the file is told by `hedgerow check`; until then nothing is left out.
        Project::of(Path::new(folder)).map(|project| project.skips().map(str::to_owned).collect()).unwrap_or_default()
    }

    fn library(&self) -> Option<String> {
        self.library.clone()
    }
}

pub fn run(_: &Arguments, common: &Common) -> Exit {
    let (connection, threads) = Connection::stdio();
    let ended = serve(&connection, common);
    drop(connection);
    match (ended, threads.join()) {
        (Ok(()), Ok(())) => Exit::Clean,
        (Err(why), _) => common.fail(&why),
        (_, Err(error)) => common.fail(&error.to_string()),
    }
}

fn serve(connection: &Connection, common: &Common) -> Result<(), String> {
    let (id, hello) = connection.initialize_start().map_err(|error| error.to_string())?;
    let hello: InitializeParams =
        serde_json::from_value(hello).map_err(|error| format!("the editor introduces itself wrongly: {error}"))?;
    let answer = serde_json::json!({
        "capabilities": capabilities(),
        "serverInfo": { "name": "hedgerow", "version": env!("CARGO_PKG_VERSION") },
    });
    connection.initialize_finish(id, answer).map_err(|error| error.to_string())?;
    let files = Files { disk: common.disk(), library: library() };
    let mut server = Server::new(&hello, Arc::new(files));
    send(connection, server.greeting());
    let (done, outcomes) = unbounded();
    let (mut running, mut changed) = (0, None::<Instant>);
    loop {
        let pause = match changed {
            Some(at) if running < AT_ONCE => after(PAUSE.saturating_sub(at.elapsed())),
            _ => never(),
        };
        match next(connection, &outcomes, &pause) {
            Next::Message(Message::Request(request)) => {
                if connection.handle_shutdown(&request).map_err(|error| error.to_string())? {
                    return Ok(());
                }
                send(connection, guarded(&mut server, request));
            }
            Next::Message(message) => send(connection, server.handle(message)),
            Next::Outcome(outcome) => {
                running -= 1;
                if let Some(outcome) = outcome {
                    send(connection, server.tell(outcome));
                }
            }
            Next::Pause => {
                (running, changed) = (running + 1, None);
                start(&server, &done);
            }
            Next::End => return Ok(()),
        }
        // What is typed during the pause begins it anew.
        if server.has_changed() {
            changed = Some(Instant::now());
        }
    }
}

enum Next {
    Message(Message),
    Outcome(Option<Outcome>),
    Pause,
    End,
}

fn next(connection: &Connection, outcomes: &Receiver<Option<Outcome>>, pause: &Receiver<Instant>) -> Next {
    select! {
        recv(connection.receiver) -> message => message.map_or(Next::End, Next::Message),
        recv(outcomes) -> outcome => outcome.map_or(Next::End, Next::Outcome),
        recv(pause) -> _ => Next::Pause,
    }
}

/// Checks beside the typing.
fn start(server: &Server, done: &Sender<Option<Outcome>>) {
    let (job, done) = (server.job(), done.clone());
    std::thread::spawn(move || {
        let outcome = catch_unwind(AssertUnwindSafe(|| job.run())).ok();
        // Nobody listens any more when the editor has gone.
        let _ = done.send(outcome);
    });
}

/// A fault in one answer must not take the editor's server away.
fn guarded(server: &mut Server, request: lsp_server::Request) -> Vec<Message> {
    let id = request.id.clone();
    catch_unwind(AssertUnwindSafe(|| server.handle(Message::Request(request)))).unwrap_or_else(|_| {
        let message = "a fault of hedgerow: please report it with the policy".to_owned();
        vec![Message::Response(Response::new_err(id, ErrorCode::InternalError as i32, message))]
    })
}

fn send(connection: &Connection, messages: Vec<Message>) {
    for message in messages {
        // An editor that listens no more has ended; the next message tells.
        let _ = connection.sender.send(message);
    }
}

/// Copies of the standard library and of the pages of the checks, for editors to open.
fn library() -> Option<String> {
    let home = |name: &str, below: &str| {
        std::env::var_os(name).filter(|value| !value.is_empty()).map(|value| PathBuf::from(value).join(below))
    };
    let cache = home("XDG_CACHE_HOME", "").or_else(|| home("LOCALAPPDATA", "")).or_else(|| home("HOME", ".cache"))?;
    let folder = cache.join("hedgerow").join(env!("CARGO_PKG_VERSION"));
    let modules = STANDARD.iter().map(|(name, text)| (PathBuf::from(format!("{name}.hedge")), (*text).to_owned()));
    let pages = catalogue();
    let pages = pages.iter().map(|leak| (PathBuf::from(format!("checks/{}.md", leak.id)), leak.page.to_owned()));
    let stale = |(name, text): &(PathBuf, String)| disk::text(&folder.join(name)).as_ref() != Some(text);
    let files: Vec<(PathBuf, String)> = modules.chain(pages).filter(stale).collect();
    disk::write_all(&folder, &files).ok()?;
    for (name, _) in files {
        read_only(&folder.join(name));
    }
    Some(folder.to_str()?.replace('\\', "/"))
}

/// They are to be looked at: a change of one would change nothing.
fn read_only(path: &Path) {
    if let Ok(found) = std::fs::metadata(path) {
        let mut permissions = found.permissions();
        permissions.set_readonly(true);
        let _ = std::fs::set_permissions(path, permissions);
    }
}
