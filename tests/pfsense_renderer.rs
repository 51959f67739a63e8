//! What is written for pfSense, read by a parser that is not hedgerow's: every name refers to something, nothing breaks
//! out of its element, and a backup keeps all that is not ours.
//!
//! pfSense leaves a rule out in silence when it cannot resolve it, and takes a type that it does not know for `pass`.

#[path = "support/pfsense.rs"]
mod support;

use std::{collections::BTreeSet, fmt::Write as _, fs};

use hedgerow::router::File;
use roxmltree::{Document, Node};
use support::{items, refused, render, render_as, text, texts};

const HOUSEHOLDS: [&str; 5] = ["cgnat-tunnel", "direct-tls", "lan-only", "multi-uplink-office", "nginx-cloudflare"];

const SMALL: &str = "use std.services\nrouter edge { }\n\
    zone wan { role internet; interface igb0; interface pfsense wan; address dhcp }\n\
    zone pc { role trusted; interface igb1; interface pfsense lan; network 10.0.10.0/24; dhcp 10.0.10.100-10.0.10.200 }\n\
    zone srv { role server; interface igb1.20; interface pfsense opt1; vlan 20; network 10.0.20.0/24, delegated 2 }\n\
    host ha { zone srv; address 10.0.20.10; suffix ::10; mac 52:54:00:aa:bb:10 }\n\
    allow pc -> internet\nallow pc -> router : dns, dhcp4\nallow pc -> ha\u{20}\n";

fn household(name: &str) -> String {
    fs::read_to_string(format!("examples/{name}/main.hedge")).unwrap()
}

fn is_address(word: &str) -> bool {
    word.parse::<std::net::IpAddr>().is_ok() || word.parse::<ipnet::IpNet>().is_ok()
}

fn is_port(word: &str) -> bool {
    let (from, to) = word.split_once(['-', ':']).unwrap_or((word, word));
    matches!((from.parse::<u16>(), to.parse::<u16>()), (Ok(from), Ok(to)) if from <= to)
}

/// Everything that a configuration refers to.
struct References<'a> {
    root: Node<'a, 'a>,
    keys: BTreeSet<&'a str>,
    aliases: BTreeSet<(&'a str, &'a str)>,
}

impl<'a> References<'a> {
    fn of(document: &'a Document<'a>) -> Self {
        let root = document.root_element();
        let keys = items(root, &["interfaces"]).into_iter().flat_map(|node| node.children()).filter(Node::is_element);
        let aliases = items(root, &["aliases", "alias"]);
        Self {
            root,
            keys: keys.map(|node| node.tag_name().name()).collect(),
            aliases: aliases.into_iter().map(|alias| (text(alias, &["name"]), text(alias, &["type"]))).collect(),
        }
    }

    fn end(&self, end: Node<'a, 'a>, families: &[bool]) {
        let any = !items(end, &["any"]).is_empty();
        let (network, address) = (texts(end, &["network"]), texts(end, &["address"]));
        assert_eq!(usize::from(any) + network.len() + address.len(), 1, "one kind of side: {end:?}");
        for word in network {
            let key = word.strip_suffix("ip").unwrap_or(word);
            assert!(word == "(self)" || self.keys.contains(key), "no interface {word}");
        }
        for word in address {
            assert!(is_address(word) || self.aliases.contains(&(word, "network")), "no alias {word}");
            let alias =
                items(self.root, &["aliases", "alias"]).into_iter().find(|alias| text(*alias, &["name"]) == word);
            let inside = alias.map_or(word, |alias| text(alias, &["address"]));
            for item in inside.split(' ') {
                assert_eq!(families, [!item.contains(':')], "{item} is of another family than its rule");
            }
        }
        for port in texts(end, &["port"]) {
            assert!(is_port(port) || self.aliases.contains(&(port, "port")), "no port {port}");
        }
    }

