//! The tunnels of a policy.

use super::super::Subject;
use crate::model::{Exposure, Tunnel};

/// The exposures that go out by a tunnel.
pub fn tunnels<'a>(subject: &Subject<'a>) -> Vec<(&'a Exposure, &'a Tunnel)> {
    let live = subject.network.exposures.iter().filter(|exposure| !exposure.expired);
    live.filter_map(|exposure| exposure.tunnel.as_ref().map(|tunnel| (exposure, tunnel))).collect()
}
