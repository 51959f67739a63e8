//! Matches of iptables in nft's words.

use super::{
    super::names,
    ends::{address, interface},
    line::Clause,
};

/// The ways in which a condition can hold, each in nft's words.
pub type Choices = Vec<String>;

/// Options of the modules that `-p` brings along.
const TRANSPORT: [&str; 8] = [
    "--dport",
    "--sport",
    "--destination-port",
    "--source-port",
    "--tcp-flags",
    "--syn",
    "--icmp-type",
    "--icmpv6-type",
];

/// What the modules named so far are, and the protocol: they decide what an option means.
struct Context<'w> {
    modules: Vec<&'w str>,
    v6: bool,
    /// The protocol of `-p`, by number; not of `! -p`.
    protocol: Option<u8>,
}

/// All conditions of a rule. Options of a module that is not known become one unknown condition.
pub fn all(clauses: &[Clause<'_>], v6: bool) -> Vec<Choices> {
    let mut context = Context { modules: Vec::new(), v6, protocol: None };
    let mut found = Vec::new();
    let mut clauses = clauses.iter().peekable();
    while let Some(clause) = clauses.next() {
        if matches!(clause.name, "-m" | "--match") {
            let module = clause.values.first().copied().unwrap_or("");
            context.modules.push(module);
            let mut own = Vec::new();
            while let Some(next) = clauses.next_if(|next| next.name.starts_with("--") && next.name != "--match") {
                own.push(next);
            }
            found.extend(module_matches(module, &own, &context));
            continue;
        }
        if matches!(clause.name, "-p" | "--protocol") && !clause.negated {
            context.protocol = clause.values.first().and_then(|name| protocol(name));
        }
        found.push(general(clause, &context).unwrap_or_else(|| unknown(&[clause])));
    }
    found.retain(|choices| choices.as_slice() != [String::new()]);
    // All have to hold, so their order is free: what is understood comes first, and keeps its effect.
    found.sort_by_key(|choices| choices.iter().any(|choice| choice.starts_with("xt ")));
    found
}

/// Options that need no module.
fn general(clause: &Clause<'_>, context: &Context<'_>) -> Option<Choices> {
    let value = clause.values.first().copied();
    let not = negation(clause);
    let family = if context.v6 { "ip6" } else { "ip" };
    one(match clause.name {
        "-s" | "--source" | "--src" => address(family, "saddr", not, value?)?,
        "-d" | "--destination" | "--dst" => address(family, "daddr", not, value?)?,
        "-i" | "--in-interface" => interface("iifname", not, value?)?,
        "-o" | "--out-interface" => interface("oifname", not, value?)?,
        "-p" | "--protocol" => match protocol(value?)? {
            0 => String::new(),
            number => format!("meta l4proto {not}{number}"),
        },
        // `-p tcp --dport 22` without `-m tcp`, as it may be typed.
        name if TRANSPORT.contains(&name) => return transport(clause, context),
        _ => return None,
    })
}

#[expect(clippy::unnecessary_wraps, reason = "it stands where others may fail")]
fn one(condition: String) -> Option<Choices> {
    Some(vec![condition])
}

const fn negation(clause: &Clause<'_>) -> &'static str {
    if clause.negated { "!= " } else { "" }
}

/// What is not understood, with its words for the reader of the findings.
fn unknown(clauses: &[&Clause<'_>]) -> Choices {
    let mut words = Vec::new();
    for clause in clauses {
        words.extend(clause.negated.then_some("!"));
        words.push(clause.name);
        words.extend(&clause.values);
    }
    vec![format!("xt match \"{}\"", words.join(" ").replace('"', "'"))]
}

/// The number of a protocol, as iptables and /etc/protocols name it; 0 is all.
fn protocol(name: &str) -> Option<u8> {
    Some(match name {
        "all" => 0,
        "icmp" => 1,
        "igmp" => 2,
        "ipencap" | "ipip" => 4,
        "tcp" => 6,
        "udp" => 17,
        "dccp" => 33,
        "ipv6" => 41,
        "gre" => 47,
        "esp" | "ipsec-esp" => 50,
        "ah" | "ipsec-ah" => 51,
        "icmpv6" | "icmp6" | "ipv6-icmp" => 58,
        "ospf" => 89,
        "pim" => 103,
        "vrrp" => 112,
        "l2tp" => 115,
        "sctp" => 132,
        "mh" | "ipv6-mh" => 135,
        "udplite" => 136,
        number => number.parse().ok()?,
    })
}

/// The conditions of one module's options.
fn module_matches(module: &str, own: &[&Clause<'_>], context: &Context<'_>) -> Vec<Choices> {
    match module {
        // A remark, and modules whose bare name says what `-p` said.
        "comment" => Vec::new(),
        "rpfilter" => vec![reverse_path(own).unwrap_or_else(|| unknown(own))],
        "limit" => vec![limit(own).unwrap_or_else(|| unknown(own))],
        "addrtype" => vec![address_type(own).unwrap_or_else(|| unknown(own))],
        _ => {
            let each = |clause: &&Clause<'_>| match module {
                "tcp" | "udp" | "sctp" | "dccp" | "udplite" | "icmp" | "icmp6" | "icmpv6" => transport(clause, context),
                "multiport" => multiport(clause, context),
                "state" | "conntrack" => conntrack(clause, context),
                "iprange" => range(clause, context),
                "mark" | "connmark" => mark(module, clause),
                _ => None,
            };
            if own.is_empty() {
                return if ["tcp", "udp", "sctp", "dccp", "udplite", "icmp", "icmp6", "icmpv6"].contains(&module) {
                    Vec::new()
                } else {
                    vec![vec![format!("xt match \"-m {}\"", module.replace('"', "'"))]]
                };
            }
            // `-p tcp -m state --state NEW --dport 22`: the module of the protocol takes its options wherever they stand.
            let of_protocol =
                |clause: &Clause<'_>| TRANSPORT.contains(&clause.name).then(|| transport(clause, context));
            let any = |clause: &&Clause<'_>| each(clause).or_else(|| of_protocol(clause).flatten());
            own.iter().map(|clause| any(clause).unwrap_or_else(|| unknown(&[clause]))).collect()
        }
    }
}

fn header(protocol: Option<u8>) -> Option<&'static str> {
    Some(match protocol? {
        6 => "tcp",
        17 => "udp",
        33 => "dccp",
        132 => "sctp",
        136 => "udplite",
        _ => return None,
    })
}

/// `80:443`, `:1024`, `1024:`
fn ports(text: &str) -> Option<String> {
    let known = |text: &str| text.parse::<u16>().ok().or_else(|| u16::try_from(names::service(text)?).ok());
    let number = |text: &str, default: u16| if text.is_empty() { Some(default) } else { known(text) };
    match text.split_once(':') {
        Some((low, high)) => Some(format!("{}-{}", number(low, 0)?, number(high, u16::MAX)?)),
        None => Some(known(text)?.to_string()),
    }
}

/// Options of `-m tcp` and its like.
fn transport(clause: &Clause<'_>, context: &Context<'_>) -> Option<Choices> {
    let not = negation(clause);
    let value = clause.values.first().copied();
    one(match clause.name {
        "--dport" | "--destination-port" => format!("{} dport {not}{}", header(context.protocol)?, ports(value?)?),
        "--sport" | "--source-port" => format!("{} sport {not}{}", header(context.protocol)?, ports(value?)?),
        "--syn" => flags("FIN,SYN,RST,ACK", "SYN", clause.negated)?,
        "--tcp-flags" => flags(value?, clause.values.get(1)?, clause.negated)?,
        "--icmp-type" | "--icmpv6-type" => icmp(clause, value?, context.v6)?,
        _ => return None,
    })
}

/// `--tcp-flags FIN,SYN,RST,ACK SYN`
fn flags(mask: &str, set: &str, negated: bool) -> Option<String> {
    let bits = |list: &str| -> Option<u8> {
        list.split(',').try_fold(0, |bits, flag| {
            Some(
                bits | match flag {
                    "FIN" => 1,
                    "SYN" => 2,
                    "RST" => 4,
                    "PSH" => 8,
                    "ACK" => 16,
                    "URG" => 32,
                    "ALL" => 63,
                    "NONE" => 0,
                    _ => return None,
                },
            )
        })
    };
    let op = if negated { "!=" } else { "==" };
    Some(format!("tcp flags & {} {op} {}", bits(mask)?, bits(set)?))
}

/// `8`, `3/4`, or a name of iptables.
#[expect(clippy::match_same_arms, reason = "a table of names, a line each")]
fn icmp(clause: &Clause<'_>, value: &str, v6: bool) -> Option<String> {
    let protocol = if v6 { "icmpv6" } else { "icmp" };
    let named = match (v6, value) {
        (_, "any") => return Some(format!("meta l4proto {}", if v6 { 58 } else { 1 })),
        (false, "echo-reply" | "pong") => "0",
        (false, "destination-unreachable") => "3",
        (false, "fragmentation-needed") => "3/4",
        (false, "source-quench") => "4",
        (false, "redirect") => "5",
        (false, "echo-request" | "ping") => "8",
        (false, "time-exceeded" | "ttl-exceeded") => "11",
        (false, "parameter-problem") => "12",
        (true, "destination-unreachable") => "1",
        (true, "packet-too-big") => "2",
        (true, "time-exceeded" | "ttl-exceeded") => "3",
        (true, "parameter-problem") => "4",
        (true, "echo-request" | "ping") => "128",
        (true, "echo-reply" | "pong") => "129",
        (true, "router-solicitation") => "133",
        (true, "router-advertisement") => "134",
        (true, "neighbour-solicitation" | "neighbor-solicitation") => "135",
        (true, "neighbour-advertisement" | "neighbor-advertisement") => "136",
        (true, "redirect") => "137",
        (_, number) => number,
    };
    match named.split_once('/') {
        Some((kind, code)) => {
            let (kind, code) = (kind.parse::<u8>().ok()?, code.parse::<u8>().ok()?);
            // Not this type and code: another type, or this type with another code. One condition says only one.
            (!clause.negated).then(|| format!("{protocol} type {kind} {protocol} code {code}"))
        }
        None => Some(format!("{protocol} type {}{}", negation(clause), named.parse::<u8>().ok()?)),
    }
}

/// `--dports 22,80:443`
fn multiport(clause: &Clause<'_>, context: &Context<'_>) -> Option<Choices> {
    let header = header(context.protocol)?;
    let list: Option<Vec<String>> = clause.values.first()?.split(',').map(ports).collect();
    let list = list?.join(", ");
    let not = negation(clause);
    let at = |end: &str| format!("{header} {end} {not}{{ {list} }}");
    match clause.name {
        "--dports" | "--destination-ports" => one(at("dport")),
        "--sports" | "--source-ports" => one(at("sport")),
        "--ports" if clause.negated => one(format!("{} {}", at("sport"), at("dport"))),
        "--ports" => Some(vec![at("sport"), at("dport")]),
        _ => None,
    }
}

/// `--ctstate NEW,DNAT` and what a connection was at first.
fn conntrack(clause: &Clause<'_>, context: &Context<'_>) -> Option<Choices> {
    let value = clause.values.first().copied();
    let not = negation(clause);
    let family = if context.v6 { "ip6" } else { "ip" };
    one(match clause.name {
        "--state" | "--ctstate" => return states(value?, clause.negated),
        "--ctorigsrc" => address(&format!("ct original {family}"), "saddr", not, value?)?,
        "--ctorigdst" => address(&format!("ct original {family}"), "daddr", not, value?)?,
        "--ctorigsrcport" => format!("ct original proto-src {not}{}", ports(value?)?),
        "--ctorigdstport" => format!("ct original proto-dst {not}{}", ports(value?)?),
        "--ctproto" => format!("ct original protocol {not}{}", protocol(value?)?),
        "--ctdir" => format!("ct direction {}", if value? == "ORIGINAL" { "original" } else { "reply" }),
        _ => return None,
    })
}

fn states(list: &str, negated: bool) -> Option<Choices> {
    let (mut states, mut status) = (Vec::new(), Vec::new());
    for word in list.split(',') {
        match word {
            "NEW" => states.push("new"),
            "ESTABLISHED" => states.push("established"),
            "RELATED" => states.push("related"),
            "INVALID" => states.push("invalid"),
            "UNTRACKED" => states.push("untracked"),
            "SNAT" => status.push("snat"),
            "DNAT" => status.push("dnat"),
            _ => return None,
        }
    }
    let mut choices = Vec::new();
    if !states.is_empty() {
        let op = if negated { "!= " } else { "" };
        choices.push(format!("ct state {op}{{ {} }}", states.join(", ")));
    }
    for bit in status {
        choices.push(if negated { format!("ct status & {bit} == 0") } else { format!("ct status {bit}") });
    }
    Some(if negated { vec![choices.join(" ")] } else { choices })
}

/// `--src-range 10.0.0.1-10.0.0.9`
fn range(clause: &Clause<'_>, context: &Context<'_>) -> Option<Choices> {
    let family = if context.v6 { "ip6" } else { "ip" };
    let end = match clause.name {
        "--src-range" => "saddr",
        "--dst-range" => "daddr",
        _ => return None,
    };
    one(format!("{family} {end} {}{}", negation(clause), clause.values.first()?))
}

/// `--mark 0x1/0xff`
fn mark(module: &str, clause: &Clause<'_>) -> Option<Choices> {
    if clause.name != "--mark" {
        return None;
    }
    let key = if module == "mark" { "meta mark" } else { "ct mark" };
    let op = if clause.negated { "!=" } else { "==" };
    let value = clause.values.first()?;
    one(match value.split_once('/') {
        Some((value, mask)) => format!("{key} & {mask} {op} {value}"),
        None => format!("{key} {op} {value}"),
    })
}

/// `--limit 10/min --limit-burst 5`; 3/hour and 5 unless given.
fn limit(own: &[&Clause<'_>]) -> Option<Choices> {
    let (mut rate, mut burst) = ("3/hour".to_owned(), 5_u32);
    for clause in own {
        match (clause.name, clause.values.first(), clause.negated) {
            ("--limit", Some(value), false) => {
                let (count, unit) = value.split_once('/')?;
                let unit = ["second", "minute", "hour", "day"].into_iter().find(|known| known.starts_with(unit))?;
                rate = format!("{}/{unit}", count.parse::<u64>().ok()?);
            }
            ("--limit-burst", Some(value), false) => burst = value.parse().ok()?,
            _ => return None,
        }
    }
    one(format!("limit rate {rate} burst {burst} packets"))
}

/// `--dst-type LOCAL`, perhaps with the arriving interface.
fn address_type(own: &[&Clause<'_>]) -> Option<Choices> {
    let arriving = own.iter().any(|clause| clause.name == "--limit-iface-in");
    let mut found = Vec::new();
    for clause in own {
        let end = match clause.name {
            "--src-type" => "saddr",
            "--dst-type" => "daddr",
            "--limit-iface-in" => continue,
            _ => return None,
        };
        let kinds: Option<Vec<&str>> = clause.values.first()?.split(',').map(kind).collect();
        let interface = if arriving { " . iif" } else { "" };
        found.push(format!("fib {end}{interface} type {}{{ {} }}", negation(clause), kinds?.join(", ")));
    }
    one(found.join(" "))
}

fn kind(name: &str) -> Option<&'static str> {
    Some(match name {
        "LOCAL" => "local",
        "UNICAST" => "unicast",
        "BROADCAST" => "broadcast",
        "MULTICAST" => "multicast",
        "ANYCAST" => "anycast",
        _ => return None,
    })
}

/// `-m rpfilter` holds when the answer would leave by the arriving interface.
fn reverse_path(own: &[&Clause<'_>]) -> Option<Choices> {
    let (mut loose, mut inverted) = (false, false);
    for clause in own {
        match clause.name {
            "--loose" => loose = true,
            "--invert" => inverted = true,
            _ => return None,
        }
    }
    let key = if loose { "fib saddr oif" } else { "fib saddr . iif oif" };
    one(format!("{key} {}", if inverted { "missing" } else { "exists" }))
}
