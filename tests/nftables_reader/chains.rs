//! Base chains, priorities, jumps, verdict maps.

use crate::support::{case, forward};

const LAN_SSH: &str = "lan 192.168.10.5 > 192.168.30.10 tcp 22";
const LAN_WEB: &str = "lan 192.168.10.5 > 192.168.30.10 tcp 443";
const WAN_WEB: &str = "wan 8.8.8.8 > 192.168.30.10 tcp 443";

#[test]
fn no_rules_accept_everything() {
    case("").exact().open(&[LAN_SSH, WAN_WEB, "wan 8.8.8.8 > 203.0.113.7 tcp 22", "self 203.0.113.7 > 8.8.8.8 udp 53"]);
}

#[test]
fn policy_and_order() {
    forward("tcp dport 22 drop\n tcp dport 22 accept\n tcp dport 443 accept")
        .exact()
        .open(&[LAN_WEB, WAN_WEB])
        .closed(&[LAN_SSH]);
}

#[test]
fn accept_ends_one_base_chain_only() {
    case(
        "table inet a {
            chain f { type filter hook forward priority 0; policy drop;
                tcp dport { 22, 443 } accept
            }
        }
        table ip b {
            chain f { type filter hook forward priority 10
                tcp dport 22 drop
            }
        }",
    )
    .exact()
    .open(&[LAN_WEB, "lan fd00:10::5 > fd00:30::10 tcp 22"])
    .closed(&[LAN_SSH]);
}

#[test]
fn jump_goto_return() {
    let text = |word: &str| {
        format!(
            "table inet t {{
                chain sub {{
                    tcp dport 22 return
                    tcp dport 443 accept
                }}
                chain f {{ type filter hook forward priority 0; policy drop;
                    {word} sub
                    tcp dport 22 accept
                }}
            }}"
        )
    };
    case(&text("jump")).exact().open(&[LAN_SSH, LAN_WEB]);
    // The end of a chain reached by goto is the end of the chain that it was reached from.
    case(&text("goto")).exact().open(&[LAN_WEB]).closed(&[LAN_SSH]);
}

#[test]
fn goto_returns_to_the_callers_caller() {
    case(
        "table inet t {
            chain inner { tcp dport 1 accept
            }
            chain outer {
                goto inner
                tcp dport 22 drop
            }
            chain f { type filter hook forward priority 0; policy drop;
                jump outer
                tcp dport 22 accept
            }
        }",
    )
    .exact()
    .open(&[LAN_SSH])
    .closed(&[LAN_WEB]);
}

#[test]
fn verdict_maps() {
    case(
        "table inet t {
            map zones {
                typeof iifname . oifname : verdict
                elements = { \"lan\" . \"srv\" : jump lan_srv, \"iot\" . \"wan\" : accept,
                             \"srv\" . \"lan\" : drop }
            }
            chain lan_srv {
                ip daddr . meta l4proto . th dport vmap { 192.168.30.10 . tcp . 443 : accept, 192.168.30.10 . udp . 53 : accept }
                tcp dport vmap { 22 : continue, 1000-2000 : accept }
                counter
            }
            chain f { type filter hook forward priority 0; policy drop;
                iifname . oifname vmap @zones
                iifname \"lan\" tcp dport 22 accept
                iifname srv accept
            }
        }",
    )
    .exact()
    .open(&[LAN_WEB, LAN_SSH, "lan 192.168.10.5 > 192.168.30.10 udp 53", "lan 192.168.10.5 > 192.168.30.11 tcp 1500"])
    .open(&["iot 192.168.20.5 > 8.8.8.8 tcp 1 out=wan", "srv 192.168.30.5 > 192.168.20.5 tcp 1"])
    .closed(&["lan 192.168.10.5 > 192.168.30.11 tcp 443", "srv 192.168.30.5 > 192.168.10.5 tcp 1", WAN_WEB]);
}

#[test]
fn catch_all_element() {
    forward("tcp dport vmap { 22 : drop, * : accept }")
        .exact()
        .open(&[LAN_WEB])
        .closed(&[LAN_SSH, "lan 192.168.10.5 > 192.168.30.10 udp 1"]);
}

#[test]
fn own_packets_come_back_by_loopback() {
    let rules = |input: &str, output: &str| {
        format!(
            "table inet t {{
                chain i {{ type filter hook input priority 0; policy drop;
                    {input}
                }}
                chain o {{ type filter hook output priority 0; policy drop;
                    {output}
                }}
            }}"
        )
    };
    let own = "self 192.168.10.1 > 192.168.10.1 tcp 22";
    case(&rules("iifname \"lo\" accept", "oif lo accept"))
        .exact()
        .open(&[own])
        .closed(&["self 192.168.10.1 > 8.8.8.8 tcp 22 out=wan"]);
    case(&rules("iifname \"lan\" accept", "accept"))
        .exact()
        .closed(&[own])
        .open(&["self 192.168.10.1 > 8.8.8.8 tcp 22 out=wan"]);
    case(&rules("accept", "oifname wan accept"))
        .exact()
        .closed(&[own])
        .open(&["self 192.168.10.1 > 8.8.8.8 tcp 22 out=wan"]);
    // In output there is no arriving interface; its name is empty.
    case(&rules("accept", "iifname != \"lan\" accept")).exact().open(&[own]);
}

#[test]
fn every_base_chain_on_the_way_counts() {
    let rules =
        |hook: &str| format!("table inet t {{\n chain c {{ type filter hook {hook} priority 5; policy drop;\n }}\n}}");
    let to_router = "lan 192.168.10.5 > 192.168.10.1 tcp 22";
    let from_router = "self 192.168.10.1 > 192.168.10.5 tcp 22";
    case(&rules("prerouting")).exact().open(&[from_router]).closed(&[LAN_SSH, to_router]);
    case(&rules("input")).exact().open(&[from_router, LAN_SSH]).closed(&[to_router]);
    case(&rules("forward")).exact().open(&[from_router, to_router]).closed(&[LAN_SSH]);
    case(&rules("output")).exact().open(&[LAN_SSH, to_router]).closed(&[from_router]);
    case(&rules("postrouting")).exact().open(&[to_router]).closed(&[LAN_SSH, from_router]);
}

#[test]
fn tables_of_one_family() {
    case("table ip6 t {\n chain f { type filter hook forward priority 0; policy drop;\n }\n}")
        .exact()
        .open(&[LAN_SSH])
        .closed(&["lan fd00:10::5 > fd00:30::10 tcp 22"]);
}

#[test]
fn trace_names_the_deciding_lines() {
    let mut case = case(
        "table inet t {
            chain sub {
                tcp dport 22 drop
            }
            chain f {
                type filter hook forward priority 0; policy drop;
                iifname lan jump sub
                tcp dport 443 counter accept
            }
        }",
    );
    assert_eq!(case.lines(LAN_SSH), [7, 3]);
    assert_eq!(case.lines(LAN_WEB), [7, 8]);
    assert_eq!(case.lines("iot 192.168.20.5 > 192.168.30.10 tcp 22"), [6]);
}
