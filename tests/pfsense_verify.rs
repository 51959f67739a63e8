//! Slips of the hand in a compiled config.xml: each is caught, with a packet, and with the rule that lets it through.

use hedgerow::{
    compile::{self, Checked},
    router::File,
    target::Target,
    verify::{Difference, Kind},
    world::Memory,
};

const HOUSE: &str = "examples/direct-tls/main.hedge";

fn house() -> (Checked, String) {
    let text = std::fs::read_to_string(HOUSE).unwrap();
    let world = Memory { date: jiff::civil::date(2026, 11, 23), ..Memory::default() };
    let mut checked = compile::check(HOUSE, &text, &world);
    let output = compile::render(&mut checked, HOUSE, Target::PfSense, &[]).unwrap();
    (checked, output.files[0].text.clone())
}

fn differences(checked: &mut Checked, text: String) -> Vec<Difference> {
    let files = [File { name: "config.xml".to_owned(), text }];
    compile::verify(checked, Target::PfSense, &files).unwrap().unwrap().differences
}

/// The rule around a place, from `<rule>` to `</rule>`.
fn rule_around(text: &str, at: usize) -> std::ops::Range<usize> {
    let start = text[..at].rfind("<rule>").unwrap();
    start..at + text[at..].find("</rule>").unwrap() + "</rule>".len()
}

#[test]
fn what_is_compiled_is_equal() {
    let (mut checked, text) = house();
    assert_eq!(differences(&mut checked, text).len(), 0);
}

#[test]
fn edits_by_hand_are_caught() {
    let (mut checked, text) = house();
    let replaced = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} is not in the file");
        text.replacen(from, to, 1)
    };
    let without = |mark: &str| {
        let range = rule_around(&text, text.find(mark).unwrap_or_else(|| panic!("{mark} is not in the file")));
        format!("{}{}", &text[..range.start], &text[range.end..])
    };
    let pass = text.find("<type>pass</type>").unwrap();
    let floating = format!(
        "{}<floating>yes</floating><quick>yes</quick><direction>any</direction>{}",
        &text[..pass],
        &text[pass..]
    );
    for (what, edited, kind, tracked) in [
        ("a widened port", replaced("<port>8123</port>", "<port>8000-8123</port>"), Kind::Open, true),
        ("a block rule left out", without("<type>block</type>"), Kind::Open, true),
        ("a pass rule left out", without("hedgerow main.hedge:53"), Kind::Closed, false),
        (
            "another interface",
            replaced("<interface>opt1</interface>", "<interface>lan</interface>"),
            Kind::Closed,
            false,
        ),
        ("a rule made floating", floating, Kind::Open, true),
        ("outbound NAT off", replaced("<mode>advanced</mode>", "<mode>disabled</mode>"), Kind::Translated, false),
        ("a type that pfSense takes for pass", replaced("<type>block</type>", "<type>drop</type>"), Kind::Open, true),
    ] {
        assert_ne!(edited, text, "{what}");
        let found = differences(&mut checked, edited);
        let fitting: Vec<&Difference> = found.iter().filter(|difference| difference.kind == kind).collect();
        assert!(!fitting.is_empty(), "{what}: {found:#?}");
        let told = fitting.iter().filter_map(|difference| difference.line.as_ref());
        let told: Vec<&hedgerow::router::Line> =
            told.filter(|line| line.line > 0 && line.text.contains("(tracker ")).collect();
        assert!(!tracked || !told.is_empty(), "{what}: {fitting:#?}");
        for line in told {
            assert_eq!(line.file, "config.xml", "{what}");
        }
    }
}

#[test]
fn a_rule_of_the_users_own_is_named() {
    let (mut checked, text) = house();
    let own = "<rule><id></id><tracker>1700000000</tracker><type>pass</type><interface>wan</interface>\
        <ipprotocol>inet</ipprotocol><protocol>tcp</protocol><source><any></any></source>\
        <destination><any></any><port>22</port></destination><descr>while on holiday</descr></rule>";
    let at = text.find("<filter>").unwrap() + "<filter>".len();
    let edited = format!("{}{own}{}", &text[..at], &text[at..]);
    let found = differences(&mut checked, edited);
    let open: Vec<&Difference> = found.iter().filter(|difference| difference.kind == Kind::Open).collect();
    assert!(!open.is_empty(), "{found:#?}");
    for difference in open {
        let line = difference.line.as_ref().unwrap();
        assert!(line.text.contains("while on holiday") && line.text.contains("1700000000"), "{line:?}");
    }
}

/// What pfSense would refuse, or drop without a word.
#[test]
fn hostile_and_broken_files() {
    let (mut checked, text) = house();
    for broken in [
        String::new(),
        "<pfsense".to_owned(),
        "<html></html>".to_owned(),
        text.replace("</filter>", ""),
        text.replacen("<pfsense>", "<pfsense>&", 1),
        text[..text.len() / 2].to_owned(),
    ] {
        let files = [File { name: "config.xml".to_owned(), text: broken.clone() }];
        let read = compile::verify(&mut checked, Target::PfSense, &files).unwrap();
        assert!(read.is_err(), "{}", &broken[..broken.len().min(80)]);
    }
}
