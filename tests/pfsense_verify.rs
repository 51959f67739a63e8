//! Slips of the hand in a compiled config.xml: each is caught, with a packet, and with the rule that lets it through.

#[path = "support/settings.rs"]
mod settings;

use hedgerow::{
    compile::{self, Checked},
    router::File,
    target::Target,
    verify::{Difference, Kind},
    world::Memory,
};

const HOUSEHOLDS: [&str; 5] = ["cgnat-tunnel", "direct-tls", "lan-only", "multi-uplink-office", "nginx-cloudflare"];

fn household(name: &str) -> (Checked, String) {
    let path = format!("examples/{name}/main.hedge");
    let text = std::fs::read_to_string(&path).unwrap();
    let world = Memory { date: jiff::civil::date(2026, 11, 23), files: settings::settings() };
    let mut checked = compile::check("main.hedge", &text, &world);
    let output = compile::render(&mut checked, "main.hedge", Target::PfSense, &[]).unwrap();
    (checked, output.files[0].text.clone())
}

fn house() -> (Checked, String) {
    household("direct-tls")
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

/// The text of an element of a rule.
fn field<'t>(rule: &'t str, name: &str) -> &'t str {
    rule.split_once(&format!("<{name}>")).and_then(|(_, rest)| rest.split_once('<')).map_or("", |(text, _)| text)
}

/// A rule with its side of this name as anybody.
fn from_anybody(rule: &str, side: &str) -> String {
    let (open, close) = (format!("<{side}>"), format!("</{side}>"));
    let (start, end) = (rule.find(&open).unwrap(), rule.find(&close).unwrap());
    let port = field(&rule[start..end], "port");
    let port = if port.is_empty() { String::new() } else { format!("<port>{port}</port>") };
    format!("{}{open}<any></any>{port}{}", &rule[..start], &rule[end..])
}

