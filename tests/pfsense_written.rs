//! What is written for pfSense is written as pfSense expects it: each point with the place in its source that asks for it.

#[path = "support/pfsense.rs"]
mod support;

use std::{collections::BTreeSet, fs};

use hedgerow::{
    compile,
    router::File,
    target::Target,
    verify::{Kind, Verdict},
    world::Memory,
};
use roxmltree::{Document, Node};
use support::{items, refused, render, text, texts};

const HOUSEHOLDS: [&str; 5] = ["cgnat-tunnel", "direct-tls", "lan-only", "multi-uplink-office", "nginx-cloudflare"];

const SMALL: &str = "use std.services\nrouter edge { }\n\
    zone wan { role internet; interface igb0; interface pfsense wan; address dhcp }\n\
    zone pc { role trusted; interface igb1; interface pfsense lan; network 10.0.10.0/24 }\n\
    zone servers { role server; interface igb2; interface pfsense opt1; network 10.0.20.0/24 }\n\
    host ha { zone servers; address 10.0.20.10 }\nhost nas { zone servers; address 10.0.20.12 }\n\
    allow pc -> internet\nallow pc -> ha, nas : ssh\nexpose ha : https { on wan }\n";

fn household(name: &str) -> String {
    fs::read_to_string(format!("examples/{name}/main.hedge")).unwrap()
}

fn config(policy: &str) -> String {
    render(policy, &[])[0].text.clone()
}

/// Runs over the whole configuration of every household.
fn each(mut look: impl FnMut(&str, Node)) {
    for name in HOUSEHOLDS {
        let text = config(&household(name));
        look(name, Document::parse(&text).unwrap().root_element());
    }
}

fn verified(policy: &str, config: &str) -> Verdict {
    let world = Memory { date: jiff::civil::date(2026, 11, 23), files: support::settings::settings() };
    let mut checked = compile::check("home.hedge", policy, &world);
    let files = [File { name: "config.xml".to_owned(), text: config.to_owned() }];
    compile::verify(&mut checked, Target::PfSense, &files).unwrap().unwrap()
}

fn refusal(policy: &str, config: &str) -> String {
    let mut checked = compile::check("home.hedge", policy, &Memory::default());
    let files = [File { name: "config.xml".to_owned(), text: config.to_owned() }];
    compile::verify(&mut checked, Target::PfSense, &files).unwrap().expect_err("it is refused").to_string()
}

/// `ridentifier` of pf has 32 bits; the page numbers rules by the clock, pfSense's own begin at 10^9 (`filter.inc`,
/// `TRACKER_DEFAULT`), and ours stand above both.
#[test]
fn trackers_are_out_of_everybodys_way() {
    each(|name, root| {
        let trackers: Vec<u64> =
            texts(root, &["filter", "rule", "tracker"]).iter().map(|word| word.parse().unwrap()).collect();
        let unique: BTreeSet<&u64> = trackers.iter().collect();
        assert_eq!(unique.len(), trackers.len(), "{name}");
        assert!(trackers.iter().all(|tracker| (2_200_000_000..=u64::from(u32::MAX)).contains(tracker)), "{name}");
    });
}

/// `delete_nat_association` and the page of a forward know the rule that belongs to it by this word alone (`filter.inc`,
/// `firewall_nat_edit.inc`): one forward, one rule, and the rule is about where the forward leads.
#[test]
fn a_forward_and_its_rule_know_each_other() {
    let mut forwards = 0;
    each(|name, root| {
        let rules = items(root, &["filter", "rule"]);
        let mut seen = BTreeSet::new();
        for forward in items(root, &["nat", "rule"]) {
            let tie = text(forward, &["associated-rule-id"]);
            assert_ne!(tie, "pass", "{name}: a forward that passes by all rules");
            if tie.is_empty() {
                continue;
            }
            assert!(tie.starts_with("nat_"), "{name}: {tie}");
            assert!(seen.insert(tie), "{name}: {tie} is that of two forwards");
            let tied: Vec<&Node> = rules.iter().filter(|rule| text(**rule, &["associated-rule-id"]) == tie).collect();
            assert_eq!(tied.len(), 1, "{name}: {tie}");
            assert_eq!(text(*tied[0], &["destination", "address"]), text(forward, &["target"]), "{name}: {tie}");
            assert_eq!(text(*tied[0], &["interface"]), text(forward, &["interface"]), "{name}: {tie}");
            forwards += 1;
        }
    });
    assert!(forwards >= 3, "{forwards}");
}