    fn check(&self) {
        self.names();
        let mut trackers = BTreeSet::new();
        let schedules = texts(self.root, &["schedules", "schedule", "name"]);
        let ties: Vec<&str> = texts(self.root, &["nat", "rule", "associated-rule-id"]);
        for rule in items(self.root, &["filter", "rule"]) {
            let tracker: u32 = text(rule, &["tracker"]).parse().unwrap();
            assert!(trackers.insert(tracker), "tracker {tracker} twice");
            assert!(["pass", "block", "reject"].contains(&text(rule, &["type"])));
            let interfaces = text(rule, &["interface"]);
            let groups = texts(self.root, &["ifgroups", "ifgroupentry", "ifname"]);
            let known = |key: &str| self.keys.contains(key) || groups.contains(&key);
            assert!(interfaces.split(',').all(known), "no interface {interfaces}");
            let families: &[bool] = match text(rule, &["ipprotocol"]) {
                "inet" => &[true],
                "inet6" => &[false],
                "inet46" => &[true, false],
                other => panic!("{other}"),
            };
            for side in ["source", "destination"] {
                let [end] = items(rule, &[side])[..] else { panic!("one {side}") };
                self.end(end, families);
                let ports = ["tcp", "udp", "tcp/udp", "sctp"].contains(&text(rule, &["protocol"]));
                assert!(ports || texts(end, &["port"]).is_empty(), "ports without a protocol that has them");
            }
            Self::description(rule);
            assert!(text(rule, &["sched"]).is_empty() || schedules.contains(&text(rule, &["sched"])));
            let gateway = text(rule, &["gateway"]);
            assert!(gateway.is_empty() || self.gateways().iter().any(|known| known == gateway), "no gateway {gateway}");
            let tie = text(rule, &["associated-rule-id"]);
            assert!(tie.is_empty() || ties.contains(&tie), "{tie} belongs to no translation");
        }
        for rule in items(self.root, &["nat", "rule"]) {
            assert!(self.keys.contains(text(rule, &["interface"])));
            let families: &[bool] = if text(rule, &["ipprotocol"]) == "inet" { &[true] } else { &[false] };
            for side in ["source", "destination"] {
                self.end(items(rule, &[side])[0], families);
            }
            assert!(is_address(text(rule, &["target"])) || !items(rule, &["nordr"]).is_empty());
            Self::description(rule);
        }
        for rule in items(self.root, &["nat", "outbound", "rule"]) {
            assert!(self.keys.contains(text(rule, &["interface"])));
            for side in ["source", "destination"] {
                let word = text(rule, &[side, "network"]);
                let any = word.is_empty() || word == "any";
                assert!(any || is_address(word) || self.aliases.contains(&(word, "network")), "no alias {word}");
            }
        }
        for separator in items(self.root, &["filter", "separator"])
            .into_iter()
            .flat_map(|node| node.children())
            .filter(Node::is_element)
        {
            let key = separator.tag_name().name();
            let rules = texts(self.root, &["filter", "rule", "interface"])
                .into_iter()
                .filter(|known| known.eq_ignore_ascii_case(key))
                .count();
            for row in separator.children().filter(Node::is_element).map(|part| text(part, &["row"])) {
                assert!(row.strip_prefix("fr").unwrap().parse::<usize>().unwrap() < rules);
            }
        }
    }

    fn gateways(&self) -> Vec<String> {
        let mut known: Vec<String> =
            texts(self.root, &["gateways", "gateway_item", "name"]).into_iter().map(str::to_owned).collect();
        for key in &self.keys {
            let descr = text(self.root, &["interfaces", key, "descr"]).to_uppercase();
            known.extend(["_DHCP", "_DHCP6", "_PPPOE"].map(|end| descr.clone() + end));
        }
        known
    }

