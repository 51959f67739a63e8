//! `hedgerow list` and `hedgerow explain-check`: what there is to name in a policy.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::{Exit, output::Common};
use crate::{
    check::leak::{Decided, Leak, Page, catalogue, find},
    diagnostic::nearest,
    model::STANDARD,
    target::Target,
};

/// List the checks, the services of the standard library, or the targets
#[derive(Debug, Args)]
pub struct List {
    /// What to list
    #[arg(value_enum)]
    what: What,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum What {
    Checks,
    Services,
    Targets,
}

/// Tell what a check looks for, why, and what to do about its findings
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  hedgerow explain-check guest-reaches-private\n  hedgerow list checks")]
pub struct ExplainCheck {
    /// The id of the check
    id: String,
}

fn print(text: &str) -> Exit {
    if std::io::stdout().write_all(text.as_bytes()).is_ok() { Exit::Clean } else { Exit::Invalid }
}

pub fn list(arguments: &List) -> Exit {
    let mut text = String::new();
    match arguments.what {
        What::Checks => {
            let all = catalogue();
            let width = all.iter().map(|leak| leak.id.len()).max().unwrap_or_default();
            for leak in &all {
                text += &format!("{:width$}  {:7}  {}\n", leak.id, leak.severity.word(), Page::of(leak).sentence);
            }
        }
        What::Services => {
            let services = STANDARD.iter().filter(|(module, _)| *module == "std.services");
            for line in services.flat_map(|(_, text)| text.lines()).filter_map(|line| line.strip_prefix("service ")) {
                text += &format!("{line}\n");
            }
        }
        What::Targets => Target::ALL.iter().for_each(|target| text += &format!("{}\n", target.name())),
    }
    print(&text)
}

pub fn explain_check(arguments: &ExplainCheck, common: &Common) -> Exit {
    let Some(leak) = find(&arguments.id) else {
        let all = catalogue();
        let near = nearest(&arguments.id, all.iter().map(|leak| leak.id));
        let next = near.map_or_else(
            || "`hedgerow list checks` shows them all".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        return common.fail(&format!("there is no check `{}`; {next}", arguments.id));
    };
    print(&format!("{}\n{}\n", leak.page.trim_end(), asked_for(&leak)))
}

/// When it is decided.
fn asked_for(leak: &Leak) -> String {
    let modules: Vec<&str> = ["home", "small-office", "strict"]
        .into_iter()
        .filter(|module| {
            let text =
                STANDARD.iter().find(|(name, _)| *name == format!("std.leaks.{module}")).map_or("", |(_, text)| text);
            text.lines().any(|line| line.split_whitespace().nth(1) == Some(leak.id) && line.starts_with("check "))
        })
        .collect();
    match leak.decided {
        Decided::Always => "\nIt is decided for every policy.".to_owned(),
        Decided::Compiled => "\nIt is decided when a policy is compiled or a configuration is verified.".to_owned(),
        Decided::Refused => "\nIt is decided when a policy is compiled, by each target.".to_owned(),
        Decided::Asked(_) => match modules.first() {
            Some(module) => format!("\nA policy asks for it by `use std.leaks.{module}`."),
            None => format!("\nA policy asks for it by `check {} {{ }}`.", leak.id),
        },
    }
}
