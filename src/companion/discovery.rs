//! Discovery across zones: avahi's reflector for mDNS, a relay for SSDP.

use minijinja::{Error, Value, context};

use super::{Companions, Printer};
use crate::model::{Network, Reflector, ZoneId, service::Discovery};

pub fn write(network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    let of = |protocol: Discovery| network.reflectors.iter().filter(move |reflector| reflector.protocol == protocol);
    relay(network, printer, found, &of(Discovery::Ssdp).collect::<Vec<_>>())?;
    let mdns: Vec<&Reflector> = of(Discovery::Mdns).collect();
    match mdns.as_slice() {
        [] => {}
        [one] => {
            let interfaces: Option<Vec<&str>> = one.zones.iter().map(|zone| interface(network, *zone)).collect();
            let Some(interfaces) = interfaces else {
                found.by_hand.push("the reflector of mDNS: a zone has no interface".to_owned());
                return Ok(());
            };
            let services: Vec<String> = one.services.iter().map(|service| format!("{service}.local")).collect();
            let values = context! { interfaces => interfaces.join(","), services => services.join(",") };
            found.file("discovery/avahi-daemon.conf".to_owned(), printer.print("avahi-daemon.conf", values)?);
        }
        // One daemon reflects between all of its interfaces, and would join what the policy keeps apart.
        _ => found.by_hand.push(
            "the reflectors of mDNS: one avahi-daemon reflects between all of its zones, so several need one each"
                .to_owned(),
        ),
    }
    Ok(())
}

/// SSDP: no router repeats it by itself, so there is a program for each make. Each reflector has an instance of its own,
/// and all have one id: a relay takes what bears its own id for an echo, so that none repeats what another one has sent
/// into a zone that both are in. pfSense numbers its instances itself, so that there they would join their zones.
fn relay(network: &Network, printer: &Printer, found: &mut Companions, reflectors: &[&Reflector]) -> Result<(), Error> {
    let mut sections: Vec<Value> = Vec::new();
    for (index, one) in reflectors.iter().enumerate() {
        let (id, networks) = (index + 1, one.zones.iter().map(|zone| network.zone(*zone).name.clone()));
        let networks: Vec<String> = networks.collect();
        let zones = networks.join(", ");
        let devices: Option<Vec<&str>> = one.zones.iter().map(|zone| interface(network, *zone)).collect();
        if let Some(devices) = devices {
            let devices: Vec<String> = devices.into_iter().map(str::to_owned).collect();
            let text = printer.print("relay.service", context! { id, zones => zones.clone(), devices })?;
            found.file(format!("discovery/hedgerow-ssdp-{id}.service"), text);
        }
        let pages = one.zones.iter().map(|zone| network.zone(*zone).interfaces.get("pfsense").map(|found| &found.name));
        if let Some(pages) = pages.collect::<Option<Vec<&String>>>() {
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
    if !sections.is_empty() {
        let text = printer.print("relay.uci", context! { sections })?;
        found.file("discovery/udp_broadcast_relay_redux".to_owned(), text);
    }
    Ok(())
}

fn interface(network: &Network, zone: ZoneId) -> Option<&str> {
    network.zone(zone).interface_on("nftables").map(|interface| interface.name.as_str())
}
