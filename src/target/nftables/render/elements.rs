//! Lines without conditions as elements of sets with several fields, so that a packet costs one lookup however many
//! lines there are.
//!
//! The kernel takes overlapping elements of a concatenation in surprising ways (`nft_set_pipapo`), so no two elements
//! of one set overlap: where lines do, the later one gets what the earlier ones leave.

use std::collections::BTreeMap;

use super::{
    columns::{Column, columns, key, type_text},
    document::{Element, SetBlock},
    matches::{everything, global},
    words,
};
use crate::{
    model::{
        address::Intervals,
        service::{ICMP, ICMPV6},
    },
    packet::{Cube, Family, Field, Ranges, Side, Space, addresses},
    plan::{HostParts, Line},
};

/// Above this many elements a line is a rule of its own, with a set for each side.
const ELEMENTS: usize = 1024;

/// Which fields a set has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Addresses only: every protocol.
    Hosts,
    /// Addresses, protocol, destination port.
    Ports,
    /// Addresses, ICMP type.
    Icmp,
}

/// Which sides a set has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sides {
    pub from: bool,
    pub to: bool,
}

/// One element before it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    pub from: (u128, u128),
    pub to: (u128, u128),
    /// Protocols of the `Ports` kind, ICMP types of the `Icmp` kind, nothing (0) of the `Hosts` kind.
    pub protocol: (u16, u16),
    pub port: (u16, u16),
    comment: String,
}

impl Item {
    fn meets(&self, other: &Self) -> bool {
        let meet = |a: (u16, u16), b: (u16, u16)| a.0 <= b.1 && b.0 <= a.1;
        let far = |a: (u128, u128), b: (u128, u128)| a.0 > b.1 || b.0 > a.1;
        !far(self.to, other.to)
            && !far(self.from, other.from)
            && meet(self.protocol, other.protocol)
            && meet(self.port, other.port)
    }
}

/// The sets of some lines, and the lines that have to be rules.
pub struct Sorted<'l> {
    /// Each with its lookup key.
    pub sets: Vec<(String, SetBlock)>,
    pub single: Vec<&'l Line>,
}

/// The literal networks of the zones on both sides, which the delegated ones are apart from.
#[derive(Clone, Debug, Default)]
pub struct Literal {
    pub from: Intervals,
    pub to: Intervals,
}

/// Sorts lines into sets. `name` is the start of the sets' names, `place` writes where a line comes from.
pub fn sort<'l>(
    lines: &'l [Line],
    sides: Sides,
    literal: &Literal,
    name: &str,
    note: &str,
    place: &dyn Fn(&Line) -> String,
) -> Sorted<'l> {
    let mut items: BTreeMap<(Family, Kind), Vec<Item>> = BTreeMap::new();
    let mut single = Vec::new();
    for line in lines {
        match as_items(line, sides, literal, place) {
            Some((kind, found)) => items.entry((line.family, kind)).or_default().extend(found),
            None => single.push(line),
        }
    }
    let sets = items
        .into_iter()
        .map(|((family, kind), items)| {
            let items = apart(items, family);
            let columns = columns(kind, sides, &items);
            let elements = items.iter().map(|item| item.element(family, &columns)).collect();
            let word = match kind {
                Kind::Hosts => "hosts",
                Kind::Ports => "ports",
                Kind::Icmp => "icmp",
            };
            let digit = if family == Family::V4 { 4 } else { 6 };
            let block = SetBlock {
                name: format!("{name}.{word}{digit}"),
                note: note.to_owned(),
                kind: type_text(&columns, family),
                interval: true,
                counter: true,
                elements,
            };
            (key(&columns, family), block)
        })
        .collect();
    Sorted { sets, single }
}

