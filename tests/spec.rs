//! Runs the cases of `tests/spec`: `cargo test --test spec NAME` runs those whose names contain NAME.
//! `SPEC_BLESS=1` writes the diagnostics that were found into the files, for a person to read.

#[path = "support/corpus.rs"]
#[allow(dead_code, reason = "each test uses another part of it")]
mod corpus;

use std::{collections::BTreeMap, fmt::Write as _, fs};

use corpus::{Case, Note, SpecFile};
use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let files = corpus::read();
    if std::env::var_os("SPEC_BLESS").is_some_and(|value| value == "1") {
        files.iter().for_each(bless);
    }
    let mut trials = Vec::new();
    for file in corpus::read() {
        let path = file.path.display().to_string();
        for case in file.cases {
            let path = path.clone();
            trials.push(Trial::test(format!("{}: {}", file.name, case.name), move || check(&case, &path)));
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(case: &Case, path: &str) -> Result<(), Failed> {
    let outcome = case.run();
    let mut found = outcome.found();
    let mut missing = Vec::new();
    for expected in case.expected() {
        match found.iter().position(|found| expected.announces(found)) {
            Some(index) => drop(found.remove(index)),
            None => missing.push(expected),
        }
    }
    if missing.is_empty() && found.is_empty() {
        return Ok(());
    }
    let mut text = String::new();
    let mut list = |title: &str, notes: &[Note]| {
        for note in notes {
            let place = case.spec_line(note).map_or_else(|| note.file.clone(), |line| format!("{path}:{line}"));
            let columns =
                note.columns.map_or_else(String::new, |(from, to)| format!(" (columns {from} to {to} underlined)"));
            let _ = writeln!(text, "{title}: {}: {}\n  at {place}{columns}", note.kind, note.message);
        }
    };
    list("expected, but not found", &missing);
    list("found, but not expected", &found);
    let rendered = outcome.rendered();
    let _ = write!(text, "\nall that was found:\n\n{}", if rendered.is_empty() { "nothing" } else { &rendered });
    Err(text.into())
}

/// Replaces the announcements of a file by what was found.
fn bless(file: &SpecFile) {
    let mut below: BTreeMap<usize, Vec<Note>> = BTreeMap::new();
    for case in &file.cases {
        let mut found = case.run().found();
        let announced = case.expected();
        let mut left = found.clone();
        let fits = announced
            .iter()
            .all(|note| left.iter().position(|found| note.announces(found)).map(|index| left.remove(index)).is_some());
        if fits && left.is_empty() {
            found = announced;
        }
        for note in found {
            match case.spec_line(&note) {
                Some(line) => below.entry(line).or_default().push(note),
                None => eprintln!("{}: {}: in {}: {}: {}", file.name, case.name, note.file, note.kind, note.message),
            }
        }
    }
    let text = fs::read_to_string(&file.path).unwrap();
    let mut new = String::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        if !line.trim_start().starts_with("#!") {
            new.push_str(line);
        }
        for note in below.get(&(index + 1)).into_iter().flatten() {
            // Marks cannot stand beneath the first two columns.
            if let Some((from, to)) = note.columns.filter(|(from, _)| *from > 2) {
                let _ = writeln!(new, "#!{}{}", " ".repeat(from - 3), "^".repeat(to + 1 - from));
            }
            let _ = writeln!(new, "#! {}: {}", note.kind, note.message);
        }
    }
    if new != text {
        fs::write(&file.path, new).unwrap();
    }
}
