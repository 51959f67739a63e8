//! Each companion is read by the program that it is for.

use std::{collections::BTreeMap, fs, path::Path, sync::OnceLock};

use hedgerow::router::File;

use crate::lab::{Folder, Space, compiled, run};

/// A policy, and what stands beside its router.
type Compiled = (String, hedgerow::compile::Companions);

/// Every example and the policies of these tests, compiled once.
fn all() -> Result<&'static [Compiled], String> {
    static ALL: OnceLock<Result<Vec<Compiled>, String>> = OnceLock::new();
    ALL.get_or_init(compile_all).as_deref().map_err(Clone::clone)
}

fn compile_all() -> Result<Vec<Compiled>, String> {
    let mut policies = vec!["tests/e2e/everything.hedge".to_owned(), "tests/e2e/home.hedge".to_owned()];
    for folder in ["examples", "examples/ways-in"] {
        let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
        let inside = entries.flatten().map(|entry| entry.path().join("main.hedge"));
        policies.extend(inside.filter(|path| path.exists()).map(|path| path.display().to_string()));
    }
    policies.sort();
    let mut found = Vec::new();
    for path in policies {
        let (_, companions) = compiled(&path, beside(&path)?)?;
        found.push((path, companions));
    }
    Ok(found)
}

/// A policy and the other files of its folder, which it may read.
fn beside(path: &str) -> Result<BTreeMap<String, String>, String> {
    let folder = Path::new(path).parent().ok_or("no folder")?;
    let entries = fs::read_dir(folder).map_err(|error| error.to_string())?;
    let files = entries.flatten().filter(|entry| entry.path().is_file());
    let read = |entry: fs::DirEntry| Some((entry.path().display().to_string(), fs::read_to_string(entry.path()).ok()?));
    Ok(files.filter_map(read).collect())
}

/// Hands every companion with such a name to a test; there must be one.
pub fn each(end: &str, test: impl Fn(&str, &Folder) -> Result<(), String>) -> Result<(), String> {
    let mut tried = 0;
    for (path, companions) in all()? {
        for file in companions.files.iter().filter(|file| file.name.ends_with(end)) {
            let folder = Folder::new(&end.replace(['/', '.'], "-"));
            test(&file.text, &folder).map_err(|why| format!("{path}: {}: {why}\n{}", file.name, file.text))?;
            tried += 1;
        }
    }
    if tried == 0 { Err(format!("no policy has a {end}")) } else { Ok(()) }
}

/// A site with its certificate in the folder.
pub fn with_certificates(text: &str, folder: &Folder) -> Result<String, String> {
    folder.certificates()?;
    folder.write("both.pem", &(folder.read("server.crt") + &folder.read("server.key")));
    let at = |name: &str| folder.0.join(name).to_str().unwrap().to_owned();
    let replace = |word: &str| {
        let plain = word.trim_matches(['"', '[', ']', ';']);
        let file = if plain.contains("/origin-pull-") || plain.contains("/clients-") {
            "ca.crt"
        } else if plain.starts_with("/etc/haproxy/certs/") {
            "both.pem"
        } else if plain.ends_with("/fullchain.pem") || plain.starts_with("/etc/ssl/certs/") {
            "server.crt"
        } else if plain.ends_with("/privkey.pem") || plain.starts_with("/etc/ssl/private/") {
            "server.key"
        } else {
            return word.to_owned();
        };
        word.replace(plain, &at(file))
    };
    let line = |line: &str| {
        let indent = &line[..line.len() - line.trim_start().len()];
        format!("{indent}{}\n", line.split_whitespace().map(replace).collect::<Vec<_>>().join(" "))
    };
    Ok(text.lines().map(line).collect())
}

/// The main file of an NGINX that has one site and writes into the folder alone.
pub fn nginx(site: &str, folder: &Folder) -> String {
    nginx_as("", site, folder)
}

