//! Random policies against an oracle that shares no code with the compiler, and their rulesets against nft itself.
//!
//! `HEDGEROW_CASES` is the number of policies, `HEDGEROW_SEED` the first seed: a failure names its own.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::unnecessary_wraps,
    clippy::unused_self,
    reason = "small random numbers, and one function a kind of edit"
)]

#[path = "property/random/generate.rs"]
mod generate;
#[path = "property/random/mutate.rs"]
mod mutate;
#[path = "property/random/oracle.rs"]
mod oracle;
#[path = "property/random/plan.rs"]
mod plan;
#[path = "property/random/rng.rs"]
mod rng;
#[path = "property/random/run.rs"]
mod run;
#[path = "property/random/sample.rs"]
mod sample;
#[path = "property/random/shrink.rs"]
mod shrink;

use run::{Config, Totals};

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{name} is no number: {text}")))
}

#[test]
fn random_policies_mean_what_the_oracle_says() {
    let config = Config {
        packets: number("HEDGEROW_PACKETS").unwrap_or(400) as usize,
        edits: number("HEDGEROW_EDITS").unwrap_or(2) as usize,
        nft: run::nft_works(),
    };
    assert!(config.nft.is_some() || std::env::var("CI").is_err(), "nft and the right to use it are needed here");
    let cases = number("HEDGEROW_CASES").unwrap_or(CASES);
    let first = number("HEDGEROW_SEED").unwrap_or(1);
    let threads = number("HEDGEROW_THREADS").unwrap_or(1).max(1);
    let started = std::time::Instant::now();
    let totals = std::thread::scope(|scope| {
        let workers: Vec<_> = (0..threads)
            .map(|worker| {
                let config = &config;
                scope.spawn(move || {
                    let mut totals = Totals::default();
                    for seed in (first..first + cases).filter(|seed| seed % threads == worker) {
                        run::case(seed, config, &mut totals);
                    }
                    totals
                })
            })
            .collect();
        workers.into_iter().fold(Totals::default(), |sum, worker| sum.plus(worker.join().unwrap()))
    });
    println!("{}", totals.report(started.elapsed()));
    assert!(totals.failures.is_empty(), "{} failures:\n\n{}", totals.failures.len(), totals.failures.join("\n\n"));
}

/// Enough to notice a mistake, few enough for every run of the tests.
const CASES: u64 = 40;
