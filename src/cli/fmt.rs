//! `hedgerow fmt`

use std::{io::Write, path::Path};

use clap::Args;
use similar::TextDiff;

use super::{Exit, disk, output::Common};
use crate::{
    diagnostic::Sources,
    syntax::{format, parse},
};

/// Lay out policies in the one canonical way
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow fmt                   lays out main.hedge\n  hedgerow fmt --check *.hedge   names those that would change\n  hedgerow fmt - < home.hedge    to standard output\n\nExit status: 0 laid out, 1 would change (with --check or --diff), 2 a text has errors"
)]
pub struct Arguments {
    /// Files, folders that hold a main.hedge, or `-` for standard input to standard output
    #[arg(default_value = ".")]
    paths: Vec<String>,
    /// Change nothing; name the files that would change
    #[arg(long)]
    check: bool,
    /// Change nothing; show what would change
    #[arg(long)]
    diff: bool,
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    let mut worst = Exit::Clean;
    for path in &arguments.paths {
        let exit = match disk::policy(path) {
            Err(why) => common.fail(&why),
            Ok((file, text)) => one(arguments, common, &file, &text),
        };
        if exit as u8 > worst as u8 {
            worst = exit;
        }
    }
    worst
}

fn one(arguments: &Arguments, common: &Common, file: &str, text: &str) -> Exit {
    let Some(laid_out) = format(text) else {
        let mut sources = Sources::default();
        let source = sources.add(file, text);
        common.report(&sources, &parse(source, text).errors);
        return Exit::Invalid;
    };
    if file == "<stdin>" && !arguments.check && !arguments.diff {
        return if std::io::stdout().write_all(laid_out.as_bytes()).is_ok() { Exit::Clean } else { Exit::Invalid };
    }
    if laid_out == text {
        return Exit::Clean;
    }
    if arguments.diff {
        let diff = TextDiff::from_lines(text, laid_out.as_str());
        let shown = diff.unified_diff().context_radius(3).header(file, file).to_string();
        let printed = std::io::stdout().write_all(shown.as_bytes());
        return if printed.is_ok() { Exit::Findings } else { Exit::Invalid };
    }
    if arguments.check {
        common.say(&format!("{file}: would be laid out otherwise"));
        return Exit::Findings;
    }
    match disk::write(Path::new(file), &laid_out) {
        Ok(()) => Exit::Clean,
        Err(why) => common.fail(&why),
    }
}
