//! A router that has drifted: its running rules were changed in several places by hand, by another program and by a
//! loader that failed. `verify` is asked what it prints about them, as text of nft and as JSON.

use std::{fs, path::Path, process::Command};

use super::scene::{Compiled, Scene};
use crate::{Test, rig::nft};

pub const TRIALS: &[Test] = &[("policy_drift_is_explained_line_by_line", drift_is_explained_line_by_line)];

const POLICY: &str = "\
use std.services
router edge { target nftables }
zone wan { role internet;  interface eth0;     address 203.0.113.1 }
zone lan { role trusted;   interface br-lan;   network 192.168.10.0/24 }
zone iot { role iot;       interface eth1.30;  network 192.168.30.0/24 }
host ha { zone lan;  address 192.168.10.10 }
host tv { zone iot;  address 192.168.30.7 }

allow lan -> internet
allow lan -> tv : tcp 22, tcp 8009
allow iot -> ha : mqtt
allow lan -> router : dns, dhcp, ssh
expose ha : https { port 8443 }
";

/// What happened to the router since the rules were loaded. `HANDLE(CHAIN, WORDS)` is the handle of the rule with these
/// words.
const CHANGES: &[&str] = &[
    // One element less, one more.
    "delete element inet hedgerow forward.lan.iot.allow.ports4 { 192.168.10.0/24 . 192.168.30.7 . tcp . 8009 }",
    "add element inet hedgerow forward.iot.lan.allow.ports4 { 192.168.30.0/24 . 192.168.10.0/24 . tcp . 22 }",
    // A rule by hand, to reach the router from outside for a moment.
    "insert rule inet hedgerow input iifname \"eth0\" tcp dport 22 accept comment \"only for today\"",
    // The forward goes to a machine of another address.
    "replace rule inet hedgerow destination handle HANDLE(destination, iifname \"eth0\") iifname \"eth0\" ip daddr 203.0.113.1 tcp dport 8443 dnat ip to 192.168.10.11:443",
    // Connections are no longer known to the chain that forwards.
    "delete rule inet hedgerow forward handle HANDLE(forward, ct state)",
    // Another program has rules of its own.
    "add table ip blocker",
    "add chain ip blocker ads { type filter hook forward priority filter + 10; policy accept; }",
    "add rule ip blocker ads ip daddr 198.51.100.0/24 drop",
];

/// A changed command: the handles are looked up in what nft lists.
fn resolved(command: &str, scene: &Scene) -> Result<String, String> {
    let Some((before, rest)) = command.split_once("HANDLE(") else { return Ok(command.to_owned()) };
    let (asked, after) = rest.split_once(')').ok_or("no bracket")?;
    let (chain, words) = asked.split_once(", ").ok_or("no comma")?;
    let list = scene.rig.router_run(&nft(), &["-a", "list", "chain", "inet", "hedgerow", chain], "")?;
    let line = list.lines().find(|line| line.contains(words)).ok_or_else(|| format!("no `{words}` in\n{list}"))?;
    let handle = line.rsplit("# handle ").next().ok_or("no handle")?;
    Ok(format!("{before}{handle}{after}"))
}

fn drift_is_explained_line_by_line() -> Result<(), String> {
    let mut scene = Scene::new(Compiled::of_text(POLICY)?)?;
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("drift-{}", std::process::id()));
    fs::create_dir_all(&folder).map_err(|error| error.to_string())?;
    let write = |name: &str, text: &str| fs::write(folder.join(name), text).map_err(|error| error.to_string());
    write("home.hedge", POLICY)?;
    let verify = |scene: &Scene, json: bool| -> Result<String, String> {
        let list: &[&str] = if json { &["-j", "list", "ruleset"] } else { &["list", "ruleset"] };
        let name = if json { "live.json" } else { "live.nft" };
        write(name, &scene.rig.router_run(&nft(), list, "")?)?;
        let done = Command::new(env!("CARGO_BIN_EXE_hedgerow"))
            .args(["verify", "home.hedge", "--target", "nftables", name])
            .current_dir(&folder)
            .output()
            .map_err(|error| error.to_string())?;
        Ok(format!("{}{}", String::from_utf8_lossy(&done.stdout), String::from_utf8_lossy(&done.stderr)))
    };
    for json in [true, false] {
        let before = verify(&scene, json)?;
        if !before.starts_with("equal: ") {
            return Err(format!("it was equal before:\n{before}"));
        }
    }
    for change in CHANGES {
        let command = resolved(change, &scene)?;
        scene.rig.load(&command)?;
    }
    let (json, text) = (verify(&scene, true)?, verify(&scene, false)?);
    fs::remove_dir_all(&folder).map_err(|error| error.to_string())?;
    insta::assert_snapshot!("drifted_json", json);
    insta::assert_snapshot!("drifted_text", text);
    Ok(())
}
