//! What the user's own configuration has to have, and hedgerow does not write there: it stays theirs, byte for byte, so
//! where it says otherwise than the policy, nothing is written.

use std::net::IpAddr;

use super::{
    BYTE_ORDER_MARK, Renderer, TARGET,
    base::{Assigned, Base},
};
use crate::{
    diagnostic::Diagnostic,
    model::{AddressSource, Network, Zone, ZoneId},
    router::File,
};

/// How the devices of tunnels begin, which their programs give addresses to.
const TUNNELS: [&str; 10] = ["ovpn", "ipsec", "gif", "gre", "tun", "tap", "wg", "tailscale", "zt", "ppp"];

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

/// What interfaces of the base lack of the families that the policy says: why a merged configuration is not equal to it.
#[must_use]
pub fn lacking(network: &Network, base: &[File]) -> Vec<Diagnostic> {
    let read = base.first().map(|file| Base::read(file.text.trim_start_matches(BYTE_ORDER_MARK)));
    let Some(Ok(base)) = read else { return Vec::new() };
    let known = |zone: &Zone| {
        let name = &zone.interface_on(TARGET)?.name;
        let by_key = base.interfaces.iter().find(|known| known.key == *name);
        let same = |known: &&Assigned| known.device == *name || known.descr.eq_ignore_ascii_case(name);
        by_key.or_else(|| base.interfaces.iter().find(same))
    };
    let zones = network.zones.iter().filter_map(|zone| Some((zone, known(zone)?)));
    zones.flat_map(|(zone, known)| lacks(zone, known)).collect()
}

fn lacks(zone: &Zone, known: &Assigned) -> Vec<Diagnostic> {
    let given = TUNNELS.iter().any(|start| known.device.starts_with(start));
    let mut errors = Vec::new();
    for (v4, theirs, family) in [(true, &known.address, "IPv4"), (false, &known.address6, "IPv6")] {
        let wanted = zone.addresses.iter().find(|own| own.address.is_ipv4() == v4);
        let Some(wanted) = wanted.filter(|_| !given && theirs.is_empty()) else { continue };
        let (why, how) = match wanted.source {
            AddressSource::Delegated => ("it has a part of a delegated prefix", "*Track Interface*"),
            AddressSource::Dhcp | AddressSource::Pppoe if v4 => ("it asks for one", "*DHCP* or *PPPoE*"),
            AddressSource::Dhcp | AddressSource::Pppoe => (
                "`address dhcp` and `address pppoe` are of both families",
                "*DHCP6*, which does nothing where the provider has no IPv6",
            ),
            _ => ("it has a network of this family", "*Static*"),
        };
        errors.push(
            Diagnostic::error(
                "base-differs",
                zone.span,
                format!("zone `{}` has an address of {family}, and `{}` in the base has none", zone.name, known.key),
            )
            .label(why)
            .help(format!(
                "set it in pfSense (Interfaces > {}, {family} Configuration Type: {how}) and save a new backup, or correct it in the policy",
                known.descr
            )),
        );
    }
    errors
}
