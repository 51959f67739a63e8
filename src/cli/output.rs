//! What all commands share: options, exit codes, and how diagnostics are printed.

use std::{
    collections::BTreeMap,
    io::{IsTerminal, Write},
    process::{ExitCode, Termination},
};

use clap::{Args, ValueEnum};
use jiff::civil::Date;

use super::{disk::Disk, progress::Progress};
use crate::diagnostic::{Diagnostic, Human, Severity, Sources};

/// Options that every command has.
#[derive(Debug, Args)]
pub struct Common {
    /// When to use colours; `NO_COLOR` turns them off too
    #[arg(long, global = true, value_enum, default_value_t = Colour::Auto, value_name = "WHEN")]
    color: Colour,
    /// Print errors only
    #[arg(long, short, global = true)]
    pub quiet: bool,
    /// The date that `until` is held against, as in 2027-01-31 (default: `SOURCE_DATE_EPOCH`, or today)
    #[arg(long, global = true, value_name = "DATE")]
    today: Option<Date>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Colour {
    Auto,
    Always,
    Never,
}

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// Nothing to report.
    Clean = 0,
    /// Findings, or a difference.
    Findings = 1,
    /// An invalid policy, an unreadable file, or wrong usage.
    Invalid = 2,
    /// Somebody pressed Ctrl-C; as shells count it.
    Interrupted = 130,
}

impl Termination for Exit {
    fn report(self) -> ExitCode {
        ExitCode::from(self as u8)
    }
}

/// How many findings of one line are printed: what is no policy at all need not be told letter by letter.
const MOST_OF_A_LINE: usize = 20;

impl Common {
    /// The real files, with the date that counts.
    pub fn disk(&self) -> Disk {
        Disk::new(self.today)
    }

    fn colour(&self) -> bool {
        match self.color {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto => {
                std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()) && std::io::stderr().is_terminal()
            }
        }
    }

    /// Prints diagnostics to standard error.
    pub fn report(&self, sources: &Sources, diagnostics: &[Diagnostic]) {
        let human = Human::new(sources, self.colour());
        let mut out = std::io::stderr().lock();
        let mut lines: BTreeMap<String, usize> = BTreeMap::new();
        for diagnostic in diagnostics.iter().filter(|diagnostic| !self.quiet || diagnostic.severity == Severity::Error)
        {
            let found = lines.entry(sources.place(diagnostic.primary.span)).or_default();
            *found += 1;
            if *found <= MOST_OF_A_LINE {
                let _ = writeln!(out, "{}\n", human.render(diagnostic));
            }
        }
        for (place, found) in lines {
            if found > MOST_OF_A_LINE {
                let rest = found - MOST_OF_A_LINE;
                let _ = writeln!(out, "{place}: {rest} more on this line are not shown: mend those above first\n");
            }
        }
    }

    /// Prints a line to standard error.
    pub fn say(&self, line: &str) {
        if !self.quiet {
            let _ = writeln!(std::io::stderr(), "{line}");
        }
    }

    /// Shows what is being done, for as long as the value lives.
    pub fn working(&self, what: &str) -> Progress {
        Progress::new(!self.quiet, what)
    }

    /// Prints an error that belongs to no policy.
    pub fn fail(&self, text: &str) -> Exit {
        let _ = writeln!(
            std::io::stderr(),
            "{}: {text}",
            if self.colour() { "\u{1b}[1;31merror\u{1b}[0m" } else { "error" }
        );
        Exit::Invalid
    }
}

/// `1 rule`, `2 rules`
pub fn many(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

/// `1 error, 2 warnings`
pub fn count(diagnostics: &[Diagnostic]) -> String {
    let of = |severity: Severity| diagnostics.iter().filter(|diagnostic| diagnostic.severity == severity).count();
    let parts: Vec<String> = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Note, "note")]
        .into_iter()
        .map(|(severity, name)| (of(severity), name))
        .filter(|(count, name)| *count > 0 || *name == "error")
        .map(|(count, name)| many(count, name))
        .collect();
    parts.join(", ")
}