/// The page shows who made a rule and when; a clock would make every run another file.
#[test]
fn nobody_s_clock_is_in_the_file() {
    each(|name, root| {
        for kind in ["created", "updated"] {
            for stamp in root.descendants().filter(|node| node.has_tag_name(kind)) {
                assert_eq!((text(stamp, &["time"]), text(stamp, &["username"])), ("1700000000", "hedgerow"), "{name}");
            }
        }
        let rules = items(root, &["filter", "rule"]);
        assert!(rules.iter().all(|rule| !items(*rule, &["created"]).is_empty()), "{name}");
    });
}

/// Without a word of its own a forward is reflected as the system says (`filter_nat_rules_generate`): by a program of the
/// firewall, on every interface inside. What is asked for from inside is written as forwards instead.
#[test]
fn reflection_is_said_of_every_forward() {
    each(|name, root| {
        for forward in items(root, &["nat", "rule"]) {
            assert_eq!(text(forward, &["natreflection"]), "disable", "{name}");
        }
        assert_eq!(text(root, &["system", "disablenatreflection"]), "yes", "{name}");
    });
}

/// Floating rules come before those of all interfaces, and see what is forwarded, too.
#[test]
fn floating_rules_are_for_what_the_firewall_sends() {
    let closed = SMALL.replace("router edge { }", "router edge { output closed }");
    for (policy, some) in [(SMALL.to_owned(), false), (closed, true)] {
        let config = config(&policy);
        let document = Document::parse(&config).unwrap();
        let rules = items(document.root_element(), &["filter", "rule"]);
        let floating: Vec<&Node> = rules.iter().filter(|rule| !items(**rule, &["floating"]).is_empty()).collect();
        assert_eq!(!floating.is_empty(), some);
        for rule in floating {
            assert_eq!((text(*rule, &["direction"]), text(*rule, &["quick"])), ("out", "yes"));
            // With a gateway on its interface, pfSense would send the answers back there.
            assert!(!items(*rule, &["disablereplyto"]).is_empty());
        }
    }
}

