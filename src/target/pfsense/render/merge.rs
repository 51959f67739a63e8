//! The user's own configuration with our sections in it. Everything that is not ours keeps its bytes: edits are made by
//! their places in the text.

use quick_xml::{Reader, escape::escape, events::Event};

use super::{base::Base, print::Parts, words::MARK};

/// A list in the configuration that items of ours are put into.
#[derive(Clone, Copy)]
struct List<'a> {
    /// The names of the elements around the items, without the root.
    path: &'a [&'static str],
    /// The element of an item; none if every child is one, and those that are there stay.
    item: Option<&'static str>,
    text: &'a str,
}

/// The elements of the ways out, with what is to stand there.
type Defaults<'a> = [(&'static str, Option<&'a str>); 2];

/// What switches the package of WireGuard on.
const WIREGUARD: &str = "\t\t\t\t<enable>on</enable>\n";

/// Where it stands how sources are translated, and the way in which both the user's rules and pfSense's own count.
const MODE: &[&str] = &["pfsense", "nat", "outbound", "mode"];
const HYBRID: &str = "<mode>hybrid</mode>";

/// A piece of the text, and what takes its place.
struct Edit {
    from: usize,
    to: usize,
    text: String,
}

/// Where a list stands in the text.
#[derive(Clone, Copy, Default)]
struct Found {
    /// The end of its start tag, or the whole of an empty element.
    start: Option<(usize, usize, bool)>,
}

