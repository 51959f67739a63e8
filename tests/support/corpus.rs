//! The cases of `tests/spec/**/*.hedge`: small policies with the diagnostics that they shall give written beneath
//! the lines that cause them. See `tests/spec/README.md` for the form.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use hedgerow::{
    compile,
    diagnostic::{Diagnostic, Human, Sources},
    model::{self, Network},
    world::Memory,
};
use jiff::civil::Date;

/// The name of a case's policy in its messages.
const MAIN: &str = "main.hedge";

/// The day on which every policy is read, unless the case says another one.
const TODAY: Date = jiff::civil::date(2026, 11, 23);

/// One policy and what it shall say.
pub struct Case {
    pub name: String,
    pub files: Vec<File>,
    pub today: Date,
    prelude: Option<(String, String)>,
    /// Are the packets looked at as well, and not only the words?
    decided: bool,
}

/// A file of a case.
pub struct File {
    pub name: String,
    /// The line of the spec file that holds its first line, from 1.
    pub first: usize,
    pub text: String,
}

/// A file of cases.
pub struct SpecFile {
    pub path: PathBuf,
    /// Its path below `tests/spec` without the ending.
    pub name: String,
    pub cases: Vec<Case>,
}

/// One diagnostic, expected or found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Note {
    pub file: String,
    /// From 1, in the file of the case.
    pub line: usize,
    /// First and last underlined column, from 1.
    pub columns: Option<(usize, usize)>,
    /// `error[code]`
    pub kind: String,
    pub message: String,
}

/// What came of a case.
pub struct Outcome {
    pub network: Network,
    pub diagnostics: Vec<Diagnostic>,
    pub sources: Sources,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/spec")
}

/// Every file of the corpus, in order of their names.
pub fn read() -> Vec<SpecFile> {
    let mut paths = Vec::new();
    collect(&root(), &mut paths);
    paths.sort();
    paths.iter().map(|path| spec_file(path)).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            if path.file_name().is_none_or(|name| name != "preludes") {
                collect(&path, paths);
            }
        } else if path.extension().is_some_and(|ending| ending == "hedge") {
            paths.push(path);
        }
    }
}

fn spec_file(path: &Path) -> SpecFile {
    let text = fs::read_to_string(path).unwrap();
    let name = path.strip_prefix(root()).unwrap().with_extension("").display().to_string();
    let mut cases: Vec<Case> = Vec::new();
    for (index, line) in text.split_inclusive('\n').enumerate() {
        let (number, header) = (index + 1, line.strip_prefix("## "));
        if let Some(found) = header.and_then(|header| header.strip_prefix("case: ")) {
            let name = found.trim().to_owned();
            assert!(cases.iter().all(|case| case.name != name), "{}:{number}: a second case `{name}`", path.display());
            let main = File { name: MAIN.to_owned(), first: number, text: line.to_owned() };
            cases.push(Case { name, files: vec![main], today: TODAY, prelude: None, decided: false });
            continue;
        }
        let Some(case) = cases.last_mut() else {
            assert!(line.trim().is_empty() || line.starts_with('#'), "{}:{number}: outside a case", path.display());
            continue;
        };
        match header.and_then(|header| header.split_once(": ")) {
            Some(("file", name)) => {
                case.files.push(File { name: name.trim().to_owned(), first: number, text: line.to_owned() });
                continue;
            }
            Some(("today", date)) => case.today = date.trim().parse().unwrap(),
            Some(("prelude", name)) => {
                let name = name.trim();
                let text = fs::read_to_string(root().join("preludes").join(format!("{name}.hedge"))).unwrap();
                case.prelude = Some((name.to_owned(), text));
                // In the place of the header, so that no line moves.
                let file = case.files.last_mut().unwrap();
                writeln!(file.text, "use \"./prelude/{name}.hedge\"").unwrap();
                continue;
            }
            None if header.is_some_and(|header| header.trim() == "check") => case.decided = true,
            Some((other, _)) => panic!("{}:{number}: no such header `{other}`", path.display()),
            None => {}
        }
        case.files.last_mut().unwrap().text.push_str(line);
    }
    SpecFile { path: path.to_owned(), name, cases }
}

impl Case {
    /// Resolves the policy, and decides it under the header `## check`.
    pub fn run(&self) -> Outcome {
        let mut files: BTreeMap<String, String> =
            self.files.iter().map(|file| (file.name.clone(), file.text.clone())).collect();
        if let Some((name, text)) = &self.prelude {
            files.insert(format!("prelude/{name}.hedge"), text.clone());
        }
        let world = Memory { files, date: self.today };
        if self.decided {
            let checked = compile::check(MAIN, &self.files[0].text, &world);
            return Outcome { network: checked.network, diagnostics: checked.diagnostics, sources: checked.sources };
        }
        let mut sources = Sources::default();
        let (network, diagnostics) = model::resolve(MAIN, &self.files[0].text, &mut sources, &world);
        Outcome { network, diagnostics, sources }
    }

    /// What the comments announce.
    pub fn expected(&self) -> Vec<Note> {
        let mut notes = Vec::new();
        for file in &self.files {
            let mut line = 0;
            let mut columns = None;
            for (index, text) in file.text.lines().enumerate() {
                let Some(note) = text.trim_start().strip_prefix("#!") else {
                    if !text.trim().is_empty() {
                        line = index + 1;
                    }
                    continue;
                };
                if note.trim().starts_with('^') {
                    let start = text.chars().position(|character| character == '^').unwrap();
                    columns = Some((start + 1, start + note.trim().len()));
                    continue;
                }
                let (kind, message) = note.trim().split_once(':').unwrap_or((note.trim(), ""));
                notes.push(Note {
                    file: file.name.clone(),
                    line,
                    kind: kind.to_owned(),
                    message: message.trim().to_owned(),
                    columns: columns.take(),
                });
            }
        }
        notes.sort();
        notes
    }

    /// The line of the spec file.
    pub fn spec_line(&self, note: &Note) -> Option<usize> {
        self.files.iter().find(|file| file.name == note.file).map(|file| file.first + note.line - 1)
    }
}

impl Outcome {
    /// The diagnostics in the form of the comments.
    pub fn found(&self) -> Vec<Note> {
        let mut notes: Vec<Note> = self.diagnostics.iter().map(|found| self.note(found)).collect();
        notes.sort();
        notes
    }

    fn note(&self, found: &Diagnostic) -> Note {
        let span = found.primary.span;
        let (line, column) = self.sources.line_column(span);
        let written = self.sources.text(span);
        let columns = (!written.contains('\n') && !written.is_empty())
            .then(|| (column, column + written.chars().count().saturating_sub(1)));
        Note {
            file: self.sources.get(span.source).map_or_else(String::new, |source| source.name.clone()),
            line,
            kind: format!("{}[{}]", found.severity.word(), found.code),
            message: found.message.clone(),
            columns,
        }
    }

    /// Every diagnostic as a person reads it.
    pub fn rendered(&self) -> String {
        let human = Human::new(&self.sources, false);
        self.diagnostics.iter().map(|found| human.render(found) + "\n\n").collect()
    }
}

impl Note {
    /// Is the other one what this one announces?
    pub fn announces(&self, found: &Self) -> bool {
        (&self.file, self.line, &self.kind) == (&found.file, found.line, &found.kind)
            && found.message.contains(&self.message)
            && (self.columns.is_none() || self.columns == found.columns)
    }
}
