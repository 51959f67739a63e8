//! Matches on interface names.

use super::context::{Destination, Place, State, View};
use crate::{
    packet::{Bounds, Cube, Family, Field, Ranges, Set, Side, Space},
    router::{Interface, LOCAL, OTHER, Topology},
};

/// The packets whose arriving or leaving interface has one of these names. A name that the topology does not know may
/// or may not be that of any interface without a name there.
pub fn named(
    topology: &Topology,
    space: &mut Space,
    side: Side,
    place: Place,
    state: State,
    names: &[String],
) -> Bounds {
    let (field, view) = match side {
        Side::Src => (Field::In, place.arriving),
        Side::Dst => (Field::Out, place.leaving),
    };
    match view {
        View::Absent => return constant(names.iter().any(|name| covers(name, ""))),
        View::Loopback => return constant(names.iter().any(|name| covers(name, "lo"))),
        View::Field => {}
    }
    let (surely, possibly) = ids(topology, names);
    let mut sets = [surely, possibly].map(|ids| space.cube(&Cube::any().with(field, ids)));
    if side == Side::Dst {
        sets = sets.map(|set| routed(topology, space, names, set));
    }
    if side == Side::Dst
        && place.own
        && place.hook == super::ast::Hook::Output
        && state.destination != Destination::Original
    {
        sets = sets.map(|ids| rerouted(topology, space, ids));
    }
    let [surely, possibly] = sets;
    Bounds { surely, possibly }
}

/// What leaves by an interface with a tunnel: routing sends its IPv4 there, and its IPv6 by the line.
fn routed(topology: &Topology, space: &mut Space, names: &[String], set: Set) -> Set {
    let mut set = set;
    for (id, interface) in topology.interfaces() {
        let Some(tunnel) = &interface.tunnel else { continue };
        let out = Cube::any().with(Field::Out, Ranges::single(id.into()));
        let all = space.cube(&out);
        set = space.minus(set, all);
        for (device, family) in [(tunnel, Family::V4), (&interface.name, Family::V6)] {
            if names.iter().any(|name| covers(name, device)) {
                let part = space.cube(&out.clone().with(Field::Family, Ranges::single(family as u64)));
                set = space.union(set, part);
            }
        }
    }
    set
}

const fn constant(yes: bool) -> Bounds {
    if yes { Bounds::ALL } else { Bounds::NONE }
}

/// In the output hook the interface is still the one that routing chose for the original destination, while
/// `Field::Out` says where the new one leads (`nf_nat_ipv4_local_fn` routes again, the hook's state stays).
fn rerouted(topology: &Topology, space: &mut Space, ids: Set) -> Set {
    let domain = topology.domain(space);
    let routed = space.intersect(domain, ids);
    space.project(routed, Field::Out)
}

/// The numbers of the interfaces that surely and that possibly have one of the names.
fn ids(topology: &Topology, names: &[String]) -> (Ranges, Ranges) {
    let (mut surely, mut possibly) = (Vec::new(), Vec::new());
    for name in names {
        if covers(name, "lo") {
            surely.push(LOCAL);
        }
        let mut others = name != "lo";
        for (id, interface) in topology.interfaces() {
            if interface.devices().any(|device| overlaps(name, device)) {
                possibly.push(id);
            }
            others &= !interface.devices().any(|device| covers(device, name));
        }
        if name == "*" {
            surely.push(OTHER);
        }
        if others {
            possibly.push(OTHER);
        }
    }
    // Of an interface with two devices, one does not stand for the other.
    let whole = |interface: &Interface| interface.devices().all(|device| names.iter().any(|name| covers(name, device)));
    surely.extend(topology.interfaces().filter(|(_, interface)| whole(interface)).map(|(id, _)| id));
    let ranges = |ids: &[u16]| Ranges::from_pairs(ids.iter().map(|&id| (id.into(), id.into())));
    possibly.extend(&surely);
    (ranges(&surely), ranges(&possibly))
}

/// Does the pattern hold every name that the other holds? Either may end in `*`.
fn covers(pattern: &str, name: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => name.strip_suffix('*').unwrap_or(name).starts_with(start),
        None => pattern == name,
    }
}

fn overlaps(a: &str, b: &str) -> bool {
    covers(a, b) || covers(b, a)
}
