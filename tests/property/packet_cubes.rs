//! Sets taken apart into cubes, ranges and addresses.

use hedgerow::packet::{Cube, Family, Field, Ranges, Set, Side, Space, addresses, prefix, suffix};
use proptest::prelude::*;

use super::oracle::{expr, inside, packet};

/// Subsets of 0..64 as bits, the plainest sets there are.
fn bits(ranges: &Ranges) -> u64 {
    (0..64).filter(|&n| ranges.iter().any(|(lo, hi)| lo <= n && n <= hi)).fold(0, |bits, n| bits | 1 << n)
}

fn ranges() -> impl Strategy<Value = Ranges> {
    proptest::collection::vec((0..64_u64, 0..64_u64), 0..6).prop_map(Ranges::from_pairs)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ranges_are_sets_of_numbers(a in ranges(), b in ranges()) {
        prop_assert_eq!(bits(&a.union(&b)), bits(&a) | bits(&b));
        prop_assert_eq!(bits(&a.intersect(&b)), bits(&a) & bits(&b));
        prop_assert_eq!(bits(&a.minus(&b)), bits(&a) & !bits(&b));
        prop_assert_eq!(bits(&a.complement(Field::Proto)), !bits(&a));
        prop_assert_eq!(a.complement(Field::Proto).complement(Field::Proto), a.clone());
        prop_assert_eq!(a.is_subset(&b), bits(&a) & !bits(&b) == 0);
        prop_assert_eq!(bits(&a) == bits(&b), a == b);
        prop_assert_eq!(a.is_empty(), bits(&a) == 0);
        for n in 0..64 {
            prop_assert_eq!(a.contains(n), bits(&a) & 1 << n != 0);
        }
        let pairs: Vec<_> = a.union(&b).iter().collect();
        prop_assert!(pairs.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0), "sorted, apart: {:?}", pairs);
    }

    #[test]
    fn cubes_part_the_set(expr in expr(), packets in proptest::collection::vec(packet(), 40)) {
        let mut space = Space::new();
        let set = expr.build(&mut space);
        let cubes = space.cubes(set, usize::MAX).unwrap();
        for packet in &packets {
            let holders = cubes.iter().filter(|cube| inside(cube, packet)).count();
            prop_assert_eq!(holders, usize::from(expr.holds(packet)));
        }
        prop_assert_eq!(space.cubes_union(cubes.clone()), set);
        let mut before = Set::EMPTY;
        let mut counted = 0.0;
        for cube in &cubes {
            let one = space.cube(cube);
            prop_assert!(space.disjoint(before, one));
            counted += space.count(one);
            before = space.union(before, one);
        }
        let count = space.count(set);
        prop_assert!((counted - count).abs() <= count * 1e-9);
        prop_assert!(space.cubes(set, cubes.len()).is_some());
        prop_assert!(cubes.is_empty() || space.cubes(set, cubes.len() - 1).is_none());
    }

    #[test]
    fn address_ranges_are_exact(a in any::<u128>(), b in any::<u128>(), near in 0..3_u128, shift in 0..128_u32) {
        let (a, b) = (a >> shift, (b >> shift).wrapping_sub(near));
        let (lo, hi) = (a.min(b), a.max(b));
        for (family, top) in [(Family::V4, u128::from(u32::MAX)), (Family::V6, u128::MAX)] {
            let (lo, hi) = (lo & top, (lo & top).max(hi & top));
            let cubes = addresses(family, Side::Dst, lo, hi);
            prop_assert!(cubes.len() <= 3);
            let mut packet = hedgerow::packet::Packet {
                ingress: 1, egress: 2, family, proto: 6, src: 7, dst: 0, src_port: 1024, dst_port: 80, minute: 0, exceeded: 0,
            };
            for dst in [0, 1, lo, lo.saturating_sub(1), lo.saturating_add(1), hi, hi.saturating_sub(1), hi.saturating_add(1), top] {
                if dst <= top {
                    packet.dst = dst;
                    let holders = cubes.iter().filter(|cube| cube.contains(&packet)).count();
                    prop_assert_eq!(holders, usize::from((lo..=hi).contains(&dst)), "{:x} in {:x}..={:x}", dst, lo, hi);
                }
            }
        }
    }

    #[test]
    fn a_prefix_is_its_address_range(bits in any::<u128>(), length in 0..=128_u8) {
        let mut space = Space::new();
        let v6 = ipnet::Ipv6Net::new(bits.into(), length).unwrap();
        let parts = addresses(Family::V6, Side::Src, v6.network().to_bits(), v6.broadcast().to_bits());
        prop_assert_eq!(parts, vec![prefix(v6.into(), Side::Src)]);
        #[expect(clippy::cast_possible_truncation, reason = "any 32 bits do")]
        let v4 = ipnet::Ipv4Net::new((bits as u32).into(), length / 4).unwrap();
        let parts = addresses(Family::V4, Side::Src, v4.network().to_bits().into(), v4.broadcast().to_bits().into());
        prop_assert_eq!(&parts, &vec![prefix(v4.into(), Side::Src)]);
        prop_assert_eq!(space.cubes_union(parts), space.cube(&prefix(v4.into(), Side::Src)));
    }
}

#[test]
fn everything_in_a_family_constrains_the_family_only() {
    let family = |value| Cube::any().with(Field::Family, Ranges::single(value));
    assert_eq!(prefix("0.0.0.0/0".parse().unwrap(), Side::Dst), family(0));
    assert_eq!(prefix("::/0".parse().unwrap(), Side::Dst), family(1));
    assert_eq!(addresses(Family::V4, Side::Src, 0, u128::MAX), [family(0)]);
    assert_eq!(addresses(Family::V6, Side::Src, 0, u128::MAX), [family(1)]);
    assert!(addresses(Family::V6, Side::Src, 1, 0).is_empty());
    assert_eq!(suffix(0x10, Side::Dst), family(1).with(Field::DstLow, Ranges::single(0x10)));
}

#[test]
fn counts_are_exact_where_a_float_is() {
    let mut space = Space::new();
    let host = prefix("192.0.2.1/32".parse().unwrap(), Side::Dst).with(Field::Proto, Ranges::single(6));
    let rest = [Field::In, Field::Out, Field::SrcPort, Field::DstPort, Field::Minute, Field::Exceeded];
    let one = rest.into_iter().fold(host, |cube, field| cube.with(field, Ranges::single(1)));
    let set = space.cube(&one);
    assert_eq!(space.count(set).to_bits(), 2f64.powi(32).to_bits(), "every source");
    let half = space.cube(&one.with(Field::SrcHigh, Ranges::range(0, u64::MAX >> 1)));
    assert_eq!(space.count(half).to_bits(), 2f64.powi(31).to_bits());
    assert_eq!(space.count(Set::EMPTY).to_bits(), 0);
}
