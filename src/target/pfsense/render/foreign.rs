//! Which rule or setting of the user's own decides over a packet, and where it stands in their backup. Everything foreign
//! keeps its order in the merged file, so the third rule of theirs there is the third one here.

use std::ops::Range;

use quick_xml::escape::{resolve_html5_entity, unescape_with};
use roxmltree::{Document, Node};

use super::{BYTE_ORDER_MARK, merge::line_end, words::MARK};
use crate::router::{File, Line, Obstacle, blank};

/// A list of the user's: the elements around its items, their name, what one is called, and the page that shows it.
type List = (&'static [&'static str], &'static str, &'static str, &'static str);

const RULES: List = (&["filter"], "rule", "rule", "Firewall > Rules");
const LISTS: [List; 7] = [
    (&["nat"], "rule", "forward", "Firewall > NAT > Port Forward"),
    (&["nat", "outbound"], "rule", "rule of outbound NAT", "Firewall > NAT > Outbound"),
    (&["nat"], "onetoone", "1:1 translation", "Firewall > NAT > 1:1"),
    (&["nat"], "npt", "translation of a prefix", "Firewall > NAT > NPt"),
    RULES,
    (&["installedpackages"], "package", "package", "System > Package Manager"),
    (&["installedpackages", "miniupnpd"], "config", "UPnP", "Services > UPnP & NAT-PMP"),
];

/// What stands in the way, by the line that decides over a packet that arrives at an interface of this name.
#[must_use]
pub fn obstacle(base: &[File], merged: &[File], line: &Line, arriving: Option<&str>) -> Option<Obstacle> {
    let pair = Pair::new(base, merged)?;
    let (theirs, whole) = (Document::parse(pair.base).ok()?, Document::parse(pair.merged).ok()?);
    // The rules that pfSense makes of a setting are called as they are, with their interface behind.
    let says = line.text.split(" (interface ").next().unwrap_or_default();
    if let Some(setting) = arriving.and_then(|name| pair.setting(&theirs, &whole, says, name)) {
        return Some(setting);
    }
    if line.line == 0 {
        return None;
    }
    let number = usize::try_from(line.line).ok()?;
    let here = pair.line(number)?;
    let of_line = |node: &Node| here.contains(&node.range().start);
    // A file on one line has all of its rules there.
    let named = |node: &Node| match (text(*node, "tracker"), text(*node, "descr")) {
        ("", descr) => descr.contains('&') || line.text.contains(&format!("`{descr}`")) || descr.is_empty(),
        (tracker, _) => line.text.contains(&format!("(tracker {tracker})")),
    };
    LISTS.iter().find_map(|list| {
        let index = foreign(&whole, list).iter().position(|node| of_line(node) && named(node))?;
        pair.item(&theirs, &whole, list, index)
    })
}

/// Everything of the user's that could stand in the way, in the order in which pfSense asks it.
#[must_use]
pub fn obstacles(base: &[File], merged: &[File]) -> Vec<Obstacle> {
    let Some(pair) = Pair::new(base, merged) else { return Vec::new() };
    let (Ok(theirs), Ok(whole)) = (Document::parse(pair.base), Document::parse(pair.merged)) else { return Vec::new() };
    let of = |list: &List| -> Vec<Obstacle> {
        let items = foreign(&whole, list);
        let enabled = items.iter().enumerate().filter(|(_, node)| child(**node, "disabled").is_none());
        enabled.filter_map(|(index, _)| pair.item(&theirs, &whole, list, index)).collect()
    };
    LISTS.iter().flat_map(of).collect()
}

/// The rules of the user's on the tabs of these interfaces, with what is shown of each, as far as they are switched on;
/// or those alone that hold back.
pub fn behind(base: &str, keys: &[String], refusing: bool) -> Vec<(String, Vec<String>)> {
    let Ok(theirs) = Document::parse(base.trim_start_matches(BYTE_ORDER_MARK)) else { return Vec::new() };
    let all = foreign(&theirs, &RULES);
    let on = |rule: &&Node| ["disabled", "floating"].into_iter().all(|name| child(**rule, name).is_none());
    let mut found = Vec::new();
    for key in keys {
        let wanted = |rule: &&Node| !refusing || ["block", "reject"].contains(&text(**rule, "type"));
        let here = all.iter().filter(on).filter(wanted).filter(|rule| text(**rule, "interface") == key);
        let shown = |rule: &Node| match decoded(text(*rule, "descr")).replace('`', "'") {
            descr if descr.is_empty() => format!("one without a description (tracker {})", text(*rule, "tracker")),
            descr => format!("`{descr}`"),
        };
        let rules: Vec<&Node> = here.collect();
        if let Some(first) = rules.first() {
            found.push((tab(&theirs, **first), rules.iter().map(|rule| shown(rule)).collect()));
        }
    }
    found
}

/// The element at the root of this name, as it is written.
fn section<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let text = text.trim_start_matches(BYTE_ORDER_MARK);
    let document = Document::parse(text).ok()?;
    text.get(child(document.root_element(), name)?.range())
}

