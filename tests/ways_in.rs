//! An example a way to reach Home Assistant: each is what `hedgerow init` writes, is clean, and compiles for every router,
//! proven, or is refused with the words that the snapshot holds.
//!
//! What they compile to is not kept: `hedgerow compile examples/ways-in/08-wireguard -o out` writes it in a moment, and
//! the proof does not depend on somebody reading a thousand lines of XML again.

use std::{collections::BTreeSet, fmt::Write as _, fs};

use hedgerow::{
    compile::{self, Checked},
    diagnostic::{Diagnostic, Human},
    init::{self, Answers, ROUTERS, WAYS, Way},
    syntax::format,
    target::Target,
    world::Memory,
};

/// The day on which `just examples` writes them.
const TODAY: jiff::civil::Date = jiff::civil::date(2026, 11, 23);

fn name(way: &Way) -> String {
    format!("{:02}-{}", way.number, way.name)
}

fn path(way: &Way) -> String {
    format!("examples/ways-in/{}/main.hedge", name(way))
}

fn read(way: &Way) -> String {
    fs::read_to_string(path(way)).unwrap_or_else(|error| panic!("{}: {error}", path(way)))
}

fn check(text: &str, date: jiff::civil::Date) -> Checked {
    compile::check("main.hedge", text, &Memory { date, ..Memory::default() })
}

fn said(checked: &Checked, found: &[Diagnostic]) -> String {
    let human = Human::new(&checked.sources, false);
    found.iter().map(|found| human.render(found) + "\n\n").collect()
}

#[test]
fn each_is_what_init_writes() {
    let mut failures = String::new();
    let written: BTreeSet<String> = WAYS.iter().map(name).collect();
    let entries = fs::read_dir("examples/ways-in").unwrap().map(Result::unwrap).filter(|entry| entry.path().is_dir());
    let there: BTreeSet<String> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    assert_eq!(there, written);
    for way in &WAYS {
        let answers = Answers {
            routers: ["nftables", "openwrt", "pfsense"].map(str::to_owned).to_vec(),
            uplink: "eth0".to_owned(),
            inside: "eth1".to_owned(),
            zones: ["iot", "guest"].map(str::to_owned).to_vec(),
            way,
            name: "ha.example.org".to_owned(),
            today: TODAY,
        };
        if format(&init::policy(&answers).unwrap()).unwrap() != read(way) {
            failures += &format!("{} is another\n", path(way));
        }
    }
    assert!(failures.is_empty(), "\n{failures}\nRenew them with `just examples`, and read the difference.");
}

/// Every mode of reaching Home Assistant has one at least, and whoever reads about them finds each.
#[test]
fn each_mode_has_one_and_each_is_found() {
    let numbers: BTreeSet<u8> = WAYS.iter().map(|way| way.number).collect();
    assert_eq!(numbers, (0..=16).collect());
    for (page, prefix) in
        [("docs/exposing-home-assistant.md", "../examples/ways-in"), ("examples/README.md", "ways-in")]
    {
        let text = fs::read_to_string(page).unwrap();
        for way in &WAYS {
            let link = format!("({prefix}/{}/main.hedge)", name(way));
            assert!(text.contains(&link), "{page} does not lead to {link}");
        }
    }
    // What a router of forwards cannot do is said where such a router is spoken of.
    let text = fs::read_to_string("docs/exposing-home-assistant.md").unwrap();
    let part = text.split("most consumer routers take").nth(1).unwrap().split("\n\n").next().unwrap();
    for way in &WAYS {
        assert_eq!(part.contains(&format!("`{}`", way.name)), !way.by_forwards, "{}", way.name);
    }
}

#[test]
fn each_is_clean_and_compiles_for_every_router() {
    let mut text = String::new();
    for way in &WAYS {
        let mut checked = check(&read(way), TODAY);
        assert!(checked.diagnostics.is_empty(), "{}\n{}", path(way), said(&checked, &checked.diagnostics));
        let _ = writeln!(text, "==== {}: {}\n", name(way), way.about);
        for router in ROUTERS {
            let target = Target::named(router).unwrap();
            let _ = match compile::render(&mut checked, "main.hedge", target, &[]) {
                Ok(output) => {
                    let files: Vec<&str> = output.files.iter().map(|file| file.name.as_str()).collect();
                    writeln!(text, "{router}: proven; {}", files.join(", "))
                }
                Err(errors) => writeln!(text, "{router}: refused\n{}", said(&checked, &errors)),
            };
        }
        let beside = compile::companions(&checked, &ROUTERS.map(|router| Target::named(router).unwrap())).unwrap();
        let files: Vec<&str> = beside.files.iter().map(|file| file.name.as_str()).collect();
        let _ = writeln!(text, "beside: {}", files.join(", "));
        text += &beside.by_hand.iter().map(|what| format!("by hand: {what}\n")).collect::<String>();
        text += "\n";
    }
    insta::assert_snapshot!(text);
}

/// The finding is the point of this one: the waiver hides it for a month, and no longer.
#[test]
fn a_forward_without_tls_is_found_from_the_day_on_that_its_waiver_ends() {
    let plain = read(Way::named("plain-forward").unwrap());
    let codes = |date| check(&plain, date).diagnostics.iter().map(|found| found.code).collect::<BTreeSet<_>>();
    assert_eq!(codes(jiff::civil::date(2026, 12, 22)), BTreeSet::new());
    assert_eq!(codes(jiff::civil::date(2026, 12, 23)), BTreeSet::from(["exposed-plain-http", "expired-waiver"]));
}

/// Behind an address that others share, what opens a port is found, and what connects outwards is not.
#[test]
fn a_shared_address_is_no_place_for_a_forward() {
    for way in &WAYS {
        let shared = read(way).replace("uplink public", "uplink cgnat").replace("uplink    public", "uplink    cgnat");
        let checked = check(&shared, TODAY);
        let found: BTreeSet<&str> = checked.diagnostics.iter().map(|found| found.code).collect();
        let opens = !checked.network.exposed.iter().all(|list| list.entries.is_empty());
        // By IPv6 alone it works there, too.
        let useless = opens && way.name != "ipv6";
        let right = found.contains("cgnat-forward-useless") == useless && (useless || found.is_empty());
        assert!(right, "{}\n{}", path(way), said(&checked, &checked.diagnostics));
    }
}
