//! Policies, compiled and loaded by the real `nft`, tried with real packets: what the kernel does with each must be what
//! the policy says, down to who answers and which source is seen.
//!
//! The verdicts come from the policy's meaning alone ([`hedgerow::policy::Meaning`]), never from the ruleset. They are
//! about first packets. What connection tracking takes for part of a flow passes wherever it comes from, but from a zone
//! that the source does not belong to: so no two probes here are the two ends of one flow.

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
mod drift;
mod judge;
mod scene;

use std::{collections::BTreeMap, path::Path};

use hedgerow::{diagnostic::Severity, world::Memory};
use libtest_mimic::{Failed, Trial};

use judge::{Counts, compare};
use scene::{Compiled, Scene};

use crate::random::{generate, rng::Rng};

/// What more than one ruleset or packet is needed for.
pub fn tests() -> Vec<crate::Test> {
    [changes::TRIALS, drift::TRIALS].concat()
}

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
    let households = examples.filter(|entry| entry.path().join("main.hedge").exists());
    let mut names: Vec<String> = households.filter_map(|entry| entry.file_name().into_string().ok()).collect();
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
    let random = Box::new(probe_random);
    let random = Trial::test("policy_random", run(missing.map(str::to_owned), random)).with_ignored_flag(ignore);
    trials.chain([random]).collect()
}

/// So many random policies are tried, unless `HEDGEROW_KERNEL_CASES` says otherwise.
const RANDOM: u64 = 12;

/// Random policies, loaded and probed like the others.
fn probe_random() -> Result<(), String> {
    let cases = std::env::var("HEDGEROW_KERNEL_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(RANDOM);
    let (mut tried, mut probes, mut seed) = (0, 0, 0);
    while tried < cases {
        seed += 1;
        if seed > 40 * cases {
            return Err(format!("only {tried} of {seed} random policies could be compiled"));
        }
        let Some(text) = settled(seed) else { continue };
        let explain = |why: String| format!("seed {seed}: {why}\n{text}");
        let compiled = match Compiled::of_text(&text) {
            Ok(compiled) => compiled,
            Err(why) if why.contains("error[backend-cannot-express]") => continue,
            Err(why) => return Err(explain(why)),
        };
        let mut scene = match Scene::new(compiled) {
            Ok(scene) => scene,
            // Some uplinks cannot be built from the rig's own far ends, such as two with one next hop.
            Err(why) if why.starts_with("the rig cannot be set up") => continue,
            Err(why) => return Err(explain(why)),
        };
        let questions = ask::questions(&scene);
        probes += compare(&mut scene, &questions).map_err(explain)?.all;
        tried += 1;
    }
    println!("{tried} random policies: {probes} probes, none differing");
    Ok(())
}

/// The policy of a seed, without what the model refuses and without limits, under which no probe is sure to pass.
fn settled(seed: u64) -> Option<String> {
    let policy = generate::policy(&mut Rng::new(seed));
    let zones = policy.zones.len();
    let mut lines: Vec<String> = policy.lines();
    lines.retain(|line| !line.contains("limit "));
    loop {
        let text = lines.join("\n") + "\n";
        let checked =
            hedgerow::compile::check("policy.hedge", &text, &Memory { date: scene::now().date(), ..Memory::default() });
        let wrong = checked.diagnostics.iter().filter(|found| found.severity == Severity::Error);
        let mut wrong: Vec<usize> =
            wrong.map(|found| text[..found.primary.span.start as usize].matches('\n').count()).collect();
        wrong.sort_unstable();
        wrong.dedup();
        if wrong.is_empty() {
            // Without an uplink that has IPv4 there is no default route, and what the kernel says then is not about
            // the ruleset.
            // With two uplinks answers may leave by the other one, and a handshake that arrives is not seen to.
            let uplinks = text.matches("role internet").count();
            // Under the router's address inside, one-way packets of two flows have the same two ends.
            let plain = !["address pd", "masquerade on", "as router"].iter().any(|words| text.contains(words));
            return Some(text).filter(|_| uplinks == 1 && plain);
        }
        if wrong.iter().any(|line| *line <= zones) {
            return None;
        }
        for line in wrong.iter().rev() {
            lines.remove(*line);
        }
    }
}

/// Says on the way out how much was compared.
pub fn summary() {
    if judge::count() > 0 {
        println!("{} packets did what their policies say", judge::count());
    }
}

fn probe_all(path: &str, files: &BTreeMap<String, String>) -> Result<(), String> {
    let mut scene = Scene::new(Compiled::new(path, files)?)?;
    let questions = ask::questions(&scene);
    let Counts { all, passed, translated } = compare(&mut scene, &questions)?;
    println!("{path}: {all} probes ({passed} passed, {translated} of them translated), none differing");
    if all < FEWEST || passed < FEWEST / 10 {
        return Err(format!("only {all} probes, {passed} of them passed"));
    }
    Ok(())
}
