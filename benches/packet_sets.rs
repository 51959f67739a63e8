//! Rule lists as exact packet sets: how long from the cubes to the permitted set.
//!
//! `order_free` is the policy language's meaning, the union of what is allowed less the union of what is denied;
//! `first_match` is a router's. `office` lists look like a segmented home or office; `overlapping` lists like the
//! firewall filter sets that packet classifiers are measured with: nested prefixes, wildcards and wide port ranges on
//! both sides, so that almost every rule overlaps many others.

use divan::{Bencher, black_box, counter::ItemsCount};
use hedgerow::packet::{Cube, Family, Field, Ranges, Set, Side, Space, addresses};

fn main() {
    if std::env::args().any(|argument| argument == "sizes") {
        sizes();
    } else {
        divan::main();
    }
}

/// Overlapping lists in a space that is too small for them: how soon that is known.
#[divan::bench(args = [10_000, 50_000], max_time = 3)]
fn overlapping_out_of_budget(bencher: Bencher, count: usize) {
    let rules = overlapping(count);
    bencher.bench(|| {
        let mut space = Space::with_budget(1_000_000);
        let rules: Vec<_> = rules.iter().map(|rule| (space.cube(&rule.cube), rule.allow)).collect();
        let set = space.first_match(&rules);
        assert!(space.exhausted());
        set
    });
}

/// What the lists and their diagrams come to: `cargo bench --bench packet_sets -- sizes`.
fn sizes() {
    let report = |name: &str, rules: Vec<Rule>| {
        let (loose, free) = permitted(rules.clone());
        let (strict, first) = first_match(&rules);
        println!(
            "{name} {}: order-free {} nodes, space {} KiB; first match {} nodes, space {} KiB",
            rules.len(),
            loose.size(free),
            loose.bytes() / 1024,
            strict.size(first),
            strict.bytes() / 1024,
        );
    };
    for count in SIZES {
        report("office v4", office(count, Family::V4));
        report("office v6", office(count, Family::V6));
    }
    for count in OVERLAPPING {
        report("overlapping", overlapping(count));
    }
}

const SIZES: [usize; 4] = [100, 1_000, 10_000, 100_000];
const OVERLAPPING: [usize; 4] = [100, 1_000, 10_000, 50_000];

/// `SplitMix64`: the same lists on every machine.
struct Random(u64);

impl Random {
    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ z >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ z >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ z >> 31
    }

    const fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    const fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    fn choose<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap_or(0)]
    }
}

#[derive(Clone)]
struct Rule {
    cube: Cube,
    allow: bool,
}

fn only(cube: &Cube, side: Side, family: Family, (lo, hi): (u128, u128)) -> Cube {
    let parts = addresses(family, side, lo, hi);
    parts.first().map_or_else(Cube::any, |part| part.intersect(cube))
}

/// The network of a zone: a /24 or a /64.
fn zone_network(family: Family, zone: u64) -> (u128, u128) {
    match family {
        Family::V4 => {
            let base = 0x0a00_0000 + u128::from(zone) * 256;
            (base, base + 255)
        }
        Family::V6 => {
            let base = (0x2001_0db8_0000_0000 + u128::from(zone)) << 64;
            (base, base | u128::from(u64::MAX))
        }
    }
}

/// A segmented network: rules between zones, of hosts, whole zones or anybody, for a service or a range of ports.
fn office(count: usize, family: Family) -> Vec<Rule> {
    const SERVICES: [(u64, u64, u64); 14] = [
        (6, 22, 22),
        (6, 80, 80),
        (6, 443, 443),
        (6, 445, 445),
        (6, 631, 631),
        (6, 1883, 1883),
        (6, 8009, 8009),
        (6, 8123, 8123),
        (6, 9100, 9100),
        (17, 53, 53),
        (17, 123, 123),
        (17, 5353, 5353),
        (17, 1900, 1900),
        (6, 554, 554),
    ];
    let mut random = Random(count as u64);
    let zones = (count as u64).isqrt().div_ceil(2).clamp(5, 64);
    let hosts = (count as u64 / zones).clamp(8, 200);
    let rule = |_| {
        let (from, to) = (random.below(zones), random.below(zones));
        let mut cube = Cube::any()
            .with(Field::Family, Ranges::single(family as u64))
            .with(Field::In, Ranges::single(from + 1))
            .with(Field::Out, Ranges::single(to + 1));
        for (side, zone, named) in [(Side::Src, from, 50), (Side::Dst, to, 75)] {
            let (lo, hi) = zone_network(family, zone);
            let host = lo + 2 + u128::from(random.below(hosts));
            if random.chance(named) {
                cube = only(&cube, side, family, (host, host));
            } else if random.chance(70) {
                cube = only(&cube, side, family, (lo, hi));
            }
        }
        let (proto, lo, hi) = if random.chance(80) {
            random.choose(&SERVICES)
        } else {
            let lo = 1024 + random.below(60_000);
            (random.choose(&[6, 17]), lo, (lo + random.below(4000)).min(65_535))
        };
        cube = cube.with(Field::Proto, Ranges::single(proto)).with(Field::DstPort, Ranges::range(lo, hi));
        Rule { cube, allow: random.chance(75) }
    };
    (0..count).map(rule).collect()
}

