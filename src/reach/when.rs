//! At which time, and at which rate, a packet has the fate that is told of it.

use crate::{
    model::{Network, Options},
    packet::Packet,
    policy::{Cause, Meant},
};

const DAYS: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

/// `Saturday 03:00 (Europe/Berlin)`, if one of the statements has a schedule; `while its limit is exceeded`, if one has a
/// limit. Of a packet that passes the limit is not exceeded.
pub(super) fn when(
    network: &Network,
    meant: &Meant,
    packet: &Packet,
    causes: impl IntoIterator<Item = Cause>,
    passes: bool,
) -> Option<String> {
    let options: Vec<&Options> = causes.into_iter().filter_map(|cause| options(network, cause)).collect();
    let mut parts = Vec::new();
    if options.iter().any(|options| options.during.is_some()) {
        let local = i64::from(packet.minute) + meant.standing.offset;
        let local = local.rem_euclid(7 * 24 * 60);
        let day = usize::try_from(local / (24 * 60)).ok().and_then(|day| DAYS.get(day)).copied().unwrap_or_default();
        let zone = network.router.timezone.as_ref().map_or("UTC", |(name, _)| name.as_str());
        parts.push(format!("{day} {:02}:{:02} ({zone})", local / 60 % 24, local % 60));
    }
    if options.iter().any(|options| options.limit.is_some()) {
        parts.push(if passes { "within its limit" } else { "while its limit is exceeded" }.to_owned());
    }
    (!parts.is_empty()).then(|| parts.join(", "))
}

fn options(network: &Network, cause: Cause) -> Option<&Options> {
    match cause {
        Cause::Rule(index, _) => network.rules.get(index).map(|rule| &rule.options),
        Cause::Exposure(index, _) => network.exposures.get(index).map(|exposure| &exposure.options),
        _ => None,
    }
}
