//! Small changes to a `config.xml`, of the kinds that a hand in the web interface makes, and a bad merge, and bad intentions.

use std::ops::Range;

use crate::rng::Rng;

/// The changed text, and the text around the place.
pub type Change = Option<(String, String)>;
pub type Kind = (&'static str, fn(&str, &mut Rng) -> Change);

const PASS: &str = "<type>pass</type>";

/// The name of what begins here.
fn name_of(text: &str) -> Option<&str> {
    text.split("<name>").nth(1)?.split('<').next()
}

pub const KINDS: [Kind; 86] = [
    ("a rule left out", |text, rng| block(text, rng, Part::Filter, |_| Some(String::new()))),
    ("pass to block", |text, rng| tag(text, rng, Part::Filter, "type", "pass", "block")),
    ("block to pass", |text, rng| tag(text, rng, Part::Filter, "type", "block", "pass")),
    ("reject to pass", |text, rng| tag(text, rng, Part::Filter, "type", "reject", "pass")),
    ("block to an unknown type", |text, rng| tag(text, rng, Part::Filter, "type", "block", "drop")),
    ("pass to an unknown type", |text, rng| tag(text, rng, Part::Filter, "type", "pass", "allow")),
    ("pass to match", |text, rng| tag(text, rng, Part::Filter, "type", "pass", "match")),
    ("block to match", |text, rng| tag(text, rng, Part::Filter, "type", "block", "match")),
    ("block to reject", |text, rng| tag(text, rng, Part::Filter, "type", "block", "reject")),
    ("a rule disabled", |text, rng| insert(text, rng, Part::Filter, "<disabled></disabled>")),
    ("a rule twice", |text, rng| block(text, rng, Part::Filter, |rule| Some(format!("{rule}\n\t\t{rule}")))),
    ("two rules swapped", |text, rng| swapped(text, rng, false)),
    ("a rule to the head", |text, rng| moved(text, rng, true)),
    ("a rule to the end", |text, rng| moved(text, rng, false)),
    ("another interface", |text, rng| interface(text, rng, Part::Filter)),
    ("an unknown interface", |text, rng| any(text, rng, Part::Filter, "interface", |_| Some("opt99".to_owned()))),
    ("floating and quick", |text, rng| {
        insert(
            text,
            rng,
            Part::Filter,
            "<floating>yes</floating>\n\t\t\t<quick>yes</quick>\n\t\t\t<direction>any</direction>",
        )
    }),
    ("floating, the last one decides", |text, rng| {
        insert(text, rng, Part::Filter, "<floating>yes</floating>\n\t\t\t<direction>in</direction>")
    }),
    ("floating, on the way out", |text, rng| {
        insert(
            text,
            rng,
            Part::Filter,
            "<floating>yes</floating>\n\t\t\t<quick>yes</quick>\n\t\t\t<direction>out</direction>",
        )
    }),
    ("no longer quick", |text, rng| line(text, rng, Part::Filter, "<quick>yes</quick>", "")),
    ("in for out", |text, rng| tag(text, rng, Part::Filter, "direction", "out", "in")),
    ("both ways", |text, rng| tag(text, rng, Part::Filter, "direction", "out", "any")),
    ("not, for a source", |text, rng| line(text, rng, Part::Filter, "<source>", "<source>\n\t\t\t\t<not></not>")),
    ("not, for a destination", |text, rng| {
        line(text, rng, Part::Filter, "<destination>", "<destination>\n\t\t\t\t<not></not>")
    }),
    ("not, taken away", |text, rng| line(text, rng, Part::Filter, "<not></not>", "")),
    ("both families to IPv4", |text, rng| tag(text, rng, Part::Filter, "ipprotocol", "inet46", "inet")),
    ("both families to IPv6", |text, rng| tag(text, rng, Part::Filter, "ipprotocol", "inet46", "inet6")),
    ("IPv4 to both families", |text, rng| tag(text, rng, Part::Filter, "ipprotocol", "inet", "inet46")),
    ("IPv6 to IPv4", |text, rng| tag(text, rng, Part::Filter, "ipprotocol", "inet6", "inet")),
    ("an unknown family", |text, rng| tag(text, rng, Part::Filter, "ipprotocol", "inet46", "both")),
    ("tcp to udp", |text, rng| tag(text, rng, Part::Filter, "protocol", "tcp", "udp")),
    ("udp to both", |text, rng| tag(text, rng, Part::Filter, "protocol", "udp", "tcp/udp")),
    ("icmp to udp", |text, rng| tag(text, rng, Part::Filter, "protocol", "icmp", "udp")),
    ("any protocol", |text, rng| any(text, rng, Part::Filter, "protocol", |_| Some("any".to_owned()))),
    ("an unknown protocol", |text, rng| any(text, rng, Part::Filter, "protocol", |_| Some("tpc".to_owned()))),
    ("without the types of ICMP", |text, rng| any(text, rng, Part::Filter, "icmptype", |_| Some(String::new()))),
    ("a type of ICMP less", |text, rng| {
        any(text, rng, Part::Filter, "icmptype", |types| types.rsplit_once(',').map(|(types, _)| types.to_owned()))
    }),
    ("any source", |text, rng| end(text, rng, Part::Filter, "source", |_| Some("<any></any>".to_owned()))),
    ("any destination", |text, rng| end(text, rng, Part::Filter, "destination", |_| Some("<any></any>".to_owned()))),
    ("source and destination swapped", |text, rng| {
        block(text, rng, Part::Filter, |rule| {
            let swapped = rule.replace("source>", "\u{0}>").replace("destination>", "source>");
            Some(swapped.replace("\u{0}>", "destination>"))
        })
    }),
    ("another network", |text, rng| network(text, rng, "opt1")),
    ("the address for its network", |text, rng| {
        any(text, rng, Part::Filter, "network", |word| {
            (!word.ends_with("ip") && word != "(self)").then(|| format!("{word}ip"))
        })
    }),
    ("the firewall for a network", |text, rng| network(text, rng, "(self)")),
    ("a network for the firewall", |text, rng| tag(text, rng, Part::Filter, "network", "(self)", "lan")),
    ("one address for all of the firewall", |text, rng| tag(text, rng, Part::Filter, "network", "(self)", "lanip")),
    ("a port up", |text, rng| any(text, rng, Part::Filter, "port", |port| shifted(port, 1))),
    ("a port down", |text, rng| any(text, rng, Part::Filter, "port", |port| shifted(port, -1))),
    ("a range of ports", |text, rng| {
        any(text, rng, Part::Filter, "port", |port| Some(format!("{port}-{}", port.parse::<u16>().ok()? + 1)))
    }),
    ("every port", |text, rng| {
        block(text, rng, Part::Filter, |rule| {
            let start = rule.find("<port>")?;
            let end = rule[start..].find("</port>")? + start + "</port>".len();
            Some(format!("{}{}", &rule[..start], &rule[end..]))
        })
    }),
    ("an address up", |text, rng| any(text, rng, Part::Filter, "address", |word| address(word, 1))),
    ("an alias that is not there", |text, rng| {
        any(text, rng, Part::Filter, "address", |word| word.starts_with("hr_").then(|| "hr_gone".to_owned()))
    }),
    ("an alias of ports that is not there", |text, rng| {
        any(text, rng, Part::Filter, "port", |word| word.starts_with("hr_").then(|| "hr_gone".to_owned()))
    }),
    ("another alias", |text, rng| {
        let names = names(text);
        let other = rng.pick(&names).clone();
        any(text, rng, Part::Filter, "address", |word| word.starts_with("hr_").then(|| other.clone()))
    }),
    ("nothing remembered", |text, rng| line(text, rng, Part::Filter, "<![CDATA[keep state]]>", "<![CDATA[none]]>")),
    ("states of any window", |text, rng| {
        line(text, rng, Part::Filter, "<![CDATA[keep state]]>", "<![CDATA[sloppy state]]>")
    }),
    ("any flags of TCP", |text, rng| insert(text, rng, Part::Filter, "<tcpflags_any></tcpflags_any>")),
    ("without a tag", |text, rng| any(text, rng, Part::Filter, "tag", |word| (!word.is_empty()).then(String::new))),
    ("another tag", |text, rng| {
        any(text, rng, Part::Filter, "tag", |word| (!word.is_empty()).then(|| "other".to_owned()))
    }),
    ("whatever its tag", |text, rng| {
        any(text, rng, Part::Filter, "tagged", |word| (!word.is_empty()).then(String::new))
    }),
    ("tagged only", |text, rng| {
        any(text, rng, Part::Filter, "tagged", |word| word.is_empty().then(|| "hr_forwarded".to_owned()))
    }),
    ("out by a gateway", |text, rng| {
        let all: Vec<&str> = text.split("<gateway_item>").skip(1).filter_map(name_of).collect();
        let name = all.get(..).filter(|all| !all.is_empty()).map_or("WAN_DHCP", |all| *rng.pick(all));
        line(text, rng, Part::Filter, PASS, &format!("{PASS}\n\t\t\t<gateway>{name}</gateway>"))
    }),
    ("out by a gateway that is not there", |text, rng| {
        line(text, rng, Part::Filter, PASS, &format!("{PASS}\n\t\t\t<gateway>NOWHERE</gateway>"))
    }),
    ("an entry of an alias less", |text, rng| {
        alias(text, rng, |words, at| {
            words.remove(at);
            (!words.is_empty()).then_some(())
        })
    }),
    ("an entry of an alias wider", |text, rng| alias(text, rng, |words, at| prefix(&mut words[at], -1))),
    ("an entry of an alias narrower", |text, rng| alias(text, rng, |words, at| prefix(&mut words[at], 1))),
    ("an entry of an alias up", |text, rng| {
        alias(text, rng, |words, at| {
            let up = shifted(&words[at], 1).or_else(|| address(&words[at], 1))?;
            words[at] = up;
            Some(())
        })
    }),
    ("an entry of an alias more", |text, rng| {
        alias(text, rng, |words, at| {
            let more = if words[at].parse::<u16>().is_ok() { "4444" } else { "192.0.2.0/24" };
            words.push(more.to_owned());
            Some(())
        })
    }),
    ("an alias in another order", |text, rng| {
        alias(text, rng, |words, at| {
            words.swap(0, at);
            Some(())
        })
    }),
    ("a forward left out", |text, rng| block(text, rng, Part::Forward, |_| Some(String::new()))),
    ("a forward disabled", |text, rng| insert(text, rng, Part::Forward, "<disabled></disabled>")),
    ("two forwards swapped", |text, rng| swapped(text, rng, true)),
    ("a forward to elsewhere", |text, rng| any(text, rng, Part::Forward, "target", |word| address(word, 1))),
    ("a forward to another port", |text, rng| any(text, rng, Part::Forward, "local-port", |port| shifted(port, 1))),
    ("a forward of another port", |text, rng| any(text, rng, Part::Forward, "port", |port| shifted(port, 1))),
    ("a forward of a range", |text, rng| {
        any(text, rng, Part::Forward, "port", |port| Some(format!("{port}-{}", port.parse::<u16>().ok()? + 1)))
    }),
    ("a forward of another interface", |text, rng| interface(text, rng, Part::Forward)),
    ("no forward", |text, rng| insert(text, rng, Part::Forward, "<nordr></nordr>")),
    ("a forward that passes by itself", |text, rng| {
        any(text, rng, Part::Forward, "associated-rule-id", |_| Some("pass".to_owned()))
    }),
    ("a forward reflected", |text, rng| any(text, rng, Part::Forward, "natreflection", |_| Some("purenat".to_owned()))),
    ("a forward of another protocol", |text, rng| tag(text, rng, Part::Forward, "protocol", "tcp", "udp")),
    ("a forward from anywhere", |text, rng| {
        end(text, rng, Part::Forward, "source", |_| Some("<any></any>".to_owned()))
    }),
    ("a forward of any destination", |text, rng| {
        end(text, rng, Part::Forward, "destination", |inner| {
            let port = inner.find("<port>").map_or("", |at| inner[at..].trim_end());
            Some(format!("<any></any>\n\t\t\t\t{port}"))
        })
    }),
    ("an outbound rule left out", |text, rng| block(text, rng, Part::Outbound, |_| Some(String::new()))),
    ("an outbound rule of another interface", |text, rng| interface(text, rng, Part::Outbound)),
    ("an outbound rule that says no", |text, rng| insert(text, rng, Part::Outbound, "<nonat></nonat>")),
    ("an interface otherwise", |text, rng| address_of_interface(text, rng)),
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Part {
    Filter,
    Forward,
    Outbound,
}

/// Where the rules of a part stand, from `<rule>` to `</rule>`.
fn blocks(text: &str, part: Part) -> Vec<Range<usize>> {
    let (open, close) = match part {
        Part::Filter => ("\t<filter>", "\t</filter>"),
        Part::Forward => ("\t<nat>", "\t</nat>"),
        Part::Outbound => ("\t\t<outbound>", "\t\t</outbound>"),
    };
    let (Some(start), Some(end)) = (text.find(open), text.find(close)) else { return Vec::new() };
    let indent = if part == Part::Outbound { "\n\t\t\t<rule>" } else { "\n\t\t<rule>" };
    let starts = text[start..end].match_indices(indent).map(|(at, found)| start + at + found.len() - "<rule>".len());
    starts.filter_map(|from| Some(from..from + text[from..].find("</rule>")? + "</rule>".len())).collect()
}

pub fn put(text: &str, range: Range<usize>, new: &str) -> String {
    format!("{}{new}{}", &text[..range.start], &text[range.end..])
}

/// Changes a random rule that can be changed so.
fn block(text: &str, rng: &mut Rng, part: Part, change: impl Fn(&str) -> Option<String>) -> Change {
    let all = blocks(text, part);
    let can: Vec<(Range<usize>, String)> = all
        .into_iter()
        .filter_map(|range| {
            let old = &text[range.clone()];
            change(old).filter(|new| new != old).map(|new| (range, new))
        })
        .collect();
    let (range, new) = rng.pick(can.get(..).filter(|can| !can.is_empty())?).clone();
    let around = format!("{} {new}", &text[range.clone()]);
    Some((put(text, range, &new), around))
}

fn line(text: &str, rng: &mut Rng, part: Part, from: &str, to: &str) -> Change {
    block(text, rng, part, |rule| rule.contains(from).then(|| rule.replacen(from, to, 1)))
}

pub fn insert(text: &str, rng: &mut Rng, part: Part, what: &str) -> Change {
    line(text, rng, part, "<rule>", &format!("<rule>\n\t\t\t{what}"))
}

fn tag(text: &str, rng: &mut Rng, part: Part, name: &str, from: &str, to: &str) -> Change {
    any(text, rng, part, name, |word| (word == from).then(|| to.to_owned()))
}

/// Changes what stands in an element of a rule.
pub fn any(text: &str, rng: &mut Rng, part: Part, name: &str, change: impl Fn(&str) -> Option<String>) -> Change {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    block(text, rng, part, |rule| {
        let places = rule.match_indices(&open).map(|(at, _)| at + open.len());
        places.into_iter().find_map(|start| {
            let end = start + rule[start..].find(&close)?;
            change(&rule[start..end]).map(|new| put(rule, start..end, &new))
        })
    })
}

/// Changes the inside of a source or destination.
fn end(text: &str, rng: &mut Rng, part: Part, side: &str, change: impl Fn(&str) -> Option<String>) -> Change {
    any(text, rng, part, side, |inner| {
        let port = inner.find("<port>").map_or("", |at| inner[at..].trim_end());
        change(inner).map(|new| {
            let port = if new.contains("<port>") { "" } else { port };
            format!("\n\t\t\t\t{new}\n\t\t\t\t{port}\n\t\t\t")
        })
    })
}

fn network(text: &str, rng: &mut Rng, other: &str) -> Change {
    any(text, rng, Part::Filter, "network", |word| (!word.starts_with('(') && word != other).then(|| other.to_owned()))
}

fn interface(text: &str, rng: &mut Rng, part: Part) -> Change {
    let keys: Vec<&str> = ["wan", "lan", "opt1", "opt2", "opt3"]
        .into_iter()
        .filter(|key| text.contains(&format!("\t\t<{key}>\n\t\t\t<enable>")))
        .collect();
    let other = *rng.pick(&keys);
    any(text, rng, part, "interface", |word| (word != other).then(|| other.to_owned()))
}

fn swapped(text: &str, rng: &mut Rng, forward: bool) -> Change {
    let all = blocks(text, if forward { Part::Forward } else { Part::Filter });
    let pairs: Vec<_> = all.windows(2).collect();
    let pair = *rng.pick(pairs.get(..).filter(|pairs| !pairs.is_empty())?);
    let (one, two) = (&text[pair[0].clone()], &text[pair[1].clone()]);
    let between = &text[pair[0].end..pair[1].start];
    Some((put(text, pair[0].start..pair[1].end, &format!("{two}{between}{one}")), format!("{one} {two}")))
}

fn moved(text: &str, rng: &mut Rng, head: bool) -> Change {
    let all = blocks(text, Part::Filter);
    let range = rng.pick(&all).clone();
    let rule = text[range.clone()].to_owned();
    let without = put(text, range, "");
    let at = if head { without.find("\t<filter>")? + "\t<filter>".len() } else { without.find("\t</filter>")? };
    Some((put(&without, at..at, &format!("\n\t\t{rule}\n")), rule))
}

fn shifted(port: &str, by: i64) -> Option<String> {
    let number = port.parse::<u16>().ok()?;
    u16::try_from(i64::from(number) + by).ok().map(|number| number.to_string())
}

/// The last byte of an IPv4 address, one up.
fn address(word: &str, by: i64) -> Option<String> {
    word.parse::<std::net::Ipv4Addr>().ok()?;
    let (rest, last) = word.rsplit_once('.')?;
    let last = u8::try_from(last.parse::<i64>().ok()? + by).ok()?;
    Some(format!("{rest}.{last}"))
}

fn prefix(word: &mut String, by: i64) -> Option<()> {
    let (base, length) = word.split_once('/')?;
    let length = u8::try_from(length.parse::<i64>().ok()? + by).ok()?;
    (length <= if base.contains(':') { 128 } else { 32 }).then_some(())?;
    *word = format!("{base}/{length}");
    Some(())
}

/// Every alias: its name, and where its words stand.
fn aliases(text: &str) -> Vec<(String, Range<usize>)> {
    let (Some(from), Some(to)) = (text.find("\t<aliases>"), text.find("\t</aliases>")) else { return Vec::new() };
    let all = text[from..to].match_indices("<name>").map(|(at, _)| from + at + "<name>".len());
    all.filter_map(|at| {
        let name = text[at..].split('<').next()?.to_owned();
        let start = at + text[at..].find("<address>")? + "<address>".len();
        Some((name, start..start + text[start..].find('<')?))
    })
    .collect()
}

fn names(text: &str) -> Vec<String> {
    aliases(text).into_iter().map(|(name, _)| name).collect()
}

fn alias(text: &str, rng: &mut Rng, change: impl Fn(&mut Vec<String>, usize) -> Option<()>) -> Change {
    let all = aliases(text);
    let (name, range) = rng.pick(all.get(..).filter(|all| !all.is_empty())?).clone();
    let mut words: Vec<String> = text[range.clone()].split(' ').map(str::to_owned).collect();
    let at = rng.below(words.len());
    change(&mut words, at)?;
    let users = blocks(text, Part::Filter).into_iter().map(|range| &text[range]).filter(|rule| rule.contains(&name));
    let users: Vec<&str> = users.take(3).collect();
    let new = words.join(" ");
    let around = format!("{} {new} {}", &text[range.clone()], users.join(" "));
    Some((put(text, range, &new), around))
}

pub fn anywhere(text: &str, from: &str, to: &str) -> Change {
    let at = text.find(from)?;
    Some((put(text, at..at + from.len(), to), format!("{from} {to}")))
}

fn address_of_interface(text: &str, rng: &mut Rng) -> Change {
    let from = text.find("\t<interfaces>")?;
    let to = text.find("\t</interfaces>")?;
    let starts: Vec<usize> = text[from..to].match_indices("<enable></enable>").map(|(at, _)| from + at).collect();
    let start = *rng.pick(starts.get(..).filter(|starts| !starts.is_empty())?);
    let end = starts.iter().copied().find(|next| *next > start).unwrap_or(to);
    let old = &text[start..end];
    let within = |tag: &str, change: &dyn Fn(&str) -> Option<String>| {
        let from = old.find(&format!("<{tag}>"))? + tag.len() + 2;
        let to = from + old[from..].find('<')?;
        change(&old[from..to]).map(|new| put(old, from..to, &new))
    };
    let new = match rng.below(5) {
        0 => within("ipaddr", &|word| address(word, 1)),
        1 => within("subnet", &|bits| shifted(bits, -1)),
        2 => within("subnet", &|bits| shifted(bits, 1)),
        3 => within("descr", &|word| Some(format!("{word}X"))),
        _ => within("ipaddr", &|word| (word == "dhcp").then(|| "203.0.113.77".to_owned())),
    }?;
    let around = format!("{old} {new} 10.0.0.0/8 192.168.0.0/16 68 67");
    Some((put(text, start..end, &new), around))
}

/// The lines in which two texts differ, for a person.
pub fn change(old: &str, new: &str) -> String {
    let front = old.lines().zip(new.lines()).take_while(|(one, two)| one == two).count();
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().skip(front).collect(), new.lines().skip(front).collect());
    let back = old.iter().rev().zip(new.iter().rev()).take_while(|(one, two)| one == two).count();
    let shown = |lines: &[&str]| {
        let lines = &lines[..lines.len().saturating_sub(back)];
        lines.iter().take(60).map(|line| line.trim()).collect::<Vec<_>>().join(" ")
    };
    format!("line {}: {} -> {}", front + 1, shown(&old), shown(&new))
}

/// A text with what its aliases and networks stand for.
pub fn expanded(around: &str, text: &str) -> String {
    let mut found = around.to_owned();
    for (name, range) in aliases(text) {
        if around.contains(&name) {
            found += " ";
            found += &text[range];
        }
    }
    for key in ["wan", "lan", "opt1", "opt2", "opt3", "opt4", "opt5", "opt6"] {
        let open = format!("\t\t<{key}>\n\t\t\t<enable>");
        if let Some(start) = text.find(&open).filter(|_| around.contains(key)) {
            let value = |tag: &str| {
                let from = start + text[start..].find(tag)? + tag.len();
                text[from..].split('<').next()
            };
            if let (Some(own), Some(bits)) = (value("<ipaddr>"), value("<subnet>")) {
                found += &format!(" {own}/{bits} {own}");
            }
        }
    }
    found
}
