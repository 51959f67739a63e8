//! One target's files, changed again and again; what `verify` says of each change, held against the judge.

use std::{collections::BTreeMap, fs, path::Path};

use hedgerow::{
    compile,
    model::Network,
    packet::Packet,
    router::{File, Topology},
    target::Target,
    verify::{Difference, Kind, describe},
    world::Memory,
};

use crate::{
    fate::{Class, Fate},
    rng::Rng,
    sample::Sampler,
};

const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 23);

/// Packets that an edit is tried with, beside those that are made for it.
const GENERAL: usize = 600;
const AIMED: usize = 300;

/// A changed configuration.
pub struct Edit {
    /// For a person.
    pub what: String,
    /// Words with the addresses and ports at whose borders packets are tried.
    pub aim: String,
    pub files: Vec<File>,
}

/// A target whose files are edited and judged.
pub trait Subject {
    /// Tells the fate of single packets, and shares no code with the reader.
    type Judge;
    const TARGET: Target;
    /// What is tried where `verify` finds nothing.
    const CLASSES: &'static [Class];

    fn kinds() -> usize;

    /// Makes an edit of a kind at a random place, if there is one that it fits.
    fn edit(kind: usize, files: &[File], rng: &mut Rng) -> Option<Edit>;

    /// # Errors
    /// What the router would refuse, and what the judge does not know.
    fn judge(files: &[File], network: &Network, topology: &Topology) -> Result<Self::Judge, String>;

    /// The fate of a packet that leaves by `packet.egress`; nothing if there can be no such packet.
    fn fate(judge: &Self::Judge, packet: &Packet, class: Class, topology: &Topology) -> Option<Fate>;
}

