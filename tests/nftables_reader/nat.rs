//! Translation of addresses, and what the rules after it see.

use hedgerow::router::{Dnat, Outcome, Snat};

use crate::support::{case, to};

fn house(dstnat: &str, forward: &str, input: &str, srcnat: &str) -> String {
    format!(
        "table inet t {{
            map fwd4 {{
                type inet_proto . inet_service : ipv4_addr . inet_service
                elements = {{ tcp . 8443 : 192.168.30.10 . 443, udp . 53 : 192.168.30.11 . 53 }}
            }}
            chain d {{ type nat hook prerouting priority dstnat; policy accept;
                {dstnat}
            }}
            chain s {{ type nat hook postrouting priority srcnat; policy accept;
                {srcnat}
            }}
            chain f {{ type filter hook forward priority 0; policy drop;
                {forward}
            }}
            chain i {{ type filter hook input priority 0; policy drop;
                {input}
            }}
        }}"
    )
}

const PORTFWD: &str = "fib daddr type local dnat ip to meta l4proto . th dport map @fwd4";
const OUTSIDE: &str = "wan 8.8.8.8 > 203.0.113.7 tcp 8443 out=srv";
const DIRECT: &str = "wan 8.8.8.8 > 192.168.30.10 tcp 443";

#[test]
fn forward_sees_the_translated_packet() {
    for rule in [
        "ip daddr 192.168.30.10 tcp dport 443 accept",
        "oifname srv tcp dport != 8443 accept",
        "meta l4proto . th dport { tcp . 443 } accept",
        "ip daddr . tcp dport { 192.168.30.10 . 443 } accept",
        "fib daddr type unicast accept",
        "ip daddr & 255.255.255.0 == 192.168.30.0 accept",
    ] {
        let case = case(&house(PORTFWD, rule, "", "")).exact().open(&[OUTSIDE]);
        assert_eq!(case.outcome(OUTSIDE), Some(Outcome { dnat: to("192.168.30.10", Some(443)), snat: None }));
        // The same rule lets packets in that were never translated.
        case.open(&[DIRECT]).closed(&["wan 8.8.8.8 > 203.0.113.7 tcp 8443"]);
    }
    for rule in ["ip daddr 203.0.113.7 accept", "tcp dport 8443 accept", "oifname != srv accept"] {
        case(&house(PORTFWD, rule, "accept", "")).exact().closed(&[OUTSIDE]);
    }
}

#[test]
fn conntrack_remembers_the_original() {
    for rule in [
        "ct status dnat accept",
        "ct status dnat ct original ip daddr 203.0.113.7 ct original proto-dst 8443 accept",
        "meta l4proto tcp ct original proto-dst 8443 ip daddr 192.168.30.10 accept",
    ] {
        case(&house(PORTFWD, rule, "", "")).exact().open(&[OUTSIDE]).closed(&[DIRECT]);
    }
    case(&house(PORTFWD, "ct status ! dnat accept", "", "")).exact().open(&[DIRECT]).closed(&[OUTSIDE]);
}

#[test]
fn what_the_map_lacks_is_not_translated() {
    let packet = "wan 8.8.8.8 > 203.0.113.7 tcp 22";
    let case = case(&house(PORTFWD, "accept", "tcp dport 22 accept", "")).exact().open(&[packet]);
    assert_eq!(case.outcome(packet), Some(Outcome::default()));
    // UDP has its own entry; the address of another family has none.
    assert_eq!(case.outcome("wan 8.8.8.8 > 203.0.113.7 udp 53 out=srv").unwrap().dnat, to("192.168.30.11", Some(53)));
    case.closed(&["wan 2001:db8::1 > 2001:db8:ff::7 tcp 8443"]);
}

#[test]
fn forms_of_dnat() {
    for (rule, port) in [
        ("iifname wan tcp dport 8443 dnat ip to 192.168.30.10:443", Some(443)),
        ("ip daddr 203.0.113.7 tcp dport 8443 dnat to 192.168.30.10", None),
        ("dnat ip to tcp dport map { 8443 : 192.168.30.10 }", None),
        ("dnat ip to ip daddr . tcp dport map { 203.0.113.7 . 8443 : 192.168.30.10 . 443 }", Some(443)),
        ("dnat ip addr . port to ip daddr . tcp dport map { 203.0.113.7 . 8443 : 192.168.30.10 . 443 }", Some(443)),
    ] {
        let case = case(&house(rule, "accept", "", "")).exact();
        assert_eq!(case.outcome(OUTSIDE), Some(Outcome { dnat: to("192.168.30.10", port), snat: None }), "{rule}");
    }
    let case = case(&house("tcp dport 8443 dnat ip6 to [fd00:30::10]:443", "accept", "", "")).exact();
    let packet = "wan 2001:db8::1 > 2001:db8:ff::7 tcp 8443 out=srv";
    assert_eq!(case.outcome(packet).unwrap().dnat, to("fd00:30::10", Some(443)));
}

