//! A configuration that was changed behind the policy's back: `verify` shows the packet and the line of UCI.

use std::fs;

use hedgerow::{
    compile::{self, Checked},
    router::File,
    target::Target,
    verify::{Kind, Verdict},
    world::Memory,
};

use super::support::file;

fn example(name: &str) -> (Checked, Vec<File>) {
    let world = Memory { date: jiff::civil::date(2026, 11, 23), files: super::settings::settings() };
    let text = fs::read_to_string(format!("examples/{name}/main.hedge")).unwrap();
    let mut checked = compile::check("main.hedge", &text, &world);
    let output = compile::render(&mut checked, "main.hedge", Target::OpenWrt, &[])
        .unwrap_or_else(|errors| panic!("{name}: {errors:#?}"));
    (checked, output.files)
}

/// The files with another `firewall`, and what `verify` says of them.
fn planted(name: &str, edit: impl Fn(&str) -> String) -> (Checked, String, Verdict) {
    let (mut checked, mut files) = example(name);
    let text = edit(file(&files, "firewall"));
    assert_ne!(text, file(&files, "firewall"), "the edit changes nothing");
    files.iter_mut().find(|file| file.name == "firewall").unwrap().text.clone_from(&text);
    let verdict = compile::verify(&mut checked, Target::OpenWrt, &files).unwrap().unwrap();
    (checked, text, verdict)
}

/// The section whose name holds these words, with the empty line before it.
fn section<'t>(text: &'t str, words: &str) -> &'t str {
    let at = text.find(words).unwrap_or_else(|| panic!("no section {words}"));
    let start = text[..at].rfind("\nconfig ").unwrap() + 1;
    let end = text[at..].find("\n\n").map_or(text.len(), |length| at + length + 1);
    &text[start..end]
}

/// There is a difference of this kind whose packet holds these words, decided by this line of the file.
fn found(checked: &Checked, text: &str, verdict: &Verdict, kind: Kind, packet: &str, line: &str) {
    let told: Vec<String> = verdict.differences.iter().map(|found| found.sentence(&checked.network)).collect();
    let number = 1 + text.lines().position(|other| other.contains(line)).unwrap_or_else(|| panic!("no line {line}"));
    let hit = verdict.differences.iter().any(|found| {
        found.kind == kind
            && found.packet_words(&checked.network).contains(packet)
            && found.line.as_ref().is_some_and(|place| {
                let config = text.lines().take(number).enumerate().filter(|(_, line)| line.starts_with("config "));
                place.file == "firewall" && config.last().is_some_and(|(at, _)| at + 1 == place.line as usize)
            })
    });
    assert!(hit, "{kind:?} {packet} by line {number} ({line}):\n{told:#?}");
}

#[test]
fn a_widened_port() {
    let (checked, text, verdict) = planted("direct-tls", |text| {
        let rule = section(text, "iot to lan, main");
        text.replacen(rule, &rule.replacen("list dest_port '1883'", "list dest_port '1880-1883'", 1), 1)
    });
    found(&checked, &text, &verdict, Kind::Open, "192.168.10.10:188", "iot to lan, main");
}

#[test]
fn a_removed_rule() {
    let (checked, _, verdict) =
        planted("direct-tls", |text| text.replacen(section(text, "guest to router, main"), "", 1));
    let told: Vec<String> = verdict.differences.iter().map(|found| found.sentence(&checked.network)).collect();
    let closed = |found: &hedgerow::verify::Difference| {
        found.kind == Kind::Closed && found.packet_words(&checked.network).contains("(guest) -> ")
    };
    assert!(verdict.differences.iter().any(closed), "{told:#?}");
}

#[test]
fn an_added_forwarding() {
    for (src, dest) in [("guest", "lan"), ("iot", "wan"), ("wan", "lan"), ("guest", "iot")] {
        let (checked, text, verdict) = planted("direct-tls", |text| {
            format!("{text}\nconfig forwarding 'leak'\n\toption src '{src}'\n\toption dest '{dest}'\n")
        });
        found(&checked, &text, &verdict, Kind::Open, &format!("({src}) -> "), "config forwarding 'leak'");
    }
}

#[test]
fn masquerade_off() {
    let (checked, _, verdict) = planted("lan-only", |text| text.replacen("\toption masq '1'\n", "", 1));
    let told: Vec<String> = verdict.differences.iter().map(|found| found.sentence(&checked.network)).collect();
    assert!(verdict.differences.iter().any(|found| found.kind == Kind::Translated), "{told:#?}");
}

