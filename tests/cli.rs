//! The program as a person meets it: what it prints, and how it ends.

use std::fs;

#[path = "support/session.rs"]
#[macro_use]
mod session;

use session::{Folder, HOME};

#[test]
fn check_says_little_about_a_clean_policy() {
    let folder = Folder::home("clean");
    session!(
        folder.run("check"),
        folder.run("check main.hedge --quiet"),
        folder.run("check main.hedge --deny note"),
        folder.run_with("check -", HOME, &[]),
    );
}

#[test]
fn check_tells_all_errors_at_once() {
    let broken = "\
use std.services
router edge { target nftables }
zone wan { role internet;  interface eth0;  address dhcp }
zone lan { role trusted;  interface eth1;  network 10.0.10.0/24 }
zone iot { role iot;  interface eth1;  network 10.0.10.128/25 }
allow lan internet
allow lan -> intrenet
allow iot -> lan : mqqt
";
    let folder = Folder::new("broken").file("main.hedge", broken);
    session!(folder.run("check"), folder.run("check --quiet"));
}

/// What is no policy at all is told in a moment, and not letter by letter.
#[test]
fn check_of_one_endless_line() {
    let folder = Folder::new("endless").file("main.hedge", &"? ".repeat(100_000));
    let started = std::time::Instant::now();
    let told = folder.run("check");
    assert!(started.elapsed().as_secs() < 20, "{:?}", started.elapsed());
    assert_eq!(told.matches("error[unreadable]").count(), 20);
    let end = told.split("main.hedge:1: ").nth(1).unwrap();
    assert!(end.starts_with("99980 more on this line are not shown: mend those above first\n"), "{end}");
    assert!(end.contains("main.hedge: 100000 errors;"), "{end}");
}

#[test]
fn check_shows_a_packet_for_a_promise_that_fails() {
    let folder = Folder::new("promises").file(
        "main.hedge",
        &format!(
            "{HOME}\n{}",
            "never iot ~> lan except ha\nnever lan -> iot : mqtt\nalways iot -> ha : https\nonly lan -> iot : ssh\n\
             only iot -> ha : mqtt\nallow guest -> ha : mqtt { limit 10/minute }\nalways guest -> ha : mqtt\n\
             deny lan -> guest\nallow guest -> iot : https\ndeny guest -> iot\n"
        ),
    );
    session!(folder.run("check --deny warning"));
}

#[test]
fn check_names_what_the_internet_can_open() {
    let more = HOME.replace("exposed { tcp 8443 -> ha : https }", "exposed { tcp 443 -> nas }");
    let folder = Folder::new("exposed").file("main.hedge", &more);
    session!(folder.run("check"));
}

#[test]
fn check_cannot_read() {
    let folder = Folder::home("unreadable").file("folder/other.hedge", HOME).file("bytes.hedge", "");
    fs::write(folder.0.join("bytes.hedge"), [0xff, 0xfe, 0x00]).unwrap();
    session!(
        folder.run("check nowhere.hedge"),
        folder.run("check folder"),
        folder.run("check bytes.hedge"),
        folder.run("check main.hedge nowhere.hedge"),
        folder.run("check --nonsense"),
        folder.run("check --today 2026-13-01"),
    );
}

#[test]
fn check_knows_the_date() {
    let dated =
        format!("{HOME}\nallow guest -> nas : ssh {{ until 2027-01-31;  because \"moving\" }}\nnever guest -> nas\n")
            .replace("never  guest -> private\n", "");
    let folder = Folder::new("dated").file("main.hedge", &dated);
    session!(
        folder.run("check --today 2027-01-30"),
        folder.run("check --today 2027-01-31"),
        folder.run_with("check", "", &[("SOURCE_DATE_EPOCH", "1800000000")]),
    );
}

#[test]
fn colours_are_asked_for() {
    let folder = Folder::new("colour").file("main.hedge", "allow lan\n");
    session!(
        folder.run("check --color always"),
        folder.run_with("check --color always", "", &[("NO_COLOR", "1")]),
        folder.run_with("check", "", &[("NO_COLOR", "1")]),
        folder.run("check nowhere.hedge --color always"),
    );
}

#[test]
fn compile_writes_what_it_has_proven() {
    let folder = Folder::home("compile");
    session!(folder.run("compile"), folder.run("compile main.hedge -o elsewhere"), folder.run("compile --quiet"));
    assert!(folder.has("out/nftables/hedgerow.nft") && folder.has("out/nftables/IMPORT.md"));
    let printed = folder.run("compile --stdout --quiet");
    let written = folder.read("elsewhere/nftables/hedgerow.nft");
    assert!(printed.contains(&written), "--stdout prints the file");
    assert_eq!(written, folder.read("out/nftables/hedgerow.nft"), "the same policy gives the same file");
}

