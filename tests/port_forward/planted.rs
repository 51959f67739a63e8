//! What is edited by hand is found, whatever form it has.

use super::{HOUSE, RESTRICTED, differences, file, render, verify};

/// A policy, a file of it, an edit, and what the first difference says.
const EDITS: &[(&str, &str, &str, &str, &str)] = &[
    (HOUSE, "forwards.json", "\"port\": \"443\"", "\"port\": \"8443\"", "open though"),
    (HOUSE, "forwards.json", "192.168.1.7", "192.168.1.8", "translated otherwise"),
    (HOUSE, "forwards.csv", "proxy-443,TCP", "proxy-443,UDP", "open though"),
    (HOUSE, "forwards.csv", "192.168.1.5,80", "192.168.1.5,8123", "translated otherwise"),
    (HOUSE, "upnp.sh", "map tcp 443 192.168.1.5 443\n", "", "closed though"),
    (HOUSE, "natpmp.sh", "map tcp 2222 192.168.1.7 22\n", "map tcp 2222 192.168.1.7 23\n", "translated otherwise"),
    (HOUSE, "asuswrt.sh", "27015:27017", "27015:27018", "open though"),
    (HOUSE, "asuswrt.sh", "vts_enable_x='1'", "vts_enable_x='0'", "closed though"),
    (HOUSE, "dd-wrt.sh", "game-2222:on", "game-2222:off", "closed though"),
    (HOUSE, "dd-wrt.sh", ":tcp:2222", ":both:2222", "open though"),
    (HOUSE, "freshtomato.sh", "1<1<<443", "1<3<<443", "open though"),
    (HOUSE, "freshtomato.sh", "1<1<<443", "0<1<<443", "closed though"),
    (HOUSE, "upstream-wan/asuswrt.sh", ">2222>", ">2223>", "open though"),
    (HOUSE, "upstream-wan/forwards.csv", "192.168.178.2,443", "192.168.178.2,8443", "translated otherwise"),
    (HOUSE, "upstream-wan/freshtomato.sh", "27015:27017", "27015:27016", "closed though"),
    (RESTRICTED, "forwards.json", "\"203.0.113.0/24\"", "\"203.0.112.0/23\"", "open though"),
    (RESTRICTED, "asuswrt.sh", "TCP>198.51.100.7'", "TCP>'", "open though"),
    (RESTRICTED, "dd-wrt.sh", "<203.0.113.0/24", "<203.0.113.0/25", "closed though"),
    (RESTRICTED, "freshtomato.sh", "<198.51.100.7<8443", "<<8443", "open though"),
];

#[test]
fn every_edit_is_seen() {
    let mut failures = String::new();
    for (policy, name, old, new, expected) in EDITS {
        let files = render(policy).unwrap_or_else(|said| panic!("{said}"));
        let text = file(&files, name);
        assert!(text.contains(old), "{name} has no `{old}`:\n{text}");
        let as_it_was = verify(policy, name, text).unwrap();
        assert!(as_it_was.is_equal(), "{name}: {:?}", differences(policy, &as_it_was));
        let found = match verify(policy, name, &text.replacen(old, new, 1)) {
            Ok(verdict) => differences(policy, &verdict).join("\n"),
            Err(why) => why,
        };
        if !found.contains(expected) {
            failures += &format!("{name}: `{old}` to `{new}`: expected `{expected}`, found `{found}`\n");
        }
    }
    assert!(failures.is_empty(), "{failures}");
}

/// What routers print of themselves.
#[test]
fn live_lists_are_read() {
    let nvram = "lan_ipaddr=192.168.1.1\nvts_enable_x=1\nvts_rulelist=<a>443>192.168.1.5>443>TCP>203.0.113.0/24\
                 <b>443>192.168.1.5>>TCP>198.51.100.7<c>8443>192.168.1.5>8443>TCP>198.51.100.7\nupnp_enable=0\n";
    let verdict = verify(RESTRICTED, "live.txt", nvram).unwrap();
    assert!(verdict.is_equal(), "{:?}", differences(RESTRICTED, &verdict));
    assert!(verdict.additions.iter().any(|said| said.contains("keeps no zones apart")), "{:?}", verdict.additions);

    let verdict = verify(RESTRICTED, "live.txt", &(nvram.to_owned() + "dmz_ip=192.168.1.9\n")).unwrap();
    let said = differences(RESTRICTED, &verdict).join("\n");
    assert!(said.contains("open though") && said.contains("DMZ"), "{said}");

    let verdict = verify(RESTRICTED, "live.txt", &nvram.replace("upnp_enable=0", "upnp_enable=1")).unwrap();
    assert!(verdict.unknown.iter().any(|line| line.text.contains("UPnP")), "{:?}", verdict.unknown);

    let list = " i protocol exPort->inAddr:inPort description remoteHost leaseTime\n \
                0 TCP   443->192.168.1.5:443   'https' '' 3600\n 1 TCP    80->192.168.1.5:80    'acme' '' 3600\n \
                2 TCP  2222->192.168.1.7:22    'ssh' '' 3600\n 3 UDP 27015->192.168.1.7:27015 'g' '' 3600\n \
                4 UDP 27016->192.168.1.7:27016 'g' '' 3600\n 5 UDP 27017->192.168.1.7:27017 'g' '' 3600\n";
    let verdict = verify(HOUSE, "live.txt", list).unwrap();
    assert!(verdict.is_equal(), "{:?}", differences(HOUSE, &verdict));
}

/// What is not understood is no list, and never an empty one.
#[test]
fn what_is_not_understood_is_said() {
    for (text, expected) in [
        ("", "no list of forwards"),
        ("hello", "no list of forwards"),
        ("{ \"forwards\": [ { \"protocol\": \"tcp\" } ] }", "not the JSON"),
        (
            "{ \"forwards\": [ { \"protocol\": \"tcp\", \"port\": \"1\", \"address\": \"ha\", \"form\": [] } ] }",
            "not the JSON",
        ),
        ("name,protocol,public port,address,port\n", "no column `from`"),
        ("name,protocol,public port,address,port,from\na,gre,1,192.168.1.5,1,\n", "live.txt:2: `gre`"),
        ("name,protocol,public port,address,port,from\na,tcp,90-80,192.168.1.5,1,\n", "`90-80` is no port"),
        ("vts_rulelist=<a>443>ha>443>TCP>", "`ha` is no IPv4 address"),
        ("portforward=1<1<443\n", "no version that is known"),
        ("forward_port=a:on:both:1:2>5\n", "`forward_port` forwards too"),
    ] {
        let said = verify(HOUSE, "live.txt", text).map_or_else(|why| why, |_| String::new());
        assert!(said.contains(expected), "`{text}`: expected `{expected}`, found `{said}`");
    }
}
