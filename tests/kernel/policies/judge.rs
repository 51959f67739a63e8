//! What must be seen of a packet if the router does what the policy says, and whether it was.

use std::{
    collections::HashSet,
    net::{IpAddr, SocketAddr},
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use hedgerow::{
    model::{ZoneId, address::address},
    packet::Packet,
    router::{Dnat, LOCAL, Snat, Tracked},
    target::nftables::read,
    verify::describe,
};

use super::{
    ask::{GROUPS, Question},
    scene::{Scene, Verdict, minute, now},
};
use crate::rig::{Arrival, Kind, Probe, Seen};

pub const WAIT: Duration = Duration::from_millis(150);
/// How many differences are shown.
const SHOWN: usize = 30;

static COUNT: AtomicUsize = AtomicUsize::new(0);

/// How many probes were compared with policies in this run.
pub fn count() -> usize {
    COUNT.load(Ordering::Relaxed)
}

/// How many probes were compared, how many of them passed, and how many of these were translated.
#[derive(Clone, Copy, Debug)]
pub struct Counts {
    pub all: usize,
    pub passed: usize,
    pub translated: usize,
}

/// What has to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Expected {
    /// It arrives there, from one of these addresses, at one of these.
    Arrives { at: String, from: Vec<IpAddr>, to: Vec<SocketAddr> },
    /// It does not arrive, and the sender is told so.
    Refused,
    /// It does not arrive, and the sender hears nothing.
    Silent,
    /// It does not arrive.
    Stopped,
    /// The kernel drops it or takes it elsewhere whatever the rules say, or they count or time it.
    Open,
}

impl Expected {
    pub fn of(scene: &Scene, question: &Question) -> Result<Expected, String> {
        let packet = &question.packet;
        let (src, dst) = (address(packet.family, packet.src), address(packet.family, packet.dst));
        let mut verdict = None;
        let minute = minute(&now());
        // A minute may end while the probes are under way; a limit may be exceeded or not.
        let limits = scene.compiled.meant().limits.all().len();
        for minute in [minute, (minute + 1) % 10_080] {
            for exceeded in 0..=u16::try_from(limits).unwrap_or(0) {
                let found = scene.verdict(&Packet { minute, exceeded, ..*packet })?;
                if verdict.is_some_and(|known| known != found) {
                    return Ok(Expected::Open);
                }
                verdict = Some(found);
            }
        }
        match verdict.unwrap_or(Verdict::Denied) {
            Verdict::Denied => Ok(Self::denied(scene, question, src, dst)),
            Verdict::Accepted(..) if never_from(scene, src, dst) => Ok(Expected::Open),
            Verdict::Accepted(outcome, out) => {
                let arriving = own(scene, packet.ingress);
                let port = |port: Option<u16>| match (question.probe.port, port) {
                    (0, _) => 0,
                    (own, new) => new.unwrap_or(own),
                };
                let to: Vec<SocketAddr> = match outcome.dnat {
                    None => vec![SocketAddr::new(dst, port(None))],
                    Some(Dnat::To { address, port: new }) => vec![SocketAddr::new(address, port(new))],
                    Some(Dnat::ToRouter { port: new }) => arriving
                        .into_iter()
                        .filter(|own| own.is_ipv4() == dst.is_ipv4())
                        .map(|own| SocketAddr::new(own, port(new)))
                        .collect(),
                };
                let from = match outcome.snat {
                    None => vec![src],
                    Some(Snat::To { address }) => vec![address],
                    Some(Snat::Masquerade) => {
                        own(scene, out).into_iter().filter(|own| own.is_ipv4() == dst.is_ipv4()).collect()
                    }
                };
                let at = to.first().map(|to| scene.owner(out, to.ip())).ok_or("a translation to nowhere")?;
                Ok(Expected::Arrives { at, from, to })
            }
        }
    }

    fn denied(scene: &Scene, question: &Question, src: IpAddr, dst: IpAddr) -> Expected {
        let Some(index) = usize::from(question.packet.ingress).checked_sub(1) else { return Expected::Silent };
        let (network, id) = (scene.network(), ZoneId(index));
        if network.zone(id).is_internet() || !network.router.reject {
            return Expected::Silent;
        }
        let honest = network.zone(id).network_set().contains(src) && !question.probe.one_way;
        // Nobody is told about packets to many, and connection tracking drops what cannot open a connection.
        let told = honest && !scene.ends_of_networks().contains(&dst);
        if told { Expected::Refused } else { Expected::Stopped }
    }