/// pfSense is delivered with its page where this proxy should listen, and Linux has none: whatever the policy is written for.
#[test]
fn the_page_of_a_router_is_judged_by_what_is_compiled_for() {
    let policy = |router: &str| {
        format!(
            "use std.services\n{router}\n\
             zone wan {{ role internet;  interface eth0;  interface pfsense wan;  address dhcp }}\n\
             zone srv {{ role server;  interface eth1;  interface pfsense lan;  network 10.0.20.0/24 }}\n\
             host ha {{ zone srv;  address 10.0.20.10 }}\n\
             expose ha : home-assistant {{ through router;  name home.example.org;  tls own }}\n"
        )
    };
    let folder = Folder::new("page-of-the-router")
        .file("none.hedge", &policy("router edge { }"))
        .file("pfsense.hedge", &policy("router edge { target pfsense }"))
        .file("linux.hedge", &policy("router edge { target nftables }"));
    for name in ["none", "pfsense", "linux"] {
        let said = folder.run(&format!("compile {name}.hedge --target pfsense -o {name}"));
        assert!(said.contains("error[forward-collision]: the router's own page listens on tcp 443"), "{name}: {said}");
        assert!(!folder.has(&format!("{name}/pfsense/config.xml")), "{name}");
        let said = folder.run(&format!("compile {name}.hedge --target nftables -o {name}"));
        assert!(folder.has(&format!("{name}/nftables/hedgerow.nft")), "{name}: {said}");
    }
}

#[test]
fn compile_needs_a_target_that_it_knows() {
    let folder = Folder::home("target")
        .file("none.hedge", &HOME.replace("router edge { target nftables }", "router edge { }"))
        .file("other.hedge", &HOME.replace("target nftables", "target opnsense"));
    session!(
        folder.run("compile none.hedge"),
        folder.run("compile other.hedge"),
        folder.run("compile main.hedge --target opnsense"),
        folder.run("compile main.hedge --target junos"),
        folder.run("compile none.hedge --target nftables"),
        folder.run("compile nowhere.hedge"),
    );
}

#[test]
fn compile_writes_nothing_in_spite_of_findings() {
    let folder = Folder::new("findings").file("main.hedge", &format!("{HOME}\nnever iot -> ha\n"));
    let refused = folder.run("compile");
    assert!(!folder.has("out"));
    let printed = folder.run("compile --stdout");
    assert!(!printed.contains("-- stdout"), "{printed}");
    let forced = folder.run("compile --force");
    assert!(folder.has("out/nftables/hedgerow.nft"));
    session!(refused, printed, forced);
}

#[test]
fn verify_holds_a_file_against_the_policy() {
    let folder = Folder::home("verify");
    folder.run("compile");
    let text = folder.read("out/nftables/hedgerow.nft");
    let changed = |from: &str, to: &str| {
        assert!(text.contains(from), "{from} is not in\n{text}");
        text.replacen(from, to, 1)
    };
    let chain = |name: &str| {
        let start = text.find(&format!("chain {name} {{")).unwrap_or_else(|| panic!("{name} is not in\n{text}"));
        let end = start + text[start..].find("\n\t}").unwrap();
        text[start..end].to_owned()
    };
    fs::write(folder.0.join("equal.nft"), &text).unwrap();
    fs::write(folder.0.join("port.nft"), changed("1883", "1884")).unwrap();
    fs::write(
        folder.0.join("established.nft"),
        text.replace("established : accept, related : accept, invalid : drop", "invalid : drop"),
    )
    .unwrap();
    let guard = text
        .lines()
        .filter_map(|line| line.trim().strip_prefix("chain ")?.strip_suffix(" {"))
        .find(|name| name.contains("spoof") || name.contains("guard") || name.contains("prerouting"))
        .unwrap_or_else(|| panic!("no guard in\n{text}"));
    let whole = chain(guard);
    let empty: String = whole.lines().take(2).collect::<Vec<_>>().join("\n");
    fs::write(folder.0.join("spoofed.nft"), text.replace(&whole, &empty)).unwrap();
    fs::write(folder.0.join("prefix.nft"), changed("10.0.10.10 . tcp . 1883", "10.0.10.8/30 . tcp . 1883")).unwrap();
    fs::write(folder.0.join("garbage.nft"), "table inet t {\n  chain c { typo filter }\n}\n").unwrap();
    fs::write(folder.0.join("empty.nft"), "").unwrap();
    let verify = |name: &str| folder.run(&format!("verify . --target nftables {name}"));
    session!(
        verify("equal.nft"),
        verify("port.nft"),
        verify("established.nft"),
        verify("spoofed.nft"),
        verify("prefix.nft"),
        verify("garbage.nft"),
        verify("empty.nft"),
        verify("nowhere.nft"),
        folder.run("verify . --target junos equal.nft"),
    );
}

