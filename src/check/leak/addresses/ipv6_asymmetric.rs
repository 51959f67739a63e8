//! IPv6 lets something through that IPv4 does not.

use super::super::{
    Finding, Outcome, Subject,
    subject::{answering, error, region},
};
use crate::{
    model::{
        Action, Place, Region,
        service::{ICMP, ICMPV6, Traffic},
    },
    packet::{Cube, Family, Field, Ranges, Set},
    policy::between,
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let dual = |zone: &crate::model::Zone| {
        let of = |v4: bool| zone.networks.iter().any(|network| network.net.addr().is_ipv4() == v4);
        of(true) && of(false)
    };
    if !network.zones.iter().any(|zone| !zone.is_internet() && dual(zone)) {
        return Outcome::NotApplicable("no zone with both families");
    }
    let mut sets = Vec::new();
    let zones: Vec<_> =
        network.zone_ids().filter(|(_, zone)| !zone.is_internet() && dual(zone)).map(|(id, _)| id).collect();
    for from in &zones {
        for to in zones.iter().filter(|to| *to != from) {
            let all = subject.anything(&[region(*from)], &[region(*to)]);
            sets.push(more_by_v6(subject, all, &PAIR));
        }
        // By whichever uplink.
        let outside = subject.internet();
        let out = subject.anything(&[region(*from)], &outside);
        let out = more_by_v6(subject, out, &[Field::Proto, Field::DstPort, Field::In]);
        sets.push(out);
        let denied = denied_by_v4_only(subject, *from);
        sets.push(denied);
    }
    // From outside only what is forwarded by IPv4 can be compared.
    let come = subject.coming_in(&[Traffic::ANY]);
    for exposure in network.exposures.iter().filter(|exposure| exposure.tunnel.is_none() && !exposure.expired) {
        let answering = answering(network, exposure);
        // Where nobody has IPv4 there is nothing to compare with.
        let by_v4 = |place: Place| match place {
            Place::Zone(zone) => network.zone(zone).networks.iter().any(|own| own.net.addr().is_ipv4()),
            Place::Router => true,
        };
        if !answering.iter().any(|region| by_v4(region.place)) {
            continue;
        }
        let outside = subject.internet();
        let all = subject.anything(&outside, &answering);
        let all = subject.space().intersect(all, come);
        let everybody = anybody(subject, all);
        sets.push(more_by_v6(subject, everybody, &PAIR));
    }
    let packets = subject.space().union_all(sets);
    let meant = by_v6_alone(subject);
    let packets = subject.space().minus(packets, meant);
    let diagnostic = error(network.router.span, "IPv6 lets through what IPv4 does not")
        .label("lets it through by IPv6 only")
        .help("say it with names, which mean both families, and give hosts their addresses of both");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}

/// What exposures with `ipv4 off` open: it is said to be so.
fn by_v6_alone(subject: &mut Subject<'_>) -> Set {
    let network = subject.network;
    let mut sets = Vec::new();
    for exposure in network.exposures.iter().filter(|exposure| exposure.ipv4 == Some(false) && !exposure.expired) {
        let opened = subject.passing(&exposure.from, &answering(network, exposure), &exposure.opens());
        sets.push(opened);
    }
    subject.space().union_all(sets)
}

/// What everybody out there may send, and not only some.
fn anybody(subject: &mut Subject<'_>, packets: Set) -> Set {
    let internet = subject.internet();
    let mut all = packets;
    for region in &internet {
        let everyone = between(std::slice::from_ref(region), &subject.private(), &[Traffic::ANY], subject.space());
        // Nobody out there has an address of the router.
        let honest = subject.meant.meaning.honest;
        let space = subject.space();
        let everyone = space.intersect(everyone, honest);
        let mut missing = space.minus(everyone, packets);
        for field in [Field::SrcHigh, Field::SrcLow] {
            missing = space.project(missing, field);
        }
        all = space.minus(all, missing);
    }
    all
}

/// What makes two packets of different families alike.
const PAIR: [Field; 4] = [Field::Proto, Field::DstPort, Field::In, Field::Out];

/// The IPv6 packets that no IPv4 packet of the set is like.
fn more_by_v6(subject: &mut Subject<'_>, set: Set, alike: &[Field]) -> Set {
    let v4 = subject.family(set, Family::V4);
    let v6 = subject.family(set, Family::V6);
    let space = subject.space();
    let mut by_v4 = v4;
    for field in Field::ALL {
        if !alike.contains(&field) {
            by_v4 = space.project(by_v4, field);
        }
    }
    let icmp = Ranges::from_pairs([ICMP, ICMPV6].map(|protocol| (u64::from(protocol), u64::from(protocol))).to_vec());
    let icmp = space.cube(&Cube::any().with(Field::Proto, icmp));
    let more = space.minus(v6, by_v4);
    space.minus(more, icmp)
}

/// What a deny that names IPv4 addresses of a zone takes off, and IPv6 still lets through.
fn denied_by_v4_only(subject: &mut Subject<'_>, zone: crate::model::ZoneId) -> Set {
    let network = subject.network;
    let mut sets = Vec::new();
    for rule in network.rules.iter().filter(|rule| rule.action == Action::Deny && !rule.expired) {
        let here: Vec<&Region> = rule.from.iter().filter(|from| from.place == Place::Zone(zone)).collect();
        let v4_only = !here.is_empty()
            && here.iter().all(|from| !from.whole && from.addresses.v6.is_empty() && !from.addresses.v4.is_empty());
        if v4_only {
            let passes = subject.passing(&[region(zone)], &rule.to, &rule.traffic);
            sets.push(subject.family(passes, Family::V6));
        }
    }
    subject.space().union_all(sets)
}
