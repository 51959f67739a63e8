//! Packets to try a ruleset with: made of the addresses and ports that its text names, of those beside them, and of what
//! lies behind the interfaces.

use std::net::IpAddr;

use hedgerow::{
    packet::{Family, Packet, icmp},
    router::{LOCAL, OTHER, Topology, number},
};

use crate::{ground, rng::Rng};

pub struct Sampler {
    v4: Vec<u128>,
    v6: Vec<u128>,
    ports: Vec<u16>,
}

impl Sampler {
    pub fn new(topology: &Topology, text: &str) -> Self {
        let mut sampler = Self { v4: Vec::new(), v6: Vec::new(), ports: vec![0, 22, 443, 65535] };
        let words = text.split(|letter: char| letter.is_whitespace() || ",;{}<>'\"".contains(letter));
        for word in words {
            for part in word.split('-') {
                let (base, length) =
                    part.split_once('/').map_or((part, None), |(base, length)| (base, length.parse().ok()));
                if let Ok(address) = base.trim_matches(['[', ']']).parse::<IpAddr>() {
                    sampler.add(address, length);
                } else if let Ok(port) = part.parse::<u16>() {
                    sampler.ports.extend([port.saturating_sub(1), port, port.saturating_add(1)]);
                }
            }
        }
        for interface in &topology.interfaces {
            for net in interface.networks.iter().chain(&interface.upstream) {
                sampler.add(net.addr(), Some(u32::from(net.prefix_len())));
            }
            for address in &interface.addresses {
                sampler.add(*address, None);
            }
        }
        for address in [
            "8.8.8.8",
            "203.0.113.99",
            "2001:db8:ffff::9",
            "fe80::5",
            "ff02::1",
            "224.0.0.251",
            "255.255.255.255",
            "2606:4700::5",
        ] {
            sampler.add(address.parse().unwrap(), None);
        }
        sampler
    }

    /// First, last, and those beside.
    fn add(&mut self, address: IpAddr, length: Option<u32>) {
        let (family, value) = number(address);
        let (width, list) = if family == Family::V4 { (32, &mut self.v4) } else { (128, &mut self.v6) };
        let rest = match width - length.unwrap_or(width).min(width) {
            128 => u128::MAX,
            bits => (1_u128 << bits) - 1,
        };
        let max = if width == 32 { u128::from(u32::MAX) } else { u128::MAX };
        let (low, high) = (value & !rest, value | rest);
        list.extend([
            low,
            high,
            low.saturating_add(1).min(max),
            low.saturating_add(9).min(high),
            low.saturating_sub(1),
            high.saturating_add(1).min(max),
        ]);
    }

    /// A random packet, once for each way that routing may send it.
    pub fn packets(&self, topology: &Topology, rng: &mut Rng) -> Vec<Packet> {
        self.with(self, topology, rng)
    }

    /// The same, with half of the parts from another sampler.
    pub fn with(&self, other: &Self, topology: &Topology, rng: &mut Rng) -> Vec<Packet> {
        let mut of = || if rng.percent(60) { self } else { other };
        let (one, two, three) = (of(), of(), of());
        let v6 = rng.percent(35);
        let family = if v6 { Family::V6 } else { Family::V4 };
        let (src, dst) =
            if v6 { (*rng.pick(&one.v6), *rng.pick(&two.v6)) } else { (*rng.pick(&one.v4), *rng.pick(&two.v4)) };
        let proto = if v6 { *rng.pick(&[6, 6, 17, 17, 58, 132]) } else { *rng.pick(&[6, 6, 17, 17, 1, 132]) };
        let dst_port = match proto {
            1 => icmp(*rng.pick(&[8, 13]), 0),
            58 => icmp(*rng.pick(&[128, 130, 133, 134, 135, 136, 143]), 0),
            _ => *rng.pick(&three.ports),
        };
        let src_port = if matches!(proto, 1 | 58) {
            0
        } else if rng.percent(70) {
            40_000
        } else {
            *rng.pick(&three.ports)
        };
        let count = topology.interfaces.len();
        let ingress = match rng.below(count + 4) {
            // Mostly where the source belongs.
            at if at < count => u16::try_from(at + 1).unwrap(),
            at if at == count => *rng.pick(&[LOCAL, OTHER]),
            _ => {
                let address = if v6 { IpAddr::V6(src.into()) } else { IpAddr::V4(u32::try_from(src).unwrap().into()) };
                let routes = ground::routes(topology, address);
                if routes.is_empty() { 1 } else { *rng.pick(&routes) }
            }
        };
        let packet = Packet { ingress, egress: 0, family, proto, src, dst, src_port, dst_port, minute: 0, exceeded: 0 };
        let last = u16::try_from(count).unwrap();
        (0..=last).chain([OTHER]).map(|egress| Packet { egress, ..packet }).collect()
    }
}
