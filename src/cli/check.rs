//! `hedgerow check`

use std::{io::Write, time::Instant};

use clap::{Args, ValueEnum};

use super::{
    Exit, changed,
    deny::Deny,
    disk, fix,
    output::{Common, count, many},
    project::Project,
};
use crate::{
    check::{
        Reckoning, Selection,
        leak::{Leak, Page, catalogue, find},
    },
    compile::{self, Budget, Checked},
    diagnostic::{Diagnostic, nearest},
    report::findings::{Found, Rule, github, gitlab, json, junit, sarif},
};

/// Check policies: syntax, names, contradictions, and every promise, for every packet
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow check                 the policy in this folder (main.hedge)\n  hedgerow check home.hedge      one file\n  hedgerow check - < home.hedge  standard input\n  hedgerow check --format sarif > hedgerow.sarif\n  hedgerow check --changed zones.hedge   the policies that use this file\n\nExit status: 0 clean, 1 findings, 2 invalid policy or usage"
)]
#[group(skip)]
pub struct Arguments {
    /// Files, folders that hold a main.hedge, or `-` for standard input [default: what hedgerow.toml says, or `.`]
    paths: Vec<String>,
    /// Show not only the shortest path of a finding about chains of hosts, but up to N
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "20", require_equals = true)]
    all_paths: Option<usize>,
    /// From which severity on a finding counts for the exit status [default: what hedgerow.toml says, or error]
    #[arg(long, value_enum, value_name = "SEVERITY")]
    deny: Option<Deny>,
    /// Report the findings of this check only (and what makes a policy invalid). Repeatable
    #[arg(long, value_name = "ID")]
    only: Vec<String>,
    /// Do not report the findings of this check. Repeatable
    #[arg(long, value_name = "ID")]
    skip: Vec<String>,
    /// Apply the fixes that leave the meaning as it is: remove what is unused, has run out or adds nothing
    #[arg(long)]
    fix: bool,
    /// With `--fix`: change nothing, show what would change
    #[arg(long, requires = "fix", conflicts_with = "format")]
    dry_run: bool,
    /// How to print the findings; all but `human` go to standard output
    #[arg(long, value_enum, default_value_t = Format::Human)]
    format: Format,
    /// The paths are files that have changed: check the policies of this repository that are made of them
    #[arg(long)]
    changed: bool,
}

/// Whom the findings are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// People
    Human,
    /// Programs: docs/schema/findings.json
    Json,
    /// Code scanning: SARIF 2.1.0
    Sarif,
    /// The log of a GitHub workflow
    Github,
    /// The code quality report of a GitLab merge request
    Gitlab,
    /// Whoever shows test results
    Junit,
}

