//! Policies, compiled and loaded by the real `nft`, tried with real packets: what the kernel does with each must be what
//! the policy says, down to who answers and which source is seen.
//!
//! The verdicts come from the policy's meaning alone ([`hedgerow::policy::Meaning`]), never from the ruleset.

#![expect(
    clippy::case_sensitive_file_extension_comparisons,
    clippy::match_same_arms,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    clippy::wrong_self_convention,
    reason = "one arm a case, one method a question"
)]

mod ask;
mod changes;
mod judge;
mod scene;

use std::{collections::BTreeMap, path::Path};

use libtest_mimic::{Failed, Trial};

pub use changes::TRIALS;
use judge::compare;
use scene::{Compiled, Scene};

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The fewest probes that a policy must give, so that a fault in the questions cannot pass for a proof.
const FEWEST: usize = 500;

/// Every example and every policy beside this file: its name, its path and what it may read.
fn policies() -> Vec<(String, String, BTreeMap<String, String>)> {
    let mut found = Vec::new();
    let read = |folder: &str| -> Vec<(String, String)> {
        let entries = std::fs::read_dir(Path::new(ROOT).join(folder)).into_iter().flatten().flatten();
        let mut names: Vec<String> = entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        let path = |name: String| format!("{folder}/{name}");
        let text = |path: String| std::fs::read_to_string(Path::new(ROOT).join(&path)).ok().map(|text| (path, text));
        names.into_iter().map(path).filter_map(text).collect()
    };
    let examples = std::fs::read_dir(Path::new(ROOT).join("examples")).into_iter().flatten().flatten();
    let mut names: Vec<String> = examples.filter_map(|entry| entry.file_name().into_string().ok()).collect();
    names.sort();
    for name in names {
        let folder = format!("examples/{name}");
        let files: BTreeMap<String, String> = read(&folder).into_iter().collect();
        found.push((format!("policy_example_{}", name.replace('-', "_")), format!("{folder}/main.hedge"), files));
    }
    for (path, text) in read("tests/kernel/policies").into_iter().filter(|(path, _)| path.ends_with(".hedge")) {
        let name = path.rsplit('/').next().unwrap_or_default().trim_end_matches(".hedge").replace('-', "_");
        found.push((format!("policy_{name}"), path.clone(), BTreeMap::from([(path, text)])));
    }
    found
}

/// A trial for each policy, and those that need more than one ruleset.
pub fn trials(missing: Option<&str>, ignore: bool) -> Vec<Trial> {
    let run = |missing: Option<String>, test: Box<dyn FnOnce() -> Result<(), String> + Send>| {
        move || missing.map_or_else(test, Err).map_err(Failed::from)
    };
    let trials = policies().into_iter().map(|(name, path, files)| {
        let test = Box::new(move || probe_all(&path, &files));
        Trial::test(name, run(missing.map(str::to_owned), test)).with_ignored_flag(ignore)
    });
    trials.collect()
}

/// Says on the way out how much was compared.
pub fn summary() {
    if judge::count() > 0 {
        println!("{} packets did what their policies say", judge::count());
    }
}

fn probe_all(path: &str, files: &BTreeMap<String, String>) -> Result<(), String> {
    let start = std::time::Instant::now();
    let compiled = Compiled::new(path, files)?;
    let compile_time = start.elapsed();
    let mut scene = Scene::new(compiled)?;
    let rig_time = start.elapsed().saturating_sub(compile_time);
    let questions = ask::questions(&scene);
    let ask_time = start.elapsed().saturating_sub(compile_time).saturating_sub(rig_time);
    let count = compare(&mut scene, &questions)?;
    println!(
        "{path}: {count} probes, none differing ({compile_time:.1?} {rig_time:.1?} {ask_time:.1?} {:.1?})",
        start.elapsed()
    );
    if count < FEWEST {
        return Err(format!("only {count} probes"));
    }
    Ok(())
}
