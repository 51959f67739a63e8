//! What is asked of `verify` about a packet whose fate an edit has changed, and the few things that are not, each with its
//! reason.

use std::net::IpAddr;

use hedgerow::{
    compile::Meant,
    packet::{Family, Packet},
    router::{Dnat, LOCAL, OTHER, Outcome, Snat, Topology, number},
};

use crate::{
    fate::{Class, Fate, Source},
    ground,
};

pub fn address(family: Family, bits: u128) -> IpAddr {
    match family {
        Family::V4 => IpAddr::V4(u32::try_from(bits).unwrap().into()),
        Family::V6 => IpAddr::V6(bits.into()),
    }
}

/// Does the policy know an address to be the router's, or that it has none yet?
fn is_known(at: IpAddr, topology: &Topology) -> bool {
    let of_link = matches!(at, IpAddr::V6(at) if at.is_unicast_link_local());
    ground::is_own(topology, at) || at.is_loopback() || at.is_unspecified() || of_link
}

/// Has the policy the same to say of two fates? What the router sends under an address that no zone knows bears an address of
/// the router whether it is masqueraded or not.
pub fn is_same(before: &Fate, after: &Fate, packet: &Packet, topology: &Topology) -> bool {
    let own = |from: &Option<Source>| matches!(from, None | Some(Source::Router));
    match (before, after) {
        _ if before == after => true,
        (Fate::Passed { to, from }, Fate::Passed { to: also_to, from: also_from }) => {
            let strange = packet.ingress == LOCAL && !is_known(address(packet.family, packet.src), topology);
            strange && to == also_to && own(from) && own(also_from)
        }
        _ => false,
    }
}

/// Has the policy anything to say about a packet of this class? Of first packets and of those of no connection it has of
/// every one. Of known connections it says that they go on, and connections are between those whose addresses belong
/// where they are: nobody is owed an answer under the address of somebody else. Of what the router sends to itself, and by
/// interfaces that no zone names, it speaks as far as it knows the address to be the router's: a bridge of containers has
/// others.
pub fn is_asked(packet: &Packet, class: Class, topology: &Topology) -> bool {
    let src = address(packet.family, packet.src);
    if packet.ingress == LOCAL {
        return is_known(src, topology) || !matches!(packet.egress, LOCAL | OTHER);
    }
    if matches!(class, Class::New | Class::Invalid) {
        return true;
    }
    let Some(own) = topology.interface(packet.ingress) else { return false };
    let inside = |own: &hedgerow::router::Interface| own.networks.iter().any(|net| net.contains(&src));
    if !own.internet {
        return inside(own) && !ground::is_own(topology, src);
    }
    let ours = topology.interfaces.iter().filter(|other| !other.internet).any(inside);
    !ours && !ground::is_own(topology, src) && !src.is_loopback()
}

/// May a packet pass that was dropped before, as the policy sees it?
///
/// - A first packet may if the policy lets it through, and in just this way: such a router drops some packets whatever it
///   is told (pfSense port 0, for example), so that what was compiled is narrower than the policy, and an edit that takes
///   such a rule away makes it as wide.
/// - What the router itself sends belongs to a connection, or to none, as its own programs have it; no rule of a policy
///   says of the router's own packets that they must not be strays.
/// - Packets of connections that are known may pass: that they do is what the policy asks.
pub fn is_right(meant: &Meant, packet: &Packet, class: Class, fate: &Fate, topology: &Topology) -> bool {
    match class {
        Class::New => meant
            .meaning
            .behaviour
            .accepted
            .iter()
            .any(|(outcome, set)| meant.space.contains(*set, packet) && comes_to(*outcome, fate, packet, topology)),
        Class::Invalid => packet.ingress == LOCAL,
        Class::Established | Class::Related => true,
    }
}

/// Does the policy deny a first packet, however it might be translated?
pub fn is_denied(meant: &Meant, packet: &Packet) -> bool {
    !meant.meaning.behaviour.accepted.values().any(|set| meant.space.contains(*set, packet))
}

/// Is a fate what the policy says of the packet's addresses?
fn comes_to(outcome: Outcome, fate: &Fate, packet: &Packet, topology: &Topology) -> bool {
    let Fate::Passed { to, from } = fate else { return false };
    let before = (packet.dst, packet.dst_port);
    let wanted = match outcome.dnat {
        None => before,
        Some(Dnat::To { address, port }) => (number(address).1, port.unwrap_or(packet.dst_port)),
        Some(Dnat::ToRouter { port }) => {
            let own = topology.interface(packet.ingress).into_iter().flat_map(|own| &own.addresses);
            let own = own.map(|own| number(*own)).find(|(family, _)| *family == packet.family);
            let Some((_, own)) = own else { return false };
            (own, port.unwrap_or(packet.dst_port))
        }
    };
    let got = to.map_or(before, |(address, port)| (address, port.unwrap_or(packet.dst_port)));
    // The router's own packets bear its address already.
    let source = packet.ingress == LOCAL
        || match (outcome.snat, from) {
            (None, None) | (Some(Snat::Masquerade), Some(Source::Router)) => true,
            (Some(Snat::To { address }), Some(Source::Address(other))) => number(address).1 == *other,
            _ => false,
        };
    wanted == got && source
}
