//! A small house with OpenWrt, and packets asked about.

use std::net::IpAddr;

use hedgerow::{
    packet::{Packet, Space},
    router::{
        Behaviour, Configuration, Dnat, Facts, File, Interface, LOCAL, Limits, Outcome, Topology, Tracked, Unreadable,
        number,
    },
    target::openwrt::read::read,
};

pub const NETWORK: &str = "
config interface 'lan'
\toption device 'br-lan'
\toption proto 'static'
\tlist ipaddr '10.0.0.1/24'
\toption ip6assign '64'

config interface 'guest'
\toption device 'br-lan.20'
\toption proto 'static'
\toption ipaddr '10.1.0.1'
\toption netmask '255.255.255.0'

config interface 'wan'
\toption device 'eth1'
\toption proto 'pppoe'

config interface 'wan6'
\toption device '@wan'
\toption proto 'dhcpv6'
";

/// The stock zones, and one for guests.
pub const ZONES: &str = "config defaults
 option input REJECT
 option output ACCEPT
 option forward REJECT
config zone
 option name lan
 list network lan
 option input ACCEPT
 option output ACCEPT
 option forward ACCEPT
config zone
 option name guest
 option network guest
 option input REJECT
 option output ACCEPT
 option forward REJECT
config zone
 option name wan
 list network wan
 list network wan6
 option input REJECT
 option output ACCEPT
 option forward REJECT
 option masq 1
";

pub fn house() -> Topology {
    let interface = |name: &str, networks: &[&str], addresses: &[&str], internet| Interface {
        name: name.into(),
        networks: networks.iter().map(|net| net.parse().unwrap()).collect(),
        addresses: addresses.iter().map(|address| address.parse().unwrap()).collect(),
        internet,
        upstream: Vec::new(),
        ..Interface::default()
    };
    Topology {
        offset: 0,
        interfaces: vec![
            interface("br-lan", &["10.0.0.0/24", "fd00:1::/64"], &["10.0.0.1", "fd00:1::1"], false),
            interface("br-lan.20", &["10.1.0.0/24"], &["10.1.0.1"], false),
            interface("pppoe-wan", &["203.0.113.7/32", "2001:db8::/64"], &["203.0.113.7", "2001:db8::7"], true),
        ],
    }
}

pub struct Case {
    configuration: Box<dyn Configuration>,
    pub facts: Facts,
    space: Space,
    limits: Limits,
}

/// Reads a whole file `firewall`.
pub fn attempt(firewall: &str) -> Result<Case, Unreadable> {
    let file = |name: &str, text: &str| File { name: name.into(), text: text.into() };
    let files = [file("firewall", firewall), file("network", NETWORK)];
    let (mut space, mut limits) = (Space::new(), Limits::default());
    let configuration = read(&files, &house(), &mut limits, &mut space)?;
    let facts = configuration.facts(&mut space);
    Ok(Case { configuration, facts, space, limits })
}

/// Reads sections behind the usual zones.
pub fn with(sections: &str) -> Case {
    attempt(&format!("{ZONES}{sections}")).unwrap_or_else(|error| panic!("{error}"))
}

/// Why sections behind the usual zones are refused.
pub fn refused(sections: &str) -> String {
    match attempt(&format!("{ZONES}{sections}")) {
        Ok(_) => panic!("it was read"),
        Err(error) => error.message,
    }
}

/// `IN SRC > DST PROTO [PORT]`
pub fn packet(text: &str) -> Packet {
    packet_in(&house(), text)
}

/// The same at another router.
pub fn packet_in(topology: &Topology, text: &str) -> Packet {
    let words: Vec<&str> = text.split_whitespace().collect();
    let [ingress, src, ">", dst, proto, rest @ ..] = words.as_slice() else { panic!("bad packet: {text}") };
    let (src, dst): (IpAddr, IpAddr) = (src.parse().unwrap(), dst.parse().unwrap());
    let ((family, from), (_, to)) = (number(src), number(dst));
    Packet {
        ingress: if *ingress == "self" { LOCAL } else { topology.id_of(ingress) },
        egress: topology.routes(dst)[0],
        family,
        proto: match *proto {
            "tcp" => 6,
            "udp" => 17,
            other => other.parse().unwrap(),
        },
        src: from,
        dst: to,
        src_port: 40_000,
        dst_port: rest.first().map_or(0, |port| port.parse().unwrap()),
        minute: 0,
        exceeded: 0,
    }
}

/// What surely becomes of a packet that leaves where `out` says.
fn outcome(behaviour: &Behaviour, space: &Space, packet: &Packet) -> Option<Outcome> {
    behaviour.accepted.iter().find(|(_, set)| space.contains(**set, packet)).map(|(outcome, _)| *outcome)
}

impl Case {
    pub fn exact(self) -> Self {
        assert_eq!(self.facts.surely, self.facts.possibly, "{:?}", self.facts.unknown);
        self
    }

    pub fn open(self, packets: &[&str]) -> Self {
        for text in packets {
            assert!(outcome(&self.facts.surely, &self.space, &packet(text)).is_some(), "should be open: {text}");
        }
        self
    }

    pub fn closed(self, packets: &[&str]) -> Self {
        for text in packets {
            assert!(outcome(&self.facts.possibly, &self.space, &packet(text)).is_none(), "should be closed: {text}");
        }
        self
    }

    /// Where the destination is moved to, for a packet that then leaves by `out`.
    pub fn moved(&self, text: &str, out: &str) -> Option<Dnat> {
        let egress = if out == "self" { LOCAL } else { house().id_of(out) };
        outcome(&self.facts.surely, &self.space, &Packet { egress, ..packet(text) })?.dnat
    }

    /// Is this said to the user?
    pub fn says(self, words: &str) -> Self {
        let found: Vec<String> =
            self.facts.unknown.iter().map(|line| format!("{}:{}: {}", line.file, line.line, line.text)).collect();
        assert!(found.iter().any(|line| line.contains(words)), "{words}: {found:#?}");
        self
    }

    /// The line that decides over a packet.
    pub fn decided(&mut self, text: &str) -> String {
        let line = self
            .configuration
            .trace(&packet(text), Tracked::First, &house(), &mut self.limits, &mut self.space)
            .decided_by
            .unwrap_or_default();
        format!("{}:{}, {}", line.file, line.line, line.text)
    }
}