    fn names(&self) {
        for alias in items(self.root, &["aliases", "alias"]) {
            let name = text(alias, &["name"]);
            assert!(
                name.len() <= 31 && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'),
                "{name}"
            );
            assert!(!name.contains("any"), "a rule with a gateway would be taken for one to anybody: {name}");
            let fits = if text(alias, &["type"]) == "port" { is_port } else { is_address };
            assert!(text(alias, &["address"]).split(' ').all(fits), "{name}");
            let count = text(alias, &["address"]).split(' ').count();
            assert_eq!(text(alias, &["detail"]).split("||").count(), count, "{name}");
        }
        let descr: Vec<&str> = self.keys.iter().map(|key| text(self.root, &["interfaces", key, "descr"])).collect();
        let unique: BTreeSet<&&str> = descr.iter().collect();
        assert_eq!(unique.len(), descr.len());
    }

    fn description(node: Node) {
        let descr = text(node, &["descr"]);
        assert!(descr.len() <= 52 && !descr.contains(['&', '<', '>', '"', '\'']), "{descr}");
    }
}

#[test]
fn every_reference_is_there() {
    let policies = HOUSEHOLDS.iter().map(|name| household(name)).chain([SMALL.to_owned(), VARIED.to_owned()]);
    for policy in policies {
        let files = render(&policy, &[]);
        let document = Document::parse(&files[0].text).unwrap();
        References::of(&document).check();
        for file in files.iter().filter(|file| file.name != "IMPORT.md") {
            let document = Document::parse(&file.text).unwrap();
            let root = document.root_element();
            assert!(root.children().any(|child| child.is_element()), "pfSense refuses empty areas: {}", file.name);
        }
    }
}

/// What else a policy may ask for.
const VARIED: &str = "use std.services\nrouter edge { hostname gate; domain example.org; timezone \"Europe/Berlin\"; output closed }\n\
    zone wan { role internet; interface igb0; interface pfsense wan; address 198.51.100.10, 198.51.100.11 }\n\
    zone lte { role internet; interface igb2; interface pfsense opt7; address dhcp; upstream 192.168.8.0/24 }\n\
    zone company { role work; interface igb1; interface pfsense lan; network 10.0.10.0/24; egress lte }\n\
    zone iot { role iot; interface igb1.30; interface pfsense opt1; vlan 30; network 10.0.30.0/24 }\n\
    zone road { role vpn; interface pfsense opt2; network 10.0.99.0/24 }\n\
    host ha { zone company; address 10.0.10.10 }\nhost pi { zone company; address 10.0.10.53 }\n\
    schedule evening = mon-fri 18:00-06:00\n\
    allow company, iot -> internet\nallow iot -> ha : mqtt { during evening;  log }\nallow company -> iot : https { as router }\n\
    deny iot -> internet : smb\nallow router -> internet : dns, ping\nallow company, iot -> router : dns\n\
    allow road -> ha : home-assistant\nallow company -> lte : tcp 80\n\
    redirect iot : dns -> pi\nvpn road { kind wireguard; listen udp 51820; on wan; peer phone { address 10.0.99.2; key \"mK3cTjq0dQ2bq0bM4R9wM2YpS0xkq0cV0m5aK1yQ2Wk=\" } }\n\
    expose ha : home-assistant { on wan; port 443 }\n";

#[test]
fn the_same_policy_gives_the_same_bytes_and_trackers() {
    for name in HOUSEHOLDS {
        assert_eq!(render(&household(name), &[]), render(&household(name), &[]));
    }
    let trackers = |policy: &str| -> BTreeSet<String> {
        let files = render(policy, &[]);
        let document = Document::parse(&files[0].text).unwrap();
        let all = texts(document.root_element(), &["filter", "rule", "tracker"]);
        all.into_iter().map(str::to_owned).collect()
    };
    let before = trackers(SMALL);
    // A rule more, and every line below it moves: the others keep their trackers.
    let after = trackers(&SMALL.replace("allow pc -> internet\n", "\n\nallow pc -> srv : ssh\nallow pc -> internet\n"));
    assert!(before.is_subset(&after), "{before:?} {after:?}");
    assert!(after.len() > before.len());
}

