//! Small changes to `/etc/config`, of the kinds that a web interface, an editor, a script and a bad merge make.

use std::ops::Range;

use hedgerow::router::File;

use crate::rng::Rng;

/// What was changed, for a person and for aiming.
pub type Told = Option<String>;
pub type Kind = (&'static str, fn(&mut [File], &mut Rng) -> Told);

pub const KINDS: [Kind; 79] = [
    ("a rule left out", |files, rng| section(files, rng, "rule", |_| Some(String::new()))),
    ("a rule disabled", |files, rng| more(files, rng, "rule", "option enabled '0'")),
    ("accept to drop", |files, rng| value(files, rng, "rule", "target", |word| from(word, "ACCEPT", "DROP"))),
    ("accept to reject", |files, rng| value(files, rng, "rule", "target", |word| from(word, "ACCEPT", "REJECT"))),
    ("reject to accept", |files, rng| value(files, rng, "rule", "target", |word| from(word, "REJECT", "ACCEPT"))),
    ("reject to drop", |files, rng| value(files, rng, "rule", "target", |word| from(word, "REJECT", "DROP"))),
    ("a target that is none", |files, rng| value(files, rng, "rule", "target", |word| from(word, "ACCEPT", "ALLOW"))),
    ("without a target", |files, rng| without(files, rng, "rule", "target")),
    ("from another zone", |files, rng| zone(files, rng, "rule", "src")),
    ("from everywhere", |files, rng| value(files, rng, "rule", "src", |_| Some("*".to_owned()))),
    ("from the router", |files, rng| without(files, rng, "rule", "src")),
    ("from a zone that is not there", |files, rng| value(files, rng, "rule", "src", |_| Some("gone".to_owned()))),
    ("to another zone", |files, rng| zone(files, rng, "rule", "dest")),
    ("to everywhere", |files, rng| value(files, rng, "rule", "dest", |_| Some("*".to_owned()))),
    ("to the router", |files, rng| without(files, rng, "rule", "dest")),
    ("IPv4 to IPv6", |files, rng| value(files, rng, "rule", "family", |word| from(word, "ipv4", "ipv6"))),
    ("IPv6 to IPv4", |files, rng| value(files, rng, "rule", "family", |word| from(word, "ipv6", "ipv4"))),
    ("both families", |files, rng| value(files, rng, "rule", "family", |_| Some("any".to_owned()))),
    ("without a family", |files, rng| without(files, rng, "rule", "family")),
    ("tcp to udp", |files, rng| value(files, rng, "rule", "proto", |word| from(word, "tcp", "udp"))),
    ("udp to tcp", |files, rng| value(files, rng, "rule", "proto", |word| from(word, "udp", "tcp"))),
    ("icmp to tcp", |files, rng| value(files, rng, "rule", "proto", |word| from(word, "icmp", "tcp"))),
    ("every protocol", |files, rng| {
        value(files, rng, "rule", "proto", |word| (word != "all").then(|| "all".to_owned()))
    }),
    ("every protocol to tcp", |files, rng| value(files, rng, "rule", "proto", |word| from(word, "all", "tcp"))),
    ("without a protocol", |files, rng| without(files, rng, "rule", "proto")),
    ("a protocol that is none", |files, rng| value(files, rng, "rule", "proto", |_| Some("tpc".to_owned()))),
    ("a port up", |files, rng| value(files, rng, "rule", "dest_port", |port| shifted(port, 1))),
    ("a port down", |files, rng| value(files, rng, "rule", "dest_port", |port| shifted(port, -1))),
    ("a range of ports", |files, rng| {
        value(files, rng, "rule", "dest_port", |port| Some(format!("{port}-{}", port.parse::<u16>().ok()? + 1)))
    }),
    ("a range that runs backwards", |files, rng| {
        value(files, rng, "rule", "dest_port", |port| Some(format!("{port}-{}", port.parse::<u16>().ok()? - 1)))
    }),
    ("without its ports", |files, rng| without(files, rng, "rule", "dest_port")),
    ("a misspelt option", |files, rng| {
        section(files, rng, "rule", |text| text.contains("dest_port").then(|| text.replace("dest_port", "dport")))
    }),
    ("without the source's ports", |files, rng| without(files, rng, "rule", "src_port")),
    ("the source's port up", |files, rng| value(files, rng, "rule", "src_port", |port| shifted(port, 1))),
    ("a source wider", |files, rng| value(files, rng, "rule", "src_ip", |word| prefix(word, -1))),
    ("a source narrower", |files, rng| value(files, rng, "rule", "src_ip", |word| prefix(word, 1))),
    ("without a source", |files, rng| without(files, rng, "rule", "src_ip")),
    ("not this source", |files, rng| value(files, rng, "rule", "src_ip", |word| Some(format!("!{word}")))),
    ("a source up", |files, rng| value(files, rng, "rule", "src_ip", up)),
    ("a destination wider", |files, rng| value(files, rng, "rule", "dest_ip", |word| prefix(word, -1))),
    ("a destination narrower", |files, rng| value(files, rng, "rule", "dest_ip", |word| prefix(word, 1))),
    ("without a destination", |files, rng| without(files, rng, "rule", "dest_ip")),
    ("not this destination", |files, rng| value(files, rng, "rule", "dest_ip", |word| Some(format!("!{word}")))),
    ("a destination up", |files, rng| value(files, rng, "rule", "dest_ip", up)),
    ("a name for an address", |files, rng| value(files, rng, "rule", "dest_ip", |_| Some("nas.lan".to_owned()))),
    ("source and destination swapped", |files, rng| {
        section(files, rng, "rule", |text| {
            let swapped = text.replace(" src_ip ", " \u{0} ").replace(" dest_ip ", " src_ip ");
            Some(swapped.replace(" \u{0} ", " dest_ip "))
        })
    }),
    ("a type of ICMP less", |files, rng| {
        section(files, rng, "rule", |text| {
            let last = text.rfind("\tlist icmp_type")?;
            let end = last + text[last..].find('\n')? + 1;
            Some(format!("{}{}", &text[..last], &text[end..]))
        })
    }),
    ("without the types of ICMP", |files, rng| without(files, rng, "rule", "icmp_type")),
    ("a set, not negated", |files, rng| {
        value(files, rng, "rule", "ipset", |word| word.strip_prefix('!').map(str::to_owned))
    }),
    ("a set of the other side", |files, rng| {
        value(files, rng, "rule", "ipset", |word| word.strip_suffix(" dest").map(|name| format!("{name} src")))
    }),
    ("a set that is not there", |files, rng| value(files, rng, "rule", "ipset", |_| Some("gone dest".to_owned()))),
    ("without a set", |files, rng| without(files, rng, "rule", "ipset")),
    ("an entry left out", |files, rng| {
        section(files, rng, "ipset", |text| {
            let last = text.rfind("\tlist entry")?;
            Some(text[..last].to_owned())
        })
    }),
    ("an entry wider", |files, rng| value(files, rng, "ipset", "entry", |word| prefix(word, -1))),
    ("an entry narrower", |files, rng| value(files, rng, "ipset", "entry", |word| prefix(word, 1))),
    ("an entry more", |files, rng| more(files, rng, "ipset", "list entry '9.9.9.0/24'")),
    ("two rules swapped", |files, rng| swapped(files, rng)),
    ("a rule twice", |files, rng| section(files, rng, "rule", |text| Some(format!("{text}\n{text}")))),
    ("a rule to the end", |files, rng| moved(files, rng, false)),
    ("a rule to the head", |files, rng| moved(files, rng, true)),
    ("another name", |files, rng| {
        value(files, rng, "rule", "name", |word| Some(format!("{} x", &word[..word.len().min(60)])))
    }),
    ("a zone's input", |files, rng| value(files, rng, "zone", "input", other)),
    ("a zone's output", |files, rng| value(files, rng, "zone", "output", other)),
    ("a zone's forward", |files, rng| value(files, rng, "zone", "forward", other)),
    ("a zone without masquerading", |files, rng| value(files, rng, "zone", "masq", |word| from(word, "1", "0"))),
    ("a zone that masquerades", |files, rng| more(files, rng, "zone", "option masq '1'")),
    ("a zone that masquerades IPv6", |files, rng| more(files, rng, "zone", "option masq6 '1'")),
    ("a zone of another device", |files, rng| value(files, rng, "zone", "device", |_| Some("eth9".to_owned()))),
    ("a zone of a network that is not there", |files, rng| {
        value(files, rng, "zone", "network", |_| Some("gone".to_owned()))
    }),
    ("a zone of one more network", |files, rng| more(files, rng, "zone", "list network 'lan'")),
    ("a forwarding", |files, rng| forwarding(files, rng)),
    ("a redirect left out", |files, rng| section(files, rng, "redirect", |_| Some(String::new()))),
    ("a redirect of another port", |files, rng| value(files, rng, "redirect", "src_dport", |port| shifted(port, 1))),
    ("a redirect to elsewhere", |files, rng| value(files, rng, "redirect", "dest_ip", up)),
    ("a redirect to another port", |files, rng| more(files, rng, "redirect", "option dest_port '8443'")),
    ("a redirect of any address", |files, rng| without(files, rng, "redirect", "src_dip")),
    ("a redirect otherwise", |files, rng| redirect(files, rng)),
    ("an include left out", |files, rng| section(files, rng, "include", |_| Some(String::new()))),
    ("a line of what is included", |files, rng| included(files, rng)),
];

pub fn from(word: &str, old: &str, new: &str) -> Option<String> {
    (word == old).then(|| new.to_owned())
}

#[expect(clippy::unnecessary_wraps, reason = "as the others")]
fn other(word: &str) -> Option<String> {
    Some(if word == "ACCEPT" { "DROP" } else { "ACCEPT" }.to_owned())
}

fn shifted(port: &str, by: i64) -> Option<String> {
    u16::try_from(port.parse::<i64>().ok()? + by).ok().map(|port| port.to_string())
}

fn prefix(word: &str, by: i64) -> Option<String> {
    let (base, length) = word.split_once('/')?;
    let length = length.parse::<i64>().ok()? + by;
    (0..=if base.contains(':') { 128 } else { 32 }).contains(&length).then(|| format!("{base}/{length}"))
}

/// The last byte of an IPv4 address, one up.
fn up(word: &str) -> Option<String> {
    let (base, length) =
        word.split_once('/').map_or((word, String::new()), |(base, length)| (base, format!("/{length}")));
    base.parse::<std::net::Ipv4Addr>().ok()?;
    let (rest, last) = base.rsplit_once('.')?;
    Some(format!("{rest}.{}{length}", last.parse::<u8>().ok()?.checked_add(1)?))
}

/// Where the sections of a kind stand.
pub fn sections(text: &str, kind: &str) -> Vec<Range<usize>> {
    let mut starts: Vec<usize> = text.match_indices("\nconfig ").map(|(at, _)| at + 1).collect();
    starts.push(text.len());
    let head = format!("config {kind} ");
    starts
        .windows(2)
        .filter(|pair| text[pair[0]..].starts_with(&head))
        .map(|pair| {
            let body = &text[pair[0]..pair[1]];
            // Not what is said of the section behind it.
            pair[0]..pair[0] + body.find("\n#").or_else(|| body.find("\n\n")).map_or(body.len(), |end| end + 1)
        })
        .collect()
}

pub fn section(files: &mut [File], rng: &mut Rng, kind: &str, change: impl Fn(&str) -> Option<String>) -> Told {
    let text = &mut files[0].text;
    let can: Vec<(Range<usize>, String)> = sections(text, kind)
        .into_iter()
        .filter_map(|range| {
            let old = &text[range.clone()];
            change(old).filter(|new| new != old).map(|new| (range, new))
        })
        .collect();
    let (range, new) = rng.pick(can.get(..).filter(|can| !can.is_empty())?).clone();
    let told = format!("{} -> {new}", &text[range.clone()]);
    text.replace_range(range, &new);
    Some(told.replace(['\n', '\t'], " "))
}

/// The values of an option, and where they stand.
fn values(text: &str, name: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    for verb in ["option", "list"] {
        let head = format!("\t{verb} {name} '");
        found.extend(text.match_indices(&head).filter_map(|(at, _)| {
            let start = at + head.len();
            Some(start..start + text[start..].find("'\n")?)
        }));
    }
    found
}

pub fn value(
    files: &mut [File],
    rng: &mut Rng,
    kind: &str,
    name: &str,
    change: impl Fn(&str) -> Option<String>,
) -> Told {
    let nth = rng.below(8);
    section(files, rng, kind, |text| {
        let all = values(text, name);
        let range = all.get(nth % all.len().max(1))?.clone();
        let new = change(&text[range.clone()])?;
        let mut text = text.to_owned();
        text.replace_range(range, &new);
        Some(text)
    })
}

pub fn without(files: &mut [File], rng: &mut Rng, kind: &str, name: &str) -> Told {
    section(files, rng, kind, |text| {
        let lines = text.lines().filter(|line| line.split_whitespace().nth(1) != Some(name));
        Some(lines.map(|line| format!("{line}\n")).collect())
    })
}

pub fn more(files: &mut [File], rng: &mut Rng, kind: &str, line: &str) -> Told {
    let name = line.split(' ').nth(1)?;
    let list = line.starts_with("list");
    section(files, rng, kind, |text| {
        let fits = !text.contains(line) && (list || values(text, name).is_empty());
        fits.then(|| format!("{}\n\t{line}\n", text.trim_end()))
    })
}

fn zone(files: &mut [File], rng: &mut Rng, kind: &str, side: &str) -> Told {
    let text = files[0].text.clone();
    let zones = sections(&text, "zone").into_iter();
    let names: Vec<String> = zones
        .filter_map(|range| values(&text[range.clone()], "name").first().map(|at| text[range][at.clone()].to_owned()))
        .collect();
    let other = rng.pick(&names).clone();
    value(files, rng, kind, side, |word| (word != other).then(|| other.clone()))
}

fn swapped(files: &mut [File], rng: &mut Rng) -> Told {
    let text = &mut files[0].text;
    let all = sections(text, "rule");
    let pairs: Vec<_> = all.windows(2).collect();
    let pair = *rng.pick(pairs.get(..).filter(|pairs| !pairs.is_empty())?);
    let (one, two) = (text[pair[0].clone()].to_owned(), text[pair[1].clone()].to_owned());
    let between = text[pair[0].end..pair[1].start].to_owned();
    text.replace_range(pair[0].start..pair[1].end, &format!("{two}{between}{one}"));
    Some(format!("{one} {two}").replace(['\n', '\t'], " "))
}

fn moved(files: &mut [File], rng: &mut Rng, head: bool) -> Told {
    let text = &mut files[0].text;
    let all = sections(text, "rule");
    let range = rng.pick(&all).clone();
    let rule = text[range.clone()].to_owned();
    text.replace_range(range, "");
    let at = if head { sections(text, "rule").first()?.start } else { text.len() };
    text.insert_str(at, &format!("{rule}\n"));
    Some(rule.replace(['\n', '\t'], " "))
}

#[expect(clippy::unnecessary_wraps, reason = "as the others")]
fn forwarding(files: &mut [File], rng: &mut Rng) -> Told {
    let text = &mut files[0].text;
    let zones = sections(text, "zone").into_iter();
    let names: Vec<String> = zones
        .filter_map(|range| values(&text[range.clone()], "name").first().map(|at| text[range][at.clone()].to_owned()))
        .collect();
    let (src, dest) = (rng.pick(&names), rng.pick(&names));
    let new = format!("\nconfig forwarding 'by_hand'\n\toption src '{src}'\n\toption dest '{dest}'\n");
    text.push_str(&new);
    Some(new.replace(['\n', '\t'], " "))
}

fn redirect(files: &mut [File], rng: &mut Rng) -> Told {
    match rng.below(7) {
        0 => value(files, rng, "redirect", "reflection", |word| Some(if word == "0" { "1" } else { "0" }.to_owned())),
        1 => without(files, rng, "redirect", "reflection_zone"),
        2 => zone(files, rng, "redirect", "src"),
        3 => zone(files, rng, "redirect", "dest"),
        4 => value(files, rng, "redirect", "proto", |_| Some("udp".to_owned())),
        5 => without(files, rng, "redirect", "ipset"),
        _ => without(files, rng, "redirect", "dest"),
    }
}

/// Leaves a line of an included file out, swaps two, or changes a word.
fn included(files: &mut [File], rng: &mut Rng) -> Told {
    let names = ["hedgerow/table.nft", "hedgerow/forward.nft", "hedgerow/dstnat.nft"];
    let at: Vec<usize> = (0..files.len()).filter(|at| names.contains(&files[*at].name.as_str())).collect();
    let file = &mut files[*rng.pick(at.get(..).filter(|at| !at.is_empty())?)];
    let mut lines: Vec<String> = file.text.lines().map(str::to_owned).collect();
    let rules: Vec<usize> = (0..lines.len())
        .filter(|at| {
            let line = lines[*at].trim();
            !line.is_empty()
                && !line.starts_with(['#', '}'])
                && !line.starts_with("chain ")
                && !line.starts_with("type ")
        })
        .collect();
    let at = *rng.pick(rules.get(..).filter(|rules| !rules.is_empty())?);
    let old = lines[at].clone();
    let new = match rng.below(6) {
        0 => String::new(),
        1 => old.replacen("drop", "accept", 1),
        2 => old.replacen("accept", "drop", 1),
        3 => old.replacen("saddr", "daddr", 1),
        4 => old.replacen("!= ", "", 1),
        _ => old.replacen("iifname", "oifname", 1),
    };
    lines[at].clone_from(&new);
    file.text = lines.join("\n") + "\n";
    Some(format!("{old} -> {new}"))
}

/// The words of an edit, with the entries of the sets and the networks of the zones that it names.
pub fn aim(what: &str, files: &[File]) -> String {
    let mut found = what.replace("->", " ");
    for range in sections(&files[0].text, "ipset") {
        let text = &files[0].text[range];
        let name = values(text, "name").first().map_or("", |at| &text[at.clone()]).to_owned();
        if what.contains(&name) {
            found += text;
        }
    }
    for file in files.iter().filter(|file| file.name == "network") {
        for range in sections(&file.text, "interface") {
            let text = &file.text[range];
            let name = text.split('\'').nth(1).unwrap_or("?");
            if what.contains(&format!("'{name}'")) {
                found += text;
            }
        }
    }
    found
}
