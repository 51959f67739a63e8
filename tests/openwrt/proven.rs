//! Small policies that firewall4 makes hard to say. Each is rendered and proven: the reader knows how firewall4 treats
//! what it translated, which addresses netifd knows, and where a packet may leave.

use hedgerow::{compile, diagnostic::Human, target::Target};

use super::support::{HOUSE, SMALL, checked};

/// What is said instead of a proof; empty if it is proven.
fn said(policy: &str) -> String {
    let mut checked = checked(policy);
    assert!(checked.meant.is_some(), "{:#?}", checked.diagnostics);
    let result = compile::render(&mut checked, "house.hedge", Target::OpenWrt, &[]);
    let human = Human::new(&checked.sources, false);
    result.err().unwrap_or_default().iter().map(|error| human.render(error)).collect()
}

#[test]
fn small_policies_are_proven() {
    let vpn = "zone road { role vpn; interface tun0; network 10.0.99.0/24 }\n";
    let changing = SMALL.replace("address 203.0.113.2", "address dhcp");
    let two = format!("{changing}zone lte {{ role internet; interface wwan0; address dhcp; failover }}\n");
    let day = "schedule day = mon-fri 08:00-20:00\n";
    let delegated = SMALL
        .replace("network 10.0.20.0/24", "network 10.0.20.0/24, delegated 1")
        .replace("address 10.0.20.10", "address 10.0.20.10; suffix ::10");
    let cases = [
        ("the house", HOUSE.to_owned()),
        (
            "a forward from a VPN whose addresses netifd does not know",
            format!("{SMALL}{vpn}allow road -> ha : https\nexpose ha : https {{ tls own }}\n"),
        ),
        (
            "a redirect to a host beyond an uplink",
            format!(
                "{SMALL}host resolver {{ zone wan; address 8.8.8.8 }}\nredirect srv : dns -> resolver\nallow srv -> resolver : dns\n"
            ),
        ),
        (
            "the same for nobody",
            format!("{SMALL}host resolver {{ zone wan; address 8.8.8.8 }}\nredirect srv : dns -> resolver\n"),
        ),
        ("a redirect that no rule lets on", format!("{SMALL}redirect srv : dns -> router\n")),
        (
            "a forward that the router would answer",
            format!("{changing}allow srv -> router : https\nexpose ha : https {{ tls own }}\n"),
        ),
        ("a forward from its own zone", format!("{changing}expose ha : https {{ port 8443; tls own }}\n")),
        (
            "a forward from its own isolated zone",
            format!(
                "{}expose ha : https {{ tls own }}\n",
                changing.replace("network 10.0.20.0/24 }", "network 10.0.20.0/24; isolated }")
            ),
        ),
        (
            "a forward on two changing uplinks",
            format!("{two}allow pc -> ha : https\nexpose ha : https {{ tls own }}\n"),
        ),
        (
            "a forward by day",
            format!("{SMALL}{day}allow pc -> ha : https\nexpose ha : https {{ during day; tls own }}\n"),
        ),
        (
            "a forward so often",
            format!("{SMALL}allow pc -> ha : https\nexpose ha : https {{ limit 10/minute; tls own }}\n"),
        ),
        (
            "a forward that a deny holds back",
            format!("{SMALL}deny 198.51.100.0/24 -> ha\nexpose ha : https {{ tls own }}\n"),
        ),
        (
            "a host below a changing prefix",
            format!(
                "{delegated}allow pc -> ha : https\ndeny ha -> internet\nallow srv -> internet\nexpose ha : https {{ tls own }}\n"
            ),
        ),
        ("all but a host below a changing prefix", format!("{delegated}allow srv except ha -> internet\n")),
        (
            "closed output",
            format!(
                "{}allow router -> internet : dns, ntp\ndeny router -> ha\n",
                SMALL.replace("target openwrt", "target openwrt; output closed")
            ),
        ),
        ("silence inside", SMALL.replace("target openwrt", "target openwrt; default-deny drop")),
        ("output that a deny narrows", format!("{SMALL}deny router -> ha : https\n")),
        (
            "a zone that leaves by one of two addresses",
            format!(
                "{}zone office {{ role work; interface eth1.50; network 10.0.50.0/24; egress wan from 203.0.113.3 }}\nallow office -> internet\n",
                SMALL.replace("address 203.0.113.2", "address 203.0.113.2, 203.0.113.3")
            ),
        ),
        (
            "a device that refuses other subnets",
            format!("{SMALL}{day}allow pc -> ha : https {{ as router; during day }}\n"),
        ),
        (
            "ranges of ICMP",
            format!(
                "{SMALL}service probe = icmp 8/0, icmp 13, icmpv6 128\nallow pc -> ha : probe\nallow pc -> router : probe\n"
            ),
        ),
        (
            "other protocols",
            format!(
                "{SMALL}service tunnels = proto 47, proto 50, sctp, udp 500\nallow pc -> ha : tunnels\ndeny pc -> internet : tunnels\n"
            ),
        ),
        (
            "ports of the source",
            format!(
                "{SMALL}service odd = udp 4000-4010 from 5000, 6000-6010\nallow pc -> ha : odd\nredirect pc : odd -> ha\n"
            ),
        ),
        (
            "a modem's page",
            format!(
                "{}allow pc -> 192.168.100.1 : http\n",
                SMALL.replace("address 203.0.113.2", "address 203.0.113.2; upstream 192.168.100.0/24")
            ),
        ),
    ];
    proven(&cases);
}

