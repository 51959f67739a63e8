//! Which packets meet the conditions of a rule.

use std::net::IpAddr;

use ipnet::IpNet;
use rustc_hash::FxHashMap;

use super::{
    ast::{Addresses, Atom, Direction, End, Filter, Match, On, Ports, SYN},
    config::Config,
    state::{Class, Destination, Source, Stage, State},
};
use crate::{
    packet::{Bounds, Cube, Family, Field, Ranges, Set, Side, Space, prefix},
    router::{LOCAL, OTHER, Topology, number},
};

/// Knows where the firewall stands, and turns conditions into sets.
pub struct Matcher<'a> {
    pub config: &'a Config,
    pub topology: &'a Topology,
    known: FxHashMap<(Addresses, bool), Bounds>,
}

impl<'a> Matcher<'a> {
    pub fn new(config: &'a Config, topology: &'a Topology) -> Self {
        Self { config, topology, known: FxHashMap::default() }
    }

    /// What a rule of the filter is about, but for its tag.
    pub fn filter(&mut self, rule: &Filter, state: &State, stage: Stage, class: Class, space: &mut Space) -> Bounds {
        let into = matches!(stage, Stage::Arriving | Stage::LoopbackIn);
        match rule.direction {
            Some(Direction::In) if !into => return Bounds::NONE,
            Some(Direction::Out) if into => return Bounds::NONE,
            _ => {}
        }
        let mut found = self.whole(&rule.matches, state, stage, space);
        if found.possibly == Set::EMPTY {
            return Bounds::NONE;
        }
        if !rule.icmp.is_empty() {
            let ranges = rule.icmp.iter().map(|(kind, code)| {
                let low = u64::from(*kind) << 8;
                code.map_or((low, low + 255), |code| (low + u64::from(code), low + u64::from(code)))
            });
            let cube = Cube::any().with(Field::DstPort, Ranges::from_pairs(ranges));
            let types = Bounds::exact(space.cube(&cube));
            found = found.and(types, space);
        }
        if rule.flags.mask != 0 {
            let tcp = space.cube(&Cube::any().with(Field::Proto, Ranges::single(6)));
            let others = space.complement(tcp);
            let flags = match class {
                Class::First if SYN & rule.flags.mask == rule.flags.set => Bounds::ALL,
                Class::Stray if !rule.flags.open() => Bounds::UNKNOWN,
                _ => Bounds::NONE,
            };
            let flags = flags.or(Bounds::exact(others), space);
            found = found.and(flags, space);
        }
        if let Some(minutes) = &rule.minutes {
            let mut set = |ranges: &Ranges| space.cube(&Cube::any().with(Field::Minute, ranges.clone()));
            let time = Bounds { surely: set(&minutes.surely), possibly: set(&minutes.possibly) };
            found = found.and(time, space);
        }
        if rule.perhaps { found.perhaps() } else { found }
    }

    /// Interface, family, protocol and both ends.
    pub fn whole(&mut self, matches: &Match, state: &State, stage: Stage, space: &mut Space) -> Bounds {
        let mut cube = Cube::any();
        if let Some(family) = matches.family {
            cube = cube.with(Field::Family, Ranges::single(family as u64));
        }
        if !matches.protocols.is_empty() {
            let protocols = matches.protocols.iter().map(|number| (u64::from(*number), u64::from(*number)));
            cube = cube.with(Field::Proto, Ranges::from_pairs(protocols));
        }
        let mut found = Bounds::exact(space.cube(&cube));
        if let Some(on) = &matches.on {
            let on = self.on(on, stage, space);
            found = found.and(on, space);
        }
        if found.possibly == Set::EMPTY {
            return Bounds::NONE;
        }
        let dst = self.destination(&matches.dst, state, stage, space);
        found = found.and(dst, space);
        if found.possibly == Set::EMPTY {
            return Bounds::NONE;
        }
        let src = self.source(&matches.src, state, stage, space);
        found.and(src, space)
    }

    /// The packets on some interfaces.
    fn on(&self, on: &On, stage: Stage, space: &mut Space) -> Bounds {
        let (field, loopback) = match stage {
            Stage::Arriving => (Field::In, false),
            Stage::Leaving => (Field::Out, false),
            Stage::LoopbackOut | Stage::LoopbackIn => (Field::Out, true),
        };
        let devices: Vec<String> = on.names.iter().flat_map(|name| self.config.interfaces.members(name)).collect();
        if loopback {
            let named = devices.iter().any(|device| device == "lo0");
            return if named == on.not { Bounds::NONE } else { Bounds::ALL };
        }
        let ids: Vec<u16> = self.ids(&devices);
        let others = &self.config.interfaces.others;
        let foreign = others.iter().filter(|other| devices.contains(other)).count();
        let pair = |id: u16| (u64::from(id), u64::from(id));
        let mut sure: Vec<(u64, u64)> = ids.iter().map(|id| pair(*id)).collect();
        let mut maybe = sure.clone();
        if foreign > 0 {
            maybe.push(pair(OTHER));
            if foreign == others.len() {
                sure.push(pair(OTHER));
            }
        }
        let mut set = |pairs: Vec<(u64, u64)>| space.cube(&Cube::any().with(field, Ranges::from_pairs(pairs)));
        let (surely, possibly) = (set(sure), set(maybe));
        if on.not {
            Bounds { surely: space.complement(possibly), possibly: space.complement(surely) }
        } else {
            Bounds { surely, possibly }
        }
    }

