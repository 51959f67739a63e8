//! 1:1 translations, address by address.

use std::net::IpAddr;

use ipnet::IpNet;

use super::ast::{Addresses, Atom, Binat, End, Match};

/// Addresses inside with what they are outside.
pub struct Pairs {
    pub known: Vec<(IpAddr, IpAddr)>,
    /// Are there more, or is it unknown which?
    pub unknown: bool,
}

/// The pairs of a translation; none are followed if they would be more than `most`.
pub fn pairs(binat: &Binat, most: u32) -> Pairs {
    let (Some(inside), Some(outside)) = (binat.inside, binat.outside) else {
        return Pairs { known: Vec::new(), unknown: true };
    };
    let hosts = u32::from(inside.max_prefix_len() - inside.prefix_len());
    if hosts >= 16 || 1_u32 << hosts > most || inside.prefix_len() != outside.prefix_len() {
        return Pairs { known: Vec::new(), unknown: true };
    }
    let known = (0..1_u32 << hosts).filter_map(|host| Some((nth(inside, host)?, nth(outside, host)?)));
    Pairs { known: known.collect(), unknown: false }
}

fn nth(net: IpNet, host: u32) -> Option<IpAddr> {
    Some(match net {
        IpNet::V4(net) => IpAddr::V4(net.network().to_bits().checked_add(host)?.into()),
        IpNet::V6(net) => IpAddr::V6(net.network().to_bits().checked_add(host.into())?.into()),
    })
}

impl Pairs {
    /// What a translation is about: on its way out by the source, on its way in by the destination.
    #[expect(clippy::unused_self, reason = "the pairs are of this translation")]
    pub fn matches(&self, binat: &Binat, address: Option<IpAddr>, out: bool) -> Match {
        let end = address.map_or(End::ANY, |address| End {
            addresses: Addresses::Of(vec![Atom::Net(IpNet::from(address))]),
            ..End::ANY
        });
        let (src, dst) = if out { (end, binat.peer.clone()) } else { (binat.peer.clone(), end) };
        Match { on: Some(binat.on.clone()), src, dst, ..Match::ANY }
    }
}