fn proven(cases: &[(&str, String)]) {
    let mut failures = String::new();
    for (name, policy) in cases {
        let told = said(policy);
        if !told.is_empty() {
            failures += &format!("==== {name}\n{told}\n\n");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

#[test]
fn lines_and_zones_with_two_devices_or_none_are_proven() {
    let changing = SMALL.replace("address 203.0.113.2", "address dhcp");
    let two = format!("{changing}zone lte {{ role internet; interface wwan0; address dhcp; failover }}\n");
    let day = "schedule day = mon-fri 08:00-20:00\n";
    let delegated = SMALL
        .replace("network 10.0.20.0/24", "network 10.0.20.0/24, delegated 1")
        .replace("address 10.0.20.10", "address 10.0.20.10; suffix ::10");
    proven(&[
        (
            "a VPN whose clients are routed behind a host",
            format!(
                "{SMALL}zone road {{ role vpn; network 10.0.98.0/24 }}\nvpn road {{ kind openvpn; listen udp 1194; server ha; peer phone {{ address 10.0.98.2 }} }}\nallow phone -> pc : ssh\nallow road -> router : dns\nallow road -> internet\nallow srv -> pc : https\nallow pc -> road\ndeny pc -> ha : ssh\nexpose ha : https {{ tls own }}\n"
            ),
        ),
        (
            "a VPN whose clients a host hides",
            format!(
                "{SMALL}zone road {{ role vpn; network 10.0.98.0/24 }}\nvpn road {{ kind openvpn; listen udp 1194; server ha; masquerade on }}\nallow srv -> pc : https\nallow private -> internet\n"
            ),
        ),
        (
            "a DS-Lite line",
            format!(
                "{delegated}{day}redirect pc : dns -> router\nallow router -> internet : dns\nexpose ha : https {{ ipv4 off; tls own; during day }}\n"
            )
            .replace("target openwrt", "target openwrt; output closed")
            .replace("address 203.0.113.2", "address dhcp; uplink ds-lite"),
        ),
        (
            "a DS-Lite line beside another, and a forward that nobody reaches",
            format!("{two}allow pc -> ha : https\nexpose ha : https {{ tls own }}\n")
                .replace("interface eth0; address dhcp", "interface eth0; address dhcp; uplink ds-lite"),
        ),
    ]);
}
