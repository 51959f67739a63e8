//! Whether the rig itself tells the truth: rules whose effect is known, and what it sees of them.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use crate::Test;
use crate::rig::{Arrival, Kind, Link, Probe, ROUTER, Rig, Seen, World};

pub const TRIALS: &[Test] = &[
    ("rig_without_rules_everything_is_open", without_rules_everything_is_open),
    ("rig_verdicts_of_a_known_matrix", verdicts_of_a_known_matrix),
    ("rig_dnat_from_the_internet", dnat_from_the_internet),
    ("rig_hairpin_with_and_without_masquerade", hairpin_with_and_without_masquerade),
    ("rig_masquerade_towards_the_internet", masquerade_towards_the_internet),
    ("rig_spoofed_sources_and_other_protocols", spoofed_sources_and_other_protocols),
    ("rig_range_edges", range_edges),
    ("rig_established_flows_survive_a_stricter_ruleset", established_flows_survive_a_stricter_ruleset),
    ("rig_router_as_source_and_destination", router_as_source_and_destination),
    ("rig_ipv6_needs_neighbour_discovery", ipv6_needs_neighbour_discovery),
    ("rig_a_ruleset_that_nft_refuses", a_ruleset_that_nft_refuses),
    ("rig_thousands_of_probes", thousands_of_probes),
];

const WAIT: Duration = Duration::from_millis(150);

fn world() -> World {
    World::default()
        .link(
            Link::new("lan", &["192.168.10.1/24", "fd00:0:0:10::1/64"])
                .host("pc", &["192.168.10.50", "fd00:0:0:10::50"])
                .host("nas", &["192.168.10.60", "fd00:0:0:10::60"]),
        )
        .link(
            Link::new("eth1.30", &["192.168.30.1/24", "fd00:0:0:30::1/64"])
                .host("camera", &["192.168.30.7", "fd00:0:0:30::7"])
                .host("far", &["10.99.0.9", "fd00:0:0:99::9"])
                .route("10.99.0.0/16")
                .route("fd00:0:0:99::/64"),
        )
        .link(
            Link::new("pppoe-wan", &["203.0.113.10/32", "2001:db8:1::10/128"])
                .internet()
                .host("peer", &["198.51.100.5", "2001:db8:2::5"]),
        )
}

fn ip(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

fn rig(rules: &str) -> Result<Rig, String> {
    let mut rig = Rig::new(&world())?;
    rig.load(rules)?;
    Ok(rig)
}

/// A table whose forward chain lets replies and these rules through and drops the rest.
fn forward(rules: &str) -> String {
    format!(
        "table inet t {{
            chain forward {{
                type filter hook forward priority filter; policy drop;
                ct state established,related accept
                {rules}
            }}
        }}
        "
    )
}

fn open(at: &str, from: &str, to: &str) -> Seen {
    Seen::Open(arrival(at, from, to))
}

fn arrival(at: &str, from: &str, to: &str) -> Arrival {
    let socket = |text: &str| text.parse().unwrap_or_else(|_| SocketAddr::new(ip(text), 0));
    Arrival { at: at.into(), from: socket(from), to: socket(to) }
}

/// Forgets the source port, where the rig chose it.
fn without_source_port(mut seen: Seen) -> Seen {
    if let Seen::Open(arrival) | Seen::Arrived(arrival) = &mut seen {
        arrival.from.set_port(0);
    }
    seen
}

/// Sends all probes at once and compares what is seen of each with what is expected.
fn expect(rig: &mut Rig, cases: Vec<(Probe, Seen)>) -> Result<(), String> {
    let probes: Vec<Probe> = cases.iter().map(|case| case.0.clone()).collect();
    let seen = rig.probe(&probes, WAIT);
    let mut wrong = Vec::new();
    for ((probe, expected), seen) in cases.iter().zip(seen) {
        let seen = if probe.sport.is_some() { seen } else { without_source_port(seen) };
        if seen != *expected {
            wrong.push(format!("{probe:?}\n    expected {expected:?}\n    seen     {seen:?}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n")) }
}

fn ensure(holds: bool, claim: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("does not hold: {claim}")) }
}

fn unreachable(kind: u8, code: u8, by: &str) -> Seen {
    Seen::Unreachable { kind, code, by: Some(ip(by)) }
}

