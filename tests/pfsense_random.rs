//! Random policies compiled for pfSense, and each packet decided by the small pf of `tests/mutation`, whose rules are made
//! of `config.xml` by code of its own.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_possible_wrap,
    clippy::cast_sign_loss,
    clippy::unused_self,
    dead_code,
    reason = "small random numbers; the generator serves other tests too"
)]

#[path = "mutation/pfsense/config.rs"]
mod config;
#[path = "mutation/fate.rs"]
mod fate;
#[path = "property/random/generate.rs"]
mod generate;
#[path = "mutation/ground.rs"]
mod ground;
#[path = "mutation/pfsense/judge.rs"]
mod judge;
#[path = "mutation/pfsense/make.rs"]
mod make;
#[path = "property/random/oracle.rs"]
mod oracle;
#[path = "property/random/plan.rs"]
mod plan;
#[path = "property/random/rng.rs"]
mod rng;
#[path = "property/random/sample.rs"]
mod sample;
#[path = "support/settings.rs"]
mod settings;

use std::collections::BTreeMap;

use fate::{Class, Fate, Source};
use hedgerow::{
    compile,
    diagnostic::Severity,
    model,
    packet::{Family, Packet},
    plan::{Request, rulebook},
    router::{Dnat, Outcome, Snat, Topology},
    target::{Target, pfsense},
    verify,
    world::Memory,
};
use judge::Firewall;
use oracle::Oracle;
use plan::Policy;
use rng::Rng;
use sample::Pool;

/// Enough to notice a mistake, few enough for every run of the tests.
const CASES: u64 = 100;

fn world() -> Memory {
    Memory { date: jiff::civil::date(2026, 7, 1), files: settings::settings() }
}

/// The text with an interface of pfSense for each zone.
fn text(policy: &Policy) -> String {
    let mut number = 0;
    let line = |line: &str| {
        let Some((head, rest)) = line.strip_prefix("zone ").and_then(|line| line.split_once('{')) else {
            return line.to_owned();
        };
        number += 1;
        format!("zone {head}{{ interface pfsense opt{number}; {rest}")
    };
    policy.text().lines().map(line).map(|line| line + "\n").collect()
}

/// Takes out what the model refuses.
fn settled(mut policy: Policy) -> Option<Policy> {
    let zones = policy.zones.len();
    loop {
        let text = policy.text();
        let mut sources = hedgerow::diagnostic::Sources::default();
        let (_, found) = model::resolve("random.hedge", &text, &mut sources, &world());
        let errors = found.iter().filter(|found| found.severity == Severity::Error);
        let mut lines: Vec<usize> = errors
            .map(|found| text[..(found.primary.span.start as usize).min(text.len())].matches('\n').count())
            .collect();
        lines.sort_unstable();
        lines.dedup();
        if lines.is_empty() {
            return Some(policy);
        }
        if lines.iter().any(|line| *line <= zones) {
            return None;
        }
        for line in lines.iter().rev() {
            policy.statements.remove(line - zones - 1);
        }
    }
}