/// Rules without interfaces: nested prefixes or anybody on both sides, port ranges on both sides.
fn overlapping(count: usize) -> Vec<Rule> {
    let mut random = Random(count as u64 + 1);
    let pool: Vec<(u128, u128)> = (0..count / 12 + 8)
        .map(|_| {
            let length = random.choose(&[14_u32, 16, 18, 20, 22, 24, 24, 26, 28, 30, 32, 32, 32, 32, 32, 32]);
            // All nest in a few large networks.
            let address = 0x0a00_0000 + random.below(16) * 0x0004_0000 + random.below(1 << 18);
            let size = 1_u128 << (32 - length);
            let lo = u128::from(address) / size * size;
            (lo, lo + size - 1)
        })
        .collect();
    let rule = |_| {
        let mut cube = Cube::any().with(Field::Family, Ranges::single(Family::V4 as u64));
        // Never anybody on both sides: a few such rules would decide every packet and leave nothing to work on.
        let anybody = random.choose(&[None, None, None, Some(Side::Src), Some(Side::Src), Some(Side::Dst)]);
        for side in [Side::Src, Side::Dst] {
            if anybody != Some(side) {
                cube = only(&cube, side, Family::V4, random.choose(&pool));
            }
        }
        let proto = random.choose(&[6, 6, 6, 17, 17, 1, 256]);
        if proto < 256 {
            cube = cube.with(Field::Proto, Ranges::single(proto));
        }
        if proto == 6 || proto == 17 {
            let ports = match random.below(10) {
                0..=4 => {
                    let port = random.choose(&[21, 22, 25, 53, 80, 110, 123, 143, 443, 993, 3306, 8080]);
                    (port, port)
                }
                5 => (1024, 65_535),
                6 => (0, 1023),
                7 => {
                    let lo = random.below(60_000);
                    (lo, lo + random.below(5_000))
                }
                _ => (0, 65_535),
            };
            cube = cube.with(Field::DstPort, Ranges::range(ports.0, ports.1));
            if random.chance(15) {
                let (lo, hi) = random.choose(&[(1024, 65_535), (0, 1023), (53, 53)]);
                cube = cube.with(Field::SrcPort, Ranges::range(lo, hi));
            }
        }
        Rule { cube, allow: random.chance(60) }
    };
    (0..count).map(rule).collect()
}

fn permitted(rules: Vec<Rule>) -> (Space, Set) {
    let mut space = Space::new();
    let (allow, deny): (Vec<_>, Vec<_>) = rules.into_iter().partition(|rule| rule.allow);
    let allow = space.cubes_union(allow.into_iter().map(|rule| rule.cube).collect());
    let deny = space.cubes_union(deny.into_iter().map(|rule| rule.cube).collect());
    let set = space.minus(allow, deny);
    (space, set)
}

fn first_match(rules: &[Rule]) -> (Space, Set) {
    let mut space = Space::new();
    let rules: Vec<_> = rules.iter().map(|rule| (space.cube(&rule.cube), rule.allow)).collect();
    let set = space.first_match(&rules);
    (space, set)
}

fn order_free(bencher: Bencher, rules: &[Rule]) {
    bencher
        .counter(ItemsCount::new(rules.len()))
        .with_inputs(|| rules.to_vec())
        .bench_values(|rules| permitted(black_box(rules)));
}

fn ordered(bencher: Bencher, rules: &[Rule]) {
    bencher.counter(ItemsCount::new(rules.len())).bench(|| first_match(black_box(rules)));
}

#[divan::bench(args = SIZES, max_time = 3)]
fn office_v4_order_free(bencher: Bencher, count: usize) {
    order_free(bencher, &office(count, Family::V4));
}

#[divan::bench(args = SIZES, max_time = 3)]
fn office_v6_order_free(bencher: Bencher, count: usize) {
    order_free(bencher, &office(count, Family::V6));
}

#[divan::bench(args = SIZES, max_time = 3)]
fn office_v4_first_match(bencher: Bencher, count: usize) {
    ordered(bencher, &office(count, Family::V4));
}

#[divan::bench(args = SIZES, max_time = 3)]
fn office_v6_first_match(bencher: Bencher, count: usize) {
    ordered(bencher, &office(count, Family::V6));
}

#[divan::bench(args = OVERLAPPING, max_time = 3)]
fn overlapping_order_free(bencher: Bencher, count: usize) {
    order_free(bencher, &overlapping(count));
}

#[divan::bench(args = OVERLAPPING, max_time = 3)]
fn overlapping_first_match(bencher: Bencher, count: usize) {
    ordered(bencher, &overlapping(count));
}
