//! `config redirect`: forwards of ports with their reflection, and the old form of source translation.

use super::{
    address::{Group, Subnet, addresses, family as family_of, groups, of},
    common::{common, fields, log, set_of, sound},
    options::Options,
    state::{Common, End, Matches, Rule, State, check_lengths, infer, line, refused},
    uci::Section,
    value::{Maybe, Ports, Protocol, SetUse, boolean, choice, family, mac, port, protocol, rate, set_use, target},
    zone::helper,
};
use crate::router::Unreadable;

/// A redirect whose options were taken.
struct Taken {
    src: Option<End>,
    dest: Option<End>,
    dnat: bool,
    set: Option<(usize, Maybe<SetUse>)>,
    helper: Option<u8>,
    src_ip: Vec<Subnet>,
    src_dip: Vec<Subnet>,
    dest_ip: Vec<Subnet>,
    macs: Vec<Maybe<String>>,
    src_port: Option<Maybe<Ports>>,
    src_dport: Option<Maybe<Ports>>,
    dest_port: Option<Maybe<Ports>>,
    family: Option<u8>,
    rest: Common,
    reflection: bool,
    internal: bool,
    reflected: Vec<End>,
    name: String,
}

pub fn port_text((first, last): Ports) -> String {
    if first == last { first.to_string() } else { format!("{first}-{last}") }
}

/// `:443`
pub fn to_port(port: Option<Ports>) -> String {
    port.map_or_else(String::new, |port| format!(":{}", port_text(port)))
}

/// Reads the section.
pub fn read(section: &Section, state: &mut State) -> Result<(), Unreadable> {
    let State { warnings, networks, zones, .. } = state;
    let mut options = Options::new(section, warnings);
    let enabled = options.one("enabled", boolean).unwrap_or(true);
    let name = options.one("name", |text| Some(text.to_owned())).unwrap_or_else(|| section.id());
    options.unsupported("_name", |_| Some(()));
    let only = options.one("family", family);
    let src = options.one("src", |text| State::end(zones, text));
    let dest = options.one("dest", |text| State::end(zones, text));
    let used = options.one("ipset", set_use);
    let helped = options.one("helper", helper);
    options.not_negated("helper", helped.as_ref().is_some_and(|one| one.invert));
    let mut protocols = options.list("proto", protocol).concat();
    if protocols.is_empty() {
        protocols = vec![Some("tcp".to_owned()), Some("udp".to_owned())];
    }
    let src_ip = options.one("src_ip", |text| addresses(text, networks)).unwrap_or_default();
    let macs = options.list("src_mac", mac);
    let src_port = options.one("src_port", port);
    let src_dip = options.one("src_dip", |text| addresses(text, networks));
    let src_dport = options.one("src_dport", port);
    let dest_ip = options.one("dest_ip", |text| addresses(text, networks)).unwrap_or_default();
    let dest_port = options.one("dest_port", port);
    options.unsupported("extra", |_| Some(()));
    let mut rest = common(&mut options);
    let reflection = options.one("reflection", boolean).unwrap_or(true);
    let internal = options.one("reflection_src", |text| choice(text, &["internal", "external"])) != Some("external");
    let reflected = options.list("reflection_zone", |text| State::end(zones, text));
    let _ = options.one("counter", boolean);
    let logged = options.one("log", |text| Some(text.to_owned()));
    let _ = options.one("log_limit", rate);
    let target = options.one("target", target).unwrap_or("dnat");
    if !options.finish() || !enabled {
        return Ok(());
    }
    let dnat = target != "snat";
    let Ok(set) = set_of(section, used, &mut protocols, state) else { return Ok(()) };
    let bad = |all: &[Subnet]| all.iter().any(|one| one.invert || one.bits == -1);
    let why = match (dnat, src, dest) {
        (true, None, _) => Some("`src` is missing"),
        (true, Some(End::Any), _) => Some("`src` must be a zone"),
        (true, ..) if bad(&dest_ip) => Some("`dest_ip` must not be negated or masked"),
        (false, _, None) => Some("`dest` is missing"),
        (false, _, Some(End::Any)) => Some("`dest` must be a zone"),
        (false, ..) if src_dip.is_none() => Some("`src_dip` is missing"),
        (false, ..) if bad(src_dip.as_deref().unwrap_or_default()) => Some("`src_dip` must not be negated or masked"),
        (false, ..) if !macs.is_empty() || helped.is_some() => Some("`src_mac` and `helper` need the target `dnat`"),
        _ => None,
    };
    if let Some(why) = why {
        state.warnings.add(section, &format!("{why}, so firewall4 skips the section"));
        return Ok(());
    }
    check_lengths(section, &name, log(logged, &name).as_deref())?;
    rest.helper = helped.as_ref().map(|one| Maybe { invert: one.invert, value: one.value.0.clone() });
    let mut taken = Taken {
        src,
        dest,
        dnat,
        set,
        helper: helped.map(|one| one.value.1),
        src_ip,
        src_dip: src_dip.unwrap_or_default(),
        dest_ip,
        macs,
        src_port,
        src_dport,
        dest_port,
        family: only,
        rest,
        reflection,
        internal,
        reflected,
        name,
    };
    if dnat {
        settle(section, &mut taken, state);
    } else if let Some(zone) = dest.and_then(End::zone) {
        state.to(zone, "snat");
    }
    protocols.iter().try_for_each(|proto| for_protocol(section, &taken, proto, state))
}

