//! How to bring the file onto a router, and back.

use super::TARGET;
use crate::model::Network;

const GUIDE: &str = include_str!("../../../../targets/nftables/IMPORT.md");

/// The heading that routes stand before.
const TRY: &str = "## 2. Try it";

/// The text of `IMPORT.md`: what holds for every router, and the routes that this one needs besides.
pub fn guide(network: &Network) -> String {
    let routes = routes(network);
    if routes.is_empty() { GUIDE.to_owned() } else { GUIDE.replacen(TRY, &format!("{routes}{TRY}"), 1) }
}

/// Routes are no matter of nftables.
fn routes(network: &Network) -> String {
    let (mut now, mut later) = (String::new(), String::new());
    for (id, net, via) in network.routes() {
        let zone = network.zone(id);
        let host = zone.behind.as_ref().map_or("", |behind| &network.host(behind.host).name);
        let device = network.interface_on(id, TARGET).map_or("", |interface| interface.name.as_str());
        let family = if via.is_ipv4() { "" } else { " -6" };
        now += &format!("ip{family} route replace {net} via {via} dev {device}   # {}: behind {host}\n", zone.name);
        later += &format!("# {device}\n[Route]\nDestination={net}\nGateway={via}\n");
    }
    if now.is_empty() {
        return now;
    }
    format!(
        "### Routes to what lies behind hosts\n\nThe clients of a VPN that a host ends are reached by that host. nftables sets no routes; set them yourself, now:\n\n\
         ```sh\n{now}```\n\nand for good where your interfaces are configured, for systemd-networkd in the `.network` file of the interface:\n\n\
         ```ini\n{later}```\n\n"
    )
}
