//! Whole matches: operators, sets, concatenations and masks.

use super::{
    ast::{Data, Element, End, Key, NamedSet, Op, Selector, Value},
    context::Destination,
    eval::{At, Eval},
    eval_address as address,
    eval_values::{Meaning, meaning, single},
};
use crate::packet::{Bounds, Cube, Field, Packet, Ranges};

/// The elements that a set or map holds, and whether there may be more or fewer.
pub struct Contents<'a> {
    pub elements: &'a [Element],
    /// Packets add elements, or time takes them away.
    pub changing: bool,
}

/// Packets, as cubes as long as that is simple.
enum These {
    Cubes(Vec<Cube>),
    Set(Bounds),
}

/// Elements of a map that give the same.
struct Group<'e> {
    data: Option<&'e Data>,
    expires: bool,
    cubes: Vec<Cube>,
    others: Vec<Bounds>,
    /// Names of interfaces, which count together: of an interface with two devices, only both are the whole.
    names: Vec<String>,
}

impl Eval<'_> {
    /// The packets that a match lets on.
    pub fn matches(&mut self, key: &Key, op: Op, value: &Value, at: At) -> Bounds {
        if let ([selector], mask) = (key.parts.as_slice(), key.mask.as_ref()) {
            let compared = matches!(op, Op::Less | Op::Greater | Op::AtMost | Op::AtLeast);
            let several = matches!(value, Value::Set(_) | Value::Named(_) | Value::Range(..));
            if self.bits(selector, at).is_some() && !several && !compared {
                return self.flags(selector, mask, op, value, at);
            }
            if let Some(mask) = mask {
                return self.masked(selector, mask, op, value, at);
            }
            if let Op::Less | Op::Greater | Op::AtMost | Op::AtLeast = op {
                return self.compared(selector, op, value, at);
            }
        } else if key.mask.is_some() {
            return self.readable_key(key, at).perhaps();
        }
        let met = match value {
            Value::Set(_) | Value::Named(_) => match contents(value, at) {
                Some(contents) => {
                    let entries = self.entries(key, &contents, at);
                    let all: Vec<Bounds> = entries.into_iter().map(|(packets, _)| packets).collect();
                    let met = Bounds::any(&all, self.space);
                    if contents.changing { self.readable_key(key, at).perhaps() } else { met }
                }
                None => Bounds::UNKNOWN,
            },
            _ => match self.element(key, value, at) {
                These::Cubes(cubes) => Bounds::exact(self.space.cubes_union(cubes)),
                These::Set(met) => met,
            },
        };
        match op {
            Op::Implicit | Op::Equal => met.and(self.readable_key(key, at), self.space),
            Op::NotEqual => self.readable_key(key, at).minus(met, self.space),
            _ => self.readable_key(key, at).perhaps(),
        }
    }

    /// What a set or map holds for which packets: one entry for all elements that give the same. The element `*` has
    /// what no other has.
    pub fn entries<'e>(&mut self, key: &Key, contents: &Contents<'e>, at: At) -> Vec<(Bounds, Option<&'e Data>)> {
        let mut groups: Vec<Group<'e>> = Vec::new();
        for element in contents.elements.iter().filter(|element| element.key != Value::Any) {
            let data = element.data.as_ref();
            let index = groups.iter().position(|group| group.data == data && group.expires == element.expires);
            let index = index.unwrap_or_else(|| {
                groups.push(Group {
                    data,
                    expires: element.expires,
                    cubes: Vec::new(),
                    others: Vec::new(),
                    names: Vec::new(),
                });
                groups.len() - 1
            });
            let Some(group) = groups.get_mut(index) else { continue };
            if let ([selector], None) = (key.parts.as_slice(), &key.mask)
                && let Meaning::Names(names) = meaning(selector, &element.key)
            {
                group.names.extend(names);
                continue;
            }
            match self.element(key, &element.key, at) {
                These::Cubes(cubes) => group.cubes.extend(cubes),
                These::Set(set) => group.others.push(set),
            }
        }
        let mut entries = Vec::new();
        for mut group in groups {
            if let ([selector], false) = (key.parts.as_slice(), group.names.is_empty()) {
                group.others.push(self.having(selector, &Meaning::Names(std::mem::take(&mut group.names)), at));
            }
            let simple = Bounds::exact(self.space.cubes_union(group.cubes));
            let packets = Bounds::any(&group.others, self.space).or(simple, self.space);
            entries.push((if group.expires { packets.perhaps() } else { packets }, group.data));
        }
        if let Some(other) = contents.elements.iter().find(|element| element.key == Value::Any) {
            let taken: Vec<Bounds> = entries.iter().map(|(packets, _)| *packets).collect();
            let taken = Bounds::any(&taken, self.space);
            let rest = self.readable_key(key, at).minus(taken, self.space);
            entries.push((rest, other.data.as_ref()));
        }
        entries
    }

    /// The packets in which every part of the key can be read.
    pub fn readable_key(&mut self, key: &Key, at: At) -> Bounds {
        key.parts.iter().fold(Bounds::ALL, |all, part| {
            let readable = self.readable(part, at);
            all.and(readable, self.space)
        })
    }

    /// The packets whose key is this one value or concatenation of values.
    fn element(&mut self, key: &Key, value: &Value, at: At) -> These {
        if let (Some(mask), [selector]) = (&key.mask, key.parts.as_slice()) {
            return These::Set(self.masked(selector, mask, Op::Equal, value, at));
        }
        let values = match value {
            Value::Concat(values) => values.as_slice(),
            _ => std::slice::from_ref(value),
        };
        if values.len() != key.parts.len() || key.mask.is_some() {
            return These::Set(self.readable_key(key, at).perhaps());
        }
        let parts: Vec<(&Selector, Meaning)> =
            key.parts.iter().zip(values).map(|(part, value)| (part, meaning(part, value))).collect();
        let mut simple = vec![Cube::any()];
        let mut rest = Vec::new();
        for (selector, meaning) in &parts {
            let cubes = match meaning {
                Meaning::Numbers(ranges) => {
                    Self::cubes(selector, ranges, at).or_else(|| any_ports(selector, ranges, &parts, at))
                }
                _ => None,
            };
            match cubes {
                Some(cubes) => simple = product(&simple, &cubes),
                None => rest.push((*selector, meaning)),
            }
        }
        if rest.is_empty() {
            return These::Cubes(simple);
        }
        let mut all = Bounds::exact(self.space.cubes_union(simple));
        for (selector, meaning) in rest {
            let having = self.having(selector, meaning, at);
            all = all.and(having, self.space);
        }
        These::Set(all)
    }

    /// Is a packet, as it arrives, among those whose key is a value?
    pub fn holds(&mut self, key: &Key, value: &Value, packet: &Packet, at: At) -> bool {
        match self.element(key, value, at) {
            These::Cubes(cubes) => cubes.iter().any(|cube| cube.contains(packet)),
            These::Set(set) => self.space.contains(set.surely, packet),
        }
    }

    fn compared(&mut self, selector: &Selector, op: Op, value: &Value, at: At) -> Bounds {
        let Some(bound) = single(selector, value) else { return self.readable(selector, at).perhaps() };
        let ranges = match op {
            Op::Less => bound.checked_sub(1).map(|high| (0, high)),
            Op::AtMost => Some((0, bound)),
            Op::Greater => bound.checked_add(1).map(|low| (low, u128::MAX)),
            _ => Some((bound, u128::MAX)),
        };
        self.having(selector, &Meaning::Numbers(ranges.into_iter().collect()), at)
    }

    /// Flags. Alone, flags ask for any of them; with an operator they are a number, so that `ct state != a,b` holds
    /// for every packet that has not both (nft 1.0.6, netlink output).
    fn flags(&mut self, selector: &Selector, mask: Option<&Value>, op: Op, value: &Value, at: At) -> Bounds {
        let readable = self.readable(selector, at);
        let Some(parts) = self.bits(selector, at) else { return readable.perhaps() };
        let mask = match mask {
            Some(mask) => single(selector, mask),
            None => Some(u128::MAX),
        };
        let (Some(mask), Some(wanted)) = (mask, single(selector, value)) else { return readable.perhaps() };
        let is_flags = matches!(selector, Selector::CtState | Selector::CtStatus | Selector::TcpFlags);
        let met = match op {
            Op::Implicit if is_flags && mask == u128::MAX => {
                self.judged(&parts, |bits| bits.equals(wanted, 0).map(|none| !none))
            }
            Op::None => self.judged(&parts, |bits| bits.equals(wanted, 0)),
            Op::Implicit | Op::Equal => self.judged(&parts, |bits| bits.equals(mask, wanted)),
            Op::NotEqual => self.judged(&parts, |bits| bits.equals(mask, wanted).map(|equal| !equal)),
            _ => Bounds::UNKNOWN,
        };
        met.and(readable, self.space)
    }

    /// `ip6 daddr & ::ffff:ffff:ffff:ffff == ::10`
    fn masked(&mut self, selector: &Selector, mask: &Value, op: Op, value: &Value, at: At) -> Bounds {
        let readable = self.readable(selector, at);
        if let Value::Set(elements) = value {
            let all: Vec<Bounds> =
                elements.iter().map(|element| self.masked(selector, mask, Op::Equal, &element.key, at)).collect();
            let met = Bounds::any(&all, self.space);
            return if op == Op::NotEqual { readable.minus(met, self.space) } else { met };
        }
        if self.bits(selector, at).is_some() {
            return self.flags(selector, Some(mask), op, value, at);
        }
        let (Selector::Address(v6, end), Some(mask), Some(wanted)) =
            (selector, single(selector, mask), single(selector, value))
        else {
            return readable.perhaps();
        };
        let Some(cubes) = masked_cubes(*v6, *end, mask, wanted) else { return readable.perhaps() };
        let original = self.space.cubes_union(cubes);
        let met = match end {
            End::Src => Bounds::exact(original),
            End::Dst => {
                let family = address::family(*v6);
                address::destination(self.topology, self.space, (at.state, at.place), original, |have, address| {
                    have == family && address & mask == wanted
                })
            }
        };
        match op {
            Op::Implicit | Op::Equal => met.and(readable, self.space),
            Op::NotEqual => readable.minus(met, self.space),
            _ => readable.perhaps(),
        }
    }
}

