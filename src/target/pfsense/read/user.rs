//! The rules of the user (`filter_generate_user_rule`), in the order in which pfSense asks them: floating ones, those of
//! groups, those of all tunnels of a sort, those of interfaces.

use std::net::Ipv6Addr;

use ipnet::{IpNet, Ipv6Net};

use super::{
    ast::{Action, Addresses, Atom, Direction, End, Filter, Flags, On},
    config::{Config, origin, shown},
    ends::Made,
    interfaces::SORTS,
    names, schedule,
    xml::Node,
};
use crate::{packet::Family, router::Unreadable};

/// The prefix below which IPv6 names addresses of IPv4.
const NAT64: IpNet = IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::new(0x64, 0xff9b, 0, 0, 0, 0, 0, 0), 96));
/// Conditions that addresses and ports do not decide.
const PERHAPS: [&str; 3] = ["os", "dscp", "vlanprio"];
/// Limits that hold packets back which the rule lets through.
const LIMITS: [&str; 5] = ["max", "max-src-nodes", "max-src-states", "max-src-conn", "max-src-conn-rate"];

/// The rules, and what is left out.
///
/// # Errors
/// If pf would refuse a rule, and with it all.
pub fn rules(
    config: &Config,
    filters: &mut Vec<Filter>,
    notes: &mut Vec<super::ast::Origin>,
) -> Result<(), Unreadable> {
    let groups: Vec<&str> = config.root.all(&["ifgroups"], "ifgroupentry").map(|node| node.text("ifname")).collect();
    let place = |node: &Node| {
        let interface = node.text("interface");
        if node.has("floating") {
            return (0, 0);
        }
        if let Some(at) = groups.iter().position(|group| *group == interface) {
            return (1, at);
        }
        SORTS.iter().position(|sort| *sort == interface).map_or((3, 0), |at| (2, at))
    };
    let mut nodes: Vec<&Node> = config.root.all(&["filter"], "rule").filter(|node| !node.children.is_empty()).collect();
    nodes.sort_by_key(|node| place(node));
    for node in nodes.into_iter().filter(|node| !node.has("disabled") && !node.has("separator")) {
        let families: &[Family] = match node.text("ipprotocol") {
            "inet46" => &[Family::V4, Family::V6],
            "inet6" => &[Family::V6],
            _ => &[Family::V4],
        };
        for family in families {
            match rule(config, node, *family)? {
                Ok(found) => filters.extend(found),
                Err(why) => {
                    let mut note = origin(node, "rule");
                    note.text += &format!(": pfSense leaves it out, because {why}");
                    notes.push(note);
                }
            }
        }
    }
    Ok(())
}

fn refused(node: &Node, why: &str) -> Unreadable {
    let shown = origin(node, "rule");
    Unreadable::new(format!(
        "line {}: {}: {why}, so pf refuses all rules and keeps the old ones",
        shown.line, shown.text
    ))
}

