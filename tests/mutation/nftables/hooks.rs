//! Changes to what holds the rules: chains, hooks and their priorities, further tables, connection tracking, and what asks
//! where an address belongs.

use super::edits::{Kind, at, is_rule, names, word};
use crate::rng::Rng;

pub const KINDS: [Kind; 34] = [
    // Edits that change nothing, as long as connections are known by then.
    ("a filter a little later", |lines, rng| word(lines, rng, "priority filter", "priority filter + 10")),
    ("a filter among those for security", |lines, rng| word(lines, rng, "priority filter", "priority security")),
    ("a filter by number", |lines, rng| word(lines, rng, "priority filter", "priority -7")),
    ("sources looked at in the first place", |lines, rng| word(lines, rng, "priority mangle", "priority raw")),
    ("sources looked at behind translations", |lines, rng| word(lines, rng, "priority mangle", "priority filter")),
    ("sources looked at on the way through", |lines, rng| {
        word(lines, rng, "hook prerouting priority mangle", "hook forward priority mangle")
    }),
    ("sources looked at on the way in", |lines, rng| {
        word(lines, rng, "hook prerouting priority mangle", "hook input priority mangle")
    }),
    ("translations before connections are known", |lines, rng| word(lines, rng, "priority dstnat", "priority -250")),
    ("a chain on no hook", |lines, rng| line(lines, rng, |line| line.contains(" hook "))),
    ("the router's addresses as sources", |lines, rng| line(lines, rng, |line| line.contains("fib saddr type"))),
    ("our prefix from outside", |lines, rng| line(lines, rng, |line| line.contains("fib saddr oifname"))),
    ("our networks from outside", |lines, rng| line(lines, rng, |line| line.contains("@own"))),
    ("any way back", |lines, rng| word(lines, rng, "fib saddr . iif oif", "fib saddr oif")),
    ("another way back", |lines, rng| word(lines, rng, "fib saddr oifname", "fib daddr oifname")),
    ("what may not come from outside dropped for all", |lines, rng| {
        at(
            lines,
            rng,
            |line| line.contains("fib saddr oifname"),
            |line| Some(format!("\t\t{}", &line[line.find("ip6 saddr")?..])),
        )
    }),
    ("invalid packets accepted first", |lines, rng| head(lines, rng, "ct state invalid accept")),
    ("invalid packets dropped twice", |lines, rng| head(lines, rng, "ct state invalid counter drop")),
    ("untracked packets accepted first", |lines, rng| head(lines, rng, "ct state untracked accept")),
    ("new connections dropped first", |lines, rng| head(lines, rng, "ct state new drop")),
    ("whatever is translated accepted", |lines, rng| head(lines, rng, "ct status dnat accept")),
    ("known connections of one interface", |lines, rng| {
        let all: Vec<String> = lines.iter().flat_map(|line| names(line)).collect();
        let name = rng.pick(&all).clone();
        at(
            lines,
            rng,
            |line| line.trim().starts_with("ct state vmap"),
            |line| Some(line.replacen("ct state", &format!("iifname {name} ct state"), 1)),
        )
    }),
    ("packets not tracked", |lines, rng| {
        let hook = *rng.pick(&["prerouting", "prerouting", "output"]);
        let port = port(lines, rng)?;
        let one = format!("tcp dport {port} ");
        let which = *rng.pick(&["", "udp dport 53 ", &one, "meta l4proto 17 "]);
        chain(lines, &format!("type filter hook {hook} priority raw; policy accept;"), &[&format!("{which}notrack")])
    }),
    ("packets not tracked, too late", |lines, _| {
        chain(lines, "type filter hook prerouting priority mangle; policy accept;", &["notrack"])
    }),
    ("one more chain that accepts", |lines, rng| {
        let hook = *rng.pick(&["input", "forward", "output"]);
        let priority = *rng.pick(&["filter - 5", "filter + 5", "mangle"]);
        chain(lines, &format!("type filter hook {hook} priority {priority}; policy accept;"), &["accept"])
    }),
    ("one more chain that drops a port", |lines, rng| {
        let hook = *rng.pick(&["prerouting", "input", "forward", "output", "postrouting"]);
        let priority = *rng.pick(&["filter - 5", "filter + 5", "mangle"]);
        let rule = format!("{} dport {} drop", rng.pick(&["tcp", "udp", "th"]), port(lines, rng)?);
        chain(lines, &format!("type filter hook {hook} priority {priority}; policy accept;"), &[&rule])
    }),
    ("one more chain that drops the rest", |lines, rng| {
        let hook = *rng.pick(&["input", "forward", "output"]);
        let rule = format!("tcp dport {} accept", port(lines, rng)?);
        let known = "ct state { established, related } accept";
        chain(lines, &format!("type filter hook {hook} priority filter + 5; policy drop;"), &[known, &rule])
    }),
    ("one more translation of where to", |lines, rng| {
        let port = port(lines, rng)?;
        let rule = *rng.pick(&["redirect to :8080", "dnat ip to 192.0.2.9"]);
        let rule = format!("meta nfproto ipv4 tcp dport {port} {rule}");
        let priority = *rng.pick(&["dstnat - 5", "dstnat + 5"]);
        chain(lines, &format!("type nat hook prerouting priority {priority}; policy accept;"), &[&rule])
    }),
    ("one more translation of where from", |lines, rng| {
        let rule = *rng.pick(&["masquerade", "meta nfproto ipv4 snat ip to 192.0.2.9", "ct status dnat masquerade"]);
        let priority = *rng.pick(&["srcnat - 5", "srcnat + 5"]);
        chain(lines, &format!("type nat hook postrouting priority {priority}; policy accept;"), &[rule])
    }),
    ("one more table, of one family", |lines, rng| {
        let (family, hook) = (*rng.pick(&["ip", "ip6"]), *rng.pick(&["input", "forward"]));
        let rule = format!("tcp dport {} drop", port(lines, rng)?);
        let text = [
            &format!("table {family} more {{"),
            "\tchain more {",
            &format!("\t\ttype filter hook {hook} priority filter; policy accept;"),
            &format!("\t\t{rule}"),
            "\t}",
            "}",
        ];
        lines.extend(text.map(str::to_owned));
        Some(format!("table {family}, {hook}, {rule}"))
    }),
    ("connections by a short way", |lines, rng| {
        let all: Vec<String> = lines.iter().flat_map(|line| names(line)).collect();
        let name = rng.pick(&all).trim_end_matches("*\"").trim_matches('"').to_owned();
        let what = *rng.pick(&["meta l4proto 6 flow add @short", "ct state established flow add @short"]);
        let at = lines.iter().position(|line| line.contains("hook forward priority filter"))?;
        lines.insert(at + 1, format!("\t\t{what}"));
        let start = lines.iter().position(|line| line.starts_with("\tset "))?;
        let table = ["\tflowtable short {", "\t\thook ingress priority filter;", "", "\t}"];
        for (number, line) in table.into_iter().enumerate() {
            let line = if line.is_empty() { format!("\t\tdevices = {{ \"{name}\" }};") } else { line.to_owned() };
            lines.insert(start + number, line);
        }
        Some(format!("{what} {name}"))
    }),
    ("a mark that nobody asks for", |lines, rng| {
        let what = *rng.pick(&["meta mark set 0x7", "ct mark set 0x7"]);
        head(lines, rng, what)
    }),
    ("every interface that begins so", |lines, rng| {
        at(
            lines,
            rng,
            |line| is_rule(line) && !names(line).is_empty(),
            |line| {
                let name = names(line).into_iter().next()?;
                let stem = name.trim_matches('"');
                (stem.len() > 4).then(|| line.replacen(&name, &format!("\"{}*\"", &stem[..4]), 1))
            },
        )
    }),
    ("accepted as long as it is rare", |lines, rng| {
        at(
            lines,
            rng,
            |line| is_rule(line) && line.contains(" accept"),
            |line| Some(line.replacen(" accept", " limit rate 10/second burst 5 packets accept", 1)),
        )
    }),
    ("logged and not dropped", |lines, rng| {
        at(
            lines,
            rng,
            |line| is_rule(line) && line.contains("counter drop"),
            |line| Some(line.replacen("counter drop", "counter log prefix \"kept\"", 1)),
        )
    }),
];

