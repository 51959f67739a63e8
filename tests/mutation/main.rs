//! Is the proof hard to fool? Every example's ruleset is changed in small ways, and `verify` has to find each change that
//! changes the fate of a packet, and none that does not. What changes is decided by an interpreter that follows single
//! packets through the text and shares no code with the reader (`interpreter.rs`).
//!
//! `HEDGEROW_EDITS` sets how many edits each example gets.

mod edits;
mod interpreter;
#[path = "../property/random/rng.rs"]
#[expect(dead_code, clippy::cast_possible_truncation, reason = "shared with the random policies")]
mod rng;
mod sample;

use std::{collections::BTreeMap, fs, path::Path};

use hedgerow::{
    compile,
    router::File,
    target::Target,
    verify::{Difference, Kind, describe},
    world::Memory,
};
use interpreter::{Class, Fate, Rules};
use rng::Rng;
use sample::Sampler;

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 23);

/// Packets that an edit is tried with, beside those that are made for it.
const GENERAL: usize = 600;
const AIMED: usize = 300;

#[derive(Debug, Default)]
struct Totals {
    edits: usize,
    /// Found to differ, and confirmed by a packet.
    caught: usize,
    equal: usize,
    /// No ruleset that nft would load, as far as hedgerow or the interpreter can tell.
    refused: usize,
    missed: Vec<String>,
    false_alarms: Vec<String>,
}

macro_rules! examples {
    ($($test:ident => $name:literal),+ $(,)?) => { $(
        #[test]
        fn $test() {
            example($name);
        }
    )+
        const NAMES: &[&str] = &[$($name),+];
    };
}

examples! {
    lan_only => "lan-only",
    direct_tls => "direct-tls",
    nginx_cloudflare => "nginx-cloudflare",
    cgnat_tunnel => "cgnat-tunnel",
    multi_uplink_office => "multi-uplink-office",
}

#[test]
fn there_are_many_kinds_of_edits_and_many_examples() {
    assert!(edits::KINDS.len() >= 40);
    for name in NAMES {
        assert!(Path::new("examples").join(name).is_dir(), "{name}");
    }
}

/// A folder's files, by their paths.
fn files(folder: &Path, found: &mut BTreeMap<String, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, found);
        } else if let Ok(text) = fs::read_to_string(&path) {
            found.insert(path.to_str().unwrap().to_owned(), text);
        }
    }
}

fn example(name: &str) {
    let rounds = std::env::var("HEDGEROW_EDITS").ok().and_then(|text| text.parse().ok()).unwrap_or(edits::KINDS.len());
    let mut found = BTreeMap::new();
    files(&Path::new("examples").join(name), &mut found);
    let path = format!("examples/{name}/main.hedge");
    let text = found[&path].clone();
    let world = Memory { files: found, date: TODAY };
    let mut checked = compile::check(&path, &text, &world);
    let output = compile::render(&mut checked, &path, Target::Nftables, &[]).unwrap();
    let original = output.files[0].text.clone();
    let rules = Rules::parse(&original).unwrap();
    let topology = checked.meant.as_ref().unwrap().standing.topology.clone();
    let network_names = checked.network.clone();
    let mut rng = Rng::new(name.len() as u64);
    let sampler = Sampler::new(&topology, &original);
    let general: Vec<_> = (0..GENERAL).flat_map(|_| sampler.packets(&topology, &mut rng)).collect();
    let told: Vec<Option<Fate>> = general.iter().map(|packet| rules.fate(packet, Class::New, &topology)).collect();
    assert!(told.iter().filter(|fate| matches!(fate, Some(Fate::Passed { .. }))).count() > 20, "nothing passes");
    assert!(told.iter().filter(|fate| matches!(fate, Some(Fate::Dropped))).count() > 20, "nothing is dropped");
    let mut totals = Totals::default();
    for round in 0..rounds {
        if round % 40 == 39 {
            // The packets' diagram only grows.
            checked = compile::check(&path, &text, &world);
        }
        let (kind, edit) = edits::KINDS[round % edits::KINDS.len()];
        let mut lines: Vec<String> = original.lines().map(str::to_owned).collect();
        let Some(what) = (0..20).find_map(|_| edit(&mut lines, &mut rng)) else { continue };
        let edited = lines.join("\n") + "\n";
        let what = format!("{kind}: {what}");
        totals.edits += 1;
        let given = [File { name: "hedgerow.nft".to_owned(), text: edited.clone() }];
        let verdict = compile::verify(&mut checked, Target::Nftables, &given).unwrap();
        let (Ok(verdict), Ok(changed)) = (verdict, Rules::parse(&edited)) else {
            totals.refused += 1;
            continue;
        };
        if verdict.is_equal() {
            let aimed = Sampler::new(&topology, &what.replace("->", " "));
            let mut packets = general.clone();
            packets.extend((0..AIMED).flat_map(|_| aimed.with(&sampler, &topology, &mut rng)));
            let differs = packets.iter().find(|packet| {
                rules.fate(packet, Class::New, &topology) != changed.fate(packet, Class::New, &topology)
            });
            match differs {
                Some(packet) => totals.missed.push(format!("{what}\n    {}", describe(packet, &network_names))),
                None => totals.equal += 1,
            }
            continue;
        }
        // nft would refuse two elements with one key, and sets of another type; hedgerow says that it cannot decide.
        let decided: Vec<_> =
            verdict.differences.iter().filter(|difference| difference.kind != Kind::Undecided).collect();
        if decided.is_empty() {
            totals.refused += 1;
            continue;
        }
        let unconfirmed = decided.iter().find(|difference| !confirmed(difference, &rules, &changed, &topology));
        match unconfirmed {
            Some(difference) => {
                totals.false_alarms.push(format!("{what}\n    {}", difference.sentence(&network_names)));
            }
            None => totals.caught += 1,
        }
    }
    println!(
        "{name}: {} edits, {} caught, {} equal, {} refused, {} missed, {} false alarms",
        totals.edits,
        totals.caught,
        totals.equal,
        totals.refused,
        totals.missed.len(),
        totals.false_alarms.len()
    );
    assert!(totals.missed.is_empty(), "missed:\n{}", totals.missed.join("\n"));
    assert!(totals.false_alarms.is_empty(), "false alarms:\n{}", totals.false_alarms.join("\n"));
    assert!(totals.caught * 3 > totals.edits, "{totals:?}");
}

/// Does the packet of a difference fare otherwise in the changed ruleset?
fn confirmed(difference: &Difference, rules: &Rules, changed: &Rules, topology: &hedgerow::router::Topology) -> bool {
    let classes: &[Class] = match difference.kind {
        Kind::RepliesDropped => &[Class::Established, Class::Related],
        Kind::InvalidAccepted => &[Class::Invalid],
        _ => &[Class::New],
    };
    let packet = &difference.packet;
    classes.iter().any(|class| rules.fate(packet, *class, topology) != changed.fate(packet, *class, topology))
}