#[test]
fn pfsense_does_what_the_policy_says() {
    let number = |name: &str| std::env::var(name).ok().map(|text| text.parse::<u64>().unwrap());
    let (cases, first) = (number("HEDGEROW_CASES").unwrap_or(CASES), number("HEDGEROW_SEED").unwrap_or(1));
    let (mut rendered, mut packets, mut passed) = (0, 0, 0);
    let mut refused: BTreeMap<String, usize> = BTreeMap::new();
    let mut failures = Vec::new();
    for seed in first..first + cases {
        let mut rng = Rng::new(seed);
        let Some(policy) = settled(generate::policy(&mut rng)) else { continue };
        let text = text(&policy);
        let mut checked = compile::check("random.hedge", &text, &world());
        if checked.diagnostics.iter().any(|found| matches!(found.code, "forward-collision" | "conflicting-rules")) {
            continue;
        }
        let network = checked.network.clone();
        let Some(meant) = checked.meant.as_mut() else { panic!("seed {seed}: {:?}", checked.diagnostics) };
        let standing = meant.standing.on(&network, "pfsense");
        let Ok(book) = rulebook(&network, &meant.meaning) else { continue };
        let request = Request {
            network: &network,
            standing: &standing,
            book: &book,
            sources: &checked.sources,
            policy: "random.hedge",
            base: &[],
        };
        let files = match pfsense::render::render(&request) {
            Ok(files) => files,
            Err(errors) => {
                for error in errors {
                    assert_eq!(error.code, "backend-cannot-express", "seed {seed}: {}", error.message);
                    *refused.entry(error.message).or_default() += 1;
                }
                continue;
            }
        };
        rendered += 1;
        let tools = (&mut meant.limits, &mut meant.space);
        match verify::compare(Target::PfSense, &files, &network, &standing, &meant.meaning, tools) {
            Err(error) => failures.push(format!("seed {seed}: {error}")),
            Ok(verdict) => {
                let words = verdict.differences.iter().map(|found| found.sentence(&network));
                failures.extend(words.map(|words| format!("seed {seed}: {words}")));
            }
        }
        let firewall = firewall(&files[0].text, &standing.topology);
        let oracle = Oracle::new(&policy, &network, meant.limits.all().to_vec());
        let pool = Pool::new(&oracle, meant.limits.all().len());
        for _ in 0..400 {
            let packet = pool.packet(&oracle, &mut rng);
            if !meant.space.contains(meant.meaning.domain, &packet) && oracle.decide(&packet).is_none() {
                continue;
            }
            let wanted = oracle.decide(&packet);
            let Some(seen) = fate(&firewall, &packet, &standing.topology) else { continue };
            packets += 1;
            passed += u64::from(wanted.is_some());
            if !is(&firewall, &packet, &seen, wanted.as_ref()) {
                failures.push(format!(
                    "seed {seed}: {}\n  wanted {wanted:?}\n  seen {seen:?}\n {packet:?}",
                    hedgerow::policy::describe(&packet, &network)
                ));
                break;
            }
        }
    }
    println!("{rendered} configurations, {packets} packets, {passed} pass; refused: {refused:#?}");
    assert!(failures.is_empty(), "{} failures:\n{}", failures.len(), failures.join("\n"));
    assert!(rendered > 0 && passed > 0);
}

fn firewall(xml: &str, topology: &Topology) -> Firewall {
    let document = roxmltree::Document::parse(xml).unwrap();
    make::firewall(document.root_element(), topology, false, false).unwrap()
}

/// What becomes of a packet; nothing where there is none, or where pfSense decides by itself whatever the rules say.
fn fate(firewall: &Firewall, packet: &Packet, topology: &Topology) -> Option<Fate> {
    let icmp6 =
        packet.family == Family::V6 && packet.proto == 58 && matches!(packet.dst_port >> 8, 1 | 2 | 128..=136 | 143);
    let dhcp = packet.proto == 17
        && matches!((packet.src_port, packet.dst_port), (67, 68) | (68, 67) | (547, 546) | (546, 547));
    let port0 = matches!(packet.proto, 6 | 17) && (packet.src_port == 0 || packet.dst_port == 0);
    let ends = [packet.src, packet.dst].map(|bits| plan::from_bits(packet.family == Family::V4, bits));
    let dropped = ["169.254.0.0/16", "64:ff9b::/96"].map(|net| net.parse::<ipnet::IpNet>().unwrap());
    let dropped = port0 || ends.iter().any(|end| dropped.iter().any(|net| net.contains(end)));
    let by_itself = icmp6 || dhcp || dropped || ends.iter().any(std::net::IpAddr::is_loopback);
    (!by_itself).then(|| firewall.fate(packet, Class::New, topology)).flatten()
}

