//! Tunnels that go out from inside: cloudflared's ingress.

use minijinja::{Error, context};

use super::{
    Companions, Printer,
    words::{port, upstream},
};
use crate::model::Network;

pub fn write(network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired) {
        let Some(tunnel) = &exposure.tunnel else { continue };
        let host = &network.host(exposure.host).name;
        let to = port(&exposure.service).and_then(|port| upstream(network, tunnel.host, exposure.host, port));
        match (exposure.name.as_deref(), to) {
            (Some(name), Some(to)) => {
                let text = printer.print("cloudflared.yml", context! { name, host, to })?;
                found.file(format!("tunnel-{name}/cloudflared.yml"), text);
            }
            _ => {
                let needs = "its ingress needs a `name`, one port and an address";
                found.by_hand.push(format!("the tunnel to {host}: {needs}"));
            }
        }
    }
    Ok(())
}
