//! Every two features of the language in one household, compiled for every target: it is proven, or refused at a
//! place in the policy with something to do about it. Nothing panics, and nothing is written that cannot be proven.
//!
//! Each pair is compiled for one target, a different one for each of its neighbours; with `PAIRS=all` for all targets.

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use hedgerow::{
    compile::{self, Checked},
    diagnostic::{Diagnostic, Human, Severity},
    target::Target,
    world::Memory,
};

/// A feature: its name, and the statements that make it. A statement takes the place of the household's own that
/// begins with the same two words; two features that change the same one are no pair.
type Feature = (&'static str, &'static [&'static str]);

const HOUSEHOLD: &str = include_str!("pairs/household.hedge");

const FEATURES: [Feature; 30] = [
    ("as router", &["allow lan -> cam : rtsp { as router }"]),
    ("log", &["allow iot -> ha : mqtt { log }"]),
    ("limit", &["allow iot -> ha : tcp 5000 { limit 10/minute }"]),
    ("during", &["schedule night = 21:00-07:00", "allow iot -> ha : mqtt { during night }"]),
    ("deny", &["deny iot -> ha : mqtt { log }"]),
    ("deny during", &["schedule work = mon-fri 08:00-17:00", "deny lan -> internet : https { during work }"]),
    ("redirect to a host", &["redirect iot : dns -> resolver"]),
    ("redirect to the router", &["redirect lan, guest : udp 123 -> router"]),
    ("redirect in both families", &["redirect lan : udp 53 -> dual"]),
    ("reflect mdns", &["reflect mdns between lan, iot"]),
    ("reflect ssdp", &["reflect ssdp between lan, guest"]),
    ("expose", &["expose ha : home-assistant { ipv6 off }"]),
    ("expose another port", &["expose dual : https { port 8443;  ipv6 on }"]),
    ("expose limited", &["expose ha : mqtt { limit 5/second;  ipv6 off }"]),
    ("expose during", &["schedule day = 07:00-21:00", "expose ha : ssh { during day;  log;  ipv6 off }"]),
    ("expose from ranges", &["expose resolver : tcp 853 { from cloudflare-v4;  ipv6 off }"]),
    (
        "expose through a proxy",
        &["expose cam : rtsp { through proxy : https;  name cam.example.org;  tls letsencrypt http-01;  ipv6 off }"],
    ),
    ("expose without hairpin", &["expose ha : tcp 9000 { hairpin off;  ipv6 off }"]),
    ("expose by a tunnel", &["expose ha : tcp 7000 { name t.example.org;  tunnel ha { kind cloudflared } }"]),
    (
        "a VPN on the router",
        &[
            "vpn road { kind wireguard;  listen udp 51820;  peer phone { address 10.0.99.2 } }",
            "allow road -> ha : https",
        ],
    ),
    ("a VPN on a host", &["vpn road { kind openvpn;  listen tcp 1194;  server proxy }", "allow road -> ha : https"]),
    ("closed output", &["router edge { target nftables;  output closed }", "allow router -> internet : dns, ntp"]),
    ("drop", &["router edge { target nftables;  default-deny drop }"]),
    (
        "isolated",
        &[
            "zone guest { role guest;  interface eth5;  interface pfsense opt4;  network 10.0.50.0/24, 10.0.51.0/24;  isolated }",
        ],
    ),
    (
        "several networks",
        &["zone guest { role guest;  interface eth5;  interface pfsense opt4;  network 10.0.50.0/24, 10.0.51.0/24 }"],
    ),
    (
        "masquerade inside",
        &["zone iot { role iot;  interface eth4;  interface pfsense opt3;  network 10.0.30.0/24;  masquerade on }"],
    ),
    (
        "a delegated prefix",
        &[
            "zone iot { role iot;  interface eth4;  interface pfsense opt3;  network 10.0.30.0/24, delegated 30 }",
            "allow iot -> internet : https",
        ],
    ),
    (
        "an address that changes",
        &["zone wan { role internet;  interface eth0;  interface pfsense wan;  address dhcp }"],
    ),
    (
        "two uplinks",
        &["zone lte { role internet;  interface wwan0;  interface pfsense opt9;  address 198.51.100.9;  failover }"],
    ),
    (
        "egress by another uplink",
        &[
            "zone sat { role internet;  interface sat0;  interface pfsense opt8;  address 198.51.100.77 }",
            "zone lan { role trusted;  interface eth1;  interface pfsense lan;  network 10.0.10.0/24, fd42:0:0:10::/64;  egress sat }",
        ],
    ),
];

/// The first two words of a statement that only one of its kind may have; no others.
fn head(statement: &str) -> Option<(&str, &str)> {
    let mut words = statement.split_whitespace();
    let (kind, name) = (words.next()?, words.next()?);
    ["router", "zone", "vpn"].contains(&kind).then_some((kind, name))
}

fn policy(one: Feature, other: Feature) -> Option<String> {
    let heads = |feature: Feature| feature.1.iter().filter_map(|statement| head(statement)).collect::<Vec<_>>();
    if one.0 != other.0 && heads(one).iter().any(|head| heads(other).contains(head)) {
        return None;
    }
    let mut statements: Vec<&str> = one.1.to_vec();
    statements.extend(other.1.iter().filter(|statement| !one.1.contains(statement)));
    let taken = |line: &&str| !statements.iter().any(|new| head(new).is_some() && head(new) == head(line));
    let kept: Vec<&str> = HOUSEHOLD.lines().filter(taken).collect();
    Some(format!("{}\n{}\n", kept.join("\n"), statements.join("\n")))
}

fn shown(checked: &Checked, found: &[Diagnostic]) -> String {
    let human = Human::new(&checked.sources, false);
    found.iter().map(|found| human.render(found) + "\n").collect()
}

/// What came of the pairs.
#[derive(Default)]
struct Tally {
    proven: usize,
    refused: usize,
    failures: String,
    /// Each refusal once, with the first pair that has it.
    refusals: BTreeMap<String, String>,
}

impl Tally {
    fn pair(&mut self, name: &str, text: &str, targets: &[Target]) {
        let world = Memory { date: jiff::civil::date(2026, 11, 23), ..Memory::default() };
        let mut checked = compile::check("main.hedge", text, &world);
        let mut errors = checked.diagnostics.clone();
        errors.retain(|found| found.severity == Severity::Error);
        if !errors.is_empty() {
            return self.refuse(name, "any router", &checked, &errors);
        }
        if let Err(errors) = compile::companions(&checked, targets) {
            self.failures += &format!("=== {name}\n{}\n", shown(&checked, &errors));
        }
        for target in targets {
            match compile::render(&mut checked, "main.hedge", *target, &[]) {
                Ok(_) => self.proven += 1,
                Err(errors) => self.refuse(name, target.name(), &checked, &errors),
            }
        }
    }

    /// A refusal has a place in the policy, and says what to do.
    fn refuse(&mut self, name: &str, by: &str, checked: &Checked, errors: &[Diagnostic]) {
        self.refused += 1;
        let poor = |found: &Diagnostic| {
            let router = found.primary.span == checked.network.router.span;
            found.code == "not-proven" || found.help.is_empty() || router
        };
        if errors.is_empty() || errors.iter().any(poor) {
            self.failures += &format!("=== {name}, {by}\n{}\n", shown(checked, errors));
        }
        for error in errors {
            let said = format!("{by}: {}", error.message);
            self.refusals
                .entry(said)
                .or_insert_with(|| format!("{name}\n{}", shown(checked, std::slice::from_ref(error))));
        }
    }
}

/// The pairs whose first feature has an even number, or an odd one.
fn pairs(odd: usize) {
    let all = std::env::var_os("PAIRS").is_some_and(|value| value == "all");
    let (mut tally, mut number) = (Tally::default(), 0);
    for (index, one) in FEATURES.iter().enumerate().filter(|(index, _)| index % 2 == odd) {
        for other in &FEATURES[index..] {
            let Some(text) = policy(*one, *other) else { continue };
            number += 1;
            let one_target = [Target::ALL[number % Target::ALL.len()]];
            let targets = if all { &Target::ALL[..] } else { &one_target };
            let name = format!("{} and {}", one.0, other.0);
            let pair = catch_unwind(AssertUnwindSafe(|| tally.pair(&name, &text, targets)));
            if pair.is_err() {
                tally.failures += &format!("=== {name}\nit panics\n");
            }
        }
    }
    let Tally { proven, refused, failures, refusals } = tally;
    println!("{number} pairs: {proven} proven, {refused} refused");
    for refusal in refusals.values() {
        println!("--- {refusal}");
    }
    assert!(failures.is_empty(), "{failures}");
    assert!(proven > 2 * refused, "most of them should compile: {proven} against {refused}");
}

#[test]
fn even_pairs_are_proven_or_refused() {
    pairs(0);
}

#[test]
fn odd_pairs_are_proven_or_refused() {
    pairs(1);
}