#[test]
fn explain_answers_every_kind_of_question() {
    let folder = Folder::new("explain").file(
        "main.hedge",
        &format!(
            "{}\n{}",
            HOME.replace("router edge {", "schedule nights = 22:00-06:00\nrouter edge {"),
            "allow iot -> nas : ssh { during nights }\nallow iot -> nas : smb { limit 10/minute }\ndeny lan -> iot : telnet\nservice telnet = tcp 23\nhost lamp { zone iot }\nhost plug { zone iot }\n"
        ),
    );
    session!(
        folder.run("explain . iot ha mqtt"),
        folder.run("explain . iot ha"),
        folder.run("explain . guest nas tcp/445"),
        folder.run("explain . lan iot telnet"),
        folder.run("explain . iot nas ssh"),
        folder.run("explain . ha nas"),
        folder.run("explain . guest guest"),
        folder.run("explain . lamp plug mqtt"),
        folder.run("explain . lamp nas"),
        folder.run("explain . iot nas smb"),
        folder.run("explain . lan router dns"),
        folder.run("explain . router internet https"),
        folder.run("explain . internet wan tcp/8443"),
        folder.run("explain . internet ha tcp/443"),
        folder.run("explain . 198.51.100.7 nas tcp/443"),
        folder.run("explain . lan 203.0.113.20 tcp/8443"),
    );
}

#[test]
fn explain_knows_that_clients_of_a_vpn_meet_at_the_router() {
    let vpn = "zone road { role vpn;  interface wg0;  network 10.0.99.0/24 }
vpn road { kind wireguard;  listen udp 51820;  peer phone { address 10.0.99.2 };  peer tablet { address 10.0.99.3 } }
allow phone -> nas : ssh
exposed { tcp 8443 -> ha : https;  udp 51820 -> router }
";
    let home = HOME.replace("exposed { tcp 8443 -> ha : https }\n", "");
    let apart = vpn.replace("99.0/24 }", "99.0/24;  isolated }");
    let folder = Folder::new("explain-vpn")
        .file("joined.hedge", &format!("{home}\n{vpn}"))
        .file("apart.hedge", &format!("{home}\n{apart}"));
    session!(
        folder.run("explain joined.hedge phone nas ssh"),
        folder.run("explain joined.hedge tablet phone"),
        folder.run("explain apart.hedge tablet phone"),
        folder.run("explain apart.hedge tablet nas ssh"),
    );
}

#[test]
fn explain_tells_of_tunnels_that_lead_there() {
    let home = HOME.replace("expose ha : https { port 8443 }", "expose ha : https { name ha.example.org;  tunnel ha { kind cloudflared;  publishes nas : ssh { name nas.example.org } } }");
    let folder = Folder::new("explain-tunnel").file("main.hedge", &home);
    session!(
        folder.run("explain . internet ha https"),
        folder.run("explain . internet nas ssh"),
        folder.run("explain . internet nas https"),
        folder.run("explain . lan internet https"),
    );
}

/// A house with a name for each way in.
const NAMES: &str = "\
use std.services
router edge { target nftables }
zone wan { role internet;  interface eth0;  address 203.0.113.20;  delegated 2001:db8:7::/56 }
zone lan { role trusted;  interface eth1;  network 10.0.10.0/24 }
zone dmz { role dmz;  interface eth2;  network 10.0.60.0/24, delegated 60 }
zone srv { role server;  interface eth3;  network 10.0.20.0/24 }
zone guest { role guest;  interface eth4;  network 10.0.40.0/24 }
host ha { zone srv;  address 10.0.20.10 }
host nas { zone srv;  address 10.0.20.5;  name nas.home.arpa }
host proxy { zone dmz;  address 10.0.60.5;  suffix ::5 }
allow lan -> internet
allow lan -> proxy, nas : https
allow lan -> router : tcp 9443
expose ha : home-assistant { through proxy;  name ha.example.org;  tls own }
expose nas : http { through router : tcp 9443;  name nas.example.org;  tls own }
expose nas : https { port 8443;  name files.example.org }
expose ha : ssh { name onion.example.org;  tunnel ha { kind tor } }
";

#[test]
fn explain_takes_public_names() {
    let folder = Folder::new("explain-names").file("main.hedge", NAMES);
    session!(
        folder.run("explain . internet https://ha.example.org/lovelace"),
        folder.run("explain . lan ha.example.org"),
        folder.run("explain . guest ha.example.org"),
        folder.run("explain . internet http://ha.example.org"),
        folder.run("explain . 198.51.100.7 nas.example.org"),
        folder.run("explain . lan nas.example.org"),
        folder.run("explain . internet files.example.org"),
        folder.run("explain . lan files.example.org"),
        folder.run("explain . internet onion.example.org"),
        folder.run("explain . lan nas.home.arpa https"),
        folder.run("explain . internet ha tcp/8123"),
        folder.run("explain . internet https://hb.example.org"),
        folder.run("explain . internet hb.example.org"),
        folder.run("explain . internet ha.example.org --format json"),
    );
}