fn without_rules_everything_is_open() -> Result<(), String> {
    let mut rig = Rig::new(&world())?;
    let mut cases = Vec::new();
    for (pc, camera, far, peer, other) in [
        ("192.168.10.50", "192.168.30.7", "10.99.0.9", "198.51.100.5", "8.8.4.4"),
        ("fd00:0:0:10::50", "fd00:0:0:30::7", "fd00:0:0:99::9", "2001:db8:2::5", "2600::99"),
    ] {
        let to = |address: &str, port: u16| SocketAddr::new(ip(address), port).to_string();
        for (name, address) in [("camera", camera), ("far", far), ("peer", peer), ("pppoe-wan", other)] {
            cases.push((Probe::tcp("pc", ip(address), 443), open(name, pc, &to(address, 443))));
            cases.push((Probe::udp("pc", ip(address), 65535), open(name, pc, &to(address, 65535))));
            cases.push((Probe::icmp("pc", ip(address)), open(name, pc, address)));
        }
        cases.push((Probe::tcp("far", ip(pc), 22), open("pc", far, &to(pc, 22))));
        cases.push((Probe::tcp("peer", ip(camera), 1), open("camera", peer, &to(camera, 1))));
        cases.push((Probe::udp("peer", ip(camera), 1).source(ip(other)), open("camera", other, &to(camera, 1))));
        cases.push((Probe::icmp("peer", ip(pc)).source(ip(other)), open("pc", other, pc)));
    }
    expect(&mut rig, cases)
}

fn verdicts_of_a_known_matrix() -> Result<(), String> {
    let mut rig = rig(&forward(
        "iifname lan oifname eth1.30 tcp dport 80 accept
         iifname lan oifname eth1.30 udp dport 53 accept
         iifname lan oifname eth1.30 icmp type echo-request accept
         iifname lan oifname eth1.30 icmpv6 type echo-request accept
         iifname lan oifname eth1.30 tcp dport 81 reject with tcp reset
         iifname lan oifname eth1.30 tcp dport 82 reject
         iifname lan oifname eth1.30 tcp dport 83 reject with icmpx admin-prohibited
         iifname lan oifname eth1.30 udp dport 54 reject
         iifname lan oifname eth1.30 udp dport 55 reject with icmpx admin-prohibited
         iifname lan oifname pppoe-wan meta l4proto { icmp, ipv6-icmp } reject with icmpx host-unreachable",
    ))?;
    let mut cases = Vec::new();
    for (pc, camera, peer, router, [port, prohibited, host]) in [
        ("192.168.10.50", "192.168.30.7", "198.51.100.5", "192.168.10.1", [(3, 3), (3, 13), (3, 1)]),
        ("fd00:0:0:10::50", "fd00:0:0:30::7", "2001:db8:2::5", "fd00:0:0:10::1", [(1, 4), (1, 1), (1, 3)]),
    ] {
        let to = |port: u16| SocketAddr::new(ip(camera), port).to_string();
        let error = |(kind, code): (u8, u8)| unreachable(kind, code, router);
        cases.extend([
            (Probe::tcp("pc", ip(camera), 80), open("camera", pc, &to(80))),
            (Probe::tcp("pc", ip(camera), 79), Seen::Silent),
            (Probe::tcp("pc", ip(camera), 81), Seen::Reset),
            (Probe::tcp("pc", ip(camera), 82), error(port)),
            (Probe::tcp("pc", ip(camera), 83), error(prohibited)),
            (Probe::tcp("camera", ip(pc), 80), Seen::Silent),
            (Probe::udp("pc", ip(camera), 53), open("camera", pc, &to(53))),
            (Probe::udp("pc", ip(camera), 52), Seen::Silent),
            (Probe::udp("pc", ip(camera), 54), error(port)),
            (Probe::udp("pc", ip(camera), 55), error(prohibited)),
            (Probe::icmp("pc", ip(camera)), open("camera", pc, camera)),
            (Probe::icmp("camera", ip(pc)), Seen::Silent),
            (Probe::icmp("pc", ip(peer)), error(host)),
        ]);
    }
    expect(&mut rig, cases)
}