/// In every household, some rules of each sort are edited as a hand would; whatever that opens is told with a packet and
/// with the tracker of the very rule, and what it closes with a packet that the policy lets pass.
#[test]
fn edits_in_every_household_are_caught() {
    type Edit = (&'static str, Kind, fn(&str) -> Option<String>);
    let edits: [Edit; 6] = [
        ("a refusal that lets pass", Kind::Open, |rule| {
            (!rule.contains("<type>pass</type>")).then(|| {
                rule.replace("<type>block</type>", "<type>pass</type>")
                    .replace("<type>reject</type>", "<type>pass</type>")
            })
        }),
        ("from anybody", Kind::Open, |rule| {
            rule.contains("<type>pass</type>").then(|| from_anybody(rule, "source")).filter(|edited| edited != rule)
        }),
        ("to anybody", Kind::Open, |rule| {
            rule.contains("<type>pass</type>")
                .then(|| from_anybody(rule, "destination"))
                .filter(|edited| edited != rule)
        }),
        ("one port more", Kind::Open, |rule| {
            let (before, after) = rule.split_once("<destination>")?;
            let port: u16 = field(after, "port").parse().ok().filter(|_| rule.contains("<type>pass</type>"))?;
            let wider = after.replace(&format!("<port>{port}</port>"), &format!("<port>{port}-{}</port>", port + 1));
            Some(format!("{before}<destination>{wider}"))
        }),
        ("left out", Kind::Closed, |rule| rule.contains("<type>pass</type>").then(String::new)),
        ("switched off", Kind::Closed, |rule| {
            rule.contains("<type>pass</type>").then(|| rule.replace("<rule>", "<rule><disabled></disabled>"))
        }),
    ];
    let mut total = 0;
    for name in HOUSEHOLDS {
        let (mut checked, text) = household(name);
        let filter = text.find("\t<filter>").unwrap();
        let places: Vec<usize> = text[filter..].match_indices("<rule>").map(|(at, _)| filter + at).collect();
        for (number, (what, kind, edit)) in edits.iter().enumerate() {
            let fitting: Vec<(std::ops::Range<usize>, String)> = places
                .iter()
                .filter_map(|at| {
                    let range = rule_around(&text, at + 6);
                    edit(&text[range.clone()]).map(|edited| (range, edited))
                })
                .collect();
            // A few, spread over the file; another one for every edit.
            let step = (fitting.len() / 5).max(1);
            let mut caught = 0;
            for (range, edited) in fitting.iter().skip(number % step).step_by(step) {
                let tracker = format!("(tracker {})", field(&text[range.clone()], "tracker"));
                let file = format!("{}{edited}{}", &text[..range.start], &text[range.end..]);
                let found = differences(&mut checked, file);
                let of_kind: Vec<&Difference> = found.iter().filter(|difference| difference.kind == *kind).collect();
                if of_kind.is_empty() {
                    // Another rule says the same, or refuses it again.
                    continue;
                }
                caught += 1;
                if *kind == Kind::Open {
                    let mut told = of_kind.iter().filter_map(|difference| difference.line.as_ref());
                    assert!(
                        told.any(|line| line.line > 0 && line.text.contains(&tracker)),
                        "{name}, {what}: {tracker} is not told in {found:#?}"
                    );
                }
            }
            assert!(caught > 0, "{name}, {what}: none of {} was caught", fitting.len());
            total += caught;
        }
    }
    assert!(total >= 120, "{total}");
}

/// Two uplinks, a DMZ, and a VPN with accounts: what goes wrong with these by a click.
#[test]
fn clicks_in_the_office_with_two_uplinks_are_caught() {
    let (mut checked, text) = household("multi-uplink-office");
    let rule = |tracker: u32, interface: &str, more: &str| {
        format!(
            "<rule><tracker>{tracker}</tracker><type>pass</type><interface>{interface}</interface><ipprotocol>inet</ipprotocol>\
             {more}<descr>by hand</descr></rule>"
        )
    };
    let any = "<source><any></any></source><destination><any></any></destination>";
    let added = |rule: String| text.replacen("\t<filter>\n", &format!("\t<filter>\n\t\t{rule}\n"), 1);
    let telling = |found: &[Difference], kind: Kind, word: &str| {
        found.iter().any(|difference| {
            difference.kind == kind && difference.line.as_ref().is_some_and(|line| line.text.contains(word))
        })
    };
    // The page of all OpenVPN servers is asked before that of the one.
    let found = differences(&mut checked, added(rule(1_700_000_001, "openvpn", any)));
    assert!(telling(&found, Kind::Open, "(tracker 1700000001)"), "{found:#?}");
    // The page of the firewall is open by LTE. (What is forwarded has to bear a mark there, or it does not leave again.)
    let page = "<protocol>tcp</protocol><source><any></any></source>\
        <destination><network>(self)</network><port>443</port></destination>";
    let found = differences(&mut checked, added(rule(1_700_000_002, "opt1", page)));
    assert!(telling(&found, Kind::Open, "(tracker 1700000002)"), "{found:#?}");
    // The office leaves by the address of the home.
    let target = "<target>198.51.100.11</target>";
    assert!(text.contains(target));
    let found = differences(&mut checked, text.replace(target, "<target></target>"));
    assert!(found.iter().any(|difference| difference.kind == Kind::Translated), "{found:#?}");
    // Everybody asks the proxy, and not Cloudflare alone.
    let at = text.find("<descr>hedgerow expose main.hedge:112</descr>").unwrap();
    assert!(text[at..].contains("<associated-rule-id>nat_"));
    let cloudflare = text.find("<filter>").unwrap();
    let alias = text[cloudflare..].find("hr_wan4_").map(|at| cloudflare + at).unwrap();
    let name = text[alias..].split('<').next().unwrap();
    let found = differences(&mut checked, text.replace(&format!("<address>{name}</address>"), "<any></any>"));
    assert!(found.iter().any(|difference| difference.kind == Kind::Open), "{found:#?}");
    // The page of the firewall is open to the cameras, for their interface is called `lan` now.
    let found = differences(&mut checked, text.replace("\t\t\t<noantilockout></noantilockout>\n", ""));
    assert!(telling(&found, Kind::Open, "anti-lockout rule"), "{found:#?}");
}

/// Answers to what comes in by the second uplink go back there by `reply-to`, which a group of interfaces has not.
#[test]
fn answers_that_leave_by_the_other_uplink_are_told() {
    let policy = "use std.services\nrouter edge { }\n\
        zone wan { role internet; interface igb0; interface pfsense wan; address 203.0.113.2/30; gateway 203.0.113.1 }\n\
        zone line { role internet; interface igb2; interface pfsense opt2; address 198.51.100.2/30; gateway 198.51.100.1 }\n\
        zone pc { role trusted; interface igb1; interface pfsense lan; network 10.0.10.0/24 }\n\
        host ha { zone pc; address 10.0.10.7 }\n\
        allow pc -> internet\nexpose ha : https { on line; ipv6 off }\n";
    let mut checked = compile::check("home.hedge", policy, &Memory::default());
    let text = compile::render(&mut checked, "home.hedge", Target::PfSense, &[]).unwrap().files[0].text.clone();
    let filter = text.find("\t<filter>").unwrap();
    let at = filter + text[filter..].find("<address>10.0.10.7</address>").unwrap();
    let range = rule_around(&text, at);
    let whole = &text[range.clone()];
    let tracker = format!("(tracker {})", field(whole, "tracker"));
    let group =
        "\t<ifgroups><ifgroupentry><ifname>uplinks</ifname><members>wan opt2</members></ifgroupentry></ifgroups>\n";
    for (what, edited, around) in [
        ("on a group", whole.replace("<interface>opt2</interface>", "<interface>uplinks</interface>"), group),
        ("switched off", whole.replace("<rule>", "<rule><disablereplyto></disablereplyto>"), ""),
    ] {
        assert_ne!(edited, whole, "{what}");
        let file = format!("{}{edited}{}", &text[..range.start], &text[range.end..]);
        let found = differences(&mut checked, file.replacen("\t<aliases>", &format!("{around}\t<aliases>"), 1));
        let told = found.iter().any(|difference| {
            difference.kind == Kind::RepliesDropped
                && difference.line.as_ref().is_some_and(|line| line.text.contains(&tracker))
        });
        assert!(told, "{what}: {found:#?}");
    }
    // Where the switch is thrown for all, too.
    let all = text.replacen("\t<system>", "\t<system><disablereplyto></disablereplyto>", 1);
    assert!(differences(&mut checked, all).iter().any(|difference| difference.kind == Kind::RepliesDropped));
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

/// A forward that leads elsewhere ends at the rule that holds its packets back; the forward is what was changed.
#[test]
fn the_forward_before_a_drop_is_named() {
    let (mut checked, text) = house();
    let found =
        differences(&mut checked, text.replacen("<target>192.168.10.10</target>", "<target>192.168.10.11</target>", 1));
    let led = found.iter().filter(|found| found.kind == Kind::Closed).flat_map(|found| &found.led_by);
    let led: Vec<&str> = led.map(|by| by.text.as_str()).collect();
    assert!(led.iter().any(|by| by.contains("forward `hedgerow expose main.hedge:")), "{led:?}");
}

/// A client of DHCP on an inner interface lets answers in from anybody there, and nothing asks for it.
#[test]
fn an_inner_interface_by_dhcp_is_open() {
    let (mut checked, text) = house();
    let at = text.find("<ipaddr>192.168.10.1</ipaddr>").unwrap();
    let line = 1 + text[..at].rfind("<lan>").map(|at| text[..at].matches('\n').count()).unwrap();
    let edited = text.replacen("<ipaddr>192.168.10.1</ipaddr>", "<ipaddr>dhcp</ipaddr>", 1);
    let found = differences(&mut checked, edited);
    let open: Vec<_> = found.iter().filter(|difference| difference.kind == Kind::Open).collect();
    assert!(!open.is_empty(), "{found:#?}");
    for difference in open {
        assert_eq!((difference.packet.src_port, difference.packet.dst_port), (67, 68));
        let decided = difference.line.as_ref().unwrap();
        assert_eq!(decided.text, "allow dhcp replies in (interface lan)");
        assert_eq!(decided.line as usize, line);
    }
}

/// So does a pool where nobody may ask for addresses.
#[test]
fn a_pool_that_nobody_may_ask_is_open() {
    let (mut checked, text) = house();
    let policy = std::fs::read_to_string("examples/direct-tls/main.hedge")
        .unwrap()
        .replace("router : dns, dhcp4, dhcp6, ntp\nallow guest", "router : dns, ntp\nallow guest");
    let world = Memory { date: jiff::civil::date(2026, 11, 23), ..Memory::default() };
    assert_eq!(differences(&mut checked, text.clone()).len(), 0);
    let mut narrower = compile::check("examples/direct-tls/main.hedge", &policy, &world);
    let pool = "<opt1>\n\t\t\t<enable></enable>\n\t\t</opt1>";
    let with_pool = |text: &str| {
        text.replacen("\t</interfaces>", &format!("\t</interfaces>\n\t<dhcpd>\n\t\t{pool}\n\t</dhcpd>"), 1)
    };
    let compiled =
        compile::render(&mut narrower, "examples/direct-tls/main.hedge", Target::PfSense, &[]).unwrap().files[0]
            .text
            .clone();
    let found = differences(&mut narrower, with_pool(&compiled));
    assert!(
        found.iter().any(|difference| difference.kind == Kind::Open && difference.packet.dst_port == 67),
        "{found:#?}"
    );
}
