//! What the DHCP server gives, which gateways the uplinks have, and which networks the tunnels of OpenVPN.

use std::net::Ipv4Addr;

use ipnet::IpNet;

use super::{config::Config, xml::Node};
use crate::router::{Addressed, Dhcp, Ground, Lease, Line, Pool, Topology, hardware};

/// Addresses of interfaces are not here: rules are made of them, and a mask decides over packets.
pub fn ground(config: &Config, topology: &Topology) -> Ground {
    let number = |device: &str| {
        let at = config.interfaces.devices.iter().position(|own| own == device)?;
        topology.interfaces().nth(at).map(|(number, _)| number)
    };
    let by_key = |key: &str| number(&config.interfaces.get(key)?.device);
    let root = &config.root;
    let mut sections = Vec::new();
    for server in root.all(&["openvpn"], "openvpn-server").filter(|server| !server.has("disable")) {
        let device = format!("ovpns{}", server.text("vpnid"));
        let Some(interface) = number(&device) else { continue };
        let nets: Vec<IpNet> = ["tunnel_network", "tunnel_networkv6"]
            .iter()
            .flat_map(|key| server.text(key).split(','))
            .filter_map(|text| text.trim().parse().ok())
            .collect();
        sections.push(Addressed {
            interface,
            own: None,
            tunnels: (!nets.is_empty()).then_some(nets),
            delegated: None,
            gateways: None,
            line: line(server, "the server of OpenVPN"),
        });
    }
    for gateway in root.all(&["gateways"], "gateway_item").filter(|item| !item.has("disabled")) {
        let (Some(interface), Ok(address)) = (by_key(gateway.text("interface")), gateway.text("gateway").parse())
        else {
            continue;
        };
        sections.push(Addressed {
            interface,
            own: None,
            tunnels: None,
            delegated: None,
            gateways: Some(vec![address]),
            line: line(gateway, &format!("gateway `{}`", gateway.text("name"))),
        });
    }
    let mut dhcp = Dhcp::default();
    let servers = root.get("dhcpd").map_or(&[][..], |node| node.children.as_slice());
    for server in servers {
        for one in server.children.iter().filter(|child| child.name == "staticmap") {
            if let (Some(mac), Ok(address)) = (hardware(one.text("mac")), one.text("ipaddr").parse()) {
                let line = line(one, &format!("the static mapping of `{}`", one.text("mac")));
                dhcp.leases.push(Lease { macs: vec![mac], address, line });
            }
        }
        let Some(interface) = by_key(&server.name).filter(|_| server.has("enable")) else { continue };
        let more = server.children.iter().filter(|child| child.name == "pool");
        for range in [Some(server)].into_iter().flatten().chain(more).filter_map(|node| node.get("range")) {
            let line = line(range, &format!("the DHCP pool of `{}`", server.name));
            dhcp.pools.push(Pool { interface, range: ends(range), line });
        }
    }
    Ground { sections, dhcp: Some(dhcp) }
}

fn ends(range: &Node) -> Option<(Ipv4Addr, Ipv4Addr)> {
    Some((range.text("from").parse().ok()?, range.text("to").parse().ok()?))
}

fn line(node: &Node, text: &str) -> Line {
    Line { file: super::FILE.to_owned(), line: node.line, text: text.to_owned() }
}
