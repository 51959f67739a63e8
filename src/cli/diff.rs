//! `hedgerow diff`

use std::io::Write;

use clap::{Args, ValueEnum};

use super::{Exit, disk, git, output::Common, project::Project};
use crate::{
    compile,
    diagnostic::{Severity, Sources},
    model,
    policy::Meant,
    reach::{Change, ChangeKind, Version, changes},
    world::World,
};

/// What becomes reachable, and what stops, between two policies
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow diff old.hedge new.hedge\n  hedgerow diff git:main:home.hedge home.hedge\n  hedgerow diff git:main --format markdown     for a comment on a pull request\n\nExit status: 0 the same meaning, 1 different, 2 invalid policy"
)]
pub struct Arguments {
    /// A file, a folder that holds a main.hedge, git:REVISION:PATH, or git:REVISION for NEW as it was then
    old: String,
    /// A file, a folder that holds a main.hedge, or git:REVISION:PATH [default: what hedgerow.toml says, or `.`]
    new: Option<String>,
    /// How to print the changes
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
    Markdown,
}

/// A policy with its meaning.
struct Loaded {
    network: model::Network,
    sources: Sources,
    meant: Meant,
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    let Some(project) = Project::find(common) else { return Exit::Invalid };
    let new_name = project.policy(arguments.new.as_deref());
    let old_name = match arguments.old.strip_prefix("git:") {
        Some(revision) if !revision.contains(':') && new_name.starts_with("git:") => {
            return common.fail(&format!("`git:{revision}` says no path; write git:{revision}:PATH"));
        }
        Some(revision) if !revision.contains(':') => format!("git:{revision}:{}", disk::tidy(&new_name)),
        _ => arguments.old.clone(),
    };
    let (Some(old), Some(new)) = (load(&old_name, common), load(&new_name, common)) else {
        return Exit::Invalid;
    };
    let found = changes(&old.version(), &new.version());
    let text = match arguments.format {
        Format::Human => human(&found),
        Format::Markdown => markdown(&found),
        Format::Json => match serde_json::to_string_pretty(&found) {
            Ok(text) => text + "\n",
            Err(error) => return common.fail(&error.to_string()),
        },
    };
    if std::io::stdout().write_all(text.as_bytes()).is_err() {
        return Exit::Invalid;
    }
    if found.is_empty() && arguments.format == Format::Human {
        common.say(&format!("no difference: {old_name} and {new_name} let through the same packets"));
    }
    if found.is_empty() { Exit::Clean } else { Exit::Findings }
}

impl Loaded {
    const fn version(&self) -> Version<'_> {
        Version { network: &self.network, sources: &self.sources, meant: &self.meant }
    }
}

fn load(name: &str, common: &Common) -> Option<Loaded> {
    let disk = common.disk();
    let (path, text, world): (String, String, Box<dyn World>) = match name.strip_prefix("git:") {
        Some(rest) => {
            let revision = git::Revision::new(rest, disk.today());
            match revision.and_then(|revision| revision.policy().map(|(path, text)| (path, text, revision))) {
                Ok((path, text, revision)) => (path, text, Box::new(revision)),
                Err(why) => {
                    common.fail(&why);
                    return None;
                }
            }
        }
        None => match disk::policy(name) {
            Ok((path, text)) => (path, text, Box::new(disk)),
            Err(why) => {
                common.fail(&why);
                return None;
            }
        },
    };
    let mut sources = Sources::default();
    let (network, diagnostics) = model::resolve(&path, &text, &mut sources, world.as_ref());
    // A rule that ran out is left out, and said to be; the rest can be compared.
    let fatal: Vec<_> = diagnostics
        .into_iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error && diagnostic.code != "expired-rule")
        .collect();
    if !fatal.is_empty() {
        common.report(&sources, &fatal);
        return None;
    }
    match compile::meant(&network, world.as_ref()) {
        Some(meant) => Some(Loaded { network, sources, meant }),
        None => {
            common.fail(compile::TOO_LARGE);
            None
        }
    }
}

const fn word(kind: ChangeKind) -> &'static str {
    match kind {
        ChangeKind::Opens => "opens",
        ChangeKind::Translates => "translates",
        ChangeKind::Closes => "closes",
    }
}

fn human(changes: &[Change]) -> String {
    let width = |of: fn(&Change) -> &str| changes.iter().map(|change| of(change).chars().count()).max().unwrap_or(0);
    let (from, to) = (width(|change| &change.from), width(|change| &change.to));
    let service = width(|change| &change.service).min(40);
    changes
        .iter()
        .map(|change| {
            let place = change
                .place
                .as_deref()
                .map(|place| format!("  {place}{}", if change.kind == ChangeKind::Closes { " before" } else { "" }))
                .unwrap_or_default();
            let line = format!(
                "{:<10} {:<from$} -> {:<to$}  {:<service$}{place}{}",
                word(change.kind),
                change.from,
                change.to,
                change.service,
                if change.risky { "  (risk)" } else { "" }
            );
            line.trim_end().to_owned() + "\n"
        })
        .collect()
}

fn markdown(changes: &[Change]) -> String {
    if changes.is_empty() {
        return "**hedgerow**: the policy means the same as before.\n".to_owned();
    }
    let cell = |text: &str| text.replace('|', "\\|");
    let mut text = String::from(
        "**hedgerow**: what this change opens and closes\n\n| | from | to | service | statement |\n|---|---|---|---|---|\n",
    );
    for change in changes {
        let mark = if change.risky { format!("**{}**", word(change.kind)) } else { word(change.kind).to_owned() };
        text += &format!(
            "| {mark} | {} | {} | {} | {} |\n",
            cell(&change.from),
            cell(&change.to),
            cell(&change.service),
            cell(change.place.as_deref().unwrap_or(""))
        );
    }
    text + "\nBold lines lead from the internet, or towards a zone that is trusted more.\n"
}
