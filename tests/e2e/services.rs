//! What runs beside the proxies: tunnels, overlays, relays, and Home Assistant's settings. Each file before the program
//! that it is for; where there is none to be had, before the rules that its makers publish.

use std::{cell::RefCell, collections::BTreeSet};

use crate::{
    lab::{Folder, Space, run},
    programs::each,
};

pub fn tor_takes_the_onion_services() -> Result<(), String> {
    each("torrc", |text, folder| {
        // Tor makes the folders of its services where it may; a system has /var/lib/tor.
        let at = folder.0.display();
        let file = folder.write("torrc", &text.replace("/var/lib/tor/", &format!("{at}/")));
        run("tor", &["--verify-config", "--DataDirectory", &format!("{at}/data"), "-f", &file]).map(drop)
    })
}

pub fn systemd_takes_the_relays() -> Result<(), String> {
    each(".service", |text, folder| {
        // The relay comes from its own makers: a program that is there stands in for it.
        let there = text.replace("/usr/local/sbin/udp-broadcast-relay-redux", "/bin/true");
        let file = folder.write("hedgerow-ssdp-9.service", &there);
        // What systemd does not know it ignores, and says so; other units of the machine are no matter of ours.
        let said = run("systemd-analyze", &["verify", "--man=no", &file])?;
        let ours: Vec<&str> = said.lines().filter(|line| line.contains("hedgerow-ssdp-9")).collect();
        if ours.is_empty() { Ok(()) } else { Err(ours.join("\n")) }
    })
}

/// The files with their certificates at hand: Home Assistant looks whether they are there.
fn settings(text: &str, folder: &Folder) -> String {
    let at = folder.0.display();
    folder.write("fullchain.pem", "");
    folder.write("privkey.pem", "");
    text.replace("\"/ssl/", &format!("\"{at}/"))
}

/// `hass --script check_config` over each file. It ends well even if it finds something, so that what it says counts.
pub fn home_assistant_checks_its_settings() -> Result<(), String> {
    let python = crate::python();
    let check = |text: &str, folder: &Folder| {
        folder.write("configuration.yaml", &settings(text, folder));
        let at = folder.0.to_str().unwrap_or_default();
        let said = run(&python, &["-m", "homeassistant", "--script", "check_config", "-c", at])?;
        if said.contains("Incorrect config") || said.contains("Failed config") || !said.contains("Testing config") {
            return Err(said);
        }
        Ok(())
    };
    let folder = Folder::new("wrong-settings");
    if check("http:\n  trusted_proxy: 10.0.0.1\n", &folder).is_ok() {
        return Err("a setting that there is not goes unnoticed".to_owned());
    }
    // What has the same keys is checked once.
    let seen = RefCell::new(BTreeSet::new());
    each(".yaml", |text, folder| {
        let keys: Vec<&str> = text.lines().filter_map(|line| line.split_once(':')).map(|(key, _)| key).collect();
        let checked = text.starts_with("# Home Assistant") && seen.borrow_mut().insert(keys[1..].join(" "));
        if checked { check(text, folder) } else { Ok(()) }
    })
}

/// Traefik has no command that only checks: it runs with the file, and says of each router and service whether it is
/// enabled.
pub fn traefik_takes_its_files() -> Result<(), String> {
    let space = Space::new("traefik")?;
    each("traefik.yaml", |text, folder| {
        // A `traefik.yaml` where it starts would be taken for the settings of Traefik itself.
        let file = folder.write("dynamic.yaml", &crate::programs::with_certificates(text, folder)?);
        let log = folder.0.join("traefik.log");
        let _proxy = space.start(&traefik(&file, 443), &log, "Starting provider *file.Provider")?;
        let mut last = String::new();
        for _ in 0..100 {
            last = space.run("curl --silent --noproxy * http://127.0.0.1:8099/api/rawdata").unwrap_or_default();
            if last.contains("@file") {
                break;
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        let found: serde_json::Value = serde_json::from_str(&last).map_err(|error| format!("{error}: {last}"))?;
        for kind in ["routers", "services", "middlewares"] {
            let of_file = found[kind].as_object().into_iter().flatten().filter(|(name, _)| name.ends_with("@file"));
            let states: Vec<&str> = of_file.filter_map(|(_, one)| one["status"].as_str()).collect();
            if states.is_empty() && kind != "middlewares" || states.iter().any(|state| *state != "enabled") {
                return Err(format!("{kind}: {states:?}\n{last}\n{}", folder.read("traefik.log")));
            }
        }
        let said = folder.read("traefik.log");
        // Beside errors, what it advises of headers that a client could forge.
        let heard = |line: &&str| line.contains(" ERR ") || line.contains("HeadersStrategy");
        let wrong: Vec<&str> = said.lines().filter(heard).collect();
        if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
    })
}

/// A Traefik that has one file and tells nobody that it runs.
pub fn traefik(file: &str, port: u16) -> String {
    format!(
        "{} --global.checknewversion=false --global.sendanonymoususage=false --log.level=INFO --log.nocolor=true \
         --entrypoints.home.address=:{port} --entrypoints.home.http.aliasheadersstrategy=delete \
         --entrypoints.traefik.address=127.0.0.1:8099 --entrypoints.traefik.http.aliasheadersstrategy=delete --api.insecure=true \
         --providers.file.filename={file}",
        crate::traefik()
    )
}

pub fn files_have_what_their_makers_ask_for() -> Result<(), String> {
    let (python, rules) = (crate::python(), concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/rules.py"));
    for (end, whose) in [("cloudflared.yml", "cloudflared"), (".hujson", "tailscale"), ("addon.yaml", "addon")] {
        each(end, |text, folder| run(&python, &[rules, whose, &folder.write("file", text)]).map(drop))?;
    }
    Ok(())
}