#[test]
fn translated_to_the_router() {
    let packet = "lan 192.168.10.5 > 8.8.8.8 udp 53 out=self";
    let case = case(&house(
        "iifname lan udp dport 53 redirect to :5353",
        "accept",
        "ip daddr 192.168.10.1 udp dport 5353 accept",
        "",
    ))
    .exact();
    assert_eq!(case.outcome(packet), Some(Outcome { dnat: Some(Dnat::ToRouter { port: Some(5353) }), snat: None }));
    let case = case.closed(&["lan 192.168.10.5 > 8.8.8.8 udp 53 out=wan"]);
    drop(case);
    let case =
        crate::support::case(&house("iifname lan udp dport 53 dnat ip to 192.168.20.1", "", "accept", "")).exact();
    assert_eq!(case.outcome(packet).unwrap().dnat, to("192.168.20.1", None));
}

#[test]
fn writing_the_same_address_is_no_translation() {
    // IPS_DST_NAT is set only if the tuple changes.
    let rules = house("tcp dport 443 dnat ip to 192.168.30.10:443", "ct status dnat accept", "", "");
    case(&rules).exact().closed(&[DIRECT]).open(&["wan 8.8.8.8 > 203.0.113.7 tcp 443 out=srv"]);
}

#[test]
fn first_nat_chain_wins() {
    let rules = "table ip b {
            chain d { type nat hook prerouting priority -90
                tcp dport 8443 dnat to 192.168.30.11
            }
        }
        table ip a {
            chain d { type nat hook prerouting priority -110
                tcp dport 8443 ip saddr 8.8.8.8 dnat to 192.168.30.10
                tcp dport 8443 ip saddr 9.9.9.9 accept
            }
        }";
    let case = case(rules).exact();
    assert_eq!(case.outcome(OUTSIDE).unwrap().dnat, to("192.168.30.10", None));
    // accept without translation leaves it to the next chain.
    assert_eq!(case.outcome("wan 9.9.9.9 > 203.0.113.7 tcp 8443 out=srv").unwrap().dnat, to("192.168.30.11", None));
}

#[test]
fn hairpin_and_masquerade() {
    let rules = house(
        PORTFWD,
        "ct status dnat accept\n oifname wan accept",
        "",
        "oifname wan meta nfproto ipv4 masquerade\n iifname srv oifname srv ct status dnat masquerade\n ip saddr 192.168.20.0/24 snat ip to 203.0.113.9",
    );
    let case = case(&rules).exact();
    let hairpin = case.outcome("srv 192.168.30.5 > 203.0.113.7 tcp 8443 out=srv").unwrap();
    assert_eq!(hairpin, Outcome { dnat: to("192.168.30.10", Some(443)), snat: Some(Snat::Masquerade) });
    let lan = case.outcome("lan 192.168.10.5 > 203.0.113.7 tcp 8443 out=srv").unwrap();
    assert_eq!(lan, Outcome { dnat: to("192.168.30.10", Some(443)), snat: None });
    assert_eq!(case.outcome("lan 192.168.10.5 > 8.8.8.8 tcp 1 out=wan").unwrap().snat, Some(Snat::Masquerade));
    let iot = case.outcome("iot 192.168.20.5 > 203.0.113.7 tcp 8443 out=srv").unwrap();
    assert_eq!(iot.snat, Some(Snat::To { address: "203.0.113.9".parse().unwrap() }));
}

#[test]
fn own_packets_are_translated_in_output() {
    let rules = "table ip t {
        chain o { type nat hook output priority dstnat
            tcp dport 80 dnat to 192.168.30.10
        }
        chain f { type filter hook output priority 0; policy drop;
            oifname wan ip daddr 192.168.30.10 accept
        }
        chain p { type filter hook postrouting priority 0; policy drop;
            oifname srv accept
        }
    }";
    // The output hook still sees the old interface, postrouting the new one.
    case(rules)
        .exact()
        .open(&["self 203.0.113.7 > 9.9.9.9 tcp 80 out=srv"])
        .closed(&["self 203.0.113.7 > 192.168.20.5 tcp 80 out=srv"]);
}

#[test]
fn ranges_are_not_guessed() {
    let case = case(&house("tcp dport 8443 dnat ip to 192.168.30.10-192.168.30.12", "oifname srv accept", "", ""));
    assert!(!case.reading.is_exact());
    let case = case.perhaps(&[OUTSIDE]);
    assert_eq!(case.reading.unknown.len(), 1, "{:?}", case.reading.unknown);
}

#[test]
fn a_redirect_may_leave_the_colon_out() {
    // `redirect to 80` writes the port (nft's grammar, `redir_stmt_arg`), as firewall4 has it.
    let rules =
        "table inet t {\n chain p {\n type nat hook prerouting priority dstnat\n tcp dport 443 redirect to 80\n }\n}\n";
    let case = case(rules).exact();
    let outcome = case.outcome("lan 192.168.10.5 > 203.0.113.7 tcp 443 out=self").unwrap();
    assert_eq!(outcome.dnat, Some(Dnat::ToRouter { port: Some(80) }));
}
