//! `hedgerow report`

use std::{io::Write, path::PathBuf};

use clap::Args;

use super::{Exit, check::leaks, deny::Deny, disk, graph::drawn, output::Common};
use crate::{diagnostic::Severity, reach, report, world::World};

/// Write one page for people: the picture, the matrix of zones, what is open, promises and findings
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow report home.hedge -o home.html\n  hedgerow report . > page.html\n\nThe page needs nothing outside itself and runs no script. It holds the whole policy: publish it where you would\npublish that.\n\nExit status: 0 clean, 1 findings (the page tells them), 2 invalid policy or usage"
)]
pub struct Arguments {
    /// A file, a folder that holds a main.hedge, or `-` for standard input [default: what hedgerow.toml says, or `.`]
    path: Option<String>,
    /// The file to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    let (path, checked, graph) = match drawn(arguments.path.as_deref(), common) {
        Ok(drawn) => drawn,
        Err(exit) => return exit,
    };
    let network = &checked.network;
    let notes = reach::graph_notes(network);
    let promises = network.promises();
    let of = |severity| checked.diagnostics.iter().filter(|found| found.severity == severity).count();
    let figures = [
        (network.zones.len(), "zone"),
        (network.hosts.len(), "host"),
        (network.rules.len(), "rule"),
        (promises.len(), "promise"),
        (checked.reckoning.decided, "check"),
        (of(Severity::Error), "error"),
        (of(Severity::Warning), "warning"),
        (of(Severity::Note), "note"),
    ];
    let figures = figures.map(|(count, word)| (count, if count == 1 { word.to_owned() } else { format!("{word}s") }));
    let page = report::Page {
        policy: &path,
        date: &common.disk().today().to_string(),
        graph: &graph,
        output_open: network.router.output_open,
        notes: &notes,
        sources: &checked.sources,
        diagnostics: &checked.diagnostics,
        promises: &promises,
        figures: &figures,
        checks: &leaks(&checked.reckoning, usize::MAX),
    };
    let written = report::page(&page).and_then(|text| match &arguments.output {
        Some(file) => disk::write(file, &text),
        None => std::io::stdout().write_all(text.as_bytes()).map_err(|error| error.to_string()),
    });
    match written {
        Ok(()) => Deny::Error.exit(&checked.diagnostics, true),
        Err(why) => common.fail(&why),
    }
}
