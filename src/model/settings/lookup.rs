//! Looking things up in a tree, and what values mean to Home Assistant.

use std::{net::IpAddr, rc::Rc};

use ipnet::IpNet;

use super::{
    files::{Files, Found},
    yaml::{Kind, Node},
};
use crate::{
    diagnostic::{Diagnostic, Span},
    model::network::{Listed, Said},
};

impl Files<'_> {
    /// The entry of a map: the place of its key, and its value. Of two of the same name the last one counts, and what
    /// stands there itself counts more than what is merged in with `<<`.
    pub fn entry(&mut self, map: &Rc<Node>, name: &str) -> Option<(Span, Found)> {
        let (span, value) = self.raw(map, name)?;
        self.show(span);
        Some((span, self.follow(&value)?))
    }

    fn raw(&mut self, map: &Rc<Node>, name: &str) -> Option<(Span, Rc<Node>)> {
        let Kind::Map(entries) = &map.kind else { return None };
        if let Some((key, value)) = entries.iter().rev().find(|(key, _)| key.text == name) {
            return Some((key.span, Rc::clone(value)));
        }
        let (_, merged) = entries.iter().rev().find(|(key, _)| key.text == "<<")?;
        let Some(Found::Node(merged)) = self.follow(merged) else { return None };
        let parts = if let Kind::List(parts) = &merged.kind { parts.clone() } else { vec![merged] };
        parts.iter().find_map(|part| {
            let Some(Found::Node(part)) = self.follow(part) else { return None };
            self.raw(&part, name)
        })
    }

    /// A value that is hidden, or one that a function reads of its text. What that cannot read is reported.
    pub fn value<T>(&mut self, found: &Found, what: &str, read: impl FnOnce(&str) -> Option<T>) -> Option<Said<T>> {
        let node = match found {
            Found::Hidden(span) => return Some(Said { span: *span, value: None }),
            Found::Node(node) => node,
        };
        self.show(node.span);
        let value = if let Kind::Scalar { text, .. } = &node.kind { read(text.trim()) } else { None };
        if value.is_none() {
            self.refused(node.span, what);
            return None;
        }
        Some(Said { span: node.span, value })
    }

    /// A list of values.
    pub fn values<T>(&mut self, found: &Found, what: &str, read: impl Fn(&str) -> Option<T>) -> Vec<Said<T>> {
        let node = match found {
            Found::Hidden(span) => return vec![Said { span: *span, value: None }],
            Found::Node(node) => Rc::clone(node),
        };
        let mut said = Vec::new();
        for item in items(&node) {
            if let Some(found) = self.follow(&item) {
                said.extend(self.value(&found, what, &read));
            }
        }
        said
    }

    /// Addresses and networks.
    pub fn networks(&mut self, found: &Found) -> Vec<Said<Listed>> {
        self.values(found, "an address or a network such as 192.168.1.0/24", listed)
    }

    /// Tells of a value that Home Assistant does not take.
    fn refused(&mut self, span: Span, what: &str) {
        let error = Diagnostic::error("settings-value", span, "Home Assistant does not take this value")
            .label(format!("expected {what}"))
            .also(self.place, "the settings are read for this")
            .help("until it is mended Home Assistant ignores the whole block, or starts in recovery mode");
        self.errors.push(error);
    }
}

/// The items of a list; one value alone is a list of it, and nothing is none (Home Assistant's `ensure_list`).
pub fn items(list: &Rc<Node>) -> Vec<Rc<Node>> {
    match &list.kind {
        Kind::List(items) => items.clone(),
        Kind::Scalar { text, plain: true } if matches!(text.as_str(), "" | "~" | "null") => Vec::new(),
        _ => vec![Rc::clone(list)],
    }
}

/// `192.168.1.0/24`, `192.168.1.0/255.255.255.0` or one address, as Python's `ip_network` reads it but for its strictness.
fn listed(text: &str) -> Option<Listed> {
    let (address, length) = match text.split_once('/') {
        None => (text, None),
        Some((address, length)) => (address, Some(length)),
    };
    let address: IpAddr = address.parse().ok()?;
    let net = match length {
        None => IpNet::from(address),
        Some(length) if length.bytes().all(|digit| digit.is_ascii_digit()) => {
            IpNet::new(address, length.parse().ok()?).ok()?
        }
        Some(mask) => IpNet::with_netmask(address, mask.parse().ok()?).ok()?,
    };
    Some(Listed { net: net.trunc(), host_bits: (net.trunc() != net).then_some(net.addr()) })
}

/// A truth value, as Home Assistant's `boolean` takes it.
pub fn truth(text: &str) -> Option<bool> {
    match text.to_ascii_lowercase().as_str() {
        "1" | "true" | "yes" | "on" | "enable" => Some(true),
        "0" | "false" | "no" | "off" | "disable" => Some(false),
        _ => None,
    }
}
