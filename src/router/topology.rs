//! Where a router stands: its interfaces, the networks behind them and its own addresses; and from that alone which
//! packets can exist, and where routing sends them.

use std::{
    cmp::Reverse,
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::packet::{Cube, Family, Field, Ranges, Set, Side, Space, prefix};

/// `Field::In` or `Field::Out` of packets that the router itself sends or takes.
pub const LOCAL: u16 = 0;
/// `Field::In` or `Field::Out` of every interface that the topology does not name.
pub const OTHER: u16 = u16::MAX;

/// One interface of the router. Its number in [`crate::packet::Field::In`] is its index plus one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Interface {
    /// The name in the kernel of the router, such as `eth1.30`.
    pub name: String,
    /// A second device that is a part of it: the tunnel that carries the IPv4 of a DS-Lite line. What is said of the
    /// interface has to be said of both.
    pub tunnel: Option<String>,
    /// The interface by its index whose device this is, if its packets arrive on the device of another one: it is told
    /// apart by the sources of packets alone, which are those of its networks.
    pub behind: Option<usize>,
    /// Networks on the link or routed behind it. A delegated IPv6 prefix that nobody knows has a stand-in here.
    pub networks: Vec<IpNet>,
    /// The router's own addresses in it. An address that nobody knows (DHCP) has a stand-in here.
    pub addresses: Vec<IpAddr>,
    /// Is this one of the ways to the internet (a default route)?
    pub internet: bool,
    /// Private networks beyond an internet interface (the modem's, the landlord's).
    pub upstream: Vec<IpNet>,
}

impl Interface {
    /// The names of its devices.
    pub fn devices(&self) -> impl Iterator<Item = &String> {
        [Some(&self.name), self.tunnel.as_ref()].into_iter().flatten()
    }

    /// The networks on the link itself: those in which the router has an address of its own.
    pub fn links(&self) -> impl Iterator<Item = &IpNet> {
        let all = self.networks.iter().chain(&self.upstream);
        all.filter(|net| self.addresses.iter().any(|address| net.contains(address)))
    }
}

/// The interfaces of one router.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Topology {
    pub interfaces: Vec<Interface>,
    /// Minutes that the router's clock is ahead of UTC, if it keeps local time.
    pub offset: i64,
}

impl Topology {
    /// The number of the interface with this name, [`OTHER`] if there is none. Numbers are index plus one.
    #[must_use]
    pub fn id_of(&self, name: &str) -> u16 {
        self.interfaces()
            .find(|(_, interface)| interface.devices().any(|device| device == name))
            .map_or(OTHER, |(id, _)| id)
    }

    /// The interfaces with their numbers.
    pub fn interfaces(&self) -> impl Iterator<Item = (u16, &Interface)> {
        (1..OTHER).zip(&self.interfaces)
    }

    /// The interface with this number.
    #[must_use]
    pub fn interface(&self, id: u16) -> Option<&Interface> {
        self.interfaces.get(usize::from(id.checked_sub(1)?))
    }

    /// The numbers that `Field::Out` can have for a packet from outside to this address: [`LOCAL`] alone if the router
    /// takes it, one interface (or those that share the network) if the longest prefix that holds it is theirs, every
    /// internet interface and [`OTHER`] otherwise. Empty for addresses that are never routed.
    #[must_use]
    pub fn routes(&self, address: IpAddr) -> Vec<u16> {
        if UNROUTED.iter().any(|net| net.contains(&address)) {
            return Vec::new();
        }
        if self.local_nets().iter().any(|net| net.contains(&address)) {
            return vec![LOCAL];
        }
        let longest = self.networks().into_iter().find(|(Reverse(_), net, _)| net.contains(&address));
        longest.map_or_else(|| self.default_routes(), |(_, _, ids)| ids)
    }

    /// The packets whose destination is delivered to the router itself when they arrive from outside: its own addresses
    /// of every interface (the weak host model: on whichever interface they arrive), link-local and multicast
    /// destinations, 255.255.255.255, and for every network on a link the IPv4 broadcast address (prefix shorter than
    /// 31) and the IPv6 subnet-router anycast address (RFC 4291, 2.6.1; prefix shorter than 127).
    ///
    /// `Field::In` and `Field::Out` are left free.
    #[must_use]
    pub fn local(&self, space: &mut Space) -> Set {
        nets(space, &self.local_nets())
    }

