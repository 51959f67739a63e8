//! Sets hold the packets they should, and equal sets are one set.

use hedgerow::packet::{Cube, Field, Ranges, Set, Space};
use proptest::prelude::*;

use super::oracle::{Expr, PLAIN, coordinate, cube, expr, packet, variants};

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn membership_follows_the_definition(expr in expr(), packets in proptest::collection::vec(packet(), 60)) {
        let mut space = Space::new();
        let set = expr.build(&mut space);
        for packet in &packets {
            prop_assert_eq!(space.contains(set, packet), expr.holds(packet), "{:?}", packet);
        }
        prop_assert!(!space.exhausted());
    }

    #[test]
    fn laws_hold_as_identity_of_handles(a in expr(), b in expr(), c in expr()) {
        let mut s = Space::new();
        let (a, b, c) = (a.build(&mut s), b.build(&mut s), c.build(&mut s));
        prop_assert_eq!(s.union(a, b), s.union(b, a));
        let (ab, bc) = (s.union(a, b), s.union(b, c));
        prop_assert_eq!(s.union(ab, c), s.union(a, bc));
        prop_assert_eq!(s.union_all(vec![c, a, b, a]), s.union(ab, c));
        let (ac, within) = (s.intersect(a, c), s.intersect(bc, a));
        let both = s.intersect(a, b);
        prop_assert_eq!(s.union(both, ac), within);
        let (not_a, not_b) = (s.complement(a), s.complement(b));
        let neither = s.intersect(not_a, not_b);
        prop_assert_eq!(s.complement(neither), ab);
        let (left, right) = (s.minus(a, b), s.minus(b, a));
        let apart = s.union(left, right);
        prop_assert_eq!(s.minus(ab, both), apart);
        prop_assert_eq!(s.union(a, not_a), Set::ALL);
        prop_assert_eq!(s.intersect(a, not_a), Set::EMPTY);
        prop_assert_eq!(s.complement(not_a), a);
        prop_assert_eq!(s.is_subset(a, b), left.is_empty());
        prop_assert_eq!(s.disjoint(a, b), both.is_empty());
        prop_assert!(s.is_subset(both, ab) && s.disjoint(left, right));
    }

    #[test]
    fn one_meaning_has_one_handle(cubes in proptest::collection::vec(cube(), 0..12)) {
        let mut s = Space::new();
        let at_once = s.cubes_union(cubes.clone());
        let singles: Vec<_> = cubes.iter().map(|cube| s.cube(cube)).collect();
        let in_turn = singles.iter().fold(Set::EMPTY, |all, &set| s.union(all, set));
        let again = s.cubes_union(cubes.iter().rev().cloned().collect());
        prop_assert_eq!(at_once, in_turn);
        prop_assert_eq!(at_once, again);
        prop_assert_eq!(at_once, s.union_all(singles.into_iter().rev().collect()));
    }

    #[test]
    fn a_set_is_empty_exactly_if_it_has_no_witness(expr in expr()) {
        let mut space = Space::new();
        let set = expr.build(&mut space);
        match space.witness(set) {
            Some(packet) => prop_assert!(expr.holds(&packet) && space.contains(set, &packet), "{:?}", packet),
            None => prop_assert!(set.is_empty()),
        }
    }

    #[test]
    fn projection_frees_one_field(expr in expr(), field in proptest::sample::select(Field::ALL.to_vec()), packets in proptest::collection::vec(packet(), 20)) {
        let mut space = Space::new();
        let set = expr.build(&mut space);
        let (some, every) = (space.project(set, field), space.project_all(set, field));
        prop_assert!(space.is_subset(every, set) && space.is_subset(set, some));
        prop_assert_eq!(space.project(some, field), some);
        let values = space.values(set, field);
        prop_assert_eq!(values.is_empty(), set.is_empty());
        // Slices at the ends of the ranges are all the slices that differ.
        let mut slices = Vec::new();
        for (lo, hi) in values.iter() {
            for value in [lo, hi] {
                let here = space.cube(&Cube::any().with(field, Ranges::single(value)));
                slices.push(space.intersect(set, here));
                prop_assert!(!space.disjoint(set, here));
            }
        }
        for packet in &packets {
            prop_assert!(!space.contains(set, packet) || values.contains(coordinate(packet, field)));
            prop_assert!(space.contains(some, packet) || !expr.holds(packet));
            prop_assert!(!space.contains(every, packet) || expr.holds(packet));
        }
        for slice in slices {
            let freed = space.project(slice, field);
            prop_assert!(space.is_subset(freed, some) && space.is_subset(every, freed));
        }
    }

    #[test]
    fn quantifiers_ask_every_value(expr in expr(), field in proptest::sample::select(PLAIN.to_vec()), packets in proptest::collection::vec(packet(), 20)) {
        let mut space = Space::new();
        let set = expr.build(&mut space);
        let (some, every) = (space.project(set, field), space.project_all(set, field));
        for packet in &packets {
            let verdicts: Vec<bool> = variants(packet, field).iter().map(|variant| expr.holds(variant)).collect();
            prop_assert_eq!(space.contains(some, packet), verdicts.contains(&true));
            prop_assert_eq!(space.contains(every, packet), !verdicts.contains(&false));
        }
    }

    #[test]
    fn a_small_budget_says_so_or_changes_nothing(expr in expr(), budget in 0_usize..200) {
        let (mut space, mut tight) = (Space::new(), Space::with_budget(budget));
        let (set, tried) = (expr.build(&mut space), expr.build(&mut tight));
        if !tight.exhausted() {
            prop_assert_eq!(space.count(set).to_bits(), tight.count(tried).to_bits());
            prop_assert_eq!(space.cubes(set, 1000), tight.cubes(tried, 1000));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn long_lists_follow_the_definition(
        rules in proptest::collection::vec((cube(), any::<bool>()), 50..150),
        packets in proptest::collection::vec(packet(), 100),
    ) {
        let mut space = Space::new();
        let list = Expr::FirstMatch(rules.clone());
        let union = Expr::Cubes(rules.iter().map(|rule| rule.0.clone()).collect());
        let (listed, united) = (list.build(&mut space), union.build(&mut space));
        for packet in &packets {
            prop_assert_eq!(space.contains(listed, packet), list.holds(packet));
            prop_assert_eq!(space.contains(united, packet), union.holds(packet));
        }
        // The same list by the algebra, from its end.
        let by_hand = rules.iter().rev().fold(Set::EMPTY, |later, (cube, allow)| {
            let set = space.cube(cube);
            if *allow { space.union(later, set) } else { space.minus(later, set) }
        });
        prop_assert_eq!(listed, by_hand);
    }
}