/// The same beside another one, by a word before the names of its files.
fn nginx_as(word: &str, site: &str, folder: &Folder) -> String {
    let at = |name: &str| folder.0.join(format!("{word}{name}")).to_str().unwrap().to_owned();
    let site = folder.write(&format!("{word}site.conf"), site);
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|kind| format!("{kind}_temp_path {};", at(&format!("{kind}-temp"))))
        .concat();
    folder.write(
        &format!("{word}nginx.conf"),
        &format!(
            "pid {};\nerror_log {};\nevents {{}}\nhttp {{ access_log off; {temporary} include {site}; }}\n",
            at("nginx.pid"),
            at("error.log")
        ),
    )
}

pub fn nginx_takes_the_sites() -> Result<(), String> {
    each("nginx.conf", |text, folder| {
        let main = nginx(&with_certificates(text, folder)?, folder);
        run("nginx", &["-t", "-q", "-c", &main]).map(drop)
    })
}

pub fn caddy_takes_the_caddyfiles() -> Result<(), String> {
    each("Caddyfile", |text, folder| {
        let file = folder.write("Caddyfile", &with_certificates(text, folder)?);
        run("caddy", &["validate", "--adapter", "caddyfile", "--config", &file]).map(drop)
    })
}

pub fn haproxy_takes_its_files() -> Result<(), String> {
    each("haproxy.cfg", |text, folder| {
        let file = folder.write("haproxy.cfg", &with_certificates(text, folder)?);
        run("haproxy", &["-c", "-q", "-f", &file]).map(drop)
    })
}

/// Only who shows a certificate of the authority gets in, where the policy says so: Cloudflare, or a device of the house.
pub fn the_proxies_ask_for_certificates() -> Result<(), String> {
    for (name, port, service, shown) in [
        ("two.example.org", 443, "127.0.0.1:8123", "Cloudflare"),
        ("devices.example.org", 9443, "10.0.20.10:8123", "a device"),
    ] {
        let site = Site::new(name, port, service)?;
        for (line, refused) in site.proxies()? {
            let _proxy = site.start(&line)?;
            let own = format!("--cert {} --key {}", site.at("client.crt"), site.at("client.key"));
            let [nobody, other] = refused;
            for (who, with, status) in [
                ("nobody", String::new(), nobody),
                ("somebody else", foreign(&site.folder)?, other),
                (shown, own, "200"),
            ] {
                site.expect(&line, who, &with, "/", status)?;
            }
        }
    }
    Ok(())
}

/// Who has not signed in is sent to where that is done, and whatever he asks, the service never hears of it.
pub fn the_proxies_ask_for_a_sign_in() -> Result<(), String> {
    for (name, port, asked, certificate) in [
        ("people.example.org", 9444, 9091, false),
        ("staff.example.org", 9445, 4180, true),
        ("others.example.org", 9446, 9000, false),
    ] {
        let site = Site::new(name, port, "10.0.20.11:8123")?;
        let script = format!("{}/tests/e2e/sign_in.py", env!("CARGO_MANIFEST_DIR"));
        let _asked =
            site.space.start(&format!("python3 -u {script} {asked}"), &site.folder.0.join("asked.log"), "ready")?;
        let with = if certificate {
            format!("--cert {} --key {}", site.at("client.crt"), site.at("client.key"))
        } else {
            String::new()
        };
        // NGINX, Caddy and Traefik: HAProxy has no words for it, and is not written.
        let proxies = site.proxies()?;
        for (line, _) in &proxies {
            let _proxy = site.start(line)?;
            let known = format!("{with} -H Cookie:session=known");
            // What oauth2-proxy has to show is its page, of which Traefik says that it is no answer.
            let page = if line.contains("--providers.file") { "401" } else { "200" };
            let status = if asked == 4180 { page } else { "302" };
            site.expect(line, "a stranger", &with, "/", status)?;
            site.expect(line, "a stranger who claims more", &format!("{with} -H Remote-User:admin"), "/api/", status)?;
            site.expect(line, "who has signed in", &known, "/", "200")?;
            site.leads_back(line, &with)?;
        }
        let log = site.folder.read("web.log");
        if proxies.len() != 3 || log.matches("GET ").count() != 3 {
            return Err(format!("{name}: a stranger reached the service:\n{log}"));
        }
    }
    Ok(())
}

