//! VPN servers on a router that was compiled, and clients outside: the tunnel comes up with the files as they were
//! written, once keys and secrets are in, and reaches what the policy lets it reach.

use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

use crate::{
    home::Lab,
    lab::{Running, Space, run},
};

/// Answers on the proxy and on Home Assistant, so that silence is the router's doing.
fn listeners(lab: &Lab) -> Result<[Running; 2], String> {
    let at = |name: &str| lab.folder.0.join(name);
    Ok([
        lab.hosts["proxy"].start("python3 -u -m http.server 443", &at("web.log"), "Serving")?,
        lab.hosts["ha"].start("python3 -u -m http.server 8123", &at("ha.log"), "Serving")?,
    ])
}

/// From the tunnel the proxy answers, and nothing else does; `gateway` is the router's end of it.
fn reaches_the_proxy_alone(lab: &Lab, way: &str, gateway: &str) -> Result<(), String> {
    lab.expect("outside", "http://10.0.30.5:443/", "200", "the VPN reaches the proxy")?;
    lab.hosts["outside"].run(&format!("ip route add 10.0.0.0/8 {way}"))?;
    let own = format!("http://{gateway}:22/");
    for target in ["http://10.0.20.10:8123/", "http://10.0.30.5:8123/", "http://10.0.10.9:22/", &own] {
        lab.expect("outside", target, "000", "the VPN reaches nothing else")?;
    }
    lab.expect("pc", "http://10.0.20.10:8123/", "200", "the listener that the VPN could not reach is there")
}

/// The files of the OpenVPN server and its clients, and what they name.
fn openvpn_files(lab: &Lab) -> Result<(), String> {
    lab.folder.certificates()?;
    run("openvpn", &["--genkey", "tls-crypt", lab.folder.0.join("tls-crypt.key").to_str().unwrap_or_default()])?;
    for file in lab.companions.files.iter().filter(|file| file.name.starts_with("openvpn-ovpn/")) {
        let name = file.name.trim_start_matches("openvpn-ovpn/");
        // The test has no DNS: the name is replaced by the address that it stands for.
        lab.folder.write(name, &file.text.replace("remote home.example.org", "remote 203.0.113.20"));
    }
    Ok(())
}

const DONE: &str = "Initialization Sequence Completed";

fn anna_has_her_address(lab: &Lab) -> Result<(), String> {
    let tunnel = lab.hosts["outside"].run("ip -4 addr show dev tun0")?;
    let right = tunnel.contains("10.0.98.10/");
    right.then_some(()).ok_or_else(|| format!("the client has another address than the policy gives it:\n{tunnel}"))
}

pub fn openvpn_through_the_router() -> Result<(), String> {
    let lab = Lab::new("vpn")?;
    openvpn_files(&lab)?;
    let at = |name: &str| lab.folder.0.join(name);
    let _listeners = listeners(&lab)?;
    let _server = lab.router.start("openvpn --config server.conf", &at("server.log"), DONE)?;
    let _client = lab.hosts["outside"].start("openvpn --config client.ovpn", &at("client.log"), DONE)?;
    anna_has_her_address(&lab)?;
    reaches_the_proxy_alone(&lab, "via 10.0.98.1", "10.0.98.1")
}

/// From site to site: one client has a network behind it, of which the other one is told, and the first one is not.
pub fn openvpn_leads_to_a_network_behind_a_client() -> Result<(), String> {
    let policy = fs::read_to_string(super::home::POLICY).map_err(|error| error.to_string())?;
    let policy = policy.replace(
        "peer anna { address 10.0.98.10 }",
        "peer anna { address 10.0.98.10;  network 192.168.60.0/24 };  peer bert { address 10.0.98.11 }",
    ) + "allow guest -> router : udp 1194\nhost printer { zone ovpn;  address 192.168.60.7 }\nallow pc -> printer : tcp 8080\n";
    let lab = Lab::with("sites", &policy)?;
    openvpn_files(&lab)?;
    let second = lab.folder.read("client.ovpn").replace("client.crt", "second.crt").replace("client.key", "second.key");
    lab.folder.write("second.ovpn", &second.replace("203.0.113.20", "10.0.50.1"));
    let at = |name: &str| lab.folder.0.join(name);
    let (anna, bert) = (&lab.hosts["outside"], &lab.hosts["guest"]);
    let _server = lab.router.start("openvpn --config server.conf", &at("server.log"), DONE)?;
    let _anna = anna.start("openvpn --config client.ovpn", &at("client.log"), DONE)?;
    let _bert = bert.start("openvpn --config second.ovpn", &at("second.log"), DONE)?;
    // Two devices of the house behind anna, which forwards to them.
    for device in ["192.168.60.7", "192.168.60.8"] {
        anna.run(&format!("ip addr add {device}/32 dev lo"))?;
    }
    anna.run("ip route add 10.0.10.0/24 dev tun0")?;
    let _printer = anna.start("python3 -u -m http.server 8080", &at("printer.log"), "Serving")?;
    let own = anna.run("ip route")?;
    if own.contains("192.168.60.0/24") {
        return Err(format!("a client is told of the network behind itself:\n{own}"));
    }
    lab.expect("guest", "http://192.168.60.7:8080/", "200", "a client reaches what lies behind another one")?;
    lab.expect("pc", "http://192.168.60.7:8080/", "200", "the house reaches it as far as a rule lets it")?;
    lab.expect("pc", "http://192.168.60.8:8080/", "000", "and no further")
}

