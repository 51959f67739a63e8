//! A forward leads to an address that may be somebody else's tomorrow.

use super::super::{
    Finding, Outcome, Subject,
    subject::{error, host},
};
use crate::{
    diagnostic::Span,
    model::{HostId, Lease},
};

pub fn run(subject: &mut Subject<'_>) -> Outcome {
    let network = subject.network;
    let exposed = network.exposures.iter().filter(|exposure| !exposure.expired && exposure.tunnel.is_none());
    let mut forwards: Vec<(HostId, Span)> =
        exposed.filter_map(|exposure| Some((exposure.target().0?, exposure.span))).collect();
    forwards.extend(network.vpns.iter().filter_map(|vpn| vpn.server.map(|host| (host, vpn.span))));
    forwards.extend(network.redirects.iter().filter_map(|redirect| redirect.to.map(|host| (host, redirect.span))));
    if forwards.is_empty() {
        return Outcome::NotApplicable("no forward");
    }
    let mut found = Vec::new();
    for (id, span) in forwards {
        let target = network.host(id);
        let Some(own) = target.addresses.iter().find(|own| own.suffix.is_none()) else { continue };
        if target.lease == Some(Lease::Dynamic) {
            let diagnostic = error(span, format!("this leads to {}, which `{}` may lose", own.address, target.name))
                .label("whoever gets the address next gets the connections")
                .also(target.span, "declared with `dhcp dynamic`")
                .help("reserve the address: write `dhcp static` and its `mac`");
            found.push(Finding::ends(diagnostic, subject.outside(), host(target)));
        }
    }
    Outcome::Decided(found)
}
