//! The names that nft gives to numbers (nft(8), DATA TYPES; `nft describe`).

/// IP protocols, as in /etc/protocols.
pub fn protocol(name: &str) -> Option<u128> {
    Some(match name {
        "icmp" => 1,
        "igmp" => 2,
        "ipencap" | "ipip" => 4,
        "tcp" => 6,
        "egp" => 8,
        "udp" => 17,
        "dccp" => 33,
        "ipv6" => 41,
        "rsvp" => 46,
        "gre" => 47,
        "esp" => 50,
        "ah" => 51,
        "icmpv6" | "ipv6-icmp" => 58,
        "eigrp" => 88,
        "ospf" | "ospfigp" => 89,
        "pim" => 103,
        "comp" | "ipcomp" => 108,
        "vrrp" => 112,
        "l2tp" => 115,
        "sctp" => 132,
        "udplite" => 136,
        _ => return None,
    })
}

/// Services, as in /etc/services; only those whose number nobody disputes.
pub fn service(name: &str) -> Option<u128> {
    Some(match name {
        "ftp-data" => 20,
        "ftp" => 21,
        "ssh" => 22,
        "telnet" => 23,
        "smtp" => 25,
        "domain" => 53,
        "bootps" => 67,
        "bootpc" => 68,
        "tftp" => 69,
        "http" | "www" => 80,
        "pop3" => 110,
        "sunrpc" => 111,
        "ntp" => 123,
        "netbios-ns" => 137,
        "netbios-dgm" => 138,
        "netbios-ssn" => 139,
        "imap2" | "imap" => 143,
        "snmp" => 161,
        "snmp-trap" | "snmptrap" => 162,
        "bgp" => 179,
        "ldap" => 389,
        "https" => 443,
        "microsoft-ds" => 445,
        "submissions" | "ssmtp" | "smtps" => 465,
        "isakmp" => 500,
        "syslog" => 514,
        "dhcpv6-client" => 546,
        "dhcpv6-server" => 547,
        "submission" => 587,
        "ipp" => 631,
        "ldaps" => 636,
        "rsync" => 873,
        "imaps" => 993,
        "pop3s" => 995,
        "openvpn" => 1194,
        "mysql" => 3306,
        "postgresql" => 5432,
        "mdns" => 5353,
        _ => return None,
    })
}

pub fn icmp_type(name: &str, v6: bool) -> Option<u128> {
    Some(match (name, v6) {
        ("echo-reply", false) => 0,
        ("destination-unreachable", false) | ("time-exceeded", true) => 3,
        ("source-quench", false) | ("parameter-problem", true) => 4,
        ("redirect", false) => 5,
        ("echo-request", false) => 8,
        ("router-advertisement", false) => 9,
        ("router-solicitation", false) => 10,
        ("time-exceeded", false) => 11,
        ("parameter-problem", false) => 12,
        ("timestamp-request", false) => 13,
        ("timestamp-reply", false) => 14,
        ("info-request", false) => 15,
        ("info-reply", false) => 16,
        ("address-mask-request", false) => 17,
        ("address-mask-reply", false) => 18,
        ("destination-unreachable", true) => 1,
        ("packet-too-big", true) => 2,
        ("echo-request", true) => 128,
        ("echo-reply", true) => 129,
        ("mld-listener-query", true) => 130,
        ("mld-listener-report", true) => 131,
        ("mld-listener-done" | "mld-listener-reduction", true) => 132,
        ("nd-router-solicit", true) => 133,
        ("nd-router-advert", true) => 134,
        ("nd-neighbor-solicit", true) => 135,
        ("nd-neighbor-advert", true) => 136,
        ("nd-redirect", true) => 137,
        ("router-renumbering", true) => 138,
        ("ind-neighbor-solicit", true) => 141,
        ("ind-neighbor-advert", true) => 142,
        ("mld2-listener-report", true) => 143,
        _ => return None,
    })
}

pub fn icmp_code(name: &str, v6: bool) -> Option<u128> {
    Some(match (name, v6) {
        ("net-unreachable", false) | ("no-route", true) => 0,
        ("host-unreachable", false) | ("admin-prohibited", true) => 1,
        ("prot-unreachable", false) => 2,
        ("port-unreachable", false) | ("addr-unreachable", true) => 3,
        ("port-unreachable", true) | ("frag-needed", false) => 4,
        ("policy-fail", true) => 5,
        ("reject-route", true) => 6,
        ("net-prohibited", false) => 9,
        ("host-prohibited", false) => 10,
        ("admin-prohibited", false) => 13,
        _ => return None,
    })
}

pub fn tcp_flag(name: &str) -> Option<u128> {
    Some(match name {
        "fin" => 0x01,
        "syn" => 0x02,
        "rst" => 0x04,
        "psh" => 0x08,
        "ack" => 0x10,
        "urg" => 0x20,
        "ecn" => 0x40,
        "cwr" => 0x80,
        _ => return None,
    })
}

/// Bits of `ct state` (`NF_CT_STATE_BIT` in `nf_conntrack_common.h`).
pub fn ct_state(name: &str) -> Option<u128> {
    Some(match name {
        "invalid" => 1,
        "established" => 2,
        "related" => 4,
        "new" => 8,
        "untracked" => 64,
        _ => return None,
    })
}

/// Bits of `ct status` (`enum ip_conntrack_status`).
pub fn ct_status(name: &str) -> Option<u128> {
    Some(match name {
        "expected" => 0x001,
        "seen-reply" => 0x002,
        "assured" => 0x004,
        "confirmed" => 0x008,
        "snat" => 0x010,
        "dnat" => 0x020,
        "dying" => 0x200,
        _ => return None,
    })
}

pub fn ethertype(name: &str) -> Option<u128> {
    Some(match name {
        "ip" => 0x0800,
        "arp" => 0x0806,
        "ip6" => 0x86dd,
        "8021q" | "vlan" => 0x8100,
        "8021ad" => 0x88a8,
        _ => return None,
    })
}

/// Types of routes (`RTN_…` in `rtnetlink.h`).
pub fn route_type(name: &str) -> Option<u128> {
    Some(match name {
        "unspec" => 0,
        "unicast" => 1,
        "local" => 2,
        "broadcast" => 3,
        "anycast" => 4,
        "multicast" => 5,
        "blackhole" => 6,
        "unreachable" => 7,
        "prohibit" => 8,
        _ => return None,
    })
}

/// Days from Sunday, 0, to Saturday, 6; nft takes any case and three letters.
pub fn day(name: &str) -> Option<u128> {
    const DAYS: [&str; 7] = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];
    let name = name.to_ascii_lowercase();
    let at = DAYS.iter().position(|day| *day == name || (name.len() >= 3 && day.starts_with(&name)))?;
    u128::try_from(at).ok()
}
