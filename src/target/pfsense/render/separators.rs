//! The headings between rules in a configuration that is merged with. pfSense counts the rules before each one on its
//! page, so those of the user are counted anew once our rules stand before theirs, and ours are put beside them.

use std::ops::Range;

use roxmltree::{Document, Node};

use super::{document::Separators, words::MARK};

/// A piece of the text, and what takes its place.
type Edit = (Range<usize>, String);

/// Counts the user's headings anew, and puts ours in the place of those that a run before has left.
///
/// # Errors
/// A sentence when one of the two texts is no XML.
pub fn merged(base: &str, merged: &str, ours: &[Separators]) -> Result<String, String> {
    let read = |text| Document::parse(text).map_err(|why| format!("it is no XML that can be read: {why}"));
    let (before, after) = (read(base)?, read(merged)?);
    let mut edits: Vec<Edit> = Vec::new();
    let lists = [(["filter", "rule"], true), (["nat", "rule"], false)];
    for ([list, item], pages) in lists {
        let Some(parent) = child(after.root_element(), list) else { continue };
        let old = child(before.root_element(), list).map(|node| rules(node, item)).unwrap_or_default();
        let new = rules(parent, item);
        let headings = child(parent, "separator");
        if !pages {
            for heading in headings.iter().flat_map(Node::children).filter(Node::is_element) {
                edits.extend(counted(heading, None, &old, &new));
            }
            continue;
        }
        for page in headings.iter().flat_map(Node::children).filter(Node::is_element) {
            let key = page.tag_name().name();
            for heading in page.children().filter(Node::is_element) {
                if is_ours(heading) {
                    edits.push((with_its_line(heading, merged), String::new()));
                } else {
                    edits.extend(counted(heading, Some(key), &old, &new));
                }
            }
        }
        edits.extend(added(parent, headings, merged, ours));
    }
    edits.sort_by_key(|(range, _)| (range.start, range.end));
    let mut text = String::with_capacity(merged.len());
    let mut at = 0;
    for (range, piece) in edits {
        text += merged.get(at..range.start).unwrap_or_default();
        text += &piece.replace('\n', super::merge::line_end(base));
        at = at.max(range.end);
    }
    Ok(text + merged.get(at..).unwrap_or_default())
}

/// The rules of a list: the page that each is on, and whether it is ours.
fn rules(list: Node, item: &str) -> Vec<(String, bool)> {
    let all = list.children().filter(|node| node.has_tag_name(item));
    all.map(|rule| {
        let page = if child(rule, "floating").is_some() { "floatingrules" } else { text(rule, "interface") };
        (page.to_lowercase(), text(rule, "descr").starts_with(MARK.trim_end()))
    })
    .collect()
}

/// The row of a heading of the user's, if it changes.
fn counted(heading: Node, page: Option<&str>, old: &[(String, bool)], new: &[(String, bool)]) -> Option<Edit> {
    let row = child(heading, "row")?.first_child().filter(Node::is_text)?;
    let count: usize = row.text()?.trim().strip_prefix("fr")?.parse().ok()?;
    let here = |rule: &&(String, bool)| page.is_none_or(|page| rule.0 == page);
    let theirs = old.iter().filter(here).take(count).filter(|(_, ours)| !ours).count();
    let ours = new.iter().filter(here).filter(|(_, ours)| *ours).count();
    (ours + theirs != count).then(|| (row.range(), format!("fr{}", ours + theirs)))
}

/// Our headings on each page.
fn added(filter: Node, headings: Option<Node>, merged: &str, ours: &[Separators]) -> Vec<Edit> {
    let mut edits = Vec::new();
    let mut missing = String::new();
    for page in ours.iter().filter(|page| !page.rows.is_empty()) {
        let there = headings.and_then(|node| child(node, &page.interface));
        let taken =
            |name: &str| there.is_some_and(|node| node.children().any(|old| old.has_tag_name(name) && !is_ours(old)));
        let mut free = (0..).map(|number| format!("sep{number}")).filter(|name| !taken(name));
        let mut text = String::new();
        for (row, words) in &page.rows {
            let name = free.next().unwrap_or_default();
            let words = quick_xml::escape::escape(words.as_str());
            text += &format!(
                "\n\t\t\t\t<{name}>\n\t\t\t\t\t<row>fr{row}</row>\n\t\t\t\t\t<text>{words}</text>\n\t\t\t\t\t<color>bg-info</color>\n\t\t\t\t\t<if>{}</if>\n\t\t\t\t</{name}>",
                page.interface
            );
        }
        match there {
            Some(node) => edits.extend(into(node, merged, &text, "\n\t\t\t")),
            None => missing += &format!("\n\t\t\t<{0}>{text}\n\t\t\t</{0}>", page.interface),
        }
    }
    if missing.is_empty() {
        return edits;
    }
    match headings {
        Some(node) => edits.extend(into(node, merged, &missing, "\n\t\t")),
        // Behind the rules, for those of a second run stand before it.
        None => {
            let end = filter.last_child().map_or(filter.range().end, |last| last.range().end);
            let end = merged.get(..end).map_or(end, |head| head.trim_end().len());
            edits.push((end..end, format!("\n\t\t<separator>{missing}\n\t\t</separator>")));
        }
    }
    edits
}

/// Text at the head of an element, also of one that is empty.
fn into(node: Node, merged: &str, text: &str, close: &str) -> Option<Edit> {
    let whole = merged.get(node.range())?;
    let end = whole.find('>')?;
    let name = node.tag_name().name();
    if whole.get(..end)?.ends_with('/') {
        return Some((node.range(), format!("<{name}>{text}{close}</{name}>")));
    }
    let at = node.range().start + end + 1;
    let bare = !merged.get(at..node.range().end)?.starts_with(['\n', '\r']);
    Some((at..at, if bare { format!("{text}{close}") } else { text.to_owned() }))
}

/// An element with the blank space before it.
fn with_its_line(node: Node, merged: &str) -> Range<usize> {
    let range = node.range();
    let start = merged.get(..range.start).map_or(range.start, |head| head.trim_end().len());
    start..range.end
}

fn is_ours(heading: Node) -> bool {
    text(heading, "text").starts_with(MARK.trim_end())
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn text<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    child(node, name).and_then(|node| node.text()).unwrap_or_default().trim()
}
