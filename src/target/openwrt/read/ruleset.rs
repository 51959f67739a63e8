//! The rules that firewall4 would load (`templates/ruleset.uc`), each with the line of UCI that it comes from. What
//! decides over no packet is left out: counters, logs, marks, segment sizes.

use super::{
    address::{groups, of},
    include::Place,
    print::{conditions, masquerade, quoted, zone_jump, zone_match},
    state::{Field, Rule, Set, State, Zone, ZoneMatch},
    zone::HELPERS,
};
use crate::router::Line;

/// Text for nft, and of each of its lines the line that it comes from.
#[derive(Debug, Default)]
pub struct Ruleset {
    pub text: String,
    pub origins: Vec<Line>,
}

impl Ruleset {
    fn add(&mut self, origin: &Line, text: &str) {
        self.text.push_str(text);
        self.text.push('\n');
        self.origins.push(origin.clone());
    }

    fn rule(&mut self, origin: &Line, conditions: &[String], action: &str) {
        self.add(origin, &format!("  {} {action}", conditions.join(" ")));
    }

    /// What is included at a place; a chain's place bears its name.
    fn included(&mut self, state: &State, place: Place, chain: &str) {
        for include in state.includes.iter().filter(|include| include.place == place && include.chain == chain) {
            for (origin, text) in &include.lines {
                self.add(origin, text);
            }
        }
    }

    fn rules(&mut self, rules: &[Rule], chain: &str, sets: &[Set], both: bool) {
        for rule in rules.iter().filter(|rule| rule.chain == chain) {
            self.rule(&rule.line, &conditions(&rule.matches, sets, both), &rule.action);
        }
    }
}

/// Writes everything.
pub fn write(state: &State) -> Ruleset {
    let mut out = Ruleset::default();
    let place = &state.defaults.line;
    out.add(place, "table inet fw4 {");
    for (number, set) in state.sets.iter().enumerate() {
        declare(&mut out, number, set);
    }
    out.included(state, Place::TableStart, "");
    base_chains(&mut out, state);
    for zone in &state.zones {
        zone_chains(&mut out, state, zone);
    }
    translations(&mut out, state);
    untracked(&mut out, state);
    helpers(&mut out, state);
    out.included(state, Place::TableEnd, "");
    out.add(place, "}");
    out
}

fn declare(out: &mut Ruleset, number: usize, set: &Set) {
    let fields: Vec<&str> = set
        .fields
        .iter()
        .map(|field| match field {
            Field::Address if set.v6 => "ipv6_addr",
            Field::Address => "ipv4_addr",
            Field::Mac => "ether_addr",
            Field::Port => "inet_service",
        })
        .collect();
    out.add(&set.line, &format!(" set set{number} {{"));
    out.add(&set.line, &format!("  type {}", fields.join(" . ")));
    match (set.interval, set.changing) {
        (_, true) => out.add(&set.line, "  flags dynamic"),
        (true, false) => out.add(&set.line, "  flags interval"),
        (false, false) => {}
    }
    if !set.entries.is_empty() {
        out.add(&set.line, &format!("  elements = {{ {} }}", set.entries.join(", ")));
    }
    out.add(&set.line, " }");
}

/// A base chain rejects by a rule at its end, and drops as a policy.
fn policy(policy: &str) -> &str {
    if policy == "reject" { "drop" } else { policy }
}

