//! A real Home Assistant behind a real NGINX with the site that was written, behind the router that was compiled.

use std::{collections::BTreeMap, fs};

use hedgerow::compile::Companions;

use crate::{
    lab::{Folder, Space, compiled, run},
    programs::{nginx, with_certificates},
};

pub const POLICY: &str = "tests/e2e/home.hedge";

/// Every namespace beside the router: its interface there, the router's address, its own.
const HOSTS: [(&str, &str, &str, &str); 6] = [
    ("outside", "eth0", "203.0.113.20/24", "203.0.113.77/24"),
    ("pc", "pc0", "10.0.10.1/24", "10.0.10.9/24"),
    ("ha", "srv0", "10.0.20.1/24", "10.0.20.10/24"),
    ("proxy", "dmz0", "10.0.30.1/24", "10.0.30.5/24"),
    ("iot", "iot0", "10.0.40.1/24", "10.0.40.9/24"),
    ("guest", "guest0", "10.0.50.1/24", "10.0.50.9/24"),
];

pub struct Lab {
    pub router: Space,
    pub hosts: BTreeMap<&'static str, Space>,
    pub companions: Companions,
    pub folder: Folder,
}

impl Lab {
    pub fn new(name: &str) -> Result<Self, String> {
        Self::with(name, &fs::read_to_string(POLICY).map_err(|error| error.to_string())?)
    }

    /// The same house by another policy.
    pub fn with(name: &str, policy: &str) -> Result<Self, String> {
        let (ruleset, companions) = compiled(POLICY, BTreeMap::from([(POLICY.to_owned(), policy.to_owned())]))?;
        let folder = Folder::new(name);
        let router = Space::new(&format!("{name}-r"))?;
        let mut hosts = BTreeMap::new();
        for (host, interface, router_address, address) in HOSTS {
            let space = Space::new(&format!("{name}-{host}"))?;
            run(
                "ip",
                &[
                    "link", "add", interface, "netns", &router.0, "type", "veth", "peer", "name", "e0", "netns",
                    &space.0,
                ],
            )?;
            router.run(&format!("ip addr add {router_address} dev {interface}"))?;
            router.run(&format!("ip link set {interface} up"))?;
            space.run(&format!("ip addr add {address} dev e0"))?;
            space.run("ip link set e0 up")?;
            let gateway = router_address.split('/').next().unwrap_or_default();
            // Nobody outside knows the way to private addresses.
            if host != "outside" {
                space.run(&format!("ip route add default via {gateway}"))?;
            }
            hosts.insert(host, space);
        }
        router.run("sysctl -q -w net.ipv4.ip_forward=1")?;
        let file = folder.write("hedgerow.nft", &ruleset);
        router.run(&format!("nft -f {file}"))?;
        Ok(Self { router, hosts, companions, folder })
    }

    pub fn companion(&self, name: &str) -> Result<&str, String> {
        let found = self.companions.files.iter().find(|file| file.name == name);
        found.map(|file| file.text.as_str()).ok_or_else(|| format!("no {name} was written"))
    }

    pub fn expect(&self, who: &str, request: &str, status: &str, why: &str) -> Result<(), String> {
        // Home Assistant asks for the name of who failed to log in, and there is no DNS here.
        let patience = if status == "000" { 2 } else { 60 };
        let found = self.hosts[who].status(request, patience);
        if found == status {
            Ok(())
        } else {
            Err(format!("{why}: {who} asks {request} and gets {found}, not {status}"))
        }
    }
}

/// The public name at the router's public address.
const PUBLIC: &str = "--resolve home.example.org:443:203.0.113.20 https://home.example.org/api/";

