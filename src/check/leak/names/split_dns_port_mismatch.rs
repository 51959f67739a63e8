//! A name leads to the host itself, and the host listens on another port than the router.

use super::super::{Finding, Outcome, Subject, subject::warning};
use crate::model::address::public;

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let live = network.exposures.iter().filter(|exposure| !exposure.expired && exposure.name.is_some());
    let named: Vec<_> = live.collect();
    if named.is_empty() {
        return Outcome::NotApplicable("no public name");
    }
    let mut found = Vec::new();
    for exposure in named {
        let Some((outside, inside)) = exposure.ports().filter(|(outside, inside)| outside != inside) else { continue };
        let name = exposure.name.as_deref().unwrap_or_default();
        let Some(target) = exposure.target().0 else { continue };
        let own = network.host(target).address_set(None);
        let by_v6 =
            exposure.tunnel.is_none() && exposure.ipv6 != Some(false) && !own.v6.intersect(&public().v6).is_empty();
        let split = exposure.split_dns.filter(|(on, _)| *on);
        let (span, who) = match split {
            Some((_, span)) => (span, "who asks a DNS server inside"),
            None if by_v6 => (exposure.port.map_or(exposure.span, |(_, span)| span), "who comes by IPv6"),
            None => continue,
        };
        let diagnostic =
            warning(span, format!("{who} for `{name}` comes to port {outside} of the host, which listens on {inside}"))
                .label("leads straight to the host")
                .help(if exposure.tunnel.is_some() {
                    "a tunnel's name is answered on 443: remove `split-dns`, or let a proxy inside listen there"
                } else if split.is_some() {
                    "let both have one port; or write `split-dns off`, and `hairpin on` for those inside"
                } else {
                    "let both have one port, put a proxy before it with `through`, or write `ipv6 off`"
                });
        found.push(Finding::fact(diagnostic));
    }
    Outcome::Decided(found)
}
