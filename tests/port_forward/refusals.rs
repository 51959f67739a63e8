//! What such a router cannot be told is an error at its place.

use std::fmt::Write as _;

use super::render;

const HEAD: &str = "\
use std.services
router box { target port-forward }
zone wan { role internet;  interface eth0;  address 203.0.113.20 }
zone lan { role trusted;  interface br0;  network 192.168.1.0/24, 2001:db8:1:1::/64 }
host ha { zone lan;  address 192.168.1.6, 2001:db8:1:1::6 }
host v4 { zone lan;  address 192.168.1.7 }
schedule night = 22:00-06:00
zone road { role vpn;  interface wg0;  network 10.9.0.0/24 }
";

const CASES: &[(&str, &str)] = &[
    (
        "a shared address",
        "zone line { role internet;  interface eth9;  uplink cgnat;  address dhcp }\nexpose v4 : https { on line }",
    ),
    ("IPv6", "expose ha : https"),
    ("a schedule", "expose v4 : https { during night }"),
    ("a limit", "expose v4 : https { limit 10/minute }"),
    ("a log", "expose v4 : https { log }"),
    ("another protocol", "expose v4 : proto 47"),
    ("a redirect", "redirect lan except v4 : dns -> v4"),
    ("a tunnel that ends here", "vpn road { kind wireguard;  listen udp 51820 }"),
    ("a rule to the router", "allow internet -> router : ping"),
    ("a rule to a host", "allow internet -> ha : https"),
    ("a deny", "expose v4 : https\ndeny 198.51.100.0/24 -> v4"),
];

#[test]
fn refusals() {
    let mut text = String::new();
    for (name, policy) in CASES {
        let Err(said) = render(&format!("{HEAD}{policy}\n")) else { panic!("{name}: was written") };
        assert!(said.contains("error[backend-cannot-express]"), "{name}: {said}");
        let _ = write!(text, "==== {name}\n\n{said}");
    }
    let behind = "use std.services\nrouter box { target port-forward }\n\
                  zone wan { role internet;  interface eth0;  address dhcp;  uplink private }\n\
                  zone lan { role trusted;  interface br0;  network 192.168.1.0/24 }\n\
                  host v4 { zone lan;  address 192.168.1.7 }\nexpose v4 : https\n";
    let _ = write!(text, "==== an address that changes in front\n\n{}", render(behind).unwrap_err());
    let mut settings = insta::Settings::clone_current();
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.set_snapshot_path("../snapshots/port_forward");
    settings.bind(|| insta::assert_snapshot!("refusals", text));
}