/// Takes a line away.
fn line(lines: &mut [String], rng: &mut Rng, fits: impl Fn(&str) -> bool) -> Option<String> {
    at(lines, rng, fits, |_| Some(String::new()))
}

/// Puts a rule at the head of a chain that stands on a hook.
#[expect(clippy::unnecessary_wraps, reason = "as the others")]
fn head(lines: &mut Vec<String>, rng: &mut Rng, rule: &str) -> Option<String> {
    let hooks: Vec<usize> = (0..lines.len())
        .filter(|at| lines[*at].contains("type filter hook") && !lines[*at].contains("output"))
        .collect();
    let at = *rng.pick(&hooks);
    lines.insert(at + 1, format!("\t\t{rule}"));
    Some(format!("{rule} behind {}", lines[at].trim()))
}

/// One more chain at the end of the table.
fn chain(lines: &mut Vec<String>, base: &str, rules: &[&str]) -> Option<String> {
    let end = lines.iter().rposition(|line| line == "}")?;
    let rules = rules.iter().map(|rule| format!("\t\t{rule}"));
    let head = ["\tchain by.hand {".to_owned(), format!("\t\t{base}")];
    let text: Vec<String> = head.into_iter().chain(rules).chain(["\t}".to_owned()]).collect();
    let told = text.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ");
    lines.splice(end..end, text);
    Some(told)
}

/// A port that the ruleset names.
fn port(lines: &[String], rng: &mut Rng) -> Option<u16> {
    let words = lines.iter().filter(|line| !line.contains('#')).flat_map(|line| line.split([' ', '\t', ',']));
    let ports: Vec<u16> = words.filter_map(|word| word.parse().ok()).filter(|port| *port > 20).collect();
    ports.get(..).filter(|ports| !ports.is_empty()).map(|ports| *rng.pick(ports))
}
