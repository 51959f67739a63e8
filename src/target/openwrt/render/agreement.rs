//! What the user's own uplinks have to say as the policy does: they stay his, byte for byte, so where one says otherwise,
//! nothing is written.

use std::net::IpAddr;

use super::{Renderer, base::Found, names::Names};
use crate::{
    diagnostic::Diagnostic,
    model::{AddressSource, Zone},
};

impl Renderer<'_> {
    /// Holds the section of an uplink that is there against the policy.
    pub(super) fn agrees(&mut self, zone: &Zone, names: &Names, there: &[Found]) {
        let named = |name: &str| there.iter().find(|section| section.kind == "interface" && section.name == name);
        if let Some(section) = named(&names.network) {
            for v4 in [true, false] {
                self.has_addresses(zone, section, v4);
                self.has_gateway(zone, section, v4);
            }
        }
        if let (Some(tunnel), Some(section)) = (&names.tunnel, names.second.as_deref().and_then(named)) {
            let theirs = section.values("iface_dslite").concat();
            if theirs != *tunnel {
                self.differs(
                    zone,
                    section,
                    format!("does not bring up the DS-Lite tunnel of zone `{}` as `ds-{tunnel}`", zone.name),
                    &format!("say it there: `uci set network.{}.iface_dslite={tunnel}`", section.name),
                );
            }
        }
    }

    /// The addresses that the policy writes are his, whichever others he has.
    fn has_addresses(&mut self, zone: &Zone, section: &Found, v4: bool) {
        let option = if v4 { "ipaddr" } else { "ip6addr" };
        let theirs = section.values(option);
        let has = |own: IpAddr| {
            theirs.iter().any(|text| text.split('/').next().and_then(|text| text.parse::<IpAddr>().ok()) == Some(own))
        };
        let written = zone.addresses.iter().filter(|own| own.source == AddressSource::Written);
        let missing = written.filter(|own| own.address.is_ipv4() == v4).find(|own| !has(own.address));
        if let Some(own) = missing {
            let word = if theirs.is_empty() { "has none".to_owned() } else { format!("has {}", theirs.join(", ")) };
            self.differs(
                zone,
                section,
                format!("has not the address {} that zone `{}` has: its `{option}` {word}", own.address, zone.name),
                "correct it there, or in the policy, where `address dhcp` and `address pppoe` stand for what the provider gives",
            );
        }
    }

    fn has_gateway(&mut self, zone: &Zone, section: &Found, v4: bool) {
        let option = if v4 { "gateway" } else { "ip6gw" };
        let Some(ours) = zone.gateway(v4) else { return };
        let theirs = section.values(option);
        if theirs.iter().any(|text| text.parse() == Ok(ours)) {
            return;
        }
        let word = if theirs.is_empty() { "none".to_owned() } else { theirs.join(", ") };
        self.differs(
            zone,
            section,
            format!("has another gateway than zone `{}`, which has {ours}: its `{option}` is {word}", zone.name),
            &format!("correct it there: `uci set network.{}.{option}={ours}`; or in the policy", section.name),
        );
    }

    fn differs(&mut self, zone: &Zone, section: &Found, what: String, help: &str) {
        self.errors.push(
            Diagnostic::error("base-differs", zone.span, format!("`network.{}` {what}", section.name))
                .label(format!("is line {} of your file network, which stays as it is", section.line))
                .help(help),
        );
    }
}