    /// The topology's numbers of some devices.
    pub fn ids(&self, devices: &[String]) -> Vec<u16> {
        let all = self.topology.interfaces().zip(&self.config.interfaces.devices);
        all.filter(|(_, device)| devices.contains(device)).map(|((id, _), _)| id).collect()
    }

    fn destination(&mut self, end: &End, state: &State, stage: Stage, space: &mut Space) -> Bounds {
        let addresses = match state.destination {
            Destination::Original => self.addresses(&end.addresses, Side::Dst, space),
            Destination::To { address, .. } => self.constant(&end.addresses, address, stage, space),
            Destination::Unknown if end.addresses == Addresses::Any => Bounds::ALL,
            Destination::Unknown => Bounds::UNKNOWN,
        };
        let addresses = turned(addresses, end.not, space);
        let Some(ports) = &end.ports else { return addresses };
        let ports = match state.destination {
            Destination::To { port: Some(port), .. } => constant_port(ports, port),
            Destination::Unknown => Bounds::UNKNOWN,
            _ => of_ports(ports, Field::DstPort, space),
        };
        addresses.and(ports, space)
    }

    fn source(&mut self, end: &End, state: &State, stage: Stage, space: &mut Space) -> Bounds {
        let addresses = match state.source {
            Source::Original => self.addresses(&end.addresses, Side::Src, space),
            Source::Address(address) => self.constant(&end.addresses, address, stage, space),
            Source::Interface => self.leaving(&end.addresses, stage, space),
            Source::Unknown if end.addresses == Addresses::Any => Bounds::ALL,
            Source::Unknown => Bounds::UNKNOWN,
        };
        let addresses = turned(addresses, end.not, space);
        let Some(ports) = &end.ports else { return addresses };
        let ports = if state.port_kept { of_ports(ports, Field::SrcPort, space) } else { rewritten_port(ports) };
        addresses.and(ports, space)
    }

    /// Packets under the address of the interface that they leave by.
    fn leaving(&mut self, addresses: &Addresses, stage: Stage, space: &mut Space) -> Bounds {
        if *addresses == Addresses::Any {
            return Bounds::ALL;
        }
        let mut found = Vec::new();
        let mut known = Set::EMPTY;
        for (id, _) in self.topology.interfaces() {
            for family in [Family::V4, Family::V6] {
                let Some(address) = self.primary(id, family) else { continue };
                let cube = Cube::any()
                    .with(Field::Out, Ranges::single(id.into()))
                    .with(Field::Family, Ranges::single(family as u64));
                let here = space.cube(&cube);
                known = space.union(known, here);
                let hit = self.constant(addresses, address, stage, space);
                found.push(hit.and(Bounds::exact(here), space));
            }
        }
        found.push(Bounds { surely: Set::EMPTY, possibly: space.complement(known) });
        Bounds::any(&found, space)
    }

    /// The first address of an interface, as the configuration or else the topology has it.
    pub fn primary(&self, id: u16, family: Family) -> Option<IpAddr> {
        let device = self.config.interfaces.devices.get(usize::from(id.checked_sub(1)?))?;
        let written = self.config.interfaces.all.iter().find(|interface| interface.device == *device);
        match written {
            Some(interface) => interface.address(family).map(|net| net.addr()),
            None => {
                let interface = self.topology.interface(id)?;
                interface.addresses.iter().find(|address| number(**address).0 == family).copied()
            }
        }
    }

    /// All addresses of a device.
    fn addresses_of(&self, device: &str) -> Vec<IpAddr> {
        let written = self.config.interfaces.all.iter().find(|interface| interface.device == device);
        if let Some(interface) = written {
            let own = interface.v4.into_iter().chain(interface.v6);
            let vips = interface.vips.iter().filter(|vip| vip.own).map(|vip| vip.net);
            return own.chain(vips).map(|net| net.addr()).chain(interface.running.iter().copied()).collect();
        }
        let ids = self.ids(&[device.to_owned()]);
        ids.iter().filter_map(|id| self.topology.interface(*id)).flat_map(|found| found.addresses.clone()).collect()
    }

