//! Every household among the examples is clean, is proven, and compiles to what lies beside it, byte for byte.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::Path,
};

use hedgerow::{
    compile::{self, Checked},
    diagnostic::{Diagnostic, Human, Sources},
    target::Target,
    world::Memory,
};

/// The day on which the examples are compiled; `just examples` says the same.
const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 23);

/// What an example is known to be told, by the code of the finding. Its README says why it stays.
const KNOWN: [(&str, &[&str]); 0] = [];

/// The examples, each with the files that it may read. Paths are those of a run at the root of the repository, as they
/// stand in the compiled files.
fn examples() -> Vec<(String, BTreeMap<String, String>)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("examples").unwrap() {
        let entry = entry.unwrap();
        if !entry.path().join("main.hedge").exists() {
            continue;
        }
        let name = entry.file_name().into_string().unwrap();
        let files = fs::read_dir(format!("examples/{name}")).unwrap().filter_map(|file| {
            let file = file.unwrap();
            let path = format!("examples/{name}/{}", file.file_name().into_string().unwrap());
            file.path().is_file().then(|| (path, fs::read_to_string(file.path()).unwrap()))
        });
        found.push((name.clone(), files.collect()));
    }
    found.sort();
    assert!(found.len() >= 3, "only {} examples were found", found.len());
    found
}

fn rendered(sources: &Sources, diagnostics: &[Diagnostic]) -> String {
    let human = Human::new(sources, false);
    diagnostics.iter().map(|diagnostic| human.render(diagnostic) + "\n\n").collect()
}

#[test]
fn every_example_is_clean_and_compiles_to_what_lies_beside_it() {
    let mut failures = String::new();
    for (name, files) in examples() {
        let path = format!("examples/{name}/main.hedge");
        let readme = files.get(&format!("examples/{name}/README.md")).expect("a README.md");
        let text = files.get(&path).expect("a main.hedge").clone();
        let world = Memory { files: files.clone(), date: TODAY };
        let mut checked = compile::check(&path, &text, &world);

        let known = KNOWN.iter().find(|(example, _)| *example == name).map_or(&[][..], |(_, codes)| codes);
        let (expected, found): (BTreeSet<&str>, BTreeSet<&str>) =
            (known.iter().copied().collect(), checked.diagnostics.iter().map(|found| found.code).collect());
        if expected != found {
            failures += &format!("{path}: findings {found:?} instead of {expected:?}\n");
            failures += &rendered(&checked.sources, &checked.diagnostics);
        }
        for code in known.iter().filter(|code| !readme.contains(**code)) {
            failures += &format!("examples/{name}/README.md does not speak of `{code}`\n");
        }

        let targets: Vec<String> = checked.network.router.targets.iter().map(|(target, _)| target.clone()).collect();
        let mut written: BTreeSet<String> = folders(&format!("examples/{name}/out"));
        for target in &targets {
            written.remove(target);
            failures += &compiled(&name, &path, target, &mut checked);
        }
        if checked.meant.is_some() {
            let routers: Vec<Target> = targets.iter().filter_map(|target| Target::named(target)).collect();
            let companions = compile::companions(&checked, &routers).unwrap();
            written.remove("companions");
            failures += &differing(&format!("examples/{name}/out/companions"), &path, &companions.files);
        }
        for folder in written {
            failures += &format!("examples/{name}/out/{folder} is written for no target\n");
        }
    }
    assert!(
        failures.is_empty(),
        "\n{failures}\nIf that is as it should be, renew the files with `just examples`, and read the difference."
    );
}

/// What is wrong with the committed output of one target.
fn compiled(name: &str, path: &str, target: &str, checked: &mut Checked) -> String {
    let Some(known) = Target::named(target) else { return format!("{path}: `{target}` is no target\n") };
    let output = match compile::render(checked, path, known, &[]) {
        Ok(output) => output,
        Err(errors) => {
            return format!("{path} cannot be compiled for {target}\n{}", rendered(&checked.sources, &errors));
        }
    };
    differing(&format!("examples/{name}/out/{target}"), path, &output.files)
}

/// What is wrong with the committed files of a folder.
fn differing(folder: &str, path: &str, files: &[hedgerow::router::File]) -> String {
    let mut there = files_below(folder, "");
    // It names the version of hedgerow and the digest of every file, and is not kept.
    there.remove("certificate.json");
    let mut failures = String::new();
    for file in files {
        there.remove(&file.name);
        let committed = fs::read_to_string(Path::new(folder).join(&file.name)).unwrap_or_default();
        if committed != file.text {
            let line = committed.lines().zip(file.text.lines()).take_while(|(old, new)| old == new).count();
            failures += &format!(
                "{folder}/{} is not what {path} compiles to, from line {} on\n  there: {}\n  now:   {}\n",
                file.name,
                line + 1,
                committed.lines().nth(line).unwrap_or("(its end)"),
                file.text.lines().nth(line).unwrap_or("(its end)"),
            );
        }
    }
    for name in there {
        failures += &format!("{folder}/{name} is written by nobody\n");
    }
    failures
}

/// The names in a folder.
fn folders(folder: &str) -> BTreeSet<String> {
    fs::read_dir(folder)
        .map(|entries| entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect())
        .unwrap_or_default()
}

/// The files in a folder and below it, by their paths from there.
fn files_below(folder: &str, prefix: &str) -> BTreeSet<String> {
    let inside = |name: &String| format!("{folder}/{name}");
    let (below, here): (Vec<String>, Vec<String>) =
        folders(folder).into_iter().partition(|name| Path::new(&inside(name)).is_dir());
    let deeper = below.iter().flat_map(|name| files_below(&inside(name), &format!("{prefix}{name}/")));
    here.into_iter().map(|name| format!("{prefix}{name}")).chain(deeper).collect()
}