/// The areas of a merged configuration that are not as they were, each as a file that is restored alone. Nothing of the
/// user's is missing in them.
pub fn areas<'a>(base: &str, merged: &str, names: impl Iterator<Item = &'a str>) -> Vec<File> {
    let changed = names.filter(|name| has_changed(base, merged, name));
    let text = |name: &str| Some(section(merged, name)?.to_owned() + line_end(merged));
    changed.filter_map(|name| Some(File { name: format!("{name}.xml"), text: text(name)? })).collect()
}

/// Is a section of the merged configuration not as it was?
pub fn has_changed(base: &str, merged: &str, name: &str) -> bool {
    section(base, name) != section(merged, name)
}

/// The items of a list that hedgerow did not write.
fn foreign<'a, 'i>(document: &'a Document<'i>, (path, item, ..): &List) -> Vec<Node<'a, 'i>> {
    let parent = path.iter().try_fold(document.root_element(), |node, name| child(node, name));
    let all = parent.map(|node| node.children()).into_iter().flatten().filter(|node| node.has_tag_name(*item));
    all.filter(|node| !text(*node, "descr").starts_with(MARK.trim_end())).collect()
}

/// The user's backup and what it was merged into.
struct Pair<'a> {
    base: &'a str,
    merged: &'a str,
    /// How many bytes stand before the XML of each.
    marks: (usize, usize),
}

impl<'a> Pair<'a> {
    fn new(base: &'a [File], merged: &'a [File]) -> Option<Self> {
        let (theirs, whole) = (base.first()?, merged.first()?);
        let bare = |file: &'a File| file.text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(&file.text);
        let (base, merged) = (bare(theirs), bare(whole));
        let marks = (theirs.text.len() - base.len(), whole.text.len() - merged.len());
        Some(Self { base, merged, marks })
    }

    /// Where a line of the merged file is.
    fn line(&self, number: usize) -> Option<Range<usize>> {
        let mut breaks = self.merged.match_indices('\n').map(|(at, _)| at + 1);
        let start = if number > 1 { breaks.nth(number - 2)? } else { 0 };
        Some(start..breaks.next().unwrap_or(self.merged.len()))
    }

    /// An item of the user's, by its number among theirs.
    fn item(&self, theirs: &Document, whole: &Document, list: &List, index: usize) -> Option<Obstacle> {
        let (_, _, kind, page) = list;
        let here = *foreign(theirs, list).get(index)?;
        let there = *foreign(whole, list).get(index)?;
        let shown = ["descr", "name", "tracker"].into_iter().find_map(|name| child(here, name).filter(said));
        let descr = ["descr", "name"].into_iter().map(|name| decoded(text(here, name))).find(|text| !text.is_empty());
        let mut what = descr.map_or_else(|| format!("your {kind}"), |descr| format!("your {kind} `{descr}`"));
        let tracker = text(here, "tracker");
        if !tracker.is_empty() {
            what += &format!(" (tracker {tracker})");
        }
        let page = if list.1 == "rule" && list.0 == RULES.0 { tab(theirs, here) } else { (*page).to_owned() };
        let forward = text(here, "associated-rule-id");
        let forward = foreign(theirs, &LISTS[0])
            .into_iter()
            .filter(|_| list.0 == RULES.0 && !forward.is_empty())
            .find(|node| text(*node, "associated-rule-id") == forward && child(*node, "disabled").is_none());
        let help = match (*kind, forward) {
            ("package", _) => format!("{page}: remove it; nobody can tell which rules it adds"),
            ("UPnP", _) => format!("{page}: switch it off; whoever is inside could open any port"),
            (_, Some(forward)) => format!(
                "{}: delete or disable the forward `{}`, which this rule belongs to, or say in the policy what it does (`expose`)",
                LISTS[0].3,
                decoded(text(forward, "descr"))
            ),
            ("forward", _) => {
                format!("{page}: delete or disable it, or say in the policy what it does (`expose`, `redirect`)")
            }
            (_, None) => format!("{page}: delete or disable it, or say in the policy what it does"),
        };
        Some(Obstacle {
            file: 0,
            place: self.shifted(shown.map_or_else(|| head(self.base, here), |node| node.range())),
            what,
            help,
            removal: self.disabled(there, matches!(*kind, "package" | "UPnP"))?,
        })
    }

    /// An item that does nothing any more. It stays one, for the others are counted by it.
    fn disabled(&self, item: Node, whole: bool) -> Option<(usize, Range<usize>, String)> {
        let head = head(self.merged, item);
        if whole {
            let name = item.tag_name().name();
            let inside = self.merged.get(item.range())?;
            return Some(self.removal(item.range(), format!("<{name}>{}</{name}>", blank(inside))));
        }
        let tag = self.merged.get(head.clone())?;
        Some(self.removal(head, format!("{tag}<disabled></disabled>")))
    }