/// `is_validaliasname` and `get_pf_reserved`: up to 31 letters, digits and `_`, and neither a protocol, a service, a word
/// of pf nor an interface.
#[test]
fn names_of_lists_are_names() {
    let long = "a-house-with-a-name-that-does-not-end";
    let words = ["any", "port", "pass", "ssh", "tcp", "lan", "wan_ip", "4711", "bogons", "self"];
    let mut policy = String::from(
        "use std.services\nrouter edge { }\n\
         zone wan { role internet; interface igb0; interface pfsense wan; address dhcp }\n\
         zone pc { role trusted; interface igb1; interface pfsense lan; network 10.0.0.0/24 }\n",
    );
    let names = [format!("{long}-one"), format!("{long}-two")];
    let all: Vec<String> = names.into_iter().chain(words.map(|word| format!("z-{word}"))).collect();
    for (number, name) in all.iter().enumerate() {
        let number = number + 1;
        policy += &format!(
            "zone {name} {{ role iot; interface igb2.{number}; interface pfsense opt{number}; vlan {number};\n    \
             network 10.0.{number}.0/24, 10.1.{number}.0/24 }}\nallow pc -> {name} : tcp 80, tcp 443, tcp 8080-8090\n"
        );
    }
    let written = config(&policy);
    let document = Document::parse(&written).unwrap();
    let root = document.root_element();
    let aliases = texts(root, &["aliases", "alias", "name"]);
    let unique: BTreeSet<String> = aliases.iter().map(|name| name.to_lowercase()).collect();
    assert_eq!(unique.len(), aliases.len(), "{aliases:?}");
    assert!(aliases.len() > 4, "{aliases:?}");
    for name in aliases {
        assert!(name.len() <= 31 && name.starts_with("hr_"), "{name}");
        assert!(name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{name}");
    }
    // `filter_generate_optcfg_array` makes a macro of the description of an interface.
    let descr: Vec<&str> = items(root, &["interfaces"])[0]
        .children()
        .filter(Node::is_element)
        .collect::<Vec<_>>()
        .into_iter()
        .map(|interface| text(interface, &["descr"]))
        .collect();
    let unique: BTreeSet<String> = descr.iter().map(|name| name.to_uppercase()).collect();
    assert_eq!(unique.len(), descr.len(), "{descr:?}");
    assert!(
        descr.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')),
        "{descr:?}"
    );
    assert_eq!(verified(&policy, &written).differences.len(), 0);
}

/// The number of an interface is the user's: a wrong guess would put the rules of one zone onto another.
#[test]
fn an_interface_is_never_guessed() {
    for word in ["interface pfsense opt1; ", "interface pfsense lan; "] {
        let said = refused(&SMALL.replace(word, ""), &[]);
        assert!(said.contains("error[no-interface]"), "{said}");
    }
}

fn backup(aliases: &str) -> File {
    let text = format!(
        "<?xml version=\"1.0\"?>\n<pfsense>\n\t<version>23.3</version>\n\t<system><ipv6allow></ipv6allow><disablenegate></disablenegate>\
         <webgui><protocol>https</protocol><noantilockout></noantilockout></webgui></system>\n\t<interfaces>\n\
         \t\t<wan><enable></enable><if>igb0</if><descr>WAN</descr><ipaddr>dhcp</ipaddr><ipaddrv6>dhcp6</ipaddrv6></wan>\n\
         \t\t<lan><enable></enable><if>igb1</if><descr>LAN</descr><ipaddr>10.0.10.1</ipaddr><subnet>24</subnet></lan>\n\
         \t</interfaces>\n\t<aliases>\n{aliases}\t</aliases>\n\t<nat><outbound><mode>automatic</mode></outbound></nat>\n\
         \t<filter></filter>\n</pfsense>\n"
    );
    File { name: "config-edge.xml".to_owned(), text }
}

/// Two lists of one name are one list to pfSense, and an interface of that name is none (`filter_generate_aliases`).
#[test]
fn names_of_a_backup_stay_its_own() {
    let fresh = config(SMALL);
    let document = Document::parse(&fresh).unwrap();
    let ours = texts(document.root_element(), &["aliases", "alias", "name"]);
    let alias = |name: &str| {
        format!(
            "\t\t<alias><name>{name}</name><type>host</type><address>172.20.0.9</address><descr>mine</descr></alias>\n"
        )
    };
    let theirs: String = ours.iter().map(|name| alias(name)).chain([alias("SERVERS")]).collect();
    let merged = render(SMALL, &[backup(&theirs)]);
    let document = Document::parse(&merged[0].text).unwrap();
    let root = document.root_element();
    let names = texts(root, &["aliases", "alias", "name"]);
    let unique: BTreeSet<&&str> = names.iter().collect();
    assert_eq!(unique.len(), names.len(), "{names:?}");
    assert_eq!(names.len(), 2 * ours.len() + 1, "{names:?}");
    assert_eq!(texts(root, &["interfaces", "opt1", "descr"]), ["SERVERS_OPT1"]);
    assert_eq!(verified(SMALL, &merged[0].text).differences.len(), 0);
    assert_eq!(render(SMALL, &merged[..1])[0].text, merged[0].text, "the second run changes something");
    // pf would read `on <SERVERS>`.
    let taken = merged[0].text.replace("<descr>SERVERS_OPT1</descr>", "<descr>SERVERS</descr>");
    insta::assert_snapshot!("a_list_and_an_interface", refusal(SMALL, &taken));
}

/// `pass to ! private` lets in to the firewall's own address outside: what is the firewall's is refused before.
#[test]
fn the_internet_does_not_begin_at_the_firewall() {
    for name in HOUSEHOLDS {
        let policy = household(name);
        let whole = config(&policy);
        let mut opened = 0;
        for (at, _) in whole.match_indices("<descr>hedgerow nothing else of the firewall</descr>") {
            let start = whole[..at].rfind("<rule>").unwrap();
            let end = at + whole[at..].find("</rule>").unwrap() + "</rule>".len();
            let without = format!("{}{}", &whole[..start], &whole[end..]);
            let found = verified(&policy, &without);
            opened += usize::from(found.differences.iter().any(|difference| difference.kind == Kind::Open));
        }
        assert!(opened > 0 || !policy.contains("internet"), "{name}");
    }
}

/// `filter_generate_user_rule` leaves a comment in the place of a rule that it cannot resolve, and says nothing more.
#[test]
fn a_rule_that_vanishes_is_told() {
    let policy = "use std.services\nrouter edge { }\n\
        zone wan { role internet; interface igb0; interface pfsense wan; address dhcp }\n\
        zone pc { role trusted; interface igb1; interface pfsense lan; network 10.0.10.0/24 }\n\
        zone iot { role iot; interface igb2; interface pfsense opt1; network 10.0.20.0/24, 10.0.21.0/24 }\n\
        host a { zone iot; address 10.0.20.5 }\nhost b { zone iot; address 10.0.20.9 }\n\
        allow pc -> iot\ndeny pc -> a, b : tcp 22, tcp 80, tcp 443\nallow pc -> internet\n";
    let good = config(policy);
    assert_eq!(verified(policy, &good).differences.len(), 0);
    let end = good.find("</aliases>").unwrap();
    let name = |mark: &str| {
        let at = good[..end].find(mark).unwrap_or_else(|| panic!("no {mark}"));
        let rest = &good[at..];
        rest.split('<').next().unwrap().to_owned()
    };
    let (hosts, ports) = (name("hr_iot4_"), name("hr_ports_"));
    for (what, edited, kind) in [
        ("a list of addresses", good.replace(&format!("<name>{hosts}</name>"), "<name>gone</name>"), Kind::Open),
        ("a list of ports", good.replace(&format!("<name>{ports}</name>"), "<name>gone</name>"), Kind::Open),
        ("an interface", good.replace("<interface>lan</interface>", "<interface>opt9</interface>"), Kind::Closed),
        ("an interface that is off", good.replacen("<opt1>\n\t\t\t<enable></enable>", "<opt1>", 1), Kind::Closed),
    ] {
        assert_ne!(good, edited, "{what}");
        if what == "an interface that is off" {
            // Whoever has a rule there has none any more, and nobody has left a word.
            let mut checked = compile::check("home.hedge", policy, &Memory::default());
            let files = [File { name: "config.xml".to_owned(), text: edited }];
            let found = compile::verify(&mut checked, Target::PfSense, &files).unwrap();
            assert!(found.is_ok_and(|found| !found.differences.is_empty()), "{what}");
            continue;
        }
        let found = verified(policy, &edited);
        assert!(found.differences.iter().any(|difference| difference.kind == kind), "{what}: {:#?}", found.differences);
        let told = found.unknown.iter().any(|line| line.text.contains("pfSense leaves it out") && line.line > 0);
        assert!(told, "{what}: {:#?}", found.unknown);
    }
    let hyphen = good.replace(&hosts, "hr-iot4");
    insta::assert_snapshot!("a_hyphen", refusal(policy, &hyphen));
}

/// `blockpriv` and `blockbogons` hold back what the policy lets in from a network before the firewall; neither is set.
#[test]
fn what_lies_before_the_firewall_is_heard() {
    let upstream = SMALL
        .replace("address dhcp }", "address dhcp; upstream 192.168.178.0/24 }")
        .replace("expose ha : https { on wan }\n", "expose ha : https { on wan; from 192.168.178.0/24 }\n");
    for policy in [SMALL.to_owned(), upstream.clone()] {
        let written = config(&policy);
        assert!(!written.contains("blockpriv") && !written.contains("blockbogons"));
    }
    let written = config(&upstream);
    let blocked = written.replacen("<if>igb0</if>", "<if>igb0</if>\n\t\t\t<blockpriv></blockpriv>", 1);
    let found = verified(&upstream, &blocked).differences;
    let told = |line: &hedgerow::router::Line| line.text.starts_with("Block private networks");
    assert!(
        found.iter().any(|difference| difference.kind == Kind::Closed && difference.line.as_ref().is_some_and(told))
    );
}

/// Whoever is on `lan` reaches the page by a rule of pfSense's own, unless it is switched off: the policy says who may.
#[test]
fn the_page_is_reached_by_whom_the_policy_says() {
    let written = config(SMALL);
    let unlocked = written.replace("\t\t\t<noantilockout></noantilockout>\n", "");
    assert_ne!(written, unlocked);
    let found = verified(SMALL, &unlocked).differences;
    let told = |line: &hedgerow::router::Line| line.text == "anti-lockout rule";
    assert!(found.iter().any(|difference| difference.kind == Kind::Open && difference.line.as_ref().is_some_and(told)));
    // Where it may, the rule adds nothing, from whatever address of the link.
    let open = format!("{SMALL}allow pc -> router\n");
    assert_eq!(verified(&open, &config(&open)).differences.len(), 0);
}