/// What a forward leaves open: the zone of its target, and the port.
fn settle(section: &Section, taken: &mut Taken, state: &mut State) {
    if taken.dest.is_none() {
        let holds = |zone: &super::state::Zone| {
            zone.related.iter().any(|own| taken.dest_ip.iter().any(|address| address.shares(own)))
        };
        taken.dest = state.zones.iter().position(holds).map(End::Zone);
        if let Some(zone) = taken.dest.and_then(End::zone) {
            let name = state.name_of(zone).to_owned();
            state.warnings.add(section, &format!("`dest` is missing, and firewall4 takes it to be `{name}`"));
        }
    }
    if taken.dest_port.is_none() {
        taken.dest_port = taken.src_dport.clone();
    }
    let Some(src) = taken.src.and_then(End::zone) else { return };
    let masq = state.zones.get(src).is_some_and(|zone| zone.masq);
    if let (true, true, Some(dest)) = (taken.reflection, masq, taken.dest.and_then(End::zone)) {
        for flag in ["accept", "dnat", "snat"] {
            state.to(dest, flag);
        }
    }
    state.to(src, "dnat");
}

fn for_protocol(section: &Section, taken: &Taken, proto: &Protocol, state: &mut State) -> Result<(), Unreadable> {
    let transport = matches!(proto.as_deref(), Some("tcp" | "udp"));
    let only = if proto.as_deref() == Some("ipv6-icmp") { Some(6) } else { taken.family };
    let (from, to, rewritten) = if taken.dnat {
        (&taken.src_ip, &taken.src_dip, &taken.dest_ip)
    } else {
        (&taken.src_ip, &taken.dest_ip, &taken.src_dip)
    };
    let (dport, rport) =
        if taken.dnat { (&taken.src_dport, &taken.dest_port) } else { (&taken.dest_port, &taken.src_dport) };
    let port = |port: &Option<Maybe<Ports>>| port.clone().filter(|_| transport);
    let (sport, dport, rport) = (port(&taken.src_port), port(dport), port(rport));
    let set_family = taken.set.as_ref().and_then(|(set, _)| state.sets.get(*set)).map(|set| set.family);
    let zones = [state.family_of(taken.src), state.family_of(taken.dest)];
    let parts = [set_family, family_of(from), family_of(to), family_of(rewritten), zones[0], zones[1], taken.helper];
    let Ok(only) = infer(only, &parts) else {
        state
            .warnings
            .add(section, "its parts are of different families, so firewall4 leaves out what they would match");
        return Ok(());
    };
    let new = |family, from: Group, to: Group, rewritten| Part {
        family,
        proto: proto.clone(),
        from,
        to,
        sport: sport.clone(),
        dport: dport.clone(),
        rport: rport.clone(),
        rewritten,
        dnat: taken.dnat,
        zone: if taken.dnat { taken.src } else { taken.dest },
        reflected: false,
    };
    if taken.dnat && taken.reflection {
        reflect(section, taken, &new(4, Group::default(), Group::default(), None), state)?;
    }
    let has = |v6: bool| [from, to, rewritten].iter().any(|all| all.iter().any(|one| one.v6 == v6));
    let any = has(false) || has(true);
    if only.unwrap_or(0) == 0 && !any {
        // Without a family and without addresses a redirect is for IPv4, unless `any` was asked for.
        let part = new(only.unwrap_or(4), Group::default(), Group::default(), None);
        return push(section, taken, part, state);
    }
    for (number, v6) in [(4, false), (6, true)] {
        if only.unwrap_or(0) != 0 && only != Some(number) || any && !has(v6) {
            continue;
        }
        for src in groups(&of(v6, from)) {
            for dest in groups(&of(v6, to)) {
                push(section, taken, new(number, src.clone(), dest, of(v6, rewritten).first().copied()), state)?;
            }
        }
    }
    Ok(())
}

/// One rule of a redirect.
#[derive(Clone)]
struct Part {
    family: u8,
    proto: Protocol,
    from: Group,
    to: Group,
    sport: Option<Maybe<Ports>>,
    dport: Option<Maybe<Ports>>,
    rport: Option<Maybe<Ports>>,
    rewritten: Option<Subnet>,
    dnat: bool,
    /// Whose chain it goes to.
    zone: Option<End>,
    reflected: bool,
}

