//! `hedgerow watch`

#![expect(clippy::disallowed_methods, reason = "it looks at files")]

use std::{
    collections::BTreeSet,
    io::{IsTerminal, Write},
    path::{Path, PathBuf},
    sync::mpsc::{Receiver, channel},
    time::Duration,
};

use clap::Args;
use notify::{Event, RecommendedWatcher, RecursiveMode, Watcher};

use super::{Exit, changed, check, compile, output::Common, project::Project};

/// Check again whenever a file of the policy changes, until it is interrupted
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow watch                 checks the policy in this folder\n  hedgerow watch home.hedge --deny warning\n  hedgerow watch --compile       compiles it, too, when nothing is found\n\nFiles that the policy uses are watched as well. The exit status is 2 if nothing can be watched."
)]
pub struct Arguments {
    #[command(flatten)]
    check: check::Arguments,
    /// Compile as well, as `hedgerow compile` does
    #[arg(long)]
    compile: bool,
}

/// Editors write a file in several steps: a change is over when nothing happens for so long.
const CALM: Duration = Duration::from_millis(80);

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    if let Some(why) = arguments.check.cannot_watch() {
        return common.fail(why);
    }
    let (sender, events) = channel();
    // An event that nobody takes any more belongs to a program that ends.
    let watcher = notify::recommended_watcher(move |event| drop(sender.send(event)));
    let mut watcher = match watcher {
        Ok(watcher) => watcher,
        Err(error) => return common.fail(&format!("nothing can be watched here: {error}")),
    };
    let mut folders: BTreeSet<PathBuf> = BTreeSet::new();
    loop {
        let Some(project) = Project::find(common) else { return Exit::Invalid };
        let paths = arguments.check.policies(&project);
        // Watched before it is read: what changes meanwhile is seen.
        let files = watched(&paths, common);
        if let Err(why) = follow(&mut watcher, &mut folders, &files) {
            return common.fail(&why);
        }
        if std::io::stderr().is_terminal() {
            let _ = write!(std::io::stderr(), "\u{1b}[2J\u{1b}[H");
        }
        let found = check::run(&arguments.check, common);
        if arguments.compile && found == Exit::Clean {
            for path in &paths {
                compile::run(&compile::Arguments::of(path), common);
            }
        }
        let count = super::output::many(files.len(), "file");
        common.say(&format!("watching {count}; Ctrl+C ends"));
        if !wait(&events, &files) {
            return common.fail("the files cannot be watched any more");
        }
    }
}

/// The files that policies are made of, and the configuration of the project.
fn watched(paths: &[String], common: &Common) -> BTreeSet<PathBuf> {
    let disk = common.disk();
    let mut files: BTreeSet<PathBuf> =
        paths.iter().flat_map(|path| changed::parts(path, &disk)).map(absolute).collect();
    files.insert(absolute("hedgerow.toml".to_owned()));
    files
}

fn absolute(path: String) -> PathBuf {
    let path = std::path::absolute(&path).unwrap_or_else(|_| PathBuf::from(&path));
    // Links in the way to a file are not in the names of its events.
    let folder = path.parent().and_then(|folder| folder.canonicalize().ok());
    match (folder, path.file_name()) {
        (Some(folder), Some(name)) => folder.join(name),
        _ => path,
    }
}

/// Watches the folders of files, for editors put a new file in the place of the old one.
fn follow(
    watcher: &mut RecommendedWatcher,
    known: &mut BTreeSet<PathBuf>,
    files: &BTreeSet<PathBuf>,
) -> Result<(), String> {
    let folders: BTreeSet<PathBuf> =
        files.iter().filter_map(|file| file.parent()).filter(|folder| folder.is_dir()).map(Path::to_owned).collect();
    for folder in folders.difference(known) {
        watcher
            .watch(folder, RecursiveMode::NonRecursive)
            .map_err(|error| format!("`{}` cannot be watched: {error}", folder.display()))?;
    }
    for folder in known.difference(&folders) {
        // It may be gone.
        let _ = watcher.unwatch(folder);
    }
    *known = folders;
    Ok(())
}

/// Waits until one of the files has changed, and then until it is calm; not if no event can come any more.
fn wait(events: &Receiver<notify::Result<Event>>, files: &BTreeSet<PathBuf>) -> bool {
    // A policy that is not there yet may be the one that an import waits for.
    let part = |path: &PathBuf| files.contains(path) || path.extension().is_some_and(|end| end == "hedge");
    let concerns = |event: &Event| !event.kind.is_access() && event.paths.iter().any(part);
    loop {
        match events.recv() {
            Err(_) => return false,
            Ok(Ok(event)) if concerns(&event) => break,
            // Events were lost, or one is about something else.
            Ok(Err(_)) => break,
            Ok(Ok(_)) => {}
        }
    }
    while events.recv_timeout(CALM).is_ok() {}
    true
}