/// One rule of one family; two if a gateway makes an exception for VPNs.
fn rule(config: &Config, node: &Node, family: Family) -> Made<Vec<Filter>> {
    let floating = node.has("floating");
    let on = match on(config, node, floating) {
        Ok(on) => on,
        Err(why) => return Ok(Err(why)),
    };
    let action = match node.text("type") {
        "block" | "reject" => Action::Block,
        "match" => Action::Match,
        // Whatever pfSense does not know passes.
        _ => Action::Pass,
    };
    let mut filter = Filter::new(action, "");
    filter.origin = origin(node, "rule");
    filter.matches.on = on;
    filter.matches.family = Some(family);
    filter.quick = !floating || node.has("quick");
    filter.direction = match node.text("direction") {
        _ if node.text("floating") != "yes" => Some(Direction::In),
        "any" | "" => None,
        "in" => Some(Direction::In),
        "out" => Some(Direction::Out),
        other => return Err(refused(node, &format!("`{}` is no direction", shown(other)))),
    };
    let translates = node.get("nat").is_some_and(|nat| nat.has("enable"));
    if translates {
        if family != Family::V6 || node.text("type") != "pass" || filter.direction != Some(Direction::In) {
            return Ok(Err("its translation of families is invalid".to_owned()));
        }
        filter.unsure = true;
    }
    let gateway = node.text("gateway");
    if !gateway.is_empty() && action == Action::Pass {
        match config.gateway_devices(gateway) {
            Some(devices) if !devices.is_empty() => filter.route = Some(devices),
            // Without a gateway that is there, the route decides; or the rule is left out.
            _ if !config.system("skip_rules_gw_down") => {}
            _ => return Ok(Err(format!("there is no gateway `{}`", shown(gateway)))),
        }
    }
    protocol(node, family, &mut filter)?;
    for (side, is_source) in [("source", true), ("destination", false)] {
        let end = match config.whole_end(node, side, family)? {
            Ok(end) => end,
            Err(why) => return Ok(Err(why)),
        };
        *(if is_source { &mut filter.matches.src } else { &mut filter.matches.dst }) = end;
    }
    icmp(node, family, &mut filter)?;
    filter.tag = node.text("tag").to_owned();
    if !node.text("tagged").is_empty() {
        filter.tagged = Some((node.text("tagged").to_owned(), node.has("nottagged")));
    }
    filter.perhaps = PERHAPS.iter().any(|name| !["", "none"].contains(&node.text(name)));
    state(node, &mut filter);
    filter.bounces = bounces(config, node, &filter, family);
    filter.by_default = !replies_to(config, node, &filter, family);
    let name = node.text("sched");
    if !name.is_empty() {
        filter.minutes = schedule::minutes(config, name);
    }
    let mut found = Vec::new();
    if filter.route.is_some() && excepts_vpns(config, node) {
        let mut except = Filter { route: None, ..filter.clone() };
        except.matches.dst =
            End { addresses: Addresses::Of(config.vpns.atoms()), not: false, ..filter.matches.dst.clone() };
        found.push(except);
    }
    if translates && !config.system("allow_nat64_prefix_override") {
        // Whatever its destination says, it is about the prefix of NAT64; 2.7 knows nothing of that.
        let mut prefix = Filter { perhaps: true, ..filter.clone() };
        prefix.matches.dst = End { addresses: Addresses::Of(vec![Atom::Net(NAT64)]), not: false, ..End::ANY };
        found.push(prefix);
        filter.perhaps = true;
    }
    found.push(filter);
    Ok(Ok(found))
}

/// Does a rule with a gateway let everything pass to the networks of VPNs, by the routes? pfSense looks for the letters
/// `any` in the destination of the rule, and finds them in the name of an alias as well.
fn excepts_vpns(config: &Config, node: &Node) -> bool {
    let side = node.get("destination");
    let names = |field: &str| {
        side.is_some_and(|side| {
            let word = side.text(field);
            config.aliases.is_alias(word) && word.contains("any")
        })
    };
    let found = side.is_some_and(|side| side.has("any")) || names("address") || names("port");
    found && !config.system("disablenegate") && !config.vpns.is_empty()
}

/// Does pfSense write `reply-to` for a rule that is asked on the way out? It does for every rule of one interface with a
/// gateway that has a direction. On the way in it is right; here the answers themselves are sent to the gateway.
fn bounces(config: &Config, node: &Node, filter: &Filter, family: Family) -> bool {
    let outward = filter.action == Action::Pass && filter.direction == Some(Direction::Out);
    let asked = node.text("gateway").is_empty() && !node.has("disablereplyto") && !config.system("disablereplyto");
    let gateway = config.interfaces.get(node.text("interface")).is_some_and(|interface| match family {
        Family::V4 => interface.gateway4,
        Family::V6 => interface.gateway6,
    });
    outward && asked && gateway
}

/// Does pfSense write `reply-to` for a rule that is asked on the way in? It does for those of one interface with a
/// gateway, and for none of a group, of several interfaces, or of all.
fn replies_to(config: &Config, node: &Node, filter: &Filter, family: Family) -> bool {
    let asked = node.text("gateway").is_empty() && !node.has("disablereplyto") && !config.system("disablereplyto");
    let one = config.interfaces.get(node.text("interface")).is_some_and(|interface| match family {
        Family::V4 => interface.gateway4,
        Family::V6 => interface.gateway6,
    });
    asked && one && filter.direction.is_some()
}

