//! Port 80 is open, and no certificate needs it.

use super::super::{
    Finding, Outcome, Subject,
    subject::{answering, host, router, warning},
};
use crate::model::{
    Tls,
    service::{TCP, Traffic},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    if subject.outside().is_empty() {
        return Outcome::NotApplicable("no internet");
    }
    let network = subject.network;
    let mut packets = subject.coming_in(&[Traffic::ports(TCP, 80, 80)]);
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none()) {
        let (_, service) = exposure.target();
        let wanted = match exposure.tls {
            Some(Tls::Http01) => vec![Traffic::ports(TCP, 80, 80)],
            // A page without TLS, as the policy says itself.
            Some(Tls::None) => service.to_vec(),
            _ => continue,
        };
        let outside = subject.outside();
        let wanted = subject.passing(&outside, &answering(network, exposure), &wanted);
        packets = subject.without(packets, wanted);
    }
    for vpn in network.vpns.iter().filter(|vpn| !vpn.listen.is_empty()) {
        let to = vpn.server.map_or_else(|| vec![router()], |server| host(network.host(server)));
        let outside = subject.outside();
        let own = subject.passing(&outside, &to, &vpn.listen);
        packets = subject.without(packets, own);
    }
    let thrown = subject.thrown_open();
    let packets = subject.without(packets, thrown);
    let diagnostic = warning(network.router.span, "port 80 is open, and no certificate needs it")
        .label("opens it")
        .help("close it; or write `tls letsencrypt http-01` at the exposure whose certificate it is for, or `tls none` if the page has none");
    Outcome::Decided(vec![Finding::packets(diagnostic, packets)])
}