/// Is this what the policy says? What stands in a packet already is not written anew.
fn is(firewall: &Firewall, packet: &Packet, seen: &Fate, wanted: Option<&Outcome>) -> bool {
    let (Fate::Passed { to, from }, Some(wanted)) = (seen, wanted) else {
        return *seen == Fate::Dropped && wanted.is_none();
    };
    let v4 = packet.family == Family::V4;
    let own = |number: u16| {
        let own = usize::from(number).checked_sub(1).and_then(|at| firewall.own.get(at));
        own.and_then(|own| if v4 { own.v4 } else { own.v6 }).map(plan::bits)
    };
    let (dst, port) = match wanted.dnat {
        None => (packet.dst, None),
        Some(Dnat::To { address, port }) => (plan::bits(address), port),
        Some(Dnat::ToRouter { port }) => (own(packet.ingress).unwrap_or(packet.dst), port),
    };
    let destination = to.unwrap_or((packet.dst, None)) == (dst, port);
    let src = match wanted.snat {
        None => Some(packet.src),
        Some(Snat::Masquerade) => own(packet.egress),
        Some(Snat::To { address }) => Some(plan::bits(address)),
    };
    let source = match from {
        None => Some(packet.src),
        Some(Source::Router) => own(packet.egress),
        Some(Source::Address(bits)) => Some(*bits),
    };
    destination && source == src
}

/// A household, compiled.
struct House {
    network: model::Network,
    meant: hedgerow::policy::Meant,
    topology: hedgerow::router::Topology,
    xml: String,
}

impl House {
    fn new(name: &str) -> Self {
        let text = std::fs::read_to_string(format!("examples/{name}/main.hedge"))
            .or_else(|_| std::fs::read_to_string(format!("tests/pfsense_households/{name}.hedge")))
            .unwrap();
        let checked = compile::check("main.hedge", &text, &world());
        let (network, meant) = (checked.network, checked.meant.unwrap());
        let standing = meant.standing.on(&network, "pfsense");
        let book = rulebook(&network, &meant.meaning).unwrap();
        let sources = &checked.sources;
        let request =
            Request { network: &network, standing: &standing, book: &book, sources, policy: "main.hedge", base: &[] };
        let xml = pfsense::render::render(&request).unwrap().remove(0).text;
        Self { network, meant, topology: standing.topology, xml }
    }

    /// What the reader finds to be otherwise than the policy.
    fn differences(&mut self) -> Vec<String> {
        let files = [hedgerow::router::File { name: "config.xml".to_owned(), text: self.xml.clone() }];
        let standing = self.meant.standing.on(&self.network, "pfsense");
        let tools = (&mut self.meant.limits, &mut self.meant.space);
        let verdict = verify::compare(Target::PfSense, &files, &self.network, &standing, &self.meant.meaning, tools);
        verdict.unwrap().differences.iter().map(|found| found.sentence(&self.network)).collect()
    }

    /// Sends packets: every zone and the router as a sender, to hosts, neighbours of hosts and the world, on each port
    /// that is named anywhere and the one beside it. Gives how many pass, and the first that a configuration decides
    /// otherwise than the policy.
    fn send(&self, xml: &str, draws: usize) -> (usize, Vec<String>) {
        let firewall = firewall(xml, &self.topology);
        let mut rng = Rng::new(7);
        let (addresses, ports) = (addresses(&self.network), ports(&self.network));
        let (mut passed, mut otherwise) = (0, Vec::new());
        for _ in 0..draws {
            if !otherwise.is_empty() {
                break;
            }
            let (src, dst) = (*rng.pick(&addresses), *rng.pick(&addresses));
            if src.is_ipv4() != dst.is_ipv4() {
                continue;
            }
            let proto = *rng.pick(&[6_u8, 6, 17, 17, if src.is_ipv4() { 1 } else { 58 }, 47]);
            let dst_port = match proto {
                6 | 17 => *rng.pick(&ports),
                1 => *rng.pick(&[0x0800_u16, 0x0801, 0x0304]),
                _ => 0,
            };
            let family = if src.is_ipv4() { Family::V4 } else { Family::V6 };
            let ingress = rng.below(self.network.zones.len() + 1) as u16;
            let src_port = if matches!(proto, 6 | 17) { 40_000 } else { 0 };
            let (src, dst) = (plan::bits(src), plan::bits(dst));
            for egress in 0..=self.network.zones.len() as u16 {
                let (minute, exceeded) = (600, 0);
                let packet = Packet { ingress, egress, family, proto, src, dst, src_port, dst_port, minute, exceeded };
                let (space, meaning) = (&self.meant.space, &self.meant.meaning);
                let wanted = meaning.behaviour.accepted.iter().find(|(_, set)| space.contains(**set, &packet));
                // Behind a translation `egress` is the way of the target.
                if wanted.is_none() && !space.contains(meaning.domain, &packet) {
                    continue;
                }
                let Some(seen) = fate(&firewall, &packet, &self.topology) else { continue };
                passed += usize::from(wanted.is_some());
                if !is(&firewall, &packet, &seen, wanted.map(|(outcome, _)| outcome)) {
                    otherwise.push(format!("{}: {seen:?}", hedgerow::policy::describe(&packet, &self.network)));
                }
            }
        }
        (passed, otherwise)
    }
}