/// A name that leads in by each of two uplinks, a deny that is about where it leads, and a relay that the router calls.
const UPLINKS: &str = "\
use std.services
router edge { target nftables }
zone wan  { role internet;  interface eth0;  address 203.0.113.20 }
zone wan2 { role internet;  interface eth5;  address 198.51.100.7 }
zone lan  { role trusted;  interface eth1;  network 10.0.10.0/24 }
zone srv  { role server;  interface eth2;  network 10.0.20.0/24 }
zone relay { role vpn;  interface wg9;  network 10.9.0.0/30;  address 10.9.0.2 }
host web { zone srv;  address 10.0.20.5 }
allow lan -> web : https
expose web : https { name www.example.org;  port 8443 }
expose web : http  { name one.example.org;  on wan2 }
deny 203.0.113.0/24 -> web : https
vpn relay { kind wireguard;  peer vps { address 10.9.0.1;  endpoint \"192.0.2.9:51820\" } }
expose web : ssh { name far.example.org;  tunnel router { kind relay;  peer vps } }
allow vps -> web : ssh
";

#[test]
fn explain_answers_for_every_uplink() {
    let folder = Folder::new("explain-uplinks").file("main.hedge", UPLINKS);
    session!(
        folder.run("explain . internet https://www.example.org:8443"),
        folder.run("explain . lan https://www.example.org:8443"),
        folder.run("explain . wan2 https://www.example.org:8443"),
        folder.run("explain . internet one.example.org"),
        folder.run("explain . internet far.example.org ssh"),
        folder.run("explain . lan https://www.example.org:8443 --format json"),
    );
}

#[test]
fn explain_speaks_json_too() {
    let folder = Folder::home("explain-json");
    session!(
        folder.run("explain . internet wan tcp/8443 --format json"),
        folder.run("explain . guest nas --format json"),
    );
}

#[test]
fn explain_does_not_understand() {
    let folder = Folder::home("explain-errors").file("broken.hedge", "zone lan {\n");
    session!(
        folder.run("explain . iot hx mqtt"),
        folder.run("explain . iot ha mqqt"),
        folder.run("explain . iot ha tcp/99999"),
        folder.run("explain broken.hedge iot ha"),
        folder.run("explain nowhere iot ha"),
        folder.run("explain . iot"),
    );
}

#[test]
fn diff_tells_what_opens_and_closes() {
    let new = HOME
        .replace("allow iot        -> ha : mqtt", "allow iot        -> ha, nas : mqtt")
        .replace("allow lan        -> iot\n", "")
        .replace("port 8443", "port 9443")
        .replace("tcp 8443", "tcp 9443");
    let folder = Folder::home("diff").file("new.hedge", &new);
    session!(
        folder.run("diff main.hedge new.hedge"),
        folder.run("diff main.hedge new.hedge --format markdown"),
        folder.run("diff main.hedge new.hedge --format json"),
    );
}

#[test]
fn diff_tells_what_tunnels_lead_to() {
    let old = format!("{HOME}\nexpose ha : tcp 8123 {{ tunnel ha {{ kind cloudflared }} }}\n");
    let more = old.replace("cloudflared }", "cloudflared;  publishes router : tcp 80 }");
    let asked = old.replace("cloudflared }", "cloudflared;  access on }");
    let folder = Folder::home("tunnels").file("old.hedge", &old).file("more.hedge", &more).file("asked.hedge", &asked);
    session!(
        folder.run("diff main.hedge old.hedge"),
        folder.run("diff old.hedge more.hedge"),
        folder.run("diff old.hedge asked.hedge"),
    );
}

#[test]
fn diff_tells_conditions_ports_and_hosts_that_moved() {
    let old = "use std.services
router edge { target nftables }
zone wan { role internet;  interface eth0;  address dhcp }
zone lan { role trusted;  interface eth1;  network 10.0.10.0/24 }
zone srv { role server;  interface eth2;  network 10.0.20.0/24 }
host ha  { zone srv;  address 10.0.20.10 }
schedule day = 07:00-21:00
allow lan -> ha : tcp 8123
expose ha : tcp 8123 { port 443 }
allow lan -> internet
";
    let folder = Folder::new("diff-conditions")
        .file("old.hedge", old)
        .file("limit.hedge", &old.replace("ha : tcp 8123\n", "ha : tcp 8123 { limit 10/minute }\n"))
        .file("during.hedge", &old.replace("-> internet", "-> internet { during day }"))
        .file("port.hedge", &old.replace("port 443", "port 8443"))
        .file("moved.hedge", &old.replace("10.0.20.10", "10.0.20.11"));
    session!(
        folder.run("diff old.hedge limit.hedge"),
        folder.run("diff during.hedge old.hedge"),
        folder.run("diff old.hedge port.hedge"),
        folder.run("diff old.hedge moved.hedge"),
    );
}

#[test]
fn diff_of_the_same_meaning_is_empty() {
    let same = HOME
        .replace("allow lan, guest -> internet", "allow lan -> internet\nallow guest -> internet")
        .replace("allow iot        -> ha : mqtt", "allow iot -> 10.0.10.10 : tcp 1883");
    let folder = Folder::home("same").file("new.hedge", &same);
    session!(
        folder.run("diff main.hedge new.hedge"),
        folder.run("diff main.hedge new.hedge --format markdown"),
        folder.run("diff main.hedge new.hedge --format json"),
    );
}

/// The router may send anything, so that no packet tells what its proxy asks.
#[test]
fn diff_tells_what_a_proxy_on_the_router_asks() {
    let new = NAMES.replace("expose nas : http { through router", "expose ha : home-assistant { through router");
    let folder = Folder::new("diff-router").file("main.hedge", NAMES).file("new.hedge", &new);
    session!(folder.run("diff main.hedge new.hedge"), folder.run("diff main.hedge main.hedge"));
}

#[test]
fn diff_reads_revisions() {
    let folder = Folder::home("revisions").file("sub/main.hedge", HOME);
    folder.git(&["init", "-q"]);
    folder.git(&["add", "."]);
    folder.git(&["commit", "-q", "-m", "home"]);
    let folder = folder
        .file("main.hedge", &format!("{HOME}\nallow guest -> nas : ssh\n"))
        .file("sub/main.hedge", &format!("{HOME}\nallow iot -> nas : ssh\n"));
    session!(
        folder.run("diff git:HEAD:main.hedge main.hedge"),
        folder.run("diff git:HEAD:. ."),
        folder.run("diff git:HEAD: ."),
        folder.run("diff git:HEAD:sub sub"),
        folder.run("diff git:HEAD:main.hedge git:HEAD:main.hedge"),
        folder.run("diff git:nowhere:main.hedge main.hedge"),
        folder.run("diff git:HEAD:other.hedge main.hedge"),
        folder.run("diff git:main.hedge main.hedge"),
    );
}

#[test]
fn fmt_checks_and_writes() {
    let folder = Folder::new("fmt").file("main.hedge", "zone   lan{role trusted}\n").file("broken.hedge", "zone {\n");
    let before = folder.run("fmt --check");
    assert_eq!(folder.read("main.hedge"), "zone   lan{role trusted}\n");
    session!(
        before,
        folder.run("fmt"),
        folder.run("fmt --check"),
        folder.run_with("fmt -", "zone   lan{role trusted}\n", &[]),
        folder.run_with("fmt --check -", "zone   lan{role trusted}\n", &[]),
        folder.run("fmt broken.hedge"),
        folder.run("fmt nowhere.hedge"),
    );
}

#[test]
fn verify_reads_what_routers_print() {
    let folder = Folder::home("verify-forms");
    folder.run("compile");
    let text = folder.read("out/nftables/hedgerow.nft");
    let folder = folder
        .file("etc/nftables.conf", "flush ruleset\ninclude \"nftables.d/*.nft\"\n")
        .file("etc/nftables.d/10-hedgerow.nft", &text)
        .file(
            "etc/nftables.d/90-later.nft",
            "table inet later {\n chain f {\n type filter hook forward priority 10; policy accept;\n tcp dport 1883 drop\n }\n}\n",
        )
        .file(
            "rules.v4",
            "# Generated by iptables-save v1.8.9\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT ACCEPT [0:0]\n\
             -A FORWARD -i eth1.30 -d 10.0.10.5/32 -p tcp -m tcp --dport 445 -j ACCEPT\nCOMMIT\n",
        )
        .file(
            "rules.v6",
            "# Generated by ip6tables-save v1.8.9\n*filter\n:INPUT DROP [0:0]\n:FORWARD DROP [0:0]\n:OUTPUT DROP [0:0]\nCOMMIT\n",
        )
        // Both ways of the unknown mark lead to the same verdict.
        .file("marked.nft", &text.replacen("iifname \"lo\" accept", "iifname \"lo\" meta mark 0x7 accept\n\t\tiifname \"lo\" accept", 1))
        .file("broken.json", "{\"nftables\": [{\"flush\": {\"ruleset\": null}}]}");
    session!(
        folder.run("verify . --target nftables etc/nftables.conf"),
        folder.run("verify . --target nftables etc/nftables.conf --format json"),
        folder.run("verify . --target nftables rules.v4 rules.v6"),
        folder.run("verify . --target nftables rules.v4"),
        folder.run("verify . --target nftables broken.json"),
        folder.run("verify . --target nftables marked.nft"),
    );
}

#[test]
fn a_certificate_is_held_against_policy_and_files() {
    let folder = Folder::home("certificate");
    folder.run("compile --today 2026-11-23");
    let certificate = folder.read("out/nftables/certificate.json");
    let verify = || folder.run("verify . --certificate out/nftables/certificate.json");
    let fresh = verify();
    let rules = folder.read("out/nftables/hedgerow.nft");
    fs::write(folder.0.join("out/nftables/hedgerow.nft"), rules.replace("1883", "1884")).unwrap();
    let edited = verify();
    fs::write(folder.0.join("out/nftables/hedgerow.nft"), &rules).unwrap();
    fs::write(folder.0.join("main.hedge"), format!("{HOME}# a remark\n")).unwrap();
    let remarked = verify();
    fs::remove_file(folder.0.join("out/nftables/hedgerow.nft")).unwrap();
    let gone = verify();
    fs::write(folder.0.join("out/nftables/certificate.json"), "{}").unwrap();
    insta::with_settings!({ filters => vec![(r"[0-9a-f]{64}", "(digest)")] }, {
        insta::assert_snapshot!([certificate, fresh, edited, remarked, gone, verify()].join("\n"));
    });
}

/// Each field of a certificate, each file that it names, and each file of the policy: what was changed is said.
#[test]
fn a_certificate_that_was_tampered_with() {
    let folder = Folder::home("tampered").file("more.hedge", "service odd = tcp 4711\n");
    fs::write(folder.0.join("main.hedge"), format!("use \"./more.hedge\"\n{HOME}")).unwrap();
    folder.run("compile --today 2026-11-23");
    let path = folder.0.join("out/nftables/certificate.json");
    let good = fs::read_to_string(&path).unwrap();
    let verify = || folder.run("verify . --certificate out/nftables/certificate.json");
    let fresh = verify();
    assert!(fresh.contains("-- exit 0"), "{fresh}");
    for (was, is, said) in [
        ("\"hedgerow\": \"", "\"hedgerow\": \"9.", "version   written by hedgerow 9."),
        ("\"nftables\"", "\"openwrt\"", "there is no configuration beside"),
        ("\"nftables\"", "\"nft\"", "nft"),
        ("2026-11-23", "2999-01-01", "date      2999-01-01 is yet to come"),
        ("2026-11-23", "yesterday", "date      `yesterday` is no day"),
        ("\"replies, and", "\"all replies, and", "proven    claims `all replies"),
        ("\"replies, and", "\"all replies, and", "proven    does not say `replies, and"),
        ("\"proven\": [", "\"besides\": [\"rain\"], \"proven\": [", "besides   claims `rain`"),
        ("\"main.hedge\": \"", "\"main.hedge\": \"0", "`main.hedge` has changed"),
        ("\"more.hedge\": \"", "\"less.hedge\": \"", "`more.hedge` was not there then"),
        ("\"more.hedge\": \"", "\"less.hedge\": \"", "`less.hedge` is not there any more"),
        ("\"hedgerow.nft\": \"", "\"hedgerow.nft\": \"0", "`hedgerow.nft` has changed"),
        ("\"hedgerow.nft\"", "\"other.nft\"", "`hedgerow.nft` was not there then"),
        ("\"proven\"", "\"proved\"", "unknown field `proved`"),
    ] {
        assert!(good.contains(was), "{was}");
        fs::write(&path, good.replacen(was, is, 1)).unwrap();
        let told = verify();
        assert!(told.contains(said) && !told.contains("-- exit 0"), "{was} became {is}: {said}\n{told}");
    }
    fs::write(&path, &good).unwrap();
    for (file, said) in [
        ("main.hedge", "policy    `main.hedge` has changed"),
        ("more.hedge", "policy    `more.hedge` has changed"),
        ("out/nftables/hedgerow.nft", "files     `hedgerow.nft` has changed"),
        ("out/nftables/IMPORT.md", "files     `IMPORT.md` has changed"),
    ] {
        let text = folder.read(file);
        fs::write(folder.0.join(file), format!("{text}# more\n")).unwrap();
        let told = verify();
        assert!(told.contains(said) && told.contains("-- exit 1"), "{file}\n{told}");
        fs::write(folder.0.join(file), text).unwrap();
    }
    assert_eq!(verify(), fresh);
}

const LEAKY: &str = "\
use std.services
router edge { target nftables }
zone wan { role internet;  interface eth0;  address dhcp }
zone lan { role trusted;  interface eth1.10;  network 10.0.10.0/24 }
zone iot { role iot;  interface eth1.30;  network 10.0.30.0/24 }
allow iot -> lan : https
never iot -> lan
";

#[test]
fn check_speaks_to_programs() {
    let broken = LEAKY.replace("never", "allow lan -> intrenet\nnever");
    let folder = Folder::new("programs").file("sub dir/leaky.hedge", LEAKY).file("sub dir/broken.hedge", &broken);
    folder.git(&["init", "-q"]);
    let inside = std::mem::ManuallyDrop::new(Folder(folder.0.join("sub dir")));
    let run = |format: &str| inside.run(&format!("check leaky.hedge broken.hedge --format {format}"));
    session!(
        run("json"),
        run("sarif"),
        run("github"),
        run("gitlab"),
        run("junit"),
        inside.run("check leaky.hedge --format github --quiet")
    );
    for (format, text) in [("json", run("json")), ("sarif", run("sarif"))] {
        let start = text.find("-- stdout\n").unwrap() + "-- stdout\n".len();
        let end = text.find("-- stderr").unwrap();
        let value: serde_json::Value = serde_json::from_str(&text[start..end]).unwrap();
        let places = if format == "json" {
            "/policies/0/findings/0/place/file"
        } else {
            "/runs/0/results/0/locations/0/physicalLocation/artifactLocation/uri"
        };
        let wanted = if format == "json" { "sub dir/leaky.hedge" } else { "sub%20dir/leaky.hedge" };
        assert_eq!(value.pointer(places).unwrap(), wanted);
    }
    let junit = run("junit");
    let xml = &junit[junit.find("<?xml").unwrap()..junit.find("-- stderr").unwrap()];
    assert_eq!(
        roxmltree::Document::parse(xml).unwrap().descendants().filter(|node| node.has_tag_name("failure")).count(),
        2
    );
}

#[test]
fn check_looks_for_the_policies_of_changed_files() {
    let uses = "use \"./shared/names.hedge\"\nranges partner from \"partner.txt\"\n";
    let folder = Folder::home("changed")
        .file("shared/names.hedge", "service extra = tcp 9000\n")
        .file("shared.hedge", &format!("{uses}{HOME}"))
        .file("partner.txt", "198.51.100.0/24\n")
        .file("notes.txt", "nothing\n");
    session!(
        folder.run("check --changed shared/names.hedge"),
        folder.run("check --changed partner.txt"),
        folder.run("check --changed ./main.hedge"),
        folder.run("check --changed notes.txt"),
    );
}

#[test]
fn compile_checks_what_is_there() {
    let folder = Folder::home("fresh");
    folder.run("compile");
    let fresh = folder.run("compile --check");
    fs::write(folder.0.join("main.hedge"), HOME.replace("8443", "8444")).unwrap();
    fs::write(folder.0.join("out/nftables/old.nft"), "").unwrap();
    let stale = folder.run("compile --check");
    fs::remove_file(folder.0.join("out/nftables/IMPORT.md")).unwrap();
    session!(fresh, stale, folder.run("compile --check"));
}

#[test]
fn fmt_shows_what_would_change() {
    let folder =
        Folder::new("diff").file("main.hedge", "zone a{role trusted;interface eth0;network 10.0.0.0/24}\n# kept\n");
    session!(
        folder.run("fmt --diff"),
        folder.run_with("fmt --diff -", "zone  a { role iot }\n", &[]),
        folder.run("fmt"),
        folder.run("fmt --diff")
    );
}

#[test]
fn shells_and_manuals_know_every_command() {
    let folder = Folder::new("shells");
    let help = folder.run("--help");
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| line.starts_with("  "))
        .filter(|line| !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.len() > 8, "{help}");
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = folder.run(&format!("completions {shell}"));
        for command in &commands {
            assert!(script.contains(command), "{shell} does not know {command}");
        }
    }
    folder.run("man -o man1");
    for command in &commands {
        let page = folder.read(&format!("man1/hedgerow-{command}.1"));
        assert!(page.contains(".SH OPTIONS") && page.contains("Examples") || *command == "list", "{command}:\n{page}");
    }
    assert!(folder.read("man1/hedgerow.1").contains(".SH SUBCOMMANDS"));
}

