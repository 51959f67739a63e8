//! The variables of Asuswrt, DD-WRT and Tomato. Their limits are those of the firmware's own pages and parsers.

use std::collections::BTreeSet;

use super::{
    forwards::{Entry, distinct},
    words,
};

/// Rules that Asuswrt keeps (its own limit for programs), and letters of a name.
const ASUS_RULES: usize = 32;
const ASUS_NAME: usize = 32;
/// DD-WRT takes an entry of less than 256 letters, and names of 12.
const DD_NAME: usize = 12;
const DD_ENTRIES: usize = 64;
/// Tomato keeps 19 letters and more; its page shows so many.
const TOMATO_NAME: usize = 32;
/// What a variable holds at most in the flash of the smallest of these routers.
const VALUE: usize = 4096;

/// A variable's value, or why it cannot be said.
pub type Value = Result<String, String>;

/// Each source with its own entry; none is everybody.
fn sources(entry: &Entry) -> Vec<&str> {
    if entry.from.is_empty() { vec![""] } else { entry.from.iter().map(String::as_str).collect() }
}

fn bounded(value: String, entries: usize, most: usize) -> Value {
    if entries > most {
        Err(format!("it keeps {most} forwards, and these are {entries}"))
    } else if value.len() > VALUE {
        Err(format!("it keeps {VALUE} letters of forwards, and these are {}", value.len()))
    } else {
        Ok(value)
    }
}

fn names(length: usize) -> impl FnMut(&str) -> String {
    let mut taken = BTreeSet::new();
    move |name: &str| {
        let whole = words::name(name, length);
        if taken.insert(whole.clone()) {
            return whole;
        }
        // Three letters are left for a number.
        distinct(&words::name(name, length - 3), &mut taken)
    }
}

/// Only the first uplink's address is forwarded by all of them.
fn one_uplink(entries: &[Entry]) -> Result<(), String> {
    if entries.iter().all(|entry| entry.uplink.is_empty()) {
        Ok(())
    } else {
        Err("it does not tell several uplinks apart".to_owned())
    }
}

/// `vts_rulelist`
pub fn asuswrt(entries: &[Entry]) -> Value {
    one_uplink(entries)?;
    if entries.iter().any(|entry| entry.protocol == "tcp" && (entry.ports.0..=entry.ports.1).contains(&21)) {
        return Err("it opens a further port beside 21, for an FTP server of its own".to_owned());
    }
    let mut name = names(ASUS_NAME);
    let (mut value, mut count) = (String::new(), 0);
    for entry in entries {
        for source in sources(entry) {
            let (from, to) = entry.ports;
            let ports = if from == to { from.to_string() } else { format!("{from}:{to}") };
            // Of a range each port keeps its number: nothing is written for the inner one.
            let inner = if from == to { entry.inner.0.to_string() } else { String::new() };
            let protocol = entry.protocol.to_ascii_uppercase();
            value += &format!("<{}>{ports}>{}>{inner}>{protocol}>{source}", name(&entry.name), entry.address);
            count += 1;
        }
    }
    bounded(value, count, ASUS_RULES)
}

/// `forward_spec`, and how many entries it has.
pub fn dd_wrt(entries: &[Entry]) -> Result<(String, usize), String> {
    one_uplink(entries)?;
    let mut name = names(DD_NAME);
    let mut list = Vec::new();
    for entry in entries {
        if usize::from(entry.ports.1 - entry.ports.0) >= DD_ENTRIES {
            return Err(format!("it takes single ports, and {} are too many", Entry::range(entry.ports)));
        }
        for (public, inner) in entry.single() {
            for source in sources(entry) {
                let source = if source.is_empty() { String::new() } else { format!("<{source}") };
                let Entry { protocol, address, .. } = entry;
                list.push(format!("{}:on:{protocol}:{public}>{address}:{inner}{source}", name(&entry.name)));
            }
        }
    }
    let count = list.len();
    bounded(list.join(" "), count, DD_ENTRIES).map(|value| (value, count))
}

/// `portforward`
pub fn tomato(entries: &[Entry]) -> Value {
    one_uplink(entries)?;
    let mut name = names(TOMATO_NAME);
    let mut list = Vec::new();
    for entry in entries {
        let protocol = if entry.protocol == "tcp" { 1 } else { 2 };
        let (from, to) = entry.ports;
        let ports = if from == to { from.to_string() } else { format!("{from}:{to}") };
        let inner = if entry.inner == entry.ports { String::new() } else { entry.inner.0.to_string() };
        for source in sources(entry) {
            list.push(format!("1<{protocol}<{source}<{ports}<{inner}<{}<{}", entry.address, name(&entry.name)));
        }
    }
    let count = list.len();
    bounded(list.join(">"), count, 100)
}
