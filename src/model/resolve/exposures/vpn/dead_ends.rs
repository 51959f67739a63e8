//! What of a VPN leads nowhere: accounts that nobody may ask for, networks behind nobody.

use crate::{
    diagnostic::Diagnostic,
    model::{
        network::{Action, Place, Region, Rule, Vpn},
        resolve::Resolver,
        service::{Traffic, UDP},
    },
};

/// Where accounts are asked about, now (RFC 2865) and before it.
const AUTHENTICATION: [u16; 2] = [1812, 1645];

impl Resolver<'_> {
    /// Reports a VPN into which nobody gets, since the one who asks for the accounts may not, and one that takes no packet
    /// from a network. To be called once the rules are resolved.
    pub(in crate::model::resolve) fn dead_ends(&self) {
        for vpn in &self.network.vpns {
            self.networks_behind(vpn);
            let (Some(directory), Some(span)) = (vpn.radius, vpn.auth_span) else { continue };
            if self.broken_hosts.contains(&directory) || self.may_ask(vpn) {
                continue;
            }
            let name = &self.network.host(directory).name;
            let (who, why) = match vpn.server {
                Some(host) => (self.network.host(host).name.as_str(), "no rule lets it"),
                None => ("router", "`output closed`, and no rule lets it"),
            };
            self.report(
                Diagnostic::error(
                    "accounts-unasked",
                    span,
                    format!("`{who}` may not ask `{name}` who somebody is, so nobody can log in"),
                )
                .label(why)
                .help(format!("add `allow {who} -> {name} : radius`")),
            );
        }
    }

    /// May the one who ends the tunnel ask for its accounts?
    fn may_ask(&self, vpn: &Vpn) -> bool {
        let network = &self.network;
        let Some(directory) = vpn.radius.map(|host| network.host(host)) else { return true };
        let near =
            |server: &crate::model::network::Host| server.zones.iter().any(|zone| directory.zones.contains(zone));
        match vpn.server.map(|host| network.host(host)) {
            None if network.router.output_open => return true,
            Some(server) if vpn.server == vpn.radius || near(server) => return true,
            _ => {}
        }
        let asks = |region: &Region| match (region.place, vpn.server) {
            (Place::Router, None) => true,
            (Place::Zone(zone), Some(host)) => {
                !network.host(host).address_set(Some(zone)).intersect(&region.addresses).is_empty()
            }
            _ => false,
        };
        let asked = |region: &Region| match region.place {
            Place::Zone(zone) => !directory.address_set(Some(zone)).intersect(&region.addresses).is_empty(),
            Place::Router => false,
        };
        let radius = |traffic: &Traffic| {
            let port =
                |port: &u16| traffic.to.is_empty() || traffic.to.iter().any(|(from, to)| (*from..=*to).contains(port));
            traffic.protocol.is_none_or(|protocol| protocol == UDP) && AUTHENTICATION.iter().any(port)
        };
        let lets = |rule: &Rule| {
            rule.action == Action::Allow
                && !rule.expired
                && rule.from.iter().any(asks)
                && rule.to.iter().any(asked)
                && rule.traffic.iter().any(radius)
        };
        network.rules.iter().any(lets)
    }
}
