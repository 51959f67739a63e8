//! Rulesets as real programs print them: loaded by nft and iptables into a namespace of their own, printed by them, read,
//! and compared. Needs root, nft and iptables; without them the tests are skipped, except in CI.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use hedgerow::{
    packet::Space,
    router::{Configuration, Facts, File, Interface, Limits, Topology},
    target::{
        Target,
        nftables::read::{read, read_any},
    },
    verify::Kind,
};

/// Runs shell commands in a network namespace of their own, with a text as their input.
fn within(script: &str, input: &str) -> Result<String, String> {
    let mut child = Command::new("unshare")
        .args(["-n", "sh", "-ec", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(|error| error.to_string())?;
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    let output = child.wait_with_output().map_err(|error| error.to_string())?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned())
}

/// Are the programs there? In CI they have to be.
fn ready() -> bool {
    let found = within("nft --version && iptables-nft-restore --version && ip6tables-nft-restore --version", "");
    if let Err(why) = &found {
        assert!(std::env::var_os("CI").is_none(), "nft and iptables are needed: {why}");
        eprintln!("skipped: {why}");
    }
    found.is_ok()
}

fn house() -> Topology {
    let interface = |name: &str, networks: &[&str], addresses: &[&str], internet: bool| Interface {
        name: name.into(),
        networks: networks.iter().map(|net| net.parse().unwrap()).collect(),
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        internet,
        upstream: Vec::new(),
        ..Interface::default()
    };
    Topology {
        offset: 0,
        interfaces: vec![
            interface("lan", &["192.168.10.0/24", "fd00:10::/64"], &["192.168.10.1", "fd00:10::1"], false),
            interface("iot", &["192.168.20.0/24", "fd00:20::/64"], &["192.168.20.1", "fd00:20::1"], false),
            interface("wan", &["203.0.113.0/24", "2001:db8:ff::/64"], &["203.0.113.7", "2001:db8:ff::7"], true),
        ],
    }
}

/// What two readings do, in one space, so that they can be compared.
struct Both {
    space: Space,
    limits: Limits,
}

impl Both {
    fn new() -> Self {
        Self { space: Space::new(), limits: Limits::default() }
    }

    fn text(&mut self, text: &str) -> Facts {
        let found = read(text, &house(), &mut self.limits, &mut self.space);
        found.unwrap_or_else(|error| panic!("{error}\n{text}")).facts(&mut self.space)
    }

    fn any(&mut self, files: &[File]) -> Facts {
        let found = read_any(files, &house(), &mut self.limits, &mut self.space);
        found.unwrap_or_else(|error| panic!("{error}\n{files:#?}")).facts(&mut self.space)
    }

    /// Both say the same, as far as both know.
    fn agree(&mut self, one: &Facts, other: &Facts, exactly: bool, what: &str) {
        let space = &mut self.space;
        let (one_surely, one_possibly) = (one.surely.all(space), one.possibly.all(space));
        let (other_surely, other_possibly) = (other.surely.all(space), other.possibly.all(space));
        for (surely, possibly) in [(one_surely, other_possibly), (other_surely, one_possibly)] {
            let apart = space.minus(surely, possibly);
            assert!(apart.is_empty(), "{:?}\n{what}\n{:?}\n{:?}", space.witness(apart), one.unknown, other.unknown);
        }
        if exactly {
            assert_eq!(
                (&one.surely, &one.possibly),
                (&other.surely, &other.possibly),
                "{what}\n{:?}\n{:?}",
                one.unknown,
                other.unknown
            );
            let later = |facts: &Facts| (facts.established_dropped, facts.related_dropped, facts.invalid_accepted);
            assert_eq!(later(one), later(other), "{what}");
        }
    }
}

fn file(name: &str, text: &str) -> File {
    File { name: name.to_owned(), text: text.to_owned() }
}

#[test]
fn nft_prints_the_same_as_text_and_as_json() {
    if !ready() {
        return;
    }
    let mut rulesets = vec![include_str!("nftables_reader/household.nft").to_owned()];
    for example in std::fs::read_dir("examples").unwrap() {
        let path = example.unwrap().path().join("out/nftables/hedgerow.nft");
        rulesets.extend(std::fs::read_to_string(path));
    }
    rulesets.extend(SMALL.iter().map(|rules| {
        format!("table inet t {{\n chain f {{\n type filter hook forward priority 0; policy drop;\n {rules}\n }}\n}}\n")
    }));
    assert!(rulesets.len() > 10);
    for rules in rulesets {
        let text = within("nft -f - && TZ=UTC nft list ruleset", &rules).unwrap_or_else(|why| panic!("{why}\n{rules}"));
        let json = within("nft -f - && TZ=UTC nft -j list ruleset", &rules).unwrap();
        let mut both = Both::new();
        let (written, printed, as_json) = (both.text(&rules), both.text(&text), both.any(&[file("live.json", &json)]));
        both.agree(&printed, &as_json, true, &text);
        both.agree(&written, &printed, written.unknown.is_empty(), &rules);
    }
}

/// A router in a namespace of its own is asked for its rules, and they are held against the policy.
#[test]
fn a_running_router_is_verified() {
    if !ready() {
        return;
    }
    let path = "examples/direct-tls/main.hedge";
    let text = std::fs::read_to_string(path).unwrap();
    let world = hedgerow::world::Memory::default();
    let mut checked = hedgerow::compile::check(path, &text, &world);
    let rules = std::fs::read_to_string("examples/direct-tls/out/nftables/hedgerow.nft").unwrap();
    let later = "nft add table inet later; nft add chain inet later f '{ type filter hook forward priority 5; policy accept; }'; \
        nft add rule inet later f tcp dport 8123 drop";
    let mut verify = |script: &str| {
        let live = within(&format!("nft -f -; {script}"), &rules).unwrap();
        let verdict = hedgerow::compile::verify(&mut checked, Target::Nftables, &[file("live", &live)]);
        verdict.unwrap().unwrap_or_else(|error| panic!("{error}\n{live}"))
    };
    for list in ["TZ=UTC nft list ruleset", "nft -j list ruleset"] {
        let verdict = verify(list);
        assert!(verdict.is_equal(), "{list}: {:?}", verdict.differences);
        let drifted = verify(&format!("{later}; {list}"));
        assert!(!drifted.is_equal(), "{list}");
        for difference in drifted.differences.iter().filter(|difference| difference.kind == Kind::Closed) {
            let line = difference.line.clone().unwrap();
            assert!(line.text.contains("tcp dport") && line.text.contains("8123 drop"), "{line:?}");
        }
    }
}

/// What is loaded, listed, loaded again and held against the policy is the same all the way: the way back of IMPORT.md
/// rests on it.
#[test]
fn what_is_listed_can_be_loaded_again() {
    if !ready() {
        return;
    }
    let path = "main.hedge";
    let text = "use std.services
router edge { target nftables;  timezone \"Europe/Berlin\" }
zone wan  { role internet;  interface w0;  address 203.0.113.2/30;  gateway 203.0.113.1;  uplink public }
zone lan  { role trusted;  interface l0;  network 10.0.10.0/24, fd42:0:0:10::/64 }
zone srv  { role server;  interface s0;  network 10.0.20.0/24, fd42:0:0:20::/64 }
zone road { role vpn;  interface wg0;  network 10.0.99.0/24 }
host pbx { zone srv;  address 10.0.20.2 }
host web { zone srv;  address 10.0.20.3, fd42:0:0:20::3 }
schedule evening = mon-fri 18:00-23:00
expose pbx : sip, rtp { from 198.51.100.40/29 }
expose web : web { log }
expose web : ssh { port 2222;  limit 3/minute;  during evening }
vpn road { kind wireguard;  listen udp 51820 }
redirect lan : dns -> web
allow lan -> srv : https { limit 10/minute;  log }
allow lan -> web : tcp 8000-8010, udp 5000, 6000-6100, sctp 7 { during evening }
allow lan -> pbx : sip { as router }
allow lan -> internet
deny  srv -> internet : icmp
allow srv -> internet : ping, proto 47
";
    let mut checked = hedgerow::compile::check(path, text, &hedgerow::world::Memory::default());
    let output = hedgerow::compile::render(&mut checked, path, Target::Nftables, &[]).unwrap();
    let rules = &output.files.iter().find(|file| file.name == "hedgerow.nft").unwrap().text;
    let again =
        "T=$(mktemp); nft -f - && TZ=UTC nft list ruleset > $T && nft flush ruleset && TZ=UTC nft -f $T; rm -f $T";
    for list in ["TZ=UTC nft list ruleset", "nft -j list ruleset"] {
        let live = within(&format!("{again}; {list}"), rules).unwrap_or_else(|why| panic!("{why}\n{rules}"));
        let verdict = hedgerow::compile::verify(&mut checked, Target::Nftables, &[file("live", &live)]);
        let verdict = verdict.unwrap().unwrap_or_else(|error| panic!("{error}\n{live}"));
        assert!(verdict.is_equal(), "{list}: {:?}", verdict.differences);
    }
}

/// Statements of every kind that nft prints in a way of its own.
const SMALL: [&str; 30] = [
    "tcp dport { 22, 80-90 } accept",
    "tcp dport != 22 accept",
    "ip saddr 192.168.10.0/25 ip daddr 8.8.8.0-8.8.8.9 accept",
    "ip6 daddr & ::ffff:ffff:ffff:ffff == ::10 accept",
    "meta l4proto { tcp, udp } th dport 53 accept",
    "iifname \"lan\" oifname { \"wan\", \"io*\" } accept",
    "iifname . oifname vmap { \"lan\" . \"wan\" : accept, \"iot\" . \"wan\" : drop }",
    "ip saddr . tcp dport { 192.168.10.5 . 22, 192.168.10.0/24 . 80-90 } accept",
    "tcp flags syn / syn,ack accept",
    "tcp flags & (syn | ack) == syn accept",
    "tcp flags { syn, ack } accept",
    "ct state established,related accept\n ct state new tcp dport 22 accept",
    "ct state { new, untracked } udp dport 53 accept",
    "ct state vmap { established : accept, invalid : drop }\n tcp dport 1 accept",
    "ct status dnat accept",
    "ct original ip daddr 203.0.113.7 meta l4proto tcp ct original proto-dst 443 accept",
    "fib saddr . iif oif missing drop\n accept",
    "fib daddr type local accept",
    "icmp type { echo-request, 3 } accept\n icmpv6 type echo-request accept",
    "limit rate over 10/minute burst 7 packets drop\n accept",
    "limit rate 10/second accept",
    "limit rate 10 kbytes/second accept",
    "meta nfproto ipv6 udp dport 1 accept",
    "ip protocol icmp accept\n ip6 nexthdr tcp accept",
    "meta mark 0x1 accept",
    "meta mark set 0x2 tcp dport 5 counter log prefix \"a b\" accept",
    "tcp option maxseg size set rt mtu\n tcp dport 9 accept",
    "meta hour \"08:00\"-\"17:00\" meta day { 1, 2 } accept",
    "ip saddr != { 192.168.10.5, 192.168.10.9 } reject with icmp port-unreachable\n accept",
    "ip dscp cs1 tcp dport 7 accept\n quota over 5 mbytes drop",
];

#[test]
fn iptables_and_nft_say_the_same() {
    if !ready() {
        return;
    }
    let mut random = Random(7);
    for case in 0..60 {
        let (v4, v6) = (random.save(false), random.save(true));
        let script = "IFS= ; while read -r line; do if [ \"$line\" = =v6= ]; then break; fi; printf '%s\\n' \"$line\"; done > \"$T.4\"; cat > \"$T.6\"; \
            iptables-nft-restore < \"$T.4\"; ip6tables-nft-restore < \"$T.6\"; nft list ruleset; rm -f \"$T.4\" \"$T.6\"";
        let temporary = format!("{}/iptables-{}-{case}", env!("CARGO_TARGET_TMPDIR"), std::process::id());
        let text = within(&format!("T={temporary}; {script}"), &format!("{v4}=v6=\n{v6}"));
        let text = text.unwrap_or_else(|why| panic!("{why}\n{v4}{v6}"));
        let mut both = Both::new();
        let ours = both.any(&[file("rules.v4", &v4), file("rules.v6", &v6)]);
        let theirs = both.text(&text);
        both.agree(&ours, &theirs, theirs.unknown.is_empty(), &format!("{v4}{v6}\n{text}"));
    }
}

/// Random rules; xorshift, so that every run makes the same.
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(end).unwrap()).unwrap()
    }

    fn of<'t>(&mut self, list: &[&'t str]) -> &'t str {
        list[self.below(list.len())]
    }

    fn save(&mut self, v6: bool) -> String {
        let tool = if v6 { "ip6tables-save" } else { "iptables-save" };
        let mut text = format!("# Generated by {tool} v1.8.9\n*filter\n");
        for chain in ["INPUT", "FORWARD", "OUTPUT"] {
            text += &format!(":{chain} {} [0:0]\n", self.of(&["ACCEPT", "DROP"]));
        }
        text += ":one - [0:0]\n:two-2 - [0:0]\n";
        for _ in 0..14 {
            let chain = self.of(&["INPUT", "FORWARD", "FORWARD", "FORWARD", "one", "two-2"]);
            let mut rule = format!("-A {chain}");
            for _ in 0..self.below(3) {
                rule += " ";
                rule += self.of(if v6 { &V6 } else { &V4 });
            }
            if self.below(3) > 0 {
                rule += " ";
                rule += self.of(&PORTS);
            }
            rule += match (chain, self.below(6)) {
                ("FORWARD", 0) => " -j one",
                ("INPUT", 0) => " -g two-2",
                ("one", 0) => " -j two-2",
                (_, 1) => " -j DROP",
                (_, 2) => " -j REJECT",
                ("two-2", 0) | (_, 3) => " -j RETURN",
                _ => " -j ACCEPT",
            };
            if chain != "FORWARD" && rule.contains("-o wan") {
                continue;
            }
            // A match twice is refused.
            let mut seen = std::collections::BTreeSet::new();
            let doubled =
                rule.split(' ').filter(|word| word.starts_with('-') && *word != "-m").any(|word| !seen.insert(word));
            if !doubled {
                text += &rule;
                text.push('\n');
            }
        }
        text += "COMMIT\n*nat\n:PREROUTING ACCEPT [0:0]\n:INPUT ACCEPT [0:0]\n:OUTPUT ACCEPT [0:0]\n:POSTROUTING ACCEPT [0:0]\n";
        let to = if v6 { "[fd00:20::5]:8443" } else { "192.168.20.5:8443" };
        text += &format!(
            "-A PREROUTING -i {} -p tcp -m tcp --dport 443 -j DNAT --to-destination {to}\n",
            self.of(&["wan", "lan"])
        );
        text += self.of(&[
            "-A POSTROUTING -o wan -j MASQUERADE\n",
            "-A PREROUTING -i iot -p udp -m udp --dport 53 -j REDIRECT --to-ports 5353\n",
        ]);
        text + "COMMIT\n"
    }
}

