//! A DS-Lite line: its IPv4 comes by a tunnel that the DHCPv6 client brings up, and leaves it untranslated.

use hedgerow::{
    packet::{Packet, Space},
    router::{Behaviour, File, Interface, Limits, Outcome, Topology},
    target::openwrt::read::read,
};

use crate::support::packet_in;

const LAN: &str = "config zone\n option name lan\n list network lan\n option input ACCEPT\n option output ACCEPT\n \
    option forward ACCEPT\nconfig forwarding\n option src lan\n option dest wan\n";
const NETWORK: &str = "config interface lan\n option device br-lan\n option proto static\n \
    list ipaddr 10.0.0.1/24\nconfig interface wan6\n option device eth1\n option proto dhcpv6\n";

fn line() -> Topology {
    let interface = |name: &str, tunnel: Option<&str>, network: &str, address: &str, internet: bool| Interface {
        name: name.into(),
        tunnel: tunnel.map(str::to_owned),
        networks: [network.parse().unwrap()].into_iter().filter(|_| !internet).collect(),
        addresses: vec![address.parse().unwrap()],
        internet,
        upstream: Vec::new(),
        ..Interface::default()
    };
    Topology {
        offset: 0,
        interfaces: vec![
            interface("br-lan", None, "10.0.0.0/24", "10.0.0.1", false),
            interface("eth1", Some("ds-wan4"), "192.0.0.2/32", "192.0.0.2", true),
        ],
    }
}

/// What surely and what possibly becomes of a packet.
fn fate(wan: &str, more: &str, text: &str) -> (Option<Outcome>, Option<Outcome>) {
    let (wan, rules) = wan.split_at(wan.find("config").unwrap_or(wan.len()));
    let file = |name: &str, text: String| File { name: name.into(), text };
    let firewall = format!(
        "config defaults\n option input REJECT\n option output ACCEPT\n option forward REJECT\n{LAN}config zone\n option name wan\n{wan} option input REJECT\n option output ACCEPT\n option forward REJECT\n option masq 1\n{rules}"
    );
    let files = [file("firewall", firewall), file("network", format!("{NETWORK}{more}"))];
    let (mut space, mut limits) = (Space::new(), Limits::default());
    let facts = read(&files, &line(), &mut limits, &mut space).unwrap().facts(&mut space);
    let packet: Packet = packet_in(&line(), text);
    let find = |behaviour: &Behaviour| {
        behaviour.accepted.iter().find(|(_, set)| space.contains(**set, &packet)).map(|(outcome, _)| *outcome)
    };
    (find(&facts.surely), find(&facts.possibly))
}

const OUT: &str = "br-lan 10.0.0.5 > 198.51.100.9 tcp 443";
const PLAIN: Option<Outcome> = Some(Outcome { dnat: None, snat: None });

#[test]
fn what_goes_through_the_tunnel_keeps_its_source() {
    let both = " list network wan6\n list device eth1\n list device ds-wan4\n";
    assert_eq!(fate(both, " option iface_dslite wan4\n", OUT), (PLAIN, PLAIN));
}

#[test]
fn the_tunnel_is_in_the_zone_of_the_client_that_brought_it_up() {
    assert_eq!(fate(" list network wan6\n", " option iface_dslite wan4\n", OUT), (PLAIN, PLAIN));
}

#[test]
fn one_device_does_not_stand_for_both() {
    assert_eq!(fate(" list device eth1\n", "", OUT), (None, None), "nobody lets anything out by the tunnel");
    // What comes by the tunnel is another matter than what comes by the line.
    let rule = "config rule\n option src wan\n option proto tcp\n option dest_port 22\n option target ACCEPT\n";
    let (surely, possibly) = fate(&format!(" list device eth1\n{rule}"), "", "eth1 198.51.100.9 > 192.0.0.2 tcp 22");
    assert_eq!((surely, possibly.is_some()), (None, true));
}

#[test]
fn a_tunnel_that_stands_in_the_file() {
    let tunnel = "config interface wan4\n option proto dslite\n option peeraddr 2001:db8:0:a::1\n";
    assert_eq!(fate(" list network wan6\n list network wan4\n", tunnel, OUT), (PLAIN, PLAIN));
}
