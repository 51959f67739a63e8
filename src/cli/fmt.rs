//! `hedgerow fmt`

use std::{io::Write, path::Path};

use clap::Args;

use super::{Exit, disk, output::Common};
use crate::{
    diagnostic::Sources,
    syntax::{format, parse},
};

/// Lay out policies in the one canonical way
#[derive(Debug, Args)]
#[command(after_help = "Exit status: 0 laid out, 1 would change (with --check), 2 a text has errors")]
pub struct Arguments {
    /// Files, folders that hold a main.hedge, or `-` for standard input to standard output
    #[arg(default_value = ".")]
    paths: Vec<String>,
    /// Change nothing; name the files that would change
    #[arg(long)]
    check: bool,
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    let disk = common.disk();
    let mut worst = Exit::Clean;
    for path in &arguments.paths {
        let exit = match disk::policy(path, &disk) {
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
    if file == "<stdin>" && !arguments.check {
        return if std::io::stdout().write_all(laid_out.as_bytes()).is_ok() { Exit::Clean } else { Exit::Invalid };
    }
    if laid_out == text {
        return Exit::Clean;
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
