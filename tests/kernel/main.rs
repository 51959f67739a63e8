//! Tests that send real packets through a router built from network namespaces.
//!
//! They need root (or `unshare -rn`), `ip` and `nft`. Where these are missing the tests are ignored; in CI, where `CI`
//! is `true`, they fail.

mod policies;
mod rig;
mod selftest;

/// Where the random policies come from that the property tests try as well.
#[allow(dead_code, clippy::all, clippy::pedantic, reason = "the property tests use the rest, under their own lints")]
#[path = "../property/random"]
mod random {
    pub mod generate;
    pub mod plan;
    pub mod rng;
}

use libtest_mimic::{Arguments, Trial};

/// A test: its name, and what it does. The error is what went wrong.
type Test = (&'static str, fn() -> Result<(), String>);

fn trials() -> Vec<Test> {
    [selftest::TRIALS, &policies::tests()].concat()
}

fn main() {
    let arguments = Arguments::from_args();
    let must_run = std::env::var("CI").is_ok_and(|value| value == "true");
    let missing = rig::Rig::available().err();
    if let Some(reason) = &missing {
        eprintln!("tests with real packets cannot run here: {}", reason.trim());
    }
    let ignore = missing.is_some() && !must_run;
    let trial = |(name, test): Test| {
        let missing = missing.clone();
        let run = move || missing.map_or_else(test, Err).map_err(Into::into);
        Trial::test(name, run).with_ignored_flag(ignore)
    };
    let mut all: Vec<Trial> = trials().into_iter().map(trial).collect();
    all.extend(policies::trials(missing.as_deref(), ignore));
    let conclusion = libtest_mimic::run(&arguments, all);
    policies::summary();
    conclusion.exit();
}
