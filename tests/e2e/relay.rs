//! A server out there that the compiled router calls by WireGuard: its NGINX and its forward, as they were written, lead to
//! Home Assistant and to the proxy, and to nothing else.

use std::fs;

use crate::{
    home::Lab,
    lab::run,
    programs::{nginx, with_certificates},
    vpn::{public, wireguard},
};

pub fn a_relay_that_the_router_calls() -> Result<(), String> {
    // The sockets of WireGuard are one folder for the whole machine, whatever the namespace.
    let [ours, theirs] = ["sr", "cr"].map(|end| format!("{end}{}", std::process::id()));
    let key = || run("wg", &["genkey"]).map(|key| key.trim().to_owned());
    let keys = [key()?, key()?];
    let policy = fs::read_to_string(super::home::POLICY).map_err(|error| error.to_string())?;
    let policy = policy
        .replace("through proxy", "tunnel router { kind relay;  peer vps }")
        .replace("tcp 443 -> proxy;  ", "")
        + &format!(
            "zone relay {{ role vpn;  interface {ours};  network 10.9.0.0/30;  address 10.9.0.2 }}\n\
             vpn relay {{ kind wireguard\n peer vps {{ address 10.9.0.1;  endpoint \"203.0.113.77:51820\";  key \"{}\" }} }}\n\
             expose proxy : tcp 8443 {{ tunnel router {{ kind relay;  peer vps;  forwarded-for off }} }}\n\
             allow router -> 203.0.113.77 : udp 51820\n\
             allow vps -> ha : home-assistant\nallow vps -> proxy : tcp 8443\n",
            public(&keys[1])?
        );
    let lab = Lab::with("relay", &policy)?;
    let at = |name: &str| lab.folder.0.join(name);
    lab.folder.write("config/configuration.yaml", &format!("{}api:\n", lab.companion("home-assistant/ha.yaml")?));
    let script = format!("{}/tests/e2e/home_assistant.py", env!("CARGO_MANIFEST_DIR"));
    let line = format!("{} {script} {}", crate::python(), at("config").display());
    let _home = lab.hosts["ha"].start(&line, &at("ha.log"), "ready")?;
    let _proxy = lab.hosts["proxy"].start("python3 -u -m http.server 8443", &at("web.log"), "Serving")?;
    for (name, file) in [(&ours, "server"), (&theirs, "peer-vps")] {
        let filled = lab
            .companion(&format!("wireguard-relay/{file}.conf"))?
            .replace("PRIVATE-KEY-OF-THE-SERVER", &keys[0])
            .replace("PRIVATE-KEY-OF-THIS-DEVICE", &keys[1])
            .replace("PUBLIC-KEY-OF-THE-SERVER", &public(&keys[0])?);
        lab.folder.write(&format!("{name}.conf"), &filled);
    }
    let vps = &lab.hosts["outside"];
    let _theirs = wireguard(vps, &at(&format!("{theirs}.conf")))?;
    let _ours = wireguard(&lab.router, &at(&format!("{ours}.conf")))?;
    // What wg-quick makes of AllowedIPs there.
    for net in ["10.0.20.0/24", "10.0.30.0/24"] {
        vps.run(&format!("ip route add {net} dev {theirs}"))?;
    }
    let site = with_certificates(lab.companion("relay-vps/home.example.org/nginx.conf")?, &lab.folder)?;
    let main = nginx(&site, &lab.folder);
    fs::write(&main, format!("daemon off;\nmaster_process off;\n{}", lab.folder.read("nginx.conf")))
        .map_err(|error| error.to_string())?;
    let _nginx = vps.start(&format!("nginx -c {main}"), &at("nginx.log"), "")?;
    vps.listens(443)?;
    let forward = lab.companion("relay-vps/relay.nft")?.replace("\"hedgerow\"", &format!("\"{theirs}\""));
    let file = lab.folder.write("relay.nft", &forward);
    vps.run("sysctl -q -w net.ipv4.ip_forward=1")?;
    // Twice, as somebody does who changes it.
    vps.run(&format!("nft -f {file}"))?;
    vps.run(&format!("nft -f {file}"))?;

    let name = "--resolve home.example.org:443:203.0.113.77 https://home.example.org/api/";
    lab.expect("outside", name, "401", "the relay leads to Home Assistant")?;
    lab.expect("outside", &format!("-H X-Forwarded-For:10.0.10.9 {name}"), "401", "a forged header changes nothing")?;
    let log = lab.folder.read("ha.log");
    if log.matches("invalid authentication from 203.0.113.77 ").count() != 2 || log.contains("10.0.10.9") {
        return Err(format!("Home Assistant does not see the client's own address:\n{log}"));
    }
    // Somebody else of the internet, by the router's own address there.
    lab.expect("pc", "http://203.0.113.77:8443/", "200", "the relay forwards to the proxy")?;
    let seen = lab.folder.read("web.log");
    if !seen.contains("10.9.0.1 - -") {
        return Err(format!("the relay is seen under another address than its own in the tunnel:\n{seen}"));
    }
    for (target, what) in [
        ("http://10.0.20.10:22/", "the relay gets no other port of Home Assistant"),
        ("http://10.0.30.5:443/", "nor of the proxy"),
        ("http://10.9.0.2:22/", "nor the router"),
    ] {
        lab.expect("outside", target, "000", what)?;
    }
    lab.expect("outside", "http://203.0.113.20:443/", "000", "the router itself opens nothing")
}
