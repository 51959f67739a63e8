//! What a packet costs on the router: 10 rules against 10,000, as hedgerow writes them and as a plain list of rules.
//!
//! Needs root, `nft` and `ip`. New UDP flows go through a router in a network namespace; the rulesets take turns, so that
//! the ratio holds on a busy machine too. `cargo bench --bench packet_cost`

#[allow(dead_code, unused_imports, reason = "the tests use the rest of the rig")]
#[path = "../tests/kernel/rig/mod.rs"]
mod rig;

use std::{
    fmt::Write,
    net::IpAddr,
    time::{Duration, Instant},
};

use hedgerow::{compile, target::Target, world::Memory};
use rig::{Link, Probe, Rig, World};

const PROBES: u16 = 4_000;
const ROUNDS: usize = 7;

fn main() {
    if let Err(why) = Rig::available() {
        println!("not measured: {why}");
        return;
    }
    let world = World::default()
        .link(Link::new("eth1", &["10.1.0.1/16"]).host("a", &["10.1.0.9"]))
        .link(Link::new("eth2", &["10.2.0.1/16"]).host("b", &["10.2.0.9"]))
        .link(Link::new("eth0", &["203.0.113.2/24"]).host("c", &["203.0.113.9"]).internet());
    let sizes = [10, 100, 1_000, 10_000];
    let mut rulesets: Vec<(String, String)> = Vec::new();
    for size in sizes {
        rulesets.push((format!("{size} rules, hedgerow"), compiled(size)));
        rulesets.push((format!("{size} rules, a plain list"), listed(size)));
    }
    let mut rig = Rig::new(&world).expect("namespaces");
    let target: IpAddr = "10.2.0.9".parse().expect("an address");
    let probes: Vec<Probe> = (1..=PROBES).map(|port| Probe::udp("a", target, 30_000 + port % 1_000)).collect();
    let mut times: Vec<Vec<Duration>> = vec![Vec::new(); rulesets.len()];
    for round in 0..=ROUNDS {
        for ((name, rules), times) in rulesets.iter().zip(&mut times) {
            rig.load("flush ruleset").expect("nft flushes");
            rig.load(rules).unwrap_or_else(|error| panic!("{name}: {error}"));
            rig.forget_flows().expect("no flows");
            let started = Instant::now();
            let seen = rig.probe(&probes, Duration::from_millis(300));
            let took = started.elapsed();
            assert!(seen.iter().all(rig::Seen::is_open), "{name}: every probe is allowed");
            // The first round warms up.
            if round > 0 {
                times.push(took);
            }
        }
    }
    let mut base = None;
    for ((name, _), times) in rulesets.iter().zip(&mut times) {
        times.sort();
        let median = times[times.len() / 2];
        let each = median.as_secs_f64() * 1e6 / f64::from(PROBES);
        let base = *base.get_or_insert(each);
        println!("{name:<28} {each:>8.1} µs a flow, {:>6.2} times the first", each / base);
    }
}

/// The rules: flows from one zone to single hosts and ports of the other. The one that is probed comes last.
fn flows(size: usize) -> impl Iterator<Item = (String, u16)> {
    (1..size).map(|rule| {
        (format!("10.2.{}.{}", 1 + rule / 200, 1 + rule % 200), u16::try_from(1 + rule % 20_000).unwrap_or(1))
    })
}

fn compiled(size: usize) -> String {
    let mut policy = String::from(
        "router r { target nftables }\nzone wan { role internet; interface eth0; address 203.0.113.2 }\n\
         zone left { role trusted; interface eth1; network 10.1.0.0/16 }\n\
         zone right { role server; interface eth2; network 10.2.0.0/16 }\n",
    );
    for (host, port) in flows(size) {
        let _ = writeln!(policy, "allow left -> {host} : udp {port}");
    }
    policy += "allow left -> 10.2.0.9 : udp 30000-31000\n";
    let mut checked = compile::check("bench.hedge", &policy, &Memory::default());
    let output = compile::render(&mut checked, "bench.hedge", Target::Nftables, &[]).expect("proven");
    output.files[0].text.clone()
}

/// The same, one rule after the other.
fn listed(size: usize) -> String {
    let mut rules = String::from(
        "table inet plain {\n chain forward {\n  type filter hook forward priority filter; policy drop;\n  ct state established,related accept\n",
    );
    for (host, port) in flows(size) {
        let _ = writeln!(
            rules,
            "  iifname \"eth1\" oifname \"eth2\" ip saddr 10.1.0.0/16 ip daddr {host} udp dport {port} accept"
        );
    }
    rules += "  iifname \"eth1\" oifname \"eth2\" ip saddr 10.1.0.0/16 ip daddr 10.2.0.9 udp dport 30000-31000 accept\n }\n}\n";
    rules
}
