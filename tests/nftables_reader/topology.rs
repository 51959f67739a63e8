//! Which packets can exist.

use hedgerow::{
    packet::{Field, Space},
    router::{LOCAL, OTHER},
};

use crate::support::{house, interface, packet};

fn exists(text: &str) -> bool {
    let topology = house();
    let mut space = Space::new();
    let domain = topology.domain(&mut space);
    space.contains(domain, &packet(&topology, text))
}

#[test]
fn out_follows_the_destination() {
    for text in [
        "lan 192.168.10.5 > 192.168.30.10 tcp 1",
        "lan 192.168.10.5 > 192.168.10.6 tcp 1 out=lan",
        "lan 192.168.10.5 > 192.168.20.1 tcp 1 out=self",
        "lan 192.168.10.5 > 192.168.20.255 tcp 1 out=self",
        "lan 192.168.10.5 > 255.255.255.255 udp 67 out=self",
        "lan fe80::5 > fe80::1 tcp 1 out=self",
        "lan fd00:10::5 > fd00:20:: tcp 1 out=self",
        "lan 192.168.10.5 > 8.8.8.8 tcp 1 out=wan",
        "lan 192.168.10.5 > 8.8.8.8 tcp 1 out=other",
        "lan 192.168.10.5 > 203.0.113.50 tcp 1 out=wan",
        "other 10.0.0.1 > 192.168.30.10 tcp 1 out=srv",
        "lan 192.168.10.5 > 0.1.1.1 tcp 1 out=wan",
        "self 192.168.10.1 > 192.168.20.1 tcp 1 out=self",
        "self 192.168.10.1 > 224.0.0.251 udp 5353 out=iot",
        "self 192.168.10.1 > 192.168.10.255 udp 1 out=lan",
        "self fe80::1 > fe80::5 udp 1 out=other",
    ] {
        assert!(exists(text), "{text}");
    }
    for text in [
        "lan 192.168.10.5 > 192.168.30.10 tcp 1 out=iot",
        "lan 192.168.10.5 > 192.168.20.1 tcp 1 out=iot",
        "lan 192.168.10.5 > 192.168.20.255 tcp 1 out=iot",
        "lan 192.168.10.5 > 8.8.8.8 tcp 1 out=lan",
        "lan 192.168.10.5 > 203.0.113.50 tcp 1 out=other",
        "lan 192.168.10.5 > 127.0.0.1 tcp 1 out=self",
        "lan 192.168.10.5 > 0.0.0.0 tcp 1 out=self",
        "lan fd00:10::5 > ::1 tcp 1 out=self",
        "self 192.168.10.1 > 224.0.0.251 udp 5353 out=self",
        "self 192.168.10.1 > 192.168.20.1 tcp 1 out=iot",
    ] {
        assert!(!exists(text), "{text}");
    }
}

#[test]
fn longest_prefix_and_upstream() {
    let mut topology = house();
    topology.interfaces.push(interface("vpn", &["192.168.10.128/25"], &[], false));
    topology.interfaces.push(interface("wan2", &[], &[], true));
    topology.interfaces[5].upstream = vec!["10.0.0.0/8".parse().unwrap()];
    let routes = |address: &str| topology.routes(address.parse().unwrap());
    assert_eq!(routes("192.168.10.5"), [1]);
    assert_eq!(routes("192.168.10.200"), [5]);
    assert_eq!(routes("10.1.1.1"), [6]);
    assert_eq!(routes("8.8.8.8"), [4, 6, OTHER]);
    assert_eq!(routes("192.168.10.1"), [LOCAL]);
    assert_eq!(routes("127.0.0.1"), Vec::<u16>::new());
    // A network without an address of the router in it is not on the link: its highest address is forwarded.
    assert_eq!(routes("192.168.10.255"), [LOCAL]);
    assert_eq!(routes("192.168.10.254"), [5]);
    let mut space = Space::new();
    let domain = topology.domain(&mut space);
    for address in ["192.168.10.5", "192.168.10.200", "10.1.1.1", "8.8.8.8", "192.168.30.1", "fd00:20::9", "fe80::1"] {
        let text =
            format!("lan {} > {address} tcp 1", if address.contains(':') { "fd00:10::5" } else { "192.168.10.5" });
        let one = packet(&topology, &text);
        for out in [LOCAL, 1, 2, 3, 4, 5, 6, 7, OTHER] {
            let one = hedgerow::packet::Packet { egress: out, ..one };
            assert_eq!(space.contains(domain, &one), routes(address).contains(&out), "{address} by {out}");
        }
    }
    assert!(space.values(domain, Field::In).contains(OTHER.into()));
    assert!(!space.values(domain, Field::In).contains(7));
}