fn base_chains(out: &mut Ruleset, state: &State) {
    let defaults = &state.defaults;
    let place = &defaults.line;
    let invalid = if defaults.drop_invalid { ", invalid : drop" } else { "" };
    for (chain, verdict, lo) in [
        ("input", defaults.input, "iif \"lo\" accept"),
        ("forward", defaults.forward, ""),
        ("output", defaults.output, "oif \"lo\" accept"),
    ] {
        out.add(place, &format!(" chain {chain} {{"));
        out.add(place, &format!("  type filter hook {chain} priority filter; policy {};", policy(verdict)));
        out.add(place, &format!("  {lo}"));
        out.included(state, Place::ChainStart, chain);
        out.add(place, &format!("  ct state vmap {{ established : accept, related : accept{invalid} }}"));
        if chain == "input" && defaults.synflood.is_some() {
            out.add(place, "  tcp flags & (fin | syn | rst | ack) == syn jump syn_flood");
        }
        out.rules(&state.rules, chain, &state.sets, true);
        for zone in &state.zones {
            for part in &zone.matches {
                out.rule(&zone.line, &zone_jump(part, chain == "output"), &format!("jump {chain}_{}", zone.name));
            }
        }
        // Behind the refusal of `input`, before that of the others.
        if chain != "input" {
            out.included(state, Place::ChainEnd, chain);
        }
        if verdict == "reject" {
            out.add(place, "  jump handle_reject");
        }
        if chain == "input" {
            out.included(state, Place::ChainEnd, chain);
        }
        out.add(place, " }");
    }
    out.add(place, " chain handle_reject {");
    out.add(place, "  reject");
    out.add(place, " }");
    if let Some((limit, burst)) = &defaults.synflood {
        let burst = burst.map_or_else(String::new, |burst| format!(" burst {burst} packets"));
        out.add(place, " chain syn_flood {");
        out.add(place, &format!("  limit rate {}/{}{burst} return", limit.rate, limit.unit));
        out.add(place, "  drop");
        out.add(place, " }");
    }
}

fn zone_chains(out: &mut Ruleset, state: &State, zone: &Zone) {
    let name = &zone.name;
    for (chain, verdict, end) in
        [("input", zone.input, "from"), ("output", zone.output, "to"), ("forward", zone.forward, "to")]
    {
        out.add(&zone.line, &format!(" chain {chain}_{name} {{"));
        let own = format!("{chain}_{name}");
        out.included(state, Place::ChainStart, &own);
        out.rules(&state.rules, &own, &state.sets, true);
        if chain != "output" && zone.flags.to.contains(&"dnat") {
            out.add(&zone.line, "  ct status dnat accept");
        }
        out.included(state, Place::ChainEnd, &own);
        out.add(&zone.line, &format!("  jump {verdict}_{end}_{name}"));
        out.add(&zone.line, " }");
    }
    for verdict in ["accept", "reject", "drop"] {
        let action = if verdict == "reject" { "jump handle_reject" } else { verdict };
        if zone.flags.from.contains(&verdict) {
            out.add(&zone.line, &format!(" chain {verdict}_from_{name} {{"));
            for part in &zone.matches {
                out.rule(&zone.line, &zone_jump(part, false), action);
            }
            out.add(&zone.line, " }");
        }
        if zone.flags.to.contains(&verdict) {
            out.add(&zone.line, &format!(" chain {verdict}_to_{name} {{"));
            for part in &zone.matches {
                let leaks = zone.masq || zone.masq6;
                if verdict == "accept" && leaks && !state.defaults.drop_invalid && !zone.allow_invalid {
                    let mut conditions = zone_match(part, true);
                    if zone.masq != zone.masq6 {
                        conditions.insert(0, format!("meta nfproto {}", if zone.masq { "ipv4" } else { "ipv6" }));
                    }
                    out.rule(&zone.line, &conditions, "ct state invalid drop");
                }
                out.rule(&zone.line, &zone_jump(part, true), action);
            }
            out.add(&zone.line, " }");
        }
    }
}

