//! `config rule`

use super::{
    address::{Group, Subnet, addresses, family as family_of, groups, of},
    common::{common, fields, log, set_of, sound},
    icmp::{IcmpType, icmp_type},
    options::Options,
    state::{Common, End, Matches, Rule, State, check_lengths, infer, line, refused},
    uci::Section,
    value::{
        Maybe, Ports, Protocol, SetUse, boolean, device, dscp, family, mac, mark, port, protocol, rate, set_use, target,
    },
    zone::helper,
};
use crate::router::Unreadable;

/// A rule whose options were taken.
struct Taken {
    src: Option<End>,
    dest: Option<End>,
    device: Option<(String, bool)>,
    set: Option<(usize, Maybe<SetUse>)>,
    /// Families of the helper that is asked for, and of the one that is set.
    helpers: [Option<u8>; 2],
    set_helper: Option<String>,
    protocols: Vec<Protocol>,
    src_ip: Vec<Subnet>,
    dest_ip: Vec<Subnet>,
    macs: Vec<Maybe<String>>,
    src_ports: Vec<Maybe<Ports>>,
    dest_ports: Vec<Maybe<Ports>>,
    types: Vec<IcmpType>,
    family: Option<u8>,
    rest: Common,
    target: Option<&'static str>,
}

/// Reads the section: one rule for each protocol, family and mask.
pub fn read(section: &Section, state: &mut State) -> Result<(), Unreadable> {
    let State { warnings, networks, zones, .. } = state;
    let mut options = Options::new(section, warnings);
    let enabled = options.one("enabled", boolean).unwrap_or(true);
    let name = options.one("name", |text| Some(text.to_owned())).unwrap_or_else(|| section.id());
    options.unsupported("_name", |_| Some(()));
    let only = options.one("family", family);
    let src = options.one("src", |text| State::end(zones, text));
    let dest = options.one("dest", |text| State::end(zones, text));
    let device = options.one("device", device);
    options.not_negated("device", device.as_ref().is_some_and(|device| device.invert));
    let outgoing = options.one("direction", direction).unwrap_or(false);
    let used = options.one("ipset", set_use);
    let helped = options.one("helper", helper);
    let set_helper = options.one("set_helper", helper);
    options.not_negated("set_helper", set_helper.as_ref().is_some_and(|one| one.invert));
    let mut protocols = options.list("proto", protocol).concat();
    if protocols.is_empty() {
        protocols = vec![Some("tcp".to_owned()), Some("udp".to_owned())];
    }
    let src_ip = options.list("src_ip", |text| addresses(text, networks)).concat();
    let macs = options.list("src_mac", mac);
    let src_ports = options.list("src_port", port);
    let dest_ip = options.list("dest_ip", |text| addresses(text, networks)).concat();
    let dest_ports = options.list("dest_port", port);
    let types = options.list("icmp_type", icmp_type);
    options.unsupported("extra", |_| Some(()));
    let mut rest = common(&mut options);
    let set_mark = options.one("set_mark", mark);
    let set_xmark = options.one("set_xmark", mark);
    rest.dscp = options.one("dscp", dscp);
    let set_dscp = options.one("set_dscp", dscp);
    for (name, negated) in [
        ("set_mark", set_mark.as_ref().is_some_and(|one| one.invert)),
        ("set_xmark", set_xmark.as_ref().is_some_and(|one| one.invert)),
        ("set_dscp", set_dscp.as_ref().is_some_and(|one| one.invert)),
    ] {
        options.not_negated(name, negated);
    }
    let _ = options.one("counter", boolean);
    let logged = options.one("log", |text| Some(text.to_owned()));
    let _ = options.one("log_limit", rate);
    let target = options.one("target", target);
    if !options.finish() || !enabled {
        return Ok(());
    }
    let from_zone = src.and_then(End::zone).is_some();
    let lacking = match target {
        Some("helper" | "notrack") if !from_zone => Some("`src` has to be a zone"),
        Some("dscp") if set_dscp.is_none() => Some("`set_dscp` is missing"),
        Some("mark") if set_mark.is_none() && set_xmark.is_none() => Some("`set_mark` is missing"),
        Some("helper") if set_helper.is_none() => Some("`set_helper` is missing"),
        _ if device.as_ref().is_some_and(|device| device.value.is_none()) => Some("`device` must not be `*`"),
        _ => None,
    };
    if let Some(why) = lacking {
        warnings.add(section, &format!("{why}, so firewall4 skips the section"));
        return Ok(());
    }
    let Ok(set) = set_of(section, used, &mut protocols, state) else { return Ok(()) };
    check_lengths(section, &name, log(logged, &name).as_deref())?;
    rest.helper = helped.as_ref().map(|one| Maybe { invert: one.invert, value: one.value.0.clone() });
    let helpers = [helped.map(|one| one.value.1), set_helper.as_ref().map(|one| one.value.1)];
    let set_helper = set_helper.map(|one| one.value.0);
    let device = device.and_then(|device| device.value).map(|name| (name, outgoing));
    let taken = Taken {
        src,
        dest,
        device,
        set,
        helpers,
        set_helper,
        protocols,
        src_ip,
        dest_ip,
        macs,
        src_ports,
        dest_ports,
        types,
        family: only,
        rest,
        target,
    };
    taken.protocols.iter().try_for_each(|proto| for_protocol(section, &taken, proto, state))
}

