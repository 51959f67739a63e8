//! Marks of packets and connections: what one rule writes, another one reads.

use hedgerow::{
    packet::Space,
    router::{File, Limits, Snat},
    target::nftables::read::read_any,
};

use crate::support::{case, forward, house, packet};

const WEB: &str = "lan 192.168.10.5 > 192.168.30.10 tcp 443";
const OTHER: &str = "iot 192.168.20.5 > 192.168.30.10 tcp 443";

/// What is written in prerouting decides in forward.
fn marked(writes: &str, reads: &str) -> String {
    format!(
        "table inet t {{
            map by {{ type ipv4_addr : mark; flags interval; elements = {{ 192.168.10.0/24 : 0x1, 192.168.20.0/24 : 2 }} }}
            chain p {{ type filter hook prerouting priority mangle;
                {writes}
            }}
            chain f {{ type filter hook forward priority 0; policy drop;
                {reads}
            }}
        }}"
    )
}

#[test]
fn packets_arrive_without_a_mark() {
    for rule in [
        "meta mark 0 accept",
        "mark 0x0 accept",
        "meta mark & 0xff == 0 accept",
        "meta mark != 1 accept",
        "ct mark 0 accept",
        "meta mark < 5 accept",
        "meta mark 0-7 accept",
        "meta mark { 0, 7 } accept",
        "ct zone 0 accept",
        "meta mark & 0xf0 { 0x0, 0x10 } accept",
        "meta mark vmap { 0 : accept, 1 : drop }",
    ] {
        forward(rule).exact().open(&[WEB]);
    }
    for rule in [
        "meta mark 0x1 accept",
        "meta mark & 0xff00 != 0 accept",
        "ct mark & 0xff == 1 accept",
        "meta mark > 5 accept",
        "meta mark { 1, 7 } accept",
        "meta mark & 0xf0 { 0x20, 0x10 } accept",
        "ct zone 1 accept",
        "meta mark vmap { 1 : accept }",
    ] {
        forward(rule).exact().closed(&[WEB]);
    }
}

#[test]
fn what_is_written_is_read() {
    for (writes, reads) in [
        ("iifname lan meta mark set 0x1", "meta mark 0x1 accept"),
        (
            "meta mark set 0x30\n iifname lan meta mark set meta mark & 0xffffff0f | 0x10",
            "meta mark & 0xf0 == 0x10 accept",
        ),
        ("meta mark set meta mark or 0x7\n iifname iot meta mark set mark and 0xfffffffe", "meta mark 7 accept"),
        ("iifname lan meta mark set meta mark ^ 0xff", "meta mark 0xff accept"),
        ("meta mark set ip saddr map @by", "meta mark 1 accept"),
        ("meta mark set ip saddr map { 192.168.10.5 : 9 }", "meta mark 9 accept"),
        ("iifname lan ct mark set 1 << 4", "ct mark 0x10 accept"),
        ("iifname lan meta mark set 0x6\n ct mark set meta mark\n meta mark set 0", "ct mark & 0x2 == 0x2 accept"),
        (
            "iifname lan meta mark set 5\n ct mark set (ct mark & 0xff00) | (meta mark & 0x00ff)\n meta mark set 0\n meta mark set ct mark & 0xf",
            "meta mark 5 accept",
        ),
        ("iifname lan meta mark set 1 return\n meta mark set 2", "meta mark { 1, 3-5 } accept"),
    ] {
        case(&marked(writes, reads)).exact().open(&[WEB]).closed(&[OTHER]);
    }
}

#[test]
fn a_mark_that_cannot_be_told() {
    for writes in [
        "meta mark set numgen random mod 2",
        "ip dscp cs1 meta mark set 1",
        "meta mark set ip saddr map { www.example.org : 1 }",
        "meta mark set symhash mod 2 offset 0",
        "meta mark set meta cpu",
    ] {
        let known = case(&marked(writes, "meta mark 1 accept")).perhaps(&[WEB]);
        assert!(!known.reading.unknown.is_empty(), "{writes}");
        // Nobody reads it: it changes nothing.
        case(&marked(writes, "iifname lan accept")).exact().open(&[WEB]);
    }
    // Some of its bits can.
    case(&marked(
        "meta mark set numgen random mod 2\n meta mark set meta mark & 0x0f | 0x20",
        "meta mark & 0xf0 == 0x20 accept",
    ))
    .exact()
    .open(&[WEB, OTHER]);
}