    /// A setting that pfSense has rules of its own for.
    fn setting(&self, theirs: &Document, whole: &Document, says: &str, arriving: &str) -> Option<Obstacle> {
        let start = |document: &Document, path: &[&str], text: &str| -> Option<Range<usize>> {
            let node = path.iter().try_fold(document.root_element(), |node, name| child(node, name))?;
            Some(head(text, node))
        };
        let shown = interface(theirs, arriving).map(descr).unwrap_or_default();
        let switched_off = |name: &str, title: &str, why: &str| -> Option<Obstacle> {
            let place = child(interface(theirs, arriving)?, name)?.range();
            let there = child(interface(whole, arriving)?, name)?.range();
            Some(Obstacle {
                file: 0,
                place: self.shifted(place),
                what: format!("*{title}* of {shown}"),
                help: format!("Interfaces > {shown}: untick it; {why}"),
                removal: self.removal(there, String::new()),
            })
        };
        let switched_on = |path: &[&str], name: &str, what: &str, help: &str| -> Option<Obstacle> {
            let there = start(whole, path, self.merged)?;
            let tag = self.merged.get(there.clone())?;
            Some(Obstacle {
                file: 0,
                place: self.shifted(start(theirs, path, self.base)?),
                what: what.to_owned(),
                help: help.to_owned(),
                removal: self.removal(there, format!("{tag}<{name}></{name}>")),
            })
        };
        match says {
            "block bogon networks" => switched_off(
                "blockbogons",
                "Block bogon networks",
                "its list is loaded from elsewhere, so nobody can tell what it holds back; hedgerow's rules let in from public addresses alone, by a list that is in the file",
            ),
            "Block private networks" => switched_off(
                "blockpriv",
                "Block private networks and loopback addresses",
                "it holds back before any rule what the policy lets in; hedgerow's rules let in from public addresses alone wherever the policy says `internet`",
            ),
            "anti-lockout rule" => switched_on(
                &["system", "webgui"],
                "noantilockout",
                "the anti-lockout rule, which pfSense has unless it is told not to,",
                "System > Advanced > Admin Access: tick *Disable webConfigurator anti-lockout rule*; who may reach the page is said by the policy, as in `allow lan -> router : https`",
            ),
            "Block all IPv6" => switched_on(
                &["system"],
                "ipv6allow",
                "*Allow IPv6*, which is off,",
                "System > Advanced > Networking: tick *Allow IPv6*, or have no IPv6 in the policy",
            ),
            _ => None,
        }
    }

    fn shifted(&self, place: Range<usize>) -> Range<usize> {
        place.start + self.marks.0..place.end + self.marks.0
    }

    fn removal(&self, place: Range<usize>, text: String) -> (usize, Range<usize>, String) {
        (0, place.start + self.marks.1..place.end + self.marks.1, text)
    }
}

/// The tab of the page of rules that shows a rule.
fn tab(theirs: &Document, rule: Node) -> String {
    let page = RULES.3;
    if child(rule, "floating").is_some() {
        return format!("{page} > Floating");
    }
    let key = text(rule, "interface");
    let name = interface(theirs, key).map_or_else(|| key.to_owned(), descr);
    format!("{page} > {}", if name == "openvpn" { "OpenVPN" } else { &name })
}

/// An interface by its key, device or description.
fn interface<'a, 'i>(document: &'a Document<'i>, name: &str) -> Option<Node<'a, 'i>> {
    let all = || child(document.root_element(), "interfaces").map(|node| node.children()).into_iter().flatten();
    let by_key = all().find(|node| node.is_element() && node.tag_name().name().eq_ignore_ascii_case(name));
    by_key.or_else(|| all().find(|node| text(*node, "if") == name || text(*node, "descr").eq_ignore_ascii_case(name)))
}

fn descr(interface: Node) -> String {
    let descr = decoded(text(interface, "descr"));
    if descr.is_empty() { interface.tag_name().name().to_uppercase() } else { descr }
}

/// Where the first tag of an element stands.
fn head(text: &str, node: Node) -> Range<usize> {
    let range = node.range();
    let end =
        text.get(range.clone()).and_then(|inside| inside.find('>')).map_or(range.end, |end| range.start + end + 1);
    range.start..end
}

/// pfSense writes the letters of a description as entities of HTML, inside CDATA as well. On one line, of bounded length.
fn decoded(text: &str) -> String {
    let plain =
        unescape_with(text, resolve_html5_entity).map_or_else(|_| text.to_owned(), std::borrow::Cow::into_owned);
    let plain: String = plain.chars().map(|letter| if letter.is_control() { ' ' } else { letter }).collect();
    if plain.chars().count() > 80 { plain.chars().take(79).chain(['…']).collect() } else { plain }
}

fn said(node: &Node) -> bool {
    node.text().is_some_and(|text| !text.trim().is_empty())
}

fn child<'a, 'i>(node: Node<'a, 'i>, name: &str) -> Option<Node<'a, 'i>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn text<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    child(node, name).and_then(|node| node.text()).unwrap_or_default().trim()
}
