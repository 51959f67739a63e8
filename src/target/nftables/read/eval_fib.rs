//! `fib`: what kind of route an address has, and by which interface it would be reached (net/ipv4/netfilter/
//! `nft_fib_ipv4.c`, net/ipv6/netfilter/`nft_fib_ipv6.c`; the corner cases were measured on Linux 6.18).

use std::net::IpAddr;

use ipnet::IpNet;

use super::{
    ast::End,
    context::{Place, State},
    eval_address::{destination, looped, side},
};
use crate::{
    packet::{Bounds, Cube, Family, Field, Ranges, Set, Side, Space, prefix},
    router::{Interface, LOCAL, OTHER, Topology, number},
};

const UNICAST: u128 = 1;
const LOCAL_TYPE: u128 = 2;
const BROADCAST: u128 = 3;
const ANYCAST: u128 = 4;
const MULTICAST: u128 = 5;

/// An address block with a kind of its own, and the interface whose it is.
struct Special {
    net: IpNet,
    kind: u128,
    interface: Option<u16>,
}

/// Everything that is not unicast.
fn specials(topology: &Topology) -> Vec<Special> {
    let mut found = Vec::new();
    for (id, interface) in topology.interfaces() {
        let own = interface.addresses.iter().copied().map(IpNet::from);
        found.extend(own.map(|net| Special { net, kind: LOCAL_TYPE, interface: Some(id) }));
        found.extend(interface.links().filter_map(|net| match net {
            IpNet::V4(net) if net.prefix_len() < 31 => {
                Some(Special { net: IpAddr::V4(net.broadcast()).into(), kind: BROADCAST, interface: Some(id) })
            }
            IpNet::V6(net) if net.prefix_len() < 127 => {
                Some(Special { net: IpAddr::V6(net.network()).into(), kind: ANYCAST, interface: None })
            }
            _ => None,
        }));
    }
    let fixed = [
        ("224.0.0.0/4", MULTICAST),
        ("ff00::/8", MULTICAST),
        ("255.255.255.255/32", BROADCAST),
        ("0.0.0.0/32", BROADCAST),
        ("127.0.0.0/8", LOCAL_TYPE),
        ("::1/128", LOCAL_TYPE),
    ];
    found.extend(
        fixed.into_iter().filter_map(|(net, kind)| Some(Special { net: net.parse().ok()?, kind, interface: None })),
    );
    found
}

/// `fib saddr type`, `fib daddr type`, also `. iif`: the packets by the kind of route that the address has, each kind
/// once. With `. iif` an address or broadcast of another interface is unicast. A link-local destination from outside
/// is taken to be the router's, as [`Topology::domain`] does.
pub fn kinds(
    topology: &Topology,
    space: &mut Space,
    end: End,
    arriving: bool,
    state: State,
    place: Place,
) -> Vec<(u128, Bounds)> {
    let specials = specials(topology);
    let mut found = Vec::new();
    let mut taken = Bounds::NONE;
    for kind in [LOCAL_TYPE, BROADCAST, ANYCAST, MULTICAST] {
        let ours: Vec<&Special> = specials.iter().filter(|special| special.kind == kind).collect();
        let all = of_kind(topology, space, &ours, (end, arriving), state, place).minus(taken, space);
        taken = taken.or(all, space);
        found.push((kind, all));
    }
    found.push((UNICAST, Bounds::ALL.minus(taken, space)));
    found
}

fn of_kind(
    topology: &Topology,
    space: &mut Space,
    ours: &[&Special],
    (end, arriving): (End, bool),
    state: State,
    place: Place,
) -> Bounds {
    let mut found = Vec::new();
    let fixed: Vec<IpNet> =
        ours.iter().filter(|special| !arriving || special.interface.is_none()).map(|special| special.net).collect();
    let mut nets = |nets: Vec<IpNet>, only: Option<u16>, local: bool, space: &mut Space| {
        let mut cubes: Vec<Cube> = nets.iter().map(|net| prefix(*net, side(end))).collect();
        if local && end == End::Dst && !place.own {
            cubes.extend("fe80::/10".parse().map(|net| prefix(net, Side::Dst)));
        }
        let original = space.cubes_union(cubes);
        let mut met = match end {
            End::Src => Bounds::exact(original),
            End::Dst => destination(topology, space, (state, place), original, |family, address| {
                nets.iter().any(|net| holds(net, family, address))
            }),
        };
        if let Some(id) = only {
            let arriving = space.cube(&Cube::any().with(Field::In, Ranges::single(id.into())));
            met = met.and(Bounds::exact(arriving), space);
        }
        found.push(met);
    };
    let local = ours.iter().any(|special| special.kind == LOCAL_TYPE);
    nets(fixed, None, local, space);
    if arriving && !looped(place) {
        for (id, _) in topology.interfaces() {
            let nets_of: Vec<IpNet> =
                ours.iter().filter(|special| special.interface == Some(id)).map(|special| special.net).collect();
            nets(nets_of, Some(id), false, space);
        }
    }
    Bounds::any(&found, space)
}

fn holds(net: &IpNet, family: Family, address: u128) -> bool {
    let (first, last) = (number(net.network()), number(net.broadcast()));
    first.0 == family && first.1 <= address && address <= last.1
}