#[test]
fn the_routers_own_packets_may_bear_any() {
    let rules = "table inet t { chain o { type filter hook output priority 0; policy drop; meta mark 0xca6c accept; tcp dport 1 accept; }; }";
    case(rules).perhaps(&["self 203.0.113.7 > 8.8.8.8 udp 51820"]).open(&["self 203.0.113.7 > 8.8.8.8 tcp 1"]);
}

#[test]
fn connections_keep_theirs() {
    // No rule sets that bit, so no connection has it.
    let dropped = |rules: &str| {
        let case = forward(&format!("{rules}\n accept"));
        let reading = &case.reading;
        (case.holds(reading.established_dropped.surely, WEB), case.holds(reading.established_dropped.possibly, WEB))
    };
    assert_eq!(dropped("ct mark & 0x1 == 0x1 drop"), (false, false));
    assert_eq!(dropped("ct state new ct mark set 0x6\n ct mark & 0x1 == 0x1 drop"), (false, false));
    assert_eq!(dropped("ct state new ct mark set 0x6\n ct mark & 0x2 == 0x2 drop"), (false, true));
    assert_eq!(dropped("ct state new ct mark set meta mark\n ct mark & 0x2 == 0x2 drop"), (false, true));
    // What arrives has no mark, and so the connection has none from here on.
    assert_eq!(dropped("ct mark set meta mark\n ct mark & 0x2 == 0x2 drop"), (false, false));
    assert_eq!(dropped("ct state established ct mark set 0x8\n ct mark 8 drop"), (true, true));
    assert_eq!(dropped("ct status seen-reply drop"), (true, true));
}

#[test]
fn zones() {
    let zone = "table inet t {
        chain p { type filter hook prerouting priority raw; iifname lan ct zone set 5; }
        chain f { type filter hook forward priority 0; policy drop; RULE }
    }";
    case(&zone.replace("RULE", "ct state new accept")).open(&[WEB, OTHER]);
    case(&zone.replace("RULE", "ct zone 5 accept")).perhaps(&[WEB]);
}

/// A connection that is not there has no mark, and none can be written.
#[test]
fn without_a_connection() {
    let rules = |rule: &str| {
        format!(
            "table inet t {{
                chain r {{ type filter hook prerouting priority raw; iifname lan notrack; }}
                chain f {{ type filter hook forward priority 0; policy drop;
                    {rule}
                }}
            }}"
        )
    };
    case(&rules("ct mark set 1\n ct mark 1 accept")).exact().open(&[OTHER]).closed(&[WEB]);
    case(&rules("ct mark set 1 accept")).exact().open(&[OTHER, WEB]);
    case(&rules("ct mark set ct mark | 1 accept")).exact().open(&[OTHER]).closed(&[WEB]);
}

const TAILNET: &str = "*mangle
:PREROUTING ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:tail-forward - [0:0]
-A FORWARD -j tail-forward
-A tail-forward -i srv -j MARK --set-xmark 0x40000/0xff0000
-A tail-forward -m mark --mark 0x40000/0xff0000 -j ACCEPT
-A tail-forward -s 100.64.0.0/10 -o srv -j DROP
-A tail-forward -o srv -j ACCEPT
COMMIT
*nat
:PREROUTING ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:tail-postrouting - [0:0]
-A POSTROUTING -j tail-postrouting
-A tail-postrouting -m mark --mark 0x40000/0xff0000 -j MASQUERADE
COMMIT
";