fn translations(out: &mut Ruleset, state: &State) {
    let place = &state.defaults.line;
    for (chain, hook, flag) in [("dstnat", "prerouting", "dnat"), ("srcnat", "postrouting", "snat")] {
        let egress = flag == "snat";
        out.add(place, &format!(" chain {chain} {{"));
        out.add(place, &format!("  type nat hook {hook} priority {chain}; policy accept;"));
        out.included(state, Place::ChainStart, chain);
        if egress {
            out.rules(&state.redirects, "srcnat", &state.sets, false);
        }
        let zones = || state.zones.iter().filter(|zone| zone.flags.to.contains(&flag));
        for zone in zones() {
            for part in &zone.matches {
                out.rule(&zone.line, &zone_jump(part, egress), &format!("jump {chain}_{}", zone.name));
            }
        }
        out.included(state, Place::ChainEnd, chain);
        out.add(place, " }");
        for zone in zones() {
            out.add(&zone.line, &format!(" chain {chain}_{} {{", zone.name));
            let own = format!("{chain}_{}", zone.name);
            out.included(state, Place::ChainStart, &own);
            out.rules(&state.redirects, &own, &state.sets, false);
            for v6 in [false, true].into_iter().filter(|v6| egress && if *v6 { zone.masq6 } else { zone.masq }) {
                for src in groups(&of(v6, &zone.masq_src)) {
                    for dest in groups(&of(v6, &zone.masq_dest)) {
                        out.rule(&zone.line, &masquerade(v6, &src, &dest), "masquerade");
                    }
                }
            }
            out.included(state, Place::ChainEnd, &own);
            out.add(&zone.line, " }");
        }
    }
}

/// Connections from a zone that get a helper: those that it is meant for, and those that rules name.
fn helpers(out: &mut Ruleset, state: &State) {
    let place = &state.defaults.line;
    let zones = || state.zones.iter().filter(|zone| zone.flags.to.contains(&"helper"));
    out.add(place, " chain prerouting {");
    out.add(place, "  type filter hook prerouting priority filter; policy accept;");
    for zone in zones() {
        for part in &zone.matches {
            out.rule(&zone.line, &zone_jump(part, false), &format!("jump helper_{}", zone.name));
        }
    }
    out.add(place, " }");
    for zone in zones() {
        out.add(&zone.line, &format!(" chain helper_{} {{", zone.name));
        for (name, family, flow) in HELPERS.iter().filter(|(name, ..)| zone.helpers.iter().any(|own| own == name)) {
            let family = if *family == 4 { "meta nfproto ipv4 " } else { "" };
            out.add(&zone.line, &format!("  {family}{flow} ct helper set {}", quoted(name)));
        }
        out.rules(&state.rules, &format!("helper_{}", zone.name), &state.sets, true);
        out.add(&zone.line, " }");
    }
}

/// Packets that are not tracked, by the zones they come from; those of the router itself only over loopback.
fn untracked(out: &mut Ruleset, state: &State) {
    let place = &state.defaults.line;
    for (hook, local) in [("prerouting", false), ("output", true)] {
        out.add(place, &format!(" chain raw_{hook} {{"));
        out.add(place, &format!("  type filter hook {hook} priority raw; policy accept;"));
        for zone in state.zones.iter().filter(|zone| zone.flags.to.contains(&"notrack")) {
            for part in &zone.matches {
                let mut part: ZoneMatch = part.clone();
                part.devices.retain(|device| (device == "lo") == local);
                part.subnets.positive.retain(|subnet| {
                    let text = subnet.cidr();
                    (text.starts_with("127.") || text == "::1") == local
                });
                let some = !part.devices.is_empty() || !part.subnets.positive.is_empty();
                let not = !part.not_devices.is_empty() || !part.subnets.negative.is_empty();
                if some || not && !local {
                    out.rule(&zone.line, &zone_jump(&part, false), &format!("jump notrack_{}", zone.name));
                }
            }
        }
        out.add(place, " }");
    }
    for zone in state.zones.iter().filter(|zone| zone.flags.to.contains(&"notrack")) {
        out.add(&zone.line, &format!(" chain notrack_{} {{", zone.name));
        out.rules(&state.rules, &format!("notrack_{}", zone.name), &state.sets, true);
        out.add(&zone.line, " }");
    }
}
