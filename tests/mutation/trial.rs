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
    excuse::{is_asked, is_denied, is_right, is_same},
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

    /// Is a first packet let through by a rule that such a router makes by itself, whatever it is told, and of which
    /// `verify` tells each time?
    fn is_told(_judge: &Self::Judge, _packet: &Packet, _topology: &Topology) -> bool {
        false
    }

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
    /// Files that the router would not load: the judge says so too.
    refused: usize,
    /// Files that the judge does not know enough to judge.
    beyond: usize,
    /// Files that hedgerow refuses, and the judge follows: by the reason.
    stubborn: BTreeMap<String, usize>,
    /// What `undecided` hangs on.
    unclear: BTreeMap<String, usize>,
    /// `verify` says that it cannot decide.
    undecided: usize,
    missed: Vec<String>,
    false_alarms: Vec<String>,
    /// Of each kind of edit, how often it came to what.
    kinds: BTreeMap<String, BTreeMap<&'static str, usize>>,
}

impl Totals {
    fn count(&mut self, edit: &Edit, what: &'static str) {
        let kind = edit.what.split(": ").next().unwrap_or_default().to_owned();
        *self.kinds.entry(kind).or_default().entry(what).or_default() += 1;
        match what {
            "caught" => self.caught += 1,
            "equal" => self.equal += 1,
            "refused" => self.refused += 1,
            "beyond the judge" => self.beyond += 1,
            "undecided" => self.undecided += 1,
            _ => {}
        }
    }

