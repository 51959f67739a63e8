//! What OpenWrt cannot do, as its user is told.

use super::support::{SMALL, refused};

#[test]
fn refusals() {
    let base = SMALL;
    let cases = [
        ("ports of SCTP", format!("{base}service signalling = sctp 2905\nallow pc -> ha : signalling\n")),
        (
            "two delegated networks",
            base.replace("network 10.0.20.0/24", "network 10.0.20.0/24, delegated 1, delegated 2"),
        ),
        ("a device that is no PPPoE line", base.replace("address 203.0.113.2", "address pppoe")),
        (
            "WireGuard under a name that UCI has not",
            format!(
                "{base}zone road {{ role vpn; interface wg-road; network 10.0.99.0/24 }}\nvpn road {{ kind wireguard; listen udp 51820; server router }}\n"
            ),
        ),
        ("an alias of a device", base.replace("interface eth1.20", "interface \"eth1.20@eth1\"")),
        ("no interface", base.replace("interface eth1.20;", "interface nftables eth1.20;")),
        (
            "a schedule that another forward undoes",
            format!(
                "{base}schedule day = mon-sun 08:00-20:00\nexpose ha : https {{ during day; tls own }}\nexpose ha : https {{ port 8443; tls own }}\n"
            ),
        ),
        (
            "a pool in the second network",
            base.replace("network 10.0.20.0/24", "network 10.0.20.0/24, 10.0.21.0/24; dhcp 10.0.21.10-10.0.21.20"),
        ),
        (
            "a redirect below a changing prefix",
            format!(
                "{}allow pc -> resolver : dns\nredirect pc : dns -> resolver\nhost resolver {{ zone srv; suffix ::53 }}\n",
                base.replace("network 10.0.20.0/24", "network 10.0.20.0/24, delegated 1")
            ),
        ),
        (
            "two uplinks whose addresses change, from the target's own zone",
            format!(
                "{}zone lte {{ role internet; interface wwan0; address dhcp }}\nexpose ha : https {{ on wan; tls own }}\n",
                base.replace("address 203.0.113.2", "address dhcp")
            ),
        ),
        (
            "a DS-Lite tunnel that the router would masquerade",
            base.replace("address 203.0.113.2", "address dhcp; uplink ds-lite; masquerade on"),
        ),
    ];
    let mut text = String::new();
    for (name, policy) in cases {
        text += &format!("==== {name}\n\n{}", refused(&policy));
    }
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots/openwrt");
    settings.bind(|| insta::assert_snapshot!("refusals", text));
}
