//! Split DNS: inside, a public name is the address of the host that answers to it.

use minijinja::{Error, context};

use super::{Companions, Printer};
use crate::model::Network;

pub fn write(network: &Network, printer: &Printer, found: &mut Companions) -> Result<(), Error> {
    let mut records: Vec<(String, String)> = Vec::new();
    for exposure in network.exposures.iter().filter(|exposure| !exposure.expired) {
        let Some(name) = &exposure.name else { continue };
        if !exposure.splits_dns() {
            if exposure.split_dns.is_none() && exposure.asks_insiders() {
                found.by_hand.push(format!("{name} from inside: by Cloudflare as from outside, for the proxy asks everybody for the certificate of Cloudflare"));
            }
            if exposure.split_dns.is_none()
                && !exposure.hairpin
                && exposure.tunnel.is_none()
                && let Some((public, inner)) = exposure.ports()
                && public != inner
            {
                found.by_hand.push(format!("{name} from inside: outside its port is {public}, inside {inner}, and no name can lead from one to the other"));
            }
            continue;
        }
        let addresses: Vec<String> = network.inside(exposure).1.iter().map(ToString::to_string).collect();
        if !addresses.is_empty() && !records.iter().any(|(other, _)| other == name) {
            records.push((name.clone(), addresses.join(",")));
        }
    }
    if !records.is_empty() {
        found.file("dns/dnsmasq.conf".to_owned(), printer.print("dnsmasq.conf", context! { records })?);
    }
    Ok(())
}
