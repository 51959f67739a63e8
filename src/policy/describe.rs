//! A packet in words.

use std::net::IpAddr;

use crate::{
    model::{
        Network,
        address::address,
        service::{ICMP, ICMPV6, SCTP, TCP, UDP},
    },
    packet::Packet,
    router::LOCAL,
};

/// A packet for a person: `10.0.30.1:1024 (iot) -> 10.0.10.1:443 tcp (pc)`.
#[must_use]
pub fn describe(packet: &Packet, network: &Network) -> String {
    let place = |number: u16| match number {
        LOCAL => "router".to_owned(),
        number => network
            .zones
            .get(usize::from(number) - 1)
            .map_or_else(|| "another interface".to_owned(), |zone| zone.name.clone()),
    };
    let (from, to) = (address(packet.family, packet.src), address(packet.family, packet.dst));
    let ends = match packet.proto {
        TCP | UDP | SCTP => (socket(from, packet.src_port), socket(to, packet.dst_port)),
        _ => (from.to_string(), to.to_string()),
    };
    let protocol = match packet.proto {
        TCP => "tcp".to_owned(),
        UDP => "udp".to_owned(),
        SCTP => "sctp".to_owned(),
        ICMP => format!("icmp {}/{}", packet.dst_port >> 8, packet.dst_port & 0xff),
        ICMPV6 => format!("icmpv6 {}/{}", packet.dst_port >> 8, packet.dst_port & 0xff),
        other => format!("protocol {other}"),
    };
    format!("{} ({}) -> {} ({}) {protocol}", ends.0, place(packet.ingress), ends.1, place(packet.egress))
}

/// An address with a port.
#[must_use]
pub fn socket(address: IpAddr, port: u16) -> String {
    if address.is_ipv4() { format!("{address}:{port}") } else { format!("[{address}]:{port}") }
}
