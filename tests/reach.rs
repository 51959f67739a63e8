//! `never`, `always`, `only` and `~>` against brute force: tiny random policies, every address, every kind of packet.
//!
//! `HEDGEROW_CASES` sets the number of policies (300), `HEDGEROW_SEED` the first one.

use std::{
    collections::{BTreeSet, VecDeque},
    fmt::Write as _,
};

use hedgerow::{
    compile,
    packet::{Family, Packet},
    router::Outcome,
    world::Memory,
};

/// The last part of a zone's addresses: a /29 without the router's own. The first and the last belong to no device.
const ADDRESSES: [u8; 7] = [0, 2, 3, 4, 5, 6, 7];
const DEVICES: [u8; 5] = [2, 3, 4, 5, 6];

/// The kinds of packets that the rules of the test can tell apart.
const KINDS: [(u8, u16); 4] = [(6, 1), (6, 2), (6, 9), (17, 1)];
const SERVICES: [(&str, &[usize]); 5] =
    [("", &[0, 1, 2, 3]), ("tcp 1", &[0]), ("tcp 2", &[1]), ("tcp 1-2", &[0, 1]), ("udp", &[3])];

/// A zone and the last part of an address.
type Leg = (usize, u8);

struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        // splitmix64
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut value = self.0;
        value = (value ^ (value >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        value = (value ^ (value >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((value ^ (value >> 31)) % u64::try_from(end).unwrap()).unwrap()
    }

    fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }
}

/// A side of a rule, in words and in addresses.
#[derive(Clone)]
struct Side {
    words: String,
    zone: usize,
    addresses: BTreeSet<u8>,
}

struct Rule {
    allow: bool,
    from: Side,
    to: Side,
    kinds: &'static [usize],
}

struct Policy {
    text: String,
    zones: usize,
    isolated: Vec<bool>,
    /// The legs of each declared host.
    hosts: Vec<Vec<Leg>>,
    rules: Vec<Rule>,
}

fn written((zone, last): Leg) -> String {
    format!("10.0.{zone}.{last}")
}

fn policy(random: &mut Random) -> Policy {
    let zones = 2 + random.below(3);
    let isolated: Vec<bool> = (0..zones).map(|_| random.chance(50)).collect();
    let mut text =
        "router edge { target nftables }\nzone wan { role internet;  interface eth0;  address 203.0.113.9 }\n"
            .to_owned();
    for (zone, isolated) in isolated.iter().enumerate() {
        let apart = if *isolated { ";  isolated" } else { "" };
        let _ =
            writeln!(text, "zone z{zone} {{ role trusted;  interface eth1.{zone};  network 10.0.{zone}.0/29{apart} }}");
    }
    let mut hosts = Vec::new();
    for (index, last) in [2, 3, 4].into_iter().enumerate() {
        let zone = random.below(zones);
        let mut legs = vec![(zone, last)];
        if random.chance(25) {
            legs.push(((zone + 1) % zones, last));
        }
        let list = |of: fn(Leg) -> String| legs.iter().map(|leg| of(*leg)).collect::<Vec<_>>().join(", ");
        let _ = writeln!(
            text,
            "host h{index} {{ zone {};  address {} }}",
            list(|leg| format!("z{}", leg.0)),
            list(written)
        );
        hosts.push(legs);
    }
    let mut rules = Vec::new();
    for _ in 0..random.below(7) {
        let from = random.below(zones);
        let to = (from + 1 + random.below(zones - 1)) % zones;
        let (from, to) = (side(random, from), side(random, to));
        let (service, kinds) = SERVICES[random.below(SERVICES.len())];
        let allow = random.chance(75);
        let _ = writeln!(text, "{} {}", if allow { "allow" } else { "deny" }, line(&from, "->", &to, service));
        rules.push(Rule { allow, from, to, kinds });
    }
    Policy { text, zones, isolated, hosts, rules }
}

fn line(from: &Side, arrow: &str, to: &Side, service: &str) -> String {
    let colon = if service.is_empty() { "" } else { " : " };
    format!("{} {arrow} {}{colon}{service}", from.words, to.words)
}

fn side(random: &mut Random, zone: usize) -> Side {
    let last = DEVICES[random.below(DEVICES.len())];
    let one = written((zone, last));
    let whole: BTreeSet<u8> = ADDRESSES.into();
    let (words, addresses) = match random.below(4) {
        0 => (one, [last].into()),
        1 => (format!("z{zone} except {one}"), whole.into_iter().filter(|other| *other != last).collect()),
        2 => (format!("10.0.{zone}.4-10.0.{zone}.5"), [4, 5].into()),
        _ => (format!("z{zone}"), whole),
    };
    Side { words, zone, addresses }
}

impl Side {
    fn holds(&self, leg: Leg) -> bool {
        self.zone == leg.0 && self.addresses.contains(&leg.1)
    }

    /// Where a packet can be sent: Linux forwards nothing to a network's broadcast address.
    fn targets(&self) -> impl Iterator<Item = Leg> + Clone {
        self.legs().filter(|leg| leg.1 != 7)
    }

    fn legs(&self) -> impl Iterator<Item = Leg> + Clone {
        self.addresses.iter().map(|last| (self.zone, *last))
    }
}

impl Policy {
    /// Is a packet between two zones let through?
    fn passes(&self, from: Leg, to: Leg, kind: usize) -> bool {
        let holds = |rule: &&Rule| rule.from.holds(from) && rule.to.holds(to) && rule.kinds.contains(&kind);
        let (allows, denies): (Vec<&Rule>, Vec<&Rule>) = self.rules.iter().filter(holds).partition(|rule| rule.allow);
        !allows.is_empty() && denies.is_empty()
    }

    fn everybody(&self) -> Vec<Leg> {
        (0..self.zones).flat_map(|zone| ADDRESSES.map(|last| (zone, last))).collect()
    }

    /// The devices: declared hosts with all their legs, and every other address. In a zone that is isolated a device
    /// that is not declared may have all the other addresses as well.
    fn devices(&self) -> Vec<Vec<Leg>> {
        let mut found = self.hosts.clone();
        for zone in 0..self.zones {
            let free: Vec<Leg> =
                DEVICES.map(|last| (zone, last)).into_iter().filter(|leg| !self.declared(*leg)).collect();
            if self.isolated[zone] {
                found.push(free);
            } else {
                found.extend(free.into_iter().map(|leg| vec![leg]));
            }
        }
        found
    }

    fn declared(&self, leg: Leg) -> bool {
        self.hosts.iter().flatten().any(|own| *own == leg)
    }

    /// Is there a chain of devices from one side to the other that ends with a packet of these kinds?
    fn chain(&self, from: &Side, to: &Side, kinds: &[usize]) -> bool {
        // A host that is part of the target is reached by each of its legs.
        let inside: Vec<&Vec<Leg>> = self.hosts.iter().filter(|legs| legs.iter().any(|leg| to.holds(*leg))).collect();
        let target = |leg: Leg| to.holds(leg) || inside.iter().any(|legs| legs.contains(&leg));
        let ends: Vec<Leg> = to.targets().chain(inside.iter().flat_map(|legs| legs.iter().copied())).collect();
        let mut pairs = from.legs().flat_map(|source| ends.iter().map(move |target| (source, *target)));
        if pairs.any(|(source, target)| kinds.iter().any(|kind| self.passes(source, target, *kind))) {
            return true;
        }
        let devices = self.devices();
        let mut seen: BTreeSet<usize> =
            (0..devices.len()).filter(|device| devices[*device].iter().any(|leg| from.holds(*leg))).collect();
        let mut queue: VecDeque<usize> = seen.iter().copied().collect();
        while let Some(device) = queue.pop_front() {
            for other in (0..devices.len()).filter(|other| *other != device) {
                for (own, leg) in
                    devices[device].iter().flat_map(|own| devices[other].iter().map(move |leg| (*own, *leg)))
                {
                    let neighbours = own.0 == leg.0 && !self.isolated[own.0];
                    let routed =
                        |kinds: &[usize]| own.0 != leg.0 && kinds.iter().any(|kind| self.passes(own, leg, *kind));
                    if target(leg) && (neighbours || routed(kinds)) {
                        return true;
                    }
                    if (neighbours || routed(&[0, 1, 2, 3])) && seen.insert(other) {
                        queue.push_back(other);
                    }
                }
            }
        }
        false
    }
}

#[test]
fn assertions_agree_with_brute_force() {
    let number =
        |name: &str, default: u64| std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(default);
    let (cases, seed) = (number("HEDGEROW_CASES", 300), number("HEDGEROW_SEED", 1));
    let mut seen = [[0_usize; 2]; 4];
    for case in seed..seed + cases {
        one(case, &mut seen);
    }
    if cases >= 100 {
        assert!(seen.iter().flatten().all(|count| *count >= 10), "too little variety: {seen:?}");
    }
}

fn one(seed: u64, seen: &mut [[usize; 2]; 4]) {
    let mut random = Random(seed);
    let policy = policy(&mut random);
    let world = Memory { date: jiff::civil::date(2026, 11, 23), ..Memory::default() };
    let mut text = policy.text.clone();
    let mut expected = Vec::new();
    for _ in 0..4 {
        let from = random.below(policy.zones);
        let to = (from + 1 + random.below(policy.zones - 1)) % policy.zones;
        let (from, to) = (side(&mut random, from), side(&mut random, to));
        let (service, kinds) = SERVICES[1 + random.below(SERVICES.len() - 1)];
        let passes = |source: Leg, target: Leg| kinds.iter().map(move |kind| (source, target, *kind));
        let mut pairs = from
            .legs()
            .flat_map(|source| to.targets().map(move |target| (source, target)))
            .flat_map(|(a, b)| passes(a, b));
        let mut asked = pairs.clone();
        let others = || policy.everybody().into_iter().filter(|leg| !from.holds(*leg) && leg.0 != to.zone);
        let mut outside = others()
            .flat_map(|source| to.targets().map(move |target| (source, target)))
            .flat_map(|(a, b)| passes(a, b));
        let holds = [
            ("never", "->", !pairs.any(|(source, target, kind)| policy.passes(source, target, kind))),
            ("always", "->", asked.all(|(source, target, kind)| policy.passes(source, target, kind))),
            ("only", "->", !outside.any(|(source, target, kind)| policy.passes(source, target, kind))),
            ("never", "~>", !policy.chain(&from, &to, kinds)),
        ];
        for (index, (word, arrow, holds)) in holds.into_iter().enumerate() {
            let _ = writeln!(text, "{word} {}", line(&from, arrow, &to, service));
            expected.push((text.lines().count(), holds));
            seen[index][usize::from(holds)] += 1;
        }
    }
    let checked = compile::check("main.hedge", &text, &world);
    let meant = checked.meant.as_ref().unwrap_or_else(|| panic!("seed {seed}: {:#?}\n{text}", checked.diagnostics));
    packets(seed, &policy, meant);
    let failed: BTreeSet<usize> = checked
        .diagnostics
        .iter()
        .filter(|found| found.code.ends_with("-failed"))
        .map(|found| checked.sources.line_column(found.primary.span).0)
        .collect();
    for (number, holds) in expected {
        let statement = text.lines().nth(number - 1).unwrap();
        let notes: Vec<_> = checked
            .diagnostics
            .iter()
            .filter(|found| checked.sources.line_column(found.primary.span).0 == number)
            .map(|found| &found.notes)
            .collect();
        assert_eq!(
            !failed.contains(&number),
            holds,
            "seed {seed}: `{statement}` {} by brute force: {notes:?}\n{text}",
            if holds { "holds" } else { "fails" }
        );
    }
}

/// Every packet from every address to every other is decided alike.
fn packets(seed: u64, policy: &Policy, meant: &compile::Meant) {
    let plain = meant.meaning.behaviour.accepted.get(&Outcome::default());
    for (from, to) in
        policy.everybody().into_iter().flat_map(|from| policy.everybody().into_iter().map(move |to| (from, to)))
    {
        if from.0 == to.0 || to.1 == 7 {
            continue;
        }
        for (kind, (proto, port)) in KINDS.into_iter().enumerate() {
            let number = |leg: Leg| u16::try_from(leg.0).unwrap() + 2;
            let address = |leg: Leg| 0x0a00_0000 + (u128::try_from(leg.0).unwrap() << 8) + u128::from(leg.1);
            let packet = Packet {
                ingress: number(from),
                egress: number(to),
                family: Family::V4,
                proto,
                src: address(from),
                dst: address(to),
                src_port: 1024,
                dst_port: port,
                minute: 0,
                exceeded: 0,
            };
            let found = plain.is_some_and(|set| meant.space.contains(*set, &packet));
            assert_eq!(found, policy.passes(from, to, kind), "seed {seed}: {packet:?}\n{}", policy.text);
        }
    }
}
