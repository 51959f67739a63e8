//! What a router that knows no DS-Lite says of a line that needs it.

use crate::{diagnostic::Diagnostic, model::Network};

/// An error for each uplink whose DS-Lite tunnel the router would have to end.
#[must_use]
pub fn without_ds_lite(network: &Network, why: &str, help: &str) -> Vec<Diagnostic> {
    let ends = network.zones.iter().filter(|zone| zone.ends_ds_lite());
    ends.map(|zone| {
        Diagnostic::error("backend-cannot-express", zone.span, why)
            .label(format!("`uplink ds-lite`: the IPv4 of `{}` comes by the tunnel, its IPv6 by the line", zone.name))
            .help(help)
            .note("if a box of the provider ends the tunnel, write its network as in `upstream 192.168.178.0/24`")
    })
    .collect()
}
