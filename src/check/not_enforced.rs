//! Zones on a router that keeps none apart.

use crate::{
    diagnostic::Diagnostic,
    model::{Network, Role},
};

/// A warning when the only router that a policy is compiled for can be told of forwards alone, and there is more than one
/// zone behind it.
pub fn run(network: &Network) -> Option<Diagnostic> {
    let targets = &network.router.targets;
    let (_, span) = targets.first()?;
    if targets.iter().any(|(target, _)| target != "port-forward") {
        return None;
    }
    let inner = network.zones.iter().filter(|zone| !zone.is_internet() && zone.role != Role::Vpn);
    let names: Vec<String> = inner.map(|zone| format!("`{}`", zone.name)).collect();
    let (last, others) = names.split_last().filter(|(_, others)| !others.is_empty())?;
    Some(
        Diagnostic::warning(
            "zones-not-enforced",
            *span,
            format!(
                "nothing keeps {} and {last} apart: this router forwards ports, and filters nothing inside",
                others.join(", ")
            ),
        )
        .label("can be told of forwards alone")
        .help("put a router behind it that hedgerow configures, and name its target too; or make them one zone"),
    )
}
