//! A firewall that has been in use for years: its backup, of 3,600 lines and ten packages, is written as pfSense 2.7 writes
//! one (its own writer gives the same bytes for it). What is hedgerow's is put in and taken out again; everything else
//! stays as it was.

use std::{fs, ops::Range};

use hedgerow::{
    compile::{self, Checked},
    diagnostic::{Diagnostic, Human},
    router::File,
    target::Target,
    world::Memory,
};
use roxmltree::{Document, Node};

const POLICY: &str = "lived-in.hedge";
const MARK: &str = "\u{feff}";

fn text(name: &str) -> String {
    fs::read_to_string(format!("tests/pfsense_backup/{name}")).unwrap()
}

fn checked(policy: &str) -> Checked {
    let world = Memory { date: jiff::civil::date(2026, 11, 23), ..Memory::default() };
    compile::check(POLICY, policy, &world)
}

/// The backup with a policy's sections in it, proven.
fn merged(policy: &str, base: &str) -> Result<String, String> {
    files(policy, base).map(|files| files[0].text.clone())
}

/// All files of it.
fn files(policy: &str, base: &str) -> Result<Vec<File>, String> {
    let mut checked = checked(policy);
    let told = |checked: &Checked, found: &[Diagnostic]| {
        let human = Human::new(&checked.sources, false);
        found.iter().map(|found| human.render(found) + "\n\n").collect::<String>()
    };
    if checked.has_errors() {
        return Err(told(&checked, &checked.diagnostics));
    }
    let base = File { name: "config-torwart.xml".to_owned(), text: base.to_owned() };
    match compile::render(&mut checked, POLICY, Target::PfSense, &[base]) {
        Ok(output) => Ok(output.files),
        Err(found) => Err(told(&checked, &found)),
    }
}

fn is_ours(node: Node) -> bool {
    let says = |name| node.children().find(|child| child.has_tag_name(name)).and_then(|child| child.text());
    ["descr", "text"].into_iter().filter_map(says).any(|text| text.trim().starts_with("hedgerow"))
}

/// The places of what is hedgerow's, each with the blank space before it: its items, and pages that its headings alone are on.
fn ours(node: Node, before: Option<Node>, text: &str, found: &mut Vec<Range<usize>>) {
    for child in node.children().filter(Node::is_element) {
        let there = before.and_then(|node| node.children().find(|other| other.has_tag_name(child.tag_name().name())));
        let new_page = before.is_some_and(|node| node.has_tag_name("separator")) && there.is_none();
        if is_ours(child) || (new_page && child.children().filter(Node::is_element).all(is_ours)) {
            let start = text[..child.range().start].trim_end().len();
            found.push(start..child.range().end);
        } else {
            ours(child, there, text, found);
        }
    }
}

/// The file without what is hedgerow's. Elements that were empty before are written as they were.
fn without_ours(merged: &str, base: &str) -> String {
    let mark = if merged.starts_with(MARK) { MARK } else { "" };
    let merged = merged.trim_start_matches(MARK);
    let (document, before) =
        (Document::parse(merged).unwrap(), Document::parse(base.trim_start_matches(MARK)).unwrap());
    let mut places = Vec::new();
    ours(document.root_element(), Some(before.root_element()), merged, &mut places);
    let mut rest = mark.to_owned();
    let mut at = 0;
    for place in places {
        rest += &merged[at..place.start];
        at = place.end;
    }
    rest += &merged[at..];
    for line in base.lines().filter(|line| line.contains("></")) {
        let opened = line.replacen("></", ">\n\t\t\t</", 1);
        let opened = if base.contains('\r') { opened.replace('\n', "\r\n") } else { opened };
        rest = rest.replace(&format!("{opened}\n"), &format!("{line}\n"));
        rest = rest.replace(&format!("{opened}\r\n"), &format!("{line}\r\n"));
    }
    rest
}

/// The lines that differ. There are as many in both.
fn changed<'a>(before: &'a str, after: &'a str) -> Vec<(usize, &'a str, &'a str)> {
    let (before, after): (Vec<&str>, Vec<&str>) =
        (before.split_inclusive('\n').collect(), after.split_inclusive('\n').collect());
    assert_eq!(before.len(), after.len());
    let lines = before.into_iter().zip(after).zip(1..);
    lines.filter(|((one, other), _)| one != other).map(|((one, other), number)| (number, one, other)).collect()
}

