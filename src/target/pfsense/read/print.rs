//! Rules in pf's own words, to be looked at and compared.

use super::ast::{
    Action, Addresses, Atom, Binat, Direction, End, Filter, Flags, From, Match, Nat, Ports, Rdr, Rules, To,
};
use crate::packet::Family;

/// All rules, one a line.
pub fn print(rules: &Rules) -> String {
    let binats = rules.binats.iter().map(binat);
    let nats = rules.nats.iter().map(nat);
    let rdrs = rules.rdrs.iter().map(rdr);
    let filters = rules.filters.iter().map(filter);
    binats.chain(nats).chain(rdrs).chain(filters).map(|line| line + "\n").collect()
}

fn matches(found: &Match) -> String {
    let mut text = String::new();
    if let Some(on) = &found.on {
        let mut names = on.names.clone();
        names.sort();
        text += &format!(" on {}{}", if on.not { "! " } else { "" }, list(&names));
    }
    match found.family {
        Some(Family::V4) => text += " inet",
        Some(Family::V6) => text += " inet6",
        None => {}
    }
    if !found.protocols.is_empty() {
        let mut numbers = found.protocols.clone();
        numbers.sort_unstable();
        text += &format!(" proto {}", list(&numbers.iter().map(ToString::to_string).collect::<Vec<_>>()));
    }
    text += &format!(" from {} to {}", end(&found.src), end(&found.dst));
    text
}

fn list(words: &[String]) -> String {
    match words {
        [one] => one.clone(),
        several => format!("{{ {} }}", several.join(" ")),
    }
}

fn end(end: &End) -> String {
    let mut text = match &end.addresses {
        Addresses::Any => "any".to_owned(),
        Addresses::Of(atoms) => {
            let mut words: Vec<String> = atoms.iter().map(atom).collect();
            words.sort();
            words.dedup();
            format!("{}{}", if end.not { "! " } else { "" }, list(&words))
        }
    };
    if let Some(found) = &end.ports {
        text += &format!(" port {}", ports(found));
    }
    text
}

fn ports(found: &Ports) -> String {
    let mut words: Vec<String> = found.ranges.iter().map(|(from, to)| range(*from, *to)).collect();
    words.extend(found.unknown.then(|| "?".to_owned()));
    words.sort();
    words.dedup();
    list(&words)
}

fn range(from: u16, to: u16) -> String {
    if from == to { from.to_string() } else { format!("{from}:{to}") }
}

fn atom(found: &Atom) -> String {
    match found {
        Atom::Net(net) => net.to_string(),
        Atom::Perhaps(net) => format!("{net}?"),
        Atom::Own => "(self)".to_owned(),
        Atom::Of(device) => format!("({device})"),
        Atom::Unknown => "?".to_owned(),
    }
}

fn filter(rule: &Filter) -> String {
    let mut text = match rule.action {
        Action::Pass => "pass",
        Action::Block => "block",
        Action::Match => "match",
    }
    .to_owned();
    match rule.direction {
        Some(Direction::In) => text += " in",
        Some(Direction::Out) => text += " out",
        None => {}
    }
    if rule.quick {
        text += " quick";
    }
    if let Some(route) = &rule.route {
        text += &format!(" route-to {}", list(route));
    }
    text += &matches(&rule.matches);
    if !rule.icmp.is_empty() {
        let words: Vec<String> = rule
            .icmp
            .iter()
            .map(|(kind, code)| code.map_or_else(|| kind.to_string(), |code| format!("{kind}/{code}")))
            .collect();
        text += &format!(" icmp-type {}", list(&words));
    }
    if !rule.tag.is_empty() {
        text += &format!(" tag {}", rule.tag);
    }
    if let Some((tag, not)) = &rule.tagged {
        text += &format!(" {}tagged {tag}", if *not { "! " } else { "" });
    }
    if rule.flags != Flags::ANY {
        text += &format!(" flags {}/{}", rule.flags.set, rule.flags.mask);
    }
    if rule.bounces {
        text += " reply-to";
    }
    if rule.stateless {
        text += " no state";
    }
    if rule.perhaps || rule.unsure {
        text += " # not surely";
    }
    text
}

fn rdr(rule: &Rdr) -> String {
    let no = if rule.no { "no " } else { "" };
    let pass = if rule.pass { " pass" } else { "" };
    let mut text = format!("{no}rdr{pass}{}", matches(&rule.matches));
    if !rule.no {
        text += &match &rule.to {
            To::Address(address) => format!(" -> {address}"),
            To::Unknown => " -> ?".to_owned(),
        };
        if let Some((from, to)) = rule.port {
            text += &format!(" port {}", range(from, to));
        }
    }
    text
}

fn nat(rule: &Nat) -> String {
    let mut text = format!("{}nat{}", if rule.no { "no " } else { "" }, matches(&rule.matches));
    if !rule.no {
        text += &match &rule.from {
            From::Interface => " -> (interface)".to_owned(),
            From::Address(address) => format!(" -> {address}"),
            From::Unknown => " -> ?".to_owned(),
        };
        if rule.static_port {
            text += " static-port";
        }
    }
    text
}

fn binat(rule: &Binat) -> String {
    let net = |net: Option<ipnet::IpNet>| net.map_or("?".to_owned(), |net| net.to_string());
    let no = if rule.no { "no " } else { "" };
    let mut text = format!("{no}binat on {} from {} to {}", list(&rule.on.names), net(rule.inside), end(&rule.peer));
    if !rule.no {
        text += &format!(" -> {}", net(rule.outside));
    }
    text
}
