//! Routers that can be told of forwards alone: what is written for them, what is refused, and that every edit is seen.

mod planted;
mod refusals;
mod written;

use std::collections::BTreeMap;

use hedgerow::{
    compile::{self, Checked},
    diagnostic::Human,
    router::File,
    target::Target,
    verify::Verdict,
    world::Memory,
};

const HOUSE: &str = include_str!("house.hedge");
const RESTRICTED: &str = include_str!("restricted.hedge");

fn check(text: &str) -> Checked {
    let world = Memory { files: BTreeMap::new(), date: jiff::civil::date(2026, 11, 23) };
    compile::check("main.hedge", text, &world)
}

/// The files of a policy; or everything that was said instead.
fn render(text: &str) -> Result<Vec<File>, String> {
    let mut checked = check(text);
    let said = |checked: &Checked, found: &[hedgerow::diagnostic::Diagnostic]| {
        let human = Human::new(&checked.sources, false);
        found.iter().map(|found| human.render(found) + "\n\n").collect::<String>()
    };
    if checked.meant.is_none() {
        return Err(said(&checked, &checked.diagnostics));
    }
    match compile::render(&mut checked, "main.hedge", Target::PortForward, &[]) {
        Ok(output) => Ok(output.files),
        Err(errors) => Err(said(&checked, &errors)),
    }
}

fn file<'f>(files: &'f [File], name: &str) -> &'f str {
    &files.iter().find(|file| file.name == name).unwrap_or_else(|| panic!("there is no {name}")).text
}

/// What a single file is found to do.
fn verify(policy: &str, name: &str, text: &str) -> Result<Verdict, String> {
    let mut checked = check(policy);
    let files = [File { name: name.to_owned(), text: text.to_owned() }];
    compile::verify(&mut checked, Target::PortForward, &files).unwrap().map_err(|error| error.to_string())
}

/// The differences, one a line.
fn differences(policy: &str, verdict: &Verdict) -> Vec<String> {
    let checked = check(policy);
    verdict.differences.iter().map(|difference| difference.sentence(&checked.network)).collect()
}
