//! `config.xml` as pfSense's own parser takes it (`xmlparse.inc`): names in lower case, text trimmed and decoded once
//! more, lists by the name of their elements, and anything else at most once.

use roxmltree::{Document, ParsingOptions};

use crate::router::Unreadable;

/// Elements that may stand several times in one place; empty ones are left out.
const LISTS: &[&str] = &[
    "acls",
    "alias",
    "aliasurl",
    "allowedip",
    "allowedhostname",
    "authserver",
    "bridged",
    "build_port_path",
    "ca",
    "cacert",
    "cert",
    "crl",
    "clone",
    "config",
    "container",
    "columnitem",
    "checkipservice",
    "depends_on_package",
    "disk",
    "dnsserver",
    "dnsupdate",
    "domainoverrides",
    "dyndns",
    "earlyshellcmd",
    "element",
    "encryption-algorithm-option",
    "field",
    "fieldname",
    "gateway_item",
    "gateway_group",
    "gif",
    "gre",
    "group",
    "hash-algorithm-option",
    "hosts",
    "ifgroupentry",
    "igmpentry",
    "interface_array",
    "item",
    "key",
    "lagg",
    "laggroup",
    "lbaction",
    "lbpool",
    "l7rules",
    "lbprotocol",
    "member",
    "menu",
    "tab",
    "mobilekey",
    "mobilegroup",
    "monitor_type",
    "mount",
    "npt",
    "ntpserver",
    "onetoone",
    "openvpn-server",
    "openvpn-client",
    "openvpn-csc",
    "option",
    "package",
    "passthrumac",
    "phase1",
    "phase2",
    "ppp",
    "pppoe",
    "priv",
    "proxyarpnet",
    "pool",
    "qinqentry",
    "queue",
    "pages",
    "pipe",
    "radnsserver",
    "roll",
    "route",
    "row",
    "rrddatafile",
    "rule",
    "schedule",
    "service",
    "servernat",
    "servers",
    "sshkeyfile",
    "serversdisabled",
    "shellcmd",
    "staticmap",
    "subqueue",
    "switch",
    "swport",
    "timerange",
    "tunnel",
    "user",
    "vip",
    "virtual_server",
    "vlan",
    "vlangroup",
    "voucherdbfile",
    "vxlan",
    "wgpeer",
    "winsserver",
    "wolentry",
    "widget",
    "xmldatafile",
];

/// Elements within elements. pfSense's own files are about ten deep.
const DEPTH: usize = 64;
/// Elements of a file.
const NODES: u32 = 2_000_000;

/// An element.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    pub name: String,
    pub text: String,
    /// Counted from 1.
    pub line: u32,
    pub children: Vec<Node>,
}

impl Node {
    /// The first element of this name.
    pub fn get(&self, name: &str) -> Option<&Self> {
        self.children.iter().find(|child| child.name == name)
    }

    /// Is there an element of this name, with or without text? (`isset`)
    pub fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The text of an element, empty if there is none.
    pub fn text(&self, name: &str) -> &str {
        self.get(name).map_or("", |child| child.text.as_str())
    }

    /// Every element at the end of a path, whose last name is that of a list.
    pub fn all<'n>(&'n self, path: &[&str], name: &'n str) -> impl Iterator<Item = &'n Self> {
        let at = path.iter().try_fold(self, |node, step| node.get(step));
        at.into_iter().flat_map(move |node| node.children.iter().filter(move |child| child.name == name))
    }

    /// The element at the end of a path.
    pub fn at(&self, path: &[&str]) -> Option<&Self> {
        path.iter().try_fold(self, |node, step| node.get(step))
    }

    /// The text at the end of a path, empty if there is none.
    pub fn text_at(&self, path: &[&str]) -> &str {
        self.at(path).map_or("", |node| node.text.as_str())
    }
}

/// The element `pfsense`.
///
/// # Errors
/// If pfSense would refuse the file, with the line.
pub fn parse(text: &str) -> Result<Node, Unreadable> {
    let options = ParsingOptions { allow_dtd: false, nodes_limit: NODES, ..ParsingOptions::default() };
    check_depth(text)?;
    let text = text.trim_start_matches('\u{feff}');
    let document = Document::parse_with_options(text, options).map_err(|error| {
        let line = error.pos().row;
        Unreadable::new(format!("line {line}: this is no XML that pfSense takes: {error}"))
    })?;
    let starts: Vec<usize> = text.match_indices('\n').map(|(at, _)| at).collect();
    let root = document.root_element();
    let name = root.tag_name().name().to_lowercase();
    if name != "pfsense" {
        return Err(Unreadable::new(format!(
            "line {}: expected `pfsense`, found `{name}`: a file for one area cannot be judged without the others; \
             give the whole config.xml",
            line_of(&starts, root.range().start)
        )));
    }
    convert(root, &starts)
}

fn line_of(starts: &[usize], at: usize) -> u32 {
    u32::try_from(starts.partition_point(|&start| start < at) + 1).unwrap_or(u32::MAX)
}

/// Counts tags before anything recurses over them.
fn check_depth(text: &str) -> Result<(), Unreadable> {
    let mut depth = 0_usize;
    let mut line = 1_u32;
    let bytes = text.as_bytes();
    for (at, byte) in bytes.iter().enumerate() {
        match byte {
            b'\n' => line += 1,
            b'<' => match bytes.get(at + 1) {
                Some(b'/') => depth = depth.saturating_sub(1),
                Some(b'!' | b'?') => {}
                _ => depth += 1,
            },
            b'>' if at > 0 && bytes.get(at - 1) == Some(&b'/') => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > DEPTH {
            return Err(Unreadable::new(format!("line {line}: more than {DEPTH} elements within each other")));
        }
    }
    Ok(())
}

fn convert(node: roxmltree::Node, starts: &[usize]) -> Result<Node, Unreadable> {
    let line = line_of(starts, node.range().start);
    let mut found = Node { name: node.tag_name().name().to_lowercase(), line, ..Node::default() };
    for child in node.children() {
        if child.is_element() {
            let child = convert(child, starts)?;
            let list = LISTS.contains(&child.name.as_str());
            if !list && found.has(&child.name) {
                return Err(Unreadable::new(format!(
                    "line {}: `{}` stands twice in `{}`, and pfSense takes neither",
                    child.line, child.name, found.name
                )));
            }
            if list && child.children.is_empty() && child.text.is_empty() {
                continue;
            }
            found.children.push(child);
        } else if let Some(text) = child.text().filter(|_| child.is_text()) {
            let text = text.trim_matches(['\t', '\n', '\r']);
            if !text.trim_matches(' ').is_empty() || !found.text.is_empty() {
                found.text.push_str(&decoded(text));
            }
        }
    }
    Ok(found)
}

/// pfSense decodes entities a second time.
fn decoded(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let pairs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#039;", "'"), ("&#39;", "'")];
    let text = pairs.iter().fold(text.to_owned(), |text, (entity, letter)| text.replace(entity, letter));
    text.replace("&amp;", "&")
}
