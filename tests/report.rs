//! The page for people: what it tells, and that it is harmless to open.

use std::{
    fs,
    path::Path,
    process::{Command, Output},
};

const HOME: &str = r#"use std.services
use std.leaks.home
router edge { target nftables }
zone wan { role internet; interface eth0; address 203.0.113.20; uplink public }
zone pc { role trusted; interface eth1.10; vlan 10; network 10.0.10.0/24 }
zone srv { role server; interface eth1.20; vlan 20; network 10.0.20.0/24 }
zone iot { role iot; interface eth1.30; vlan 30; network 10.0.30.0/24 }
zone guest { role guest; interface eth1.40; network 10.0.40.0/24; isolated }
host ha { zone srv; address 10.0.20.10 }
host nas { zone pc; address 10.0.10.5 }
schedule evenings = 18:00-22:00
allow pc -> internet
allow pc -> ha : home-assistant
allow iot -> ha : mqtt { during evenings; because "<script>alert(1)</script> & more" }
allow ha -> nas : smb
allow private -> router : dns, dhcp, ntp
expose ha : home-assistant { name home.example.org; port 443; tls own; ipv6 off }
exposed { tcp 443 -> ha : home-assistant }
never guest -> private
never iot ~> pc
never role.dmz -> pc
"#;

fn report(name: &str, path: &str, text: Option<&str>) -> (Output, String) {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("report-{name}"));
    fs::create_dir_all(&folder).unwrap();
    if let Some(text) = text {
        fs::write(folder.join(path), text).unwrap();
    }
    let file = folder.join("page.html");
    let output = Command::new(env!("CARGO_BIN_EXE_hedgerow"))
        .args(["--today", "2026-11-27", "report", path, "-o"])
        .arg(&file)
        .current_dir(if text.is_some() { folder.as_path() } else { Path::new(env!("CARGO_MANIFEST_DIR")) })
        .output()
        .unwrap();
    let page = fs::read_to_string(&file).unwrap_or_default();
    fs::remove_dir_all(&folder).unwrap();
    (output, page)
}

/// What is to be read on a page, without its styles and picture: a line for each element that holds text.
fn words(page: &str) -> String {
    let (mut text, mut rest) = (String::new(), page);
    while let Some((before, after)) = rest.split_once('<') {
        text.push_str(before);
        let (tag, after) = after.split_once('>').unwrap();
        let ends = ["style", "svg"].into_iter().find(|name| tag.split_whitespace().next() == Some(name));
        rest = ends.map_or(after, |name| after.split_once(&format!("</{name}>")).unwrap().1);
        if ["/td", "/th", "/span", "/b", "/code"].contains(&tag) {
            text.push_str(" | ");
        }
        if ["/tr", "/p", "/h1", "/h2", "/li", "/summary", "/div"].contains(&tag) {
            text.push('\n');
        }
    }
    let lines = text.lines().map(str::trim_end).filter(|line| !line.trim_matches([' ', '|']).is_empty());
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn the_page_tells_what_is_open_what_is_broken_and_what_passes() {
    let (output, page) = report("told", "main.hedge", Some(HOME));
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    insta::with_settings!({ filters => vec![(r"(?m)^\d+ \| checks \|", "N | checks |"), (r"(?m)^\d+ checks, .*", "N checks")] }, {
        insta::assert_snapshot!(words(&page));
    });
}

#[test]
fn text_of_the_policy_stays_text() {
    let (_, page) = report("hostile", "main.hedge", Some(HOME));
    assert!(page.contains("&lt;script&gt;alert(1)&lt;&#x2f;script&gt; &amp; more"), "the policy is on its page");
    assert!(!page.contains("<script"));
}

#[test]
fn the_page_needs_nothing_outside_itself() {
    for entry in fs::read_dir("examples").unwrap() {
        let path = entry.unwrap().path();
        if !path.join("main.hedge").exists() {
            continue;
        }
        let (output, page) = report(&path.file_name().unwrap().to_string_lossy(), path.to_str().unwrap(), None);
        assert_eq!(output.status.code(), Some(0), "{output:?}");
        for word in ["<script", " src=", " href=", "<link", "@import", "<iframe"] {
            assert!(!page.contains(word), "{} has {word}", path.display());
        }
        let foreign = page.replace("http://www.w3.org/2000/svg", "").replace("url(#", "");
        let markup = foreign.split_once("<h2>The policy</h2>").unwrap().0;
        assert!(!markup.contains("url(") && !markup.contains("http://"), "{} asks for something", path.display());
    }
}

#[test]
fn an_invalid_policy_has_no_page() {
    let (output, page) = report("invalid", "main.hedge", Some("zone lan {\n"));
    assert_eq!((output.status.code(), page.as_str()), (Some(2), ""));
}