/// A `FreeRADIUS` that knows one user, in the place of a directory.
fn radius(lab: &Lab) -> Result<Running, String> {
    let folder = lab.folder.0.display();
    lab.folder.write("radius/users", "anna Cleartext-Password := \"right\"\n");
    lab.folder.write(
        "radius/radiusd.conf",
        &format!(
            "prefix = /usr\nlibdir = /usr/lib/freeradius\nraddbdir = {folder}/radius\nlogdir = {folder}/radius\n\
             run_dir = {folder}/radius\nsecurity {{\n allow_vulnerable_openssl = yes\n}}\n\
             modules {{\n pap {{\n }}\n files {{\n filename = {folder}/radius/users\n }}\n always ok {{\n rcode = ok\n }}\n}}\n\
             client router {{\n ipaddr = 10.0.20.1\n secret = between-these-two\n}}\n\
             server default {{\n listen {{\n type = auth\n ipaddr = *\n port = 1812\n }}\n\
             listen {{\n type = acct\n ipaddr = *\n port = 1813\n }}\n\
             authorize {{\n files\n pap\n }}\nauthenticate {{\n Auth-Type PAP {{\n pap\n }}\n }}\n\
             accounting {{\n ok\n }}\n}}\n"
        ),
    );
    let line = format!("freeradius -f -l stdout -d {folder}/radius -n radiusd");
    lab.hosts["ha"].start(&line, &lab.folder.0.join("radius.log"), "Ready to process requests")
}

pub fn openvpn_asks_radius_who_it_is() -> Result<(), String> {
    let policy = fs::read_to_string(super::home::POLICY).map_err(|error| error.to_string())?;
    // The directory is a program beside Home Assistant, which spares the test a machine.
    let policy = policy.replace("kind openvpn;", "kind openvpn;  auth radius ha;") + "allow router -> ha : radius\n";
    let lab = Lab::with("radius", &policy)?;
    openvpn_files(&lab)?;
    let at = |name: &str| lab.folder.0.join(name);
    // The server's files stand where a machine has them, so that they name each other by their place there.
    let here = |text: String| text.replace("/etc/openvpn/", &format!("{}/", lab.folder.0.display()));
    lab.folder.write("server.conf", &here(lab.folder.read("server.conf")));
    let plugin = here(lab.folder.read("radiusplugin.cnf"));
    lab.folder.write("radiusplugin.cnf", &plugin.replace("SHARED-SECRET-WITH-THE-RADIUS-SERVER", "between-these-two"));
    let client = lab.folder.read("client.ovpn");
    for (name, password) in [("right", "right"), ("wrong", "wrong")] {
        let account = lab.folder.write(&format!("{name}.txt"), &format!("anna\n{password}\n"));
        let known = client.replace("auth-user-pass\n", &format!("auth-user-pass {account}\n"));
        lab.folder.write(&format!("{name}.ovpn"), &known);
    }
    let _listeners = listeners(&lab)?;
    let _radius = radius(&lab)?;
    let _server = lab.router.start("openvpn --config server.conf", &at("server.log"), DONE)?;
    let told = |error: String| format!("{error}\n{}\n{}", lab.folder.read("server.log"), lab.folder.read("radius.log"));
    let refused = lab.hosts["outside"].start("openvpn --config wrong.ovpn", &at("wrong.log"), "AUTH_FAILED");
    drop(refused.map_err(told)?);
    let _client = lab.hosts["outside"].start("openvpn --config right.ovpn", &at("right.log"), DONE).map_err(told)?;
    anna_has_her_address(&lab)?;
    reaches_the_proxy_alone(&lab, "via 10.0.98.1", "10.0.98.1")
}