#[derive(Debug, Default)]
struct Totals {
    edits: usize,
    /// Found to differ, and confirmed by a packet.
    caught: usize,
    equal: usize,
    /// Files that the router would not load, as far as hedgerow or the judge can tell.
    refused: usize,
    /// `verify` says that it cannot decide.
    undecided: usize,
    missed: Vec<String>,
    false_alarms: Vec<String>,
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

/// Edits an example's files: as often as `HEDGEROW_EDITS` says, or `usual` times.
pub fn example<S: Subject>(name: &str, usual: usize) {
    let rounds = std::env::var("HEDGEROW_EDITS").ok().and_then(|text| text.parse().ok()).unwrap_or(usual);
    let mut found = BTreeMap::new();
    files(&Path::new("examples").join(name), &mut found);
    let path = format!("examples/{name}/main.hedge");
    let text = found[&path].clone();
    let world = Memory { files: found, date: TODAY };
    let mut checked = compile::check(&path, &text, &world);
    let original = compile::render(&mut checked, &path, S::TARGET, &[]).unwrap().files;
    let network = checked.network.clone();
    let topology = checked.meant.as_ref().unwrap().standing.on(&network, S::TARGET.name()).topology;
    let judge = S::judge(&original, &network, &topology).unwrap();
    let mut rng = Rng::new(name.len() as u64);
    let words: String = original.iter().map(|file| file.text.as_str()).collect();
    let sampler = Sampler::new(&topology, &words);
    let mut known = 0;
    let mut tried = Tried { general: Vec::new(), fates: Vec::new() };
    for packet in (0..GENERAL).flat_map(|_| sampler.packets(&topology, &mut rng)) {
        for class in S::CLASSES {
            tried.general.push((packet, *class));
            known += usize::from(S::fate(&judge, &packet, *class, &topology).is_some());
            tried.fates.push(fate::<S>(&judge, &packet, *class, &topology));
        }
    }
    let passed = tried.fates.iter().filter(|fate| matches!(fate, Fate::Passed { .. })).count();
    assert!(passed > 20, "nothing passes");
    assert!(known - passed > 20, "nothing is dropped");
    let mut totals = Totals::default();
    for round in 0..rounds {
        if round % 40 == 39 {
            // The packets' diagram only grows.
            checked = compile::check(&path, &text, &world);
        }
        // A short run takes a part of the kinds, of each example others.
        let kinds = S::kinds();
        let kind = if rounds < kinds { (round * kinds / rounds + name.len()) % kinds } else { round % kinds };
        let Some(edit) = S::edit(kind, &original, &mut rng) else { continue };
        totals.edits += 1;
        let verdict = compile::verify(&mut checked, S::TARGET, &edit.files).unwrap();
        let (Ok(verdict), Ok(changed)) = (verdict, S::judge(&edit.files, &network, &topology)) else {
            totals.refused += 1;
            continue;
        };
        if verdict.is_equal() {
            let aimed = Sampler::new(&topology, &edit.aim);
            let aimed = (0..AIMED).flat_map(|_| aimed.with(&sampler, &topology, &mut rng));
            let aimed = aimed.flat_map(|packet| S::CLASSES.iter().map(move |class| (packet, *class)));
            let differs = tried.differs::<S>(&changed, &topology).or_else(|| {
                aimed.into_iter().find(|(packet, class)| {
                    fate::<S>(&judge, packet, *class, &topology) != fate::<S>(&changed, packet, *class, &topology)
                })
            });
            match differs {
                Some((packet, class)) => totals.missed.push(format!(
                    "{}\n    {} ({class:?}): {:?}, then {:?}",
                    edit.what,
                    describe(&packet, &network),
                    fate::<S>(&judge, &packet, class, &topology),
                    fate::<S>(&changed, &packet, class, &topology)
                )),
                None => totals.equal += 1,
            }
            continue;
        }
        // What the router always lets through is no difference until a rule of the file lets it through.
        let denied = |difference: &Difference| {
            let meant = checked.meant.as_ref().unwrap();
            let mut accepted = meant.meaning.behaviour.accepted.values();
            let open = fate::<S>(&changed, &difference.packet, Class::New, &topology) != Fate::Dropped;
            difference.kind == Kind::Open && open && !accepted.any(|set| meant.space.contains(*set, &difference.packet))
        };
        let confirmed =
            |difference: &Difference| confirmed::<S>(difference, &judge, &changed, &topology) || denied(difference);
        // Of later packets `verify` tells the outer bound: where something is not understood, that is no certain finding.
        let certain = |difference: &&Difference| match difference.kind {
            Kind::Undecided => false,
            Kind::RepliesDropped | Kind::InvalidAccepted => verdict.unknown.is_empty() || confirmed(difference),
            _ => true,
        };
        let decided: Vec<_> = verdict.differences.iter().filter(certain).collect();
        if decided.is_empty() {
            totals.undecided += 1;
            continue;
        }
        match decided.iter().find(|difference| !confirmed(difference)) {
            Some(difference) => {
                totals.false_alarms.push(format!("{}\n    {}", edit.what, difference.sentence(&network)));
            }
            None => totals.caught += 1,
        }
    }
    println!(
        "{} {name}: {} edits, {} caught, {} equal, {} refused, {} undecided, {} missed, {} false alarms",
        S::TARGET.name(),
        totals.edits,
        totals.caught,
        totals.equal,
        totals.refused,
        totals.undecided,
        totals.missed.len(),
        totals.false_alarms.len()
    );
    assert!(totals.missed.is_empty(), "missed:\n{}", totals.missed.join("\n"));
    assert!(totals.false_alarms.is_empty(), "false alarms:\n{}", totals.false_alarms.join("\n"));
    assert!(totals.caught * 3 > totals.edits, "{totals:?}");
}

/// A packet that routing sends elsewhere does not come out there, and neither does one that is dropped.
fn fate<S: Subject>(judge: &S::Judge, packet: &Packet, class: Class, topology: &Topology) -> Fate {
    S::fate(judge, packet, class, topology).unwrap_or(Fate::Dropped)
}

/// Packets with their fates in what was compiled.
struct Tried {
    general: Vec<(Packet, Class)>,
    fates: Vec<Fate>,
}

impl Tried {
    fn differs<S: Subject>(&self, changed: &S::Judge, topology: &Topology) -> Option<(Packet, Class)> {
        let pairs = self.general.iter().zip(&self.fates);
        let mut other =
            pairs.filter(|((packet, class), known)| fate::<S>(changed, packet, *class, topology) != **known);
        other.next().map(|(packet, _)| *packet)
    }
}

/// Does the packet of a difference fare otherwise in the changed configuration?
fn confirmed<S: Subject>(difference: &Difference, judge: &S::Judge, changed: &S::Judge, topology: &Topology) -> bool {
    let classes: &[Class] = match difference.kind {
        Kind::RepliesDropped => &[Class::Established, Class::Related],
        Kind::InvalidAccepted => &[Class::Invalid],
        _ => &[Class::New],
    };
    let packet = &difference.packet;
    classes
        .iter()
        .any(|class| fate::<S>(judge, packet, *class, topology) != fate::<S>(changed, packet, *class, topology))
}
