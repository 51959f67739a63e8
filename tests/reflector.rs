//! What a reflector may hear and repeat, packet by packet.

use std::net::IpAddr;

use ipnet::IpNet;

use hedgerow::{
    compile::{self, Checked},
    packet::{Cube, Field, Ranges, Set, Side, prefix},
    router::LOCAL,
    target::Target,
    world::Memory,
};

const HOME: &str = "\
zone wan   { role internet;  interface eth0;  address 203.0.113.20 }
zone pc    { role trusted;  interface eth1;  network 10.0.10.0/24 }
zone iot   { role iot;  interface eth2;  network 10.0.30.0/24 }
zone guest { role guest;  interface eth3;  network 10.0.40.0/24 }
";

/// The numbers of the zones' interfaces, in the order above.
const PC: u64 = 2;
const IOT: u64 = 3;
const GUEST: u64 = 4;

fn checked(output: &str, more: &str) -> Checked {
    let text = format!("router edge {{ target nftables;  output {output} }}\n{HOME}{more}\n");
    compile::check("main.hedge", &text, &Memory::default())
}

/// Does a packet for the group of mDNS pass?
fn passes(checked: &mut Checked, from: u64, to: u64, source: &str) -> bool {
    let meant = checked.meant.as_mut().unwrap();
    let passing = meant.meaning.behaviour.all(&mut meant.space);
    let address = |text: &str| IpNet::from(text.parse::<IpAddr>().unwrap());
    let one = |field, value| Cube::any().with(field, Ranges::single(value));
    let cube = one(Field::In, from)
        .intersect(&one(Field::Out, to))
        .intersect(&one(Field::Proto, 17))
        .intersect(&one(Field::DstPort, 5353))
        .intersect(&prefix(address(source), Side::Src))
        .intersect(&prefix(address("224.0.0.251"), Side::Dst));
    let packets = meant.space.cube(&cube);
    meant.space.intersect(packets, passing) != Set::EMPTY
}

#[test]
fn a_reflector_hears_and_repeats_in_its_own_zones_only() {
    let local = u64::from(LOCAL);
    let mut with = checked("closed", "reflect mdns between pc, iot");
    for (zone, host, router) in [(PC, "10.0.10.7", "10.0.10.1"), (IOT, "10.0.30.7", "10.0.30.1")] {
        assert!(passes(&mut with, zone, local, host), "it hears {host}");
        assert!(passes(&mut with, local, zone, router), "it repeats towards {host}");
    }
    assert!(!passes(&mut with, GUEST, local, "10.0.40.7"), "it does not listen to guests");
    assert!(!passes(&mut with, local, GUEST, "10.0.40.1"), "nor tell them");
    assert!(!passes(&mut with, IOT, PC, "10.0.30.7"), "nothing goes through but what it repeats");
    let mut without = checked("closed", "");
    assert!(!passes(&mut without, PC, local, "10.0.10.7") && !passes(&mut without, local, PC, "10.0.10.1"));
    let mut open = checked("open", "");
    assert!(passes(&mut open, local, PC, "10.0.10.1"), "with its output open the router may send anyway");
}

#[test]
fn a_router_under_output_closed_can_be_told() {
    let mut checked = checked("closed", "reflect mdns between pc, iot\nreflect ssdp between pc, guest");
    compile::render(&mut checked, "main.hedge", Target::Nftables, &[]).unwrap_or_else(|errors| panic!("{errors:?}"));
}
