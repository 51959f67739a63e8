//! DHCP for a Linux router: nftables lets it through, and answers nobody. OpenWrt and pfSense have it in their own files.

use std::net::IpAddr;

use ipnet::IpNet;
use minijinja::{Error, Value, context};

use super::{Beside, Companions, Printer};
use crate::model::{Host, Network, ZoneId};

pub fn write(network: &Network, beside: &Beside<'_>, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    if !beside.is("nftables") {
        return Ok(());
    }
    let mut zones: Vec<Value> = Vec::new();
    for (id, zone) in network.zone_ids().filter(|(_, zone)| !zone.is_internet()) {
        let Some(interface) = zone.interface_on("nftables") else { continue };
        let pools = zone.dhcp.iter().filter_map(|range| pool(network, id, *range));
        let ranges: Vec<String> = pools.chain(reserved_alone(network, id)).collect();
        if ranges.is_empty() {
            continue;
        }
        let hosts: Vec<String> = network.hosts.iter().filter_map(|host| reservation(host, id)).collect();
        let (name, tag) = (zone.name.clone(), zone.name.replace('_', "-"));
        zones.push(context! { name, tag, interface => interface.name.clone(), ranges, hosts });
    }
    if !zones.is_empty() {
        found.file("dhcp/dnsmasq.conf".to_owned(), printer.print("dhcp.conf", context! { zones })?);
    }
    Ok(())
}

/// `10.0.20.100,10.0.20.199,255.255.255.0`, `fd42::100,fd42::1ff,64`
fn pool(network: &Network, zone: ZoneId, (from, to): (IpAddr, IpAddr)) -> Option<String> {
    let net = network.zone(zone).networks.iter().map(|network| network.net).find(|net| net.contains(&from))?;
    Some(match net {
        IpNet::V4(net) => format!("{from},{to},{}", net.netmask()),
        IpNet::V6(net) => format!("{from},{to},{}", net.prefix_len()),
    })
}

/// `10.0.20.0,static,255.255.255.0`: the networks without a pool in which hosts have their address from this router all
/// the same. Where no rule lets them ask it, somebody else gives them out.
fn reserved_alone(network: &Network, id: ZoneId) -> Vec<String> {
    let zone = network.zone(id);
    let written = zone.networks.iter().filter(|network| network.delegated.is_none()).map(|network| network.net);
    let alone = written.filter(|net| {
        let pool = zone.dhcp.iter().any(|(from, _)| net.contains(from));
        let asked = network.asks_router(id, if net.addr().is_ipv4() { 67 } else { 547 });
        let reserved = |host: &Host| {
            host.reserved_by().is_some()
                && host.addresses.iter().any(|own| own.zone == id && own.suffix.is_none() && net.contains(&own.address))
        };
        !pool && asked && network.hosts.iter().any(reserved)
    });
    let range = |net: IpNet| match net {
        IpNet::V4(net) => format!("{},static,{}", net.network(), net.netmask()),
        IpNet::V6(net) => format!("{},static,{}", net.network(), net.prefix_len()),
    };
    alone.map(range).collect()
}

/// What a host is always given in a zone: `52:54:00:aa:bb:10,10.0.20.10,[fd42::10],ha`.
fn reservation(host: &Host, zone: ZoneId) -> Option<String> {
    let mac = host.reserved_by()?.map(|byte| format!("{byte:02x}")).join(":");
    let own = host.addresses.iter().filter(|own| own.zone == zone && own.suffix.is_none());
    let addresses: Vec<String> = own
        .map(|own| match own.address {
            IpAddr::V4(address) => address.to_string(),
            IpAddr::V6(address) => format!("[{address}]"),
        })
        .collect();
    (!addresses.is_empty()).then(|| format!("{mac},{},{}", addresses.join(","), host.name.replace('_', "-")))
}
