//! What the user's own configuration has to have, and hedgerow does not write there: it stays theirs, byte for byte, so
//! where it says otherwise than the policy, nothing is written.

use std::net::IpAddr;

use super::{Renderer, base::Assigned};
use crate::{
    diagnostic::Diagnostic,
    model::{AddressSource, Zone, ZoneId},
};

impl Renderer<'_> {
    /// Is the interface of a zone one of the base?
    pub(super) fn is_in_base(&self, id: ZoneId) -> bool {
        let key = self.key(id);
        self.base.interfaces.iter().any(|known| known.key == key)
    }

    /// An interface of the base has to stand where the policy says.
    pub(super) fn agrees(&mut self, zone: &Zone, known: &Assigned) {
        let written = zone.addresses.iter().filter(|own| {
            own.source == AddressSource::Written || zone.networks.iter().any(|net| net.net.contains(&own.address))
        });
        let Ok(theirs) = known.address.parse::<IpAddr>() else { return };
        let mut ours = written.filter(|own| own.address.is_ipv4() && own.source.is_known()).peekable();
        if ours.peek().is_some() && !ours.any(|own| own.address == theirs) {
            self.errors.push(
                Diagnostic::error(
                    "base-differs",
                    zone.span,
                    format!(
                        "the router has another address in zone `{}` than `{}` in the base ({theirs})",
                        zone.name, known.key
                    ),
                )
                .label("is an interface of the base that is never renumbered")
                .help(format!(
                    "write `address {theirs}` and its network, or change the address in pfSense and save a new backup"
                )),
            );
        }
    }

    /// An uplink of the base has the gateway that the policy says.
    pub(super) fn gateways_agree(&mut self, zone: &Zone, known: &Assigned) {
        for gateway in &zone.gateways {
            let mut theirs = self
                .base
                .gateways
                .iter()
                .filter(|item| item.interface == known.key && item.v6 == gateway.is_ipv6())
                .map(|item| item.address.as_str())
                .peekable();
            let found = theirs.peek().copied();
            if theirs.any(|address| address.parse::<IpAddr>() == Ok(*gateway)) {
                continue;
            }
            let word = found.map_or("has none".to_owned(), |address| format!("has {address}"));
            self.errors.push(
                Diagnostic::error(
                    "base-differs",
                    zone.span,
                    format!(
                        "`gateway {gateway}` of zone `{}` is not that of `{}` in the base, which {word}",
                        zone.name, known.key
                    ),
                )
                .label("is an interface of the base, whose gateways stay as they are")
                .help("correct it in pfSense (System > Routing) and save a new backup, or in the policy"),
            );
        }
    }

    /// A new uplink with a written address cannot be without a gateway: pfSense would leave out the rules that name it.
    pub(super) fn lacks_gateway(&mut self, id: ZoneId, zone: &Zone) {
        let written = zone.addresses.iter().any(|own| own.address.is_ipv4() && own.source.is_known());
        if self.fresh || !zone.is_internet() || !written || zone.gateway(true).is_some() {
            return;
        }
        self.errors.push(
            Diagnostic::error(
                "missing-attribute",
                zone.span,
                format!("uplink `{}` is new to the base, and nothing says which gateway it has", zone.name),
            )
            .label(format!("becomes `{}`", self.key(id)))
            .help("write it with the length of the prefix: `address 203.0.113.2/30` and `gateway 203.0.113.1`"),
        );
    }
}
