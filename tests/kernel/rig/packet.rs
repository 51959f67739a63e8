//! Packets made by hand, for probes that a socket would not send, and what raw sockets receive.

#![expect(clippy::cast_possible_truncation, reason = "lengths and numbers of packets are small")]

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

pub const TCP: u8 = 6;
pub const UDP: u8 = 17;

/// The ICMP of the address's family.
pub fn icmp(of: IpAddr) -> u8 {
    if of.is_ipv4() { 1 } else { 58 }
}

/// The type of an echo request in the address's family.
pub fn echo_request(of: IpAddr) -> u8 {
    if of.is_ipv4() { 8 } else { 128 }
}

const MAGIC: &[u8; 6] = b"\0rig!\0";

/// What a probe carries: a mark, whether it is a question or an answer, and the probe's number.
pub fn payload(answer: bool, number: u32) -> Vec<u8> {
    let mut bytes = MAGIC.to_vec();
    bytes.push(u8::from(answer));
    bytes.extend(number.to_be_bytes());
    bytes
}

/// Finds what `payload` made, anywhere in `bytes`: (is it an answer, the probe's number).
pub fn find_payload(bytes: &[u8]) -> Option<(bool, u32)> {
    let at = bytes.windows(MAGIC.len()).position(|window| window == MAGIC)? + MAGIC.len();
    let number = bytes.get(at + 1..at + 5)?.try_into().ok()?;
    Some((bytes[at] == 1, u32::from_be_bytes(number)))
}

fn checksum(parts: &[&[u8]]) -> u16 {
    let bytes: Vec<u8> = parts.concat();
    let words = bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | u32::from(*pair.get(1).unwrap_or(&0)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(v4) => v4.octets().to_vec(),
        IpAddr::V6(v6) => v6.octets().to_vec(),
    }
}

/// An IP packet around `body`, whose checksum, if it has one, is at offset `sum`.
pub fn packet(from: IpAddr, to: IpAddr, protocol: u8, mut body: Vec<u8>, sum: Option<usize>) -> Vec<u8> {
    if let Some(at) = sum {
        let len = (body.len() as u32).to_be_bytes();
        let pseudo = if protocol == 1 {
            vec![]
        } else {
            [octets(from), octets(to), len.to_vec(), vec![0, 0, 0, protocol]].concat()
        };
        let value = match checksum(&[&pseudo, &body]) {
            0 if protocol == UDP => 0xffff,
            value => value,
        };
        body[at..at + 2].copy_from_slice(&value.to_be_bytes());
    }
    let mut packet = match to {
        IpAddr::V4(_) => {
            let [high, low] = (20 + body.len() as u16).to_be_bytes();
            vec![0x45, 0, high, low, 0, 0, 0x40, 0, 64, protocol, 0, 0]
        }
        IpAddr::V6(_) => {
            let [high, low] = (body.len() as u16).to_be_bytes();
            vec![0x60, 0, 0, 0, high, low, protocol, 64]
        }
    };
    packet.extend(octets(from));
    packet.extend(octets(to));
    if to.is_ipv4() {
        let value = checksum(&[&packet]).to_be_bytes();
        packet[10..12].copy_from_slice(&value);
    }
    packet.extend(body);
    packet
}

pub fn udp(from: SocketAddr, to: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let len = 8 + payload.len() as u16;
    let header = [from.port(), to.port(), len, 0].map(u16::to_be_bytes).concat();
    packet(from.ip(), to.ip(), UDP, [&header, payload].concat(), Some(6))
}

/// The low digit of the sequence numbers of segments made by hand. What is sent in answer counts on from there.
const SEQUENCE_MARK: u32 = 5;

/// A TCP segment without data, whose sequence number tells the probe's number.
pub fn tcp(from: SocketAddr, to: SocketAddr, number: u32, flags: u8) -> Vec<u8> {
    let mut body = [from.port(), to.port()].map(u16::to_be_bytes).concat();
    body.extend((number << 4 | SEQUENCE_MARK).to_be_bytes());
    body.extend([0, 0, 0, 0, 0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
    packet(from.ip(), to.ip(), TCP, body, Some(16))
}

/// What `tcp` made: the ports, the probe's number modulo 2^28, and the flags.
pub fn open_tcp(body: &[u8]) -> Option<(u16, u16, u32, u8)> {
    let port = |at: usize| Some(u16::from_be_bytes(body.get(at..at + 2)?.try_into().ok()?));
    let sequence = u32::from_be_bytes(body.get(4..8)?.try_into().ok()?);
    (sequence & 15 == SEQUENCE_MARK).then_some((port(0)?, port(2)?, sequence >> 4, *body.get(13)?))
}

pub const SYN: u8 = 2;

/// An ICMP message of the given type and code whose body starts with the number.
pub fn icmp_message(from: IpAddr, to: IpAddr, kind: u8, code: u8, number: u32) -> Vec<u8> {
    let mut body = vec![kind, code, 0, 0];
    body.extend((number as u16).to_be_bytes());
    body.extend([0, 1]);
    body.extend(payload(false, number));
    packet(from, to, icmp(to), body, Some(2))
}

/// A packet of any other protocol. It starts with zeros, which are a legal GRE header.
pub fn other(from: IpAddr, to: IpAddr, protocol: u8, number: u32) -> Vec<u8> {
    packet(from, to, protocol, [vec![0; 8], payload(false, number)].concat(), None)
}

/// The addresses and the body of a received IPv4 packet.
pub fn open_v4(bytes: &[u8]) -> Option<(IpAddr, IpAddr, &[u8])> {
    let address = |at: usize| Some(IpAddr::from(Ipv4Addr::from(<[u8; 4]>::try_from(bytes.get(at..at + 4)?).ok()?)));
    let header = usize::from(bytes.first()? & 15) * 4;
    Some((address(12)?, address(16)?, bytes.get(header..)?))
}

/// The unspecified address of the family of `of`.
pub fn any(of: IpAddr) -> IpAddr {
    if of.is_ipv4() { Ipv4Addr::UNSPECIFIED.into() } else { Ipv6Addr::UNSPECIFIED.into() }
}
