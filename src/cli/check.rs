//! `hedgerow check`

use std::time::Instant;

use clap::{Args, ValueEnum};

use super::{
    Exit, disk,
    output::{Common, count, many},
};
use crate::{
    compile::{self, Budget},
    diagnostic::{Diagnostic, Severity},
    model::Network,
};

/// Check policies: syntax, names, contradictions, and every promise, for every packet
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow check                 the policy in this folder (main.hedge)\n  hedgerow check home.hedge      one file\n  hedgerow check - < home.hedge  standard input\n\nExit status: 0 clean, 1 findings, 2 invalid policy or usage"
)]
pub struct Arguments {
    /// Files, folders that hold a main.hedge, or `-` for standard input
    #[arg(default_value = ".")]
    paths: Vec<String>,
    /// Show not only the shortest path of a finding about chains of hosts, but up to N
    #[arg(long, value_name = "N", num_args = 0..=1, default_missing_value = "20", require_equals = true)]
    all_paths: Option<usize>,
    /// From which severity on a finding counts for the exit status
    #[arg(long, value_enum, default_value_t = Deny::Error, value_name = "SEVERITY")]
    deny: Deny,
}

/// The least severity that makes a check fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Deny {
    Error,
    Warning,
    Note,
}

impl Deny {
    const fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Note => Severity::Note,
        }
    }
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    let disk = common.disk();
    let mut worst = Exit::Clean;
    for path in &arguments.paths {
        let started = Instant::now();
        let exit = match disk::policy(path, &disk) {
            Err(why) => common.fail(&why),
            Ok((path, text)) => {
                let budget = Budget { paths: arguments.all_paths.unwrap_or(1), ..Budget::default() };
                let checked = compile::check_within(&path, &text, &disk, budget);
                common.report(&checked.sources, &checked.diagnostics);
                common.say(&summary(&path, &checked.network, &checked.diagnostics, started));
                exit_of(&checked.diagnostics, checked.meant.is_some(), arguments.deny)
            }
        };
        if exit as u8 > worst as u8 {
            worst = exit;
        }
    }
    worst
}

/// The exit status of a run over one policy.
pub fn exit_of(diagnostics: &[Diagnostic], resolved: bool, deny: Deny) -> Exit {
    if !resolved {
        Exit::Invalid
    } else if diagnostics.iter().any(|diagnostic| diagnostic.severity >= deny.severity()) {
        Exit::Findings
    } else {
        Exit::Clean
    }
}

fn summary(path: &str, network: &Network, diagnostics: &[Diagnostic], started: Instant) -> String {
    format!(
        "{path}: {}; {} over {}, {}, {} in {} ms",
        count(diagnostics),
        many(network.assertions.len() + network.exposed.len(), "promise"),
        many(network.zones.len(), "zone"),
        many(network.hosts.len(), "host"),
        many(network.rules.len(), "rule"),
        started.elapsed().as_millis()
    )
}
