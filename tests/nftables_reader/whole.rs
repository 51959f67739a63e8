//! A whole household's ruleset.

use crate::support::{case, to};

const RULES: &str = include_str!("household.nft");

#[test]
fn household() {
    let mut case = case(RULES).open(&[
        // Zones.
        "lan 192.168.10.5 > 8.8.8.8 tcp 443 out=wan",
        "lan 192.168.10.5 > 192.168.20.9 udp 5683",
        "lan 192.168.10.5 > 192.168.30.10 tcp 8123",
        "lan fd00:10::5 > fd00:30::a tcp 8123",
        "iot 192.168.20.21 > 8.8.8.8 tcp 8883 out=wan",
        "iot 192.168.20.22 > 192.168.30.10 tcp 1883",
        // The router itself.
        "lan 192.168.10.5 > 192.168.10.1 udp 53",
        "iot 0.0.0.0 > 255.255.255.255 udp 67",
        "lan 192.168.10.5 > 224.0.0.251 udp 5353",
        "lan fe80::5 > ff02::fb udp 5353",
        "lan fe80::5 > fd00:10::1 icmp 135/0",
        "wan fe80::1 > fe80::2 udp 546 sport=547",
        "self 192.168.10.1 > 192.168.10.1 tcp 80",
        "self 203.0.113.7 > 9.9.9.9 udp 53 out=wan",
        "iot 192.168.20.22 > 192.168.20.1 icmp 8/0",
        // The forwarded port, from outside and as a hairpin.
        "wan 8.8.8.8 > 203.0.113.7 tcp 8443 out=srv",
        "srv 192.168.30.5 > 203.0.113.7 tcp 8443 out=srv",
    ]);
    case = case.closed(&[
        "iot 192.168.20.22 > 8.8.8.8 tcp 443 out=wan",
        "iot 192.168.20.22 > 192.168.30.10 tcp 22",
        "iot 192.168.20.22 > 192.168.10.5 tcp 80",
        "wan 8.8.8.8 > 192.168.30.10 tcp 8123",
        "wan 8.8.8.8 > 203.0.113.7 tcp 22",
        "wan 8.8.8.8 > 203.0.113.7 icmp 8/0",
        "lan 192.168.20.7 > 8.8.8.8 tcp 443 out=wan",
        "wan 10.1.1.1 > 203.0.113.7 tcp 8443 out=srv",
        "other 172.17.0.2 > 8.8.8.8 tcp 443 out=wan",
        "iot 192.168.20.22 > 192.168.20.1 icmp 8/0 exceeded=1",
        "iot 192.168.20.22 > 192.168.20.1 tcp 22",
    ]);
    let forwarded = case.outcome("wan 8.8.8.8 > 203.0.113.7 tcp 8443 out=srv").unwrap();
    assert_eq!((forwarded.dnat, forwarded.snat), (to("192.168.30.10", Some(8123)), None));
    let hairpin = case.outcome("srv 192.168.30.5 > 203.0.113.7 tcp 8443 out=srv").unwrap();
    assert!(hairpin.snat.is_some());
    // What cannot be told is whether an interface without a name leads to a source on the internet; all packets from
    // there are dropped later on.
    assert_eq!(case.reading.unknown.len(), 2, "{:?}", case.reading.unknown);
    assert_eq!(witness_of_doubt(&mut case), None);
    let lines = case.lines("iot 192.168.20.22 > 192.168.30.10 tcp 22");
    let last = lines.last().and_then(|line| RULES.lines().nth(*line as usize - 1));
    assert_eq!(last.map(str::trim), Some("meta l4proto tcp reject with tcp reset"));
}

fn witness_of_doubt(case: &mut crate::support::Case) -> Option<hedgerow::packet::Packet> {
    let (surely, possibly) = (case.reading.surely.all(&mut case.space), case.reading.possibly.all(&mut case.space));
    let open = case.space.minus(possibly, surely);
    case.space.witness(open)
}
