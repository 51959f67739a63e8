//! What one ruleset and one packet cannot show: loading again, other tables, time, limits, packets of no connection.

use std::net::{IpAddr, Ipv4Addr};

use hedgerow::{model::ZoneId, policy::zone_number};

use super::{
    judge::WAIT,
    scene::{Compiled, Scene, Verdict, anybody, minute, now},
};
use crate::{
    Test,
    rig::{Flow, Kind, Probe, Seen, nft},
};

pub const TRIALS: &[Test] = &[
    ("policy_other_tables_stay", other_tables_stay),
    ("policy_established_flows_survive", established_flows_survive),
    ("policy_times_do_not_depend_on_the_loader", times_do_not_depend_on_the_loader),
    ("policy_schedules_hold_now_and_not_later", schedules_hold_now_and_not_later),
    ("policy_limits_let_some_pass", limits_let_some_pass),
    ("policy_packets_of_no_connection", packets_of_no_connection),
];

const HEAD: &str = "
zone wan { role internet;  interface eth0;     address 203.0.113.1, 2001:db8:f::1;  uplink public }
zone lan { role trusted;   interface br-lan;   network 192.168.10.0/24, fd00:0:0:10::/64 }
zone iot { role iot;       interface eth1.30;  network 192.168.30.0/24, 2001:db8:3::/64 }
host tv  { zone iot;  address 192.168.30.7, 2001:db8:3::7 }
";

/// Other people's rules, as they would be on a router that runs containers.
const OTHERS: &str = r#"
table ip docker_like {
    set bridges {
        type ifname
        elements = { "docker0" }
    }
    chain forward {
        type filter hook forward priority filter + 10; policy accept;
        iifname @bridges oifname != "docker0" counter accept
    }
    chain nat {
        type nat hook postrouting priority srcnat; policy accept;
        ip saddr 172.17.0.0/16 oifname != "docker0" masquerade
    }
}
"#;

fn policy(rules: &str) -> Result<Compiled, String> {
    Compiled::of_text(&format!("router edge {{ target nftables }}\n{HEAD}{rules}"))
}

fn ensure(holds: bool, claim: &str) -> Result<(), String> {
    if holds { Ok(()) } else { Err(format!("does not hold: {claim}")) }
}

fn tv(v4: bool) -> IpAddr {
    let text = if v4 { "192.168.30.7" } else { "2001:db8:3::7" };
    text.parse().expect("an address")
}

fn other_tables_stay() -> Result<(), String> {
    let mut scene = Scene::new(policy("allow lan -> internet")?)?;
    let text = scene.compiled.text.clone();
    let list = |scene: &Scene, what: &[&str]| scene.rig.router_run(&nft(), &[&["list"], what].concat(), "");
    scene.rig.load(OTHERS)?;
    let others = list(&scene, &["table", "ip", "docker_like"])?;
    let sorted = |list: String| {
        let mut lines: Vec<String> = list.lines().map(str::to_owned).collect();
        lines.sort();
        lines
    };
    let tables = sorted(list(&scene, &["tables"])?);
    let ours = list(&scene, &["table", "inet", "hedgerow"])?;
    let probe = Probe::tcp("lan/any", Ipv4Addr::new(9, 9, 9, 9).into(), 443);
    for _ in 0..3 {
        ensure(scene.rig.probe_one(probe.clone()).is_open(), "what is allowed passes")?;
        scene.rig.load(&text)?;
        ensure(list(&scene, &["table", "ip", "docker_like"])? == others, "the other table is as it was")?;
        ensure(sorted(list(&scene, &["tables"])?) == tables, "no table comes or goes")?;
        ensure(list(&scene, &["table", "inet", "hedgerow"])? == ours, "our table is there once, with new counters")?;
    }
    let stricter = policy("allow lan -> internet : tcp 80")?;
    scene.rig.load(&stricter.text)?;
    ensure(list(&scene, &["table", "ip", "docker_like"])? == others, "the other table is as it was")?;
    ensure(scene.rig.probe_one(probe) == Seen::Reset, "nothing of the first policy is left")?;
    // A file that the kernel refuses leaves everything in place.
    let broken = format!("{}\nadd rule inet hedgerow nowhere accept\n", stricter.text);
    let before = list(&scene, &["ruleset"])?;
    ensure(scene.rig.load(&broken).is_err(), "a broken file is refused")?;
    ensure(list(&scene, &["ruleset"])? == before, "and changes nothing")
}

