//! Options that rules, redirects and translations share, and what nft would make of them.

use super::{
    address::Group,
    options::Options,
    state::{Common, Field, Matches, State, refused},
    uci::Section,
    value::{Maybe, Protocol, SetUse, boolean, date, int, mark, monthdays, rate, time, weekdays},
};
use crate::router::Unreadable;

/// Limit, times and mark.
pub fn common(options: &mut Options) -> Common {
    let limit = options.one("limit", rate);
    let burst = options.one("limit_burst", int);
    let _ = options.one("utc_time", boolean);
    let start_date = options.one("start_date", date);
    let stop_date = options.one("stop_date", date);
    let start_time = options.one("start_time", time);
    let stop_time = options.one("stop_time", time);
    let weekdays = options.one("weekdays", weekdays);
    options.unsupported("monthdays", monthdays);
    let mark = options.one("mark", mark);
    let limit = limit.map(|limit| (limit, burst.filter(|burst| *burst != 0)));
    Common { limit, start_date, stop_date, start_time, stop_time, weekdays, mark, ..Common::default() }
}

/// Makes `tcp` and `udp` of any protocol, for ports; false if others are named and neither of these.
pub fn ensure_ports(protocols: &mut Vec<Protocol>) -> bool {
    let named = |protocol: &Protocol| matches!(protocol.as_deref(), Some("tcp" | "udp"));
    if protocols.iter().any(named) {
        return true;
    }
    let any = !protocols.is_empty() && protocols.iter().all(Option::is_none);
    if any {
        *protocols = vec![Some("tcp".to_owned()), Some("udp".to_owned())];
    }
    any
}

/// The text of `log`, as it stands before a logged packet.
pub fn log(log: Option<String>, name: &str) -> Option<String> {
    match log.as_deref().and_then(boolean) {
        Some(true) => Some(format!("{name}: ")),
        Some(false) => None,
        None => log,
    }
}

/// The set that a section uses, by its number; `Err` if firewall4 skips the section for it.
pub fn set_of(
    section: &Section,
    used: Option<Maybe<SetUse>>,
    protocols: &mut Vec<Protocol>,
    state: &mut State,
) -> Result<Option<(usize, Maybe<SetUse>)>, Skipped> {
    let Some(used) = used else { return Ok(None) };
    let mut skipped = |why| {
        state.warnings.add(section, why);
        Err(Skipped)
    };
    let Some((number, set)) = state.sets.iter().enumerate().find(|(_, set)| set.name == used.value.name) else {
        return skipped("there is no set of this name, so firewall4 skips the section");
    };
    if set.fields.contains(&Field::Port) && !ensure_ports(protocols) {
        return skipped("the set holds ports, and the protocols have none, so firewall4 skips the section");
    }
    Ok(Some((number, used)))
}

/// firewall4 leaves the section out.
pub struct Skipped;

/// The fields that are looked up in a set for a protocol; `Err` for a destination's hardware address.
pub fn fields(state: &State, set: usize, used: &Maybe<SetUse>, proto: &Protocol) -> Result<Option<Vec<String>>, ()> {
    let Some(set) = state.sets.get(set) else { return Ok(None) };
    let transport = proto.as_deref().filter(|name| matches!(*name, "tcp" | "udp"));
    let mut found = Vec::new();
    for (at, field) in set.fields.iter().enumerate() {
        let given = used.value.directions.get(at).copied().flatten();
        let dest = given.or_else(|| set.directions.get(at).copied()).unwrap_or(false);
        let end = if dest { 'd' } else { 's' };
        found.push(match field {
            Field::Address if set.v6 => format!("ip6 {end}addr"),
            Field::Address => format!("ip {end}addr"),
            Field::Mac if dest => return Err(()),
            Field::Mac => "ether saddr".to_owned(),
            Field::Port => match transport {
                Some(name) => format!("{name} {end}port"),
                None => return Ok(None),
            },
        });
    }
    Ok(Some(found))
}

/// Refuses what nft refuses, and with it the whole firewall.
pub fn sound(section: &Section, matches: &Matches) -> Result<(), Unreadable> {
    let addresses = |group: &Group| group.all().all(super::address::Subnet::is_sound);
    if !addresses(&matches.src) || !addresses(&matches.dest) {
        return Err(refused(section, "an address range or prefix that is none: nft refuses the whole firewall"));
    }
    if let Some(proto) = &matches.proto {
        let word = proto.chars().all(|letter| letter.is_ascii_alphanumeric() || "-_.".contains(letter));
        if !word || proto.parse::<u32>().is_ok_and(|number| number > 255) {
            let why = format!("`{proto}` is no protocol: nft refuses the whole firewall");
            return Err(refused(section, &why));
        }
    }
    if matches.rest.limit.as_ref().is_some_and(|(limit, burst)| limit.rate == 0 || burst.is_some_and(|burst| burst < 0))
    {
        return Err(refused(section, "`limit` is no rate: nft refuses the whole firewall"));
    }
    Ok(())
}
