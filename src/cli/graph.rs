//! `hedgerow graph`

use std::{io::Write, path::PathBuf};

use clap::{Args, ValueEnum};

use super::{Exit, disk, output::Common, project::Project};
use crate::{
    compile::{self, Checked},
    reach::{self, Graph},
    report,
};

/// Draw who may open connections to whom
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  hedgerow graph home.hedge --format svg -o home.svg\n  hedgerow graph . --format dot | dot -Tpdf -o home.pdf\n  hedgerow graph . --format mermaid     for a page on GitHub or GitLab\n\nExit status: 0 drawn, 2 invalid policy or usage"
)]
pub struct Arguments {
    /// A file, a folder that holds a main.hedge, or `-` for standard input [default: what hedgerow.toml says, or `.`]
    path: Option<String>,
    /// What to draw it as
    #[arg(long, value_enum, default_value_t = Format::Svg)]
    format: Format,
    /// The file to write [default: standard output]
    #[arg(long, short, value_name = "FILE")]
    output: Option<PathBuf>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Dot,
    Mermaid,
    Json,
    Svg,
}

/// A policy with its graph: what was asked for, or what the project names. What is wrong has been told.
pub fn drawn(path: Option<&str>, common: &Common) -> Result<(String, Checked, Graph), Exit> {
    let project = Project::find(common).ok_or(Exit::Invalid)?;
    let disk = common.disk();
    let (path, text) = disk::policy(&project.policy(path)).map_err(|why| common.fail(&why))?;
    let mut checked = compile::check(&path, &text, &disk);
    let Some(meant) = checked.meant.as_mut() else {
        common.report(&checked.sources, &checked.diagnostics);
        return Err(Exit::Invalid);
    };
    let graph = reach::graph(&checked.network, &checked.sources, meant);
    if meant.space.exhausted() {
        return Err(common.fail(compile::TOO_LARGE));
    }
    Ok((path, checked, graph))
}

pub fn run(arguments: &Arguments, common: &Common) -> Exit {
    let (path, checked, graph) = match drawn(arguments.path.as_deref(), common) {
        Ok(drawn) => drawn,
        Err(exit) => return exit,
    };
    let notes = reach::graph_notes(&checked.network);
    let title = format!("{path}: who may open connections to whom");
    let text = match arguments.format {
        Format::Dot => report::dot(&graph, &title, &notes),
        Format::Mermaid => report::mermaid(&graph, &title, &notes),
        Format::Json => report::json(&graph, &notes),
        Format::Svg => report::svg(&graph, &title, &notes),
    };
    let written = match &arguments.output {
        Some(file) => disk::write(file, &text),
        None => std::io::stdout().write_all(text.as_bytes()).map_err(|error| error.to_string()),
    };
    match written {
        Ok(()) => Exit::Clean,
        Err(why) => common.fail(&why),
    }
}