    /// The packets whose destination is an address of the router, or a subnet-router anycast address, in a network
    /// that reaches no one else. What the router sends there it takes itself.
    #[must_use]
    pub fn own(&self, space: &mut Space) -> Set {
        nets(space, &self.own_nets())
    }

    /// The packets under a source that is an address of the router, a subnet-router anycast address, or loopback.
    #[must_use]
    pub fn own_sources(&self, space: &mut Space) -> Set {
        let loopback = ["127.0.0.0/8", "::1/128"].into_iter().filter_map(|net| net.parse().ok());
        space.cubes_union(self.own_nets().into_iter().chain(loopback).map(|net| prefix(net, Side::Src)).collect())
    }

    /// All packets that can exist, with `Field::Out` where routing by destination sends them:
    ///
    /// - from outside, `Out` is [`LOCAL`] exactly when the destination is in [`Self::local`];
    /// - from the router (`In` is [`LOCAL`]), `Out` is [`LOCAL`] exactly when it is in [`Self::own`], and any interface
    ///   if it is link-local, multicast or broadcast;
    /// - otherwise an interface whose network holds the destination with the longest prefix (an internet interface's
    ///   networks and `upstream` lie behind it alone), and every internet interface and [`OTHER`] if none holds it: an
    ///   interface without a name may lead anywhere that is not ours.
    ///
    /// `In` is [`LOCAL`], an interface, or [`OTHER`]. Destinations 127.0.0.0/8, 0.0.0.0, `::1` and `::` do not exist.
    /// (Linux routes the rest of 0.0.0.0/8 since 5.3.)
    #[must_use]
    pub fn domain(&self, space: &mut Space) -> Set {
        let local = self.local(space);
        let own = self.own(space);
        let unrouted = nets(space, &UNROUTED);
        let routed = self.routed(space, local);
        let outside = self.ids(false);
        let from_outside = {
            let taken = route(space, local, &[LOCAL]);
            let packets = space.union(taken, routed);
            let arriving = space.cube(&Cube::any().with(Field::In, outside.clone()));
            space.intersect(packets, arriving)
        };
        let from_router = {
            let taken = route(space, own, &[LOCAL]);
            let near = space.minus(local, own);
            let any = space.cube(&Cube::any().with(Field::Out, outside));
            let near = space.intersect(near, any);
            let packets = space.union_all(vec![taken, near, routed]);
            let sent = space.cube(&Cube::any().with(Field::In, Ranges::single(LOCAL.into())));
            space.intersect(packets, sent)
        };
        let all = space.union(from_outside, from_router);
        let strange = self.misplaced(space);
        let none = space.union(unrouted, strange);
        space.minus(all, none)
    }

    /// Of interfaces that share a device: the packets whose source says that they come from the other one, or whose
    /// destination that they go there.
    fn misplaced(&self, space: &mut Space) -> Set {
        let mut found = Vec::new();
        for (id, interface) in self.interfaces() {
            let Some(device) = interface.behind.and_then(|index| u16::try_from(index + 1).ok()) else { continue };
            for (field, side) in [(Field::In, Side::Src), (Field::Out, Side::Dst)] {
                let own = space.cubes_union(interface.networks.iter().map(|net| prefix(*net, side)).collect());
                let others = space.complement(own);
                for (number, packets) in [(id, others), (device, own)] {
                    let here = space.cube(&Cube::any().with(field, Ranges::single(number.into())));
                    found.push(space.intersect(here, packets));
                }
            }
        }
        space.union_all(found)
    }

    /// Every number that `Field::In` takes, with or without [`LOCAL`].
    #[must_use]
    pub fn ids(&self, local: bool) -> Ranges {
        let last = u64::try_from(self.interfaces.len()).unwrap_or(u64::MAX).min(u64::from(OTHER) - 1);
        Ranges::from_pairs([(u64::from(!local), last), (OTHER.into(), OTHER.into())])
    }