fn direction(text: &str) -> Option<bool> {
    match text {
        "in" | "ingress" => Some(false),
        "out" | "egress" => Some(true),
        _ => None,
    }
}

fn for_protocol(section: &Section, taken: &Taken, proto: &Protocol, state: &mut State) -> Result<(), Unreadable> {
    let name = proto.as_deref();
    let (icmp, icmp6) = (name == Some("icmp"), name == Some("ipv6-icmp"));
    let types = |v6: bool| -> Vec<(u32, Option<u32>)> {
        let wanted = icmp || icmp6 && v6;
        taken.types.iter().filter(|_| wanted).filter_map(|one| if v6 { one.v6 } else { one.v4 }).collect()
    };
    let set_family = taken.set.as_ref().and_then(|(set, _)| state.sets.get(*set)).map(|set| set.family);
    let only = if icmp6 { Some(6) } else { taken.family };
    let Ok(only) = infer(
        only,
        &[
            set_family,
            family_of(&taken.src_ip),
            family_of(&taken.dest_ip),
            state.family_of(taken.src),
            state.family_of(taken.dest),
            taken.helpers[0],
            taken.helpers[1],
        ],
    ) else {
        state
            .warnings
            .add(section, "its parts are of different families, so firewall4 leaves out what they would match");
        return Ok(());
    };
    let specific = |v6: bool| {
        let own = |all: &[Subnet]| all.iter().any(|one| one.v6 == v6);
        own(&taken.src_ip) || own(&taken.dest_ip) || !types(v6).is_empty() || taken.rest.dscp.is_some()
    };
    let (four, six) = (specific(false), specific(true));
    let only = only.unwrap_or(match (four, six) {
        (true, false) => 4,
        (false, true) => 6,
        _ => 0,
    });
    if only == 0 && taken.target != Some("dscp") && !four && !six {
        return push(section, taken, proto, (0, Group::default(), Group::default(), &[], false), state);
    }
    for (number, v6) in [(4, false), (6, true)] {
        if only != 0 && only != number {
            continue;
        }
        let all = types(v6);
        let coded = all.iter().any(|(_, code)| code.is_some());
        let whole = all.iter().any(|(_, code)| code.is_none());
        for src in groups(&of(v6, &taken.src_ip)) {
            for dest in groups(&of(v6, &taken.dest_ip)) {
                for codes in [false, true] {
                    if if codes { coded } else { whole || !coded } {
                        push(section, taken, proto, (number, src.clone(), dest.clone(), &all, codes), state)?;
                    }
                }
            }
        }
    }
    Ok(())
}

type Part<'a> = (u8, Group, Group, &'a [(u32, Option<u32>)], bool);