/// `fib saddr . iif oif`: the packets whose source would be reached by the interface that they came from.
///
/// Own addresses have no such route. `fe80::/64` has one on every interface. With several ways to the internet it cannot
/// be told which one a source there is reached by, nor what is reached by an interface that the topology does not name.
pub fn reverse_path(topology: &Topology, space: &mut Space, place: Place) -> Bounds {
    if looped(place) {
        return Bounds::ALL;
    }
    let internet = topology.interfaces().filter(|(_, interface)| interface.internet).count();
    let mut found = Vec::new();
    for (sources, ids) in topology.regions(space, Side::Src) {
        let known: Vec<u16> = if internet == 1 && ids.len() == 2 {
            ids.iter().copied().filter(|id| *id != OTHER).collect()
        } else {
            ids.clone()
        };
        for id in ids {
            let from = space.cube(&Cube::any().with(Field::In, Ranges::single(id.into())));
            let exact = Bounds::exact(space.intersect(sources, from));
            found.push(if known == [id] && id != OTHER { exact } else { exact.perhaps() });
        }
    }
    let routed = Bounds::any(&found, space);
    let own = sources(
        space,
        topology.interfaces.iter().flat_map(own_nets).chain(fixed(&["127.0.0.0/8", "::1/128"])).collect(),
    );
    let routed = routed.minus(Bounds::exact(own), space);
    let near = near_sources(space);
    routed.or(Bounds::exact(near), space)
}

/// `fib saddr oifname`: the packets whose source is reached by one of these interfaces, wherever they came from. Own
/// addresses have no such interface, nor have the special sources of [`reverse_path`] one that can be told.
pub fn reached_by(topology: &Topology, space: &mut Space, names: &[String]) -> Bounds {
    let mut found = Vec::new();
    let unnamed = names.iter().any(|name| topology.id_of(name) == OTHER);
    for (sources, ids) in topology.regions(space, Side::Src) {
        let devices = |id: &u16| topology.interface(*id).into_iter().flat_map(Interface::devices);
        let wanted = |id: &u16| devices(id).next().is_some() && devices(id).all(|device| names.contains(device));
        if ids.iter().all(wanted) {
            found.push(Bounds::exact(sources));
        } else if ids.iter().flat_map(devices).any(|device| names.contains(device)) || unnamed && ids.contains(&OTHER) {
            found.push(Bounds::exact(sources).perhaps());
        }
    }
    let special = fixed(&["127.0.0.0/8", "::1/128", "fe80::/10", "ff00::/8", "224.0.0.0/4", "0.0.0.0/32", "::/128"]);
    let own = sources(space, topology.interfaces.iter().flat_map(own_nets).collect());
    let near = sources(space, special);
    let routed = Bounds::any(&found, space).minus(Bounds::exact(own), space);
    routed.or(Bounds::exact(near).perhaps(), space)
}

/// Sources that count as reached wherever they come from: `fe80::/64`; 0.0.0.0 to broadcast and local multicast; `::` in
/// `icmpv6` to link-local destinations.
fn near_sources(space: &mut Space) -> Set {
    let link = sources(space, fixed(&["fe80::/64"]));
    let any = sources(space, fixed(&["0.0.0.0/32"]));
    let broadcast = space.cubes_union(
        fixed(&["255.255.255.255/32", "224.0.0.0/24"]).into_iter().map(|net| prefix(net, Side::Dst)).collect(),
    );
    let any = space.intersect(any, broadcast);
    let unspecified = sources(space, fixed(&["::/128"]));
    let mut scopes: Vec<Cube> = (0..16_u128)
        .filter_map(|flags| {
            let base = 0xff02_u128 << 112 | flags << 116;
            ipnet::Ipv6Net::new(base.into(), 16).ok().map(|net| prefix(net.into(), Side::Dst))
        })
        .collect();
    scopes.extend(fixed(&["fe80::/10"]).into_iter().map(|net| prefix(net, Side::Dst)));
    let scopes: Vec<Cube> = scopes.into_iter().map(|cube| cube.with(Field::Proto, Ranges::single(58))).collect();
    let scopes = space.cubes_union(scopes);
    let unspecified = space.intersect(unspecified, scopes);
    let near = space.union_all(vec![link, any, unspecified]);
    let own = space.cube(&Cube::any().with(Field::In, Ranges::single(LOCAL.into())));
    space.minus(near, own)
}

fn own_nets(interface: &Interface) -> Vec<IpNet> {
    let anycast = interface.links().filter_map(|net| match net {
        IpNet::V6(net) if net.prefix_len() < 127 => Some(IpAddr::V6(net.network()).into()),
        _ => None,
    });
    interface.addresses.iter().copied().map(IpNet::from).chain(anycast).collect()
}

fn fixed(nets: &[&str]) -> Vec<IpNet> {
    nets.iter().filter_map(|net| net.parse().ok()).collect()
}

fn sources(space: &mut Space, nets: Vec<IpNet>) -> Set {
    space.cubes_union(nets.into_iter().map(|net| prefix(net, Side::Src)).collect())
}
