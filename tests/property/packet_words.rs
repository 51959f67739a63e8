//! Witnesses read like packets that a person would name.

use hedgerow::packet::{Cube, Family, Field, Packet, Ranges, Set, Side, Space, prefix, suffix};

fn witness(cubes: Vec<Cube>) -> Packet {
    let mut space = Space::new();
    let set = space.cubes_union(cubes);
    space.witness(set).unwrap()
}

fn single(field: Field, value: u64) -> Cube {
    Cube::any().with(field, Ranges::single(value))
}

#[test]
fn prefers_ipv4_tcp_and_known_ports() {
    let packet = witness(vec![Cube::any()]);
    assert_eq!((packet.family, packet.proto, packet.dst_port, packet.src_port), (Family::V4, 6, 443, 1024));
    assert_eq!((packet.minute, packet.exceeded), (0, 0));
    assert_ne!(packet.src, packet.dst);
    let packet = witness(vec![single(Field::Proto, 17)]);
    assert_eq!((packet.proto, packet.dst_port), (17, 53));
    let packet = witness(vec![single(Field::Family, 1).with(Field::Proto, Ranges::range(18, 60))]);
    assert_eq!((packet.family, packet.proto, packet.dst_port), (Family::V6, 58, 128 << 8));
}

#[test]
fn a_familiar_packet_behind_a_later_interface_wins() {
    let early = single(Field::In, 1).with(Field::Family, Ranges::single(1));
    let late = single(Field::In, 2).with(Field::Proto, Ranges::single(6));
    let packet = witness(vec![early, late]);
    assert_eq!((packet.ingress, packet.family, packet.proto), (2, Family::V4, 6));
}

#[test]
fn avoids_the_network_address() {
    let lan = prefix("192.168.4.0/24".parse().unwrap(), Side::Dst);
    assert_eq!(witness(vec![lan]).dst, 0xc0a8_0401);
    let only = prefix("192.168.4.0/32".parse().unwrap(), Side::Dst);
    assert_eq!(witness(vec![only]).dst, 0xc0a8_0400);
    let lan = prefix("fd00:1:2:3::/64".parse().unwrap(), Side::Src);
    assert_eq!(witness(vec![lan]).src, 0xfd00_0001_0002_0003 << 64 | 1);
    assert_eq!(witness(vec![suffix(0x10, Side::Src)]).src & u128::from(u64::MAX), 0x10);
}

#[test]
fn nothing_has_no_witness() {
    assert_eq!(Space::new().witness(Set::EMPTY), None);
}

#[test]
fn an_exhausted_space_says_so() {
    let mut space = Space::with_budget(100);
    let ports: Vec<_> =
        (0..1000).map(|n| single(Field::DstPort, 2 * n).with(Field::SrcPort, Ranges::single(n))).collect();
    let mut all = Set::EMPTY;
    for port in &ports {
        let one = space.cube(port);
        all = space.union(all, one);
    }
    assert!(space.exhausted());
    assert!(!space.is_subset(Set::EMPTY, Set::ALL) && !space.disjoint(Set::EMPTY, Set::ALL));
}
