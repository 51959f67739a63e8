//! `config ipset`

use super::{
    address::subnet,
    network::Networks,
    options::Options,
    state::{Field, Set, State, line, refused},
    uci::Section,
    value::{Maybe, boolean, choice, family, identifier, int, mac, port},
};
use crate::router::Unreadable;

/// Reads the section; a set that firewall4 skips is left out.
pub fn read(section: &Section, state: &mut State) -> Result<(), Unreadable> {
    let State { warnings, networks, sets, .. } = state;
    let mut options = Options::new(section, warnings);
    let enabled = options.one("enabled", boolean).unwrap_or(true);
    for name in ["reload_set", "counters"] {
        let _ = options.one(name, boolean);
    }
    let comment = options.one("comment", |text| Some(text.to_owned()));
    let name = options.must("name", identifier);
    let only = options.one("family", family).unwrap_or(4);
    let kinds = options.list("match", kind);
    for name in ["storage", "iprange", "portrange", "external"] {
        options.unsupported(name, |_| Some(()));
    }
    for name in ["netmask", "hashsize"] {
        options.unsupported(name, |text| int(text).map(drop));
    }
    let _ = options.one("maxelem", int);
    let timeout = options.one("timeout", int).unwrap_or(-1);
    let entries = options.list("entry", |text| Some(text.to_owned()));
    let loadfile = options.one("loadfile", |text| Some(text.to_owned()));
    let (true, true, Some(name)) = (options.finish(), enabled, name) else { return Ok(()) };
    let has = |wanted: &[&str]| kinds.iter().any(|(_, kind)| wanted.contains(kind));
    let addresses = has(&["ip", "net"]);
    if kinds.is_empty() || has(&["set"]) || addresses && only == 0 {
        warnings
            .add(section, "`match` names nothing that a set can hold, or no family, so firewall4 skips the section");
        return Ok(());
    }
    if sets.iter().any(|set| set.name == name) || name.starts_with('.') || comment.is_some_and(|one| one.len() > 128) {
        return Err(refused(
            section,
            "a second set of this name, or a name or comment that nft does not take: it refuses the whole firewall",
        ));
    }
    let fields: Vec<Field> = kinds
        .iter()
        .map(|(_, kind)| match *kind {
            "mac" => Field::Mac,
            "port" => Field::Port,
            _ => Field::Address,
        })
        .collect();
    let interval = has(&["net"]);
    let mut listed = Vec::new();
    for text in &entries {
        match entry(text, &fields, (only == 6, interval), networks) {
            Some((entry, true)) => listed.push(entry),
            Some((_, false)) => {
                let why = format!("the entry `{text}` is no address or prefix: nft refuses the whole firewall");
                return Err(refused(section, &why));
            }
            None => warnings.add(section, &format!("the entry `{text}` fits nothing, and firewall4 leaves it out")),
        }
    }
    if let Some(path) = &loadfile {
        warnings.add(section, &format!("what `{path}` holds is not known"));
    }
    sets.push(Set {
        line: line(section),
        name,
        v6: only == 6,
        family: only,
        fields,
        directions: kinds.iter().map(|(dest, _)| *dest).collect(),
        interval,
        // An empty set waits for a program that fills it.
        changing: loadfile.is_some() || timeout >= 0 || entries.is_empty(),
        entries: listed,
    });
    Ok(())
}

fn kind(text: &str) -> Option<(bool, &'static str)> {
    let parts = ["src_", "dst_", "dest_"].iter().find_map(|start| text.strip_prefix(start).map(|rest| (*start, rest)));
    let (start, rest) = parts.filter(|(_, rest)| !rest.is_empty()).unwrap_or(("src_", text));
    choice(rest, &["ip", "port", "mac", "net", "set"]).map(|kind| (start != "src_", kind))
}

/// An entry as it is written to the set, and whether nft takes it.
fn entry(text: &str, fields: &[Field], (v6, net): (bool, bool), networks: &Networks) -> Option<(String, bool)> {
    let values: Vec<&str> = text.split([' ', '\t']).filter(|value| !value.is_empty()).collect();
    if values.len() != fields.len() {
        return None;
    }
    let mut parts = Vec::new();
    let mut sound = true;
    for (value, field) in values.iter().zip(fields) {
        parts.push(match field {
            Field::Address => {
                let found = subnet(value, networks)?.into_iter().find(|one| one.v6 == v6)?;
                if net {
                    sound &= found.last.is_none() && found.bits >= 0 && found.mask.is_some();
                    found.cidr()
                } else {
                    // A set of single addresses: the length, and the end of a range, are lost.
                    found.plain()
                }
            }
            Field::Mac => mac(value).filter(|mac| !mac.invert)?.value,
            Field::Port => {
                let Maybe { invert, value: (first, last) } = port(value)?;
                (!invert && first == last).then(|| first.to_string())?
            }
        });
    }
    Some((parts.join(" . "), sound))
}