/// A WireGuard in user space with one of the files that were written.
pub fn wireguard(space: &Space, file: &Path) -> Result<Running, String> {
    let name = file.file_stem().and_then(|name| name.to_str()).unwrap_or_default();
    let place = file.to_str().unwrap_or_default();
    let running = space.start(&format!("wireguard-go -f {name}"), &file.with_extension("log"), "")?;
    let socket = format!("/var/run/wireguard/{name}.sock");
    while !Path::new(&socket).exists() {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // Keys are for their owner alone, and wg-quick says so.
    fs::set_permissions(file, fs::Permissions::from_mode(0o600)).map_err(|error| error.to_string())?;
    let stripped = file.with_extension("stripped");
    fs::write(&stripped, run("wg-quick", &["strip", place])?).map_err(|error| error.to_string())?;
    space.run(&format!("wg setconf {name} {}", stripped.display()))?;
    let text = fs::read_to_string(file).map_err(|error| error.to_string())?;
    let of = |key: &str| text.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(" = ")).map(str::to_owned);
    for address in of("Address").unwrap_or_default().split(", ") {
        space.run(&format!("ip addr add {address} dev {name}"))?;
    }
    space.run(&format!("ip link set {name} up"))?;
    // A server knows its peers by the network of its own address.
    if !text.contains("ListenPort") {
        for net in of("AllowedIPs").unwrap_or_default().split(", ") {
            space.run(&format!("ip route add {net} dev {name}"))?;
        }
    }
    Ok(running)
}

pub fn wireguard_through_the_router() -> Result<(), String> {
    // Its sockets are one folder for the whole machine, whatever the namespace.
    let (server, client) = (format!("s{}", std::process::id()), format!("c{}", std::process::id()));
    let policy = fs::read_to_string(super::home::POLICY).map_err(|error| error.to_string())?;
    let policy = policy.replace("exposed { ", "exposed { udp 51820 -> router;  ")
        + &format!(
            "zone road {{ role vpn;  interface {server};  network 10.0.97.0/24 }}\n\
             vpn road {{ kind wireguard;  listen udp 51820;  peer phone {{ address 10.0.97.2;  network 192.168.50.0/24 }} }}\n\
             host sensor {{ zone road;  address 192.168.50.20 }}\nhost lamp {{ zone road;  address 192.168.50.21 }}\n\
             allow phone, sensor -> proxy : https\n"
        );
    let lab = Lab::with("wg", &policy)?;
    let key = || run("wg", &["genkey"]).map(|key| key.trim().to_owned());
    let public = |private: &str| {
        let file = lab.folder.write("key", private);
        run("sh", &["-c", &format!("wg pubkey < {file}")]).map(|key| key.trim().to_owned())
    };
    let (servers, phones) = (key()?, key()?);
    for (name, file) in [("server", &server), ("peer-phone", &client)] {
        let text = lab.companion(&format!("wireguard-road/{name}.conf"))?;
        let filled = text
            .replace("PRIVATE-KEY-OF-THE-SERVER", &servers)
            .replace("PRIVATE-KEY-OF-THIS-DEVICE", &phones)
            .replace("PUBLIC-KEY-OF-THE-SERVER", &public(&servers)?)
            .replace("PUBLIC-KEY-OF-THE-PEER", &public(&phones)?)
            .replace("home.example.org", "203.0.113.20");
        lab.folder.write(&format!("{file}.conf"), &filled);
    }
    let _listeners = listeners(&lab)?;
    let _server = wireguard(&lab.router, &lab.folder.0.join(format!("{server}.conf")))?;
    let _client = wireguard(&lab.hosts["outside"], &lab.folder.0.join(format!("{client}.conf")))?;
    // What wg-quick makes of AllowedIPs beyond the network of the server's own address.
    lab.router.run(&format!("ip route add 192.168.50.0/24 dev {server}"))?;
    // Two devices of the house behind the peer: one that a rule lets in, and one that none does; and one that WireGuard
    // takes nothing from, for it is behind no peer.
    for (device, status, what) in [
        ("192.168.50.20", "200", "a device behind a peer gets where a rule lets it"),
        ("192.168.50.21", "000", "its neighbour does not"),
        ("192.168.51.20", "000", "a network of no peer does not"),
    ] {
        lab.hosts["outside"].run(&format!("ip addr add {device}/32 dev lo"))?;
        lab.expect("outside", &format!("--interface {device} http://10.0.30.5:443/"), status, what)?;
    }
    reaches_the_proxy_alone(&lab, &format!("dev {client}"), "10.0.97.1")
}