/// What a set or map that is written out or named holds.
pub fn contents<'e>(value: &'e Value, at: At<'e>) -> Option<Contents<'e>> {
    match value {
        Value::Set(elements) => Some(Contents { elements, changing: false }),
        Value::Named(name) => {
            let NamedSet { elements, dynamic, expires, .. } = at.table.set(name)?;
            Some(Contents { elements, changing: *dynamic || *expires })
        }
        _ => None,
    }
}

/// `th dport` beside a protocol that has ports, in the same concatenation.
fn any_ports(
    selector: &Selector,
    ranges: &[(u128, u128)],
    parts: &[(&Selector, Meaning)],
    at: At,
) -> Option<Vec<Cube>> {
    let Selector::Port(None, end) = selector else { return None };
    let ports = parts.iter().any(|(part, meaning)| {
        let Meaning::Numbers(protocols) = meaning else { return false };
        let all = protocols
            .iter()
            .all(|(low, high)| low == high && address::WITH_PORTS.iter().any(|&proto| u128::from(proto) == *low));
        all && matches!(part, Selector::L4proto | Selector::NextHeader(_))
    });
    let untouched = *end == End::Src || at.state.destination == Destination::Original;
    (ports && untouched).then(|| vec![address::ports(None, *end, ranges)])
}