const V4: [&str; 12] = [
    "-s 192.168.10.0/24",
    "-d 192.168.20.5/32",
    "! -s 192.168.10.7/32",
    "-i lan",
    "! -i wan",
    "-i l+",
    "-o wan",
    "-m conntrack --ctstate RELATED,ESTABLISHED",
    "-m state --state NEW",
    "-m iprange --src-range 192.168.10.3-192.168.10.9",
    "-m addrtype --dst-type LOCAL",
    "-m conntrack --ctstate INVALID",
];

const V6: [&str; 10] = [
    "-s fd00:10::/64",
    "-d fd00:20::5/128",
    "! -s fd00:10::7/128",
    "-i lan",
    "! -i wan",
    "-i l+",
    "-o wan",
    "-m conntrack --ctstate RELATED,ESTABLISHED",
    "-m state --state NEW",
    "-m conntrack ! --ctstate INVALID",
];

const PORTS: [&str; 10] = [
    "-p tcp -m tcp --dport 22",
    "-p tcp -m tcp --dport 80:443",
    "-p tcp -m tcp ! --dport 8080",
    "-p udp -m udp --sport 53",
    "-p tcp -m multiport --dports 22,80:90",
    "-p udp -m multiport ! --dports 53,123",
    "-p tcp -m tcp --tcp-flags FIN,SYN,RST,ACK SYN",
    "-p tcp",
    "! -p udp",
    "-p tcp -m multiport --ports 22,8080",
];
