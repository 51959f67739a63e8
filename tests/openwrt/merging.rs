//! The user's own configuration: what hedgerow owns is replaced, all else stays as it is, byte for byte.

use hedgerow::{compile, diagnostic::Human, router::File, target::Target};

use super::support::{SMALL, file, render, sections};

/// A router that has lived: the stock configuration, with things of its owner's.
const FIREWALL: &str = include_str!("base/firewall");
const NETWORK: &str = include_str!("base/network");
const DHCP: &str = include_str!("base/dhcp");

fn base() -> Vec<File> {
    [("firewall", FIREWALL), ("network", NETWORK), ("dhcp", DHCP)]
        .into_iter()
        .map(|(name, text)| File { name: name.to_owned(), text: text.to_owned() })
        .collect()
}

/// The small policy with the zones as the router's owner calls them.
fn policy() -> String {
    SMALL.replace("zone pc", "zone lan").replace("pc ->", "lan ->").replace("eth1.10", "br-lan.1")
}

#[test]
fn what_is_not_hedgerows_stays_byte_for_byte() {
    let files = render(&policy(), &base()).unwrap();
    // What the owner wrote stands between these marks.
    for (name, text) in [("firewall", FIREWALL), ("network", NETWORK), ("dhcp", DHCP)] {
        let merged = file(&files, name);
        let mut kept = 0;
        for part in text.split("# mine:").skip(1) {
            let part = &part[..part.find("# end of mine").expect("an end") + "# end of mine".len()];
            assert!(merged.contains(part), "{name} lost or changed:\n{part}\n\n{merged}");
            kept += 1;
        }
        assert!(kept > 0, "{name} has nothing of the owner's");
    }
}

#[test]
fn the_stock_configuration_makes_room() {
    let files = render(&policy(), &base()).unwrap();
    let firewall = file(&files, "firewall");
    for gone in ["Allow-Ping", "Allow-IPSec-ESP", "Allow-ISAKMP", "config forwarding", "config defaults\n", "syn_flood"]
    {
        assert!(!firewall.contains(gone), "{gone} is still there");
    }
    assert_eq!(firewall.matches("option name 'lan'").count(), 1, "one zone lan");
    assert_eq!(firewall.matches("config defaults").count(), 1, "firewall4 takes the first defaults alone");
    let guide = file(&files, "IMPORT.md");
    assert!(guide.contains("`rule 'Allow-Ping'`") && guide.contains("`zone 'lan'`"), "what made room is said");
}

/// What is written when it is missing is the user's from then on: it may move, and stays as it is.
#[test]
fn merging_again_changes_nothing() {
    let packages =
        |files: Vec<File>| -> Vec<File> { files.into_iter().filter(|file| !file.name.contains('.')).collect() };
    let once = packages(render(&policy(), &base()).unwrap());
    let twice = packages(render(&policy(), &once).unwrap());
    let thrice = packages(render(&policy(), &twice).unwrap());
    for name in ["firewall", "network", "dhcp"] {
        let sorted = |files: &[File]| {
            let mut lines: Vec<String> =
                file(files, name).split("\nconfig ").map(|part| part.trim().to_owned()).collect();
            lines.sort();
            lines
        };
        assert_eq!(file(&twice, name), file(&thrice, name));
        if name == "firewall" {
            assert_eq!(file(&once, name), file(&twice, name));
        }
        assert_eq!(sorted(&once).len(), sorted(&twice).len(), "{name}");
    }
}

#[test]
fn what_the_policy_no_longer_says_goes() {
    let once = render(&policy(), &base()).unwrap();
    let again: Vec<File> = once.iter().filter(|file| !file.name.contains('.')).cloned().collect();
    let narrower = policy().replace("allow lan -> router : dns\n", "");
    let files = render(&narrower, &again).unwrap();
    assert!(!file(&files, "firewall").contains("list dest_port '53'"));
}

#[test]
fn the_batch_deletes_exactly_what_made_room() {
    let files = render(&policy(), &base()).unwrap();
    let batch = file(&files, "hedgerow.uci");
    let deleted: Vec<&str> = batch.lines().filter_map(|line| line.strip_prefix("delete ")).collect();
    assert!(deleted.contains(&"firewall.@defaults[0]"), "{deleted:?}");
    // From the highest number down: each delete moves those behind it.
    let rules: Vec<usize> = deleted
        .iter()
        .filter_map(|path| path.strip_prefix("firewall.@rule["))
        .map(|rest| rest.trim_end_matches(']').parse().unwrap())
        .collect();
    assert!(rules.len() >= 9 && rules.is_sorted_by(|a, b| a > b), "{rules:?}");
}

#[test]
fn what_only_the_user_knows_of_his_uplink_stays() {
    let files = render(&policy(), &base()).unwrap();
    let network = sections(file(&files, "network"));
    let wan: Vec<_> = network.iter().filter(|section| section.name == "wan").collect();
    assert_eq!(wan.len(), 1);
    assert_eq!(wan[0].get("gateway"), Some("203.0.113.1"), "{wan:?}");
    let lan = network.iter().find(|section| section.name == "lan").unwrap();
    assert_eq!(lan.all("ipaddr"), ["10.0.10.1/24"], "the policy says what the router has inside");
}

#[test]
fn an_own_bridge_keeps_its_ports() {
    let files = render(&policy(), &base()).unwrap();
    let network = sections(file(&files, "network"));
    assert_eq!(network.iter().filter(|section| section.kind == "device").count(), 1, "one br-lan");
    let vlan = network.iter().find(|section| section.kind == "bridge-vlan").expect("the VLAN of lan");
    assert_eq!(vlan.all("ports"), ["lan1:t", "lan2:t"]);
}