/// The policy of the house with a WireGuard on Home Assistant's machine: its keys, and the house built by it.
fn on_a_host(name: &str, words: &str, rules: &str) -> Result<(Lab, [String; 2]), String> {
    let key = || run("wg", &["genkey"]).map(|key| key.trim().to_owned());
    let keys = [key()?, key()?];
    let policy = fs::read_to_string(super::home::POLICY).map_err(|error| error.to_string())?;
    let policy = policy.replace("exposed { ", "exposed { udp 51820 -> ha;  ")
        + &format!(
            "zone road {{ role vpn;  network 10.0.97.0/24 }}\n\
             vpn road {{ kind wireguard;  listen udp 51820;  server ha;  {words}\n\
             peer phone {{ address 10.0.97.2;  key \"{}\" }} }}\n{rules}",
            public(&keys[1])?
        );
    Ok((Lab::with(name, &policy)?, keys))
}

pub fn public(private: &str) -> Result<String, String> {
    let folder = crate::lab::Folder::new("key");
    let file = folder.write("key", private);
    run("sh", &["-c", &format!("wg pubkey < {file}")]).map(|key| key.trim().to_owned())
}

/// Both ends of the tunnel with their keys, under names that no other test has: the sockets of WireGuard are one folder for
/// the whole machine, whatever the namespace. Gives back the name of the client's end.
fn tunnel(lab: &Lab, letter: char, server: &str, keys: &[String; 2]) -> Result<([Running; 2], String), String> {
    let [ours, theirs] = ["s", "c"].map(|end| format!("{end}{letter}{}", std::process::id()));
    let phone = lab.companion("wireguard-road/peer-phone.conf")?;
    for (name, text) in [(&ours, server), (&theirs, phone)] {
        let filled = text
            .replace("PRIVATE-KEY-OF-THE-SERVER", &keys[0])
            .replace("PRIVATE-KEY-OF-THIS-DEVICE", &keys[1])
            .replace("PUBLIC-KEY-OF-THE-SERVER", &public(&keys[0])?)
            .replace("home.example.org", "203.0.113.20");
        lab.folder.write(&format!("{name}.conf"), &filled);
    }
    let server = wireguard(&lab.hosts["ha"], &lab.folder.0.join(format!("{ours}.conf")))?;
    let client = wireguard(&lab.hosts["outside"], &lab.folder.0.join(format!("{theirs}.conf")))?;
    lab.hosts["ha"].run("sysctl -q -w net.ipv4.ip_forward=1")?;
    Ok(([server, client], theirs))
}

/// The value of a line of the add-on's configuration.
fn option(text: &str, key: &str) -> Result<String, String> {
    let line = text.lines().find_map(|line| line.trim_start_matches([' ', '-']).strip_prefix(key)?.strip_prefix(": "));
    line.map(|value| value.replace(['[', ']', '"'], "")).ok_or_else(|| format!("the add-on is not told its {key}"))
}

/// The add-on itself is an image of Home Assistant OS. What it does, as its script has it (`config.sh`): WireGuard with these
/// options, forwarding both ways, and a masquerade on its host's interface.
pub fn a_wireguard_add_on_hides_its_peers() -> Result<(), String> {
    let (lab, keys) = on_a_host("addon", "runs-as addon;  tunnel full;", "allow ha -> iot : https\n")?;
    let addon = lab.companion("wireguard-road/addon.yaml")?;
    let server = format!(
        "[Interface]\nAddress = {}\nListenPort = 51820\nPrivateKey = PRIVATE-KEY-OF-THE-SERVER\n\
         [Peer]\nPublicKey = {}\nAllowedIPs = 10.0.97.2/32\n",
        option(addon, "addresses")?,
        option(addon, "public_key")?
    );
    let (_tunnel, client) = tunnel(&lab, 'a', &server, &keys)?;
    for line in [
        "nft add table ip addon",
        "nft add chain ip addon out { type nat hook postrouting priority srcnat ; }",
        "nft add rule ip addon out oifname e0 masquerade",
    ] {
        lab.hosts["ha"].run(line)?;
    }
    let at = |name: &str| lab.folder.0.join(name);
    let _home = lab.hosts["ha"].start("python3 -u -m http.server 8123", &at("ha.log"), "Serving")?;
    let _proxy = lab.hosts["proxy"].start("python3 -u -m http.server 443", &at("web.log"), "Serving")?;
    let _iot = lab.hosts["iot"].start("python3 -u -m http.server 443", &at("iot.log"), "Serving")?;
    lab.hosts["outside"].run(&format!("ip route replace 10.0.0.0/8 dev {client}"))?;
    lab.expect("outside", "http://10.0.20.10:8123/", "200", "a peer reaches Home Assistant")?;
    lab.expect("outside", "http://10.0.40.9:443/", "200", "it gets where Home Assistant may go")?;
    let seen = lab.folder.read("iot.log");
    if !seen.contains("10.0.20.10 - -") || seen.contains("10.0.97.2") {
        return Err(format!("a peer is seen under another address than Home Assistant's:\n{seen}"));
    }
    // The proxy may ask Home Assistant, and not the other way round: the listener is there for others.
    lab.expect("outside", "http://10.0.30.5:443/", "000", "it gets no further than Home Assistant")?;
    lab.expect("pc", "http://10.0.30.5:443/", "200", "the listener that the peer could not reach is there")?;
    // Nobody on the link gets in under the address of a peer.
    lab.hosts["ha"].run("nft flush table ip addon")?;
    lab.expect("outside", "http://10.0.40.9:443/", "000", "the router takes the peers' own addresses from nobody")
}