#[test]
fn hostile_text_stays_in_its_element() {
    let path = "a&b<!--]]>\"'<rule>.hedge";
    let policy =
        SMALL.replace("allow pc -> ha", "allow pc -> ha { because \"</descr><type>pass</type>&amp;]]>\" }  # <rule>");
    let files = render_as(path, &policy, &[]).unwrap();
    let document = Document::parse(&files[0].text).unwrap();
    References::of(&document).check();
    let plain = render(SMALL, &[]);
    let count =
        |text: &str| Document::parse(text).unwrap().descendants().filter(|node| node.has_tag_name("rule")).count();
    assert_eq!(count(&files[0].text), count(&plain[0].text));
}

/// A backup as long as those of real firewalls.
fn backup() -> File {
    let mut text = String::from(
        "<?xml version=\"1.0\"?>\r\n<pfsense>\n\t<version>23.3</version>\n\t<system><hostname>old &amp; tired</hostname><ipv6allow></ipv6allow></system>\n\t<!-- kept & untouched -->\n",
    )
    .replace("kept & untouched", "kept, untouched");
    text += "\t<interfaces>\n\t\t<wan><enable/><if>igb0</if><descr><![CDATA[WAN]]></descr><ipaddr>dhcp</ipaddr></wan>\n\t\t<lan><enable/><if>igb1</if><descr>LAN</descr><ipaddr>10.0.10.1</ipaddr><subnet>24</subnet></lan>\n\t\t<opt4><enable/><if>igb3</if><descr>LAB</descr><ipaddr>172.20.0.1</ipaddr><subnet>24</subnet></opt4>\n\t</interfaces>\n";
    text += "\t<aliases>\n";
    for number in 0..140 {
        let _ = write!(
            text,
            "\t\t<alias>\n\t\t\t<name>mine_{number}</name>\n\t\t\t<type>host</type>\n\t\t\t<address>172.20.0.{number}</address>\n\t\t\t<descr><![CDATA[machine <{number}> & more]]></descr>\n\t\t</alias>\n"
        );
    }
    text +=
        "\t</aliases>\n\t<nat>\n\t\t<outbound>\n\t\t\t<mode>automatic</mode>\n\t\t</outbound>\n\t</nat>\n\t<filter>\n";
    for number in 0..90 {
        let _ = write!(
            text,
            "\t\t<rule>\n\t\t\t<id/>\n\t\t\t<tracker>16000000{number:02}</tracker>\n\t\t\t<type>pass</type>\n\t\t\t<interface>opt4</interface>\n\t\t\t<ipprotocol>inet</ipprotocol>\n\t\t\t<source><address>mine_{number}</address></source>\n\t\t\t<destination><network>opt4</network></destination>\n\t\t\t<descr><![CDATA[by hand: hedgerow {number}]]></descr>\n\t\t</rule>\n"
        );
    }
    text += "\t\t<separator>\n\t\t\t<opt4>\n\t\t\t\t<sep0><row>fr3</row></sep0>\n\t\t\t</opt4>\n\t\t</separator>\n\t</filter>\n";
    for number in 0..60 {
        let _ = write!(
            text,
            "\t<cert>\n\t\t<refid>{number:013x}</refid>\n\t\t<descr><![CDATA[certificate]]></descr>\n\t\t<crt>LS0tLS1CRUdJTi{number}</crt>\n\t</cert>\n"
        );
    }
    text += "\t<dhcpd>\n\t\t<opt4>\n\t\t\t<range><from>172.20.0.100</from><to>172.20.0.200</to></range>\n\t\t</opt4>\n\t</dhcpd>\n";
    text += "\t<installedpackages/>\n</pfsense>\n";
    File { name: "config-edge.xml".to_owned(), text }
}

