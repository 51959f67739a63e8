//! What is not understood is carried as bounds, never left out and never guessed.

use hedgerow::packet::Field;

use crate::support::{case, forward};

const WEB: &str = "lan 192.168.10.5 > 192.168.30.10 tcp 443";
const SSH: &str = "lan 192.168.10.5 > 192.168.30.10 tcp 22";
const DNS: &str = "lan 192.168.10.5 > 192.168.30.10 udp 53";

#[test]
fn unknown_conditions() {
    for condition in [
        "ip dscp cs1",
        "ip ttl 64",
        "ether saddr aa:bb:cc:dd:ee:ff",
        "meta skuid 0",
        "meta pkttype host",
        "ct helper \"ftp\"",
        "tcp option maxseg size 1-500",
        "@th,0,16 22",
        "ip saddr www.example.org",
        "socket transparent 1",
        "xt match \"foo\"",
        "meta random & 1 == 1",
        "ct count over 5",
        "quota over 5 mbytes",
        "ipsec in ip daddr 192.168.1.1",
    ] {
        let case = forward(&format!("tcp dport 443 {condition} accept\n tcp dport 22 accept"));
        assert!(!case.reading.is_exact(), "{condition}");
        let case = case.perhaps(&[WEB]).open(&[SSH]).closed(&[DNS]);
        assert_eq!((case.reading.unknown.len(), case.reading.unknown[0].line), (1, 4), "{condition}");
        assert_eq!(case.reading.unknown[0].text, condition);
        // Negated by a drop: what may be dropped is not surely open.
        forward(&format!("tcp dport 443 {condition} drop\n meta l4proto tcp accept"))
            .perhaps(&[WEB])
            .open(&[SSH])
            .closed(&[DNS]);
        // A guard of a return.
        forward(&format!("tcp dport 443 {condition} return\n meta l4proto tcp accept")).perhaps(&[WEB]).open(&[SSH]);
    }
}

#[test]
fn unknown_that_decides_nothing() {
    forward("ip dscp cs1 counter\n tcp dport 443 accept").exact().open(&[WEB]);
    // Both ways lead to the same verdict.
    let case = forward("ip dscp cs1 accept\n accept").open(&[WEB, DNS]);
    assert!(case.reading.is_exact());
}

#[test]
fn opaque_statements_may_do_anything() {
    for rule in [
        "tcp dport 443 synproxy mss 1460 wscale 7",
        "tcp dport 443 numgen inc mod 2 vmap { 0 : accept, 1 : drop }",
        "tcp dport 443 frobnicate",
        "tcp dport 443 queue num 1",
    ] {
        let case = forward(&format!("{rule}\n meta l4proto tcp accept")).perhaps(&[WEB]).open(&[SSH]).closed(&[DNS]);
        assert_eq!(case.reading.unknown.len(), 1, "{rule}: {:?}", case.reading.unknown);
    }
}

/// A rule of iptables that has no words in nft is listed with its counters and an empty word.
#[test]
fn what_nft_does_not_print() {
    let counted = "counter packets 0 bytes 0";
    forward(&format!("tcp dport 443 {counted} \n tcp dport 22 {counted} accept")).perhaps(&[WEB]).open(&[SSH]);
    forward(&format!("tcp dport 443  {counted} accept")).perhaps(&[WEB]).closed(&[SSH]);
    forward(&format!("tcp dport 443 {counted}\n tcp dport 22 accept")).exact().closed(&[WEB]).open(&[SSH]);
    // What a person writes has no counts, and blanks at its end mean nothing.
    forward("tcp dport 443  counter accept \n").exact().open(&[WEB]);
}

#[test]
fn changing_sets() {
    let rules = |flags: &str, elements: &str| {
        format!(
            "table inet t {{
                set s {{
                    type ipv4_addr
                    {flags}
                    {elements}
                }}
                chain f {{ type filter hook forward priority 0; policy drop;
                    ip saddr @s tcp dport 443 accept
                    tcp dport 22 accept
                }}
            }}"
        )
    };
    case(&rules("flags dynamic", "timeout 1h")).perhaps(&[WEB]).open(&[SSH]);
    case(&rules("flags timeout", "elements = { 192.168.10.5 timeout 1h expires 30m }")).perhaps(&[WEB]);
    case(&rules("flags interval", "")).exact().closed(&[WEB]);
    case(&rules("", "").replace("tcp dport 22 accept", "udp dport 53 add @s { ip saddr }")).perhaps(&[WEB]);
}

/// Wherever a translation leads that cannot be told, it is by an interface that there is. A difference is told for each
/// pair of interfaces: for each number that there could be, these would be millions.
#[test]
fn unknown_translations_lead_out_somewhere() {
    let rule = "tcp dport 5000-5003 dnat to 192.168.30.10:5000-5003";
    let chain = format!("chain n {{ type nat hook prerouting priority dstnat; policy accept;\n {rule}\n }}");
    let mut case = case(&format!("table ip t {{\n {chain}\n}}"));
    let all = case.reading.possibly.all(&mut case.space);
    let ways = case.space.values(all, Field::Out);
    let known = case.topology.ids(true);
    assert!(!case.reading.is_exact());
    assert!(ways.iter().all(|way| known.iter().any(|known| known.0 <= way.0 && way.1 <= known.1)), "{ways:?}");
}

#[test]
fn devices_and_bridges() {
    case("table netdev t {\n chain c { type filter hook ingress device \"wan\" priority 0; policy accept;\n ip saddr 10.0.0.0/8 drop\n }\n}").perhaps(&[WEB]);
    let bridge = case("table bridge t {\n chain c { type filter hook forward priority 0; policy drop;\n }\n}")
        .exact()
        .open(&[WEB]);
    assert_eq!(bridge.reading.notes.len(), 1);
}
