//! The addresses of interfaces and what the DHCP server gives, as netifd, dnsmasq's start script and odhcpd take them.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use super::{network::Networks, state::line, uci::Section, value::boolean};
use crate::router::{Addressed, Dhcp, Ground, Lease, Pool, Topology, hardware};

/// Where dnsmasq's pool begins, and how many addresses it has, where the section does not say.
const START: u32 = 100;
const LIMIT: u32 = 150;

/// `dhcp` is none if the file was not given.
pub fn ground(sections: &[Section], dhcp: Option<&[Section]>, networks: &Networks, topology: &Topology) -> Ground {
    let number = |name: &str| {
        let device = networks.get(name)?.device.as_ref()?;
        let mut all = topology.interfaces().filter(|(_, interface)| interface.behind.is_none());
        all.find(|(_, interface)| interface.devices().any(|own| own == device)).map(|(number, _)| number)
    };
    let interfaces = sections.iter().filter(|section| section.kind == "interface" && !is_on(section, "disabled"));
    let addressed: Vec<Addressed> =
        interfaces.filter_map(|section| addressed(section, number(section.name.as_deref()?)?)).collect();
    let dhcp = dhcp.map(|sections| Dhcp {
        leases: sections.iter().filter(|section| section.kind == "host").filter_map(lease).collect(),
        pools: sections
            .iter()
            .filter(|section| section.kind == "dhcp")
            .filter_map(|section| {
                let interface = number(section.text("interface")?)?;
                let mut own =
                    addressed.iter().filter(|found| found.interface == interface).flat_map(|found| &found.own);
                let net =
                    own.by_ref().flatten().find_map(|own| if let IpNet::V4(net) = own { Some(*net) } else { None });
                Some(Pool { interface, range: range(section, net), line: line(section) })
            })
            .collect(),
        whole: true,
    });
    Ground { sections: addressed, dhcp }
}

fn addressed(section: &Section, interface: u16) -> Option<Addressed> {
    let proto = section.text("proto").unwrap_or("none");
    let own = match proto {
        "static" => {
            let mask = section.text("netmask");
            let four = section.words("ipaddr").into_iter().filter_map(|word| with_length(word, mask));
            Some(four.chain(section.words("ip6addr").into_iter().filter_map(|word| with_length(word, None))).collect())
        }
        "wireguard" => {
            Some(section.words("addresses").into_iter().filter_map(|word| with_length(word, None)).collect())
        }
        "dhcp" | "pppoe" => None,
        // Something else brings these up, or they belong to another section's device.
        _ => return None,
    };
    let fixed = proto == "static";
    let delegated = fixed.then(|| {
        let length = section.text("ip6assign")?.parse().ok()?;
        let number = section.text("ip6hint").map_or(Some(0), |hint| u64::from_str_radix(hint, 16).ok())?;
        Some((number, length))
    });
    let gateways = fixed.then(|| {
        let all = section.words("gateway").into_iter().chain(section.words("ip6gw"));
        all.filter_map(|word| word.parse().ok()).collect()
    });
    Some(Addressed { interface, own, tunnels: None, delegated, gateways, line: line(section) })
}

/// The words of UCI for yes.
fn is_on(section: &Section, option: &str) -> bool {
    section.text(option).and_then(boolean) == Some(true)
}

fn with_length(word: &str, mask: Option<&str>) -> Option<IpNet> {
    if word.contains('/') {
        return word.parse().ok();
    }
    let address: IpAddr = word.parse().ok()?;
    match mask {
        Some(mask) => match mask.parse::<u8>() {
            Ok(length) => IpNet::new(address, length).ok(),
            Err(_) => IpNet::with_netmask(address, mask.parse().ok()?).ok(),
        },
        None => Some(IpNet::from(address)),
    }
}

fn lease(section: &Section) -> Option<Lease> {
    let macs: Vec<[u8; 6]> = section.words("mac").into_iter().filter_map(hardware).collect();
    let address = section.text("ip")?.parse().ok()?;
    (!macs.is_empty()).then(|| Lease { macs, address, line: line(section) })
}

/// dnsmasq counts from the network of the interface's first address.
fn range(section: &Section, net: Option<Ipv4Net>) -> Option<(Ipv4Addr, Ipv4Addr)> {
    if is_on(section, "ignore") || section.text("dhcpv4") == Some("disabled") {
        return None;
    }
    let count = |key: &str, usual: u32| section.text(key).map_or(Some(usual), |text| text.parse().ok());
    let (start, limit, net) = (count("start", START)?, count("limit", LIMIT)?, net?);
    let first = net.network().to_bits().checked_add(start)?;
    let last = first.checked_add(limit.checked_sub(1)?)?;
    Some((Ipv4Addr::from_bits(first), Ipv4Addr::from_bits(last)))
}