/// A service and a site before it, in a space of their own.
struct Site {
    name: &'static str,
    port: u16,
    folder: Folder,
    space: Space,
    companions: hedgerow::compile::Companions,
    _service: crate::lab::Running,
}

impl Site {
    fn new(name: &'static str, port: u16, service: &str) -> Result<Self, String> {
        let path = "tests/e2e/everything.hedge";
        let text = fs::read_to_string(path).map_err(|error| error.to_string())?;
        let (_, companions) = compiled(path, BTreeMap::from([(path.to_owned(), text)]))?;
        let folder = Folder::new(name);
        let space = Space::new(&name.replace(".example.org", ""))?;
        for address in ["10.0.20.10/32", "10.0.20.11/32", "10.0.20.20/32"] {
            space.run(&format!("ip address add {address} dev lo"))?;
        }
        let (address, inner) = service.split_once(':').ok_or("a service has a port")?;
        let line = format!("python3 -u -m http.server {inner} --bind {address}");
        let running = space.start(&line, &folder.0.join("web.log"), "Serving")?;
        Ok(Self { name, port, folder, space, companions, _service: running })
    }

    fn at(&self, name: &str) -> String {
        self.folder.0.join(name).to_str().unwrap().to_owned()
    }

    /// How each proxy for which there is a site is started, and what it says to who is refused: without a certificate, and
    /// with one of somebody else's. Where those inside need none, it has to hear the request before it says no.
    fn proxies(&self) -> Result<Vec<(String, [&'static str; 2])>, String> {
        // A file of its own, or that of all names of its proxy.
        let companion = |wanted: &str| {
            let own = format!("proxy-{}/{wanted}", self.name);
            let shared = |name: &str| name.starts_with("proxy-on-") && name.ends_with(wanted);
            let of_name = |text: &str| text.contains(&format!("{} before", self.name));
            let found = |file: &&File| file.name == own || shared(&file.name) && of_name(&file.text);
            self.companions.files.iter().find(found).map(|file| file.text.as_str())
        };
        let mut found = Vec::new();
        if let Some(text) = companion("nginx.conf") {
            let main = nginx(&with_certificates(text, &self.folder)?, &self.folder);
            let text = fs::read_to_string(&main).map_err(|error| error.to_string())?;
            self.folder.write("nginx.conf", &format!("daemon off;\nmaster_process off;\n{text}"));
            found.push((format!("nginx -c {main}"), ["400", "400"]));
        }
        if let Some(text) = companion("haproxy.cfg") {
            let file = self.folder.write("haproxy.cfg", &with_certificates(text, &self.folder)?);
            let refused = if text.contains("ssl_c_used") { ["403", "000"] } else { ["000", "000"] };
            found.push((format!("haproxy -db -f {file}"), refused));
        }
        if let Some(text) = companion("Caddyfile") {
            let file = self.folder.write("Caddyfile", &with_certificates(text, &self.folder)?);
            let home = self.folder.0.display();
            let surroundings = format!("env XDG_DATA_HOME={home} XDG_CONFIG_HOME={home}");
            found.push((format!("{surroundings} caddy run --adapter caddyfile --config {file}"), ["000", "000"]));
        }
        if let Some(text) = companion("traefik.yaml") {
            let file = self.folder.write("dynamic.yaml", &with_certificates(text, &self.folder)?);
            found.push((crate::services::traefik(&file, self.port), ["000", "000"]));
        }
        if let Some(text) = companion("pages.md").filter(|text| text.contains("Nginx Proxy Manager")) {
            let site = with_certificates(&self.in_npm(text)?, &self.folder)?;
            let main = nginx_as("npm-", &site, &self.folder);
            let text = fs::read_to_string(&main).map_err(|error| error.to_string())?;
            self.folder.write("npm-nginx.conf", &format!("daemon off;\nmaster_process off;\n{text}"));
            found.push((format!("nginx -c {main}"), ["400", "400"]));
        }
        if found.is_empty() { Err(format!("{} has no site", self.name)) } else { Ok(found) }
    }

    /// The server that Nginx Proxy Manager makes of a proxy host (`backend/templates/proxy_host.conf`), with the lines that
    /// its page takes where that file has them.
    fn in_npm(&self, page: &str) -> Result<String, String> {
        let lines =
            page.split_once("```nginx\n").and_then(|(_, rest)| rest.split_once("```")).map_or("", |(own, _)| own);
        let field = |key: &str| {
            let row = page
                .lines()
                .filter_map(|line| line.strip_prefix("| Details: "))
                .find_map(|line| line.strip_prefix(key));
            row.map(|row| row.trim_matches([' ', '|']).to_owned()).ok_or_else(|| format!("no {key} in the page"))
        };
        let (name, port) = (self.name, self.port);
        // A container has a loopback of its own, the test none.
        let asked =
            if self.name == "two.example.org" { "127.0.0.1".to_owned() } else { field("Forward Hostname / IP")? };
        Ok(format!(
            "server {{\n listen {port} ssl;\n server_name {name};\n ssl_certificate /etc/ssl/certs/{name}.pem;\n ssl_certificate_key /etc/ssl/private/{name}.key;\n{lines}\n location / {{\n proxy_set_header Host $host;\n proxy_pass {}://{asked}:{};\n }}\n}}\n",
            field("Scheme")?,
            field("Forward Port")?
        ))
    }

    fn start(&self, line: &str) -> Result<crate::lab::Running, String> {
        let proxy = self.space.start(line, &self.folder.0.join("proxy.log"), "")?;
        for _ in 0..400 {
            let listens = self.space.run("ss -ltn").is_ok_and(|open| open.contains(&format!(":{} ", self.port)));
            // Traefik listens before it has read what for.
            let reads = !line.contains("--providers.file")
                || self
                    .space
                    .run("curl --silent --noproxy * http://127.0.0.1:8099/api/rawdata")
                    .is_ok_and(|said| said.contains("@file"));
            if listens && reads {
                return Ok(proxy);
            }
            std::thread::sleep(std::time::Duration::from_millis(50));
        }
        Err(format!("{line} does not listen on {}\n{}", self.port, self.folder.read("proxy.log")))
    }

    /// The sign-in is told where a stranger wanted to go: all of it, and nothing else.
    fn leads_back(&self, line: &str, with: &str) -> Result<(), String> {
        let (name, port) = (self.name, self.port);
        let request = format!(
            "curl --silent --insecure --noproxy * --max-time 5 --include {with} --resolve {name}:{port}:127.0.0.1 https://{name}:{port}{ASKED}"
        );
        let said = self.space.run(&request)?;
        let start = "https://auth.example.org/?rd=";
        let told: Vec<&str> = said.lines().filter_map(|line| location(line)?.trim_end().strip_prefix(start)).collect();
        // A path alone is one of this name.
        let right = [ASKED.to_owned(), format!("https://{name}:{port}{ASKED}")].map(|right| encoded(&right));
        if told.len() == 1 && right.iter().any(|right| told == [right.as_str()]) {
            Ok(())
        } else {
            Err(format!("{line}: who asks for {ASKED} is led back to {told:?}\n{said}"))
        }
    }

    fn expect(&self, line: &str, who: &str, with: &str, path: &str, status: &str) -> Result<(), String> {
        let (name, port) = (self.name, self.port);
        let request = format!("{with} --resolve {name}:{port}:127.0.0.1 https://{name}:{port}{path}");
        let found = self.space.status(&request, 5);
        if found == status {
            Ok(())
        } else {
            Err(format!("{line}: {who} gets {found}, not {status}\n{}", self.folder.read("proxy.log")))
        }
    }
}

/// What somebody asks for who would like to be led elsewhere after the sign-in.
const ASKED: &str = "/love%20lace/?a=1&rd=https://evil.example/&X-authentik-logout=true&b=%26c";

/// Where an answer leads, if the line of its head says so.
fn location(line: &str) -> Option<&str> {
    line.split_once(": ").filter(|(key, _)| key.eq_ignore_ascii_case("location")).map(|(_, value)| value)
}

/// A text as one value of a query.
fn encoded(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte);
    text.bytes().map(|byte| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }).collect()
}