/// The rules by which the inside reaches a forward under the router's outer address: the destination is translated for
/// packets from the reflection zones' own networks, and the source for those that go back into the same zone.
fn reflect(section: &Section, taken: &Taken, plain: &Part, state: &mut State) -> Result<(), Unreadable> {
    let (Some(src), Some(dest)) = (taken.src.and_then(End::zone), taken.dest.and_then(End::zone)) else {
        return Ok(());
    };
    if taken.dest_ip.is_empty() {
        return Ok(());
    }
    let (masq, related) =
        state.zones.get(src).map_or(([false; 2], Vec::new()), |zone| ([zone.masq, zone.masq6], zone.related.clone()));
    let hosts = || related.iter().map(|one| Subnet { invert: false, ..Subnet::host(one.v6, one.address) }).collect();
    let outer: Vec<Subnet> = if taken.src_dip.is_empty() { hosts() } else { taken.src_dip.clone() };
    let zones = if taken.reflected.is_empty() { vec![End::Zone(dest)] } else { taken.reflected.clone() };
    for end in zones {
        let Some(zone) = end.zone() else {
            return Err(refused(
                section,
                "`reflection_zone` must be a zone: firewall4 gives up, and no firewall is loaded",
            ));
        };
        let inner = state.zones.get(zone).map_or(Vec::new(), |zone| zone.related.clone());
        for (v6, masquerades) in [(false, masq[0]), (true, masq[1])] {
            let Some(target) = of(v6, &taken.dest_ip).first().copied().filter(|_| masquerades) else { continue };
            let (inside, outside) = (of(v6, &inner), of(v6, &outer));
            let near = inner.iter().find(|own| taken.internal && target.shares(own));
            let own = near.or_else(|| if taken.internal { inside.first() } else { outside.first() }).copied();
            let (Some(own), false, false) = (own, inside.is_empty(), outside.is_empty()) else {
                state
                    .warnings
                    .add(section, "no address is known to reflect with: this forward works from outside only");
                continue;
            };
            check_lengths(section, &format!("{} (reflection)", taken.name), None)?;
            let part = Part { family: if v6 { 6 } else { 4 }, zone: Some(end), reflected: true, ..plain.clone() };
            for from in groups(&inside) {
                for to in groups(&outside) {
                    let part = Part { from: from.clone(), to, rewritten: Some(target), ..part.clone() };
                    push(section, taken, part, state)?;
                }
            }
            let host = Subnet { invert: false, ..Subnet::host(v6, own.address) };
            for to in groups(&of(v6, &taken.dest_ip)) {
                for from in groups(&inside) {
                    let rewritten = Some(host);
                    let (sport, dport) = (None, plain.rport.clone());
                    let part = Part {
                        from,
                        to: to.clone(),
                        sport,
                        dport,
                        rport: None,
                        rewritten,
                        dnat: false,
                        ..part.clone()
                    };
                    push(section, taken, part, state)?;
                }
            }
        }
    }
    Ok(())
}

fn push(section: &Section, taken: &Taken, part: Part, state: &mut State) -> Result<(), Unreadable> {
    let mut rest = taken.rest.clone();
    if let (Some((set, used)), false) = (&taken.set, part.reflected) {
        match fields(state, *set, used, &part.proto) {
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
    let Some(zone) = part.zone.and_then(End::zone) else { return Ok(()) };
    let rport = part.rport.as_ref().map(|port| port.value);
    let matches = Matches {
        family: part.family,
        implied: part.sport.is_some() || part.dport.is_some() || part.rport.is_some(),
        proto: part.proto,
        src: part.from,
        dest: part.to,
        src_ports: part.sport.into_iter().collect(),
        dest_ports: part.dport.into_iter().collect(),
        macs: if part.reflected { Vec::new() } else { taken.macs.clone() },
        rest,
        ..Matches::default()
    };
    sound(section, &matches)?;
    if rport.is_some() && matches.src_ports.is_empty() && matches.dest_ports.is_empty() {
        // firewall4 takes the new port for a condition on the protocol, and leaves that out.
        let why =
            "`dest_port` needs `src_dport` beside it: nft refuses a port without a protocol, and the whole firewall";
        return Err(refused(section, why));
    }
    // firewall4 writes the port even where it stays what it is. In a range netfilter keeps the port that it finds
    // (`nf_nat_core.c`, get_unique_tuple).
    let same = |ports: &Maybe<Ports>| !ports.invert && Some(ports.value) == rport;
    let rport = rport.filter(|_| !(part.dnat && matches.dest_ports.iter().any(same)));
    let to = match part.rewritten {
        Some(to) if !to.is_sound() => {
            return Err(refused(section, "the address to translate to is none: nft refuses the whole firewall"));
        }
        Some(to) => Some(format!("{}{}", to.target(rport.is_some()), to_port(rport))),
        None => None,
    };
    let (start, action) = match (part.dnat, to) {
        (true, Some(to)) => ("dstnat", format!("dnat to {to}")),
        (true, None) if rport.is_some() => ("dstnat", format!("redirect to {}", to_port(rport))),
        (true, None) => ("dstnat", "redirect".to_owned()),
        (false, Some(to)) => ("srcnat", format!("snat to {to}")),
        (false, None) => {
            return Err(refused(section, "an address to translate to is missing: nft refuses the whole firewall"));
        }
    };
    state.to(zone, if part.dnat { "dnat" } else { "snat" });
    let chain = format!("{start}_{}", state.name_of(zone));
    state.redirects.push(Rule { line: line(section), chain, matches, action });
    Ok(())
}
