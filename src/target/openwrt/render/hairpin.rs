//! A forward's public address from inside.
//!
//! firewall4 reflects a forward into zones by itself, and takes the uplink's address from netifd. That serves other
//! zones than the target's. Within the target's own zone its source translation would also catch what was never
//! translated, so that case, and the few others that reflection has no words for, stand in the included file.

use super::{
    Renderer,
    drafts::{Kind, kind},
    forwards::Joined,
    matches,
    names::Proto,
    uci::Statement,
    words::one_of,
};
use crate::{
    model::{AddressSet, OwnAddress, Place, ZoneId, service::UDP},
    packet::Family,
    policy::Forward,
};

impl Renderer<'_> {
    /// Can firewall4 reflect the forward into a zone? It does for masquerading uplinks alone, takes the limit along, and
    /// has to know the zone's addresses: those that a VPN program gave an interface, netifd does not.
    pub(super) fn reflects(&self, forward: &Forward, zones: &[ZoneId], into: ZoneId) -> bool {
        let granted = |zone: &ZoneId| forward.granted.iter().any(|region| region.place == Place::Zone(*zone));
        let plain = matches!(kind(&forward.traffic), Ok(Kind::Ports { .. } | Kind::Protocols(_)));
        let masked = |zone: &ZoneId| self.network.zone(*zone).masquerade;
        let addressed = self.names(into).is_some_and(|names| names.proto != Proto::Unmanaged);
        let v4 = self.network.zone(into).addresses.iter().any(|own| own.address.is_ipv4() && own.source.is_known());
        plain
            && addressed
            && v4
            && forward.options.limit.is_none()
            && zones.iter().all(|zone| granted(zone) && masked(zone))
    }

    /// The forward from these zones, in the words of nft.
    pub(super) fn hairpin(&mut self, joined: &Joined<'_>, uplinks: &[ZoneId], zones: &[ZoneId]) {
        if zones.is_empty() {
            return;
        }
        let forward = joined.forward;
        let Some(to) = self.hairpin_address(forward, uplinks) else { return };
        let devices = one_of(&zones.iter().map(|zone| self.device(*zone)).collect::<Vec<_>>());
        let Some(target) = forward.target else { return };
        let port = forward.port.map(|port| format!(":{port}")).unwrap_or_default();
        let origin = self.origins.of(forward.cause);
        for forward in joined.each() {
            let traffic = &forward.traffic;
            // What a DHCP client sends before it has an address is for the router.
            let covers = traffic.to.is_empty() || traffic.to.iter().any(|(from, to)| (*from..=*to).contains(&67));
            let from = if covers && matches!(traffic.protocol, Some(UDP) | None) { "ip saddr != 0.0.0.0 " } else { "" };
            let kind = matches::traffic(traffic);
            self.before.push(Statement::noted(
                format!("iifname {devices} {from}{to}{kind}counter dnat ip to {target}{port}"),
                format!("{origin}, from inside"),
            ));
        }
    }

    /// The match of "the router's address in these internet zones" for packets from inside, which arrive elsewhere.
    fn hairpin_address(&mut self, forward: &Forward, zones: &[ZoneId]) -> Option<String> {
        let unknown = |own: &&OwnAddress| !own.source.is_known();
        let addresses = |wanted: bool| -> Vec<&OwnAddress> {
            self.network
                .zone_ids()
                .filter(|(id, zone)| zone.is_internet() && zones.contains(id) == wanted)
                .flat_map(|(_, zone)| &zone.addresses)
                .filter(|own| own.address.is_ipv4())
                .collect()
        };
        let (here, others) = (addresses(true), addresses(false));
        if !here.iter().any(unknown) {
            let list: Vec<String> = here.iter().map(|own| own.address.to_string()).collect();
            return Some(format!("ip daddr {} ", one_of(&list)));
        }
        if others.iter().any(unknown) {
            self.refuse(
                forward.cause,
                "OpenWrt cannot tell the changing addresses of two uplinks apart from inside",
                "reachable from inside by which of them?",
                "write the `address` of one uplink, take the forward on both, or set `hairpin off` and answer the name by split DNS",
            );
            return None;
        }
        // Every address of the router but those inside: what is left is the uplinks'.
        let inside = self.network.zones.iter().filter(|zone| !zone.is_internet());
        let inside = AddressSet::nets(inside.flat_map(|zone| zone.networks.iter().map(|network| network.net)));
        let others = others.iter().fold(AddressSet::default(), |set, own| set.union(&AddressSet::of(own.address)));
        let beside = inside.v4.union(&others.v4);
        Some(format!("fib daddr type local ip daddr != {} ", matches::list(&beside, Family::V4)))
    }
}