/// Compiled as on the command line, with the proof about what came of it.
fn proven(policy: &str, base: &[File]) -> Result<Vec<File>, String> {
    let mut checked = super::support::checked(policy);
    match compile::render(&mut checked, "house.hedge", Target::OpenWrt, base) {
        Ok(output) => Ok(output.files),
        Err(errors) => {
            let human = Human::new(&checked.sources, false);
            Err(errors.iter().map(|error| human.render(error)).collect())
        }
    }
}

/// The base without the rule that refuses something.
fn peaceful() -> Vec<File> {
    let mut base = base();
    let (before, rest) = FIREWALL.split_once("# mine: a rule").unwrap();
    let (_, behind) = rest.split_once("# end of mine\n").unwrap();
    base[0].text = format!("{before}{behind}");
    base
}

#[test]
fn the_merged_configuration_is_proven() {
    let files = proven(&policy(), &peaceful()).unwrap_or_else(|errors| panic!("{errors}"));
    assert!(file(&files, "firewall").contains("config include 'mypackage'"));
    assert!(files.iter().all(|file| file.name != "wireless"), "a foreign Wi-Fi is nobody's business here");
}

#[test]
fn a_foreign_rule_that_opens_is_told_with_its_line() {
    let mut base = peaceful();
    base[0].text += "\nconfig rule 'tmp'\n\toption name 'NAS from outside'\n\toption src 'wan'\n\toption dest 'srv'\n\toption proto 'tcp'\n\toption dest_port '445'\n\toption target 'ACCEPT'\n";
    let said = proven(&policy(), &base).expect_err("it opens what the policy denies");
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots/openwrt");
    settings.bind(|| insta::assert_snapshot!("foreign_rule", said));
    // The line is that of the user's file, where it stands behind what was there.
    let line = 1 + base[0].text.lines().position(|line| line.contains("NAS from outside")).unwrap();
    assert!(said.contains(&format!("firewall:{line}:")), "{line}: {said}");
}

#[test]
fn a_foreign_rule_that_closes_is_told_too() {
    let said = proven(&policy(), &base()).expect_err("telnet to the internet is allowed, and refused");
    assert!(said.contains("holds back what the policy allows"), "{said}");
    assert!(said.contains("It's no telnet"), "{said}");
}

#[test]
fn an_uplink_of_the_users_has_to_say_what_the_policy_says() {
    let wan = |words: &str| {
        let policy = policy();
        let line = policy.lines().find(|line| line.trim_start().starts_with("zone wan")).unwrap().to_owned();
        policy.replace(&line, &format!("zone wan {{ role internet; interface eth0; {words} }}"))
    };
    render(&wan("address 203.0.113.2/24; gateway 203.0.113.1"), &base()).expect("it is the same");
    let dslite = NETWORK.to_owned() + "config interface 'wan6'\n\toption device '@wan'\n\toption proto 'dhcpv6'\n";
    let bases = [
        ("address 203.0.113.2/24; gateway 203.0.113.9", base()),
        ("address 203.0.113.7/24; gateway 203.0.113.1", base()),
        ("address 203.0.113.2/24, 2001:db8:9::2/64; gateway 203.0.113.1, fe80::1", base()),
        ("address dhcp; uplink ds-lite", vec![File { name: "network".to_owned(), text: dslite }]),
    ];
    let mut text = String::new();
    for (words, base) in bases {
        let policy = wan(words);
        let sources = super::support::checked(&policy).sources;
        let human = Human::new(&sources, false);
        let errors = render(&policy, &base).expect_err("it differs");
        text += &errors.iter().map(|error| human.render(error) + "\n\n").collect::<String>();
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots/openwrt");
    settings.bind(|| insta::assert_snapshot!("base_differs", text));
}

/// uhttpd as OpenWrt is delivered, and moved.
const PAGE: &str = "config uhttpd 'main'\n\tlist listen_http '0.0.0.0:80'\n\tlist listen_http '[::]:80'\n\tlist listen_https '0.0.0.0:443'\n\toption home '/www'\n";

/// A proxy on the router, and the page that it has to share the router with.
#[test]
fn the_page_of_the_router_leaves_its_port_to_what_listens_there() {
    let proxy = policy().replace("target nftables", "target openwrt").replacen(
        "router edge {",
        "router edge { page 8443; ",
        1,
    ) + "\nhost box { zone lan;  address 10.0.10.7 }\nexpose box : tcp 8123 { through router;  name a.example.org;  tls own }\n";
    let said = |page: &str| {
        let mut base = base();
        base.push(File { name: "uhttpd".to_owned(), text: page.to_owned() });
        let files = render(&proxy, &base).map(|files| files.iter().any(|file| file.name == "uhttpd"));
        files.map_err(|errors| errors.iter().map(|error| error.message.clone()).collect::<Vec<_>>())
    };
    assert_eq!(said(PAGE), Err(vec!["the router's page listens on tcp 443, where this proxy should".to_owned()]));
    let elsewhere = PAGE.replace(":443", ":9443");
    assert_eq!(said(&elsewhere), Err(vec!["the router's page does not listen on 8443, but on 80 and 9443".to_owned()]));
    let moved = PAGE.replace(":443", ":8443");
    assert_eq!(said(&moved), Ok(false), "it is read, and never written");
    // The page without TLS is where the challenge of a certificate would be answered.
    let challenge = proxy.replace("tls own", "tls letsencrypt http-01");
    let mut base = base();
    base.push(File { name: "uhttpd".to_owned(), text: moved });
    let errors = render(&challenge, &base).unwrap_err();
    assert_eq!(
        errors.iter().map(|error| error.message.as_str()).collect::<Vec<_>>(),
        ["the router's page listens on tcp 80, where this proxy should"]
    );
}