#[test]
fn a_backup_keeps_everything_foreign() {
    let base = backup();
    assert!(base.text.lines().count() > 2_000, "{}", base.text.lines().count());
    let merged = render(SMALL, std::slice::from_ref(&base));
    let merged = &merged[0];
    // All lines of the backup are there in their order; what else there is, is ours.
    let mut ours = Vec::new();
    let mut theirs = base.text.split_inclusive('\n').peekable();
    for line in merged.text.split_inclusive('\n') {
        let next = theirs.peek().copied().unwrap_or_default();
        if line == next || (next.contains("<mode>automatic</mode>") && line == next.replace("automatic", "hybrid")) {
            theirs.next();
        } else {
            ours.push(line);
        }
    }
    assert_eq!(theirs.next(), None, "a line of the backup is gone");
    assert!(ours.concat().contains("<tracker>"));
    let document = Document::parse(&merged.text).unwrap();
    let root = document.root_element();
    let first = items(root, &["filter", "rule"])[0];
    assert!(text(first, &["descr"]).starts_with("hedgerow "), "our rules stand first");
    assert_eq!(texts(root, &["interfaces", "opt1", "if"]), ["igb1.20"], "the new interface is there");
    assert_eq!(texts(root, &["dhcpd", "lan", "range", "from"]), ["10.0.10.100"]);
    // Once more with what came out: nothing is there twice.
    let again = render(SMALL, std::slice::from_ref(merged));
    assert_eq!(again[0].text, merged.text);
    // And with another policy: what was ours is gone, what was theirs is not.
    let less = render(&SMALL.replace("allow pc -> ha\u{20}\n", ""), std::slice::from_ref(merged));
    assert!(less[0].text.len() < merged.text.len());
    assert_eq!(
        less[0].text,
        render(&SMALL.replace("allow pc -> ha\u{20}\n", ""), std::slice::from_ref(merged))[0].text
    );
}

#[test]
fn interfaces_are_found_in_a_backup_and_never_guessed() {
    let by_device =
        SMALL.replace("interface pfsense wan;", "").replace("interface pfsense lan;", "interface pfsense Lan;");
    let merged = render(&by_device, &[backup()]);
    assert!(merged[0].text.contains("<interface>lan</interface>"));
    insta::assert_snapshot!("no_interface", refused(&by_device, &[]));
    let twice = format!("{by_device}zone again {{ role iot; interface pfsense LAN; network 10.0.77.0/24 }}\n");
    insta::assert_snapshot!(
        "same_interface",
        refused(&twice.replace("interface pfsense Lan", "interface pfsense lan"), &[backup()])
    );
    let renumbered = SMALL.replace("network 10.0.10.0/24; dhcp 10.0.10.100-10.0.10.200", "network 10.0.11.0/24");
    insta::assert_snapshot!("base_differs", refused(&renumbered, &[backup()]));
    let broken = File { name: "config.xml".to_owned(), text: "<pfsense><interfaces>".to_owned() };
    insta::assert_snapshot!("base_unreadable", refused(SMALL, &[broken]));
}

#[test]
fn what_pfsense_cannot_say_is_refused_at_its_place() {
    let cases = [
        "allow pc -> srv : ssh { limit 10/minute }",
        "schedule odd = 21:10-07:00\nallow pc -> srv : ssh { during odd }",
        "schedule night = 21:00-07:00\nallow pc -> srv : ssh { as router;  during night }",
        "zone six { role iot; interface igb3; interface pfsense opt4; network 10.0.40.0/24, fd40::/64 }\nredirect six : dns -> ha",
        "allow pc -> srv : ping { as router }",
        "zone road { role vpn; interface pfsense openvpn; network 10.0.99.0/24 }\nvpn road { kind openvpn; listen udp 1194; listen tcp 1194 }",
        "zone lte { role internet; interface igb3; interface pfsense opt4; address dhcp }\nallow lte -> wan : https",
        // Assigned interfaces for which pfSense would stop at every start.
        "zone tail { role vpn; interface tailscale0; interface pfsense opt9; network 100.64.0.0/10 }\nvpn tail { kind tailscale }",
        "zone tail { role vpn; interface tailscale0; interface pfsense opt9; network 100.64.0.0/10 }\nvpn tail { kind tailscale; server ha }",
        "zone over { role vpn; interface zt0; interface pfsense opt9; network 10.0.99.0/24 }\nvpn over { kind zerotier }",
    ];
    let said: String = cases.iter().map(|case| refused(&format!("{SMALL}{case}\n"), &[])).collect();
    insta::assert_snapshot!("refusals", said);
}