/// Fixes take out what does nothing; comments of other lines stay, the meaning too, and a second run finds nothing.
#[test]
fn check_mends_what_does_nothing() {
    let more = "\
# the old cameras
service old-cam = tcp 8000   # gone since May
# the desk
allow lan -> iot : https     # said above already
allow lan -> iot : http;  allow lan -> iot : ssh
allow lan -> iot : mqtt { because \"the desk shows the plugs\" }
allow iot -> nas : smb { until 2026-01-31;  because \"moving\" }

# two that say the same: one of them has to stay
allow guest -> nas : https
allow guest -> nas : https
use \"./shared.hedge\"
";
    let folder = Folder::new("fix")
        .file("main.hedge", &(HOME.replace("never  guest -> private\n", "") + more))
        .file("shared.hedge", "service other = tcp 9000   # another policy may use it\n");
    let today = "--today 2026-11-23";
    session!(
        folder.run(&format!("check {today} --fix --dry-run")),
        folder.run(&format!("check {today} --fix")),
        folder.read("main.hedge"),
        folder.run(&format!("check {today} --fix --dry-run")),
        folder.run_with("check - --fix", HOME, &[]),
    );
    assert!(folder.read("shared.hedge").contains("other"));
}

#[test]
fn the_closing_line_stays_a_line() {
    let folder = Folder::new("closing").file("main.hedge", &format!("{HOME}use std.leaks.home\n"));
    let text = folder.run("check");
    let line = text.lines().find(|line| line.contains(" not applicable (")).expect("a line about the checks");
    assert!(line.contains(" other reasons)") && line.len() < 240, "{line}");
}

/// What a program writes to a terminal, with `script` of util-linux as the terminal. Nothing where there is none.
fn on_a_terminal(folder: &Folder, command: &str) -> Option<String> {
    let output = std::process::Command::new("script")
        .args(["--quiet", "--return", "--command", command, "/dev/null"])
        .env_remove("CI")
        .env_remove("NO_COLOR")
        .env("TERM", "xterm")
        .current_dir(&folder.0)
        .output();
    match output {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).into_owned()),
        Err(_) => {
            assert!(std::env::var_os("CI").is_none(), "script of util-linux is needed in CI");
            None
        }
    }
}

