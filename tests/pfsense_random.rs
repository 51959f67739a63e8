//! Random policies compiled for pfSense, and each packet decided by a machine that reads `config.xml` on its own.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::unused_self,
    dead_code,
    reason = "small random numbers; the generator serves other tests too"
)]

#[path = "property/random/generate.rs"]
mod generate;
#[path = "pfsense/machine.rs"]
mod machine;
#[path = "property/random/oracle.rs"]
mod oracle;
#[path = "property/random/plan.rs"]
mod plan;
#[path = "property/random/rng.rs"]
mod rng;
#[path = "property/random/sample.rs"]
mod sample;

use std::collections::BTreeMap;

use hedgerow::{
    compile,
    diagnostic::Severity,
    model,
    plan::{Request, rulebook},
    target::pfsense,
    world::Memory,
};
use machine::{Machine, Seen};
use oracle::Oracle;
use plan::Policy;
use rng::Rng;
use sample::Pool;

/// Enough to notice a mistake, few enough for every run of the tests.
const CASES: u64 = 100;

fn world() -> Memory {
    Memory { date: jiff::civil::date(2026, 7, 1), ..Memory::default() }
}

/// The text with an interface of pfSense for each zone.
fn text(policy: &Policy) -> String {
    let mut number = 0;
    let line = |line: &str| {
        let Some((head, rest)) = line.strip_prefix("zone ").and_then(|line| line.split_once('{')) else {
            return line.to_owned();
        };
        number += 1;
        format!("zone {head}{{ interface pfsense opt{number}; {rest}")
    };
    policy.text().lines().map(line).map(|line| line + "\n").collect()
}

/// Takes out what the model refuses.
fn settled(mut policy: Policy) -> Option<Policy> {
    let zones = policy.zones.len();
    loop {
        let text = policy.text();
        let mut sources = hedgerow::diagnostic::Sources::default();
        let (_, found) = model::resolve("random.hedge", &text, &mut sources, &world());
        let errors = found.iter().filter(|found| found.severity == Severity::Error);
        let mut lines: Vec<usize> = errors
            .map(|found| text[..(found.primary.span.start as usize).min(text.len())].matches('\n').count())
            .collect();
        lines.sort_unstable();
        lines.dedup();
        if lines.is_empty() {
            return Some(policy);
        }
        if lines.iter().any(|line| *line <= zones) {
            return None;
        }
        for line in lines.iter().rev() {
            policy.statements.remove(line - zones - 1);
        }
    }
}

#[test]
fn pfsense_does_what_the_policy_says() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let (cases, first) = (number("HEDGEROW_CASES").unwrap_or(CASES), number("HEDGEROW_SEED").unwrap_or(1));
    let (mut rendered, mut packets, mut passed) = (0, 0, 0);
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for seed in first..first + cases {
        let mut rng = Rng::new(seed);
        let Some(policy) = settled(generate::policy(&mut rng)) else { continue };
        let text = text(&policy);
        let mut checked = compile::check("random.hedge", &text, &world());
        if checked.diagnostics.iter().any(|found| found.code == "contested-forward") {
            continue;
        }
        let network = checked.network.clone();
        let Some(meant) = checked.meant.as_mut() else { panic!("seed {seed}: {:?}", checked.diagnostics) };
        let standing = meant.standing.on(&network, "pfsense");
        let Ok(book) = rulebook(&network, &meant.meaning) else { continue };
        let request = Request {
            network: &network,
            standing: &standing,
            book: &book,
            sources: &checked.sources,
            policy: "random.hedge",
            base: &[],
        };
        let files = match pfsense::render::render(&request) {
            Ok(files) => files,
            Err(errors) => {
                for error in errors {
                    assert_eq!(error.code, "backend-cannot-express", "seed {seed}: {}", error.message);
                    *refused.entry(error.message).or_default() += 1;
                }
                continue;
            }
        };
        rendered += 1;
        let document = roxmltree::Document::parse(&files[0].text).unwrap();
        let machine = Machine::new(&document, &network, &standing.topology);
        let oracle = Oracle::new(&policy, &network, meant.limits.all().to_vec());
        let pool = Pool::new(&oracle, meant.limits.all().len());
        for _ in 0..400 {
            let packet = pool.packet(&oracle, &mut rng);
            if !meant.space.contains(meant.meaning.domain, &packet) && oracle.decide(&packet).is_none() {
                continue;
            }
            let local = (i64::from(packet.minute) + standing.offset).rem_euclid(10_080) as u16;
            let wanted = oracle.decide(&packet).map_or(Seen::Held, Seen::Passes);
            let seen = machine.decide(&packet, local);
            if seen == Seen::NotAsked {
                continue;
            }
            packets += 1;
            passed += u64::from(wanted != Seen::Held);
            if seen != wanted {
                failures.push(format!(
                    "seed {seed}: {}\n  wanted {wanted:?}\n  seen {seen:?}\n {packet:?}",
                    hedgerow::policy::describe(&packet, &network)
                ));
                break;
            }
        }
    }
    println!("{rendered} configurations, {packets} packets, {passed} pass; refused: {refused:#?}");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(rendered > 0 && passed > 0);
}
