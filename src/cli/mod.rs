//! The command line: one small module a command.

mod catalogue;
mod changed;
mod check;
mod compile;
mod deny;
mod diff;
mod disk;
mod explain;
mod fix;
mod fmt;
mod git;
mod graph;
mod init;
mod lsp;
mod output;
mod progress;
mod project;
mod report;
mod shell;
mod targets;
mod verify;
mod watch;

use clap::{CommandFactory, Parser, Subcommand};

pub use output::Exit;
pub use project::Words as ProjectFile;

/// Compile a network segmentation policy into router configurations that are proven equal to it.
#[derive(Debug, Parser)]
#[command(name = "hedgerow", version, about, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    #[command(flatten)]
    common: output::Common,
}

#[derive(Debug, Subcommand)]
enum Command {
    Check(check::Arguments),
    Compile(compile::Arguments),
    Watch(watch::Arguments),
    Verify(verify::Arguments),
    Explain(explain::Arguments),
    ExplainCheck(catalogue::ExplainCheck),
    List(catalogue::List),
    Diff(diff::Arguments),
    Graph(graph::Arguments),
    Report(report::Arguments),
    Fmt(fmt::Arguments),
    Init(init::Arguments),
    Lsp(lsp::Arguments),
    Completions(shell::Completions),
    Man(shell::Manual),
}

/// Runs the program with the arguments of the process.
#[must_use]
pub fn run() -> Exit {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let usage = error.use_stderr();
            // Nothing is left to do when even this cannot be written.
            let _ = error.print();
            return if usage { Exit::Invalid } else { Exit::Clean };
        }
    };
    match cli.command {
        Command::Check(arguments) => check::run(&arguments, &cli.common),
        Command::Compile(arguments) => compile::run(&arguments, &cli.common),
        Command::Watch(arguments) => watch::run(&arguments, &cli.common),
        Command::Verify(arguments) => verify::run(&arguments, &cli.common),
        Command::Diff(arguments) => diff::run(&arguments, &cli.common),
        Command::Explain(arguments) => explain::run(&arguments, &cli.common),
        Command::ExplainCheck(arguments) => catalogue::explain_check(&arguments, &cli.common),
        Command::List(arguments) => catalogue::list(&arguments),
        Command::Graph(arguments) => graph::run(&arguments, &cli.common),
        Command::Report(arguments) => report::run(&arguments, &cli.common),
        Command::Init(arguments) => init::run(&arguments, &cli.common),
        Command::Fmt(arguments) => fmt::run(&arguments, &cli.common),
        Command::Lsp(arguments) => lsp::run(&arguments, &cli.common),
        Command::Completions(arguments) => shell::completions(&arguments, Cli::command()),
        Command::Man(arguments) => shell::manual(&arguments, Cli::command(), &cli.common),
    }
}