#[test]
fn long_work_shows_what_it_is_at_on_a_terminal_only() {
    let many = (0..8000).map(|number| {
        format!("allow 10.0.30.{} -> 10.0.10.{} : tcp {}\n", 2 + number % 250, 2 + number % 127, 1000 + number * 7)
    });
    let folder = Folder::new("progress").file("main.hedge", &format!("{HOME}\n{}", many.collect::<String>()));
    let compile = format!("{} compile main.hedge --force --today 2026-11-23", env!("CARGO_BIN_EXE_hedgerow"));
    let Some(seen) = on_a_terminal(&folder, &compile) else { return };
    // Which of the two takes longer than patience is a matter of the machine.
    let shows =
        |text: &str| text.contains("checking main.hedge") || text.contains("writing for nftables and proving it");
    assert!(shows(&seen), "{seen:?}");
    let quiet = on_a_terminal(&folder, &format!("{compile} --quiet")).unwrap();
    assert!(!shows(&quiet), "{quiet:?}");
    let piped = folder.run("compile main.hedge");
    assert!(!shows(&piped), "not in a pipe: {piped}");
}

#[test]
fn explain_tells_where_a_translation_leads_and_which_uplink_is_closed() {
    let folder = Folder::new("explain-elsewhere")
        .file("hairpin.hedge", &format!("{HOME}\nallow guest -> 203.0.113.20 : tcp 8443\n"))
        .file(
            "redirect.hedge",
            "use std.services
router edge { target nftables }
zone wan { role internet;  interface eth0;  address dhcp }
zone lan { role trusted;  interface eth1;  network 10.0.10.0/24 }
zone iot { role iot;  interface eth2;  network 10.0.30.0/24 }
host pihole { zone lan;  address 10.0.10.5 }
allow iot -> router : dns
redirect iot : dns -> pihole
",
        )
        .file(
            "uplinks.hedge",
            "use std.services
router edge { target nftables }
zone fibre { role internet;  interface eth0;  address 203.0.113.2/24;  delegated 2001:db8:1::/56 }
zone cable { role internet;  interface eth2;  address 192.0.2.2/24 }
zone dmz   { role dmz;  interface eth1;  network 10.0.60.0/24, fd44:0:0:1::/64 }
host web   { zone dmz;  address 10.0.60.5, fd44:0:0:1::5 }
expose web : https { on fibre;  ipv6 off }
",
        );
    session!(
        folder.run("explain hairpin.hedge guest 203.0.113.20 tcp/8443"),
        folder.run("explain redirect.hedge iot 8.8.8.8 dns"),
        folder.run("explain redirect.hedge iot router dns"),
        folder.run("explain uplinks.hedge internet web https"),
        folder.run("explain uplinks.hedge fibre web https"),
    );
}

