//! `hedgerow completions` and `hedgerow man`: made from the command line's own description.

use std::{io::Write, path::PathBuf};

use clap::{Args, Command};
use clap_complete::Shell;

use super::{Exit, disk, output::Common};

/// Print a script that completes commands and options in a shell
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow completions bash > /etc/bash_completion.d/hedgerow\n  hedgerow completions fish > ~/.config/fish/completions/hedgerow.fish"
)]
pub struct Completions {
    /// The shell
    shell: Shell,
}

/// Print the manual page, or write those of all commands
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  hedgerow man | man -l -\n  hedgerow man -o /usr/local/share/man/man1")]
pub struct Manual {
    /// The folder to write the pages of all commands into
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,
}

pub fn completions(arguments: &Completions, mut command: Command) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut command, "hedgerow", &mut script);
    if std::io::stdout().write_all(&script).is_ok() { Exit::Clean } else { Exit::Invalid }
}

pub fn manual(arguments: &Manual, command: Command, common: &Common) -> Exit {
    let page = |command: &Command| {
        let mut text = Vec::new();
        let rendered = clap_mangen::Man::new(command.clone()).render(&mut text);
        rendered.ok().and_then(|()| String::from_utf8(text).ok()).unwrap_or_default()
    };
    let Some(folder) = &arguments.output else {
        return if std::io::stdout().write_all(page(&command).as_bytes()).is_ok() {
            Exit::Clean
        } else {
            Exit::Invalid
        };
    };
    let mut built = command.clone();
    built.build();
    let mut pages = vec![(PathBuf::from("hedgerow.1"), page(&command))];
    for inner in built.get_subcommands().filter(|inner| inner.get_name() != "help") {
        let name = format!("hedgerow-{}", inner.get_name());
        pages.push((PathBuf::from(format!("{name}.1")), page(inner)));
    }
    match disk::write_all(folder, &pages) {
        Ok(()) => Exit::Clean,
        Err(why) => common.fail(&why),
    }
}