    fn translates(&self, question: &Question) -> bool {
        let packet = &question.packet;
        match self {
            Expected::Arrives { from, to, .. } => {
                !from.contains(&address(packet.family, packet.src))
                    || to.iter().any(|to| (to.ip(), to.port()) != (question.probe.dst, question.probe.port))
            }
            _ => false,
        }
    }

    /// Is this what was to be seen?
    pub fn fits(&self, seen: &Seen, probe: &Probe) -> bool {
        let one_way = probe.one_way;
        match (self, seen) {
            (_, Seen::Failed(_)) => false,
            (Expected::Open, _) => true,
            (Expected::Arrives { at, from, to }, Seen::Open(arrival)) => !one_way && is(arrival, at, from, to),
            (Expected::Arrives { at, from, to }, Seen::Arrived(arrival)) => one_way && is(arrival, at, from, to),
            (Expected::Refused, Seen::Reset) => probe.kind == Kind::Tcp,
            // Administratively prohibited (RFC 1812, RFC 4443).
            (Expected::Refused, Seen::Unreachable { .. }) if probe.kind == Kind::Tcp => false,
            (Expected::Refused, Seen::Unreachable { kind: 3, code: 13, .. }) => probe.dst.is_ipv4(),
            (Expected::Refused, Seen::Unreachable { kind: 1, code: 1, .. }) => probe.dst.is_ipv6(),
            (Expected::Silent | Expected::Stopped, Seen::Silent) => true,
            (Expected::Stopped, Seen::Reset | Seen::Unreachable { .. }) => true,
            _ => false,
        }
    }
}

fn is(arrival: &Arrival, at: &str, from: &[IpAddr], to: &[SocketAddr]) -> bool {
    arrival.at == at && from.contains(&arrival.from.ip()) && to.contains(&arrival.to)
}

/// The router's addresses on an interface.
fn own(scene: &Scene, number: u16) -> Vec<IpAddr> {
    let zone = usize::from(number).checked_sub(1).and_then(|index| scene.network().zones.get(index));
    let mut found: Vec<IpAddr> =
        zone.map(|zone| zone.addresses.iter().map(|own| own.address).collect()).unwrap_or_default();
    if number == LOCAL {
        found = scene.network().zones.iter().flat_map(|zone| &zone.addresses).map(|own| own.address).collect();
    }
    found
}

/// Sources that Linux drops before any rule of the filter, on every interface (`ip_route_input_slow`, `ip6_rcv_core`
/// in the kernel): loopback, multicast, broadcast, and `0.0.0.0/8` but for DHCP.
fn never_from(scene: &Scene, src: IpAddr, dst: IpAddr) -> bool {
    match src {
        IpAddr::V4(v4) if v4.is_unspecified() && dst == IpAddr::from([255; 4]) => false,
        IpAddr::V4(v4) => {
            v4.is_loopback()
                || v4.is_multicast()
                || v4.is_broadcast()
                || v4.octets()[0] == 0
                || scene.ends_of_networks().contains(&src)
        }
        IpAddr::V6(v6) => v6.is_loopback() || v6.is_multicast(),
    }
}