fn product(some: &[Cube], others: &[Cube]) -> Vec<Cube> {
    some.iter().flat_map(|one| others.iter().map(|other| one.intersect(other))).collect()
}

/// The addresses of which these bits have this value; `None` if that is too many ranges.
fn masked_cubes(v6: bool, end: End, mask: u128, wanted: u128) -> Option<Vec<Cube>> {
    if wanted & !mask != 0 {
        return Some(Vec::new());
    }
    let side = address::side(end);
    let (mask, wanted) = if v6 { (mask, wanted) } else { (mask << 96, wanted << 96) };
    let low_bits = |value: u128| u64::try_from(value & u128::from(u64::MAX)).unwrap_or(0);
    let high_bits = |value: u128| u64::try_from(value >> 64).unwrap_or(0);
    let high = half(high_bits(mask), high_bits(wanted), if v6 { 0 } else { 32 })?;
    let cube = address::of_family(v6).with(side.high(), high);
    if !v6 {
        return Some(vec![cube]);
    }
    Some(vec![cube.with(side.low(), half(low_bits(mask), low_bits(wanted), 0)?)])
}

/// The values of one half; the lowest `free` bits are never looked at.
fn half(mask: u64, wanted: u64, free: u32) -> Option<Ranges> {
    /// Free bits above fixed ones double the number of ranges.
    const MOST: u32 = 12;
    let tail = if mask == 0 { 64 } else { mask.trailing_zeros().max(free) };
    let Some(low) = 1_u64.checked_shl(tail).map(|bit| bit - 1) else { return Some(Ranges::range(0, u64::MAX)) };
    let holes: Vec<u32> = (tail..64).filter(|bit| mask >> bit & 1 == 0).collect();
    if u32::try_from(holes.len()).ok()? > MOST {
        return None;
    }
    let starts = (0..1_u64 << holes.len())
        .map(|choice| holes.iter().enumerate().fold(wanted, |value, (at, bit)| value | (choice >> at & 1) << bit));
    Some(Ranges::from_pairs(starts.map(|start| (start, start | low))))
}

/// The packets within and beyond a rate limit: whether one is exceeded is a coordinate of the packet.
pub fn within_limit(number: u16, over: bool) -> Cube {
    let exceeded = Ranges::single(number.into());
    Cube::any().with(Field::Exceeded, if over { exceeded } else { exceeded.complement(Field::Exceeded) })
}
