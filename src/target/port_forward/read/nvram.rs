//! Variables of Asuswrt, DD-WRT and Tomato: as `nvram show` prints them, or as a script sets them.

use std::{collections::BTreeMap, net::Ipv4Addr};

use super::forward::{Cells, Forward, List, Mistake};

/// The variables that forward something, or lead to something that does.
const KNOWN: [&str; 9] = [
    "vts_enable_x",
    "vts_rulelist",
    "vts1_rulelist",
    "forward_spec",
    "forward_port",
    "forward_ip",
    "portforward",
    "dmz_ip",
    "dmz_enable",
];

/// More that is looked at, but does not tell the form.
const BESIDE: [&str; 4] = ["dmz_ipaddr", "lan_ipaddr", "upnp_enable", "trigforward"];

type Variables = BTreeMap<String, (u32, String)>;

/// Does a text hold such variables?
pub fn is_one(text: &str) -> bool {
    let found = variables(text);
    KNOWN.iter().any(|name| found.contains_key(*name))
}

fn variables(text: &str) -> Variables {
    let mut found = Variables::new();
    for (number, line) in (1..).zip(text.lines()) {
        let line = line.trim();
        let line = line.strip_prefix("nvram set ").unwrap_or(line);
        let Some((name, value)) = line.split_once('=') else { continue };
        if KNOWN.contains(&name) || BESIDE.contains(&name) {
            found.insert(name.to_owned(), (number, unquoted(value)));
        }
    }
    found
}

/// A value without the quotes of a shell.
fn unquoted(value: &str) -> String {
    let Some(inner) = value.strip_prefix('\'').and_then(|value| value.strip_suffix('\'')) else {
        return value.trim_matches('"').to_owned();
    };
    inner.replace("'\\''", "'")
}

pub fn read(text: &str) -> Result<List, Mistake> {
    let found = variables(text);
    let get = |name: &str| found.get(name).map_or((0, ""), |(line, value)| (*line, value.as_str()));
    let mut list = List::default();
    let (line, rules) = get("vts_rulelist");
    if get("vts_enable_x").1 == "0" {
        list.notes
            .extend((!rules.is_empty()).then(|| (line, "forwarding is switched off (vts_enable_x=0)".to_owned())));
    } else {
        asuswrt(line, rules, &mut list)?;
    }
    let (line, rules) = get("forward_spec");
    dd_wrt(line, rules, &mut list)?;
    let (line, rules) = get("portforward");
    tomato(line, rules, &mut list)?;
    for other in ["vts1_rulelist", "forward_port", "forward_ip", "trigforward"] {
        let (line, value) = get(other);
        if !value.is_empty() {
            return Err(Mistake::new(line, format!("`{other}` forwards too, and is not understood")));
        }
    }
    if get("upnp_enable").1.parse::<u32>().is_ok_and(|on| on != 0) {
        list.notes.push((get("upnp_enable").0, "hosts inside may open ports by UPnP (upnp_enable)".to_owned()));
    }
    catch_all(&found, &mut list)?;
    Ok(list)
}

/// `<name>ports>address>port>protocol>source`, again and again.
fn asuswrt(line: u32, rules: &str, list: &mut List) -> Result<(), Mistake> {
    for entry in rules.split('<').filter(|entry| !entry.is_empty()) {
        let parts: Vec<&str> = entry.split('>').collect();
        let (Some(name), Some(ports), Some(address), Some(inner), Some(protocol)) =
            (parts.first(), parts.get(1), parts.get(2), parts.get(3), parts.get(4))
        else {
            list.notes.push((line, format!("the router passes over `{entry}`: it has too few parts")));
            continue;
        };
        let from = parts.get(5).copied().unwrap_or_default();
        let cells = Cells { protocol, ports, address, inner, from, uplink: "" };
        list.forwards.extend(cells.forwards(line, name)?);
    }
    Ok(())
}

/// `name:on:protocol:port>address:port<source`, parted by spaces.
fn dd_wrt(line: u32, rules: &str, list: &mut List) -> Result<(), Mistake> {
    for entry in rules.split_whitespace() {
        let parts: Vec<&str> = entry.split([':', '>', '<']).collect();
        let (Some(name), Some(state), Some(protocol), Some(ports), Some(address), Some(inner)) =
            (parts.first(), parts.get(1), parts.get(2), parts.get(3), parts.get(4), parts.get(5))
        else {
            list.notes.push((line, format!("the router passes over `{entry}`: it has too few parts")));
            continue;
        };
        if *state == "off" {
            continue;
        }
        let from = parts.get(6).copied().unwrap_or_default();
        let cells = Cells { protocol, ports, address, inner, from, uplink: "" };
        list.forwards.extend(cells.forwards(line, name)?);
    }
    Ok(())
}

/// `on<protocols<source<ports<port<address<name`, parted by `>`. Versions before 1.07 had no source.
fn tomato(line: u32, rules: &str, list: &mut List) -> Result<(), Mistake> {
    for entry in rules.split('>').filter(|entry| !entry.is_empty()) {
        let parts: Vec<&str> = entry.split('<').collect();
        let (state, protocol, from, rest) = match parts.as_slice() {
            [state, protocol, from, rest @ ..] if rest.len() == 4 => (state, protocol, *from, rest),
            [state, protocol, rest @ ..] if rest.len() == 4 => (state, protocol, "", rest),
            _ => return Err(Mistake::new(line, format!("`{entry}` is a forward of no version that is known"))),
        };
        let (Some(ports), Some(inner), Some(address), Some(name)) =
            (rest.first(), rest.get(1), rest.get(2), rest.get(3))
        else {
            continue;
        };
        if *state != "1" {
            continue;
        }
        let protocol = match *protocol {
            "1" => "tcp",
            "2" => "udp",
            "3" => "both",
            other => {
                return Err(Mistake::new(line, format!("`{other}` stands for no protocol: 1 is tcp, 2 udp, 3 both")));
            }
        };
        let cells = Cells { protocol, ports, address, inner, from, uplink: "" };
        list.forwards.extend(cells.forwards(line, name)?);
    }
    Ok(())
}

/// The host that gets all that nothing else takes: the "DMZ" of such routers.
fn catch_all(found: &Variables, list: &mut List) -> Result<(), Mistake> {
    let get = |name: &str| {
        found.get(name).map(|(line, value)| (*line, value.as_str())).filter(|(_, value)| !value.is_empty())
    };
    let host = match (get("dmz_ip"), get("dmz_enable"), get("dmz_ipaddr")) {
        (Some(host), ..) => Some(host),
        (None, Some((_, on)), Some(host)) if on != "0" => Some(host),
        (None, Some((line, on)), None) if on != "0" => {
            return Err(Mistake::new(line, "all other ports go to some host, and `dmz_ipaddr` does not say which"));
        }
        _ => None,
    };
    let Some((line, host)) = host else { return Ok(()) };
    // DD-WRT and Tomato may keep the last number alone.
    let whole = host.parse::<Ipv4Addr>().ok().or_else(|| {
        let last = host.parse::<u8>().ok()?;
        let [a, b, c, _] = get("lan_ipaddr")?.1.parse::<Ipv4Addr>().ok()?.octets();
        Some(Ipv4Addr::new(a, b, c, last))
    });
    let address =
        whole.ok_or_else(|| Mistake::new(line, format!("all other ports go to `{host}`, which is no address")))?;
    list.forwards.push(Forward {
        line,
        text: "DMZ".to_owned(),
        protocol: None,
        ports: (0, u16::MAX),
        address,
        inner: None,
        from: Vec::new(),
        uplink: None,
    });
    Ok(())
}