/// The devices that a rule is about; nothing for all.
fn on(config: &Config, node: &Node, floating: bool) -> Result<Option<On>, String> {
    let word = node.text("interface");
    if floating {
        if word.is_empty() || word == "any" {
            return Ok(None);
        }
        let known = word.split(',').filter_map(|key| config.interfaces.get(key));
        let names: Vec<String> = known.map(|interface| interface.device.clone()).collect();
        return if names.is_empty() {
            Err(format!("none of its interfaces (`{}`) is enabled", shown(word)))
        } else {
            Ok(Some(On { names, not: false }))
        };
    }
    match config.interfaces.get(word) {
        Some(interface) => Ok(Some(On::one(&config.interfaces.macro_device(interface)))),
        None => Err(format!("there is no interface `{}`, or it is not enabled", shown(word))),
    }
}

fn protocol(node: &Node, family: Family, filter: &mut Filter) -> Result<(), Unreadable> {
    let word = node.text("protocol");
    filter.matches.protocols = match word {
        "any" => Vec::new(),
        "" => {
            // A port without a protocol makes it TCP, and pfSense then forgets the port.
            let port = ["source", "destination"].iter().any(|side| !node.text_at(&[*side, "port"]).is_empty());
            if port { vec![6] } else { Vec::new() }
        }
        "tcp/udp" => vec![6, 17],
        "icmp" if family == Family::V6 => vec![58],
        other => match names::protocol(other) {
            Some(number) => vec![number],
            None => return Err(refused(node, &format!("`{}` is no protocol", shown(other)))),
        },
    };
    Ok(())
}

/// `echoreq,unreach code 4`: the text is handed to pf as it is.
fn icmp(node: &Node, family: Family, filter: &mut Filter) -> Result<(), Unreadable> {
    let words = node.text("icmptype");
    // To PHP the text `0` is as good as none.
    if node.text("protocol") != "icmp" || ["", "0", "any"].contains(&words) {
        return Ok(());
    }
    for word in words.split(',').map(str::trim).filter(|word| !word.is_empty()) {
        let (kind, code) = word.split_once(" code ").map_or((word, None), |(kind, code)| (kind, Some(code)));
        let number = names::icmp_type(kind.trim(), family);
        let code = code.map(|code| code.trim().parse::<u8>());
        match (number, code) {
            (Some(number), None) => filter.icmp.push((number, None)),
            (Some(number), Some(Ok(code))) => filter.icmp.push((number, Some(code))),
            _ => {
                return Err(refused(node, &format!("`{}` is no type of ICMP of its address family", shown(word))));
            }
        }
    }
    Ok(())
}

/// Flags of TCP, what is remembered, and limits.
fn state(node: &Node, filter: &mut Filter) {
    let tcp = node.text("protocol") == "tcp";
    let given = if !tcp {
        None
    } else if node.has("tcpflags_any") {
        Some(Flags::ANY)
    } else if node.text("tcpflags2").is_empty() {
        Some(Flags::SYN)
    } else {
        Some(Flags { set: flags(node.text("tcpflags1")), mask: flags(node.text("tcpflags2")) })
    };
    filter.stateless = filter.action == Action::Pass && node.text("statetype") == "none";
    let keeps = filter.action == Action::Pass && !filter.stateless;
    filter.flags = given.unwrap_or(if keeps { Flags::SYN } else { Flags::ANY });
    filter.unsure |= keeps && LIMITS.iter().any(|name| !node.text(name).is_empty());
}

fn flags(words: &str) -> u8 {
    let bit = |word: &str| match word.trim().chars().next() {
        Some('f') => 1,
        Some('s') => 2,
        Some('r') => 4,
        Some('p') => 8,
        Some('a') => 16,
        Some('u') => 32,
        Some('e') => 64,
        Some('c') => 128,
        _ => 0,
    };
    words.split(',').map(bit).fold(0, |all, bit| all | bit)
}
