//! A VPN that promises to take everything leaves IPv6 out.

use super::super::{Finding, Outcome, Subject, subject::warning};
use crate::model::Place;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let full = || subject.network.vpns.iter().filter(|vpn| vpn.full_tunnel);
    if full().next().is_none() {
        return Outcome::NotApplicable("no VPN that takes everything");
    }
    let mut found = Vec::new();
    for vpn in full() {
        let Some((false, span)) = vpn.ipv6 else { continue };
        let name = &subject.network.zone(vpn.zone).name;
        let diagnostic = warning(span, format!("the IPv6 of the clients of `{name}` goes around their tunnel"))
            .label("beside the tunnel, in the open")
            .also(vpn.span, "promises to take everything")
            .help("take this out: the tunnel then takes IPv6 too, and holds it back if the policy does not let it through");
        found.push(Finding::place(diagnostic, Place::Zone(vpn.zone)));
    }
    Outcome::Decided(found)
}