/// What is assigned, and the interfaces that have rules.
fn interfaces(files: &[File]) -> (Vec<String>, std::collections::BTreeSet<String>) {
    let document = Document::parse(&files[0].text).unwrap();
    let root = document.root_element();
    let assigned = items(root, &["interfaces"])[0].children().filter(roxmltree::Node::is_element);
    let assigned = assigned.map(|node| node.tag_name().name().to_owned()).collect();
    (assigned, texts(root, &["filter", "rule", "interface"]).into_iter().map(str::to_owned).collect())
}

#[test]
fn rules_of_a_schedule_are_not_restored_alone() {
    // pfSense has no area for schedules, and a rule whose schedule is not there counts always.
    let evening =
        format!("{SMALL}schedule evening = mon-fri 18:00-22:00\nallow pc -> srv : ssh {{ during evening }}\n");
    let names = |policy: &str| render(policy, &[]).into_iter().map(|file| file.name).collect::<Vec<_>>();
    assert!(names(SMALL).contains(&"filter.xml".to_owned()));
    let names = names(&evening);
    assert!(!names.iter().any(|name| name == "filter.xml" || name == "schedules.xml"), "{names:?}");
}

#[test]
fn a_tunnel_of_a_package_is_no_assigned_interface() {
    let tail = "zone tail { role vpn; interface tailscale0; interface pfsense Tailscale; network 100.64.0.0/10 }\n\
        allow tail -> ha : https\nvpn tail { kind tailscale }\n";
    let here = render(&format!("{SMALL}{tail}"), &[]);
    let (assigned, filtered) = interfaces(&here);
    assert!(filtered.contains("Tailscale") && !assigned.contains(&"Tailscale".to_owned()));
    assert!(here[0].text.contains("<ifname>Tailscale</ifname>"));
    // The group of the package is there once.
    let again = render(&format!("{SMALL}{tail}"), &here[..1]);
    assert_eq!(again[0].text.matches("<ifname>Tailscale</ifname>").count(), 1);
}

