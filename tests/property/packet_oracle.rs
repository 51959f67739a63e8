//! Packet sets as expressions, evaluated packet by packet: slow, obvious, and without a diagram.

use hedgerow::packet::{Cube, Family, Field, Packet, Ranges, Set, Side, Space, addresses};
use proptest::prelude::*;

/// A set as the operations that make it.
#[derive(Clone, Debug)]
pub enum Expr {
    Cube(Cube),
    Cubes(Vec<Cube>),
    Union(Box<Expr>, Box<Expr>),
    Both(Box<Expr>, Box<Expr>),
    Minus(Box<Expr>, Box<Expr>),
    Not(Box<Expr>),
    FirstMatch(Vec<(Cube, bool)>),
}

impl Expr {
    /// Says from the definition whether a packet is in the set.
    pub fn holds(&self, packet: &Packet) -> bool {
        match self {
            Self::Cube(cube) => inside(cube, packet),
            Self::Cubes(cubes) => cubes.iter().any(|cube| inside(cube, packet)),
            Self::Union(a, b) => a.holds(packet) || b.holds(packet),
            Self::Both(a, b) => a.holds(packet) && b.holds(packet),
            Self::Minus(a, b) => a.holds(packet) && !b.holds(packet),
            Self::Not(a) => !a.holds(packet),
            Self::FirstMatch(rules) => rules.iter().find(|rule| inside(&rule.0, packet)).is_some_and(|rule| rule.1),
        }
    }

    /// Makes the set with the operations under test.
    pub fn build(&self, space: &mut Space) -> Set {
        match self {
            Self::Cube(cube) => space.cube(cube),
            Self::Cubes(cubes) => space.cubes_union(cubes.clone()),
            Self::FirstMatch(rules) => {
                let rules: Vec<_> = rules.iter().map(|(cube, allow)| (space.cube(cube), *allow)).collect();
                space.first_match(&rules)
            }
            Self::Not(a) => {
                let a = a.build(space);
                space.complement(a)
            }
            Self::Union(a, b) => {
                let (a, b) = (a.build(space), b.build(space));
                space.union(a, b)
            }
            Self::Both(a, b) => {
                let (a, b) = (a.build(space), b.build(space));
                space.intersect(a, b)
            }
            Self::Minus(a, b) => {
                let (a, b) = (a.build(space), b.build(space));
                space.minus(a, b)
            }
        }
    }
}

/// A packet's coordinate, worked out from the definition in `Field`.
pub fn coordinate(packet: &Packet, field: Field) -> u64 {
    let half = |address: u128, upper: bool| match (packet.family, upper) {
        (Family::V4, true) => u64::try_from(address << 32).unwrap(),
        (Family::V4, false) => 0,
        (Family::V6, true) => u64::try_from(address >> 64).unwrap(),
        (Family::V6, false) => u64::try_from(address & u128::from(u64::MAX)).unwrap(),
    };
    match field {
        Field::In => packet.ingress.into(),
        Field::Out => packet.egress.into(),
        Field::Family => u64::from(packet.family == Family::V6),
        Field::Proto => packet.proto.into(),
        Field::DstPort => packet.dst_port.into(),
        Field::DstHigh => half(packet.dst, true),
        Field::DstLow => half(packet.dst, false),
        Field::SrcHigh => half(packet.src, true),
        Field::SrcLow => half(packet.src, false),
        Field::SrcPort => packet.src_port.into(),
        Field::Minute => packet.minute.into(),
        Field::Exceeded => packet.exceeded.into(),
    }
}

pub fn inside(cube: &Cube, packet: &Packet) -> bool {
    Field::ALL.into_iter().all(|field| {
        cube.get(field)
            .is_none_or(|values| values.iter().any(|(lo, hi)| (lo..=hi).contains(&coordinate(packet, field))))
    })
}

/// Few different numbers, so that ranges of different cubes meet, touch and nest.
const NUMBERS: [u16; 7] = [0, 1, 2, 3, 80, 443, 65535];
const V4: [u32; 6] = [0, 1, 0x0a00_0000, 0x0a00_00ff, 0x0a00_0100, u32::MAX];
const V6: [u128; 8] = [0, 1, u64::MAX as u128, 1 << 64, (1 << 64) + 1, 5 << 64, (7 << 64) - 1, u128::MAX];

fn small_ranges(field: Field) -> impl Strategy<Value = Ranges> {
    let number = move || proptest::sample::select(NUMBERS.to_vec()).prop_map(move |n| u64::from(n).min(field.max()));
    proptest::collection::vec((number(), number()), 1..3)
        .prop_map(|pairs| Ranges::from_pairs(pairs.into_iter().map(|(a, b)| (a.min(b), a.max(b)))))
}