fn dnat_from_the_internet() -> Result<(), String> {
    let mut rig = rig(&(forward("ct status dnat accept")
        + "table inet n {
            chain prerouting {
                type nat hook prerouting priority dstnat; policy accept;
                iifname pppoe-wan ip daddr 203.0.113.10 tcp dport 8443 dnat ip to 192.168.30.7:443
                iifname pppoe-wan ip6 daddr 2001:db8:1::10 udp dport 5000 dnat ip6 to [fd00:0:0:10::60]:53
            }
        }"))?;
    let guest = "93.184.216.34";
    expect(
        &mut rig,
        vec![
            (Probe::tcp("peer", ip("203.0.113.10"), 8443), open("camera", "198.51.100.5", "192.168.30.7:443")),
            (Probe::tcp("peer", ip("203.0.113.10"), 8443).source(ip(guest)), open("camera", guest, "192.168.30.7:443")),
            (Probe::udp("peer", ip("2001:db8:1::10"), 5000), open("nas", "2001:db8:2::5", "[fd00:0:0:10::60]:53")),
            (Probe::tcp("peer", ip("192.168.30.7"), 443), Seen::Silent),
            (Probe::tcp("pc", ip("192.168.30.7"), 443), Seen::Silent),
        ],
    )
}

fn hairpin_with_and_without_masquerade() -> Result<(), String> {
    let dnat = "table ip n {
            chain prerouting {
                type nat hook prerouting priority dstnat; policy accept;
                ip daddr 203.0.113.10 meta l4proto { tcp, udp } th dport 8080 dnat to 192.168.10.60:80
            }
        }
        ";
    let masquerade = "table ip m {
            chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                iifname lan oifname lan ct status dnat masquerade
            }
        }";
    let tcp = || Probe::tcp("pc", ip("203.0.113.10"), 8080);
    let udp = || Probe::udp("pc", ip("203.0.113.10"), 8080);
    let mut rig = rig(&(forward("ct status dnat accept") + dnat))?;
    // The server answers the client directly, which has asked someone else.
    let seen = Seen::Arrived(arrival("nas", "192.168.10.50", "192.168.10.60:80"));
    expect(&mut rig, vec![(tcp(), Seen::Silent), (udp(), seen)])?;
    rig.load(masquerade)?;
    let seen = open("nas", "192.168.10.1", "192.168.10.60:80");
    expect(&mut rig, vec![(tcp(), seen.clone()), (udp(), seen)])?;
    // Without the router between them.
    let direct = open("nas", "192.168.10.50", "192.168.10.60:81");
    expect(&mut rig, vec![(Probe::tcp("pc", ip("192.168.10.60"), 81), direct)])
}

fn masquerade_towards_the_internet() -> Result<(), String> {
    let mut rig = rig("table inet n {
            chain postrouting {
                type nat hook postrouting priority srcnat; policy accept;
                oifname pppoe-wan masquerade
            }
        }")?;
    expect(
        &mut rig,
        vec![
            (Probe::tcp("pc", ip("1.1.1.1"), 443), open("pppoe-wan", "203.0.113.10", "1.1.1.1:443")),
            (Probe::udp("camera", ip("198.51.100.5"), 123), open("peer", "203.0.113.10", "198.51.100.5:123")),
            (Probe::icmp("camera", ip("9.9.9.9")), open("pppoe-wan", "203.0.113.10", "9.9.9.9")),
            (Probe::udp("pc", ip("2620:fe::9"), 53), open("pppoe-wan", "2001:db8:1::10", "[2620:fe::9]:53")),
            (Probe::tcp("pc", ip("192.168.30.7"), 443), open("camera", "192.168.10.50", "192.168.30.7:443")),
        ],
    )
}

