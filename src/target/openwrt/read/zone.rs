//! `config zone`

use super::{
    address::{Group, addresses, family as family_of, groups, of},
    options::Options,
    state::{Flags, State, Warnings, Zone, ZoneMatch, called, infer, line, refused},
    uci::Section,
    value::{Maybe, boolean, device, family, identifier, int, policy, rate},
};
use crate::router::Unreadable;

/// The helpers for connection tracking that firewall4 comes with (`helpers` in its folder): name, family, and the
/// connections that get them.
pub const HELPERS: [(&str, u8, &str); 12] = [
    ("amanda", 0, "udp dport 10080"),
    ("ftp", 0, "tcp dport 21"),
    ("RAS", 0, "udp dport 1719"),
    ("Q.931", 0, "tcp dport 1720"),
    ("irc", 4, "tcp dport 6667"),
    ("netbios-ns", 4, "udp dport 137"),
    ("pptp", 4, "tcp dport 1723"),
    ("sane", 0, "tcp dport 6566"),
    ("sip", 0, "udp dport 5060"),
    ("snmp", 4, "udp dport 161"),
    ("tftp", 0, "udp dport 69"),
    ("rtsp", 4, "tcp dport 554"),
];

/// A helper that firewall4 knows, with the family it is for.
pub fn helper(text: &str) -> Option<Maybe<(String, u8)>> {
    let Maybe { invert, value } = super::value::inverted(text)?;
    let found = HELPERS.iter().find(|(name, ..)| *name == value)?;
    Some(Maybe { invert, value: (value.to_owned(), found.1) })
}

/// Reads the section; a zone that firewall4 skips is left out.
pub fn read(section: &Section, state: &mut State) -> Result<(), Unreadable> {
    let State { warnings, networks, defaults, .. } = state;
    let mut options = Options::new(section, warnings);
    let enabled = options.one("enabled", boolean).unwrap_or(true);
    let name = options.must("name", identifier);
    let only = options.one("family", family);
    let members = options.list("network", device);
    let devices = options.list("device", device);
    let subnets = options.list("subnet", |text| addresses(text, networks)).concat();
    let input = options.one("input", policy).unwrap_or(defaults.input);
    let output = options.one("output", policy).unwrap_or(defaults.output);
    let forward = options.one("forward", policy).unwrap_or(defaults.forward);
    let masq = options.one("masq", boolean).unwrap_or(false);
    let allow_invalid = options.one("masq_allow_invalid", boolean).unwrap_or(false);
    let masq_src = options.list("masq_src", |text| addresses(text, networks)).concat();
    let masq_dest = options.list("masq_dest", |text| addresses(text, networks)).concat();
    let masq6 = options.one("masq6", boolean).unwrap_or(false);
    for name in ["extra", "extra_src", "extra_dest"] {
        options.unsupported(name, |_| Some(()));
    }
    let _ = options.one("mtu_fix", boolean);
    options.unsupported("custom_chains", |text| boolean(text).map(drop));
    let log = options.one("log", int).unwrap_or(0);
    let _ = options.one("log_limit", rate);
    let auto_helper = options.one("auto_helper", boolean).unwrap_or(true) && defaults.auto_helper;
    let helpers: Vec<String> = options.list("helper", helper).into_iter().map(|one| one.value.0).collect();
    let _ = options.one("counter", boolean);
    let (true, true, Some(name)) = (options.finish(), enabled, name) else { return Ok(()) };
    let Ok(only) = infer(only, &[family_of(&subnets)]) else {
        warnings.add(section, "its subnets are of another family than its own, so firewall4 skips the zone");
        return Ok(());
    };
    if name.starts_with('.') {
        return Err(refused(section, "a name that begins with a dot: nft refuses the whole firewall"));
    }
    if state.zones.iter().any(|zone| zone.name == name) {
        return Err(refused(section, "a second zone of this name: nft refuses the whole firewall"));
    }
    let masqueraded = masq_src.iter().chain(&masq_dest).filter(|one| if one.v6 { masq6 } else { masq });
    if subnets.iter().chain(masqueraded).any(|subnet| !subnet.is_sound()) {
        return Err(refused(section, "an address range or prefix that is none: nft refuses the whole firewall"));
    }
    if name.len() > 70 {
        return Err(refused(section, "a name of more than 70 letters: nft refuses the whole firewall"));
    }
    let mut found = Vec::new();
    let mut related = Vec::new();
    // Interfaces that say themselves in which zone they are (`ifc.data.zone`); of a tunnel that a DHCPv6 client brought
    // up without a word, that is the zone of the client.
    let listed = |network: &String| members.iter().any(|member| member.value.as_ref() == Some(network));
    let also = networks.iter().filter(|(own, network)| {
        !listed(own) && network.zone.as_ref().map_or(network.parent.as_ref().is_some_and(listed), |zone| *zone == name)
    });
    let also: Vec<_> = also.map(|(own, _)| Maybe { invert: false, value: Some(own.clone()) }).collect();
    for member in members.iter().chain(&also) {
        let Some(network) = member.value.as_ref().and_then(|name| networks.get(name)) else {
            let name = member.value.as_deref().unwrap_or("*");
            warnings.add(section, &format!("there is no network `{name}`: it adds no device to the zone"));
            continue;
        };
        if network.unsettled {
            let name = member.value.as_deref().unwrap_or_default();
            warnings.add(section, &format!("which device `{name}` has is only known on the running router"));
        }
        if let Some(device) = &network.device {
            found.push(Maybe { invert: member.invert, value: Some(device.clone()) });
        }
        related.extend(network.addresses.iter().copied());
    }
    found.extend(devices);
    let by_family = [of(false, &subnets), of(true, &subnets)];
    related.extend(by_family.iter().flatten().copied());
    let mut matches = Vec::new();
    if !(found.is_empty() && subnets.is_empty()) {
        for group in device_groups(section, &found, warnings) {
            if only.unwrap_or(0) == 0 && subnets.is_empty() {
                matches.push(ZoneMatch { family: 0, ..group });
                continue;
            }
            for (number, own) in [4, 6].into_iter().zip(&by_family) {
                if only.unwrap_or(0) == 0 || only == Some(number) {
                    let parts = groups(own).into_iter();
                    matches.extend(parts.map(|subnets| ZoneMatch { family: number, subnets, ..group.clone() }));
                }
            }
        }
    }
    let mut flags = Flags { from: vec![input], to: vec![output, forward] };
    if masq || masq6 {
        flags.to.push("snat");
    } else if auto_helper && helpers.is_empty() {
        state.helping.push(name.clone());
    }
    if !helpers.is_empty() {
        flags.to.push("helper");
    }
    let line = crate::router::Line { text: called(section), ..line(section) };
    state.zones.push(Zone {
        line,
        name,
        family: only,
        input,
        output,
        forward,
        masq,
        masq6,
        allow_invalid,
        masq_src,
        masq_dest,
        log,
        matches,
        related,
        helpers,
        flags,
    });
    Ok(())
}

