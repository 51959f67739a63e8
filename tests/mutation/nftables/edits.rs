//! Small changes to the text of a ruleset, of the kinds that slips of the hand, bad merges and bad intentions make.

use crate::rng::Rng;

/// A kind of edit: its name, and what it does to a random place, if it finds one.
pub type Kind = (&'static str, fn(&mut Vec<String>, &mut Rng) -> Option<String>);

pub const KINDS: [Kind; 58] = [
    ("drop a rule", |lines, rng| at(lines, rng, is_rule, |_| Some(String::new()))),
    ("accept to drop", |lines, rng| word(lines, rng, "accept", "drop")),
    ("drop to accept", |lines, rng| word(lines, rng, "drop", "accept")),
    ("saddr to daddr", |lines, rng| word(lines, rng, "saddr", "daddr")),
    ("daddr to saddr", |lines, rng| word(lines, rng, "daddr", "saddr")),
    ("iifname to oifname", |lines, rng| word(lines, rng, "iifname", "oifname")),
    ("oifname to iifname", |lines, rng| word(lines, rng, "oifname", "iifname")),
    ("dport to sport", |lines, rng| word(lines, rng, "dport", "sport")),
    ("sport to dport", |lines, rng| word(lines, rng, "sport", "dport")),
    ("tcp to udp", |lines, rng| word(lines, rng, "tcp", "udp")),
    ("udp to tcp", |lines, rng| word(lines, rng, "udp", "tcp")),
    ("ipv4 to ipv6", |lines, rng| word(lines, rng, "ipv4", "ipv6")),
    ("exists to missing", |lines, rng| word(lines, rng, "exists", "missing")),
    ("goto to jump", |lines, rng| word(lines, rng, "goto", "jump")),
    ("jump to goto", |lines, rng| word(lines, rng, "jump", "goto")),
    ("masquerade to accept", |lines, rng| word(lines, rng, "masquerade", "accept")),
    ("goto refuse to accept", |lines, rng| word(lines, rng, "goto refuse", "accept")),
    ("local to unicast", |lines, rng| word(lines, rng, "local", "unicast")),
    ("policy drop to accept", |lines, rng| word(lines, rng, "policy drop;", "policy accept;")),
    ("policy accept to drop", |lines, rng| word(lines, rng, "policy accept;", "policy drop;")),
    ("another hook", |lines, rng| word(lines, rng, "hook forward", "hook input")),
    ("a later priority", |lines, rng| word(lines, rng, "priority dstnat", "priority srcnat + 50")),
    ("an earlier priority", |lines, rng| word(lines, rng, "priority filter", "priority raw")),
    ("known connections not accepted", |lines, rng| word(lines, rng, "established : accept, ", "")),
    ("related packets not accepted", |lines, rng| word(lines, rng, "related : accept, ", "")),
    ("related packets dropped", |lines, rng| word(lines, rng, "related : accept", "related : drop")),
    ("invalid packets accepted", |lines, rng| word(lines, rng, "invalid : drop", "invalid : accept")),
    ("invalid packets looked at", |lines, rng| word(lines, rng, ", invalid : drop", "")),
    ("without the translation's mark", |lines, rng| word(lines, rng, "ct status dnat ", "")),
    ("without the public port", |lines, rng| word(lines, rng, " ct original proto-dst", " meta l4proto 6 th sport")),
    ("without the arriving interface", |lines, rng| word(lines, rng, " . iif type", " type")),
    ("not, taken away", |lines, rng| word(lines, rng, "!= ", "")),
    ("not, added", |lines, rng| {
        let selector = *rng.pick(&["iifname ", "oifname ", "ip saddr ", "ip daddr ", "tcp dport ", "udp dport "]);
        let not = format!("{selector}!= ");
        at(
            lines,
            rng,
            |line| {
                is_rule(line)
                    && line.contains(selector)
                    && !line.contains(&not)
                    && !line.contains(&format!("{selector}."))
            },
            |line| Some(line.replacen(selector, &not, 1)),
        )
    }),
    ("a port up", |lines, rng| port(lines, rng, 1)),
    ("a port down", |lines, rng| port(lines, rng, -1)),
    ("a prefix one bit wider", |lines, rng| prefix(lines, rng, -1)),
    ("a prefix one bit narrower", |lines, rng| prefix(lines, rng, 1)),
    ("an address up", |lines, rng| last_byte(lines, rng, 1)),
    ("an address down", |lines, rng| last_byte(lines, rng, -1)),
    ("two interfaces swapped", |lines, rng| {
        at(
            lines,
            rng,
            |line| names(line).len() > 1,
            |line| {
                let names = names(line);
                let (one, two) = (names.first()?, names.last()?);
                (one != two).then(|| line.replace(one, "\u{0}").replace(two, one).replace('\u{0}', two))
            },
        )
    }),
    ("another interface", |lines, rng| {
        let all: Vec<String> = lines.iter().flat_map(|line| names(line)).collect();
        let other = rng.pick(&all).clone();
        at(
            lines,
            rng,
            |line| !names(line).is_empty() && !names(line).contains(&other),
            |line| {
                let first = names(line).into_iter().next()?;
                Some(line.replacen(&first, &other, 1))
            },
        )
    }),
    ("two rules swapped", |lines, rng| {
        let places = places(lines, is_rule);
        let pairs: Vec<usize> = places.iter().copied().filter(|at| places.contains(&(at + 1))).collect();
        let at = *rng.pick(pairs.get(..).filter(|pairs| !pairs.is_empty())?);
        lines.swap(at, at + 1);
        Some(format!("{} and {}", lines[at + 1].trim(), lines[at].trim()))
    }),
    ("a rule twice", |lines, rng| {
        let places = places(lines, is_rule);
        let at = *rng.pick(&places);
        let line = lines[at].clone();
        lines.insert(at, line.clone());
        Some(line)
    }),
    ("a rule in another chain", |lines, rng| {
        let places = places(lines, is_rule);
        let (from, to) = (*rng.pick(&places), *rng.pick(&places));
        let line = lines[from].clone();
        lines.insert(to, line.clone());
        Some(line)
    }),
    ("another chain called", |lines, rng| {
        let chains: Vec<String> =
            lines.iter().filter_map(|line| chain(line)).filter(|name| name.contains('.')).collect();
        let other = rng.pick(&chains).clone();
        at(
            lines,
            rng,
            |line| line.contains("jump ") && line.contains('.'),
            |line| {
                let start = line.find("jump ")? + 5;
                let end = line[start..].find([',', ' ']).map_or(line.len(), |end| start + end);
                Some(format!("{}{other}{}", &line[..start], &line[end..]))
            },
        )
    }),
    ("an element left out", |lines, rng| at(lines, rng, is_element, |_| Some(String::new()))),
    ("an element in another set", |lines, rng| {
        let places = places(lines, is_element);
        let (from, to) = (*rng.pick(&places), *rng.pick(&places));
        let shape = |line: &str| {
            line.split(" comment").next().unwrap().split(" . ").map(|part| part.contains(':')).collect::<Vec<_>>()
        };
        if shape(&lines[from]) != shape(&lines[to]) || lines[from].contains("jump") || from == to {
            return None;
        }
        let line = lines[from].trim_end_matches(',').to_owned() + ",";
        lines.insert(to, line.clone());
        Some(line)
    }),
    ("another set asked", |lines, rng| {
        let sets: Vec<String> = lines.iter().filter(|line| is_rule(line)).filter_map(|line| set(line)).collect();
        let other = rng.pick(&sets).clone();
        let ending = |name: &str| name.rsplit('.').next().map(str::to_owned);
        at(
            lines,
            rng,
            |line| is_rule(line) && set(line).is_some_and(|own| own != other && ending(&own) == ending(&other)),
            |line| {
                let own = set(line)?;
                Some(line.replace(&own, &other))
            },
        )
    }),
    ("an address to everything", |lines, rng| {
        at(
            lines,
            rng,
            |line| is_element(line) && line.contains('.') && line.contains('/'),
            |line| {
                let slash = line.find('/')?;
                let start = line[..slash].rfind([' ', '\t']).map_or(0, |at| at + 1);
                let end = line[slash..].find([' ', ',']).map_or(line.len(), |end| slash + end);
                let all = if line[start..slash].contains(':') { "::/0" } else { "0.0.0.0/0" };
                Some(format!("{}{all}{}", &line[..start], &line[end..]))
            },
        )
    }),
    ("a range one further", |lines, rng| {
        at(
            lines,
            rng,
            |line| code(line).contains('-') && (is_element(line) || is_rule(line)),
            |line| {
                let code = code(line);
                let dash = code
                    .match_indices('-')
                    .find(|(at, _)| code[at + 1..].starts_with(|next: char| next.is_ascii_digit()))?
                    .0;
                let end =
                    code[dash + 1..].find(|next: char| !next.is_ascii_digit()).map_or(code.len(), |end| dash + 1 + end);
                if code[end..].starts_with(['.', ':']) {
                    return None;
                }
                let number: u64 = code[dash + 1..end].parse().ok()?;
                Some(format!("{}{}{}", &line[..=dash], number + 1, &line[end..]))
            },
        )
    }),
    ("accept first", |lines, rng| first(lines, rng, "accept")),
    ("drop first", |lines, rng| first(lines, rng, "drop")),
    ("new connections first", |lines, rng| first(lines, rng, "ct state new accept")),
    ("return first", |lines, rng| first(lines, rng, "return")),
    // Edits that change nothing: they must not be taken for differences.
    ("without a comment", |lines, rng| {
        at(
            lines,
            rng,
            |line| line.contains(" comment \"") && (is_rule(line) || is_element(line)),
            |line| {
                let start = line.find(" comment \"")?;
                Some(line[..start].to_owned() + if line.ends_with(',') { "," } else { "" })
            },
        )
    }),
    ("without a counter", |lines, rng| {
        at(
            lines,
            rng,
            |line| is_rule(line) && line.contains(" counter "),
            |line| Some(line.replacen(" counter", "", 1)),
        )
    }),
    ("a prefix in two halves", |lines, rng| {
        at(
            lines,
            rng,
            |line| {
                is_element(line)
                    && line.matches('/').count() == 1
                    && !line.contains("comment")
                    && !line.contains(':')
                    && line.contains('.')
            },
            |line| {
                let text = line.trim().trim_end_matches(',');
                let net: ipnet::Ipv4Net = text.parse().ok()?;
                let halves: Vec<String> =
                    net.subnets(net.prefix_len() + 1).ok()?.map(|half| half.to_string()).collect();
                Some(format!("\t\t\t{},\n\t\t\t{},", halves[0], halves[1]))
            },
        )
    }),
    ("elements in another order", |lines, rng| {
        let places = places(lines, is_element);
        let pairs: Vec<usize> = places
            .iter()
            .copied()
            .filter(|at| lines[*at].ends_with(',') && lines[at + 1].ends_with(',') && is_element(&lines[at + 1]))
            .collect();
        let at = *rng.pick(pairs.get(..).filter(|pairs| !pairs.is_empty())?);
        lines.swap(at, at + 1);
        Some(lines[at].clone())
    }),
];

fn code(line: &str) -> &str {
    line.split(" comment \"").next().unwrap()
}

pub fn is_rule(line: &str) -> bool {
    line.starts_with("\t\t")
        && !line.starts_with("\t\t\t")
        && !["type ", "flags ", "elements ", "}"].iter().any(|word| line.trim().starts_with(word))
        && line.trim() != "counter"
}

fn is_element(line: &str) -> bool {
    line.starts_with("\t\t\t")
}

fn chain(line: &str) -> Option<String> {
    line.trim().strip_prefix("chain ")?.strip_suffix(" {").map(str::to_owned)
}

fn set(line: &str) -> Option<String> {
    let code = code(line);
    let start = code.find('@')?;
    let end = code[start..].find(' ').map_or(code.len(), |end| start + end);
    Some(code[start..end].to_owned())
}

/// The strings of a line, with their quotes.
pub fn names(line: &str) -> Vec<String> {
    code(line).split('"').skip(1).step_by(2).map(|name| format!("\"{name}\"")).collect()
}

fn places(lines: &[String], fits: impl Fn(&str) -> bool) -> Vec<usize> {
    lines.iter().enumerate().filter(|(_, line)| fits(line)).map(|(at, _)| at).collect()
}

/// Changes a random line that fits; tells the line before and after.
pub fn at(
    lines: &mut [String],
    rng: &mut Rng,
    fits: impl Fn(&str) -> bool,
    change: impl Fn(&str) -> Option<String>,
) -> Option<String> {
    let places = places(lines, fits);
    let at = *rng.pick(places.get(..).filter(|places| !places.is_empty())?);
    let new = change(&lines[at]).filter(|new| *new != lines[at])?;
    let told = format!("{} -> {}", lines[at].trim(), new.trim());
    lines[at] = new;
    Some(told)
}

pub fn word(lines: &mut [String], rng: &mut Rng, from: &str, to: &str) -> Option<String> {
    let whole = from.starts_with(|first: char| first.is_ascii_alphabetic()) && !from.contains(' ');
    at(
        lines,
        rng,
        |line| (is_rule(line) || is_element(line) || line.contains("hook")) && code(line).contains(from),
        |line| {
            let code = code(line);
            let found = code.match_indices(from).find(|(at, _)| {
                let around = [code[..*at].chars().next_back(), code[at + from.len()..].chars().next()];
                !whole
                    || around
                        .into_iter()
                        .flatten()
                        .all(|letter| !letter.is_ascii_alphanumeric() && !".@-_".contains(letter))
            })?;
            Some(format!("{}{to}{}", &line[..found.0], &line[found.0 + from.len()..]))
        },
    )
}

/// The last number of a line that stands alone.
fn port(lines: &mut [String], rng: &mut Rng, by: i64) -> Option<String> {
    at(
        lines,
        rng,
        |line| is_rule(line) || is_element(line),
        |line| {
            let code = code(line).trim_end_matches(',');
            let last = code.split([' ', '\t']).rev().find(|word| word.parse::<u16>().is_ok())?;
            let start = code.rfind(&format!(" {last}"))? + 1;
            let number = last.parse::<i64>().ok()? + by;
            (0..=65535).contains(&number).then(|| format!("{}{number}{}", &line[..start], &line[start + last.len()..]))
        },
    )
}

fn prefix(lines: &mut [String], rng: &mut Rng, by: i64) -> Option<String> {
    at(
        lines,
        rng,
        |line| (is_rule(line) || is_element(line)) && code(line).contains('/'),
        |line| {
            let slash = code(line).find('/')?;
            let end =
                line[slash + 1..].find(|next: char| !next.is_ascii_digit()).map_or(line.len(), |end| slash + 1 + end);
            let v6 = line[..slash].rsplit([' ', '\t']).next()?.contains(':');
            let length = line[slash + 1..end].parse::<i64>().ok()? + by;
            (0..=if v6 { 128 } else { 32 })
                .contains(&length)
                .then(|| format!("{}{length}{}", &line[..=slash], &line[end..]))
        },
    )
}

/// The last byte of the last IPv4 address of a line.
fn last_byte(lines: &mut [String], rng: &mut Rng, by: i64) -> Option<String> {
    at(
        lines,
        rng,
        |line| is_rule(line) || is_element(line),
        |line| {
            let code = code(line);
            let found = code
                .split([' ', '\t', ',', '/', '-', ':'])
                .rev()
                .find(|word| word.parse::<std::net::Ipv4Addr>().is_ok())?;
            let start = code.rfind(found)?;
            let dot = found.rfind('.')?;
            let byte = found[dot + 1..].parse::<i64>().ok()? + by;
            (0..=255)
                .contains(&byte)
                .then(|| format!("{}{}.{byte}{}", &line[..start], &found[..dot], &line[start + found.len()..]))
        },
    )
}

#[expect(clippy::unnecessary_wraps, reason = "as the others")]
fn first(lines: &mut Vec<String>, rng: &mut Rng, statement: &str) -> Option<String> {
    let places = places(lines, |line| chain(line).is_some());
    let at = *rng.pick(&places);
    let inside = if lines[at + 1].contains("hook") { at + 2 } else { at + 1 };
    lines.insert(inside, format!("\t\t{statement}"));
    Some(format!("{statement} at the head of {}", lines[at].trim()))
}
