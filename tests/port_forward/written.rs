//! What is written.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use super::{HOUSE, RESTRICTED, file, render};

#[test]
fn a_house_behind_two_routers() {
    let files = render(HOUSE).unwrap_or_else(|said| panic!("{said}"));
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots/port_forward");
    settings.bind(|| {
        for file in &files {
            insta::assert_snapshot!(file.name.replace('/', "_"), file.text);
        }
    });
}

#[test]
fn senders_are_kept_or_the_form_is_left_out() {
    let files = render(RESTRICTED).unwrap_or_else(|said| panic!("{said}"));
    let names: Vec<&str> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(
        names,
        ["forwards.json", "forwards.csv", "forwards.md", "asuswrt.sh", "dd-wrt.sh", "freshtomato.sh", "IMPORT.md"]
    );
    assert!(file(&files, "IMPORT.md").contains("Without the scripts for UPnP and NAT-PMP"));
    assert!(file(&files, "asuswrt.sh").contains(">443>192.168.1.5>443>TCP>203.0.113.0/24"));
    assert!(file(&files, "asuswrt.sh").contains("nothing was changed"), "an old firmware has to be asked for first");
    assert!(file(&files, "dd-wrt.sh").contains("proxy-443:on:tcp:443>192.168.1.5:443<198.51.100.7"));
    assert!(file(&files, "freshtomato.sh").contains("1<1<203.0.113.0/24<443<<192.168.1.5<"));
}

/// A router of one's own that another target configures: only the one in front is told of forwards.
#[test]
fn only_the_router_in_front() {
    let policy = HOUSE.replace("target port-forward", "target nftables, port-forward")
        + "zone road { role vpn;  interface wg0;  network 10.9.0.0/24 }\nvpn road { kind wireguard;  listen udp 51820 }\n";
    let files = render(&policy).unwrap_or_else(|said| panic!("{said}"));
    assert!(files.iter().all(|file| file.name == "IMPORT.md" || file.name.starts_with("upstream-wan/")), "{files:?}");
    assert!(file(&files, "upstream-wan/asuswrt.sh").contains(">51820>192.168.178.2>51820>UDP>"));
}

fn shell(arguments: &[&str], script: &str) -> std::process::Output {
    let mut child = Command::new("sh")
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
    child.wait_with_output().unwrap()
}

#[test]
fn every_script_is_one_and_text_of_the_policy_stays_text() {
    let mut scripts = 0;
    for policy in [HOUSE, RESTRICTED] {
        for file in render(policy).unwrap_or_else(|said| panic!("{said}")) {
            assert!(!file.text.contains('\u{1b}') && !file.text.contains('\r'), "{} has control characters", file.name);
            let name = &file.name;
            if !file.text.starts_with("#!/bin/sh") {
                continue;
            }
            scripts += 1;
            let parsed = shell(&["-n"], &file.text);
            assert!(parsed.status.success(), "{name}: {}", String::from_utf8_lossy(&parsed.stderr));
            assert!(!file.text.contains("reboot"), "{name} carries a reason");
        }
    }
    assert_eq!(scripts, 17);
}

/// The scripts run with programs that write down how they are called.
#[test]
fn scripts_ask_for_what_the_table_says() {
    let files = render(HOUSE).unwrap_or_else(|said| panic!("{said}"));
    let stand_ins = "nvram() { echo \"nvram $*\"; }\nservice() { echo \"service $*\"; }\n\
                     upnpc() { echo \"upnpc $*\"; }\nip() { echo '2: eth0 inet 192.168.1.7/24 brd'; }\n\
                     natpmpc() { echo \"Mapped public port ${NATPMP:-$2} protocol UDP to local port $3\"; }\n";
    let run = |name: &str, before: &str, arguments: &[&str]| {
        let script = format!("{stand_ins}{before}{}", file(&files, name).replace("> /tmp/", "> /dev/null # "));
        let mut all = vec!["-s"];
        all.extend(arguments);
        let output = shell(&all, &script);
        (
            output.status.code(),
            String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr),
        )
    };
    let (code, said) = run("upnp.sh", "", &["game"]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("upnpc -e hedgerow 2222 -a 192.168.1.7 22 2222 tcp 86400"), "{said}");
    assert!(said.contains("upnpc -e hedgerow 27016 -a 192.168.1.7 27016 27016 udp 86400"), "{said}");
    let (code, said) = run("upnp-remove.sh", "", &["game"]);
    assert_eq!((code, said.contains("upnpc -d 2222 tcp")), (Some(0), true), "{said}");
    let (code, said) = run("upnp.sh", "", &["proxy"]);
    assert_eq!((code, said.contains("does not have the address")), (Some(1), true), "{said}");
    assert_eq!(run("upnp.sh", "", &[]).0, Some(2));
    let (code, said) = run("natpmp.sh", "", &["game"]);
    assert_eq!(code, Some(0), "{said}");
    let (code, said) = run("natpmp.sh", "NATPMP=40001\n", &["game"]);
    assert_eq!((code, said.contains("gave another port")), (Some(1), true), "{said}");
    let (code, said) = run("asuswrt.sh", "", &[]);
    assert_eq!(code, Some(0), "{said}");
    assert!(said.contains("nvram set vts_rulelist=<proxy-443>443>192.168.1.5>443>TCP><proxy-80>"), "{said}");
}