fn as_items(
    line: &Line,
    sides: Sides,
    literal: &Literal,
    place: &dyn Fn(&Line) -> String,
) -> Option<(Kind, Vec<Item>)> {
    let options = &line.options;
    if options.log || options.during.is_some() || options.limit.is_some() {
        return None;
    }
    let traffic = &line.traffic;
    if !traffic.from.is_empty() {
        return None;
    }
    let (kind, protocols) = match traffic.protocol {
        None => (Kind::Hosts, vec![((0, 0), vec![(0, 0)])]),
        Some(protocol) if traffic.has_ports() => {
            let ports = if traffic.to.is_empty() { vec![(0, u16::MAX)] } else { traffic.to.clone() };
            (Kind::Ports, vec![((protocol.into(), protocol.into()), ports)])
        }
        Some(ICMP | ICMPV6) if !traffic.to.is_empty() => {
            let types: Option<Vec<_>> = traffic
                .to
                .iter()
                .map(|(from, to)| (from & 0xff == 0 && to & 0xff == 0xff).then_some((from >> 8, to >> 8)))
                .collect();
            (Kind::Icmp, types?.into_iter().map(|range| (range, vec![(0, 0)])).collect())
        }
        Some(_) => return None,
    };
    let side = |wanted: bool, addresses: &crate::plan::Addresses, literal: &Intervals| -> Option<Vec<(u128, u128)>> {
        let mut written = addresses.literal.clone();
        match addresses.delegated {
            Some(HostParts::All) => written = written.union(&global().minus(literal)),
            Some(_) => return None,
            None => {}
        }
        if wanted {
            return Some(written.ranges().to_vec());
        }
        (written == everything(line.family)).then(|| vec![(0, 0)])
    };
    let from = side(sides.from, &line.from, &literal.from)?;
    let to = side(sides.to, &line.to, &literal.to)?;
    let count = from.len() * to.len() * protocols.iter().map(|(_, ports)| ports.len()).sum::<usize>();
    if count > ELEMENTS {
        return None;
    }
    let comment = place(line);
    let mut items = Vec::with_capacity(count);
    for from in &from {
        for to in &to {
            for (protocol, ports) in &protocols {
                items.extend(ports.iter().map(|port| Item {
                    from: *from,
                    to: *to,
                    protocol: *protocol,
                    port: *port,
                    comment: comment.clone(),
                }));
            }
        }
    }
    Some((kind, items))
}

/// The items with every overlap taken from the later one.
fn apart(items: Vec<Item>, family: Family) -> Vec<Item> {
    // Sorted by destination: an item can only meet those behind it that start before it ends.
    let mut order: Vec<usize> = (0..items.len()).collect();
    order.sort_by_key(|index| items.get(*index).map(|item| (item.to, item.from, *index)));
    let mut group: Vec<usize> = (0..items.len()).collect();
    for (at, index) in order.iter().enumerate() {
        let Some(item) = items.get(*index) else { continue };
        for other in order.iter().skip(at + 1) {
            let Some(next) = items.get(*other) else { continue };
            if next.to.0 > item.to.1 {
                break;
            }
            if item.meets(next) {
                join(&mut group, *index, *other);
            }
        }
    }
    let mut members: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
    for index in 0..items.len() {
        members.entry(find(&group, index)).or_default().push(index);
    }
    let mut found = Vec::new();
    for list in members.into_values() {
        let list: Vec<&Item> = list.iter().filter_map(|index| items.get(*index)).collect();
        match list.as_slice() {
            [one] => found.push((*one).clone()),
            several => found.extend(cut(several, family)),
        }
    }
    found.sort_by_key(|a| (a.from, a.to, a.protocol, a.port));
    found
}

fn find(group: &[usize], mut index: usize) -> usize {
    while let Some(next) = group.get(index).copied().filter(|next| *next != index) {
        index = next;
    }
    index
}

fn join(group: &mut [usize], a: usize, b: usize) {
    let (a, b) = (find(group, a), find(group, b));
    if let Some(slot) = group.get_mut(a.max(b)) {
        *slot = a.min(b);
    }
}