    /// Says what came of all, and fails if anything was missed or a false alarm.
    fn tell(&self, target: &str, name: &str) {
        println!(
            "{target} {name}: {} edits, {} caught, {} equal, {} refused, {} beyond the judge, {} undecided, {} missed, {} false alarms",
            self.edits,
            self.caught,
            self.equal,
            self.refused,
            self.beyond,
            self.undecided,
            self.missed.len(),
            self.false_alarms.len()
        );
        if std::env::var("HEDGEROW_EDITS").is_ok() {
            for (why, count) in &self.stubborn {
                println!("  {target} {name}: refused, though the judge follows it: {count} {why}");
            }
            for (what, count) in &self.unclear {
                println!("  {target} {name}: undecided: {count} {what}");
            }
            for (kind, counts) in &self.kinds {
                let counts: Vec<String> = counts.iter().map(|(what, count)| format!("{count} {what}")).collect();
                println!("  {target} {name}: {kind}: {}", counts.join(", "));
            }
        }
        assert!(self.missed.is_empty(), "missed:\n{}", self.missed.join("\n"));
        assert!(self.false_alarms.is_empty(), "false alarms:\n{}", self.false_alarms.join("\n"));
        assert!(self.edits < 40 || self.caught * 3 > self.edits, "{self:?}");
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
    let seed = name.bytes().fold(0, |seed: u64, byte| seed.wrapping_mul(31).wrapping_add(byte.into()));
    let mut rng = Rng::new(seed);
    let words: String = original.iter().map(|file| file.text.as_str()).collect();
    let sampler = Sampler::new(&topology, &words);
    let mut known = 0;
    let mut tried = Tried { general: Vec::new(), fates: Vec::new() };
    for (number, packet) in (0..GENERAL).flat_map(|_| sampler.packets(&topology, &mut rng)).enumerate() {
        for class in S::CLASSES {
            let fate = S::fate(&judge, &packet, *class, &topology);
            known += usize::from(fate.is_some());
            // Of the ways that routing does not take a few are enough: only another translation makes one of them real.
            if fate.is_some() || number % 8 == 0 {
                tried.general.push((packet, *class));
                tried.fates.push(fate.unwrap_or(Fate::Dropped));
            }
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
        let (verdict, changed) = match (verdict, S::judge(&edit.files, &network, &topology)) {
            (Ok(verdict), Ok(changed)) => (verdict, changed),
            (Ok(_), Err(_)) => {
                totals.count(&edit, "beyond the judge");
                continue;
            }
            (Err(why), judged) => {
                if judged.is_ok() {
                    *totals.stubborn.entry(plain(&why.to_string())).or_default() += 1;
                }
                totals.count(&edit, "refused");
                continue;
            }
        };
        // The judges follow packets, which no pool and no gateway changes.
        if verdict.differences.is_empty() {
            let aimed = Sampler::new(&topology, &edit.aim);
            let aimed = (0..AIMED).flat_map(|_| aimed.with(&sampler, &topology, &mut rng));
            let aimed = aimed.flat_map(|packet| S::CLASSES.iter().map(move |class| (packet, *class)));
            let aimed = aimed.into_iter().map(|(packet, class)| {
                let before = fate::<S>(&judge, &packet, class, &topology);
                (packet, class, before)
            });
            let meant = checked.meant.as_ref().unwrap();
            let differs = tried.all().chain(aimed).find_map(|(packet, class, before)| {
                let after = fate::<S>(&changed, &packet, class, &topology);
                if is_same(&before, &after, &packet, &topology) || !is_asked(&packet, class, &topology) {
                    return None;
                }
                let opened = before == Fate::Dropped && matches!(after, Fate::Passed { .. });
                let told = || class == Class::New && S::is_told(&changed, &packet, &topology);
                let right = || is_right(meant, &packet, class, &after, &topology);
                let differs = !opened || !told() && !right();
                differs.then_some((packet, class))
            });
            match differs {
                Some((packet, class)) => totals.missed.push(format!(
                    "{}\n    {} ({class:?}): {:?}, then {:?}",
                    edit.what,
                    describe(&packet, &network),
                    fate::<S>(&judge, &packet, class, &topology),
                    fate::<S>(&changed, &packet, class, &topology)
                )),
                None => totals.count(&edit, "equal"),
            }
            continue;
        }
        // What the router let through by itself, though the policy denies it, and now a rule of the file lets through.
        let of_the_file = |difference: &Difference| {
            let packet = &difference.packet;
            difference.kind == Kind::Open
                && is_denied(checked.meant.as_ref().unwrap(), packet)
                && S::is_told(&judge, packet, &topology)
                && !S::is_told(&changed, packet, &topology)
                && matches!(fate::<S>(&changed, packet, Class::New, &topology), Fate::Passed { .. })
        };
        let confirmed = |difference: &Difference| {
            confirmed::<S>(difference, &judge, &changed, &topology) || of_the_file(difference)
        };
        // Of later packets `verify` tells the outer bound: where something is not understood, that is no certain finding.
        let certain = |difference: &&Difference| match difference.kind {
            Kind::Undecided => false,
            Kind::RepliesDropped | Kind::InvalidAccepted => verdict.unknown.is_empty() || confirmed(difference),
            _ => true,
        };
        let decided: Vec<_> = verdict.differences.iter().filter(certain).collect();
        if decided.is_empty() {
            totals.count(&edit, "undecided");
            for unknown in &verdict.unknown {
                *totals.unclear.entry(plain(&unknown.text)).or_default() += 1;
            }
            assert!(!verdict.unknown.is_empty(), "undecided for no reason: {}", edit.what);
            continue;
        }
        match decided.iter().find(|difference| !confirmed(difference)) {
            Some(difference) => {
                totals.false_alarms.push(format!("{}\n    {}", edit.what, difference.sentence(&network)));
            }
            None => totals.count(&edit, "caught"),
        }
    }
    totals.tell(S::TARGET.name(), name);
}

/// A message without what is of one place only.
fn plain(text: &str) -> String {
    let words =
        text.split_whitespace().map(|word| if word.contains(|c: char| c.is_ascii_digit()) { "#" } else { word });
    words.take(12).collect::<Vec<_>>().join(" ")
}

/// Every kind of edit has to find a place in one of the examples.
pub fn kinds_occur<S: Subject>(names: &[&str]) {
    let mut rng = Rng::new(7);
    let examples: Vec<Vec<File>> = names.iter().map(|name| compiled::<S>(name)).collect();
    let found = |kind: usize, rng: &mut Rng| examples.iter().any(|files| S::edit(kind, files, rng).is_some());
    let idle: Vec<usize> = (0..S::kinds()).filter(|kind| !found(*kind, &mut rng)).collect();
    assert!(idle.is_empty(), "these kinds of edit for {} find no place: {idle:?}", S::TARGET.name());
}

/// What an example compiles to, from its folder `out`: `tests/examples.rs` holds it to the compiler.
fn compiled<S: Subject>(name: &str) -> Vec<File> {
    let folder = Path::new("examples").join(name).join("out").join(S::TARGET.name());
    let mut found = BTreeMap::new();
    files(&folder, &mut found);
    let own = |path: &String| Path::new(path).strip_prefix(&folder).unwrap().to_str().unwrap().to_owned();
    let mut files: Vec<File> = found.iter().map(|(path, text)| File { name: own(path), text: text.clone() }).collect();
    // The file that is edited comes first.
    files.sort_by_key(|file| !["hedgerow.nft", "firewall", "config.xml"].contains(&file.name.as_str()));
    files
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
    fn all(&self) -> impl Iterator<Item = (Packet, Class, Fate)> {
        self.general.iter().zip(&self.fates).map(|((packet, class), fate)| (*packet, *class, fate.clone()))
    }
}

/// Does the packet of a difference fare otherwise in the changed configuration, and surely so?
fn confirmed<S: Subject>(difference: &Difference, judge: &S::Judge, changed: &S::Judge, topology: &Topology) -> bool {
    let classes: &[Class] = match difference.kind {
        Kind::RepliesDropped => &[Class::Established, Class::Related],
        Kind::InvalidAccepted => &[Class::Invalid],
        _ => &[Class::New],
    };
    let packet = &difference.packet;
    classes.iter().any(|class| {
        let after = fate::<S>(changed, packet, *class, topology);
        after != Fate::Either && after != fate::<S>(judge, packet, *class, topology)
    })
}