fn established_flows_survive() -> Result<(), String> {
    let mut scene = Scene::new(policy("allow lan -> tv : tcp 22, udp 5060\nexpose tv : tcp 8443 { port 443 }")?)?;
    let stricter = policy("allow lan -> iot : tcp 1")?;
    let public: IpAddr = Ipv4Addr::new(203, 0, 113, 1).into();
    let open = |scene: &mut Scene, from: &str, dst: IpAddr, port: u16| {
        scene.rig.open_tcp(from, dst, port).map_err(|seen| format!("{dst} {port}: {seen:?}"))
    };
    let mut flows = [
        open(&mut scene, "lan/any", tv(true), 22)?,
        open(&mut scene, "lan/any", tv(false), 22)?,
        open(&mut scene, "wan/any", public, 443)?,
        // By the public address from inside, which a rule allows only where it allows the target.
        scene
            .rig
            .open_tcp("lan/any", public, 443)
            .err()
            .map_or(Err("the hairpin grants something".to_owned()), |_| open(&mut scene, "wan/any", tv(false), 8443))?,
    ];
    ensure(flows.iter_mut().all(Flow::still_works), "flows work at first")?;
    scene.rig.load(&stricter.text)?;
    ensure(flows.iter_mut().all(Flow::still_works), "flows that are open stay open")?;
    for (from, dst, port, refused) in [
        ("lan/any", tv(true), 22, Seen::Reset),
        ("lan/any", tv(false), 22, Seen::Reset),
        ("wan/any", public, 443, Seen::Silent),
        ("wan/any", tv(false), 8443, Seen::Silent),
    ] {
        let seen = scene.rig.probe_one(Probe::tcp(from, dst, port));
        ensure(seen == refused, &format!("{from} opens no new flow to {dst}: {seen:?}"))?;
    }
    scene.rig.forget_flows().map_err(|error| error.to_string())?;
    ensure(!flows.iter_mut().any(Flow::still_works), "flows that the router forgot are cut")
}

/// `HH:MM`, so many minutes from now, in a time zone this far east of UTC.
fn clock(from_now: i32, east: i32) -> String {
    let minutes = (i32::from(minute(&now())) + from_now + east).rem_euclid(1440);
    format!("{:02}:{:02}", minutes / 60, minutes % 60)
}

fn scheduled(timezone: &str, east: i32) -> Result<Compiled, String> {
    let (from, to) = (clock(-20, east), clock(20, east));
    let (later, end) = (clock(60, east), clock(90, east));
    let text = format!(
        "router edge {{ target nftables;  timezone \"{timezone}\" }}{HEAD}
        schedule around = {from}-{to}
        schedule later  = {later}-{end}
        schedule but    = {to}-{from}
        allow lan -> iot : tcp 80 {{ during around }}
        allow lan -> iot : tcp 81 {{ during later }}
        allow lan -> iot : tcp 82-85
        deny  lan -> iot : tcp 82 {{ during around }}
        deny  lan -> iot : tcp 83 {{ during later }}
        deny  lan -> iot : tcp 84 {{ during but }}
        allow iot -> router : udp 123 {{ during around;  log }}
        allow iot -> router : udp 124 {{ during but;  log }}
        expose tv : tcp 8001 {{ during around }}
        expose tv : tcp 8002 {{ during but }}
        "
    );
    Compiled::of_text(&text)
}

fn schedules_hold_now_and_not_later() -> Result<(), String> {
    // Zones without summer time, since a policy is compiled for the offset of today.
    for (timezone, east) in [("UTC", 0), ("Asia/Kolkata", 330), ("Pacific/Honolulu", -600), ("Pacific/Kiritimati", 840)]
    {
        let mut scene = Scene::new(scheduled(timezone, east)?)?;
        let public: IpAddr = Ipv4Addr::new(203, 0, 113, 1).into();
        let router: IpAddr = Ipv4Addr::new(192, 168, 30, 1).into();
        let mut cases = vec![
            (Probe::udp("iot/any", router, 123), true),
            (Probe::udp("iot/any", router, 124), false),
            (Probe::tcp("wan/any", public, 8001), true),
            (Probe::tcp("wan/any", public, 8002), false),
        ];
        for v4 in [true, false] {
            let lan = |port, open| (Probe::tcp("lan/any", tv(v4), port), open);
            cases.extend([lan(80, true), lan(81, false), lan(82, false), lan(83, true), lan(84, true), lan(85, true)]);
        }
        let probes: Vec<Probe> = cases.iter().map(|case| case.0.clone()).collect();
        for ((probe, open), seen) in cases.iter().zip(scene.rig.probe(&probes, WAIT)) {
            ensure(seen.is_open() == *open, &format!("{timezone}: {probe:?} open: {open}, seen {seen:?}"))?;
        }
    }
    Ok(())
}

