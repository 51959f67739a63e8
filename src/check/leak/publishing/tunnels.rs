//! What tunnels lead to.

use super::super::Subject;
use crate::{
    diagnostic::Span,
    model::{CatchAll, Exposure, Region, Tunnel, service::Traffic},
};

/// The exposures that go out by a tunnel.
pub fn tunnels<'a>(subject: &Subject<'a>) -> Vec<(&'a Exposure, &'a Tunnel)> {
    let live = subject.network.exposures.iter().filter(|exposure| !exposure.expired);
    live.filter_map(|exposure| exposure.tunnel.as_ref().map(|tunnel| (exposure, tunnel))).collect()
}

/// Something that a tunnel leads to, where nobody is asked who it is.
pub struct Open<'a> {
    pub span: Span,
    pub to: Vec<Region>,
    pub traffic: Vec<Traffic>,
    /// As the policy writes it.
    pub text: &'a str,
}

/// What of a tunnel is open to everybody.
pub fn open<'a>(subject: &Subject<'a>, exposure: &'a Exposure, tunnel: &'a Tunnel) -> Vec<Open<'a>> {
    if tunnel.access {
        return Vec::new();
    }
    let own = Open {
        span: exposure.span,
        to: super::super::subject::host(subject.network.host(exposure.host)),
        traffic: exposure.service.clone(),
        text: &exposure.service_text,
    };
    let rest = match &tunnel.catch_all {
        CatchAll::To(target) => Some(target),
        CatchAll::Off | CatchAll::On(_) => None,
    };
    let beside = tunnel.publishes.iter().chain(rest).map(|one| Open {
        span: one.span,
        to: one.to.clone(),
        traffic: one.traffic.clone(),
        text: &one.text,
    });
    std::iter::once(own).chain(beside).collect()
}

/// Is there a destination that both speak of?
pub fn meet(one: &Traffic, other: &Traffic) -> bool {
    let protocol = one.protocol.is_none() || other.protocol.is_none() || one.protocol == other.protocol;
    let ports = one.to.is_empty()
        || other.to.is_empty()
        || one.to.iter().any(|(from, to)| other.to.iter().any(|(start, end)| start <= to && from <= end));
    protocol && ports
}
