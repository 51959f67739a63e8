//! The interfaces of `/etc/config/network` as netifd brings them up: the device of each in the kernel, and its
//! addresses.

use std::collections::BTreeMap;

use super::{
    address::{Subnet, numbered, subnet},
    state::line,
    uci::Section,
};
use crate::router::{Interface, Line, Topology};

/// An interface of netifd.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Network {
    /// The device that carries its packets (`l3_device`, else `device`); none if nobody can tell.
    pub device: Option<String>,
    /// Its addresses with the lengths of their networks; those that are only known at run time are the router's own
    /// addresses on that device.
    pub addresses: Vec<Subnet>,
    /// Is the device only known when the interface is up?
    pub unsettled: bool,
    /// The zone that it says it is in, whatever the zone's list says.
    pub zone: Option<String>,
    /// The interface that brought it up.
    pub parent: Option<String>,
    /// Where it says that what leaves by it keeps its source, before any zone is asked: the provider translates what
    /// comes out of a DS-Lite tunnel (`dslite.sh`).
    pub untranslated: Option<Line>,
}

/// The interfaces by name.
pub type Networks = BTreeMap<String, Network>;

/// Protocols whose interface is called after the protocol and the section (`/lib/netifd/proto/ppp.sh` and others).
const NAMED: [(&str, &str); 14] = [
    ("ppp", "ppp-"),
    ("pppoe", "pppoe-"),
    ("pppoa", "pppoa-"),
    ("pptp", "pptp-"),
    ("l2tp", "l2tp-"),
    ("3g", "3g-"),
    ("6in4", "6in4-"),
    ("6rd", "6rd-"),
    ("6to4", "6to4-"),
    ("dslite", "ds-"),
    ("map", "map-"),
    ("464xlat", "464-"),
    ("gre", "gre4-"),
    ("ipip", "ipip-"),
];

/// Protocols whose interface has the name of the section.
const OWN: [&str; 4] = ["wireguard", "amneziawg", "vxlan", "xfrm"];

/// Protocols that take the device as it is.
const PLAIN: [&str; 5] = ["static", "dhcp", "dhcpv6", "none", "relay"];

/// The interfaces that the sections describe.
pub fn networks(sections: &[Section], topology: &Topology) -> Networks {
    let interfaces: Vec<&Section> = sections
        .iter()
        .filter(|section| section.kind == "interface" && section.text("disabled") != Some("1"))
        .collect();
    let mut all = Networks::new();
    let on = |device: Option<&String>| {
        topology.interfaces.iter().find(|interface| interface.devices().any(|own| Some(own) == device))
    };
    for section in &interfaces {
        let Some(name) = &section.name else { continue };
        let (device, unsettled) = device(name, &interfaces, 0);
        let addresses = addresses(section, on(device.as_ref()));
        let zone = section.text("zone").filter(|_| section.text("proto") == Some("dslite")).map(str::to_owned);
        let untranslated = (section.text("proto") == Some("dslite")).then(|| line(section));
        all.insert(name.clone(), Network { device, addresses, unsettled, zone, untranslated, parent: None });
    }
    for section in interfaces.iter().filter(|section| section.text("proto") == Some("dhcpv6")) {
        if let Some((name, network)) = brought_up(section, &on) {
            all.entry(name).or_insert(network);
        }
    }
    all
}

/// The tunnel that a DHCPv6 client brings up where the provider names its far end (`dhcpv6.script`); that it does, and
/// that the package `ds-lite` is there, is taken for granted where the tunnel has a name.
fn brought_up<'t>(
    section: &Section,
    on: &impl Fn(Option<&String>) -> Option<&'t Interface>,
) -> Option<(String, Network)> {
    let own = section.name.as_ref()?;
    let name = match section.text("iface_dslite")? {
        "0" => return None,
        "1" => format!("{own}_4"),
        name => name.to_owned(),
    };
    let device = format!("ds-{name}");
    let found = Network {
        addresses: known(on(Some(&device)), false),
        device: Some(device),
        unsettled: false,
        zone: section.text("zone_dslite").or_else(|| section.text("zone")).map(str::to_owned),
        untranslated: Some(line(section)),
        parent: Some(own.clone()),
    };
    Some((name, found))
}

/// The device of an interface, and whether that is a guess that only the running router settles.
fn device(name: &str, interfaces: &[&Section], depth: usize) -> (Option<String>, bool) {
    let found = interfaces.iter().find(|section| section.name.as_deref() == Some(name));
    let Some(section) = found.filter(|_| depth < 8) else { return (None, false) };
    let proto = section.text("proto").unwrap_or("none");
    if OWN.contains(&proto) {
        return (Some(name.to_owned()), false);
    }
    if let Some((_, start)) = NAMED.iter().find(|(named, _)| *named == proto) {
        let own = section.text("pppname").map(str::to_owned);
        return (Some(own.unwrap_or_else(|| format!("{start}{name}"))), false);
    }
    // Before 21.02 an interface was a bridge itself, and its devices were called `ifname`.
    if section.text("type") == Some("bridge") {
        return (Some(format!("br-{name}")), false);
    }
    let written = section.text("device").or_else(|| section.text("ifname"));
    match written.map(|device| (device, device.strip_prefix('@'))) {
        Some((_, Some(parent))) => self::device(parent, interfaces, depth + 1),
        Some((device, None)) => (Some(device.to_owned()), !PLAIN.contains(&proto)),
        None => (None, !PLAIN.contains(&proto)),
    }
}

fn addresses(section: &Section, on: Option<&Interface>) -> Vec<Subnet> {
    let fixed = section.text("proto") == Some("static");
    let known = |v6: bool| known(on, v6);
    let none = Networks::new();
    let written = |option: &str, length: Option<&str>| -> Vec<Subnet> {
        let with = |word: &&str| match length {
            Some(length) if !word.contains('/') => format!("{word}/{length}"),
            _ => (*word).to_owned(),
        };
        section.words(option).iter().map(with).filter_map(|text| subnet(&text, &none)).flatten().collect()
    };
    let proto = section.text("proto").unwrap_or("none");
    let mut found = if fixed { written("ipaddr", section.text("netmask")) } else { Vec::new() };
    if !fixed && !matches!(proto, "none" | "dhcpv6") {
        found.extend(known(false));
    }
    let six = written("ip6addr", None);
    // Over a telephone line the IPv6 addresses belong to an interface of their own, such as `wan6`.
    let four = fixed || matches!(proto, "none" | "dhcp" | "ppp" | "pppoe" | "pppoa" | "pptp" | "l2tp");
    if section.text("ip6assign").is_some() || !four {
        let more = known(true);
        found.extend(more.into_iter().filter(|one| !six.iter().any(|other| other.address == one.address)));
    }
    found.extend(six);
    found
}

/// What the running router knows: its addresses of one family on a device.
fn known(on: Option<&Interface>, v6: bool) -> Vec<Subnet> {
    let addresses = on.into_iter().flat_map(|interface| {
        interface.addresses.iter().map(move |address| {
            let (v6, value) = numbered(&address.to_string()).unwrap_or_default();
            let widest = interface.links().filter(|net| net.contains(address)).map(ipnet::IpNet::prefix_len).max();
            let host = if v6 { 128 } else { 32 };
            Subnet::prefix(v6, value, widest.map_or(host, i64::from))
        })
    });
    addresses.filter(|address| address.v6 == v6).collect()
}