#[test]
fn all_but_the_rows_of_headings_stays_byte_for_byte() {
    let base = text("lived-in.xml");
    let policy = text(POLICY);
    assert!(base.lines().count() > 2000);
    let plain = merged(&policy, &base).unwrap();
    let rest = without_ours(&plain, &base);
    let told: Vec<String> = changed(&base, &rest)
        .into_iter()
        .map(|(number, before, after)| format!("{number}: {} -> {}", before.trim(), after.trim()))
        .collect();
    insta::assert_snapshot!(told.join("\n"));

    // Ends of lines and a mark at the head are those of the backup, and a second run changes nothing.
    for base in [base.clone(), base.replace('\n', "\r\n")] {
        for base in [base.clone(), format!("{MARK}{base}")] {
            let file = merged(&policy, &base).unwrap();
            assert_eq!(file.starts_with(MARK), base.starts_with(MARK));
            assert!(file.trim_start_matches(MARK).replace("\r\n", "\n") == plain);
            assert_eq!(file.matches('\n').count(), plain.matches('\n').count());
            let ends = file.matches("\r\n").count();
            assert_eq!(ends, if base.contains('\r') { file.matches('\n').count() } else { 0 });
            let rows = changed(&base, &without_ours(&file, &base)).len();
            assert_eq!(rows, told.len());
            assert!(merged(&policy, &file).unwrap() == file, "a second run changes something");
        }
    }
}

/// The policy with some of its pieces exchanged.
fn edited(policy: &str, edits: &[(&str, &str)]) -> String {
    let edit = |text: String, (from, to): &(&str, &str)| {
        assert!(text.contains(from), "`{from}` is not in the policy");
        text.replace(from, to)
    };
    edits.iter().fold(policy.to_owned(), edit)
}

#[test]
fn a_changed_policy_leaves_nothing_of_the_earlier_one() {
    let (base, policy) = (text("lived-in.xml"), text(POLICY));
    let first = merged(&policy, &base).unwrap();
    let expose = &policy[policy.find("expose ha").unwrap()..policy.find("home-assistant ha").unwrap()];
    for edits in [
        &[(expose, ""), ("schedule day   = mon-sun 08:00-22:00\n", ""), (" { during day }", "")][..],
        &[
            ("    name    ha.haus.example\n    tls     letsencrypt dns-01\n", "    tls     own\n"),
            ("allow lan            -> nas : smb\n", ""),
            ("page 8443;", "page 8443;  output closed;"),
        ],
    ] {
        let changed = edited(&policy, edits);
        let fresh = merged(&changed, &base).unwrap_or_else(|why| panic!("{edits:?}: {why}"));
        assert!(fresh != first, "{edits:?}");
        assert!(merged(&changed, &first).unwrap() == fresh, "{edits:?}");
        assert!(merged(&policy, &fresh).unwrap() == first, "back from {edits:?}");
    }
}

/// pfSense writes descriptions as CDATA, and gives numbers to the times when it changes a rule.
#[test]
fn what_pfsense_has_written_anew_is_known_again() {
    let (base, policy) = (text("lived-in.xml"), text(POLICY));
    let first = merged(&policy, &base).unwrap();
    let mut anew = String::new();
    for line in first.split_inclusive('\n') {
        let inside = ["descr", "detail", "username", "statetype", "text"].into_iter().find_map(|name| {
            let (start, end) = (format!("<{name}>"), format!("</{name}>\n"));
            let inside = line.trim_start().strip_prefix(&start)?.strip_suffix(&end)?;
            let bare = !inside.is_empty() && !inside.starts_with("<![CDATA[");
            bare.then(|| line.replace(inside, &format!("<![CDATA[{inside}]]>")))
        });
        anew += inside.as_deref().unwrap_or(line);
    }
    assert!(anew != first);
    // A reservation is the user's from the first run on, and stays as pfSense writes it.
    let reserved = "<descr>hedgerow scanner</descr>";
    assert!(first.contains(reserved));
    let first = first.replace(reserved, "<descr><![CDATA[hedgerow scanner]]></descr>");
    assert!(merged(&policy, &anew).unwrap() == first, "something is written anew");
}

/// Rules of the user's own where pfSense asks them before hedgerow's, or instead: floating, of a group, on the tab of an
/// uplink, forwards with a rule and without, outbound NAT. Two of them, which hedgerow's rules stand before, are no matter.
#[test]
fn every_rule_that_contradicts_the_policy_is_named_at_once() {
    let (base, policy, planted) = (text("lived-in.xml"), text(POLICY), text("planted.xml"));
    let inside = |start: &str, end: &str| {
        let from = planted.find(start).unwrap() + start.len();
        planted[from..].split(end).next().unwrap().to_owned()
    };
    let rules = inside("<filter>\n", "\t</filter>");
    let outbound = inside("<outbound>\n", "\t\t</outbound>");
    let forwards = inside("</outbound>\n", "\t</nat>");
    let plant = |text: &str| {
        // The headings of the rules are the last ones of the file.
        let end = text.rfind("\t\t<separator>\n").unwrap();
        let text = format!("{}{rules}{}", &text[..end], &text[end..]);
        text.replacen("\t\t</outbound>\n", &format!("{outbound}\t\t</outbound>\n{forwards}"), 1)
    };
    let planted = plant(&base);
    insta::assert_snapshot!("planted", merged(&policy, &planted).unwrap_err());
    // Ends of lines, a mark at the head and what a run before has left above make no difference to where they are.
    let earlier = plant(&merged(&policy, &base).unwrap());
    for base in [format!("{MARK}{}", planted.replace('\n', "\r\n")), earlier] {
        let told = merged(&policy, &base).unwrap_err();
        let shown: Vec<(&str, &str)> = told.lines().filter_map(|line| line.split_once(" |    <")).collect();
        assert_eq!(shown.len(), 5, "{told}");
        for (number, line) in shown {
            let number: usize = number.trim().parse().unwrap();
            let theirs = base.lines().nth(number - 1).unwrap();
            assert_eq!(theirs.trim(), format!("<{line}"));
        }
    }
}

