//! The internet reaches what administers a device, a message broker, a database or a share.

use super::super::{
    Finding, Outcome, Subject,
    led::{By, How, guessed},
    subject::{BACK_ENDS, error, host, is_back_end, router},
};
use crate::{
    diagnostic::Severity,
    model::{
        Place, Region, Role, Tls,
        service::{TCP, Traffic, Trait, UDP},
    },
    packet::Set,
};

/// Ports of the pages and shells of routers.
const PORTS: [u16; 6] = [22, 23, 80, 443, 8080, 8443];

/// What answers by UDP with more than it was asked (CISA, alert TA14-017A): qotd, chargen, DNS, TFTP, portmap, NTP,
/// `NetBIOS`, SNMP, CLDAP, RIP.
const AMPLIFIERS: [u16; 10] = [17, 19, 53, 69, 111, 123, 137, 161, 389, 520];

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let outside = subject.outside();
    if outside.is_empty() {
        return Outcome::NotApplicable("no internet");
    }
    let network = subject.network;
    let said = network.router.page.iter().flat_map(|(ports, _)| ports);
    let pages: Vec<Traffic> = PORTS.iter().chain(said).map(|port| Traffic::ports(TCP, *port, *port)).collect();
    let mut sets = vec![subject.passing(&outside, &[router()], &pages)];
    for vpn in network.vpns.iter().filter(|vpn| vpn.server.is_none()) {
        let own = subject.passing(&outside, &[router()], &vpn.listen);
        sets = sets.into_iter().map(|set| subject.without(set, own)).collect();
    }
    // Where its proxy listens its page does not: the policy would be refused.
    for exposure in network.exposures.iter().filter(|exposure| exposure.is_on_router() && !exposure.expired) {
        let from = if exposure.tls == Some(Tls::Http01) { &outside } else { &exposure.from };
        let own = subject.passing(from, &[router()], &exposure.opens());
        let listens = subject.passing(&exposure.from, &[router()], exposure.target().1);
        let own = if exposure.proxied.is_some() { listens } else { own };
        sets = sets.into_iter().map(|set| subject.without(set, own)).collect();
    }
    let zones = subject.regions(&[crate::model::Role::Management]);
    sets.push(subject.anything(&outside, &zones));
    for offer in subject.offers(Trait::Management) {
        sets.push(offer.packets(subject, &outside));
    }
    let back_ends: Vec<Traffic> = BACK_ENDS.iter().map(|port| Traffic::ports(TCP, *port, *port)).collect();
    let inside = subject.private();
    let back_ends = subject.passing(&outside, &inside, &back_ends);
    let gate = subject.thrown_open();
    let back_ends = subject.without(back_ends, gate);
    let packets = subject.space().union_all(sets);
    let amplified = amplified(subject, &outside);
    let amplified = subject.without(amplified, packets);
    let amplified = subject.without(amplified, gate);
    let diagnostic = error(network.router.span, "the internet reaches what administers a device")
        .label("lets it in")
        .help("administer from inside, or through a VPN: close this");
    let back_end = error(network.router.span, "the internet reaches a message broker, a database or a share")
        .label("lets it in")
        .help("let its programs in through a VPN, or name the senders with `from`; waive it for a broker whose clients are out there on purpose");
    let amplifier = error(network.router.span, "the internet reaches a resolver, a clock or its like: attacks on others use them")
        .label("lets it in")
        .note("its answers are longer than the questions, and go to whoever a forged question names as its sender")
        .help("let those inside ask alone: `private` and not `any`; waive it for a name server that answers for a domain of yours and for nothing else");
    let mut found = vec![
        Finding::packets(diagnostic, packets),
        Finding::packets(back_end, back_ends),
        Finding::packets(amplifier, amplified),
    ];
    for (port, offer) in subject.guesses(Trait::Management) {
        let packets = offer.packets(subject, &outside);
        let diagnostic = error(offer.span, "the internet reaches what administers a device")
            .label("lets it in")
            .note(guessed(port, offer.name))
            .help("administer from inside, or through a VPN: close this");
        found.push(Finding::packets(diagnostic, packets).with_severity(Severity::Warning));
    }
    found.extend(led(subject, &pages));
    Outcome::Decided(found)
}

/// What answers to everybody with more than it was asked, without the ports of a VPN.
fn amplified(subject: &mut Subject<'_>, outside: &[Region]) -> Set {
    let everywhere: Vec<Region> = subject.private().into_iter().chain([router()]).collect();
    let mut traffic: Vec<Traffic> = AMPLIFIERS.iter().map(|port| Traffic::ports(UDP, *port, *port)).collect();
    traffic.push(Traffic::ports(TCP, 53, 53));
    let mut packets = subject.passing(outside, &everywhere, &traffic);
    for vpn in &subject.network.vpns {
        let to = vpn.server.map_or_else(|| vec![router()], |server| host(subject.network.host(server)));
        let own = subject.passing(outside, &to, &vpn.listen);
        packets = subject.without(packets, own);
    }
    packets
}

/// What proxies and tunnels lead everybody to.
fn led(subject: &Subject<'_>, pages: &[Traffic]) -> Vec<Finding> {
    let network = subject.network;
    let mut found = Vec::new();
    for led in subject.led() {
        let meets = |traffic: &Traffic| led.traffic.iter().any(|asked| asked.meets(traffic));
        let administers = |region: &Region| match region.place {
            Place::Router => pages.iter().any(meets),
            Place::Zone(zone) => network.zone(zone).role == Role::Management,
        };
        let known = led.known(network, Trait::Management);
        let surely = led.to.iter().any(administers) || known.iter().any(|one| !matches!(one.how, How::Number(..)));
        let what = if surely || !known.is_empty() {
            "what administers a device"
        } else if led.traffic.iter().any(is_back_end) {
            "a message broker, a database or a share"
        } else {
            continue;
        };
        let mut diagnostic = error(led.span, format!("{} leads everybody to {what}", led.by.name()))
            .label(format!("publishes {}", led.text))
            .help(format!("administer from inside, or through a VPN: take it out, or {}", led.by.gate()));
        if let By::Tunnel(span) = led.by {
            diagnostic = diagnostic.also(span, "goes out here");
        }
        for one in &known {
            diagnostic = match &one.how {
                How::Named => diagnostic,
                How::Runs(host) => diagnostic.note(format!("`{host}` runs `{}` there", one.name)),
                How::Number(_, port) => diagnostic.note(guessed(*port, one.name)),
            };
        }
        let found_here = Finding::ends(diagnostic, subject.outside(), led.to);
        let guess = what == "what administers a device" && !surely;
        found.push(if guess { found_here.with_severity(Severity::Warning) } else { found_here });
    }
    found
}
