//! The statements behind a packet.

use super::{Cause, Meaning, zone_number};
use crate::{
    model::{Place, address::bits, service::Traffic},
    packet::Packet,
};

/// The statements that let a packet through, given with its final destination.
#[must_use]
pub fn let_through(meaning: &Meaning, packet: &Packet) -> Vec<Cause> {
    let mut causes: Vec<Cause> =
        meaning.flows.allowed.iter().filter(|flow| flow.holds(packet)).map(|flow| flow.cause).collect();
    for forward in &meaning.forwards {
        let target = forward.target.map(bits);
        let port = forward.port.unwrap_or(packet.dst_port);
        let inner = Traffic {
            to: forward.port.map_or_else(|| forward.traffic.to.clone(), |port| vec![(port, port)]),
            ..forward.traffic.clone()
        };
        let granted = forward.granted.iter().any(|region| {
            matches!(region.place, Place::Zone(zone) if zone_number(zone) == packet.ingress)
                && region.addresses.family(packet.family).contains(packet.src)
        });
        if granted
            && forward.family == packet.family
            && target == Some(packet.dst)
            && port == packet.dst_port
            && inner.holds(packet)
        {
            causes.push(forward.cause);
        }
    }
    causes.sort_unstable();
    causes.dedup();
    causes
}
