//! Chains of hosts, and how they are told.

use super::{classes::Leg, name::address_name};
use crate::{
    diagnostic::Span,
    model::{Network, address::address, service::Traffic},
    packet::Packet,
    policy::{Meaning, let_through},
    router::LOCAL,
};

/// How one host reaches the next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// By the router: one packet that it lets through.
    Routed(Packet),
    /// In the same zone, past the router.
    SameZone,
    /// By its second leg, or under its other address.
    SameHost,
    /// A client of a VPN that a host ends and hides: it goes on under the address of that host.
    ByServer,
    /// Between a client of a VPN that a host ends and the zone of that host, past the router.
    BesideServer,
    /// By a proxy on the router: what it is asked, and what it asks in turn.
    ByRouter(Packet, Packet),
    /// From the internet, by a tunnel which the router does not see into.
    Tunnelled { words: String, span: Span },
}

/// A chain: where it starts, and each step with where it leads.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Path {
    pub start: Leg,
    pub steps: Vec<(Step, Leg)>,
}

impl Path {
    /// How many connections it takes.
    #[must_use]
    pub fn length(&self) -> usize {
        let by_router = self.steps.iter().filter(|(step, _)| matches!(step, Step::ByRouter(..)));
        self.steps.len() + by_router.count()
    }

    /// `10.0.30.1 (iot) -tcp 1883-> ha -same zone-> 10.0.10.1 (pc)`
    #[must_use]
    pub fn sentence(&self, network: &Network) -> String {
        let name = |leg: Leg| address_name(network, leg.zone, address(leg.family, leg.address));
        let router = |packet: &Packet, number: u16| number == LOCAL && packet.ingress != packet.egress;
        let mut text = match self.steps.first() {
            Some((Step::Routed(packet), _)) if router(packet, packet.ingress) => "router".to_owned(),
            // Whoever comes by a tunnel has no address here.
            Some((Step::Tunnelled { .. }, _)) => "internet".to_owned(),
            _ => name(self.start),
        };
        for (step, leg) in &self.steps {
            let how = match step {
                Step::Routed(packet) => service_words(packet),
                Step::SameZone => "same zone, unfiltered".to_owned(),
                Step::SameHost => "same host".to_owned(),
                Step::ByServer => "under its address, by the VPN that it ends".to_owned(),
                Step::BesideServer => "past the router, by the host that ends the VPN".to_owned(),
                Step::ByRouter(asked, asks) => {
                    text += &format!(" -[{}]-> router", service_words(asked));
                    service_words(asks)
                }
                Step::Tunnelled { words, .. } => format!("{words} by tunnel"),
            };
            let end = match step {
                Step::Routed(packet) if router(packet, packet.egress) => "router".to_owned(),
                _ => name(*leg),
            };
            text += &format!(" -[{how}]-> {end}");
        }
        text
    }

    /// The statements that let its steps through, each once, and what each lets be reached.
    #[must_use]
    pub fn causes(&self, network: &Network, meaning: &Meaning) -> Vec<(Span, String)> {
        let mut told: Vec<(Span, String)> = Vec::new();
        let mut number = 0;
        for (step, leg) in &self.steps {
            let name = address_name(network, leg.zone, address(leg.family, leg.address));
            number += 1;
            let packets: Vec<&Packet> = match step {
                Step::Tunnelled { span, .. } => {
                    told.push((*span, format!("step {number}: a tunnel leads to {name}")));
                    continue;
                }
                Step::Routed(packet) => vec![packet],
                Step::ByRouter(asked, asks) => vec![asked, asks],
                Step::SameZone | Step::SameHost | Step::ByServer | Step::BesideServer => continue,
            };
            for (further, packet) in packets.into_iter().enumerate() {
                number += usize::from(further > 0);
                for span in let_through(meaning, packet).iter().filter_map(|cause| cause.span()) {
                    if told.iter().all(|(earlier, _)| *earlier != span) {
                        let name = if packet.egress == LOCAL { "the router" } else { &name };
                        told.push((span, format!("step {number}: lets it reach {name}")));
                    }
                }
            }
        }
        told
    }
}

/// `tcp 1883`, `icmp 8/0`
#[must_use]
pub fn service_words(packet: &Packet) -> String {
    let traffic = match packet.proto {
        crate::model::service::ICMP | crate::model::service::ICMPV6 => {
            Traffic { to: vec![(packet.dst_port, packet.dst_port)], ..Traffic::protocol(packet.proto) }
        }
        proto @ (crate::model::service::TCP | crate::model::service::UDP | crate::model::service::SCTP) => {
            Traffic::ports(proto, packet.dst_port, packet.dst_port)
        }
        proto => Traffic::protocol(proto),
    };
    traffic.to_string()
}