#[test]
fn headings_stay_before_the_rules_that_they_were_put_before() {
    let rule = |page: &str, descr: &str| {
        format!(
            "\t\t<rule>\n\t\t\t<type>pass</type>\n\t\t\t<interface>{page}</interface>\n\t\t\t<ipprotocol>inet</ipprotocol>\n\t\t\t<protocol>esp</protocol>\n\t\t\t<source><address>10.0.10.77</address></source>\n\t\t\t<destination><address>172.20.0.9</address></destination>\n\t\t\t<descr><![CDATA[{descr}]]></descr>\n\t\t\t<disabled/>\n\t\t</rule>\n"
        )
    };
    let heading = |number: usize, row: usize, text: &str| {
        format!("<sep{number}><row>fr{row}</row><text><![CDATA[{text}]]></text><color>bg-warning</color></sep{number}>")
    };
    let rules = [("lan", "one"), ("opt4", "other"), ("lan", "two"), ("lan", "three")];
    let rules: String = rules.iter().map(|(page, descr)| rule(page, descr)).collect();
    let separators = format!(
        "\t\t<separator>\n\t\t\t<lan>{}{}</lan>\n\t\t\t<opt4>{}</opt4>\n\t\t\t<wan/>\n\t\t</separator>\n",
        heading(0, 1, "before two"),
        heading(1, 3, "at the end"),
        heading(0, 0, "before other")
    );
    let whole = backup().text;
    let (head, rest) = whole.split_once("\t<filter>\n").unwrap();
    let tail = rest.split_once("\t</filter>\n").unwrap().1;
    let forward = "<rule><disabled/><interface>wan</interface><protocol>tcp</protocol><descr>old</descr></rule>";
    let head = head.replace(
        "\t<nat>\n",
        &format!("\t<nat>\n\t\t{forward}\n\t\t<separator>{}</separator>\n", heading(0, 1, "behind old")),
    );
    let base = File {
        name: "config-edge.xml".to_owned(),
        text: format!("{head}\t<filter>\n{rules}{separators}\t</filter>\n{tail}"),
    };
    let merged = render(SMALL, std::slice::from_ref(&base));

    // Each heading with the description of the rule behind it.
    let told = |text_of: &str| {
        let document = Document::parse(text_of).unwrap();
        let root = document.root_element();
        let mut told = Vec::new();
        let pages = items(root, &["filter", "separator"])[0].children().filter(roxmltree::Node::is_element);
        for page in pages {
            let name = page.tag_name().name();
            let on: Vec<_> = items(root, &["filter", "rule"])
                .into_iter()
                .filter(|rule| text(*rule, &["interface"]) == name && items(*rule, &["floating"]).is_empty())
                .collect();
            let mut names = std::collections::BTreeSet::new();
            for heading in page.children().filter(roxmltree::Node::is_element) {
                assert!(names.insert(heading.tag_name().name().to_owned()), "two headings of one name on {name}");
                let row: usize = text(heading, &["row"]).strip_prefix("fr").unwrap().parse().unwrap();
                let next = on.get(row).map_or("the end".to_owned(), |rule| text(*rule, &["descr"]).to_owned());
                told.push(format!("{name}: {} | {next}", text(heading, &["text"])));
            }
        }
        told.push(format!("nat: {}", text(items(root, &["nat", "separator"])[0], &["sep0", "row"])));
        told.sort();
        told.join("\n")
    };
    insta::assert_snapshot!(told(&merged[0].text));
    let again = render(SMALL, &merged[..1]);
    assert_eq!(again[0].text, merged[0].text);
    // One rule of ours more or less, and the headings still stand where they stood.
    let more = format!("{SMALL}allow pc -> ha : telnet\nservice telnet = tcp 23\n");
    let theirs =
        |text: &str| told(text).lines().filter(|line| !line.contains("hedgerow ")).collect::<Vec<_>>().join("\n");
    let (more, less) = (render(&more, &merged[..1]), render(SMALL, &merged[..1]));
    assert_eq!(theirs(&more[0].text), theirs(&less[0].text));
    assert_eq!(render(SMALL, &more[..1])[0].text, merged[0].text);
}

#[test]
fn an_uplink_whose_address_is_written_has_its_provider_s_router() {
    let fixed = SMALL.replace(
        "address dhcp }",
        "address 203.0.113.2/30, 2001:db8:9::2/64; gateway 203.0.113.1, fe80::1 }\n\
         zone line { role internet; interface igb2; interface pfsense opt2; address 198.51.100.7 }\n\
         zone lab { role work; interface igb3; interface pfsense opt3; network 10.0.30.0/24; egress wan }",
    ) + "allow lab -> internet : https\n";
    let files = render(&fixed, &[]);
    let document = Document::parse(&files[0].text).unwrap();
    let root = document.root_element();
    let mut told = Vec::new();
    for key in ["wan", "opt2"] {
        for field in ["ipaddr", "subnet", "gateway", "ipaddrv6", "subnetv6", "gatewayv6"] {
            told.push(format!("{key} {field} {}", texts(root, &["interfaces", key, field]).join("")));
        }
    }
    for item in items(root, &["gateways", "gateway_item"]) {
        let fields = ["name", "interface", "ipprotocol", "gateway", "descr"];
        told.push(fields.map(|field| text(item, &[field])).join(" | "));
    }
    told.extend(texts(root, &["virtualip", "vip", "subnet"]).iter().map(|further| format!("further {further}")));
    let ways: Vec<_> = items(root, &["filter", "rule"]).into_iter().map(|rule| text(rule, &["gateway"])).collect();
    told.push(format!(
        "rules by {:?}",
        ways.into_iter().filter(|way| !way.is_empty()).collect::<std::collections::BTreeSet<_>>()
    ));
    insta::assert_snapshot!(told.join("\n"));
}