/// A policy that was checked.
struct Done {
    path: String,
    checked: Checked,
    summary: String,
    exit: Exit,
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    if let Some(unknown) = arguments.only.iter().chain(&arguments.skip).find(|id| find(id).is_none()) {
        let all = catalogue();
        let near = nearest(unknown, all.iter().map(|leak| leak.id));
        let next = near.map_or_else(
            || "`hedgerow list checks` shows them all".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return common.fail(&format!("there is no check `{unknown}`; {next}"));
    }
    let Some(project) = Project::find(common) else { return Exit::Invalid };
    let deny = project.deny(arguments.deny);
    let disk = common.disk();
    let paths = if arguments.changed {
        match changed::policies(&arguments.paths, &disk) {
            Ok(paths) => paths,
            Err(why) => return common.fail(&why),
        }
    } else {
        arguments.policies(&project)
    };
    let (mut worst, mut all) = (Exit::Clean, Vec::new());
    if arguments.fix {
        for path in &paths {
            let selection = arguments.selection(&project);
            let wants = |found: &Diagnostic| selection.wants(found.code);
            let exit = match disk::policy(path) {
                Err(why) => common.fail(&why),
                Ok((path, text)) => fix::run((&path, &text), &disk, arguments.dry_run, &wants, common),
            };
            if exit == Exit::Invalid || arguments.dry_run {
                worst = if exit as u8 > worst as u8 { exit } else { worst };
            }
        }
        if arguments.dry_run || worst == Exit::Invalid {
            return worst;
        }
    }
    for path in &paths {
        let started = Instant::now();
        let exit = match disk::policy(path) {
            Err(why) => common.fail(&why),
            Ok((path, text)) => {
                let budget = Budget { paths: arguments.all_paths.unwrap_or(1), ..Budget::default() };
                let working = common.working(&format!("checking {path}"));
                let mut checked = compile::check_within(&path, &text, &disk, budget, &arguments.selection(&project));
                drop(working);
                let summary = summary(&path, &checked, started);
                let exit = deny.exit(&checked.diagnostics, checked.meant.is_some());
                // A policy's packets are many; what is printed later needs none of them.
                checked.meant = None;
                let done = Done { path, checked, summary, exit };
                if arguments.format == Format::Human {
                    common.report(&done.checked.sources, &done.checked.diagnostics);
                    common.say(&done.summary);
                }
                all.push(done);
                exit
            }
        };
        if exit as u8 > worst as u8 {
            worst = exit;
        }
    }
    if arguments.changed && paths.is_empty() {
        common.say("no policy of this repository is made of these files");
    }
    if arguments.format == Format::Human || print(arguments.format, &all, common) { worst } else { Exit::Invalid }
}

/// Prints what was found for a program.
fn print(format: Format, all: &[Done], common: &Common) -> bool {
    let prefix = disk::below_repository();
    let found: Vec<Found<'_>> = all
        .iter()
        .map(|done| Found {
            policy: done.path.clone(),
            sources: &done.checked.sources,
            diagnostics: &done.checked.diagnostics,
            prefix: &prefix,
        })
        .collect();
    let text = match format {
        Format::Human => return true,
        Format::Json => json(&found),
        Format::Github => github(&found),
        Format::Gitlab => gitlab(&found),
        Format::Junit => junit(&found),
        Format::Sarif => {
            let rule = |leak: Leak| Rule {
                id: leak.id,
                sentence: Page::of(&leak).sentence,
                page: leak.page,
                level: leak.severity.word(),
            };
            sarif(&found, &catalogue().into_iter().map(rule).collect::<Vec<_>>())
        }
    };
    for done in all.iter().filter(|done| done.exit != Exit::Clean) {
        common.say(&done.summary);
    }
    std::io::stdout().write_all(text.as_bytes()).is_ok()
}

impl Arguments {
    /// Who asks for a check by name gets it, whatever the project leaves out.
    fn selection(&self, project: &Project) -> Selection {
        let mut skip = self.skip.clone();
        if self.only.is_empty() {
            skip.extend(project.skips().map(str::to_owned));
        }
        Selection { only: self.only.clone(), skip }
    }

    /// The policies to check.
    pub fn policies(&self, project: &Project) -> Vec<String> {
        if self.paths.is_empty() { vec![project.policy(None)] } else { self.paths.clone() }
    }

    /// Why these cannot be checked again and again, if so.
    pub fn cannot_watch(&self) -> Option<&'static str> {
        if self.changed {
            Some("`watch` finds out itself what has changed: name policies instead of --changed")
        } else if self.paths.iter().any(|path| path == "-") {
            Some("standard input cannot be watched: name a file")
        } else {
            None
        }
    }
}

/// What was done and found: never a bare "ok".
fn summary(path: &str, checked: &Checked, started: Instant) -> String {
    let network = &checked.network;
    let mut text = format!(
        "{path}: {}; {} over {}, {}, {} in {} ms",
        count(&checked.diagnostics),
        many(network.promises().len(), "promise"),
        many(network.zones.len(), "zone"),
        many(network.hosts.len(), "host"),
        many(network.rules.len(), "rule"),
        started.elapsed().as_millis()
    );
    if checked.meant.is_some() {
        text += &format!("\n{}", leaks(&checked.reckoning, 3));
    }
    text
}

/// `71 checks, 12 not applicable (no exposure 8, no VPN 4), 1 finding waived`, with so many reasons at most.
pub fn leaks(reckoning: &Reckoning, most: usize) -> String {
    let mut text = many(reckoning.decided, "check");
    if !reckoning.asked {
        text += "; the leak checks are not asked for: add `use std.leaks.home` to the policy";
        return text;
    }
    let none: usize = reckoning.not_applicable.values().map(Vec::len).sum();
    if none > 0 {
        let mut reasons: Vec<_> = reckoning.not_applicable.iter().map(|(why, ids)| (ids.len(), *why)).collect();
        reasons.sort_by_key(|&(count, why)| (std::cmp::Reverse(count), why));
        let rest = reasons.len().saturating_sub(most);
        let mut words: Vec<String> = reasons.iter().take(most).map(|(count, why)| format!("{why} {count}")).collect();
        words.extend((rest > 0).then(|| format!("and {}", many(rest, "other reason"))));
        text += &format!(", {none} not applicable ({})", words.join(", "));
    }
    if reckoning.waived > 0 {
        text += &format!(", {} waived", many(reckoning.waived, "finding"));
    }
    text
}