/// Refuses zones of which nft would refuse the rules, once it is known which chains they have.
pub fn check(state: &State) -> Result<(), Unreadable> {
    for zone in &state.zones {
        // Against packets that leave untranslated, firewall4 writes a rule of the masqueraded family for each subnet.
        let guards = zone.masq != zone.masq6 && !zone.allow_invalid && !state.defaults.drop_invalid;
        let other = zone.matches.iter().any(|part| !part.subnets.is_empty() && (part.family == 6) == zone.masq);
        if guards && other && zone.flags.to.contains(&"accept") {
            return Err(Unreadable::new(format!(
                "{}:{}: {}: it has subnets of a family that is not masqueraded: nft refuses the whole firewall",
                zone.line.file, zone.line.line, zone.line.text
            )));
        }
    }
    Ok(())
}

/// Parts the devices of a zone into those that fit in one rule: each `name+` needs a rule of its own.
fn device_groups(section: &Section, devices: &[Maybe<Option<String>>], warnings: &mut Warnings) -> Vec<ZoneMatch> {
    let (mut plain, mut wildcards, mut not_plain, mut not_wild) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for Maybe { invert, value } in devices {
        let name = value.as_deref();
        let start = name.map(|name| name.strip_suffix('+').unwrap_or(name)).filter(|start| !start.contains('+'));
        let (Some(name), Some(start)) = (name, start) else {
            warnings.add(section, "a pattern of devices that firewall4 does not take, and leaves out");
            continue;
        };
        match (invert, name == "+", name != start) {
            // Any device: no condition.
            (false, true, _) => {}
            // No device at all: a name that cannot be.
            (true, true, _) => wildcards.push("/never/".to_owned()),
            (false, _, true) => wildcards.push(format!("{start}*")),
            (true, _, true) => not_wild.push(format!("{start}*")),
            (false, ..) => plain.push(name.to_owned()),
            (true, ..) => not_plain.push(name.to_owned()),
        }
    }
    let with = |devices: Vec<String>| ZoneMatch {
        family: 0,
        devices,
        not_devices: not_plain.clone(),
        not_wildcards: not_wild.clone(),
        subnets: Group::default(),
    };
    let mut all: Vec<ZoneMatch> = wildcards.into_iter().map(|one| with(vec![one])).collect();
    if !plain.is_empty() || all.is_empty() {
        all.push(with(plain));
    }
    all
}