fn spoofed_sources_and_other_protocols() -> Result<(), String> {
    let mut rig = rig("table inet t {
            chain prerouting {
                type filter hook prerouting priority raw; policy accept;
                iifname lan fib saddr . iif oif missing drop
            }
            chain forward {
                type filter hook forward priority filter; policy accept;
                meta l4proto esp drop
                tcp flags == ack drop
                ct state invalid drop
            }
        }")?;
    let (pc, camera, peer) = (ip("192.168.10.50"), ip("192.168.30.7"), ip("198.51.100.5"));
    let (pc6, camera6) = (ip("fd00:0:0:10::50"), ip("fd00:0:0:30::7"));
    let arrived = |at: &str, from: &str, to: &str| Seen::Arrived(arrival(at, from, to));
    let segment = |flags: u8| Probe::new("pc", camera, Kind::Segment(flags), 80);
    expect(
        &mut rig,
        vec![
            // The same spoofed source is stopped on one link and not on the other.
            (Probe::udp("pc", camera, 53).spoofed(peer), Seen::Silent),
            (Probe::udp("peer", camera, 53).spoofed(pc), arrived("camera", "192.168.10.50", "192.168.30.7:53")),
            (Probe::udp("camera", ip("8.8.8.8"), 53).spoofed(pc), arrived("pppoe-wan", "192.168.10.50", "8.8.8.8:53")),
            (Probe::udp("pc", camera6, 53).spoofed(ip("2001:db8:2::5")), Seen::Silent),
            (Probe::udp("camera", pc6, 53).spoofed(ip("2600::1")), arrived("pc", "2600::1", "[fd00:0:0:10::50]:53")),
            (Probe::tcp("camera", pc, 22).spoofed(peer), arrived("pc", "198.51.100.5", "192.168.10.50:22")),
            (Probe::tcp("camera", pc6, 22).spoofed(ip("2600::1")), arrived("pc", "2600::1", "[fd00:0:0:10::50]:22")),
            (Probe::tcp("pc", camera, 22).spoofed(peer), Seen::Silent),
            (Probe::icmp("camera", pc).spoofed(peer), arrived("pc", "198.51.100.5", "192.168.10.50")),
            (Probe::icmp("pc", camera6).spoofed(ip("2600::1")), Seen::Silent),
            (Probe::protocol("pc", camera, 47), arrived("camera", "192.168.10.50", "192.168.30.7")),
            (Probe::protocol("pc", camera6, 47), arrived("camera", "fd00:0:0:10::50", "fd00:0:0:30::7")),
            (Probe::protocol("pc", camera, 50), Seen::Silent),
            (Probe::protocol("pc", camera, 41), arrived("camera", "192.168.10.50", "192.168.30.7")),
            (Probe::new("pc", camera, Kind::IcmpMessage(13, 0), 0), arrived("camera", "192.168.10.50", "192.168.30.7")),
            (segment(0x02), arrived("camera", "192.168.10.50", "192.168.30.7:80")),
            (segment(0x10), Seen::Silent),
            (segment(0x18), arrived("camera", "192.168.10.50", "192.168.30.7:80")),
            (segment(0x03), Seen::Silent),
        ],
    )
}

fn range_edges() -> Result<(), String> {
    let mut rig = rig(&forward(
        "ip daddr 192.168.30.16-192.168.30.31 tcp dport 1000-2000 accept
         ip6 daddr fd00:0:0:30::10-fd00:0:0:30::1f udp dport 1000-2000 accept
         ip saddr 192.168.30.7 udp sport 0-1023 accept",
    ))?;
    let mut cases = Vec::new();
    for (host, inside) in [(15, false), (16, true), (31, true), (32, false)] {
        for (port, within) in [(999, false), (1000, true), (2000, true), (2001, false), (65535, false)] {
            let (v4, v6) = (format!("192.168.30.{host}"), format!("fd00:0:0:30::{host:x}"));
            let seen = |seen: Seen| if inside && within { seen } else { Seen::Silent };
            cases.push((
                Probe::tcp("pc", ip(&v4), port),
                seen(open("eth1.30", "192.168.10.50", &format!("{v4}:{port}"))),
            ));
            cases.push((
                Probe::udp("pc", ip(&v6), port),
                seen(open("eth1.30", "fd00:0:0:10::50", &format!("[{v6}]:{port}"))),
            ));
        }
    }
    let from = |sport: u16| Probe::udp("camera", ip("192.168.10.50"), 53).source_port(sport);
    cases.push((from(1), open("pc", "192.168.30.7:1", "192.168.10.50:53")));
    cases.push((from(1023), open("pc", "192.168.30.7:1023", "192.168.10.50:53")));
    cases.push((from(1024), Seen::Silent));
    expect(&mut rig, cases)
}