    /// The addresses of one side parted by where routing by them leads: disjoint sets that together hold every packet,
    /// each with the interfaces that share the longest prefix; the rest with every internet interface and [`OTHER`].
    /// Says nothing of the router's own addresses.
    #[must_use]
    pub fn regions(&self, space: &mut Space, side: Side) -> Vec<(Set, Vec<u16>)> {
        let mut taken = Set::EMPTY;
        let mut regions = Vec::new();
        for (_, net, ids) in self.networks() {
            let packets = space.cube(&prefix(net, side));
            let fresh = space.minus(packets, taken);
            taken = space.union(taken, packets);
            regions.push((fresh, ids));
        }
        regions.push((space.complement(taken), self.default_routes()));
        regions
    }

    /// Destinations that are not local, each with the numbers it may leave by.
    fn routed(&self, space: &mut Space, local: Set) -> Set {
        let mut routed = Vec::new();
        for (packets, ids) in self.regions(space, Side::Dst) {
            let packets = space.minus(packets, local);
            routed.push(route(space, packets, &ids));
        }
        space.union_all(routed)
    }

    /// The networks behind interfaces, longest prefix first, each with the interfaces that it lies behind.
    fn networks(&self) -> Vec<(Reverse<u8>, IpNet, Vec<u16>)> {
        let mut networks: BTreeMap<(Reverse<u8>, IpNet), Vec<u16>> = BTreeMap::new();
        for (id, interface) in self.interfaces() {
            for net in interface.networks.iter().chain(&interface.upstream).filter(|net| net.prefix_len() > 0) {
                let ids = networks.entry((Reverse(net.prefix_len()), net.trunc())).or_default();
                if !ids.contains(&id) {
                    ids.push(id);
                }
            }
        }
        networks.into_iter().map(|((length, net), ids)| (length, net, ids)).collect()
    }

    fn default_routes(&self) -> Vec<u16> {
        let internet = self.interfaces().filter(|(_, interface)| interface.internet).map(|(id, _)| id);
        internet.chain([OTHER]).collect()
    }

    fn own_nets(&self) -> Vec<IpNet> {
        let addresses = self.interfaces.iter().flat_map(|interface| &interface.addresses).copied().map(IpNet::from);
        let anycast = self.interfaces.iter().flat_map(Interface::links).filter_map(|net| match net {
            IpNet::V6(net) if net.prefix_len() < 127 => Some(IpNet::from(IpAddr::V6(net.network()))),
            _ => None,
        });
        addresses.chain(anycast).collect()
    }

    fn local_nets(&self) -> Vec<IpNet> {
        let broadcast = self.interfaces.iter().flat_map(Interface::links).filter_map(|net| match net {
            IpNet::V4(net) if net.prefix_len() < 31 => Some(IpNet::from(IpAddr::V4(net.broadcast()))),
            _ => None,
        });
        self.own_nets().into_iter().chain(broadcast).chain(NEAR).collect()
    }
}

/// Destinations that never leave the link or the router, whatever its addresses.
const NEAR: [IpNet; 4] = [
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 0), 10)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0xff00, 0, 0, 0, 0, 0, 0, 0), 8)),
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(224, 0, 0, 0), 4)),
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::BROADCAST, 32)),
];

/// Destinations that no packet on a wire can have.
const UNROUTED: [IpNet; 4] = [
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::new(127, 0, 0, 0), 8)),
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 32)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::LOCALHOST, 128)),
    IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 128)),
];

fn nets(space: &mut Space, nets: &[IpNet]) -> Set {
    space.cubes_union(nets.iter().map(|net| prefix(*net, Side::Dst)).collect())
}

fn route(space: &mut Space, packets: Set, ids: &[u16]) -> Set {
    let out = Ranges::from_pairs(ids.iter().map(|&id| (id.into(), id.into())));
    let out = space.cube(&Cube::any().with(Field::Out, out));
    space.intersect(packets, out)
}

/// The address as the packet engine counts it: 32 bits for IPv4, 128 for IPv6.
#[must_use]
pub const fn number(address: IpAddr) -> (Family, u128) {
    match address {
        IpAddr::V4(address) => (Family::V4, address.to_bits() as u128),
        IpAddr::V6(address) => (Family::V6, address.to_bits()),
    }
}