#[test]
fn a_reflection_zone() {
    let (checked, text, verdict) = planted("direct-tls", |text| {
        text.replacen(
            "\tlist reflection_zone 'iot'\n",
            "\tlist reflection_zone 'iot'\n\tlist reflection_zone 'guest'\n",
            1,
        )
    });
    found(&checked, &text, &verdict, Kind::Open, "(guest) -> ", "config redirect 'hedgerow_redirect_1'");
}

#[test]
fn a_reflection_where_there_was_none() {
    let (checked, text, verdict) = planted("nginx-cloudflare", |text| {
        text.replacen("\toption reflection '0'\n", "\toption reflection '1'\n\tlist reflection_zone 'guest'\n", 1)
    });
    found(&checked, &text, &verdict, Kind::Open, "(guest) -> ", "config redirect 'hedgerow_redirect_1'");
}

#[test]
fn an_option_that_firewall4_does_not_know() {
    let (checked, text, verdict) = planted("direct-tls", |text| {
        let rule = section(text, "iot to lan, main");
        text.replacen(rule, &rule.replace("list dest_port", "list dport"), 1)
    });
    found(&checked, &text, &verdict, Kind::Open, "(iot) -> 192.168.10.10", "iot to lan, main");
}

#[test]
fn a_zone_that_accepts() {
    let (checked, text, verdict) = planted("lan-only", |text| {
        let zone = section(text, "option name 'guest'");
        text.replacen(zone, &zone.replace("option input 'REJECT'", "option input 'ACCEPT'"), 1)
    });
    found(&checked, &text, &verdict, Kind::Open, "(guest) -> ", "config zone 'hedgerow_zone_guest'");
}

#[test]
fn an_included_file_that_was_changed() {
    let (mut checked, mut files) = example("lan-only");
    let table = files.iter_mut().find(|file| file.name == "hedgerow/table.nft").unwrap();
    table.text =
        table.text.replace("fib saddr type { local, anycast } counter drop", "fib saddr type local counter accept");
    let verdict = compile::verify(&mut checked, Target::OpenWrt, &files).unwrap().unwrap();
    assert!(!verdict.is_equal());
}

/// Helpers open ports that connections name: those that are asked for are undecided, those that may be there are told of.
#[test]
fn helpers_for_connections() {
    let (_, text, verdict) = planted("direct-tls", |text| {
        let zone = section(text, "option name 'iot'");
        text.replacen(zone, &format!("{}\n\tlist helper 'sip'\n\n", zone.trim_end()), 1)
    });
    assert!(verdict.differences.iter().all(|found| found.kind == Kind::Undecided), "{text}");
    let (_, _, verdict) = planted("lan-only", |text| text.replace("\toption auto_helper '0'\n", ""));
    assert!(verdict.is_equal());
    let told: Vec<&str> = verdict.notes.iter().map(|note| note.text.as_str()).collect();
    assert!(
        told.len() == 1 && told[0].contains("`auto_helper` is on") && told[0].contains("from lan, guest open"),
        "{told:?}"
    );
}

/// A set's entry is what somebody added or forgot; the rule that asks the set was there before.
#[test]
fn an_entry_of_a_set_is_named() {
    let set = "\nconfig ipset 'more'\n\toption name 'more'\n\toption family 'ipv4'\n\tlist match 'dest_ip'\n\
               \tlist entry '192.168.10.77'\n\nconfig rule 'by_hand'\n\toption name 'by hand'\n\toption src 'iot'\n\
               \toption dest 'lan'\n\toption ipset 'more dest'\n\toption proto 'all'\n\toption target 'ACCEPT'\n\n";
    let (checked, text, verdict) = planted("direct-tls", |text| {
        let at = text.find("\nconfig rule ").unwrap();
        format!("{}{set}{}", &text[..at], &text[at..])
    });
    found(&checked, &text, &verdict, Kind::Open, "192.168.10.77", "config rule 'by_hand'");
    let led: Vec<&str> =
        verdict.differences.iter().flat_map(|found| &found.led_by).map(|by| by.text.as_str()).collect();
    assert!(led.iter().any(|by| by.contains("more") && by.contains("element 192.168.10.77")), "{led:?}");
}
