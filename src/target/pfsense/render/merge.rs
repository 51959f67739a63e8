//! The user's own configuration with our sections in it. Everything that is not ours keeps its bytes: edits are made by
//! their places in the text.

use quick_xml::{Reader, events::Event};

use super::{base::Base, print::Parts, words::MARK};

/// A list in the configuration that items of ours are put into.
struct List<'a> {
    /// The names of the elements around the items, without the root.
    path: &'static [&'static str],
    /// The element of an item; none if every child is one, and those that are there stay.
    item: Option<&'static str>,
    text: &'a str,
}

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
pub fn merge(text: &str, base: &Base, parts: &Parts) -> Result<String, String> {
    let lists = [
        List { path: &["interfaces"], item: None, text: &parts.interfaces },
        List { path: &["vlans"], item: None, text: &parts.vlans },
        List { path: &["virtualip"], item: None, text: &parts.addresses },
        List { path: &["gateways"], item: None, text: &parts.gateways },
        List { path: &["aliases"], item: Some("alias"), text: &parts.aliases },
        List { path: &["schedules"], item: Some("schedule"), text: &parts.schedules },
        List { path: &["nat"], item: Some("rule"), text: &parts.translations },
        List { path: &["nat", "outbound"], item: Some("rule"), text: &parts.outbound },
        List { path: &["filter"], item: Some("rule"), text: &parts.filter },
        List { path: &["dhcpd"], item: None, text: &parts.dhcpd },
    ];
    let mut found = vec![Found::default(); lists.len()];
    let mut edits: Vec<Edit> = Vec::new();
    let mut path: Vec<(String, usize)> = Vec::new();
    let mut reader = Reader::from_str(text);
    let (mut end_of_root, mut end_of_nat) = (None, None);
    let (mut words, mut ours) = (String::new(), false);
    loop {
        let before = place(&reader);
        let event = reader.read_event().map_err(|why| format!("it is no XML that can be read: {why}"))?;
        let after = place(&reader);
        match event {
            Event::Start(tag) => {
                path.push((tag.name().as_ref().to_owned(), before));
                words.clear();
                note(&lists, &mut found, &path, (before, after, false));
                if path.len() == item_depth(&lists, &path) {
                    ours = false;
                }
            }
            Event::Empty(tag) => {
                path.push((tag.name().as_ref().to_owned(), before));
                note(&lists, &mut found, &path, (before, after, true));
                path.pop();
            }
            Event::Text(piece) => words += &piece,
            Event::CData(piece) => words += &piece,
            Event::End(_) => {
                let depth = path.len();
                if path.last().is_some_and(|(name, _)| name == "descr") && words.trim().starts_with(MARK.trim_end()) {
                    ours |= depth.checked_sub(1).is_some_and(|above| above == item_depth(&lists, &path[..above]));
                }
                if is(&path, &["pfsense", "nat", "outbound", "mode"]) && base.mode == "automatic" {
                    let from = path.last().map_or(before, |(_, from)| *from);
                    edits.push(Edit { from, to: after, text: "<mode>hybrid</mode>".to_owned() });
                }
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
    for (list, found) in lists.iter().zip(&found) {
        insert(list, found.start, (end_of_nat, end_of_root), &mut edits);
    }
    Ok(apply(text, edits))
}

/// Our items at the head of their list, or the whole list where there is none.
fn insert(list: &List, start: Option<(usize, usize, bool)>, ends: (Option<usize>, usize), edits: &mut Vec<Edit>) {
    let name = list.path.last().copied().unwrap_or_default();
    let (body, outbound) = (list.text.trim_end(), name == "outbound");
    if body.is_empty() && !outbound {
        return;
    }
    let tabs = "\t".repeat(list.path.len());
    let mode = if outbound { format!("\n{tabs}\t<mode>hybrid</mode>") } else { String::new() };
    let body = if body.is_empty() { String::new() } else { format!("\n{body}") };
    let whole = format!("<{name}>{mode}{body}\n{tabs}</{name}>");
    match start {
        Some((_, _, false)) if body.is_empty() => {}
        Some((_, to, false)) => edits.push(Edit { from: to, to, text: body }),
        Some((from, to, true)) => edits.push(Edit { from, to, text: whole }),
        None => {
            let at = if outbound { ends.0.unwrap_or(ends.1) } else { ends.1 };
            let whole = if outbound && ends.0.is_none() { format!("<nat>\n\t\t{whole}\n\t</nat>") } else { whole };
            let close = "\t".repeat(list.path.len() - 1);
            edits.push(Edit { from: at, to: at, text: format!("\t{whole}\n{close}") });
        }
    }
}

fn apply(text: &str, mut edits: Vec<Edit>) -> String {
    edits.sort_by_key(|edit| (edit.from, edit.to));
    let mut merged = String::with_capacity(text.len());
    let mut at = 0;
    for edit in edits {
        merged += text.get(at..edit.from).unwrap_or_default();
        merged += &edit.text;
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
