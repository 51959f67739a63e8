//! No text makes the reader panic or run away; what is cut out of a good file is refused or understood, never ignored.

use hedgerow::{packet::Space, router::Limits, target::nftables::read::read};
use proptest::prelude::*;

use crate::support::house;

const RULES: &str = include_str!("household.nft");

fn attempt(text: &str) {
    let mut space = Space::with_budget(200_000);
    if let Ok(reading) = read(text, &house(), &mut Limits::default(), &mut space) {
        let (surely, possibly) = (reading.surely.all(&mut space), reading.possibly.all(&mut space));
        assert!(space.exhausted() || space.is_subset(surely, possibly));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_part_missing(start in 0..RULES.len(), length in 1..40_usize) {
        let end = (start + length).min(RULES.len());
        attempt(&format!("{}{}", &RULES[..start], &RULES[end..]));
    }

    #[test]
    fn something_put_in(at in 0..RULES.len(), what in "[ -~\n]{1,6}|\\{|\\}|\\(|@x|\\$y| ! | . |, |: |vmap |set |to |map |\\* ") {
        attempt(&format!("{}{what}{}", &RULES[..at], &RULES[at..]));
    }

    #[test]
    fn lines_out_of_order(a in 0..130_usize, b in 0..130_usize) {
        let mut lines: Vec<&str> = RULES.lines().collect();
        let last = lines.len() - 1;
        lines.swap(a.min(last), b.min(last));
        attempt(&lines.join("\n"));
    }

    #[test]
    fn any_text(text in "\\PC{0,80}") {
        attempt(&text);
    }
}