/// Items that meet, as items that do not.
fn cut(items: &[&Item], family: Family) -> Vec<Item> {
    let mut space = Space::new();
    let mut taken = crate::packet::Set::EMPTY;
    let mut found = Vec::new();
    for item in items {
        let set = space.cubes_union(item.cubes(family));
        let fresh = space.minus(set, taken);
        taken = space.union(taken, set);
        if fresh == set {
            found.push((*item).clone());
        } else if let Some(cubes) = space.cubes(fresh, usize::MAX) {
            found.extend(cubes.iter().flat_map(|cube| item.within(cube, family)));
        }
    }
    found
}

impl Item {
    fn cubes(&self, family: Family) -> Vec<Cube> {
        let range = |(from, to): (u16, u16)| Ranges::range(from.into(), to.into());
        let base = Cube::any().with(Field::Proto, range(self.protocol)).with(Field::DstPort, range(self.port));
        let from = addresses(family, Side::Src, self.from.0, self.from.1);
        let to = addresses(family, Side::Dst, self.to.0, self.to.1);
        from.iter()
            .flat_map(|from| to.iter().map(|to| base.intersect(from).intersect(to)).collect::<Vec<_>>())
            .collect()
    }

    /// The parts of this item that a cube holds.
    fn within(&self, cube: &Cube, family: Family) -> Vec<Self> {
        let narrow = |field: Field, whole: (u16, u16)| -> Vec<(u16, u16)> {
            let bound = |value: u64| u16::try_from(value).unwrap_or(u16::MAX);
            cube.get(field).map_or_else(
                || vec![whole],
                |ranges| ranges.iter().map(|(from, to)| (bound(from), bound(to))).collect(),
            )
        };
        let mut found = Vec::new();
        for from in address_ranges(cube, Side::Src, family, self.from) {
            for to in address_ranges(cube, Side::Dst, family, self.to) {
                for protocol in narrow(Field::Proto, self.protocol) {
                    for port in narrow(Field::DstPort, self.port) {
                        found.push(Self { from, to, protocol, port, comment: self.comment.clone() });
                    }
                }
            }
        }
        found
    }

    fn element(&self, family: Family, columns: &[Column]) -> Element {
        let field = |column: &Column| match column {
            Column::From => words::range(self.from.0, self.from.1, family),
            Column::To => words::range(self.to.0, self.to.1, family),
            Column::Protocol => u8::try_from(self.protocol.0).map_or_else(|_| String::new(), words::protocol),
            Column::Port => words::number_range(self.port),
            Column::IcmpType => words::number_range(self.protocol),
        };
        let fields: Vec<String> = columns.iter().map(field).collect();
        Element { text: fields.join(" . "), comment: words::comment(&self.comment) }
    }
}

/// The addresses of a cube on one side as ranges.
fn address_ranges(cube: &Cube, side: Side, family: Family, whole: (u128, u128)) -> Vec<(u128, u128)> {
    let (high, low) = (cube.get(side.high()), cube.get(side.low()));
    match (family, high, low) {
        (_, None, None) => vec![whole],
        (Family::V4, high, _) => high.map_or_else(
            || vec![whole],
            |high| high.iter().map(|(from, to)| (u128::from(from >> 32), u128::from(to >> 32))).collect(),
        ),
        (Family::V6, high, low) => {
            let full = Ranges::full(side.high());
            let (high, low) = (high.unwrap_or(&full), low.unwrap_or(&full));
            let join = |high: u64, low: u64| u128::from(high) << 64 | u128::from(low);
            if low.is_full(side.low()) {
                return high.iter().map(|(from, to)| (join(from, 0), join(to, u64::MAX))).collect();
            }
            // A part of the low half: one range for each value of the high half, of which elements have few.
            high.iter()
                .flat_map(|(from, to)| {
                    (from..=to).flat_map(|high| {
                        low.iter().map(move |(from, to)| (join(high, from), join(high, to))).collect::<Vec<_>>()
                    })
                })
                .collect()
        }
    }
}
