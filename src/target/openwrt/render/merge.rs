//! The user's own files with hedgerow's sections in them: what hedgerow owns is replaced, all else stays as it is.

use super::{
    Renderer,
    base::{Found, sections},
    uci::Package,
};

/// The first words of every file and block that hedgerow writes.
const HEAD: &str = "# Written by hedgerow ";

/// Rules that OpenWrt is delivered with, by name, source, destination and target. Its configuration is what hedgerow's
/// takes the place of.
const STOCK: [(&str, &str, &str, &str); 9] = [
    ("Allow-DHCP-Renew", "wan", "", "ACCEPT"),
    ("Allow-Ping", "wan", "", "ACCEPT"),
    ("Allow-IGMP", "wan", "", "ACCEPT"),
    ("Allow-DHCPv6", "wan", "", "ACCEPT"),
    ("Allow-MLD", "wan", "", "ACCEPT"),
    ("Allow-ICMPv6-Input", "wan", "", "ACCEPT"),
    ("Allow-ICMPv6-Forward", "wan", "*", "ACCEPT"),
    ("Allow-IPSec-ESP", "wan", "lan", "ACCEPT"),
    ("Allow-ISAKMP", "wan", "lan", "ACCEPT"),
];

/// A package after merging.
pub struct Merged {
    pub text: String,
    pub replaced: Vec<Replaced>,
}

/// A section that made room.
pub struct Replaced {
    /// For `uci delete`.
    pub path: String,
    pub file: &'static str,
    pub line: usize,
    /// `zone 'lan'`
    pub words: String,
    /// Did hedgerow write it?
    pub own: bool,
}

/// Puts hedgerow's sections into the user's file. `block` is their text.
pub fn merge(package: &Package, base: &str, block: &str, renderer: &Renderer<'_>) -> Merged {
    let mut text = String::new();
    let mut replaced = Vec::new();
    let mut at = 0;
    for section in sections(base) {
        let named = package.sections.iter().any(|own| own.name == section.name && own.kind == section.kind);
        if !named && !section.is_own() && !renderer.takes_the_place_of(package.name, &section) {
            continue;
        }
        text += base.get(at..section.span.start).unwrap_or_default();
        at = section.span.end;
        let name = if section.name.is_empty() {
            format!("@{}[{}]", section.kind, section.index)
        } else {
            section.name.clone()
        };
        let label = section.options.iter().find(|(key, _)| key == "name").map_or(&section.name, |(_, value)| value);
        replaced.push(Replaced {
            path: format!("{}.{name}", package.name),
            file: package.name,
            line: section.line,
            words: format!("{} '{label}'", section.kind),
            own: section.is_own(),
        });
    }
    text += base.get(at..).unwrap_or_default();
    text = without_heads(&text);
    if package.sections.is_empty() {
        return Merged { text, replaced };
    }
    if !text.is_empty() && !text.ends_with('\n') {
        text.push('\n');
    }
    if !text.is_empty() {
        text.push('\n');
    }
    Merged { text: text + block, replaced }
}

/// Takes the head lines of earlier blocks out, each with the empty lines around it.
fn without_heads(text: &str) -> String {
    let mut kept: Vec<&str> = Vec::new();
    let mut behind = false;
    for line in text.split_inclusive('\n') {
        let empty = line.trim().is_empty();
        if line.starts_with(HEAD) {
            if kept.last().is_some_and(|line| line.trim().is_empty()) {
                kept.pop();
            }
            behind = true;
            continue;
        }
        if !(behind && empty) {
            kept.push(line);
        }
        behind = false;
    }
    kept.concat()
}

impl Renderer<'_> {
    /// Is this a section whose part hedgerow's play?
    fn takes_the_place_of(&self, package: &str, section: &Found) -> bool {
        let ours = |name: &str| self.names.iter().any(|names| names.network == name);
        let second = |name: &str| {
            let more = |names: &super::Names| [names.second.as_deref(), names.tunnel.as_deref()].contains(&Some(name));
            self.names.iter().any(more)
        };
        let value = |key: &str| section.values(key).join(" ");
        match (package, section.kind.as_str()) {
            ("firewall", "defaults") => true,
            ("firewall", "zone") => {
                let device = |name: &str| self.names.iter().any(|names| names.devices().any(|device| device == name));
                ours(&value("name"))
                    || section.values("network").into_iter().any(|name| ours(name) || second(name))
                    || section.values("device").into_iter().any(device)
            }
            ("firewall", "rule") => {
                let words = (value("name"), value("src"), value("dest"), value("target"));
                STOCK.iter().any(|(name, src, dest, target)| {
                    (words.0.as_str(), words.1.as_str(), words.2.as_str(), words.3.as_str())
                        == (*name, *src, *dest, *target)
                })
            }
            ("firewall", "forwarding") => section.options.len() == 2 && value("src") == "lan" && value("dest") == "wan",
            ("dhcp", "dhcp") => ours(&value("interface")) || second(&value("interface")),
            ("dhcp", "host") => self.network.hosts.iter().any(|host| {
                let reserved = host.reserved_by();
                let mac = reserved.is_some_and(|mac| value("mac").eq_ignore_ascii_case(&super::dhcp::mac_text(mac)));
                let ip = host.addresses.iter().any(|own| value("ip") == own.address.to_string());
                reserved.is_some() && (mac || ip)
            }),
            _ => false,
        }
    }
}