    /// Every address of the firewall.
    pub fn own(&self) -> Vec<IpAddr> {
        let assigned = self.config.interfaces.all.iter().filter(|interface| !interface.is_virtual);
        let mut devices: Vec<&String> = assigned.map(|interface| &interface.device).collect();
        devices.extend(&self.config.interfaces.devices);
        let mut found: Vec<IpAddr> = devices.into_iter().flat_map(|device| self.addresses_of(device)).collect();
        found.sort_unstable();
        found.dedup();
        found
    }

    fn addresses(&mut self, addresses: &Addresses, side: Side, space: &mut Space) -> Bounds {
        let Addresses::Of(atoms) = addresses else { return Bounds::ALL };
        let key = (addresses.clone(), side == Side::Src);
        if let Some(known) = self.known.get(&key) {
            return *known;
        }
        let (mut cubes, mut perhaps) = (Vec::new(), Vec::new());
        let mut unknown = false;
        for atom in atoms {
            match atom {
                Atom::Net(net) => cubes.push(prefix(*net, side)),
                Atom::Perhaps(net) => perhaps.push(prefix(*net, side)),
                Atom::Own => cubes.extend(self.own_cubes(side)),
                Atom::Of(device) => {
                    cubes.extend(self.addresses_of(device).into_iter().map(|own| prefix(IpNet::from(own), side)));
                }
                Atom::Unknown => unknown = true,
            }
        }
        let surely = space.cubes_union(cubes);
        let perhaps = space.cubes_union(perhaps);
        let possibly = if unknown { Set::ALL } else { space.union(surely, perhaps) };
        let found = Bounds { surely, possibly };
        self.known.insert(key, found);
        found
    }

    /// `(self)`: a link-local destination that arrives is the firewall's own, a source only if it sends it.
    fn own_cubes(&self, side: Side) -> Vec<Cube> {
        let loopback = ["127.0.0.0/8", "::1/128"].into_iter().filter_map(|net| net.parse::<IpNet>().ok());
        let own = self.own().into_iter().map(IpNet::from).chain(loopback);
        let mut cubes: Vec<Cube> = own.map(|net| prefix(net, side)).collect();
        if let Ok(near) = "fe80::/10".parse() {
            let near = prefix(near, side);
            let sent = near.clone().with(Field::In, Ranges::single(LOCAL.into()));
            cubes.push(if side == Side::Dst { near } else { sent });
        }
        cubes
    }

    /// Does a list hold an address?
    fn constant(&self, addresses: &Addresses, address: IpAddr, _stage: Stage, _space: &mut Space) -> Bounds {
        let Addresses::Of(atoms) = addresses else { return Bounds::ALL };
        let mut unknown = false;
        for atom in atoms {
            let hit = match atom {
                Atom::Net(net) => net.contains(&address),
                Atom::Own => address.is_loopback() || self.own().contains(&address),
                Atom::Of(device) => self.addresses_of(device).contains(&address),
                Atom::Perhaps(net) => {
                    unknown |= net.contains(&address);
                    false
                }
                Atom::Unknown => {
                    unknown = true;
                    false
                }
            };
            if hit {
                return Bounds::ALL;
            }
        }
        if unknown { Bounds::UNKNOWN } else { Bounds::NONE }
    }
}

fn turned(found: Bounds, not: bool, space: &Space) -> Bounds {
    if not {
        Bounds { surely: space.complement(found.possibly), possibly: space.complement(found.surely) }
    } else {
        found
    }
}

fn of_ports(ports: &Ports, field: Field, space: &mut Space) -> Bounds {
    let ranges = ports.ranges.iter().map(|(from, to)| (u64::from(*from), u64::from(*to)));
    let surely = space.cube(&Cube::any().with(field, Ranges::from_pairs(ranges)));
    Bounds { surely, possibly: if ports.unknown { Set::ALL } else { surely } }
}

/// A translated source gets a port from 1024 up.
fn rewritten_port(ports: &Ports) -> Bounds {
    if ports.ranges.iter().any(|(from, to)| *from <= 1024 && *to == u16::MAX) {
        return Bounds::ALL;
    }
    let may = ports.unknown || ports.ranges.iter().any(|(_, to)| *to >= 1024);
    if may { Bounds::UNKNOWN } else { Bounds::NONE }
}

fn constant_port(ports: &Ports, port: u16) -> Bounds {
    if ports.ranges.iter().any(|(from, to)| (*from..=*to).contains(&port)) {
        return Bounds::ALL;
    }
    if ports.unknown { Bounds::UNKNOWN } else { Bounds::NONE }
}
