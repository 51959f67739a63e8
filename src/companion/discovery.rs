//! Discovery across zones: avahi's reflector for mDNS, a relay for SSDP.

use minijinja::{Error, Value, context};

use super::{Beside, Companions, Printer};
use crate::model::{Network, Reflector, ZoneId, service::Discovery};

/// The targets whose interfaces are devices of Linux, on which avahi runs.
const LINUX: [&str; 2] = ["nftables", "openwrt"];

pub fn write(network: &Network, beside: &Beside<'_>, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    let of = |protocol: Discovery| network.reflectors.iter().filter(move |reflector| reflector.protocol == protocol);
    relay(network, beside, printer, found, &of(Discovery::Ssdp).collect::<Vec<_>>())?;
    let mdns: Vec<&Reflector> = of(Discovery::Mdns).collect();
    match mdns.as_slice() {
        [] => {}
        [one] => reflector(network, beside, printer, found, one)?,
        // One daemon reflects between all of its interfaces, and would join what the policy keeps apart.
        _ => found.by_hand.push(
            "the reflectors of mDNS: one avahi-daemon reflects between all of its zones, so several need one each"
                .to_owned(),
        ),
    }
    Ok(())
}

/// mDNS: a file of avahi for each router on which the interfaces are called otherwise, and a page of pfSense.
fn reflector(
    network: &Network,
    beside: &Beside<'_>,
    printer: &Printer,
    found: &mut Companions,
    one: &Reflector,
) -> Result<(), Error> {
    let mut written: Vec<String> = Vec::new();
    let mut nameless = false;
    for target in LINUX.into_iter().filter(|target| beside.is(target)) {
        let Some(interfaces) = interfaces(network, one, target) else {
            nameless = true;
            continue;
        };
        let interfaces = interfaces.join(",");
        if written.contains(&interfaces) {
            continue;
        }
        let services: Vec<String> = one.services.iter().map(|service| format!("{service}.local")).collect();
        let values = context! { interfaces => interfaces.clone(), services => services.join(",") };
        let name = if written.is_empty() {
            "discovery/avahi-daemon.conf".to_owned()
        } else {
            format!("discovery/avahi-daemon.{target}.conf")
        };
        found.file(name, printer.print("avahi-daemon.conf", values)?);
        written.push(interfaces);
    }
    if nameless && written.is_empty() {
        found.by_hand.push("the reflector of mDNS: a zone has no interface".to_owned());
    }
    if beside.targets.contains(&"pfsense")
        && let Some(pages) = interfaces(network, one, "pfsense")
    {
        let only = match one.services.as_slice() {
            [] => String::new(),
            services => format!(
                "; let it reflect {} only, if its version can: else everything is found from the other side",
                services.join(", ")
            ),
        };
        found.by_hand.push(format!(
            "mDNS on pfSense: the package Avahi with `Enable reflection`, and of the interfaces {} alone{only}",
            pages.join(", ")
        ));
    }
    Ok(())
}

/// SSDP: no router repeats it by itself, so there is a program for each make. Each reflector has an instance of its own,
/// and all have one id: a relay takes what bears its own id for an echo, so that none repeats what another one has sent
/// into a zone that both are in. pfSense numbers its instances itself, so that there they would join their zones.
fn relay(
    network: &Network,
    beside: &Beside<'_>,
    printer: &Printer,
    found: &mut Companions,
    reflectors: &[&Reflector],
) -> Result<(), Error> {
    let mut sections: Vec<Value> = Vec::new();
    for (index, one) in reflectors.iter().enumerate() {
        let (id, networks) = (index + 1, one.zones.iter().map(|zone| network.zone(*zone).name.clone()));
        let networks: Vec<String> = networks.collect();
        let zones = networks.join(", ");
        if beside.is("nftables")
            && let Some(devices) = interfaces(network, one, "nftables")
        {
            let devices: Vec<String> = devices.into_iter().map(str::to_owned).collect();
            let text = printer.print("relay.service", context! { id, zones => zones.clone(), devices })?;
            found.file(format!("discovery/hedgerow-ssdp-{id}.service"), text);
        }
        let pages = one.zones.iter().map(|zone| network.zone(*zone).interfaces.get("pfsense").map(|found| &found.name));
        if beside.is("pfsense")
            && let Some(pages) = pages.collect::<Option<Vec<&String>>>()
        {
            let pages = pages.into_iter().map(String::as_str).collect::<Vec<_>>().join(", ");
            let shared = reflectors.iter().filter(|other| other.zones.iter().any(|zone| one.zones.contains(zone)));
            found.by_hand.push(if shared.count() > 1 {
                format!("SSDP on pfSense between {zones}: its relays would repeat each other's packets, and join all zones of reflectors that have one in common")
            } else {
                format!("SSDP on pfSense: the package udpbroadcastrelay, with an instance for {pages}: port 1900, group 239.255.255.250, `Keep Original`")
            });
        }
        found.by_hand.push(format!(
            "the answers to SSDP between {zones}: a device answers whoever asks by a UDP packet from port 1900, which no reply covers: a rule such as `allow {} -> {} : udp 1024-65535 from 1900` lets it",
            networks.last().map_or("", String::as_str),
            networks.first().map_or("", String::as_str),
        ));
        sections.push(context! { id, zones, networks });
    }
    if !sections.is_empty() && beside.is("openwrt") {
        let text = printer.print("relay.uci", context! { sections })?;
        found.file("discovery/udp_broadcast_relay_redux".to_owned(), text);
    }
    Ok(())
}

/// The interfaces of a reflector's zones on a target, if all have one there.
fn interfaces<'n>(network: &'n Network, reflector: &Reflector, target: &str) -> Option<Vec<&'n str>> {
    let name = |zone: &ZoneId| network.zone(*zone).interface_on(target).map(|interface| interface.name.as_str());
    reflector.zones.iter().map(name).collect()
}