/// Asks the kernel, and compares what it does with what the policy says. Says how many were compared.
pub fn compare(scene: &mut Scene, questions: &[Question]) -> Result<Counts, String> {
    let mut asked = Vec::new();
    let mut pairs = HashSet::new();
    for question in questions {
        let expected = Expected::of(scene, question).map_err(|why| format!("{}: {why}", shown(scene, question)))?;
        // Without ports, one packet opens the way for the other direction, as it was sent and as it was translated, and
        // Linux drops a second sender behind one translated address.
        let packet = &question.packet;
        if let Kind::Protocol(proto) = question.probe.kind {
            let (src, dst) = (address(packet.family, packet.src), address(packet.family, packet.dst));
            let mut ends = vec![(src.min(dst), src.max(dst))];
            if let Expected::Arrives { from, to, .. } = &expected {
                ends.extend(from.iter().filter(|from| **from != src).map(|_| (dst, dst)));
                let inner = from.iter().flat_map(|from| to.iter().map(|to| (*from, to.ip())));
                ends.extend(inner.map(|(from, to)| (from.min(to), from.max(to))));
            }
            ends.sort_unstable();
            ends.dedup();
            if ends.iter().any(|ends| pairs.contains(&(proto, *ends))) {
                continue;
            }
            pairs.extend(ends.into_iter().map(|ends| (proto, ends)));
        }
        if expected != Expected::Open {
            asked.push((question, expected));
        }
    }
    // The router answers on every port that a translation leads to, and hears what is meant for all.
    for group in GROUPS.iter().filter(|group| **group != "255.255.255.255") {
        scene.rig.join(group.parse().expect("an address")).map_err(|error| format!("{group}: {error}"))?;
    }
    for (question, _) in &asked {
        let to_all = GROUPS.iter().any(|group| group.parse() == Ok(question.probe.dst));
        if to_all && question.probe.kind == Kind::Udp {
            scene.rig.listen(Kind::Udp, question.probe.port).map_err(|error| error.to_string())?;
        }
    }
    for (question, expected) in &asked {
        if let Expected::Arrives { at, to, .. } = expected
            && at == crate::rig::ROUTER
            && let Some(to) = to.first().filter(|to| to.port() > 0)
        {
            scene.rig.listen(question.probe.kind, to.port()).map_err(|error| error.to_string())?;
        }
    }
    let probes: Vec<_> = asked.iter().map(|(question, _)| question.probe.clone()).collect();
    let seen = scene.rig.probe(&probes, WAIT);
    let mut wrong = Vec::new();
    for ((question, expected), mut seen) in asked.iter().zip(seen) {
        // A busy machine may lose a packet for good; what differs is asked once more, alone.
        if !expected.fits(&seen, &question.probe) {
            seen = again(scene, question);
        }
        if !expected.fits(&seen, &question.probe) {
            wrong.push((*question, expected, seen));
        }
    }
    COUNT.fetch_add(asked.len(), Ordering::Relaxed);
    if wrong.is_empty() {
        let passed = asked.iter().filter(|(_, expected)| matches!(expected, Expected::Arrives { .. }));
        let translated = passed.clone().filter(|(question, expected)| expected.translates(question)).count();
        return Ok(Counts { all: asked.len(), passed: passed.count(), translated });
    }
    let total = wrong.len();
    let mut text = format!("{total} of {} probes differ\n", asked.len());
    for (question, expected, seen) in wrong.into_iter().take(SHOWN) {
        text += &format!("{}\n    policy: {expected:?}\n    kernel: {seen:?}\n", shown(scene, question));
        text += &causes(scene, question);
        text += &trace(scene, question);
    }
    Err(text)
}

fn again(scene: &mut Scene, question: &Question) -> Seen {
    let mut probe = question.probe.clone();
    if let Some(port) = probe.sport.filter(|port| *port >= 20_000) {
        probe.sport = Some(port ^ 1);
    }
    scene.rig.probe(&[probe], 2 * WAIT).remove(0)
}

fn shown(scene: &Scene, question: &Question) -> String {
    let way = if question.probe.one_way { ", one way" } else { "" };
    let out = match scene.verdict(&question.packet) {
        Ok(Verdict::Accepted(_, out)) => out,
        _ => {
            let dst = address(question.packet.family, question.packet.dst);
            scene.ways(question.packet.ingress, dst).first().copied().unwrap_or(LOCAL)
        }
    };
    describe(&Packet { egress: out, ..question.packet }, scene.network()) + way
}

/// The places of the flows that speak of the packet.
fn causes(scene: &Scene, question: &Question) -> String {
    let meaning = &scene.compiled.meant().meaning;
    let dst = address(question.packet.family, question.packet.dst);
    let mut text = String::new();
    for egress in scene.ways(question.packet.ingress, dst) {
        let packet = Packet { egress, ..question.packet };
        for flow in meaning.flows.allowed.iter().chain(&meaning.flows.denied).chain(&meaning.baseline) {
            if flow.holds(&packet) {
                let place = flow.cause.span().map(|span| scene.compiled.checked.sources.place(span));
                let what = place.unwrap_or_else(|| format!("{:?}", flow.cause));
                text += &format!("    {:?} by {what}\n", flow.action);
            }
        }
    }
    text
}

/// The rules of the rendered file that the reader takes the packet through.
fn trace(scene: &Scene, question: &Question) -> String {
    let standing = &scene.compiled.meant().standing;
    let (mut limits, mut space) = (scene.compiled.meant().limits.clone(), hedgerow::packet::Space::new());
    let Ok(reading) = read::read(&scene.compiled.text, &standing.topology, &mut limits, &mut space) else {
        return "    the ruleset cannot be read\n".to_owned();
    };
    let packet = Packet { minute: minute(&now()), ..question.packet };
    let steps = reading.steps(&packet, Tracked::First, &standing.topology, &mut limits, &mut space).unwrap_or_default();
    steps.iter().map(|step| format!("    line {}: {} ({})\n", step.line, step.text, step.chain)).collect()
}