fn address_cubes() -> impl Strategy<Value = Vec<Cube>> {
    let side = || prop_oneof![Just(Side::Src), Just(Side::Dst)];
    let v4 = (side(), proptest::sample::select(V4.to_vec()), proptest::sample::select(V4.to_vec()))
        .prop_map(|(side, a, b)| addresses(Family::V4, side, a.min(b).into(), a.max(b).into()));
    let v6 = (side(), proptest::sample::select(V6.to_vec()), proptest::sample::select(V6.to_vec()))
        .prop_map(|(side, a, b)| addresses(Family::V6, side, a.min(b), a.max(b)));
    prop_oneof![2 => Just(vec![Cube::any()]), 2 => v4, 2 => v6]
}

/// Cubes as rules have them: an address range on one side, or none, and constraints on some plain fields.
pub fn cube() -> impl Strategy<Value = Cube> {
    let plain = proptest::sample::select(PLAIN.to_vec())
        .prop_flat_map(|field| small_ranges(field).prop_map(move |values| (field, values)));
    (address_cubes(), any::<proptest::sample::Index>(), proptest::collection::vec(plain, 0..4)).prop_map(
        |(cubes, which, plain)| {
            plain.into_iter().fold(which.get(&cubes).clone(), |cube, (field, values)| cube.with(field, values))
        },
    )
}

pub fn expr() -> impl Strategy<Value = Expr> {
    let leaf = prop_oneof![
        3 => cube().prop_map(Expr::Cube),
        2 => proptest::collection::vec(cube(), 0..8).prop_map(Expr::Cubes),
        1 => proptest::collection::vec((cube(), any::<bool>()), 0..8).prop_map(Expr::FirstMatch),
    ];
    leaf.prop_recursive(3, 8, 2, |inner| {
        let two = || (inner.clone().prop_map(Box::new), inner.clone().prop_map(Box::new));
        prop_oneof![
            two().prop_map(|(a, b)| Expr::Union(a, b)),
            two().prop_map(|(a, b)| Expr::Both(a, b)),
            two().prop_map(|(a, b)| Expr::Minus(a, b)),
            inner.clone().prop_map(|a| Expr::Not(Box::new(a))),
        ]
    })
}

/// The fields that are no addresses.
pub const PLAIN: [Field; 7] =
    [Field::In, Field::Out, Field::Proto, Field::DstPort, Field::SrcPort, Field::Minute, Field::Exceeded];

/// The packet with every value of a plain field between which the sets of [`expr`] can differ.
pub fn variants(packet: &Packet, field: Field) -> Vec<Packet> {
    let values = NUMBERS.iter().flat_map(|n| [n.saturating_sub(1), *n, n.saturating_add(1)]);
    let put = |value: u16| {
        let mut packet = *packet;
        match field {
            Field::In => packet.ingress = value,
            Field::Out => packet.egress = value,
            Field::Proto => packet.proto = u8::try_from(value.min(255)).unwrap(),
            Field::DstPort => packet.dst_port = value,
            Field::SrcPort => packet.src_port = value,
            Field::Minute => packet.minute = value.min(10_079),
            Field::Exceeded => packet.exceeded = value,
            _ => unreachable!("not a plain field"),
        }
        packet
    };
    values.map(put).collect()
}

fn near<T: Clone + std::fmt::Debug + 'static>(values: Vec<T>) -> impl Strategy<Value = T> {
    proptest::sample::select(values)
}

/// Packets at the ends of the ranges that [`cube`] makes and one beside them.
pub fn packet() -> impl Strategy<Value = Packet> {
    let number = || near(NUMBERS.iter().flat_map(|n| [n.saturating_sub(1), *n, n.saturating_add(1)]).collect());
    let v4 = || near(V4.iter().flat_map(|n| [n.saturating_sub(1), *n, n.saturating_add(1)]).map(u128::from).collect());
    let v6 = || near(V6.iter().flat_map(|n| [n.saturating_sub(1), *n, n.saturating_add(1)]).collect::<Vec<_>>());
    let ends = prop_oneof![
        (v4(), v4()).prop_map(|(src, dst)| (Family::V4, src, dst)),
        (v6(), v6()).prop_map(|(src, dst)| (Family::V6, src, dst)),
    ];
    (ends, [number(), number(), number(), number(), number(), number(), number()]).prop_map(
        |((family, src, dst), [ingress, egress, proto, src_port, dst_port, minute, exceeded]): (_, [u16; 7])| Packet {
            ingress,
            egress,
            family,
            proto: u8::try_from(proto.min(255)).unwrap(),
            src,
            dst,
            src_port,
            dst_port,
            minute: minute.min(10079),
            exceeded,
        },
    )
}