pub fn a_wireguard_on_a_host_is_routed() -> Result<(), String> {
    let (lab, keys) = on_a_host("routed", "", "allow phone -> proxy : https\n")?;
    let server = lab.companion("wireguard-road/server.conf")?.to_owned();
    let (_tunnel, client) = tunnel(&lab, 'h', &server, &keys)?;
    let at = |name: &str| lab.folder.0.join(name);
    let _proxy = lab.hosts["proxy"].start("python3 -u -m http.server 443", &at("web.log"), "Serving")?;
    let _iot = lab.hosts["iot"].start("python3 -u -m http.server 443", &at("iot.log"), "Serving")?;
    lab.hosts["outside"].run(&format!("ip route replace 10.0.0.0/8 dev {client}"))?;
    lab.expect("outside", "http://10.0.30.5:443/", "000", "without the route no answer comes back")?;
    // As IMPORT.md has it.
    lab.router.run("ip route replace 10.0.97.0/24 via 10.0.20.10 dev srv0")?;
    lab.expect("outside", "http://10.0.30.5:443/", "200", "a peer gets where a rule lets it")?;
    let seen = lab.folder.read("web.log");
    if !seen.contains("10.0.97.2 - -") {
        return Err(format!("a peer is not seen under its own address:\n{seen}"));
    }
    lab.expect("outside", "http://10.0.40.9:443/", "000", "and nowhere else")?;
    lab.hosts["outside"].run(&format!("ip addr add 10.0.97.3/32 dev {client}"))?;
    lab.expect(
        "outside",
        "--interface 10.0.97.3 http://10.0.30.5:443/",
        "000",
        "nor does another address of the tunnel",
    )
}

pub fn a_wireguard_on_a_host_hides_its_peers() -> Result<(), String> {
    let (lab, keys) = on_a_host("hidden", "masquerade on;", "allow ha -> iot : https\n")?;
    let server = lab.companion("wireguard-road/server.conf")?.to_owned();
    let (_tunnel, client) = tunnel(&lab, 'm', &server, &keys)?;
    let device = format!("sm{}", std::process::id());
    // What wg-quick does once its interface is up.
    for line in server.lines().filter_map(|line| line.strip_prefix("PostUp = ")) {
        let script = lab.folder.write("up.sh", &line.replace("%i", &device));
        lab.hosts["ha"].run(&format!("sh -e {script}"))?;
    }
    let iot = lab.hosts["iot"].start("python3 -u -m http.server 443", &lab.folder.0.join("iot.log"), "Serving")?;
    // By the routes that AllowedIPs have set, and by no other.
    lab.expect("outside", "http://10.0.40.9:443/", "200", "a peer gets where the host gets")?;
    let seen = lab.folder.read("iot.log");
    if !seen.contains("10.0.20.10 - -") || seen.contains("10.0.97.2") {
        return Err(format!("a peer is seen under another address than its host's:\n{seen}"));
    }
    lab.hosts["outside"].run(&format!("ip route replace 10.0.0.0/8 dev {client}"))?;
    lab.expect("outside", "http://10.0.10.9:22/", "000", "and nowhere else")?;
    drop(iot);
    Ok(())
}