/// Puts our sections into a configuration, in the place of those that a run before has left there.
///
/// # Errors
/// A sentence when it is not the configuration of a router.
pub fn merge(text: &str, base: &Base, parts: &Parts, defaults: Defaults) -> Result<String, String> {
    let resolver: &[&str] = if base.dnsmasq { &["dnsmasq"] } else { &["unbound"] };
    let lists = [
        List { path: &["interfaces"], item: None, text: &parts.interfaces },
        List { path: &["vlans"], item: None, text: &parts.vlans },
        List { path: &["virtualip"], item: None, text: &parts.addresses },
        List { path: &["ifgroups"], item: None, text: &parts.groups },
        List { path: &["gateways"], item: Some("gateway_group"), text: &parts.gateways },
        List { path: &["staticroutes"], item: Some("route"), text: &parts.routes },
        List { path: &["aliases"], item: Some("alias"), text: &parts.aliases },
        List { path: &["schedules"], item: Some("schedule"), text: &parts.schedules },
        List { path: &["nat"], item: Some("rule"), text: &parts.translations },
        List { path: &["nat", "outbound"], item: Some("rule"), text: &parts.outbound },
        List { path: &["filter"], item: Some("rule"), text: &parts.filter },
        List { path: &["dhcpd"], item: None, text: &parts.dhcpd },
        List { path: resolver, item: Some("hosts"), text: &parts.names },
        List { path: &["openvpn"], item: None, text: &parts.openvpn },
    ];
    let mut found = vec![Found::default(); lists.len()];
    let mut edits: Vec<Edit> = Vec::new();
    let mut path: Vec<(String, usize)> = Vec::new();
    let mut reader = Reader::from_str(text);
    let (mut end_of_root, mut end_of_nat) = (None, None);
    let (mut words, mut ours, mut has_mode) = (String::new(), false, false);
    // Without a word for it, outbound NAT is automatic.
    let automatic = ["", "automatic"].contains(&base.mode.as_str());
    loop {
        let before = place(&reader);
        let event = reader.read_event().map_err(|why| format!("it is no XML that can be read: {why}"))?;
        let after = place(&reader);
        match event {
            Event::Start(tag) => {
                path.push((tag.name().as_ref().to_owned(), before));
                has_mode |= is(&path, MODE);
                words.clear();
                note(&lists, &mut found, &path, (before, after, false));
                if path.len() == item_depth(&lists, &path) {
                    ours = false;
                }
            }
            Event::Empty(tag) => {
                path.push((tag.name().as_ref().to_owned(), before));
                note(&lists, &mut found, &path, (before, after, true));
                default_gateway(&path, defaults, after, &mut edits);
                if is(&path, MODE) {
                    has_mode = true;
                    edits.push(Edit { from: before, to: after, text: HYBRID.to_owned() });
                }
                path.pop();
            }
            Event::Text(piece) => words += &piece,
            Event::CData(piece) => words += &piece,
            Event::End(_) => {
                let depth = path.len();
                if path.last().is_some_and(|(name, _)| name == "descr") && words.trim().starts_with(MARK.trim_end()) {
                    ours |= depth.checked_sub(1).is_some_and(|above| above == item_depth(&lists, &path[..above]));
                }
                if is(&path, MODE) && automatic {
                    let from = path.last().map_or(before, |(_, from)| *from);
                    edits.push(Edit { from, to: after, text: HYBRID.to_owned() });
                }
                default_gateway(&path, defaults, after, &mut edits);
                if is(&path, &["pfsense", "nat"]) {
                    end_of_nat = Some(before);
                }
                if is(&path, &["pfsense"]) {
                    end_of_root = Some(before);
                }
                if depth == item_depth(&lists, &path) && ours {
                    let from = path.last().map_or(before, |(_, from)| *from);
                    let from = text.get(..from).map_or(from, |head| head.trim_end().len());
                    edits.push(Edit { from, to: after, text: String::new() });
                    ours = false;
                }
                words.clear();
                path.pop();
            }
            Event::Eof => break,
            _ => {}
        }
    }
    let end_of_root = end_of_root.ok_or("it is no configuration of pfsense")?;
    // Where there is no translation yet, that of destinations and that of sources are written as one.
    let outbound = whole(&["nat", "outbound"], &parts.outbound);
    let both = format!("{}\t\t{outbound}\n", parts.translations);
    for (list, found) in lists.iter().zip(&found) {
        let text = match (list.path, end_of_nat) {
            (["nat", "outbound"], None) => continue,
            (["nat"], None) => &both,
            _ => list.text,
        };
        insert(&List { text, ..*list }, found.start, end_of_nat.unwrap_or(end_of_root), end_of_root, &mut edits);
    }
    let outbound = lists.iter().zip(&found).find(|(list, _)| list.path == ["nat", "outbound"]);
    if let Some((_, to, false)) = outbound.and_then(|(_, found)| found.start)
        && !has_mode
    {
        edits.push(Edit { from: to, to, text: format!("\n\t\t\t{HYBRID}") });
    }
    let mut merged = apply(text, edits);
    for (list, body) in [("config", WIREGUARD), ("tunnels", parts.wireguard.as_str()), ("peers", parts.peers.as_str())]
    {
        if !parts.wireguard.is_empty() || !parts.peers.is_empty() {
            let path = ["pfsense", "installedpackages", "wireguard", list];
            merged = nested(&merged, &path, body, list == "config")?;
        }
    }
    for (key, body) in &parts.mappings {
        merged = nested(&merged, &["pfsense", "dhcpd", key], body, false)?;
    }
    Ok(merged)
}

/// Where a way out stands, another is written.
fn default_gateway(path: &[(String, usize)], defaults: Defaults, after: usize, edits: &mut Vec<Edit>) {
    for (name, gateway) in defaults {
        if let Some(gateway) = gateway
            && is(path, &["pfsense", "gateways", name])
        {
            let from = path.last().map_or(after, |(_, from)| *from);
            edits.push(Edit { from, to: after, text: format!("<{name}>{}</{name}>", escape(gateway)) });
        }
    }
}

