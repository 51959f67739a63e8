//! Policies to files, and files to sections, by a parser that is not hedgerow's.

use std::fs;

use hedgerow::{
    compile::{self, Checked},
    diagnostic::{Diagnostic, Human},
    plan::{Request, rulebook},
    router::File,
    target::openwrt,
    world::Memory,
};

/// The house that asks for everything.
pub const HOUSE: &str = include_str!("house.hedge");

/// The start of a small policy: two zones and an uplink.
pub const SMALL: &str = "use std.services\nrouter edge { target openwrt }\n\
    zone wan { role internet; interface eth0; address 203.0.113.2 }\n\
    zone pc { role trusted; interface eth1.10; network 10.0.10.0/24, fd42:0:0:10::/64 }\n\
    zone srv { role server; interface eth1.20; network 10.0.20.0/24 }\n\
    host ha { zone srv; address 10.0.20.10 }\n\
    allow pc -> internet\nallow pc -> router : dns\n";

/// All policies that the tests know, by their names.
pub fn policies() -> Vec<(String, String)> {
    let mut found = vec![("house".to_owned(), HOUSE.to_owned()), ("small".to_owned(), SMALL.to_owned())];
    let examples = ["examples", "examples/ways-in"].into_iter().flat_map(|folder| fs::read_dir(folder).unwrap());
    for path in examples.map(|entry| entry.unwrap().path()).filter(|path| path.join("main.hedge").is_file()) {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        found.push((name, fs::read_to_string(path.join("main.hedge")).unwrap()));
    }
    found.push(("large".to_owned(), include_str!("../data/large-household.hedge").to_owned()));
    found.sort();
    found
}

pub fn checked(policy: &str) -> Checked {
    let world = Memory { date: jiff::civil::date(2026, 11, 23), files: super::settings::settings() };
    compile::check("house.hedge", policy, &world)
}

/// The files for a policy, merged into a base.
pub fn render(policy: &str, base: &[File]) -> Result<Vec<File>, Vec<Diagnostic>> {
    let checked = checked(policy);
    let Some(meant) = &checked.meant else { panic!("{:#?}", checked.diagnostics) };
    let standing = meant.standing.on(&checked.network, "openwrt");
    let book = rulebook(&checked.network, &meant.meaning)?;
    openwrt::render::render(&Request {
        network: &checked.network,
        standing: &standing,
        book: &book,
        sources: &checked.sources,
        policy: "house.hedge",
        base,
    })
}

/// What is said instead of files.
pub fn refused(policy: &str) -> String {
    let sources = checked(policy).sources;
    let errors = render(policy, &[]).expect_err("it is refused");
    let human = Human::new(&sources, false);
    errors.iter().map(|error| human.render(error) + "\n\n").collect()
}

pub fn file<'f>(files: &'f [File], name: &str) -> &'f str {
    &files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("no file {name}")).text
}

/// A section: kind, name, options and lists.
#[derive(Debug)]
pub struct Section {
    pub kind: String,
    pub name: String,
    pub options: Vec<(String, String, String)>,
}

impl Section {
    pub fn all(&self, key: &str) -> Vec<&str> {
        self.options.iter().filter(|(_, name, _)| name == key).map(|(.., value)| value.as_str()).collect()
    }

    pub fn get(&self, key: &str) -> Option<&str> {
        self.all(key).first().copied()
    }
}

/// The sections of a file, in which every value is in single quotes.
pub fn sections(text: &str) -> Vec<Section> {
    let mut found: Vec<Section> = Vec::new();
    for line in text.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with('#')) {
        let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
        let (key, value) = rest.split_once(' ').unwrap_or((rest, "''"));
        let inner = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\''));
        let value = inner.unwrap_or_else(|| panic!("unquoted: {line}")).replace("'\\''", "'");
        match word {
            "config" => found.push(Section { kind: key.to_owned(), name: value, options: Vec::new() }),
            "option" | "list" => {
                found.last_mut().unwrap().options.push((word.to_owned(), key.to_owned(), value));
            }
            _ => panic!("no UCI: {line}"),
        }
    }
    found
}
