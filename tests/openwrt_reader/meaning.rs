//! What sections mean.

use hedgerow::router::Dnat;

use crate::support::{attempt, with};

const WEB: &str = "pppoe-wan 198.51.100.9 > 203.0.113.7 tcp 443";

#[test]
fn zones_and_forwardings() {
    // `forward` of a zone is about its own networks only; a forwarding goes one way; what it leads to is masqueraded.
    with("config forwarding\n option src lan\n option dest wan\n")
        .exact()
        .open(&[
            "br-lan 10.0.0.5 > 198.51.100.9 tcp 80",
            "br-lan 10.0.0.5 > 10.0.0.1 tcp 22",
            "self 10.0.0.1 > 10.0.0.5 tcp 1",
        ])
        .closed(&[
            "br-lan.20 10.1.0.5 > 198.51.100.9 tcp 80",
            "br-lan 10.0.0.5 > 10.1.0.5 tcp 80",
            "br-lan.20 10.1.0.5 > 10.1.0.1 tcp 22",
            "pppoe-wan 198.51.100.9 > 10.0.0.5 tcp 80",
        ]);
}

#[test]
fn tcp_and_udp_when_no_protocol_is_given() {
    with("config rule\n option src guest\n option dest_port 53\n option target ACCEPT\n")
        .exact()
        .open(&["br-lan.20 10.1.0.5 > 10.1.0.1 udp 53", "br-lan.20 10.1.0.5 > 10.1.0.1 tcp 53"])
        .closed(&["br-lan.20 10.1.0.5 > 10.1.0.1 udp 54", "br-lan.20 10.1.0.5 > 10.1.0.1 132 53"]);
}

#[test]
fn rules_from_any_zone_come_first() {
    // They stand in the base chain, before the chains of the zones: a later accept for all beats an earlier drop.
    with("config rule\n option src guest\n option proto tcp\n option src_ip 10.1.0.66\n option dest_port 22\n option target DROP\n\
          config rule\n option src '*'\n option proto tcp\n option dest_port 22\n option target ACCEPT\n")
    .exact()
    .open(&["br-lan.20 10.1.0.66 > 10.1.0.1 tcp 22"]);
}

#[test]
fn a_negated_protocol_is_the_protocol() {
    with("config rule\n option src guest\n option proto '!tcp'\n option target ACCEPT\n")
        .exact()
        .open(&["br-lan.20 10.1.0.5 > 10.1.0.1 tcp 22"])
        .closed(&["br-lan.20 10.1.0.5 > 10.1.0.1 udp 22"]);
}

#[test]
fn ports_are_lost_with_other_protocols() {
    // `all` and `icmp` have no ports, and the condition goes without a word.
    with("config rule\n option src guest\n option proto all\n option dest_port 53\n option target ACCEPT\n")
        .exact()
        .open(&["br-lan.20 10.1.0.5 > 10.1.0.1 tcp 22"]);
}

#[test]
fn hosts_below_any_prefix() {
    with("config rule\n option src wan\n option dest lan\n option proto tcp\n option dest_ip '::10/-64'\n option target ACCEPT\n")
        .exact()
        .open(&["pppoe-wan 2001:db8:9::1 > fd00:1::10 tcp 80"])
        .closed(&["pppoe-wan 2001:db8:9::1 > fd00:1::11 tcp 80"]);
}

#[test]
fn a_redirect_needs_no_rule_and_opens_its_zone() {
    let case = with(
        "config redirect\n option src wan\n option dest lan\n option proto tcp\n option src_dport 443\n\
         option dest_ip 10.0.0.5\n option dest_port 8443\n option reflection 0\n",
    )
    .exact();
    let to = Dnat::To { address: "10.0.0.5".parse().unwrap(), port: Some(8443) };
    assert_eq!(case.moved(WEB, "br-lan"), Some(to));
    // IPv4 unless another family is asked for, and no packet that is sent to the inside straight away.
    case.closed(&["pppoe-wan 198.51.100.9 > 10.0.0.5 tcp 8443", "pppoe-wan 2001:db8:9::1 > fd00:1::5 tcp 443"]);
}

#[test]
fn without_src_dip_every_address_is_redirected() {
    let case =
        with("config redirect\n option src guest\n option proto udp\n option src_dport 53\n option dest_ip 10.0.0.5\n");
    let case = case.says("`dest` is missing, and firewall4 takes it to be `lan`");
    assert!(case.moved("br-lan.20 10.1.0.5 > 198.51.100.9 udp 53", "br-lan").is_some());
}

#[test]
fn reflection_is_for_the_target_s_zone_and_its_own_networks() {
    let forward = "config redirect\n option src wan\n option dest lan\n option proto tcp\n option src_dport 443\n\
                   option dest_ip 10.0.0.5\n";
    let inside = "br-lan 10.0.0.9 > 203.0.113.7 tcp 443";
    let guest = "br-lan.20 10.1.0.9 > 203.0.113.7 tcp 443";
    let case = with(forward).exact();
    assert!(case.moved(inside, "br-lan").is_some());
    assert!(case.moved(guest, "br-lan").is_none());
    // A reflection zone lets translated packets pass although no forwarding does.
    let case = with(&format!("{forward} list reflection_zone lan\n list reflection_zone guest\n")).exact();
    assert!(case.moved(guest, "br-lan").is_some());
}

#[test]
fn the_port_of_a_redirect_to_the_router() {
    // firewall4 writes `redirect to 80`, which nft takes as the port.
    let case =
        with("config redirect\n option src wan\n option proto tcp\n option src_dport 443\n option dest_port 80\n");
    assert_eq!(case.exact().moved(WEB, "self"), Some(Dnat::ToRouter { port: Some(80) }));
}

#[test]
fn a_zone_without_devices_takes_no_packet() {
    attempt("config defaults\n option forward ACCEPT\nconfig zone\n option name lan\n option network nowhere\n option forward DROP\n")
        .unwrap()
        .says("there is no network `nowhere`")
        .open(&["br-lan 10.0.0.5 > 10.1.0.5 tcp 80"]);
}

#[test]
fn the_line_that_decides_is_the_rule_s_or_the_forwarding_s() {
    let mut case = with(
        "config forwarding\n option src lan\n option dest wan\nconfig rule\n option name tmp\n option src guest\n option proto tcp\n option target ACCEPT\n",
    );
    assert_eq!(case.decided("br-lan.20 10.1.0.5 > 10.1.0.1 tcp 22"), "firewall:28, rule 'tmp'");
    assert_eq!(case.decided("br-lan 10.0.0.5 > 198.51.100.9 tcp 80"), "firewall:25, forwarding lan -> wan");
    // What no forwarding takes follows the defaults, not the zone it came from.
    assert_eq!(case.decided("br-lan.20 10.1.0.5 > 198.51.100.9 tcp 80"), "firewall:1, defaults");
}