/// Puts items at the head of a list, with whatever is missing around it; a setting only where there is none.
fn nested(text: &str, path: &[&str], body: &str, is_setting: bool) -> Result<String, String> {
    let mut reader = Reader::from_str(text);
    let mut open: Vec<String> = Vec::new();
    // How much of the path is there, and the place of the innermost of it.
    let mut innermost = (0, (0, 0, false));
    loop {
        let before = place(&reader);
        let event = reader.read_event().map_err(|why| format!("it is no XML that can be read: {why}"))?;
        let after = place(&reader);
        let (name, empty) = match &event {
            Event::Start(tag) => (tag.name().as_ref().to_owned(), false),
            Event::Empty(tag) => (tag.name().as_ref().to_owned(), true),
            Event::End(_) => {
                open.pop();
                continue;
            }
            Event::Eof => break,
            _ => continue,
        };
        open.push(name);
        if open.len() > innermost.0 && open.iter().eq(path.get(..open.len()).unwrap_or_default()) {
            innermost = (open.len(), (before, after, empty));
        }
        if empty {
            open.pop();
        }
    }
    let (depth, (from, to, empty)) = innermost;
    if (is_setting && depth == path.len() && !empty) || body.trim().is_empty() {
        return Ok(text.to_owned());
    }
    // From the inside: the body, and the elements around it that are not there yet.
    let mut inner = body.trim_end().to_owned();
    for (at, name) in path.iter().enumerate().skip(depth).rev() {
        let tabs = "\t".repeat(at);
        inner = format!("{tabs}<{name}>\n{inner}\n{tabs}</{name}>");
    }
    let edit = if empty {
        let name = path.get(depth.saturating_sub(1)).copied().unwrap_or_default();
        Edit { from, to, text: format!("<{name}>\n{inner}\n{}</{name}>", "\t".repeat(depth.saturating_sub(1))) }
    } else {
        Edit { from: to, to, text: format!("\n{inner}") }
    };
    Ok(apply(text, vec![edit]))
}

/// A list with its element around it, outbound NAT with its mode behind: as it stands after a second run.
fn whole(path: &[&str], text: &str) -> String {
    let (name, tabs) = (path.last().copied().unwrap_or_default(), "\t".repeat(path.len()));
    let mode = if name == "outbound" { format!("\n{tabs}\t<mode>hybrid</mode>") } else { String::new() };
    let body = text.trim_end();
    let body = if body.is_empty() { String::new() } else { format!("\n{body}") };
    format!("<{name}>{body}{mode}\n{tabs}</{name}>")
}

/// Our items at the head of their list, or the whole list where there is none.
fn insert(list: &List, start: Option<(usize, usize, bool)>, nat: usize, root: usize, edits: &mut Vec<Edit>) {
    let (body, outbound) = (list.text.trim_end(), list.path == ["nat", "outbound"]);
    if body.is_empty() && !outbound {
        return;
    }
    let whole = whole(list.path, body);
    match start {
        Some((_, _, false)) if body.is_empty() => {}
        Some((_, to, false)) => edits.push(Edit { from: to, to, text: format!("\n{body}") }),
        Some((from, to, true)) => edits.push(Edit { from, to, text: whole }),
        None => {
            let at = if outbound { nat } else { root };
            let close = "\t".repeat(list.path.len() - 1);
            edits.push(Edit { from: at, to: at, text: format!("\t{whole}\n{close}") });
        }
    }
}

/// What most lines of a text end with.
pub fn line_end(text: &str) -> &'static str {
    if text.matches("\r\n").count() * 2 > text.matches('\n').count() { "\r\n" } else { "\n" }
}

/// The text with its edits, whose lines end as its own do.
fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    let end = line_end(text);
    edits.sort_by_key(|edit| (edit.from, edit.to));
    let mut merged = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        merged += text.get(at..edit.from).unwrap_or_default();
        merged += &edit.text.replace('\n', end);
        at = at.max(edit.to);
    }
    merged + text.get(at..).unwrap_or_default()
}

fn place(reader: &Reader<&[u8]>) -> usize {
    usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX)
}

fn is(path: &[(String, usize)], names: &[&str]) -> bool {
    path.iter().map(|(name, _)| name.as_str()).eq(names.iter().copied())
}

/// Notes a list that begins here.
fn note(lists: &[List], found: &mut [Found], path: &[(String, usize)], at: (usize, usize, bool)) {
    for (list, found) in lists.iter().zip(found) {
        let here = std::iter::once("pfsense").chain(list.path.iter().copied());
        if found.start.is_none() && path.iter().map(|(name, _)| name.as_str()).eq(here) {
            found.start = Some(at);
        }
    }
}

/// How deep an item of a list stands if the path ends at one, and more than any path is long otherwise.
fn item_depth(lists: &[List], path: &[(String, usize)]) -> usize {
    let hit = lists.iter().any(|list| {
        let Some(item) = list.item else { return false };
        let names = std::iter::once("pfsense").chain(list.path.iter().copied()).chain(std::iter::once(item));
        path.iter().map(|(name, _)| name.as_str()).eq(names)
    });
    if hit { path.len() } else { usize::MAX }
}