/// The time zone of whoever loads the file changes nothing of what the kernel gets, though `nft` shows it otherwise.
fn times_do_not_depend_on_the_loader() -> Result<(), String> {
    let scene = Scene::new(scheduled("America/New_York", -240)?)?;
    let nft = nft();
    let mut known: Option<(String, String)> = None;
    for zone in ["UTC", "America/New_York", "Europe/Berlin", "Asia/Kolkata", "Pacific/Kiritimati"] {
        let zone = format!("TZ={zone}");
        let bytes = scene.rig.router_run("env", &[&zone, &nft, "--debug=netlink", "-f", "-"], &scene.compiled.text)?;
        let list = scene.rig.router_run("env", &["TZ=UTC", &nft, "list", "table", "inet", "hedgerow"], "")?;
        ensure(list.contains("meta hour"), "there are times in it")?;
        let (known_bytes, known_list) = known.get_or_insert((bytes.clone(), list.clone()));
        ensure(bytes == *known_bytes, &format!("{zone}: the kernel gets the same"))?;
        ensure(list == *known_list, &format!("{zone}: the kernel has the same"))?;
    }
    Ok(())
}

fn limits_let_some_pass() -> Result<(), String> {
    let rules = "allow lan -> iot : tcp 7000 { limit 5/hour }
        allow lan -> router : udp 7001 { limit 3/day;  log }
        expose tv : tcp 7002 { limit 2/hour }
        allow lan -> iot : tcp 7003";
    let mut scene = Scene::new(policy(rules)?)?;
    let public: IpAddr = Ipv4Addr::new(203, 0, 113, 1).into();
    let router: IpAddr = Ipv4Addr::new(192, 168, 10, 1).into();
    // The burst of nftables is five packets, whatever the rate.
    for (probe, passes) in [
        (Probe::tcp("lan/any", tv(true), 7000), 5),
        (Probe::udp("lan/any", router, 7001), 5),
        (Probe::tcp("wan/any", public, 7002), 5),
        (Probe::tcp("lan/any", tv(true), 7003), 12),
    ] {
        let probes = vec![probe.clone(); 12];
        let open = scene.rig.probe(&probes, WAIT).iter().filter(|seen| seen.is_open()).count();
        ensure(open == passes, &format!("{passes} of 12 pass: {open}, {probe:?}"))?;
    }
    Ok(())
}

/// Segments in the middle of connections that nobody opened, and broken ones: never where a new connection is denied.
fn packets_of_no_connection() -> Result<(), String> {
    let rules = "allow lan -> iot : tcp 80\nallow lan -> internet\nallow iot -> router : udp 53\nexpose tv : tcp 443";
    let mut scene = Scene::new(policy(rules)?)?;
    let (mut probes, mut denied) = (Vec::new(), Vec::new());
    let zones: Vec<ZoneId> = scene.network().zone_ids().map(|(id, _)| id).collect();
    for &from in &zones {
        for dst in scene.everybody() {
            let src = scene.others(from).iter().find(|src| src.is_ipv4() == dst.is_ipv4());
            let Some(&src) = src.filter(|_| !scene.shares(from, dst)) else { continue };
            for flags in [0x00, 0x01, 0x02, 0x03, 0x04, 0x10, 0x11, 0x12, 0x14, 0x18, 0x29, 0x3f] {
                for port in [80, 81, 443] {
                    let packet = hedgerow::packet::Packet {
                        ingress: zone_number(from),
                        egress: 0,
                        family: if dst.is_ipv4() { hedgerow::packet::Family::V4 } else { hedgerow::packet::Family::V6 },
                        proto: 6,
                        src: hedgerow::model::address::bits(src),
                        dst: hedgerow::model::address::bits(dst),
                        src_port: 40_000,
                        dst_port: port,
                        minute: 0,
                        exceeded: 0,
                    };
                    let mut probe = Probe::new(&anybody(scene.network(), from), dst, Kind::Segment(flags), port);
                    probe.src = Some(src);
                    denied.push(scene.verdict(&packet)? == Verdict::Denied);
                    probes.push(probe);
                }
            }
        }
    }
    let (mut stopped, mut passed) = (0, 0);
    for ((probe, denied), seen) in probes.iter().zip(&denied).zip(scene.rig.probe(&probes, WAIT)) {
        let syn = probe.kind == Kind::Segment(2);
        ensure(!matches!(seen, Seen::Failed(_)), &format!("{probe:?}: {seen:?}"))?;
        ensure(!denied || seen == Seen::Silent, &format!("what is denied is stopped: {probe:?}: {seen:?}"))?;
        ensure(*denied || !syn || seen.arrival().is_some(), &format!("what is allowed passes: {probe:?}: {seen:?}"))?;
        stopped += usize::from(*denied);
        passed += usize::from(seen.arrival().is_some());
    }
    ensure(stopped > 1000 && passed > 20, &format!("there is something to see: {stopped} stopped, {passed} passed"))
}
