//! A small house to judge rulesets in, and packets written as text.
//!
//! A packet is `IN SRC > DST PROTO [PORT] [option=value]…`; `IN` is an interface or `self`. `PORT` is a port, or type and
//! code of ICMP as `8/0`. Options: `out=` (where it leaves, if translation moves it; `self` is the router), `sport=`,
//! `minute=`, `exceeded=`. Without `out` it leaves where routing by its destination says.

use std::net::IpAddr;

use hedgerow::{
    packet::{Family, Packet, Set, Space, icmp},
    router::{Dnat, Interface, LOCAL, Limits, OTHER, Outcome, Topology, Tracked, number},
    target::nftables::read::{ReadError, Reading, read},
};

pub fn interface(name: &str, networks: &[&str], addresses: &[&str], internet: bool) -> Interface {
    Interface {
        name: name.into(),
        networks: networks.iter().map(|net| net.parse().unwrap()).collect(),
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        internet,
        upstream: Vec::new(),
        ..Interface::default()
    }
}

pub fn house() -> Topology {
    Topology {
        offset: 0,
        interfaces: vec![
            interface("lan", &["192.168.10.0/24", "fd00:10::/64"], &["192.168.10.1", "fd00:10::1"], false),
            interface("iot", &["192.168.20.0/24", "fd00:20::/64"], &["192.168.20.1", "fd00:20::1"], false),
            interface("srv", &["192.168.30.0/24", "fd00:30::/64"], &["192.168.30.1", "fd00:30::1"], false),
            interface("wan", &["203.0.113.0/24", "2001:db8:ff::/64"], &["203.0.113.7", "2001:db8:ff::7"], true),
        ],
    }
}

pub struct Case {
    pub topology: Topology,
    pub space: Space,
    pub limits: Limits,
    pub reading: Reading,
}

pub fn refused(rules: &str) -> ReadError {
    read(rules, &house(), &mut Limits::default(), &mut Space::new()).map(|_| ()).unwrap_err()
}

/// Rules for a forward chain that drops by default, in an inet table.
pub fn forward(rules: &str) -> Case {
    case(&format!(
        "table inet t {{\n chain f {{\n type filter hook forward priority 0; policy drop;\n{rules}\n }}\n}}\n"
    ))
}

/// Rules for an input chain that drops by default, in an inet table.
pub fn input(rules: &str) -> Case {
    case(&format!("table inet t {{\n chain i {{\n type filter hook input priority 0; policy drop;\n{rules}\n }}\n}}\n"))
}

pub fn case(rules: &str) -> Case {
    case_in(rules, house())
}

pub fn case_in(rules: &str, topology: Topology) -> Case {
    let (mut space, mut limits) = (Space::new(), Limits::default());
    let reading = read(rules, &topology, &mut limits, &mut space).unwrap_or_else(|error| panic!("{error}\n{rules}"));
    let (surely, possibly) = (reading.surely.all(&mut space), reading.possibly.all(&mut space));
    assert!(space.is_subset(surely, possibly));
    Case { topology, space, limits, reading }
}

impl Case {
    pub fn packet(&self, text: &str) -> Packet {
        packet(&self.topology, text)
    }

    /// Everything was understood.
    pub fn exact(mut self) -> Self {
        let (surely, possibly) = (self.reading.surely.all(&mut self.space), self.reading.possibly.all(&mut self.space));
        let open = self.space.minus(possibly, surely);
        assert!(self.reading.is_exact(), "{:?}; such as {:?}", self.reading.unknown, self.space.witness(open));
        assert_eq!(self.reading.unknown, []);
        self
    }

    pub fn open(self, packets: &[&str]) -> Self {
        self.verdicts(packets, (true, true))
    }

    pub fn closed(self, packets: &[&str]) -> Self {
        self.verdicts(packets, (false, false))
    }

    pub fn perhaps(self, packets: &[&str]) -> Self {
        self.verdicts(packets, (false, true))
    }

    fn verdicts(mut self, packets: &[&str], wanted: (bool, bool)) -> Self {
        for text in packets {
            let packet = self.packet(text);
            let surely = self.reading.surely.all(&mut self.space);
            let possibly = self.reading.possibly.all(&mut self.space);
            let found = (self.space.contains(surely, &packet), self.space.contains(possibly, &packet));
            assert_eq!(found, wanted, "(surely, possibly) accepted: {text}; unknown: {:?}", self.reading.unknown);
        }
        self
    }

    /// The one outcome that a packet surely has.
    pub fn outcome(&self, text: &str) -> Option<Outcome> {
        let packet = self.packet(text);
        let mut found = self.reading.surely.accepted.iter().filter(|(_, set)| self.space.contains(**set, &packet));
        let outcome = found.next().map(|(outcome, _)| *outcome);
        assert!(found.next().is_none());
        outcome
    }

    /// The lines that decide over a packet.
    pub fn lines(&mut self, text: &str) -> Vec<u32> {
        let packet = self.packet(text);
        let steps =
            self.reading.steps(&packet, Tracked::First, &self.topology, &mut self.limits, &mut self.space).unwrap();
        steps.iter().map(|step| step.line).collect()
    }

    pub fn holds(&self, set: Set, text: &str) -> bool {
        self.space.contains(set, &self.packet(text))
    }
}

#[expect(clippy::unnecessary_wraps, reason = "as it stands in an outcome")]
pub fn to(address: &str, port: Option<u16>) -> Option<Dnat> {
    Some(Dnat::To { address: address.parse().unwrap(), port })
}

fn id(topology: &Topology, name: &str) -> u16 {
    match name {
        "self" => LOCAL,
        "other" => OTHER,
        _ => match topology.id_of(name) {
            OTHER => panic!("no interface {name}"),
            id => id,
        },
    }
}

pub fn packet(topology: &Topology, text: &str) -> Packet {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [ingress, src, ">", dst, proto, rest @ ..] = words.as_slice() else { panic!("bad packet: {text}") };
    let dst: IpAddr = dst.parse().unwrap();
    let ((family, src), (_, to)) = (number(src.parse().unwrap()), number(dst));
    let proto = match *proto {
        "icmp" if family == Family::V4 => 1,
        "icmp" => 58,
        "tcp" => 6,
        "udp" => 17,
        other => other.parse().unwrap(),
    };
    let mut packet = Packet {
        ingress: id(topology, ingress),
        egress: topology.routes(dst).first().copied().unwrap_or(OTHER),
        family,
        proto,
        src,
        dst: to,
        src_port: 40_000,
        dst_port: 0,
        minute: 0,
        exceeded: 0,
    };
    for word in rest {
        match word.split_once('=') {
            Some(("out", name)) => packet.egress = id(topology, name),
            Some(("sport", port)) => packet.src_port = port.parse().unwrap(),
            Some(("minute", minute)) => packet.minute = minute.parse().unwrap(),
            Some(("exceeded", number)) => packet.exceeded = number.parse().unwrap(),
            Some(_) => panic!("bad packet: {text}"),
            None => {
                packet.dst_port = match word.split_once('/') {
                    Some((kind, code)) => icmp(kind.parse().unwrap(), code.parse().unwrap()),
                    None => word.parse().unwrap(),
                }
            }
        }
    }
    packet
}