pub fn home_assistant_behind_nginx_behind_the_router() -> Result<(), String> {
    let lab = Lab::new("ha")?;
    let at = |name: &str| lab.folder.0.join(name);
    lab.folder.write("config/configuration.yaml", &format!("{}api:\n", lab.companion("home-assistant/ha.yaml")?));
    let script = format!("{}/tests/e2e/home_assistant.py", env!("CARGO_MANIFEST_DIR"));
    let line = format!("{} {script} {}", crate::python(), at("config").display());
    let _home = lab.hosts["ha"].start(&line, &at("ha.log"), "ready")?;
    let site = with_certificates(lab.companion("proxy-home.example.org/nginx.conf")?, &lab.folder)?;
    let main = nginx(&site, &lab.folder);
    // One process in the foreground, so that nothing of it outlives the test.
    fs::write(&main, format!("daemon off;\nmaster_process off;\n{}", lab.folder.read("nginx.conf")))
        .map_err(|error| error.to_string())?;
    let _proxy = lab.hosts["proxy"].start(&format!("nginx -c {main}"), &at("nginx.log"), "")?;
    lab.hosts["proxy"].listens(443)?;

    lab.expect("outside", PUBLIC, "401", "Home Assistant answers by its public name")?;
    let log = lab.folder.read("ha.log");
    if !log.contains("invalid authentication from 203.0.113.77 ") {
        return Err(format!("Home Assistant does not see the client's address:\n{log}"));
    }
    let forged = format!("-H X-Forwarded-For:10.0.10.9 {PUBLIC}");
    lab.expect("outside", &forged, "401", "a forged header changes nothing")?;
    let log = lab.folder.read("ha.log");
    if log.matches("invalid authentication from 203.0.113.77 ").count() != 2 || log.contains("10.0.10.9") {
        return Err(format!("a client forged its address:\n{log}"));
    }
    lab.expect("outside", "http://203.0.113.20:8123/api/", "000", "8123 is closed outside")?;
    lab.expect("outside", "http://203.0.113.20/", "000", "80 is closed outside")?;
    lab.hosts["outside"].run("ip route add 10.0.0.0/8 via 203.0.113.20")?;
    lab.expect("outside", "http://10.0.20.10:8123/api/", "000", "8123 is closed to who routes past the translation")?;
    lab.expect("pc", PUBLIC, "401", "the public name works from inside")?;
    lab.expect(
        "pc",
        "--resolve home.example.org:443:10.0.30.5 https://home.example.org/api/",
        "401",
        "split DNS works too",
    )?;
    lab.expect("pc", "http://10.0.20.10:8123/api/", "401", "a rule lets pc in directly")?;
    lab.expect("pc", "-H X-Forwarded-For:1.2.3.4 http://10.0.20.10:8123/api/", "400", "who is no proxy is refused")?;
    let _web = lab.hosts["outside"].start("python3 -u -m http.server 80", &at("web.log"), "Serving")?;
    for who in ["iot", "guest"] {
        lab.expect(who, "http://203.0.113.77/config/", "200", "the internet, so that silence is no fault of the lab")?;
        lab.expect(who, "http://10.0.20.10:8123/api/", "000", "nothing to Home Assistant")?;
        lab.expect(who, "https://10.0.30.5/", "000", "nothing to the proxy")?;
        lab.expect(who, PUBLIC, "000", "nor by the public name")?;
    }
    Ok(())
}

/// The same house with `HAProxy` on the router itself: nothing is forwarded, and nobody but the router asks Home Assistant.
pub fn home_assistant_behind_haproxy_on_the_router() -> Result<(), String> {
    let policy = fs::read_to_string(POLICY).map_err(|error| error.to_string())?;
    let policy = policy
        .replace("pc, ovpn -> proxy : https", "pc, ovpn -> router : https")
        .replace("allow pc       -> ha : home-assistant", "")
        .replace("through proxy", "through router { product haproxy }")
        .replace("tcp 443 -> proxy", "tcp 443 -> router");
    let lab = Lab::with("on-router", &policy)?;
    let at = |name: &str| lab.folder.0.join(name);
    lab.folder.write("config/configuration.yaml", &format!("{}api:\n", lab.companion("home-assistant/ha.yaml")?));
    let script = format!("{}/tests/e2e/home_assistant.py", env!("CARGO_MANIFEST_DIR"));
    let line = format!("{} {script} {}", crate::python(), at("config").display());
    let _home = lab.hosts["ha"].start(&line, &at("ha.log"), "ready")?;
    let _other = lab.hosts["ha"].start("python3 -u -m http.server 9000", &at("other.log"), "Serving")?;
    let site = with_certificates(lab.companion("proxy-on-router/haproxy.cfg")?, &lab.folder)?;
    let file = lab.folder.write("haproxy.cfg", &site);
    let _proxy = lab.router.start(&format!("haproxy -db -f {file}"), &at("haproxy.log"), "")?;
    lab.router.listens(443)?;

    lab.expect("outside", PUBLIC, "401", "Home Assistant answers by its public name")?;
    lab.expect("outside", &format!("-H X-Forwarded-For:10.0.10.9 {PUBLIC}"), "401", "a forged header changes nothing")?;
    let log = lab.folder.read("ha.log");
    if log.matches("invalid authentication from 203.0.113.77 ").count() != 2 || log.contains("10.0.10.9") {
        return Err(format!("Home Assistant does not see the client's own address:\n{log}"));
    }
    lab.expect("outside", "http://203.0.113.20:8123/api/", "000", "8123 is closed outside")?;
    lab.expect("outside", "http://203.0.113.20/", "000", "80 is closed outside")?;
    lab.expect("pc", PUBLIC, "401", "the public address works from inside")?;
    let split = "--resolve home.example.org:443:10.0.10.1 https://home.example.org/api/";
    lab.expect("pc", split, "401", "split DNS works too")?;
    lab.expect("pc", "http://10.0.20.10:8123/api/", "000", "nobody inside gets past the proxy")?;
    for who in ["iot", "guest"] {
        lab.expect(who, PUBLIC, "000", "nobody is let in by the public name whom no rule lets in")?;
        lab.expect(who, "http://10.0.20.10:8123/api/", "000", "nothing to Home Assistant")?;
    }
    // The router may send what its proxy asks, and no more. It is trusted, and two headers are one too many: that is why
    // what a client claims is replaced, and nothing added to it.
    let from_router = |request: &str, patience| lab.router.status(request, patience);
    let one = "-H X-Forwarded-For:198.51.100.7 http://10.0.20.10:8123/api/";
    let two = format!("-H X-Forwarded-For:198.51.100.8 {one}");
    let found = [from_router(one, 60), from_router(&two, 60), from_router("http://10.0.20.10:9000/", 2)];
    if found != ["401", "400", "000"] {
        return Err(format!("the router asks by one header, by two, and on another port, and gets {found:?}"));
    }
    Ok(())
}