/// The way in which a tunnel's program marks what came through it, to let it pass and masquerade it.
#[test]
fn a_tunnel_that_marks() {
    let (mut space, mut limits, topology) = (Space::new(), Limits::default(), house());
    let six = TAILNET.replace("100.64.0.0/10", "fd7a:115c:a1e0::/48");
    let files = [(TAILNET, "rules.v4"), (&six, "rules.v6")]
        .map(|(text, name)| File { name: name.to_owned(), text: text.to_owned() });
    let reading = read_any(&files, &topology, &mut limits, &mut space).unwrap();
    let facts = reading.facts(&mut space);
    let outcome = |text: &str| {
        let packet = packet(&topology, text);
        let found =
            |(outcome, set): (&hedgerow::router::Outcome, &_)| space.contains(*set, &packet).then_some(*outcome);
        let (surely, possibly) =
            (facts.surely.accepted.iter().find_map(found), facts.possibly.accepted.iter().find_map(found));
        assert_eq!(surely, possibly, "{text}");
        surely.map(|outcome| outcome.snat)
    };
    assert_eq!(outcome("srv 192.168.30.5 > 192.168.10.5 tcp 22"), Some(Some(Snat::Masquerade)));
    assert_eq!(outcome("lan 192.168.10.5 > 192.168.30.5 tcp 22"), Some(None));
    assert_eq!(outcome("lan 100.64.0.1 > 192.168.30.5 tcp 22"), None);
    assert_eq!(outcome("lan 192.168.10.5 > 192.168.20.5 tcp 22"), None);
}

/// The targets and matches of iptables, each with the bits of its own manual page.
#[test]
fn the_words_of_iptables() {
    let passes = |writes: &str, condition: &str| {
        let of = |tool: &str| {
            let rules: String = writes.lines().map(|rule| format!("-A PREROUTING {rule}\n")).collect();
            format!(
                "# Generated by {tool}\n*mangle\n:PREROUTING ACCEPT [0:0]\n{rules}COMMIT\n*filter\n:FORWARD DROP [0:0]\n-A FORWARD {condition} -j ACCEPT\nCOMMIT\n"
            )
        };
        let files = ["iptables-save", "ip6tables-save"].map(|tool| File { name: tool.to_owned(), text: of(tool) });
        let (mut space, mut limits, topology) = (Space::new(), Limits::default(), house());
        let facts = read_any(&files, &topology, &mut limits, &mut space).unwrap().facts(&mut space);
        let packet = packet(&topology, WEB);
        let [surely, possibly] = [&facts.surely, &facts.possibly].map(|found| {
            let all = found.all(&mut space);
            space.contains(all, &packet)
        });
        assert_eq!(surely, possibly, "{writes}");
        surely
    };
    for (writes, value) in [
        ("-j MARK --set-xmark 0x5/0xffffffff", 0x5),
        ("-j MARK --set-mark 5", 0x5),
        ("-j MARK --set-mark 0xff\n-j MARK --set-xmark 0x3/0xf", 0xf3),
        ("-j MARK --set-mark 0xff\n-j MARK --set-xmark 0x33/0xf", 0xc3),
        ("-j MARK --set-mark 0xff\n-j MARK --set-mark 0x33/0xf", 0xf3),
        ("-j MARK --set-mark 0xff\n-j MARK --and-mark 0xf", 0xf),
        ("-j MARK --set-mark 0xf0\n-j MARK --or-mark 0xf", 0xff),
        ("-j MARK --set-mark 0xff\n-j MARK --xor-mark 0xf", 0xf0),
        ("-j CONNMARK --set-xmark 0xab/0xff\n-j CONNMARK --restore-mark --nfmask 0xffffffff --ctmask 0xffffffff", 0xab),
        ("-j CONNMARK --set-mark 0xab\n-j CONNMARK --restore-mark --mask 0xf", 0xb),
        (
            "-j CONNMARK --set-mark 0xab\n-j MARK --set-mark 0xf000\n-j CONNMARK --restore-mark --nfmask 0xff --ctmask 0xf0",
            0xf0a0,
        ),
        (
            "-j MARK --set-mark 0xab\n-j CONNMARK --save-mark --nfmask 0xf --ctmask 0xff\n-j MARK --set-mark 0\n-j CONNMARK --restore-mark",
            0xb,
        ),
    ] {
        assert!(passes(writes, &format!("-m mark --mark {value:#x}")), "{writes}");
        assert!(!passes(writes, &format!("-m mark ! --mark {value:#x}")), "{writes}");
        assert!(passes(writes, &format!("-m mark --mark {:#x}/0xf", value & 0xf)), "{writes}");
    }
    assert!(passes("-j CONNMARK --set-mark 4", "-m connmark --mark 0x4/0x4"));
    assert!(!passes("-j CONNMARK --set-mark 8", "-m connmark --mark 0x4/0x4"));
}