/// A backup with an uplink whose address is written, its gateway, and a tunnel of WireGuard on `opt8`.
fn backup_with_tunnel() -> File {
    let text = backup()
        .text
        .replace(
            "<ipaddr>dhcp</ipaddr></wan>",
            "<ipaddr>203.0.113.2</ipaddr><subnet>30</subnet><gateway>MYGW</gateway></wan>\n\t\t<opt8><enable/><if>tun_wg0</if><descr>ROAD</descr><ipaddr>10.0.99.1</ipaddr><subnet>24</subnet></opt8>",
        )
        .replace(
            "\t<aliases>\n",
            "\t<gateways>\n\t\t<gateway_item><interface>wan</interface><gateway>203.0.113.1</gateway><name>MYGW</name><ipprotocol>inet</ipprotocol></gateway_item>\n\t</gateways>\n\t<aliases>\n",
        )
        .replace(
            "\t<installedpackages/>\n",
            "\t<installedpackages><wireguard><tunnels><item><name>tun_wg0</name><listenport>51820</listenport></item></tunnels></wireguard></installedpackages>\n",
        );
    File { text, ..backup() }
}

#[test]
fn what_a_backup_keeps_has_to_be_what_the_policy_says() {
    let fixed = SMALL.replace("address dhcp }", "address 203.0.113.2/30; gateway 203.0.113.1 }");
    let road = "zone road { role vpn; interface pfsense opt8; network 10.0.99.0/24 }\n\
        vpn road { kind wireguard; listen udp 51820; peer phone { address 10.0.99.2 } }\nallow phone -> ha : ssh\n";
    let base = [backup_with_tunnel()];
    let merged = render(&format!("{fixed}{road}"), &base);
    assert!(merged[0].text.contains("<interface>opt8</interface>"));
    assert_eq!(merged[0].text.matches("gateway_item").count(), 2, "the gateway of the base and no other");

    insta::assert_snapshot!(
        "base_other_gateway",
        refused(&fixed.replace("gateway 203.0.113.1", "gateway 203.0.113.3").replace("/30", "/29"), &base)
    );
    insta::assert_snapshot!("base_other_port", refused(&format!("{fixed}{}", road.replace("51820", "51821")), &base));

    // An uplink that the base does not have comes with its gateway, or not at all.
    let line = "zone line { role internet; interface igb5; interface pfsense opt9; address 198.51.100.2/29; gateway 198.51.100.1 }\n";
    let merged = render(&format!("{fixed}{line}"), &base);
    let document = Document::parse(&merged[0].text).unwrap();
    let root = document.root_element();
    let gateways = texts(root, &["gateways", "gateway_item", "name"]);
    assert_eq!(gateways, ["LINEGW", "MYGW"]);
    assert_eq!(texts(root, &["interfaces", "opt9", "gateway"]), ["LINEGW"]);
    assert!(
        render(&format!("{fixed}{line}"), &merged[..1])[0].text == merged[0].text,
        "the second run changes something"
    );
    insta::assert_snapshot!(
        "base_without_gateway",
        refused(&format!("{fixed}{}", line.replace("; gateway 198.51.100.1", "")), &base)
    );
}
