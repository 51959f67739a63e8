//! Connection tracking: states, what opens a connection, the other classes.

use hedgerow::packet::Set;

use crate::support::{case, forward, input};

const LAN_WEB: &str = "lan 192.168.10.5 > 192.168.30.10 tcp 443";

#[test]
fn states_of_first_packets() {
    for rule in [
        "ct state new accept",
        "ct state { new, established } accept",
        "ct state new,related accept",
        "ct state vmap { new : accept, established : drop }",
        "ct state & (new|related) != 0 accept",
        "ct state != invalid accept",
        "ct state ! established,related accept",
        "ct direction original accept",
        "ct original ip saddr 192.168.10.5 ct original proto-dst 443 accept",
    ] {
        forward(rule).open(&[LAN_WEB]);
    }
    for rule in [
        "ct state established,related accept",
        "ct state invalid accept",
        "ct state != new accept",
        "ct status dnat accept",
    ] {
        forward(rule).exact().closed(&[LAN_WEB]);
    }
}

#[test]
fn two_states_with_an_operator_are_one_number() {
    // nft compares with 6, which no packet's state is.
    let case = forward("ct state != established,related accept").exact().open(&[LAN_WEB]);
    assert!(!case.holds(case.reading.established_dropped.possibly, LAN_WEB));
}

#[test]
fn without_tracking() {
    let raw = |priority: &str, rule: &str| {
        format!(
            "table inet t {{\n chain p {{ type filter hook prerouting priority {priority}; policy drop;\n {rule}\n }}\n}}"
        )
    };
    // Before priority -200 nothing is tracked: the state is invalid, and other ct expressions break the rule off.
    case(&raw("raw", "ct state invalid accept")).exact().open(&[LAN_WEB]);
    case(&raw("raw", "ct state new accept")).exact().closed(&[LAN_WEB]);
    case(&raw("raw", "ct direction original accept")).exact().closed(&[LAN_WEB]);
    case(&raw("mangle", "ct state new accept")).exact().open(&[LAN_WEB]);
    let notrack = "table inet t {
        chain p { type filter hook prerouting priority raw
            tcp dport 443 notrack
        }
        chain f { type filter hook forward priority 0; policy drop;
            ct state untracked accept
        }
    }";
    case(notrack).exact().open(&[LAN_WEB]).closed(&["lan 192.168.10.5 > 192.168.30.10 tcp 80"]);
}

#[test]
fn errors_open_no_connection() {
    let mut case = forward("accept").exact();
    let first = case.reading.first;
    assert!(case.holds(first, "lan 192.168.10.5 > 192.168.30.10 icmp 8/0"));
    for packet in [
        "lan 192.168.10.5 > 192.168.30.10 icmp 3/1",
        "lan 192.168.10.5 > 192.168.30.10 icmp 0/0",
        "lan fd00:10::5 > fd00:30::10 icmp 2/0",
    ] {
        assert!(!case.holds(first, packet));
    }
    let all = case.reading.surely.all(&mut case.space);
    assert!(case.space.is_subset(all, first));
}

#[test]
fn classes() {
    let rules = "ct state vmap { established : accept, related : accept, invalid : drop }\n iifname lan accept";
    let case = forward(rules).exact();
    let wan = "wan 8.8.8.8 > 192.168.10.5 tcp 443";
    assert_eq!(case.reading.established_dropped.possibly, Set::EMPTY);
    assert_eq!(case.reading.related_dropped.possibly, Set::EMPTY);
    assert!(!case.holds(case.reading.invalid_accepted.possibly, LAN_WEB));
    let case = case.closed(&[wan]).open(&[LAN_WEB]);
    drop(case);

    let case = forward("iifname lan ct state established accept\n ct state invalid accept");
    assert!(case.holds(case.reading.established_dropped.surely, wan));
    assert!(!case.holds(case.reading.established_dropped.possibly, LAN_WEB));
    assert!(case.holds(case.reading.related_dropped.surely, LAN_WEB));
    assert!(case.holds(case.reading.invalid_accepted.surely, wan));
}

#[test]
fn translation_of_established_connections_is_open() {
    let case = forward("ct status dnat accept");
    assert!(case.holds(case.reading.established_dropped.possibly, LAN_WEB));
    assert!(!case.holds(case.reading.established_dropped.surely, LAN_WEB));
}

#[test]
fn neighbour_discovery_is_untracked() {
    let solicit = "lan fe80::5 > fd00:10::1 icmp 135/0";
    input("ct state new,established accept").exact().closed(&[solicit]);
    input("ct state vmap { invalid : drop, untracked : accept }").exact().open(&[solicit]);
}

#[test]
fn helpers_let_related_connections_in() {
    let rules = |condition: &str, state: &str| {
        forward(&format!("{condition} ct helper set \"ftp\"\n {state}\n iifname lan oifname srv tcp dport 21 accept"))
    };
    let related = "ct state established,related accept";
    let (back, on) = ("srv 192.168.30.10 > 192.168.10.5 tcp 50000", "lan 192.168.10.5 > 192.168.30.10 tcp 50000");
    let iot = "iot 192.168.20.5 > 192.168.10.5 tcp 50000";
    let case = rules("tcp dport 21", related).perhaps(&[back, on]).closed(&[iot]);
    assert_eq!(
        case.reading.unknown[0].text,
        "ct helper set \"ftp\": related connections pass, on ports that the other side names"
    );
    // Nothing related passes; the helper is for connections that are not let through; nobody gets it.
    rules("tcp dport 21", "ct state established accept").exact().closed(&[back, on]);
    rules("iifname iot tcp dport 21", related).exact().closed(&[back, on, iot]);
    rules("tcp dport 22", related).exact().closed(&[back, on]);
    // It is named after a lookup, and whoever is not tracked gets none.
    forward(&format!("ct expectation set \"e\"\n {related}\n iifname lan oifname srv tcp dport 21 accept"))
        .perhaps(&[back]);
    let raw = "table inet r {\n chain r {\n type filter hook prerouting priority raw\n tcp dport 21 notrack\n }\n}\n";
    let tables = "table inet t {\n chain f {\n type filter hook forward priority 0; policy drop\n ct helper set \"ftp\"\n ct state related accept\n tcp dport 21 accept\n }\n}\n";
    case_of(&[raw, tables]).exact().closed(&[back, on]);
}

fn case_of(tables: &[&str]) -> crate::support::Case {
    case(&tables.concat())
}