/// A certificate that nobody has signed but itself, as curl is told of it.
fn foreign(folder: &Folder) -> Result<String, String> {
    let at = |name: &str| folder.0.join(name).to_str().unwrap().to_owned();
    let (key, certificate) = (at("foreign.key"), at("foreign.crt"));
    let line = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "9"];
    let rest = ["-subj", "/CN=foreign", "-keyout", &key, "-out", &certificate];
    run("openssl", &[&line[..], &rest[..]].concat())?;
    Ok(format!("--cert {certificate} --key {key}"))
}

pub fn wireguard_takes_its_files_once_keys_are_in() -> Result<(), String> {
    each(".conf", |text, folder| {
        if !text.starts_with("# WireGuard") {
            return Ok(());
        }
        let key = run("wg", &["genkey"])?;
        let mut filled = text.to_owned();
        for word in [
            "PRIVATE-KEY-OF-THE-SERVER",
            "PRIVATE-KEY-OF-THIS-DEVICE",
            "PUBLIC-KEY-OF-THE-SERVER",
            "PUBLIC-KEY-OF-THE-PEER",
        ] {
            filled = filled.replace(word, key.trim());
        }
        // wg-quick takes the name of an interface from that of the file.
        let file = folder.write("wg9.conf", &filled);
        run("wg-quick", &["strip", &file]).map(drop)
    })
}

