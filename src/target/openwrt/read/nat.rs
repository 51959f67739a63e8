//! `config nat`

use super::{
    address::{Group, Subnet, addresses, family as family_of, groups, of},
    common::{common, ensure_ports, log, sound},
    options::Options,
    redirect::to_port,
    state::{Common, End, Matches, Rule, State, check_lengths, infer, line, refused},
    uci::Section,
    value::{Maybe, Ports, Protocol, boolean, family, port, protocol, set_use, target},
};
use crate::router::Unreadable;

struct Taken {
    src: Option<End>,
    device: Option<String>,
    src_port: Option<Maybe<Ports>>,
    dest_port: Option<Maybe<Ports>>,
    to_port: Option<Maybe<Ports>>,
    rest: Common,
    target: &'static str,
}

/// Reads the section: a translation of sources.
pub fn read(section: &Section, state: &mut State) -> Result<(), Unreadable> {
    let State { warnings, networks, zones, .. } = state;
    let mut options = Options::new(section, warnings);
    let enabled = options.one("enabled", boolean).unwrap_or(true);
    let name = options.one("name", |text| Some(text.to_owned())).unwrap_or_else(|| section.id());
    let only = options.one("family", family);
    let src = options.one("src", |text| State::end(zones, text));
    let device = options.one("device", |text| Some(text.to_owned()));
    options.unsupported("ipset", |text| set_use(text).map(drop));
    let mut protocols = options.list("proto", protocol).concat();
    if protocols.is_empty() {
        protocols = vec![None];
    }
    let src_ip = options.one("src_ip", |text| addresses(text, networks)).unwrap_or_default();
    let src_port = options.one("src_port", port);
    let snat_ip = options.one("snat_ip", |text| addresses(text, networks));
    let snat_port = options.one("snat_port", port);
    options.not_negated("snat_ip", snat_ip.iter().flatten().any(|one| one.invert));
    options.not_negated("snat_port", snat_port.as_ref().is_some_and(|one| one.invert));
    let dest_ip = options.one("dest_ip", |text| addresses(text, networks)).unwrap_or_default();
    let dest_port = options.one("dest_port", port);
    options.unsupported("extra", |_| Some(()));
    let rest = common(&mut options);
    let _ = options.one("connlimit_ports", boolean);
    let _ = options.one("counter", boolean);
    let logged = options.one("log", |text| Some(text.to_owned()));
    let target = options.one("target", target).unwrap_or("masquerade");
    if !options.finish() || !enabled {
        return Ok(());
    }
    let target = if matches!(target, "accept" | "snat") { target } else { "masquerade" };
    let ports = snat_port.is_some() || src_port.is_some() || dest_port.is_some();
    let why = if target == "snat" && snat_ip.is_none() && snat_port.is_none() {
        Some("`snat_ip` is missing")
    } else if target != "snat" && (snat_ip.is_some() || snat_port.is_some()) {
        Some("`snat_ip` and `snat_port` need the target `snat`")
    } else if ports && !ensure_ports(&mut protocols) {
        Some("ports, and protocols that have none")
    } else if snat_ip.iter().flatten().any(|one| one.bits == -1) {
        Some("`snat_ip` must not have a mask")
    } else {
        None
    };
    if let Some(why) = why {
        warnings.add(section, &format!("{why}, so firewall4 skips the section"));
        return Ok(());
    }
    check_lengths(section, &name, log(logged, &name).as_deref())?;
    let taken = Taken { src, device, src_port, dest_port, to_port: snat_port, rest, target };
    let rewritten = snat_ip.unwrap_or_default();
    for proto in &protocols {
        let parts = [family_of(&src_ip), family_of(&dest_ip), family_of(&rewritten), state.family_of(src)];
        let Ok(found) = infer(only, &parts) else {
            state.warnings.add(section, "its parts are of different families, so firewall4 skips the section");
            continue;
        };
        if let Some(zone) = src.and_then(End::zone) {
            state.to(zone, "snat");
        }
        // Without a family firewall4 takes that of the addresses, and IPv4 if there are none or both.
        let all = || src_ip.iter().chain(&dest_ip).chain(&rewritten);
        let found = found.unwrap_or(if all().any(|one| one.v6) && !all().any(|one| !one.v6) { 6 } else { 4 });
        if found == 0 && all().next().is_none() {
            push(section, &taken, proto, (0, Group::default(), Group::default(), None), state)?;
            continue;
        }
        for (number, v6) in [(4, false), (6, true)] {
            if found != 0 && found != number {
                continue;
            }
            let to = of(v6, &rewritten).first().copied();
            for from in groups(&of(v6, &src_ip)) {
                for dest in groups(&of(v6, &dest_ip)) {
                    push(section, &taken, proto, (number, from.clone(), dest, to), state)?;
                }
            }
        }
    }
    Ok(())
}

type Part = (u8, Group, Group, Option<Subnet>);

fn push(
    section: &Section,
    taken: &Taken,
    proto: &Protocol,
    (family, src, dest, to): Part,
    state: &mut State,
) -> Result<(), Unreadable> {
    let transport = matches!(proto.as_deref(), Some("tcp" | "udp"));
    let ports = |port: &Option<Maybe<Ports>>| port.clone().filter(|_| transport).into_iter().collect::<Vec<_>>();
    let (src_ports, dest_ports) = (ports(&taken.src_port), ports(&taken.dest_port));
    let matches = Matches {
        family,
        proto: proto.clone(),
        implied: !(src_ports.is_empty() && dest_ports.is_empty()),
        oifname: taken.device.clone(),
        src,
        dest,
        src_ports,
        dest_ports,
        rest: taken.rest.clone(),
        ..Matches::default()
    };
    sound(section, &matches)?;
    let port = taken.to_port.as_ref().filter(|_| transport).map(|port| port.value);
    let action = match (taken.target, to) {
        ("snat", None) if port.is_none() => {
            return Err(refused(section, "an address to translate to is missing: nft refuses the whole firewall"));
        }
        ("snat", Some(to)) if !to.is_sound() => {
            return Err(refused(section, "`snat_ip` is no address: nft refuses the whole firewall"));
        }
        ("snat", to) => {
            format!("snat to {}{}", to.map_or(String::new(), |to| to.target(port.is_some())), to_port(port))
        }
        (other, _) => other.to_owned(),
    };
    let chain = match taken.src.and_then(End::zone) {
        Some(zone) => format!("srcnat_{}", state.name_of(zone)),
        None => "srcnat".to_owned(),
    };
    state.redirects.push(Rule { line: line(section), chain, matches, action });
    Ok(())
}
