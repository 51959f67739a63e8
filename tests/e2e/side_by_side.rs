//! Several names behind one proxy, of which some ask for Cloudflare's certificate: who comes from outside has to show it,
//! who comes from inside, where the name leads straight to the proxy, has none and gets in. One name is for an office
//! alone, which the router cannot tell from the others on that port.

use std::{collections::BTreeMap, fs};

use crate::{
    lab::{Folder, Space, compiled},
    programs::{nginx, with_certificates},
};

const POLICY: &str = "use std.services
use std.ranges
router edge { target nftables }
zone wan   { role internet;  interface eth0;  address 203.0.113.20 }
zone pc    { role trusted;  interface pc0;  network 10.0.10.0/24 }
zone guest { role guest;  interface guest0;  network 10.0.50.0/24 }
zone srv   { role server;  interface srv0;  network 10.0.20.0/24 }
zone dmz   { role dmz;  interface dmz0;  network 10.0.30.0/24 }
host ha    { zone srv;  address 10.0.20.10 }
host tv    { zone srv;  address 10.0.20.11 }
host wiki  { zone srv;  address 10.0.20.12 }
host board { zone srv;  address 10.0.20.13 }
host proxy { zone dmz;  address 10.0.30.5 }
allow pc -> proxy : https
expose ha : home-assistant { through proxy;  name ha.example.org;  tls own;  ipv6 off;  from cloudflare-v4;  proxied cloudflare { origin-pulls zone } }
expose tv : tcp 8096 { through proxy;  name tv-1.example.org;  tls own;  ipv6 off;  from cloudflare-v4;  proxied cloudflare { origin-pulls zone } }
expose wiki : tcp 8080 { through proxy;  name wiki.example.org;  tls own;  ipv6 off }
expose board : tcp 9000 { through proxy;  name board.example.org;  tls own;  ipv6 off;  from 198.51.100.0/24 }
";

/// Each name, what answers behind it, and the one page that it has.
const SERVICES: [(&str, &str, &str); 4] = [
    ("ha.example.org", "10.0.20.10:8123", "ha"),
    ("tv-1.example.org", "10.0.20.11:8096", "tv"),
    ("wiki.example.org", "10.0.20.12:8080", "wiki"),
    ("board.example.org", "10.0.20.13:9000", "board"),
];

pub fn names_of_one_proxy_do_not_disturb_each_other() -> Result<(), String> {
    let folder = Folder::new("side-by-side");
    let space = Space::new("side")?;
    for address in [
        "10.0.10.20",
        "10.0.50.20",
        "10.0.30.5",
        "203.0.113.77",
        "198.51.100.7",
        "10.0.20.10",
        "10.0.20.11",
        "10.0.20.12",
        "10.0.20.13",
    ] {
        space.run(&format!("ip address add {address}/32 dev lo"))?;
    }
    let mut running = Vec::new();
    for (_, service, page) in SERVICES {
        let (address, port) = service.split_once(':').ok_or("a service has a port")?;
        folder.write(&format!("{page}/{page}"), page);
        let line =
            format!("python3 -u -m http.server {port} --bind {address} --directory {}/{page}", folder.0.display());
        running.push(space.start(&line, &folder.0.join(format!("{page}.log")), "Serving")?);
    }
    for line in proxies(&folder)? {
        let log = folder.0.join("proxy.log");
        let _proxy = space.start(&line, &log, "")?;
        space.listens(443)?;
        ask(&space, &folder)
            .map_err(|why| format!("{line}: {why}\n{}", fs::read_to_string(&log).unwrap_or_default()))?;
    }
    Ok(())
}

/// How each proxy is started that has the files of all names.
fn proxies(folder: &Folder) -> Result<Vec<String>, String> {
    let (_, companions) = compiled("main.hedge", BTreeMap::from([("main.hedge".to_owned(), POLICY.to_owned())]))?;
    let file = |name: &str| {
        let found = companions.files.iter().find(|file| file.name == name);
        found.map(|file| file.text.as_str()).ok_or_else(|| format!("no {name}"))
    };
    let mut sites = String::new();
    for (name, ..) in SERVICES {
        sites += file(&format!("proxy-{name}/nginx.conf"))?;
    }
    let main = nginx(&with_certificates(&sites, folder)?, folder);
    let text = fs::read_to_string(&main).map_err(|error| error.to_string())?;
    folder.write("nginx.conf", &format!("daemon off;\nmaster_process off;\n{text}"));
    let list = with_certificates(file("proxy-on-proxy/443.list")?, folder)?;
    let list = folder.write("443.list", &list);
    let text = file("proxy-on-proxy/haproxy.cfg")?.replace("/etc/haproxy/certs/443.list", &list);
    let haproxy = folder.write("haproxy.cfg", &with_certificates(&text, folder)?);
    let caddy = folder.write("Caddyfile", &with_certificates(file("proxy-on-proxy/Caddyfile")?, folder)?);
    let home = folder.0.display();
    Ok(vec![
        format!("nginx -c {main}"),
        format!("haproxy -db -f {haproxy}"),
        format!("env XDG_DATA_HOME={home} XDG_CONFIG_HOME={home} caddy run --adapter caddyfile --config {caddy}"),
    ])
}

fn ask(space: &Space, folder: &Folder) -> Result<(), String> {
    let at = |name: &str| folder.0.join(name).display().to_string();
    let shown = format!("--cert {} --key {}", at("client.crt"), at("client.key"));
    let ask = |from: &str, with: &str, name: &str, page: &str| {
        space.status(&format!("--interface {from} {with} --resolve {name}:443:10.0.30.5 https://{name}/{page}"), 5)
    };
    for (name, _, page) in SERVICES {
        let (open, office) = (page == "wiki", page == "board");
        for (who, from, with, gets_in) in [
            ("Cloudflare", "203.0.113.77", shown.as_str(), !office),
            ("somebody outside", "203.0.113.77", "", open),
            ("the office", "198.51.100.7", "", open || office),
            ("a computer of the house", "10.0.10.20", "", true),
            ("a neighbour of the proxy", "10.0.30.5", "", true),
            ("whom no rule leads there", "10.0.50.20", "", open),
        ] {
            // Often enough for two that listen on one port to take turns.
            for _ in 0..6 {
                let found = ask(from, with, name, page);
                if (found == "200") != gets_in {
                    return Err(format!("{who} asks {name} and gets {found}"));
                }
            }
        }
        let other = SERVICES.iter().find(|other| other.2 != page).map_or("", |other| other.2);
        let found = ask("10.0.10.20", "", name, other);
        if found != "404" {
            return Err(format!("{name} answers with {found} for a page of {other}"));
        }
    }
    // Whom the handshake takes for a visitor of a name that asks for nothing.
    for hidden in ["ha", "tv-1", "board"] {
        let found = ask("203.0.113.77", &format!("-H Host:{hidden}.example.org"), "wiki.example.org", "ha");
        if found == "200" {
            return Err(format!("{hidden}.example.org answers within a connection to wiki.example.org"));
        }
    }
    Ok(())
}