pub fn dnsmasq_takes_the_names() -> Result<(), String> {
    each("dnsmasq.conf", |text, folder| {
        let file = folder.write("dnsmasq.conf", text);
        run("dnsmasq", &["--test", "-C", &file]).map(drop)
    })
}

pub fn avahi_starts_with_the_reflector() -> Result<(), String> {
    each("avahi-daemon.conf", |text, folder| {
        let space = Space::new("avahi")?;
        // Without a bus, and without the rights of a system service.
        let file = folder.write("avahi.conf", &text.replace("[server]\n", "[server]\nenable-dbus=no\n"));
        let line = format!("avahi-daemon --no-drop-root --no-chroot --no-rlimits -f {file}");
        space.start(&line, &folder.0.join("log"), "Server startup complete").map(drop)
    })
}

pub fn yaml_and_json_are_well_formed() -> Result<(), String> {
    let python = crate::python();
    for end in [".yaml", ".yml", ".json"] {
        each(end, |text, folder| {
            let file = folder.write("file", text);
            let load = "import sys, yaml; assert isinstance(yaml.safe_load(open(sys.argv[1])), dict)";
            run(&python, &["-c", load, &file]).map(drop)
        })?;
    }
    Ok(())
}

pub fn no_companion_holds_a_secret() -> Result<(), String> {
    for (path, companions) in all()? {
        for file in &companions.files {
            let secret = file.text.contains("BEGIN ")
                || file.text.lines().any(|line| line.starts_with("PrivateKey") && !line.contains("PRIVATE-KEY-OF"));
            if secret {
                return Err(format!("{path}: {} holds a key", file.name));
            }
        }
    }
    Ok(())
}