fn push(
    section: &Section,
    taken: &Taken,
    proto: &Protocol,
    (family, src, dest, types, codes): Part,
    state: &mut State,
) -> Result<(), Unreadable> {
    let transport = matches!(proto.as_deref(), Some("tcp" | "udp"));
    let ports = |all: &[Maybe<Ports>]| if transport { all.to_vec() } else { Vec::new() };
    let mut rest = taken.rest.clone();
    if let Some((set, used)) = &taken.set {
        match fields(state, *set, used, proto) {
            Ok(Some(fields)) => rest.set = Some(Maybe { invert: used.invert, value: (*set, fields) }),
            Ok(None) => {
                return Err(refused(
                    section,
                    "the set holds ports, and not all protocols have them: nft refuses the whole firewall",
                ));
            }
            Err(()) => {
                state
                    .warnings
                    .add(section, "the set holds hardware addresses of destinations, so firewall4 skips the section");
                return Ok(());
            }
        }
    }
    let mut matches = Matches {
        family,
        proto: proto.clone(),
        implied: false,
        iifname: None,
        oifname: None,
        src,
        dest,
        src_ports: ports(&taken.src_ports),
        dest_ports: ports(&taken.dest_ports),
        macs: taken.macs.clone(),
        icmp_types: types.iter().filter(|(_, code)| !codes && code.is_none()).map(|(kind, _)| *kind).collect(),
        icmp_codes: types.iter().filter(|_| codes).filter_map(|(kind, code)| Some((*kind, (*code)?))).collect(),
        rest,
    };
    matches.implied = !(matches.src_ports.is_empty()
        && matches.dest_ports.is_empty()
        && matches.icmp_types.is_empty()
        && matches.icmp_codes.is_empty());
    if let Some((device, outgoing)) = &taken.device {
        let side = if *outgoing { &mut matches.oifname } else { &mut matches.iifname };
        *side = Some(device.clone());
    }
    sound(section, &matches)?;
    let Some((chain, action)) = decide(section, taken, state)? else { return Ok(()) };
    state.rules.push(Rule { line: line(section), chain, matches, action });
    Ok(())
}

/// The chain that a rule goes to, and what it does; nothing for rules that decide over no packet.
fn decide(section: &Section, taken: &Taken, state: &mut State) -> Result<Option<(String, String)>, Unreadable> {
    let src = taken.src.and_then(End::zone);
    let dest = taken.dest.and_then(End::zone);
    match taken.target {
        // They change marks and classes, which decide over nothing that is modelled.
        Some("mark" | "dscp") => return Ok(None),
        Some("helper") => {
            let (Some(zone), Some(helper)) = (src, &taken.set_helper) else { return Ok(None) };
            state.to(zone, "helper");
            let action = format!("ct helper set {}", super::print::quoted(helper));
            return Ok(Some((format!("helper_{}", state.name_of(zone)), action)));
        }
        Some("notrack") => {
            let Some(zone) = src else { return Ok(None) };
            state.to(zone, "notrack");
            return Ok(Some((format!("notrack_{}", state.name_of(zone)), "notrack".to_owned())));
        }
        Some("dnat" | "snat" | "masquerade") => {
            return Err(refused(section, "a rule cannot translate addresses: nft refuses the whole firewall"));
        }
        _ => {}
    }
    let chain = match (taken.src, src, taken.dest, dest) {
        (Some(_), Some(zone), to, _) => {
            format!("{}_{}", if to.is_some() { "forward" } else { "input" }, state.name_of(zone))
        }
        (Some(_), None, to, _) => if to.is_some() { "forward" } else { "input" }.to_owned(),
        (None, _, Some(_), Some(zone)) => format!("output_{}", state.name_of(zone)),
        (None, ..) => "output".to_owned(),
    };
    let Some(target) = taken.target else { return Ok(Some((chain, String::new()))) };
    let logs = src.and_then(|zone| state.zones.get(zone)).is_some_and(|zone| zone.log != 0);
    let action = if let Some(zone) = dest {
        state.to(zone, target);
        format!("jump {target}_to_{}", state.name_of(zone))
    } else if let (Some(zone), true, true) = (src, logs, target != "accept") {
        if let Some(zone) = state.zones.get_mut(zone) {
            zone.flags.from.push(target);
        }
        format!("jump {target}_from_{}", state.name_of(zone))
    } else if target == "reject" {
        "jump handle_reject".to_owned()
    } else {
        target.to_owned()
    };
    Ok(Some((chain, action)))
}
