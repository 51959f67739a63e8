//! No input makes the reader panic.

use proptest::prelude::*;

use crate::support::{ZONES, attempt};

const WORDS: [&str; 44] = [
    "config",
    "option",
    "list",
    "rule",
    "redirect",
    "nat",
    "zone",
    "ipset",
    "forwarding",
    "defaults",
    "include",
    "name",
    "src",
    "dest",
    "proto",
    "src_ip",
    "dest_ip",
    "dest_port",
    "target",
    "family",
    "match",
    "entry",
    "lan",
    "wan",
    "*",
    "ACCEPT",
    "SNAT",
    "'",
    "\"",
    "\\",
    "#",
    ";",
    "\n",
    "!",
    "10.0.0.0/8",
    "::10/-64",
    "10.0.0.9-10.0.0.1",
    "-1",
    "0x",
    "1-2",
    "80",
    "tcp udp",
    "ä",
    "+",
];

proptest! {
    #[test]
    fn words_in_any_order(words in prop::collection::vec(prop::sample::select(&WORDS[..]), 0..60)) {
        let _ = attempt(&format!("{ZONES}\n{}", words.join(" ")));
    }

    #[test]
    fn any_option_with_any_value(
        kind in prop::sample::select(&WORDS[3..11]),
        options in prop::collection::vec(("[a-z_]{2,10}", ".{0,12}"), 0..4),
        known in prop::collection::vec((prop::sample::select(&WORDS[11..22]), prop::sample::select(&WORDS[22..])), 0..8),
    ) {
        let mut text = format!("{ZONES}config {kind}\n");
        for (name, value) in options {
            text += &format!(" option {name} '{value}'\n");
        }
        for (name, value) in known {
            text += &format!(" option {name} '{}'\n", value.replace('\'', ""));
        }
        let _ = attempt(&text);
    }
}
