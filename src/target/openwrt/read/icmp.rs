//! The names of ICMP types (fw4.uc): type, and code where the name stands for one.

/// A type and perhaps a code, in each family that knows the name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IcmpType {
    pub v4: Option<(u32, Option<u32>)>,
    pub v6: Option<(u32, Option<u32>)>,
}

/// A name, `8`, or `3/1`. firewall4 looks for the name in both families.
pub fn icmp_type(text: &str) -> Option<IcmpType> {
    let find = |names: &[(&str, u32, Option<u32>)]| {
        names.iter().find(|(name, ..)| *name == text).map(|&(_, kind, code)| (kind, code))
    };
    let (v4, v6) = (find(&V4), find(&V6));
    if v4.is_some() || v6.is_some() {
        return Some(IcmpType { v4, v6 });
    }
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse::<u32>().ok()).flatten().filter(|number| *number <= 255)
    };
    let both = match text.split_once('/') {
        Some((kind, code)) => (number(kind)?, Some(number(code)?)),
        None => (number(text)?, None),
    };
    Some(IcmpType { v4: Some(both), v6: Some(both) })
}

#[rustfmt::skip]
const V4: [(&str, u32, Option<u32>); 40] = [
    ("any", 255, None),
    ("echo-reply", 0, None),
    ("pong", 0, None),
    ("destination-unreachable", 3, None),
    ("network-unreachable", 3, Some(0)),
    ("host-unreachable", 3, Some(1)),
    ("protocol-unreachable", 3, Some(2)),
    ("port-unreachable", 3, Some(3)),
    ("fragmentation-needed", 3, Some(4)),
    ("source-route-failed", 3, Some(5)),
    ("network-unknown", 3, Some(6)),
    ("host-unknown", 3, Some(7)),
    ("network-prohibited", 3, Some(9)),
    ("host-prohibited", 3, Some(10)),
    ("TOS-network-unreachable", 3, Some(11)),
    ("TOS-host-unreachable", 3, Some(12)),
    ("communication-prohibited", 3, Some(13)),
    ("host-precedence-violation", 3, Some(14)),
    ("precedence-cutoff", 3, Some(15)),
    ("source-quench", 4, None),
    ("redirect", 5, None),
    ("network-redirect", 5, Some(0)),
    ("host-redirect", 5, Some(1)),
    ("TOS-network-redirect", 5, Some(2)),
    ("TOS-host-redirect", 5, Some(3)),
    ("echo-request", 8, None),
    ("ping", 8, None),
    ("router-advertisement", 9, None),
    ("router-solicitation", 10, None),
    ("time-exceeded", 11, None),
    ("ttl-exceeded", 11, None),
    ("ttl-zero-during-transit", 11, Some(0)),
    ("ttl-zero-during-reassembly", 11, Some(1)),
    ("parameter-problem", 12, None),
    ("ip-header-bad", 12, Some(0)),
    ("required-option-missing", 12, Some(1)),
    ("timestamp-request", 13, None),
    ("timestamp-reply", 14, None),
    ("address-mask-request", 17, None),
    ("address-mask-reply", 18, None),
];

#[rustfmt::skip]
const V6: [(&str, u32, Option<u32>); 56] = [
    ("destination-unreachable", 1, None),
    ("no-route", 1, Some(0)),
    ("communication-prohibited", 1, Some(1)),
    ("address-unreachable", 1, Some(3)),
    ("port-unreachable", 1, Some(4)),
    ("packet-too-big", 2, None),
    ("time-exceeded", 3, None),
    ("ttl-exceeded", 3, None),
    ("ttl-zero-during-transit", 3, Some(0)),
    ("ttl-zero-during-reassembly", 3, Some(1)),
    ("parameter-problem", 4, None),
    ("bad-header", 4, Some(0)),
    ("unknown-header-type", 4, Some(1)),
    ("unknown-option", 4, Some(2)),
    ("echo-request", 128, None),
    ("ping", 128, None),
    ("echo-reply", 129, None),
    ("pong", 129, None),
    ("multicast-listener-query", 130, None),
    ("multicast-listener-report", 131, None),
    ("multicast-listener-done", 132, None),
    ("router-solicitation", 133, None),
    ("router-advertisement", 134, None),
    ("neighbour-solicitation", 135, None),
    ("neighbor-solicitation", 135, None),
    ("neighbour-advertisement", 136, None),
    ("neighbor-advertisement", 136, None),
    ("redirect", 137, None),
    ("router-renumbering", 138, None),
    ("node-info-query", 139, None),
    ("node-info-response", 140, None),
    ("inverse-neighbour-discovery-solicitation-message", 141, None),
    ("inverse-neighbor-discovery-solicitation-message", 141, None),
    ("inverse-neighbour-discovery-advertisement-message", 142, None),
    ("inverse-neighbor-discovery-advertisement-message", 142, None),
    ("v2-multicast-listener-report", 143, None),
    ("home-agent-address-discovery-request-message", 144, None),
    ("home-agent-address-discovery-reply-message", 145, None),
    ("mobile-prefix-solicitation", 146, None),
    ("mobile-prefix-advertisement", 147, None),
    ("certification-path-solicitation-message", 148, None),
    ("certification-path-advertisement-message", 149, None),
    ("seamoby-protocol-message", 150, None),
    ("multicast-router-advertisement", 151, None),
    ("multicast-router-solicitation", 152, None),
    ("multicast-router-termination", 153, None),
    ("fmipv6-message", 154, None),
    ("rpl-control-message", 155, None),
    ("ilnpv6-locator-update-message", 156, None),
    ("duplicate-address-request", 157, None),
    ("duplicate-address-confirmation", 158, None),
    ("mpl-control-message", 159, None),
    ("extended-echo-request", 160, None),
    ("extended-ping", 160, None),
    ("extended-echo-reply", 161, None),
    ("extended-pong", 161, None),
];