#[test]
fn the_households_do_what_they_say() {
    let mut passed = 0;
    let examples = ["cgnat-tunnel", "direct-tls", "lan-only", "multi-uplink-office", "nginx-cloudflare"];
    // Written for this test: two static uplinks, IPv6 with prefixes of several sorts, schedules and ranges, networks that
    // are reached by a host.
    let more = ["two-fibres", "many-prefixes", "clock-and-ranges", "behind-a-host"];
    for name in examples.into_iter().chain(more) {
        let mut house = House::new(name);
        let (here, otherwise) = house.send(&house.xml, 3_000);
        assert!(otherwise.is_empty(), "{name}: {otherwise:#?}");
        let differences = house.differences();
        assert!(differences.is_empty(), "{name}: {differences:#?}");
        passed += here;
    }
    assert!(passed > 300, "{passed}");
}

#[test]
fn edits_by_hand_are_noticed() {
    let house = House::new("nginx-cloudflare");
    let edit = |from: &str, to: &str| {
        let edited = house.xml.replacen(from, to, usize::MAX);
        assert_ne!(edited, house.xml, "{from}");
        edited
    };
    let rule = house.xml.find("nothing else of the firewall").unwrap();
    let (from, to) =
        (house.xml[..rule].rfind("<rule>").unwrap(), rule + house.xml[rule..].find("</rule>").unwrap() + 7);
    let cases = [
        ("a widened port", edit("<port>443</port>", "<port>440-8123</port>")),
        ("a removed block", house.xml[..from].to_owned() + &house.xml[to..]),
        ("a swapped interface", edit("<interface>opt4</interface>", "<interface>opt2</interface>")),
        ("outbound NAT off", edit("<network>any</network>", "<network>192.0.2.1</network>")),
        ("an alias widened", edit("0.0.0.0/8 10.0.0.0/8", "0.0.0.0/8")),
        ("an unknown type", edit("<type>reject</type>", "<type>pass</type>")),
    ];
    for (what, xml) in cases {
        assert!(!house.send(&xml, 30_000).1.is_empty(), "{what} makes no difference");
    }
}

/// Hosts and the addresses beside them, the router's own, both ends of networks, and the world.
fn addresses(network: &model::Network) -> Vec<std::net::IpAddr> {
    let mut found: Vec<std::net::IpAddr> = Vec::new();
    for host in &network.hosts {
        found.extend(host.addresses.iter().map(|own| own.address));
        found.extend(
            host.addresses.iter().map(|own| plan::from_bits(own.address.is_ipv4(), plan::bits(own.address) + 1)),
        );
    }
    for zone in &network.zones {
        found.extend(zone.addresses.iter().map(|own| own.address));
        found.extend(zone.networks.iter().flat_map(|net| [net.net.network(), net.net.broadcast()]));
    }
    let world = ["8.8.8.8", "104.16.0.1", "172.16.9.9", "2606:4700::1", "2a00::1", "fe80::1", "192.0.0.8"];
    found.extend(world.into_iter().map(|address| address.parse::<std::net::IpAddr>().unwrap()));
    found
}

/// Each port that a rule or an exposure names, and the next.
fn ports(network: &model::Network) -> Vec<u16> {
    let rules = network.rules.iter().flat_map(|rule| &rule.traffic);
    let exposed = network.exposures.iter().flat_map(|exposure| &exposure.service);
    let vpns = network.vpns.iter().flat_map(|vpn| &vpn.listen);
    let named = rules.chain(exposed).chain(vpns).flat_map(|traffic| &traffic.to);
    let mut found: Vec<u16> = named.flat_map(|(from, to)| [*from, *to, to.saturating_add(1)]).collect();
    found.push(8123);
    found
}
