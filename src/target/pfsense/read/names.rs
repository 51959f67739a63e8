//! The names that pf gives to numbers: protocols (`/etc/protocols`), services (`/etc/services`), types of ICMP
//! (`pfctl_parser.c`).

use crate::packet::Family;

/// An IP protocol by name or number.
pub fn protocol(word: &str) -> Option<u8> {
    if let Ok(number) = word.parse() {
        return Some(number);
    }
    Some(match word.to_lowercase().as_str() {
        "ip" => 0,
        "icmp" => 1,
        "igmp" => 2,
        "ipencap" | "ipv4" => 4,
        "tcp" => 6,
        "egp" => 8,
        "udp" => 17,
        "ipv6" => 41,
        "rsvp" => 46,
        "gre" => 47,
        "esp" => 50,
        "ah" => 51,
        "ipv6-icmp" | "icmp6" => 58,
        "eigrp" => 88,
        "ospf" => 89,
        "etherip" => 97,
        "pim" => 103,
        "carp" | "vrrp" => 112,
        "l2tp" => 115,
        "sctp" => 132,
        "pfsync" => 240,
        _ => return None,
    })
}

/// A port by number or by the name of a usual service.
pub fn port(word: &str) -> Option<u16> {
    if let Ok(number) = word.parse::<u16>() {
        return (number > 0).then_some(number);
    }
    Some(match word {
        "ftp" => 21,
        "ssh" => 22,
        "telnet" => 23,
        "smtp" => 25,
        "domain" => 53,
        "tftp" => 69,
        "http" => 80,
        "pop3" => 110,
        "ntp" => 123,
        "imap" => 143,
        "snmp" => 161,
        "ldap" => 389,
        "https" => 443,
        "syslog" => 514,
        "submission" => 587,
        "ldaps" => 636,
        "imaps" => 993,
        "pop3s" => 995,
        "openvpn" => 1194,
        "radius" => 1812,
        "mdns" => 5353,
        _ => return None,
    })
}

/// `80`, or `8000:8010`.
pub fn ports(word: &str) -> Option<(u16, u16)> {
    match word.split_once(':') {
        Some((from, to)) => Some((port(from)?, port(to)?)),
        None => port(word).map(|port| (port, port)),
    }
}

/// A type of ICMP by name or number.
pub fn icmp_type(word: &str, family: Family) -> Option<u8> {
    if let Ok(number) = word.parse() {
        return Some(number);
    }
    if family == Family::V4 { icmp4(word) } else { icmp6(word) }
}

fn icmp4(word: &str) -> Option<u8> {
    Some(match word {
        "echorep" => 0,
        "unreach" => 3,
        "squench" => 4,
        "redir" => 5,
        "althost" => 6,
        "echoreq" => 8,
        "routeradv" => 9,
        "routersol" => 10,
        "timex" => 11,
        "paramprob" => 12,
        "timereq" => 13,
        "timerep" => 14,
        "inforeq" => 15,
        "inforep" => 16,
        "maskreq" => 17,
        "maskrep" => 18,
        "trace" => 30,
        "dataconv" => 31,
        "mobredir" => 32,
        "ipv6-where" => 33,
        "ipv6-here" => 34,
        "mobregreq" => 35,
        "mobregrep" => 36,
        "skip" => 39,
        "photuris" => 40,
        _ => return None,
    })
}

fn icmp6(word: &str) -> Option<u8> {
    Some(match word {
        "unreach" => 1,
        "toobig" => 2,
        "timex" => 3,
        "paramprob" => 4,
        "echoreq" => 128,
        "echorep" => 129,
        "groupqry" | "listqry" => 130,
        "grouprep" | "listenrep" => 131,
        "groupterm" | "listendone" => 132,
        "routersol" => 133,
        "routeradv" => 134,
        "neighbrsol" => 135,
        "neighbradv" => 136,
        "redir" => 137,
        "routrrenum" => 138,
        "wrureq" | "niqry" | "fqdnreq" => 139,
        "wrurep" | "nirep" | "fqdnrep" => 140,
        "mtraceresp" => 200,
        "mtrace" => 201,
        _ => return None,
    })
}