fn established_flows_survive_a_stricter_ruleset() -> Result<(), String> {
    let replace = |rules: &str| format!("table inet t\ndelete table inet t\n{}", forward(rules));
    let (camera, camera6) = (ip("192.168.30.7"), ip("fd00:0:0:30::7"));
    let mut rig = rig(&forward("iifname lan accept"))?;
    let mut flow = rig.open_tcp("pc", camera, 22).map_err(|seen| format!("{seen:?}"))?;
    let mut flow6 = rig.open_tcp("pc", camera6, 22).map_err(|seen| format!("{seen:?}"))?;
    let udp = || Probe::udp("pc", camera, 5060).source_port(5060);
    ensure(flow.arrival.at == "camera" && flow.arrival.to.port() == 22, "the flow leads to the camera")?;
    ensure(flow.still_works() && flow6.still_works(), "flows work at first")?;
    ensure(rig.probe_one(udp()).is_open(), "udp works at first")?;

    rig.load(&replace(""))?;
    ensure(rig.probe_one(Probe::tcp("pc", camera, 22)) == Seen::Silent, "new connections are dropped")?;
    ensure(rig.open_tcp("pc", camera, 22).is_err(), "no new flow can be opened")?;
    ensure(flow.still_works() && flow6.still_works(), "old flows still work")?;
    let seen = rig.probe_one(udp());
    ensure(seen.arrival().is_some_and(|arrival| arrival.at == "camera"), "the old udp flow still works")?;

    rig.forget_flows().map_err(|e| e.to_string())?;
    ensure(!flow.still_works() && !flow6.still_works(), "flows that the router forgot are cut")?;
    ensure(rig.probe_one(udp()) == Seen::Silent, "so is the udp flow")
}

fn router_as_source_and_destination() -> Result<(), String> {
    let mut rig = rig("table inet t {
            chain input {
                type filter hook input priority filter; policy drop;
                ct state established,related accept
                meta l4proto ipv6-icmp accept
                iifname lan tcp dport 22 accept
                iifname lan udp dport 53 accept
                iifname lan icmp type echo-request accept
            }
            chain output {
                type filter hook output priority filter; policy accept;
                udp dport 9 drop
                tcp dport 9 drop
                tcp dport 10 reject with tcp reset
            }
            chain prerouting {
                type nat hook prerouting priority dstnat; policy accept;
                iifname lan udp dport 5353 redirect to :53
            }
        }")?;
    rig.listen(Kind::Udp, 53).map_err(|e| e.to_string())?;
    let (pc, lan, wan, lan6) = (ip("192.168.10.50"), ip("192.168.10.1"), ip("203.0.113.10"), ip("fd00:0:0:10::1"));
    expect(
        &mut rig,
        vec![
            (Probe::tcp("pc", lan, 22), open(ROUTER, "192.168.10.50", "192.168.10.1:22")),
            (Probe::tcp("pc", wan, 22), open(ROUTER, "192.168.10.50", "203.0.113.10:22")),
            (Probe::tcp("pc", lan6, 22), open(ROUTER, "fd00:0:0:10::50", "[fd00:0:0:10::1]:22")),
            (Probe::tcp("pc", lan, 23), Seen::Silent),
            (Probe::tcp("camera", lan, 22), Seen::Silent),
            (Probe::udp("pc", lan, 53), open(ROUTER, "192.168.10.50", "192.168.10.1:53")),
            (Probe::udp("pc", lan6, 53), open(ROUTER, "fd00:0:0:10::50", "[fd00:0:0:10::1]:53")),
            (Probe::udp("pc", ip("8.8.8.8"), 5353), open(ROUTER, "192.168.10.50", "192.168.10.1:53")),
            (Probe::icmp("pc", lan), open(ROUTER, "192.168.10.50", "192.168.10.1")),
            (Probe::icmp("camera", lan), Seen::Silent),
            (Probe::icmp("camera", ip("fd00:0:0:30::1")), open(ROUTER, "fd00:0:0:30::7", "fd00:0:0:30::1")),
            (Probe::tcp(ROUTER, pc, 80), open("pc", "192.168.10.1", "192.168.10.50:80")),
            (Probe::udp(ROUTER, ip("1.1.1.1"), 53), open("pppoe-wan", "203.0.113.10", "1.1.1.1:53")),
            (Probe::udp(ROUTER, ip("2600::1"), 53), open("pppoe-wan", "2001:db8:1::10", "[2600::1]:53")),
            (Probe::icmp(ROUTER, pc), open("pc", "192.168.10.1", "192.168.10.50")),
            (Probe::udp(ROUTER, pc, 9), Seen::Silent),
            (Probe::tcp(ROUTER, pc, 9), Seen::Silent),
            (Probe::tcp(ROUTER, pc, 10), Seen::Reset),
        ],
    )
}