#[test]
#[cfg(unix)]
fn links_lead_nobody_out_of_the_folder() {
    use std::os::unix::fs::symlink;

    let main = format!(
        "use \"./used.hedge\"\nuse \"./beside.hedge\"\n{HOME}\nranges one from \"list.txt\"\nranges two from \"zero.txt\"\nranges three from \"folder/list.txt\"\nhome-assistant ha {{ settings from \"configuration.yaml\" }}\n"
    );
    let folder = Folder::new("links")
        .file("secret/token.txt", "the-secret-token\n")
        .file("policy/main.hedge", &main)
        .file("secret/list.txt", "the-secret-token\n")
        .file("policy/own.hedge", "group mine = pc\n")
        .file("policy/configuration.yaml", "http: !include_dir_merge_named folder\n");
    let link = |to: &str, from: &str| symlink(to, folder.0.join(from)).unwrap();
    link("../secret/token.txt", "policy/used.hedge");
    link("../secret/token.txt", "policy/list.txt");
    link("/dev/zero", "policy/zero.txt");
    link("../secret", "policy/folder");
    // Within the folder a link is a name like any other, and so is one on the way to the folder.
    link("own.hedge", "policy/beside.hedge");
    link("policy", "by-link");
    link("../secret/token.txt", "policy/other.hedge");
    let all = ["policy/main.hedge", "by-link/own.hedge", "policy/other.hedge"];
    let [main, own, other] = all.map(|path| folder.run(&format!("check {path}")));
    assert!(![&main, &own, &other].iter().any(|text| text.contains("the-secret-token")), "{main}{own}{other}");
    session!(main, own, other);
}