/// The backup as it was before its owner heard of hedgerow: the switches as pfSense comes, and rules for what the policy
/// says now.
#[test]
fn the_first_merge_names_all_that_has_to_be_done() {
    let policy = text(POLICY);
    let mut base = text("lived-in.xml");
    for descr in [
        "NAT Home Assistant von au&szlig;en",
        "WireGuard",
        "OpenVPN Einwahl",
        "Ping f&uuml;r die &Uuml;berwachung",
        "Home Assistant von au&szlig;en",
    ] {
        let at = base.find(&format!("<descr><![CDATA[{descr}]]></descr>")).unwrap();
        let off = "\t\t\t<disabled></disabled>\n";
        let from = base[..at].rfind(off).unwrap();
        base.replace_range(from..from + off.len(), "");
    }
    let base = base.replacen("\t\t\t<noantilockout></noantilockout>\n", "", 1).replacen(
        "<if>pppoe0</if>\n",
        "<if>pppoe0</if>\n\t\t\t<blockpriv></blockpriv>\n\t\t\t<blockbogons></blockbogons>\n",
        1,
    );
    insta::assert_snapshot!(merged(&policy, &base).unwrap_err());
}

/// The guide speaks of these files, and each area has all of the user's own in it.
#[test]
fn the_guide_and_the_areas_are_those_of_this_firewall() {
    let (base, policy) = (text("lived-in.xml"), text(POLICY));
    let first = files(&policy, &base).unwrap();
    let guide = |files: &[File]| files.iter().find(|file| file.name == "IMPORT.md").unwrap().text.clone();
    insta::assert_snapshot!("guide_first", guide(&first));
    assert!(!first.iter().any(|file| file.name == "filter.xml"), "its rules have new times");
    // The times are there by now, so that a change goes in without a restart.
    let changed =
        edited(&policy, &[("allow lan            -> nas : smb\n", "allow lan, srv       -> nas : smb, nfs\n")]);
    let again = files(&changed, &first[0].text).unwrap();
    insta::assert_snapshot!("guide_again", guide(&again));
    let merged = again[0].text.as_str();
    let mut restored = first[0].text.clone();
    for area in again.iter().filter(|file| !["config.xml", "IMPORT.md"].contains(&file.name.as_str())) {
        let name = area.name.trim_end_matches(".xml");
        assert_eq!(Document::parse(&area.text).unwrap().root_element().tag_name().name(), name);
        let (start, end) = (format!("\n\t<{name}>\n"), format!("\n\t</{name}>\n"));
        let from = restored.find(&start).unwrap() + 2;
        let to = from + restored[from..].find(&end).unwrap() + end.len();
        restored.replace_range(from..to, &area.text);
    }
    assert!(restored == merged, "the areas one by one are not the whole");
}

/// What is reserved in the backup stays, what is missing is put beside it, and what contradicts the policy is told.
#[test]
fn reservations_are_those_of_the_policy() {
    let (base, policy) = (text("lived-in.xml"), text(POLICY));
    let file = merged(&policy, &base).unwrap();
    let document = Document::parse(&file).unwrap();
    let maps = |descr: &str| {
        let all = document.descendants().filter(|node| node.has_tag_name("staticmap"));
        let of = all.filter(|map| map.children().any(|child| child.text() == Some(descr)));
        of.map(|map| map.parent_element().unwrap().tag_name().name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(maps("hedgerow scanner"), ["lan"]);
    assert_eq!(maps("hedgerow ha"), Vec::<String>::new(), "the user's own is there");
    let told = [
        base.replace("<ipaddr>192.168.20.10</ipaddr>", "<ipaddr>192.168.20.19</ipaddr>"),
        base.replace("<ipaddr>192.168.10.14</ipaddr>", "<ipaddr>192.168.10.40</ipaddr>"),
        base.replace("<ipaddr>192.168.10.12</ipaddr>", "<ipaddr></ipaddr>"),
        // No IPv6 there: it is not equal to the policy, and that is why.
        base.replace("<ipaddrv6>dhcp6</ipaddrv6>", "<ipaddrv6></ipaddrv6>"),
    ]
    .map(|base| merged(&policy, &base).unwrap_err());
    insta::assert_snapshot!(told.concat());
}
