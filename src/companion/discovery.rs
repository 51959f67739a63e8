//! Discovery across zones: avahi's reflector.

use minijinja::{Error, context};

use super::{Companions, Printer};
use crate::model::{Network, Reflector, ZoneId, service::Discovery};

pub fn write(network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    let of = |protocol: Discovery| network.reflectors.iter().filter(move |reflector| reflector.protocol == protocol);
    if of(Discovery::Ssdp).next().is_some() {
        found.by_hand.push("the reflector of SSDP, for which the router needs a program of its own".to_owned());
    }
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

fn interface(network: &Network, zone: ZoneId) -> Option<&str> {
    network.zone(zone).interface_on("nftables").map(|interface| interface.name.as_str())
}