fn ipv6_needs_neighbour_discovery() -> Result<(), String> {
    let input = |rules: &str| {
        format!(
            "table inet t
            delete table inet t
            table inet t {{
                chain input {{
                    type filter hook input priority filter; policy drop;
                    {rules}
                }}
            }}"
        )
    };
    let mut rig = Rig::new(&world())?;
    let (camera, camera6) = (ip("192.168.30.7"), ip("fd00:0:0:30::7"));
    rig.load(&format!("table inet t\n{}", input("")))?;
    let seen = rig.probe(&[Probe::udp("pc", camera6, 53), Probe::udp("pc", camera, 53)], WAIT);
    ensure(!seen[0].is_open() && seen[1].is_open(), "without neighbour discovery only IPv4 works")?;
    rig.load(&input("icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept"))?;
    rig.forget_neighbours().map_err(|e| e.to_string())?;
    ensure(rig.probe_one(Probe::udp("pc", camera6, 53)).is_open(), "with neighbour discovery IPv6 works")
}

fn a_ruleset_that_nft_refuses() -> Result<(), String> {
    let mut rig = Rig::new(&World::default())?;
    let message = rig.load("table inet t { chain c { frobnicate; } }").err();
    ensure(message.is_some_and(|text| text.contains("frobnicate")), "the message names the mistake")?;
    rig.load("table inet t {\n}\n")?;
    let listing = rig.router_run("nft", &["list", "tables"], "")?;
    ensure(listing.trim() == "table inet t", "the router has just the table that was loaded")
}

fn thousands_of_probes() -> Result<(), String> {
    let start = Instant::now();
    let mut world = World::default();
    for (n, name) in ["lan", "iot", "srv", "guest", "wan", "wg0"].into_iter().enumerate() {
        let (v4, v6) = (format!("10.0.{n}.1/24"), format!("fd00:0:0:{n}::1/64"));
        let link = Link::new(name, &[&v4, &v6]).host(name, &[&format!("10.0.{n}.5"), &format!("fd00:0:0:{n}::5")]);
        world = world.link(if name == "wan" { link.internet() } else { link });
    }
    let mut rig = Rig::new(&world)?;
    let set_up = start.elapsed();
    rig.load(&forward("th dport 0-1023 accept\n meta l4proto { icmp, ipv6-icmp } accept"))?;
    let (mut probes, mut ports) = (Vec::new(), (1..=50).map(|n| n * 1009));
    let ports: Vec<u16> = ports.by_ref().chain([1023, 1024, 80, 443, 8123, 53]).collect();
    for (from, n) in world.links.iter().zip(0..) {
        for to in (0..6).filter(|to| *to != n) {
            for dst in [ip(&format!("10.0.{to}.5")), ip(&format!("fd00:0:0:{to}::5"))] {
                probes.push(Probe::icmp(&from.name, dst));
                for &port in &ports {
                    probes.push(Probe::tcp(&from.name, dst, port));
                    probes.push(Probe::udp(&from.name, dst, port));
                }
            }
        }
    }
    let start = Instant::now();
    let seen = rig.probe(&probes, WAIT);
    println!("set-up {set_up:?}, {} probes {:?}", probes.len(), start.elapsed());
    for (probe, seen) in probes.iter().zip(&seen) {
        let to = world.links.iter().find(|link| link.hosts[0].addresses.contains(&probe.dst)).expect("a link");
        let right = match seen {
            Seen::Open(arrival) => {
                probe.port < 1024 && arrival.at == to.name && arrival.to == SocketAddr::new(probe.dst, probe.port)
            }
            Seen::Silent => probe.port >= 1024,
            _ => false,
        };
        ensure(right, &format!("{probe:?}: {seen:?}"))?;
    }
    Ok(())
}
