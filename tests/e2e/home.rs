//! A real Home Assistant behind a real NGINX with the site that was written, behind the router that was compiled; and a
//! real OpenVPN on that router.

use std::{collections::BTreeMap, fs};

use hedgerow::compile::Companions;

use crate::{
    lab::{Folder, Space, compiled, run},
    programs::{nginx, with_certificates},
};

const POLICY: &str = "tests/e2e/home.hedge";

/// Every namespace beside the router: its interface there, the router's address, its own.
const HOSTS: [(&str, &str, &str, &str); 6] = [
    ("outside", "eth0", "203.0.113.20/24", "203.0.113.77/24"),
    ("pc", "pc0", "10.0.10.1/24", "10.0.10.9/24"),
    ("ha", "srv0", "10.0.20.1/24", "10.0.20.10/24"),
    ("proxy", "dmz0", "10.0.30.1/24", "10.0.30.5/24"),
    ("iot", "iot0", "10.0.40.1/24", "10.0.40.9/24"),
    ("guest", "guest0", "10.0.50.1/24", "10.0.50.9/24"),
];

struct Lab {
    router: Space,
    hosts: BTreeMap<&'static str, Space>,
    companions: Companions,
    folder: Folder,
}

impl Lab {
    fn new(name: &str) -> Result<Self, String> {
        let text = fs::read_to_string(POLICY).map_err(|error| error.to_string())?;
        let (ruleset, companions) = compiled(POLICY, BTreeMap::from([(POLICY.to_owned(), text)]))?;
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

    fn companion(&self, name: &str) -> Result<&str, String> {
        let found = self.companions.files.iter().find(|file| file.name == name);
        found.map(|file| file.text.as_str()).ok_or_else(|| format!("no {name} was written"))
    }

    fn expect(&self, who: &str, request: &str, status: &str, why: &str) -> Result<(), String> {
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

pub fn openvpn_through_the_router() -> Result<(), String> {
    let lab = Lab::new("vpn")?;
    lab.folder.certificates()?;
    let at = |name: &str| lab.folder.0.join(name);
    run("openvpn", &["--genkey", "tls-crypt", at("tls-crypt.key").to_str().unwrap_or_default()])?;
    for file in lab.companions.files.iter().filter(|file| file.name.starts_with("openvpn-ovpn/")) {
        let name = file.name.trim_start_matches("openvpn-ovpn/");
        // The test has no DNS: the name is replaced by the address that it stands for.
        lab.folder.write(name, &file.text.replace("remote home.example.org", "remote 203.0.113.20"));
    }
    // Before NGINX, a listener on 443 that only accepts connections.
    let _proxy = lab.hosts["proxy"].start("python3 -u -m http.server 443", &at("web.log"), "Serving")?;
    let _home = lab.hosts["ha"].start("python3 -u -m http.server 8123", &at("ha.log"), "Serving")?;
    let done = "Initialization Sequence Completed";
    let _server = lab.router.start("openvpn --config server.conf", &at("server.log"), done)?;
    let _client = lab.hosts["outside"].start("openvpn --config client.ovpn", &at("client.log"), done)?;
    let tunnel = lab.hosts["outside"].run("ip -4 addr show dev tun0")?;
    if !tunnel.contains("10.0.98.10/") {
        return Err(format!("the client has another address than the policy gives it:\n{tunnel}"));
    }
    lab.expect("outside", "http://10.0.30.5:443/", "200", "the VPN reaches the proxy")?;
    lab.hosts["outside"].run("ip route add 10.0.0.0/8 via 10.0.98.1")?;
    for target in ["http://10.0.20.10:8123/", "http://10.0.30.5:8123/", "http://10.0.10.9:22/", "http://10.0.98.1:22/"]
    {
        lab.expect("outside", target, "000", "the VPN reaches nothing else")?;
    }
    lab.expect("pc", "http://10.0.20.10:8123/", "200", "the listener that the VPN could not reach is there")
}
